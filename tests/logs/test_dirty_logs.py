"""Whatever lies in a folder of logs: every row is kept or rejected, and nothing breaks."""

import csv
import datetime as dt
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logs.folders import read
from trustscore.errors import TrustscoreError
from trustscore.logs import LOG_TABLES
from trustscore.signals.files import write_signals

pytestmark = pytest.mark.slow

AS_OF = dt.date(2026, 2, 1)
TABLES = ("orders", "shipments", "aftersales", "tickets", "reviews", "live_votes", "findings")
HOSTILE = [
    "", " ", "x" * 200, "=1+1", "NaN", "inf", "-1", "1e999", "9999-12-31", "1969-12-31 23:59",
    "2026-02-30", "2026-01-10 10:00", "2026-01-10T10:00:00+08:00", "1767000000", "1767000000000000",
    "2026-01-20 25:00", "true", "maybe", "0", "5", "6", "12,5", "a,b", 'a"b', "a\nb", "\t",
    "\u0000", "\u202e", "order", "merchant", "buyer", "None", "null", "甲乙", "😀", "m1", "o1",
]  # fmt: skip


def sound(column, place):
    """Return a cell that is right, so that most rows are kept."""
    if column.type == "id":
        return f"m{place % 3}" if column.name == "merchant_id" else f"{column.name}{place % 5}"
    if column.classes:
        return column.classes[place % len(column.classes)]
    words = {"time": f"2026-01-{1 + place % 28:02d} 10:00", "day": "2026-01-05", "bool": "true"}
    return words.get(column.type, "3")


@st.composite
def folders(draw):
    """Return the text and the number of rows of some logs."""
    found = {}
    for table in draw(st.sets(st.sampled_from(TABLES), min_size=1, max_size=3)):
        log = LOG_TABLES[table]
        others = [c.name for c in log.columns if not c.required]
        chosen = [*log.required, *draw(st.lists(st.sampled_from(others), unique=True, max_size=8))]
        rows = []
        for place in range(draw(st.integers(0, 12))):
            row = [sound(log[name], place) for name in chosen]
            for _ in range(draw(st.integers(0, 2))):
                row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(HOSTILE))
            if draw(st.integers(0, 15)) == 0:
                row = row[:-1] if draw(st.booleans()) else [*row, "more"]
            rows.append(row)
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([chosen, *rows])
        found[table] = (out.getvalue(), len(rows))
    return found


def written(folder, tables):
    folder.mkdir()
    for name, (text, _) in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    return folder


@settings(max_examples=1000, deadline=None)
@given(folders())
def test_every_row_is_kept_or_rejected(tables):
    with tempfile.TemporaryDirectory() as place:
        try:
            found = read(written(Path(place) / "logs", tables), Path(place) / "work")
        except TrustscoreError as error:
            assert str(error).strip()
            return
        for name, (_, rows) in tables.items():
            kept = len(found.rows[name])
            bad = sum(table == name for table, _ in found.bad)
            tally = found.logs.tally(name)
            assert tally.read == rows
            assert tally.read == kept + sum(tally.rejected.values())
            assert bad == sum(tally.rejected.values())
            lines = [row.line for table, row in found.bad if table == name]
            assert len(set(lines)) == len(lines)


@settings(max_examples=25, deadline=None)
@given(folders())
def test_an_export_of_dirty_logs_accounts_for_every_row(tables):
    with tempfile.TemporaryDirectory() as place:
        folder, out = written(Path(place) / "logs", tables), Path(place) / "out.csv"
        manifest = Path(place) / "manifest.json"
        try:
            write_signals(folder, out, as_of=AS_OF, allow_short_logs=True, manifest=manifest)
        except TrustscoreError as error:
            assert str(error).strip()
            assert not out.exists()
            return
        facts = json.loads(manifest.read_text("utf-8"))
        assert facts["rows"]["read"] == sum(rows for _, rows in tables.values())
        for entry in facts["tables"].values():
            rejected = sum(entry["rejected"].values())
            gone = entry["duplicate"] + entry["superseded"] + entry["repeated_version"]
            assert rejected + gone <= entry["read"]
