"""How a statement is made of the scores of one row."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping

import numpy as np

from trustscore.errors import InputError
from trustscore.explain.statement import Part, RuleLine, SignalLine, Statement
from trustscore.scorecard import Scorecard, Signal, load_scorecard
from trustscore.scorecard.side_values import fold_side_value
from trustscore.scorecard.vetoes import Veto
from trustscore.scoring import Scores, score_columns, with_derived
from trustscore.scoring.program import program_of
from trustscore.scoring.score import true_scores
from trustscore.typing import Array, Block

__all__ = ["explain", "explain_scores"]

# Losses and gains that a statement names.
MOST = 5


# Fewer points than this are rounding, not a loss.
_NOTHING = 5e-5


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


def figures(card: Scorecard, block: Block) -> list[dict[str, float]]:
    """Return the numbers of each signal for a row, with overlays and peers applied."""

    def side(column: str) -> str:
        values = block.get(column)
        return "" if values is None else fold_side_value(values[0])

    # Which peers and overlays a row has is asked once, not for every signal.
    peers: Mapping[str, tuple[float, float | None]] = {}
    if card.peers.priors:
        peers = card.peers.priors.get(tuple(side(column) for column in card.peers.by), {})
    overlays = [
        overlay
        for overlay in card.overlays
        if all(side(column) in values for column, values in overlay.match)
    ]
    found = []
    for signal in card.signals:
        numbers = signal.numbers
        at = {name: getattr(numbers, name) for name in ("poor", "good", "prior", "strength")}
        if signal.id in peers:
            prior, strength = peers[signal.id]
            at["prior"] = prior
            at["strength"] = strength or at["strength"]
        for overlay in overlays:
            change = overlay.signals.get(signal.id, {})
            at |= {name: change[name] for name in at if name in change}
        found.append(at)
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
    anchors = figures(card, block)
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
        at = anchors[i]
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
    unheld = float(true_scores(block, card, values, missing=missing).index[0])
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
