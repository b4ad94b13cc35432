"""Turn the signals' shares of the index into weights in the tree of dimensions."""

from __future__ import annotations

import numpy as np

from trustscore.scorecard import Scorecard
from trustscore.scorecard.shares import entries_below, whole_weights
from trustscore.typing import Array

__all__ = ["LEAST_SHARE", "fill_not_applicable", "locked_signals", "tree_weights"]


# A weight of 0 is written as this share of the index: the signal stays in the statement, rules may
# still name it, and it moves no ranking.
LEAST_SHARE = 1e-4


def locked_signals(card: Scorecard, names: tuple[str, ...]) -> Array:
    """Return which signals are in a locked dimension, or in one below it."""
    parents = {dimension.id: dimension.parent for dimension in card.dimensions}

    def locked(dimension: str | None) -> bool:
        while dimension is not None:
            if dimension in names:
                return True
            dimension = parents[dimension]
        return False

    return np.array([locked(signal.dimension) for signal in card.signals])


def fill_not_applicable(card: Scorecard, utility: Array, applies: Array, weights: Array) -> Array:
    """Return utilities, filled where a signal does not apply as scoring would have it.

    A signal that does not apply hands its weight to the others of its node, which is as if it
    stood at their weighted mean; a node of which nothing applies stands at the mean of the nodes
    beside it. So the weighted sum of the result is the index (where exponents are 1).

    Parameters
    ----------
    card : Scorecard
    utility, applies : ndarray of shape (signals, merchants)
    weights : ndarray of shape (signals,)
        Shares of the index that weigh the means.

    Returns
    -------
    ndarray of shape (signals, merchants)
    """
    place = {signal.id: at for at, signal in enumerate(card.signals)}
    below = entries_below(card)
    out = np.where(applies, utility, np.nan)

    def members(what: str, name: str) -> list[int]:
        if what == "signal":
            return [place[name]]
        return [at for w, n, _ in below.get(name, []) for at in members(w, n)]

    def walk(node: str | None) -> Array:
        """Fill the signals below a node and return its mean; NaN where nothing applies."""
        parts = [
            (members(what, name), out[place[name]] if what == "signal" else walk(name))
            for what, name, _ in below.get(node, [])
        ]
        total = np.zeros(out.shape[1])
        mass = np.zeros(out.shape[1])
        for rows, value in parts:
            weight = weights[rows].sum() * ~np.isnan(value)
            total += weight * np.nan_to_num(value)
            mass += weight
        mean = np.divide(total, mass, out=np.full(len(total), np.nan), where=mass > 0)
        for rows, value in parts:
            gap = np.isnan(value) & ~np.isnan(mean)
            for at in rows:
                out[at, gap] = mean[gap]
        return mean

    walk(None)
    return np.nan_to_num(out, nan=0.5)


def tree_weights(
    card: Scorecard, found: Array, stay: Array | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the weights of dimensions and signals that give the signals these shares.

    Inside a node weights keep the sum they had, so that an overlay's weights keep their meaning.

    Parameters
    ----------
    card : Scorecard
    found : ndarray of shape (signals,)
        Shares, adding up to 1.
    stay : ndarray of bool, optional
        Signals whose share is locked; the least shares of the others are not taken from it.

    Returns
    -------
    dimensions, signals : dict of str to float

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> dimensions, signals = tree_weights(
    ...     load_scorecard("minimal"), np.array([0.1, 0.2, 0.3, 0.4, 0.0])
    ... )
    >>> dimensions
    {'product_quality': 0.3, 'after_sales': 0.6999, 'social_reputation': 0.0001}
    >>> round(signals["product_rating_mean"] / signals["product_negative_review_rate"], 2)
    2.0
    """
    weighed = np.array([signal.weight != 0 for signal in card.signals])
    held = np.zeros(len(found), dtype=bool) if stay is None else stay
    part = np.where(weighed, np.maximum(found, np.where(held, 0.0, LEAST_SHARE)), 0.0)
    part[~held] *= (1.0 - part[held].sum()) / part[~held].sum()
    place = {signal.id: at for at, signal in enumerate(card.signals)}
    below = entries_below(card)
    weights: dict[str, dict[str, float]] = {"dimension": {}, "signal": {}}

    def walk(node: str | None) -> tuple[float, bool]:
        """Weigh what is below a node; return its mass, and whether all of it is held."""
        parts = below.get(node, [])
        entries = [
            (part[place[name]], bool(held[place[name]])) if what == "signal" else walk(name)
            for what, name, _ in parts
        ]
        masses = np.array([mass for mass, _ in entries])
        fixed = np.array([fix for _, fix in entries])
        before = whole_weights([weight for _, _, weight in parts]).sum()
        mass = float(masses.sum())
        # Locked weights keep ten decimals; further ones are rounding of the division.
        new = np.round(masses / mass * before, 10) if mass > 0 else masses
        if mass > 0 and new[~fixed].sum() > 0:
            new[~fixed] = _rounded(new[~fixed])
        for (what, name, _), weight in zip(parts, new.tolist(), strict=True):
            weights[what][name] = weight
        return mass, bool(fixed.all())

    walk(None)
    return weights["dimension"], weights["signal"]


def _rounded(values: Array) -> Array:
    """Round values to about a two-thousandth of their sum, and keep the sum."""
    digits = max(0, int(np.ceil(-np.log10(values.sum() * 5e-4))))
    unit = 10.0**-digits
    steps = np.floor(values / unit + 1e-9)
    steps[(values > 0) & (steps == 0)] = 1.0
    short = round(float(values.sum() / unit - steps.sum()))
    order = np.argsort(steps - values / unit) if short > 0 else np.argsort(-steps)
    for at in order[: abs(short)]:
        steps[at] += np.sign(short)
    return np.round(steps * unit, digits)
