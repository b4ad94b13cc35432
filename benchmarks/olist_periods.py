"""What weights learnt from Olist's earlier months foretell of later ones.

Run:  TRUSTSCORE_DATA=folder python -m benchmarks.olist_periods [--to DIR]

For the first of each month from June 2017 to February 2018 the export is counted from the raw
tables (`trustscore signals`), and the orders of the month that follows are its outcomes, with what
was known on 2018-03-01. Then, as if each of the last months were the day of a fit, weights are
learnt from the months before it and judged on the month after it: area under the curve over
orders, and its difference to mean stars and to the Bayesian average, with 95 % intervals over
sellers. Sellers who were seen in earlier months are among them, as they would be in use.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.olist_outcomes import HARMS, orders_after, outcomes
from trustscore.auc import auc
from trustscore.audit.measures import bootstrap_auc, interval
from trustscore.fitting import collect_outcomes
from trustscore.fitting.bound import bound_of
from trustscore.fitting.learned import learn_weights
from trustscore.fitting.periods import Period, labelled_periods
from trustscore.fitting.shares import fill_not_applicable
from trustscore.io.blocks import read_blocks
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.shares import shares
from trustscore.scoring import utilities

DAYS = (*(f"2017-{month:02}-01" for month in range(6, 13)), "2018-01-01", "2018-02-01")
KNOWN = "2018-03-01"
# Months that must lie before a fit.
LEAST = 3
DRAWS = 1000


def make_export(data: Path, day: str, folder: Path) -> Path:
    """Count the export of a day from the raw tables and return its file."""
    path = folder / f"merchants_{day}.csv"
    examples = Path(__file__).resolve().parent.parent / "examples"
    if not path.exists():
        words = ["signals", str(data), "--mapping", str(examples / "olist_logs.toml")]
        words += ["--definitions", "olist", "--as-of", day, "-o", str(path), "--quiet"]
        words += ["--work", str(folder / "work")]
        subprocess.run([sys.executable, "-m", "trustscore", *words], check=True)
    return path


def periods(data: Path, folder: Path, card) -> list[Period]:
    """Return every month with its export, and write the outcomes beside it."""
    found = []
    for day, end in zip(DAYS, (*DAYS[1:], KNOWN), strict=True):
        [read] = read_blocks(make_export(data, day, folder), card, block=1 << 24)
        table = outcomes(orders_after(data, day, end, KNOWN), "harm", day)
        table.to_csv(folder / f"harm_{day}.csv", index=False)
        later = collect_outcomes(
            *(table[name].to_numpy() for name in ("merchant_id", "n", "events")),
            harms={kind: table[f"events_{kind}"].to_numpy(dtype=float) for kind in HARMS},
        )
        found.append(Period(day, read.block, later.join(read.block["merchant_id"])))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, help="folder that keeps exports and outcomes")
    given = parser.parse_args()
    if "TRUSTSCORE_DATA" not in os.environ:
        parser.error("TRUSTSCORE_DATA must name the folder that holds olist/")
    data = Path(os.environ["TRUSTSCORE_DATA"], "olist")
    folder = given.to or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    card = load_scorecard("olist")
    told = card.file.provenance.get("shares", {})
    expert = np.array([told[s.id]["before"] for s in card.signals]) if told else shares(card)
    expert /= expert.sum()
    rows = labelled_periods(periods(data, folder, card))
    stars = rows.block["product_rating_mean"]
    stars = np.where(np.isnan(stars), np.nanmean(stars), stars)
    found = utilities(rows.block, card)
    u = fill_not_applicable(card, found.utility, found.applies, expert).T
    bayes = found.value[[signal.id for signal in card.signals].index("product_rating_mean")]
    bound = bound_of(card, u, expert, expert > 0)
    print("| learnt before | harm | expert | without the bound | over mean stars | over Bayesian |")
    print("|---|---|---|---|---|---|")
    for origin in range(LEAST, len(DAYS)):
        before, at = rows.period < origin, rows.period == origin
        scores = {"stars": stars[at], "bayes": bayes[at], "expert": u[at] @ expert}
        for name, held in (("learnt", bound), ("unbound", None)):
            learned = learn_weights(
                u[before],
                rows.n[before],
                rows.events[before],
                expert,
                merchant=rows.merchant[before],
                period=rows.period[before],
                bound=held,
            )
            scores[name] = u[at] @ learned.weights
        for kind, events in (("harm", rows.events), *rows.harms.items()):
            bad = events[at]
            good = rows.n[at] - bad
            draws = bootstrap_auc(scores, bad, good, seed=0, draws=DRAWS)
            area = {name: auc(score, bad, good) for name, score in scores.items()}
            low, high = interval(draws["learnt"])
            cells = [f"{area['learnt']:.3f} ({low:.3f} to {high:.3f})"]
            cells += [f"{area[name]:.3f}" for name in ("expert", "unbound")]
            for other in ("stars", "bayes"):
                low, high = interval(draws["learnt"] - draws[other])
                apart = area["learnt"] - area[other]
                cells.append(f"{apart:+.3f} ({low:+.3f} to {high:+.3f})")
            print(f"| {DAYS[origin]}, {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
