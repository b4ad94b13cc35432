"""A slice of a block as the kernel reads it: blanks filled, masks and parameters at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trustscore.rules import holds
from trustscore.scorecard import Condition

Array = np.ndarray[Any, Any]


def _fill(values: Array, blank: Array) -> Array:
    filled = values.copy()
    np.putmask(filled, blank, 0.0)
    return filled


class Rows:
    """Rows ``start:stop`` of a block, each column cleaned once however many signals read it."""

    def __init__(
        self,
        block: Mapping[str, Array],
        start: int,
        stop: int,
        variant: Array | None,
        missing: frozenset[str],
    ) -> None:
        self.block = block
        self.slice = slice(start, stop)
        self.rows = stop - start
        self.missing = missing
        self._variant: Array | int = 0
        if variant is not None:
            part = variant[self.slice]
            first = int(part[0])
            self._variant = first if (part == first).all() else part
        self._filled: dict[str, tuple[Array, Array | None]] = {}
        self._masks: dict[tuple[Condition, ...], Array | None] = {}

    def take(self, parameter: Any) -> Any:
        """Return a parameter for these rows: a float, or one value per row."""
        return parameter if type(parameter) is float else parameter[self._variant]

    def pick(self, table: Array) -> Array:
        """Return parameters of shape (signals, 1) or, where variants differ, (signals, rows)."""
        if table.shape[1] == 1:
            return table
        if isinstance(self._variant, int):
            return table[:, self._variant, None]
        return table.take(self._variant, axis=1)

    def alike(self, table: Array) -> bool:
        """Return whether parameters are the same for all rows."""
        return table.shape[1] == 1 or isinstance(self._variant, int)

    def stack(self, columns: tuple[str, ...], table: Array) -> Array:
        """Return columns, with NaN for blanks, as the rows of a table that is filled in."""
        for row, name in zip(table, columns, strict=True):
            row[:] = self.block[name][self.slice]
        return table

    def raw(self, column: str) -> Array | None:
        """Return a column with NaN for blanks, or None when it was not collected."""
        if column in self.missing:
            return None
        return self.block[column][self.slice]

    def filled(self, column: str) -> tuple[Array, Array | None]:
        """Return a column with blanks as 0, and the mask of the blanks (None: there are none)."""
        found = self._filled.get(column)
        if found is None:
            values = self.block[column][self.slice]
            blank = np.isnan(values)
            found = (_fill(values, blank), blank) if blank.any() else (values, None)
            self._filled[column] = found
        return found

    def applies(self, when: tuple[Condition, ...]) -> Array | None:
        """Return 1.0 where all conditions hold or are unknown, else 0.0; None when all rows."""
        if not when:
            return None
        if when not in self._masks:
            mask = holds(when[0], self.raw, unknown=True)
            for condition in when[1:]:
                mask = mask & holds(condition, self.raw, unknown=True)
            self._masks[when] = None if np.all(mask) else np.asarray(mask, dtype=np.float64)
        return self._masks[when]
