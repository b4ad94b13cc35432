"""Pictures of a scorecard: its weights, what its choices decide, and what it costs to fake."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.audit.plots.drawing import BLUE, GREY, RED, SHADES, Figure, figure_of, name_ticks
from trustscore.audit.result import Section

__all__ = [
    "attacks_plot",
    "correlation_plot",
    "cost_plot",
    "ranks_plot",
    "sobol_plot",
    "weights_plot",
]

# Signals in one picture, and the inches that a line of text takes.
_MOST_ROWS, _ROW = 60, 0.19


def cost_plot(section: Section) -> Figure:
    """Draw what a point of index costs."""
    table: Any = section.tables["units"]
    order = np.argsort(np.asarray(table["median_tenth"], dtype=float), kind="stable")[:12][::-1]
    names = np.asarray(table["column"], dtype=object)[order]
    figure, axis = figure_of(9, max(0.45 * len(order) + 1.3, 2.6))
    y = np.arange(len(order))
    for i, size in enumerate(("small", "median", "large")):
        for what, marker in (("tenth", "o"), ("point", "D")):
            cost = np.asarray(table[f"{size}_{what}"], dtype=float)[order]
            shown = np.isfinite(cost)
            says = "a tenth of a point" if what == "tenth" else "a whole point"
            axis.scatter(
                cost[shown],
                y[shown] + 0.22 * (i - 1),
                color=SHADES[i],
                marker=marker,
                s=28,
                label=f"{says}, {size}" if shown.any() else None,
            )
    axis.set_xscale("log")
    axis.set_yticks(y, names)
    axis.set_xlabel("perfect fakes needed in a column, by size of merchant")
    axis.grid(axis="x", alpha=0.3)
    axis.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def attacks_plot(section: Section) -> Figure:
    """Draw what attacks move, by their size."""
    table: Any = section.tables["doses"]
    kinds = list(dict.fromkeys(table["attack"]))
    sizes = list(dict.fromkeys(table["volume"]))
    doses = list(dict.fromkeys(table["dose"]))
    figure, axes = figure_of(3.6 * len(kinds), 6, len(kinds), 2)
    place = {name: i for i, name in enumerate(doses)}
    for column, kind in enumerate(kinds):
        above, below = axes[0, column], axes[1, column]
        for i, size in enumerate(sizes):
            own = [
                row
                for row in range(len(table["attack"]))
                if table["attack"][row] == kind and table["volume"][row] == size
            ]
            x = [place[table["dose"][row]] for row in own]
            style: dict[str, Any] = {"color": SHADES[i % 3], "marker": "o"}
            name = f"{section.facts['volume_column']} {size}"
            above.plot(x, [table["points"][row] for row in own], label=name, **style)
            below.plot(x, [100 * table["detected"][row] for row in own], **style)
        above.axhline(0, color=GREY, linewidth=0.8)
        above.set_title(kind, fontsize=10)
        below.set_ylim(0, 105)
        for axis in (above, below):
            name_ticks(axis, [f"{dose:.0%}" for dose in doses], turned=False)
        below.set_xlabel("made-up or spoiled, of a period's evidence", fontsize=8)
    axes[0, 0].set_ylabel("points the index moves")
    axes[0, 0].legend(fontsize=7, frameon=False)
    axes[1, 0].set_ylabel(f"noticed, % (at {section.facts['false_alarms']:.0%} false alarms)")
    return figure


def ranks_plot(section: Section) -> Figure:
    """Draw how far ranks move under other choices."""
    table: Any = section.tables["merchants"]
    figure, axis = figure_of(9, 5)
    order = np.argsort(np.asarray(table["rank"]), kind="stable")
    shown = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), 150)).astype(int))]
    rank = np.asarray(table["rank"])[shown]
    axis.vlines(
        rank,
        np.asarray(table["rank_q05"])[shown],
        np.asarray(table["rank_q95"])[shown],
        color=BLUE,
        alpha=0.5,
        linewidth=2,
    )
    axis.plot(rank, rank, ".", color=RED, markersize=3)
    axis.invert_yaxis()
    axis.set_xlabel("rank by the scorecard (1 is best)")
    axis.set_ylabel("rank in 5 to 95 % of other scorecards")
    axis.set_title(
        f"{len(shown)} of {len(order)} merchants under {section.facts['draws']} other defensible "
        "scorecards",
        fontsize=10,
    )
    return figure


def sobol_plot(section: Section) -> Figure:
    """Draw which choice the ranks depend on."""
    table: Any = section.tables["choices"]
    figure, axis = figure_of(6.5, 3.5)
    x = np.arange(len(table["choice"]))
    axis.bar(x - 0.2, table["first"], 0.4, color=BLUE, label="alone")
    axis.bar(x + 0.2, table["total"], 0.4, color=SHADES[0], label="with the others")
    axis.axhline(0, color=GREY, linewidth=0.8)
    name_ticks(axis, table["choice"], turned=False)
    axis.set_ylabel("share of the variance of ranks")
    axis.legend(fontsize=8, frameon=False)
    return figure


def weights_plot(section: Section) -> Figure | None:
    """Draw stated weights beside those that take effect; None without signals."""
    table: Any = section.tables["signals"]
    stated, realised, error = (
        100 * np.asarray(table[name], dtype=float)
        for name in ("stated_weight", "realised_weight", "realised_error")
    )
    counted = np.flatnonzero((stated > 0) & ~np.isnan(realised))
    if len(counted) == 0:
        return None
    shown = counted[_largest(np.abs(realised - stated)[counted])]
    # By dimension, the heaviest on top.
    order = shown[np.lexsort((-stated[shown], np.asarray(table["dimension"])[shown]))]
    figure, axis = figure_of(9, _ROW * len(order) + 1.6)
    y = np.arange(len(order))[::-1]
    dimensions = list(dict.fromkeys(np.asarray(table["dimension"])[order].tolist()))
    from matplotlib import colormaps

    axis.hlines(y, stated[order], realised[order], color=GREY, linewidth=0.8)
    axis.scatter(stated[order], y, s=22, facecolors="white", edgecolors=GREY, label="stated")
    for i, name in enumerate(dimensions):
        own = np.array([table["dimension"][row] == name for row in order])
        axis.errorbar(
            realised[order][own],
            y[own],
            xerr=1.96 * error[order][own],
            fmt="o",
            markersize=4,
            linewidth=1,
            color=colormaps["tab10"](i % 10),
            label=f"realised, {name}",
        )
    axis.axvline(0, color=GREY, linewidth=0.8)
    axis.set_yticks(y, [table["signal"][row] for row in order], fontsize=8)
    axis.set_ylim(-0.8, len(order) - 0.2)
    axis.grid(axis="y", alpha=0.2)
    axis.set_xlabel("weight, and share of the variance of the index with its 95 % interval, %")
    axis.set_title(
        _shown_of(len(order), len(counted), "farthest from their stated weight", "signals"),
        fontsize=10,
    )
    axis.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def correlation_plot(section: Section) -> Figure | None:
    """Draw the correlation of utilities; None for a single signal."""
    table: Any = section.tables["correlation"]
    every = np.array([table[name] for name in table["signal"]], dtype=float)
    off = np.where(np.eye(len(every), dtype=bool), np.nan, every)
    known = np.flatnonzero(~np.isnan(off).all(axis=1))
    if len(known) == 0:
        return None
    strongest = np.nanmax(np.abs(off[known]), axis=1)
    shown = known[np.sort(_largest(strongest))]
    names = [table["signal"][row] for row in shown]
    size = max(_ROW * len(names), 2.0)
    figure, axis = figure_of(size + 4.0, size + 3.0)
    from matplotlib import colormaps

    colours = colormaps["RdBu_r"].with_extremes(bad="#d9d9d9")
    image = axis.imshow(
        every[np.ix_(shown, shown)], vmin=-1, vmax=1, cmap=colours, interpolation="nearest"
    )
    axis.set_xticks(range(len(names)), names, fontsize=8, rotation=90)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_title(
        _shown_of(len(names), len(every), "most strongly correlated", "correlation"), fontsize=10
    )
    figure.colorbar(image, ax=axis, shrink=0.6, label="correlation of utilities")
    return figure


def _largest(values: Any) -> Any:
    """Return the places of the largest values, as many as a picture has readable rows for."""
    return np.argsort(-values, kind="stable")[:_MOST_ROWS]


def _shown_of(shown: int, every: int, which: str, table: str) -> str:
    """Return a title that says which signals are shown, and where the others are."""
    if shown == every:
        return f"{every} signals"
    return f"{shown} of {every} signals, those {which}; all are in coherence.{table}.csv"
