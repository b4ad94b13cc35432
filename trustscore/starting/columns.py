"""What is counted of every column while a file streams by."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from trustscore.typing import Array, FloatArray

__all__ = ["Column", "Pair"]


@dataclass
class Column:
    """One column of a table, counted over all its rows; no cell of it is kept.

    Attributes
    ----------
    name : str
    place : int
        From 1.
    known, numbers : int
        Cells that are not blank, and those of them that are numbers.
    zeros, ones, no, yes : int
        Numbers that are 0 or 1, and words for no and yes.
    looked_at, dates, mails : int
        Cells of text that were looked at, and those of them that are days or times, and addresses
        of e-mail.
    whole, telephone, fractions : int
        Numbers without a fraction; those that look like a telephone number; those in 0..1.
    least, most : float
    sample : ndarray
        Numbers of the rows that were drawn; NaN for what is none.
    """

    name: str
    place: int
    known: int = 0
    numbers: int = 0
    zeros: int = 0
    ones: int = 0
    no: int = 0
    yes: int = 0
    looked_at: int = 0
    dates: int = 0
    mails: int = 0
    whole: int = 0
    telephone: int = 0
    fractions: int = 0
    least: float = math.inf
    most: float = -math.inf
    sample: FloatArray = field(default_factory=lambda: np.empty(0))

    def add(self, values: FloatArray, blank: Array) -> None:
        """Count the cells of a stretch of rows that are numbers or blank."""
        self.known += int(np.count_nonzero(~blank))
        found = values[~np.isnan(values)]
        if not len(found):
            return
        self.numbers += len(found)
        self.zeros += int(np.count_nonzero(found == 0))
        self.ones += int(np.count_nonzero(found == 1))
        whole = found == np.floor(found)
        self.whole += int(np.count_nonzero(whole))
        self.fractions += int(np.count_nonzero((found >= 0) & (found <= 1)))
        # Eleven digits that begin with 13 to 19, as of mobile telephones in China, with the code
        # of the country or without.
        china = (found >= 1.3e10) & (found < 2e10)
        china |= (found >= 8.613e12) & (found < 8.62e12)
        self.telephone += int(np.count_nonzero(china & whole))
        self.least = min(self.least, float(found.min()))
        self.most = max(self.most, float(found.max()))

    @property
    def is_flag(self) -> bool:
        """Whether every cell is yes or no, and both are there."""
        against, for_it = self.zeros + self.no, self.ones + self.yes
        return against > 0 and for_it > 0 and against + for_it == self.known

    @property
    def is_count(self) -> bool:
        """Whether every number is whole and none below 0."""
        return self.numbers == self.whole and self.least >= 0

    @property
    def drawn(self) -> FloatArray:
        """The numbers of the sample."""
        return self.sample[~np.isnan(self.sample)]


@dataclass
class Pair:
    """Whether one column is a part of another: no more than it in any row."""

    both: int = 0
    above: int = 0

    def add(self, part: FloatArray, whole: FloatArray) -> None:
        """Count the rows that have both, and those whose part exceeds the whole."""
        there = ~(np.isnan(part) | np.isnan(whole))
        self.both += int(np.count_nonzero(there))
        self.above += int(np.count_nonzero(part[there] > whole[there]))
