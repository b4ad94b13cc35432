"""The page of what was measured, in Markdown, and its plot."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.measure import median
from benchmarks.parts import Found
from benchmarks.targets import TARGETS, Figure

PLOT = "benchmarks-growth.png"


def _rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def targets(figures: list[Figure]) -> list[str]:
    """Return the table of figures and targets, in the order of the targets."""
    names = list(TARGETS)
    ordered = sorted(figures, key=lambda figure: names.index(figure.name))
    return _rows(["What", "Target", "Measured", "Verdict"], [f.cells for f in ordered])


def page(found: Found, merchants: int, times: int, command: str, load: float) -> str:
    """Return the whole page."""
    out = [
        "# Benchmarks",
        "",
        f"Made by `{command}`; every figure below comes from one run of it.",
        "",
        f"Work: a simulated export of {merchants:,} merchants with all 139 columns of the default"
        f" scorecard, scored with all default outputs. Ratios are medians of {times} pairs measured"
        " in turn; long commands run once.",
        "",
        *targets(found.figures),
        "",
    ]
    if found.costs:
        costs = {name: median(each) for name, each in found.costs.items()}
        out += [
            "## The runs behind it",
            "",
            *_rows(
                ["Run", "CPU s", "Wall s", "Peak MB"],
                [
                    (name, f"{cost.cpu:.2f}", f"{cost.wall:.2f}", f"{cost.memory:.0f}")
                    for name, cost in costs.items()
                ],
            ),
            "",
        ]
    for note in found.notes:
        out += [note, ""]
    if found.stages:
        whole = sum(found.stages.values())
        out += [
            "## Where the time goes",
            "",
            "One job, the same export, processor time without starting Python and writing the"
            " file.",
            "",
            *_rows(
                ["Stage", "Microseconds a merchant", "Share"],
                [
                    *((n, f"{us:.2f}", f"{us / whole:.0%}") for n, us in found.stages.items()),
                    ("all", f"{whole:.2f}", ""),
                ],
            ),
            "",
        ]
    if found.grown:
        own = (found.grown[name] for name in ("rows", "cpu", "memory"))
        out += [
            "## Growth",
            "",
            f"![CPU by rows and kernel time by signals]({PLOT})",
            "",
            *_rows(
                ["Rows", "CPU s", "CPU microseconds a row", "Peak MB"],
                [
                    (f"{n:,}", f"{cpu:.2f}", f"{1e6 * cpu / n:.2f}", f"{mb:.0f}")
                    for n, cpu, mb in zip(*own, strict=True)
                ],
            ),
            "",
        ]
    packages = ("numpy", "pyarrow", "pandas", "polars", "duckdb")
    out += [
        "## Machine",
        "",
        f"{_cpu_name()}, {os.cpu_count()} cores, {platform.system()}, Python"
        f" {platform.python_version()}; {', '.join(f'{n} {version(n)}' for n in packages)}."
        f" Load before the run: {load:.1f}.",
        "",
    ]
    return "\n".join(out)


def _cpu_name() -> str:
    """Return the processor's name."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def plot(found: Found, folder: Path) -> None:
    """Draw time by rows and by signals."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    grown = found.grown
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    left.plot(np.array(grown["rows"]) / 1e6, grown["cpu"], "o-", color="#1f6f8b")
    left.set(xlabel="merchants (millions)", ylabel="CPU (s)", title="trustscore score, by rows")
    right.plot(grown["signals"], np.array(grown["seconds"]) * 1e3, "o-", color="#b5541f")
    title = f"kernel, {grown['block'][0]:,} merchants, by signals"
    right.set(xlabel="signals", ylabel="milliseconds", title=title)
    for axes in (left, right):
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / PLOT, dpi=120)
