"""What scoring gives back: numbers and small codes, and their texts when asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress

import numpy as np

from trustscore.scorecard import Scorecard
from trustscore.scorecard.statuses import STATUS_WORDS
from trustscore.scorecard.vetoes import VETO_WORDS
from trustscore.typing import Array


@dataclass(frozen=True)
class Scores:
    """Scores of n rows, and with more detail their statement.

    Attributes
    ----------
    trust_index, trust_index_lower, trust_index_upper : ndarray of shape (n,)
        Points 0..100 after adjustments; NaN where `status` is ``not_scored``.
    index_se, prior_index, raw_index : ndarray of shape (n,)
        Before adjustments.
    uncapped_index : ndarray of shape (n,)
        After bonuses, deductions, the limits of the scale and holds, as if no cap had fired; NaN
        where `status` is ``not_scored``.
    coverage : ndarray of shape (n,)
        Weighted mean reliability, 0..1.
    dimensions : dict of str to ndarray
        Points 0..100 of each dimension; NaN where it does not apply.
    status_code, tier_code, veto_code : ndarray of int8
        Positions in `status_names`, `tier_names` and `veto_names`.
    fired : ndarray of bool, shape (rules, n)
        Whether each rule of the scorecard fired.
    reason_signal, reason_points : ndarray of shape (3, n)
        The signals that lost most, and their points; 0 points mean no reason. Of signals that
        lost exactly the same, the earlier one in the scorecard goes first.
    unknown, withheld_count : ndarray of shape (signals,)
        Rows in which a signal applies and has no evidence, or withholds it.
    without_whole : ndarray of shape (signals,)
        Rows in which a signal applies and has events of nothing: k above 0 with n = 0.
    unknown_tier : int
        Rows whose ``previous_tier`` is not on the ladder, which counts as blank.
    utility, reliability, value, weight, gained, lost : ndarray of shape (signals, n)
        With detail ``statement`` or ``all`` (`value` only with ``all``).
    applies, withheld : ndarray of bool, shape (signals, n)
    adjustments : dict of str to ndarray
        Signed points of each rule, of ``limit`` and of ``cap``.
    status, tier, veto, rules : ndarray of str
        Texts of the codes, made at first use.
    """

    scorecard: Scorecard
    trust_index: Array
    trust_index_lower: Array
    trust_index_upper: Array
    index_se: Array
    prior_index: Array
    raw_index: Array
    coverage: Array
    uncapped_index: Array
    dimensions: dict[str, Array]
    status_code: Array
    tier_code: Array
    veto_code: Array
    fired: Array
    reason_signal: Array
    reason_points: Array
    unknown: Array
    withheld_count: Array
    without_whole: Array
    utility: Array | None = None
    reliability: Array | None = None
    value: Array | None = None
    weight: Array | None = None
    gained: Array | None = None
    lost: Array | None = None
    applies: Array | None = None
    withheld: Array | None = None
    unknown_tier: int = 0
    adjustments: dict[str, Array] = field(default_factory=dict)

    @property
    def status_names(self) -> tuple[str, ...]:
        """Texts of `status_code`."""
        return STATUS_WORDS

    @property
    def tier_names(self) -> tuple[str, ...]:
        """Texts of `tier_code`; the first is empty."""
        return ("", *(tier.id for tier in self.scorecard.tiers.ladder))

    @property
    def veto_names(self) -> tuple[str, ...]:
        """Texts of `veto_code`; the first is empty."""
        return VETO_WORDS

    @cached_property
    def status(self) -> Array:
        """Status of each row."""
        return _texts(self.status_names)[self.status_code]

    @cached_property
    def tier(self) -> Array:
        """Tier of each row, empty where not scored."""
        return _texts(self.tier_names)[self.tier_code]

    @cached_property
    def veto(self) -> Array:
        """The strictest veto that fired, or empty."""
        return _texts(self.veto_names)[self.veto_code]

    @cached_property
    def rule_sets(self) -> tuple[tuple[str, ...], Array]:
        """Distinct texts of `rules`, and the position of each row's."""
        rules, rows = self.fired.shape
        if not rules or not rows:
            return ("",) * min(rows, 1), np.zeros(rows, dtype=np.int64)
        # In most rows no rule fires; only the others are compared.
        hit = np.flatnonzero(self.fired.any(axis=0))
        packed = np.packbits(self.fired[:, hit], axis=0)
        keys = np.ascontiguousarray(packed.T).view(f"S{len(packed)}").ravel().tolist()
        place = {key: at for at, key in enumerate(dict.fromkeys(keys), start=1)}
        places = np.zeros(rows, dtype=np.int64)
        places[hit] = np.fromiter(map(place.__getitem__, keys), np.int64, len(keys))
        # Any row of a set will do.
        row_of = np.zeros(len(place) + 1, dtype=np.int64)
        row_of[places] = np.arange(rows)
        names = [rule.id for rule in self.scorecard.rules]
        sets = self.fired[:, row_of[1:]].T.tolist()
        return ("", *(";".join(compress(names, each)) for each in sets)), places

    @cached_property
    def rules(self) -> Array:
        """Rules that fired, joined by ``;``."""
        texts, place = self.rule_sets
        return _texts(texts)[place]


def _texts(names: tuple[str, ...]) -> Array:
    found = np.empty(len(names), dtype=object)
    found[:] = names
    return found
