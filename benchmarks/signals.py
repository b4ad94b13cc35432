"""What `trustscore signals` costs, beside what merely reading the logs costs.

    .venv/bin/python -m benchmarks.signals --orders 1000000,3000000 --memory 2GB

Makes up orders, parcels, cases and reviews with DuckDB, then runs in turn: the floors (a scan with
five sums by merchant, and a join of orders and parcels with one sum), the first run, which reads
the logs into the store, the second, which only counts, the second on two threads, the floors again.
Prints CPU, wall, the peak of memory of each process (VmHWM), what DuckDB spilled to disk, and what
the counting takes over its floors; says whether two threads wrote the same bytes.
`--skew` gives 30 % of all orders to one merchant; `--orders 20000 --merchants 1000` is a small
market from a cold start. `--results FILE` keeps the figures, and `--plot FILE` draws those of all
runs kept there. Nothing is asserted.
"""

import argparse
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure import Cost, module, run

DAYS = 200
SCAN = """
SELECT merchant_id, count(*), sum(amount), min(paid_at), max(paid_at), sum(freight)
FROM read_parquet('{logs}/orders.parquet') GROUP BY merchant_id
"""
JOIN = """
SELECT o.merchant_id, sum(s.delivered_at - o.paid_at)
FROM read_parquet('{logs}/orders.parquet') AS o
JOIN read_parquet('{logs}/shipments.parquet') AS s USING (merchant_id, order_id)
GROUP BY o.merchant_id
"""
# Times are microseconds; 2026-01-01 is the day of the export.
LAST = 1_767_196_800_000_000
SPAN = DAYS * 86_400_000_000
LOGS = {
    "orders": """
SELECT {merchant} AS merchant_id, 'o' || i AS order_id,
  {last} - 1 - (hash(i) % {span})::BIGINT AS paid_at,
  'b' || (hash(i, 2) % {buyers}) AS buyer_id, (hash(i, 3) % 20000) / 100 AS amount,
  (hash(i, 4) % 1000) / 100 AS freight, 'normal' AS order_type,
  CASE WHEN hash(i, 5) % 3 = 0 THEN 'live' ELSE 'shelf' END AS channel,
  'c' || (hash(i, 6) % 20) AS category, 'd' || (hash(i, 7) % {buyers}) AS device_id
FROM range({orders}) AS t(i)
""",
    "shipments": """
SELECT merchant_id, order_id, 'w' || order_id AS waybill_id,
  paid_at + 3600000000 * (1 + (hash(order_id) % 40)::BIGINT) AS shipped_at,
  paid_at + 3600000000 * (3 + (hash(order_id) % 60)::BIGINT) AS first_scan_at,
  paid_at + 3600000000 * (70 + (hash(order_id) % 90)::BIGINT) AS delivered_at
FROM read_parquet('{logs}/orders.parquet') WHERE hash(order_id) % 100 < 97
""",
    "aftersales": """
SELECT merchant_id, 'a' || order_id AS case_id, order_id,
  paid_at + 3600000000 * (200 + (hash(order_id) % 90)::BIGINT) AS opened_at,
  'return_refund' AS type,
  CASE WHEN hash(order_id) % 2 = 0 THEN 'quality' ELSE 'changed_mind' END AS first_reason,
  paid_at + 3600000000 * (300 + (hash(order_id) % 90)::BIGINT) AS refunded_at
FROM read_parquet('{logs}/orders.parquet') WHERE hash(order_id, 9) % 100 < 10
""",
    "reviews": """
SELECT 'r' || order_id AS review_id, merchant_id, order_id, buyer_id,
  paid_at + 3600000000 * (180 + (hash(order_id) % 90)::BIGINT) AS created_at,
  1 + (hash(order_id, 8) % 5)::BIGINT AS stars
FROM read_parquet('{logs}/orders.parquet') WHERE hash(order_id, 10) % 100 < 30
""",
}


