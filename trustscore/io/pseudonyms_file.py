"""The way back from pseudonyms to ids: a table of both, for those who have the key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trustscore.errors import InputError
from trustscore.io.atomic_files import suffix_fault, write_blocks
from trustscore.io.header import Wanted
from trustscore.io.inputs import Inputs, as_paths, expand, read_part
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.io.refuse_overwrite import refuse_inputs
from trustscore.io.seen_ids import SeenIds
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.typing import FilePath, Progress, silent

__all__ = ["Named", "write_names"]


class Named(NamedTuple):
    """How many merchants a table names, and how many rows name none."""

    merchants: int
    rejected: int


def write_names(
    exports: FilePath | Iterable[FilePath],
    out: FilePath,
    *,
    pseudonyms: FilePath | Pseudonyms,
    scorecard: str | Path | Scorecard = "default",
    encoding: str | None = None,
    progress: Progress = silent,
) -> Named:
    """Write the id and the pseudonym of each merchant of some exports.

    Parameters
    ----------
    exports : path or iterable of paths
        Files, folders of them and patterns, as ``score`` reads them; only the ids are read.
    out : path
        A table of ``merchant_id`` and ``pseudonym``.
    pseudonyms : path or Pseudonyms
        File of the key, which must be there: under a new key nobody has seen a pseudonym.
    scorecard : str, Path or Scorecard, default="default"
        Its ``[columns]`` say what the column of ids may be called.
    encoding : str, optional
    progress : Progress, optional

    Returns
    -------
    Named

    Raises
    ------
    InputError
        When a file cannot be read, or the key is none.
    """
    names = expand(as_paths(exports))
    if str(out) != "-":
        refuse_inputs([str(out)], [*names, pseudonyms, scorecard])
    if fault := suffix_fault(out):
        raise InputError(f"output {out}: {fault}")
    key = Pseudonyms.load(pseudonyms, make=False)
    wanted = replace(Wanted.by(load_scorecard(scorecard)), fields=(), pairs=())
    inputs = Inputs(names, wanted, encoding=encoding, progress=progress)
    count = rejected = 0

    def blocks() -> Iterator[dict[str, Any]]:
        nonlocal count, rejected
        seen = SeenIds()
        nothing = np.empty(0, dtype=object)
        yield {"merchant_id": nothing, "pseudonym": nothing}
        for part in inputs.parts():
            rows = read_part(part)
            rejected += len(rows.rejects)
            again = seen.add(rows.ids, rows.lines, part.file)
            ids = np.delete(rows.names(), again.rows)
            count += len(ids)
            made = np.empty(len(ids), dtype=object)
            made[:] = key.texts(ids.tolist())
            yield {"merchant_id": ids, "pseudonym": made}

    write_blocks(out, blocks())
    return Named(count, rejected)
