"""Scorecards and blocks that the scoring tests share."""

import copy
import tomllib
from pathlib import Path

import numpy as np

from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.presets import preset_folder

MINIMAL = tomllib.loads((Path(preset_folder()) / "minimal.toml").read_text(encoding="utf-8"))


def minimal(**changes):
    """The minimal scorecard as a dict, with changes given as `a__b=value`."""
    data = copy.deepcopy(MINIMAL)
    for address, value in changes.items():
        *path, last = address.split("__")
        place = data
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return data


def card(**changes):
    return parse_scorecard(minimal(**changes))


def deep_card(power=1.0, floor=0.1):
    """Every curve, kind, a nested dimension, a weighted one, conditions, an overlay and peers."""
    signal = {"stage": "use", "weight": 4}
    rate = {"rate": ["bad", "all"], "poor": 0.2, "good": 0.0, "prior": 0.05, "strength": 20}
    return parse_scorecard(
        {
            "name": "deep",
            "version": "1",
            "effective_from": "2026-01-01",
            "index": {"power": power, "floor": floor},
            "dimensions": {
                "goods": {"weight": 3, "power": power, "floor": floor},
                "live": {"weight": 2, "weight_by": "live_share", "power": power, "floor": floor},
                "talk": {"weight": 1, "parent": "live", "power": power, "floor": floor},
            },
            "signals": {
                "goods": {
                    "bad_rate": signal | rate,
                    "upheld": signal
                    | {"events": ["upheld", "all"], "poor": 0.05, "good": 0, "prior": 0.005}
                    | {"strength": 100},
                    "stars": signal
                    | {"mean": ["stars", "rated"], "poor": 3, "good": 5, "prior": 4.2}
                    | {"strength": 10, "sd": 1, "curve": "logistic"},
                    "linked": signal | {"flag": True, "poor": 1, "good": 0, "prior": 0},
                    "jewel": signal | rate | {"rate": ["jewel_bad", "jewel_all"], "weight": 0},
                },
                "live": {
                    "claims": signal
                    | {"rate": ["false_sessions", "sessions"], "poor": 0.1, "good": 0}
                    | {"prior": 0.01, "strength": 30, "applies_when": "sessions_365d > 0"},
                    "shutdowns": signal
                    | {"count": True, "poor": 3, "good": 0, "prior": 0.2, "curve": "log1p"}
                    | {"applies_when": "sessions_365d > 0"},
                },
                "talk": {
                    "reply": signal
                    | {"duration": ["reply", "rounds"], "poor": 120, "good": 15, "prior": 30}
                    | {"strength": 10, "sd": 1, "curve": "lognormal"},
                    "ratio": signal
                    | {"ratio": ["ratio", "all"], "prior": 1.5, "strength": 50}
                    | {"curve": "knots", "knots": [[0.5, 1.0], [1.5, 0.6], [3.0, 0.0]]},
                    "points": signal | {"score": True, "poor": 10, "good": 90, "prior": 60},
                },
            },
            "rules": {
                "many_upheld": {"exceeds": {"signal": "upheld"}, "cap": 59},
                "gone": {"when": "linked >= 1", "veto": "floor"},
                "per_case": {"when": "upheld >= 1", "deduct": 2, "per": "upheld", "most": 7},
                "clean": {"when": ["all >= 50", "bad / all <= 0.01"], "bonus": 3},
            },
            "overlays": {
                "jewels": {
                    "match": {"category": "Jewels"},
                    "signals": {"jewel": {"weight": 6}, "bad_rate": {"poor": 0.3, "prior": 0.08}},
                    "dimensions": {"goods": {"weight": 5}},
                    "rules": {"clean": {"off": True}, "per_case": {"deduct": 3}},
                }
            },
            "peers": {"by": ["category"], "priors": {"toys": {"stars": {"prior": 4.4}}}},
            "status": {
                "new": {"column": "all", "below": 30},
                "low_evidence": {"coverage": 0.3},
            },
            "tiers": {
                "ladder": [
                    {"id": "low", "at": 0},
                    {"id": "entry", "at": 50, "entry": True},
                    {"id": "high", "at": 70, "coverage": 0.4},
                    {"id": "top", "at": 80, "coverage": 0.5},
                ]
            },
        }
    )


def random_block(scorecard, rows, seed, blanks=0.15):
    """Checked input of any scorecard: counts where counts are, k <= n where that must hold."""
    rng = np.random.default_rng(seed)
    size = np.floor(np.exp(rng.normal(4, 1.5, rows)))
    block = {}
    for column in scorecard.fields:
        scale = rng.random(rows)
        if column.check == "flag":
            values = (scale < 0.1).astype(float)
        elif column.check == "share":
            values = scale
        else:
            values = np.floor(size * scale * rng.choice([0.02, 0.2, 1.0]))
        if column.lo is not None:
            values = column.lo + (column.hi - column.lo) * scale
        block[column.name] = values
    for signal in scorecard.signals:
        if signal.kind in ("mean", "duration", "ratio", "score"):
            middle = signal.prior * np.exp(rng.normal(0, 0.4, rows))
            low, high = signal.range or (-np.inf, np.inf)
            block[signal.value] = np.clip(middle, low, high)
    for name in block:
        block[name] = np.where(rng.random(rows) < blanks, np.nan, block[name])
    for k, n in scorecard.pairs:
        block[k] = np.fmin(block[k], block[n])
    kinds = np.array(["jewels", "toys", "other", None, "jewellery"], dtype=object)
    block["category"] = kinds[rng.integers(0, len(kinds), rows)]
    return block


def rows_of(block, start, stop):
    return {name: values[start:stop] for name, values in block.items()}
