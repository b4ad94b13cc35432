"""Whether a signal's figure should borrow from the merchant's other signals.

Run:  TRUSTSCORE_DATA=folder python -m benchmarks.borrow [--to DIR]

A signal is shrunk towards its prior by its own orders. Merchants may be good or bad as a whole, and
then the rest of the record tells where a signal with few orders stands. The correlation of true
utilities is estimated, kept as it is or as so many factors, and each utility replaced by its
posterior given all signals: linear, with the reliabilities of the scorecard and its own
`rho_evidence` for errors that go together.

First on a simulated market, whose truth is known (estimated on another market than judged). Then on
Olist by rolling origin: correlations from random halves of the orders known on a day, judged by the
orders of the month that follows; 95 % intervals by drawing sellers, with all their months, again.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from benchmarks.olist_periods import DAYS, LEAST, make_export, periods
from trustscore.auc import auc
from trustscore.fitting.shares import fill_not_applicable
from trustscore.io.blocks import read_blocks
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.shares import shares
from trustscore.scoring import true_scores, utilities
from trustscore.simulate import simulate_export

# Numbers of factors; None keeps the whole correlation, and 0 borrows nothing.
FACTORS = (0, 1, 2, None)
NAMES = {0: "alone", 1: "one factor", 2: "two factors", None: "whole"}
# Merchants with evidence that a signal needs to take part.
KNOWN = 50
DRAWS = 300


class Record:
    """Utilities of merchants, their distances to the prior as they are shrunk, reliabilities."""

    def __init__(self, block, card) -> None:
        found = utilities(block, card)
        blank = {
            name: np.full(len(values), np.nan) if values.dtype != object else values
            for name, values in block.items()
        }
        self.utility, self.applies = found.utility, found.applies
        self.start = utilities(blank, card).utility
        r = found.reliability
        self.known = found.applies & (r > 0) & (r < 1)
        self.r = np.where(self.known, r, 0.0)
        self.shrunk = np.where(self.known, found.utility - self.start, 0.0)

    def rows(self, part) -> Record:
        """Return some of the merchants."""
        new = object.__new__(Record)
        for name, values in vars(self).items():
            setattr(new, name, values[:, part])
        return new


def from_halves(a: Record, b: Record):
    """Return the covariance of true utilities: of one half of the orders with the other."""
    mass = a.r @ b.r.T
    cross = a.shrunk @ b.shrunk.T / np.where(mass > 0, mass, 1.0)
    enough = (a.known & b.known).sum(axis=1) >= KNOWN
    return (cross + cross.T) / 2, enough


def from_one(one: Record, rho_evidence: float):
    """Return the same from one export, taking the scorecard's strengths and error as true."""
    cross = one.shrunk @ one.shrunk.T
    own = np.diag(cross) / np.maximum(one.r.sum(axis=1), 1e-9)
    root = np.sqrt(one.r * (1 - one.r))
    error = rho_evidence * np.sqrt(np.outer(own, own)) * (root @ root.T)
    mass = one.r @ one.r.T
    found = (cross - error) / np.where(mass > 0, mass, 1.0)
    np.fill_diagonal(found, own)
    return found, one.known.sum(axis=1) >= KNOWN


def correlation(covariance, enough, factors):
    """Return the correlation of true utilities with so many factors, and their spreads."""
    own = np.diag(covariance)
    part = enough & (own > 1e-8)
    spread = np.sqrt(np.where(part, own, 1.0))
    found = np.clip(covariance / np.outer(spread, spread), -1.0, 1.0)
    found = np.where(np.outer(part, part), found, 0.0)
    np.fill_diagonal(found, 1.0)
    if factors is None:
        values, vectors = np.linalg.eigh(found)
        found = (vectors * np.maximum(values, 0.02)) @ vectors.T
        size = np.sqrt(np.diag(found))
        return found / np.outer(size, size), spread, part
    # Principal factors: what a signal shares with the others stands on the diagonal.
    common = np.full(len(found), 0.5)
    loads = np.zeros((len(found), 0))
    for _ in range(100 if factors else 0):
        np.fill_diagonal(found, common)
        values, vectors = np.linalg.eigh(found)
        top = np.argsort(-values)[:factors]
        loads = vectors[:, top] * np.sqrt(np.maximum(values[top], 0.0))
        common = np.minimum((loads**2).sum(axis=1), 0.95)
    # A load that explains more than the signal itself is scaled down to it.
    total = (loads**2).sum(axis=1)
    loads = loads * np.sqrt(common / np.where(total > 0, total, 1.0))[:, None] if factors else loads
    result = loads @ loads.T
    np.fill_diagonal(result, 1.0)
    return result, spread, part


