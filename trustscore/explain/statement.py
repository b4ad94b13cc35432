"""The statement of one merchant: where every point of the index was gained or lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.scorecard import Scorecard, Signal, load_scorecard
from trustscore.scorecard.side_values import fold_side_value
from trustscore.scorecard.vetoes import Veto
from trustscore.scoring import Scores, score_columns, with_derived
from trustscore.scoring.program import program_of
from trustscore.scoring.score import true_scores
from trustscore.typing import Array, Block

__all__ = ["Statement", "explain", "explain_scores"]

# Losses and gains that a statement names.
MOST = 5
# Fewer points than this are rounding, not a loss.
_NOTHING = 5e-5


def plain(value: Any) -> Any:
    """Return dataclasses as dicts, tuples as lists and NaN as None: ready for JSON.

    Examples
    --------
    >>> plain((1.0, float("nan"), "x"))
    [1.0, None, 'x']
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


@dataclass(frozen=True, slots=True)
class Part:
    """A dimension or a stage: points gained and lost by the signals in it.

    `index` is the dimension's own index 0..100, NaN for a stage or where the dimension does not
    apply; `weight` is the share of the index.
    """

    id: str
    en: str
    zh: str
    parent: str | None
    index: float
    weight: float
    gained: float
    lost: float


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One signal of the statement.

    Attributes
    ----------
    id, dimension, stage, kind, en, zh, unit : str
    state : str
        ``known``, ``unknown`` (the prior stands in), ``withheld`` (evidence must exist and is
        blank), ``without_whole`` (events of nothing, as complaints without orders: they count,
        and are no evidence of a rate), ``left_out`` (no evidence, weight shared out),
        ``not_applicable`` or ``not_collected``.
    raw : float
        Figure as exported; for a rate k / n.
    count, sample : float
        Numerator and denominator, or number of observations; NaN for kinds without them.
    value : float
        Figure after shrinkage towards the prior.
    poor, good, prior : float
        Anchors and prior of this merchant, with overlays and peers applied.
    utility, reliability, weight, gained, lost : float
        `weight` is the share of the index.
    withheld_cost : float
        Points by which the index before rules is lower than if the blank counted as unknown; 0
        where nothing is withheld. Where several figures are withheld below a power mean, what
        they cost together is shared out by weight and distance of utility.
    """

    id: str
    dimension: str
    stage: str
    kind: str
    en: str
    zh: str
    unit: str
    state: str
    raw: float
    count: float
    sample: float
    value: float
    poor: float
    good: float
    prior: float
    utility: float
    reliability: float
    weight: float
    gained: float
    lost: float
    withheld_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule that fired, or one of the lines ``limit`` and ``cap``."""

    id: str
    effect: str
    points: float
    en: str
    zh: str
    why: str


@dataclass(frozen=True)
class Statement:
    """The statement of one merchant.

    The points gained and the adjustments add up to `trust_index`. The points lost and
    `raw_index` add up to 100.

    Attributes
    ----------
    merchant_id, scorecard : str
    trust_index, trust_index_lower, trust_index_upper : float
        NaN when `status` is ``not_scored``.
    index_se, prior_index, raw_index, coverage : float
    status, tier, veto : str
    tier_en, tier_zh : str
    rights, duties : tuple of str
    dimensions, stages : tuple of Part
    signals : tuple of SignalLine
    adjustments : tuple of RuleLine
        Rules that moved the index, and the lines ``limit`` and ``cap``.
    vetoes : tuple of RuleLine
        Caps and vetoes that fired; `points` of a cap is the index it allows at most.
    losses, gains : tuple of str
        Signals with the largest losses and gains, largest first; a gain that rests on nothing
        but the prior is not among them.
    """

    merchant_id: str
    scorecard: str
    trust_index: float
    trust_index_lower: float
    trust_index_upper: float
    index_se: float
    prior_index: float
    raw_index: float
    coverage: float
    status: str
    tier: str
    tier_en: str
    tier_zh: str
    rights: tuple[str, ...]
    duties: tuple[str, ...]
    veto: str
    dimensions: tuple[Part, ...]
    stages: tuple[Part, ...]
    signals: tuple[SignalLine, ...]
    adjustments: tuple[RuleLine, ...]
    vetoes: tuple[RuleLine, ...]
    losses: tuple[str, ...]
    gains: tuple[str, ...]

    def signal(self, signal_id: str) -> SignalLine:
        """Return the line of one signal.

        Raises
        ------
        KeyError
            When there is no signal of that id.
        """
        for line in self.signals:
            if line.id == signal_id:
                return line
        raise KeyError(signal_id)

    def as_dict(self) -> dict[str, Any]:
        """Return the statement as plain dicts, lists and numbers, ready for JSON."""
        found: dict[str, Any] = plain(self)
        return found


