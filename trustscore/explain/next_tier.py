"""The plan to the next tier: caps to lift, evidence to gather, figures to improve.

Every figure comes from scoring candidate rows, many at once, with `score_columns`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trustscore.explain.below import tier_place
from trustscore.explain.make_statement import explain_scores, one_row
from trustscore.explain.search import Change, Move, Search, possible_moves, smallest_plan
from trustscore.explain.statement import RuleLine, Statement, plain
from trustscore.scorecard import Scorecard, Tier, load_scorecard
from trustscore.scorecard.vetoes import Veto
from trustscore.scoring import Scores, score_columns, with_derived
from trustscore.scoring.program import program_of
from trustscore.typing import Array, Block

__all__ = ["Blank", "Change", "Lack", "TierPlan", "next_tier_plan"]

# Volumes are tried from one to this many times the present one.
_MOST_VOLUME = 1000.0
_COVERAGE_SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Lack:
    """Evidence that is missing: `kind` is ``status``, ``coverage`` or ``collected``."""

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
        Ids; `target` is empty when the highest tier is held or there is no ladder.
    target_en, target_zh : str
    outcome : str
        ``top``, ``has`` (the tier asked for is held, or a higher one), ``no_ladder`` (the
        scorecard has no tiers), ``held`` (the figures suffice; the ladder moves one step a
        review), ``changes``
        (the changes suffice), ``evidence`` (evidence must come, then the changes suffice),
        ``unknown`` (nothing can be said before there is evidence) or ``no``.
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
        Times the present volume that the plan supposes; 1 when the present volume is enough.
        Counts and samples of the changes are those of that volume, rounded to whole numbers.
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

    def to_frame(self) -> Any:
        """Return the changes as a pandas frame, columns as in `Change`.

        The column ``enough_alone`` tells those that each suffice from those to make together.
        """
        from trustscore.explain.frame import plan_frame

        return plan_frame(self)

    def plot(self, lang: str = "en") -> Any:
        """Return the changes as a matplotlib Figure; it takes the extra ``plot``."""
        from trustscore.explain.plots import plot_plan

        return plot_plan(self, lang)

    def _repr_html_(self) -> str:
        from trustscore.explain.page import plan_html

        return plan_html(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain dicts, lists and numbers, ready for JSON."""
        found: dict[str, Any] = plain(self)
        return found


def _more(card: Scorecard, block: dict[str, Array], factor: float) -> dict[str, Array]:
    """Return the row with the same figures from `factor` times the volume.

    Counts stay whole, so a figure of a few cases moves by what rounding does to it. One factor
    for all and rounding to the nearest keep every part within its whole.
    """
    columns: set[str | None] = {signal.sample for signal in card.signals}
    columns |= {s.value for s in card.signals if s.counts}
    columns.add(card.status.new_column)
    # Two columns of a condition's quotient grow together, or the condition would turn.
    conditions = [c for rule in card.rules for c in rule.when]
    conditions += [c for signal in card.signals for c in signal.applies_when]
    quotients = [(c.column, c.over) for c in conditions if c.over is not None]
    while more := {n for pair in quotients if columns & {*pair} for n in pair} - columns:
        columns |= more
    return {
        name: np.round(values * factor) if name in columns else values
        for name, values in block.items()
    }


def _step_after(card: Scorecard, row_tier: str) -> int:
    names = [tier.id for tier in card.tiers.ladder]
    return names.index(row_tier) + 1 if row_tier in names else card.tiers.entry


def _target(card: Scorecard, row_tier: str, wanted: str | None) -> tuple[int, bool]:
    """Return the step of the ladder that is the goal, and whether it is held already.

    Raises
    ------
    InputError
        When the scorecard has no tier of that name.
    """
    after = _step_after(card, row_tier)
    if wanted is None:
        return after, False
    step = tier_place(card, wanted)
    held = any(tier.id == row_tier for tier in card.tiers.ladder)
    return step, held and step < after


def _asked(card: Scorecard, step: int) -> Tier:
    """Return a step of the ladder with the most coverage that it or a step below asks for."""
    coverage = max(tier.coverage for tier in card.tiers.ladder[: step + 1])
    return replace(card.tiers.ladder[step], coverage=coverage)


def _coverage(card: Scorecard, tier: Tier, share: float) -> float:
    """Return the coverage that a tier and status formal take; what cannot be had is no line."""
    low = card.status.low_coverage
    return max(tier.coverage, low / share if share >= low > 0 else 0.0)


def _lacks(
    card: Scorecard, block: Mapping[str, Array], coverage: float, tier: Tier, share: float
) -> list[Lack]:
    """Return the evidence that is missing; `share` of the scorecard's weight was collected."""
    found = []
    status = card.status
    if status.new_column is not None and status.new_column in block:
        orders = float(np.nan_to_num(block[status.new_column][0]))
        if orders < status.new_below:
            found.append(Lack("status", status.new_column, orders, status.new_below))
    if share < status.low_coverage:
        found.append(Lack("collected", "", share, status.low_coverage))
    need = _coverage(card, tier, share)
    if coverage < need - _COVERAGE_SLACK:
        found.append(Lack("coverage", "", coverage, need))
    return found


