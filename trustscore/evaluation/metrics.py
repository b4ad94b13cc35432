"""Metrics of a ranking for each list: loss of relevance, exposure of groups, displacement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trustscore.errors import InputError
from trustscore.evaluation.panel import Groups, Panel, summed
from trustscore.typing import BoolArray, FloatArray, IntArray

POSITIONS = ("log2", "reciprocal")


def position_weights(model: str | Sequence[float], places: int) -> FloatArray:
    """Return the attention that each place gets.

    Parameters
    ----------
    model : {"log2", "reciprocal"} or sequence of float
        ``1 / log2(1 + place)`` as in DCG (Jarvelin and Kekalainen 2002), ``1 / place``, or the
        click curve of your own results page, place by place.
    places : int
        At least 1.

    Returns
    -------
    ndarray of shape (places,)
        0 or more; 0 beyond the end of a click curve.

    Raises
    ------
    InputError
        When the model is unknown, or the click curve is empty, negative or begins with 0.

    Examples
    --------
    >>> position_weights("log2", 3).round(3).tolist()
    [1.0, 0.631, 0.5]
    >>> position_weights([0.4, 0.2], 3).tolist()
    [0.4, 0.2, 0.0]
    """
    if places < 1:
        raise InputError(f"k must be at least 1. Got {places}")
    place = np.arange(1, places + 1)
    if isinstance(model, str):
        if model not in POSITIONS:
            raise InputError(f"position must be one of {', '.join(POSITIONS)}. Got {model!r}")
        return 1.0 / (np.log2(1 + place) if model == "log2" else place)
    given = np.asarray(model, dtype=np.float64)
    if given.ndim != 1 or not len(given) or not np.isfinite(given).all() or (given < 0).any():
        raise InputError("position: a click curve must hold numbers that are 0 or more")
    if given[0] == 0:
        raise InputError("position: the first place of a click curve must be above 0")
    weights = np.zeros(places)
    weights[: len(given)] = given[:places]
    return weights


def attention(rank: IntArray, weights: FloatArray) -> FloatArray:
    """Return the weight of each row's place; 0 beyond the last place and for rank 0.

    Examples
    --------
    >>> attention(np.array([2, 0, 1, 3]), np.array([1.0, 0.5])).tolist()
    [0.5, 0.0, 1.0, 0.0]
    """
    padded = np.concatenate([[0.0], weights, [0.0]])
    return padded.take(np.minimum(rank, len(weights) + 1))


def dcg(panel: Panel, rank: IntArray, gain: FloatArray, k: int) -> FloatArray:
    """Return discounted cumulative gain at `k` of each list, gain over ``log2(1 + place)``."""
    return panel.total(attention(rank, position_weights("log2", panel.places(k))) * gain)


def score_loss(panel: Panel, rank: IntArray, k: int) -> FloatArray:
    """Return the share of the base list's score-DCG that each list loses; NaN without candidates.

    The base list is sorted by score and therefore ideal, so the loss is ``1 - NDCG`` by score.
    """
    best = dcg(panel, panel.base, panel.gain, k)
    shown = dcg(panel, rank, panel.gain, k)
    return _where(panel.used, 1.0 - _ratio(shown, best, 1.0))


def label_ndcg(panel: Panel, rank: IntArray, k: int) -> FloatArray:
    """Return NDCG at `k` of each list by labels; NaN for a list without a label above 0.

    The gain is the label itself, as in trec_eval; for ``2 ** label - 1`` pass that as the label.
    A candidate without a label counts as 0. The ideal order is taken over all labelled candidates
    of the list, vetoed ones included.
    """
    if panel.label is None:
        raise InputError("there are no labels")
    gain = np.nan_to_num(panel.label)
    best = dcg(panel, panel.ideal, gain, k)
    return _where(panel.used & (best > 0), _ratio(dcg(panel, rank, gain, k), best, 0.0))


def share_of(panel: Panel, seen: FloatArray, member: BoolArray) -> FloatArray:
    """Return the share of `seen` that falls on `member` in each list; NaN where nothing is seen."""
    whole = panel.total(seen)
    return _ratio(panel.total(seen * member), whole, np.nan)


def shares_of(panel: Panel, seen: FloatArray, groups: Groups) -> FloatArray:
    """Return the share of `seen` of each group in each list, of shape (lists, groups)."""
    count = len(groups.names)
    cell = panel.number * count + groups.code
    part = summed(cell, seen, len(panel) * count).reshape(-1, count)
    return _ratio(part, part.sum(axis=1, keepdims=True), np.nan)


def mean_trust(panel: Panel, seen: FloatArray) -> FloatArray:
    """Return the mean index in each list weighted by `seen`, over merchants with an index."""
    known = ~np.isnan(panel.index)
    weight = np.where(known, seen, 0.0)
    return _ratio(panel.total(weight * np.nan_to_num(panel.index)), panel.total(weight), np.nan)


def changed(panel: Panel, rank: IntArray, k: int) -> FloatArray:
    """Return 1 for a list whose first `k` places differ from the base list's, else 0."""
    moved = (rank != panel.base) & ((panel.base <= k) | (rank <= k)) & panel.keep
    return _where(panel.used, (panel.total(moved) > 0).astype(np.float64))


def displacement(panel: Panel, rank: IntArray) -> tuple[FloatArray, int]:
    """Return the mean distance of candidates from their base place in each list, and the most."""
    moved = np.abs(rank - panel.base) * panel.keep
    each = _ratio(panel.total(moved), panel.total(panel.keep), np.nan)
    return each, int(moved.max(initial=0))


def gini(values: FloatArray) -> float:
    """Return the Gini coefficient: 0 when all values are equal, near 1 when one holds everything.

    Examples
    --------
    >>> gini(np.array([1.0, 1.0, 1.0])), gini(np.array([0.0, 0.0, 3.0]))
    (0.0, 0.6666666666666667)
    """
    held = np.sort(values)
    count, total = len(held), held.sum()
    if not count or total <= 0:
        return float("nan")
    place = np.arange(1, count + 1)
    return float(max(2.0 * (place @ held) / (count * total) - (count + 1) / count, 0.0))


def merchant_gini(panel: Panel, seen: FloatArray) -> float:
    """Return the Gini coefficient of exposure among all merchants of the candidates."""
    return gini(summed(panel.merchant[panel.keep], seen[panel.keep]))


def _ratio(part: FloatArray, whole: FloatArray, otherwise: float) -> FloatArray:
    whole = np.broadcast_to(whole, part.shape)
    out: FloatArray = np.full(part.shape, otherwise)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def _where(mask: BoolArray, values: FloatArray) -> FloatArray:
    return np.where(mask, values, np.nan)