def one_row(block: Mapping[str, Array], row: int) -> dict[str, Array]:
    """Return one row of a block as a block.

    Raises
    ------
    InputError
        When `row` is no position in the block, or the block no mapping of arrays.
    """
    if isinstance(row, bool) or not isinstance(row, (int, np.integer)):
        raise InputError(
            f"row must be a position from 0. Got {row!r}; explain_frame finds merchants by id"
        )
    if not isinstance(block, Mapping):
        raise InputError(
            "a block must map each column to a numpy array of its cells."
            f" Got {type(block).__name__}; explain_frame takes frames"
        )
    rows = min((len(values) for values in block.values()), default=0)
    if not -rows <= row < rows:
        raise InputError(f"row must be a position below {rows}, the rows of the block. Got {row}")
    row = int(row) % rows
    return {name: np.asarray(values)[row : row + 1] for name, values in block.items()}


def figures(card: Scorecard, signal: Signal, block: Block) -> dict[str, float]:
    """Return the numbers of a signal for a row, with overlays and peers applied."""
    found = {name: getattr(signal.numbers, name) for name in ("poor", "good", "prior", "strength")}

    def side(column: str) -> str:
        values = block.get(column)
        return "" if values is None else fold_side_value(values[0])

    if card.peers.priors:
        peers = card.peers.priors.get(tuple(side(column) for column in card.peers.by), {})
        if signal.id in peers:
            prior, strength = peers[signal.id]
            found["prior"] = prior
            found["strength"] = strength or found["strength"]
    for overlay in card.overlays:
        if all(side(column) in values for column, values in overlay.match):
            change = overlay.signals.get(signal.id, {})
            found |= {name: change[name] for name in found if name in change}
    return found


def _lines(
    card: Scorecard, block: Block, scores: Scores, missing: frozenset[str]
) -> tuple[SignalLine, ...]:
    assert scores.utility is not None and scores.reliability is not None
    assert scores.value is not None and scores.weight is not None
    assert scores.gained is not None and scores.lost is not None
    assert scores.applies is not None and scores.withheld is not None

    def cell(column: str | None) -> float:
        if column is None or column in missing:
            return math.nan
        return float(block[column][0])

    lines = []
    costs = _withheld_costs(card, block, scores, missing)
    for i, signal in enumerate(card.signals):
        applies = bool(scores.applies[i, 0])
        collected = not any(column in missing for column in signal.columns)
        if not collected:
            state = "not_collected"
        elif not applies:
            state = "left_out" if left_out(signal, block, scores, i)[0] else "not_applicable"
        elif scores.withheld[i, 0]:
            state = "withheld"
        else:
            state = "known" if scores.reliability[i, 0] > 0 else "unknown"
            if signal.counts and cell(signal.sample) == 0 and cell(signal.value) > 0:
                state = "without_whole"
        value, sample = cell(signal.value), cell(signal.sample)
        counted = signal.counts
        raw = value
        if counted:
            raw = value / sample if sample > 0 else math.nan
        at = figures(card, signal, block)
        lines.append(
            SignalLine(
                id=signal.id,
                dimension=signal.dimension,
                stage=signal.stage,
                kind=signal.kind,
                en=signal.words.en,
                zh=signal.words.zh,
                unit=signal.words.unit,
                state=state,
                raw=raw,
                count=value if counted else math.nan,
                sample=sample,
                value=float(scores.value[i, 0]) if applies else math.nan,
                poor=at["poor"],
                good=at["good"],
                prior=at["prior"],
                utility=float(scores.utility[i, 0]) if applies else math.nan,
                reliability=float(scores.reliability[i, 0]) if applies else 0.0,
                weight=float(scores.weight[i, 0]),
                gained=float(scores.gained[i, 0]),
                lost=float(scores.lost[i, 0]),
                withheld_cost=float(costs[i]),
            )
        )
    return tuple(lines)