def posterior(record: Record, told, rho_evidence: float):
    """Return by signal the standardised truth given all signals of the merchant."""
    among, spread, part = told
    size = len(among)
    known = record.known & part[:, None]
    r = np.where(known, record.r, 0.5)
    odds = np.where(known, (1 - r) / r, 0.0)
    z = np.where(known, record.shrunk / r / spread[:, None], 0.0)
    truth = np.empty_like(z)
    for at in range(0, z.shape[1], 400):
        rows = slice(at, at + 400)
        root = np.sqrt(odds[:, rows]).T
        error = rho_evidence * root[:, :, None] * root[:, None, :]
        error[:, range(size), range(size)] = np.where(known, odds, 1e9)[:, rows].T
        solved = np.linalg.solve(among + error, z[:, rows].T[:, :, None])[:, :, 0]
        truth[:, rows] = among @ solved.T
    return truth


def borrowed(record: Record, told, rho_evidence: float):
    """Return the utilities; those of signals without a part in it stay."""
    _, spread, part = told
    new = record.start + spread[:, None] * posterior(record, told, rho_evidence)
    return np.where(part[:, None] & (record.r < 1), np.clip(new, 0.0, 1.0), record.utility)


def foretold(a: Record, b: Record, factors, rho_evidence: float) -> float:
    """Return how far one half's posterior is from the other half's figures, by unseen merchants."""
    fold = np.random.default_rng(0).permutation(a.r.shape[1]) % 2
    loss = mass = 0.0
    for number in (0, 1):
        seen, unseen = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        told = correlation(*from_halves(a.rows(seen), b.rows(seen)), factors)
        for one, other in ((a.rows(unseen), b.rows(unseen)), (b.rows(unseen), a.rows(unseen))):
            known = other.known & told[2][:, None]
            r = np.where(known, other.r, 1.0)
            apart = other.shrunk / r / told[1][:, None] - posterior(one, told, rho_evidence)
            loss += float((np.where(known, r, 0.0) * apart**2).sum())
            mass += float(np.where(known, r, 0.0).sum())
    return loss / mass


def simulated() -> None:
    """Print errors against the truth of a simulated market."""
    card = load_scorecard("default")
    rho = card.file.index.rho_evidence
    seen = Record(simulate_export(4000, seed=4), card)
    market = simulate_export(4000, seed=3)
    record, truth = Record(market, card), market.truth["true_index"]
    # Utilities are given, so no value is read; the columns must be there.
    values = {signal.id: np.full(4000, np.nan) for signal in card.signals}
    orders = np.nan_to_num(market["orders_paid"])
    small = orders <= np.quantile(orders, 0.2)
    print("| simulated, 4,000 merchants | error | rank | rank, smallest fifth | slope |")
    print("|---|---|---|---|---|")
    for factors in FACTORS:
        u = record.utility
        if factors != 0:
            told = correlation(*from_one(seen, rho), factors)
            u = borrowed(record, told, rho)
        index = true_scores(market, card, values, utilities=u).index
        error = np.sqrt(np.mean((index - truth) ** 2))
        ranks = [spearmanr(index[rows], truth[rows])[0] for rows in (orders >= 0, small)]
        slope = np.polyfit(index, truth, 1)[0]
        cells = f"{error:.2f} | {ranks[0]:.3f} | {ranks[1]:.3f} | {slope:.2f}"
        print(f"| {NAMES[factors]} | {cells} |", flush=True)


def split_orders(data: Path, folder: Path) -> list[Path]:
    """Write the raw tables of two random halves of the orders."""
    found = []
    for half in (0, 1):
        part = folder / f"half{half}"
        found.append(part)
        if part.exists():
            continue
        part.mkdir()
        for path in data.glob("olist_*.csv"):
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
            if "order_id" in table:
                mine = [zlib.crc32(order.encode()) % 2 == half for order in table["order_id"]]
                table = table[mine]
            table.to_csv(part / path.name, index=False)
        words = (data / "product_category_name_translation.csv").read_bytes()
        (part / "product_category_name_translation.csv").write_bytes(words)
    return found


