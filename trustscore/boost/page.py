"""A ranking as a piece of HTML, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trustscore.notebook.page import table_html

if TYPE_CHECKING:
    from trustscore.boost.ranking import Ranking

__all__ = ["ranking_html"]

_MOST = 50
_HEADS = ("final_rank", "item_id", "base_rank", "relevance", "trust_boost", "final_score", "veto")


def ranking_html(ranking: Ranking) -> str:
    """Return the first places of a ranking as HTML that holds no markup but its own."""
    vetoes = ranking.vetoes
    rows = [
        [
            f"{ranking.final_rank[row]}",
            f"{row}" if ranking.item_ids is None else f"{ranking.item_ids[row]}",
            f"{ranking.base_rank[row]}",
            f"{ranking.relevance[row]:.6g}",
            f"{ranking.trust_boost[row]:.4f}",
            f"{ranking.final_score[row]:.6g}",
            f"{vetoes[row] or ''}",
        ]
        for row in ranking.order[:_MOST].tolist()
    ]
    rest = len(ranking.order) - len(rows)
    if rest:
        rows.append(["...", f"{rest:,} more", *[""] * (len(_HEADS) - 2)])
    heads = list(_HEADS)
    if ranking.item_ids is None:
        heads[1] = "row"
    return table_html(heads, rows, "ranking")
