"""One build: which relations there are for these logs and this cut, made as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from trustscore.errors import suggest
from trustscore.logs import LOG_TABLES
from trustscore.signals.builders import BUILDERS
from trustscore.signals.facts import Fact
from trustscore.signals.printer import Printer, Scope
from trustscore.signals.relations import Built, Relation, VisibleLog
from trustscore.signals.spec import FactSpec
from trustscore.signals.tree import Fault
from trustscore.signals.types import BOOL, LOCAL_DAY, TEXT, TIME, NotCollected, Term, number

if TYPE_CHECKING:
    from trustscore.signals.definitions import Definitions

__all__ = ["GIVEN", "Build"]

GIVEN = {
    "previous": {"merchant_id": Term("", TEXT), "poor": Term("", BOOL)},
    "baselines": {"category": Term("", TEXT), "rate": Term("", number(1_000_000))},
}
"""Tables of earlier runs that a session may offer beside the logs."""


class Build:
    """The relations of one plan.

    Parameters
    ----------
    definitions : Definitions
    collected : mapping of str to frozenset of str
    cut, cut_local : int
        The cut as microseconds UTC, and its local clock since 1970-01-01T00:00.
    changes : tuple of (int, int, int)
        When the clock of the market was put forward or back.
    unique : frozenset of str
        Logs of which it is known that no key stands on two rows.
    """

    def __init__(
        self,
        definitions: Definitions,
        collected: Mapping[str, frozenset[str]],
        cut: int,
        cut_local: int,
        changes: tuple[tuple[int, int, int], ...] = (),
        unique: frozenset[str] = frozenset(),
    ) -> None:
        self.definitions = definitions
        self.collected = collected
        self.cut = cut
        self.cut_local = cut_local
        self.changes = changes
        self.unique = unique
        self.policy = definitions.file.policy
        self.picked: dict[tuple[str, str], dict[str, str]] = {}
        self.unchecked: dict[str, str] = {}
        self._relations: dict[str, Relation] = {}
        self._absent: dict[str, NotCollected] = {}
        self._open: list[str] = []
        self._exclusions: list[str] | None = None
        self.constants = {
            "cut": Term(str(cut), TIME),
            "cut_local": Term(str(cut_local), TIME),
            "cut_day": Term(str(cut_local), LOCAL_DAY),
        }

    def has(self, table: str, column: str) -> bool:
        """Return whether a column of a log was collected, itself or what is made of it."""
        have = self.collected.get(table)
        if have is None:
            return False
        base, _, kind = column.rpartition("_")
        return column in have or (kind in ("local", "letters", "hash") and base in have)

    def must_have(self, table: str, column: str) -> None:
        """Raise `NotCollected` where a column of a log was not collected."""
        if table not in self.collected:
            raise NotCollected(table)
        if not self.has(table, column):
            raise NotCollected(f"{table}.{column}")

    def maybe(self, relation: Relation, column: str, kind: str = "") -> str:
        """Return the SQL of a column, blank where it was not collected."""
        try:
            return relation.request(column).sql
        except NotCollected:
            kinds = {"decided_at": "BIGINT", "score": "BIGINT"}
            return f"CAST(NULL AS {kind or kinds.get(column, 'VARCHAR')})"

    def printer(self, scope: Scope, constants: Mapping[str, Term] | None = None) -> Printer:
        """Return a printer over a scope."""
        known = {**self.constants, **(constants or {})}
        return Printer(scope, self.definitions.settings, known, self.changes)

    def relation(self, source: str, asked_by: Relation | None = None) -> Relation:
        """Return a relation by name: a fact, a built table, or a log."""
        if source in self._absent:
            raise self._absent[source]
        if source not in self._relations:
            if source in self._open:
                circle = " -> ".join([*self._open[self._open.index(source) :], source])
                raise Fault(f"facts go in a circle: {circle}")
            self._open.append(source)
            try:
                self._relations[source] = self._make(source)
            except NotCollected as absent:
                self._absent[source] = absent
                raise
            finally:
                self._open.pop()
        return self._relations[source]

    def _make(self, source: str) -> Relation:
        kind, _, name = source.rpartition(".")
        if not kind and name in self.definitions.file.facts:
            return Fact(self, name, self._spec(name))
        if not kind and name in BUILDERS:
            return BUILDERS[name](self)
        if not kind and name in GIVEN:
            if name not in self.collected:
                raise NotCollected(name)
            return Built(name, GIVEN[name], lambda: "")
        if name in LOG_TABLES and not kind:
            return Fact(self, name, FactSpec.model_validate({}))
        if name in LOG_TABLES and kind in ("logs", "all"):
            if name not in self.collected:
                raise NotCollected(name)
            return VisibleLog(self, name, market=kind == "all")
        raise Fault(f"unknown fact or log {source}{suggest(name, self.sources())}")

    def sources(self) -> list[str]:
        """Return the names that `of` and `from` may have."""
        return [*self.definitions.file.facts, *BUILDERS, *LOG_TABLES, *GIVEN]

    def _spec(self, name: str) -> FactSpec:
        spec = self.definitions.file.facts[name]
        if name != "order_checks":
            return spec
        # Each reason is a column of its own, so that it can be asked for and counted.
        reasons = {f"excluded_{k}": text for k, text in self.definitions.file.exclusions.items()}
        return spec.model_copy(update={"fields": {**spec.fields, **reasons}})

    def keep(self, relation: Relation) -> None:
        """Have a relation that another one makes along the way."""
        self._relations[relation.name] = relation

    def exclusions(self) -> Iterator[str]:
        """Yield the reasons that can be looked at; take note of the others."""
        checks = self.relation("order_checks")
        for because in self.definitions.file.exclusions:
            try:
                checks.request(f"excluded_{because}")
            except NotCollected as absent:
                self.unchecked[because] = f"not_collected: {absent.what}"
            else:
                yield because

    def persons_known(self) -> bool:
        """Return whether anything tells that two buyers are one person."""
        return any(self.has("orders", kind) for kind in ("device_id", "pay_account_id"))

    def known_topic(self, topic: str, at: int | None = None) -> None:
        """Raise `Fault` where no finding can have this topic."""
        topics = LOG_TABLES["findings"]["topic"].classes
        if topic not in topics:
            raise Fault(f"unknown topic {topic}{suggest(topic, topics)}", at)

    def valid(self, relation: Relation) -> str:
        """Return the condition that a row's order counts, or that it has none; empty if always."""
        if not self.definitions.file.exclusions or "orders" not in self.collected:
            return ""
        if not isinstance(relation, Fact) or "order_id" not in relation.columns:
            return ""
        try:
            term = relation.request("excluded_because")
        except NotCollected:
            # Without the order no row of it can be left out.
            return ""
        return f"({term.sql} IS NULL)"

    def known(self) -> dict[str, Relation]:
        """Return all relations by their name in SQL."""
        return {relation.name: relation for relation in self._relations.values()}
