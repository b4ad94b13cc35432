"""Time the boost: one list of 1,000 candidates, and many lists at once.

Run it with ``python benchmarks/boost_latency.py [MERCHANTS]``. The collector of garbage is left on,
as in a service. Before timing, one list is checked against plain Python. On a machine that is
shared the clock also counts the turns of others, so processor time stands beside it: of a
request its 99th percentile, and of a batch the least of a few runs.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.boost import (
    BoostPolicy,
    Lists,
    LiveTable,
    Trial,
    TrustTable,
    calibrate,
    pareto,
    rerank,
    rerank_lists,
)

CANDIDATES = 1_000
REQUESTS = 5_000


def made_up(merchants: int, rng: np.random.Generator) -> dict[str, Any]:
    """Scores of a market: a third little known, one in 200 vetoed."""
    coverage = np.where(rng.random(merchants) < 0.33, 0.1, 0.8)
    veto = np.where(rng.random(merchants) < 0.005, "floor", "").astype(object)
    return {
        "merchant_id": [f"m{number:07d}" for number in range(merchants)],
        "trust_index": rng.normal(71, 9, merchants).clip(0, 100),
        "index_se": np.where(coverage < 0.5, 8.0, 3.0),
        "prior_index": np.full(merchants, 71.0),
        "coverage": coverage,
        "veto": veto,
        "status": np.where(coverage < 0.5, "new", "formal").astype(object),
    }


def timings(work: Callable[[int], Any], times: int = REQUESTS) -> tuple[Any, Any]:
    """Return microseconds of many calls: by the clock, and of this thread's processor time."""
    for number in range(100):
        work(number)
    clock, worked = np.empty(times), np.empty(times)
    for number in range(times):
        start, begun = time.perf_counter_ns(), time.thread_time_ns()
        work(number)
        worked[number] = time.thread_time_ns() - begun
        clock[number] = time.perf_counter_ns() - start
    return clock / 1000, worked / 1000


def timed(work: Callable[[int], Any]) -> str:
    """Return median, 99th percentile and least of many calls, in microseconds."""
    clock, worked = timings(work)
    p50, p99, least = np.percentile(clock, [50, 99, 0])
    own = np.percentile(worked, 99)
    return f"p50 {p50:6.1f}  p99 {p99:8.1f}  least {least:6.1f}  p99 of own time {own:6.1f}  us"


def ask(merchants: int, rng: np.random.Generator) -> tuple[list[list[str]], list[Any]]:
    """Return the ids and the relevance of 200 lists; one merchant in fifty is unknown."""
    ids = [
        [f"m{number:07d}" for number in rng.integers(0, int(merchants * 1.02), CANDIDATES)]
        for _ in range(200)
    ]
    return ids, [rng.beta(0.5, 4, CANDIDATES) + 1e-6 for _ in range(200)]


def once(work: Callable[[], Any], times: int = 5) -> float:
    """Return the least processor time of a few runs, in seconds."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> None:
    """Print every figure."""
    merchants = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rng = np.random.default_rng(1)
    policy = BoostPolicy.load("boost")
    scores = made_up(merchants, rng)
    start = time.perf_counter()
    built = TrustTable.build(scores, policy)
    print(f"{merchants:,} merchants, numpy {np.__version__}, {os.cpu_count()} CPUs")
    print(f"table built in {time.perf_counter() - start:.2f} s")
    folder = Path(tempfile.mkdtemp())
    built.save(folder / "boosts.npz")
    loads = once(lambda: TrustTable.load(folder / "boosts.npz"))
    maps = once(lambda: TrustTable.load(folder / "boosts.npz", verify=False))
    size = (folder / "boosts.npz").stat().st_size / 1e6
    print(f"table of {size:.1f} MB loaded in {loads * 1e3:.2f} ms, {maps * 1e3:.2f} ms unverified")
    table = LiveTable(folder / "boosts.npz")

    requests, relevance = ask(merchants, rng)
    items = [f"i{number:06d}" for number in range(CANDIDATES)]
    rows = [table.snapshot().rows(request) for request in requests]
    check(table.snapshot(), policy, requests[0], relevance[0])

    guarded = BoostPolicy.parse({**policy.model_dump(exclude_none=True),
                                 "guards": {"max_up": 20, "max_down": 20}})  # fmt: skip
    print(f"one list of {CANDIDATES:,} candidates, {REQUESTS:,} times:")
    print("  numpy.argsort alone    ", timed(lambda i: np.argsort(relevance[i % 200])))
    print("  text ids -> rows       ", timed(lambda i: table.snapshot().rows(requests[i % 200])))
    cases: dict[str, dict[str, Any]] = {
        "rerank, text ids        ": {"policy": policy},
        "rerank, with item ids   ": {"policy": policy, "item_ids": items},
        "rerank, rows kept       ": {"policy": policy, "kept": True},
        "rerank, guard of 20     ": {"policy": guarded},
    }
    for name, case in cases.items():
        kept = case.pop("kept", False)

        def call(number: int, case: dict[str, Any] = case, kept: bool = kept) -> Any:
            at = number % 200
            known = {"rows": rows[at]} if kept else {}
            return rerank(relevance[at], requests[at], table=table, **case, **known)

        print(f"  {name}", timed(call))

    lists_count, length = 10_000, 100
    count = lists_count * length
    ids = np.asarray(scores["merchant_id"], dtype=object)[rng.integers(0, merchants, count)]
    query = np.repeat(np.arange(lists_count), length)
    lists = Lists.from_columns(query, rng.beta(0.5, 4, count) + 1e-6, ids)
    flat = table.snapshot().rows(lists.merchant_ids)
    seconds = once(lambda: rerank_lists(lists, table, policy, flat))
    looked = once(lambda: rerank_lists(lists, table, policy))
    print(f"{lists_count:,} lists of {length}: {count / seconds / 1e6:.1f} million rows/s,")
    print(f"  {count / looked / 1e6:.1f} million rows/s with the lookup of text ids")
    free = BoostPolicy.parse({**policy.model_dump(exclude_none=True), "guards": {}})
    trial = Trial(lists, table, free)
    print(f"  calibrate(1 %) in {once(lambda: calibrate(0.01, trial), 3):.2f} s,", end=" ")
    print(f"pareto of 41 points in {once(lambda: pareto(trial), 3):.2f} s")


def check(table: TrustTable, policy: BoostPolicy, ids: list[str], relevance: Any) -> None:
    """Compare one list with the same done one by one."""
    factors = dict(zip(ids, table.boosts(ids, policy).tolist(), strict=True))
    floor = dict(zip(ids, table.columns["veto"][table.rows(ids)].tolist(), strict=True))
    plain = sorted(
        range(len(ids)), key=lambda i: (floor[ids[i]] == 2, -relevance[i] * factors[ids[i]], i)
    )
    if rerank(relevance, ids, table=table, policy=policy).order.tolist() != plain:
        raise SystemExit("the ranking differs from plain Python")


if __name__ == "__main__":
    main()