def collected_share(card: Scorecard, block: Mapping[str, Array], missing: frozenset[str]) -> float:
    """Return which share of the scorecard's weight was collected for the first row."""
    program = program_of(card)
    variant = program.variant_rows(block, 1)
    return float(program.collected_share(missing)[0 if variant is None else variant[0]])


def _unknown(card: Scorecard, scores: Scores) -> tuple[Blank, ...]:
    assert scores.applies is not None and scores.reliability is not None
    assert scores.weight is not None
    blank = scores.applies[:, 0] & (scores.reliability[:, 0] == 0)
    order = np.argsort(-scores.weight[:, 0], kind="stable")
    signals = [card.signals[i] for i in order if blank[i]]
    return tuple(Blank(s.id, s.words.en, s.words.zh) for s in signals)


def next_tier_plan(
    block: Block,
    scorecard: str | Scorecard = "default",
    row: int = 0,
    *,
    missing: frozenset[str] = frozenset(),
    as_of: dt.date | None = None,
    tier: str | None = None,
) -> TierPlan:
    """Find the smallest plan that reaches the next tier, or a tier that is named.

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
    tier : str, optional
        Id of the tier to reach; the next one by default. The ladder rises one step a review.

    Returns
    -------
    TierPlan

    Raises
    ------
    InputError
        When the scorecard has no such tier.

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
    missing = card.without(missing)
    single = dict(with_derived(one_row(block, row), card, missing))
    scores = score_columns(single, card, "all", missing=missing, as_of=as_of)
    statement = explain_scores(card, single, scores, missing)
    ladder = card.tiers.ladder
    step, has = _target(card, statement.tier, tier)
    if not ladder:
        return _nothing_to_do("no_ladder", statement)
    if has:
        return _nothing_to_do("has", statement, ladder[step])
    if step >= len(ladder):
        return _nothing_to_do("top", statement)
    goal = _asked(card, step)
    higher = step > card.tiers.entry
    z = card.tiers.z if higher else 0.0
    search = Search(card, single, missing, goal, z)
    now = float(search.bound(search.scores({}))[0])
    lift = tuple(
        rule
        for rule in statement.vetoes
        if higher or (rule.effect == Veto.CAP.word and rule.points < goal.at)
    )
    share = collected_share(card, single, missing)
    lacks = _lacks(card, single, statement.coverage, goal, share) if higher else []
    unknown = _unknown(card, scores) if lacks or statement.coverage == 0 else ()

    def full(candidate: Search) -> tuple[list[Move], float, bool]:
        scored = candidate.scores({})
        moves = possible_moves(card, candidate.block, scored)
        best = (
            float(candidate.bounds(moves, np.ones((1, len(moves))))[0])
            if moves
            else float(candidate.bound(scored)[0])
        )
        ready = not higher or not _lacks(
            card, candidate.block, float(scored.coverage[0]), goal, share
        )
        return moves, best, ready

    moves, best, ready = full(search)
    volume = 1.0
    if not (ready and max(best, now) >= goal.at) and statement.coverage > 0:
        for factor in np.geomspace(1.1, _MOST_VOLUME, 73).tolist():
            rounded = float(f"{factor:.2g}")
            more = Search(card, _more(card, single, rounded), missing, goal, z, today=single)
            found = full(more)
            if found[2] and found[1] >= goal.at:
                search, volume = more, rounded
                moves, best, ready = found
                break
    start = float(search.bound(search.scores({}))[0])
    changes: list[Change] = []
    alone: list[Change] = []
    moved: dict[str, Array] = {}
    if ready and start < goal.at <= best:
        changes, alone, moved = smallest_plan(search, moves, start)
    after = search.scores(moved)
    reached = float(search.bound(after)[0])
    arrives = ready and reached >= goal.at and statement.coverage > 0
    if arrives:
        outcome = "evidence" if volume > 1 else "changes" if changes or lift else "held"
    else:
        outcome = "unknown" if unknown else "no"
    still = set(str(after.rules[0]).split(";"))
    return TierPlan(
        tier=statement.tier,
        target=goal.id,
        target_en=goal.en,
        target_zh=goal.zh,
        outcome=outcome,
        at=goal.at,
        z=z,
        coverage=_coverage(card, goal, share) if higher else 0.0,
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


def _nothing_to_do(outcome: str, statement: Statement, tier: Tier | None = None) -> TierPlan:
    return TierPlan(
        tier=statement.tier,
        target=tier.id if tier else "",
        target_en=tier.en if tier else "",
        target_zh=tier.zh if tier else "",
        outcome=outcome,
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
