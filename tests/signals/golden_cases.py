"""Golden cases: small logs in TOML, each with a value that was worked out by hand.

A file of ``tests/signals/golden`` holds ``[defaults.TABLE]`` (cells that rows have unless they say
otherwise) and ``[[case]]`` tables::

    [[case]]
    column = "orders_paid"
    value = 2                        # or blank = true
    why = "the sentence why"
    also = { orders_paid_90d = 3 }   # further values of the same log
    [case.logs]
    orders = [ { paid_at = "-30d" }, { paid_at = "-30d-1us" } ]

Times count from the cut: ``-30d`` is the start of the local day 30 days before it, ``-30d 18:00`` a
clock of that day; ``+2h``, ``-1us`` and so on are added to it. Other times are ISO 8601. An empty
text is a blank cell, "-" no cell at all, an id "*" another one each time. What a row leaves out of
its key is made up. A row may hold rows of other logs that belong to it, by their short name:
``parcel``, ``case``, ``review``, ``finding``... ``times = 5`` repeats a row.

``edges`` of a case adds the four rows of a window [W, L]: on its start and a microsecond before its
end, which count, and twice a microsecond before its start and on its end, which do not.

All cases of one cut are run at once, each with its own merchants and ids; `alone = true` keeps one
for itself, as it is about which merchants there are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from tests.signals import duck
from trustscore.logs import LOG_TABLES
from trustscore.signals import Definitions, Plan, generate

FOLDER = Path(__file__).parent / "golden"
AS_OF, TZ = "2026-06-15", "Asia/Shanghai"
MERCHANT = "m"
LONGEST = 12

Rows = list[dict[str, Any]]
Group = tuple[str, str, bool]

CHILDREN = {
    "parcel": "shipments",
    "case": "aftersales",
    "item": "order_items",
    "review": "reviews",
    "claim": "claims",
    "ticket": "tickets",
    "survey": "surveys",
    "check": "inspections",
    "finding": "findings",
    "scan": "tracking_events",
    "message": "chat_messages",
    "vote": "live_votes",
    "report": "live_reports",
    "warning": "live_warnings",
}
SUBJECT = {
    "orders": ("order", "order_id"),
    "order_items": ("item", "item_id"),
    "reviews": ("review", "review_id"),
    "chat_sessions": ("chat", "chat_id"),
    "live_sessions": ("live_session", "session_id"),
    "listings": ("listing", "item_id"),
}
UNIT = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "us": 1}
_TIME = re.compile(r"(?:([+-]\d+)d(?: (\d\d:\d\d(?::\d\d)?))?)?((?:[+-]\d+(?:d|h|m|s|us))*)")


@dataclass(frozen=True)
class Case:
    """One log and what comes of it."""

    file: str
    number: int
    column: str
    values: Mapping[str, Any]
    why: str
    as_of: str
    tz: str
    alone: bool
    logs: Mapping[str, Rows]
    written: int
    previous: Mapping[str, bool]
    merchant: str = MERCHANT
    absent: bool = False
    name: str = field(default="")

    @property
    def group(self) -> Group:
        """Return what must be equal for cases to be run at once."""
        return self.as_of, self.tz, self.alone

    def of(self, values: Mapping[str, Any]) -> Case:
        """Return the case with some of its values only."""
        return replace(self, values=values)


def moment(text: str, day: date, zone: ZoneInfo) -> datetime:
    """Return the time that a cell means."""
    found = _TIME.fullmatch(text)
    if not text or found is None:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=zone)
    days, clock, rest = found.groups()
    local = datetime.combine(
        day + timedelta(days=int(days or 0)), time.fromisoformat(clock or "00:00"), zone
    )
    more = sum(int(n) * UNIT[unit] for n, unit in re.findall(r"([+-]\d+)(us|d|h|m|s)", rest))
    return local.astimezone(UTC) + timedelta(microseconds=more)


class _Maker:
    """Makes the rows of one case."""

    def __init__(self, defaults: Mapping[str, Any], day: date, zone: ZoneInfo) -> None:
        self.defaults, self.day, self.zone = defaults, day, zone
        self.logs: dict[str, Rows] = {}
        self.made = 0

    def add(self, table: str, written: Mapping[str, Any], parent: Mapping[str, Any]) -> None:
        log = LOG_TABLES[table]
        cells = {**self.defaults.get(table, {}), **written}
        for _ in range(cells.pop("times", 1)):
            self.made += 1
            inherited = {name: held for name, held in parent.items() if name in log}
            row = {"merchant_id": MERCHANT, **inherited}
            inner = {name: held for name, held in cells.items() if name in CHILDREN}
            row |= {name: held for name, held in cells.items() if name not in inner}
            for column in log.columns:
                key = column.type == "id" and (column.name in log.key or column.required)
                given = row.get(column.fallback) if column.fallback else None
                if key and column.name not in row and not given:
                    row[column.name] = f"{column.name}{self.made:03d}"
            known = {column.name for column in log.columns} | duck.hits(table)
            row = {name: held for name, held in row.items() if held != "-"}
            unknown = sorted(set(row) - known)
            assert not unknown, f"{table} has no {unknown}"
            row = {
                name: self.cell(log[name].type if name in log else "bool", held)
                for name, held in row.items()
            }
            self.logs.setdefault(table, []).append(row)
            for short, rows in inner.items():
                below = {
                    name: row[name] for name in ("merchant_id", *log.key, "buyer_id") if name in row
                }
                # Times of a key are no part of what belongs to a row.
                below = {name: held for name, held in below.items() if isinstance(held, str)}
                if short == "scan":
                    below = {name: row[name] for name in ("merchant_id", "waybill_id")}
                if short == "finding" and table in SUBJECT:
                    kind, subject = SUBJECT[table]
                    below |= {"subject_kind": kind, "subject_id": row[subject]}
                for child in rows if isinstance(rows, list) else [rows]:
                    self.add(CHILDREN[short], child, below)

    def cell(self, kind: str, held: Any) -> Any:
        if held == "":
            return None
        if held == "*":
            return f"any{self.made:03d}"
        if kind == "time":
            return moment(str(held), self.day, self.zone)
        if kind == "day":
            return moment(str(held), self.day, self.zone).astimezone(self.zone).date()
        return held


def _edges(edges: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the four rows of a window."""
    table, *path = edges["at"].split(".")
    window, lag = edges["window"]
    start, end = f"-{window + lag}d", f"-{lag}d"
    for at in (start, f"{end}-1us", f"{start}-1us", end):
        row: dict[str, Any] = _deep(edges.get("row", {}))
        inner = row
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = at
        # Two of them, so that what a window wins at its start is not what it loses at its end.
        row["times"] = 2 if at == f"{start}-1us" else 1
        yield table, row


