"""Charts as inline SVG: plain functions from numbers to a text.

Colours are classes of the page's style, so that light, dark and print each have their own.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np

from trustscore.explain.waterfall import Bar
from trustscore.report.words import Texts
from trustscore.text_table import width as columns_of
from trustscore.typing import Array
from trustscore.words import LANGUAGES

__all__ = ["bars_path", "histogram", "share_bar", "signal_strip", "sparkline", "waterfall_chart"]

_IDS = count()
_COLUMNS = 38


def _n(value: float) -> str:
    """Return a coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def spoken(of: Texts) -> str:
    """Return a text of SVG in every language; the style shows one."""
    if len(set(of)) == 1:
        return html.escape(of[0])
    return "".join(
        f'<tspan lang="{lang}">{html.escape(each)}</tspan>'
        for lang, each in zip(LANGUAGES, of, strict=True)
    )


def _svg(width: float, height: float, title: Texts, desc: Texts, inside: str, kind: str) -> str:
    name = f"c{next(_IDS)}"
    words = "".join(
        f'<{tag} id="{name}{tag[0]}" data-texts="{html.escape(json.dumps(text))}">'
        f"{html.escape(text[0])}</{tag}>"
        for tag, text in (("title", title), ("desc", desc))
    )
    return (
        f'<svg class="chart {kind}" viewBox="0 0 {_n(width)} {_n(height)}" role="img"'
        f' aria-labelledby="{name}t {name}d">{words}{inside}</svg>'
    )


def bars_path(bins: Sequence[float] | Array, width: float, height: float, gap: float = 1) -> str:
    """Return the path of upright bars over a base at `height`, the highest to the top.

    Examples
    --------
    >>> bars_path([1, 0, 2], 30, 10, gap=0)
    'M0 10v-5h10v5zM20 10v-10h10v10z'
    """
    bins = np.asarray(bins, dtype=float)
    most = float(bins.max()) if bins.size else 0.0
    if most <= 0:
        return ""
    step = width / len(bins)
    parts = []
    for at, value in enumerate(bins.tolist()):
        if value > 0:
            # One merchant among a million must remain visible.
            tall = _n(max(value / most * height, 0.8))
            wide = _n(step - gap)
            parts.append(f"M{_n(at * step)} {_n(height)}v-{tall}h{wide}v{tall}z")
    return "".join(parts)


def histogram(
    bins: Array,
    lines: Iterable[tuple[float, Texts]],
    title: Texts,
    desc: Texts,
    mark: tuple[float, Texts] | None = None,
) -> str:
    """Return a histogram of points 0..100 with lines at some of them."""
    width, height, base, top = 720.0, 234.0, 204.0, 44.0
    parts = [f'<path class="bar" transform="translate(0 {_n(top)})" d="']
    parts.append(bars_path(bins, width, base - top) + '"/>')
    parts.append(f'<path class="axis" d="M0 {_n(base)}h{_n(width)}"/>')
    for at in range(0, 101, 10):
        anchor = "start" if at == 0 else "end" if at == 100 else "middle"
        parts.append(
            f'<text class="tick" x="{_n(at * width / 100)}" y="{_n(base + 22)}"'
            f' text-anchor="{anchor}">{at}</text>'
        )
    for place, (line, name) in enumerate(lines):
        x = line * width / 100
        # Names of neighbouring lines take turns in two rows.
        y = 12 if place % 2 == 0 else 28
        anchor, dx = ("end", -5) if line > 85 else ("start", 5)
        parts.append(f'<path class="tier-line" d="M{_n(x)} {y - 8}V{_n(base)}"/>')
        parts.append(
            f'<text class="label" x="{_n(x + dx)}" y="{y}" text-anchor="{anchor}">'
            f"{spoken(name)} {line:g}</text>"
        )
    if mark is not None and np.isfinite(mark[0]):
        x = mark[0] * width / 100
        parts.append(f'<path class="mean" d="M{_n(x)} {_n(base)}l-5 8h10z"/>')
    return _svg(width, height, title, desc, "".join(parts), "histogram")


