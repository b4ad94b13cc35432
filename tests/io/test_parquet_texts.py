"""Long texts in dictionaries of Parquet: never repeated beyond the limit of a batch."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trustscore.batch.files import score_files
from trustscore.io import parquet_texts
from trustscore.io.header import Wanted
from trustscore.io.parquet_reader import ParquetSource, open_parquet
from trustscore.scorecard import load_scorecard

CARD = load_scorecard("minimal")
ROWS = 600
# The third is too long for any column, the second only to stand in every row.
TEXTS = ["books", "b" * 9_000, "é" * 90_000]


def write(path, *, dictionary=True, column="category"):
    columns = {field.name: np.full(ROWS, 1.0) for field in CARD.fields}
    columns["merchant_id"] = [f"m{row}" for row in range(ROWS)]
    columns[column] = pa.array(TEXTS * (ROWS // 3))
    pq.write_table(
        pa.table(columns), path, use_dictionary=dictionary, dictionary_pagesize_limit=1 << 24
    )  # fmt: skip
    return path


@pytest.fixture
def small(monkeypatch):
    """As if 200 KB were the most that a batch may hold."""
    monkeypatch.setattr(parquet_texts, "_MOST", 200_000)


@pytest.mark.parametrize("dictionary", [True, False])
def test_no_batch_holds_more_than_it_may(small, tmp_path, dictionary):
    path = write(tmp_path / "e.parquet", dictionary=dictionary)
    with ParquetSource(path) as source:
        _, pieces = open_parquet(source, Wanted.by(CARD))
        sizes = []
        for batch, line in pieces:
            assert line == 1 + sum(rows for rows, _ in sizes)
            texts = [c for c in batch.columns if pa.types.is_dictionary(c.type)]
            assert bool(texts) == dictionary
            sizes.append((batch.num_rows, batch.nbytes))
    assert sum(rows for rows, _ in sizes) == ROWS
    assert max(rows for rows, _ in sizes) < 60
    if not dictionary:
        assert max(size for _, size in sizes) < 600_000


@pytest.mark.slow
@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("column", ["category", "merchant_id", "orders_paid", "note"])
def test_rows_with_texts_that_are_too_long_are_rejects(small, tmp_path, dictionary, column):
    path = write(tmp_path / "e.parquet", dictionary=dictionary, column=column)
    rejects = tmp_path / "r.csv"
    keep = ["note"] if column == "note" else []
    result = score_files(path, tmp_path / "s.csv", scorecard=CARD, rejects=rejects, keep=keep)
    rows = result.manifest["rows"]
    assert rows["read"] == rows["scored"] + rows["rejected"] == ROWS
    lines = set(pd.read_csv(rejects).line)
    assert lines >= set(range(3, ROWS + 1, 3))
    if column in ("category", "note"):
        assert lines == set(range(3, ROWS + 1, 3))
        assert result.manifest["rejected"] == {"too_long": ROWS // 3}


def test_an_ordinary_file_is_read_as_before(tmp_path):
    path = write(tmp_path / "e.parquet")
    with ParquetSource(path) as source:
        _, pieces = open_parquet(source, Wanted.by(CARD))
        assert [piece.data.num_rows for piece in pieces] == [ROWS]
