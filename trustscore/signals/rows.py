"""The rows of a column: conditions, window, population and cap, as SQL over one relation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from trustscore.logs import LOG_TABLES, window_bounds
from trustscore.signals.build import Build
from trustscore.signals.facts import rank_sql
from trustscore.signals.fading import weight_sql
from trustscore.signals.printer import Printer
from trustscore.signals.relations import Relation, RowScope
from trustscore.signals.resolve import Column
from trustscore.signals.show import show
from trustscore.signals.tree import Fault, parse, terms
from trustscore.signals.types import BOOL, DAY, TIME, Term
from trustscore.signals.visible import ident

__all__ = ["Capped", "Condition", "Rows", "Window", "order_of"]

_OLDEST = "-9223372036854775808"


@dataclass(frozen=True)
class Condition:
    """One condition that a row must meet, in the words of the file and in SQL."""

    words: str
    sql: str


@dataclass(frozen=True)
class Window:
    """The bounds of a window; blank where it has no beginning."""

    start: int | None
    end: int | None

    def sql(self, at: str) -> str:
        """Return the condition that a time lies inside."""
        parts = [f"{at} >= {self.start}"] if self.start is not None else []
        parts += [f"{at} < {self.end}"] if self.end is not None else []
        return f"({' AND '.join(parts)})"


class Rows:
    """The rows of one column.

    Parameters
    ----------
    build : Build
    column : Column
    cut : date
    zone : ZoneInfo
    relation : Relation, optional
        The rows of `column.top` after a cap, whose conditions then hold already.
    """

    def __init__(
        self,
        build: Build,
        column: Column,
        cut: date,
        zone: ZoneInfo,
        relation: Relation | None = None,
    ) -> None:
        self.build = build
        self.column = column
        self.cut = cut
        self.zone = zone
        self.relation = relation or build.relation(column.of)
        self.scope = RowScope(self.relation, "f")
        self.at = self.scope.column(column.at) if column.at else None
        if self.at is not None and self.at.type.base not in ("time", "day"):
            raise Fault(f"at: must be a time, and {column.at} is {self.at.type.words}")
        self.printer: Printer = build.printer(self.scope, self._horizon())
        self.merchant = self.scope.column("merchant_id").sql

    def _horizon(self) -> dict[str, Term]:
        """Return until when consequences count, as the name `horizon`."""
        within = self.column.within
        if within == "cut" or self.at is None:
            return {"horizon": self.build.constants["cut"]}
        return {"horizon": Term(f"({self.at.sql} + {int(within) * DAY})", TIME)}

    @property
    def window(self) -> Window:
        """The bounds, in the unit of the anchor."""
        column = self.column
        if self.at is None:
            return Window(None, None)
        days = 1 if column.window == "all" else int(column.window)
        start, end = window_bounds(self.cut, days, column.lag, self.zone)
        if self.at.type.base == "day":
            end = self.build.cut_local - column.lag * DAY
            start = end - days * DAY
        return Window(None if column.window == "all" else start, end)

    def population(self) -> list[Condition]:
        """Return the condition of the population, if it has one."""
        if self.column.only != "valid":
            return []
        sql = self.build.valid(self.relation)
        return [Condition("the order counts", sql.replace('"', 'f."', 1))] if sql else []

    def where(self, texts: Iterable[str] | None = None) -> list[Condition]:
        """Return the conditions of `where`, each part of an `and` for itself."""
        found = []
        for text in self.column.where if texts is None else texts:
            for term in terms(parse(text)):
                sql = self.printer.term(term)
                if sql.type.base not in ("bool", "any"):
                    raise Fault(f"where: must be yes or no, and is {sql.type.words}")
                found.append(Condition(show(term), sql.sql))
        return found

    def inside(self) -> list[Condition]:
        """Return the condition that the anchor lies in the window."""
        if self.at is None:
            return []
        return [Condition(f"{self.column.at} in the window", self.window.sql(self.at.sql))]

    def conditions(self) -> list[Condition]:
        """Return everything that a row must meet."""
        if isinstance(self.relation, Capped):
            met = len(self.relation.rows.column.where)
            return self.where(self.column.where[met:])
        return [*self.inside(), *self.population(), *self.where()]

    def sql(self) -> str:
        """Return everything that a row must meet as one condition."""
        return all_of(self.conditions())

    def bounded(self, term: Term) -> str:
        """Return a value within `floor` and `cap`."""
        sql, spec = term.sql, self.column.spec
        unit = term.type.scale if term.type.base in ("number", "real") else 1
        if spec.cap is not None:
            most = round(spec.cap * unit)
            sql = f"CASE WHEN {sql} > {most} THEN {most} ELSE {sql} END"
        if spec.floor is not None:
            least = round(spec.floor * unit)
            sql = f"CASE WHEN {sql} < {least} THEN {least} ELSE {sql} END"
        return sql

    def weight(self) -> str | None:
        """Return what a row weighs by its age, in millionths; None where all weigh the same."""
        column = self.column
        if column.half_life is None:
            return None
        days = int(column.window) + column.lag
        local = self.scope.local(column.at).sql
        return weight_sql(local, str(self.build.cut_local), column.half_life, days)

    def late(self, before: int) -> int:
        """Return the instant `before` local days ahead of the end of the window."""
        _, end = window_bounds(self.cut, 1, self.column.lag + before, self.zone)
        return end

    def bool(self, text: str) -> str:
        """Return the SQL of a condition."""
        return self.printer.text(text, BOOL).sql


def all_of(conditions: Iterable[Condition]) -> str:
    """Return conditions joined by AND."""
    return " AND ".join(condition.sql for condition in conditions) or "TRUE"


def order_of(rows: Rows) -> list[str]:
    """Return a total order of the rows: by anchor or moment, then by key."""
    table = rows.relation.table
    order = [rows.at.sql] if rows.at is not None else []
    if table:
        log = LOG_TABLES[table]
        moment = [log.moment] if log.moment and rows.at is None else []
        for name in (*moment, *log.key):
            if not rows.build.has(table, name) or name not in rows.relation.columns:
                continue
            sql = rows.scope.column(name).sql
            order.append(f"COALESCE({sql}, {_OLDEST})" if name in moment else sql)
    if not order:
        raise Fault(f"the rows of {rows.column.of} have no order: give `at`")
    return order


class Capped:
    """The rows of a column after its cap per person; parts of the column read them."""

    market = False

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.name = f"rows_{rows.column.name}"
        self.table = rows.relation.table
        self.needs = {rows.relation.name: rows.relation}
        self.used: set[str] = set()
        most = rows.column.most
        assert most is not None
        person = rows.scope.column(most.a).sql
        among = [*rows.population(), *rows.where()]
        after: list[Condition] = []
        if most.days is None:
            among = [*rows.inside(), *among]
        else:
            # The days reach back beyond the window, so that its edge gives nobody more.
            after = rows.inside()
        self._kept = rank_sql(
            [rows.merchant, person],
            order_of(rows),
            all_of(among),
            n=most.n,
            micros=None if most.days is None else most.days * DAY,
            kept=[person],
        )
        self._after = all_of(after)

    @property
    def columns(self) -> Iterable[str]:
        """The columns of the relation below."""
        return self.rows.relation.columns

    def request(self, column: str, at: int | None = None) -> Term:
        """Return a column of the relation below."""
        term = self.rows.relation.request(column, at)
        self.used.add(term.sql.strip("()").split('"')[1])
        return term

    def sql(self) -> str:
        """Return the SELECT that makes it."""
        fields = ", ".join(f"f.{ident(name)}" for name in sorted(self.used))
        return (
            f'SELECT {fields} FROM (SELECT f.*, {self._kept} AS "_kept" '
            f'FROM {ident(self.rows.relation.name)} AS f) AS f WHERE "_kept" AND {self._after}'
        )