def half_records(halves, folder: Path, day: str, card):
    """Return the records of a day by each half, of the merchants that are in both."""
    blocks = []
    for at, raw in enumerate(halves):
        to = folder / f"exports{at}"
        to.mkdir(exist_ok=True)
        [read] = read_blocks(make_export(raw, day, to), card, block=1 << 24)
        blocks.append(read.block)
    both = sorted(set(blocks[0]["merchant_id"]) & set(blocks[1]["merchant_id"]))
    records = []
    for block in blocks:
        place = {name: at for at, name in enumerate(block["merchant_id"].tolist())}
        rows = np.array([place[name] for name in both])
        records.append(Record({name: values[rows] for name, values in block.items()}, card))
    return records


def areas(months, kind, name, times):
    """Return the mean over months of the area under the curve, sellers counted so many times."""
    found = []
    for month in months:
        weight = times[month["who"]] * month["band"]
        bad = month[kind]
        found.append(auc(month[name], bad * weight, (month["n"] - bad) * weight))
    return np.nanmean(found)


def olist(data: Path, folder: Path) -> None:
    """Print areas under the curve of the month after each origin."""
    card = load_scorecard("olist")
    rho = card.file.index.rho_evidence
    told = card.file.provenance["shares"]
    expert = np.array([told[s.id]["before"] for s in card.signals])
    weights = {"expert": expert / expert.sum(), "olist": shares(card)}
    halves = split_orders(data, folder)
    every = periods(data, folder, card)
    who: dict[str, int] = {}
    months = []
    print("| origin | sellers in both halves | " + " | ".join(map(NAMES.get, FACTORS)) + " |")
    print("|---|---|" + "---|" * len(FACTORS))
    for origin in range(LEAST, len(DAYS)):
        period = every[origin]
        a, b = half_records(halves, folder, DAYS[origin], card)
        record = Record(period.block, card)
        seen = period.outcomes.n > 0
        names = period.block["merchant_id"][seen].tolist()
        month = {
            "who": np.array([who.setdefault(name, len(who)) for name in names]),
            "n": period.outcomes.n[seen],
            "harm": period.outcomes.events[seen],
            "bad_review": period.outcomes.harms["bad_review"][seen],
            "size": np.nan_to_num(period.block["orders_paid"][seen]),
        }
        losses = []
        for factors in FACTORS:
            losses.append(foretold(a, b, factors, rho if factors != 0 else 0.0))
            u = record.utility
            if factors != 0:
                u = borrowed(record, correlation(*from_halves(a, b), factors), rho)
            for card_name, w in weights.items():
                filled = fill_not_applicable(card, u, record.applies, w)
                month[card_name, factors] = (w @ filled)[seen]
        months.append(month)
        cells = " | ".join(f"{loss:.4f}" for loss in losses)
        print(f"| {DAYS[origin]} | {a.r.shape[1]} | {cells} |", flush=True)
    sizes = np.concatenate([month["size"] for month in months])
    cuts = np.quantile(sizes, [1 / 3, 2 / 3])
    print("\n| sellers | outcome | weights | " + " | ".join(map(NAMES.get, FACTORS)) + " |")
    print("|---|---|---|" + "---|" * len(FACTORS))
    rng = np.random.default_rng(0)
    draws = [np.bincount(rng.integers(len(who), size=len(who)), minlength=len(who)).astype(float)
             for _ in range(DRAWS)]  # fmt: skip
    for number, band in enumerate(("all", "smallest third", "middle third", "largest third")):
        for month in months:
            third = np.searchsorted(cuts, month["size"])
            month["band"] = np.ones(len(third)) if number == 0 else 1.0 * (third == number - 1)
        for kind in ("harm", "bad_review"):
            for card_name in weights:
                once = np.ones(len(who))
                alone = areas(months, kind, (card_name, 0), once)
                cells = [f"{alone:.3f}"]
                base = [areas(months, kind, (card_name, 0), times) for times in draws]
                for factors in FACTORS[1:]:
                    name = card_name, factors
                    apart = areas(months, kind, name, once) - alone
                    drawn = [areas(months, kind, name, times) for times in draws]
                    low, high = np.percentile(np.array(drawn) - base, [2.5, 97.5])
                    cells.append(f"{apart:+.3f} ({low:+.3f} to {high:+.3f})")
                print(f"| {band} | {kind} | {card_name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, help="folder that keeps halves and exports")
    given = parser.parse_args()
    if "TRUSTSCORE_DATA" not in os.environ:
        parser.error("TRUSTSCORE_DATA must name the folder that holds olist/")
    folder = given.to or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    simulated()
    print()
    olist(Path(os.environ["TRUSTSCORE_DATA"], "olist"), folder)


if __name__ == "__main__":
    main()
