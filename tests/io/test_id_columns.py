"""One text for one merchant, whatever it comes in, and what is no id."""

import datetime as dt
import decimal
import json
import unicodedata
import uuid

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.both_ways import both_ways
from tests.io.exports import HEADER, row, write_csv
from trustscore import score_frame
from trustscore.boost.files.candidates import read_candidates
from trustscore.errors import InputError
from trustscore.io import ids as io_ids
from trustscore.io.blocks import read_blocks
from trustscore.io.find_merchant import find_merchant
from trustscore.io.outcomes_file import read_outcomes
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.merchant_ids import LONGEST_ID, canonical_id, id_text

SAME = {
    "m1": "m1",
    " m1\t": "m1",
    "\u200bm1\ufeff": "m1",
    "1001": "1001",
    "1001.0": "1001",
    "1001.000": "1001",
    "-5.0": "-5",
    "0.0": "0",
    "0012": "0012",
    "0012.0": "0012.0",
    "1.5": "1.5",
    "1E5": "1E5",
    "12e": "12e",
    "+5": "+5",
    '="1001"': "1001",
    '="00123"': "00123",
    '=" m1 "': "m1",
    "=1+1": "=1+1",
    "e\u0301clair": "éclair",
    "\uff11\uff10\uff10\uff11": "1001",
    "\uff2d-1": "M-1",
    "\uff76\uff9e": "\u30ac",
    "乐高": "乐高",
    "a\xa0b\u3000c": "a b c",
    "\u202a1001\u202c": "1001",
    "\xadm1\u200d": "m1",
    "می\u200cخواهم": "می\u200cخواهم",
    "क्\u200dष": "क्\u200dष",
    "👩\u200d👧": "👩\u200d👧",
    "❤\ufe0f 1": "❤\ufe0f 1",
    "12-34-5678": "12-34-5678",
    "2026-13": "2026-13",
    "2026-01": "2026-01",
    "20260102": "20260102",
    "1/2": "1/2",
    "1-2-26": "1-2-26",
    "1.2.26": "1.2.26",
    "192.168.1.1": "192.168.1.1",
    "99/99/2026": "99/99/2026",
    "31/31/2026": "31/31/2026",
    "may-12": "may-12",
    "Mar-1": "Mar-1",
    "sep12": "sep12",
    "Jan's shop 2026": "Jan's shop 2026",
    "12号店": "12号店",
    "shop 1/2/2026": "shop 1/2/2026",
    "12:345": "12:345",
    "(abc)": "(abc)",
    "<b>": "<b>",
    "Ⅳ": "Ⅳ",
    "totally": "totally",
    "none": "none",
    "a\nb": "a\nb",
    "x" * LONGEST_ID: "x" * LONGEST_ID,
    "5e-4a": "5e-4a",
    "550e8400-e29b-41d4-a716-446655440000": "550e8400-e29b-41d4-a716-446655440000",
}
NONE = {
    **dict.fromkeys(["", " ", "\ufeff", '=""'], "missing_id"),
    **dict.fromkeys(["NULL", "null", "nan", "NaN", "NA", "N/A", "\\N", "<NA>"], "missing_id"),
    **dict.fromkeys(["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "None", "-"], "missing_id"),
    **dict.fromkeys(["NaT", "(null)", "无", "\uff2e\uff35\uff2c\uff2c"], "missing_id"),
    **dict.fromkeys(["inf", "-Infinity", "1.23457E+10", "1e+16", "1.5E-05", "-0.0"], "not_an_id"),
    **dict.fromkeys(["2026-01-31", "2026-01-01 00:00:00.000", "True", "false"], "not_an_id"),
    **dict.fromkeys(["b'm1'", 'b"m1"', "['a']", '{"a": 1}', "a\0b", "sh\ufffdp"], "not_an_id"),
    **dict.fromkeys(
        ["1/2/2026", "2026-1-2", "2026/01/02", "2026.1.2", "01.02.2026", "1-2-2026", "31/12/2026"]
        + ["12/31/2026", "1/2/26", "01.02.26", "2-Jan-26", "02-JAN-2026", "2 Jan 2026", "2-Jan"]
        + ["Jan 2, 2026", "January 2nd, 2026", "Friday, 2 January 2026", "Jan-26", "Jan 2026"]
        + ["2026-Jan-02", "2. Jan. 2026", "2026年1月2日", "2026年1月", "1月2日", "2026년 1월 2일"]
        + [
            "２０２６年１月２日",
            "２０２６／１／２",
            "2026-01-02T10:15:00.000+0800",
            "1/2/2026 10:15",
        ]
        + ["1/2/2026, 10:15:00 AM", "Fri Jan  2 10:15:00 UTC 2026", "20260102T101500Z"]
        + ["Fri Jan 02 2026 00:00:00 GMT+0000 (Coordinated Universal Time)", "0001-01-01"]
        + ["02-JAN-26 10.15.00.000000 AM", "Fri, 02 Jan 2026 00:00:00 +0000", '="1/2/2026"']
        + ["10:15:00", "10:15 PM", "1 days 00:00:00", "-1 day, 23:59:59.500"],
        "not_an_id",
    ),
    **dict.fromkeys(
        ["a\u200bb", "a\xadb", "a\u2060b", "a\ufeffb", "a\u202eb", "a\u200fb", "a\u034fb"]
        + ["a\u200db", "a\u200cb", "a\ufe0fb", "a\u3164b", "a\U000e0041b", "a\u061cb", "1\u180e2"]
        + ["店\u200b铺", "é\xadt", "👩\u200c👧"],
        "not_an_id",
    ),
    **dict.fromkeys(["('a', 1)", "<Merchant object at 0x7f00>"], "not_an_id"),
    **dict.fromkeys(["\xad", "\u200b\xa0", "\u3164"], "missing_id"),
    **dict.fromkeys(["x" * (LONGEST_ID + 1), "店" * 86, "x" * 200_000], "not_an_id"),
    **dict.fromkeys(["Total", "GRAND TOTAL", "Total:", "average", "合计", "平均"], "summary_row"),
    **dict.fromkeys(["总计：", "Subtotal", "Итого"], "summary_row"),
}


@pytest.mark.parametrize("text", SAME)
def test_an_id_has_one_text(text):
    assert canonical_id(text) == (SAME[text], "", "")


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_id_says_why(text):
    _, reason, message = canonical_id(text)
    assert reason == NONE[text]
    assert message


@given(st.text(max_size=300))
def test_the_canonical_text_is_a_fixed_point(text):
    found, reason, _ = canonical_id(text)
    if not reason:
        assert canonical_id(found)[:2] == (found, "")
        assert unicodedata.is_normalized("NFC", found)


# Of all that the rule may touch, and of what it must not.
PIECES = st.sampled_from(
    [*SAME, *NONE, "m", "1", "0", ".", "-", "e", "E", "+", "=", '"', "'", "b", " ", "\0", "\x7f"]
    + ["Jan", "dec", "月", "年", "/", ":", "2026", "00", "\xad", "\u200d", "\ufe0f", "(", "<"]
    + ["é", "e\u0301", "店", "\uff11", "\u3000", "\u200b", "ß", "Ω", "ж", "한", "\ufffd", "[", "]"]
)
LOOPS = both_ways("trustscore.io.id_table")


@pytest.mark.parametrize("loop", LOOPS, ids=["imported", "python"])
@given(texts=st.lists(st.one_of(st.none(), st.lists(PIECES, max_size=4).map("".join)), max_size=9))
def test_a_column_reads_as_each_of_its_texts(loop, texts):
    texts = [text if text is None else text[:3000] for text in texts]
    before, io_ids.odd_ids = io_ids.odd_ids, loop.odd_ids
    try:
        ids, bad = io_ids.canonical_ids(pa.array(texts, pa.string()))
    finally:
        io_ids.odd_ids = before
    expected = [canonical_id(text or "") for text in texts]
    assert ids.to_pylist() == [found[:LONGEST_ID] for found, _, _ in expected]
    assert [(b.row, b.reason, b.message) for b in bad] == [
        (row, reason, message) for row, (_, reason, message) in enumerate(expected) if reason
    ]


NUMBERS = {
    "float64": (pa.array([1001.0, 12345678901.0, 1e15]), ["1001", "12345678901", str(10**15)]),
    "float32": (pa.array([1001.0, 5.0, 7.0], pa.float32()), ["1001", "5", "7"]),
    "int64": (pa.array([1001, 2**53 + 1, -5]), ["1001", str(2**53 + 1), "-5"]),
    "uint64": (pa.array([1, 2, 2**64 - 1], pa.uint64()), ["1", "2", str(2**64 - 1)]),
    "decimal": (
        pa.array([decimal.Decimal(n) for n in ("1001", "2.00", "-3")], pa.decimal128(38, 10)),
        ["1001", "2", "-3"],
    ),
    "bytes": (pa.array([b"a", "店".encode(), b"1001.0"]), ["a", "店", "1001"]),
    "large": (pa.array(["a", "1001.0", "b"], pa.large_string()), ["a", "1001", "b"]),
    "dictionary": (pa.array(["a", "b", "1.0"]).dictionary_encode(), ["a", "b", "1"]),
    "uuid": (
        pa.array([uuid.UUID(int=n).bytes for n in range(3)], pa.binary(16)).cast(pa.uuid())
        if hasattr(pa, "uuid")
        else pa.array([str(uuid.UUID(int=n)) for n in range(3)]),
        [str(uuid.UUID(int=n)) for n in range(3)],
    ),
}


def table(ids):
    block = {name: pa.array([None] * len(ids), pa.float64()) for name in HEADER[2:]}
    return pa.table({"merchant_id": ids, **block})


@pytest.mark.parametrize("kind", NUMBERS)
def test_ids_of_every_type_read_alike(kind, tmp_path):
    column, expected = NUMBERS[kind]
    pq.write_table(table(column), tmp_path / "e.parquet")
    [read] = read_blocks(tmp_path / "e.parquet", "minimal")
    assert (read.block["merchant_id"].tolist(), read.rejects) == (expected, [])
    found = score_frame(table(column), "minimal")
    assert found["merchant_id"].to_pylist() == expected
    texts = [str(value) for value in column.to_pylist()] if kind != "bytes" else expected
    [read] = read_blocks(write_csv(tmp_path / "e.csv", [row(text) for text in texts]), "minimal")
    assert read.block["merchant_id"].tolist() == expected


@pytest.mark.parametrize(
    ("column", "reasons"),
    [
        (pa.array([float("inf"), -0.0, 0.5, 2.0**53, float("nan")]), "ii-im"),
        (pa.array([2.0**24, 3.0], pa.float32()), "i-"),
        (pa.array([b"\xff", b"a"]), "u-"),
    ],
)
def test_numbers_and_bytes_that_are_no_ids_are_rejects(column, reasons, tmp_path):
    pq.write_table(table(column), tmp_path / "e.parquet")
    [read] = read_blocks(tmp_path / "e.parquet", "minimal")
    found = dict.fromkeys(range(1, len(column) + 1), "-")
    codes = {"not_an_id": "i", "missing_id": "m", "not_utf8": "u"}
    found |= {reject.line: codes[reject.reason] for reject in read.rejects}
    assert "".join(found.values()) == reasons


@pytest.mark.parametrize(
    "column",
    [pa.array([dt.datetime(2026, 1, 1)]), pa.array([dt.date(2026, 1, 1)]), pa.array([True])],
)
def test_a_column_of_dates_or_truth_values_is_no_column_of_ids(column, tmp_path):
    pq.write_table(table(column), tmp_path / "e.parquet")
    with pytest.raises(InputError, match=r"merchant_id is of type .*; an id is text"):
        list(read_blocks(tmp_path / "e.parquet", "minimal"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1001.0, 2.0], ["1001", "2"]),
        (["1001.0", b"b"], ["1001", "b"]),
        ([decimal.Decimal("7.00"), uuid.UUID(int=1)], ["7", str(uuid.UUID(int=1))]),
        (pd.array([1, 2], dtype="Int64"), ["1", "2"]),
        (pd.Categorical(["x", '="0012"']), ["x", "0012"]),
    ],
)
def test_ids_of_frames(values, expected):
    frame = pd.DataFrame({"merchant_id": values, **dict.fromkeys(HEADER[2:], np.nan)})
    assert score_frame(frame, "minimal")["merchant_id"].tolist() == expected
    assert score_frame(frame.set_index("merchant_id"), "minimal")["merchant_id"].tolist() == (
        expected
    )


