"""What changed between two states of the same merchants, part by part to the last point."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trustscore.compare.attribution import State, share_out
from trustscore.errors import InputError
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scoring import Scores, score_columns, true_scores, with_derived
from trustscore.scoring.curves import shrunk
from trustscore.scoring.program import SignalFigures, program_of
from trustscore.typing import Array, Block

__all__ = ["Changes", "compare_blocks"]

# Gains of two scorecards that mean the same differ in their last bits.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Changes:
    """The change of n merchants; every part has one value a merchant, in points of index.

    The parts add up: `scorecard_signals` and `scorecard_rules`, `peers`, `applicability`,
    `evidence`, `figures` and `rules` together are `change`, to 1e-9.

    Attributes
    ----------
    old, new : Scores
        With their statements.
    change : ndarray of shape (n,)
        New index less old one; NaN where one of the two is not scored.
    scorecard_signals : dict of str to ndarray
        By signal, what another scorecard makes of the old figures; empty for one scorecard.
    scorecard_rules : dict of str to ndarray
    peers : ndarray of shape (n,)
        Another category or shop type: other priors and anchors for the same figures.
    applicability : ndarray of shape (n,)
        Signals that apply to the merchant now or no longer, and weights by column.
    evidence : dict of str to ndarray
        By signal: the same figure on more or less evidence; and figures that became known or
        unknown.
    figures : dict of str to ndarray
        By signal: another figure on the same evidence.
    rules : dict of str to ndarray
        Bonuses, deductions, ``limit`` and ``cap``.
    began, ceased : ndarray of bool, shape (signals, n)
        Signals that apply now and did not, and the other way round.
    """

    old: Scores
    new: Scores
    change: Array
    scorecard_signals: Mapping[str, Array]
    scorecard_rules: Mapping[str, Array]
    peers: Array
    applicability: Array
    evidence: Mapping[str, Array]
    figures: Mapping[str, Array]
    rules: Mapping[str, Array]
    began: Array
    ceased: Array

    def parts(self) -> dict[str, Array]:
        """Return all parts by name, such as ``figure.return_rate``; they add up to the change."""
        out = {f"scorecard.{name}": each for name, each in self.scorecard_signals.items()}
        out |= {f"scorecard.rule.{name}": each for name, each in self.scorecard_rules.items()}
        out |= {"peers": self.peers, "applicability": self.applicability}
        out |= {f"figure.{name}": each for name, each in self.figures.items()}
        out |= {f"evidence.{name}": each for name, each in self.evidence.items()}
        return out | {f"rule.{name}": each for name, each in self.rules.items()}


# Counts near the largest float overflow on their way, as in scoring.
@np.errstate(over="ignore", invalid="ignore")
def compare_blocks(
    old: Block,
    new: Block,
    scorecard: str | Scorecard = "default",
    with_scorecard: str | Scorecard | None = None,
    *,
    missing: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset()),
    as_of: tuple[dt.date | None, dt.date | None] = (None, None),
) -> Changes:
    """Compare two blocks of the same merchants, row by row.

    The way from the old index to the new one is taken in steps, each scored by the one
    arithmetic: the old figures under the new scorecard; in the new category; with the signals that
    apply now; on the evidence of now; and at last with the figures of now. A figure and its
    evidence are told apart so: k of n is a rate on n observations, a mean has its sample. First
    the old rate is taken on the new n, then the rate moves. A figure that was or becomes unknown
    has no such middle, and its whole change is one of evidence.

    Parameters
    ----------
    old, new : mapping of str to ndarray
        As for `score_columns`; row i of both is the same merchant.
    scorecard : str or Scorecard
        Of the old block.
    with_scorecard : str or Scorecard, optional
        Of the new block; the same by default.
    missing : pair of frozenset of str
        Columns that were not collected, then and now.
    as_of : pair of date, optional
        Days of the reviews, for the minimum stay in a tier.

    Returns
    -------
    Changes

    Raises
    ------
    InputError
        When the blocks have different numbers of rows.

    Examples
    --------
    >>> card = load_scorecard("minimal")
    >>> was = {field.name: np.array([np.nan]) for field in card.fields}
    >>> was |= {"orders_paid": np.array([400.0]), "complaints": np.array([2.0])}
    >>> found = compare_blocks(was, was | {"complaints": np.array([4.0])}, card)
    >>> found.change.round(6).tolist(), found.figures["complaint_rate"].round(6).tolist()
    ([-4.0], [-4.0])
    """
    card = load_scorecard(scorecard)
    other = card if with_scorecard is None else load_scorecard(with_scorecard)
    first = score_columns(old, card, "all", missing=missing[0], as_of=as_of[0])
    last = score_columns(new, other, "all", missing=missing[1], as_of=as_of[1])
    if len(first.trust_index) != len(last.trust_index):
        raise InputError(
            f"the blocks must have the same merchants: {len(first.trust_index)} rows and"
            f" {len(last.trust_index)}"
        )
    start, by_signal, by_rule = first, {}, {}
    if other.sha256 != card.sha256:
        start = score_columns(old, other, "all", missing=missing[0], as_of=as_of[0])
        by_signal = _difference(_gained(first), _gained(start), len(first.trust_index))
        by_rule = _difference(first.adjustments, start.adjustments, len(first.trust_index))
    moved = _steps(other, old, new, start, last, missing)
    assert start.applies is not None and last.applies is not None
    return Changes(
        first,
        last,
        last.trust_index - first.trust_index,
        by_signal,
        by_rule,
        *moved,
        rules=_difference(start.adjustments, last.adjustments, len(first.trust_index)),
        began=last.applies & ~start.applies,
        ceased=start.applies & ~last.applies,
    )


def _gained(scores: Scores) -> dict[str, Array]:
    assert scores.gained is not None
    names = (signal.id for signal in scores.scorecard.signals)
    return dict(zip(names, scores.gained, strict=True))


def _difference(
    before: Mapping[str, Array], after: Mapping[str, Array], rows: int
) -> dict[str, Array]:
    """Return after less before by name; what one side does not have is 0 there."""
    nothing = np.zeros(rows)
    found = {}
    for name in dict.fromkeys([*before, *after]):
        moved = after.get(name, nothing) - before.get(name, nothing)
        found[name] = np.where(np.abs(moved) < _ROUNDING, 0.0, moved)
    return found


def _state(scores: Scores) -> State:
    assert scores.utility is not None
    dimensions = {name: each / 100.0 for name, each in scores.dimensions.items()}
    return State(scores.raw_index, scores.utility, dimensions)


def _steps(
    card: Scorecard,
    old: Block,
    new: Block,
    start: Scores,
    last: Scores,
    missing: tuple[frozenset[str], frozenset[str]],
) -> tuple[Array, Array, dict[str, Array], dict[str, Array]]:
    """Return the parts from the old figures to the new ones under one scorecard."""
    program = program_of(card)
    rows = len(start.trust_index)
    variants = [program.variant_rows(block, rows) for block in (old, new)]
    here = [np.zeros(rows, np.int32) if v is None else v for v in variants]
    placed = start
    if not np.array_equal(here[0], here[1]):
        sides = {name: new[name] for name in ("category", "shop_type") if name in new}
        others = {k: v for k, v in old.items() if k not in ("category", "shop_type")}
        placed = score_columns(others | sides, card, "all", missing=missing[0])
    assert placed.applies is not None and last.applies is not None
    assert placed.utility is not None and last.utility is not None
    assert last.weight is not None

    def between(utilities: Array, values: Mapping[str, Array] | None = None) -> State:
        nothing = np.full(rows, np.nan)
        known = values or {signal.id: nothing for signal in card.signals}
        return State(*_true(new, card, known, missing[1], utilities))

    # What applies now, with the old utilities; a signal that did not apply begins at its prior.
    applied = between(np.where(placed.applies, placed.utility, np.nan))
    values, middle = _middle(card, old, new, placed, last, here[1], missing)
    weighed = between(middle, values)
    end = _state(last)
    evidence = share_out(program, last.weight, applied, weighed)
    figures = share_out(program, last.weight, weighed, end)
    names = [signal.id for signal in card.signals]
    return (
        placed.raw_index - start.raw_index,
        applied.index - placed.raw_index,
        dict(zip(names, evidence, strict=True)),
        dict(zip(names, figures, strict=True)),
    )


def _true(
    block: Block,
    card: Scorecard,
    values: Mapping[str, Array],
    missing: frozenset[str],
    utilities: Array,
) -> tuple[Array, Array, dict[str, Array]]:
    found = true_scores(block, card, values, missing=missing, utilities=utilities)
    return found.index, found.utility, found.dimensions


def _middle(
    card: Scorecard,
    old: Block,
    new: Block,
    placed: Scores,
    last: Scores,
    variant: Array,
    missing: tuple[frozenset[str], frozenset[str]],
) -> tuple[dict[str, Array], Array]:
    """Return the old figures on the new evidence: values, and the utilities that are known anyway.

    Where a figure has no sample its evidence cannot change: the old utility stays. Where it is
    unknown on one side, the new utility stands here already.
    """
    assert placed.utility is not None and last.utility is not None
    assert placed.reliability is not None and last.reliability is not None
    program = program_of(card)
    before = with_derived(old, card, card.without(missing[0]))
    now = with_derived(new, card, card.without(missing[1]))
    utilities = np.where(
        (placed.reliability > 0) & (last.reliability > 0), placed.utility, last.utility
    )
    values = {}
    for at, signal in enumerate(card.signals):
        values[signal.id] = np.full(len(variant), np.nan)
        if signal.sample is None:
            continue
        both = (placed.reliability[at] > 0) & (last.reliability[at] > 0)
        rows = np.flatnonzero(both)
        if len(rows):
            n_old, n_new = before[signal.sample][rows], now[signal.sample][rows]
            figure = before[signal.value][rows]
            figures = program.signals[at]
            values[signal.id][rows] = _on_evidence(figures, figure, n_old, n_new, variant[rows])
            same = n_old == n_new
            # What rests on the same evidence has not moved, not even by a last bit.
            utilities[at, rows[~same]] = np.nan
    return values, utilities


def _on_evidence(
    figures: SignalFigures, figure: Array, n_old: Array, n_new: Array, variant: Array
) -> Array:
    """Return the shrunk values of old figures as if they rested on the new samples."""
    found = np.empty(len(figure))
    signal = figures.signal
    if signal.counts:
        figure = figure / n_old * n_new
    for v in np.unique(variant).tolist():
        own = variant == v
        prior, strength, least = (
            float(np.atleast_1d(each)[v if np.ndim(each) else 0])
            for each in (figures.prior, figures.strength, figures.least)
        )
        at = figure[own]
        if figures.on_log:
            at = np.log(np.maximum(at, least))
        x, _ = shrunk(signal.kind, at, n_new[own], prior, strength)
        found[own] = np.exp(x) if figures.on_log else x
    return found
