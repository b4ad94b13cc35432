"""Signals of simulated logs, decoys and all, are those that plain loops over the rows find."""

import csv
import datetime as dt
import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import spearmanr

from tests.signals.witness import reference
from trustscore import score_frame, simulate_export
from trustscore.scorecard import load_scorecard
from trustscore.signals.files import write_signals
from trustscore.simulate.logs.files import write_logs

pytest.importorskip("duckdb")
pytest.importorskip("sqlglot")

# Made by tables of another run, or by words of reviews, which the loops do not read.
APART = {"return_rate_vs_category", "live_vs_shelf_return_ratio", "promoted_orders_poor_merchant"}
APART |= {"reviews_text_quality_complaint", "logistics_negative_feedback_orders"}

# How buyers of simulated logs take leave; what they ask begins with other words.
CLOSING = ("谢谢", "好的，谢谢亲", "ok, thanks!", "嗯嗯")


def exported(folder, out, **options):
    write_signals(folder, out, as_of=dt.date(2026, 1, 1), allow_short_logs=True, **options)
    rows = pq.read_table(out).to_pylist()
    return {row.pop("merchant_id"): row for row in rows}


def alike(one, other):
    if one is None or other is None or isinstance(one, str):
        return one == other
    return float(one) == pytest.approx(float(other), rel=1e-9, abs=1e-9)


# Markets without a large merchant: plain loops are slow.
@pytest.mark.parametrize("seed", [91, pytest.param(183, marks=pytest.mark.slow)])
def test_signals_and_plain_loops_agree(tmp_path, seed):
    write_logs(tmp_path / "logs", 8, 110, seed)
    ours = exported(tmp_path / "logs", tmp_path / "export.parquet")
    logs = {
        path.stem: pq.read_table(path).to_pylist() for path in (tmp_path / "logs").glob("*.parquet")
    }
    for message in logs["chat_messages"]:
        message["text_closing"] = message["text"] in CLOSING
    assert sum(message["text_closing"] for message in logs["chat_messages"]) > 20
    theirs = reference(logs, "2026-01-01", "Asia/Shanghai")
    assert set(ours) == set(theirs)
    columns = {column for row in theirs.values() for column in row} - APART
    columns &= {column for row in ours.values() for column in row}
    assert len(columns) > 135
    differ = [
        f"{merchant}, {column}: {ours[merchant][column]} and {theirs[merchant].get(column)}"
        for merchant in sorted(ours)
        for column in sorted(columns)
        if not alike(ours[merchant][column], theirs[merchant].get(column))
    ]
    assert differ == []
    filled = {c for row in theirs.values() for c, value in row.items() if value not in (0, None)}
    assert len(filled & columns) > 90


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_every_dirty_row_becomes_what_the_truth_says_and_changes_no_figure(tmp_path):
    for name in ("clean", "dirty"):
        # Without decoys, which are duplicates and older versions as well.
        write_logs(tmp_path / name, 6, 100, 21, decoys=["none"], csv=True, dirty=name == "dirty")
    clean, dirty = (
        exported(tmp_path / name, tmp_path / f"{name}.parquet", rejects=tmp_path / f"{name}.csv")
        for name in ("clean", "dirty")
    )
    assert clean == dirty
    assert rows_of(tmp_path / "clean.csv") == []
    dirt = rows_of(tmp_path / "dirty" / "truth" / "dirt.csv")
    counted = {"duplicate", "repeated_version", "unknown_merchant", "orphan"}
    expected = {
        (row["file"], int(row["line"])): row["expected"]
        for row in dirt
        if row["expected"] not in {*counted, "read"}
    }
    found = {
        (Path(row["file"]).name, int(row["line"])): row["reason"]
        for row in rows_of(tmp_path / "dirty.csv")
    }
    assert found == expected
    assert len(set(expected.values())) >= 8 and len(expected) > 100
    assert sum(row["expected"] == "read" for row in dirt) > 100
    tables = [
        json.loads((tmp_path / f"{name}.parquet.manifest.json").read_text())["tables"]
        for name in ("clean", "dirty")
    ]
    for word, key in (("orphan", "orphans"), *((word, word) for word in counted - {"orphan"})):
        wanted = Counter(row["file"] for row in dirt if row["expected"] == word)
        # Rows that a merchant of no log wrote belong to no order either.
        if word == "orphan":
            wanted = +Counter({"shipments.csv": wanted["shipments.csv"]})
        for table in tables[1]:
            more = tables[1][table][key] - tables[0][table][key]
            assert more >= wanted[f"{table}.csv"], (word, table)
            if word in ("duplicate", "repeated_version"):
                assert more == wanted[f"{table}.csv"], (word, table)


