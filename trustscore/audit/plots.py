"""Figures of an audit, drawn from its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from trustscore.audit.result import Section
from trustscore.audit.truth import COVERS, LARGEST_BIAS

__all__ = ["figures"]

Figure = Any
_BLUE, _GREY, _RED, _GREEN = "#2f6f9f", "#8a8a8a", "#b5483a", "#5a8f4e"
# Signals in one picture, and the inches that a line of text takes.
_MOST_ROWS, _ROW = 60, 0.19
_SHADES = ("#a9c7dd", "#5f9bc4", "#1f4e74")


def figures(sections: Iterable[Section]) -> Iterator[tuple[str, Figure]]:
    """Draw an audit.

    Yields
    ------
    name : str
        For a file.
    figure : matplotlib.figure.Figure

    Raises
    ------
    ImportError
        When matplotlib is not there; it comes with the extra ``plot``.
    """
    by_name = {section.name: section for section in sections}
    for name, (section, table, draw) in _FIGURES.items():
        part = by_name.get(section)
        if part is not None and table in part.tables and _rows(part.tables[table]):
            figure = draw(part)
            if figure is not None:
                yield name, figure


def _rows(table: Any) -> int:
    return len(next(iter(table.values()), ()))


def _figure(
    width: float = 8.0, height: float = 4.5, columns: int = 1, rows: int = 1
) -> tuple[Figure, Any]:
    # Without pyplot: no window, no global state.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", dpi=110)
    axes = figure.subplots(rows, columns)
    for one in np.ravel(axes):
        one.spines[["top", "right"]].set_visible(False)
        one.tick_params(labelsize=8)
    return figure, axes


def _ticks(axis: Any, names: Any, *, turned: bool = True) -> None:
    axis.set_xticks(range(len(names)), names, fontsize=8)
    if turned:
        axis.tick_params(axis="x", rotation=30)
        for label in axis.get_xticklabels():
            label.set_horizontalalignment("right")


def _ends(middle: Any, low: Any, high: Any) -> Any:
    """Return the lengths of error bars below and above; nothing where an end is unknown."""
    spread = np.array([np.subtract(middle, low), np.subtract(high, middle)])
    return np.maximum(np.nan_to_num(spread), 0.0)


def _validity(section: Section) -> Figure:
    table: Any = section.tables["scores"]
    figure, axis = _figure(7.5, 0.4 * len(table["score"]) + 1.4)
    place = np.arange(len(table["score"]))[::-1]
    area, low, high = (np.array(table[name]) for name in ("auc", "auc_low", "auc_high"))
    colours = [_BLUE if name == "trust index" else _GREY for name in table["score"]]
    axis.axvline(0.5, color=_RED, linewidth=0.8, linestyle=":")
    axis.axvline(area[0], color=_BLUE, linewidth=0.6, alpha=0.5)
    axis.hlines(place, low, high, colors=colours, linewidth=2)
    axis.scatter(area, place, c=colours, s=30, zorder=3)
    axis.set_yticks(place, table["score"])
    axis.set_xlabel("AUC by orders, with 95 % interval over merchants")
    axis.set_title(
        f"{section.facts['events']:.0f} events among {section.facts['orders']:.0f} later orders of "
        f"{section.facts['merchants']} merchants",
        fontsize=10,
    )
    return figure


def _calibration(section: Section) -> Figure:
    table: Any = section.tables["calibration"]
    figure, axis = _figure()
    x, rate = np.array(table["mean_index"]), 100 * np.array(table["rate"])
    spread = _ends(rate, 100 * np.array(table["rate_low"]), 100 * np.array(table["rate_high"]))
    axis.errorbar(x, rate, yerr=spread, fmt="o-", color=_BLUE, capsize=3, linewidth=1)
    axis.axhline(100 * section.facts["rate"], color=_GREY, linestyle=":", linewidth=1)
    axis.annotate(
        "all orders",
        (x[-1], 100 * section.facts["rate"]),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=_GREY,
    )
    axis.set_ylim(bottom=0)
    axis.set_xlabel("mean trust index of a band of merchants")
    axis.set_ylabel("later events, % of orders")
    axis.set_title("What happened later, by index then", fontsize=10)
    return figure


def _fairness(section: Section) -> Figure:
    table: Any = section.tables["by_volume"]
    figure, (left, right) = _figure(11, 4.5, 2)
    names, x = table["group"], np.arange(len(table["group"]))
    index, sd = np.array(table["index"]), np.array(table["index_sd"])
    left.fill_between(x, index - sd, index + sd, color=_BLUE, alpha=0.2, label="± sd of merchants")
    left.plot(x, index, "o-", color=_BLUE, label="mean index")
    left.plot(x, table["before_rules"], "--", color=_GREY, label="before rules")
    left.plot(x, 100 * np.array(table["coverage"]), ":", color=_GREEN, label="coverage, %")
    left.set_ylim(0, 100)
    left.legend(fontsize=8, frameon=False)
    tiers = [name for name in table if name.startswith("tier_")]
    floor = np.zeros(len(x))
    shades = np.linspace(0.15, 0.9, max(len(tiers), 1))
    from matplotlib import colormaps

    for name, shade in zip(tiers, shades, strict=False):
        share = 100 * np.array(table[name])
        colour = colormaps["cividis"](shade)
        right.bar(x, share, bottom=floor, color=colour, label=name.removeprefix("tier_"))
        floor += share
    if tiers:
        place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 1.16)}
        right.legend(fontsize=8, frameon=False, ncols=3, **place)
        right.set_ylabel("% of merchants in each tier")
    else:
        right.bar(x, 100 * np.array(table["status_new"]), color=_BLUE)
        right.set_ylabel("% of merchants that are new")
    for axis in (left, right):
        _ticks(axis, names)
        axis.set_xlabel(f"{section.facts['volume_column']}, bands of as many merchants")
    return figure


def _truth(section: Section) -> Figure:
    table: Any = section.tables["by_volume"]
    figure, (left, right) = _figure(11, 4.5, 2)
    x = np.arange(len(table["group"]))
    left.axhspan(100 * COVERS[0], 100 * COVERS[1], color=_GREEN, alpha=0.15, label="asked for")
    left.axhline(90, color=_GREY, linestyle=":", linewidth=1, label="stated")
    covered, low, high = (
        100 * np.array(table[name]) for name in ("covered", "covered_low", "covered_high")
    )
    left.errorbar(
        x,
        covered,
        yerr=_ends(covered, low, high),
        fmt="o-",
        color=_BLUE,
        capsize=3,
        linewidth=1,
        label="measured",
    )
    left.set_ylim(min(80.0, np.min(low) - 3), 100)
    left.set_ylabel("true values inside the interval, %")
    left.legend(fontsize=8, frameon=False, loc="lower right")
    right.axhspan(-LARGEST_BIAS, LARGEST_BIAS, color=_GREEN, alpha=0.15)
    right.axhline(0, color=_GREY, linewidth=0.8)
    right.errorbar(
        x,
        table["bias"],
        yerr=_ends(table["bias"], table["bias_low"], table["bias_high"]),
        fmt="o",
        color=_BLUE,
        capsize=3,
    )
    right.set_ylabel("mean of truth minus index, points")
    for axis in (left, right):
        _ticks(axis, table["group"])
        axis.set_xlabel(f"{section.facts['volume_column']}, bands of as many merchants")
    return figure


def _given_truth(section: Section) -> Figure:
    table: Any = section.tables["given_truth"]
    figure, axis = _figure(8, 5)
    names = list(dict.fromkeys(table["volume"]))
    qualities = list(dict.fromkeys(table["truth"]))
    from matplotlib import colormaps

    for i, quality in enumerate(qualities):
        own = [row for row, name in enumerate(table["truth"]) if name == quality]
        x = [names.index(table["volume"][row]) for row in own]
        colour = colormaps["cividis"](0.1 + 0.8 * i / max(len(qualities) - 1, 1))
        axis.plot(x, [table["mean_index"][row] for row in own], "o-", color=colour)
        true = float(np.mean([table["mean_truth"][row] for row in own]))
        axis.axhline(true, color=colour, linestyle=":", linewidth=1)
        axis.annotate(
            f"true {true:.0f}",
            (len(names) - 0.6, true),
            fontsize=8,
            va="center",
            ha="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    axis.set_xlim(-0.3, len(names) - 0.3)
    _ticks(axis, names, turned=False)
    axis.set_xlabel("volume, bands of as many merchants")
    axis.set_ylabel("mean index before rules")
    axis.set_title("What a merchant of known quality may expect", fontsize=10)
    return figure


def _cost(section: Section) -> Figure:
    table: Any = section.tables["units"]
    order = np.argsort(np.asarray(table["median_tenth"], dtype=float), kind="stable")[:12][::-1]
    names = np.asarray(table["column"], dtype=object)[order]
    figure, axis = _figure(9, max(0.45 * len(order) + 1.3, 2.6))
    y = np.arange(len(order))
    for i, size in enumerate(("small", "median", "large")):
        for what, marker in (("tenth", "o"), ("point", "D")):
            cost = np.asarray(table[f"{size}_{what}"], dtype=float)[order]
            shown = np.isfinite(cost)
            says = "a tenth of a point" if what == "tenth" else "a whole point"
            axis.scatter(
                cost[shown],
                y[shown] + 0.22 * (i - 1),
                color=_SHADES[i],
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


def _attacks(section: Section) -> Figure:
    table: Any = section.tables["doses"]
    kinds = list(dict.fromkeys(table["attack"]))
    sizes = list(dict.fromkeys(table["volume"]))
    doses = list(dict.fromkeys(table["dose"]))
    figure, axes = _figure(3.6 * len(kinds), 6, len(kinds), 2)
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
            style: dict[str, Any] = {"color": _SHADES[i % 3], "marker": "o"}
            name = f"{section.facts['volume_column']} {size}"
            above.plot(x, [table["points"][row] for row in own], label=name, **style)
            below.plot(x, [100 * table["detected"][row] for row in own], **style)
        above.axhline(0, color=_GREY, linewidth=0.8)
        above.set_title(kind, fontsize=10)
        below.set_ylim(0, 105)
        for axis in (above, below):
            _ticks(axis, [f"{dose:.0%}" for dose in doses], turned=False)
        below.set_xlabel("made-up or spoiled, of a period's evidence", fontsize=8)
    axes[0, 0].set_ylabel("points the index moves")
    axes[0, 0].legend(fontsize=7, frameon=False)
    axes[1, 0].set_ylabel(f"noticed, % (at {section.facts['false_alarms']:.0%} false alarms)")
    return figure


def _ranks(section: Section) -> Figure:
    table: Any = section.tables["merchants"]
    figure, axis = _figure(9, 5)
    order = np.argsort(np.asarray(table["rank"]), kind="stable")
    shown = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), 150)).astype(int))]
    rank = np.asarray(table["rank"])[shown]
    axis.vlines(
        rank,
        np.asarray(table["rank_q05"])[shown],
        np.asarray(table["rank_q95"])[shown],
        color=_BLUE,
        alpha=0.5,
        linewidth=2,
    )
    axis.plot(rank, rank, ".", color=_RED, markersize=3)
    axis.invert_yaxis()
    axis.set_xlabel("rank by the scorecard (1 is best)")
    axis.set_ylabel("rank in 5 to 95 % of other scorecards")
    axis.set_title(
        f"{len(shown)} of {len(order)} merchants under {section.facts['draws']} other defensible "
        "scorecards",
        fontsize=10,
    )
    return figure


def _sobol(section: Section) -> Figure:
    table: Any = section.tables["choices"]
    figure, axis = _figure(6.5, 3.5)
    x = np.arange(len(table["choice"]))
    axis.bar(x - 0.2, table["first"], 0.4, color=_BLUE, label="alone")
    axis.bar(x + 0.2, table["total"], 0.4, color=_SHADES[0], label="with the others")
    axis.axhline(0, color=_GREY, linewidth=0.8)
    _ticks(axis, table["choice"], turned=False)
    axis.set_ylabel("share of the variance of ranks")
    axis.legend(fontsize=8, frameon=False)
    return figure


def _weights(section: Section) -> Figure | None:
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
    figure, axis = _figure(9, _ROW * len(order) + 1.6)
    y = np.arange(len(order))[::-1]
    dimensions = list(dict.fromkeys(np.asarray(table["dimension"])[order].tolist()))
    from matplotlib import colormaps

    axis.hlines(y, stated[order], realised[order], color=_GREY, linewidth=0.8)
    axis.scatter(stated[order], y, s=22, facecolors="white", edgecolors=_GREY, label="stated")
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
    axis.axvline(0, color=_GREY, linewidth=0.8)
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


def _correlation(section: Section) -> Figure | None:
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
    figure, axis = _figure(size + 4.0, size + 3.0)
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


_FIGURES: dict[str, tuple[str, str, Callable[[Section], Figure | None]]] = {
    "validity": ("validity", "scores", _validity),
    "calibration": ("validity", "calibration", _calibration),
    "weights": ("coherence", "signals", _weights),
    "correlation": ("coherence", "correlation", _correlation),
    "ranks": ("robustness", "merchants", _ranks),
    "choices": ("robustness", "choices", _sobol),
    "attack_cost": ("attack_cost", "units", _cost),
    "attacks": ("attacks", "doses", _attacks),
    "fairness": ("fairness", "by_volume", _fairness),
    "truth": ("truth", "by_volume", _truth),
    "given_truth": ("truth", "given_truth", _given_truth),
}
