"""Measure trustscore against its targets: ``python -m benchmarks.run [--merchants N] [-o DIR]``.

Writes ``benchmarks.md`` and two plots. Needs the extra ``dev`` and polars. Every comparison is
checked for equal results before it is timed. Run it on an idle machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from benchmarks import measure
from benchmarks.formula import plain_card, worst_difference
from benchmarks.stages import numpy_costs, stages
from trustscore.io.blocks import read_blocks
from trustscore.scorecard import Scorecard, load_scorecard, parse_scorecard
from trustscore.scoring import score_columns

RIVALS = ("duckdb", "polars", "pandas")
TIMES = 5


def table(path: Path) -> dict[str, np.ndarray]:
    """Read a score file."""
    options = pa.csv.ConvertOptions(
        strings_can_be_null=False, column_types={"merchant_id": pa.string()}
    )
    found = pa.csv.read_csv(path, convert_options=options)
    return {
        name: np.array(column.to_pylist(), dtype=object)
        if column.type == pa.string()
        else column.to_numpy()
        for name, column in zip(found.column_names, found.columns, strict=True)
    }


def score(export: str, out: Path, *words: str) -> list[str]:
    """Return the command that scores an export."""
    return measure.module("trustscore", "score", export, "-o", str(out), "--quiet", *words)


def simulate(folder: Path, merchants: int, name: str) -> str:
    """Make an export, unless it is there; return its path."""
    path = folder / name
    if not path.exists():
        words = ("--merchants", str(merchants), "--seed", "1", "-o", str(path))
        measure.run(measure.module("trustscore", "simulate", *words))
    return str(path)


def first_signals(count: int, card: Scorecard) -> Scorecard:
    """Return a scorecard of some signals: every so many-th, without rules and overlays."""
    data = card.file.model_dump(mode="json", exclude_none=True)
    weighed = [signal.id for signal in card.signals if signal.weight]
    keep = {weighed[i] for i in np.linspace(0, len(weighed) - 1, count).astype(int)}
    for dimension, signals in list(data["signals"].items()):
        data["signals"][dimension] = {k: v for k, v in signals.items() if k in keep}
        if not data["signals"][dimension]:  # a dimension must have a signal
            del data["signals"][dimension], data["dimensions"][dimension]
    data["words"] = {k: v for k, v in data["words"].items() if k in keep}
    data["rules"], data["overlays"] = {}, {}
    return parse_scorecard(data)


def kernel(block: dict[str, np.ndarray]) -> dict[str, float]:
    """Return merchants a second of the kernel alone, and milliseconds of one merchant."""
    rows = len(block["merchant_id"])
    card = load_scorecard("default")
    one = {name: values[:1] for name, values in block.items()}
    return {
        "index": rows / measure.best(lambda: score_columns(block, card), 7),
        "reasons": rows / measure.best(lambda: score_columns(block, card), 7),
        "statement": rows / measure.best(lambda: score_columns(block, card, "statement"), 5),
        "one": 1e3 * measure.best(lambda: score_columns(one, card), 300),
    }


def against_hand(folder: Path, export: str, times: int) -> dict[str, object]:
    """Time the same formula by hand, after checking that the results are equal."""
    plain_card(folder)
    card = str(folder / "plain.json")
    # The others use every core, unasked.
    jobs = str(os.cpu_count() or 1)
    ours = score(export, folder / "ours.csv", "--scorecard", card, "--jobs", jobs)
    commands = {"trustscore": ours}
    measure.run(ours)
    expected = table(folder / "ours.csv")
    worst = 0.0
    for name in RIVALS:
        out = str(folder / f"{name}.csv")
        commands[name] = measure.module(f"benchmarks.by_hand_{name}", export, card, out)
        measure.run(commands[name])
        # Our CSV rounds to four decimals.
        worst = max(worst, worst_difference(expected, table(Path(out))))
    if worst > 5.1e-5:
        raise SystemExit(f"the results differ by {worst}")
    return {"costs": measure.alternate(commands, times), "worst": worst}


def growth(folder: Path, merchants: int, block: dict[str, np.ndarray]) -> dict[str, list]:
    """Return CPU by rows, and kernel seconds by signals."""
    rows = [merchants // 2, merchants, 2 * merchants, 4 * merchants]
    costs = [
        measure.run(score(simulate(folder, n, f"export-{n}.csv"), folder / "g.csv")) for n in rows
    ]
    card = load_scorecard("default")
    signals = [10, 20, 30, 45, 60, 75, 85]
    cards = [first_signals(n, card) for n in signals]
    seconds = [measure.best(lambda c=c: score_columns(block, c), 5) for c in cards]
    return {
        "rows": rows,
        "cpu": [c.cpu for c in costs],
        "memory": [c.memory for c in costs],
        "signals": signals,
        "seconds": seconds,
        "block": [len(block["merchant_id"])],
    }


def plots(folder: Path, found: dict[str, list]) -> None:
    """Draw time by rows and by signals."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    left.plot(np.array(found["rows"]) / 1e6, found["cpu"], "o-", color="#1f6f8b")
    left.set(xlabel="merchants (millions)", ylabel="CPU (s)", title="trustscore score, by rows")
    right.plot(found["signals"], np.array(found["seconds"]) * 1e3, "o-", color="#b5541f")
    title = f"kernel, {found['block'][0]:,} merchants, by signals"
    right.set(xlabel="signals", ylabel="milliseconds", title=title)
    for axes in (left, right):
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / "benchmarks-growth.png", dpi=120)


