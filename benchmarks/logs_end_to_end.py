"""From made-up logs to scores, with and without the detectors, against the truth.

    .venv/bin/python -m benchmarks.logs_end_to_end --merchants 120 --days 400 --seed 7

Runs the commands that a platform would: `simulate --logs`, `signals`, every `detect`, `signals`
again with what was found, `score`, and `signals --why` for an excluded order. Prints the rank
correlation of the index with the true one, beside that of the export that `simulate` makes up
directly for the same merchants, and what brushers keep.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from benchmarks.measure import module, run
from trustscore.detect.registry import DETECTORS

DAY = "2026-01-01"


def trustscore(*words: object) -> None:
    """Run a command and say what it took."""
    cost = run(module("trustscore", *map(str, words)))
    print(f"  {' '.join(map(str, words[:2]))}: {cost.cpu:.1f} s of CPU, {cost.memory:.0f} MB")


def signals(logs: Path, out: Path) -> pd.DataFrame:
    """Make an export, score it, and return the scores by merchant."""
    trustscore("signals", logs, "-o", out, "--as-of", DAY, "--allow-short-logs", "--quiet")
    scores = out.with_suffix(".scores.csv")
    trustscore("score", out, "-o", scores, "--allow-missing-columns", "--quiet")
    return pd.read_csv(scores).set_index("merchant_id")


def correlation(truth: pd.DataFrame, scores: pd.DataFrame) -> float:
    """Return the rank correlation with the true index."""
    both = truth.join(scores[["trust_index"]], how="inner").dropna(subset=["trust_index"])
    return float(spearmanr(both["true_index"], both["trust_index"]).statistic)


def main() -> None:
    """Run everything and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--merchants", type=int, default=120)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    started = time.perf_counter()
    place = Path(tempfile.mkdtemp(prefix="end-to-end-"))
    try:
        market = ("--merchants", given.merchants, "--seed", given.seed, "--quiet")
        logs = place / "logs"
        trustscore("simulate", *market, "--logs", logs, "--days", given.days)
        truth = pd.read_csv(logs / "truth" / "merchants.csv").set_index("merchant_id")
        truth = truth[truth["kind"] != "gone"]
        before = signals(logs, place / "before.csv")
        found = logs / "findings"
        found.mkdir()
        (logs / "findings.parquet").rename(found / "desk.parquet")
        outside = place / "found"
        outside.mkdir()
        for name in DETECTORS:
            out = outside / f"{name}.parquet"
            words = ("--as-of", DAY, "--allow-short-logs", "--quiet")
            trustscore("detect", name, logs, "-o", out, *words)
        for path in outside.glob("*.parquet"):
            shutil.copy(path, found / path.name)
        after = signals(logs, place / "after.csv")
        trustscore("simulate", *market, "-o", place / "direct.csv")
        trustscore("score", place / "direct.csv", "-o", place / "direct.scores.csv", "--quiet")
        direct = pd.read_csv(place / "direct.scores.csv").set_index("merchant_id")
        print("\nrank correlation with the true index")
        for name, scores in (("direct", direct), ("logs", before), ("logs, detected", after)):
            print(f"  {name}: {correlation(truth, scores):.3f} of {len(scores)} merchants")
        orders = pd.read_csv(logs / "truth" / "orders.csv", keep_default_na=False)
        brushed = orders[orders["brushing"] != ""].groupby("merchant_id").size()
        gain = (after["trust_index"] - before["trust_index"]).dropna()
        brushers = gain.index.isin(brushed.index)
        print("\npoints of index that detection takes (median, least, most)")
        for name, own in (("brushers", gain[brushers]), ("others", gain[~brushers])):
            if len(own):
                moves = (np.median(own), own.min(), own.max())
                print(f"  {name}: {', '.join(f'{x:+.2f}' for x in moves)} of {len(own)}")
        still = float((gain[~brushers].abs() <= 1).mean())
        print(f"  others within a point: {still:.1%}")
        facts = json.loads((place / "after.csv.manifest.json").read_text())
        print(f"\nexcluded orders: {facts['excluded_orders']}")
        whose = brushed.index[0]
        why = ("--as-of", DAY, "--allow-short-logs", "--quiet")
        trustscore("signals", logs, *why, "--why", whose, "orders_paid_90d")
        print(f"\n{time.perf_counter() - started:.0f} s")
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
