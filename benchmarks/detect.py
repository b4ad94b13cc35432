"""Gangs and identity links over many accounts: CPU, time and peak memory of the whole command.

``python -m benchmarks.detect --accounts 1000000`` makes up a log of five identifiers an account in
a temporary folder, a tenth of the accounts in gangs, with an agency of 5,000 clients, a building of
300 accounts and an office of 2,000, and runs ``trustscore detect`` over it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import Cost, run

KINDS = ("licence", "phone", "device", "pay_account", "address")
HUBS = {"phone": 5_000, "address": 300, "ip": 2_000}


def make_up(folder: Path, accounts: int, seed: int = 7) -> int:
    """Write the logs of identities and merchants; return the number of identifiers."""
    draw = np.random.default_rng(seed)
    names = np.array([f"m{at:08d}" for at in range(accounts)])
    whose = np.arange(accounts)
    of: dict[str, np.ndarray] = {}
    place, gang = 0, 0
    own = {kind: whose.copy() for kind in KINDS}
    order = draw.permutation(accounts)
    while place < accounts // 10:
        members = order[place : place + draw.integers(2, 9)]
        for kind, share in (("phone", 0.5), ("device", 0.9), ("pay_account", 0.95)):
            joined = members[draw.random(len(members)) < share]
            own[kind][joined] = accounts + gang
        place, gang = place + len(members), gang + 1
    for kind in KINDS:
        values = np.array([f"13{at:09d}" if kind == "phone" else f"{kind}{at}" for at in own[kind]])
        of[kind] = values
    parts = [(names, kind, values) for kind, values in of.items()]
    for kind, size in HUBS.items():
        some = draw.choice(accounts, min(size, accounts), replace=False)
        value = "13999999998" if kind == "phone" else f"{kind} hub"
        parts.append((names[some], kind, np.full(len(some), value)))
    table = pa.table(
        {
            "merchant_id": np.concatenate([part[0] for part in parts]),
            "kind": np.concatenate([np.full(len(part[0]), part[1]) for part in parts]),
            "value": np.concatenate([part[2] for part in parts]),
        }
    )
    pq.write_table(table, folder / "identities.parquet")
    gone = draw.random(accounts) < 0.01
    merchants = {
        "merchant_id": names,
        "status": np.where(gone, "removed", "active"),
        "removal_reason": np.where(gone, "fraud", ""),
    }
    pq.write_table(pa.table(merchants), folder / "merchants.parquet")
    return len(table)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--memory", default="1GB")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        logs = Path(place, "logs")
        logs.mkdir()
        identifiers = make_up(logs, given.accounts)
        print(f"{given.accounts:,} accounts, {identifiers:,} identifiers\n")
        print("| what | CPU s | wall s | peak MB | findings |\n|---|---|---|---|---|")
        for name in ("gangs", "gangs", "identity"):
            out = Path(place, f"{name}.parquet")
            words = ["detect", name, str(logs), "--as-of", "2026-02-01", "-o", str(out)]
            words += ["--work", str(Path(place, "work")), "--memory", given.memory, "--quiet"]
            begun = Path(place, "work").exists()
            cost: Cost = run([sys.executable, "-m", "trustscore", *words])
            facts = json.loads(Path(f"{out}.manifest.json").read_text())
            what = f"{name}, {'the store is there' if begun else 'reading included'}"
            found = sum(facts["findings"].values())
            print(
                f"| {what} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.memory:.0f} | {found:,} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
