"""A folder of logs, read and ready to be queried: store, session, logs, market."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trustscore.errors import InputError
from trustscore.io.logs.census import Census, take_census
from trustscore.io.logs.folder import covers_of
from trustscore.io.logs.ingest import Logs, Market, headers_of, ingest_folder
from trustscore.io.logs.mapping import load_mapping
from trustscore.io.logs.pepper import Pepper
from trustscore.io.logs.rows import BadRow
from trustscore.io.logs.runner import Runner, run_buckets
from trustscore.io.logs.session import Session
from trustscore.io.logs.store import Part, Store
from trustscore.joins import check_join
from trustscore.lexicon import load_lexicon
from trustscore.logs import LOG_TABLES, day_start, load_zone
from trustscore.signals.coverage import day_of
from trustscore.signals.definitions import Definitions
from trustscore.signals.files.earlier import Earlier, add_baselines, load_previous
from trustscore.signals.files.facts import facts_of
from trustscore.signals.files.keep import Keep, kept_facts, kept_of, prune
from trustscore.signals.generator import generate
from trustscore.signals.kept import Kept
from trustscore.signals.plan import Plan
from trustscore.typing import FilePath, Progress, silent

__all__ = [
    "Computed",
    "LogStop",
    "Opened",
    "collected_columns",
    "compute",
    "covers_or_refuse",
    "open_logs",
    "open_store",
]


class LogStop(InputError):
    """A rejected row stopped a strict run."""


@dataclass(frozen=True)
class Opened:
    """Logs that can be queried.

    Attributes
    ----------
    store : Store
    session : Session
    logs : Logs
    market : Market
    lexicon : str
        Stamp of the words that texts were looked through for.
    pepper : Pepper
        Under which ids of people are stored.
    census : Census
        What its rows are to each other.
    kept : Kept or None
        From when on the store holds rows, if some have left it.
    run : Runner
        What counts.
    """

    store: Store
    session: Session
    logs: Logs
    market: Market
    lexicon: str
    pepper: Pepper
    census: Census
    kept: Kept | None = None
    run: Runner = run_buckets


@contextmanager
def open_logs(
    logs: FilePath,
    defs: Definitions,
    *,
    tz: str | None = None,
    mapping: FilePath | None = None,
    work: FilePath | None = None,
    pepper: FilePath | None = None,
    memory: str | None = None,
    jobs: int = 1,
    strict: bool = False,
    lexicon: FilePath | None = None,
    keep: Keep | None = None,
    run: Runner = run_buckets,
    progress: Progress = silent,
) -> Iterator[Opened]:
    """Read a folder of logs; see `write_signals` for the parameters."""
    market = Market(load_zone(tz or defs.market.tz), defs.market.currency)
    checked = load_mapping(mapping)
    words = load_lexicon(lexicon)
    with (
        open_store(work) as store,
        Session([store.root, logs], store.scratch, memory=memory, threads=jobs) as session,
    ):
        secret = Pepper.load(pepper if pepper is not None else _own_pepper(store))
        found = ingest_folder(
            logs,
            store,
            session,
            checked,
            market,
            secret,
            lexicon=words,
            on_reject=_stop if strict else None,
            progress=progress,
        )
        if keep is not None:
            if keep.days is not None:
                # What left for a day mistyped would be gone.
                _refuse_other_day(found, keep.as_of, "`keep_days` prunes for days that logs reach")
            prune(store, session, found, market, defs, keep, progress=progress)
        kept = kept_of(store, defs)
        since = None if kept is None else kept.instant
        census = take_census(session, found, store, since=since, progress=progress)
        yield Opened(store, session, found, market, words.stamp, secret, census, kept, run)


def _stop(part: Part, row: BadRow) -> None:
    where = f", column {row.column}" if row.column else ""
    got = f". Got {row.value!r}" if row.value else ""
    raise LogStop(f"{part.file}, line {row.line}{where}: {row.reason}{got}")


def _own_pepper(store: Store) -> Path | None:
    return store.root / "pepper" if store.kept else None


def collected_columns(logs: FilePath, mapping: FilePath | None) -> dict[str, frozenset[str]]:
    """Return the columns that the logs of a folder have, from their headers alone."""
    checked = load_mapping(mapping)
    with open_store(None) as store, Session([store.root, logs], store.scratch) as session:
        return headers_of(logs, store, session, checked)


@contextmanager
def open_store(work: FilePath | None) -> Iterator[Store]:
    """Open a store that is kept, or one that is removed at the end."""
    root = Path(work) if work is not None else Path(tempfile.mkdtemp(prefix="trustscore-"))
    try:
        store = Store(root, kept=work is not None)
    except BaseException:
        if work is None:
            shutil.rmtree(root, ignore_errors=True)
        raise
    try:
        yield store
    finally:
        store.close()


def covers_or_refuse(
    logs: FilePath, opened: Opened, as_of: dt.date, allow_short_logs: bool = False
) -> dict[str, int] | None:
    """Return the first instant that each log covers; None if short logs are allowed.

    Raises
    ------
    InputError
        When the logs do not reach the day, or ``logs.toml`` cannot be used.
    """
    covers = _covers(logs, opened.logs, opened.market)
    if allow_short_logs:
        return None
    _refuse_other_day(opened.logs, as_of, "`allow_short_logs` counts all the same")
    return covers


def _covers(logs: FilePath, found: Logs, market: Market) -> dict[str, int]:
    """Return the first instant that each log covers: as declared, else the day of its first row."""
    covers = {}
    for table in found.parts:
        days = found.tally(table).days
        if days:
            covers[table] = day_start(dt.date.fromisoformat(day_of(min(days))), market.zone)
    faults = []
    for table, (begin, _) in covers_of(logs).items():
        try:
            covers[table] = day_start(dt.date.fromisoformat(begin), market.zone)
        except ValueError:
            faults.append(f"tables.{table}.covers: must be days like 2025-01-31. Got {begin!r}")
    if faults:
        raise InputError(f"{Path(logs, 'logs.toml')} cannot be used", faults)
    return covers


def _refuse_other_day(found: Logs, as_of: dt.date, advice: str) -> None:
    """Raise for a day that the logs do not reach: an old log must not look like a dead market."""
    table = "orders" if "orders" in found.parts else next(iter(found.parts))
    days = found.tally(table).days
    if not days:
        return
    first, last = (dt.date.fromisoformat(day_of(day)) for day in (min(days), max(days)))
    if as_of <= first:
        said = f"{table} begins on {first}, and `as_of` {as_of} is not after it"
    elif as_of > last + dt.timedelta(days=2):
        said = f"{table} ends on {last}, more than a day before `as_of` {as_of}"
    else:
        return
    raise InputError(f"{said}; {advice}")


def _held(
    covers: Mapping[str, int] | None, found: Logs, kept: Kept | None
) -> Mapping[str, int] | None:
    """Return the first instants of logs, with what has left the store taken off."""
    if kept is None:
        return covers
    passing = [table for table in found.parts if LOG_TABLES[table].passing]
    least = {table: max(kept.instant, (covers or {}).get(table, 0)) for table in passing}
    return {**(covers or {}), **least}


@dataclass(frozen=True)
class Computed:
    """An export, before it is written.

    Attributes
    ----------
    result : Path
        Parquet file of the export, by merchant.
    plan : Plan
    facts : dict
        Of the manifest.
    earlier : Earlier
        What it was counted with beside the logs.
    collected : mapping of str to frozenset of str
        The columns that there were, those of earlier runs included.
    """

    result: Path
    plan: Plan
    facts: dict[str, Any]
    earlier: Earlier
    collected: Mapping[str, frozenset[str]]


def compute(
    opened: Opened,
    defs: Definitions,
    as_of: dt.date,
    *,
    columns: list[str] | None = None,
    covers: Mapping[str, int] | None = None,
    include_removed: bool = False,
    previous: FilePath | None = None,
    baselines: FilePath | None = None,
    earlier: Earlier | None = None,
    progress: Progress = silent,
) -> Computed:
    """Run definitions over a store; with the `earlier` of another run, nothing is read anew."""
    found, session, market = opened.logs, opened.session, opened.market
    folder = opened.store.scratch
    unique, first = opened.census.unique(found), earlier is None
    if earlier is None:
        earlier = Earlier()
        if previous is not None:
            earlier = load_previous(session, folder, previous, defs.market.poor_index)

    def planned() -> Plan:
        return generate(
            defs,
            as_of,
            {**found.collected(), **earlier.collected},
            zone=market.zone.key,
            columns=columns,
            covers=covers,
            include_removed=include_removed,
            unique=unique,
            kept=opened.kept,
        )

    plan = planned()
    if first and "not_collected: baselines" in plan.missing.values():
        # Counting them reads all orders: only for columns that are measured with them.
        add_baselines(
            earlier,
            session,
            found,
            market,
            folder,
            defs,
            as_of,
            unique=unique,
            covers=_held(covers, found, opened.kept),
            file=baselines,
            run=opened.run,
            progress=progress,
        )
        plan = planned()
    collected = {**found.collected(), **earlier.collected}
    plan = replace(
        plan,
        columns=(*plan.columns, *earlier.columns),
        missing={name: earlier.reason(why) for name, why in plan.missing.items()},
    )
    counted = opened.run(session, found, plan, folder, also=earlier.join, progress=progress)
    result = counted.file
    if previous is not None and counted.rows and earlier.ids:
        here = session.rows("SELECT merchant_id FROM read_parquet(?)", [str(result)])
        check_join(
            (str(row[0]) for row in here), earlier.ids, asked_in="the logs", known_in=previous
        )
    facts = facts_of(defs, as_of, market, found, plan, collected, opened.census, counted)
    facts |= earlier.facts | {"lexicon": opened.lexicon}
    if opened.kept is not None:
        facts["kept"] = kept_facts(opened.store, found)
        if facts["kept"]["definitions"] != defs.stamp:
            facts["warnings"].append(
                f"first events of before {opened.kept.day} are by"
                f" {facts['kept']['definitions']}, and this export is by {defs.stamp}"
            )
    return Computed(result, plan, facts, earlier, collected)
