"""Relations that expressions read: visible logs, facts derived from them, and built tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from trustscore.errors import suggest
from trustscore.logs import LOG_TABLES, LogColumn
from trustscore.signals.tree import Fault
from trustscore.signals.types import BOOL, INTEGER, TIME, NotCollected, Term, of_log
from trustscore.signals.visible import ident, visible_sql

if TYPE_CHECKING:
    from trustscore.signals.build import Build

__all__ = ["Built", "Relation", "RowScope", "VisibleLog", "log_column"]


class Relation(Protocol):
    """A table that a statement makes, from the columns that were asked of it."""

    name: str
    market: bool
    needs: dict[str, Relation]

    def request(self, column: str, at: int | None = None) -> Term:
        """Return a column by its bare name, which the statement then has."""

    def sql(self) -> str:
        """Return the SELECT that makes it."""

    @property
    def columns(self) -> Iterable[str]:
        """The names that an expression may use."""

    @property
    def table(self) -> str:
        """The log whose rows they are, empty if there is no single one."""


def log_column(table: str, name: str) -> Term | None:
    """Return the type of a column that the session offers of a log, or None.

    Beside those of the registry these are the local clock of each time, and of each text the
    number of its letters, the hash of its normal form and the flags of its topics.
    """
    log = LOG_TABLES[table]
    if name in log:
        column: LogColumn = log[name]
        return None if column.type == "text" else Term("", of_log(column.type), column.classes)
    base, _, kind = name.rpartition("_")
    if kind == "local" and base in log and log[base].type == "time":
        return Term("", INTEGER)
    if kind in ("letters", "hash") and base in log and log[base].type == "text":
        return Term("", INTEGER if kind == "letters" else of_log("id"))
    flags = {flag for text in log.of_type("text") for flag in text.flags}
    return Term("", BOOL) if name in flags else None


class VisibleLog:
    """The newest visible version of each row of a log."""

    def __init__(self, build: Build, table: str, market: bool = False) -> None:
        self.build = build
        self.table = table
        self.market = market
        self.name = f"all_known_{table}" if market else f"known_{table}"
        self.needs: dict[str, Relation] = {}
        self.used: set[str] = set()

    @property
    def columns(self) -> Iterable[str]:
        """The columns of the log."""
        log = LOG_TABLES[self.table]
        texts = [f"{column.name}_letters" for column in log.of_type("text")]
        return [*(c.name for c in log.columns if c.type != "text"), *texts]

    def request(self, column: str, at: int | None = None) -> Term:
        """Return a column of the log."""
        found = log_column(self.table, column)
        if found is None:
            raise Fault(f"unknown column {column}{suggest(column, self.columns)}", at)
        self.build.must_have(self.table, column)
        self.used.add(column)
        sql = ident(column)
        if found.type.base == "day":
            sql = f"({sql} * 86400000000)"
        return Term(sql, found.type, found.words)

    @property
    def key(self) -> frozenset[str]:
        """The columns that no two rows have in common: those of its key that are there."""
        collected = self.build.collected[self.table]
        return frozenset(name for name in LOG_TABLES[self.table].row_key if name in collected)

    @property
    def unique(self) -> bool:
        """Whether it is known that no key stands on two rows of it."""
        return self.table in self.build.unique

    def sql(self) -> str:
        """Return the SELECT that makes it; empty if nothing of it is read."""
        if not self.used:
            return ""
        build = self.build
        source = f"all_{self.table}" if self.market else self.table
        return visible_sql(
            self.table,
            source,
            self.used,
            build.collected[self.table],
            build.cut,
            build.cut_local // 86_400_000_000,
            unique=self.unique,
        )


class Built:
    """A table made by code: it needs an order of rows or several passes.

    Parameters
    ----------
    name : str
    columns : dict of str to Term
        Their types.
    make : callable
        Returns the SELECT; called once, when the table is first asked for.
    needs : iterable of Relation
    market : bool
        Whether it is made once for all merchants.
    """

    def __init__(
        self,
        name: str,
        columns: dict[str, Term],
        make: Callable[[], str],
        needs: Iterable[Relation] = (),
        *,
        market: bool = False,
        table: str = "",
    ) -> None:
        self.name = name
        self.types = columns
        self.market = market
        self.table = table
        self.needs = {relation.name: relation for relation in needs}
        self._sql = make()

    @property
    def columns(self) -> Iterable[str]:
        """The columns it has."""
        return self.types

    def request(self, column: str, at: int | None = None) -> Term:
        """Return one of its columns."""
        if column not in self.types:
            raise Fault(f"unknown column {column}{suggest(column, self.types)}", at)
        found = self.types[column]
        return Term(ident(column), found.type, found.words)

    def sql(self) -> str:
        """Return the SELECT that makes it."""
        return self._sql


class RowScope:
    """The names of one relation, each with its alias in front."""

    def __init__(self, relation: Relation, alias: str) -> None:
        self.relation = relation
        self.alias = alias

    def _put(self, term: Term) -> Term:
        # Days are stored as numbers and read as microseconds: the factor stands outside.
        sql = term.sql.replace('"', f'{self.alias}."', 1)
        return Term(sql, term.type, term.words)

    def column(self, name: str, at: int | None = None) -> Term:
        """Return the SQL of a column."""
        return self._put(self.relation.request(name, at))

    def local(self, name: str, at: int | None = None) -> Term:
        """Return the SQL of the local clock of a time column."""
        term = self.relation.request(name, at)
        if term.type.base == "day":
            return self._put(term)
        if term.type != TIME:
            raise Fault(f"needs a time, and {name} is {term.type.words}", at)
        return self._put(self.relation.request(f"{name}_local", at))

    def verdict(self, topic: str, at: int | None = None) -> Term:
        """Return the SQL of a verdict on the row."""
        return self._put(self.relation.request(f"verdict {topic}", at))


def not_collected(table: str, column: str = "") -> NotCollected:
    """Return that a log or a column of it is not there."""
    return NotCollected(f"{table}.{column}" if column else table)
