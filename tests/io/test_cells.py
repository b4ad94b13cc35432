"""The grammar of a cell, and the fast reader of plain numbers beside it."""

import math
import string

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.both_ways import both_ways
from trustscore.io.cells import read_cell, read_flag
from trustscore.io.text_columns import read_numbers

READ = [
    ("12", 12.0),
    ("  12 ", 12.0),
    ("\xa012\u3000", 12.0),
    ("\ufeff12", 12.0),
    ("007", 7.0),
    ("+5", 5.0),
    ("-4.25", -4.25),
    ("\u22124", -4.0),
    (".5", 0.5),
    ("5.", 5.0),
    ("1e3", 1000.0),
    ("-1.5E-3", -0.0015),
    ("97%", 0.97),
    ("97.3 %", 0.973),
    ("0.1％", 0.001),
    ("1e2%", 1.0),
    ("1,200.00", 1200.0),
    ("1,234,567", 1234567.0),
    ("$1,200.50", 1200.5),
    ("-$5", -5.0),
    ("$-5", -5.0),
    ("€ 7", 7.0),
    ("7 €", 7.0),
    ("¥12", 12.0),
    ("￥12", 12.0),
    ("£0.99", 0.99),
    ("R$ 10", 10.0),
    ("12元", 12.0),
    ("4.9406564584124654e-324", 5e-324),
    ("0.1000000000000000055511151231257827", 0.1),
]
BLANK = ["", " ", "\u3000", "NA", "n/a", "N/A", "NaN", "nan", "-nan", "null", "NULL", "None", "-"]
BLANK += ["--", "—", "无", "空", "#N/A", "<NA>", "(null)", "\\N", "nil"]
REFUSED = ["4,7", "1,20", "12,34", "1,2000", "0,250", "1_000", "0x1F", "1F", "1e", "e5", "--5"]
REFUSED += [".", "%", "$", "$5%", "1.2.3", "1 200", "twelve", "yes", "5 6", "¥¥5", "+-5", "-+$5"]
REFUSED += ["1,200,00", ",5", "1,", "12 orders", "nan(0)", "#DIV/0!", "１２"]
INFINITE = ["inf", "-inf", "Infinity", "+INF", "∞", "1e999", "-1e400"]


@pytest.mark.parametrize(("text", "value"), READ)
def test_what_is_a_number(text, value):
    cell = read_cell(text)
    assert (cell.value, cell.reason) == (value, "")


@pytest.mark.parametrize("text", BLANK)
def test_what_is_blank(text):
    cell = read_cell(text)
    assert math.isnan(cell.value)
    assert cell.reason == ""


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text):
    assert read_cell(text).reason == "not_a_number"


@pytest.mark.parametrize("text", INFINITE)
def test_infinity_is_its_own_fault(text):
    assert read_cell(text).reason == "infinite"


@pytest.mark.parametrize(
    ("text", "value"),
    [("4,7", 4.7), ("1.200,00", 1200.0), ("1.200", 1200.0), ("-,5", -0.5), ("97,5%", 0.975)],
)
def test_a_decimal_comma(text, value):
    assert read_cell(text, ",").value == value


@pytest.mark.parametrize("text", ["4.7", "1,200.00", "0.250", "1.20"])
def test_a_point_is_no_decimal_point_beside_a_decimal_comma(text):
    assert read_cell(text, ",").reason == "not_a_number"


def test_flags():
    for text in ("t", "T", "true", "Yes", " y ", "是"):
        assert read_flag(text) == 1.0
    for text in ("f", "FALSE", "no", "n", "否"):
        assert read_flag(text) == 0.0
    assert read_flag("maybe") is None


@pytest.mark.parametrize(
    ("text", "check", "reason"),
    [
        ("yes", "flag", ""),
        ("yes", "count", "not_a_number"),
        ("yes", "share", "not_a_number"),
        ("maybe", "flag", "not_a_flag"),
        ("97%", "share", ""),
        ("97%", "number", ""),
        ("97%", "count", "not_a_count"),
        ("97%", "flag", "not_a_flag"),
        ("inf", "flag", "infinite"),
    ],
)
def test_what_a_column_may_hold(text, check, reason):
    _, faults = read_numbers(pa.array([text]), check, ".")
    assert [fault[2] for fault in faults] == ([reason] if reason else [])


