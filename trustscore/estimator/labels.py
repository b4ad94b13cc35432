"""Outcomes as scikit-learn passes them in `y`: labels, or orders and events."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting import Labelled, collect_outcomes
from trustscore.io.arrow import strings
from trustscore.io.text_columns import read_numbers
from trustscore.typing import Array, Block

__all__ = ["labelled"]


def labelled(block: Block, y: Any, weight: Array | None = None) -> Labelled | None:
    """Return the rows of a block with their outcomes; None without `y`.

    Labels may be numbers or the words for yes and no that cells of files may hold.

    Examples
    --------
    >>> found = labelled({"x": np.zeros(3)}, [1, 0, np.nan])
    >>> found.n.tolist(), found.events.tolist()
    ([1.0, 1.0, 0.0], [1.0, 0.0, 0.0])
    """
    if y is None:
        return None
    try:
        given = np.array(_figures(y), dtype=np.float64)
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
        return _weighted(Labelled(block, np.where(known, 1.0, 0.0), given), weight)
    n, events = (np.where(known, column, 0.0) for column in given.T)
    rows_of = np.arange(rows).astype(str).astype(object)
    found = collect_outcomes(rows_of, n, events)
    return _weighted(Labelled(block, found.n, found.events), weight)


def _figures(y: Any) -> Any:
    """Return outcomes with the words for yes and no as 1 and 0."""
    given = np.asarray(y)
    if given.ndim != 1 or given.dtype.kind not in "OUST":
        return y
    texts = [None if x is None or x != x else str(x) for x in given.tolist()]
    figures, odd = read_numbers(strings(texts), "flag", ".")
    if odd:
        row, text, _ = odd[0]
        raise ValueError(f"row {row} holds {text!r}")
    return figures


def _weighted(found: Labelled, weight: Array | None) -> Labelled:
    """Return outcomes of rows that stand for so many merchants each."""
    if weight is None:
        return found
    return found._replace(n=found.n * weight, events=found.events * weight)
