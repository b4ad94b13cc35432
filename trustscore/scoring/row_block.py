"""A block of columns that also lies row by row in one table, as the kernel reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trustscore.typing import Array

__all__ = ["RowBlock"]


class RowBlock(dict[str, Array]):
    """A block made from a table of numbers and columns of text.

    Whoever takes a block takes this one too. `score_columns` need not gather the numbers of a row
    from a hundred columns when the table begins with the scorecard's fields in their order.

    Parameters
    ----------
    table : ndarray of float64, shape (rows, columns)
        NaN for blank.
    names : sequence of str or None
        Name of each column; None for one that was not collected, which is blank.
    texts : mapping of str to ndarray

    Examples
    --------
    >>> block = RowBlock(np.array([[1.0, np.nan, 2.0]]), ["paid", None, "rated"], {})
    >>> list(block), block["rated"]
    (['paid', 'rated'], array([2.]))
    """

    def __init__(
        self, table: Array, names: Sequence[str | None], texts: Mapping[str, Array]
    ) -> None:
        super().__init__({name: table[:, at] for at, name in enumerate(names) if name is not None})
        self.update(texts)
        self.table, self.names = table, list(names)
        # A table of nothing but ids has rows all the same; a block says how many by its columns.
        if not self:
            self["category"] = np.full(len(table), None, dtype=object)
