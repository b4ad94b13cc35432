"""Many lists at once, stored flat; numpy sorts those of similar length together in padded grids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.boost.policy import BoostPolicy
from trustscore.boost.ranking import combine, relevance_error, rerank
from trustscore.boost.serving import TableSource
from trustscore.boost.table import at, text_column
from trustscore.errors import InputError, at_most
from trustscore.scorecard.vetoes import Veto
from trustscore.typing import BoolArray, FloatArray, IntArray, TextArray

# Plain integers compare faster with arrays than an enum does.
_FLOOR, _BLOCK = int(Veto.FLOOR), int(Veto.BLOCK)
# Beyond this the logistic curve is flat in float64, so the order would be lost.
_MOST_LOG_ODDS = 30.0


@dataclass(frozen=True, eq=False)
class Lists:
    """Ranked lists, each in base order: relevance, then item id, then place in the input.

    Attributes
    ----------
    queries : object array
        Id of each list, in order of first appearance.
    offsets : int array
        List `q` holds the rows ``offsets[q]:offsets[q + 1]`` of the arrays below.
    relevance : array
    merchant_ids : object array
    item_ids : object array or None
    source : int array
        Row of the input that each row came from.
    kinds : object array or None
        Kind of each query, which a policy may exclude; empty for a query without a kind.
    lines : int array or None
        Line of each input row in its file, for messages.
    """

    queries: TextArray
    offsets: IntArray
    relevance: FloatArray
    merchant_ids: TextArray
    item_ids: TextArray | None
    source: IntArray
    kinds: TextArray | None = None
    lines: IntArray | None = None

    @classmethod
    def from_columns(
        cls,
        query_id: Any,
        relevance: Any,
        merchant_id: Any,
        item_id: Any = None,
        *,
        query_kind: Any = None,
        lines: IntArray | None = None,
    ) -> Lists:
        """Return the lists of a candidate table; rows of one query need not stand together.

        Ties of relevance break by item id, compared as text, and then by place in the input.

        Parameters
        ----------
        query_id : array-like of shape (rows,)
        relevance : array-like of shape (rows,)
            Above 0 for a multiplicative policy; any finite number for an additive one.
        merchant_id : array-like of shape (rows,)
        item_id : array-like of shape (rows,), optional
        query_kind : array-like of shape (rows,), optional
            The same in all rows of a query.
        lines : int array of shape (rows,), optional
            Line of each row in its file, for messages.

        Returns
        -------
        Lists

        Raises
        ------
        InputError
            When lengths differ, a query is blank, is of two kinds, or holds an item twice.
            Relevance is judged where it is used, as that depends on the form of the policy.

        Examples
        --------
        >>> lists = Lists.from_columns(["q", "p", "q"], [0.2, 0.9, 0.4], ["a", "b", "c"])
        >>> lists.queries.tolist(), lists.offsets.tolist(), lists.source.tolist()
        (['q', 'p'], [0, 2, 3], [2, 0, 1])
        """
        score = np.asarray(relevance, dtype=np.float64)
        count = len(score)
        merchants = np.asarray(merchant_id, dtype=object)
        items = None if item_id is None else np.asarray(item_id, dtype=object)
        asked = np.asarray(query_id, dtype=object)
        kinds = None if query_kind is None else text_column({"kind": query_kind}, "kind", count)
        named = {"query_id": asked, "merchant_id": merchants, "item_id": items, "query_kind": kinds}
        for name, column in named.items():
            if column is not None and len(column) != count:
                raise InputError(f"{name} has {len(column)} rows, relevance has {count}")
        numbers: dict[Any, int] = {}
        list_of = np.fromiter(
            (numbers.setdefault(query, len(numbers)) for query in asked), np.int64, count
        )
        blank = [row for row, query in enumerate(asked) if _is_blank(query)]
        if blank:
            faults = at_most(blank, lambda row: f"{at(row, lines)}: query_id is blank")
            raise InputError(f"{len(blank)} candidates belong to no query", faults)
        place = np.arange(count)
        if items is not None:
            place = _places_by_id(list_of, items, lines)
        if kinds is not None:
            kinds = _one_kind(list_of, kinds, lines)
        order = np.lexsort((place, -score, list_of))
        offsets = np.zeros(len(numbers) + 1, dtype=np.int64)
        np.cumsum(np.bincount(list_of, minlength=len(numbers)), out=offsets[1:])
        return cls(
            queries=np.asarray([*numbers, None], dtype=object)[:-1],
            offsets=offsets,
            relevance=score[order],
            merchant_ids=merchants[order],
            item_ids=None if items is None else items[order],
            source=order,
            kinds=kinds,
            lines=lines,
        )

    def __len__(self) -> int:
        return len(self.queries)

    @property
    def lengths(self) -> IntArray:
        """Candidates of each list."""
        return np.diff(self.offsets)

    def check(self, policy: BoostPolicy) -> None:
        """Raise InputError, naming input rows, if the form of `policy` cannot use the relevance."""
        if not len(self.relevance):
            return
        low, high = self.relevance.min(), self.relevance.max()
        floor = 0.0 if policy.form == "multiplicative" else -1e300
        if not (low > floor and high < 1e300):
            given = np.empty_like(self.relevance)
            given[self.source] = self.relevance
            raise relevance_error(given, policy, self.lines)

    def off(self, policy: BoostPolicy) -> BoolArray:
        """Return on which lists the policy keeps the boost off."""
        excluded = policy.exclusions
        if not excluded.queries and (not excluded.kinds or self.kinds is None):
            return np.zeros(len(self), dtype=bool)
        kinds = [None] * len(self) if self.kinds is None else self.kinds.tolist()
        return np.fromiter(
            (policy.excludes(str(q), k) for q, k in zip(self.queries, kinds, strict=True)),
            bool,
            len(self),
        )

    def spread(self) -> FloatArray:
        """Return the range of relevance of each list."""
        found, some = np.zeros(len(self)), self.lengths > 0
        first, last = self.offsets[:-1][some], self.offsets[1:][some] - 1
        found[some] = self.relevance[first] - self.relevance[last]
        return found

    @property
    def list_of(self) -> IntArray:
        """Number of the list of each row."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def above_least(self, keep: BoolArray | None = None) -> FloatArray:
        """Return relevance above the least of the list, which is the gain in the additive form.

        Parameters
        ----------
        keep : bool array, optional
            Rows that count; the others have no say in the least and gain 0.

        Returns
        -------
        array of shape (rows,)
            0 or more.
        """
        list_of = self.list_of
        keep = np.ones(len(list_of), dtype=bool) if keep is None else keep
        least = np.full(len(self), np.inf)
        np.minimum.at(least, list_of[keep], self.relevance[keep])
        gain = np.zeros(len(list_of))
        gain[keep] = self.relevance[keep] - least[list_of[keep]]
        return gain

    def ranks(self, key: FloatArray) -> IntArray:
        """Return the rank of each row in its list by `key`, from 1 for the smallest.

        Equal keys stay in base order.

        Parameters
        ----------
        key : array of shape (rows,)
            Follows the rows of the lists, not those of the input.

        Returns
        -------
        int array of shape (rows,)

        Examples
        --------
        >>> lists = Lists.from_columns(["q"] * 3, [0.3, 0.2, 0.1], ["a", "b", "c"])
        >>> lists.ranks(np.array([2.0, 1.0, 2.0])).tolist()
        [2, 1, 3]
        """
        rank = np.zeros(len(key), dtype=np.int64)
        # A padded cell sorts after every row.
        padded = np.append(key, np.inf)
        for _, cells, real in self.grids():
            order = np.argsort(padded.take(cells), axis=1, kind="stable")
            ordered = np.take_along_axis(cells, order, axis=1)
            shown = real if real.all() else np.take_along_axis(real, order, axis=1)
            places = np.broadcast_to(np.arange(1, cells.shape[1] + 1), cells.shape)
            rank[ordered[shown]] = places[shown]
        return rank

    def grids(self) -> Iterator[tuple[IntArray, IntArray, BoolArray]]:
        """Yield grids of similarly long lists: list numbers, flat positions, which cells are real.

        Lists are grouped by powers of two, so padding at most doubles them. A padded cell points
        one past the end.
        """
        lengths = self.lengths
        size = np.maximum(lengths, 1)
        bundle = np.ceil(np.log2(size)).astype(np.int64)
        for number in np.unique(bundle[lengths > 0]):
            which = np.flatnonzero((bundle == number) & (lengths > 0))
            across = np.arange(int(lengths[which].max()))
            real = across < lengths[which, None]
            cells = np.where(real, self.offsets[which, None] + across, len(self.relevance))
            yield which, cells, real


