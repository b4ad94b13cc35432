"""Columns with what they inherit: `like`, `part_of` and `over` resolved, every fault at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trustscore.errors import plural
from trustscore.scorecard.faults import suggest
from trustscore.signals.fading import MOST_DAYS
from trustscore.signals.spec import AGGREGATES, ColumnSpec, DefinitionsFile, MostSpec

__all__ = ["Column", "Resolver"]

_ROWS = ("of", "at", "window", "lag", "only")


@dataclass(frozen=True)
class Column:
    """One column, complete.

    Attributes
    ----------
    name : str
    of, at : str
        Fact and anchor; `at` is empty for the state of the day.
    window : int or "all"
    lag : int
    only : {"valid", "paid", "any"}
    where : tuple of str
        All must hold.
    within : int or "cut"
        How long after the anchor consequences count.
    how : str
        One of `AGGREGATES`.
    what : str or tuple of str
        The expression of it.
    rows_of : str
        The column whose rows are narrowed, or empty.
    top : str
        The column that rows and cap come from: itself unless it is a part.
    half_life : float or None
        Days in which a row of a sum loses half of its weight.
    """

    name: str
    spec: ColumnSpec
    of: str
    at: str
    window: int | str
    lag: int
    only: str
    where: tuple[str, ...]
    within: int | str
    how: str
    what: Any
    most: MostSpec | None
    cohort: dict[str, Any] | None
    rows_of: str
    top: str
    side: bool = False
    needs: tuple[str, ...] = ()
    half_life: float | None = None


class Resolver:
    """Resolves the columns of a file and takes note of what is wrong."""

    def __init__(self, file: DefinitionsFile) -> None:
        self.file = file
        self.faults: list[str] = []
        self.specs = {**file.columns, **file.side}
        self._done: dict[str, Column | None] = {}
        self._open: list[str] = []

    def fault(self, name: str, sentence: str) -> None:
        """Take note of a fault."""
        table = "side" if name in self.file.side and name not in self.file.columns else "columns"
        self.faults.append(f"{table}.{name}: {sentence}")

    def all(self) -> dict[str, Column]:
        """Return all columns that have no fault."""
        for name in sorted(set(self.file.columns) & set(self.file.side)):
            self.fault(name, "is also in side")
        found = {name: self.column(name) for name in self.specs}
        return {name: column for name, column in found.items() if column is not None}

    def column(self, name: str) -> Column | None:
        """Return one column; None if it has a fault, which was noted."""
        if name in self._done:
            return self._done[name]
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            self.fault(name, f"goes in a circle: {circle}")
            return None
        self._open.append(name)
        try:
            found = self._resolve(name, self.specs[name])
        finally:
            self._open.pop()
        self._done[name] = found
        return found

    def _other(self, name: str, key: str, other: str) -> Column | None:
        if other not in self.specs:
            hint = suggest(other, self.specs)
            self.fault(f"{name}", f"{key}: unknown column {other}{hint}")
            return None
        return self.column(other)

    def _resolve(self, name: str, spec: ColumnSpec) -> Column | None:
        before = len(self.faults)
        links = [key for key in ("like", "part_of", "over") if getattr(spec, key)]
        if len(links) > 1:
            self.fault(name, f"give one of {', '.join(links)}, not several")
            return None
        how = [key for key in AGGREGATES if getattr(spec, key) not in (None, False)]
        if len(how) > 1:
            self.fault(name, f"give one of {', '.join(how)}, not several")
        parent: Column | None = None
        if links:
            other = getattr(spec, links[0])
            parent = self._other(name, links[0], other)
            if parent is None:
                return None
            if parent.how == "value":
                self.fault(name, f"{links[0]}: {other} is worked out of columns and has no rows")
        if links and links[0] != "like":
            given = [key for key in _ROWS if getattr(spec, key) is not None]
            if given:
                self.fault(
                    name, f"has the rows of {getattr(spec, links[0])}: leave out {', '.join(given)}"
                )
        if not how and parent is None:
            self.fault(name, f"needs one of {', '.join(AGGREGATES)}, or like or part_of")
            return None
        if how == ["value"]:
            rows = [key for key in (*_ROWS, "where", "most", "cohort") if getattr(spec, key)]
            if rows:
                self.fault(name, f"value is worked out of columns: leave out {', '.join(rows)}")
        elif spec.of is None and parent is None:
            self.fault(name, "needs `of`, the fact whose rows count")
        found = self._complete(name, spec, how[0] if how else "", parent, links)
        self._times(name, found)
        return found if len(self.faults) == before else None

    def _complete(
        self, name: str, spec: ColumnSpec, how: str, parent: Column | None, links: list[str]
    ) -> Column:
        part = bool(links) and links[0] != "like"

        def inherited(key: str, default: Any) -> Any:
            own = getattr(spec, key)
            if own is not None:
                return own
            return getattr(parent, key) if parent is not None else default

        own_where = (spec.where,) if spec.where else ()
        where: tuple[str, ...] = own_where
        if parent is not None:
            where = (*parent.where, *own_where) if part else (own_where or parent.where)
        lag = inherited("lag", 0)
        made = how or (parent.how if parent is not None else "")
        within: int | str | None = spec.within
        if within is None:
            within = parent.within if parent is not None and spec.lag is None else int(lag)
        cohort = spec.cohort.model_dump(exclude_defaults=True) if spec.cohort else None
        if parent is not None and parent.cohort is not None:
            cohort = {**parent.cohort, **(cohort or {})}
        return Column(
            name=name,
            spec=spec,
            of=inherited("of", ""),
            at=inherited("at", ""),
            window=self._window(
                inherited("window", "all"),
                counted=bool(inherited("at", "")) and made not in ("first", "last"),
            ),
            lag=lag,
            only=inherited("only", "valid"),
            where=where,
            within=within,
            how=made,
            what=getattr(spec, how) if how else (parent.what if parent is not None else None),
            most=spec.most or (parent.most if parent is not None else None),
            cohort=cohort,
            rows_of=(spec.part_of or spec.over or "") if part else "",
            top=parent.top if part and parent is not None else name,
            side=name in self.file.side,
            needs=spec.needs,
            # A column that counts otherwise than the one it is like adds up nothing that fades.
            half_life=inherited("half_life", None)
            if spec.half_life or how in ("", "sum")
            else None,
        )

    def _window(self, window: int | str, *, counted: bool) -> int | str:
        longest = self.file.longest_window
        if longest is None or (window == "all" and not counted):
            return window
        return longest if isinstance(window, str) else min(window, longest)

    def _times(self, name: str, column: Column) -> None:
        if column.half_life is not None:
            self._fading(name, column)
        if column.how == "value":
            return
        if column.spec.lag and not column.at:
            self.fault(name, "lag: needs `at`, the time that is to lie so many days back")
        if column.spec.window is not None and not column.at:
            self.fault(name, "window: needs `at`, the time that must lie in it")
        if column.most is not None and column.most.days and not column.at:
            self.fault(name, "most.days: needs `at`, the time that the days are counted from")
        if column.spec.days_since and column.how not in ("first", "last"):
            self.fault(name, "days_since: is for `first` and `last` only")
        if column.spec.ties and column.how != "mode":
            self.fault(name, "ties: is for `mode` only")

    def _fading(self, name: str, column: Column) -> None:
        if column.how != "sum":
            self.fault(name, "half_life: is for `sum` only")
            return
        if not column.at:
            self.fault(name, "half_life: needs `at`, the time that a row's age is counted from")
        days = None if column.window == "all" else int(column.window) + column.lag
        if days is None or days > MOST_DAYS:
            got = "all" if days is None else plural(days, "day")
            self.fault(
                name,
                f"half_life: needs a window that ends, with its lag, within {MOST_DAYS} days "
                f"before the cut: each day has a weight of its own in the SQL. Got {got}",
            )
