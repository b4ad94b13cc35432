"""The findings as text, those that need a decision first."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from trustscore.audit.result import Section

__all__ = ["summary"]

_WIDTH = 100
_MARKS = {"decide": "!", "note": "-", "fine": "+"}


def summary(sections: Iterable[Section]) -> str:
    """Return an audit as text.

    Examples
    --------
    >>> part = Section("truth")
    >>> part.fine("bias", "within a point")
    >>> part.decide("coverage", "covers 70 %")
    >>> print(summary([part]))
    1 finding needs a decision:
      ! truth.coverage: covers 70 %
    <BLANKLINE>
    The rest (- to know, + fine):
      + truth.bias: within a point
    """
    parts = list(sections)
    return "\n".join(_lines(parts))


def _lines(parts: list[Section]) -> Iterator[str]:
    every = [finding for part in parts for finding in part.findings]
    open_ones = [finding for finding in every if finding.level == "decide"]
    if open_ones:
        one = len(open_ones) == 1
        yield f"{len(open_ones)} finding{'s need' * (not one) or ' needs'} a decision:"
        for finding in open_ones:
            yield from _wrapped(finding)
    else:
        yield "No finding needs a decision."
    rest = [finding for finding in every if finding.level != "decide"]
    if rest:
        yield ""
        yield "The rest (- to know, + fine):"
        for finding in rest:
            yield from _wrapped(finding)
    for part in parts:
        if "scores" in part.tables:
            yield ""
            yield from _scores(part.tables["scores"])


def _wrapped(finding: Any) -> list[str]:
    return textwrap.wrap(
        f"{finding.code}: {finding.text}",
        _WIDTH,
        initial_indent=f"  {_MARKS[finding.level]} ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _scores(table: Any) -> Iterator[str]:
    yield f"{'score':<20} {'AUC':>6}  {'95 % interval':<16} {'index minus it':<26} {'Spearman':>8}"
    columns = (
        *("score", "auc", "auc_low", "auc_high"),
        *("index_minus", "difference_low", "difference_high", "spearman"),
    )
    for name, area, low, high, minus, under, over, rank in zip(
        *(table[column] for column in columns), strict=True
    ):
        difference = f"{minus:+.3f} ({under:+.3f} to {over:+.3f})" if minus or under else ""
        ends = f"{low:.3f} to {high:.3f}"
        ends, difference = ("-" if "nan" in text else text for text in (ends, difference))
        yield f"{name:<20} {area:6.3f}  {ends:<16} {difference:<26} {_signed(rank):>8}"


def _signed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.3f}"
