"""From how many merchants on an audit gives a figure; below, a note stands in its place.

The numbers are those from which stated intervals were found to cover in
``benchmarks/audit_coverage.py``, or below which a sentence would speak of single merchants.
"""

from __future__ import annotations

from typing import NamedTuple

from trustscore.audit.measures import effective_merchants
from trustscore.audit.result import Section
from trustscore.typing import FloatArray

__all__ = ["EFFECTIVE", "LEAST", "Least", "enough", "enough_for_areas"]


class Least(NamedTuple):
    """The least number of merchants of a figure, and what the figure is called in a sentence."""

    merchants: int
    figure: str


# Events, and orders without one, must be spread over as many merchants as are as good as these.
EFFECTIVE = 5.0
LEAST = {
    "area": Least(20, "area under the curve, difference to another score, rank correlation"),
    "rate": Least(20, "event rate of a band of the index, and lift"),
    "correlation": Least(30, "correlation of two signals, Cronbach's alpha"),
    "share": Least(30, "share of a signal at an end of its curve, realised weight"),
    "rank": Least(20, "intervals of ranks, shares of their variance, effect of a signal left out"),
    "top": Least(100, "chance of staying in the top tenth"),
    "price": Least(10, "price of a point, points won by an attack"),
    "alarm": Least(100, "share of attacks that are noticed, in a third of the volume"),
    "worst": Least(100, "gain of the worst tenth by a new name"),
    "line": Least(30, "step at a line, of merchants near it"),
    "band": Least(30, "index, status and tier of a band of volume or tenure, and their gap"),
    "truth": Least(30, "coverage and bias in a band or kind of merchants, slope"),
}


def enough(section: Section, name: str, merchants: int) -> bool:
    """Return whether merchants are enough for a figure; note in the section where they are not.

    Examples
    --------
    >>> section = Section("robustness")
    >>> enough(section, "top", 100), enough(section, "top", 12)
    (True, False)
    >>> section.findings[0].text
    '12 merchants: chance of staying in the top tenth is given from 100 on'
    """
    least = LEAST[name]
    if merchants >= least.merchants:
        return True
    noun = "1 merchant" if merchants == 1 else f"{merchants} merchants"
    section.note(f"few_{name}", f"{noun}: {least.figure} is given from {least.merchants} on")
    return False


def enough_for_areas(bad: FloatArray, good: FloatArray) -> bool:
    """Return whether events are spread over enough merchants for an area and its interval.

    Parameters
    ----------
    bad, good : ndarray
        Orders with and without the event, of each merchant.

    Examples
    --------
    >>> import numpy as np
    >>> enough_for_areas(np.r_[np.ones(4), np.zeros(16)], np.ones(20))
    False
    >>> enough_for_areas(np.r_[np.ones(5), np.zeros(15)], np.ones(20))
    True
    """
    return (
        len(bad) >= LEAST["area"].merchants
        and min(effective_merchants(bad), effective_merchants(good)) >= EFFECTIVE
    )