# What the logs cannot say as it is true, and why.
UNLIKE = {
    "brushing_order_share": "is left to a detector",
    "crowd_false_claim_rate": "is left to a detector",
    "gang_link_share": "is left to a detector",
    "barred_identity_link_flag": "is left to a detector",
    "return_rate_vs_category": "the market's own median is 1",
    "spoilage_rate": "only fresh food spoils",
    "poor_merchant_order_share": "needs the scores of another run",
    "tenure_days": "logs begin when they begin",
    "external_complaint_resolution_rate": "complaints of months before are closed as well",
    "ip_infringement_upheld_rate": "needs a year of logs",
    "live_vs_shelf_return_ratio": "a ratio of two small shares",
    "protection_fund_payout_ratio": "a few large amounts",
}


@pytest.mark.slow
def test_logs_are_as_the_truth_of_their_merchants(tmp_path):
    write_logs(tmp_path / "logs", 24, 130, 14)
    found = exported(tmp_path / "logs", tmp_path / "export.parquet")
    truth = {row["merchant_id"]: row for row in rows_of(tmp_path / "logs" / "truth/merchants.csv")}
    orders = rows_of(tmp_path / "logs" / "truth" / "orders.csv")
    # Made-up orders look as they do until a detector has found them.
    brushers = {row["merchant_id"] for row in orders if row["brushing"]}
    assert 0 < len(brushers) < 6
    off, seen = [], 0
    for signal in load_scorecard("default").signals:
        if signal.id in UNLIKE or signal.sample is None:
            continue
        expected = got = noise = size = 0.0
        for merchant, row in found.items():
            n, true = row[signal.sample], float(truth[merchant][f"true_{signal.id}"])
            if not n or row[signal.value] is None or true != true or merchant in brushers:
                continue
            size += n
            expected += n * true
            if signal.counts:
                got += row[signal.value]
                noise += n * true * (1.0 - true if signal.kind == "rate" else 1.0)
            else:
                got += n * row[signal.value]
                sd = true if signal.kind == "duration" else signal.numbers.sd or 1.0
                noise += n * (1.5 * sd) ** 2
        seen += size > 0
        if abs(got - expected) > 4.5 * max(noise, 1.0) ** 0.5 + 0.08 * expected:
            off.append(f"{signal.id}: {got / size:.5f}, true is {expected / size:.5f}")
    assert off == []
    assert seen >= 60


@pytest.mark.slow
def test_scores_from_logs_rank_merchants_as_well_as_those_from_the_simulated_export(tmp_path):
    count, seed = 90, 6
    write_logs(tmp_path / "logs", count, 130, seed)
    found = exported(tmp_path / "logs", tmp_path / "export.parquet")
    own = simulate_export(count, seed=seed)
    truth = own.truth["true_index"]
    made = pd.DataFrame([found[merchant] | {"merchant_id": merchant} for merchant in sorted(found)])
    assert made["merchant_id"].tolist() == own["merchant_id"].tolist()
    ranks = []
    for frame in (pd.DataFrame(own), made):
        scored = score_frame(frame, allow_missing_columns=True)
        assert scored["trust_index"].notna().all()
        ranks.append(spearmanr(scored["trust_index"], truth)[0])
        inside = (scored["trust_index_lower"] <= truth) & (truth <= scored["trust_index_upper"])
        assert inside.mean() >= 0.85
    assert ranks[1] >= ranks[0] - 0.02