@dataclass(frozen=True, eq=False)
class Reranked:
    """Many re-ranked lists; arrays follow the input rows.

    Attributes
    ----------
    trust_boost, final_score : array
    base_rank, final_rank : int array
        From 1 in each list; `final_rank` is 0 for a blocked candidate.
    explored : bool array
        Candidates that exploration lifted.
    propensity : array
        Probability of the outcome of exploration on the candidate's list; 1 without exploration.
    """

    trust_boost: FloatArray
    final_score: FloatArray
    base_rank: IntArray
    final_rank: IntArray
    explored: BoolArray
    propensity: FloatArray


def rerank_lists(
    lists: Lists,
    table: TableSource,
    policy: BoostPolicy,
    rows: IntArray | None = None,
    *,
    today: dt.date | str | None = None,
) -> Reranked:
    """Re-rank every list as :func:`rerank` does.

    All lists are sorted together, unless a guard or exploration needs them one by one.

    Parameters
    ----------
    lists : Lists
    table : TrustTable or LiveTable
    policy : BoostPolicy
    rows : int array, optional
        ``table.rows(lists.merchant_ids)``.
    today : date or ISO text, optional
        Scores that expired before this day are neutral; without it nothing expires.

    Returns
    -------
    Reranked

    Raises
    ------
    InputError
        When the form of the policy cannot use the relevance; rows are named.
    PolicyError
        When the table was made with a policy that gives other leans.

    Examples
    --------
    >>> from trustscore.boost.serving import TrustTable
    >>> table = TrustTable.build(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [50.0, 90.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...     }
    ... )
    >>> lists = Lists.from_columns(["q"] * 3, [0.50, 0.48, 0.47], ["a", "new", "b"])
    >>> rerank_lists(lists, table, BoostPolicy.load()).final_rank.tolist()
    [3, 2, 1]
    """
    held = table.snapshot()
    held.require(policy)
    lists.check(policy)
    rows = held.rows(lists.merchant_ids) if rows is None else rows
    if policy.acts_on_order or policy.exploration.share:
        return _each(lists, held, policy, rows, today)
    count = len(lists.relevance)
    boost = held.factors(policy.beta).take(rows)
    codes = held.columns["veto"].take(rows)
    if (off := lists.off(policy)).any():
        boost[np.repeat(off, lists.lengths)] = 1.0
    stale = held.stale(rows, today)
    if stale is not None:
        boost[stale] = 1.0
        if not policy.validity.keep_vetoes:
            codes[stale] = int(Veto.NONE)
    spread = None
    if policy.form == "additive":
        spread = np.repeat(lists.spread(), lists.lengths)
    final = combine(lists.relevance, boost, policy, spread)
    vetoed = np.flatnonzero(codes >= _FLOOR)
    rank = lists.ranks(-final)
    within = np.arange(count) - np.repeat(lists.offsets[:-1], lists.lengths)
    if len(vetoed):
        _sink(rank, lists.list_of, codes, vetoed, lists)
    back = _back(lists)
    return Reranked(
        trust_boost=boost[back],
        final_score=final[back],
        base_rank=(within + 1)[back],
        final_rank=rank[back],
        explored=np.zeros(count, dtype=bool),
        propensity=np.ones(count),
    )


