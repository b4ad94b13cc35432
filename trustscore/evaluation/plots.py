"""The plot of an evaluation: the price of exposure by method, and the exposure of each tier."""

from __future__ import annotations

import io
import math
from typing import Any

from trustscore.evaluation import Evaluation, Point

__all__ = ["pareto_png"]

BOOST = "boost"
# Least distance between two labelled strengths, as a share of the line's extent.
_APART = 0.15
_BLUE, _GREY = "#1f5fa8", "#8a8a8a"
_MARKS = {
    "raw additive": ("#d1791f", "s"),
    "tier sort": ("#8c3b3b", "X"),
    "buckets": ("#7a5fb0", "^"),
    "RRF": ("#2f8f6b", "v"),
    "DetGreedy": ("#b8408f", "D"),
    "FA*IR": ("#6b6b1f", "P"),
}


def pareto_png(found: Evaluation) -> bytes:
    """Return the plot as PNG.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    # pyplot is avoided: it needs a window system and keeps state in the caller's session.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    labelled = found.panel.label is not None
    wide = 3 if labelled else 2
    figure = Figure(figsize=(5.4 * wide, 5.2), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, wide)
    _price(axes[0], found)
    if labelled:
        _labels(axes[1], found)
    _tiers(axes[-1], found)
    # The legend stands below the panels, where it hides no line.
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    figure.suptitle(
        f"{found.policy.stamp}, beta {found.policy.beta:g}, on"
        f" {found.facts['lists_measured']:,} lists",
        fontsize=11,
    )
    held = io.BytesIO()
    figure.savefig(held, format="png", metadata={"Software": None})
    return held.getvalue()


def _most_loss(found: Evaluation) -> float:
    """Return the loss at which the plot ends, so that eps and the policy are well inside."""
    return max(3 * found.eps, 2.5 * (1 - found.figure(BOOST, "score_ndcg").value))


def _price(axes: Any, found: Evaluation) -> None:
    k = found.main_k
    mine = 1 - found.figure(BOOST, "score_ndcg").value
    share = found.figure(BOOST, "promoted_exposure").value
    right = 100 * _most_loss(found)
    line = found.line(BOOST)
    start = line[0].exposure
    _boost_line(axes, line, [100 * point.loss for point in line])
    axes.fill_between(
        [100 * point.loss for point in line],
        [100 * (start + point.gain_lower) for point in line],
        [100 * (start + point.gain_upper) for point in line],
        color=_BLUE,
        alpha=0.12,
        linewidth=0,
        label="95 % of its gain, paired",
    )
    near = [point for point in line if 100 * point.loss <= right]
    _betas(axes, near, [100 * point.loss for point in near], "right")
    beyond = []
    shown = [point for point in line if 100 * point.loss <= right]
    for method, (color, mark) in _MARKS.items():
        points = found.line(method)
        inside = [point for point in points if 100 * point.loss <= right]
        if not inside:
            nearest = min(points, key=lambda point: point.loss)
            beyond.append(f"{method}: {nearest.exposure:.0%} for {nearest.loss:.1%}")
            continue
        shown += inside
        axes.plot(
            [100 * point.loss for point in points],
            [100 * point.exposure for point in points],
            color=color, marker=mark, markersize=5, linewidth=1, label=method,
        )  # fmt: skip
    axes.axvline(100 * found.eps, color=_GREY, linestyle=":", linewidth=1.2)
    axes.plot(
        100 * mine, 100 * share, "*", color="black", markersize=13, zorder=5, label="this policy"
    )
    knee = next(point for point in line if point.knee)
    if 100 * knee.loss <= right:
        axes.plot(
            100 * knee.loss, 100 * knee.exposure, "o", markerfacecolor="none", color="black",
            markersize=11, label=f"knee, beta {knee.setting:g}",
        )  # fmt: skip
    low = min(100 * point.exposure for point in shown)
    high = max(100 * point.exposure for point in shown)
    room = max(high - low, 1.0)
    axes.set_xlim(-0.02 * right, right)
    # The lower right is always free, because no method costs much and gives little.
    axes.set_ylim(low - 0.05 * room, high + 0.1 * room)
    axes.text(
        100 * found.eps, low - 0.04 * room, f" eps {found.eps:.1%}", color=_GREY, fontsize=8,
        va="bottom",
    )  # fmt: skip
    if beyond:
        axes.text(
            0.98, 0.02, "off the scale\n" + "\n".join(beyond), transform=axes.transAxes,
            ha="right", va="bottom", fontsize=8, color=_GREY,
        )  # fmt: skip
    axes.set_xlabel(f"mean loss of score-NDCG@{k}, %")
    axes.set_ylabel(f"exposure of the promoted in the first {k}, %")
    axes.set_title("Price of exposure", fontsize=10)
    _plain(axes)


def _labels(axes: Any, found: Evaluation) -> None:
    k = found.main_k
    most = _most_loss(found)
    line = [point for point in found.line(BOOST) if point.loss <= most]
    _boost_line(axes, line, [point.label_change for point in line])
    axes.fill_betweenx(
        [100 * point.exposure for point in line],
        [point.label_change_lower for point in line],
        [point.label_change_upper for point in line],
        color=_BLUE,
        alpha=0.12,
        linewidth=0,
    )
    label = found.figure(BOOST, "label_ndcg")
    share = found.figure(BOOST, "promoted_exposure").value
    axes.axvline(0, color=_GREY, linestyle=":", linewidth=1.2)
    axes.plot(label.change, 100 * share, "*", color="black", markersize=13, zorder=5)
    _betas(axes, line, [point.label_change for point in line], "left")
    axes.set_xlabel(f"change of label-NDCG@{k} (band: 95 %, paired)")
    axes.set_ylabel(f"exposure of the promoted in the first {k}, %")
    axes.set_title(f"What labels say ({found.facts['lists_with_labels']:,} lists)", fontsize=10)
    _plain(axes)


def _betas(axes: Any, line: list[Point], across: list[float], side: str) -> None:
    """Label strengths beside the line that are far enough from the last label."""
    wide, high = across[-1] - across[0] or 1.0, 100 * line[-1].gain or 1.0
    last = (across[0], 100 * line[0].exposure)
    off = (-6, 5) if side == "right" else (7, 5)
    for x, point in zip(across, line, strict=True):
        y = 100 * point.exposure
        if math.hypot((x - last[0]) / wide, (y - last[1]) / high) < _APART:
            continue
        last = (x, y)
        axes.annotate(
            f"{point.setting:.3g}", (x, y), xytext=off, ha=side, textcoords="offset points",
            fontsize=8, color=_BLUE, zorder=6,
        )  # fmt: skip


def _boost_line(axes: Any, line: list[Point], across: list[float]) -> None:
    """Draw the line of the boost, dashed where max_relevance_loss of the policy forbids it."""
    up = [100 * point.exposure for point in line]
    last = max(at for at, point in enumerate(line) if point.allowed)
    axes.plot(across[last:], up[last:], "--", color=_BLUE, linewidth=1.6, zorder=4)
    axes.plot(
        across[: last + 1], up[: last + 1], "-o", color=_BLUE, linewidth=2.2, markersize=4,
        zorder=4, label="boost, by beta"
        + (" (dashed: beyond max_relevance_loss)" if last + 1 < len(line) else ""),
    )  # fmt: skip


def _tiers(axes: Any, found: Evaluation) -> None:
    names = [
        name
        for name in found.panel.tiers.names
        if found.figure("none", "exposure", name).value
        or found.figure(BOOST, "exposure", name).value
    ]
    for place, name in enumerate(reversed(names)):
        figure = found.figure(BOOST, "exposure", name)
        after, before = 100 * figure.value, 100 * (figure.value - figure.change)
        color = "#2f7d4f" if after >= before else "#b0413e"
        axes.plot([before, after], [place, place], color=color, linewidth=3, zorder=2)
        axes.plot(before, place, "o", color="white", markeredgecolor=_GREY, markersize=8, zorder=3)
        axes.plot(after, place, "o", color=color, markersize=8, zorder=4)
        axes.annotate(
            f"{before:.1f} → {after:.1f} % ({after - before:+.1f})",
            (max(before, after), place),
            xytext=(9, 0), textcoords="offset points", va="center", fontsize=8,
        )  # fmt: skip
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set_ylim(-0.6, len(names) - 0.4)
    most = max(100 * found.figure(BOOST, "exposure", name).value for name in names)
    axes.set_xlim(0, 1.55 * most)
    axes.set_xlabel(f"share of exposure in the first {found.main_k}, %")
    axes.set_title("Exposure by tier: without the boost (open) and with it", fontsize=10)
    _plain(axes)


def _plain(axes: Any) -> None:
    axes.grid(True, color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