def sparkline(bins: Array, title: Texts, desc: Texts) -> str:
    """Return a small histogram without an axis."""
    inside = (
        f'<path class="bar" d="{bars_path(bins, 160, 26)}"/><path class="axis" d="M0 26.5h160"/>'
    )
    return _svg(160, 28, title, desc, inside, "spark")


def signal_strip(bins: Array, edge: float, title: Texts, desc: Texts) -> str:
    """Return the distribution of a signal, with its poor and its good anchor as lines.

    Every signal runs from worse on the left to better on the right.
    """
    width, height = 192.0, 30.0
    whole = 1 + 2 * edge
    poor, good = edge / whole * width, (1 + edge) / whole * width
    inside = (
        f'<path class="beyond" d="M0 0H{_n(poor)}V{_n(height)}H0z"/>'
        f'<path class="bar" d="{bars_path(bins, width, height - 1)}"/>'
        f'<path class="poor" d="M{_n(poor)} 0V{_n(height)}"/>'
        f'<path class="good" d="M{_n(good)} 0V{_n(height)}"/>'
        f'<path class="axis" d="M0 {_n(height)}H{_n(width)}"/>'
    )
    return _svg(width, height + 1, title, desc, inside, "strip")


def share_bar(parts: Sequence[tuple[str, float]], title: Texts, desc: Texts) -> str:
    """Return one lying bar of shares; each has the class of its part."""
    total = sum(value for _, value in parts) or 1.0
    x, pieces = 0.0, []
    for kind, value in parts:
        wide = value / total * 240
        if wide > 0:
            pieces.append(f'<path class="{kind}" d="M{_n(x)} 0h{_n(wide)}v12h-{_n(wide)}z"/>')
        x += wide
    return _svg(240, 12, title, desc, "".join(pieces), "share")


def waterfall_chart(bars: Sequence[tuple[Bar, ...]], title: Texts, desc: Texts) -> str:
    """Return the bars of a statement, one below the other; each in every language."""
    if not bars:
        return ""
    left, right, row = 250.0, 56.0, 24.0
    width, height = 720.0, row * len(bars) + 8
    # The room below the lowest bar says nothing: zoom in, where the way down is short.
    low = (
        min(min(bar.before, bar.after) for bar, *_ in bars if bar.kind not in ("start", "end"))
        if any(bar.kind not in ("start", "end") for bar, *_ in bars)
        else 0.0
    )
    low = max(0.0, 10.0 * float(np.floor(min(low, bars[-1][0].after) / 10.0)) - 10.0)
    high = max(100.0, *(max(bar.before, bar.after) for bar, *_ in bars))

    def x(value: float) -> float:
        return left + (max(value, low) - low) / (high - low) * (width - left - right)

    parts = []
    for at, spoken_bars in enumerate(bars):
        bar = spoken_bars[0]
        y = 4 + at * row
        start, stop = sorted((x(bar.before), x(bar.after)))
        kind = bar.kind
        if kind == "rule":
            kind = "loss" if bar.points < 0 else "gain"
        parts.append(
            f'<path class="{kind}" d="M{_n(start)} {_n(y + 4)}h{_n(max(stop - start, 1))}v14'
            f'h-{_n(max(stop - start, 1))}z"/>'
        )
        if at + 1 < len(bars):
            parts.append(
                f'<path class="joint" d="M{_n(x(bar.after))} {_n(y + 4)}v{_n(row + 14)}"/>'
            )
        names = tuple(_short(each.name) for each in spoken_bars)
        parts.append(
            f'<text class="label" x="{_n(left - 10)}" y="{_n(y + 15)}" text-anchor="end">'
            f"{spoken(names)}</text>"
        )
        total = bar.kind in ("start", "end")
        shown = f"{bar.after:.1f}" if total else f"{bar.points:+.1f}".replace("-", "\u2212")
        parts.append(
            f'<text class="figure{" strong" if total else ""}" x="{_n(stop + 6)}"'
            f' y="{_n(y + 15)}">{shown}</text>'
        )
    return _svg(width, height, title, desc, "".join(parts), "waterfall")


def _short(name: str) -> str:
    """Return a name that fits beside the bars; a Chinese character takes the room of two."""
    if columns_of(name) <= _COLUMNS:
        return name
    while columns_of(name) > _COLUMNS - 1:
        name = name[:-1]
    return name.rstrip() + "…"
