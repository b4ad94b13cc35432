"""Merchants that changed, ready for tables: indices, parts by name, tiers and statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trustscore.compare.change import Changes
from trustscore.scorecard import Scorecard, Signal
from trustscore.typing import Array

__all__ = ["KINDS_OF_PART", "ChangedRows", "leading_parts", "part_kind", "rows_of", "signal_of"]

KINDS_OF_PART = ("figure", "evidence", "applicability", "peers", "rule", "scorecard", "points")
"""What the name of a part begins with; ``points`` in a comparison of contributions."""
_REASONS = 3
# Less than this is shown as nothing.
_LEAST = 0.05


@dataclass(frozen=True)
class ChangedRows:
    """Merchants of both sides.

    Attributes
    ----------
    ids : ndarray of object
    old, new, change : ndarray of float
        Indices, and the new one less the old one; NaN where one is missing.
    parts : mapping of str to ndarray
        Adds up to the change.
    old_tier, new_tier, old_status, new_status : ndarray of object
        Empty where the tables do not say.
    old_dimensions, new_dimensions : mapping of str to ndarray
        Points 0..100; empty where the tables do not say.
    changes : Changes or None
        Both sides with all they hold, where exports were compared.
    """

    ids: Array
    old: Array
    new: Array
    change: Array
    parts: Mapping[str, Array]
    old_tier: Array
    new_tier: Array
    old_status: Array
    new_status: Array
    old_dimensions: Mapping[str, Array]
    new_dimensions: Mapping[str, Array]
    changes: Changes | None = None

    @cached_property
    def leading(self) -> list[tuple[tuple[str, float], ...]]:
        """The parts that moved each merchant most; nothing for one without a change."""
        found = leading_parts(self.parts, len(self.ids))
        known = np.isfinite(self.change).tolist()
        return [each if there else () for each, there in zip(found, known, strict=True)]


def rows_of(ids: Array, found: Changes) -> ChangedRows:
    """Return changes with the ids of their merchants."""
    old, new = found.old, found.new
    return ChangedRows(
        ids,
        old.trust_index,
        new.trust_index,
        found.change,
        found.parts(),
        old.tier,
        new.tier,
        old.status,
        new.status,
        old.dimensions,
        new.dimensions,
        found,
    )


def part_kind(part: str) -> tuple[str, str]:
    """Return the kind of a part and what it is of.

    Examples
    --------
    >>> part_kind("figure.return_rate"), part_kind("peers"), part_kind("scorecard.rule.cap")
    (('figure', 'return_rate'), ('peers', ''), ('scorecard', 'rule.cap'))
    """
    kind, _, name = part.partition(".")
    return kind, name


def signal_of(part: str, card: Scorecard) -> Signal | None:
    """Return the signal that a part is of, if it is of one."""
    _, name = part_kind(part)
    return next((signal for signal in card.signals if signal.id == name), None)


def leading_parts(parts: Mapping[str, Array], rows: int) -> list[tuple[tuple[str, float], ...]]:
    """Return for each merchant the parts that moved it most, largest first; none under .05 points.

    Examples
    --------
    >>> parts = {"figure.a": np.array([0.1, 0.0]), "figure.b": np.array([-3.0, 0.01])}
    >>> leading_parts(parts, 2)
    [(('figure.b', -3.0), ('figure.a', 0.1)), ()]
    """
    names = list(parts)
    if not names:
        return [()] * rows
    table = np.nan_to_num(np.stack(list(parts.values())))
    # Of parts that moved a merchant alike, the earlier one goes first.
    order = np.argsort(-np.abs(table), axis=0, kind="stable")[:_REASONS]
    points = np.take_along_axis(table, order, axis=0)
    return [
        tuple((names[at], moved) for at, moved in zip(*pair, strict=True) if abs(moved) >= _LEAST)
        for pair in zip(order.T.tolist(), points.T.tolist(), strict=True)
    ]