def make_logs(folder: Path, orders: int, merchants: int, skew: bool) -> int:
    """Write the logs and return their bytes."""
    merchant = f"'m' || (hash(i, 1) % {merchants})"
    if skew:
        merchant = f"CASE WHEN hash(i, 11) % 10 < 3 THEN 'm0' ELSE {merchant} END"
    values = {"merchant": merchant, "orders": orders, "last": LAST, "span": SPAN, "logs": folder}
    values["buyers"] = max(orders // 3, 1)
    with duckdb.connect() as connection:
        for name, sql in LOGS.items():
            connection.execute(
                f"COPY ({sql.format(**values)}) TO '{folder}/{name}.parquet' (FORMAT parquet)"
            )
    return sum(path.stat().st_size for path in folder.iterdir())


def floor(sql: str, folder: Path) -> list[str]:
    """Return the command that runs a query and does nothing with its rows."""
    text = f"CREATE TABLE t AS {sql.format(logs=folder)}"
    return [*module("duckdb")[:1], "-c", f"import duckdb; duckdb.connect().execute({text!r})"]


# The peak of its own memory is what a process writes down as its last act.
_WATCHED = """
import atexit, runpy, sys
peak = sys.argv.pop(1)
def note():
    with open("/proc/self/status") as status, open(peak, "w") as file:
        file.write(next(line for line in status if line.startswith("VmHWM")).split()[1])
atexit.register(note)
sys.argv[0] = "trustscore"
runpy.run_module("trustscore", run_name="__main__", alter_sys=True)
"""


def signals(folder: Path, out: Path, work: Path, memory: str, jobs: int = 1) -> list[str]:
    """Return the command."""
    words = ["signals", str(folder), "-o", str(out), "--as-of", "2026-01-01", "--quiet"]
    words += ["--work", str(work), "--memory", memory, "--jobs", str(jobs), "--allow-short-logs"]
    return [*module("x")[:1], "-c", _WATCHED, str(out.with_suffix(".peak")), *words]


@contextmanager
def spilling(folder: Path) -> Iterator[list[int]]:
    """Watch how much DuckDB keeps in its temporary files below a folder, and keep the most."""
    most, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            there = 0
            for path in folder.rglob("duckdb_temp*"):
                try:
                    there += path.stat().st_blocks * 512
                except FileNotFoundError:
                    continue
            most[0] = max(most[0], there)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def measure(orders: int, merchants: int, memory: str, skew: bool) -> dict[str, Any]:
    """Run everything for one size."""
    place = Path(tempfile.mkdtemp(prefix="signals-"))
    try:
        logs = place / "logs"
        logs.mkdir()
        size = make_logs(logs, orders, merchants, skew)
        print(f"\n{orders:,} orders of {merchants:,} merchants, {size / 1e6:,.0f} MB of Parquet")
        work = place / "work"
        steps: dict[str, tuple[list[str], Path | None]] = {
            "scan": (floor(SCAN, logs), None),
            "join": (floor(JOIN, logs), None),
        }
        for name, jobs in (("first run", 1), ("second run", 1), ("two threads", 2)):
            out = place / f"{name.replace(' ', '-')}.csv"
            steps[name] = signals(logs, out, work, memory, jobs), out
        steps |= {"scan again": steps["scan"], "join again": steps["join"]}
        costs: dict[str, dict[str, float]] = {}
        bytes_of = set()
        print("\n| step | CPU s | wall s | peak MB | spilled MB |\n|---|---|---|---|---|")
        for name, (command, out) in steps.items():
            with spilling(work) as spilled:
                cost: Cost = run(command)
            found = asdict(cost) | {"spilled": spilled[0] / 1e6}
            if out is not None:
                found["memory"] = int(out.with_suffix(".peak").read_text()) / 1024
                bytes_of.add(hashlib.sha256(out.read_bytes()).hexdigest())
            costs[name] = found
            figures = f"{found['cpu']:.2f} | {found['wall']:.2f} | {found['memory']:.0f}"
            print(f"| {name} | {figures} | {found['spilled']:.0f} |", flush=True)
        same = len(bytes_of) == 1
        return {"orders": orders, "merchants": merchants, "skew": skew, "bytes": size} | {
            "memory": memory,
            "same": same,
            "costs": costs,
        }
    finally:
        shutil.rmtree(place)


def told(found: dict[str, Any]) -> str:
    """Return what the figures of one size come to."""
    costs = found["costs"]
    scan, join = (
        (costs[name]["cpu"] + costs[f"{name} again"]["cpu"]) / 2 for name in ("scan", "join")
    )
    count, whole = costs["second run"], costs["first run"]
    reading = 1e6 * (whole["cpu"] - count["cpu"]) / found["orders"]
    threads = count["wall"] / costs["two threads"]["wall"]
    return (
        f"\ncounting: {count['cpu'] / scan:.1f} x the scan, {count['cpu'] / join:.1f} x the join;"
        f" reading: {reading:.1f} us an order; two threads: {threads:.2f} x one,"
        f" the {'same' if found['same'] else 'NOT THE SAME'} bytes"
    )


def draw(results: list[dict[str, Any]], file: str) -> None:
    """Draw CPU and memory by orders."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    results = sorted((r for r in results if not r["skew"]), key=lambda r: r["orders"])
    orders = [r["orders"] / 1e6 for r in results]
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    lines = (
        ("second run", "#1f6f8b", "counting"),
        ("first run", "#b5541f", "reading and counting"),
    )
    for name, colour, label in lines:
        costs = [r["costs"][name] for r in results]
        axes[0].plot(orders, [c["cpu"] for c in costs], "o-", color=colour, label=label)
        axes[1].plot(orders, [c["memory"] for c in costs], "o-", color=colour, label=label)
    axes[0].set(ylabel="CPU (s)", title="trustscore signals, by orders")
    axes[1].set(ylabel="peak of memory (MB)", title=f"--memory {results[0]['memory']}")
    for each in axes:
        each.set_xlabel("orders (millions)")
        each.set_xlim(left=0)
        each.set_ylim(bottom=0)
        each.grid(alpha=0.3)
        each.spines[["top", "right"]].set_visible(False)
    axes[0].legend(frameon=False)
    figure.savefig(file, dpi=120)


def main() -> None:
    """Measure each size and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", default="1000000", help="sizes, joined by commas, or nothing")
    parser.add_argument("--merchants", type=int, help="by default one for 1,000 orders")
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--skew", action="store_true")
    parser.add_argument("--results", type=Path, help="file of figures, one line a size")
    parser.add_argument("--plot", help="file of a picture of all figures of --results")
    given = parser.parse_args()
    for orders in map(int, filter(None, given.orders.split(","))):
        merchants = given.merchants or max(orders // 1000, 100)
        found = measure(orders, merchants, given.memory, given.skew)
        print(told(found), flush=True)
        if given.results:
            with open(given.results, "a", encoding="utf-8") as file:
                file.write(json.dumps(found) + os.linesep)
    if given.plot and given.results:
        kept = given.results.read_text(encoding="utf-8").splitlines()
        draw([json.loads(line) for line in kept], given.plot)


if __name__ == "__main__":
    main()
