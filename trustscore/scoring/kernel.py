"""The scoring arithmetic: from a block of columns to scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from trustscore.errors import InputError
from trustscore.rules import Z95
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scoring.adjust import adjust, adjusted
from trustscore.scoring.layout import NodeLayout, layout_of
from trustscore.scoring.plan import plan_of
from trustscore.scoring.rows import Rows
from trustscore.scoring.scores import Scores
from trustscore.scoring.statement import Points, shares
from trustscore.scoring.tree import (
    REASONS,
    Fold,
    Notes,
    TopLosses,
    fold,
    own_weights,
    standard_error,
)
from trustscore.scoring.utility import evidence
from trustscore.tiers import assign_tiers

Array = np.ndarray[Any, Any]
Detail = Literal["index", "statement", "all"]

# Rows per pass: enough to make the calls cheap, few enough for the tables to stay in the cache.
CHUNK = 8192
_NUMBERS = (
    "trust_index",
    "trust_index_lower",
    "trust_index_upper",
    "index_se",
    "prior_index",
    "raw_index",
    "coverage",
)


@dataclass(frozen=True, slots=True)
class Utilities:
    """Utilities and reliabilities of all signals, each of shape (signals, rows)."""

    utility: Array
    reliability: Array
    value: Array
    withheld: Array
    applies: Array


def _needed(block: Mapping[str, Array], card: Scorecard, missing: frozenset[str]) -> int:
    lengths = {len(values) for values in block.values()}
    if len(lengths) > 1:
        raise InputError(f"columns of a block must have one length. Got {sorted(lengths)}")
    absent = [f.name for f in card.fields if f.name not in block and f.name not in missing]
    if absent:
        raise InputError(
            f"{len(absent)} columns of scorecard {card.name} are missing",
            [f"{name}: is missing" for name in absent],
        )
    return lengths.pop() if lengths else 0


def _weights(node: NodeLayout, rows: Rows, found: Array) -> None:
    """Fill in the weight of every signal in its node, 0 where it does not apply."""
    found[node.slots] = own_weights(node, rows)
    for child in node.children:
        _weights(child, rows, found)


@np.errstate(over="ignore", under="ignore")
def utilities(
    block: Mapping[str, Array],
    scorecard: str | Scorecard = "default",
    *,
    missing: frozenset[str] = frozenset(),
) -> Utilities:
    """Return the utility of every signal, before any weight.

    Parameters
    ----------
    block : mapping of str to ndarray
        Columns of one length, NaN for blanks.
    scorecard : str or Scorecard
    missing : frozenset of str
        Columns that were not collected; signals that need them do not apply.

    Returns
    -------
    Utilities
        Signals that do not apply have utility NaN and reliability 0.
    """
    card = load_scorecard(scorecard)
    plan = plan_of(card)
    size = _needed(block, card, missing)
    variant = plan.variant_rows(block, size)
    shape = (len(plan.signals), size)
    result = Utilities(
        np.full(shape, np.nan),
        np.zeros(shape),
        np.full(shape, np.nan),
        np.zeros(shape, dtype=bool),
        np.zeros(shape, dtype=bool),
    )
    layout = layout_of(plan, missing)
    for start in range(0, size, CHUNK):
        rows = Rows(block, start, min(start + CHUNK, size), variant, missing)
        found = evidence(layout, rows, values=True)
        weight = np.zeros((len(layout.order), rows.rows))
        _weights(layout.root, rows, weight)
        at = (layout.order, rows.slice)
        result.utility[at], result.value[at] = found.utility, found.value
        result.reliability[at] = 1.0 - found.doubt
        result.withheld[at], result.applies[at] = found.withheld, weight > 0
    return result


def _largest(
    root: Fold, raw: Array, top: TopLosses, order: Array, signal: Array, points: Array
) -> None:
    """Fill in the signals that lost most, and their points."""
    if root.losses is None:
        return
    unit = np.divide(100.0 - raw, root.lost, out=np.zeros(len(raw)), where=root.lost > 0)
    part, slot = top.unpack(root.losses)
    np.multiply(part, unit, out=points)
    signal[:] = order.take(slot)


def _days(since: Array | None, as_of: dt.date | None) -> Array | None:
    if since is None or as_of is None:
        return None
    days = np.full(len(since), np.nan)
    for i, text in enumerate(since.tolist()):
        if text:
            try:
                days[i] = (as_of - dt.date.fromisoformat(str(text)[:10])).days
            except ValueError:
                raise InputError(f"tier_since: must be a date. Got {text!r}") from None
    return days


# A figure near the largest float overflows to infinity on its way to the end of a curve.
@np.errstate(over="ignore", under="ignore")
def score_columns(
    block: Mapping[str, Array],
    scorecard: str | Scorecard = "default",
    detail: Detail = "index",
    *,
    missing: frozenset[str] = frozenset(),
    as_of: dt.date | None = None,
    reasons: bool = True,
) -> Scores:
    """Score a block of columns: the one scoring arithmetic, which every engine calls.

    Parameters
    ----------
    block : mapping of str to ndarray
        Columns of one length; numbers as float64 with NaN for blanks, text as objects. Checked
        input: the readers of `trustscore.io` refuse what cannot be.
    scorecard : str or Scorecard
        Preset, path or scorecard.
    detail : {"index", "statement", "all"}
        How much to keep per signal.
    missing : frozenset of str
        Columns that were not collected; signals that need them do not apply.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.
    reasons : bool
        Whether to find the largest losses and to count unknown evidence; leave it out where only
        the index and its interval matter.

    Returns
    -------
    Scores

    Raises
    ------
    InputError
        When columns are missing or of different lengths.
    ScorecardError
        When the scorecard is open.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> block = {f.name: np.array([np.nan]) for f in card.fields}
    >>> score_columns(block, card).raw_index.round(6).tolist()
    [62.0]
    """
    card = load_scorecard(scorecard)
    plan = plan_of(card)
    size = _needed(block, card, missing)
    variant = plan.variant_rows(block, size)
    signals, rules = len(plan.signals), card.rules
    full = detail != "index"
    out = {name: np.empty(size) for name in _NUMBERS}
    dimensions = {dimension.id: np.empty(size) for dimension in card.dimensions}
    codes = {name: np.zeros(size, dtype=np.int8) for name in ("status", "tier", "veto")}
    fired = np.empty(size, dtype=np.int64)
    reason_signal = np.zeros((REASONS, size), dtype=np.int16)
    reason_points = np.zeros((REASONS, size))
    layout = layout_of(plan, missing)
    kept: dict[str, Array] = {}
    lines: dict[str, Array] = {}
    if full:
        for name in ("utility", "reliability", "value", "weight", "gained", "lost"):
            kept[name] = np.zeros((signals, size))
        for name in ("applies", "withheld"):
            kept[name] = np.zeros((signals, size), dtype=bool)
        lines = {name: np.zeros(size) for name in [r.id for r in rules] + ["limit", "cap"]}
    slots = len(layout.order)
    notes = None
    if reasons:
        notes = Notes(TopLosses(slots), *np.zeros((2, slots), dtype=np.int64))
    index_file = card.file.index
    rho, rho_evidence = index_file.rho, index_file.rho_evidence
    days = _days(block.get("tier_since"), as_of)
    unplaced = 0

    for start in range(0, size, CHUNK):
        rows = Rows(block, start, min(start + CHUNK, size), variant, missing)
        at = rows.slice

        found = evidence(layout, rows, values=full)
        seen: dict[str, Fold] = {}
        root = fold(layout.root, rows, found, rho, rho_evidence, notes, seen)
        raw = 100.0 * (root.value * np.ones(rows.rows))
        se = standard_error(root, rho, rho_evidence) * np.ones(rows.rows)
        # Where no signal applies nothing is covered, and so nothing is scored.
        coverage = np.maximum(root.has - root.doubt, 0.0) * np.ones(rows.rows)
        scored = coverage > 0
        out["raw_index"][at], out["index_se"][at], out["coverage"][at] = raw, se, coverage
        out["prior_index"][at] = 100.0 * root.prior
        for dimension in card.dimensions:
            node = seen[dimension.id]
            dimensions[dimension.id][at] = np.where(node.has > 0, 100.0 * node.value, np.nan)

        moved = adjust(plan.rules, rows, full)
        index, limit, cap = adjusted(raw, moved)
        lower, _, _ = adjusted(np.maximum(raw - Z95 * se, 0.0), moved)
        upper, _, _ = adjusted(np.minimum(raw + Z95 * se, 100.0), moved)
        for name, values in (
            ("trust_index", index),
            ("trust_index_lower", lower),
            ("trust_index_upper", upper),
        ):
            out[name][at] = np.where(scored, values, np.nan)

        status = np.full(rows.rows, 3)
        status[coverage < card.status.low_coverage] = 2
        if card.status.new_column is not None and card.status.new_column not in missing:
            orders, _ = rows.filled(card.status.new_column)
            status[orders < card.status.new_below] = 1
        status[~scored] = 0
        codes["status"][at], codes["veto"][at], fired[at] = status, moved.veto, moved.fired
        if notes is not None:
            place = reason_signal[:, at], reason_points[:, at]
            _largest(root, raw, notes.top, layout.order, *place)
            place[1][:, ~scored] = 0.0

        if card.tiers.ladder:
            previous = block.get("previous_tier")
            if previous is not None:
                said = np.asarray(previous[at], dtype=object)
                previous = np.array([plan.steps[v] for v in said.tolist()]) - 1
                unplaced += int(np.count_nonzero((previous < 0) & said.astype(bool)))
            below = block.get("reviews_below")
            tier = assign_tiers(
                card.tiers,
                index,
                se,
                coverage,
                status == 3,
                moved.veto > 0,
                previous,
                None if days is None else days[at],
                None if below is None else below[at],
            )
            codes["tier"][at] = np.where(scored, tier + 1, 0)

        if full:
            for i, rule in enumerate(rules):
                lines[rule.id][at] = moved.points[i]
            lines["limit"][at], lines["cap"][at] = limit, cap
            given = Points(raw, 100.0 - raw, np.ones(rows.rows))
            filled = Points(*np.zeros((3, slots, rows.rows)))
            shares(layout.root, rows, seen, found.utility, given, filled)
            weight = np.zeros((slots, rows.rows))
            _weights(layout.root, rows, weight)
            for name, table in (
                ("utility", found.utility),
                ("reliability", 1.0 - found.doubt),
                ("value", found.value),
                ("withheld", found.withheld),
                ("applies", weight > 0),
                *filled._asdict().items(),
            ):
                kept[name][layout.order, at] = table
    counts = np.zeros((2, signals), dtype=np.int64)
    if notes is not None:
        counts[:, layout.order] = notes.unknown, notes.withheld
    if detail == "statement":
        kept.pop("value")
    return Scores(
        **out,
        dimensions=dimensions,
        scorecard=card,
        status_code=codes["status"],
        tier_code=codes["tier"],
        veto_code=codes["veto"],
        fired=fired,
        reason_signal=reason_signal,
        reason_points=reason_points,
        unknown=counts[0],
        withheld_count=counts[1],
        unknown_tier=unplaced,
        **kept,
        adjustments=lines,
    )
