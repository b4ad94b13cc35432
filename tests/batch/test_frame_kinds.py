"""Frames of every library and column type are read like the CSV of the same cells."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.io.exports import HEADER, MINIMAL, row, write_csv
from trustscore.batch.files import score_files
from trustscore.batch.frame import score_frame
from trustscore.errors import InputError
from trustscore.explain.frame import explain_frame

ROWS = 7
CELLS = [row(f"m{n}", complaints=str(n), product_rating_mean=f"4.{n}") for n in range(ROWS)]
CELLS[2][HEADER.index("complaints")] = ""
CELLS[4][HEADER.index("complaints")] = "-3"
CELLS[5][0] = "m1"
LINES = {4: "negative_count", 5: "repeated_id"}


def typed():
    """The cells as the values that a typed file holds."""
    columns = {name: [cells[at] for cells in CELLS] for at, name in enumerate(HEADER)}
    return {
        name: texts if name == "merchant_id" else [float(t) if t else None for t in texts]
        for name, texts in columns.items()
    }


def numpy_frame():
    return pd.DataFrame(typed()).set_index(pd.Index(range(10, 10 + ROWS)))


def polars_frame(**types):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(typed())
    return frame.with_columns(frame[name].cast(kind(polars)) for name, kind in types.items())


def duckdb_relation():
    duckdb = pytest.importorskip("duckdb")
    return duckdb.connect().from_arrow(pa.table(typed()))


def batches():
    return pa.table(typed()).to_batches(max_chunksize=2)


class Stream:
    """What a library gives that only knows the protocol; it can be read once."""

    def __init__(self, batches, schema):
        self._reader = pa.RecordBatchReader.from_batches(schema, iter(batches))

    def __arrow_c_stream__(self, requested_schema=None):
        reader, self._reader = self._reader, None
        return reader.__arrow_c_stream__(requested_schema)


def stream():
    parts = batches()
    return Stream(parts, parts[0].schema)


def text_frame():
    return {name: [cells[at] for cells in CELLS] for at, name in enumerate(HEADER)}


KINDS = {
    "pandas numpy": (numpy_frame, pd.DataFrame),
    "pandas nullable": (lambda: numpy_frame().convert_dtypes(), pd.DataFrame),
    "pandas pyarrow": (lambda: numpy_frame().convert_dtypes(dtype_backend="pyarrow"), pd.DataFrame),
    "pandas object": (lambda: numpy_frame().astype(object), pd.DataFrame),
    "pandas text": (lambda: pd.DataFrame(text_frame()), pd.DataFrame),
    "pandas categories": (lambda: numpy_frame().astype("category"), pd.DataFrame),
    "pandas sparse": (
        lambda: numpy_frame().astype({"orders_paid": pd.SparseDtype("float64")}),
        pd.DataFrame,
    ),
    "pandas ids as index": (lambda: numpy_frame().set_index("merchant_id"), pd.DataFrame),
    "mapping": (typed, pd.DataFrame),
    "polars": (polars_frame, "polars"),
    "polars categories": (lambda: polars_frame(merchant_id=lambda pl: pl.Categorical), "polars"),
    "polars decimals": (
        lambda: polars_frame(product_rating_mean=lambda pl: pl.Decimal(10, 2)),
        "polars",
    ),
    "pyarrow Table": (lambda: pa.table(typed()), pa.Table),
    "pyarrow Table in chunks": (lambda: pa.Table.from_batches(batches()), pa.Table),
    "pyarrow RecordBatch": (lambda: pa.record_batch(typed()), pa.Table),
    "pyarrow RecordBatchReader": (lambda: pa.Table.from_batches(batches()).to_reader(), pa.Table),
    "duckdb": (duckdb_relation, pa.Table),
    "stream": (stream, pa.Table),
}


def plain(table):
    """The rows of a frame of any library, nothing as None."""
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    return (table.to_pylist() if isinstance(table, pa.Table) else table.to_dicts()) or []


@pytest.fixture(scope="module")
def of_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("csv")
    path = write_csv(folder / "e.csv", CELLS)
    score_files(path, folder / "s.parquet", scorecard=MINIMAL, contributions=folder / "c.parquet")
    return tuple(pq.read_table(folder / name).to_pylist() for name in ("s.parquet", "c.parquet"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_scores_like_the_file(kind, of_file):
    make, out = KINDS[kind]
    answer = score_frame(make(), MINIMAL, errors="reject", contributions=True)
    scores, rejects, wide = answer
    for table in answer:
        if out == "polars":
            assert type(table).__module__.startswith("polars")
        else:
            assert isinstance(table, out)
    assert plain(scores) == of_file[0]
    assert plain(wide) == of_file[1]
    found = {r["line"] - 1: r["reason"].partition(":")[0] for r in plain(rejects)}
    assert found == LINES


def test_pandas_keeps_its_index():
    scores, rejects = score_frame(numpy_frame(), MINIMAL, errors="reject")
    assert scores.index.tolist() == [10, 11, 12, 13, 16]
    assert rejects.index.tolist() == [14, 15]
    named = numpy_frame().set_index("merchant_id").drop(index=["m4", "m1"])
    assert score_frame(named, MINIMAL).index.equals(named.index)


@pytest.mark.parametrize("kind", KINDS)
def test_faulty_rows_are_errors_unless_rejects_are_asked_for(kind):
    with pytest.raises(InputError, match="2 rows of the frame cannot be scored") as caught:
        score_frame(KINDS[kind][0](), MINIMAL)
    assert caught.value.faults[0].startswith("row 5 (merchant m4), complaints: ")
    assert caught.value.faults[1].startswith("row 6 (merchant m1), merchant_id: ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_without_rows_gives_one_without_rows(kind):
    make, _ = KINDS[kind]
    frame = make()
    if isinstance(frame, pa.RecordBatchReader):
        frame = pa.RecordBatchReader.from_batches(frame.schema, [])
    elif isinstance(frame, Stream):
        frame = Stream([], batches()[0].schema)
    elif isinstance(frame, dict):
        frame = {name: [] for name in frame}
    elif hasattr(frame, "limit"):
        frame = frame.limit(0)
    else:
        frame = frame[:0] if isinstance(frame, pd.DataFrame) else frame.slice(0, 0)
    full, _ = score_frame(make(), MINIMAL, errors="reject")
    scores, rejects = score_frame(frame, MINIMAL, errors="reject")
    assert plain(scores) == plain(rejects) == []
    names = lambda table: getattr(table, "column_names", None) or list(table.columns)  # noqa: E731
    assert names(scores) == names(full)


def polars_of(table):
    return pytest.importorskip("polars").from_arrow(table)


def duckdb_of(table):
    return pytest.importorskip("duckdb").connect().from_arrow(table)


MAKERS = {
    "mapping": lambda table: {name: table[name].to_pylist() for name in table.column_names},
    "pandas": lambda table: table.to_pandas(),
    "polars": polars_of,
    "pyarrow Table": lambda table: table,
    "pyarrow RecordBatch": lambda table: table.to_batches()[0],
    "pyarrow RecordBatchReader": lambda table: table.to_reader(),
    "duckdb": duckdb_of,
    "stream": lambda table: Stream(table.to_batches(), table.schema),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_two_columns_that_mean_the_same_are_named(kind):
    table = pa.table(typed())
    paid = table["orders_paid"]
    table = table.drop_columns(["orders_paid"]).append_column("Orders Paid", paid)
    frame = MAKERS[kind](table.append_column("orders-paid", paid))
    with pytest.raises(InputError) as caught:
        score_frame(frame, MINIMAL)
    last = len(HEADER)
    assert caught.value.faults == [
        f"orders_paid: is there 2 times: 'Orders Paid' (column {last}),"
        f" 'orders-paid' (column {last + 1})"
    ]


@pytest.mark.parametrize("kind", ["pyarrow Table", "pyarrow RecordBatchReader", "stream"])
def test_two_columns_of_one_name_are_named(kind):
    table = pa.table(typed())
    frame = MAKERS[kind](table.append_column("complaints", table["complaints"]))
    with pytest.raises(InputError) as caught:
        score_frame(frame, MINIMAL)
    assert caught.value.faults[0].startswith("complaints: is there 2 times")


@pytest.mark.parametrize("kind", MAKERS)
def test_missing_columns_are_named(kind):
    table = pa.table(typed()).drop_columns(["complaints"])
    with pytest.raises(InputError) as caught:
        score_frame(MAKERS[kind](table), MINIMAL)
    assert caught.value.faults == ["complaints: no such column"]
    scores, _ = score_frame(
        MAKERS[kind](table), MINIMAL, errors="reject", allow_missing_columns=True
    )
    assert len(scores) == 6


@pytest.mark.parametrize(
    "thing", [None, 3, "export.csv", [1, 2], np.zeros((2, 2)), object(), [{"merchant_id": "a"}]]
)
def test_what_is_no_frame_is_refused_with_what_would_be_one(thing):
    with pytest.raises(InputError, match=r"must be a pandas DataFrame.* Got "):
        score_frame(thing, MINIMAL)
    with pytest.raises(InputError, match=r"must be a pandas DataFrame.* Got "):
        explain_frame(thing, MINIMAL)


@pytest.mark.parametrize("thing", [pa.chunked_array([[1.0]]), pd.Series([1.0])])
def test_a_column_is_no_frame(thing):
    with pytest.raises(InputError, match=r"the stream has no rows of columns|a frame must be"):
        score_frame(thing, MINIMAL)


def test_a_mapping_that_makes_no_table():
    with pytest.raises(InputError, match="make no table"):
        score_frame({"merchant_id": ["a", "b"], "complaints": [1.0]}, MINIMAL)


def test_a_lazy_frame_is_refused_and_says_what_to_do():
    with pytest.raises(InputError, match="LazyFrame; collect it"):
        score_frame(polars_frame().lazy(), MINIMAL)


def test_a_polars_column_is_no_frame():
    with pytest.raises(InputError, match=r"the stream has no rows of columns|a frame must be"):
        score_frame(polars_frame()["complaints"], MINIMAL)


def test_a_narwhals_frame_comes_back_as_one():
    narwhals = pytest.importorskip("narwhals")
    frame = narwhals.from_native(pa.table(typed()))
    scores, _ = score_frame(frame, MINIMAL, errors="reject")
    assert isinstance(scores, narwhals.DataFrame)
    assert len(scores) == 5


@pytest.mark.parametrize("errors", ["raise", "reject"])
@pytest.mark.parametrize("protocol", [True, False])
def test_a_stream_that_breaks_off_says_after_which_row(protocol, errors):
    first, second, *_ = batches()

    def broken():
        yield first
        yield second
        raise ValueError("the line is dead")

    frame = Stream(broken(), first.schema)
    if not protocol:
        frame = pa.RecordBatchReader.from_batches(first.schema, broken())
    with pytest.raises(InputError, match=r"broke off after row 4: .*the line is dead"):
        score_frame(frame, MINIMAL, errors=errors)


def test_a_query_that_fails_halfway():
    relation = duckdb_relation().project(
        "* REPLACE (CASE WHEN merchant_id = 'm6' THEN error('boom') ELSE complaints END"
        " AS complaints)"
    )
    with pytest.raises(InputError, match="boom"):
        score_frame(relation, MINIMAL)


def test_a_stream_is_not_kept():
    """While a stream of 4 MB is read, it never holds more memory than a few of its pieces."""
    most = 0

    def parts():
        nonlocal most
        for number in range(40):
            data = typed() | {"merchant_id": [f"b{number}m{n}" for n in range(ROWS)]}
            data |= {"complaints": [1.0] * ROWS, "category": ["x" * 15_000] * ROWS}
            yield pa.record_batch(data)
            most = max(most, pa.total_allocated_bytes() - before)

    schema = pa.table(typed() | {"category": ["x"] * ROWS}).schema
    before = pa.total_allocated_bytes()
    scores = score_frame(pa.RecordBatchReader.from_batches(schema, parts()), MINIMAL)
    ids = scores["merchant_id"].to_pylist()
    assert ids == [f"b{number}m{n}" for number in range(40) for n in range(ROWS)]
    assert most < 1_000_000


def test_ids_repeat_across_the_pieces_of_a_stream(monkeypatch):
    monkeypatch.setattr("trustscore.io.streams.ROWS", 2)
    for kind in ("pandas numpy", "pyarrow Table", "pyarrow RecordBatchReader"):
        _, rejects = score_frame(KINDS[kind][0](), MINIMAL, errors="reject")
        found = {r["line"] - 1: r["reason"] for r in plain(rejects)}
        assert list(found) == [4, 5]
        assert found[5].endswith("on line 2")


def test_pieces_do_not_change_a_score(monkeypatch):
    whole = score_frame(pa.table(typed()), MINIMAL, errors="reject")[0]
    monkeypatch.setattr("trustscore.io.streams.ROWS", 1)
    assert score_frame(pa.table(typed()), MINIMAL, errors="reject")[0].equals(whole)
    long = explain_frame(pa.table(typed()), MINIMAL, ["m6", "m0"])
    monkeypatch.setattr("trustscore.io.streams.ROWS", 100)
    assert explain_frame(pa.table(typed()), MINIMAL, ["m6", "m0"]).equals(long)


def one(column, values):
    """A frame of pandas with one column replaced."""
    good = [cells for at, cells in enumerate(CELLS) if at not in LINES][: len(values)]
    frame = pd.DataFrame({name: [cells[at] for cells in good] for at, name in enumerate(HEADER)})
    frame[column] = values
    return frame


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.array([1 + 1j]), "complex128"),
        (pd.to_datetime(["2026-01-01"]), "datetime64|timestamp"),
        (pd.period_range("2026-01", periods=1, freq="M"), "period"),
        (pd.to_timedelta(["1D"]), "timedelta64|duration"),
    ],
)
def test_columns_of_other_types_are_named(values, kind):
    with pytest.raises(InputError, match=rf"column complaints is of type .*({kind})"):
        score_frame(one("complaints", values), MINIMAL)


def test_nested_columns_are_named():
    table = pa.table(typed() | {"complaints": [[1.0]] * ROWS})
    with pytest.raises(InputError, match="1 column cannot be read"):
        score_frame(table, MINIMAL)


@pytest.mark.parametrize(
    "value", [3, 3.0, "3", " 3 ", Decimal("3"), np.int8(3), np.float32(3), Decimal("3.00")]
)
def test_cells_of_objects_mean_what_their_text_means(value):
    expected = score_frame(one("complaints", [3.0]), MINIMAL)
    found = score_frame(one("complaints", pd.Series([value], dtype=object)), MINIMAL)
    assert found.equals(expected)


@pytest.mark.parametrize("value", [None, np.nan, pd.NA, pd.NaT, "", "N/A", Decimal("NaN")])
def test_cells_of_nothing_are_unknown(value):
    expected = score_frame(one("complaints", [np.nan]), MINIMAL)
    found = score_frame(one("complaints", pd.Series([value], dtype=object)), MINIMAL)
    assert found.equals(expected)


@pytest.mark.parametrize("value", [dt.date(2026, 1, 1), [1], {"a": 1}, b"x", object()])
def test_cells_that_are_nothing_of_the_kind_are_rejects(value):
    frame = one("complaints", pd.Series([value], dtype=object))
    _, rejects = score_frame(frame, MINIMAL, errors="reject")
    assert rejects["column"].tolist() == ["complaints"]
