"""Ranked lists in files: candidates and scores in, the boosted ranking out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trustscore.boost import BoostPolicy, Lists, TrustTable, rerank_lists
from trustscore.errors import InputError
from trustscore.tables.whole import Table, read_table
from trustscore.tables.writers import same_file, write_columns

__all__ = ["Boosted", "boost_files", "read_candidates", "read_scores"]

SCORE_NUMBERS = {
    "trust_index": "number",
    "index_se": "nonnegative",
    "prior_index": "number",
    "coverage": "share",
    "trust_boost": "nonnegative",
    "enrolled": "flag",
    "claims_unpaid": "count",
    "pacing": "number",
}
SCORE_TEXTS = ("merchant_id", "veto", "status", "tier", "category", "scored_on")
_OPTIONAL = ("trust_boost", "enrolled", "claims_unpaid", "pacing", *SCORE_TEXTS[2:])
_ADDED = ("trust_boost", "final_score", "base_rank", "final_rank")
# Without the probability of what was shown, exploration teaches nobody anything.
_EXPLORED = ("explored", "propensity")
# Score files round the boost to 8 decimals and what it is made of to 4.
_ROUNDING = 1e-5
_SHOWN = 5


class Boosted(NamedTuple):
    """What a run did.

    Attributes
    ----------
    queries, candidates, blocked, unknown : int
        `unknown` counts candidates whose merchant is not in the scores.
    moved : int
        Candidates whose place changed.
    other_boosts : int
        Merchants whose ``trust_boost`` in the scores is not what this policy gives them.
    """

    queries: int
    candidates: int
    blocked: int
    unknown: int
    moved: int
    other_boosts: int


def read_candidates(
    path: str | Path, *, encoding: str | None = None, taken: Sequence[str] = _ADDED
) -> Table:
    """Read candidates: ``query_id, item_id, merchant_id, relevance`` and whatever stands beside.

    Parameters
    ----------
    path : str or Path
    encoding : str, optional
    taken : sequence of str
        Columns that the output adds, which the candidates must not have.

    Raises
    ------
    InputError
        When columns are missing or taken, or rows have faults; all of them are listed.
    """
    texts = ("item_id", "query_id", "merchant_id", "query_kind")
    table = read_table(
        path,
        {"relevance": "number"},
        texts,
        optional=texts[3:],
        rest=True,
        encoding=encoding,
    )
    faults = [
        f"{name}: the output adds a column of that name; rename it"
        for name in taken
        if name in table.columns
    ]
    empty = {"relevance": np.isnan(table.columns["relevance"])}
    empty |= {name: table.columns[name] == "" for name in texts[1:3]}
    blank = [(name, row) for name, mask in empty.items() for row in np.flatnonzero(mask).tolist()]
    faults += [f"{table.at(row)}, {name}: is blank" for name, row in blank[:_SHOWN]]
    if len(blank) > _SHOWN:
        faults.append(f"and {len(blank) - _SHOWN} more blank cells")
    if faults:
        raise InputError(f"{path}: candidates that cannot be ranked", faults)
    return table


def read_scores(path: str | Path, *, encoding: str | None = None) -> Table:
    """Read a score file as the boost needs it.

    Raises
    ------
    InputError
        When columns are missing or rows have faults.
    """
    return read_table(path, SCORE_NUMBERS, SCORE_TEXTS, optional=_OPTIONAL, encoding=encoding)


def boost_files(
    candidates: str | Path,
    scores: str | Path,
    out: str | Path,
    *,
    policy: Any = "boost",
    blocked: str | Path | None = None,
    encoding: str | None = None,
    as_of: dt.date | str | None = None,
    scored_on: dt.date | str | None = None,
) -> Boosted:
    r"""Rank candidates again by trust.

    Parameters
    ----------
    candidates : path
        CSV, gzip CSV or Parquet with ``query_id, item_id, merchant_id, relevance``; all are
        held in memory, as a query's rows need not stand together. A column ``query_kind``
        says on which queries the policy may keep the boost off.
    scores : path
        What ``trustscore score`` wrote.
    out : path
        By suffix ``.csv``, ``.csv.gz`` or ``.parquet``; ``-`` is CSV on standard output.
    policy : str, Path or BoostPolicy, default="boost"
    blocked : path, optional
        Where the candidates of blocked merchants go; they leave the list either way.
    encoding : str, optional
    as_of : date or ISO text, optional
        Day of the ranking: scores that ended before it are neutral, by the policy's validity.
        Without it nothing expires.
    scored_on : date or ISO text, optional
        Day of the scores, where they have no column ``scored_on``.

    Returns
    -------
    Boosted

    Raises
    ------
    InputError
        When a table has faults, the relevance does not suit the policy's form, or a day is
        given without the other.

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
    _different([candidates, scores], [out] if blocked is None else [out, blocked])
    rule = BoostPolicy.load(policy)
    taken = (*_ADDED, *_EXPLORED) if rule.exploration.share else _ADDED
    asked = read_candidates(candidates, encoding=encoding, taken=taken)
    known = read_scores(scores, encoding=encoding)
    if as_of is not None and scored_on is None and "scored_on" not in known.columns:
        raise InputError(
            "as_of needs the day of the scores: give scored_on, or a column of that name in "
            f"{scores}"
        )
    table = TrustTable.build(known.columns, rule, scored_on, known.lines)
    columns = asked.columns
    lists = Lists.from_columns(
        columns["query_id"],
        columns["relevance"],
        columns["merchant_id"],
        columns["item_id"],
        query_kind=columns.get("query_kind"),
        lines=asked.lines,
    )
    found = rerank_lists(lists, table, rule, today=as_of)
    added = {name: getattr(found, name) for name in taken}
    # As a searcher meets them: queries in order of appearance, each from its first place on.
    queries = np.empty(len(asked.lines), dtype=np.int64)
    queries[lists.source] = np.repeat(np.arange(len(lists)), lists.lengths)
    shown = found.final_rank > 0
    order = np.lexsort((found.final_rank, queries))
    kept = order[shown[order]]
    gone = order[~shown[order]]
    if blocked is not None:
        write_columns(blocked, {name: column[gone] for name, column in columns.items()})
    write_columns(out, {name: column[kept] for name, column in (columns | added).items()})
    rows = table.rows(columns["merchant_id"])
    return Boosted(
        queries=len(lists),
        candidates=len(asked.lines),
        blocked=len(gone),
        unknown=int((rows == len(table)).sum()),
        moved=int((found.base_rank != found.final_rank)[shown].sum()),
        other_boosts=_others(known.columns, table, rule),
    )


def _different(inputs: Sequence[str | Path], outputs: Sequence[str | Path]) -> None:
    """Raise InputError when a file would be read or written twice, or read and written."""
    paths = [str(path) for path in (*inputs, *outputs)]
    for at, one in enumerate(paths):
        for other in paths[at + 1 :]:
            if same_file(one, other):
                raise InputError(f"inputs and outputs must be different files. Got {other} twice")
    for ends, name in ((inputs, "input"), (outputs, "output")):
        if [str(path) for path in ends].count("-") > 1:
            raise InputError(f"standard {name} can be used once. Got - twice")


def _others(scores: dict[str, NDArray[Any]], table: TrustTable, policy: BoostPolicy) -> int:
    """Count merchants whose boost in the score file is not the one of this policy."""
    if "trust_boost" not in scores:
        return 0
    # A blank boost differs from nothing.
    ratio = scores["trust_boost"] / table.factors(policy.beta)[:-1]
    return int((np.abs(ratio - 1) > _ROUNDING).sum())
