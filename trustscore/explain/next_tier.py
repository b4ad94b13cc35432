"""The plan to the next tier: caps to lift, evidence to gather, figures to improve.

Every figure comes from scoring candidate rows, many at once, with `score_columns`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.explain.search import Change, Move, Search, possible_moves, smallest_plan
from trustscore.explain.statement import RuleLine, explain_scores, one_row, plain
from trustscore.scorecard import Scorecard, Tier, load_scorecard
from trustscore.scorecard.vetoes import Veto
from trustscore.scoring import Scores, score_columns

__all__ = ["Blank", "Change", "Lack", "TierPlan", "next_tier_plan"]

Array = np.ndarray[Any, Any]
# Volumes are tried from one to this many times the present one.
_MOST_VOLUME = 1000.0
_COVERAGE_SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Lack:
    """Evidence that is missing: `kind` is ``status`` or ``coverage``."""

    kind: str
    column: str
    now: float
    need: float


@dataclass(frozen=True, slots=True)
class Blank:
    """A signal without evidence."""

    id: str
    en: str
    zh: str


@dataclass(frozen=True)
class TierPlan:
    """How a merchant reaches the next tier.

    Attributes
    ----------
    tier, target : str
        Ids; `target` is empty when the highest tier is held.
    target_en, target_zh : str
    outcome : str
        ``top`` (the highest tier is held), ``held`` (the figures suffice already, but a review
        moves one step only), ``changes`` (the changes suffice), ``evidence`` (the changes suffice
        once there is more evidence), ``unknown`` (without evidence nothing can be said) or
        ``no`` (no change of figures suffices).
    at, z, coverage : float
        Requirements of the target; ``z`` is 0 up to the entry tier.
    bound : float
        Present index without caps, less z standard errors; it is compared with `at`.
    coverage_now : float
    best : float
        The bound with every known signal at full marks, at the volume of the plan.
    reached : float
        The bound once the plan is carried out; NaN when there is none.
    lift : tuple of RuleLine
        Caps and vetoes that stand against the target.
    lifted_by_plan : tuple of str
        Those of `lift` that no longer fire after the changes.
    lacks : tuple of Lack
    volume : float
        Multiple of the present volume that the plan assumes; 1 when the present volume suffices.
    unknown : tuple of Blank
        Signals without evidence, heaviest first, when coverage is too low.
    changes : tuple of Change
        Changes to make together.
    alone : tuple of Change
        Changes that each suffice by themselves, smallest first.
    """

    tier: str
    target: str
    target_en: str
    target_zh: str
    outcome: str
    at: float
    z: float
    coverage: float
    bound: float
    coverage_now: float
    best: float
    reached: float
    lift: tuple[RuleLine, ...]
    lifted_by_plan: tuple[str, ...]
    lacks: tuple[Lack, ...]
    volume: float
    unknown: tuple[Blank, ...]
    changes: tuple[Change, ...]
    alone: tuple[Change, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain dicts, lists and numbers, ready for JSON."""
        found: dict[str, Any] = plain(self)
        return found


def _more(card: Scorecard, block: dict[str, Array], factor: float) -> dict[str, Array]:
    """Return the row with the same rates and `factor` times the volume."""
    columns: set[str | None] = {signal.sample for signal in card.signals}
    columns |= {s.value for s in card.signals if s.counts}
    columns.add(card.status.new_column)
    return {name: values * factor if name in columns else values for name, values in block.items()}


def _target(card: Scorecard, scores: Scores, row_tier: str) -> tuple[int, float]:
    ladder = card.tiers.ladder
    names = [tier.id for tier in ladder]
    step = names.index(row_tier) + 1 if row_tier in names else card.tiers.entry
    return step, card.tiers.z if step > card.tiers.entry else 0.0


def _lacks(card: Scorecard, block: Mapping[str, Array], coverage: float, tier: Tier) -> list[Lack]:
    found = []
    status = card.status
    if status.new_column is not None and status.new_column in block:
        orders = float(np.nan_to_num(block[status.new_column][0]))
        if orders < status.new_below:
            found.append(Lack("status", status.new_column, orders, status.new_below))
    need = max(tier.coverage, status.low_coverage)
    if coverage < need - _COVERAGE_SLACK:
        found.append(Lack("coverage", "", coverage, need))
    return found


def _unknown(card: Scorecard, scores: Scores) -> tuple[Blank, ...]:
    assert scores.applies is not None and scores.reliability is not None
    assert scores.weight is not None
    blank = scores.applies[:, 0] & (scores.reliability[:, 0] == 0)
    order = np.argsort(-scores.weight[:, 0], kind="stable")
    signals = [card.signals[i] for i in order if blank[i]]
    return tuple(Blank(s.id, s.words.en, s.words.zh) for s in signals)


