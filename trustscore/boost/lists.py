"""Many lists at once: held flat, laid out as padded grids where numpy sorts them together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.boost.curve import Floats
from trustscore.boost.policy import BoostPolicy
from trustscore.boost.ranking import relevance_error, rerank
from trustscore.boost.serving import TableSource
from trustscore.errors import InputError

Rows = NDArray[np.int64]
_FLOOR, _BLOCK = 2, 3
_SHOWN = 5
# Beyond this a logistic curve is flat to the last bits, and order would be lost.
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
    """

    queries: NDArray[np.object_]
    offsets: Rows
    relevance: Floats
    merchant_ids: NDArray[np.object_]
    item_ids: NDArray[np.object_] | None
    source: Rows

    @classmethod
    def from_columns(
        cls, query_id: Any, relevance: Any, merchant_id: Any, item_id: Any = None
    ) -> Lists:
        """Return the lists of a candidate table; rows of one query need not stand together.

        Raises
        ------
        InputError
            When lengths differ, a query is blank, or a query holds an item twice. Relevance is
            judged where it is used, as that depends on the form of the policy.

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
        for name, column in (("query_id", asked), ("merchant_id", merchants), ("item_id", items)):
            if column is not None and len(column) != count:
                raise InputError(f"{name} has {len(column)} rows, relevance has {count}")
        numbers: dict[Any, int] = {}
        list_of = np.fromiter(
            (numbers.setdefault(query, len(numbers)) for query in asked), np.int64, count
        )
        place = np.arange(count)
        if items is not None:
            place = _places_by_id(list_of, items)
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
        )

    def __len__(self) -> int:
        return len(self.queries)

    @property
    def lengths(self) -> Rows:
        """Candidates of each list."""
        return np.diff(self.offsets)

    def check(self, policy: BoostPolicy) -> None:
        """Raise InputError when the form of `policy` cannot use the relevance; rows are input's."""
        if not len(self.relevance):
            return
        low, high = self.relevance.min(), self.relevance.max()
        floor = 0.0 if policy.form == "multiplicative" else -1e300
        if not (low > floor and high < 1e300):
            given = np.empty_like(self.relevance)
            given[self.source] = self.relevance
            raise relevance_error(given, policy)

    def grids(self) -> Iterator[tuple[Rows, Rows, NDArray[np.bool_]]]:
        """Yield lists of about one length as grids: list numbers, flat positions, real cells.

        Lists are bundled by powers of two, so padding at most doubles them. A padded cell
        points one past the end.
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
    """

    trust_boost: Floats
    final_score: Floats
    base_rank: Rows
    final_rank: Rows


def rerank_lists(
    lists: Lists, table: TableSource, policy: BoostPolicy, rows: Rows | None = None
) -> Reranked:
    """Re-rank every list as :func:`rerank` does, all together where no guard needs one by one.

    Parameters
    ----------
    lists : Lists
    table : TrustTable or LiveTable
    policy : BoostPolicy
    rows : int array, optional
        ``table.rows(lists.merchant_ids)``.

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
    one_by_one = policy.acts_on_order or policy.exploration.share or policy.exclusions.queries
    if one_by_one or policy.form == "additive":
        return _each(lists, held, policy, rows)
    count = len(lists.relevance)
    boost = held.factors(policy.beta).take(rows)
    final = lists.relevance * boost
    codes = held.columns["veto"].take(rows)
    # Two keys in one: a merchant below the floor sorts after everybody, a blocked one after that.
    key = np.append(-final, np.inf)
    vetoed = np.flatnonzero(codes >= _FLOOR)
    rank = np.zeros(count, dtype=np.int64)
    within = np.arange(count) - np.repeat(lists.offsets[:-1], lists.lengths)
    for _, cells, real in lists.grids():
        order = np.argsort(key.take(cells), axis=1, kind="stable")
        sorted_cells = np.take_along_axis(cells, order, axis=1)
        places = np.broadcast_to(np.arange(1, cells.shape[1] + 1), cells.shape)
        shown = np.take_along_axis(real, order, axis=1) if not real.all() else real
        rank[sorted_cells[shown]] = places[shown]
    if len(vetoed):
        _sink(rank, np.repeat(np.arange(len(lists)), lists.lengths), codes, vetoed, lists)
    return _in_input_order(lists, boost, final, within + 1, rank)


def _sink(rank: Rows, list_of: Rows, codes: NDArray[np.int8], vetoed: Rows, lists: Lists) -> None:
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


def _each(lists: Lists, table: TableSource, policy: BoostPolicy, rows: Rows) -> Reranked:
    count = len(lists.relevance)
    boost, final = np.ones(count), np.zeros(count)
    base, rank = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    for number, query in enumerate(lists.queries):
        span = slice(int(lists.offsets[number]), int(lists.offsets[number + 1]))
        shown = rerank(
            lists.relevance[span],
            lists.merchant_ids[span],
            table=table,
            policy=policy,
            rows=rows[span],
            query_id=str(query),
        )
        boost[span], final[span] = shown.trust_boost, shown.final_score
        base[span], rank[span] = shown.base_rank, shown.final_rank
    return _in_input_order(lists, boost, final, base, rank)


def _in_input_order(lists: Lists, boost: Floats, final: Floats, base: Rows, rank: Rows) -> Reranked:
    back = np.empty_like(lists.source)
    back[lists.source] = np.arange(len(back))
    return Reranked(boost[back], final[back], base[back], rank[back])


def _places_by_id(list_of: Rows, items: NDArray[np.object_]) -> Rows:
    """Rank of each item id, so that ties break by id; an item twice in a list is a fault."""
    ids, place = np.unique(items.astype(str), return_inverse=True)
    pair = list_of * np.int64(len(ids)) + place
    order = np.argsort(pair, kind="stable")
    twice = order[1:][pair[order[1:]] == pair[order[:-1]]]
    if len(twice):
        faults = [f"row {row + 1}: item {items[row]!r} again in its list" for row in twice[:_SHOWN]]
        raise InputError("a list holds an item twice", faults)
    return place.reshape(-1)


def from_log_odds(scores: Any) -> Floats:
    """Return relevance in (0, 1) from scores on the log-odds scale, in the same order.

    Raises
    ------
    InputError
        When a score lies beyond 30 either way: it is no log-odds, and order would be lost.

    Examples
    --------
    >>> from_log_odds([-2.0, 0.0, 2.0]).round(3).tolist()
    [0.119, 0.5, 0.881]
    """
    given = np.asarray(scores, dtype=np.float64)
    bad = np.flatnonzero(~(np.abs(given) <= _MOST_LOG_ODDS))
    if len(bad):
        faults = [
            f"row {row + 1}: must be between -30 and 30. Got {given[row]:g}" for row in bad[:_SHOWN]
        ]
        raise InputError("these scores are no log-odds", faults)
    return 1.0 / (1.0 + np.exp(-given))
