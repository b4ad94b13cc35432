"""Tables through a workbook and back, and as other programs read what is written."""

import csv
import re
from io import BytesIO
from types import SimpleNamespace
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile_texts import HOSTILE
from tests.io.exports import HEADER, good_rows
from trustscore.batch.files import score_files
from trustscore.errors import InputError
from trustscore.io import xlsx_writer
from trustscore.io.atomic_files import write_columns
from trustscore.io.clean_rows import LONGEST_KEPT
from trustscore.io.header import Wanted
from trustscore.io.readers import Options, open_reader
from trustscore.io.whole_table import read_table
from trustscore.io.xlsx_writer import XlsxSink
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS

# What a cell of Arrow may hold: every character but halves of surrogate pairs.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    [
        *HOSTILE.values(),
        "_x0041_",
        "_x005F_",
        "_x000D_\r",
        "_xD83D_",
        "=1+1",
        "'=1",
        " a ",
        "\ufffe",
    ]
)


def bytes_of(columns):
    table = pa.table(columns)
    file = BytesIO()
    sink = XlsxSink(SimpleNamespace(file=file, path="a.xlsx"), table.schema)
    for batch in table.to_batches():
        sink.write(batch)
    sink.finish()
    return file.getvalue()


def read(path, *names):
    """Return columns as the reader finds them, as they stand in the cells."""
    wanted = Wanted((), (), ".", {}, key=names[0], needed=names[1:])
    reader = open_reader(str(path), wanted, Options(keep=None))
    try:
        rows = [reader.read(piece) for piece in reader.pieces()]
    finally:
        reader.source.close()
    assert not [reject for each in rows for reject in each.rejects]
    return {name: [t for each in rows for t in each.keep[name].to_pylist()] for name in names}


@given(texts=st.lists(TEXTS, min_size=1, max_size=5))
def test_every_text_comes_back_as_it_was(texts, tmp_path_factory):
    path = tmp_path_factory.mktemp("x") / "a.xlsx"
    ids = [f"m{at}" for at in range(len(texts))]
    path.write_bytes(bytes_of({"merchant_id": ids, "note": texts}))
    found = read(path, "merchant_id", "note")
    assert found["merchant_id"] == ids
    assert [text or "" for text in found["note"]] == texts


@given(
    numbers=st.lists(
        st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9
    )
)
def test_every_number_comes_back_as_it_was(numbers, tmp_path_factory):
    path = tmp_path_factory.mktemp("x") / "a.xlsx"
    ids = [f"m{at}" for at in range(len(numbers))]
    path.write_bytes(bytes_of({"merchant_id": ids, "x": pa.array(numbers, pa.float64())}))
    found = read_table(path, {"x": "number"}, ["merchant_id"]).columns["x"]
    np.testing.assert_array_equal(found, np.array(numbers, dtype=float))


def test_other_programs_read_the_same():
    openpyxl = pytest.importorskip("openpyxl")
    texts = [t for t in HOSTILE.values() if not re.search("[\x00-\x08\x0b-\x1f]", t)]
    texts += ["0012", "1e5", "#N/A", "TRUE", "2026-01-31", "=HYPERLINK(1)", "+1", "@a", "乐高"]
    numbers = [0.1 + 0.2, 1e300, -0.5, None] + [2.0] * (len(texts) - 4)
    data = bytes_of({"text": texts, "number": numbers, "count": list(range(len(texts)))})
    sheet = openpyxl.load_workbook(BytesIO(data)).active
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == ["text", "number", "count"]
    assert [row[0].value for row in rows[1:]] == [text or None for text in texts]
    assert not {row[0].data_type for row in rows[1:]} - {"s", "inlineStr", "n"}
    assert not [row for row in rows for cell in row if cell.data_type == "f"]
    assert [row[1].value for row in rows[1:]] == numbers
    assert [row[2].value for row in rows[1:]] == list(range(len(texts)))


def test_no_part_holds_a_formula_or_a_time():
    columns = {"text": ["=1+1", "<f>1</f>", "]]>", "&amp;"], "x": [1.0, float("inf"), None, 2.0]}
    data = bytes_of(columns)
    assert data == bytes_of(columns)
    with ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            text = archive.read(info).decode()
            assert "<f" not in text.replace("<f>", "") or "<f>" not in text
            assert "&lt;f&gt;" in text or "sheet1" not in info.filename
            assert info.date_time == (1980, 1, 1, 0, 0, 0)


def test_scores_rejects_and_contributions_are_those_of_parquet(tmp_path):
    export = tmp_path / "export.csv"
    rows = good_rows(30, seed=3)
    rows[4][3] = "many"
    rows[5][0] = "=2+2"
    with open(export, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    for suffix in ("xlsx", "parquet"):
        score_files(
            export,
            tmp_path / f"scores.{suffix}",
            scorecard="minimal",
            rejects=tmp_path / f"rejects.{suffix}",
            contributions=tmp_path / f"parts.{suffix}",
        )
    texts = [name for name, c in OUTPUT_COLUMNS.items() if c.type == "text"]
    for name, numbers in (
        ("scores", ["trust_index", "index_se", "coverage"]),
        ("rejects", ["line", "more"]),
        ("parts", ["trust_index"]),
    ):
        known = {
            "scores": texts,
            "rejects": ["reason", "merchant_id", "column", "value", "raw"],
            "parts": ["merchant_id"],
        }[name]
        one, other = (
            read_table(tmp_path / f"{name}.{s}", dict.fromkeys(numbers, "number"), known, rest=True)
            for s in ("xlsx", "parquet")
        )
        assert list(one.columns) == list(other.columns)
        for column, values in one.columns.items():
            np.testing.assert_array_equal(values, other.columns[column])
    assert (
        "=2+2" in read_table(tmp_path / "scores.xlsx", {}, ["merchant_id"]).columns["merchant_id"]
    )


def test_too_many_rows_are_refused_before_a_cell_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx_writer, "MOST_ROWS", 11)
    write_columns(tmp_path / "a.xlsx", {"id": [f"m{at}" for at in range(10)]})
    monkeypatch.setattr(XlsxSink, "finish", lambda self: pytest.fail("cells are written"))
    with pytest.raises(InputError, match=r"more than 10 rows.* write \.csv or \.parquet"):
        write_columns(tmp_path / "b.xlsx", {"id": [f"m{at}" for at in range(11)]})
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


@pytest.mark.parametrize("letter", ["a", "乐", "\U0001f600", "\x1b"])
def test_a_text_longer_than_a_cell_is_refused(letter, tmp_path):
    most = {"a": 32_767, "乐": 32_767, "\U0001f600": 16_383, "\x1b": 4_681}[letter]
    write_columns(tmp_path / "a.xlsx", {"id": ["x"], "note": [letter * most]})
    # A text of more bytes is none that the commands keep.
    if len((letter * most).encode()) <= LONGEST_KEPT:
        assert read(tmp_path / "a.xlsx", "id", "note")["note"] == [letter * most]
    with pytest.raises(InputError, match=r"32,767 characters.*\(row 3, note\)"):
        write_columns(tmp_path / "b.xlsx", {"id": ["x", "y"], "note": ["", letter * (most + 1)]})
    assert not (tmp_path / "b.xlsx").exists()
