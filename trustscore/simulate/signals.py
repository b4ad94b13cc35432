"""True values of signals, and the figures a marketplace would count of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.scorecard import Signal
from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.kinds import KINDS
from trustscore.scoring.program import SignalFigures, prior_spread
from trustscore.simulate.market import KINDS as ACTORS
from trustscore.simulate.market import Merchants
from trustscore.simulate.marks import MARKS, SHOWN, Span
from trustscore.simulate.quantiles import beta_quantile, gamma_quantile, normal_cdf
from trustscore.typing import Array

# How often an event happens that a scorecard assumes nobody has, such as a confirmed injury.
RARE_FLAG = 0.004
# Shape of the gamma law behind counts: most merchants have none, a few have many.
COUNT_SHAPE = 0.5
# One bad order hurts several signals: this share of the sampling noise is common to them.
SHARED_NOISE = 0.1


@dataclass(frozen=True, slots=True)
class Law:
    """How the merchants of one variant of a signal differ; figures as in its plan."""

    signal: Signal
    prior: float  # on the scale that is shrunk
    strength: float
    spread: float  # standard deviation of the true values on that scale
    poor: float  # in the signal's own unit
    kappa: float

    def true_value(self, latent: Array) -> Array:
        """Return true values, in the signal's own unit, for a latent that is normal."""
        signal, prior = self.signal, self.prior
        z = latent if signal.higher_is_better else -latent
        if signal.kind == "rate" and 0.0 < prior < 1.0:
            return beta_quantile(normal_cdf(z), self.strength * prior, self.strength * (1 - prior))
        if signal.kind == "events" and prior > 0.0:
            return gamma_quantile(normal_cdf(z), self.strength * prior) / self.strength
        if signal.on_log:
            return np.exp(prior + self.spread * z)
        if signal.kind == "flag":
            bad = 1.0 - prior if signal.higher_is_better else prior
            worse = normal_cdf(-latent) > 1.0 - max(bad, RARE_FLAG)
            return worse.astype(np.float64) * (self.poor - signal.good) + signal.good
        if signal.kind == "count" and not signal.higher_is_better and prior > 0.0:
            return gamma_quantile(normal_cdf(z), COUNT_SHAPE) * prior / COUNT_SHAPE
        if signal.kind in ("ratio", "count") and prior > 0.0 and self.spread > 0.0:
            shape = (prior / self.spread) ** 2
            return gamma_quantile(normal_cdf(z), shape) * prior / shape
        value = prior + self.spread * z
        return value if signal.range is None else np.clip(value, *signal.range)

    def at(self, step: Array) -> Array:
        """Return the value that stands `step` between the prior (0) and the poor anchor (1)."""
        signal = self.signal
        if signal.on_log:
            return np.exp(self.prior + (np.log(self.poor) - self.prior) * step)
        value = self.prior + (self.poor - self.prior) * step
        if signal.kind == "rate":
            return np.clip(value, 0.0, 0.95)
        if signal.kind not in ("mean", "score"):
            return np.maximum(value, 0.0)
        return value if signal.range is None else np.clip(value, *signal.range)


def laws(plan: SignalFigures, variants: int) -> list[Law]:
    """Return the law of each variant."""
    figures = (plan.prior, plan.strength, plan.poor, plan.good, plan.kappa)
    # What no overlay or peer group changes is one law.
    different = variants if any(np.ndim(figure) for figure in figures) else 1

    def column(parameter: Any) -> list[float]:
        return np.broadcast_to(parameter, different).tolist()

    signal = plan.signal
    scale = CURVES[signal.curve].scale
    found = []
    for prior, strength, poor, good, kappa in zip(*map(column, figures), strict=True):
        sd = signal.numbers.sd
        sample_spread = float(
            prior_spread(signal.kind, prior, strength, np.nan if sd is None else sd)
        )
        if np.isnan(sample_spread):
            # No sampling law says how merchants differ; kappa does, in units of utility.
            sample_spread = kappa * abs(good - poor) * scale.stretch(prior)
        unscaled = float(scale.inverse(poor))
        found.append(Law(signal, prior, strength, sample_spread, unscaled, kappa))
    return found if len(found) == variants else found * variants


