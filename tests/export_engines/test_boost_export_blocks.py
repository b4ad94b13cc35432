"""Boosts of a large score file: block by block, in parts, and all its faults at once."""

import datetime as dt
import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from boost_engines import bulk

from trustscore.boost import BoostPolicy
from trustscore.errors import InputError
from trustscore.export.engines import Boosts, engine_files
from trustscore.export.engines.elastic import MOST_TIERS
from trustscore.export.engines.files import export_boosts
from trustscore.export.engines.files.blocks import Spool
from trustscore.export.engines.rows import MOST_BYTES, boost_columns

# Parquet comes in blocks of 4,096 rows.
ROWS = 10_000


def scores_of(count, **changes):
    at = np.arange(count)
    columns = {
        "merchant_id": np.array([f"m{i:06d}" for i in at], dtype=object),
        "trust_index": (at * 7919 % 1000) / 10,
        "index_se": np.full(count, 3.0),
        "prior_index": np.full(count, 71.0),
        "coverage": np.full(count, 0.9),
        "tier": np.array([f"tier{i % 3}" for i in at], dtype=object),
        "veto": np.array(["block" if i % 50 == 0 else "" for i in at], dtype=object),
    }
    return columns | changes


def write(path, columns):
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("engine", ["elasticsearch", "solr", "typesense", "sql", "redis"])
def test_blocks_change_nothing(engine, tmp_path):
    columns = scores_of(ROWS)
    path = write(tmp_path / "scores.parquet", columns)
    done = export_boosts(path, tmp_path / "out", engine, scored_on=dt.date(2026, 1, 1))
    whole = engine_files(engine, Boosts.of(columns, BoostPolicy.load(), dt.date(2026, 1, 1)))
    assert done.merchants == ROWS
    for name, pieces in whole.items():
        file = tmp_path / "out" / name if name else tmp_path / "out"
        assert file.read_bytes().decode() == "".join(pieces)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_parquet_of_several_blocks_is_that_of_one(tmp_path):
    columns = scores_of(ROWS)
    path = write(tmp_path / "scores.parquet", columns)
    export_boosts(path, tmp_path / "boosts.parquet", "parquet")
    found = pq.read_table(tmp_path / "boosts.parquet")
    wanted = boost_columns(columns, BoostPolicy.load())
    assert set(found.column_names) == set(wanted) - {"step"}
    for name in found.column_names:
        assert found[name].to_pylist() == wanted[name].tolist(), name


def test_kept_blocks_are_read_as_often_as_need_be_and_side_by_side(tmp_path):
    policy = BoostPolicy.load()
    blocks = [boost_columns(scores_of(n), policy) for n in (3, 5, 2)]
    with open(tmp_path / "spool", "w+b") as file:
        spool = Spool(file, iter(blocks))
        one, other = spool.blocks(), spool.blocks()
        sizes = []
        for first in one:
            second = next(other)
            assert first["merchant_id"].tolist() == second["merchant_id"].tolist()
            assert first["lean"].tolist() == second["lean"].tolist()
            sizes.append(len(first["lean"]))
        assert sizes == [3, 5, 2]
        assert len(list(spool.blocks())) == 3


# Parts ------------------------------------------------------------------------------------------


def test_bulk_files_stay_under_the_limit_of_servers(tmp_path, monkeypatch):
    import trustscore.export.engines.rows as rows

    assert MOST_BYTES < 10 * 2**20 < 100 * 2**20
    most = 300_000
    monkeypatch.setattr(rows.Parts, "__init__", _parts_of(most))
    path, out = write(tmp_path / "scores.parquet", scores_of(ROWS)), tmp_path / "es"
    export_boosts(path, out, "elasticsearch")
    parts = sorted(out.glob("merchants*.ndjson"))
    assert len(parts) > 5
    assert max(part.stat().st_size for part in parts) <= most
    merged = {}
    for part in parts:
        # Each is a body of its own: actions with their documents, and a line end.
        assert part.read_bytes().endswith(b"\n")
        merged |= bulk(part.read_text(encoding="utf-8"))
    assert len(merged) == ROWS

    # A later export with fewer merchants leaves no part of this one: it would be loaded as well.
    (out / "merchants-mine.ndjson").write_text("mine")
    (out / "merchants-1.ndjson").write_text("mine")
    write(path, scores_of(100))
    done = export_boosts(path, out, "elasticsearch")
    names = {p.name for p in out.glob("merchants*.ndjson")}
    assert names == {"merchants.ndjson", "merchants-mine.ndjson", "merchants-1.ndjson"}
    assert [name for name in done.files if "merchants-" in name] == []


