"""A stretch of a log, cell by cell checked and typed, as it goes into the store."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trustscore.errors import InputError
from trustscore.io.arrow import bits, strings, valid
from trustscore.io.columns import sound_text, text_of
from trustscore.io.logs.clock import DAY, MINUTE, to_local
from trustscore.io.logs.identity import in_one_form
from trustscore.io.logs.pepper import Pepper
from trustscore.io.logs.tally import Tally
from trustscore.io.logs.times import Moments, read_days, read_moments
from trustscore.io.logs.values import (
    Found,
    read_bools,
    read_classes,
    read_ids,
    read_scaled,
)
from trustscore.io.text_columns import Marks
from trustscore.lexicon import Hit, Lexicon, load_lexicon
from trustscore.lexicon.closing import CLOSING
from trustscore.lexicon.hits import written
from trustscore.lexicon.normal import letters_of, normalised
from trustscore.logs import LogColumn, LogTable
from trustscore.typing import BoolArray, IntArray

__all__ = ["BadRow", "Batch", "Reading", "read_batch", "stored_columns"]

# Before this there were no marketplaces whose logs anybody would read.
_FIRST = 946_684_800 * 1_000_000
_LAST = 253_402_300_799 * 1_000_000
_LONGEST_TEXT = 1 << 16
# A reversal of moments within this is a difference between two clocks.
_SKEW = 10 * MINUTE
# Of cells of these types the shape is shown where they are at fault. In a row whose cells moved
# by one place a name or phone could stand in any of them.
_SHOWN = ("time", "day", "bool", "int", "num", "money")
_MOST_SHOWN = 40


class BadRow(NamedTuple):
    """A rejected row: where it is, what is wrong first, and how many more faults it has.

    No cell is repeated, as a person could stand in it. Of a time or a number the shape is told:
    an ``a`` for each letter and a ``9`` for each digit.
    """

    line: int
    column: str
    value: str
    reason: str
    more: int = 0


@dataclass
class Reading:
    """How the cells of one file are read.

    Attributes
    ----------
    table : LogTable
    zone : ZoneInfo
    currency : str
        Of the market; empty: amounts are not looked at for another one.
    pepper : Pepper
    file : str
    newest : int or None
        The last moment at which an event of the file can lie.
    words : mapping
        By column the words of the platform, each with ours.
    patterns : mapping of str to str
        By column how its times are written.
    decimal : str
    lexicon : Lexicon
        What is looked for in texts; the one of the package by default.
    """

    table: LogTable
    zone: ZoneInfo
    currency: str
    pepper: Pepper
    file: str
    newest: int | None = None
    words: Mapping[str, dict[str, str]] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."
    lexicon: Lexicon = field(default_factory=load_lexicon)

    def __post_init__(self) -> None:
        self.marks = Marks(self.file, self.decimal)


class Batch(NamedTuple):
    """Rows for the store, the bucket hash of each, and the rejected ones."""

    columns: dict[str, Any]
    hashes: IntArray
    bad: list[BadRow]


def stored_columns(table: LogTable, given: frozenset[str]) -> dict[str, Any]:
    """Return the columns of the store with their Arrow types, for those a file has."""
    out: dict[str, Any] = {}
    for column in table.columns:
        if column.name not in given and not column.fallback:
            continue
        if column.type in ("id", "class"):
            out[column.name] = pa.string()
        elif column.type == "text":
            out[f"{column.name}_letters"] = pa.int64()
            out[f"{column.name}_hash"] = pa.string()
            out |= dict.fromkeys(column.flags, pa.bool_())
            if column.claims:
                out[f"{column.name}_hits"] = pa.string()
        elif column.type == "bool":
            out[column.name] = pa.bool_()
        else:
            out[column.name] = pa.int64()
            if column.type == "time":
                out[f"{column.name}_local"] = pa.int64()
    out["_line"] = pa.int64()
    return out


class _Faults:
    """The faults of a batch, found column by column."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self._of: dict[int, list[tuple[str, str]]] = {}

    def add(self, column: str, faults: list[tuple[int, str]]) -> None:
        for row, reason in faults:
            self._of.setdefault(row, []).append((column, reason))

    def mask(self, column: str, mask: BoolArray, reason: str) -> None:
        if mask.any():
            self.add(column, [(row, reason) for row in np.flatnonzero(mask).tolist()])

    def rows(self, lines: IntArray, table: LogTable) -> tuple[BoolArray, list[BadRow]]:
        stay = np.ones(len(lines), dtype=np.bool_)
        bad = []
        for row, faults in sorted(self._of.items()):
            stay[row] = False
            name, reason = faults[0]
            shown = ""
            if name in table and table[name].type in _SHOWN and reason != "missing_key":
                value = self._raw[name][row].as_py() if name in self._raw else None
                shown = "" if value is None else _shape(str(value)[:_MOST_SHOWN])
            bad.append(BadRow(int(lines[row]), name, shown, reason, len(faults) - 1))
        return stay, bad


