"""The share of the index that the weights of a scorecard give each signal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from trustscore.scorecard.model import Scorecard
from trustscore.typing import Array

__all__ = ["entries_below", "shares", "whole_weights"]


def entries_below(card: Scorecard) -> dict[str | None, list[tuple[str, str, float]]]:
    """Return the signals and dimensions right below each node: what they are, name and weight.

    The index is the node None.
    """
    below: dict[str | None, list[tuple[str, str, float]]] = {}
    for dimension in card.dimensions:
        below.setdefault(dimension.parent, []).append(("dimension", dimension.id, dimension.weight))
    for signal in card.signals:
        below.setdefault(signal.dimension, []).append(("signal", signal.id, signal.weight))
    return below


def whole_weights(weights: list[float]) -> Array:
    """Return weights with the open ones at the mean of the others, or at 1."""
    found = np.array(weights)
    open_ = np.isnan(found)
    if open_.any():
        found[open_] = found[~open_].mean() if not open_.all() else 1.0
    return found


def shares(
    card: Scorecard, judged: Mapping[str, Mapping[str, float]] = MappingProxyType({})
) -> Array:
    """Return the share of the index that each signal has, when all apply.

    An open weight stands at the mean of its neighbours in the same node.

    Parameters
    ----------
    card : Scorecard
    judged : mapping of str to mapping of str to float
        By node (``index`` at the top) the weights to use instead of the card's.

    Returns
    -------
    ndarray of shape (signals,)

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> shares(load_scorecard("minimal")).round(3).tolist()
    [0.25, 0.25, 0.2, 0.2, 0.1]
    """
    below = entries_below(card)
    found: dict[str, float] = {}

    def walk(node: str | None, whole: float) -> None:
        parts = below.get(node, [])
        instead = judged.get("index" if node is None else node, {})
        weights = whole_weights([instead.get(name, weight) for _, name, weight in parts])
        total = weights.sum()
        for (what, name, _), weight in zip(parts, weights, strict=True):
            part = whole * weight / total if total > 0 else 0.0
            if what == "signal":
                found[name] = float(part)
            else:
                walk(name, part)

    walk(None, 1.0)
    return np.array([found[signal.id] for signal in card.signals])