def _parts_of(most):
    def init(self, pieces, _most=0):
        self.pieces, self.most = pieces, most

    return init


def test_a_lookup_stays_under_the_limit_too():
    ids = np.array([f"{at:06d}" + "商" * 150 for at in range(30_000)], dtype=object)
    tier = np.full(len(ids), "t", dtype=object)
    scores = scores_of(len(ids), merchant_id=ids, tier=tier)
    pieces = list(
        engine_files("elasticsearch", Boosts.of(scores, BoostPolicy.load()))["tiers.ndjson"]
    )
    assert max(map(len, pieces)) < MOST_BYTES
    found = bulk("".join(pieces))
    assert len({i for doc in found.values() for i in doc["merchant_ids"]}) == len(ids)
    assert {"tier-1", "tier-1-2"} <= set(found)


def test_a_column_that_is_no_tier_is_named():
    count = MOST_TIERS + 1
    scores = scores_of(count, tier=np.array([f"t{at}" for at in range(count)], dtype=object))
    scores["veto"][:] = ""
    files = engine_files("elasticsearch", Boosts.of(scores, BoostPolicy.load()))
    with pytest.raises(InputError, match=r"more than 200 tiers.*is `tier` the column of the tiers"):
        list(files["tiers.ndjson"])


def test_ids_that_look_like_days_are_not_made_a_field_of_days():
    files = engine_files("elasticsearch", Boosts.of(scores_of(3), BoostPolicy.load()))
    mapping = json.loads("".join(files["tiers_mapping.json"]))
    assert mapping["dynamic"] is False
    assert "merchant_ids" not in mapping["properties"]


# Faults -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["elasticsearch", "redis", "parquet"])
def test_faults_of_all_blocks_are_named_and_nothing_is_written(engine, tmp_path):
    columns = scores_of(ROWS)
    columns["trust_index"][[10, 9000]] = 500.0
    columns["merchant_id"][9999] = "m000005"
    path = write(tmp_path / "scores.parquet", columns)
    out = tmp_path / ("out.parquet" if engine == "parquet" else "out")
    with pytest.raises(InputError) as error:
        export_boosts(path, out, engine)
    said = str(error.value)
    assert "the scores have faults" in said
    assert said.count("trust_index must be between") == 2
    assert not out.exists()


def test_a_merchant_met_again_in_a_later_block_is_named_by_both_lines(tmp_path):
    columns = scores_of(ROWS)
    columns["merchant_id"][9999] = "m000005"
    path = write(tmp_path / "scores.parquet", columns)
    with pytest.raises(InputError, match=r"line 10000: .*'m000005' was met in line 6$"):
        export_boosts(path, tmp_path / "out", "redis")
    assert not (tmp_path / "out").exists()


def test_rows_with_faults_in_many_blocks_are_counted(tmp_path):
    columns = scores_of(ROWS)
    columns["merchant_id"][::100] = ""
    path = write(tmp_path / "scores.parquet", columns)
    with pytest.raises(InputError, match="and 80 more") as error:
        export_boosts(path, tmp_path / "out", "redis")
    assert "100 rows with faults" in str(error.value)


# Memory -----------------------------------------------------------------------------------------

_PEAK = """
import resource, sys
from trustscore.export.engines.files import export_boosts
peaks = []
for scores, out in zip(sys.argv[2::2], sys.argv[3::2]):
    export_boosts(scores, out, sys.argv[1])
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
print(*peaks)
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["elasticsearch", "parquet"])
def test_the_peak_of_memory_hardly_grows_with_the_merchants(engine, tmp_path):
    pytest.importorskip("resource")
    # Both of several blocks of text: one block is what is held.
    few, many = 150_000, 400_000
    end = ".parquet" if engine == "parquet" else ""
    words = [engine]
    for count in (few, many):
        path = tmp_path / f"{count}.csv"
        with open(path, "w") as file:
            file.write("merchant_id,trust_index,index_se,prior_index,coverage,tier,veto\n")
            for at in range(count):
                file.write(f"m{at:09d},{at % 1000 / 10},3,71,0.9,tier{at % 4},\n")
        words += [str(path), str(tmp_path / f"{count}{end}")]
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *words], capture_output=True, text=True, check=True
    )
    first, last = map(int, done.stdout.split())
    print(f"{engine}: peak {first / 1e6:.0f} MB for {few:,}, {last / 1e6:.0f} MB for {many:,}")
    # In memory a merchant takes about a kilobyte; to know them again takes some 16 bytes.
    assert (last - first) / (many - few) < 250
