"""Small scorecards whose index can be worked out in the head."""

from typing import Any

import numpy as np

from trustscore.audit import Market
from trustscore.scorecard import Scorecard, parse_scorecard


def card(signals: dict[str, dict[str, Any]], **more: Any) -> Scorecard:
    """One dimension unless `signals` maps dimensions to signals."""
    grouped = {"only": signals} if "poor" in next(iter(signals.values())) else signals
    return parse_scorecard(
        {
            "name": "small",
            "version": "1",
            "effective_from": "2026-01-01",
            "stages": {"use": {"en": "Use"}},
            "dimensions": {name: {"weight": 1.0} for name in grouped},
            "signals": {
                name: {key: {"stage": "use", **spec} for key, spec in group.items()}
                for name, group in grouped.items()
            },
            **more,
        }
    )


def rate(k: str, n: str, **more: Any) -> dict[str, Any]:
    """Bad events of a sample: none is full marks, one in five is nothing."""
    base = {"rate": [k, n], "poor": 0.2, "good": 0.0, "weight": 4, "prior": 0.1, "strength": 100}
    return {**base, **more}


def level(column: str, **more: Any) -> dict[str, Any]:
    """A state from 0 to 10."""
    return {"score": column, "poor": 0.0, "good": 10.0, "weight": 4, "prior": 5.0, **more}


def market(scorecard: Scorecard, **columns: Any) -> Market:
    rows = len(next(iter(columns.values())))
    ids = np.array([f"m{i}" for i in range(rows)], dtype=object)
    block = {
        name: np.asarray(values, dtype=object if name == "category" else np.float64)
        for name, values in columns.items()
    }
    return Market({"merchant_id": ids, **block}, scorecard)


def levels(section: Any) -> dict[str, str]:
    return {finding.code.partition(".")[2]: finding.level for finding in section.findings}
