"""Records and cells: against the csv module where the rules meet, by hand where they do not."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.io.csv_cells import last_record
from trustscore.io.csv_records import Layout, find_records

COMMA = ord(",")


def records(data, width, delimiter=",", first_line=1):
    layout = Layout(width, numbers=(), texts=range(width), delimiter=delimiter)
    return find_records(data, layout, first_line)


def cells(data, width, delimiter=","):
    found = records(data, width, delimiter)
    columns = [found.texts(place).to_pylist() for place in range(width)]
    one_by_one = [[found.cell(row, place) for place in range(width)] for row in range(len(found))]
    assert one_by_one == [list(row) for row in zip(*columns, strict=True)]
    return one_by_one


CELL = st.text(alphabet='ab1. "\n,;é', max_size=6).map(lambda t: t.strip('"'))


def spelled(rows, quote_all=False, newline="\n"):
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(out, lineterminator=newline, quoting=quoting).writerows(rows)
    return out.getvalue()


@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_csv_writes_is_read_back(rows, quote_all, newline):
    rows = [row for row in rows if any(row)]
    data = spelled(rows, quote_all, newline).encode()
    assert cells(data, 3) == rows


@given(st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12))
def test_every_record_comes_out_once(rows):
    data = spelled(rows).encode()
    found = records(data, 3)
    right = [row for row in rows if len(row) == 3]
    wrong = [row for row in rows if len(row) != 3 and row != [""]]
    assert len(found.lines) == len(right)
    # An empty field alone on its line is written as "" and is a record, not a blank line.
    assert sorted(b.fields for b in found.broken if b.fields > 1) == sorted(
        len(row) for row in wrong if len(row) > 1
    )


@given(st.lists(st.lists(CELL, min_size=2, max_size=3), min_size=1, max_size=12))
def test_lines_are_physical_lines(rows):
    data = spelled(rows).encode()
    expected, line = {}, 1
    for number, record in enumerate(rows):
        expected[number] = line
        line += spelled([record]).count("\n")
    found = records(data, 3)
    good = [expected[n] for n, record in enumerate(rows) if len(record) == 3]
    bad = [expected[n] for n, record in enumerate(rows) if len(record) == 2]
    assert found.lines.tolist() == good
    assert [broken.line for broken in found.broken] == bad


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=8), st.integers(0, 80))
def test_a_cut_is_between_records(rows, at):
    data = spelled(rows).encode()
    end = last_record(data[:at], COMMA, False)
    lengths = [len(spelled([record]).encode()) for record in rows]
    borders = [sum(lengths[:n]) for n in range(len(rows) + 1)]
    assert end in borders
    assert end == max(border for border in borders if border <= at)


def test_a_mark_inside_a_field_is_a_character():
    assert cells(b'5" pipe,b\nc,6" pipe\n', 2) == [['5" pipe', "b"], ["c", '6" pipe']]
    assert cells(b'a,"b"\nc "d" e,f\n', 2) == [["a", "b"], ['c "d" e', "f"]]


def test_a_stray_mark_does_not_swallow_the_lines_below():
    data = b'm1,5" pipe,1\nm2,"a\nb",2\nm3,x,3\n'
    found = records(data, 3)
    assert [found.cell(row, 0) for row in range(3)] == ["m1", "m2", "m3"]
    assert found.cell(1, 1) == "a\nb"
    assert found.lines.tolist() == [1, 2, 4]


def test_blank_lines_are_counted_and_skipped():
    found = records(b"a,1\n\n\r\nb,2\n", 2, first_line=10)
    assert found.lines.tolist() == [10, 13]
    assert found.broken == []


def test_an_unclosed_mark_is_seen():
    data = b'm1,1\nm2,"x\nm3,3\n'
    assert last_record(data, COMMA, False) == 5
    assert last_record(data, COMMA, True) == len(data)
    found = records(data, 2)
    assert found.lines.tolist() == [1, 3]
    assert [(b.line, b.fields, b.raw) for b in found.broken] == [(2, None, 'm2,"x')]


def test_raw_is_the_row_as_it_stands():
    found = records(b'm1,"a ""b"""\r\nm2,c\r\n', 2)
    assert found.raw(0) == 'm1,"a ""b"""'
    assert found.cell(0, 1) == 'a "b"'


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(delimiter):
    data = delimiter.join(["a,1", "b"]).encode() + b"\n"
    assert cells(data, 2, delimiter) == [["a,1", "b"]]