# --- the fast reader -----------------------------------------------------------------------


def fast(texts, point="."):
    """Values and odd rows, which compiled and uncompiled are the same."""
    data = [text.encode() for text in texts]
    ends = np.cumsum([len(text) + 1 for text in data]) - 1
    spans = np.stack([ends - [len(text) for text in data], ends], axis=1)
    found = []
    for module in both_ways("trustscore.io.csv_cells"):
        values, odd = np.empty((len(data), 1)), np.empty(len(data), dtype=np.int64)
        count = module.read_numbers(b",".join(data), spans, ord(point), values, odd)
        found.append((values[:, 0], odd[:count]))
    (compiled, odd), (python, also_odd) = found
    assert compiled.tobytes() == python.tobytes()
    assert odd.tolist() == also_odd.tolist()
    return compiled, odd


def same(one, other):
    return (math.isnan(one) and math.isnan(other)) or (
        one == other and math.copysign(1, one) == math.copysign(1, other)
    )


NUMBERISH = st.one_of(
    st.text(alphabet="0123456789.-", max_size=20),
    st.integers(-(10**17), 10**17).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-(10**9), 10**9, places=4).map(str),
    st.text(alphabet=string.printable, max_size=18).filter(lambda t: "," not in t),
    st.text(max_size=6).filter(lambda t: "," not in t),
)


@given(st.lists(NUMBERISH, min_size=1, max_size=40))
def test_the_fast_reader_reads_nothing_the_grammar_reads_otherwise(texts):
    values, odd = fast(texts)
    for place in set(range(len(texts))) - set(odd.tolist()):
        cell = read_cell(texts[place])
        assert cell.reason == "", texts[place]
        assert same(values[place], cell.value), texts[place]


@given(st.lists(NUMBERISH, min_size=1, max_size=40))
def test_a_column_reads_as_its_cells_do(texts):
    values, faults = read_numbers(pa.array(texts), "number", ".")
    wrong = {place: reason for place, _, reason in faults}
    for place, text in enumerate(texts):
        cell = read_cell(text)
        assert wrong.get(place, "") == cell.reason, text
        assert same(values[place], cell.value), text


@given(st.lists(NUMBERISH.map(lambda t: t.replace(".", ";").replace(";", ",")), max_size=30))
def test_a_column_with_decimal_commas_reads_as_its_cells_do(texts):
    values, faults = read_numbers(pa.array(texts, pa.string()), "number", ",")
    wrong = {place: reason for place, _, reason in faults}
    for place, text in enumerate(texts):
        cell = read_cell(text, ",")
        assert wrong.get(place, "") == cell.reason, text
        assert same(values[place], cell.value), text


def test_plain_numbers_take_the_fast_way():
    texts = ["0", "12345678", "1.5", "-2.25", "12345678.1234567", "", "99999.9999", "-7", ".25"]
    values, odd = fast(texts)
    assert odd.tolist() == []
    assert values[:5].tolist() == [0.0, 12345678.0, 1.5, -2.25, 12345678.1234567]
    assert math.isnan(values[5])
    assert values[6:].tolist() == [99999.9999, -7.0, 0.25]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("9007199254740992", True),  # 2 ** 53
        ("9007199254740993", False),
        ("0.000000000000000001", False),  # nineteen digits
        ("00.0000000000000001", True),
        ("0.30000000000000004", False),
        ("900719925474099.2", True),
        ("-", False),
        (".", False),
        ("-.", False),
        ("1.2.3", False),
        ("+1", False),
        (" 1", False),
        ("1e3", False),
    ],
)
def test_only_what_divides_without_a_second_rounding_is_plain(text, plain):
    values, odd = fast([text, "1"])
    assert odd.tolist() == ([] if plain else [0])
    assert same(values[0], float(text) if plain else math.nan)
    assert values[1] == 1.0
