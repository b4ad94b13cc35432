"""Evaluate the boost on a simulated marketplace: scored merchants, made-up search results.

Run it with ``python benchmarks/simulated_boost.py FOLDER [LISTS]``. Merchants come from
``simulate``, scores from the default scorecard. The lists are made up: each result belongs to a
merchant drawn by volume, its true relevance is Beta(0.5, 4) (few good matches, many poor ones),
the ranking sees it with log-normal noise of 0.3, and a judge gives grades 0 to 3 by the truth.
Relevance and trust are independent, so this shows the arithmetic of the trade, not that trust
sells. Read what it writes with the same eyes as the output of ``trustscore boost-eval``.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from trustscore import simulate_export
from trustscore.batch.files import score_files
from trustscore.io.atomic_files import write_columns

MERCHANTS, LENGTH, SEED = 5000, 60, 7
GRADES = (0.05, 0.2, 0.45)


def main() -> None:
    """Write the files and run the command on them."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    lists = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    rng = np.random.default_rng(SEED)
    export = simulate_export(MERCHANTS, seed=SEED)
    pd.DataFrame(export).to_csv(folder / "export.csv", index=False)
    score_files([folder / "export.csv"], folder / "scores.csv", keep=["orders_paid"])

    rows = lists * LENGTH
    volume = np.asarray(export["orders_paid"], dtype=np.float64)
    drawn = rng.choice(MERCHANTS, size=rows, p=volume**0.5 / (volume**0.5).sum())
    truth = np.maximum(rng.beta(0.5, 4, rows), 1e-4)
    seen = truth * np.exp(0.3 * rng.standard_normal(rows))
    query = [f"q{number:05d}" for number in np.repeat(np.arange(lists), LENGTH)]
    item = [f"i{number:02d}" for number in np.tile(np.arange(LENGTH), lists)]
    candidates = {
        "query_id": query,
        "item_id": item,
        "merchant_id": export["merchant_id"][drawn],
        "relevance": seen,
    }
    write_columns(folder / "candidates.csv", candidates)
    grade = np.searchsorted(GRADES, truth)
    write_columns(folder / "labels.csv", {"query_id": query, "item_id": item, "label": grade})
    command = [sys.executable, "-m", "trustscore", "boost-eval", str(folder / "candidates.csv")]
    command += ["--scores", str(folder / "scores.csv"), "--labels", str(folder / "labels.csv")]
    command += ["--volume", "orders_paid", "-o", str(folder / "eval")]
    print("+ trustscore", *command[3:], flush=True)
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
