"""From definitions to SQL: the statements that make an export of logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from trustscore.errors import InputError, suggest
from trustscore.logs import LOG_TABLES, clock_changes, load_zone, window_bounds
from trustscore.signals.aggregates import (
    Figure,
    Piece,
    cohort_sql,
    distinct_sql,
    exported,
    figure,
    last_sql,
    mode_sql,
    value_type,
)
from trustscore.signals.build import GIVEN, Build
from trustscore.signals.definitions import Definitions
from trustscore.signals.kept import Kept, earlier
from trustscore.signals.plan import Plan, PlannedColumn, Statement
from trustscore.signals.printer import Printer
from trustscore.signals.relations import Relation, VisibleLog
from trustscore.signals.resolve import Column
from trustscore.signals.rows import Capped, Rows
from trustscore.signals.tree import Fault, names, parse
from trustscore.signals.types import DAY, NotCollected, Term
from trustscore.signals.visible import ident

__all__ = ["Generator", "ShortLog", "generate"]


class _Figures:
    """The names of other columns, for those that are worked out of them."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def column(self, name: str, at: int | None = None) -> Term:
        """Return the figure of another column."""
        specs = {**self.generator.definitions.columns, **self.generator.definitions.hidden}
        if name not in specs:
            raise Fault(f"unknown column {name}{suggest(name, specs)}", at)
        return self.generator.term(name)

    def local(self, name: str, at: int | None = None) -> Term:
        """Refuse: a figure has no clock."""
        raise Fault(f"{name} is a figure and has no clock", at)

    def verdict(self, topic: str, at: int | None = None) -> Term:
        """Refuse: a verdict is on a row."""
        raise Fault("verdict is for conditions on rows", at)


