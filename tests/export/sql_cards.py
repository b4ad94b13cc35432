"""Scorecards and policies whose SQL the engines must get right."""

import copy

from tests.scoring.cards import deep_card, minimal
from trustscore.boost import BoostPolicy
from trustscore.scorecard import load_scorecard, parse_scorecard

ALL_SIDE = (
    "category",
    "shop_type",
    "previous_tier",
    "tier_since",
    "reviews_below",
    "enrolled",
    "claims_unpaid",
    "pacing",
)

_RATE = {"rate": ["bad", "all"], "poor": 0.2, "good": 0.0, "prior": 0.05, "strength": 20}
_FORM = {"stage": "use", "weight": 4}
ODD = {
    "name": "odd",
    "version": "1\n; DROP TABLE merchants",
    "effective_from": "2026-01-01",
    "index": {"power": 0.5, "floor": 0.2, "rho": 0.4, "rho_evidence": 0.05},
    "dimensions": {
        "order": {"weight": 3, "power": -1},
        "select-1": {"weight": 2, "power": 1, "weight_by": "Live"},
        "deep": {"weight": 1, "parent": "select-1", "power": 0, "floor": 0.05},
        "deeper": {"weight": 4, "parent": "deep", "weight_by": "share"},
        "raw_index": {"weight": 2, "parent": "deep"},
    },
    "derived": {
        "per": "rows / user",
        "abs": "abs(steady - falling)",
        "oödd": "100 - o订单",
        "twice": "all * 2",
        "more": "user + rising",
        "days": "days_between(day, 2026-03-01)",
        "until": "days_between(since, end)",
    },
    "signals": {
        # Column names that are words of SQL, start with capitals or are not English.
        "order": {
            "0-first": _FORM | _RATE | {"rate": ["limit", "all"], "blank": "left_out"},
            "group": _FORM | {"count": "user", "poor": 9, "good": 0, "prior": 2, "curve": "log1p"},
            "value": _FORM | {"score": "o订单", "poor": 10, "good": 90, "prior": 60},
            "log-score": _FORM
            | {"score": "rows", "poor": 1, "good": 1000, "prior": 60, "curve": "log"},
            "age": _FORM | {"score": "days", "poor": 10, "good": 2000, "prior": 300},
            "gap": _FORM | {"score": "until", "poor": -40, "good": 7, "prior": 2},
            "quotient": _FORM | {"score": "per", "poor": 1, "good": 50, "prior": 10},
            "off": _FORM
            | {"ratio": ["abs", "twice"], "poor": 9, "good": 0, "prior": 2}
            | {"strength": 30},
            "left": _FORM
            | {"score": "oödd", "poor": 90, "good": 10, "prior": 50}
            | {"blank": "left_out", "applies_when": "more > 4"},
        },
        "select-1": {
            "falling": _FORM
            | {"ratio": True, "poor": 8, "good": 2, "prior": 3, "curve": "lognormal"},
            "rising": _FORM
            | {"ratio": ["rising", "all"], "poor": 2, "good": 8, "prior": 4, "strength": 5}
            | {"curve": "lognormal", "blank": "left_out", "decimals": 2},
            "steady": _FORM
            | {"score": True, "poor": 5, "good": -5, "prior": 0, "curve": "logistic"}
            | {"blank": "left_out", "applies_when": ["Live != 0", "all / user > 0.5"]},
        },
        "deeper": {
            "rank": _FORM
            | {"score": True, "prior": 3, "curve": "percentile"}
            | {"knots": [[1, 0], [2, 0.25], [4, 0.25], [9, 1]]},
            "wait": _FORM
            | {"duration": ["wait", "all"], "poor": 90, "good": 3, "prior": 20, "strength": 7}
            | {"spread": 0.1, "curve": "log1p"},
            "slow": _FORM
            | {"duration": ["slow", "all"], "poor": 90, "good": 3, "prior": 20, "strength": 7}
            | {"sd": 1, "curve": "linear"},
            "bent": _FORM
            | {"duration": ["bent", "all"], "prior": 20, "strength": 7, "sd": 1}
            | {"curve": "knots", "knots": [[5, 1], [40, 0.5], [90, 0]]},
        },
        "raw_index": {
            "stars": _FORM
            | {"mean": ["stars", "all"], "poor": 3, "good": 5, "prior": 4.2, "strength": 10}
            | {"sd": 1, "range": [1, 5]},
        },
    },
    "rules": {
        "a-block": {"when": "user >= 100", "veto": "block"},
        "floor": {"when": ["all > 20", "limit / all > 0.5"], "veto": "floor"},
        "capped": {"exceeds": {"signal": "0-first", "line": 0.3, "min_count": 3}, "cap": 40},
        "held": {"hold": 7.5, "above": "recent"},
        "held-again": {"when": "all > 25", "hold": 60, "above": "stars"},
        "exact": {"when": "o订单 == 50", "bonus": 1.5, "monotone": False},
        "other": {"when": "o订单 != 50", "deduct": 1e-3, "monotone": False},
    },
    "overlays": {
        "quoted": {
            "match": {"category": ["men's \\ wear", "\\", "ÉPICE", "家居"]},
            "signals": {"group": {"poor": 20, "weight": 7}, "stars": {"prior": 4.4, "spread": 0.2}},
            "rules": {
                "mine": {"when": "all >= 40", "deduct": 4},
                "capped": {"cap": 30},
                "held": {"hold": 2},
                "held-again": {"off": True},
                "a-block": {"off": True},
            },
        },
        "own": {
            "match": {"category": "家居", "shop_type": ["flag-ship", "own"]},
            "dimensions": {"order": {"weight": 0}, "deep": {"weight": 5}},
            "signals": {"group": {"poor": 30}, "0-first": {"strength": 40, "good": 0.01}},
        },
    },
    "peers": {
        "by": ["category", "shop_type"],
        "priors": {
            "toys|own": {"stars": {"prior": 4.6, "strength": 30}, "slow": {"prior": 11}},
            "家居|own": {"0-first": {"prior": 0.1}},
        },
    },
}

