"""Logs of a made-up market: the same seed, whole folders, and figures true to their merchants."""

import copy
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.logs.folders import read
from trustscore import simulate_export
from trustscore.commands.main import group
from trustscore.errors import InputError
from trustscore.logs import LOG_TABLES
from trustscore.simulate.logs import DECOYS
from trustscore.simulate.logs.decoys import Decoys
from trustscore.simulate.logs.draw import draw_logs
from trustscore.simulate.logs.files import write_logs
from trustscore.simulate.logs.market import Market


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        write_logs(tmp_path / name, 3, 40, seed)
    one, same, other = (contents(tmp_path / name) for name in "abc")
    assert one == same
    assert one["orders.parquet"] != other["orders.parquet"]


@pytest.mark.slow
def test_logs_are_read_without_a_reject(tmp_path):
    # Enough merchants for hubs of identifiers, and few days.
    write_logs(tmp_path / "logs", 130, 8, 11)
    hubs = (tmp_path / "logs" / "truth" / "hubs.csv").read_text().splitlines()
    assert len(hubs) == 4
    found = read(tmp_path / "logs", tmp_path / "work")
    assert found.bad == []
    assert set(found.rows) == set(LOG_TABLES)
    assert all(found.rows.values())


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
    with pytest.raises(InputError, match="none: unknown decoy"):
        write_logs(tmp_path / "other", 4, 60, 3, decoys=["gift", "none"])


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


@pytest.fixture(scope="module")
def market():
    return Market(3, 1, 70, Decoys(["none"]))


def drawn(market, *decoys):
    """Every column of every log of a market, with these decoys."""
    one = copy.copy(market)
    one.decoys, one._given = Decoys(decoys or ["none"]), {}
    found = {}
    for _, logs, truths in draw_logs(one):
        for kind, tables in (("log", logs), ("truth", truths)):
            for name, table in tables.items():
                for column, values in table.items():
                    found.setdefault((kind, name, column), []).append(values)
    return {key: np.concatenate(parts) for key, parts in found.items()}


# What other offsets and days after the cut do shows in files, and is tested there.
@pytest.mark.parametrize("decoy", sorted(set(DECOYS) - {"offset", "after_cut"}))
def test_every_decoy_can_be_switched_on_alone(market, decoy, monkeypatch):
    # So often that three small merchants have some.
    monkeypatch.setitem(DECOYS, decoy, (min(DECOYS[decoy][0] * 20, 0.3), DECOYS[decoy][1]))
    without, with_it = drawn(market), drawn(market, decoy)
    same = without.keys() == with_it.keys() and all(
        np.array_equal(without[key], with_it[key]) for key in without
    )
    assert not same


def test_decoys_are_as_frequent_as_they_say():
    market = Market(20, 8, 60, Decoys())
    found = drawn(market, *DECOYS)
    seen = Counter(found["truth", "orders", "decoy"].tolist())
    size = sum(seen.values())
    for name in ("gift", "lucky_bag", "sample", "low_price", "instant_refund", "own_purchase"):
        wanted = DECOYS[name][0] * size
        assert abs(seen[name] - wanted) < 5 * wanted**0.5 + 0.1 * wanted, name
    blank = float(np.mean(found["log", "orders", "buyer_id"] < 0))
    assert blank == pytest.approx(DECOYS["unknown_buyer"][0], rel=0.2)


def test_moments_of_csv_have_offsets_of_other_places(tmp_path):
    write_logs(tmp_path / "logs", 3, 20, 9, csv=True)
    text = (tmp_path / "logs" / "orders.csv").read_text()
    assert "+0800" in text and "+0100" in text
    write_logs(tmp_path / "plain", 3, 20, 9, csv=True, decoys=["gift"])
    assert "+0100" not in (tmp_path / "plain" / "orders.csv").read_text()


def test_truth_of_brushing_is_what_the_logs_hold(market):
    found = drawn(market)
    share = found["truth", "merchants", "true_brushing_order_share"]
    brushers = set(
        found["truth", "orders", "merchant_id"][found["truth", "orders", "brushing"] != ""]
    )
    assert {at for at in range(market.count) if share[at] > 0} >= brushers
    assert all(value == 0 or value > 0.045 for value in share[: market.count])


def test_people_buy_from_several_merchants():
    market = Market(40, 5, 60, Decoys(["none"]))
    found = drawn(market)
    pairs = set(
        zip(
            found["log", "orders", "buyer_id"].tolist(),
            found["log", "orders", "merchant_id"].tolist(),
            strict=True,
        )
    )
    merchants = Counter(buyer for buyer, _ in pairs)
    several = sum(count > 1 for count in merchants.values()) / len(merchants)
    assert several > 0.1


@pytest.mark.parametrize("csv", [False, True])
def test_an_interrupt_leaves_nothing(tmp_path, csv):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_logs(tmp_path / "logs", 2, 20, 1, csv=csv, progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("merchants", "days", "seed", "fault"),
    [
        (0, 20, 1, "merchants: must be at least 1. Got 0"),
        (2, 0, 1, "days: must be at least 1. Got 0"),
        (2, 9999, 1, "days: must be at most 3650. Got 9999"),
        (2, 20, -1, "seed: must be at least 0. Got -1"),
    ],
)
def test_numbers_out_of_range_are_refused_before_anything_is_written(
    tmp_path, merchants, days, seed, fault
):
    with pytest.raises(InputError, match=fault):
        write_logs(tmp_path / "logs", merchants, days, seed)
    assert list(tmp_path.iterdir()) == []
