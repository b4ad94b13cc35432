"""Stand-in for the module ``cython`` where Cython is not installed and nothing is compiled.

The compiled modules import ``cython`` for their types and decorators. At build time the compiler
reads them; at run time an uncompiled module needs only names that do nothing.
"""

from __future__ import annotations

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


def cfunc(function: Function) -> Function:
    """Return the function as it is."""
    return function


inline = cfunc


def exceptval(*_: Any, **__: Any) -> Callable[[Function], Function]:
    """Return a decorator that does nothing."""
    return cfunc


def declare(_type: Any = None, value: Any = None) -> Any:
    """Return the value."""
    return value


def cast(_type: Any, value: Any) -> Any:
    """Return the value; the compiled modules cast whole numbers only."""
    return value


class _Type:
    """A C type, which nothing reads at run time: it takes any index, as ``double[:, ::1]``."""

    def __getitem__(self, _index: object) -> _Type:
        return self


bint = char = uchar = int = uint = longlong = ulonglong = double = const = Py_ssize_t = _Type()
p_double = p_uchar = p_char = _Type()