class Generator:
    """Makes the statements of one export; see `generate`."""

    def __init__(
        self,
        definitions: Definitions,
        cut: date,
        collected: Mapping[str, frozenset[str]],
        *,
        zone: str | None = None,
        covers: Mapping[str, int] | None = None,
        include_removed: bool = False,
        unique: frozenset[str] = frozenset(),
        kept: Kept | None = None,
    ) -> None:
        self.definitions = definitions
        self.kept = kept
        self.cut = cut
        self.zone = load_zone(zone or definitions.market.tz)
        unknown = sorted(set(collected) - set(LOG_TABLES) - set(GIVEN))
        if unknown:
            hints = [f"{name}{suggest(name, LOG_TABLES)}" for name in unknown]
            raise InputError(f"unknown logs: {'; '.join(hints)}")
        _, instant = window_bounds(cut, 1, 0, self.zone)
        local = (cut - date(1970, 1, 1)).days * DAY
        changes = clock_changes(cut, self.zone)
        self.build = Build(definitions, collected, instant, local, changes, unique)
        self.covers = covers
        self.include_removed = include_removed
        self._figures: dict[str, Figure] = {}
        self._reasons: dict[str, NotCollected] = {}
        self._capped: dict[str, Capped] = {}
        self._homes: dict[str, Relation] = {}
        self._open: list[str] = []
        self.windows: dict[str, tuple[int | None, int | None]] = {}
        self.lost: dict[str, str] = {}

    # One column

    def rows(self, column: Column) -> Rows:
        """Return the rows of a column."""
        top = self.definitions.column(column.top)
        capped = top.most is not None and top.how != "distinct"
        relation = self._cap(top) if capped else None
        return Rows(self.build, column, self.cut, self.zone, relation)

    def _cap(self, top: Column) -> Capped:
        if top.name not in self._capped:
            self._capped[top.name] = Capped(Rows(self.build, top, self.cut, self.zone))
        return self._capped[top.name]

    def figure(self, name: str) -> Figure:
        """Return the figure of a column; raise `NotCollected` or `Fault`."""
        if name in self._reasons:
            raise self._reasons[name]
        if name not in self._figures:
            if name in self._open:
                raise Fault(f"goes in a circle: {' -> '.join([*self._open, name])}")
            self._open.append(name)
            try:
                self._figures[name] = self._make(self.definitions.column(name))
            except NotCollected as absent:
                self._reasons[name] = absent
                raise
            finally:
                self._open.pop()
        return self._figures[name]

    def term(self, name: str) -> Term:
        """Return the figure of a column as a term, blank where `blank_when` says so."""
        return self.figure(name).term

    def _make(self, column: Column) -> Figure:
        for table in column.needs:
            if table not in self.build.collected:
                raise NotCollected(table)
        if column.how == "value":
            found = Figure((), self._printer().text(column.what))
        else:
            found = self._of_rows(column)
        if column.spec.blank_when and column.how != "last":
            blank = self._printer().text(column.spec.blank_when).sql
            sql = f"CASE WHEN {blank} THEN NULL ELSE {found.term.sql} END"
            found = Figure(found.pieces, Term(f"({sql})", found.term.type), found.statement)
        return found

    def _printer(self) -> Printer:
        return self.build.printer(_Figures(self))

    def _of_rows(self, column: Column) -> Figure:
        rows = self.rows(column)
        window = rows.window
        self.windows[column.name] = (window.start, window.end)
        self.check_cover(column, rows)
        if self.kept is not None and (lost := self.kept.lost(column, rows)):
            self.lost[column.name] = lost
        makers = {"distinct": distinct_sql, "last": last_sql, "mode": mode_sql}
        if column.cohort:
            found = cohort_sql(rows)
        else:
            found = makers.get(column.how, figure)(rows)
        self._homes[column.name] = rows.relation
        return found

    def check_cover(self, column: Column, rows: Rows) -> None:
        """Raise `ShortLog` where the window begins before the log of its rows."""
        start, table = rows.window.start, rows.relation.table
        if self.covers is None or start is None or table not in self.covers:
            return
        if start < self.covers[table]:
            raise ShortLog(f"{table} begins inside the window of {column.window} days")

    def homes(self) -> list[Relation]:
        """Return the relations whose rows were asked for so far."""
        return list(self._homes.values())

    # All together

    def missing(self, name: str) -> str:
        """Return why a column cannot be made; empty if it can."""
        try:
            self.figure(name)
        except ShortLog as short:
            return f"short_log: {short.what}"
        except NotCollected as absent:
            return f"not_collected: {absent.what}"
        return ""

    def _wanted(self, wanted: list[str]) -> list[str]:
        """Return columns with those that they are worked out of."""
        found = dict.fromkeys(wanted)
        waiting = list(wanted)
        while waiting:
            column = self.definitions.column(waiting.pop())
            texts = [column.what] if column.how == "value" else []
            if column.spec.blank_when and column.how != "last":
                texts.append(column.spec.blank_when)
            for other in (name for text in texts for name in names(parse(text))):
                if other not in found and not self.missing(other):
                    found[other] = None
                    waiting.append(other)
        return list(found)

    def plan(self, columns: Iterable[str] | None = None) -> Plan:
        """Return the plan of all columns, or of some."""
        wanted = list(self.definitions.columns if columns is None else columns)
        for name in wanted:
            if name not in self.definitions.columns:
                hint = suggest(name, self.definitions.columns)
                raise InputError(f"no definition makes the column {name}{hint}")
        reasons = {name: self.missing(name) for name in wanted}
        made = [name for name in wanted if not reasons[name]]
        heads = self._merchants()
        tables, joined = self._tables(self._wanted(made))
        merchants = Statement("merchant_rows", heads)
        figures = Statement("figures", _figures_sql(joined, self.kept))
        parts = ['c."merchant_id"']
        parts += [f"{exported(self.term(name))} AS {ident(name)}" for name in made]
        export = Statement("export", f'SELECT {", ".join(parts)} FROM "figures" AS c')
        relations = self.ordered([*tables.values(), *self._row_relations()])
        market, local = _statements(relations)
        sums = [Statement(name, sql) for name, (sql, _) in joined.items()]
        return Plan(
            market=market,
            statements=(*local, merchants, *self._exclusions(), *sums, figures, export),
            columns=tuple(PlannedColumn(n, value_type(self.term(n).type)) for n in made),
            missing={name: reason for name, reason in reasons.items() if reason},
            unchecked=dict(self.build.unchecked),
            windows=dict(self.windows),
        )

    def plan_of(self, wanted: Iterable[Relation], last: Statement) -> Plan:
        """Return the plan of one statement and of the relations that it reads."""
        market, local = _statements(self.ordered(wanted))
        return Plan(market=market, statements=(*local, last), columns=())

    def _tables(
        self, wanted: list[str]
    ) -> tuple[dict[str, Relation], dict[str, tuple[str, list[Piece]]]]:
        """Return the relations that are read, and the statements that sum over them."""
        relations: dict[str, Relation] = {}
        sums: dict[str, list[Piece]] = {}
        joined: dict[str, tuple[str, list[Piece]]] = {}
        for name in wanted:
            found = self.figure(name)
            relation = self._homes.get(name)
            if relation is None:
                continue
            relations[relation.name] = relation
            if found.statement:
                joined[f"column_{name}"] = (found.statement, list(found.pieces))
            else:
                sums.setdefault(relation.name, []).extend(found.pieces)
        for relation_name, pieces in sums.items():
            fields = ", ".join(f"{piece.sql} AS {ident(piece.name)}" for piece in pieces)
            joined[f"sums_{relation_name}"] = (
                f'SELECT f."merchant_id", {fields} FROM {ident(relation_name)} AS f '
                'GROUP BY f."merchant_id"',
                pieces,
            )
        return relations, joined

    def _merchants(self) -> str:
        """Return the SELECT of the merchants that get a row."""
        collected = self.build.collected
        if "merchants" in collected:
            known = self.build.relation("logs.merchants")
            merchant = known.request("merchant_id").sql
            status = self.build.maybe(known, "status")
            since = self.build.maybe(known, "valid_from", "BIGINT")
            kept = "" if self.include_removed else " AND COALESCE(\"status\", '') <> 'removed'"
            return (
                f'SELECT "merchant_id" FROM (SELECT {merchant}, {status} AS "status", '
                f"ROW_NUMBER() OVER (PARTITION BY {merchant} "
                f'ORDER BY COALESCE({since}, -9223372036854775808) DESC) AS "_n" '
                f'FROM {ident(known.name)}) AS t WHERE "_n" = 1{kept}'
            )
        # Without the log of merchants those that sold anything, else anybody of any log.
        tables = ["orders"] if "orders" in collected else sorted(set(collected) & set(LOG_TABLES))
        parts = []
        for table in tables:
            known = self.build.relation(f"logs.{table}")
            merchant = known.request("merchant_id").sql
            parts.append(f"SELECT {merchant} FROM {ident(known.name)} GROUP BY {merchant}")
        if self.kept is not None:
            parts.append('SELECT "merchant_id" FROM "firsts"')
        if not parts:
            raise InputError("no logs: there is nothing to count")
        below = " UNION ALL ".join(parts)
        return f'SELECT "merchant_id" FROM ({below}) AS t GROUP BY "merchant_id"'

    def _row_relations(self) -> list[Relation]:
        if "merchants" in self.build.collected:
            found = [self.build.relation("logs.merchants")]
        elif "orders" in self.build.collected:
            found = [self.build.relation("logs.orders")]
        else:
            tables = sorted(set(self.build.collected) & set(LOG_TABLES))
            found = [self.build.relation(f"logs.{table}") for table in tables]
        if self._has_exclusions():
            found.append(self.build.relation("order_exclusions"))
        return found

    def _has_exclusions(self) -> bool:
        return "orders" in self.build.collected and bool(self.definitions.file.exclusions)

    def _exclusions(self) -> list[Statement]:
        if not self._has_exclusions():
            return []
        return [
            Statement(
                "exclusions",
                'SELECT "merchant_id", "because", COUNT(*) AS "orders" FROM "order_exclusions" '
                'GROUP BY "merchant_id", "because"',
            )
        ]

    def ordered(self, wanted: Iterable[Relation]) -> list[Relation]:
        """Return relations with those they need, each after what it reads."""
        done: dict[str, Relation] = {}
        way: list[str] = []

        def visit(relation: Relation) -> None:
            if relation.name in done:
                return
            if relation.name in way:
                raise Fault(f"facts go in a circle: {' -> '.join([*way, relation.name])}")
            way.append(relation.name)
            for needed in relation.needs.values():
                visit(needed)
            way.pop()
            done[relation.name] = relation

        for relation in wanted:
            visit(relation)
        return list(done.values())


