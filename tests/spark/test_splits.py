"""Reading a split is right or known to be wrong: no session needed to see that."""

import json
from dataclasses import replace
from io import BytesIO

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.exports import HEADER, MINIMAL, csv_bytes, good_rows, row
from trustscore.batch.manifest import Tally
from trustscore.boost import BoostPolicy
from trustscore.errors import InputError
from trustscore.io.csv_reader import open_csv
from trustscore.io.header import Wanted
from trustscore.io.text_stream import Source
from trustscore.spark.splits import Reading, address, read_lines, read_whole
from trustscore.spark.work import HEADER as HEAD
from trustscore.spark.work import NOTE, REJECT, SCORE, Job, Writer, tally_of

JOB = Job.of(MINIMAL, BoostPolicy.load(), None, (), ".csv")
URI = "file:/exports/day%201.csv"


def reading_of(data, job=JOB):
    wanted = Wanted.by(MINIMAL)
    plan, _ = open_csv(Source("day 1.csv", file=BytesIO(data)), wanted)
    return Reading(job, wanted, ("day 1.csv",), {address(URI): 0}, (plan,), {0: 0}, False, None, {})


def lines_of(data):
    """Lines with their breaks, as the text source of Spark cuts them."""
    return [line + b"\n" for line in data.removesuffix(b"\n").split(b"\n")]


def batches_of(lines, cuts, size):
    """Batches of rows as a task gets them, the file cut into splits before the given lines."""
    starts, at = [], 0
    for number, line in enumerate(lines):
        if number == 0 or number in cuts:
            start = at
        starts.append(start)
        at += len(line)
    for low in range(0, len(lines), size):
        part = lines[low : low + size]
        yield pa.RecordBatch.from_arrays(
            [
                pa.array([URI] * len(part)),
                pa.array(starts[low : low + size], pa.int64()),
                pa.array(part, pa.binary()),
            ],
            names=["path", "start", "data"],
        )


def answer(records):
    """Scores, rejects by absolute line, and the tally; None when a split was not clean."""
    rows = [row for batch in records for row in batch.to_pylist()]
    notes = {row["start"]: json.loads(row["note"]) for row in rows if row["kind"] == NOTE}
    if not all(note["clean"] for note in notes.values()):
        return None
    above, total = {}, 0
    for start in sorted(notes):
        above[start] = total
        total += notes[start]["lines"]
    tally = Tally()
    for note in notes.values():
        tally.merge(tally_of(note))
    places = sorted((row["line"] + above[row["start"]], row) for row in rows if row["kind"] < NOTE)
    scores = [(line, row["merchant_id"], row["score"]) for line, row in places if not row["kind"]]
    rejects = [
        (line, row["merchant_id"], row["reject"]) for line, row in places if row["kind"] == REJECT
    ]
    return scores, rejects, tally.as_dict(MINIMAL)


def read_as_a_whole(data):
    batch = pa.RecordBatch.from_arrays(
        [pa.array([URI]), pa.array([0], pa.int64()), pa.array([data], pa.binary())],
        names=["path", "start", "data"],
    )
    return read_whole(reading_of(data), [batch])


def whole(data):
    return answer(read_as_a_whole(data))


CELLS = st.sampled_from(
    ["", "1", "x", "5", "97%", "-3", "a,b", 'say "hi"', "two\nlines", '"', '5" pipe', "鞋"]
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["m1", "m2", "鞋店", "", "two\nlines"]),
        st.lists(CELLS, min_size=len(HEADER) - 1, max_size=len(HEADER) - 1),
    ).map(lambda pair: [pair[0], *pair[1]]),
    max_size=8,
)
RAW = st.sampled_from([b'm9,"open', b"short,row", b"", b'"a"b,c', b'm8,"x"\r'])


@settings(max_examples=40)
@given(
    ROWS,
    st.lists(st.tuples(st.integers(0, 40), RAW), max_size=3),
    st.sets(st.integers(1, 20), min_size=1, max_size=3),
    st.sampled_from([3, 100]),
)
def test_splits_anywhere_give_what_the_whole_file_gives(rows, raw, cuts, size):
    lines = lines_of(csv_bytes(rows))
    for place, text in raw:
        lines.insert(1 + place % len(lines), text + b"\n")
    data = b"".join(lines)
    found = answer(read_lines(reading_of(data), batches_of(lines_of(data), cuts, size)))
    if found is not None:
        assert found == whole(data)


def test_quoted_line_breaks_may_stand_inside_a_split_but_not_across():
    rows = [row("m1", category="two\nlines"), row("m2")]
    data = csv_bytes(rows)
    lines = lines_of(data)
    assert len(lines) == 4
    cut = {n: answer(read_lines(reading_of(data), batches_of(lines, {n}, 10))) for n in (1, 2, 3)}
    assert [cut[n] is None for n in (1, 2, 3)] == [False, True, False]
    assert cut[1] == cut[3] == whole(data)


@pytest.mark.parametrize("bad", [b"m2\xff", "乐".encode("gb18030")])
def test_a_split_that_is_not_utf8_is_not_clean(bad):
    lines = lines_of(csv_bytes([row("m1")])) + [bad + b"," * (len(HEADER) - 1) + b"\n"]
    data = b"".join(lines)
    assert answer(read_lines(reading_of(data), batches_of(lines, set(), 10))) is None
    # An id that depends on a guess is refused, as on one machine.
    [note] = [r["note"] for b in read_as_a_whole(data) for r in b.to_pylist() if r["kind"] == NOTE]
    assert "that is a guess" in note


def test_a_tally_survives_the_journey():
    reading = reading_of(csv_bytes([]))
    writer = reading.writer()
    empty = writer.note((0, 0))
    back = tally_of(json.loads(empty.column("note")[0].as_py()))
    assert back.as_dict(MINIMAL) == Tally().as_dict(MINIMAL)
    found = whole(csv_bytes([*good_rows(300), row("bad", complaints="x")]))[2]
    assert found["rows"] == {"read": 301, "scored": 300, "rejected": 1}


def test_each_part_of_a_csv_begins_with_a_header_and_no_part_of_a_table_does():
    data = csv_bytes(good_rows(3))
    kinds = [
        batch.column("kind")[0].as_py()
        for batch in read_lines(reading_of(data), batches_of(lines_of(data), set(), 10))
    ]
    assert kinds == [HEAD, SCORE, NOTE]
    assert list(Writer(replace(JOB, suffix=".parquet")).header()) == []


def test_versions_must_agree():
    with pytest.raises(InputError, match=r"driver runs trustscore 0\.0\.1, this worker"):
        _ = replace(JOB, version="0.0.1").formatter


def test_a_column_to_keep_must_not_come_out_anyway():
    with pytest.raises(InputError, match="keep tier: the output has columns of that name"):
        Job.of(MINIMAL, BoostPolicy.load(), None, ["tier"], ".csv")
