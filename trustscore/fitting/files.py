"""The tables a fit reads beside the export: judgements, and outcomes of one or more periods."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.atomic_file import utf8
from trustscore.errors import ROWS_SHOWN, InputError, at_most, plural
from trustscore.fitting import Judgement, Note, outcome_notes
from trustscore.fitting.pairs import JudgedPairs, collect_pairs
from trustscore.fitting.periods import Period
from trustscore.io.outcomes_file import read_later as read_later
from trustscore.io.outcomes_file import read_outcomes
from trustscore.io.sample import SAMPLE, Sample, read_sample
from trustscore.io.whole_table import read_table
from trustscore.outcomes import Outcomes
from trustscore.scorecard import Scorecard
from trustscore.typing import Progress, silent

__all__ = ["read_judgements", "read_later", "read_pairs", "read_periods", "source_of"]

_TIES = {"": 0.0, "0": 0.0, "0.0": 0.0, "no": 0.0, "false": 0.0}
_TIES |= {"1": 1.0, "1.0": 1.0, "yes": 1.0, "true": 1.0}


def read_judgements(path: str | Path, *, encoding: str | None = None) -> list[Judgement]:
    r"""Read pairwise judgements: ``a, b, ratio[, expert]``.

    Parameters
    ----------
    path : str or Path
        CSV, JSON Lines, Parquet or Excel. A ratio is a number or a fraction, such as 3 or 1/3:
        how many times `a` matters as much as `b`.
    encoding : str, optional
        Of text, instead of finding out.

    Returns
    -------
    list of Judgement
        In the order of the rows; `expert` is empty where there is no such column.

    Raises
    ------
    InputError
        When a column is missing or a ratio cannot be read; all faults are listed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "judgements.csv")
    ...     _ = path.write_text("a,b,ratio\nproduct_quality,after_sales,2\n")
    ...     read_judgements(path)
    [Judgement(expert='', a='product_quality', b='after_sales', ratio=2.0)]
    """
    table = read_table(
        path, {}, ["a", "b", "ratio", "expert"], optional=["expert"], encoding=encoding
    )
    columns = table.columns
    ratios = [_ratio(text) for text in columns["ratio"].tolist()]
    wrong = [
        f"{table.at(row)}, ratio: "
        + (f"must be a number such as 3 or 1/3. Got {text!r}" if text else "is blank")
        for row, (text, ratio) in enumerate(zip(columns["ratio"].tolist(), ratios, strict=True))
        if np.isnan(ratio)
    ]
    if wrong:
        raise InputError(
            f"{path}: {plural(len(wrong), 'ratio')} cannot be read", at_most(wrong, most=ROWS_SHOWN)
        )
    experts = columns.get("expert", np.full(len(columns["a"]), "", dtype=object))
    return [
        Judgement(*row)
        for row in zip(
            experts.tolist(),
            columns["a"].tolist(),
            columns["b"].tolist(),
            ratios,
            strict=True,
        )
    ]


def read_pairs(
    path: str | Path, *, as_of: dt.date | None = None, encoding: str | None = None
) -> JudgedPairs:
    r"""Read which of two merchants is worse: ``worse, better[, judge, weight, tie, date]``.

    Parameters
    ----------
    path : str or Path
        CSV, JSON Lines, Parquet or Excel. A blank weight is 1; a tie is 1 or yes where neither
        merchant is worse.
    as_of : date, optional
        Day of the export, needed when there are dates; an earlier judgement is refused.
    encoding : str, optional

    Raises
    ------
    InputError
        With every fault of the file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "pairs.csv")
    ...     _ = path.write_text("worse,better,judge\nm1,m2,ann\n")
    ...     found = read_pairs(path)
    >>> found.worse.tolist(), found.better.tolist(), found.n.tolist()
    (['m1'], ['m2'], [1.0])
    """
    more = ["judge", "weight", "tie", "date"]
    table = read_table(path, {}, ["worse", "better", *more], optional=more, encoding=encoding)
    columns = table.columns
    weight = tie = None
    if "weight" in columns:
        weight = np.array([_ratio(text or "1") for text in columns["weight"].tolist()])
    if "tie" in columns:
        texts = [(text or "").strip().lower() for text in columns["tie"].tolist()]
        tie = np.array([_TIES.get(text, np.nan) for text in texts])
    return collect_pairs(
        columns["worse"],
        columns["better"],
        columns.get("judge"),
        weight,
        tie,
        columns.get("date"),
        as_of=as_of,
        lines=table.lines,
        source=str(path),
    )


def _ratio(text: str) -> float:
    """Return a ratio written as a number or as a fraction such as 1/9; NaN for what is neither."""
    over, bar, under = text.partition("/")
    try:
        return float(over) / float(under) if bar else float(text)
    except (ValueError, ZeroDivisionError):
        return float("nan")


def read_periods(
    later: Sequence[tuple[str, Outcomes]],
    earlier: Sequence[tuple[dt.date, str, str]],
    card: Scorecard,
    read: Sample,
    notes: list[Note],
    *,
    most: int = SAMPLE,
    counts: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> list[Period]:
    """Join outcomes to the merchants of their exports; return the periods by time.

    Parameters
    ----------
    later : sequence of (str, Outcomes)
        What came after the export of the fit, by period.
    earlier : sequence of (date, str, str)
        Day of an earlier export, its file, and the file of what came after it.
    card : Scorecard
    read : Sample
        The export of the fit, with the merchants of `later` in `special`.
    notes : list of Note
        Warnings are added to it.
    most : int
        Largest number of merchants to hold of each export.
    counts, encoding, progress
        See `read_outcomes`.

    Raises
    ------
    InputError
        When two periods begin on one day, or an export lacks columns that the others have.
    """
    days = [day for day, _, _ in earlier]
    twice = sorted({str(day) for day in days if days.count(day) > 1})
    if twice:
        raise InputError(f"period: {', '.join(twice)} is given more than once")
    found = []
    for day, export, outcomes in sorted(earlier):
        known = read_outcomes(outcomes, as_of=day, counts=counts, encoding=encoding)
        part = read_sample(
            export,
            card,
            most=most,
            special=known.merchant_id.tolist(),
            allow_missing_columns=bool(read.missing),
            encoding=encoding,
            progress=progress,
        )
        if part.missing != read.missing:
            odd = ", ".join(sorted(part.missing ^ read.missing))
            raise InputError(f"{export}: must have the columns of the export. Differ: {odd}")
        found.append(_joined(str(day), part, known, outcomes, notes))
    return [*found, *(_joined(name, read, known, name, notes) for name, known in later)]


def _joined(name: str, read: Sample, known: Outcomes, source: str, notes: list[Note]) -> Period:
    block = read.special or {}
    ids = block.get("merchant_id", np.empty(0, dtype=object))
    if not len(ids):
        # None is there: the message shows whom the export has.
        ids = read.block.get("merchant_id", ids)
    joined = known.join(ids, source)
    notes += outcome_notes(joined, len(known.merchant_id))
    return Period(name, block, joined)


def source_of(
    read: Sample, outcomes: Sequence[str], judgements: str | None = None
) -> dict[str, Any]:
    """Return what the provenance of a scorecard says of the files it was made from.

    Parameters
    ----------
    read : Sample
    outcomes : sequence of str
        Files that were read beside the export.
    judgements : str, optional
        File of judgements.
    """
    hashes = [str(file["sha256"]) for file in read.files]
    both = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    found = {
        "files": [_name(file["path"]) for file in read.files],
        "sha256": both,
        "rows": read.rows,
        "rejected": read.rejected,
        "fitted_to": read.size,
    }
    for what, paths in (("outcomes", outcomes), ("judgements", [judgements] if judgements else [])):
        if not paths:
            continue
        names = [_name(path) for path in paths]
        found[what] = names[0] if len(names) == 1 else names
        # What came through a pipe cannot be read again.
        if all(Path(path).is_file() for path in paths):
            digests = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths]
            found[f"{what}_sha256"] = digests[0] if len(digests) == 1 else digests
    return found


def _name(path: str) -> str:
    """Return the name of a file as TOML may hold it: bytes that are not UTF-8 are escaped."""
    return utf8(Path(path).name).decode()
