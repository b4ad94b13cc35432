"""Bins of a distribution: quantiles of the reference, with a bin for each mass point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trustscore.typing import Array, FloatArray, IntArray

__all__ = ["NOT_APPLICABLE", "UNKNOWN", "Bins", "bins_of"]

# The two bins before those of figures.
NOT_APPLICABLE, UNKNOWN = 0, 1
_MOST = 10
# A quantile of fewer merchants than this says little.
_LEAST_ROWS = 10


@dataclass(frozen=True)
class Bins:
    """Bins of figures, each closed on the right, behind one for nothing applies and one for blank.

    Attributes
    ----------
    edges : ndarray of float
        Rising; the first bin of figures ends at the first of them, the last one has no end.
    """

    edges: FloatArray

    @property
    def count(self) -> int:
        """Number of bins with the two that hold no figures."""
        return len(self.edges) + 3

    def place(self, figure: Array, applies: Array) -> IntArray:
        """Return the bin of each row.

        Parameters
        ----------
        figure : ndarray of float
            NaN for unknown.
        applies : ndarray of bool
        """
        found = np.searchsorted(self.edges, figure, side="left") + 2
        found[np.isnan(figure)] = UNKNOWN
        found[~applies] = NOT_APPLICABLE
        return found.astype(np.int64)

    def ends(self, at: int) -> tuple[float | None, float | None]:
        """Return above what and up to what a bin of figures reaches; None for without end."""
        own = at - 2
        low = float(self.edges[own - 1]) if own > 0 else None
        high = float(self.edges[own]) if own < len(self.edges) else None
        return low, high


def bins_of(figures: Array, most: int = _MOST) -> Bins:
    """Return the bins of a reference.

    At most `most` quantiles, each of ten figures or more. A value that fills a whole quantile by
    itself is a mass point, such as the zero of rare events or a constant: it gets a bin of its
    own, and the figures between mass points share the other bins by their number.

    Parameters
    ----------
    figures : ndarray of float
        Known figures of the reference.
    most : int, default=10

    Examples
    --------
    >>> bins_of(np.arange(1.0, 41.0), most=4).edges.tolist()
    [10.0, 20.0, 30.0]
    >>> zeros_and_some = np.r_[np.zeros(30), np.arange(1.0, 11.0)]
    >>> [f"{edge:.3g}" for edge in bins_of(zeros_and_some, most=4).edges]
    ['-4.94e-324', '0']
    """
    rows = len(figures)
    if not rows:
        return Bins(np.empty(0))
    wanted = int(np.clip(rows // _LEAST_ROWS, 1, most))
    values, counts = np.unique(figures, return_counts=True)
    # Of a few merchants nobody can say that a value comes again and again.
    heavy = np.flatnonzero((counts * wanted >= rows) & (counts >= _LEAST_ROWS))
    edges: list[float] = []
    start = 0
    for at in [*heavy.tolist(), len(values)]:
        edges += _quantiles(values[start:at], counts[start:at], rows / wanted)
        if at < len(values):
            edges += [float(np.nextafter(values[at], -np.inf)), float(values[at])]
        start = at + 1
    return Bins(np.unique(edges))


def _quantiles(values: Array, counts: Array, size: float) -> list[float]:
    """Return the inner edges that cut values into bins of about a size."""
    passed = np.cumsum(counts)
    whole = int(passed[-1]) if len(passed) else 0
    bins = round(whole / size)
    if bins < 2:
        return []
    targets = whole * np.arange(1, bins) / bins
    # The last value never ends an inner bin, or the bin behind it would be empty.
    at = np.minimum(np.searchsorted(passed, targets - 1e-9), len(values) - 2)
    found: list[float] = values[np.unique(at[at >= 0])].tolist()
    return found
