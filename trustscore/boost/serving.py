"""The boosts in memory: an immutable table, and a holder that swaps tables while serving."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trustscore.boost.ids import IdIndex
from trustscore.boost.mapped_file import map_arrays, write_arrays
from trustscore.boost.policy import BoostPolicy
from trustscore.boost.table import at, boost_table, text_column
from trustscore.errors import InputError, PolicyError, at_most
from trustscore.ordinary_file import require_ordinary
from trustscore.scorecard.vetoes import VETO_WORDS, Veto
from trustscore.typing import Array, BoolArray, FloatArray, IntArray, TextArray

FORMAT = 2
_NUMBERS = ("trust_index", "lcb", "ucb", "neutral", "excess")
_LEANS = ("trust", "programme", "pacing", "limit", "veto_part", "lean")
_TEXTS = ("tier", "status", "category")


class TableSource(Protocol):
    """A source of tables: a table itself, or a holder of the newest one."""

    def snapshot(self) -> TrustTable:
        """Return the table to use for one request."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TrustTable:
    """Boosts of all merchants, ready for ranking; immutable.

    Every column has one more row than there are merchants. The last row is that of an unknown
    merchant, neutral and without a veto, so a lookup needs no branch.

    Attributes
    ----------
    index : IdIndex
        Merchant id -> row.
    columns : dict of str to array
        ``lean`` and its parts, ``veto`` (a code of `Veto`), ``newcomer``,
        ``tier``, ``status``, ``category``, ``trust_index``, ``lcb``, ``ucb``, ``neutral``,
        ``excess``, ``valid_to`` (days since 1970-01-01).
    stamp : str
        Stamp of the policy the table was built with.
    lean_sha256 : str
        Hash over the parts of the policy that decide a lean.

    Examples
    --------
    >>> table = TrustTable.build(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [90.0, 50.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...     }
    ... )
    >>> len(table), table.boosts(["b", "nobody", "a"]).round(4).tolist()
    (2, [0.9241, 1.0, 1.0796])
    """

    index: IdIndex
    columns: Mapping[str, Array]
    stamp: str
    lean_sha256: str
    first_end: int
    strictest: int
    _boosts: dict[float, FloatArray] = field(default_factory=dict, repr=False)

    @classmethod
    def build(
        cls,
        scores: Mapping[str, Any],
        policy: BoostPolicy | str | Path = "boost",
        scored_on: dt.date | str | None = None,
        lines: IntArray | None = None,
    ) -> TrustTable:
        """Return the table of a score file.

        Parameters
        ----------
        scores : mapping or frame
            See :func:`trustscore.boost.boost_table`.
        policy : BoostPolicy, str or Path, default="boost"
        scored_on : date or ISO text, optional
            Day from which the policy's validity counts. A column ``scored_on`` of the scores
            takes precedence. Without either the table never expires.
        lines : int array, optional
            Line of each row in its file, for messages.
        """
        policy = BoostPolicy.load(policy)
        return cls.from_columns(boost_table(scores, policy, lines), policy, scored_on, lines)

    @classmethod
    def from_columns(
        cls,
        table: Mapping[str, Any],
        policy: BoostPolicy,
        scored_on: dt.date | str | None = None,
        lines: IntArray | None = None,
    ) -> TrustTable:
        """Return the table made of the columns that :func:`boost_table` returns.

        An exported Parquet also holds ``valid_to``, the last day on which a row counts (blank when
        it never ends), which takes precedence over ``scored_on``; `trustscore.load_boosts` reads
        such a file.

        Raises
        ------
        InputError
            When a day cannot be read.
        PolicyError
            When the columns were made by another policy: their leans would mean something else.
        """
        stamps = set(np.asarray(table["policy"], dtype=object).tolist()) - {policy.stamp}
        if stamps:
            raise PolicyError(
                f"the boost table was made with {sorted(map(str, stamps))[0]}, "
                f"the policy is {policy.stamp}: make the table again"
            )
        # Before the columns: what both need on the way is then not needed at once.
        index = IdIndex.build([str(i) for i in np.asarray(table["merchant_id"], dtype=object)])
        rows = len(table["merchant_id"])
        columns: dict[str, Array] = {}
        for name in (*_NUMBERS, *_LEANS):
            unknown = 0.0 if name in _LEANS or name == "excess" else np.nan
            columns[name] = np.append(np.asarray(table[name], dtype=np.float64), unknown)
        for name in _TEXTS:
            values = np.asarray(table[name], dtype=object).tolist()
            # Few words stand in many rows: each is encoded once.
            known = {value: str(value).encode() for value in set(values)}
            columns[name] = np.asarray([known[value] for value in values] + [b""])
        words = np.asarray(table["veto"], dtype=object)
        columns["veto"] = np.asarray([Veto.of(str(w)) for w in words] + [Veto.NONE], dtype=np.int8)
        columns["newcomer"] = np.append(
            np.asarray(table["newcomer"], dtype=bool), policy.exploration.absent
        )
        columns["valid_to"] = last_days(table, policy, scored_on, rows, lines)
        return cls._of(index, columns, policy.stamp, policy.lean_sha256)

    @classmethod
    def _of(
        cls, index: IdIndex, columns: Mapping[str, Array], stamp: str, lean_sha256: str
    ) -> TrustTable:
        for column in columns.values():
            if column.flags.writeable:
                column.setflags(write=False)
        first_end = int(columns["valid_to"][:-1].min(initial=_NEVER))
        strictest = int(columns["veto"].max(initial=0))
        return cls(index, columns, stamp, lean_sha256, first_end, strictest)

    def __len__(self) -> int:
        return len(self.columns["lean"]) - 1

    def snapshot(self) -> TrustTable:
        """Return the table itself."""
        return self

    def rows(self, merchant_ids: Any) -> IntArray:
        """Return the row of each merchant; ``len(table)`` for an unknown one.

        A service may keep the rows beside its items to save the lookup. They are valid for this
        table only.
        """
        return self.index.rows(merchant_ids)

    def boosts(self, merchant_ids: Any, policy: BoostPolicy | None = None) -> FloatArray:
        """Return the factor of each merchant, at the strength of `policy` (default preset)."""
        policy = BoostPolicy.load("boost") if policy is None else policy
        self.require(policy)
        return self.factors(policy.beta).take(self.rows(merchant_ids))

    def factors(self, beta: float) -> FloatArray:
        """Return ``exp(beta * lean)`` of every row, computed once for each strength."""
        held = self._boosts.get(beta)
        if held is None:
            held = np.exp(beta * self.columns["lean"])
            held.setflags(write=False)
            if len(self._boosts) > 8:
                self._boosts.clear()
            self._boosts[beta] = held
        return held

    def stale(self, rows: IntArray, today: dt.date | str | None) -> BoolArray | None:
        """Return which of `rows` have scores that expired before `today`; None when none have."""
        if today is None or (day := day_number(today)) <= self.first_end:
            return None
        ended: BoolArray = self.columns["valid_to"].take(rows) < day
        return ended

    def on(self, today: dt.date | str | None, policy: BoostPolicy) -> TrustTable:
        """Return the table of a day: merchants whose scores have expired are neutral.

        Their vetoes expire as well unless the policy keeps them. When no scores have expired, the
        table itself is returned.

        Parameters
        ----------
        today : date, ISO text or None
            With None nothing expires: the clock is never read.
        policy : BoostPolicy
            The policy the table was made with.

        Examples
        --------
        >>> scores = {
        ...     "merchant_id": ["a"],
        ...     "trust_index": [90.0],
        ...     "index_se": [3.0],
        ...     "prior_index": [71.0],
        ...     "coverage": [0.9],
        ... }
        >>> policy = BoostPolicy.load()
        >>> table = TrustTable.build(scores, policy, "2026-01-01")
        >>> table.on("2026-01-15", policy).boosts(["a"]).round(4).tolist()
        [1.0796]
        >>> table.on("2026-01-16", policy).boosts(["a"]).round(4).tolist()
        [1.0]
        """
        ended = self.stale(np.arange(len(self) + 1), today)
        if ended is None:
            return self
        lost = (*_LEANS, "newcomer", *(() if policy.validity.keep_vetoes else ("veto",)))
        columns = dict(self.columns)
        for name in lost:
            columns[name] = np.where(ended, 0, columns[name]).astype(columns[name].dtype)
        return self._of(self.index, columns, self.stamp, self.lean_sha256)

    def require(self, policy: BoostPolicy) -> None:
        """Raise PolicyError unless the leans are those of `policy`; strength may differ."""
        if policy.lean_sha256 != self.lean_sha256:
            raise PolicyError(
                f"the boost table was made with {self.stamp}, the policy is {policy.stamp} and "
                "leans differently: make the table again"
            )

    def texts(self, name: str, rows: IntArray) -> TextArray:
        """Return a text column at `rows`."""
        return np.asarray([v.decode() for v in self.columns[name][rows].tolist()], dtype=object)

    def vetoes(self, rows: IntArray) -> TextArray:
        """Return the veto word at `rows`."""
        found: TextArray = np.asarray(VETO_WORDS, dtype=object)[self.columns["veto"][rows]]
        return found

    def save(self, path: str | Path) -> None:
        """Write the table to a file that :meth:`load` maps; complete or absent."""
        about = {
            "format": FORMAT,
            "stamp": self.stamp,
            "lean_sha256": self.lean_sha256,
            "seed": self.index.seed,
        }
        arrays = {f"column_{name}": values for name, values in self.columns.items()}
        arrays |= {"ids": self.index.ids, "slots": self.index.slots}
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
        write_arrays(path, arrays)

    @classmethod
    def load(cls, path: str | Path, verify: bool = True) -> TrustTable:
        """Map a saved table into memory; processes on one machine share its pages.

        Raises
        ------
        InputError
            When the file is cut off, damaged, or of another kind.
        OSError
            When there is no such file.
        """
        require_ordinary(path)
        try:
            arrays = map_arrays(path, verify)
        except InputError:
            if _is_parquet(path):
                raise InputError(
                    f"{path}: is Parquet, which cannot be mapped: read it with"
                    " trustscore.load_boosts, or export npz"
                ) from None
            raise
        try:
            about = json.loads(arrays.pop("about").tobytes())
            if about["format"] != FORMAT:
                raise InputError(
                    f"{path}: is a boost table of format {about['format']}, this version reads "
                    f"{FORMAT}: save it again"
                )
            index = IdIndex(about["seed"], arrays.pop("ids"), arrays.pop("slots"))
            columns = {name.removeprefix("column_"): held for name, held in arrays.items()}
            _require_one_table(index, columns)
            return cls._of(index, columns, str(about["stamp"]), str(about["lean_sha256"]))
        except KeyError as error:
            raise InputError(f"{path}: is no boost table: it has no {error}") from None
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: is no boost table: {error}") from None


