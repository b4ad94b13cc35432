"""The waterfall of a statement as a picture."""

from __future__ import annotations

from typing import Any

from trustscore.errors import InputError, one_line
from trustscore.explain.statement import Statement
from trustscore.explain.waterfall import waterfall

__all__ = ["plot_waterfall"]

_COLOURS = {
    "start": "#8a8a8a",
    "loss": "#b5483a",
    "gain": "#5a8f4e",
    "rule": "#c08a2d",
    "end": "#2f6f9f",
}


def plot_waterfall(
    statement: Statement, lang: str = "en", *, most: int = 10, base: str = "full"
) -> Any:
    """Return the waterfall of a statement as a matplotlib Figure; arguments as `waterfall`'s.

    Raises
    ------
    ImportError
        Without matplotlib, which the extra ``plot`` brings.
    InputError
        When the merchant is not scored.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("pictures take matplotlib, which the extra `plot` brings") from error

    bars = waterfall(statement, lang, most=most, base=base)
    if not bars:
        raise InputError("a merchant that is not scored has no index to draw")
    figure = Figure(figsize=(8.0, 1.2 + 0.32 * len(bars)), layout="constrained", dpi=110)
    axes = figure.subplots()
    for at, bar in enumerate(bars):
        axes.barh(at, bar.points, left=bar.before, color=_COLOURS[bar.kind], height=0.7)
        said = f"{bar.after:.2f}" if bar.kind in ("start", "end") else f"{bar.points:+.2f}"
        axes.annotate(
            said,
            (max(bar.before, bar.after), at),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    # Names and ids are texts of others: a dollar sign would begin a formula.
    axes.set_yticks(range(len(bars)), [_plain(bar.name) for bar in bars], fontsize=8)
    axes.set_title(_plain(statement.merchant_id), fontsize=9, loc="left")
    axes.set_xlim(left=min(0.0, *(min(bar.before, bar.after) for bar in bars)))
    axes.margins(x=0.1)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="x", labelsize=8)
    return figure


def _plain(name: str) -> str:
    r"""Return a name that matplotlib writes as it stands.

    Examples
    --------
    >>> print(_plain("a$b$"))
    a\$b\$
    """
    return one_line(name).replace("$", r"\$")