def left_out(signal: Signal, block: Block, scores: Scores, i: int) -> Array:
    """Return the rows in which a signal has no weight because it has no evidence."""
    assert scores.applies is not None and scores.reliability is not None
    rows: Array = ~scores.applies[i] & (scores.reliability[i] == 0)
    if signal.blank != "left_out":
        return np.zeros_like(rows)
    for condition in signal.applies_when:
        rows &= condition.holds(block.get, unknown=True)
    return rows


def _withheld_costs(
    card: Scorecard, block: Mapping[str, Array], scores: Scores, missing: frozenset[str]
) -> Array:
    """Return by how many points each withheld figure lowers the index, beside an unknown one."""
    assert scores.withheld is not None and scores.value is not None
    assert scores.weight is not None and scores.utility is not None
    held = scores.withheld[:, 0] & (scores.weight[:, 0] > 0)
    costs = np.zeros(len(card.signals))
    if not held.any():
        return costs
    # The value of a withheld figure is its prior: judged by its value, it is an unknown one.
    values = {signal.id: scores.value[i] for i, signal in enumerate(card.signals)}
    unheld = float(true_scores(block, card, values, missing=missing)[0][0])
    program = program_of(card)
    variant = program.variant_rows(block, 1)
    v = 0 if variant is None else int(variant[0])
    for i in np.flatnonzero(held).tolist():
        prior = np.atleast_1d(program.signals[i].prior_utility)
        distance = prior[v if len(prior) > 1 else 0] - scores.utility[i, 0]
        costs[i] = scores.weight[i, 0] * distance
    whole = costs.sum()
    return costs * ((unheld - float(scores.raw_index[0])) / whole) if whole > 0 else costs


def _sums(lines: list[SignalLine]) -> tuple[float, float, float]:
    weights = math.fsum(line.weight for line in lines)
    return weights, math.fsum(x.gained for x in lines), math.fsum(x.lost for x in lines)


