"""Work tables that outlive a call.

Fresh memory costs more than the arithmetic done in it: the system hands out each page, zeroed,
at its first touch. A thread therefore keeps the tables of its last pass for the next one.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Scratch(threading.local):
    """Tables by name; what one holds is overwritten by the next pass of the same thread.

    Examples
    --------
    >>> scratch = Scratch()
    >>> first = scratch.table("doubt", 2, 3)
    >>> second = scratch.table("doubt", 3, 2)
    >>> second.shape, np.shares_memory(first, second)
    ((3, 2), True)
    """

    def __init__(self) -> None:
        self._memory: dict[tuple[str, type], Array] = {}

    def table(self, name: str, rows: int, columns: int, dtype: type = np.float64) -> Array:
        """Return a table of any content."""
        size = rows * columns
        memory = self._memory.get((name, dtype))
        if memory is None or memory.size < size:
            memory = self._memory[name, dtype] = np.empty(size, dtype)
        return memory[:size].reshape(rows, columns)


SCRATCH = Scratch()
