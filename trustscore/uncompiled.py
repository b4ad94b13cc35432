"""Stand-in for the module ``cython`` where Cython is not installed and nothing is compiled.

The compiled modules import ``cython`` for their types and decorators. At build time the compiler
reads them; at run time an uncompiled module needs only names that do nothing.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

compiled = False


class _NoGil(AbstractContextManager[None]):
    """``with nogil:`` and ``@nogil``."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exception: object) -> None:
        return None

    def __call__(self, function: Function) -> Function:
        return function


nogil = _NoGil()
gil = nullcontext()


def cfunc(function: Function) -> Function:  # also for `cclass` and `ccall`
    """Return the function as it is."""
    return function


inline = cclass = ccall = cfunc


def exceptval(*_: Any, **__: Any) -> Callable[[Function], Function]:
    """Return a decorator that does nothing."""
    return cfunc


def declare(_type: Any = None, value: Any = None) -> Any:
    """Return the value."""
    return value


def cast(_type: Any, value: Any) -> Any:
    """Return the value; the compiled modules cast whole numbers only."""
    return builtins.int(value)


class _Type:
    """A C type, which nothing reads at run time: it takes any index, as ``double[:, ::1]``."""

    def __getitem__(self, _index: object) -> _Type:
        return self


bint = char = uchar = short = int = uint = longlong = ulonglong = double = const = Py_ssize_t = (
    void
) = _Type()
p_double = p_uchar = p_char = _Type()

# The functions of C's math library: they answer infinity or NaN where Python's raise an error.


def exp(x: float) -> float:
    """Return e to the power of x."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    """Return the natural logarithm; minus infinity of zero, NaN below."""
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


def log1p(x: float) -> float:
    """Return the natural logarithm of 1 + x."""
    if x > -1.0:
        return math.log1p(x)
    return -math.inf if x == -1.0 else math.nan


def pow(x: float, y: float) -> float:
    """Return x to the power of y."""
    if x == 0.0 and y < 0.0:
        return math.inf
    try:
        return math.pow(x, y)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def sqrt(x: float) -> float:
    """Return the square root; NaN of a negative number."""
    return math.nan if x < 0.0 else math.sqrt(x)


def floor(x: float) -> float:
    """Return the whole number at or below x; infinity and NaN as they are."""
    return float(math.floor(x)) if math.isfinite(x) else x


fabs = math.fabs