def _parts(
    card: Scorecard, lines: tuple[SignalLine, ...], scores: Scores
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    below: dict[str, set[str]] = {dimension.id: {dimension.id} for dimension in card.dimensions}
    parents = {dimension.id: dimension.parent for dimension in card.dimensions}
    for dimension in card.dimensions:
        above = dimension.parent
        while above is not None:
            below[above].add(dimension.id)
            above = parents[above]
    dimensions = tuple(
        Part(
            d.id,
            d.en,
            d.zh,
            d.parent,
            float(scores.dimensions[d.id][0]),
            *_sums([line for line in lines if line.dimension in below[d.id]]),
        )
        for d in card.dimensions
    )
    stages = tuple(
        Part(
            stage,
            words.en,
            words.zh,
            None,
            math.nan,
            *_sums([line for line in lines if line.stage == stage]),
        )
        for stage, words in card.stages.items()
    )
    return dimensions, stages


def _rules(
    card: Scorecard, scores: Scores, fired: frozenset[str]
) -> tuple[tuple[RuleLine, ...], tuple[RuleLine, ...]]:
    moved, vetoes = [], []
    for rule in card.rules:
        if rule.id not in fired or rule.grants:
            continue
        points = float(scores.adjustments[rule.id][0])
        if not rule.veto:
            moved.append(RuleLine(rule.id, rule.effect, points, rule.en, rule.zh, rule.why))
        else:
            height = rule.points if rule.veto == Veto.CAP else math.nan
            vetoes.append(RuleLine(rule.id, rule.effect, height, rule.en, rule.zh, rule.why))
    for name in ("limit", "cap"):
        points = float(scores.adjustments[name][0])
        if points != 0.0:
            moved.append(RuleLine(name, name, points, "", "", ""))
    return tuple(moved), tuple(vetoes)


def _largest(lines: tuple[SignalLine, ...], key: str) -> tuple[str, ...]:
    ranked = sorted(lines, key=lambda line: -getattr(line, key))
    return tuple(line.id for line in ranked[:MOST] if getattr(line, key) > _NOTHING)


def explain_scores(
    card: Scorecard,
    block: Block,
    scores: Scores,
    missing: frozenset[str] = frozenset(),
) -> Statement:
    """Return the statement of a block of one row that was scored with ``detail="all"``."""
    lines = _lines(card, block, scores, missing)
    dimensions, stages = _parts(card, lines, scores)
    fired, veto = frozenset(str(scores.rules[0]).split(";")), str(scores.veto[0])
    adjustments, vetoes = _rules(card, scores, fired)
    ids = block.get("merchant_id")
    tier = str(scores.tier[0])
    rung = next((t for t in card.tiers.ladder if t.id == tier), None)
    return Statement(
        merchant_id="" if ids is None or ids[0] is None else str(ids[0]),
        scorecard=card.stamp,
        trust_index=float(scores.trust_index[0]),
        trust_index_lower=float(scores.trust_index_lower[0]),
        trust_index_upper=float(scores.trust_index_upper[0]),
        index_se=float(scores.index_se[0]),
        prior_index=float(scores.prior_index[0]),
        raw_index=float(scores.raw_index[0]),
        coverage=float(scores.coverage[0]),
        status=str(scores.status[0]),
        tier=tier,
        tier_en=rung.en if rung else "",
        tier_zh=rung.zh if rung else "",
        rights=(*(rung.rights if rung else ()), *(() if veto else card.granted("right", fired))),
        duties=card.granted("duty", fired),
        veto=veto,
        dimensions=dimensions,
        stages=stages,
        signals=lines,
        adjustments=adjustments,
        vetoes=vetoes,
        losses=_largest(lines, "lost"),
        gains=_largest(tuple(line for line in lines if line.state == "known"), "gained"),
    )


def explain(
    block: Block,
    scorecard: str | Scorecard = "default",
    row: int = 0,
    *,
    missing: frozenset[str] = frozenset(),
    as_of: dt.date | None = None,
) -> Statement:
    """Explain the score of one row of a block.

    Parameters
    ----------
    block : mapping of str to ndarray
        As `score_columns` takes it.
    scorecard : str or Scorecard
    row : int, default=0
    missing : frozenset of str
        Columns that were not collected.
    as_of : date, optional
        Day of the review.

    Returns
    -------
    Statement

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> block = {f.name: np.array([np.nan]) for f in card.fields}
    >>> block |= {"complaints": np.array([0.0]), "orders_paid": np.array([100.0])}
    >>> statement = explain(block, card)
    >>> line = statement.signal("complaint_rate")
    >>> line.value, round(line.utility, 6), line.reliability, round(line.lost, 6)
    (0.004, 0.8, 0.5, 4.0)
    >>> round(statement.trust_index, 6)
    66.0
    """
    card = load_scorecard(scorecard)
    missing = card.without(missing)
    single = dict(with_derived(one_row(block, row), card, missing))
    scores = score_columns(single, card, "all", missing=missing, as_of=as_of)
    return explain_scores(card, single, scores, missing)
