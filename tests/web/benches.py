"""Small markets for the workbench."""

from pathlib import Path

from trustscore.scorecard import load_scorecard
from trustscore.scorecard.presets import find
from trustscore.simulate import simulate_export
from trustscore.web import Bench, Market

NAMES = {0: "<script>alert(1)</script>", 1: "\u202eevil", 2: "\x1b[31mred", 3: "=1+1"}


def bench_of(folder, rows=400, preset="minimal", sample_size=20_000):
    raw = Path(find(preset)).read_bytes()
    return bench_of_text(folder, raw, rows, preset, sample_size)


def block_of(rows, preset="minimal"):
    block = dict(simulate_export(rows, scorecard=preset))
    ids = block["merchant_id"].copy()
    for at, name in NAMES.items():
        if at < rows:
            ids[at] = name
    return block | {"merchant_id": ids}


def bench_of_text(folder, raw, rows=400, preset="minimal", sample_size=20_000):
    card = load_scorecard(preset)
    market = Market.of([block_of(rows, preset)], card, sample_size=sample_size)
    return Bench(market, raw, as_json=False, folder=Path(folder))
