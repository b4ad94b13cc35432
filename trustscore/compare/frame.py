"""A comparison as a pandas frame."""

from __future__ import annotations

from typing import Any

import pandas as pd

from trustscore.compare.market import Market
from trustscore.compare.render import part_name
from trustscore.compare.rows import part_kind, signal_of

__all__ = ["market_frame"]


def market_frame(market: Market) -> Any:
    """Return one row a part: its kind and signal, mean points, and merchants that it moved."""
    parts = market.mean_parts()
    signals = [signal_of(part, market.card) for part in parts]
    return pd.DataFrame(
        {
            "part": list(parts),
            "name": [part_name(part, market.card) for part in parts],
            "kind": [part_kind(part)[0] for part in parts],
            "signal": [None if each is None else each.id for each in signals],
            "points": list(parts.values()),
            "merchants": [market.touched[part] for part in parts],
        }
    )
