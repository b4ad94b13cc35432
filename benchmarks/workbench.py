"""What the workbench takes: its start, its memory, and its answers over HTTP.

python benchmarks/workbench.py EXPORT [ROUNDS]
"""

import json
import resource
import statistics
import sys
import threading
import time
import urllib.request

import uvicorn

from trustscore.web.files import open_bench
from trustscore.web.server import create_app, listen

KINDS = {
    "weight": ("signals.after_sales.complaint_rate.weight", "weight"),
    "anchor": ("signals.after_sales.complaint_rate.poor", "poor"),
    "tier line": ("tiers.ladder.standard.at", "at"),
}


def main() -> None:
    """Print a line for each kind of change, of the sample and of the whole market."""
    export, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20
    began, used = time.perf_counter(), time.process_time()
    bench, _ = open_bench(export)
    print(
        f"start of {bench.market.size:,} merchants: {time.perf_counter() - began:.1f} s,"
        f" {time.process_time() - used:.1f} s of CPU"
    )
    held = listen(0)
    port = held.getsockname()[1]
    config = uvicorn.Config(create_app(bench, "t", port), log_level="error", access_log=False)
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, kwargs={"sockets": [held]}, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    serial = 0
    for name, (address, part) in KINDS.items():
        knob = next(
            (k for k in bench.knobs.values() if k.address == address),
            next(k for k in bench.knobs.values() if k.part == part),
        )
        for whole in (False, True):
            walls, cpu = [], []
            for at in range(rounds if not whole else max(3, rounds // 3)):
                serial += 1
                value = knob.value + knob.step * (1 + at % 4)
                body = {"edits": {knob.address: value}, "serial": serial, "whole": whole}
                request = urllib.request.Request(
                    f"http://127.0.0.1:{port}/api/move",
                    json.dumps(body).encode(),
                    {
                        "content-type": "application/json",
                        "x-workbench-token": "t",
                        "origin": f"http://127.0.0.1:{port}",
                    },
                )
                wall, used = time.perf_counter(), time.process_time()
                with urllib.request.urlopen(request) as answer:
                    answer.read()
                walls.append(1000 * (time.perf_counter() - wall))
                cpu.append(1000 * (time.process_time() - used))
            walls.sort()
            print(
                f"{name:10} {'whole' if whole else 'slide'}: p50 {statistics.median(walls):.0f} ms,"
                f" p95 {walls[min(len(walls) - 1, int(0.95 * len(walls)))]:.0f} ms,"
                f" CPU {statistics.median(cpu):.0f} ms"
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"memory at most {peak:.2f} GiB")
    server.should_exit = True


if __name__ == "__main__":
    main()