class LiveTable:
    """The newest table of a file, replaced as a whole while requests run.

    A request takes one snapshot and keeps it. A reload maps the new file, checks it, and only
    then replaces the reference: no request sees parts of two tables, and a damaged file leaves
    the old table in service.

    Parameters
    ----------
    path : str or Path
        Written by :meth:`TrustTable.save`, which renames a complete file into place.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> scores = {
    ...     "merchant_id": ["a"],
    ...     "trust_index": [90.0],
    ...     "index_se": [3.0],
    ...     "prior_index": [71.0],
    ...     "coverage": [0.9],
    ... }
    >>> TrustTable.build(scores).save(folder / "boosts.npz")
    >>> live = LiveTable(folder / "boosts.npz")
    >>> live.refresh()
    False
    >>> TrustTable.build(scores | {"trust_index": [50.0]}).save(folder / "boosts.npz")
    >>> live.refresh(), live.snapshot().boosts(["a"]).round(4).tolist()
    (True, [0.9241])
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._reloading = threading.Lock()
        self._version = _version(self._path)
        self._table = TrustTable.load(self._path)

    def snapshot(self) -> TrustTable:
        """Return the newest complete table."""
        return self._table

    def refresh(self) -> bool:
        """Load the file if it changed; return whether it did.

        Raises
        ------
        InputError, OSError
            When the new file cannot be used; the old table stays in service.
        """
        with self._reloading:
            version = _version(self._path)
            if version == self._version:
                return False
            self._table = TrustTable.load(self._path)
            self._version = version
            return True


_NEVER = np.iinfo(np.int32).max
_LAST = dt.date.max.toordinal() - dt.date(1970, 1, 1).toordinal()
_DTYPE_KINDS = dict.fromkeys((*_NUMBERS, *_LEANS), "f") | dict.fromkeys(_TEXTS, "S")
_DTYPE_KINDS |= {"veto": "i", "newcomer": "b", "valid_to": "i"}


def _require_one_table(index: IdIndex, columns: Mapping[str, Array]) -> None:
    """Raise ValueError unless the arrays of a file form one table."""
    rows = index.ids.shape[-1]
    for name, kind in _DTYPE_KINDS.items():
        held = columns[name]
        if held.dtype.kind != kind or held.shape != (rows,):
            raise ValueError(f"{name} has shape {held.shape} and type {held.dtype}")
    slots = len(index.slots)
    words = index.ids.ndim == 2 and index.ids.dtype == np.uint64
    if not words or index.slots.dtype != np.uint64 or slots < 8 or slots & (slots - 1):
        raise ValueError("its ids are not indexed in the way of this version")


def _is_parquet(path: str | Path) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == b"PAR1"


def _version(path: Path) -> tuple[int, int, int]:
    found = os.stat(path)
    return found.st_ino, found.st_mtime_ns, found.st_size


def day_number(day: dt.date | str) -> int:
    """Return days since 1970-01-01.

    Examples
    --------
    >>> day_number("1970-01-03")
    2
    """
    try:
        found = dt.date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise InputError(f"a day must be written like 2026-01-31. Got {day!r}") from None
    return found.toordinal() - dt.date(1970, 1, 1).toordinal()


def last_days(
    table: Mapping[str, Any],
    policy: BoostPolicy,
    scored_on: dt.date | str | None,
    rows: int,
    lines: IntArray | None,
) -> NDArray[np.int32]:
    """Return the last day on which each row counts; the row of an unknown merchant never ends."""
    ends = np.full(rows + 1, _NEVER, dtype=np.int32)
    days = policy.validity.days
    if days is None:
        return ends
    if scored_on is not None:
        ends[:-1] = _last_day(day_number(scored_on), days)
    # An exported table holds the last days themselves; validity was added when it was made.
    name = "valid_to" if "valid_to" in table else "scored_on"
    if name in table:
        column = text_column(table, name, rows)
        added = 0 if name == "valid_to" else days
        numbers = _day_numbers(column, name, lines)
        known = {text: _last_day(number, added) for text, number in numbers.items()}
        ends[:-1] = [known.get(text, ends[0]) for text in column.tolist()]
    return ends


def _last_day(day: int, days: int) -> int:
    # Engines write calendar days, and the calendar ends with the year 9999.
    return min(day + days, _LAST)


def _day_numbers(column: TextArray, name: str, lines: IntArray | None) -> dict[str, int]:
    """Return the day number of each distinct text in a column of days; blanks are left out."""
    known, faults = {}, []
    for word in sorted(set(column.tolist()) - {""}):
        try:
            known[word] = day_number(word[:10])
        except InputError:
            row = int(np.flatnonzero(column == word)[0])
            faults.append(f"{at(row, lines)}: {name} must be a day like 2026-01-31. Got {word!r}")
    if faults:
        raise InputError("the scores have days that cannot be read", at_most(faults))
    return known
