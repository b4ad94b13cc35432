"""How right the brushing rules are on a market whose truth is known, and on a real one."""

import datetime as dt
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.detect.brushing_market import AS_OF, STRATEGIES, Market
from trustscore.detect.files import write_findings
from trustscore.detect.settings import parse_settings
from trustscore.detect.truth import truth_lines

MAPPING = Path(__file__).resolve().parents[2] / "examples" / "olist_logs.toml"
DAY = {"as_of": AS_OF, "tz": "UTC", "allow_short_logs": True}


@pytest.fixture(scope="module")
def market():
    """One market for several tests: to draw it takes longer than to judge it."""
    return Market(11)


def measured(market, folder, tables=(), detector="brushing"):
    """Figures of a market: what counts by itself if anything may, and all."""
    logs, truth = market.write(folder / "logs", tables), market.write_truth(folder / "truth")
    report = write_findings(detector, logs, folder / "found.parquet", truth=truth, **DAY)
    for text in truth_lines(report.truth):
        print(f"seed {market.seed}: {text}")
    assert report.manifest["rows"]["rejected"] == 0
    return report


def hold_the_bars(report):
    automatic, everything = report.truth["brushing"]
    assert automatic.precision >= 0.98
    assert automatic.recall >= 0.60
    assert everything.precision >= 0.80
    assert everything.recall >= 0.85
    assert automatic.wrong_share <= 0.001
    assert automatic.wrong_most <= 0.01
    # No way of brushing escapes.
    assert set(automatic.recall_by) == set(STRATEGIES)
    assert min(automatic.recall_by.values()) >= 0.40


@pytest.mark.slow
def test_brushing_in_a_market_whose_truth_is_known(market, tmp_path):
    report = measured(market, tmp_path)
    hold_the_bars(report)
    found = pq.read_table(tmp_path / "found.parquet").to_pylist()
    # The dormitory, the loyal customers of consumables and the sale exclude nobody.
    for shop in ("dormitory-shop", "consumables-shop", "consumables-sister", "sale-shop"):
        wrong = [row for row in found if row["merchant_id"] == shop and row["score"] >= 0.95]
        assert len(wrong) <= 2, shop


@pytest.mark.slow
def test_the_order_of_rows_and_the_threads_change_nothing(market, tmp_path):
    found = []
    for jobs, step in ((1, 1), (2, -1)):
        logs = tmp_path / f"logs-{jobs}"
        market.write(logs, step=step)
        # Under a new pepper each time.
        for detector in ("brushing", "reviews"):
            out = tmp_path / f"{detector}-{jobs}.csv"
            write_findings(detector, logs, out, jobs=jobs, **DAY)
            found.append(out.read_bytes())
    assert found[:2] == found[2:]
    assert min(map(len, found)) > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 18))
def test_brushing_in_other_markets(tmp_path, seed):
    hold_the_bars(measured(Market(seed), tmp_path))


def test_reviews_without_orders(market, tmp_path):
    report = measured(market, tmp_path, ("reviews", "merchants"))
    run = set(report.manifest["facts"]["rules_not_run"])
    assert not run & {"few_merchants", "burst_hour", "copied_praise", "praise_apart"}
    automatic, everything = report.truth["brushing"]
    assert automatic.found == 0
    # Nothing is known of orders that nobody reviewed: recall is low, and precision holds.
    assert everything.precision >= 0.80
    assert everything.recall >= 0.30


def test_dictated_reviews(market, tmp_path):
    report = measured(market, tmp_path, ("reviews",), "reviews")
    [everything] = report.truth["duplicate_review"]
    assert everything.precision >= 0.95
    assert everything.recall >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("detector", ["brushing", "reviews"])
def test_olist_is_left_alone(detector, trustscore_data, tmp_path):
    everything = {"name": "all", "version": "1.0.0"}
    everything |= {part: {"days": 3000} for part in ("brushing", "reviews")}
    out = tmp_path / "found.parquet"
    report = write_findings(
        detector,
        trustscore_data / "olist",
        out,
        as_of=dt.date(2018, 3, 1),
        mapping=MAPPING,
        settings=parse_settings(everything),
        tz="America/Sao_Paulo",
    )
    facts, found = report.manifest["facts"], pq.read_table(out).to_pylist()
    if detector == "brushing":
        automatic = sum(row["score"] >= 0.95 for row in found)
        print(f"{automatic} of {facts['orders_judged']:,} orders excluded, {len(found)} queued")
        assert facts["orders_judged"] > 20_000
        assert automatic <= 0.001 * facts["orders_judged"]
    else:
        copied = sum(row["topic"] == "duplicate_review" for row in found)
        print(f"{copied} of {facts['texts']:,} long reviews are copies")
        assert facts["texts"] > 5_000
        assert copied <= 0.005 * facts["texts"]