def _sink(
    rank: IntArray, list_of: IntArray, codes: NDArray[np.int8], vetoed: IntArray, lists: Lists
) -> None:
    """Move floored candidates below the others of their list and blocked ones out of it."""
    touched = np.unique(list_of[vetoed])
    for number in touched.tolist():
        span = slice(int(lists.offsets[number]), int(lists.offsets[number + 1]))
        code = codes[span]
        order = np.lexsort((rank[span], code == _FLOOR))
        order = order[code[order] < _BLOCK]
        fresh = np.zeros(len(code), dtype=np.int64)
        fresh[order] = np.arange(1, len(order) + 1)
        rank[span] = fresh


def _each(
    lists: Lists,
    table: TableSource,
    policy: BoostPolicy,
    rows: IntArray,
    today: dt.date | str | None,
) -> Reranked:
    count = len(lists.relevance)
    found = Reranked(
        trust_boost=np.ones(count),
        final_score=np.zeros(count),
        base_rank=np.zeros(count, dtype=np.int64),
        final_rank=np.zeros(count, dtype=np.int64),
        explored=np.zeros(count, dtype=bool),
        propensity=np.ones(count),
    )
    kinds = None if lists.kinds is None else lists.kinds.tolist()
    for number, query in enumerate(lists.queries):
        span = slice(int(lists.offsets[number]), int(lists.offsets[number + 1]))
        shown = rerank(
            lists.relevance[span],
            lists.merchant_ids[span],
            table=table,
            policy=policy,
            rows=rows[span],
            query_id=str(query),
            query_kind=None if kinds is None else kinds[number],
            today=today,
        )
        found.trust_boost[span], found.final_score[span] = shown.trust_boost, shown.final_score
        found.base_rank[span], found.final_rank[span] = shown.base_rank, shown.final_rank
        found.propensity[span] = shown.propensity
        if shown.explored is not None:
            found.explored[span.start + shown.explored] = True
    back = _back(lists)
    return Reranked(**{f.name: getattr(found, f.name)[back] for f in fields(found)})


