"""What a run on Spark costs: CPU seconds of the driver, the JVM and the Python workers.

    .venv/bin/python benchmarks/spark_cost.py score EXPORT... -o OUT
    .venv/bin/python benchmarks/spark_cost.py signals LOGS -o OUT --as-of DATE --work STORE

Runs the command of ``trustscore`` with ``--engine spark`` on two local cores and reads the CPU time
of all its processes from /proc (Linux), so another load on the machine changes the wall time more
than the result. `--spark.NAME=VALUE` sets what a session is configured with.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(session):
    """CPU ticks of each process of a session, by pid and name."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        if int(fields[3]) == session:
            found[head.split(" ", 1)[0], head.partition("(")[2]] = sum(map(int, fields[11:13]))
    return found


def main():
    """Run, measure and print."""
    settings = [word[2:] for word in sys.argv[1:] if word.startswith("--spark.")]
    words = [word for word in sys.argv[1:] if not word.startswith("--spark.")]
    command = [sys.executable, "-m", "trustscore", *words, "--engine", "spark"]
    configured = ["--master local[2]", *(f"--conf {setting}" for setting in settings)]
    submit = " ".join([*configured, "pyspark-shell"])
    environment = {**os.environ, "PYSPARK_SUBMIT_ARGS": submit}
    started = time.perf_counter()
    run = subprocess.Popen(command, start_new_session=True, env=environment)
    ticks = {}
    while run.poll() is None:
        for process, now in cpu_of(run.pid).items():
            ticks[process] = max(ticks.get(process, 0), now)
        time.sleep(0.2)
    wall = time.perf_counter() - started
    out = words[words.index("-o") + 1]
    rows = json.loads(Path(f"{out}.manifest.json").read_text())["rows"]["read"]
    total = {"java": 0.0, "python": 0.0}
    for (_, name), count in ticks.items():
        total["java" if name == "java" else "python"] += count / TICK
    cpu = sum(total.values())
    print(
        f"{rows:,} rows: {wall:.1f} s, CPU {cpu:.1f} s"
        f" (JVM {total['java']:.1f}, Python {total['python']:.1f}),"
        f" {cpu / rows * 1e6:.0f} s a million rows, exit code {run.returncode}"
    )


if __name__ == "__main__":
    main()
