"""The types that the whole package shares: arrays, columns of arrays, and a progress callback."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Block",
    "BoolArray",
    "FilePath",
    "FloatArray",
    "IntArray",
    "Progress",
    "TextArray",
    "silent",
]

Array: TypeAlias = NDArray[Any]
FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
# Objects: str, or None for blank.
TextArray: TypeAlias = NDArray[np.object_]
# The column block: arrays of one length by the name of their column.
Block: TypeAlias = Mapping[str, Array]
FilePath: TypeAlias = str | Path


class Progress(Protocol):
    """What a long function calls to say how far it is; a command draws a bar from it.

    The arguments are the name of the present step (a new name begins a new bar), the share of
    that step that is done (0 to 1, or NaN where nobody knows how much there is), and the rows
    done so far where the step goes through rows.
    """

    def __call__(self, step: str, share: float, rows: int = 0, /) -> None:
        """Take note of how far the work is."""


def silent(step: str, share: float, rows: int = 0, /) -> None:
    """Ignore the progress: the default of every function that reports it.

    Examples
    --------
    >>> silent("reading", 0.5)
    """
