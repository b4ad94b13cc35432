"""A ranking as a picture: from the places by relevance to those with trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trustscore.errors import InputError
from trustscore.notebook.plots import COLOURS, fonts, new_figure, plain

if TYPE_CHECKING:
    from trustscore.boost.ranking import Ranking

__all__ = ["plot_ranking"]


def plot_ranking(ranking: Ranking, *, most: int = 20) -> Any:
    """Return a matplotlib Figure with a line for each candidate of the first places.

    Raises
    ------
    ImportError
        Without matplotlib, which the extra ``plot`` brings.
    InputError
        When no candidate is left.
    """
    rows = ranking.order[: max(most, 1)].tolist()
    if not rows:
        raise InputError("no candidate is left in this list, so there is nothing to draw")
    before, after = ranking.base_rank, ranking.final_rank
    deepest = max(max(int(before[row]), int(after[row])) for row in rows)
    figure = new_figure(6.5, 1.2 + 0.28 * min(deepest, 60))
    axes = figure.subplots()
    family = fonts()
    for row in rows:
        old, new = int(before[row]), int(after[row])
        kind = "gain" if new < old else "loss" if new > old else "start"
        axes.plot([0, 1], [old, new], color=COLOURS[kind], marker="o", markersize=4, linewidth=1.4)
        name = f"row {row}" if ranking.item_ids is None else f"{ranking.item_ids[row]}"
        said = plain(f"{new}  {name}  ×{ranking.trust_boost[row]:.3f}")
        axes.annotate(
            said,
            (1, new),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            family=family,
        )
        axes.annotate(
            f"{old}",
            (0, old),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=8,
        )
    axes.set_xlim(-0.15, 1.9)
    axes.set_xticks([0, 1], ["relevance", "with trust"], fontsize=8)
    axes.set_yticks([])
    axes.invert_yaxis()
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    return figure
