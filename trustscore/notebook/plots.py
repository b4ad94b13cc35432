"""Bars as a picture, by matplotlib, which the extra ``plot`` brings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from trustscore.errors import one_line
from trustscore.notebook.bars import Bar

__all__ = ["COLOURS", "draw_bars", "new_figure", "plain"]

COLOURS = {
    "start": "#8a8a8a",
    "loss": "#b5483a",
    "gain": "#5a8f4e",
    "rule": "#c08a2d",
    "end": "#2f6f9f",
}
_CHINESE_FILE = re.compile("wqy-|CJK|SourceHanSans|simhei|msyh|PingFang", re.IGNORECASE)
_CHINESE = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
    "Heiti SC",
    "Arial Unicode MS",
)


def new_figure(width: float, height: float) -> Any:
    """Return an empty Figure.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("pictures take matplotlib, which the extra `plot` brings") from error
    return Figure(figsize=(width, height), layout="constrained", dpi=110)


@cache
def fonts() -> tuple[str, ...]:
    """Return the fonts to write with: the usual one, and one with Chinese if the machine has it."""
    from matplotlib import font_manager, rcParams

    there = {font.name for font in font_manager.fontManager.ttflist}
    if not there.intersection(_CHINESE):
        # Fonts that came after matplotlib made its list.
        for path in font_manager.findSystemFonts():
            if _CHINESE_FILE.search(path):
                font_manager.fontManager.addfont(path)
        there = {font.name for font in font_manager.fontManager.ttflist}
    usual = rcParams["font.sans-serif"]
    return (*[n for n in usual if n in there][:1], *[n for n in _CHINESE if n in there][:1])


def draw_bars(bars: Sequence[Bar], title: str, *, zoom: bool = False) -> Any:
    """Return bars as a matplotlib Figure, the first one on top.

    Parameters
    ----------
    bars : sequence of Bar
    title : str
    zoom : bool, default=False
        Show the way from the first bar to the last and not the length of both, where the way is
        short.
    """
    figure = new_figure(8.0, 1.2 + 0.32 * len(bars))
    axes = figure.subplots()
    family = fonts()
    for at, bar in enumerate(bars):
        axes.barh(at, bar.points, left=bar.before, color=COLOURS[bar.kind], height=0.7)
        said = f"{bar.after:.2f}" if bar.kind in ("start", "end") else f"{bar.points:+.2f}"
        axes.annotate(
            said,
            (max(bar.before, bar.after), at),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(bars)), [plain(bar.name) for bar in bars], fontsize=8, family=family)
    axes.set_title(plain(title), fontsize=9, loc="left", family=family)
    ends = [min(bar.before, bar.after) for bar in bars]
    axes.margins(x=0.1)
    if zoom:
        places = [bar.after for bar in bars]
        room = 0.15 * max(max(places) - min(places), 0.1)
        axes.set_xlim(min(places) - room, max(places) + room)
    else:
        axes.set_xlim(left=min(0.0, *ends))
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="x", labelsize=8)
    return figure


def plain(name: str) -> str:
    r"""Return a text of others that matplotlib writes as it stands: a dollar begins no formula.

    Examples
    --------
    >>> print(plain("a$b$"))
    a\$b\$
    """
    return one_line(name).replace("$", r"\$")
