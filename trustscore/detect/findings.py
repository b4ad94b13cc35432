"""What a detector sees, what it finds, and the rows of the log `findings` made of that."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from trustscore.lexicon import Hit
from trustscore.logs import LOG_TABLES, window_bounds
from trustscore.typing import Array, FloatArray

__all__ = [
    "Cut",
    "Finding",
    "Found",
    "Logs",
    "Place",
    "Ranked",
    "Relations",
    "finding_rows",
    "queue_rows",
    "verdicts",
]

COLUMNS = tuple(column.name for column in LOG_TABLES["findings"].columns)
_SECOND = 1_000_000


class Relations(Protocol):
    """The logs as a detector reads them: by SQL, all merchants, as they were known at the cut.

    There is a view of each log, whether it was collected or not, with every column that the store
    may have; what was not collected is blank. A row is the newest version that was known before
    the cut, and times after the cut are blank.
    """

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Execute a statement, such as one that makes a temporary table."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Execute a query and return its rows."""

    def columns(self, sql: str) -> dict[str, Any]:
        """Execute a query and return its columns as numpy arrays; none of them may be blank."""


class Logs(Relations, Protocol):
    """Relations, and the texts that the logs hold and no relation does."""

    def texts(
        self, table: str, places: Collection[tuple[int, int]]
    ) -> Iterator[tuple[int, Sequence[int], Sequence[str]]]:
        """Yield texts of rows as they are read again: number of the file, lines, texts.

        Parameters
        ----------
        table : str
        places : collection of (int, int)
            File and line of each row, as the columns `_file` and `_line` of the view have them.
        """


