"""Reading for those who score, check or explain by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from trustscore.io.clean_rows import Rows
from trustscore.io.header import Wanted
from trustscore.io.inputs import Inputs, as_paths, expand, read_part
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.io.rejects import REASONS, Reject, raw_of
from trustscore.io.seen_ids import SeenIds
from trustscore.io.text_stream import BLOCK
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.typing import Progress, silent

__all__ = ["ReadBlock", "read_blocks"]


class ReadBlock(NamedTuple):
    """A stretch of input.

    Attributes
    ----------
    block : dict of str to ndarray
        What `score_columns` reads, ``merchant_id`` among it; rows without fault only.
    rejects : list of Reject
        The others.
    rows : Rows
        The same with line numbers, kept columns and the text of each row.
    missing : frozenset of str
        Columns that the file did not have.
    """

    block: dict[str, Any]
    rejects: list[Reject]
    rows: Rows
    missing: frozenset[str]


def read_blocks(
    paths: str | Path | Iterable[str | Path],
    scorecard: str | Path | Scorecard = "default",
    *,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    keep: Iterable[str] = (),
    optional: Iterable[str] = (),
    block: int = BLOCK,
    duplicates: bool = True,
    files: list[dict[str, Any]] | None = None,
    pseudonyms: Pseudonyms | None = None,
    progress: Progress = silent,
) -> Iterator[ReadBlock]:
    r"""Read files block by block.

    Parameters
    ----------
    paths : path or iterable of paths
        CSV, JSON Lines (both also gzip), Parquet or Excel, folders and patterns; ``-`` is text on
        standard input.
    scorecard : str, Path or Scorecard, default="default"
        Which columns are read, and what they must be.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    keep : iterable of str, optional
        Further columns, which must be there; they stand in `Rows.keep`.
    optional : iterable of str, optional
        Further columns that stand there where the file has them.
    block : int, optional
        Bytes of a block of text.
    duplicates : bool, default=True
        Reject rows whose id was read before.
    files : list, optional
        Takes path, size, SHA-256 and encoding of each file that was read to its end.
    pseudonyms : Pseudonyms, optional
        What merchants are called instead of by their ids; rejects then show nothing of their rows.
    progress : Progress, optional
        Told how much of the files is read.

    Yields
    ------
    ReadBlock

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export = Path(folder, "export.csv")
    ...     names = [field.name for field in load_scorecard("minimal").fields]
    ...     _ = export.write_text(",".join(["merchant_id", *names]) + "\nm1" + "," * len(names))
    ...     [found] = read_blocks(export, "minimal")
    >>> found.block["merchant_id"], found.rejects
    (array(['m1'], dtype=object), [])
    """
    card = load_scorecard(scorecard)
    names = expand(as_paths(paths))
    wanted = replace(Wanted.by(card), optional=tuple(optional))
    inputs = Inputs(names, wanted, tuple(keep), allow_missing_columns, encoding, block)
    inputs.progress, inputs.pseudonyms = progress, pseudonyms
    if files is not None:
        inputs.done = files
    seen = SeenIds()
    for part in inputs.parts():
        rows = read_part(part)
        if duplicates:
            repeats = seen.add(rows.ids, rows.lines, part.file)
            if len(repeats.rows):
                rows = rows.drop(repeats.rows, repeated(rows, repeats, names))
        columns = rows.block | {"merchant_id": rows.names()}
        yield ReadBlock(columns, rows.rejects, rows, part.missing)


def repeated(rows: Rows, repeats: Any, paths: list[str]) -> list[Reject]:
    """Return the rejects of rows whose id was seen before."""
    rejects = []
    for row, line, file in zip(repeats.rows.tolist(), repeats.lines, repeats.files, strict=True):
        where = f" of {paths[file]}" if len(paths) > 1 else ""
        name = rows.ids[row].as_py()
        message = f"{REASONS['repeated_id']}, on line {line}{where}"
        rejects.append(
            Reject(
                int(rows.lines[row]),
                name,
                "merchant_id",
                name,
                "repeated_id",
                message,
                0,
                raw_of(rows.raw(row)),
                rows.file,
            )
        )
    return rejects
