"""Two files compared: exports, or tables of contributions; the table of changes and its summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from trustscore.compare.change import compare_blocks
from trustscore.compare.market import Market
from trustscore.compare.rows import KINDS_OF_PART, ChangedRows, part_kind, rows_of
from trustscore.compare.scorecards import Difference, differences
from trustscore.errors import InputError, at_most
from trustscore.io.atomic_files import add_arrays, as_array, commit_together, open_sink
from trustscore.io.blocks import read_blocks
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.io.refuse_overwrite import refuse_inputs
from trustscore.io.whole_table import Table, read_table
from trustscore.joins import check_join
from trustscore.run_summary import Breakdown, RunSummary, most_first
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.typing import Array, FilePath, Progress, silent

__all__ = ["CompareReport", "compare_files"]

_AT_ONCE = 16_384


@dataclass(frozen=True)
class CompareReport:
    """What a comparison found.

    Attributes
    ----------
    market : Market
    scorecards : tuple of Scorecard
        Of the old and of the new side.
    differences : list of Difference
        Of the two scorecards.
    rejected : tuple of int
        Rows with faults on the old and on the new side; they are compared with nothing.
    """

    market: Market
    scorecards: tuple[Scorecard, Scorecard]
    differences: list[Difference]
    rejected: tuple[int, int]

    @property
    def summary(self) -> RunSummary:
        """What a comparison did, at a glance."""
        market = self.market
        won, lost = market.tier_moves()
        counts = {"both": market.both, "new": market.new_count, "gone": market.gone_count}
        counts |= {"moved_index": market.moved, "won": won, "lost": lost}
        counts |= dict(zip(("rejected_old", "rejected_new"), self.rejected, strict=True))
        moves = {f"{a or '-'} -> {b or '-'}": n for (a, b), n in market.tiers.items() if a != b}
        return RunSummary("compare", counts, (Breakdown("tier_move", most_first(moves)),))

    def to_frame(self) -> Any:
        """Return the parts of the change as a pandas frame, see `Market.to_frame`."""
        return self.market.to_frame()

    def plot(self, lang: str = "en", *, most: int = 10) -> Any:
        """Return how the mean index moved as a matplotlib Figure; it takes the extra ``plot``."""
        return self.market.plot(lang, most=most)

    def _repr_html_(self) -> str:
        from trustscore.compare.page import comparison_html

        return comparison_html(self.market, self.scorecards, self.differences)

    def facts(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "scorecards": [card.stamp for card in self.scorecards],
            "scorecard_differences": [each._asdict() for each in self.differences],
            "rejected": {"old": self.rejected[0], "new": self.rejected[1]},
            **self.market.facts(),
        }


class _Held:
    """An export held in memory, found by id."""

    def __init__(self) -> None:
        self.block: dict[str, Array] = {}
        self.place: dict[str, int] = {}
        self.missing: frozenset[str] = frozenset()
        self.rejected = 0

    def load(self, path: FilePath, card: Scorecard, settings: Mapping[str, Any]) -> None:
        """Add the columns that a scorecard reads."""
        parts, rejected, missing = [], 0, frozenset[str]()
        for read in read_blocks(path, card, **settings):
            parts.append(read.block)
            rejected += len(read.rejects)
            missing |= read.missing
        if not parts:
            raise InputError(f"{path}: has no rows")
        names = [name for name in parts[0] if all(name in part for part in parts)]
        block = {name: np.concatenate([part.pop(name) for part in parts]) for name in names}
        ids = block.pop("merchant_id").tolist()
        _refuse_none_left(path, len(ids), rejected)
        place = {name: row for row, name in enumerate(ids)}
        if self.place:
            # Another scorecard may find faults in other rows: those that both can score remain.
            both = [name for name in ids if name in self.place]
            own = np.array([self.place[name] for name in both], dtype=np.int64)
            self.block = {name: values[own] for name, values in self.block.items()}
            rows = np.array([place[name] for name in both], dtype=np.int64)
            block = {name: values[rows] for name, values in block.items()}
            place = {name: row for row, name in enumerate(both)}
        self.block |= block
        self.place = place
        self.missing |= missing
        self.rejected = max(self.rejected, rejected)

    def take(self, rows: Array) -> dict[str, Array]:
        """Return some rows as a block."""
        return {name: values[rows] for name, values in self.block.items()}


def compare_files(
    old: FilePath,
    new: FilePath | None = None,
    out: FilePath | None = None,
    *,
    scorecard: str | Path | Scorecard = "default",
    with_scorecard: str | Path | Scorecard | None = None,
    contributions: bool = False,
    parts: bool = False,
    most: int = 10,
    as_of: dt.date | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    pseudonyms: FilePath | Pseudonyms | None = None,
    each: Callable[[ChangedRows], None] | None = None,
    progress: Progress = silent,
) -> CompareReport:
    """Compare two files of the same merchants, and write a line for each.

    Parameters
    ----------
    old : path
        Export, held in memory; with `contributions` a table of ``score --contributions``.
    new : path, optional
        Another day of the same; `old` again by default, to compare two scorecards.
    out : path, optional
        Table of merchants with the sums of their parts and the three parts that moved them most.
    scorecard : str, Path or Scorecard, default="default"
    with_scorecard : str, Path or Scorecard, optional
        Of the new side, when it is another one.
    contributions : bool, default=False
        Compare tables of contributions: figures and evidence cannot be told apart there.
    parts : bool, default=False
        Also write one column for each part; they add up to the change.
    most : int, default=10
        Merchants of the summary in each direction, and ids of new and gone ones.
    as_of : date, optional
        Day of the review of the new side, for the minimum stay in a tier.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    pseudonyms : path or Pseudonyms, optional
        File of the key under which merchants are called by pseudonyms, made if it is not there.
    each : callable, optional
        Is given the changes of each block of merchants.
    progress : Progress, optional

    Returns
    -------
    CompareReport

    Raises
    ------
    InputError
        When a file cannot be read, or nothing is there to compare.
    """
    card = load_scorecard(scorecard)
    other = card if with_scorecard is None else load_scorecard(with_scorecard)
    if new is None and with_scorecard is None:
        raise InputError("give a second file, or a second scorecard, to compare with")
    if contributions and (new is None or with_scorecard is not None):
        raise InputError("tables of contributions are compared two by two, under one scorecard")
    if out is not None:
        refuse_inputs([str(out)], [old, new, scorecard, with_scorecard, pseudonyms])
    key = None if pseudonyms is None else Pseudonyms.load(pseudonyms)
    market = Market(other, most)
    settings = {
        "allow_missing_columns": allow_missing_columns,
        "encoding": encoding,
        "pseudonyms": key,
        "progress": progress,
    }
    rejected = (0, 0)
    with ExitStack() as stack:
        sink = None
        if contributions:
            assert new is not None
            blocks = _of_contributions(old, new, card, market, key, progress)
        else:
            held = _Held()
            held.load(old, card, settings)
            if other.sha256 != card.sha256:
                held.load(old, other, settings)
            counts = [held.rejected, 0]
            blocks = _of_exports(held, old, new, (card, other), market, as_of, settings, counts)
        for rows in blocks:
            if out is not None and sink is None:
                sink = open_sink(out, _columns(rows, parts))
                stack.enter_context(sink.file)
            market.add(rows)
            if each is not None:
                each(rows)
            if sink is not None:
                add_arrays(sink, _table(rows, parts))
        if not contributions:
            rejected = (counts[0], counts[1])
        if out is not None and sink is not None:
            sink.finish()
            commit_together([sink.file])
    return CompareReport(market, (card, other), differences(card, other), rejected)


def _of_exports(
    held: _Held,
    old: FilePath,
    new: FilePath | None,
    cards: tuple[Scorecard, Scorecard],
    market: Market,
    as_of: dt.date | None,
    settings: Mapping[str, Any],
    counts: list[int],
) -> Iterator[ChangedRows]:
    card, other = cards
    if new is None:
        names = np.array([*held.place, None], dtype=object)[:-1]
        for start in range(0, len(names), _AT_ONCE):
            rows = np.arange(start, min(start + _AT_ONCE, len(names)))
            block = held.take(rows)
            missing = (held.missing, held.missing)
            found = compare_blocks(block, block, card, other, missing=missing, as_of=(None, as_of))
            yield rows_of(names[rows], found)
        return
    seen = np.zeros(len(held.place), dtype=bool)
    fresh: list[str] = []
    for read in read_blocks(new, other, **settings):
        counts[1] += len(read.rejects)
        ids = read.block["merchant_id"]
        place = np.array([held.place.get(name, -1) for name in ids.tolist()], dtype=np.int64)
        both = np.flatnonzero(place >= 0)
        lone = ids[place < 0].tolist()
        market.new_count += len(lone)
        fresh += lone[: market.most - len(fresh)]
        seen[place[both]] = True
        if not len(both):
            continue
        now = {name: values[both] for name, values in read.block.items() if name != "merchant_id"}
        found = compare_blocks(
            held.take(place[both]),
            now,
            card,
            other,
            missing=(held.missing, read.missing),
            as_of=(None, as_of),
        )
        yield rows_of(ids[both], found)
    market.new = fresh
    _refuse_none_left(new, int(seen.sum()) + market.new_count, counts[1])
    _note_gone(market, held.place, seen, new, old)


def _refuse_none_left(path: FilePath, rows: int, rejected: int) -> None:
    if not rows:
        why = f"all {rejected:,} have faults, see `check`" if rejected else "there are none"
        raise InputError(f"{path}: no row can be compared: {why}")


def _note_gone(
    market: Market, place: Mapping[str, int], seen: Array, new: FilePath, old: FilePath
) -> None:
    gone = [name for name, row in place.items() if not seen[row]]
    market.gone_count, market.gone = len(gone), gone[: market.most]
    met = [name for name, row in place.items() if seen[row]]
    if place:
        check_join(place, met, asked_in=old, known_in=new)


def _of_contributions(
    old: FilePath,
    new: FilePath,
    card: Scorecard,
    market: Market,
    key: Pseudonyms | None,
    progress: Progress,
) -> Iterator[ChangedRows]:
    before, after = (_contributions(path, card, key, progress) for path in (old, new))
    place = {name: row for row, name in enumerate(before.columns["merchant_id"].tolist())}
    ids = after.columns["merchant_id"]
    at = np.array([place.get(name, -1) for name in ids.tolist()], dtype=np.int64)
    both = np.flatnonzero(at >= 0)
    lone = ids[at < 0].tolist()
    market.new_count, market.new = len(lone), lone[: market.most]
    seen = np.zeros(len(place), dtype=bool)
    seen[at[both]] = True
    _note_gone(market, place, seen, new, old)
    names = [name for name in before.columns if name not in ("merchant_id", "trust_index")]
    rules = {*(rule.id for rule in card.rules), "limit", "cap"}
    empty = np.full(len(both), "", dtype=object)
    was, now = before.columns["trust_index"][at[both]], after.columns["trust_index"][both]
    moved = {
        f"{'rule' if name in rules else 'points'}.{name}": after.columns[name][both]
        - before.columns[name][at[both]]
        for name in names
    }
    yield ChangedRows(ids[both], was, now, now - was, moved, empty, empty, empty, empty, {}, {})


def _contributions(
    path: FilePath, card: Scorecard, key: Pseudonyms | None, progress: Progress
) -> Table:
    names = [*(signal.id for signal in card.signals), *(rule.id for rule in card.rules)]
    checks = dict.fromkeys([*names, "limit", "cap", "trust_index"], "number")
    table = read_table(
        path,
        checks,
        ["merchant_id"],
        optional=names,
        rest=True,
        ours=True,
        pseudonyms=key,
        progress=progress,
    )
    others = sorted(set(table.columns) - set(checks) - {"merchant_id"})
    faults = [f"{name}: no signal and no rule of it" for name in others]
    faults += [f"{name}: is not in the table" for name in names if name not in table.columns]
    if faults:
        raise InputError(
            f"{path}: these contributions are of another scorecard than {card.stamp}; say which by"
            " `scorecard`",
            at_most(faults),
        )
    return table


def _columns(rows: ChangedRows, parts: bool) -> dict[str, Any]:
    text, number = pa.string(), pa.float64()
    columns = {"merchant_id": text, "old_index": number, "new_index": number, "change": number}
    columns |= dict.fromkeys(_kinds(rows), number)
    columns |= dict.fromkeys(("old_tier", "new_tier", "old_status", "new_status", "reasons"), text)
    return columns | (dict.fromkeys(rows.parts, number) if parts else {})


def _kinds(rows: ChangedRows) -> list[str]:
    there = {part_kind(part)[0] for part in rows.parts}
    return [f"from_{kind}" for kind in KINDS_OF_PART if kind in there]


def _table(rows: ChangedRows, parts: bool) -> dict[str, Any]:
    sums = {name: np.zeros(len(rows.ids)) for name in _kinds(rows)}
    for part, points in rows.parts.items():
        sums[f"from_{part_kind(part)[0]}"] += points
    known = np.isfinite(rows.change)
    words = np.array([*map(_words, rows.leading), None], object)[:-1]
    columns = {
        "merchant_id": rows.ids,
        "old_index": rows.old,
        "new_index": rows.new,
        "change": rows.change,
        **{name: np.where(known, points, np.nan) for name, points in sums.items()},
        "old_tier": rows.old_tier,
        "new_tier": rows.new_tier,
        "old_status": rows.old_status,
        "new_status": rows.new_status,
        "reasons": words,
    }
    if parts:
        columns |= {name: np.where(known, points, np.nan) for name, points in rows.parts.items()}
    return {name: as_array(np.asarray(column)) for name, column in columns.items()}


def _words(leading: tuple[tuple[str, float], ...]) -> str:
    return ";".join(f"{name}:{points:+.1f}" for name, points in leading)
