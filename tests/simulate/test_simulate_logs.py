"""Logs of a made-up market: the same seed, whole folders, and figures true to their merchants."""

import json

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from trustscore import simulate_export
from trustscore.commands.main import group
from trustscore.errors import InputError
from trustscore.logs import LOG_TABLES
from trustscore.simulate.logs.files import write_logs

pytest.importorskip("duckdb")
pytest.importorskip("sqlglot")


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        write_logs(tmp_path / name, 3, 40, seed)
    one, same, other = (contents(tmp_path / name) for name in "abc")
    assert one == same
    assert one["orders.parquet"] != other["orders.parquet"]


def test_signals_reads_the_logs_without_a_reject(tmp_path):
    write_logs(tmp_path / "logs", 4, 120, 11)
    out = tmp_path / "export.csv"
    done = CliRunner().invoke(
        group,
        ["signals", str(tmp_path / "logs"), "-o", str(out), "--as-of", "2026-01-01", "--quiet"],
    )
    assert done.exit_code == 0, done.output
    facts = json.loads((tmp_path / "export.csv.manifest.json").read_text())
    assert facts["rows"]["rejected"] == 0 < facts["rows"]["read"]
    assert facts["merchants"] == 4


def test_truth_names_the_merchants_of_the_export(tmp_path):
    write_logs(tmp_path / "logs", 5, 20, 2)
    lines = (tmp_path / "logs" / "truth" / "merchants.csv").read_text().splitlines()
    header = lines[0].replace('"', "").split(",")
    rows = [dict(zip(header, line.replace('"', "").split(","), strict=True)) for line in lines[1:]]
    truth = simulate_export(5, seed=2).truth
    for at in range(5):
        assert rows[at]["merchant_id"] == truth["merchant_id"][at]
        assert rows[at]["kind"] == truth["kind"][at]
        assert float(rows[at]["true_index"]) == pytest.approx(truth["true_index"][at], abs=1e-9)


def test_without_decoys_every_order_is_what_it_seems(tmp_path):
    write_logs(tmp_path / "logs", 4, 60, 3, decoys=["none"])
    orders = pq.read_table(tmp_path / "logs" / "orders.parquet").to_pandas()
    assert set(orders["order_type"]) == {"normal"}
    assert orders["amount"].min() > 1
    assert orders["paid_at"].max().isoformat() < "2025-12-31T16:00"
    assert not orders.duplicated(["merchant_id", "order_id"]).any()
    with pytest.raises(InputError, match="gfit: unknown decoy, did you mean gift"):
        write_logs(tmp_path / "other", 4, 60, 3, decoys=["gfit"])


def test_columns_are_those_of_the_registry(tmp_path):
    write_logs(tmp_path / "logs", 2, 20, 6)
    for path in (tmp_path / "logs").glob("*.parquet"):
        names = [column.name for column in LOG_TABLES[path.stem].columns]
        assert pq.read_schema(path).names == names


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--logs", "x", "-o", "y.csv"], "give -o"),
        ([], "give -o"),
        (["--logs", "x", "--truth", "t.csv"], "--scorecard and --truth"),
        (["-o", "y.csv", "--csv"], "--days, --csv and --decoys"),
    ],
)
def test_options_that_do_not_belong_together_are_refused(options, message):
    done = CliRunner().invoke(group, ["simulate", "--merchants", "2", *options])
    assert done.exit_code == 2
    assert message in done.output


def test_a_folder_that_is_taken_stays_as_it_is(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        write_logs(tmp_path, 2, 20, 1)
    assert contents(tmp_path) == {"kept.txt": b"mine"}
