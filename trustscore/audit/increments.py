"""A test of new evidence against what a merchant's own record foretells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trustscore.audit.forgery import Forgery
from trustscore.scorecard import Signal
from trustscore.typing import Array

__all__ = ["FALSE_ALARMS", "Period", "honest_period", "surprise"]

# One honest merchant in a hundred is looked at in vain.
FALSE_ALARMS = 0.01
# Signal: observations of one period and their figure (a count of events, or a mean).
Period = Mapping[str, tuple[Array, Array]]


def _posterior(signal: Signal, value: Array, n: Array) -> tuple[Array, Array]:
    """Return what the record says of the next observation, and how many it is worth."""
    weight = n + signal.strength
    known = np.nan_to_num(value)
    if signal.counts:
        center = (known + signal.strength * signal.prior) / weight
        return np.clip(center, 1e-9, 1 - 1e-9 if signal.kind == "rate" else np.inf), weight
    prior = signal.prior
    if signal.on_log:
        known, prior = np.log(np.maximum(known, signal.good / 100)), np.log(signal.prior)
    return (known * n + signal.strength * prior) / weight, weight


def _spread(signal: Signal, center: Array) -> Array:
    """Return the variance of one observation."""
    if signal.kind == "rate":
        return center * (1 - center)
    if signal.kind == "events":
        return center
    return np.full(len(center), float(signal.numbers.sd or 0.0) ** 2)


def testable(signal: Signal) -> bool:
    """Return whether the law of one observation is known."""
    return signal.counts or signal.numbers.sd is not None


def honest_period(
    forgery: Forgery, signals: list[Signal], rng: np.random.Generator
) -> dict[str, tuple[Array, Array]]:
    """Draw one more period as large as the last, by merchants who go on as before.

    The true figure of each is drawn from what its record leaves open.
    """
    found = {}
    for signal in signals:
        value, n = forgery.figures(signal)
        center, weight = _posterior(signal, value, n)
        size = np.floor(n).astype(np.int64)
        if signal.kind == "rate":
            true = rng.beta(np.maximum(center * weight, 1e-6), (1 - center) * weight)
            figure = rng.binomial(size, true).astype(np.float64)
        elif signal.kind == "events":
            true = rng.gamma(np.maximum(center * weight, 1e-6)) / weight
            figure = rng.poisson(size * true).astype(np.float64)
        else:
            one = _spread(signal, center)
            figure = center + np.sqrt(one / weight + one / np.maximum(size, 1)) * (
                rng.standard_normal(len(n))
            )
            if signal.on_log:
                figure = np.exp(figure)
        found[signal.id] = (size.astype(np.float64), figure)
    return found


def surprise(forgery: Forgery, signals: list[Signal], period: Period) -> Array:
    """Return how much better than its record a merchant's new period is, in standard deviations.

    Each signal's new figure is set against the predictive law of the record (beta-binomial,
    gamma-Poisson or normal); the deviations, towards good, are averaged with the weights of the
    signals. Negative: worse than the record. The scale is not normal, since signals go together:
    compare it with its own distribution among honest merchants.
    """
    total, power = np.zeros(forgery.rows), np.zeros(forgery.rows)
    for signal in signals:
        new, figure = period[signal.id]
        center, weight = _posterior(signal, *forgery.figures(signal))
        one = _spread(signal, center)
        size = np.maximum(new, 1.0)
        if signal.counts:
            gap = figure - new * center
            variance = new * one * (1 + new / weight)
        else:
            seen = np.maximum(figure, signal.good / 100) if signal.on_log else figure
            gap = (np.log(seen) if signal.on_log else seen) - center
            variance = one * (1 / size + 1 / weight)
        known = (new > 0) & (variance > 0) & ~np.isnan(gap)
        z = np.where(known, gap, 0.0) / np.sqrt(np.where(known, variance, 1.0))
        total += signal.weight * (z if signal.higher_is_better else -z) * known
        power += signal.weight**2 * known
    return np.divide(total, np.sqrt(power), out=np.zeros(forgery.rows), where=power > 0)