def _deep(held: Any) -> Any:
    if isinstance(held, dict):
        return {name: _deep(inner) for name, inner in held.items()}
    return [_deep(inner) for inner in held] if isinstance(held, list) else held


def _case(path: Path, number: int, raw: dict[str, Any], defaults: Mapping[str, Any]) -> Case:
    as_of, tz = raw.pop("as_of", AS_OF), raw.pop("tz", TZ)
    maker = _Maker(defaults, date.fromisoformat(as_of), ZoneInfo(tz))
    written = 0
    edges = raw.pop("edges", [])
    for one in edges if isinstance(edges, list) else [edges]:
        for table, row in _edges(one):
            maker.add(table, row, {})
            written += 1
    for table, rows in raw.pop("logs", {}).items():
        maker.logs.setdefault(table, [])
        for row in rows:
            maker.add(table, row, {})
            written += 1
    column = raw.pop("column")
    absent = raw.pop("absent", False)
    value = None if raw.pop("blank", False) or absent else raw.pop("value")
    case = Case(
        file=path.stem,
        number=number,
        column=column,
        values={column: value, **raw.pop("also", {})},
        why=raw.pop("why"),
        as_of=as_of,
        tz=tz,
        alone=raw.pop("alone", False),
        logs=maker.logs,
        written=written,
        previous=raw.pop("previous", {}),
        merchant=raw.pop("merchant", MERCHANT),
        absent=absent,
        name=f"{path.stem}-{number}-{column}",
    )
    assert not raw, f"{case.name}: unknown keys {sorted(raw)}"
    return case


