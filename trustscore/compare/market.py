"""How a whole market moved: means, parts, tiers, and who moved most."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trustscore.compare.rows import ChangedRows, part_kind, signal_of
from trustscore.scorecard import Scorecard

__all__ = ["Market", "Mover"]


@dataclass(frozen=True, order=True)
class Mover:
    """A merchant that moved much.

    Attributes
    ----------
    change : float
    merchant_id : str
    old, new : float
    old_tier, new_tier : str
    reasons : tuple of (str, float)
        Parts with their points, largest first.
    """

    change: float
    merchant_id: str
    old: float = field(compare=False)
    new: float = field(compare=False)
    old_tier: str = field(compare=False)
    new_tier: str = field(compare=False)
    reasons: tuple[tuple[str, float], ...] = field(compare=False)


class Market:
    """Adds up the changes of many merchants, block by block.

    Parameters
    ----------
    card : Scorecard
        Names dimensions and stages; that of the new side.
    most : int, default=10
        Movers to keep in each direction.

    Attributes
    ----------
    both, scored : int
        Merchants on both sides, and those of them with an index on both.
    began, ceased : int
        Merchants that have an index now and had none, and the other way round.
    new, gone : list of str
        Merchants of one side only; `new_count` and `gone_count` count them all.
    """

    def __init__(self, card: Scorecard, most: int = 10) -> None:
        self.card = card
        self.most = most
        self.both = self.scored = self.began = self.ceased = 0
        self.moved = 0
        self.new_count = self.gone_count = 0
        self.new: list[str] = []
        self.gone: list[str] = []
        self.sums = {"old": 0.0, "new": 0.0, "change": 0.0}
        self.parts: dict[str, float] = {}
        self.touched: Counter[str] = Counter()
        self.tiers: Counter[tuple[str, str]] = Counter()
        self.statuses: Counter[tuple[str, str]] = Counter()
        self.dimensions: dict[str, list[float]] = {}
        self._up: list[Mover] = []
        self._down: list[Mover] = []

    def add(self, rows: ChangedRows) -> None:
        """Add merchants of both sides."""
        self.both += len(rows.ids)
        known = np.isfinite(rows.change)
        self.scored += int(known.sum())
        self.began += int((np.isnan(rows.old) & np.isfinite(rows.new)).sum())
        self.ceased += int((np.isfinite(rows.old) & np.isnan(rows.new)).sum())
        self.moved += int((np.abs(rows.change[known]) >= 0.05).sum())
        for name, values in (("old", rows.old), ("new", rows.new), ("change", rows.change)):
            self.sums[name] += float(values[known].sum())
        for name, points in rows.parts.items():
            self.parts[name] = self.parts.get(name, 0.0) + float(points[known].sum())
            self.touched[name] += int((np.abs(points[known]) > 0).sum())
        self.tiers.update(_pairs(rows.old_tier, rows.new_tier))
        self.statuses.update(_pairs(rows.old_status, rows.new_status))
        for name in {**rows.old_dimensions, **rows.new_dimensions}:
            old, new = rows.old_dimensions.get(name), rows.new_dimensions.get(name)
            if old is not None and new is not None:
                there = known & np.isfinite(old) & np.isfinite(new)
                sums = self.dimensions.setdefault(name, [0.0, 0.0, 0.0])
                sums[0] += float(there.sum())
                sums[1] += float(old[there].sum())
                sums[2] += float(new[there].sum())
        self._keep_movers(rows, known)

    def _keep_movers(self, rows: ChangedRows, known: Any) -> None:
        places = np.flatnonzero(known)
        order = places[np.argsort(rows.change[places], kind="stable")]
        for row in {*order[: self.most].tolist(), *order[len(order) - self.most :].tolist()}:
            mover = Mover(
                float(rows.change[row]),
                str(rows.ids[row]),
                float(rows.old[row]),
                float(rows.new[row]),
                str(rows.old_tier[row]),
                str(rows.new_tier[row]),
                rows.leading[row],
            )
            if mover.change >= 0.05:
                self._up.append(mover)
            elif mover.change <= -0.05:
                self._down.append(mover)
        self._up = heapq.nlargest(self.most, self._up)
        self._down = heapq.nsmallest(self.most, self._down)

    @property
    def movers(self) -> tuple[list[Mover], list[Mover]]:
        """Who lost most and who gained most, the largest change first."""
        return self._down, self._up

    def mean(self, name: str) -> float:
        """Return the mean of ``old``, ``new`` or ``change`` over the merchants scored on both."""
        return self.sums[name] / self.scored if self.scored else float("nan")

    def mean_parts(self) -> dict[str, float]:
        """Return the mean points of each part; they add up to the mean change."""
        return {name: total / max(self.scored, 1) for name, total in self.parts.items()}

    def by(self, what: str) -> dict[str, float]:
        """Return the mean points by ``kind`` of part, or by ``dimension``, ``stage`` or ``signal``.

        The last three leave out the parts that are of no signal.
        """
        found: dict[str, float] = {}
        for part, points in self.mean_parts().items():
            kind, _ = part_kind(part)
            if what == "kind":
                key = kind
            else:
                signal = signal_of(part, self.card)
                if signal is None:
                    continue
                key = signal.id if what == "signal" else getattr(signal, what)
            found[key] = found.get(key, 0.0) + points
        return found

    def tier_moves(self) -> tuple[int, int]:
        """Return how many merchants climbed and how many fell on the new ladder."""
        steps = {tier.id: at for at, tier in enumerate(self.card.tiers.ladder)} | {"": -1}
        up = down = 0
        for (old, new), count in self.tiers.items():
            if old in steps and new in steps and old != new:
                up, down = (up + count, down) if steps[new] > steps[old] else (up, down + count)
        return up, down

    def to_frame(self) -> Any:
        """Return the parts as a pandas frame: mean points, and how many merchants each moved."""
        from trustscore.compare.frame import market_frame

        return market_frame(self)

    def plot(self, lang: str = "en", *, most: int = 10) -> Any:
        """Return how the mean index moved as a matplotlib Figure; it takes the extra ``plot``."""
        from trustscore.compare.plots import plot_market

        return plot_market(self, lang, most=most)

    def _repr_html_(self) -> str:
        from trustscore.compare.page import comparison_html

        return comparison_html(self)

    def facts(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        down, up = self.movers
        climbed, fell = self.tier_moves()
        return {
            "merchants": {
                "both": self.both,
                "scored_on_both": self.scored,
                "began_to_be_scored": self.began,
                "ceased_to_be_scored": self.ceased,
                "moved": self.moved,
                "new": self.new_count,
                "gone": self.gone_count,
            },
            "new": self.new,
            "gone": self.gone,
            "mean_index": {name: _or_none(self.mean(name)) for name in ("old", "new", "change")},
            "parts": self.mean_parts(),
            "merchants_by_part": dict(self.touched),
            "by_kind": self.by("kind"),
            "by_dimension": self.by("dimension"),
            "by_stage": self.by("stage"),
            "by_signal": self.by("signal"),
            "dimensions": {
                name: {"merchants": int(n), "old": old / n, "new": new / n}
                for name, (n, old, new) in self.dimensions.items()
                if n
            },
            "tiers": _listed(self.tiers),
            "tiers_won": climbed,
            "tiers_lost": fell,
            "statuses": _listed(self.statuses),
            "fell_most": [_mover(each) for each in down],
            "rose_most": [_mover(each) for each in up],
        }


def _pairs(old: Any, new: Any) -> Counter[tuple[str, str]]:
    return Counter(zip(old.tolist(), new.tolist(), strict=True))


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _listed(pairs: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    order = sorted(pairs.items(), key=lambda each: (-each[1], each[0]))
    return [{"old": old, "new": new, "merchants": n} for (old, new), n in order]


def _mover(mover: Mover) -> dict[str, Any]:
    return {
        "merchant_id": mover.merchant_id,
        "old": mover.old,
        "new": mover.new,
        "change": mover.change,
        "old_tier": mover.old_tier,
        "new_tier": mover.new_tier,
        "reasons": [{"part": part, "points": points} for part, points in mover.reasons],
    }