def _shape(text: str) -> str:
    """Return a text with its letters and digits hidden.

    Examples
    --------
    >>> _shape("2026/1/5 9:05"), _shape("about 3 元")
    ('9999/9/9 9:99', 'aaaaa 9 a')
    """
    return "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in text)


def read_batch(
    raw: Mapping[str, Any], lines: IntArray, reading: Reading, tally: Tally, broken: list[BadRow]
) -> Batch:
    """Check and type the cells of a stretch of a file.

    Parameters
    ----------
    raw : mapping of str to pyarrow.Array
        Columns by our names.
    lines : ndarray of int64
    reading : Reading
    tally : Tally
        Is added to.
    broken : list of BadRow
        Records that are no rows.
    """
    table, size = reading.table, len(lines)
    sound: dict[str, Any] = {}
    faults = _Faults(sound)
    for name, column in raw.items():
        text, spoilt = sound_text(column)
        sound[name] = text.cast(pa.string()) if pa.types.is_large_string(text.type) else text
        faults.add(name, [(row, "not_utf8") for row in spoilt])
    out: dict[str, Any] = {}
    moments: dict[str, Moments] = {}
    for column in table.columns:
        if column.name not in sound:
            continue
        if column.type in ("time", "day"):
            moments[column.name] = _read_time(sound[column.name], column, reading, tally, faults)
            continue
        found = _read_cells(sound[column.name], column, reading)
        faults.add(column.name, found.faults)
        out[column.name] = found.array
    faults.mask("value", in_one_form(out, table, size), "identifies_nobody")
    for column in table.columns:
        if column.fallback:
            _fill(out, column, table, reading.pepper, size)
    _require(out, moments, table, faults, size)
    if "currency" in out and reading.currency:
        other = pc.not_equal(out["currency"], reading.currency).fill_null(False)
        faults.mask("currency", np.asarray(other.to_numpy(zero_copy_only=False)), "other_currency")
    _straighten(moments, table, tally)
    stay, bad = faults.rows(lines, table)
    _count(moments, table, reading, stay, tally)
    tally.read += size + len(broken)
    tally.kept += int(stay.sum())
    bad = sorted([*bad, *broken])
    tally.rejected.update(row.reason for row in bad)
    keep = bits(stay)
    columns = _stored(out, moments, table, reading, keep, stay)
    columns["_line"] = pa.array(lines[stay])
    return Batch(columns, _hashes(columns["merchant_id"]), bad)


def _read_cells(column: Any, of: LogColumn, reading: Reading) -> Found:
    file = reading.file
    try:
        if of.type == "id":
            return read_ids(column, of.name, file)
        if of.type == "class":
            return read_classes(column, of, reading.words.get(of.name, {}), file)
        if of.type == "bool":
            return read_bools(column, of.name, file)
        if of.type == "text":
            texts = text_of(column, of.name, file)
            blank = pc.equal(pc.utf8_trim_whitespace(texts), "")
            texts = pc.if_else(blank, pa.scalar(None, pa.string()), texts)
            long = pc.greater(pc.utf8_length(texts), _LONGEST_TEXT).fill_null(False)
            mask = np.asarray(long.to_numpy(zero_copy_only=False), dtype=np.bool_)
            return Found(texts, [(row, "text_too_long") for row in np.flatnonzero(mask).tolist()])
        return read_scaled(column, of, file, reading.marks, reading.currency)
    except pa.ArrowException as error:
        # Arrow repeats the cell.
        raise InputError(f"{file}: column {of.name} cannot be read as {of.type}") from error


def _read_time(
    column: Any, of: LogColumn, reading: Reading, tally: Tally, faults: _Faults
) -> Moments:
    read = read_days if of.type == "day" else read_moments
    pattern = reading.patterns.get(of.name, "")
    found = read(column, reading.zone, pattern, f"{reading.file}: {of.name}")
    faults.mask(of.name, found.bad, "not_a_time")
    values = found.values * (DAY if of.type == "day" else 1)
    last = _LAST
    if not of.planned and reading.newest is not None:
        last = min(last, reading.newest)
    wrong = found.there & ((values < _FIRST) | (values > last))
    faults.mask(of.name, wrong, "out_of_range")
    # Nothing beyond the calendar goes on to the arithmetic of days.
    found.values[wrong] = 0
    found.there &= ~wrong
    if of.type == "time":
        tally.naive[of.name] += found.naive
        tally.zoned[of.name] += found.zoned
        tally.changed += found.changed
    return found


def _fill(
    out: dict[str, Any], column: LogColumn, table: LogTable, pepper: Pepper, size: int
) -> None:
    nothing = pa.nulls(size, pa.string())
    mine, other = out.get(column.name, nothing), out.get(column.fallback, nothing)
    if table[column.fallback].private:
        other = pepper.pseudonyms(other)
    out[column.name] = pc.coalesce(mine, other)