@cache
def cases() -> tuple[Case, ...]:
    """Return all golden cases."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text("utf-8"))
        for number, raw in enumerate(data["case"], 1):
            try:
                found.append(_case(path, number, raw, data.get("defaults", {})))
            except (KeyError, ValueError, AssertionError) as error:
                raise ValueError(f"{path.name}, case {number}: {error!r}") from error
    return tuple(found)


def of_group(group: Group, chosen: Iterable[Case] | None = None) -> list[Case]:
    """Return the cases that are run at once."""
    return [case for case in chosen or cases() if case.group == group]


def named(case: Case, place: int) -> dict[str, Rows]:
    """Return the logs of a case with a mark before every id, so that cases do not meet."""
    logs = {
        table: [
            {
                name: f"k{place:04d}.{held}"
                if name in LOG_TABLES[table]
                and LOG_TABLES[table][name].type == "id"
                and held is not None
                else held
                for name, held in row.items()
            }
            for row in rows
        ]
        for table, rows in case.logs.items()
    }
    if "merchants" not in case.logs and not case.alone:
        ids = {row["merchant_id"] for rows in logs.values() for row in rows}
        ids.add(f"k{place:04d}.{case.merchant}")
        logs["merchants"] = [{"merchant_id": name} for name in sorted(ids)]
    return logs


def together(chosen: list[Case]) -> dict[str, Rows]:
    """Return the logs of several cases as those of one market."""
    found: dict[str, Rows] = {}
    for place, case in enumerate(chosen):
        for table, rows in named(case, place).items():
            found.setdefault(table, []).extend(rows)
    return found


RATES = {"shoes": 0.2, "hats": 0.1, "rings": 0.05, "never": 0.0, "p104": 0.104}
"""Return rates of the market that the cases may build on."""


class Session:
    """The logs of cases in DuckDB, asked as often as one likes."""

    def __init__(self, chosen: list[Case]) -> None:
        self.cases = chosen
        self.as_of, self.tz, alone = chosen[0].group
        logs = together(chosen)
        if not alone:
            # Tables and columns that no case of the group has are there all the same.
            for table in LOG_TABLES:
                logs.setdefault(table, [])
        self.connection: Any = duckdb.connect(config={"threads": 1})
        self.collected: dict[str, frozenset[str]] = dict(duck.collected(logs))
        if not alone:
            every = {
                table: frozenset(column.name for column in log.columns) | duck.hits(table)
                for table, log in LOG_TABLES.items()
            }
            self.collected = every
        self._fill(logs)
        self.collected["previous"] = frozenset(["merchant_id", "poor"])
        self.collected["baselines"] = frozenset(["category", "rate"])
        self.connection.execute("CREATE TABLE previous (merchant_id VARCHAR, poor BOOLEAN)")
        self.connection.execute("CREATE TABLE baselines (category VARCHAR, rate BIGINT)")
        for place, case in enumerate(chosen):
            for merchant, poor in case.previous.items():
                row = [f"k{place:04d}.{merchant}", poor]
                self.connection.execute("INSERT INTO previous VALUES (?, ?)", row)
        for category, rate in RATES.items():
            row = [category, round(rate * 1_000_000)]
            self.connection.execute("INSERT INTO baselines VALUES (?, ?)", row)

    def _fill(self, logs: dict[str, Rows]) -> None:
        duck.fill(self.connection, logs, ZoneInfo(self.tz), self.collected)

    def plan(self, definitions: Definitions, columns: Iterable[str] | None = None) -> Plan:
        """Return the statements of some columns, or of all."""
        return generate(
            definitions,
            date.fromisoformat(self.as_of),
            self.collected,
            zone=self.tz,
            columns=columns,
        )

    def run(
        self, definitions: Definitions, columns: Iterable[str] | None = None
    ) -> list[dict[str, Any] | None]:
        """Return the row of each case; None where its merchant has none."""
        plan = self.plan(definitions, columns)
        try:
            found = duck.run_plan(self.connection, plan)
        finally:
            for statement in (*plan.market, *plan.statements):
                self.connection.execute(f'DROP TABLE IF EXISTS "{statement.name}"')
        return [found.get(f"k{place:04d}.{case.merchant}") for place, case in enumerate(self.cases)]


def close_to(found: Any, wanted: Any) -> bool:
    """Whether a value is the one worked out: counts to the unit, means to the ninth digit."""
    if wanted is None or found is None or isinstance(wanted, (str, bool)):
        return bool(found == wanted)
    return bool(abs(found - wanted) <= 1e-9 * max(1.0, abs(wanted)))


def wrong(case: Case, row: Mapping[str, Any] | None) -> list[str]:
    """Return what a row says otherwise than the case."""
    if case.absent or row is None:
        return [] if case.absent and row is None else [f"{case.name}: row {row}"]
    return [
        f"{case.name}: {column} is {row.get(column)}, by hand {value} ({case.why})"
        for column, value in case.values.items()
        if column not in row or not close_to(row[column], value)
    ]
