"""Lines of CSV: as Python would write them, compiled and not, whatever the other rows are."""

import csv
import io
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.both_ways import both_ways
from trustscore.io import csv_text
from trustscore.io.csv_text import Listed, Numbers, Texts, Words, bare, exact, inert, lines_of

LOOPS = [module.write_lines for module in both_ways("trustscore.io.csv_lines")]


@pytest.fixture(params=LOOPS, ids=["imported", "python"])
def _loop(request, monkeypatch):
    monkeypatch.setattr(csv_text, "write_lines", request.param)


def written(columns, rows):
    """The cells of the lines, which the csv module must be able to read."""
    text = "".join(lines_of(columns, rows).to_pylist())
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.usefixtures("_loop")
@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.0, 4, "0.0000"),
        (-0.0, 4, "0.0000"),
        (71.25, 4, "71.2500"),
        (100.0, 4, "100.0000"),
        (0.00005, 4, "0.0000"),  # halves to the even one
        (0.00035, 4, "0.0004"),
        (9.99996, 4, "10.0000"),
        (1.234567891, 8, "1.23456789"),
        (3.25, 1, "3.2"),
        (7.0, 0, "7"),
        (math.nan, 4, ""),
        (999.0, 4, "999.0000"),
        (1234.5, 4, "1234.5000"),
        (-1.5, 4, "-1.5000"),
        (1e300, 1, f"{1e300:.1f}"),
        (math.inf, 4, "inf"),
        (0.125, 15, "0.125000000000000"),
    ],
)
def test_numbers_by_hand(value, decimals, text):
    assert written([Numbers(np.array([value]), decimals), Words(np.array([0]), ["x"])], 1) == [
        [text, "x"]
    ]


@pytest.mark.usefixtures("_loop")
def test_a_list_leaves_out_what_rounds_to_nothing():
    codes = np.array([[0, 1, 2], [2, 2, 0], [1, 0, 0]])
    points = np.array([[3.21, 0.04, 100.0], [1.0, math.nan, 0.0], [0.06, 0.0, 0.0]])
    listed = Listed(codes, points, ["a:-", "b:-", "c:-"], 1)
    assert written([listed, Words(np.zeros(3, dtype=np.int8), ["."])], 3) == [
        ["a:-3.2;c:-1.0;b:-0.1", "."],
        ["", "."],
        ["c:-100.0", "."],
    ]


TEXT = st.text(alphabet="ab=+-@\t\r\n\",;'1é乐", max_size=6)
VALUE = st.one_of(
    st.floats(0, 1000),
    st.floats(0, 0.001),
    st.sampled_from([0.0, math.nan, 999.0, 999.99999]),
    st.floats(),
)


@given(
    st.lists(st.tuples(TEXT, VALUE, VALUE, st.integers(0, 2), st.integers(0, 2)), max_size=12),
    st.integers(0, 15),
)
def test_every_line_is_the_same_alone_and_among_others(rows, decimals):
    texts, values, points, words, reasons = map(list, zip(*rows, strict=True)) if rows else [[]] * 5

    def columns(part):
        return [
            Texts(pa.array(texts[part], pa.string())),
            Numbers(np.array(values[part], dtype=np.float64), decimals),
            Words(np.array(words[part], dtype=np.int8), ["", "new", 'a "b", c']),
            Listed(
                np.array([reasons[part]]), np.array([points[part]], dtype=float), ["x", "y", "z"], 1
            ),
        ]

    whole = lines_of(columns(slice(None)), len(rows)).to_pylist()
    for row in range(len(rows)):
        assert lines_of(columns(slice(row, row + 1)), 1).to_pylist() == [whole[row]]
    read = list(csv.reader(io.StringIO("".join(whole), newline="")))
    assert [bare(cells[0]) for cells in read] == texts
    assert [cells[2] for cells in read] == [["", "new", 'a "b", c'][word] for word in words]


@given(st.lists(st.floats(0, 999), max_size=20), st.integers(1, 12))
def test_compiled_and_uncompiled_write_the_same_bytes(values, decimals):
    found = []
    for loop in LOOPS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_text, "write_lines", loop)
            found.append(lines_of([Numbers(np.array(values), decimals)], len(values)).to_pylist())
    assert found[0] == found[1]
    # Rounding the product may differ from rounding the number, by one unit at most.
    for line, value in zip(found[0], values, strict=True):
        assert len(line.strip().partition(".")[2]) == decimals
        assert abs(float(line) - value) <= 0.51 * 10.0**-decimals


def test_no_rows_are_no_lines():
    assert (
        lines_of([Numbers(np.empty(0), 4), Texts(pa.array([], pa.string()))], 0).to_pylist() == []
    )


@given(st.lists(TEXT, max_size=9))
def test_bare_undoes_inert(texts):
    ready = inert(pa.array(texts, pa.string())).to_pylist()
    cells = [next(csv.reader(io.StringIO(text, newline="")), [""])[0] for text in ready]
    assert [bare(cell) for cell in cells] == texts


@pytest.mark.parametrize(
    "values",
    [
        [0.0, 1.0, 999_999_999.0, math.nan],
        [1e9, 1e10, 1e15, 2.0],
        [-0.0, 3.0],
        [-5.0, 3.0],
        [0.5, 3.0],
        [math.inf, 3.0],
        [math.nan, math.nan],
        [],
    ],
)
def test_counts_are_written_as_any_number_is(values):
    numbers = np.array(values, dtype=np.float64)
    plain = ["" if v != v else pa.array([v]).cast(pa.string())[0].as_py() for v in values]
    assert exact(numbers).to_pylist() == plain