def main() -> None:
    """Measure everything and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--merchants", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"))
    parser.add_argument("--folder", type=Path, help="where exports are made and kept")
    given = parser.parse_args()
    given.output.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        export = simulate(folder, given.merchants, f"export-{given.merchants}.csv")
        parquet = simulate(folder, given.merchants, f"export-{given.merchants}.parquet")
        reading = measure.alternate(
            {
                "score": score(export, folder / "a.csv"),
                "polars": measure.reader("polars", export),
                "pyarrow": measure.reader("pyarrow", export),
                "parquet": score(parquet, folder / "p.csv"),
                "two jobs": score(export, folder / "b.csv", "--jobs", "2"),
            },
            given.times,
        )
        if (folder / "a.csv").read_bytes() != (folder / "b.csv").read_bytes():
            raise SystemExit("two jobs gave other bytes than one")
        hand = against_hand(folder, export, given.times)
        small = simulate(folder, 65_536, "kernel.csv")
        blocks = [read.block for read in read_blocks(small)]
        block = {name: np.concatenate([b[name] for b in blocks]) for name in blocks[0]}
        single = kernel(block)
        grown = growth(folder, given.merchants, block)
        spent = stages(export)
    plots(given.output, grown)
    text = report(given.merchants, reading, hand, single, grown, spent)
    (given.output / "benchmarks.md").write_text(text, encoding="utf-8")
    print(text)


def report(merchants, reading, hand, single, grown, spent) -> str:
    """Return the page."""
    middle = {name: measure.median(costs) for name, costs in reading.items()}
    fastest = min(("polars", "pyarrow"), key=lambda name: middle[name].cpu)
    times = {
        name: measure.ratio(reading["score"], reading[name], "cpu")
        for name in ("polars", "pyarrow")
    }
    jobs = measure.ratio(reading["score"], reading["two jobs"], "wall")
    faster = measure.ratio(reading["score"], reading["parquet"], "wall")
    rivals = {
        name: measure.ratio(hand["costs"][name], hand["costs"]["trustscore"], "wall")
        for name in RIVALS
    }
    rows, memory = grown["rows"], grown["memory"]
    slope = (memory[-1] - memory[1]) * 2**20 / (rows[-1] - rows[1])
    lines = [
        ("CPU of `score` / CPU of the fastest typed read", "<= 1.5",
         f"{times[fastest]:.2f} ({fastest}; {times['pyarrow']:.2f} of pyarrow)"),
        *((f"wall time of {name} by hand / of `score`, all cores", "> 1", f"{rivals[name]:.2f}")
          for name in RIVALS),
        (f"peak memory at {merchants:,} rows", "<= 400 MB", f"{middle['score'].memory:.0f} MB"),
        (f"growth of memory from {rows[1]:,} to {rows[-1]:,} rows", "<= 16 bytes a row",
         f"{slope:.1f} bytes a row"),
        ("one job / two jobs, wall time", ">= 1.7", f"{jobs:.2f}"),
        ("kernel with standard errors, merchants/s", ">= 1,000,000", f"{single['index']:,.0f}"),
        ("kernel with reasons as well", "", f"{single['reasons']:,.0f}"),
        ("kernel with all contributions, merchants/s", ">= 800,000", f"{single['statement']:,.0f}"),
        ("one merchant through the library", "< 2 ms", f"{single['one']:.2f} ms"),
        ("Parquet rate / CSV rate", ">= 2", f"{faster:.2f}"),
    ]  # fmt: skip
    out = [
        "# Benchmarks",
        "",
        "Made by `python -m benchmarks.run`; every figure below comes from one run of it.",
        "",
        f"Work: a simulated export of {merchants:,} merchants with all 139 columns of the default"
        " scorecard, scored with all default outputs. Ratios are medians of pairs measured in"
        " turn.",
        "",
        "| What | Target | Measured |",
        "|---|---|---|",
        *(f"| {what} | {target} | {got} |" for what, target, got in lines),
        "",
        "## The runs behind it",
        "",
        "| Run | CPU s | Wall s | Peak MB |",
        "|---|---|---|---|",
    ]
    costs = {**reading, **{f"{k}, same formula": v for k, v in hand["costs"].items()}}
    for name, each in costs.items():
        cost = measure.median(each)
        out.append(f"| {name} | {cost.cpu:.2f} | {cost.wall:.2f} | {cost.memory:.0f} |")
    out += [
        "",
        f"The results of the hand-written versions differ from ours by at most"
        f" {hand['worst']:.1e} points, the rounding of the score file.",
        "",
        "## Where the time goes",
        "",
        "One job, the same export, processor time without starting Python and writing the file.",
        "",
        "| Stage | Microseconds a merchant | Share |",
        "|---|---|---|",
        *(
            f"| {name} | {cost:.2f} | {cost / sum(spent.values()):.0%} |"
            for name, cost in spent.items()
        ),
        f"| all | {sum(spent.values()):.2f} | |",
        "",
        *explained(spent),
        "",
        "## Growth",
        "",
        "![CPU by rows and kernel time by signals](benchmarks-growth.png)",
        "",
        "| Rows | CPU s | CPU microseconds a row | Peak MB |",
        "|---|---|---|---|",
        *(
            f"| {n:,} | {cpu:.2f} | {1e6 * cpu / n:.2f} | {mb:.0f} |"
            for n, cpu, mb in zip(rows, grown["cpu"], memory, strict=True)
        ),
        "",
        "## Machine",
        "",
        f"{cpu_name()}, {os.cpu_count()} cores, {platform.system()}, Python"
        f" {platform.python_version()}; "
        + ", ".join(
            f"{name} {version(name)}" for name in ("numpy", "pyarrow", "pandas", "polars", "duckdb")
        )
        + ".",
        "",
    ]
    return "\n".join(out)


def explained(spent: dict[str, float]) -> list[str]:
    """Return what the profile says of the kernel's target."""
    costs = numpy_costs()
    kernel_cost = sum(cost for name, cost in spent.items() if name.startswith("kernel"))
    signals = len(load_scorecard("default").signals)
    sums = costs["add"] + costs["divide"] + costs["square root"]
    return [
        "On this machine one pass of numpy over a table in the cache costs, per figure: "
        + ", ".join(f"{name} {cost:.2f} ns" for name, cost in costs.items())
        + f". A signal of a merchant costs the kernel {1e3 * kernel_cost / signals:.0f} ns, reasons"
        " included: some thirty such passes, two divisions to shrink and one to place it between"
        " its anchors, a square root for the interval. A million merchants a second would leave"
        f" {1e3 / signals:.0f} ns, about {1e3 / signals / (sums / 3):.0f} passes: out of reach"
        " without fusing the passes in a compiled loop, which would be a second copy of the"
        " arithmetic.",
    ]


def cpu_name() -> str:
    """Return the processor's name."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
