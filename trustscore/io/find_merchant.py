"""Some merchants of an export, or the names most like those that are not there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from trustscore.errors import SHOWN
from trustscore.io.csv_text import bare
from trustscore.io.header import Wanted
from trustscore.io.inputs import Inputs, expand, read_part
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.io.rejects import Reject
from trustscore.scorecard import Scorecard
from trustscore.scorecard.merchant_ids import canonical_id
from trustscore.typing import Progress, silent

__all__ = ["Found", "find_merchant", "find_merchants"]

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
        CSV, JSON Lines, Parquet or Excel, a folder or a pattern of such files, or ``-``.
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
    [found] = find_merchants(
        path,
        scorecard,
        [merchant_id],
        allow_missing=allow_missing,
        encoding=encoding,
        pseudonyms=pseudonyms,
        progress=progress,
    )
    return found


def find_merchants(
    path: str | Path,
    scorecard: Scorecard,
    merchant_ids: Sequence[str],
    *,
    allow_missing: bool = False,
    encoding: str | None = None,
    pseudonyms: Pseudonyms | None = None,
    progress: Progress = silent,
) -> list[Found]:
    """Find the first row without fault of each of some merchants, in one pass.

    Parameters are those of `find_merchant`, and several ids.

    Returns
    -------
    list of Found
        One for each id, in their order. Near ids are looked for while few are sought.
    """
    sought = [canonical_id(text)[0] for text in merchant_ids]
    # The scores have an apostrophe before an id that begins like a formula; the export has none.
    spelled = [list(dict.fromkeys([name, canonical_id(bare(name))[0]])) for name in sought]
    if pseudonyms is not None:
        spelled = [pseudonyms.texts(each) for each in spelled]
        sought = [each[0] for each in spelled]
    places: dict[str, tuple[dict[str, NDArray[Any]], int, frozenset[str]]] = {}
    rejects: dict[str, Reject] = {}
    near = _Near(sought)
    inputs = Inputs(
        expand([str(path)]),
        Wanted.by(scorecard),
        allow_missing=allow_missing,
        encoding=encoding,
        pseudonyms=pseudonyms,
        progress=progress,
    )
    names = {name for each in spelled for name in each}
    missing: frozenset[str] = frozenset()
    open_names, without = names, set(sought)
    parts = inputs.parts()
    try:
        for part in parts:
            missing = part.missing
            rows = read_part(part)
            for reject in rows.rejects:
                if reject.merchant_id in names:
                    rejects.setdefault(reject.merchant_id, reject)
            hits = _first_rows(rows.ids, open_names)
            if hits:
                at = list(hits.values())
                block = {key: values[at] for key, values in rows.block.items()}
                block["merchant_id"] = np.array(list(hits), dtype=object)
                places |= {name: (block, row, missing) for row, name in enumerate(hits)}
                open_names, without = open_names - hits.keys(), without - hits.keys()
            if not without:
                break
            if pseudonyms is None:
                near.look(rows.ids)
    finally:
        parts.close()  # type: ignore[attr-defined]
    found = []
    for name, ways in zip(sought, spelled, strict=True):
        # A row with a fault does not stand in the way of a later one without.
        way = next((way for way in ways if way in places or way in rejects), None)
        if way in places:
            block, row, absent = places[way]
            one = {key: values[row : row + 1] for key, values in block.items()}
            found.append(Found(one, absent))
        elif way is not None:
            found.append(Found(None, missing, rejects[way]))
        else:
            found.append(Found(None, missing, None, near.to(name)))
    return found


def _first_rows(ids: Any, names: set[str]) -> dict[str, int]:
    """Return by name the first row of each of some ids."""
    wanted = pa.array(sorted(names), pa.string())
    rows = np.flatnonzero(np.asarray(pc.is_in(ids, value_set=wanted)))
    found: dict[str, int] = {}
    for row in rows.tolist():
        found.setdefault(ids[row].as_py(), row)
    return found


class _Near:
    """The ids of an export that are most like some that may not be there."""

    def __init__(self, sought: Sequence[str]) -> None:
        self._same: dict[str, list[str]] = {name.casefold(): [] for name in sought}
        # To compare every id of an export with many takes long, and nobody reads so much advice.
        few = list(dict.fromkeys(sought))[:SHOWN]
        self._alike: dict[str, list[str]] = {name: [] for name in few}

    def look(self, ids: Any) -> None:
        """Note what is like the ids sought."""
        for name in ids.to_pylist():
            same = self._same.get(name.casefold())
            if same is not None:
                same.append(name)
            for sought, alike in self._alike.items():
                if len(alike) < _CANDIDATES and _alike(sought, name):
                    alike.append(name)

    def to(self, sought: str) -> tuple[str, ...]:
        """Return the nearest three: those that differ in case first."""
        same = self._same[sought.casefold()]
        alike = self._alike.get(sought, [])
        near = difflib.get_close_matches(sought, alike, n=len(alike) or 1, cutoff=0.6)
        # Among equals the one that differs in one place only stands first.
        near.sort(key=lambda name: -_shared(sought, name))
        return tuple(dict.fromkeys([*same, *near]))[:3]


def _shared(one: str, other: str) -> int:
    """Return how many characters two names share at the beginning and at the end."""
    ends = zip(one, other, strict=False), zip(one[::-1], other[::-1], strict=False)
    return sum(sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], end)) for end in ends)
