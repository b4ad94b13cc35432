"""Whole processes and single calls, measured."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

READERS = {
    "pyarrow": "import sys, pyarrow.csv as c; c.read_csv(sys.argv[1])",
    "polars": "import sys, polars as pl; pl.read_csv(sys.argv[1])",
}


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds of CPU (user and system), seconds of wall, MB at its peak."""

    cpu: float
    wall: float
    memory: float


# A process counts the memory of the one it was forked from; this one is small.
_LAUNCHER = """
import json, os, sys, time
start = time.perf_counter()
pid = os.fork()
if not pid:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - start
code = os.waitstatus_to_exitcode(status)
print(json.dumps([code, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024]))
"""


def run(command: list[str]) -> Cost:
    """Run a command to its end and return what it and its workers took."""
    launch = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command]
    # Where a package is installed its byte code is kept, whatever is set where it is written.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(launch, stdout=subprocess.PIPE, check=True, env=kept)
    code, cpu, wall, memory = json.loads(done.stdout)
    if code:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return Cost(cpu, wall, memory)


def alternate(commands: dict[str, list[str]], times: int) -> dict[str, list[Cost]]:
    """Run each command once to warm up, then all in turn, so that drift meets all alike."""
    for command in commands.values():
        run(command)
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            found[name].append(run(command))
    return found


def median(costs: list[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(
        *(statistics.median(getattr(c, name) for c in costs) for name in ("cpu", "wall", "memory"))
    )


def ratio(one: list[Cost], other: list[Cost], figure: str) -> float:
    """Return the median of the ratios, pair by pair."""
    pairs = zip(one, other, strict=True)
    return statistics.median(getattr(a, figure) / getattr(b, figure) for a, b in pairs)


def best(
    work: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the least seconds of some calls, by a clock or of processor time."""
    taken = []
    for _ in range(times):
        start = clock()
        work()
        taken.append(clock() - start)
    return min(taken)


def module(name: str, *words: str) -> list[str]:
    """Return the command that runs a module in this interpreter."""
    return [sys.executable, "-m", name, *words]


def reader(name: str, path: str) -> list[str]:
    """Return the command that reads a CSV with types and does nothing with it."""
    return [sys.executable, "-c", READERS[name], path]