CARDS = {
    "minimal": lambda: load_scorecard("minimal"),
    "default": lambda: load_scorecard("default"),
    "olist": lambda: load_scorecard("olist"),
    **{f"deep {power:g}": lambda power=power: deep_card(power) for power in (1, 0.5, 0, -1)},
    **{f"sinking {p:g}": lambda p=p: deep_card(p, floor=0.0) for p in (0.5, 0, -0.5, -1)},
    "withheld": lambda: parse_scorecard(minimal(defaults={"blank": "withheld"})),
    "blank unknown": lambda: parse_scorecard(minimal(defaults={"blank": "unknown"})),
    "odd": lambda: parse_scorecard(copy.deepcopy(ODD)),
}

_CURVES = {
    "tanh": {"shape": "tanh", "up": 9, "down": 21, "rho": 0.6},
    "linear": {"shape": "linear", "up": 12, "rho": 0.5},
    "saturation": {"shape": "saturation", "down": 7},
    "knots": {"shape": "knots", "rho": 0.9, "knots": [[-20, -0.8], [-4, -0.1], [0, 0], [18, 1]]},
    "one knot": {"shape": "knots", "knots": [[0, 0]]},
    "tiers": {"shape": "tiers", "steps": [[-12, -1], [-3, -0.2], [2, 0.1], [9, 0.7]]},
}


def policy(curve):
    """Every shape of the curve, with all that may lean beside it."""
    return BoostPolicy.parse(
        {
            "curve": _CURVES[curve],
            "neutral": {"point": 66, "by_category": {"jewels": 71.5, "men's \\ wear": 60}},
            "evidence": {"z_promote": 0.3, "z_demote": 0.2},
            "programme": {"gamma": 0.3, "gate": 60, "width": 2},
            "pacing": {"most": 0.1},
            "veto": {"cap": "none" if curve == "linear" else "cap", "block": "block"},
        }
    )


CURVES = list(_CURVES)
