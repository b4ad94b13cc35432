"""Weights by the Python package pymcdm, such as ``pymcdm:merec``."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.scorecard.faults import suggest
from trustscore.typing import Array

__all__ = ["MOST_MERCHANTS", "PREFIX", "names", "weights_of"]


PREFIX = "pymcdm:"
_ENDS = "_weights"
# MEREC takes logarithms, and a utility may be 0, so it gets utilities on [0.1, 1], as a power mean
# with the usual floor does.
_LEAST, _ABOVE_ZERO = 0.1, ("merec",)
# Some methods compare every merchant with every other.
MOST_MERCHANTS = 1000


def names() -> list[str]:
    """Return the names of the weightings in the installed pymcdm.

    Raises
    ------
    InputError
        When it is not installed.
    """
    return sorted(_functions())


def _functions() -> dict[str, Any]:
    try:
        from pymcdm import weights
    except ImportError:
        raise InputError(
            f"weights {PREFIX}NAME: need the Python package pymcdm, which is not installed"
        ) from None
    return {
        name.removesuffix(_ENDS): getattr(weights, name)
        for name in dir(weights)
        if name.endswith(_ENDS) and not name.startswith("_")
    }


def weights_of(method: str, u: Array, seed: int = 0) -> Array:
    """Return the weights of signals by a weighting of pymcdm, adding up to 1.

    Utilities are its criteria, all to be maximised. Above 1,000 merchants a sample of that size is
    drawn by `seed`.

    Parameters
    ----------
    method : str
        ``pymcdm:merec`` for its function ``merec_weights``.
    u : ndarray of shape (merchants, signals)
        Utilities 0..1 of signals that differ between merchants.
    seed : int

    Raises
    ------
    InputError
        When there is no such weighting, or it has no answer for these merchants.

    Examples
    --------
    >>> u = np.array([[0.1, 0.9], [0.5, 0.8], [0.9, 0.7]])
    >>> weights_of("pymcdm:standard_deviation", u).round(2).tolist()  # doctest: +SKIP
    [0.8, 0.2]
    """
    known = _functions()
    name = method.removeprefix(PREFIX)
    if name not in known:
        raise InputError(
            f"weights {method}: pymcdm has no weighting {name}{suggest(name, known)}; it has "
            f"{', '.join(sorted(known))}"
        )
    if len(u) > MOST_MERCHANTS:
        drawn = np.random.default_rng(seed).choice(len(u), MOST_MERCHANTS, replace=False)
        u = u[np.sort(drawn)]
    given = _LEAST + (1.0 - _LEAST) * u if name in _ABOVE_ZERO else u
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = np.asarray(known[name](given, np.ones(u.shape[1])), dtype=np.float64)
        except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError) as error:
            raise InputError(
                f"weights {method}: have no answer for these merchants: {error}"
            ) from None
    if found.shape != (u.shape[1],) or not (np.isfinite(found).all() and (found >= 0).all()):
        raise InputError(
            f"weights {method}: have no answer for these merchants; the signals differ too little, "
            "or the method does not take figures from 0 to 1"
        )
    if not found.sum() > 0:
        raise InputError(f"weights {method}: give no signal any weight")
    return found / found.sum()
