"""Facts: a log with what is derived of each of its rows, as one SELECT."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trustscore.errors import suggest
from trustscore.signals.folds import fold_term
from trustscore.signals.relations import Relation, RowScope, VisibleLog
from trustscore.signals.spec import FactSpec, JoinSpec, RankSpec
from trustscore.signals.tree import Fault
from trustscore.signals.types import BOOL, INTEGER, TIME, Term
from trustscore.signals.visible import ident

if TYPE_CHECKING:
    from trustscore.signals.build import Build

__all__ = ["SUBJECTS", "Fact"]

SUBJECTS = {
    "orders": ("order", "order_id"),
    "order_items": ("item", "item_id"),
    "reviews": ("review", "review_id"),
    "chat_sessions": ("chat", "chat_id"),
    "live_sessions": ("live_session", "session_id"),
    "listings": ("listing", "item_id"),
    "merchants": ("merchant", "merchant_id"),
}
"""What a finding on a row of a log is about: the kind of subject, and the column with its id."""


class Fact:
    """One derived fact; the inner scope of its own expressions.

    Parameters
    ----------
    build : Build
    name : str
    spec : FactSpec
    """

    market = False

    def __init__(self, build: Build, name: str, spec: FactSpec) -> None:
        self.build = build
        self.spec = spec
        self.key = name
        self.name = f"fact_{name}"
        self.needs: dict[str, Relation] = {}
        self.used: dict[str, str] = {}
        self._terms: dict[str, Term] = {}
        self._open: set[str] = set()
        self._joins: dict[str, tuple[str, dict[str, str]]] = {}
        self._source: dict[str, Relation] = {}
        self._homes = {
            field: (join, held)
            for join, held in spec.fields.items()
            if isinstance(held, JoinSpec)
            for field in (*held.take, *held.fold)
        }
        self.base: Relation | None = None
        self.where = ""
        if not spec.union:
            self.base = build.relation(spec.of or f"logs.{name}", self)
            self.needs[self.base.name] = self.base
        self.printer = build.printer(self)
        if spec.where:
            self.where = self.printer.text(spec.where, BOOL).sql

    @property
    def table(self) -> str:
        """The log whose rows they are."""
        return self.base.table if self.base is not None else ""

    @property
    def columns(self) -> Iterable[str]:
        """The names that an expression may use."""
        own = [f for f, held in self.spec.fields.items() if not isinstance(held, JoinSpec)]
        below = self.base.columns if self.base is not None else self.spec.union[0].take
        return [*own, *self._homes, *below]

    # The scope of its own expressions

    def column(self, name: str, at: int | None = None) -> Term:
        """Return the SQL of a column inside the fact."""
        if name in self._terms:
            return self._terms[name]
        if name in self._open:
            raise Fault(f"{name} goes in a circle", at)
        self._open.add(name)
        try:
            term = self._find(name, at)
        finally:
            self._open.discard(name)
        self._terms[name] = term
        return term

    def _find(self, name: str, at: int | None) -> Term:
        held = self.spec.fields.get(name)
        if isinstance(held, str):
            try:
                term = self.printer.text(held)
            except Fault as fault:
                raise Fault(f"facts.{self.key}.{name}: {fault}") from None
            return Term(f"({term.sql})", term.type, term.words)
        if isinstance(held, RankSpec):
            return self._rank(name, held)
        if name in self._homes:
            return self._joined(name)
        if name.startswith("verdict "):
            return self._verdict(name.removeprefix("verdict "), at)
        if name == "excluded_because" and self.key != "order_checks":
            return self._excluded()
        if name == "person" and self.table == "orders":
            return self._person()
        if self.base is None:
            return self._united(name, at)
        try:
            return RowScope(self.base, "b").column(name, at)
        except Fault:
            if name in self.base.columns:
                raise
            hint = suggest(name, self.columns)
            raise Fault(f"unknown column {name}{hint}", at) from None

    def local(self, name: str, at: int | None = None) -> Term:
        """Return the SQL of the local clock of one of its times."""
        key = f"{name}_local"
        if key in self._terms:
            return self._terms[key]
        held = self.spec.fields.get(name)
        if isinstance(held, str):
            term = Term(self.printer.local(held), INTEGER)
        elif name in self._homes:
            term = self._joined(name, local=True)
        elif self.base is None:
            self.column(name, at)
            term = self._united(key, at)
        else:
            term = RowScope(self.base, "b").local(name, at)
        self._terms[key] = term
        return term

    def verdict(self, topic: str, at: int | None = None) -> Term:
        """Return the SQL of a verdict on its row."""
        return self.column(f"verdict {topic}", at)

    # What others ask of it

    def request(self, column: str, at: int | None = None) -> Term:
        """Return a column by its bare name, which the statement then has."""
        base, _, kind = column.rpartition("_")
        if kind == "local" and column not in self.spec.fields and base in self.columns:
            term = self.local(base, at)
        else:
            term = self.column(column, at)
        name = column.replace(" ", "_")
        self.used[name] = term.sql
        return Term(ident(name), term.type, term.words)

    def sql(self) -> str:
        """Return the SELECT that makes it; empty if nothing of it is read."""
        if not self.used:
            return ""
        parts = [f"{sql} AS {ident(name)}" for name, sql in sorted(self.used.items())]
        if self.base is not None:
            source = f"{ident(self.base.name)} AS b"
        else:
            source = f"({self._union_sql()}) AS b"
        joins = []
        for join, (source_sql, columns) in self._joins.items():
            on = " AND ".join(f"b.{ident(a)} = {join}.{ident(k)}" for a, k in columns.items())
            joins.append(f" LEFT JOIN ({source_sql}) AS {join} ON {on}")
        below = f"FROM {source}{''.join(joins)}"
        if not self.where:
            return f"SELECT {', '.join(parts)} {below}"
        # A rank must be known before rows can be chosen by it.
        names = ", ".join(ident(name) for name in sorted(self.used))
        kept = f'{self.where} AS "_kept"'
        return (
            f'SELECT {names} FROM (SELECT {", ".join([*parts, kept])} {below}) AS t WHERE "_kept"'
        )

    # Fields of each kind

    def _need(self, source: str) -> Relation:
        relation = self.build.relation(source, self)
        self.needs[relation.name] = relation
        return relation

    def _on(self, columns: Iterable[str]) -> None:
        """Have the base carry the columns of a join."""
        for column in columns:
            if self.base is not None:
                self.base.request(column)
            else:
                self._united(column, None)

    def _joined(self, name: str, *, local: bool = False) -> Term:
        join, spec = self._homes[name]
        alias = f"j_{join}"
        relation = self._source.get(join) or self._need(spec.source)
        self._source[join] = relation
        scope = RowScope(relation, "s")
        printer = self.build.printer(scope)
        self._on(spec.on)
        theirs = spec.equals or spec.on
        keys = [scope.column(column).sql for column in theirs]
        where = f" WHERE {printer.text(spec.where, BOOL).sql}" if spec.where else ""
        field = f"{name}_local" if local else name
        alone = isinstance(relation, VisibleLog) and relation.key <= set(theirs)
        picked = self.build.picked.setdefault((self.key, join), {})
        if spec.pick:
            term = printer.text(spec.take[name])
            inner = printer.local(spec.take[name]) if local else term.sql
        else:
            folded = fold_term(printer, name, spec.fold[name], local=local)
            term, inner = folded.result, folded.single if alone else folded.sql
        picked[field] = inner
        named = [f"{key} AS {ident(f'k{i}')}" for i, key in enumerate(keys)]
        fields = [f"{sql} AS {ident(f)}" for f, sql in sorted(picked.items())]
        source = f"{ident(relation.name)} AS s"
        if spec.pick:
            way = " DESC" if spec.pick == "last" else ""
            order = ", ".join(f"{scope.column(column).sql}{way}" for column in spec.by)
            order_by = f"ROW_NUMBER() OVER (PARTITION BY {', '.join(keys)} ORDER BY {order})"
            sql = (
                f'SELECT * FROM (SELECT {", ".join([*named, *fields])}, {order_by} AS "_n" '
                f'FROM {source}{where}) AS p WHERE "_n" = 1'
            )
        else:
            # The newest version of a key is one row: there is nothing to fold.
            group = "" if alone else f" GROUP BY {', '.join(keys)}"
            sql = f"SELECT {', '.join([*named, *fields])} FROM {source}{where}{group}"
        self._joins[alias] = (sql, {a: f"k{i}" for i, a in enumerate(spec.on)})
        found = f"{alias}.{ident(field)}"
        if not spec.pick:
            found = folded.outer(found)
        return Term(found, INTEGER if local else term.type, term.words)

    def _rank(self, name: str, spec: RankSpec) -> Term:
        where = self.printer.text(spec.where, BOOL).sql if spec.where else "TRUE"
        group = [self.column(column) for column in spec.rank]
        keys = [self.column("merchant_id").sql, *(term.sql for term in group)]
        order = [self.column(column) for column in spec.by]
        return Term(
            rank_sql(
                keys,
                [term.sql for term in order],
                where,
                last=spec.last,
                n=spec.n,
                micros=None if spec.days is None else spec.days * 86_400_000_000,
                kept=[term.sql for term in group] if spec.blank == "kept" else [],
            ),
            BOOL,
        )

    def _verdict(self, topic: str, at: int | None) -> Term:
        if self.table not in SUBJECTS:
            raise Fault(f"nobody judges a row of {self.key}: verdict has no subject here", at)
        self.build.known_topic(topic, at)
        kind, subject = SUBJECTS[self.table]
        relation = self._need("judgements")
        scope = RowScope(relation, "s")
        self._on(["merchant_id", subject])
        picked = self.build.picked.setdefault((self.key, "verdict"), {})
        picked[topic] = (
            f"MAX(CASE WHEN {scope.column('topic').sql} = '{topic}' "
            f"AND {scope.column('counts').sql} THEN 1 ELSE 0 END)"
        )
        fields = [f"{sql} AS {ident(f)}" for f, sql in sorted(picked.items())]
        sql = (
            f'SELECT s."merchant_id", s."subject_id", {", ".join(fields)} '
            f"FROM {ident(relation.name)} AS s WHERE s.\"subject_kind\" = '{kind}' "
            'GROUP BY s."merchant_id", s."subject_id"'
        )
        self._joins["j_verdict"] = (sql, {"merchant_id": "merchant_id", subject: "subject_id"})
        return Term(f"(COALESCE(j_verdict.{ident(topic)}, 0) = 1)", BOOL)

    def _excluded(self) -> Term:
        relation = self._need("order_exclusions")
        self._on(["merchant_id", "order_id"])
        sql = f"SELECT * FROM {ident(relation.name)}"
        self._joins["j_excluded"] = (sql, {c: c for c in ("merchant_id", "order_id")})
        return Term('j_excluded."because"', relation.request("because").type)

    def _person(self) -> Term:
        buyer = self.column("buyer_id")
        if not self.build.persons_known():
            return buyer
        relation = self._need("persons")
        self._on(["merchant_id", "buyer_id"])
        sql = f"SELECT * FROM {ident(relation.name)}"
        self._joins["j_person"] = (sql, {c: c for c in ("merchant_id", "buyer_id")})
        return Term(f'COALESCE(j_person."person", {buyer.sql})', buyer.type)

    # Unions

    def _united(self, name: str, at: int | None) -> Term:
        local = name.endswith("_local")
        plain = name.removesuffix("_local") if local else name
        if plain not in self.spec.union[0].take:
            hint = suggest(name, self.columns)
            raise Fault(f"unknown column {name}{hint}", at)
        kind = None
        for i, part in enumerate(self.spec.union):
            relation = self._source.get(str(i))
            if relation is None:
                relation = self._source[str(i)] = self._need(part.source)
            printer = self.build.printer(RowScope(relation, "s"))
            term = printer.text(part.take.get(plain, "null"))
            kind = kind if kind is not None and term.type.base == "any" else term
            picked = self.build.picked.setdefault((self.key, str(i)), {})
            picked[name] = printer.local(part.take[plain]) if local else term.sql
            if part.where and "" not in picked:
                picked[""] = printer.text(part.where, BOOL).sql
        assert kind is not None
        return Term(f"b.{ident(name)}", TIME if local else kind.type, kind.words)

    def _union_sql(self) -> str:
        parts = []
        for i, _ in enumerate(self.spec.union):
            picked = self.build.picked[self.key, str(i)]
            fields = [f"{sql} AS {ident(f)}" for f, sql in sorted(picked.items()) if f]
            where = f" WHERE {picked['']}" if "" in picked else ""
            parts.append(
                f"SELECT {', '.join(fields)} FROM {ident(self._source[str(i)].name)} AS s{where}"
            )
        return " UNION ALL ".join(parts)


def rank_sql(
    keys: list[str],
    order: list[str],
    where: str,
    *,
    last: bool = False,
    n: int = 1,
    micros: int | None = None,
    kept: list[str] | tuple[str, ...] = (),
) -> str:
    """Return whether a row is among the first `n` of its group, in the last `micros` if given."""
    way = " DESC" if last else ""
    window = f"PARTITION BY {', '.join(keys)}, CASE WHEN {where} THEN 1 ELSE 0 END ORDER BY " + (
        ", ".join(f"{term}{way}" for term in order)
    )
    if micros is None:
        found = f"ROW_NUMBER() OVER ({window}) <= {n}"
    else:
        before = f"MIN({order[0]}) OVER ({window} ROWS BETWEEN {n} PRECEDING AND {n} PRECEDING)"
        found = f"COALESCE({order[0]} - {before} >= {micros}, TRUE)"
    for term in kept:
        found = f"({term} IS NULL OR {found})"
    return f"COALESCE({where} AND {found}, FALSE)"
