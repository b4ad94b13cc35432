"""The constants of the interval, from two exports that each count a random half of the orders.

What both halves agree on is the merchant, and what they differ in is chance. So products of figures
across the halves estimate the correlation of truths, and differences between the halves that of
errors; neither is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from trustscore.errors import InputError
from trustscore.scorecard import Scorecard
from trustscore.scorecard.shares import shares
from trustscore.scoring import utilities
from trustscore.scoring.program import program_of
from trustscore.typing import Array

__all__ = ["Interval", "UntoldError", "fit_interval"]


# A pair of signals counts when at least this many merchants have evidence of both in both halves.
_LEAST = 50
_SCALES = (0.1, 10.0)


class UntoldError(InputError):
    """Raised when halves cannot determine the constants of the interval."""


class Interval(NamedTuple):
    """Constants of the interval, estimated from two halves.

    Attributes
    ----------
    rho : float
        Correlation of the truths of two signals of one merchant.
    rho_evidence : float
        Correlation of their errors: one bad order hurts several signals.
    slope : float
        Slope of the truth on the shrunk figure: 1 when priors are as strong as they should be,
        below 1 when they are too weak.
    strength_scale : float
        Factor on all strengths at which the slope is 1; NaN when there is none between 0.1 and 10.
    merchants, pairs : int
        Merchants in both halves, and pairs of signals that count.
    """

    rho: float
    rho_evidence: float
    slope: float
    strength_scale: float
    merchants: int
    pairs: int


class _Half(NamedTuple):
    """Raw distances to the prior, positive for better, and observations over strength."""

    apart: Array
    odds: Array


def _half(block: Mapping[str, Array], card: Scorecard, missing: frozenset[str]) -> _Half:
    found = utilities(block, card, missing=missing)
    variant = program_of(card).variant_rows(block, found.value.shape[1])
    apart, odds = np.full(found.value.shape, np.nan), np.zeros(found.value.shape)
    for at, plan in enumerate(program_of(card).signals):
        if plan.signal.sample is None:
            continue
        prior = plan.prior if type(plan.prior) is float else plan.prior[_at(variant)]
        r = found.reliability[at]
        known = found.applies[at] & (r > 0) & (r < 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.log(found.value[at]) if plan.on_log else found.value[at]
            better = 1.0 if plan.signal.higher_is_better else -1.0
            apart[at] = np.where(known, better * (value - prior) / r, np.nan)
            odds[at] = np.where(known, r / (1.0 - r), 0.0)
    return _Half(apart, odds)


def _at(variant: Array | None) -> Any:
    return 0 if variant is None else variant


def fit_interval(
    one: Mapping[str, Array],
    other: Mapping[str, Array],
    card: Scorecard,
    *,
    missing: frozenset[str] = frozenset(),
) -> Interval:
    """Estimate rho, rho_evidence and the slope of truth from two halves.

    Parameters
    ----------
    one, other : mapping of str to ndarray
        The same merchants in the same order; each order is counted in one of the two, at random.
    card : Scorecard
        Closed.
    missing : frozenset of str

    Returns
    -------
    Interval

    Raises
    ------
    UntoldError
        When fewer than two signals differ between merchants beyond chance.
    InputError
        When both halves have the same figures.
    """
    a, b = _half(one, card, missing), _half(other, card, missing)
    both = ~np.isnan(a.apart) & ~np.isnan(b.apart)
    if both.any() and (a.apart[both] == b.apart[both]).all() and (a.odds == b.odds).all():
        raise InputError(
            "halves: both have the same figures for every merchant; each order must be counted in "
            "one of the two files, at random"
        )
    pull = _error_weights(card)
    known = [at for at in range(len(pull)) if both[at].sum() >= _LEAST and pull[at] > 0]

    # Weigh distances by reliability: the noise of merchants with few orders would drown the rest.
    def weighed(half: _Half, at: int) -> tuple[Array, Array]:
        r = half.odds[at] / (1.0 + half.odds[at])
        return r * np.nan_to_num(half.apart[at]) * both[at], r * both[at]

    truth: dict[tuple[int, int], float] = {}
    for i in known:
        for j in known:
            (x, p), (y, q) = weighed(a, i), weighed(b, j)
            mass = float((p * q).sum())
            truth[i, j] = float((x * y).sum() / mass) if mass > 0 else 0.0
    varied = [i for i in known if truth[i, i] > 0]
    top = low = error_top = 0.0
    pairs = 0
    for i in varied:
        for j in varied:
            common = both[i] & both[j]
            if i >= j or common.sum() < _LEAST:
                continue
            weight = pull[i] * pull[j]
            pairs += 1
            low += weight
            size = np.sqrt(truth[i, i] * truth[j, j])
            top += weight * float(np.clip((truth[i, j] + truth[j, i]) / 2 / size, -1.0, 1.0))
            error_top += weight * _error_correlation(a, b, i, j, common)
    if not pairs:
        raise UntoldError(
            "halves: fewer than two signals differ between merchants beyond chance, so nothing "
            "can be said of how they go together; more merchants or more orders are needed"
        )
    return Interval(
        min(max(top / low, 0.0), 1.0),
        min(max(error_top / low, 0.0), 1.0),
        _slope(a, b, varied, both, pull, 1.0),
        _scale(a, b, varied, both, pull),
        int(both.any(axis=0).sum()),
        pairs,
    )


def _error_weights(card: Scorecard) -> Array:
    """Return by how much an unreliable figure of each signal moves the index: share times kappa."""
    kappa = np.array([float(np.mean(plan.kappa)) for plan in program_of(card).signals])
    return shares(card) * kappa


def _error_correlation(a: _Half, b: _Half, i: int, j: int, common: Array) -> float:
    """Return the correlation of the differences between the halves of two signals."""
    parts = []
    for at in (i, j):
        spread = 1.0 / a.odds[at, common] + 1.0 / b.odds[at, common]
        parts.append((a.apart[at, common] - b.apart[at, common]) / np.sqrt(spread))
    size = np.sqrt((parts[0] ** 2).sum() * (parts[1] ** 2).sum())
    return float((parts[0] * parts[1]).sum() / size) if size > 0 else 0.0


def _slope(a: _Half, b: _Half, signals: list[int], both: Array, pull: Array, scale: float) -> float:
    """Return the slope of one half's raw figures on the other's shrunk ones."""
    top = low = 0.0
    for at in signals:
        rows = both[at]
        for one, other in ((a, b), (b, a)):
            r = one.odds[at, rows] / (scale + one.odds[at, rows])
            shrunk = r * one.apart[at, rows]
            unit = pull[at] ** 2 / max(float((shrunk**2).sum()), 1e-300)
            top += unit * float((shrunk * other.apart[at, rows]).sum())
            low += pull[at] ** 2
    return top / low


def _scale(a: _Half, b: _Half, signals: list[int], both: Array, pull: Array) -> float:
    """Return the factor on all strengths that makes the slope 1; the slope rises with it."""
    low, high = np.log(_SCALES)
    if _slope(a, b, signals, both, pull, _SCALES[0]) > 1:
        return float("nan")
    if _slope(a, b, signals, both, pull, _SCALES[1]) < 1:
        return float("nan")
    for _ in range(40):
        middle = (low + high) / 2
        if _slope(a, b, signals, both, pull, float(np.exp(middle))) < 1:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))