class ShortLog(NotCollected):
    """A window begins before its log does."""


def _statements(
    relations: Iterable[Relation],
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """Return the statements of the whole market, and those of a bucket."""
    found: dict[bool, list[Statement]] = {True: [], False: []}
    for relation in relations:
        if sql := relation.sql():
            # Without versions to choose from, a log is read where it stands.
            view = isinstance(relation, VisibleLog) and relation.unique
            found[relation.market].append(Statement(relation.name, sql, view))
    return tuple(found[True]), tuple(found[False])


def _figures_sql(joined: Mapping[str, tuple[str, list[Piece]]], kept: Kept | None) -> str:
    parts, joins = ['m."merchant_id"'], []
    for i, (name, (_, pieces)) in enumerate(joined.items()):
        alias = f"s{i}"
        joins.append(
            f' LEFT JOIN {ident(name)} AS {alias} ON m."merchant_id" = {alias}."merchant_id"'
        )
        for piece in pieces:
            column = f"{alias}.{ident(piece.name)}"
            sql = column if piece.empty == "NULL" else f"COALESCE({column}, {piece.empty})"
            if kept is not None and piece.name in kept.firsts:
                sql = earlier(column, f"k.{ident(piece.name)}")
            parts.append(f"{sql} AS {ident(piece.name)}")
    if kept is not None:
        joins.append(' LEFT JOIN "firsts" AS k ON m."merchant_id" = k."merchant_id"')
    return f'SELECT {", ".join(parts)} FROM "merchant_rows" AS m{"".join(joins)}'


def generate(
    definitions: Definitions,
    cut: date,
    collected: Mapping[str, frozenset[str]],
    *,
    zone: str | None = None,
    columns: Iterable[str] | None = None,
    covers: Mapping[str, int] | None = None,
    include_removed: bool = False,
    unique: frozenset[str] = frozenset(),
    kept: Kept | None = None,
) -> Plan:
    """Return the SQL that makes an export of logs.

    Parameters
    ----------
    definitions : Definitions
    cut : date
        Nothing that happened on this day or later exists.
    collected : mapping of str to frozenset of str
        The columns of each log that is there.
    zone : str, optional
        Zone of the market; that of the definitions by default.
    columns : iterable of str, optional
        Only those.
    covers : mapping of str to int, optional
        First instant of each log, in microseconds UTC: no window may begin earlier.
    include_removed : bool, default=False
        Whether removed merchants get a row.
    unique : frozenset of str, optional
        Logs of which it is known that no key stands on two rows: no newest version is looked for.
    kept : Kept, optional
        From when on a pruned store holds rows, and which first events it knows beside them.

    Returns
    -------
    Plan

    Examples
    --------
    >>> from trustscore.signals import load_definitions
    >>> logs = {"orders": frozenset(["merchant_id", "order_id", "paid_at"])}
    >>> plan = generate(load_definitions("default"), date(2026, 2, 1), logs)
    >>> plan.missing["orders_delivered"], plan.statements[-1].name
    ('not_collected: shipments', 'export')
    """
    made = Generator(
        definitions,
        cut,
        collected,
        zone=zone,
        covers=covers,
        include_removed=include_removed,
        unique=unique,
        kept=kept,
    )
    return made.plan(columns)
