"""Outcomes as scikit-learn passes them in `y`: labels, or orders and events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting import Labelled, collect_outcomes

__all__ = ["labelled"]

Array = np.ndarray[Any, Any]


def labelled(block: Mapping[str, Array], y: Any) -> Labelled | None:
    """Return the rows of a block with their outcomes; None without `y`.

    Examples
    --------
    >>> found = labelled({"x": np.zeros(3)}, [1, 0, np.nan])
    >>> found.n.tolist(), found.events.tolist()
    ([1.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    """
    if y is None:
        return None
    try:
        given = np.array(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"y: must hold numbers, labels 0 or 1 or orders and events: {error}"
        ) from None
    rows = len(next(iter(block.values())))
    if given.shape not in ((rows,), (rows, 2)):
        raise InputError(
            f"y: must have the shape ({rows},) of labels, or ({rows}, 2) of orders and events. "
            f"Got {given.shape}"
        )
    known = ~np.isnan(given.reshape(rows, -1)).any(axis=1)
    if given.ndim == 1:
        wrong = np.flatnonzero(known & ~np.isin(given, (0.0, 1.0)))
        if len(wrong):
            raise InputError(f"y: labels must be 0 or 1. Got {given[wrong[0]]:g} in row {wrong[0]}")
        given[~known] = 0.0
        return Labelled(block, np.where(known, 1.0, 0.0), given)
    n, events = (np.where(known, column, 0.0) for column in given.T)
    rows_of = np.arange(rows).astype(str).astype(object)
    found = collect_outcomes(rows_of, n, events)
    return Labelled(block, found.n, found.events)
