"""Lists prepared for measuring: everything known about each candidate, one value for each row.

A ranking of many lists is one array of ranks that follows the rows of
:class:`trustscore.boost.Lists`: from 1 in each list, 0 for a candidate that takes no part. Every
metric is then a lookup of the rank and a sum over each list, for all lists at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trustscore.boost import BoostPolicy, Lists, TrustTable
from trustscore.errors import InputError, at_most
from trustscore.scorecard.vetoes import Veto
from trustscore.typing import BoolArray, FloatArray, IntArray

PROMOTED = 0.25
"""Lean from which a merchant counts as promoted, as in :class:`trustscore.boost.Trial`."""


@dataclass(frozen=True, eq=False)
class Groups:
    """A division of the candidates into groups.

    Attributes
    ----------
    names : tuple of str
        Names from the best (or largest) group to the least; unknown comes last.
    code : int array
        Group of each row.
    level : array
        Value that sorts the rows when groups are ranked; more is better.
    """

    names: tuple[str, ...]
    code: IntArray
    level: FloatArray


@dataclass(frozen=True, eq=False)
class Panel:
    """Lists and everything known about their candidates; arrays follow the rows of `lists`.

    Attributes
    ----------
    lists : Lists
    policy : BoostPolicy
    number : int array
        List of each row.
    keep : bool array
        Rows that take part, that is, neither floored nor blocked. Vetoes are the same for all
        methods and no promise on relevance covers them, so their cost is reported separately.
    gain : array
        Gain of DCG: the relevance in the multiplicative form, the relevance above the smallest of
        its list in the additive form.
    lean, index : array
        Lean and index of the merchant; an unknown merchant has lean 0 and index NaN.
    newcomer : bool array
    merchant : int array
        A number for each merchant, known or not.
    tiers : Groups
    sizes : Groups or None
    label : array or None
        NaN for a candidate without a label.
    """

    lists: Lists
    policy: BoostPolicy
    number: IntArray
    keep: BoolArray
    gain: FloatArray
    lean: FloatArray
    index: FloatArray
    newcomer: BoolArray
    merchant: IntArray
    tiers: Groups
    sizes: Groups | None
    label: FloatArray | None

    @classmethod
    def of(
        cls,
        lists: Lists,
        table: TrustTable,
        policy: BoostPolicy,
        *,
        labels: Any = None,
        volumes: Any = None,
    ) -> Panel:
        """Return the panel of lists and boosts, with labels and volumes if given.

        Parameters
        ----------
        lists : Lists
        table : TrustTable
        policy : BoostPolicy
        labels : array-like, optional
            One for each candidate, in the input order of `lists`; 0 or more, NaN for none.
        volumes : array-like, optional
            One for each merchant, in the order of `table`; 0 or more, NaN for none.

        Returns
        -------
        Panel

        Raises
        ------
        InputError
            When there is no candidate, relevance does not suit the policy's form, or labels or
            volumes are out of range.
        PolicyError
            When the table was made with a policy that gives other leans.

        Examples
        --------
        >>> table = TrustTable.build(
        ...     {
        ...         "merchant_id": ["a", "b"],
        ...         "trust_index": [50.0, 90.0],
        ...         "index_se": [3.0, 3.0],
        ...         "prior_index": [71.0, 71.0],
        ...         "coverage": [0.9, 0.9],
        ...         "tier": ["limited", "trusted"],
        ...     }
        ... )
        >>> lists = Lists.from_columns(["q"] * 3, [0.50, 0.48, 0.47], ["a", "new", "b"])
        >>> panel = Panel.of(lists, table, BoostPolicy.load())
        >>> panel.tiers.names, panel.base.tolist()
        (('trusted', 'limited', 'unknown'), [1, 2, 3])
        """
        if not len(lists.relevance):
            raise InputError("there is no candidate to evaluate on")
        table.require(policy)
        lists.check(policy)
        rows = table.rows(lists.merchant_ids)
        number = lists.list_of
        keep = table.columns["veto"].take(rows) < Veto.FLOOR
        if not keep.any():
            raise InputError("every candidate belongs to a floored or blocked merchant")
        gain = lists.above_least(keep) if policy.form == "additive" else lists.relevance
        lean = table.columns["lean"].take(rows)
        return cls(
            lists=lists,
            policy=policy,
            number=number,
            keep=keep,
            gain=gain,
            lean=lean,
            index=table.columns["trust_index"].take(rows),
            newcomer=table.columns["newcomer"].take(rows),
            merchant=_merchants(lists, rows, len(table)),
            tiers=_tiers(table, rows, lean, policy),
            sizes=None if volumes is None else _sizes(volumes, table, rows),
            label=None if labels is None else _labels(labels, lists),
        )

    def __len__(self) -> int:
        return len(self.lists)

    @cached_property
    def off(self) -> BoolArray:
        """Lists that the policy excludes; no method changes them."""
        return self.lists.off(self.policy)

    @cached_property
    def base(self) -> IntArray:
        """Ranks without boost."""
        return self.rank_by(np.zeros(len(self.keep)))

    @cached_property
    def ideal(self) -> IntArray:
        """Ranks by label, over all candidates including vetoed ones."""
        label = np.zeros(len(self.keep)) if self.label is None else np.nan_to_num(self.label)
        return self.rank_by(-label, vetoed=True)

    @cached_property
    def used(self) -> BoolArray:
        """Lists in which at least one candidate takes part."""
        return np.bincount(self.number[self.keep], minlength=len(self)) > 0

    @cached_property
    def held(self) -> IntArray:
        """Candidates that take part in the list of each row."""
        return np.bincount(self.number[self.keep], minlength=len(self)).take(self.number)

    @property
    def promoted(self) -> BoolArray:
        """Rows whose merchant is promoted."""
        return self.lean >= PROMOTED

    @cached_property
    def by_trust(self) -> IntArray:
        """Ranks by lean alone; equal leans share the best of their ranks (1, 2, 2, 4)."""
        rank = self.rank_by(-self.lean)
        order = np.lexsort((rank, self.number))
        lean, number = self.lean[order], self.number[order]
        first = np.ones(len(order), dtype=bool)
        first[1:] = (lean[1:] != lean[:-1]) | (number[1:] != number[:-1]) | (rank[order][:-1] == 0)
        start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
        shared = np.empty_like(rank)
        shared[order] = rank[order][start]
        return np.where(self.keep, shared, 0)

    def rank_by(self, key: FloatArray, *, vetoed: bool = False) -> IntArray:
        """Return ranks by `key`, smallest first; equal keys stay in base order.

        Parameters
        ----------
        key : array
        vetoed : bool, default=False
            Whether to rank vetoed candidates as well.

        Returns
        -------
        int array of shape (rows,)
            From 1 in each list; 0 for a candidate that takes no part.
        """
        if not vetoed:
            key = np.where(self.keep, key, np.inf)
        rank = self.lists.ranks(key)
        return rank if vetoed else np.where(self.keep, rank, 0)

    def places(self, k: int) -> int:
        """Return `k`, or the length of the longest list if that is smaller."""
        return min(k, int(self.lists.lengths.max()))

    def total(self, values: Any) -> FloatArray:
        """Return the sum over each list."""
        return summed(self.number, values, len(self))


def summed(code: IntArray, values: Any, count: int = 0) -> FloatArray:
    """Return the sum of the values of each code.

    Examples
    --------
    >>> summed(np.array([0, 2, 2]), [1.0, 2.0, 3.0]).tolist()
    [1.0, 0.0, 5.0]
    """
    return np.asarray(np.bincount(code, weights=values, minlength=count), dtype=np.float64)


def _merchants(lists: Lists, rows: IntArray, known: int) -> IntArray:
    code = rows.copy()
    others = np.flatnonzero(rows == known)
    if len(others):
        _, place = np.unique(lists.merchant_ids[others].astype(str), return_inverse=True)
        code[others] = known + place.reshape(-1)
    return np.unique(code, return_inverse=True)[1].reshape(-1)


def _tiers(table: TrustTable, rows: IntArray, lean: FloatArray, policy: BoostPolicy) -> Groups:
    """Return groups by tier, best mean index first, or by bands of the lean without tiers."""
    words = table.texts("tier", np.arange(len(table)))
    index = table.columns["trust_index"][:-1]
    found = sorted({word for word in words.tolist() if word})
    if not found:
        code = np.where(lean >= PROMOTED, 0, np.where(lean <= -PROMOTED, 2, 1))
        return Groups(("promoted", "neutral", "demoted"), code, -code.astype(np.float64))
    means = {}
    for word in found:
        scored = index[(words == word) & ~np.isnan(index)]
        means[word] = float(scored.mean()) if len(scored) else policy.neutral.point
    names = sorted(found, key=lambda word: -means[word])
    place = {word: at for at, word in enumerate(names)} | {"": len(names)}
    of_merchant = np.asarray([*(place[word] for word in words.tolist()), len(names)])
    level = np.asarray([*(means[name] for name in names), policy.neutral.point])
    code = of_merchant.take(rows)
    return Groups((*names, "unknown"), code, level.take(code))


def _sizes(volumes: Any, table: TrustTable, rows: IntArray) -> Groups:
    """Return groups by volume: tenths of the merchants among the candidates."""
    volume = np.asarray(volumes, dtype=np.float64)
    if volume.shape != (len(table),):
        raise InputError(
            f"volumes: must be one for each merchant, {len(table)}. Got {volume.shape}"
        )
    bad = np.flatnonzero((volume < 0) | np.isinf(volume))
    if len(bad):
        faults = at_most(bad, lambda row: f"row {row + 1}: must be at least 0. Got {volume[row]:g}")
        raise InputError("these volumes are out of range", faults)
    met = np.unique(rows[rows < len(table)])
    known = np.sort(volume[met][~np.isnan(volume[met])])
    if not len(known):
        raise InputError("volumes: no merchant of the candidates has one")
    each = np.append(volume, np.nan).take(rows)
    below = np.searchsorted(known, each, side="left")
    tenth = np.minimum(below * 10 // len(known), 9)
    code = np.where(np.isnan(each), 10, 9 - tenth)
    names = (*(f"tenth {10 - at}" for at in range(10)), "unknown")
    return Groups(names, code, np.nan_to_num(each))


def _labels(labels: Any, lists: Lists) -> FloatArray:
    label = np.asarray(labels, dtype=np.float64)
    if label.shape != lists.relevance.shape:
        raise InputError(
            f"labels: must be one for each candidate, {len(lists.relevance)}. Got {label.shape}"
        )
    bad = np.flatnonzero((label < 0) | np.isinf(label))
    if len(bad):
        faults = at_most(bad, lambda row: f"row {row + 1}: must be at least 0. Got {label[row]:g}")
        raise InputError("these labels are out of range", faults)
    known = label[~np.isnan(label)]
    if not len(known):
        raise InputError("labels: no candidate has one")
    if (known == known[0]).all() and not np.isnan(label).any():
        raise InputError(f"labels: all are {known[0]:g}, so they cannot distinguish two orders")
    if not (known > 0).any():
        raise InputError("labels: none is above 0, so NDCG has no meaning")
    return label[lists.source]
