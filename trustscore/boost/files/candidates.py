"""Ranked lists in files: candidates and scores in, the boosted ranking out."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trustscore.boost import BoostPolicy, Lists, TrustTable, rerank_lists
from trustscore.boost.files.log import item_log, log_paths, rankings, request_log, reranked
from trustscore.boost.position import Position, explain_position
from trustscore.boost.table import NEEDED
from trustscore.errors import InputError, at_most
from trustscore.io.atomic_files import same_file, suffix_fault, write_tables
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.io.whole_table import Table, read_table, table_blocks
from trustscore.joins import check_join
from trustscore.run_summary import RunSummary
from trustscore.scorecard.faults import suggest
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.scorecard.side_columns import SIDE_COLUMNS, Reader, side_read_by
from trustscore.typing import Array, FilePath, FloatArray, Progress, silent

__all__ = [
    "BoostReport",
    "boost_files",
    "check_scored",
    "endless",
    "find_position",
    "lists_of",
    "other_boosts",
    "read_candidates",
    "read_scores",
    "score_blocks",
]

_SIDE = [SIDE_COLUMNS[name] for name in side_read_by(Reader.BOOST)]
_SIDE_TEXT = tuple(column.name for column in _SIDE if column.type == "text")
SCORE_NUMBERS = {name: OUTPUT_COLUMNS[name].check for name in (*NEEDED, "trust_boost")}
SCORE_NUMBERS |= {column.name: column.check for column in _SIDE if column.type == "number"}
SCORE_TEXTS = ("merchant_id", "veto", "status", "tier", *_SIDE_TEXT, "scored_on", "scorecard")
_OPTIONAL = (*(name for name in SCORE_NUMBERS if name not in NEEDED), *SCORE_TEXTS[2:])
_RANKED = ("query_id", "relevance", "merchant_id", "item_id")
_KIND = "query_kind"
_ADDED = ("trust_boost", "final_score", "base_rank", "final_rank")
# Exploration can be evaluated only with the probability of what was shown.
_EXPLORED = ("explored", "propensity")
# Score files round the boost finely and the columns it is computed from coarsely. At usual
# strengths that changes the boost by a small part of the last decimal of an index.
_ROUNDING = OUTPUT_COLUMNS["trust_index"].unit / 10


class BoostReport(NamedTuple):
    """The counts of a run.

    Attributes
    ----------
    queries, candidates, blocked, unknown : int
        `unknown` counts candidates whose merchant is not in the scores.
    moved : int
        Candidates whose place changed.
    other_boosts : int
        Merchants whose ``trust_boost`` in the scores is not what this policy gives them.
    endless : int
        Merchants that could not expire on the given day, although the policy limits validity,
        because the day of their scores is not known.
    """

    queries: int
    candidates: int
    blocked: int
    unknown: int
    moved: int
    other_boosts: int
    endless: int = 0

    @property
    def summary(self) -> RunSummary:
        """What a run did, at a glance."""
        names = ("candidates", "queries", "moved", "blocked", "unknown")
        return RunSummary("boost", {name: getattr(self, name) for name in names})


def read_candidates(
    path: str | Path,
    *,
    encoding: str | None = None,
    pseudonyms: Pseudonyms | None = None,
    taken: Sequence[str] = _ADDED,
    progress: Progress = silent,
) -> Table:
    """Read candidates: ``query_id, item_id, merchant_id, relevance`` and any other columns.

    Parameters
    ----------
    path : str or Path
    encoding : str, optional
    pseudonyms : Pseudonyms, optional
        What merchants are called instead of by their ids.
    taken : sequence of str
        Columns that the output adds, which the candidates must not have.
    progress : Progress, optional
        Told how much of the file is read.

    Raises
    ------
    InputError
        When columns are missing or taken, or rows have faults; all of them are listed.
    """
    texts = ("item_id", "query_id", "merchant_id", _KIND)
    table = read_table(
        path,
        {"relevance": "number"},
        texts,
        optional=[_KIND],
        rest=True,
        encoding=encoding,
        pseudonyms=pseudonyms,
        progress=progress,
    )
    faults = [
        f"{name}: the output adds a column of that name; rename it"
        for name in taken
        if name in table.columns
    ]
    empty = {"relevance": np.isnan(table.columns["relevance"])}
    empty |= {name: table.columns[name] == "" for name in texts[1:3]}
    blank = [(name, row) for name, mask in empty.items() for row in np.flatnonzero(mask).tolist()]
    faults += at_most(
        blank, lambda cell: f"{table.at(cell[1])}, {cell[0]}: is blank", what="blank cells"
    )
    if faults:
        raise InputError(f"{path}: candidates that cannot be ranked", faults)
    return table


def lists_of(asked: Table) -> Lists:
    """Return the lists of a table of candidates, with the line of each row."""
    columns = asked.columns
    return Lists.from_columns(
        *(columns[name] for name in _RANKED), query_kind=columns.get(_KIND), lines=asked.lines
    )


def read_scores(
    path: str | Path,
    *,
    encoding: str | None = None,
    pseudonyms: Pseudonyms | None = None,
    progress: Progress = silent,
) -> Table:
    """Read the columns of a score file that the boost uses.

    Raises
    ------
    InputError
        When columns are missing or rows have faults.
    """
    return read_table(
        path,
        SCORE_NUMBERS,
        SCORE_TEXTS,
        optional=_OPTIONAL,
        ours=True,
        encoding=encoding,
        pseudonyms=pseudonyms,
        progress=progress,
    )


def score_blocks(
    path: str | Path, *, encoding: str | None = None, progress: Progress = silent
) -> Iterator[Table]:
    """Read a score file as the boost needs it, block by block.

    Raises
    ------
    InputError
        When columns are missing, at the end of the file when rows have faults.
    """
    return table_blocks(
        path,
        SCORE_NUMBERS,
        SCORE_TEXTS,
        optional=_OPTIONAL,
        ours=True,
        encoding=encoding,
        progress=progress,
    )


def boost_files(
    candidates: str | Path,
    scores: str | Path,
    out: str | Path,
    *,
    policy: str | Path | BoostPolicy = "boost",
    blocked: str | Path | None = None,
    log: str | Path | None = None,
    today: dt.date | None = None,
    scored_on: dt.date | None = None,
    encoding: str | None = None,
    pseudonyms: FilePath | Pseudonyms | None = None,
    progress: Progress = silent,
) -> BoostReport:
    r"""Rank candidates again by trust.

    Parameters
    ----------
    candidates : path
        CSV, JSON Lines (both also gzip), Parquet or Excel with ``query_id, item_id, merchant_id,
        relevance``; all are held in memory, as a query's rows need not stand together. A column
        ``query_kind`` says on which queries the policy may keep the boost off.
    scores : path
        What ``trustscore score`` wrote.
    out : path
        By suffix ``.csv``, ``.csv.gz``, ``.parquet`` or ``.xlsx``; ``-`` is CSV on standard output.
    policy : str, Path or BoostPolicy, default="boost"
    blocked : path, optional
        Where the candidates of blocked merchants go; they leave the list either way.
    log : path, optional
        A new ``.parquet``: every candidate with all that decided its place. One row for each list
        goes beside it, to ``.requests.parquet``.
    today : date, optional
        Day of the ranking: scores that expired before it are neutral. The clock is never read.
    scored_on : date, optional
        Day from which the policy's validity counts where the scores have no ``scored_on``.
    encoding : str, optional
    pseudonyms : path or Pseudonyms, optional
        File of the key under which merchants are called by pseudonyms, made if it is not there.
        Candidates and scores may name them by their ids or by these pseudonyms.
    progress : Progress, optional
        Told which step is being done, and how much of it is done.

    Returns
    -------
    BoostReport

    Raises
    ------
    InputError
        When a table has faults, or the relevance does not suit the policy's form.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lists, scores = Path(folder, "candidates.csv"), Path(folder, "scores.csv")
    ...     out = Path(folder, "ranked.csv")
    ...     _ = lists.write_text(
    ...         "query_id,item_id,merchant_id,relevance\nq,i1,a,0.5\nq,i2,b,0.49\n"
    ...     )
    ...     _ = scores.write_text(
    ...         "merchant_id,trust_index,index_se,prior_index,coverage,veto\n"
    ...         "a,50,3,71,0.9,\nb,90,3,71,0.9,\n"
    ...     )
    ...     boost_files(lists, scores, out).moved
    ...     print(out.read_text().splitlines()[1])
    2
    q,i2,b,0.49,1.0796...,0.5290...,2,1
    """
    logs = () if log is None else log_paths(log)
    written = [path for path in (out, blocked, *logs) if path is not None]
    key_file = [] if pseudonyms is None or isinstance(pseudonyms, Pseudonyms) else [pseudonyms]
    _all_different([candidates, scores, *key_file], written)
    named = {"output": out, "blocked": blocked}
    faults = [
        f"{what} {path}: {fault}"
        for what, path in named.items()
        if path is not None and (fault := suffix_fault(path))
    ]
    if faults:
        raise InputError("these outputs cannot be written", faults)
    rule = BoostPolicy.load(policy)
    key = None if pseudonyms is None else Pseudonyms.load(pseudonyms)
    taken = (*_ADDED, *_EXPLORED) if rule.exploration.share else _ADDED
    asked = read_candidates(
        candidates, encoding=encoding, pseudonyms=key, taken=taken, progress=progress
    )
    known = read_scores(scores, encoding=encoding, pseudonyms=key, progress=progress)
    progress("building the boost table", math.nan)
    table = TrustTable.build(known.columns, rule, scored_on, known.lines)
    columns = asked.columns
    check_scored(asked, known)
    rows = table.rows(columns["merchant_id"])
    lists = lists_of(asked)
    tables: dict[str | Path, dict[str, Array]] = {}
    if not logs:
        progress("ranking", math.nan)
        found = rerank_lists(lists, table, rule, today=today)
    else:
        shown = rankings(lists, table, rule, today, progress=progress)
        found = reranked(lists, shown)
        tables[logs[0]] = item_log(lists, shown, known.columns, rule)
        tables[logs[1]] = request_log(lists, shown, known.columns, rule, today)
    added = {name: getattr(found, name) for name in taken}
    # IntArray go out by query, in order of appearance, and inside a query by place.
    queries = np.empty(len(asked.lines), dtype=np.int64)
    queries[lists.source] = np.repeat(np.arange(len(lists)), lists.lengths)
    on_list = found.final_rank > 0
    order = np.lexsort((found.final_rank, queries))
    kept = order[on_list[order]]
    gone = order[~on_list[order]]
    if blocked is not None:
        tables[blocked] = {name: column[gone] for name, column in columns.items()}
    tables[out] = {name: column[kept] for name, column in (columns | added).items()}
    progress("writing", math.nan)
    write_tables(tables)
    return BoostReport(
        queries=len(lists),
        candidates=len(asked.lines),
        blocked=len(gone),
        unknown=int((rows == len(table)).sum()),
        moved=int((found.base_rank != found.final_rank)[on_list].sum()),
        other_boosts=other_boosts(known.columns, table.factors(rule.beta)[:-1]),
        endless=0 if today is None else endless(table, rule),
    )


def find_position(
    candidates: str | Path,
    scores: str | Path,
    query: str,
    item: str,
    *,
    policy: str | Path | BoostPolicy = "boost",
    today: dt.date | None = None,
    scored_on: dt.date | None = None,
    encoding: str | None = None,
    pseudonyms: FilePath | Pseudonyms | None = None,
    progress: Progress = silent,
) -> Position:
    """Explain why an item stands at its place; the parameters are those of `boost_files`.

    Raises
    ------
    InputError
        When there is no such query or item, with near names.
    """
    _all_different([candidates, scores], [])
    rule = BoostPolicy.load(policy)
    key = None if pseudonyms is None else Pseudonyms.load(pseudonyms)
    asked = read_candidates(candidates, encoding=encoding, pseudonyms=key, progress=progress)
    columns = asked.columns
    rows = np.flatnonzero(columns["query_id"] == query)
    if not len(rows):
        near = suggest(query, sorted(set(columns["query_id"].tolist())))
        raise InputError(f"{candidates}: no query {query!r}{near}")
    one = {name: columns[name][rows] for name in _RANKED}
    if item not in one["item_id"]:
        near = suggest(item, sorted(set(one["item_id"].tolist())))
        raise InputError(f"{candidates}: query {query!r} has no item {item!r}{near}")
    kinds = columns[_KIND][rows] if _KIND in columns else None
    lists = Lists.from_columns(
        *(one[name] for name in _RANKED), query_kind=kinds, lines=asked.lines[rows]
    )
    known = read_scores(scores, encoding=encoding, pseudonyms=key, progress=progress)
    check_scored(asked, known)
    table = TrustTable.build(known.columns, rule, scored_on, known.lines)
    [shown] = rankings(lists, table, rule, today)
    assert lists.item_ids is not None
    at = int(np.flatnonzero(lists.item_ids == item)[0])
    return explain_position(shown, at, lists.item_ids, lists.merchant_ids, query)


def check_scored(asked: Table, known: Table) -> str:
    """Return a warning when most merchants of the candidates have no score; raise when all."""
    return check_join(
        asked.columns["merchant_id"],
        known.columns["merchant_id"],
        asked_in=asked.path,
        known_in=known.path,
    )


def _all_different(inputs: Sequence[str | Path], outputs: Sequence[str | Path]) -> None:
    """Raise InputError when a file would be read or written twice, or read and written."""
    paths = [str(path) for path in (*inputs, *outputs)]
    for at, one in enumerate(paths):
        for other in paths[at + 1 :]:
            if same_file(one, other):
                raise InputError(f"inputs and outputs must be different files. Got {other} twice")
    for ends, name in ((inputs, "input"), (outputs, "output")):
        if [str(path) for path in ends].count("-") > 1:
            raise InputError(f"standard {name} can be used once. Got - twice")


def endless(table: TrustTable, policy: BoostPolicy) -> int:
    """Count merchants whose boost never expires although the policy limits validity."""
    if policy.validity.days is None:
        return 0
    ends = table.columns["valid_to"][:-1]
    return int((ends == np.iinfo(ends.dtype).max).sum())


def other_boosts(scores: Mapping[str, Any], boosts: FloatArray) -> int:
    """Count merchants whose boost in the score file is not the one given."""
    if "trust_boost" not in scores:
        return 0
    # A blank boost gives NaN, which compares as not different.
    ratio = scores["trust_boost"] / boosts
    return int((np.abs(ratio - 1) > _ROUNDING).sum())
