"""Figures of an audit, drawn from its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from trustscore.audit.plots.drawing import (
    BLUE,
    GREEN,
    GREY,
    RED,
    Figure,
    error_ends,
    figure_of,
    name_ticks,
)
from trustscore.audit.plots.scorecard import (
    attacks_plot,
    correlation_plot,
    cost_plot,
    ranks_plot,
    sobol_plot,
    weights_plot,
)
from trustscore.audit.result import Section
from trustscore.audit.truth import COVERS, LARGEST_BIAS

__all__ = ["figures"]


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


def _validity(section: Section) -> Figure:
    table: Any = section.tables["scores"]
    figure, axis = figure_of(7.5, 0.4 * len(table["score"]) + 1.4)
    place = np.arange(len(table["score"]))[::-1]
    area, low, high = (np.array(table[name]) for name in ("auc", "auc_low", "auc_high"))
    colours = [BLUE if name == "trust index" else GREY for name in table["score"]]
    axis.axvline(0.5, color=RED, linewidth=0.8, linestyle=":")
    axis.axvline(area[0], color=BLUE, linewidth=0.6, alpha=0.5)
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
    figure, axis = figure_of()
    x, rate = np.array(table["mean_index"]), 100 * np.array(table["rate"])
    spread = error_ends(rate, 100 * np.array(table["rate_low"]), 100 * np.array(table["rate_high"]))
    axis.errorbar(x, rate, yerr=spread, fmt="o-", color=BLUE, capsize=3, linewidth=1)
    axis.axhline(100 * section.facts["rate"], color=GREY, linestyle=":", linewidth=1)
    axis.annotate(
        "all orders",
        (x[-1], 100 * section.facts["rate"]),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=GREY,
    )
    axis.set_ylim(bottom=0)
    axis.set_xlabel("mean trust index of a band of merchants")
    axis.set_ylabel("later events, % of orders")
    axis.set_title("What happened later, by index then", fontsize=10)
    return figure


def _fairness(section: Section) -> Figure:
    table: Any = section.tables["by_volume"]
    figure, (left, right) = figure_of(11, 4.5, 2)
    names, x = table["group"], np.arange(len(table["group"]))
    index, sd = np.array(table["index"]), np.array(table["index_sd"])
    left.fill_between(x, index - sd, index + sd, color=BLUE, alpha=0.2, label="± sd of merchants")
    left.plot(x, index, "o-", color=BLUE, label="mean index")
    left.plot(x, table["before_rules"], "--", color=GREY, label="before rules")
    left.plot(x, 100 * np.array(table["coverage"]), ":", color=GREEN, label="coverage, %")
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
        right.bar(x, 100 * np.array(table["status_new"]), color=BLUE)
        right.set_ylabel("% of merchants that are new")
    for axis in (left, right):
        name_ticks(axis, names)
        axis.set_xlabel(f"{section.facts['volume_column']}, bands of as many merchants")
    return figure


def _truth(section: Section) -> Figure:
    table: Any = section.tables["by_volume"]
    figure, (left, right) = figure_of(11, 4.5, 2)
    x = np.arange(len(table["group"]))
    left.axhspan(100 * COVERS[0], 100 * COVERS[1], color=GREEN, alpha=0.15, label="asked for")
    left.axhline(90, color=GREY, linestyle=":", linewidth=1, label="stated")
    covered, low, high = (
        100 * np.array(table[name]) for name in ("covered", "covered_low", "covered_high")
    )
    left.errorbar(
        x,
        covered,
        yerr=error_ends(covered, low, high),
        fmt="o-",
        color=BLUE,
        capsize=3,
        linewidth=1,
        label="measured",
    )
    left.set_ylim(min(80.0, np.min(low) - 3), 100)
    left.set_ylabel("true values inside the interval, %")
    left.legend(fontsize=8, frameon=False, loc="lower right")
    right.axhspan(-LARGEST_BIAS, LARGEST_BIAS, color=GREEN, alpha=0.15)
    right.axhline(0, color=GREY, linewidth=0.8)
    right.errorbar(
        x,
        table["bias"],
        yerr=error_ends(table["bias"], table["bias_low"], table["bias_high"]),
        fmt="o",
        color=BLUE,
        capsize=3,
    )
    right.set_ylabel("mean of truth minus index, points")
    for axis in (left, right):
        name_ticks(axis, table["group"])
        axis.set_xlabel(f"{section.facts['volume_column']}, bands of as many merchants")
    return figure


def _given_truth(section: Section) -> Figure:
    table: Any = section.tables["given_truth"]
    figure, axis = figure_of(8, 5)
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
    name_ticks(axis, names, turned=False)
    axis.set_xlabel("volume, bands of as many merchants")
    axis.set_ylabel("mean index before rules")
    axis.set_title("What a merchant of known quality may expect", fontsize=10)
    return figure


_FIGURES: dict[str, tuple[str, str, Callable[[Section], Figure | None]]] = {
    "validity": ("validity", "scores", _validity),
    "calibration": ("validity", "calibration", _calibration),
    "weights": ("coherence", "signals", weights_plot),
    "correlation": ("coherence", "correlation", correlation_plot),
    "ranks": ("robustness", "merchants", ranks_plot),
    "choices": ("robustness", "choices", sobol_plot),
    "attack_cost": ("attack_cost", "units", cost_plot),
    "attacks": ("attacks", "doses", attacks_plot),
    "fairness": ("fairness", "by_volume", _fairness),
    "truth": ("truth", "by_volume", _truth),
    "given_truth": ("truth", "given_truth", _given_truth),
}
