"""Dirty files: rows and rejects as an earlier reader gave them, and no more work than bytes.

`dirty_files.jsonl` was made by chance (delimiters, line ends, marks, cells of all kinds) and read
by the readers before there was one loop for cells.
"""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from tests.both_ways import both_ways
from trustscore.io import checks, csv_reader, csv_records, text_columns
from trustscore.io.csv_reader import open_csv, read_piece
from trustscore.io.header import SideField, Wanted
from trustscore.io.text_stream import Source

FIELDS = (
    SideField("a", "count"),
    SideField("b", "number", lo=0, hi=5),
    SideField("f", "flag"),
)
LINES = Path(__file__).with_name("dirty_files.jsonl").read_text(encoding="utf-8").split("\n")
CASES = [json.loads(line) for line in LINES if line]
CELLS, BOUNDS = both_ways("trustscore.io.csv_cells"), both_ways("trustscore.io.bounds")


@pytest.fixture(params=[0, 1], ids=["imported", "python"])
def _loops(request, monkeypatch):
    cells, bounds = CELLS[request.param], BOUNDS[request.param]
    for name in ("copy_texts", "field_end", "read_records"):
        monkeypatch.setattr(csv_records, name, getattr(cells, name))
    monkeypatch.setattr(csv_reader, "last_record", cells.last_record)
    monkeypatch.setattr(text_columns, "read_plain", cells.read_numbers)
    monkeypatch.setattr(checks, "rows_out_of_bounds", bounds.rows_out_of_bounds)


def read(case, block):
    source = Source("x", None, block, io.BytesIO(case["data"].encode()))
    keep = None if case["keep"] is None else tuple(case["keep"])
    wanted = Wanted(FIELDS, (("a", "b"),), case["decimal"], {})
    plan, pieces = open_csv(source, wanted, keep=keep, allow_missing=True)
    found, rejects, count = [], [], 0
    for piece in pieces:
        rows = read_piece(piece, plan)
        columns = [rows.block[c].tolist() for c in ("a", "b", "f", "category") if c in rows.block]
        found += [
            [int(rows.lines[at]), rows.ids[at].as_py()]
            + [repr(column[at]) for column in columns]
            + [column[at].as_py() for column in rows.keep.values()]
            + [rows.raw(at)]
            for at in range(len(rows))
        ]
        rejects += [list(reject[:8]) for reject in rows.rejects]
        count += rows.read
    return found, rejects, count


@pytest.mark.usefixtures("_loops")
@pytest.mark.parametrize("block", [16, 1 << 20])
@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_dirty_file_reads_as_it_did(number, block):
    case = CASES[number]
    assert read(case, block) == (case["rows"], case["rejects"], case["read"])


class Counted:
    """Bytes that count how often one of them is looked at."""

    def __init__(self, data):
        self.data, self.looks = data, 0

    def __len__(self):
        return len(self.data)

    def __getitem__(self, place):
        self.looks += 1
        return self.data[place]


def looks(line, lines):
    """How many bytes are looked at to cut and to read a file of equal lines."""
    data = Counted(line * lines)
    CELLS[1].last_record(data, ord(","), True)
    fields = np.array([-1, 0], dtype=np.int32)
    tables = np.empty((lines, 1)), np.empty((1, lines, 2), dtype=np.int64)
    records, odd = np.empty((2, lines, 4), dtype=np.int64)
    CELLS[1].read_records(data, ord(","), ord("."), 1, fields, fields, *tables, records, odd)
    return data.looks


@pytest.mark.parametrize(
    "line",
    [
        b"m,1\n",
        b'm,"inch\n',
        b'"\n',
        b'm,"""\n',
        b'm,""x"\n',
        b'm,"x""\n',
        b'm,x"y"",""\n',
        b'"m","1"\n',
        b'm,",\n',
    ],
)
def test_work_is_linear_in_the_bytes(line):
    few, many = looks(line, 200), looks(line, 2000)
    assert few <= 25 * 200 * len(line)
    assert many <= 10.5 * few


def test_an_open_mark_in_small_blocks_is_not_looked_at_again_for_each(monkeypatch):
    seen = []

    def counted(data, delimiter, final):
        seen.append(len(data))
        return CELLS[0].last_record(data, delimiter, final)

    monkeypatch.setattr(csv_reader, "last_record", counted)
    body = b'm,"' + b"x\n" * 20_000
    source = Source("x", None, 16, io.BytesIO(b"merchant_id,a\n" + body))
    _, pieces = open_csv(source, Wanted(FIELDS, (), ".", {}), allow_missing=True)
    assert b"".join(piece.data for piece in pieces) == body
    assert sum(seen) <= 4 * len(body)
