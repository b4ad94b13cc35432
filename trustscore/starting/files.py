"""A scorecard proposed for a file, in one pass over it and in bounded memory."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.atomic_file import utf8
from trustscore.errors import InputError, ScorecardError, at_most, one_line, suggest
from trustscore.io.cells import is_date, read_flag
from trustscore.io.column_names import column_names
from trustscore.io.header import Wanted, fold
from trustscore.io.inputs import Inputs, Part, read_part
from trustscore.io.own_files import own_file
from trustscore.io.sample import KEY, Lowest
from trustscore.io.seen_ids import SeenIds, hash_ids
from trustscore.io.text_columns import read_numbers
from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.documents import has_control, parse_document
from trustscore.scorecard.side_columns import SIDE_COLUMNS, SIDE_NUMERIC, SIDE_TEXT
from trustscore.starting.columns import Column, Pair
from trustscore.starting.guess import LeftOut, guess_signals, likely_wholes
from trustscore.starting.names import id_name, slug
from trustscore.starting.proposal import Proposal
from trustscore.starting.toml_text import Content, scorecard_text
from trustscore.typing import FloatArray, Progress, silent

__all__ = ["propose_scorecard"]

MOST = 20_000
"""Merchants whose figures the quantiles are taken of: a quantile of 5 % is one of 4.7 to 5.3 %."""
# Texts of a column and stretch of rows that are looked at for days, addresses and words of truth.
_LOOKED_AT = 200
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TIME = re.compile(r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([T ]\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}.*")
_CATEGORIES = ("maincategory", "primarycategory", "industry", "类目", "主营类目", "品类", "行业")


def propose_scorecard(
    export: str | Path,
    *,
    id_column: str | None = None,
    name: str | None = None,
    day: dt.date | None = None,
    encoding: str | None = None,
    most: int = MOST,
    progress: Progress = silent,
) -> Proposal:
    r"""Propose a scorecard for a table of merchants that no scorecard knows.

    Every column is counted over all rows. Quantiles are those of at most `most` merchants: the
    ones whose ids have the lowest hashes under a fixed key, so that the same file gives the same
    proposal in whatever order its rows stand.

    Parameters
    ----------
    export : path
        CSV, JSON Lines (both also gzip), Parquet or Excel. It is read twice, so it is no pipe.
    id_column : str, optional
        Column that names the merchants, instead of guessing it.
    name : str, optional
        Name of the scorecard; that of the file by default.
    day : date, optional
        From which the scorecard is in force; today by default.
    encoding : str, optional
    most : int, optional
        Merchants whose figures the quantiles are taken of.
    progress : Progress, optional

    Returns
    -------
    Proposal

    Raises
    ------
    InputError
        When the file cannot be read, is no table of merchants, or no column can be a signal.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.csv")
    ...     rows = [f"s{i},{100 + i},{i % 7},{4 + i % 10 / 10}" for i in range(50)]
    ...     _ = path.write_text("\n".join(["shop_id,orders,refunds,rating", *rows]))
    ...     found = propose_scorecard(path)
    >>> found.id_column, [(each.column.name, each.kind) for each in found.guesses]
    ('shop_id', [('refunds', 'rate'), ('rating', 'score')])
    """
    path = str(export)
    places = column_names(path, encoding)
    names = list(places.values())
    what = own_file(names)
    if what:
        raise InputError(
            f"{path}: is {what}, not an export of merchants: give the export that it belongs to"
        )
    chosen, sure = _id_column(path, names, id_column)
    if has_control(chosen):
        raise InputError(
            f"{path}: the column of ids must have a name without line breaks and control"
            f" characters. Got {one_line(chosen)}: rename it, or give `id_column`"
        )
    columns, left_out = _columns(places, chosen)
    if not columns:
        raise InputError(
            f"{path}: no column can be a signal",
            _grouped(left_out) or ["there is no other column than that of the ids"],
        )
    wanted = Wanted((), (), ".", {}, key=chosen, cure="")
    keep = tuple(columns)
    decimal = _decimal(path, wanted, keep, encoding)
    pairs = {pair: Pair() for pair in likely_wholes(list(columns))}
    inputs = Inputs([path], wanted, keep, encoding=encoding, progress=progress)
    sample = Lowest(most)
    seen, rows, rejected, repeated = SeenIds(), 0, 0, 0
    for part in inputs.parts():
        found = read_part(part)
        rejected += found.read - len(found)
        repeats = seen.add(found.ids, found.lines, part.file)
        if len(repeats.rows):
            repeated += len(repeats.rows)
            found = found.drop(repeats.rows, [])
        if not len(found):
            continue
        rows += len(found)
        values = {each: _read(columns[each], found.keep[each], decimal) for each in keep}
        for (part_name, whole_name), pair in pairs.items():
            pair.add(values[part_name], values[whole_name])
        sample.add(values, hash_ids(found.ids, KEY), np.ones(len(found), dtype=np.bool_))
    if not rows:
        why = f"all {rejected:,} have faults" if rejected else "there is none below the header"
        raise InputError(f"{path}: no row of a merchant can be read: {why}")
    progress("guessing signals", float("nan"))
    drawn = sample.result()
    for each in keep:
        columns[each].sample = drawn[each]
    guesses, others = guess_signals(columns, pairs, rows)
    category = _category(names, columns)
    others = [each for each in others if each.name != category]
    left_out = sorted([*left_out, *others], key=lambda each: names.index(each.name))
    if not guesses:
        raise InputError(
            f"{path}: no column can be a signal",
            _grouped(left_out) or ["there is no other column than that of the ids"],
        )
    count = len(drawn[keep[0]])
    content = Content(
        name=_name(name or Path(path).name.partition(".")[0]),
        source=Path(path).name,
        day=(day or dt.datetime.now(dt.UTC).date()).isoformat(),
        rows=rows,
        drawn=count,
        id_column=chosen,
        category=category,
        decimal=decimal,
        headers=tuple(names),
        guesses=tuple(guesses),
        left_out=tuple(left_out),
    )
    text = scorecard_text(content)
    # What is proposed must be a scorecard: a fault here is one of this program.
    parse_scorecard(parse_document(utf8(text), path, as_json=False, error=ScorecardError), path)
    return Proposal(
        text=text,
        rows=rows,
        drawn=count,
        repeated=repeated,
        rejected=rejected,
        id_column=chosen,
        sure_of_id=sure,
        category=category,
        decimal=decimal,
        guesses=content.guesses,
        left_out=content.left_out,
    )


def _id_column(path: str, names: list[str], asked: str | None) -> tuple[str, bool]:
    """Return the column that names merchants, and whether that is no mere guess."""
    own = [name for name in names if fold(name) == "merchantid"]
    if asked is not None:
        if asked not in names:
            raise InputError(f"{path}: no column {asked!r}{suggest(asked, names)}")
        if own and asked not in own:
            raise InputError(
                f"{path}: has a column {one_line(own[0])}, which is always read as the id of the"
                " merchant: rename it to take another"
            )
        return asked, True
    found = id_name(names)
    first = next((name for name in names if name.strip()), None)
    if found is None and first is None:
        raise InputError(f"{path}: its columns have no names: a header line is expected")
    return (found, True) if found is not None else (str(first), False)


def _columns(places: Mapping[int, str], chosen: str) -> tuple[dict[str, Column], list[LeftOut]]:
    """Return the columns that may be signals, and those that cannot whatever they hold."""
    folded = [fold(name) for name in places.values()]
    side = {fold(name): name for name in (*SIDE_TEXT, *SIDE_NUMERIC)}
    columns: dict[str, Column] = {}
    left_out: dict[str, LeftOut] = {}
    for place, name in places.items():
        short = fold(name)
        if name == chosen:
            continue
        if not short:
            reason = "has no name"
        elif has_control(name):
            reason = "has a line break or a control character in its name: rename it"
        elif folded.count(short) > 1:
            reason = "there are several columns of this name"
        elif short in side:
            meaning = SIDE_COLUMNS[side[short]].meaning
            reason = f"read beside the signals: {meaning}"
        else:
            columns[name] = Column(name, place)
            continue
        left_out.setdefault(name, LeftOut(name, reason))
    return columns, list(left_out.values())


def _grouped(left_out: Iterable[LeftOut]) -> list[str]:
    """Return every reason, once, with the columns that it is of."""
    by_reason: dict[str, list[str]] = {}
    for each in left_out:
        by_reason.setdefault(each.reason, []).append(each.name)
    return [
        f"{', '.join(at_most(names, one_line, most=8))}: {reason}"
        for reason, names in by_reason.items()
    ]


def _decimal(path: str, wanted: Wanted, keep: tuple[str, ...], encoding: str | None) -> str:
    """Return the decimal sign by which more cells of the first rows are numbers."""
    parts: Iterator[Part] = Inputs([path], wanted, keep, encoding=encoding).parts()
    try:
        part = next(parts, None)
        if part is None:
            return "."
        found = read_part(part)
    finally:
        parts.close()  # type: ignore[attr-defined]
    odd = {
        sign: sum(len(read_numbers(found.keep[each], "number", sign)[1]) for each in keep)
        for sign in (".", ",")
    }
    return "," if odd[","] < odd["."] else "."


def _read(column: Column, cells: Any, decimal: str) -> FloatArray:
    """Read a stretch of a column, and count what it holds."""
    values, odd = read_numbers(cells, "number", decimal)
    blank = np.isnan(values)
    for place, *_ in odd:
        blank[place] = False
    known: dict[str, str] = {}
    truths: dict[int, float] = {}
    for place, text, _ in odd:
        if len(known) >= _LOOKED_AT and text not in known:
            continue
        kind = known.get(text)
        if kind is None:
            kind = known[text] = _kind_of_text(text)
        column.looked_at += 1
        column.yes += kind == "yes"
        column.no += kind == "no"
        column.dates += kind == "date"
        column.mails += kind == "mail"
        if kind in ("yes", "no"):
            truths[place] = float(kind == "yes")
    column.add(values, blank)
    for place, said in truths.items():
        values[place] = said
    return values


def _kind_of_text(text: str) -> str:
    said = read_flag(text)
    if said is not None:
        return "yes" if said else "no"
    if is_date(text) or _TIME.fullmatch(text.strip()):
        return "date"
    return "mail" if _MAIL.fullmatch(text.strip()) else "text"


def _category(names: list[str], columns: Mapping[str, Column]) -> str:
    """Return the column of text that is the category by its name, where none is called so."""
    if any(fold(name) == "category" for name in names):
        return ""
    for short in _CATEGORIES:
        for name, column in columns.items():
            if fold(name) == short and column.known and not column.numbers:
                return name
    return ""


def _name(text: str) -> str:
    return slug(text, 0).replace("column_0", "mine")