def next_tier_plan(
    block: Mapping[str, Array],
    scorecard: str | Scorecard = "default",
    row: int = 0,
    *,
    missing: frozenset[str] = frozenset(),
    as_of: dt.date | None = None,
) -> TierPlan:
    """Find the smallest plan that reaches the next tier.

    Caps and vetoes that stand against the tier are listed and assumed lifted. If status or
    coverage does not suffice, or even full marks at the present volume do not, the plan assumes
    the smallest volume that does. Then each figure is improved alone, towards its good anchor. If
    no single one suffices, the figures with most points available are improved together, the last
    one only as far as needed.

    Parameters
    ----------
    block : mapping of str to ndarray
    scorecard : str or Scorecard
    row : int, default=0
    missing : frozenset of str
        Columns that were not collected.
    as_of : date, optional
        Day of the review.

    Returns
    -------
    TierPlan

    Examples
    --------
    >>> from trustscore.explain.typical import typical_block
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> plan = next_tier_plan(typical_block(card), card)
    >>> plan.tier, plan.target, plan.outcome
    ('standard', 'trusted', 'changes')
    """
    card = load_scorecard(scorecard)
    single = one_row(block, row)
    scores = score_columns(single, card, "all", missing=missing, as_of=as_of)
    statement = explain_scores(card, single, scores, missing)
    if not card.tiers.ladder:
        return _top(statement.tier, statement)
    step, z = _target(card, scores, statement.tier)
    if step >= len(card.tiers.ladder):
        return _top(statement.tier, statement)
    tier = card.tiers.ladder[step]
    higher = step > card.tiers.entry
    search = Search(card, single, missing, tier, z)
    now = float(search.bound(search.scores({}))[0])
    lift = tuple(
        rule
        for rule in statement.vetoes
        if higher or (rule.effect == Veto.CAP.word and rule.points < tier.at)
    )
    lacks = _lacks(card, single, statement.coverage, tier) if higher else []
    unknown = _unknown(card, scores) if lacks or statement.coverage == 0 else ()

    def full(candidate: Search) -> tuple[list[Move], float, bool]:
        scored = candidate.scores({})
        moves = possible_moves(card, candidate.block, scored)
        best = (
            float(candidate.bounds(moves, np.ones((1, len(moves))))[0])
            if moves
            else float(candidate.bound(scored)[0])
        )
        ready = not higher or not _lacks(card, candidate.block, float(scored.coverage[0]), tier)
        return moves, best, ready

    moves, best, ready = full(search)
    volume = 1.0
    if not (ready and max(best, now) >= tier.at) and statement.coverage > 0:
        for factor in np.geomspace(1.1, _MOST_VOLUME, 73).tolist():
            rounded = float(f"{factor:.2g}")
            more = Search(card, _more(card, single, rounded), missing, tier, z)
            found = full(more)
            if found[2] and found[1] >= tier.at:
                search, volume = more, rounded
                moves, best, ready = found
                break
    start = float(search.bound(search.scores({}))[0])
    changes: list[Change] = []
    alone: list[Change] = []
    moved: dict[str, Array] = {}
    if ready and start < tier.at <= best:
        changes, alone, moved = smallest_plan(search, moves, start)
    after = search.scores(moved)
    reached = float(search.bound(after)[0])
    arrives = ready and reached >= tier.at and statement.coverage > 0
    if arrives:
        outcome = "evidence" if volume > 1 else "changes" if changes or lift else "held"
    else:
        outcome = "unknown" if unknown else "no"
    still = set(str(after.rules[0]).split(";"))
    return TierPlan(
        tier=statement.tier,
        target=tier.id,
        target_en=tier.en,
        target_zh=tier.zh,
        outcome=outcome,
        at=tier.at,
        z=z,
        coverage=max(tier.coverage, card.status.low_coverage) if higher else 0.0,
        bound=now,
        coverage_now=statement.coverage,
        best=best,
        reached=reached if arrives else math.nan,
        lift=lift,
        lifted_by_plan=tuple(rule.id for rule in lift if rule.id not in still),
        lacks=tuple(lacks),
        volume=volume,
        unknown=unknown,
        changes=tuple(changes),
        alone=tuple(alone),
    )


def _top(tier: str, statement: Any) -> TierPlan:
    return TierPlan(
        tier=tier,
        target="",
        target_en="",
        target_zh="",
        outcome="top",
        at=math.nan,
        z=0.0,
        coverage=0.0,
        bound=statement.trust_index,
        coverage_now=statement.coverage,
        best=math.nan,
        reached=math.nan,
        lift=(),
        lifted_by_plan=(),
        lacks=(),
        volume=1.0,
        unknown=(),
        changes=(),
        alone=(),
    )
