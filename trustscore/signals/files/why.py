"""The events behind a figure: of one merchant in words, of all as a table."""

from __future__ import annotations

import datetime as dt
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trustscore.errors import InputError, suggest
from trustscore.io.atomic_folder import whole_folder
from trustscore.io.logs.ingest import Market
from trustscore.io.logs.runner import make, open_bucket
from trustscore.io.logs.session import identifier
from trustscore.logs import LOG_TABLES
from trustscore.signals.definitions import Definitions, load_definitions
from trustscore.signals.explain import lineage, why
from trustscore.signals.files.keep import Keep
from trustscore.signals.files.opening import Computed, Opened, compute, open_logs
from trustscore.signals.sentences import sentence
from trustscore.typing import FilePath, Progress, silent

__all__ = ["Why", "WhyEvent", "explain_figure", "write_lineage"]

_TYPES = {column.name: column.type for table in LOG_TABLES.values() for column in table.columns}
# An instant of this century as microseconds has at least so many.
_INSTANT = 946_684_800_000_000


@dataclass(frozen=True)
class WhyEvent:
    """An event that counted, or that nearly did.

    Attributes
    ----------
    counted : bool
    failed : str
        The one condition that kept it from counting.
    values : dict of str to str
        Its key, its time and what the conditions read.
    """

    counted: bool
    failed: str
    values: dict[str, str]


@dataclass(frozen=True)
class Why:
    """A figure of a merchant and what is behind it.

    Attributes
    ----------
    merchant_id, column, sentence : str
    value : float, str or None
    events : list of WhyEvent
    """

    merchant_id: str
    column: str
    sentence: str
    value: float | str | None
    events: list[WhyEvent]


def explain_figure(
    logs: FilePath,
    merchant_id: str,
    column: str,
    *,
    as_of: dt.date,
    definitions: str | Path | Definitions = "default",
    lang: str = "en",
    previous: FilePath | None = None,
    baselines: FilePath | None = None,
    **settings: Any,
) -> Why:
    """Return the events behind one figure of a merchant.

    Parameters
    ----------
    logs : path
    merchant_id, column : str
    as_of : date
    definitions : str, Path or Definitions, default="default"
    lang : str, default="en"
    previous, baselines : path, optional
    **settings
        As for `write_signals`: `tz`, `mapping`, `work`, `pepper`, `memory`, `jobs`, `progress`.

    Raises
    ------
    InputError
        When no definition makes the column, the logs for it are not there, or no log knows the
        merchant.
    """
    defs = load_definitions(definitions)
    said = sentence(defs, column, lang)
    with open_logs(logs, defs, keep=Keep(as_of, None, [column]), **settings) as opened:
        done = compute(
            opened, defs, as_of, columns=[column], previous=previous, baselines=baselines
        )
        value = _value(opened, done, merchant_id, column)
        session, found = opened.session, opened.logs
        zone, unique = opened.market.zone.key, opened.census.unique(found)
        plan = why(defs, as_of, done.collected, column, zone=zone, unique=unique)
        open_bucket(session, found, range(found.buckets), "all_")
        open_bucket(session, found, [zlib.crc32(merchant_id.encode()) % found.buckets])
        for statement in (*plan.market, *plan.statements[:-1]):
            make(session, statement)
        names, rows = session.table(plan.statements[-1].sql, [merchant_id])
        events = [_event(dict(zip(names, row, strict=True)), opened.market) for row in rows]
    return Why(merchant_id, column, said, value, events)


def _value(opened: Opened, done: Computed, merchant_id: str, column: str) -> float | str | None:
    if column in done.plan.missing:
        raise InputError(f"{column} cannot be made: {done.plan.missing[column]}")
    session, result = opened.session, done.result
    found = session.rows(
        f"SELECT {identifier(column)} FROM read_parquet(?) WHERE merchant_id = ?",
        [str(result), merchant_id],
    )
    if not found:
        known = session.rows("SELECT merchant_id FROM read_parquet(?) LIMIT 100000", [str(result)])
        near = suggest(merchant_id, [str(row[0]) for row in known])
        raise InputError(f"no merchant {merchant_id!r} in the logs{near}")
    value = found[0][0]
    return value if value is None or isinstance(value, str) else float(value)


def _event(row: dict[str, Any], market: Market) -> WhyEvent:
    role, failed = row.pop("role"), row.pop("failed")
    values = {name: _shown(name, value, market) for name, value in row.items()}
    return WhyEvent(role == "counted", failed or "", values)


def _shown(name: str, value: Any, market: Market) -> str:
    if value is None:
        return ""
    kind = _TYPES.get(name, "")
    if isinstance(value, int) and not isinstance(value, bool):
        if kind == "money":
            return f"{value / 10_000:.2f}"
        if kind == "num":
            return f"{value / 1_000_000:g}"
        if kind == "time" or (kind == "" and value >= _INSTANT):
            moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=value)
            return moment.astimezone(market.zone).isoformat(" ", "seconds")
    return str(value)


def write_lineage(
    opened: Opened,
    folder: FilePath,
    defs: Definitions,
    as_of: dt.date,
    collected: Mapping[str, frozenset[str]],
    *,
    progress: Progress = silent,
) -> None:
    """Write a line for each event that counted, as a Parquet file in a new folder."""
    unique = opened.census.unique(opened.logs)
    plan = lineage(defs, as_of, collected, zone=opened.market.zone.key, unique=unique)
    result = opened.run(
        opened.session,
        opened.logs,
        plan,
        opened.store.scratch,
        order="ALL",
        progress=progress,
    ).file
    with whole_folder(folder) as place:
        shutil.copyfile(result, place / "lineage.parquet")