def _marked(
    law: Law, merchants: Merchants, value: Array, marks: dict[str, dict[str, Span]], name: str
) -> Array:
    """Return values with those of bad actors put where their marks say."""
    signal = law.signal
    for kind, spans in marks.items():
        if signal.id not in spans:
            continue
        rows = merchants.kind == ACTORS.index(kind)
        low, high = spans[signal.id]
        draw = merchants.streams(f"{name} {kind} {signal.id}").random(merchants.rows)
        if signal.kind == "flag":
            value = np.where(rows & (draw < low), law.poor, value)
        else:
            value = np.where(rows, law.at(low + (high - low) * draw), value)
    return value


def true_and_shown(
    per_variant: list[Law], variant: Array | None, merchants: Merchants
) -> tuple[Array, Array]:
    """Return what each merchant is at a signal, and what buyers are led to report."""
    signal = per_variant[0].signal
    latent = merchants.latent(signal.id, signal.dimension)
    true, shown = np.empty(merchants.rows), np.empty(merchants.rows)
    for law, here in _by_law(per_variant, variant, merchants.rows):
        value = np.empty(merchants.rows)
        value[here] = law.true_value(latent[here])
        value = _marked(law, merchants, value, MARKS, "mark")
        true[here] = value[here]
        shown[here] = _marked(law, merchants, value, SHOWN, "shown")[here]
    return true, shown


def _by_law(per_variant: list[Law], variant: Array | None, rows: int) -> Iterator[tuple[Law, Any]]:
    """Yield each law with its rows; most signals have one law in all variants."""
    laws = dict.fromkeys(per_variant[:1] if variant is None else per_variant)
    if len(laws) == 1:
        yield per_variant[0], slice(None)
        return
    numbers = {law: number for number, law in enumerate(laws)}
    which = np.array([numbers[law] for law in per_variant])[variant]
    for law, number in numbers.items():
        here = np.flatnonzero(which == number)
        if len(here):
            yield law, here


def _beta_mean(draw: np.random.Generator, mean: Array, variance: Array) -> Array:
    """Draw means in (0, 1); unbiased also where the variance does not fit the range."""
    mean = np.clip(mean, 1e-6, 1 - 1e-6)
    size = np.maximum(mean * (1 - mean) / variance - 1.0, 0.05)
    return draw.beta(mean * size, (1 - mean) * size)


def observed(law: Law, shown: Array, n: Array | None, merchants: Merchants) -> Array:
    """Return the figure that is counted: a numerator, a mean, or the value itself.

    Means of nothing are NaN. `n` are the observations, or None for a signal without a sample.
    """
    signal = law.signal
    draw = merchants.streams(f"observed {signal.id}")
    if n is None:
        if signal.kind == "flag":
            return shown
        if signal.kind == "count":
            return np.floor(shown + draw.random(merchants.rows))
        exact: Array = np.round(shown, KINDS[signal.kind].decimals)
        return exact if signal.range is None else np.clip(exact, *signal.range)
    some = n > 0
    size = np.maximum(n, 1).astype(np.float64)
    # A shared shift of the rate, never beyond zero and never biased.
    common = np.sqrt(SHARED_NOISE) * merchants.luck / np.sqrt(size)
    if not signal.higher_is_better:
        common = -common
    if signal.counts:
        rate = signal.kind == "rate"
        one = np.sqrt(shown * (1 - shown)) if rate else np.sqrt(shown)
        room = np.minimum(shown, 1 - shown) if rate else shown
        p = shown + np.clip(one * common, -room, room)
        if rate:
            return draw.binomial(n, np.clip(p, 0.0, 1.0)).astype(np.float64)
        return draw.poisson(n * p).astype(np.float64)
    one = law.spread * np.sqrt(law.strength)
    noise: Array = one / np.sqrt(size)
    value: Array
    if signal.on_log:
        value = shown * np.exp(one * common + noise * draw.standard_normal(merchants.rows))
    elif signal.range is not None:
        low, high = signal.range
        width = high - low
        mean = (np.clip(shown + one * common, low, high) - low) / width
        value = low + width * _beta_mean(draw, mean, (noise / width) ** 2)
    elif signal.kind == "mean":
        value = shown + one * common + noise * draw.standard_normal(merchants.rows)
    else:
        shape = np.maximum((shown / noise) ** 2, 1e-6)
        value = draw.gamma(shape) * shown / shape
    figure: Array = np.where(some, np.round(value, KINDS[signal.kind].decimals), np.nan)
    return figure if signal.range is None else np.clip(figure, *signal.range)