@pytest.mark.parametrize(
    "value",
    [True, dt.date(2026, 1, 1), 2.0**60, b"\xff", float("inf"), [1], (1, 2)]
    + [
        dt.timedelta(hours=3),
        pd.Timedelta("5D"),
        pd.Period("2026-01", "M"),
        pd.Period("2026", "Y"),
    ],
)
def test_values_of_frames_that_are_no_ids(value):
    assert canonical_id(id_text(value))[1] == "not_an_id"


def test_json_lines_read_ids_alike(tmp_path):
    path = tmp_path / "e.jsonl"
    blank = dict.fromkeys(HEADER[2:])
    given_ids = [1001.0, "m1 ", "e\u0301", None, "NULL", True]
    path.write_text("\n".join(json.dumps({"merchant_id": i, **blank}) for i in given_ids))
    [read] = read_blocks(path, "minimal")
    assert read.block["merchant_id"].tolist() == ["1001", "m1", "é"]
    assert [r.reason for r in read.rejects] == ["missing_id", "missing_id", "not_an_id"]


def test_a_merchant_is_found_however_its_id_is_written(tmp_path):
    path = write_csv(tmp_path / "e.csv", [row("1001.0"), row('="0012"'), row("e\u0301")])
    for name in ("1001", " 1001.0", '="1001"', "0012", "é", "e\u0301"):
        assert find_merchant(path, load_scorecard("minimal"), name).block is not None


