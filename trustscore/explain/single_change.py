"""Single changes of many merchants: what one may gain at most, and the smallest that suffices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trustscore.explain.headroom import stop_of, value_at
from trustscore.scorecard import ROOT, Scorecard
from trustscore.scorecard.effects import EFFECTS
from trustscore.scoring import Scores
from trustscore.typing import Array

__all__ = ["most_gained", "smallest_values"]


def _plain_means(card: Scorecard) -> set[str]:
    """Return the dimensions that are weighted means, as is everything above them."""
    parent = {each.id: each.parent or ROOT for each in card.dimensions}
    bent = {each.id for each in card.dimensions if each.power != 1.0}
    bent |= set() if card.file.index.power == 1.0 else {ROOT}

    def above(name: str) -> set[str]:
        return {name} if name == ROOT else {name} | above(parent[name])

    return {name for name in parent if not above(name) & bent}


def most_gained(card: Scorecard, now: Scores, best: Scores, rows: Array) -> Array:
    """Return the most points that each signal's column can add when it alone improves.

    In a weighted mean of weighted means a signal gains its weight times the change of its utility,
    whatever the others do, and the standard error stays. So two scorings bound every single change.
    Deductions that read the column may end, which counts in full. Infinite where more hangs on
    the column: the mean is of another power, or the column says what applies or weighs, or
    earns a bonus.

    Parameters
    ----------
    card : Scorecard
    now : Scores
        Of many rows, with their statement.
    best : Scores
        Of some of them with every signal improved, with their statement.
    rows : int array
        Rows of `now` that `best` is about.

    Returns
    -------
    ndarray of shape (signals, rows)
    """
    assert now.weight is not None and now.utility is not None and best.utility is not None
    each = 100.0 * now.weight[:, rows] * (best.utility - now.utility[:, rows])
    elsewhere = {c for s in card.signals for when in s.applies_when for c in when.columns}
    elsewhere |= {each.weight_by for each in card.dimensions if each.weight_by}
    plain = _plain_means(card)
    ended: dict[str, Array] = {}
    for rule in card.rules:
        effect = EFFECTS[rule.effect]
        sign = effect.sign
        if sign > 0:
            elsewhere.update(rule.columns)
        if sign < 0 or effect.holds:
            for column in set(rule.columns):
                taken = np.maximum(-now.adjustments[rule.id][rows], 0.0)
                ended[column] = ended.get(column, 0.0) + taken
    found = np.full(each.shape, np.inf)
    for i, signal in enumerate(card.signals):
        together = [j for j, other in enumerate(card.signals) if signal.value in other.columns]
        if signal.value not in elsewhere and all(
            card.signals[j].dimension in plain for j in together
        ):
            found[i] = each[together].sum(axis=0) + ended.get(signal.value, 0.0)
    return found


def smallest_values(
    bound_at: Callable[[Array, Array], Array],
    ends: tuple[Array, Array],
    bounds: tuple[Array, Array],
    line: Array,
    whole: Array,
) -> tuple[Array, Array]:
    """Return the smallest share of the way that suffices for each change, and the value there.

    The way is halved down to one unit of a count, or a thousandth. A better value never lowers the
    bound, so what lies beyond a value that suffices, or short of one that does not, needs no
    scoring: a straight line between both ends names the values worth scoring first.

    Parameters
    ----------
    bound_at : callable
        Takes places of changes and a value for each; returns the bounds.
    ends : pair of ndarray
        Value of each column now, and at its good anchor.
    bounds : pair of ndarray
        Bound at these ends: below `line` at the first, not at the second.
    line : ndarray
        Bound to reach.
    whole : ndarray of bool
        Whether the value is a whole number.

    Examples
    --------
    >>> share, value = smallest_values(
    ...     lambda some, values: values,
    ...     (np.array([0.0]), np.array([10.0])),
    ...     (np.array([0.0]), np.array([10.0])),
    ...     np.array([6.5]),
    ...     np.array([True]),
    ... )
    >>> value.tolist(), bool(0.6 < share[0] < 0.601)
    ([7.0], True)
    """
    start, end = ends
    if not len(start):
        return np.empty(0), np.empty(0)
    misses, reaches = np.zeros(len(start)), np.abs(end - start)  # distances known to do so

    def enough(value: Array) -> Array:
        way = np.abs(value - start)
        found: Array = way >= reaches
        some = np.flatnonzero((way > misses) & (way < reaches))
        if len(some):
            found[some] = bound_at(some, value[some]) >= line[some]
        reaches[found] = np.minimum(reaches, way)[found]
        misses[~found] = np.maximum(misses, way)[~found]
        return found

    guess = (line - bounds[0]) / (bounds[1] - bounds[0])
    enough(value_at(start, end, whole, guess))
    enough(start + np.sign(end - start) * (reaches - stop_of(start, end, whole)))
    low, high = np.zeros(len(start)), np.ones(len(start))
    units = np.where(whole, np.maximum(np.abs(end - start), 1000.0), 1000.0)
    steps = np.ceil(np.log2(units)) + 2
    for step in range(int(steps.max())):
        middle = (low + high) / 2
        reached = enough(value_at(start, end, whole, middle))
        high = np.where(reached & (step < steps), middle, high)
        low = np.where(~reached & (step < steps), middle, low)
    return high, value_at(start, end, whole, high)