def _require(
    out: Mapping[str, Any],
    moments: Mapping[str, Moments],
    table: LogTable,
    faults: _Faults,
    size: int,
) -> None:
    for name in table.required:
        if name in moments:
            blank = ~moments[name].there & ~moments[name].bad
        else:
            blank = ~valid(out[name])
        known = {row for row, of in faults._of.items() if any(column == name for column, _ in of)}
        blank[list(known)] = False
        faults.mask(name, blank, "missing_key")


def _straighten(moments: Mapping[str, Moments], table: LogTable, tally: Tally) -> None:
    """Set reversals of moments equal that two clocks explain, and count the others."""
    for chain in table.course:
        known = [moments[name] for name in chain if name in moments]
        for earlier, later in pairwise(known):
            back = earlier.values - later.values
            both = earlier.there & later.there & (back > 0)
            near = both & (back <= _SKEW)
            later.values[near] = earlier.values[near]
            tally.skewed += int(near.sum())
            tally.reversed += int((both & ~near).sum())


def _count(
    moments: Mapping[str, Moments], table: LogTable, reading: Reading, stay: BoolArray, tally: Tally
) -> None:
    name = table.moment or next((c.name for c in table.of_type("time") if not c.planned), "")
    found = moments.get(name)
    if found is None or table.name == "merchants":
        return
    there = found.there & stay
    values = found.values[there] * (DAY if table[name].type == "day" else 1)
    if not len(values):
        return
    part = Tally(first=int(values.min()), last=int(values.max()))
    local = values if table[name].type == "day" else to_local(values, reading.zone)
    part.days = _counter(local // DAY)
    recorded = moments.get("recorded_at")
    if recorded is not None and table[name].type == "time":
        both = there & recorded.there
        part.late = _counter(np.maximum(recorded.values[both] - found.values[both], 0) // DAY)
    tally.add(part)


def _counter(values: IntArray) -> Counter[int]:
    found, counts = np.unique(values, return_counts=True)
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))


def _stored(
    out: Mapping[str, Any],
    moments: Mapping[str, Moments],
    table: LogTable,
    reading: Reading,
    keep: Any,
    stay: BoolArray,
) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    everything = bool(stay.all())
    for column in table.columns:
        name = column.name
        if name in moments:
            found = moments[name]
            values, there = found.values[stay], found.there[stay]
            columns[name] = pa.array(values, mask=~there)
            if column.type == "time":
                local = to_local(np.where(there, values, 0), reading.zone)
                columns[f"{name}_local"] = pa.array(local, mask=~there)
            continue
        if name not in out:
            continue
        array = out[name] if everything else out[name].filter(keep)
        if column.type == "text":
            columns |= _of_text(column, array, reading)
        else:
            columns[name] = reading.pepper.pseudonyms(array) if column.private else array
    return columns


def _of_text(column: LogColumn, texts: Any, reading: Reading) -> dict[str, Any]:
    """Return what remains of texts: letters, a hash, a flag a topic, and the places of claims."""
    letters, hashes = [], []
    said: list[frozenset[str] | None] = []
    claims: list[str | None] = []
    # Chats say the same again and again.
    known: dict[str, list[Hit]] = {}
    sought = column.topics or column.claims
    if sought:
        different = [text for text in pc.unique(texts).to_pylist() if text is not None]
        known = dict(zip(different, reading.lexicon.hits_of(different), strict=True))
    for text in texts.to_pylist():
        letters.append(None if text is None else letters_of(text))
        plain = "" if text is None else normalised(text)
        hashes.append(reading.pepper.pseudonym(plain) if plain else None)
        if text is None:
            said.append(None)
            claims.append(None)
        elif sought:
            hits = known[text]
            topics = {hit.topic for hit in hits if hit.how == "said"}
            if CLOSING in column.topics and reading.lexicon.closes(text):
                topics.add(CLOSING)
            said.append(frozenset(topics))
            claims.append(written([hit for hit in hits if hit.topic in column.claims]))
    out = {
        f"{column.name}_letters": pa.array(letters, pa.int64()),
        f"{column.name}_hash": strings(hashes),
    }
    for topic, flag in zip(column.topics, column.flags, strict=True):
        hit = [None if topics is None else topic in topics for topics in said]
        out[flag] = pa.array(hit, pa.bool_())
    if column.claims:
        out[f"{column.name}_hits"] = pa.array(claims, pa.string())
    return out


def _hashes(ids: Any) -> IntArray:
    coded = ids.dictionary_encode()
    of = np.array([zlib.crc32(text.encode()) for text in coded.dictionary.to_pylist()], np.int64)
    return of[np.asarray(coded.indices)] if len(ids) else np.zeros(0, dtype=np.int64)
