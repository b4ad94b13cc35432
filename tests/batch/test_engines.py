"""One body over every engine: what is asked for is equal, bit by bit, never close."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.io.exports import HEADER, MINIMAL, good_rows, row, write_csv, write_parquet
from trustscore import load_scorecard, score_frame, simulate_export
from trustscore.batch.files import score_files
from trustscore.boost import BoostPolicy
from trustscore.io.blocks import read_blocks
from trustscore.scoring import score_columns

ROWS = good_rows(700, seed=3)


BLOCKS = (16, 1000, 1 << 20)


def same(one, other):
    """Every column of two score tables, bit by bit; a blank is a blank."""
    assert list(one) == list(other)
    for name in one:
        mine, theirs = np.asarray(one[name]), np.asarray(other[name])
        if mine.dtype == np.float64:
            assert np.array_equal(mine.view(np.int64), theirs.view(np.int64)) or (
                np.array_equal(np.isnan(mine), np.isnan(theirs))
                and np.array_equal(np.nan_to_num(mine), np.nan_to_num(theirs))
            ), name
        else:
            assert [text or "" for text in mine] == [text or "" for text in theirs], name


def columns(table):
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.schema.names}


def text_frame(rows=ROWS):
    return pd.DataFrame(rows, columns=HEADER)


def text_table(rows=ROWS):
    return pa.table({name: pa.array([r[at] for r in rows]) for at, name in enumerate(HEADER)})


@pytest.fixture(scope="module")
def expected():
    return score_frame(text_frame(), MINIMAL).reset_index(drop=True)


def as_columns(frame):
    if not isinstance(frame, pd.DataFrame):
        frame = frame.to_pandas()
    return {name: frame[name].to_numpy() for name in frame}


def by_pandas(folder):
    return as_columns(score_frame(text_frame(), MINIMAL))


def by_indexed_pandas(folder):
    return as_columns(score_frame(text_frame().set_index("merchant_id"), MINIMAL))


def by_numeric_pandas(folder):
    frame = pd.read_csv(write_csv(folder / "export.csv", ROWS), thousands=",")
    return as_columns(score_frame(frame, MINIMAL))


def by_categories(folder):
    return as_columns(score_frame(text_frame().astype("category"), MINIMAL))


def by_arrow(folder):
    return as_columns(score_frame(text_table(), MINIMAL))


def by_chunked_arrow(folder):
    table = text_table()
    return as_columns(score_frame(pa.concat_tables([table[:123], table[123:]]), MINIMAL))


def by_dictionaries(folder):
    table = text_table()
    coded = [column.dictionary_encode() for column in table.columns]
    return as_columns(score_frame(pa.table(coded, names=table.schema.names), MINIMAL))


def by_record_batches(folder):
    frames = [score_frame(batch, MINIMAL) for batch in text_table().to_batches(max_chunksize=111)]
    return as_columns(pa.concat_tables(frames))


def by_polars(folder):
    polars = pytest.importorskip("polars")
    return as_columns(score_frame(polars.from_arrow(text_table()), MINIMAL))


def by_file(name, write=write_csv, **how):
    def run(folder):
        source = write(folder / name, ROWS)
        score_files(source, folder / "scores.parquet", scorecard=MINIMAL, **how)
        return columns(pq.read_table(folder / "scores.parquet"))

    return run


ENGINES = {
    "pandas": by_pandas,
    "pandas, id as index": by_indexed_pandas,
    "pandas, numbers": by_numeric_pandas,
    "pandas, categories": by_categories,
    "arrow": by_arrow,
    "arrow, chunks": by_chunked_arrow,
    "arrow, dictionaries": by_dictionaries,
    "arrow, batches": by_record_batches,
    "polars": by_polars,
    **{f"csv, {block} bytes": by_file("export.csv", block=block) for block in BLOCKS},
    **{f"gzip, {block} bytes": by_file("export.csv.gz", block=block) for block in BLOCKS},
    "parquet": by_file("export.parquet", write_parquet),
    **{f"csv, {jobs} jobs": by_file("export.csv", block=5000, jobs=jobs) for jobs in (2, 3)},
    "parquet, 2 jobs": by_file("export.parquet", write_parquet, jobs=2),
}


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES.keys())
def test_every_engine_gives_the_same_bits(engine, expected, tmp_path):
    same(as_columns(expected), engine(tmp_path))


@pytest.mark.parametrize("size", [1, 777, 65_536])
def test_the_kernel_does_not_see_where_a_block_ends(size):
    rng = np.random.default_rng(11)
    count = 66_000 if size > 777 else 2000 if size > 1 else 100
    paid = np.floor(rng.lognormal(4, 1.5, count))
    block = {
        "negative_reviews": np.floor(paid * rng.random(count) / 5),
        "reviews_rated": paid,
        "product_rating_mean": rng.uniform(1, 5, count),
        "complaints": np.floor(paid * rng.random(count) / 20),
        "orders_paid": paid,
        "orders_guaranteed": np.floor(paid * rng.random(count)),
        "aftersales_review_hours_mean": rng.lognormal(1, 1, count),
        "refunds_completed": np.floor(paid * rng.random(count)),
        "barred_identity_link_flag": (rng.random(count) < 0.1).astype(float),
    }
    for name, values in block.items():
        values[rng.random(count) < 0.1] = np.nan
        assert name in HEADER
    whole = score_columns(block, MINIMAL)
    parts = [
        score_columns({k: v[at : at + size] for k, v in block.items()}, MINIMAL)
        for at in range(0, count, size)
    ]
    for name in ("trust_index", "trust_index_lower", "index_se", "prior_index", "coverage"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(getattr(whole, name), joined, equal_nan=True), name


def test_the_default_scorecard_from_frame_file_and_parquet(tmp_path):
    export = simulate_export(400, seed=5)
    frame = pd.DataFrame(dict(export))
    wanted = as_columns(score_frame(frame, "default"))
    frame.to_csv(tmp_path / "e.csv", index=False)
    frame.to_parquet(tmp_path / "e.parquet")
    for name, how in [("e.csv", {"block": 30_000}), ("e.csv", {"jobs": 2}), ("e.parquet", {})]:
        score_files(tmp_path / name, tmp_path / "scores.parquet", **how)
        same(wanted, columns(pq.read_table(tmp_path / "scores.parquet")))


def test_a_permuted_input_gives_permuted_rows(expected, tmp_path):
    order = np.random.default_rng(2).permutation(len(ROWS))
    source = write_csv(tmp_path / "e.csv", [ROWS[at] for at in order])
    score_files(source, tmp_path / "s.parquet", scorecard=MINIMAL, block=3000)
    same(as_columns(expected.iloc[order]), columns(pq.read_table(tmp_path / "s.parquet")))


def spoilt():
    """Rows with faults and repeats in their midst, in one block and far apart."""
    rows = [list(cells) for cells in ROWS]
    rows[10][HEADER.index("complaints")] = "many"
    rows[200][0] = "m00100"
    rows[201][0] = ""
    rows[300][0] = rows[299][0]
    rows[400] = rows[400][:-2]
    rows[450] = row("multi\nline", complaints="2", orders_paid="9")
    rows[451][0] = "m00001"
    rows[600][HEADER.index("category")] = '"quoted", and more'
    rows[699][0] = "m00699"
    return rows


@pytest.fixture(scope="module")
def one_pass(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    return outputs(folder, block=1 << 20, jobs=1)


def outputs(folder, *, block, jobs):
    source = write_csv(folder / "e.csv", spoilt())
    report = score_files(
        source,
        folder / "s.csv",
        scorecard=MINIMAL,
        block=block,
        jobs=jobs,
        contributions=folder / "c.csv",
        keep=["category"],
    )
    facts = {k: v for k, v in report.manifest.items() if k not in ("started", "seconds")}
    facts["outputs"] = facts["inputs"][0]["path"] = None
    names = ("s.csv", "s.csv.rejects.csv", "c.csv")
    return [(folder / name).read_bytes() for name in names], facts


@pytest.mark.parametrize(
    ("block", "jobs"), [(16, 1), (100, 1), (7777, 1), (1 << 20, 2), (2000, 2), (4000, 3)]
)
def test_the_same_bytes_for_every_block_and_job_count(block, jobs, one_pass, tmp_path):
    files, facts = outputs(tmp_path, block=block, jobs=jobs)
    assert files == one_pass[0]
    assert facts == one_pass[1]


def test_what_is_rejected_in_the_midst(one_pass):
    (scores, rejects, _), facts = one_pass
    assert facts["rows"] == {"read": 700, "scored": 693, "rejected": 7}
    assert facts["rejected"] == {
        "field_count": 1,
        "missing_id": 1,
        "not_a_number": 1,
        "repeated_id": 4,
    }
    assert scores.count(b"\n") == 1 + 693 + 1  # one id holds a line break
    lines = [line.split(b",")[0] for line in rejects.splitlines() if line[:1].isdigit()]
    assert lines == [b"12", b"202", b"203", b"302", b"402", b"454", b"702"]


def test_csv_is_parquet_rounded(tmp_path):
    source = write_csv(tmp_path / "e.csv", ROWS)
    score_files(source, tmp_path / "s.csv", scorecard=MINIMAL)
    score_files(source, tmp_path / "s.parquet", scorecard=MINIMAL)
    read = pd.read_csv(tmp_path / "s.csv", keep_default_na=False, na_values={"trust_index": [""]})
    exact = pq.read_table(tmp_path / "s.parquet").to_pandas()
    for name, decimals in [("trust_index", 4), ("coverage", 4), ("trust_boost", 8)]:
        gap = np.abs(read[name].astype(float) - exact[name])
        assert gap.max() <= 0.5000001 * 10**-decimals
    assert (tmp_path / "s.csv").read_bytes().startswith(b"merchant_id,trust_index,")
    score_files(source, tmp_path / "s.csv.gz", scorecard=MINIMAL)
    assert (
        gzip.decompress((tmp_path / "s.csv.gz").read_bytes()) == (tmp_path / "s.csv").read_bytes()
    )


@pytest.mark.parametrize("card", ["minimal", "default"])
@pytest.mark.parametrize("end", [".csv", ".parquet"])
def test_contributions_add_up(card, end, tmp_path):
    export = simulate_export(300, seed=8, scorecard=card)
    frame = pd.DataFrame(dict(export))
    frame.to_csv(tmp_path / "e.csv", index=False)
    wide = tmp_path / f"c{end}"
    score_files(tmp_path / "e.csv", tmp_path / "s.csv", scorecard=card, contributions=wide)
    table = pd.read_csv(wide) if end == ".csv" else pq.read_table(wide).to_pandas()
    found = load_scorecard(card)
    assert list(table.columns) == [
        "merchant_id",
        *(s.id for s in found.signals),
        *(r.id for r in found.rules),
        *("limit", "cap", "trust_index"),
    ]
    scored = table[table.trust_index.notna()]
    assert len(scored) > 200
    parts = scored.drop(columns=["merchant_id", "trust_index"]).sum(axis=1)
    assert np.abs(parts - scored.trust_index).max() < 1e-9
    assert table[table.trust_index.isna()].drop(columns="merchant_id").isna().all(axis=None)


def test_read_blocks_is_the_same_reading(expected, tmp_path):
    source = write_csv(tmp_path / "e.csv", ROWS)
    found = []
    for part in read_blocks(source, MINIMAL, block=999):
        block = {k: v for k, v in part.block.items() if k != "merchant_id"}
        found.append(score_columns(block, MINIMAL).trust_index)
    assert np.array_equal(np.concatenate(found), expected.trust_index, equal_nan=True)


def test_the_boost_is_that_of_the_policy(tmp_path):
    frame = score_frame(text_frame(), MINIMAL, policy=BoostPolicy.load("boost"))
    assert (frame.trust_boost[frame.status == "not_scored"] == 1).all()
    assert frame.trust_boost.nunique() > 10
