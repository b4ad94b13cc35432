"""The curves of the kernel, for the figures of a signal: anchors, priors, shrunk values."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.scorecard import Signal
from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.kinds import KINDS
from trustscore.scoring import codes, kernel
from trustscore.typing import Array

# A duration is shrunk on its logarithm: what brings that onto the scale of its curve.
_FROM_LOG = {
    codes.AS_IS: codes.BY_EXP,
    codes.BY_LOG: codes.AS_IS,
    codes.BY_LOG1P: codes.BY_EXP_LOG1P,
}


def curve_code(signal: Signal) -> tuple[int, int]:
    """Return the codes of the scale and of the shape on which a signal's x becomes a utility."""
    scale = CURVES[signal.curve].scale.code
    if KINDS[signal.kind].on_log:
        scale = _FROM_LOG[scale]
    return scale, CURVES[signal.curve].shape.code


def steps_of(signal: Signal) -> float:
    """Return in how many steps from 0 to 1 a signal's utility is rounded; 0 where it is not."""
    return 0.0 if signal.decimals is None else 10.0**signal.decimals


def scaled(signal: Signal, value: float) -> float:
    """Return a value in the signal's own unit on the scale of its curve."""
    found: float = kernel.on_scale(CURVES[signal.curve].scale.code, value)
    return found


def on_curve(signal: Signal, x: float, poor: float, good: float) -> float:
    """Return the utility of a figure on the scale that is shrunk; anchors on the curve's scale."""
    scale, shape = curve_code(signal)
    x = kernel.on_scale(scale, x)
    if shape == codes.KNOTS:
        xs, us = zip(*signal.knots, strict=True)
        return float(np.interp(x, xs, us))
    found: float = kernel.utility(shape, x, poor, good)
    return found


def rounded(signal: Signal, utility: float) -> float:
    """Return a utility with the decimals that a signal is scored with."""
    found: float = kernel.rounded(utility, steps_of(signal))
    return found


def raised(utility: Any, power: float, floor: float) -> Any:
    """Return phi(v) of utilities, a float or an array over variants."""
    found = [
        kernel.phi(kernel.floored(u, power, floor), power) for u in np.atleast_1d(utility).tolist()
    ]
    return np.array(found) if np.ndim(utility) else found[0]


def shrunk(kind: str, value: Array, n: Array, prior: float, strength: float) -> tuple[Array, Array]:
    """Return the values of many merchants at one signal after shrinkage, and their doubt.

    Examples
    --------
    >>> x, q = shrunk("rate", np.array([0.0, 3.0]), np.array([0.0, 30.0]), 0.1, 30.0)
    >>> x.round(3).tolist(), q.tolist()
    ([0.1, 0.1], [1.0, 0.5])
    >>> shrunk("mean", np.array([5.0]), np.array([10.0]), 4.0, 10.0)[0].tolist()
    [4.5]
    """
    x, q = np.empty(len(value)), np.empty(len(value))
    evidence = codes.COUNTS if KINDS[kind].counts else codes.MEAN
    kernel.shrink_rows(
        evidence,
        np.ascontiguousarray(value, dtype=np.float64),
        np.ascontiguousarray(n, dtype=np.float64),
        prior,
        strength,
        x,
        q,
    )
    return x, q
