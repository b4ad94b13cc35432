"""The measurements, one function for each part of the table."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from benchmarks import boost_latency, measure
from benchmarks.formula import plain_card, worst_difference
from benchmarks.measure import Cost
from benchmarks.stages import stages
from benchmarks.targets import Figure
from trustscore import score_merchant
from trustscore.boost import BoostPolicy, TrustTable, rerank
from trustscore.io.blocks import read_blocks
from trustscore.scorecard import Scorecard, load_scorecard, parse_scorecard
from trustscore.scoring import score_columns

RIVALS = ("polars", "duckdb", "pandas")
READERS = ("polars", "pyarrow")
# Merchants of the kernel, and of the long commands; never more than those of the whole run.
KERNEL, AUDIT, LONG = 65_536, 20_000, 300_000


@dataclass
class Found:
    """What was measured.

    Attributes
    ----------
    figures : list of Figure
    costs : dict of str to list of Cost
        Of whole processes, by name.
    stages : dict of str to float
        Microseconds a merchant.
    grown : dict of str to list
        Costs by rows, kernel seconds by signals.
    notes : list of str
    """

    figures: list[Figure] = field(default_factory=list)
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    grown: dict[str, list[Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, got: float, note: str = "", merchants: int | None = None) -> None:
        """Add a figure."""
        self.figures.append(Figure(name, got, note, merchants))


@dataclass(frozen=True)
class Run:
    """What is asked for: how many merchants, how often, which parts, in which folder."""

    folder: Path
    merchants: int
    times: int
    chosen: frozenset[str]

    def export(self, merchants: int, suffix: str = ".csv", seed: int = 1) -> str:
        """Make an export, unless it is there; return its path."""
        path = self.folder / f"export-{merchants}-{seed}{suffix}"
        if not path.exists():
            measure.run(_simulate(path, merchants, seed))
        return str(path)


def _simulate(path: Path, merchants: int, seed: int = 1) -> list[str]:
    words = ("--merchants", str(merchants), "--seed", str(seed), "-o", str(path), "--quiet")
    return measure.module("trustscore", "simulate", *words)


def _score(export: str, out: Path, *words: str) -> list[str]:
    return measure.module("trustscore", "score", export, "-o", str(out), "--quiet", *words)


def files(run: Run, found: Found) -> None:
    """Time whole runs in turn: a score against reading alone, two jobs, Parquet."""
    export, folder = run.export(run.merchants), run.folder
    commands = {"score": _score(export, folder / "a.csv")}
    if "read" in run.chosen:
        commands |= {f"read by {name}": measure.reader(name, export) for name in READERS}
    if "jobs" in run.chosen:
        commands["score, two jobs"] = _score(export, folder / "b.csv", "--jobs", "2")
    if "parquet" in run.chosen:
        parquet = run.export(run.merchants, ".parquet")
        commands["score, Parquet"] = _score(parquet, folder / "p.csv")
    costs = measure.alternate(commands, run.times)
    found.costs |= costs
    ours = costs["score"]
    if "read" in run.chosen:
        ratios = {name: measure.ratio(ours, costs[f"read by {name}"], "cpu") for name in READERS}
        # Of the ratios to several readers the largest is the one to the fastest.
        first, *others = sorted(ratios, key=lambda name: -ratios[name])
        rest = ", ".join(f"{ratios[name]:.2f} of {name}" for name in others)
        found.add("read", ratios[first], f"{first}; {rest}")
    if "jobs" in run.chosen:
        if (folder / "a.csv").read_bytes() != (folder / "b.csv").read_bytes():
            raise SystemExit("two jobs gave other bytes than one")
        found.add("jobs", measure.ratio(ours, costs["score, two jobs"], "wall"))
    if "parquet" in run.chosen:
        cpu = measure.ratio(ours, costs["score, Parquet"], "cpu")
        wall = measure.ratio(ours, costs["score, Parquet"], "wall")
        found.add("parquet", wall, f"{cpu:.2f} by CPU")


def _table(path: Path) -> dict[str, np.ndarray]:
    """Read a score file."""
    options = pa.csv.ConvertOptions(
        strings_can_be_null=False, column_types={"merchant_id": pa.string()}
    )
    read = pa.csv.read_csv(path, convert_options=options)
    return {
        name: np.array(column.to_pylist(), dtype=object)
        if column.type == pa.string()
        else column.to_numpy()
        for name, column in zip(read.column_names, read.columns, strict=True)
    }


def hand(run: Run, found: Found) -> None:
    """Time the same formula by hand, after checking that the results are equal."""
    export, folder = run.export(run.merchants), run.folder
    plain_card(folder)
    card = str(folder / "plain.json")
    # The others use every core, unasked.
    jobs = str(os.cpu_count() or 1)
    ours = _score(export, folder / "ours.csv", "--scorecard", card, "--jobs", jobs)
    commands = {"trustscore": ours}
    measure.run(ours)
    expected = _table(folder / "ours.csv")
    worst = 0.0
    for name in RIVALS:
        out = folder / f"{name}.csv"
        commands[name] = measure.module(f"benchmarks.by_hand_{name}", export, card, str(out))
        measure.run(commands[name])
        worst = max(worst, worst_difference(expected, _table(out)))
    # Our CSV rounds to four decimals.
    if worst > 5.1e-5:
        raise SystemExit(f"the results differ by {worst}")
    costs = measure.alternate(commands, run.times)
    for name in RIVALS:
        found.add(name, measure.ratio(costs[name], costs["trustscore"], "wall"))
    found.costs |= {f"{name}, same formula": cost for name, cost in costs.items()}
    found.notes.append(
        f"The results of the hand-written versions differ from ours by at most {worst:.1e} points,"
        " the rounding of the score file."
    )


def _blocks(run: Run) -> list[Any]:
    """Return the rows of a small export as the readers hand them on."""
    export = run.export(min(run.merchants, KERNEL))
    return [read.rows.block for read in read_blocks(export)]


def _joined(blocks: list[Any]) -> dict[str, np.ndarray]:
    """Return blocks as one block of columns, as of a frame."""
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def kernel(run: Run, found: Found) -> None:
    """Time the scoring alone, in one thread."""
    blocks, card = _blocks(run), load_scorecard("default")
    columns = _joined(blocks)
    rows = len(next(iter(columns.values())))
    for name, given in {"": blocks, ", columns": [columns]}.items():
        for kind, detail in {"reasons": "index", "statement": "statement"}.items():

            def work(given: list[Any] = given, detail: Any = detail) -> None:
                for block in given:
                    score_columns(block, card, detail)

            seconds = measure.best(work, max(3, run.times), time.thread_time)
            found.add(kind + name, rows / seconds)


def one(run: Run, found: Found) -> None:
    """Time one merchant after the other, each a dict of numbers."""
    columns, card = _joined(_blocks(run)), load_scorecard("default")
    several = [
        {
            name: None if value is None or value != value else value
            for name, value in ((name, column[row].item()) for name, column in numbers.items())
        }
        for numbers in [{n: c for n, c in columns.items() if c.dtype != object}]
        for row in range(min(200, len(next(iter(numbers.values())))))
    ]
    wall, own = boost_latency.timings(
        lambda number: score_merchant(several[number % len(several)], card), 2000
    )
    found.add("one", float(np.median(wall)) / 1000, f"p99 of own time {_p99(own) / 1000:.3f} ms")


def _p99(values: Any) -> float:
    return float(np.percentile(values, 99))


def growth(run: Run, found: Found) -> None:
    """Measure CPU and memory by rows, and the kernel by signals."""
    rows = [run.merchants // 2, run.merchants, 2 * run.merchants, 4 * run.merchants]
    costs = [measure.run(_score(run.export(n), run.folder / "g.csv")) for n in rows]
    memory = [cost.memory for cost in costs]
    slope = (memory[-1] - memory[1]) * 2**20 / (rows[-1] - rows[1])
    found.add("memory", memory[1], merchants=run.merchants)
    found.add("growth", slope, f"from {rows[1]:,} to {rows[-1]:,} rows")
    card, blocks = load_scorecard("default"), _blocks(run)
    joined = _joined(blocks)
    signals = [10, 20, 30, 45, 60, 75, 85]
    seconds = []
    for count in signals:
        some = _some_signals(count, card)
        seconds.append(measure.best(lambda c=some: score_columns(joined, c), 5, time.thread_time))
    found.grown = {
        "rows": rows,
        "cpu": [cost.cpu for cost in costs],
        "memory": memory,
        "signals": signals,
        "seconds": seconds,
        "block": [sum(len(block.table) for block in blocks)],
    }


def _some_signals(count: int, card: Scorecard) -> Scorecard:
    """Return a scorecard of some signals, evenly chosen, without rules and overlays."""
    data = card.file.model_dump(mode="json", exclude_none=True)
    weighed = [signal.id for signal in card.signals if signal.weight]
    keep = {weighed[i] for i in np.linspace(0, len(weighed) - 1, count).astype(int)}
    for dimension, signals in list(data["signals"].items()):
        data["signals"][dimension] = {k: v for k, v in signals.items() if k in keep}
        if not data["signals"][dimension]:  # a dimension must have a signal
            del data["signals"][dimension], data["dimensions"][dimension]
    data["words"] = {k: v for k, v in data["words"].items() if k in keep}
    data["rules"], data["overlays"] = {}, {}
    # Another name of a column that no signal reads any more would be a fault.
    data["columns"] = {}
    return parse_scorecard(data)


def stage(run: Run, found: Found) -> None:
    """Take a run apart."""
    found.stages = stages(run.export(run.merchants))


def audit(run: Run, found: Found) -> None:
    """Time an audit with every section."""
    merchants = min(run.merchants, AUDIT)
    export = run.export(merchants)
    # The command wants an empty folder, also where exports are kept from an earlier run.
    out = tempfile.mkdtemp(dir=run.folder)
    words = ("--truth", f"{export}.truth.csv", "-o", out, "--quiet")
    _command(found, "audit", merchants, measure.module("trustscore", "audit", export, *words))


def rights(run: Run, found: Found) -> None:
    """Time a review with next steps, against the tiers of another market of the same ids."""
    merchants, folder = min(run.merchants, LONG), run.folder
    exports = {seed: run.export(merchants, seed=seed) for seed in (1, 2)}
    for seed, export in exports.items():
        measure.run(_score(export, folder / f"scores-{seed}.csv"))
    now, before = (str(folder / f"scores-{seed}.csv") for seed in (1, 2))
    words = ("--previous", before, "--export", exports[1], "-o", str(folder / "rights.csv"))
    command = measure.module("trustscore", "rights", now, *words, "--quiet")
    _command(found, "rights", merchants, command)


def simulate(run: Run, found: Found) -> None:
    """Time the making of a market."""
    merchants = min(run.merchants, LONG)
    _command(found, "simulate", merchants, _simulate(run.folder / "made.csv", merchants))


def _command(found: Found, name: str, merchants: int, command: list[str]) -> None:
    """Run a long command once."""
    cost = measure.run(command)
    found.costs[f"{name} of {merchants:,}"] = [cost]
    found.add(name, cost.cpu, f"{cost.wall:.1f} s wall", merchants)


def reranks(run: Run, found: Found) -> None:
    """Time `rerank` of one list, each time another, with ids that are text."""
    rng, policy, merchants = np.random.default_rng(1), BoostPolicy.load("boost"), 20_000
    table = TrustTable.build(boost_latency.made_up(merchants, rng), policy)
    ids, relevance = boost_latency.ask(merchants, rng)
    boost_latency.check(table, policy, ids[0], relevance[0])
    wall, own = boost_latency.timings(
        lambda number: rerank(
            relevance[number % 200], ids[number % 200], table=table, policy=policy
        )
    )
    found.add("rerank p50", float(np.median(wall)), f"own time {np.median(own):.0f} us")
    found.add("rerank p99", _p99(wall), f"own time {_p99(own):.0f} us")


def five(run: Run, found: Found) -> None:
    """Time the command on five rows, its files read shortly before."""
    command = _score(run.export(5), run.folder / "five.csv")
    costs = measure.alternate({"score of five": command}, max(5, run.times))
    found.costs |= costs
    cost = measure.median(costs["score of five"])
    found.add("five", cost.wall, f"CPU {cost.cpu:.2f} s")


# Those that share one function are measured in turn, so that their ratios are of the same minutes.
PARTS: dict[str, Callable[[Run, Found], None]] = {
    "read": files,
    "jobs": files,
    "parquet": files,
    "hand": hand,
    "kernel": kernel,
    "one": one,
    "growth": growth,
    "audit": audit,
    "rights": rights,
    "simulate": simulate,
    "rerank": reranks,
    "five": five,
    "stages": stage,
}
