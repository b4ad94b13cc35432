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

from trustscore.io.csv_text import bare
from trustscore.io.header import Wanted
from trustscore.io.inputs import Inputs, expand, read_part
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.io.rejects import Reject
from trustscore.scorecard import Scorecard
from trustscore.scorecard.merchant_ids import canonical_id
from trustscore.typing import Progress, silent

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
    pseudonyms: Pseudonyms | None = None,
    progress: Progress = silent,
) -> Found:
    """Find the first row of a merchant without fault, reading no further than needed.

    Parameters
    ----------
    path : str or Path
        CSV, JSON Lines or Parquet, a folder or a pattern of such files, or ``-``.
    scorecard : Scorecard
    merchant_id : str
    allow_missing : bool, default=False
        Whether columns may be missing; their signals then do not apply.
    encoding : str, optional
    pseudonyms : Pseudonyms, optional
        What merchants are called instead of by their ids. The one that is sought may be called by
        either; of one that is not there no names near it are told.
    progress : Progress, optional
        Told how much of the files is read.

    Returns
    -------
    Found

    Raises
    ------
    InputError
        When columns are missing, or the file cannot be read.
    """
    sought = canonical_id(merchant_id)[0]
    # The scores have an apostrophe before an id that begins like a formula; the export has none.
    names = list(dict.fromkeys([sought, canonical_id(bare(sought))[0]]))
    if pseudonyms is not None:
        names = pseudonyms.texts(names)
        sought = names[0]
    hit: dict[str, Found] = {}
    rejects: dict[str, Reject] = {}
    wanted = Wanted.by(scorecard)
    inputs = Inputs(
        expand([str(path)]),
        wanted,
        allow_missing=allow_missing,
        encoding=encoding,
        pseudonyms=pseudonyms,
        progress=progress,
    )
    same: list[str] = []
    alike: list[str] = []
    missing: frozenset[str] = frozenset()
    parts = inputs.parts()
    try:
        for part in parts:
            missing = part.missing
            rows = read_part(part)
            for reject in rows.rejects:
                if reject.merchant_id in names:
                    rejects.setdefault(reject.merchant_id, reject)
            for name in names:
                at = pc.index(rows.ids, pa.scalar(name, pa.string())).as_py()
                if at >= 0 and name not in hit:
                    block = {key: values[at : at + 1] for key, values in rows.block.items()}
                    block["merchant_id"] = np.array([name], dtype=object)
                    hit[name] = Found(block, missing)
            if sought in hit:
                return hit[sought]
            for name in rows.ids.to_pylist() if pseudonyms is None else ():
                if name.casefold() == sought.casefold():
                    same.append(name)
                elif len(alike) < _CANDIDATES and _alike(sought, name):
                    alike.append(name)
    finally:
        parts.close()  # type: ignore[attr-defined]
    # A row with a fault does not stand in the way of a later one without.
    for name in names:
        if name in hit:
            return hit[name]
        if name in rejects:
            return Found(None, missing, rejects[name])
    near = difflib.get_close_matches(sought, alike, n=len(alike) or 1, cutoff=0.6)
    # Among equals the one that differs in one place only stands first.
    near.sort(key=lambda name: -_shared(sought, name))
    return Found(None, missing, None, tuple(dict.fromkeys([*same, *near]))[:3])


def _shared(one: str, other: str) -> int:
    """Return how many characters two names share at the beginning and at the end."""
    ends = zip(one, other, strict=False), zip(one[::-1], other[::-1], strict=False)
    return sum(sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], end)) for end in ends)
