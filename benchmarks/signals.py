"""What `trustscore signals` costs, beside what merely reading the logs costs.

    .venv/bin/python -m benchmarks.signals --orders 1000000,3000000 --memory 2GB

Makes up orders, parcels, cases and reviews with DuckDB, then runs in turn: the floors (a scan with
five sums by merchant, and a join of orders and parcels with one sum), the first run, which reads
the logs into the store, the second, which only counts, the second on two threads, and the floors
again.
Prints CPU, wall, the peak of memory of each process, and what the counting takes over its floors.
`--skew` gives 30 % of all orders to one merchant. Nothing is asserted.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

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


def signals(folder: Path, out: Path, work: Path, memory: str, jobs: int = 1) -> list[str]:
    """Return the command."""
    words = ["signals", str(folder), "-o", str(out), "--as-of", "2026-01-01", "--quiet"]
    words += ["--work", str(work), "--memory", memory, "--jobs", str(jobs), "--allow-short-logs"]
    return module("trustscore", *words)


def measure(orders: int, merchants: int, memory: str, skew: bool) -> dict[str, Cost]:
    """Run everything for one size."""
    place = Path(tempfile.mkdtemp(prefix="signals-"))
    try:
        logs = place / "logs"
        logs.mkdir()
        size = make_logs(logs, orders, merchants, skew)
        print(f"\n{orders:,} orders of {merchants:,} merchants, {size / 1e6:,.0f} MB of Parquet")
        out, work = place / "export.csv", place / "work"
        steps = {
            "scan": floor(SCAN, logs),
            "join": floor(JOIN, logs),
            "first run": signals(logs, out, work, memory),
            "second run": signals(logs, out, work, memory),
            "two threads": signals(logs, out, work, memory, 2),
            "scan again": floor(SCAN, logs),
            "join again": floor(JOIN, logs),
        }
        return {name: run(command) for name, command in steps.items()}
    finally:
        shutil.rmtree(place)


def main() -> None:
    """Measure each size and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", default="1000000", help="sizes, joined by commas")
    parser.add_argument("--merchants", type=int, help="by default one for 1,000 orders")
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--skew", action="store_true")
    given = parser.parse_args()
    for orders in map(int, given.orders.split(",")):
        merchants = given.merchants or max(orders // 1000, 100)
        found = measure(orders, merchants, given.memory, given.skew)
        print("\n| step | CPU s | wall s | peak MB |\n|---|---|---|---|")
        for name, cost in found.items():
            print(f"| {name} | {cost.cpu:.2f} | {cost.wall:.2f} | {cost.memory:.0f} |")
        scan, join = (
            (found[name].cpu + found[f"{name} again"].cpu) / 2 for name in ("scan", "join")
        )
        count, whole = found["second run"], found["first run"]
        print(
            f"\ncounting: {count.cpu / scan:.1f} x the scan, {count.cpu / join:.1f} x the join;"
            f" reading: {1e6 * (whole.cpu - count.cpu) / orders:.1f} us an order;"
            f" two threads: {count.wall / found['two threads'].wall:.2f} x one"
        )


if __name__ == "__main__":
    main()
