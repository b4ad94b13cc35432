"""Judgements of which of two merchants is worse, checked and counted once a judge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from trustscore.errors import InputError, plural
from trustscore.fitting.notes import Note
from trustscore.joins import check_join
from trustscore.outcomes import RowFaults, check_dates
from trustscore.typing import Array

__all__ = ["Judged", "JudgedPairs", "collect_pairs", "join_pairs"]


@dataclass(frozen=True, slots=True)
class JudgedPairs:
    """Judgements, one entry for each judge and pair of merchants.

    Attributes
    ----------
    worse, better, judge : ndarray of str objects
    n : ndarray of shape (pairs,)
        What a judgement counts: the mean weight of its rows, so that repeating it adds nothing.
    share : ndarray of shape (pairs,)
        The part of its rows, by weight, that call `worse` the worse one: 0.5 for a tie, 1 for a
        judge who never said the opposite.
    dated : bool
        Whether every row had a day that was checked against that of the export.
    repeated, contradictory, ties : int
        Judgements of several rows, those that say both, and those that say neither.
    """

    worse: Array
    better: Array
    judge: Array
    n: Array
    share: Array
    dated: bool = False
    repeated: int = 0
    contradictory: int = 0
    ties: int = 0

    def take(self, rows: Array) -> JudgedPairs:
        """Return some of the judgements."""
        part = {
            name: getattr(self, name)[rows] for name in ("worse", "better", "judge", "n", "share")
        }
        return replace(self, **part, ties=int((part["share"] == 0.5).sum()))

    def merchants(self) -> list[str]:
        """Return the merchants, each once."""
        return list(dict.fromkeys([*self.worse.tolist(), *self.better.tolist()]))

    def agreement(self) -> tuple[int, float]:
        """Return how often two judges looked at the same pair, and how often they said the same.

        Ties are left out; by chance they agree half of the time.
        """
        sides: dict[tuple[str, str], list[int]] = {}
        for worse, better, share in zip(
            self.worse.tolist(), self.better.tolist(), self.share.tolist(), strict=True
        ):
            if share != 0.5:
                first, second = sorted((worse, better))
                sides.setdefault((first, second), [0, 0])[worse == first] += 1
        times = sum((a + b) * (a + b - 1) // 2 for a, b in sides.values())
        alike = sum(a * (a - 1) // 2 + b * (b - 1) // 2 for a, b in sides.values())
        return times, alike / times if times else float("nan")

    def groups(self) -> int:
        """Return into how many groups the merchants fall that no judgement connects."""
        names = self.merchants()
        place = {name: at for at, name in enumerate(names)}
        # Older versions of the search take no other integers.
        ends = np.array(
            [[place[name] for name in side.tolist()] for side in (self.worse, self.better)],
            dtype=np.int32,
        )
        graph = coo_array((np.ones(len(self.n)), tuple(ends)), shape=(len(names), len(names)))
        return int(connected_components(graph, directed=False)[0])


class Judged(NamedTuple):
    """Judgements, joined to the merchants of an export.

    Attributes
    ----------
    block : mapping of str to ndarray
        Columns as in the export.
    said : JudgedPairs
    worse, better : ndarray of int of shape (pairs,)
        Their rows in the block.
    """

    block: Mapping[str, Array]
    said: JudgedPairs
    worse: Array
    better: Array


def collect_pairs(
    worse: Array,
    better: Array,
    judge: Array | None = None,
    weight: Array | None = None,
    tie: Array | None = None,
    date: Array | None = None,
    *,
    as_of: dt.date | None = None,
    lines: Array | None = None,
    source: str = "judgements",
) -> JudgedPairs:
    """Check the rows of judgements, and count those of one judge about one pair once.

    Parameters
    ----------
    worse, better : ndarray of str
        Ids of merchants.
    judge : ndarray of str, optional
        Who says so; without it all rows are of one judge.
    weight : ndarray, optional
        How sure the judge is, above 0 and at most 1.
    tie : ndarray, optional
        1 where neither is worse, else 0.
    date : ndarray of str, optional
        Day of the judgement.
    as_of : date, optional
        Day of the export; needed when there are dates. An earlier judgement is of what the
        merchants were before, and may have led to what the export counts.
    lines : ndarray of int, optional
        Where the rows stand, for messages.
    source : str
        Name of the table, for messages.

    Returns
    -------
    JudgedPairs

    Raises
    ------
    InputError
        With every fault.

    Examples
    --------
    Ann repeats herself, which adds nothing; Bob says both, which is a tie:

    >>> text = lambda *names: np.array(names, dtype=object)
    >>> found = collect_pairs(
    ...     text("m1", "m1", "m1", "m2"),
    ...     text("m2", "m2", "m2", "m1"),
    ...     text("ann", "ann", "bob", "bob"),
    ... )
    >>> found.judge.tolist(), found.n.tolist(), found.share.tolist()
    (['ann', 'bob'], [1.0, 1.0], [1.0, 0.5])
    >>> found.repeated, found.contradictory, found.ties
    (2, 1, 1)
    """
    rows = len(worse)
    if not rows:
        raise InputError(f"{source}: has no rows")
    faults = RowFaults(worse, np.arange(1, rows + 1) if lines is None else lines)
    for name, texts in (("worse", worse), ("better", better), ("judge", judge)):
        if texts is not None:
            blank = np.array([not text for text in texts.tolist()], dtype=bool)
            faults.add(blank, f"{name} is blank")
    faults.add((worse == better) & (worse != ""), "worse and better are the same merchant")
    weight = np.ones(rows) if weight is None else weight
    faults.add(~((weight > 0) & (weight <= 1)), "weight must be a number above 0 and at most 1")
    tie = np.zeros(rows) if tie is None else tie
    faults.add(~np.isin(tie, (0.0, 1.0)), "tie must be 0 or 1")
    if date is not None:
        check_dates(date, as_of, faults)
    if faults.count:
        raise InputError(
            f"{source}: {plural(faults.count, 'fault')} in the judgements", faults.listed
        )
    judges = np.full(rows, "", dtype=object) if judge is None else judge
    place: dict[tuple[str, str, str], int] = {}
    at = np.empty(rows, dtype=np.int64)
    first = np.empty(rows)
    for row, (who, one, other) in enumerate(
        zip(judges.tolist(), worse.tolist(), better.tolist(), strict=True)
    ):
        low, high = sorted((one, other))
        at[row] = place.setdefault((who, low, high), len(place))
        first[row] = one == low
    first[tie == 1] = 0.5
    size = len(place)
    total, count = np.bincount(at, weight, size), np.bincount(at, minlength=size)
    share = np.clip(np.bincount(at, weight * first, size) / total, 0.0, 1.0)
    # Sums of weights such as 0.1 and 0.2 are not exact.
    share[np.abs(share - 0.5) < 1e-12] = 0.5
    both = (np.bincount(at, first == 1, size) > 0) & (np.bincount(at, first == 0, size) > 0)
    names = np.empty((size, 3), dtype=object)
    names[:] = list(place)
    turned = share < 0.5
    return JudgedPairs(
        np.where(turned, names[:, 2], names[:, 1]),
        np.where(turned, names[:, 1], names[:, 2]),
        names[:, 0],
        total / count,
        np.maximum(share, 1.0 - share),
        date is not None,
        int((count > 1).sum()),
        int(both.sum()),
        int((share == 0.5).sum()),
    )


def join_pairs(
    pairs: JudgedPairs,
    block: Mapping[str, Array],
    notes: list[Note],
    source: str = "the judgements",
) -> Judged:
    """Return the judgements whose merchants are both in the block, and note what they are like.

    Parameters
    ----------
    pairs : JudgedPairs
    block : mapping of str to ndarray
        Columns of an export, with ``merchant_id``.
    notes : list of Note
        Warnings are added to it.
    source : str
        Name of the table, for messages.

    Returns
    -------
    Judged

    Raises
    ------
    InputError
        When no pair has both its merchants there, or all that have are ties.

    Examples
    --------
    >>> names = [np.array([name], dtype=object) for name in ("m1", "m2")]
    >>> block = {"merchant_id": np.array(["m2", "m1"], dtype=object)}
    >>> notes = []
    >>> joined = join_pairs(collect_pairs(*names), block, notes)
    >>> joined.worse.tolist(), joined.better.tolist(), [note.name for note in notes]
    ([1], [0], ['undated'])
    """
    ids = block["merchant_id"].tolist() if "merchant_id" in block else []
    place = {name: at for at, name in enumerate(ids)}
    check_join(
        pairs.merchants(),
        place,
        asked_in=source,
        known_in="the export",
        asked_by="worse or better",
    )
    worse, better = (
        np.array([place.get(name, -1) for name in side.tolist()], dtype=np.int64)
        for side in (pairs.worse, pairs.better)
    )
    known = (worse >= 0) & (better >= 0)
    said = pairs.take(known)
    if not known.any():
        raise InputError(f"{source}: no pair has both its merchants in the export")
    if said.ties == len(said.n):
        raise InputError(f"{source}: all judgements are ties, which say nothing of weights")
    about = "judgements"
    if not pairs.dated:
        text = "have no date, so it is unchecked that they came after the export"
        notes.append(Note("undated", about, text))
    if not known.all():
        lost = int((~known).sum())
        text = f"{lost} of {len(known)} pairs have a merchant that is not in the export: left out"
        notes.append(Note("unknown_merchants", about, text))
    if pairs.repeated:
        text = f"{pairs.repeated} pairs were judged more than once by one judge: each counts once"
        notes.append(Note("repeated_judgements", about, text))
    if pairs.contradictory:
        text = f"{pairs.contradictory} pairs were judged both ways by one judge: each way counts"
        notes.append(Note("contradictory_judgements", about, f"{text} its part"))
    groups = said.groups()
    if groups > 1:
        text = f"the pairs fall into {groups} groups of merchants that no judgement connects"
        why = "used all the same, as weights compare figures and not merchants"
        notes.append(Note("unconnected_judgements", about, f"{text}: {why}"))
    return Judged(block, said, worse[known], better[known])