def test_spellings_of_one_id_are_one_merchant(tmp_path):
    rows = [row("1001"), row("1001.0"), row('="1001"'), row("\uff11001"), row("1002")]
    [read] = read_blocks(write_csv(tmp_path / "e.csv", rows), "minimal")
    assert read.block["merchant_id"].tolist() == ["1001", "1002"]
    assert [r.reason for r in read.rejects] == ["repeated_id"] * 3


@pytest.mark.parametrize("bad", ["a\xadb", "1/2/2026", "2-Jan-26", "10:15:00"])
def test_what_is_no_id_is_none_in_any_table(bad, tmp_path):
    path = write_csv(tmp_path / "e.csv", [row(bad), row("m1")])
    pq.write_table(table(pa.array([bad, "m1"])), tmp_path / "e.parquet")
    for export in (path, tmp_path / "e.parquet"):
        [read] = read_blocks(export, "minimal")
        assert [r.reason for r in read.rejects] == ["not_an_id"]
        assert read.block["merchant_id"].tolist() == ["m1"]
    found = score_frame(table(pa.array(["m1"])), "minimal")
    with pytest.raises(InputError, match=r"no id|invisible"):
        score_frame(table(pa.array([bad, "m1"])), "minimal")
    assert found["merchant_id"].to_pylist() == ["m1"]
    (tmp_path / "o.csv").write_text(f"merchant_id,label\n{bad},1\nm1,0\n")
    with pytest.raises(InputError, match="1 row with faults") as caught:
        read_outcomes(tmp_path / "o.csv")
    assert "line 2, merchant_id" in str(caught.value)
    (tmp_path / "c.csv").write_text(f"query_id,item_id,merchant_id,relevance\nq,i,{bad},1\n")
    with pytest.raises(InputError, match="1 row with faults"):
        read_candidates(tmp_path / "c.csv")


@pytest.mark.parametrize("column", ["merchant_id", "category", "orders_paid"])
def test_whole_numbers_of_any_length_in_frames(column):
    frame = pd.DataFrame({"merchant_id": ["m1", "m2"], **dict.fromkeys(HEADER[1:], None)})
    frame[column] = pd.Series([10**5000, 7], dtype=object)
    if column == "category":
        assert len(score_frame(frame, "minimal")) == 2
    else:
        with pytest.raises(InputError, match="row 1"):
            score_frame(frame, "minimal")
