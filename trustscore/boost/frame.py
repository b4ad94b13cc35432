"""A ranking as a pandas frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from trustscore.boost.ranking import Ranking

__all__ = ["ranking_frame"]


def ranking_frame(ranking: Ranking) -> Any:
    """Return one row a candidate, in the order of the result, the blocked ones last.

    `row` is the place in the input, `final_rank` of a blocked one 0.
    """
    rows = np.concatenate([ranking.order, np.flatnonzero(ranking.blocked)])
    columns: dict[str, Any] = {"row": rows}
    if ranking.item_ids is not None:
        columns["item_id"] = np.asarray(ranking.item_ids)[rows]
    for name in ("relevance", "trust_boost", "final_score", "base_rank", "final_rank"):
        columns[name] = np.asarray(getattr(ranking, name))[rows]
    columns["veto"] = np.asarray(ranking.vetoes)[rows]
    columns |= {name: values[rows] for name, values in ranking.parts.items()}
    return pd.DataFrame(columns)
