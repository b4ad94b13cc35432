"""One merchant in an export, or the names most like the one that is not there."""

from __future__ import annotations

import difflib
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from trustscore.scorecard import Scorecard
from trustscore.tables.cells import trim
from trustscore.tables.faults import Reject
from trustscore.tables.header import Wanted
from trustscore.tables.inputs import Inputs, read_part

__all__ = ["Found", "find_merchant"]

# Names compared letter by letter with the one sought, at most.
_CANDIDATES = 5000


class Found(NamedTuple):
    """What an export says of one merchant.

    Attributes
    ----------
    block : dict of str to ndarray or None
        One row, ``merchant_id`` included; None when the merchant is absent or rejected.
    missing : frozenset of str
        Columns the export does not have.
    reject : Reject or None
        Why the merchant's row is not scored.
    near : tuple of str
        When the merchant is absent, the ids most like the one sought.
    """

    block: dict[str, NDArray[Any]] | None
    missing: frozenset[str]
    reject: Reject | None = None
    near: tuple[str, ...] = ()


def _alike(sought: str, name: str) -> bool:
    half = max((len(sought) + 1) // 2, 1)
    return abs(len(sought) - len(name)) <= 2 and (
        name.startswith(sought[:half]) or name.endswith(sought[-half:])
    )


def find_merchant(
    path: str | Path,
    scorecard: Scorecard,
    merchant_id: str,
    *,
    allow_missing: bool = False,
    encoding: str | None = None,
) -> Found:
    """Find the first row of a merchant, reading no further than needed.

    Parameters
    ----------
    path : str or Path
        CSV, gzip CSV, Parquet or ``-``.
    scorecard : Scorecard
    merchant_id : str
    allow_missing : bool, default=False
        Whether columns may be missing; their signals then do not apply.
    encoding : str, optional

    Returns
    -------
    Found

    Raises
    ------
    InputError
        When columns are missing, or the file cannot be read.
    """
    sought = trim(merchant_id)
    wanted = Wanted.by(scorecard)
    inputs = Inputs([str(path)], wanted, allow_missing=allow_missing, encoding=encoding)
    same: list[str] = []
    alike: list[str] = []
    missing: frozenset[str] = frozenset()
    parts = inputs.parts()
    try:
        for part in parts:
            missing = part.plan.columns.missing
            rows = read_part(part)
            rejected = next((r for r in rows.rejects if r.merchant_id == sought), None)
            at = pc.index(rows.ids, pa.scalar(sought, pa.string())).as_py()
            if at >= 0 and (rejected is None or rows.lines[at] < rejected.line):
                block = {name: values[at : at + 1] for name, values in rows.block.items()}
                block["merchant_id"] = np.array([sought], dtype=object)
                return Found(block, missing)
            if rejected is not None:
                return Found(None, missing, rejected)
            for name in rows.ids.to_pylist():
                if name.casefold() == sought.casefold():
                    same.append(name)
                elif len(alike) < _CANDIDATES and _alike(sought, name):
                    alike.append(name)
    finally:
        parts.close()  # type: ignore[attr-defined]
    near = difflib.get_close_matches(sought, alike, n=len(alike) or 1, cutoff=0.6)
    # Among equals the one that differs in one place only stands first.
    near.sort(key=lambda name: -_shared(sought, name))
    return Found(None, missing, None, tuple(dict.fromkeys([*same, *near]))[:3])


def _shared(one: str, other: str) -> int:
    """Return how many characters two names share at the beginning and at the end."""
    ends = zip(one, other, strict=False), zip(one[::-1], other[::-1], strict=False)
    return sum(sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], end)) for end in ends)