def _back(lists: Lists) -> IntArray:
    """Return the place in the lists of each input row."""
    back = np.empty_like(lists.source)
    back[lists.source] = np.arange(len(back))
    return back


def _is_blank(query: Any) -> bool:
    return query is None or query == "" or query != query


def _one_kind(list_of: IntArray, kinds: TextArray, lines: IntArray | None) -> TextArray:
    """Return the kind of each list; all rows of a list must have the same."""
    _, first = np.unique(list_of, return_index=True)
    mixed = np.flatnonzero(kinds != kinds[first][list_of])
    if len(mixed):
        faults = at_most(
            mixed,
            lambda row: (
                f"{at(row, lines)}: query_kind is {kinds[row]!r}, and "
                f"{kinds[first[list_of[row]]]!r} in {at(int(first[list_of[row]]), lines)}"
            ),
        )
        raise InputError("a query is of two kinds", faults)
    return kinds[first]


def _places_by_id(list_of: IntArray, items: TextArray, lines: IntArray | None) -> IntArray:
    """Return the rank of each item id, which breaks ties; an item twice in a list is a fault."""
    texts = [str(item) for item in items]
    ids = {text: number for number, text in enumerate(sorted(set(texts)))}
    place = np.fromiter((ids[text] for text in texts), np.int64, len(texts))
    pair = list_of * np.int64(len(ids)) + place
    order = np.argsort(pair, kind="stable")
    twice = order[1:][pair[order[1:]] == pair[order[:-1]]]
    if len(twice):
        faults = at_most(
            twice, lambda row: f"{at(row, lines)}: item {items[row]!r} again in its list"
        )
        raise InputError("a list holds an item twice", faults)
    return place


def from_log_odds(scores: Any) -> FloatArray:
    """Return relevance in (0, 1) from scores on the log-odds scale, in the same order.

    Parameters
    ----------
    scores : array-like of float

    Returns
    -------
    ndarray of the same shape
        ``1 / (1 + exp(-score))``.

    Raises
    ------
    InputError
        When a score is below -30 or above 30: it is no log-odds, and the order would be lost.

    Examples
    --------
    >>> from_log_odds([-2.0, 0.0, 2.0]).round(3).tolist()
    [0.119, 0.5, 0.881]
    """
    given = np.asarray(scores, dtype=np.float64)
    bad = np.flatnonzero(~(np.abs(given) <= _MOST_LOG_ODDS))
    if len(bad):
        faults = at_most(
            bad, lambda row: f"row {row + 1}: must be between -30 and 30. Got {given[row]:g}"
        )
        raise InputError("these scores are no log-odds", faults)
    return 1.0 / (1.0 + np.exp(-given))
