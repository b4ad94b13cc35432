"""Outcomes of several periods, as the rows that weights are learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting.task import Labelled
from trustscore.outcomes import Outcomes
from trustscore.typing import Array

__all__ = ["Period", "labelled_periods"]


class Period(NamedTuple):
    """What merchants were on a day, and what became of them.

    Attributes
    ----------
    name : str
        Such as the day.
    block : mapping of str to ndarray
        Columns as in an export, with ``merchant_id``.
    outcomes : Outcomes
        Joined to the merchants of the block.
    """

    name: str
    block: Mapping[str, Array]
    outcomes: Outcomes


def labelled_periods(periods: Sequence[Period]) -> Labelled:
    """Return the merchants of all periods that have outcomes there, period by period.

    Parameters
    ----------
    periods : sequence of Period
        At least one, by time.

    Raises
    ------
    InputError
        When a period has other columns, other harms or another family than the first.

    Examples
    --------
    >>> ids = np.array(["a", "b"], dtype=object)
    >>> block = {"merchant_id": ids, "x": np.array([1.0, 2.0])}
    >>> first = Outcomes(ids, np.array([3.0, 0.0]), np.array([1.0, 0.0]))
    >>> second = Outcomes(ids, np.array([3.0, 5.0]), np.array([0.0, 2.0]))
    >>> found = labelled_periods([Period("May", block, first), Period("June", block, second)])
    >>> found.block["x"].tolist(), found.period.tolist(), found.merchant.tolist()
    ([1.0, 1.0, 2.0], [0, 1, 1], [0, 0, 1])
    """
    first = periods[0]
    if len(periods) == 1:
        known = first.outcomes
        return Labelled(first.block, known.n, known.events, known.family, harms=known.harms)
    faults = []
    for period in periods[1:]:
        for what, here, there in (
            ("columns", set(period.block), set(first.block)),
            ("harms", set(period.outcomes.harms), set(first.outcomes.harms)),
        ):
            if here != there:
                odd = ", ".join(sorted(here ^ there))
                faults.append(f"{period.name}: {what} must be those of {first.name}. Differ: {odd}")
    if faults:
        raise InputError("periods of outcomes must be alike", faults)
    rows = [np.flatnonzero(period.outcomes.n > 0) for period in periods]

    def stacked(columns: Sequence[Array]) -> Array:
        return np.concatenate([column[at] for column, at in zip(columns, rows, strict=True)])

    block = {name: stacked([period.block[name] for period in periods]) for name in first.block}
    names = block["merchant_id"].tolist()
    place = {name: at for at, name in enumerate(dict.fromkeys(names))}
    return Labelled(
        block,
        stacked([period.outcomes.n for period in periods]),
        stacked([period.outcomes.events for period in periods]),
        first.outcomes.family,
        np.array([place[name] for name in names]),
        np.repeat(np.arange(len(periods)), [len(at) for at in rows]),
        tuple(period.name for period in periods),
        {
            name: stacked([period.outcomes.harms[name] for period in periods])
            for name in first.outcomes.harms
        },
    )
