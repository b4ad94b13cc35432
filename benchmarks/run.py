"""Measure trustscore against its targets, and print a page in Markdown.

    python -m benchmarks.run [--merchants N] [--times N] [--only PART,...] [--without PART,...]
                             [-o DIR] [--folder DIR]

Needs the extra ``dev``. With ``-o`` the page is also written to ``DIR/benchmarks.md``,
with its plot. Every comparison is checked for equal results before it is timed. Run it on an idle
machine.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.parts import PARTS, Found, Run

TIMES = 5


def chosen(only: str | None, without: str | None) -> list[str]:
    """Return the parts to measure, in their order.

    Examples
    --------
    >>> chosen("one,kernel", None), chosen("kernel,one", "one")
    (['kernel', 'one'], ['kernel'])
    """
    named = {word: text.split(",") for word, text in (("only", only), ("without", without)) if text}
    unknown = [part for parts in named.values() for part in parts if part not in PARTS]
    if unknown:
        raise SystemExit(
            f"--only and --without must name parts out of {', '.join(PARTS)}."
            f" Got {', '.join(unknown)}"
        )
    wanted = named.get("only", list(PARTS))
    return [part for part in PARTS if part in wanted and part not in named.get("without", [])]


def measured(run: Run, parts: list[str]) -> Found:
    """Measure the parts; what is being measured is said on standard error."""
    found, began = Found(), time.perf_counter()
    for work in dict.fromkeys(PARTS[part] for part in parts):
        names = [part for part in parts if PARTS[part] is work]
        print(f"{time.perf_counter() - began:6.0f} s  {', '.join(names)}", file=sys.stderr)
        work(run, found)
    return found


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--merchants", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=TIMES, help="how many pairs of each ratio")
    parser.add_argument("--only", metavar="PART,...", help=f"out of {', '.join(PARTS)}")
    parser.add_argument("--without", metavar="PART,...", help="parts to leave out")
    parser.add_argument("-o", "--output", type=Path, help="folder to write the page to")
    parser.add_argument("--folder", type=Path, help="where exports are made and kept")
    given = parser.parse_args()
    if given.merchants < 10 or given.times < 1:
        parser.error("--merchants must be at least 10 and --times at least 1")
    parts, load = chosen(given.only, given.without), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = measured(Run(folder, given.merchants, given.times, frozenset(parts)), parts)
    command = shlex.join(["python", "-m", "benchmarks.run", *sys.argv[1:]])
    text = report.page(found, given.merchants, given.times, command, load)
    if given.output is not None:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "benchmarks.md").write_text(text, encoding="utf-8")
        if found.grown:
            report.plot(found, given.output)
    print(text)


if __name__ == "__main__":
    main()
