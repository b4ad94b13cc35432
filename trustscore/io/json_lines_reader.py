"""JSON Lines: one object a line, its values read like the cells of a CSV.

A number is taken by the digits it is written with, ``null`` and an absent key are blank, ``true``
and ``false`` are the words, and a list or an object where a number is expected is a fault of its
cell. The columns are the keys of the first megabyte of records; a column that the run would read
and that shows up only later stops it, as the rows before would have been scored without.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.io.arrow import strings
from trustscore.io.checks import Checker
from trustscore.io.clean_rows import Rows
from trustscore.io.columns import filled, rows_of
from trustscore.io.guessed_ids import refuse_guess
from trustscore.io.header import Wanted, fold, match, names_of
from trustscore.io.pieces import Piece, Skipped, cut_pieces, end_of_lines, skip_line, too_long
from trustscore.io.readers import Options
from trustscore.io.rejects import REASONS, Reject, raw_of
from trustscore.io.text_columns import Marks
from trustscore.io.text_stream import BAD_BYTES, Source

__all__ = ["JsonLinesReader", "first_keys"]

# How much of a file the choice of the columns looks at.
_VIEW = 1 << 20

Record = dict[str, str | None]


class JsonLinesReader:
    """A file of JSON objects, its columns known.

    Parameters
    ----------
    source : Source
    chunks : iterator of bytes
        Its text as UTF-8.
    wanted : Wanted
    options : Options
    """

    rows = None
    spreadsheet = False

    def __init__(
        self, source: Source, chunks: Iterator[bytes], wanted: Wanted, options: Options
    ) -> None:
        self.source, self.wanted, self._chunks = source, wanted, chunks
        self._head, self.names = first_keys(chunks)
        self.columns = match(
            self.names,
            wanted,
            source.name,
            keep=options.keep,
            allow_missing=options.allow_missing,
        )
        self._known = set(self.names)
        self._folded = (
            None if options.keep is None else names_of(wanted) | {*map(fold, options.keep)}
        )
        self.checker = Checker(wanted.fields, wanted.pairs)
        self._marks = Marks(source.name, wanted.decimal)

    def pieces(self) -> Iterator[Piece]:
        """Yield the input piece by piece, once."""

        def skip(_: bytes, __: int) -> Skipped:
            return skip_line(self._chunks)

        return cut_pieces(self._chunks, self._head, 1, end_of_lines, skip)

    def read(self, piece: Piece) -> Rows:
        """Turn a piece into rows."""
        name = self.source.name
        records: list[Record] = []
        lines: list[int] = []
        raws: list[bytes] = []
        broken = too_long(piece, name)
        for number, raw in enumerate(piece.data.split(b"\n")[:-1], piece.line):
            if not raw.strip():
                continue
            if BAD_BYTES in raw:
                broken.append(_broken(number, raw, "not_utf8", REASONS["not_utf8"], name))
                continue
            try:
                record = _record(raw)
            except ValueError as error:
                message = f"{REASONS['not_a_record']} ({error})"
                broken.append(_broken(number, raw, "not_a_record", message, name))
                continue
            if not record.keys() <= self._known:
                self._refuse_late(record, number)
            records.append(record)
            lines.append(number)
            raws.append(raw)

        def column(place: int) -> Any:
            key = self.names[place]
            return strings([record.get(key) for record in records])

        columns = self.columns
        texts = {field: column(place) for field, place in columns.texts.items()}
        rows = rows_of(
            {field: column(place) for field, place in columns.numbers.items()},
            ids=texts.pop("merchant_id"),
            texts={field: texts[field] for field in self.wanted.texts if field in texts},
            keep={field: filled(column(place)) for field, place in columns.keep.items()},
            lines=np.array(lines, dtype=np.int64),
            wanted=self.wanted,
            checker=self.checker,
            raw=lambda row: raws[row].decode().removesuffix("\r"),
            file=name,
            broken=broken,
            marks=self._marks,
        )
        return refuse_guess(self.source, rows)

    def _refuse_late(self, record: Record, line: int) -> None:
        late = [key for key in record if key not in self._known]
        if self._folded is not None:
            late = [key for key in late if fold(key) in self._folded]
        if late:
            raise InputError(
                f"{self.source.name}, line {line}: column {late[0]} is not in the first"
                f" {_VIEW >> 20} MB of records; put it into the first record, null where unknown"
            )
        self._known.update(record)


def first_keys(chunks: Iterator[bytes]) -> tuple[bytes, list[str]]:
    """Return what was read of a text to find its columns, and their names."""
    head = b""
    while len(head) < _VIEW or b"\n" not in head:
        chunk = next(chunks, b"")
        head += chunk
        if not chunk:
            head += b"\n"
            break
    view = head[: max(_VIEW, head.find(b"\n") + 1)]
    return head, list(dict.fromkeys(_keys(view)))


def _broken(line: int, raw: bytes, reason: str, message: str, file: str) -> Reject:
    text = raw_of(raw.decode().removesuffix("\r"))
    return Reject(line, "", "", "", reason, message, raw=text, file=file)


def _keys(head: bytes) -> Iterator[str]:
    # What stands behind the last line break may be cut off.
    for raw in head.split(b"\n")[:-1]:
        try:
            yield from _record(raw)
        except ValueError:
            continue


def _record(line: bytes) -> Record:
    r"""Return the values of an object as the texts of cells.

    Examples
    --------
    >>> _record(b'{"id": 7, "stars": 4.50, "new": true, "note": null, "tags": ["a"]}')
    {'id': '7', 'stars': '4.50', 'new': 'true', 'note': None, 'tags': '["a"]'}
    """
    try:
        pairs = json.loads(
            line.decode(),
            parse_int=_Digits,
            parse_float=_Digits,
            parse_constant=_Digits,
            object_pairs_hook=_Pairs,
        )
        if not isinstance(pairs, _Pairs):
            raise ValueError("it is none")
        record = {key: _text(value) for key, value in pairs}
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if b"\\u" in line:
        # Half of a surrogate pair is no character.
        "".join(text or "" for pair in record.items() for text in pair).encode()
    return record


class _Digits(str):
    """A number as it is written."""


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [key for key, _ in pairs]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"it has the key {twice!r} twice")


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else _spelled(value)


def _spelled(value: Any) -> str:
    if isinstance(value, _Pairs):
        inner = (f"{_spelled(key)}: {_spelled(inside)}" for key, inside in value)
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_spelled, value)) + "]"
    return value if isinstance(value, _Digits) else json.dumps(value, ensure_ascii=False)
