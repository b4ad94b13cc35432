"""The targets: what is promised of each figure, and whether a measured one keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """What a figure must be: at most, or at least, a bound.

    Attributes
    ----------
    what : str
        What is measured, in words.
    bound : float
    unit : str
        How a figure is written, as a format of one number.
    most : bool
        Whether the bound is the largest figure allowed; else it is the smallest.
    at : int or None
        The number of merchants that the target is for; another number is not judged.
    """

    what: str
    bound: float
    unit: str = "{:.2f}"
    most: bool = True
    at: int | None = None

    @property
    def words(self) -> str:
        """The bound in words."""
        return ("<= " if self.most else ">= ") + self.unit.format(self.bound)

    def verdict(self, got: float, merchants: int | None = None) -> str:
        """Return "met" or "missed", or why it is neither.

        Examples
        --------
        >>> Target("seconds", 6.0, "{:.1f} s", at=300_000).verdict(5.0, 300_000)
        'met'
        >>> Target("seconds", 6.0, "{:.1f} s", at=300_000).verdict(5.0, 20_000)
        'at 20,000, not 300,000'
        """
        if self.at is not None and merchants != self.at:
            return f"at {merchants or 0:,}, not {self.at:,}"
        return "met" if (got <= self.bound if self.most else got >= self.bound) else "missed"


_RATE = "{:,.0f} merchants/s"

TARGETS: Mapping[str, Target] = {
    "read": Target("CPU of `score`, all default outputs / CPU of the fastest typed read", 0.65),
    "polars": Target("wall of Polars by hand / ours, all cores", 2.0, most=False),
    "duckdb": Target("wall of DuckDB by hand / ours, all cores", 2.5, most=False),
    "pandas": Target("wall of pandas by hand / ours, all cores", 8.0, most=False),
    "jobs": Target("wall of one job / two jobs", 1.8, "{:.2f}x", most=False),
    "reasons": Target(
        "kernel with interval and reasons, rows as the readers hand them on, one core",
        800_000,
        _RATE,
        most=False,
    ),
    "statement": Target(
        "kernel with full statement, rows as the readers hand them on, one core",
        600_000,
        _RATE,
        most=False,
    ),
    "reasons, columns": Target(
        "kernel with interval and reasons, columns of a frame, one core",
        800_000,
        _RATE,
        most=False,
    ),
    "statement, columns": Target(
        "kernel with full statement, columns of a frame, one core", 600_000, _RATE, most=False
    ),
    "one": Target("one merchant through the library, dict in, result out", 0.1, "{:.3f} ms"),
    "parquet": Target("Parquet rate / CSV rate, wall", 1.2, most=False),
    "memory": Target("peak memory of `score`", 250, "{:.0f} MB", at=500_000),
    "growth": Target("growth of peak memory", 16, "{:.1f} bytes a row"),
    "audit": Target("CPU of `audit`, Sobol indices included", 40, "{:.1f} s", at=20_000),
    "rights": Target("CPU of `rights --export`", 15, "{:.1f} s", at=300_000),
    "simulate": Target("CPU of `simulate`", 6, "{:.1f} s", at=300_000),
    "rerank p50": Target("`rerank` of 1,000 with text ids, p50", 80, "{:.0f} us"),
    "rerank p99": Target("`rerank` of 1,000 with text ids, p99", 150, "{:.0f} us"),
    "five": Target("wall of `trustscore score` of five rows, warm", 0.45, "{:.2f} s"),
}


@dataclass(frozen=True)
class Figure:
    """A measured figure of the target of that name.

    Attributes
    ----------
    name : str
    got : float
    note : str
        What else should be known of it.
    merchants : int or None
        Of how many merchants, where the target is for a number of them.
    """

    name: str
    got: float
    note: str = ""
    merchants: int | None = None

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What, target, measured and verdict, as text."""
        target = TARGETS[self.name]
        what = target.what + (f" of {self.merchants:,}" if self.merchants is not None else "")
        measured = target.unit.format(self.got) + (f" ({self.note})" if self.note else "")
        return what, target.words, measured, target.verdict(self.got, self.merchants)
