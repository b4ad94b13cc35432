"""Boosts for other engines in files: a score file in, files that an engine takes out."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from trustscore.boost import BoostPolicy, TrustTable
from trustscore.boost.files.candidates import endless, other_boosts, read_scores
from trustscore.errors import InputError, suggest
from trustscore.export.engines import ENGINES, TARGETS, Boosts, engine_files
from trustscore.export.engines.files.blocks import Counts, Spool, checked_blocks
from trustscore.export.engines.rows import Parts
from trustscore.io.atomic_files import AtomicFile, commit_together, write_blocks
from trustscore.io.atomic_folder import open_folder
from trustscore.io.refuse_overwrite import refuse_inputs
from trustscore.ordinary_file import require_ordinary
from trustscore.run_summary import RunSummary
from trustscore.typing import Progress, silent

__all__ = ["TARGETS", "ExportReport", "export_boosts", "load_boosts"]


class ExportReport(NamedTuple):
    """What an export did.

    Attributes
    ----------
    merchants, other_boosts : int
        `other_boosts` counts merchants whose ``trust_boost`` in the scores is another.
    files : tuple of str
    left_out : tuple of str
        Parts of the policy that act on finished lists, which an engine does not.
    endless : int
        Merchants whose boost never expires although the policy limits validity: no day of the
        scores is known.
    not_held, not_held_vetoed : int
        Merchants left out because the engine cannot hold their id or tier, and those of them
        under a veto, which the engine will not know.
    not_held_shown : tuple of str
        A few of them, each with the reason.
    """

    merchants: int
    other_boosts: int
    files: tuple[str, ...]
    left_out: tuple[str, ...]
    endless: int
    not_held: int = 0
    not_held_vetoed: int = 0
    not_held_shown: tuple[str, ...] = ()

    @property
    def summary(self) -> RunSummary:
        """What an export did, at a glance."""
        counts = {"written": self.merchants, "not_held": self.not_held}
        return RunSummary("export boost", counts, files=self.files)


def export_boosts(
    scores: str | Path,
    out: str | Path,
    engine: str,
    *,
    policy: Any = "boost",
    scored_on: dt.date | None = None,
    encoding: str | None = None,
    progress: Progress = silent,
) -> ExportReport:
    r"""Write the boosts of a score file for an engine.

    Parameters
    ----------
    scores : path
        What ``trustscore score`` wrote.
    out : path
        A file for redis, parquet and npz, a folder for the others; each file in it is complete
        or absent.
    engine : str
        One of `TARGETS`.
    policy : str, Path or BoostPolicy, default="boost"
    scored_on : date, optional
        Day from which the policy's validity counts where the scores have no ``scored_on``.
    encoding : str, optional
    progress : Progress, optional
        Told which step is being done, and how much of it is done.

    Returns
    -------
    ExportReport

    Raises
    ------
    InputError
        When the scores have faults, or the engine cannot do what the policy says.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scores = Path(folder, "scores.csv")
    ...     _ = scores.write_text(
    ...         "merchant_id,trust_index,index_se,prior_index,coverage,veto\na,90,3,71,0.9,\n"
    ...     )
    ...     done = export_boosts(scores, Path(folder, "solr"), "solr")
    ...     [Path(file).name for file in done.files], done.endless
    (['schema.json', 'merchants.json', 'query.json'], 1)
    """
    if engine not in TARGETS:
        raise InputError(
            f"engine must be one of {', '.join(TARGETS)}. Got {engine!r}{suggest(engine, TARGETS)}"
        )
    if str(out) == "-" and not (TARGETS[engine].one_file and engine in ENGINES):
        raise InputError(f"the output of {engine} must have a name. Got -")
    refuse_inputs([out], [scores, policy])
    rule = BoostPolicy.load(policy)
    if engine == "parquet" and Path(out).suffix.lower() != ".parquet":
        raise InputError(f"the output of parquet must end in .parquet. Got {out}")
    if engine == "npz":
        return _export_table(scores, out, rule, scored_on, encoding, progress)
    files: tuple[str, ...] = (str(out),)
    counts = Counts(engine)
    blocks = checked_blocks(scores, rule, scored_on, encoding, counts, progress)
    if engine == "parquet":
        write_blocks(out, ({n: c for n, c in b.items() if n != "step"} for b in blocks))
    else:
        # Each file of an engine reads the boosts once more, so they are kept on disk meanwhile.
        folder = Path(out).parent
        with TemporaryFile(dir=folder if folder.is_dir() else None) as file:
            spool = Spool(file, blocks)
            boosts = Boosts(rule, counts.merchants, spool.blocks)
            progress("writing", math.nan)
            files = _write(out, engine, boosts, (scores, policy))
    return ExportReport(
        counts.merchants,
        counts.other_boosts,
        files,
        _left_out(rule),
        counts.endless,
        counts.not_held,
        counts.not_held_vetoed,
        tuple(counts.shown),
    )


def _export_table(
    scores: str | Path,
    out: str | Path,
    rule: BoostPolicy,
    scored_on: dt.date | None,
    encoding: str | None,
    progress: Progress,
) -> ExportReport:
    """Write the boosts as a mapped table, whose index needs all ids at once."""
    known = read_scores(scores, encoding=encoding, progress=progress)
    progress("building the boost table", math.nan)
    table = TrustTable.build(known.columns, rule, scored_on, known.lines)
    progress("writing", math.nan)
    table.save(out)
    return ExportReport(
        len(table),
        other_boosts(known.columns, table.factors(rule.beta)[:-1]),
        (str(out),),
        _left_out(rule),
        endless(table, rule),
    )


def load_boosts(path: str | Path, policy: Any = "boost") -> TrustTable:
    r"""Return the table of a Parquet that ``trustscore export boost --to parquet`` wrote.

    Its boosts end on the days it holds. An npz is mapped by `TrustTable.load`.

    Parameters
    ----------
    path : path
    policy : str, Path or BoostPolicy, default="boost"
        The policy that the boosts were exported with.

    Returns
    -------
    TrustTable

    Raises
    ------
    InputError
        When the file is no such Parquet.
    PolicyError
        When the boosts were made by another policy.
    OSError
        When there is no such file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scores, boosts = Path(folder, "scores.csv"), Path(folder, "boosts.parquet")
    ...     _ = scores.write_text(
    ...         "merchant_id,trust_index,index_se,prior_index,coverage,veto\na,90,3,71,0.9,\n"
    ...     )
    ...     _ = export_boosts(scores, boosts, "parquet", scored_on=dt.date(2026, 1, 1))
    ...     table = load_boosts(boosts)
    >>> table.boosts(["a", "nobody"]).round(4).tolist()
    [1.0796, 1.0]
    >>> table.stale(table.rows(["a", "nobody"]), "2026-02-01").tolist()
    [True, False]
    """
    rule = BoostPolicy.load(policy)
    require_ordinary(path)
    try:
        # Opened here: a path that is a URI, or a folder, is not read as a set of files.
        with open(path, "rb") as file:
            found = pq.read_table(file)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{path}: is no Parquet, or is cut off; an npz is read by TrustTable.load: {error}"
        ) from None
    columns = {name: found[name].to_numpy() for name in found.column_names}
    try:
        return TrustTable.from_columns(columns, rule)
    except KeyError as error:
        raise InputError(
            f"{path}: holds no boosts, it has no column {error.args[0]}: write it with"
            " `trustscore export boost --to parquet`"
        ) from None


def _write(
    out: str | Path, engine: str, boosts: Boosts, inputs: tuple[Any, ...]
) -> tuple[str, ...]:
    texts = engine_files(engine, boosts)
    folder = Path(out)
    several = list(texts) != [""]
    if several and folder.exists() and not folder.is_dir():
        raise InputError(f"the output of {engine} is a folder, and {out} is a file")
    paths = [str(folder / name) if name else str(folder) for name in texts]
    refuse_inputs(paths, inputs)
    with ExitStack() as stack:
        if several:
            stack.enter_context(open_folder(folder))
        staged: list[AtomicFile] = []
        for path, pieces in zip(paths, texts.values(), strict=True):
            for part in _staged(path, pieces, stack):
                refuse_inputs([part.path], inputs)
                staged.append(part)
        written = tuple(file.path for file in staged)
        stale: list[Path] = []
        for path, pieces in zip(paths, texts.values(), strict=True):
            if isinstance(pieces, Parts):
                stale += _older_parts(Path(path), {*written})
        # Data and query take their names together, once all of them are on disk.
        commit_together(staged, remove=stale)
    return written


def _staged(path: str, pieces: Iterator[str], stack: ExitStack) -> Iterator[AtomicFile]:
    """Yield the files of a text, written but without their names yet."""
    most = pieces.most if isinstance(pieces, Parts) else None
    file, size, number = stack.enter_context(AtomicFile(path)), 0, 1
    for piece in pieces:
        data = piece.encode()
        if most is not None and size and size + len(data) > most:
            yield file
            number += 1
            file, size = stack.enter_context(AtomicFile(part_name(path, number))), 0
        size += file.write(data)
    yield file


def part_name(path: str | Path, number: int) -> str:
    """Return the name of a further part of a file.

    Examples
    --------
    >>> part_name("merchants.ndjson", 2)
    'merchants-2.ndjson'
    """
    path = Path(path)
    return str(path.with_name(f"{path.stem}-{number}{path.suffix}"))


def _older_parts(path: Path, written: set[str]) -> list[Path]:
    """Return parts that an earlier export wrote and this one did not: they hold old boosts."""
    name = re.compile(rf"{re.escape(path.stem)}-([2-9]|[1-9]\d+){re.escape(path.suffix)}")
    return [
        other
        for other in path.parent.iterdir()
        if name.fullmatch(other.name) and str(other) not in written
    ]


def _left_out(policy: BoostPolicy) -> tuple[str, ...]:
    parts = {
        "guards on the finished order": policy.acts_on_order,
        "exclusions": bool(policy.exclusions.queries),
        "exploration": policy.exploration.share > 0,
    }
    return tuple(name for name, used in parts.items() if used)