class Cut(NamedTuple):
    """The day of a run: nothing that happened on it or later is known.

    Attributes
    ----------
    day : date
    zone : ZoneInfo
        Of the market.
    """

    day: dt.date
    zone: ZoneInfo

    @property
    def at(self) -> int:
        """The first instant of the day, in microseconds since 1970-01-01 UTC."""
        return window_bounds(self.day, 1, 0, self.zone)[1]

    def back(self, days: int) -> int:
        """Return the first instant of so many local days before it."""
        return window_bounds(self.day, days, 0, self.zone)[0]

    @property
    def found_at(self) -> str:
        """The last second before the day, so that signals of the same day know the finding."""
        moment = dt.datetime.fromtimestamp(self.at // _SECOND - 1, self.zone)
        return moment.isoformat()


class Place(NamedTuple):
    """Where a text stands that a person should read: the log, its file and line, and the words.

    Attributes
    ----------
    table : str
    file, line : int
    hit : Hit
    """

    table: str
    file: int
    line: int
    hit: Hit


@dataclass(frozen=True)
class Finding:
    """A suspicion.

    Attributes
    ----------
    merchant_id : str
        Whom it concerns.
    subject_kind, subject_id : str
        What it is about, such as ``live_session`` and its id.
    topic : str
    score : float
        How likely it is, from 0 to 1.
    evidence : str
        Ids that are no pseudonyms, and names of rules: never a text or an id of a person.
    queue : bool
        Whether a person should look at this one.
    place : Place or None
        The text that it rests on, of which the queue shows a few masked words.
    rank : float or None
        What the queue is sorted by, largest first, instead of the score.
    advice : str
        What the person who looks at it should know, in a column of the queue.
    """

    merchant_id: str
    subject_kind: str
    subject_id: str
    topic: str
    score: float
    evidence: str = ""
    queue: bool = True
    place: Place | None = None
    rank: float | None = None
    advice: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a verdict is on: merchant, kind and id of the subject, topic."""
        return self.merchant_id, self.subject_kind, self.subject_id, self.topic


Ranked: TypeAlias = tuple[Sequence[tuple[str, str]], FloatArray, Array]
"""Keys of subjects, their scores, and the person behind each."""


@dataclass(frozen=True)
class Found:
    """What a detector returns.

    Attributes
    ----------
    findings : list of Finding
    facts : dict
        For the manifest: what was looked at, and what was left out and why.
    warnings : list of str
    since : int or None
        From when on orders, reviews and broadcasts were judged, in microseconds UTC; None where
        what is judged has no time, as merchants have none.
    plan : dict of str to list, or None
        Columns of a table that is written instead of findings.
    said : list of str
        What the command prints of it.
    ranks : dict of str to tuple
        By topic, where everything that was judged has a score: merchant and subject of each, its
        score, and the number of the person behind it, -1 where nobody knows. Only for comparing
        with the truth.
    """

    findings: list[Finding]
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    since: int | None = None
    plan: dict[str, list[Any]] | None = None
    said: list[str] = field(default_factory=list)
    ranks: Mapping[str, Ranked] = field(default_factory=dict)


def _id(detector: str, finding: Finding) -> str:
    # The same suspicion of a later run has the same id, and so supersedes this one.
    digest = hashlib.sha256(json.dumps(finding.key).encode()).hexdigest()
    return f"{detector}:{digest[:32]}"


def finding_rows(
    findings: Iterable[Finding], detector: str, source: str, cut: Cut
) -> dict[str, list[Any]]:
    """Return suspicions as columns of the log `findings`, in a fixed order.

    Parameters
    ----------
    findings : iterable of Finding
    detector : str
        Its name.
    source : str
        Stamp of its settings.
    cut : Cut

    Examples
    --------
    >>> cut = Cut(dt.date(2026, 2, 1), ZoneInfo("Asia/Shanghai"))
    >>> found = Finding("m1", "live_session", "s1", "crowd_false", 0.98765432)
    >>> rows = finding_rows([found], "votes", "votes@1.0.0:0123abcd", cut)
    >>> rows["status"], rows["score"], rows["found_at"]
    (['suspected'], [0.987654], ['2026-01-31T23:59:59+08:00'])
    """
    ordered = sorted(findings, key=lambda found: (found.topic, *found.key))
    keys = [found.key for found in ordered]
    if len(set(keys)) < len(keys):
        raise ValueError(f"{detector} found something twice")
    rows: dict[str, list[Any]] = {name: [None] * len(ordered) for name in COLUMNS}
    rows["finding_id"] = [_id(detector, found) for found in ordered]
    for name in ("merchant_id", "subject_kind", "subject_id", "topic", "evidence"):
        rows[name] = [getattr(found, name) for found in ordered]
    # Cut off, never rounded up to a score from which on a suspicion counts.
    rows["score"] = [math.floor(found.score * 1e6 + 1e-6) / 1e6 for found in ordered]
    rows["status"] = ["suspected"] * len(ordered)
    rows["source"] = [source] * len(ordered)
    # Both, so that among several files the one of the latest run is the newest version.
    rows["found_at"] = [cut.found_at] * len(ordered)
    rows["recorded_at"] = [cut.found_at] * len(ordered)
    return rows


# A row of the queue may be read before anybody decided. Then it has no score and counts nothing;
# and as its id comes before every detector's, it never stands before the finding that does.
_UNDECIDED = "0:"
QUEUE_COLUMNS = (*(name for name in COLUMNS if name not in ("score", "recorded_at")), "suspicion")
SNIPPET = "snippet"
"""The column of a queue with a few masked words, where findings rest on a text."""
ADVICE = "advice"
"""The column of a queue with what to know of each, where a finding says that."""


def queue_rows(
    rows: Mapping[str, Sequence[Any]],
    findings: Iterable[Finding],
    decided: Iterable[Any],
    snippets: Mapping[Any, str] | None = None,
) -> dict[str, list[Any]]:
    """Return what a person should look at, most likely first, without what one has decided.

    A person writes `status` (confirmed or cleared) and `decided_at`; the table then is a file of
    the log `findings`.

    Parameters
    ----------
    rows : mapping of str to list
        As `finding_rows` returns them.
    findings : iterable of Finding
        The same ones.
    decided : iterable
        Keys of findings on which a person has decided.
    snippets : mapping, optional
        By key of a finding, words that it rests on: the queue then has a column of them.
    """
    known = set(decided)
    findings = list(findings)
    advice = {found.key: found.advice for found in findings if found.advice}
    wanted = {found.key: found.rank for found in findings if found.queue and found.key not in known}
    parts = (rows[name] for name in ("merchant_id", "subject_kind", "subject_id", "topic"))
    keys = list(zip(*parts, strict=True))
    places = [at for at, key in enumerate(keys) if key in wanted]
    ranks = [
        rows["score"][at] if (rank := wanted.get(keys[at])) is None else rank
        for at in range(len(keys))
    ]
    places.sort(key=lambda at: (-ranks[at], -rows["score"][at]))
    queue = {name: [rows[name][at] for at in places] for name in COLUMNS}
    queue["finding_id"] = [_UNDECIDED + text for text in queue["finding_id"]]
    queue["suspicion"] = queue["score"]
    out = {name: queue[name] for name in QUEUE_COLUMNS}
    if snippets is not None:
        out[SNIPPET] = [snippets.get(keys[at], "") for at in places]
    if advice:
        out[ADVICE] = [advice.get(keys[at], "") for at in places]
    return out


def verdicts(relations: Relations, *topics: str) -> dict[tuple[str, str, str, str], bool]:
    """Return what people decided: True where confirmed, False where cleared.

    The latest decision on a thing holds. While an appeal against it is pending it is neither; one
    that was overturned is cleared.

    Parameters
    ----------
    relations : Relations
    *topics : str
    """
    chosen = ", ".join("?" for _ in topics)
    found = relations.rows(
        "SELECT merchant_id, subject_kind, subject_id, topic, status, COALESCE(appeal, '')"
        " FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY merchant_id, subject_kind, subject_id,"
        " topic ORDER BY COALESCE(decided_at, found_at) DESC, finding_id DESC) AS n FROM findings"
        f" WHERE status IN ('confirmed', 'cleared') AND topic IN ({chosen})) WHERE n = 1",
        topics,
    )
    return {
        (merchant, kind, subject, topic): status == "confirmed" and appeal != "overturned"
        for merchant, kind, subject, topic, status, appeal in found
        if appeal != "pending"
    }
