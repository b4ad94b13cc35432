"""What all pictures of an audit share: colours, axes, and the lengths of error bars."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "RED",
    "SHADES",
    "Figure",
    "error_ends",
    "figure_of",
    "name_ticks",
]

BLUE, GREY, RED, GREEN = "#2f6f9f", "#8a8a8a", "#b5483a", "#5a8f4e"
SHADES = ("#a9c7dd", "#5f9bc4", "#1f4e74")
Figure = Any


def figure_of(
    width: float = 8.0, height: float = 4.5, columns: int = 1, rows: int = 1
) -> tuple[Figure, Any]:
    """Return an empty picture of some axes, sizes in inches."""
    # Without pyplot: no window, no global state.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", dpi=110)
    axes = figure.subplots(rows, columns)
    for one in np.ravel(axes):
        one.spines[["top", "right"]].set_visible(False)
        one.tick_params(labelsize=8)
    return figure, axes


def name_ticks(axis: Any, names: Any, *, turned: bool = True) -> None:
    """Name the ticks of the x axis."""
    axis.set_xticks(range(len(names)), names, fontsize=8)
    if turned:
        axis.tick_params(axis="x", rotation=30)
        for label in axis.get_xticklabels():
            label.set_horizontalalignment("right")


def error_ends(middle: Any, low: Any, high: Any) -> Any:
    """Return the lengths of error bars below and above; nothing where an end is unknown."""
    spread = np.array([np.subtract(middle, low), np.subtract(high, middle)])
    return np.maximum(np.nan_to_num(spread), 0.0)
