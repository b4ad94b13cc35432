"""The loop for one merchant at a time, with work space that is kept between calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from trustscore.scorecard import Scorecard
from trustscore.scoring import codes, kernel
from trustscore.scoring.program import program_of
from trustscore.scoring.rows import days_in_tier, work_space
from trustscore.scoring.score import NUMBERS, STATEMENT
from trustscore.scoring.tables import tables_of
from trustscore.typing import Array


class OneScore(NamedTuple):
    """What the loop found of one merchant: numbers in the order of `Scores`, and codes."""

    numbers: list[float]
    dimensions: list[float]
    status: int
    tier: int
    veto: int
    fired: list[int]
    reasons: list[tuple[int, float]]


class OneMerchant:
    """One merchant after the other under one scorecard; threads must not share it."""

    def __init__(self, card: Scorecard, missing: frozenset[str] = frozenset()) -> None:
        self.program = program_of(card)
        missing = card.without(missing)
        self.tables, self.work = tables_of(card, missing), work_space(card)
        signals, rules = len(card.signals), len(card.rules)
        self.cells = np.empty((1, len(card.fields)))
        self.variant, self.previous = np.zeros((2, 1), dtype=np.int32)
        self.days, self.below = np.empty((2, 1))
        self.numbers = np.empty((len(NUMBERS), 1))
        self.dimensions = np.empty((len(card.dimensions), 1))
        self.codes = np.zeros((3, 1), dtype=np.int8)
        self.fired = np.zeros((rules, 1), dtype=np.int8)
        self.reason_signal = np.zeros((codes.REASONS, 1), dtype=np.int16)
        self.reason_points = np.zeros((codes.REASONS, 1))
        self.given = kernel.Given(self.cells, self.variant, self.previous, self.days, self.below)
        nothing = [np.zeros((0, signals)) for _ in STATEMENT]
        self.found = kernel.Found(
            self.numbers,
            self.dimensions,
            self.codes,
            self.fired,
            (self.reason_signal, self.reason_points),
            np.zeros((3, signals), dtype=np.int64),
            False,
            [*nothing, *np.zeros((2, 0, signals), dtype=np.int8), np.zeros((0, rules + 2))],
        )

    def score(self, cells: Array, merchant: Mapping[str, Any], as_of: dt.date | None) -> OneScore:
        """Score checked cells, in the order of the scorecard's fields."""
        self.cells[0] = cells
        self.variant[0] = self.program.variant_of(merchant)
        self.previous[0] = self.program.steps[merchant.get("previous_tier")] - 1
        below = merchant.get("reviews_below")
        self.below[0] = np.nan if below is None else below
        since = merchant.get("tier_since")
        self.days[0] = np.nan
        if since is not None and as_of is not None:
            self.days[:] = days_in_tier(np.array([since], dtype=object), as_of, 1)
        kernel.score_rows(self.tables, self.work, self.given, self.found)
        status, tier, veto = self.codes[:, 0].tolist()
        reasons = zip(
            self.reason_signal[:, 0].tolist(), self.reason_points[:, 0].tolist(), strict=True
        )
        return OneScore(
            self.numbers[:, 0].tolist(),
            self.dimensions[:, 0].tolist(),
            status,
            tier,
            veto,
            self.fired[:, 0].tolist(),
            list(reasons),
        )
