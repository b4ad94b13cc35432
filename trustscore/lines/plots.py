"""What each line would cost, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trustscore.errors import InputError
from trustscore.notebook.plots import COLOURS, new_figure, plain

if TYPE_CHECKING:
    from trustscore.lines.choice import Choice

__all__ = ["plot_lines"]

_ORDERS = 1000
_PANEL = 4.2


def plot_lines(choices: tuple[Choice, ...]) -> Any:
    """Return a matplotlib Figure with the costs by height, a panel for each line.

    Raises
    ------
    ImportError
        Without matplotlib, which the extra ``plot`` brings.
    InputError
        When no order is known that any of the lines parts.
    """
    shown = [choice for choice in choices if choice.orders > 0]
    if not shown:
        raise InputError("no order is known of merchants whom a line parts: nothing to draw")
    figure = new_figure(_PANEL * len(shown), 3.8)
    for axes, choice in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        _draw(axes, choice)
    axes = figure.axes[0]
    axes.set_ylabel(f"cost per {_ORDERS:,} orders, in honest orders held back", fontsize=8)
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure


def _draw(axes: Any, choice: Choice) -> None:
    curve, each = choice.curve, _ORDERS / choice.orders
    harm = choice.harm * curve.harm_through * each
    axes.plot(curve.at, harm, "--", color=COLOURS["loss"], label="harm let through")
    axes.plot(
        curve.at, curve.honest_held * each, ":", color=COLOURS["rule"], label="honest held back"
    )
    cost = curve.cost(choice.harm) * each
    axes.plot(curve.at, cost, color=COLOURS["end"], linewidth=2, label="both")
    axes.axvspan(
        choice.low, choice.high, color=COLOURS["end"], alpha=0.12, label="95 % of the cheapest"
    )
    axes.axvline(choice.best, color=COLOURS["end"], linewidth=1, label="cheapest")
    axes.axvline(choice.old, color=COLOURS["start"], linewidth=1, linestyle="--", label="today")
    moved = "moves" if choice.taken else "stays"
    axes.set_title(
        plain(f"{choice.name} {moved}: harm costs {choice.harm:g}"), fontsize=9, loc="left"
    )
    axes.set_xlabel("height of the line", fontsize=8)
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
