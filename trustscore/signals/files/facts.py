"""What a manifest says of a run: what was read, what was counted, and what is doubtful."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from trustscore import __version__
from trustscore.io.logs.census import Census
from trustscore.io.logs.ingest import Logs, Market
from trustscore.io.logs.runner import Counted
from trustscore.logs import LOG_TABLES, day_start
from trustscore.run_summary import Breakdown, RunSummary, most_first
from trustscore.signals.coverage import day_of, gaps, late_days, share_warnings
from trustscore.signals.definitions import Definitions
from trustscore.signals.plan import Plan
from trustscore.signals.sentences import logs_read

__all__ = ["facts_of", "table_facts"]


def facts_of(
    defs: Definitions,
    as_of: dt.date,
    market: Market,
    found: Logs,
    plan: Plan,
    collected: Mapping[str, frozenset[str]],
    census: Census,
    counted: Counted,
) -> dict[str, Any]:
    """Return what the manifest says of a run."""
    cut = day_start(as_of, market.zone)
    tables: dict[str, dict[str, Any]] = {}
    warnings: list[str] = []
    future: list[str] = []
    for table in found.parts:
        entry = table_facts(found, table)
        entry |= {
            "duplicate": census.duplicate[table],
            "superseded": census.superseded[table],
            "repeated_version": census.repeated_version[table],
            "orphans": census.orphans[table],
            "unknown_merchant": census.unknown_merchant[table],
            "too_many": census.left_out(table),
        }
        tables[table] = entry
        tally = found.tally(table)
        warnings += share_warnings(table, entry, tally.days)
        if tally.last is not None and tally.last >= cut and "recorded_at" not in entry["columns"]:
            future.append(table)
    warnings += _late_warnings(defs, plan, collected, tables)
    if found.unknown:
        warnings.append(f"files that belong to no log: {', '.join(found.unknown)}")
    return {
        "program": "trustscore",
        "version": __version__,
        "as_of": as_of.isoformat(),
        "zone": market.zone.key,
        "currency": market.currency,
        "definitions": defs.stamp,
        "engine": counted.engine,
        "merchants": counted.rows,
        "rows": {
            "read": sum(entry["read"] for entry in tables.values()),
            "rejected": sum(sum(entry["rejected"].values()) for entry in tables.values()),
        },
        "tables": tables,
        "not_collected_tables": [name for name in LOG_TABLES if name not in found.parts],
        # A log that does not say when it was recorded shows the states of its last day.
        "states_as_of": future,
        "excluded_orders": dict(sorted(counted.excluded.items())),
        "unchecked_exclusions": dict(plan.unchecked),
        "columns": [column.name for column in plan.columns],
        "missing_columns": dict(plan.missing),
        "windows": {
            name: [None if bound is None else _moment(bound) for bound in bounds]
            for name, bounds in plan.windows.items()
        },
        "warnings": warnings,
    }


def summary_of_logs(
    command: str,
    facts: Mapping[str, Any],
    counts: Mapping[str, int],
    rejects: str | None,
    *tables: Breakdown,
) -> RunSummary:
    """Return what a run over logs did, by its manifest."""
    read, rejected = facts["rows"]["read"], facts["rows"]["rejected"]
    rows = {name: entry["read"] for name, entry in facts["tables"].items()}
    why: Counter[str] = Counter()
    for entry in facts["tables"].values():
        why.update(entry["rejected"])
    return RunSummary(
        command,
        {"read": read, "used": read - rejected, "rejected": rejected, **counts},
        (
            *tables,
            Breakdown("log", most_first(rows), read),
            Breakdown("excluded", most_first(facts.get("excluded_orders", {}))),
            Breakdown("rejected", most_first(why), read),
        ),
        rejects=rejects,
        seconds=facts["seconds"],
    )


def _late_warnings(
    defs: Definitions,
    plan: Plan,
    collected: Mapping[str, frozenset[str]],
    tables: dict[str, dict[str, Any]],
) -> Iterator[str]:
    """Yield for each log that is recorded late which columns do not wait so long for it."""
    late = {name: entry["recorded_within_days"] or 0 for name, entry in tables.items()}
    if not any(late.values()):
        return
    hasty: dict[str, list[str]] = {}
    for column in plan.columns:
        if column.name not in defs.columns:
            continue
        lag = defs.column(column.name).lag
        for table in logs_read(defs, column.name, collected):
            # What waits for nothing is of the day, and says so by its lag of 0.
            if 0 < lag < late.get(table, 0):
                hasty.setdefault(table, []).append(f"{column.name} (lag {lag})")
    for table, names in hasty.items():
        yield (
            f"{table}: one row in twenty was recorded more than {late[table] - 1} days after it"
            f" happened, and columns wait less: {', '.join(names[:3])}"
            + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        )


def table_facts(found: Logs, table: str) -> dict[str, Any]:
    """Return what was read of a log."""
    tally = found.tally(table)
    return {
        "files": [
            {"path": part.file, "size": part.size, "sha256": part.sha256, "rows": part.tally.read}
            for part in found.parts[table]
        ],
        "columns": sorted({name for part in found.parts[table] for name in part.columns}),
        "read": tally.read,
        "rejected": dict(sorted(tally.rejected.items())),
        "first_day": day_of(min(tally.days)) if tally.days else None,
        "last_day": day_of(max(tally.days)) if tally.days else None,
        "gaps": gaps(tally.days),
        "clock_skew": tally.skewed,
        "reversed_moments": tally.reversed,
        "clock_changes": tally.changed,
        "mixed_offsets": [
            name for name in sorted(tally.naive) if tally.naive[name] and tally.zoned[name]
        ],
        "recorded_within_days": late_days(tally.late),
    }


def _moment(instant: int) -> str:
    seconds = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=instant)
    return seconds.isoformat()
