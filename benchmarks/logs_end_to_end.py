"""From made-up logs to scores, with and without the detectors, against the truth.

    .venv/bin/python -m benchmarks.logs_end_to_end --merchants 120 --days 400 --seed 7

Runs the commands that a platform would: `simulate --logs`, `signals`, every `detect`, `signals`
again with what was found, `score`, and `explain` and `signals --why` for a brusher. Prints the rank
correlation of the index with the true one, beside that of the export that `simulate` makes up
directly for the same merchants, and what brushers gain by the orders they made up: beside the index
they would have if people had confirmed each of these as brushing.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import pandas as pd
from scipy.stats import spearmanr

from benchmarks.measure import module, run
from trustscore.detect.registry import DETECTORS

DAY = "2026-01-01"
STATES = {
    "before": "without detection",
    "after": "with detection",
    "known": "with every bought order confirmed",
}


def trustscore(*words: object) -> None:
    """Run a command and say what it took."""
    cost = run(module("trustscore", *map(str, words)))
    print(f"  {' '.join(map(str, words[:2]))}: {cost.cpu:.1f} s of CPU, {cost.memory:.0f} MB")


def signals(logs: Path, out: Path, *options: object) -> pd.DataFrame:
    """Make an export, score it, and return the scores by merchant."""
    trustscore("signals", logs, "-o", out, *options)
    scores = out.with_suffix(".scores.csv")
    trustscore("score", out, "-o", scores, "--allow-missing-columns", "--quiet")
    return pd.read_csv(scores).set_index("merchant_id")


def confirm(brushed: pd.DataFrame, file: Path) -> None:
    """Write that people found each of these orders to be brushing."""
    rows = {
        "finding_id": [f"known{at}" for at in range(len(brushed))],
        "merchant_id": brushed["merchant_id"],
        "subject_kind": "order",
        "subject_id": brushed["order_id"],
        "topic": "brushing",
        "status": "confirmed",
        "found_at": "2025-12-31 12:00:00",
        "decided_at": "2025-12-31 12:00:00",
    }
    pd.DataFrame(rows).to_parquet(file, index=False)


def correlation(truth: pd.DataFrame, scores: pd.DataFrame) -> float:
    """Return the rank correlation with the true index."""
    both = truth.join(scores[["trust_index"]], how="inner").dropna(subset=["trust_index"])
    return float(spearmanr(both["true_index"], both["trust_index"]).statistic)


def told(found: Path) -> None:
    """Print how right a detector is, where the truth is known."""
    facts = json.loads(Path(f"{found}.manifest.json").read_text())
    for topic, rows in facts.get("truth", {}).items():
        for row in rows:
            print(f"    {topic}: {row}")


def compare(index: pd.DataFrame, brushed: pd.DataFrame) -> None:
    """Print what brushers gain by the orders they made up, and what the others lose."""
    index = index.dropna(subset=["before", "after", "known", "true"])
    whose = index.index.isin(brushed["merchant_id"])
    print("\npoints of index above the true one (mean, median, most)")
    for what, own in (("brushers", index[whose]), ("others", index[~whose])):
        for name in ("before", "after", "known"):
            above = own[name] - own["true"]
            figures = f"{above.mean():+.2f}, {above.median():+.2f}, {above.max():+.2f}"
            print(f"  {STATES[name]}: {figures} of {len(above)} {what}")
    lost = (index["after"] - index["before"])[~whose]
    print(
        f"points that detection moves others (median, least, most): {lost.median():+.2f},"
        f" {lost.min():+.2f}, {lost.max():+.2f} of {len(lost)};"
        f" within a point: {(lost.abs() <= 1).mean():.1%}"
    )


def main() -> None:
    """Run everything and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--merchants", type=int, default=120)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--memory", default="4GB")
    given = parser.parse_args()
    started = time.perf_counter()
    place = Path(tempfile.mkdtemp(prefix="end-to-end-"))
    try:
        market = ("--merchants", given.merchants, "--seed", given.seed, "--quiet")
        logs = place / "logs"
        trustscore("simulate", *market, "--logs", logs, "--days", given.days)
        truth = pd.read_csv(logs / "truth" / "merchants.csv").set_index("merchant_id")
        truth = truth[truth["kind"] != "gone"]
        found = logs / "findings"
        found.mkdir()
        (logs / "findings.parquet").rename(found / "desk.parquet")
        # One store for all, so that each log is read once.
        options = ["--as-of", DAY, "--allow-short-logs", "--quiet", "--memory", given.memory]
        options += ["--work", place / "work"]
        before = signals(logs, place / "before.csv", *options)
        outside = place / "found"
        outside.mkdir()
        # Made-up titles name no brands that somebody could protect, and a plan is no suspicion.
        suspect = (d.name for d in DETECTORS.values() if not (d.brands or d.plans))
        for name in suspect:
            out = outside / f"{name}.parquet"
            judged = ("--truth", logs / "truth") if name != "reviews" else ()
            trustscore("detect", name, logs, "-o", out, *options, *judged)
            told(out)
        for path in outside.glob("*.parquet"):
            shutil.copy(path, found / path.name)
        after = signals(logs, place / "after.csv", *options)
        orders = pd.read_csv(logs / "truth" / "orders.csv", keep_default_na=False, dtype=str)
        brushed = orders[orders["brushing"] != ""]
        confirm(brushed, found / "known.parquet")
        known = signals(logs, place / "known.csv", *options)
        trustscore("simulate", *market, "-o", place / "direct.csv")
        trustscore("score", place / "direct.csv", "-o", place / "direct.scores.csv", "--quiet")
        direct = pd.read_csv(place / "direct.scores.csv").set_index("merchant_id")
        print("\nrank correlation with the true index")
        for name, scores in (("direct", direct), ("logs", before), ("logs, detected", after)):
            print(f"  {name}: {correlation(truth, scores):.3f} of {len(scores)} merchants")
        indices = {"before": before, "after": after, "known": known, "direct": direct}
        index = pd.DataFrame({name: scores["trust_index"] for name, scores in indices.items()})
        compare(index.assign(true=truth["true_index"]), brushed)
        facts = json.loads((place / "after.csv.manifest.json").read_text())
        print(f"\nexcluded orders: {facts['excluded_orders']}")
        whose = brushed["merchant_id"].mode()[0]
        trustscore("explain", place / "after.csv", "--id", whose, "--allow-missing-columns")
        trustscore("signals", logs, *options, "--why", whose, "orders_paid_90d")
        print(f"\n{time.perf_counter() - started:.0f} s")
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
