"""A bounded sample of an export, the same whatever the order of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.errors import InputError
from trustscore.io.blocks import read_blocks
from trustscore.io.seen_ids import hash_ids
from trustscore.io.text_columns import TEXT
from trustscore.io.text_stream import BLOCK, GUESSES
from trustscore.joins import check_join
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.merchant_ids import canonical_id
from trustscore.typing import Progress, silent

__all__ = ["KEY", "SAMPLE", "Lowest", "Sample", "read_halves", "read_sample"]

# 140 columns of this many merchants are about a tenth of a gigabyte.
SAMPLE = 100_000
# Not secret: the same merchants are drawn in every run.
KEY = (0x7472757374, 0x73636F7265)


@dataclass
class Lowest:
    """The rows with the lowest hashes of all that were added."""

    most: int
    blocks: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    hashes: list[NDArray[np.uint64]] = field(default_factory=list)
    held: int = 0
    below: int = 2**64 - 1

    def add(
        self, block: dict[str, NDArray[Any]], hashes: NDArray[np.uint64], stay: NDArray[np.bool_]
    ) -> None:
        """Add the rows of a block that are to stay."""
        stay = stay & (hashes <= np.uint64(self.below))
        if not stay.any():
            return
        self.blocks.append({name: column[stay] for name, column in block.items()})
        self.hashes.append(hashes[stay])
        self.held += int(stay.sum())
        if self.held > 2 * self.most:
            self._shrink()

    def _shrink(self) -> None:
        block, hashes = self._whole()
        order = np.argsort(hashes, kind="stable")[: self.most]
        self.blocks, self.hashes = [{n: c[order] for n, c in block.items()}], [hashes[order]]
        self.held = len(order)
        if self.held == self.most:
            self.below = int(self.hashes[0][-1])

    def _whole(self) -> tuple[dict[str, NDArray[Any]], NDArray[np.uint64]]:
        names = dict.fromkeys(name for block in self.blocks for name in block)
        whole = {}
        for name in names:
            # A column of one file that another one lacks is blank there.
            text = any(b[name].dtype == object for b in self.blocks if name in b)
            parts = [
                b[name]
                if name in b
                else np.full(len(h), None if text else np.nan, dtype=object if text else float)
                for b, h in zip(self.blocks, self.hashes, strict=True)
            ]
            whole[name] = np.concatenate(parts)
        return whole, np.concatenate(self.hashes)

    def result(self) -> dict[str, NDArray[Any]]:
        """Return the rows in the order of their hashes, which no order of the input changes."""
        if not self.blocks:
            return {}
        self._shrink()
        return self.blocks[0]


@dataclass(frozen=True)
class Sample:
    """Merchants of an export, at most so many.

    Attributes
    ----------
    block : dict of str to ndarray
        As `score_columns` takes it, with ``merchant_id``; empty when there is no row.
    special : dict of str to ndarray
        The same of the merchants that were asked for by name.
    rows, rejected : int
        Counted over the whole export.
    missing : frozenset of str
        Columns that no file had.
    files : list of dict
        Path, size, SHA-256 and encoding of each.
    """

    block: dict[str, NDArray[Any]]
    special: dict[str, NDArray[Any]]
    rows: int
    rejected: int
    missing: frozenset[str]
    files: list[dict[str, Any]]

    @property
    def size(self) -> int:
        """Merchants in `block`."""
        return len(self.block["merchant_id"]) if self.block else 0


def read_sample(
    paths: str | Path | Iterable[str | Path],
    scorecard: str | Path | Scorecard = "default",
    *,
    most: int = SAMPLE,
    special: Iterable[str] = (),
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    block: int = BLOCK,
    progress: Progress = silent,
) -> Sample:
    r"""Read files in one pass and bounded memory.

    An export of up to `most` merchants is taken whole. Of a larger one those whose id has the
    lowest hashes are: a random sample as far as anything about merchants is concerned, and the
    same for every order, block size and split of the rows over files.

    Parameters
    ----------
    paths : path or iterable of paths
    scorecard : str, Path or Scorecard, default="default"
    most : int
    special : iterable of str
        Merchants of whom a second sample is drawn, so that those with outcomes are not lost
        among those without.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    block : int, optional
    progress : Progress, optional
        Told how much of the files is read.

    Returns
    -------
    Sample

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export = Path(folder, "export.csv")
    ...     names = [field.name for field in load_scorecard("minimal").fields]
    ...     lines = [f"m{i}" + "," * len(names) for i in range(50)]
    ...     _ = export.write_text("\n".join([",".join(["merchant_id", *names]), *lines]))
    ...     found = read_sample(export, "minimal", most=10, special=["m7"])
    >>> found.rows, found.size, found.special["merchant_id"].tolist()
    (50, 10, ['m7'])
    """
    card = load_scorecard(scorecard)
    if most < 1:
        raise InputError(f"sample: must be at least 1. Got {most}")
    wanted = frozenset(canonical_id(name)[0] for name in special)
    every, named = Lowest(most), Lowest(most)
    files: list[dict[str, Any]] = []
    rows = rejected = 0
    missing: frozenset[str] | None = None
    for read in read_blocks(
        paths,
        card,
        allow_missing_columns=allow_missing_columns,
        encoding=encoding,
        block=block,
        files=files,
        progress=progress,
    ):
        missing = read.missing if missing is None else missing & read.missing
        rows += read.rows.read
        rejected += len(read.rejects)
        ids = read.block["merchant_id"]
        hashes = hash_ids(read.rows.ids, KEY)
        every.add(read.block, hashes, np.ones(len(ids), dtype=np.bool_))
        if wanted:
            stay = np.fromiter((name in wanted for name in ids.tolist()), np.bool_, len(ids))
            named.add(read.block, hashes, stay)
    block_of_all = every.result()
    _refuse_guesses(files, encoding, block_of_all)
    return Sample(block_of_all, named.result(), rows, rejected, missing or frozenset(), files)


def _refuse_guesses(
    files: list[dict[str, Any]], encoding: str | None, block: Mapping[str, NDArray[Any]]
) -> None:
    """Refuse texts read by a guess: their letters would go into scorecards and reports."""
    guessed = [file for file in files if file["encoding"] in GUESSES]
    if encoding is not None or not guessed:
        return
    for name in TEXT:
        for text in block.get(name, ()):
            if text and not text.isascii():
                raise InputError(
                    f"{guessed[0]['path']}: is not UTF-8. As {guessed[0]['encoding']} the column"
                    f" {name} holds {text[:40]!r}, but that is a guess: give the `encoding`"
                )


def read_halves(
    one: str | Path,
    other: str | Path,
    scorecard: str | Path | Scorecard = "default",
    *,
    most: int = SAMPLE,
    missing: frozenset[str] = frozenset(),
    encoding: str | None = None,
    progress: Progress = silent,
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """Read two exports, each of a random half of the orders, and keep the merchants in both.

    Raises
    ------
    InputError
        When no merchant is in both, or a column is missing that the whole export has.
    """
    blocks = []
    for path in (one, other):
        read = read_sample(
            path,
            scorecard,
            most=most,
            allow_missing_columns=bool(missing),
            encoding=encoding,
            progress=progress,
        )
        lost = sorted(read.missing - missing)
        if lost:
            raise InputError(
                f"{path}: lacks columns of the export", [f"{x}: is missing" for x in lost]
            )
        blocks.append(read.block or {"merchant_id": np.empty(0, dtype=object)})
    names = [block["merchant_id"].astype(str) for block in blocks]
    # Either half may be the smaller one; the merchants of that should be in the other.
    less, more = sorted(zip(names, (one, other), strict=True), key=lambda half: len(half[0]))
    check_join(less[0].tolist(), more[0].tolist(), asked_in=less[1], known_in=more[1])
    _, *places = np.intersect1d(names[0], names[1], assume_unique=True, return_indices=True)
    first, second = (
        {name: column[place] for name, column in block.items()}
        for block, place in zip(blocks, places, strict=True)
    )
    return first, second
