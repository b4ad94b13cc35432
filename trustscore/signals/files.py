"""Logs in, the export of merchants out: the store, the session, the tables and the manifest."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trustscore import __version__
from trustscore.errors import InputError, suggest
from trustscore.io.atomic_files import (
    AtomicFile,
    Sink,
    add_arrays,
    as_array,
    commit_together,
    is_plain,
    open_sink,
    suffix_fault,
)
from trustscore.io.logs.folder import covers_of
from trustscore.io.logs.ingest import Logs, Market, ingest_folder, rejects_of
from trustscore.io.logs.mapping import load_mapping
from trustscore.io.logs.pepper import Pepper
from trustscore.io.logs.rejects_file import REJECT_COLUMNS, reject_blocks
from trustscore.io.logs.rows import BadRow
from trustscore.io.logs.runner import Census, run_buckets
from trustscore.io.logs.session import Session
from trustscore.io.logs.store import Part, Store
from trustscore.io.refuse_overwrite import refuse_inputs
from trustscore.logs import LOG_TABLES, day_start, load_zone
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.side_columns import SIDE_COLUMNS
from trustscore.signals.coverage import day_of, gaps, late_days, share_warnings
from trustscore.signals.definitions import Definitions, load_definitions
from trustscore.signals.generator import generate
from trustscore.signals.plan import Plan
from trustscore.typing import FilePath, Progress, silent

__all__ = ["LogStop", "SignalsReport", "compute", "export_blocks", "open_store", "write_signals"]

_DAY = 86_400_000_000


class LogStop(InputError):
    """A rejected row stopped a strict run."""


@dataclass(frozen=True)
class SignalsReport:
    """What a run did.

    Attributes
    ----------
    manifest : dict
    rejects : str or None
        The file of rejected rows, if there are any.
    """

    manifest: dict[str, Any]
    rejects: str | None


def write_signals(
    logs: FilePath,
    out: FilePath,
    *,
    as_of: dt.date,
    definitions: str | Path | Definitions = "default",
    tz: str | None = None,
    mapping: FilePath | None = None,
    scorecard: str | Path | None = None,
    work: FilePath | None = None,
    pepper: FilePath | None = None,
    memory: str | None = None,
    jobs: int = 1,
    strict: bool = False,
    rejects: FilePath | None = None,
    manifest: FilePath | None = None,
    allow_short_logs: bool = False,
    include_removed: bool = False,
    progress: Progress = silent,
) -> SignalsReport:
    """Write the export of merchants that a folder of logs gives.

    Parameters
    ----------
    logs : path
        A folder with ``orders.csv``, ``reviews/*.parquet`` and so on.
    out : path
        By its suffix ``.csv``, ``.csv.gz`` or ``.parquet``; ``-`` is CSV on standard output.
    as_of : date
        Nothing that happened on this day or later exists.
    definitions : str, Path or Definitions, default="default"
    tz : str, optional
        Zone of the market; that of the definitions by default.
    mapping : path, optional
        What the files and columns of the folder are called.
    scorecard : str or Path, optional
        Only the columns that this scorecard reads, in its order.
    work : path, optional
        Folder that keeps what was read for the next run; a temporary one by default.
    pepper : path, optional
        Secret of the pseudonyms, made if it is not there; ``WORK/pepper`` by default.
    memory : str, optional
        Most memory of the queries, such as ``4GB``.
    jobs : int, default=1
        Threads. The output does not depend on it.
    strict : bool, default=False
        Stop at the first rejected row and leave no output.
    rejects, manifest : path, optional
        ``OUT.rejects.csv``, written only when there are any, and ``OUT.manifest.json`` unless
        said; none of the two when `out` is a pipe or a device.
    allow_short_logs : bool, default=False
        Also count over windows that begin before the log does, and logs that ended long ago.
    include_removed : bool, default=False
        Also give removed merchants a row.
    progress : Progress, optional

    Returns
    -------
    SignalsReport

    Raises
    ------
    InputError
        When logs, mapping or definitions cannot be used; `LogStop` for the first rejected row
        when `strict`.
    """
    clock, target = time.perf_counter(), str(out)
    aside = is_plain(target)
    rejects_path = str(rejects) if rejects is not None else f"{target}.rejects.csv"
    manifest_path = str(manifest) if manifest is not None else f"{target}.manifest.json"
    faults = [
        f"{what} {path}: {fault}"
        for what, path in (("output", target), ("rejects", rejects_path))
        if (aside or what == "output") and (fault := suffix_fault(path))
    ]
    if faults:
        raise InputError("these outputs cannot be written", faults)
    refuse_inputs(
        [target, rejects_path, manifest_path],
        [mapping, pepper, definitions, scorecard, *Path(logs).rglob("*")],
    )
    defs = load_definitions(definitions)
    wanted = _wanted(defs, scorecard)
    with open_store(work) as store, ExitStack() as stack:
        session = stack.enter_context(
            Session([store.root, logs], store.scratch, memory=memory, threads=jobs)
        )
        market = Market(load_zone(tz or defs.market.tz), defs.market.currency)
        secret = Pepper.load(pepper if pepper is not None else _own_pepper(store))
        found = ingest_folder(
            logs,
            store,
            session,
            load_mapping(mapping),
            market,
            secret,
            on_reject=_stop if strict else None,
            progress=progress,
        )
        covers = None if allow_short_logs else _covers(logs, found, market)
        if not allow_short_logs:
            _refuse_other_day(found, as_of, market)
        result, plan, facts = compute(
            session,
            store,
            found,
            defs,
            as_of,
            market,
            columns=wanted,
            covers=covers,
            include_removed=include_removed,
            progress=progress,
        )
        sink = open_sink(target, _types(plan), hold=strict)
        stack.enter_context(sink.file)
        for block in export_blocks(result, plan):
            add_arrays(sink, block)
        bad = _write_rejects(found, rejects_path, rejects is not None, aside, stack)
        sinks = [each for each in (bad, sink) if each is not None]
        for each in sinks:
            each.finish()
        facts["outputs"] = {
            "export": sink.file.facts,
            "rejects": bad.file.facts if bad is not None else None,
        }
        facts["seconds"] = round(time.perf_counter() - clock, 3)
        files = [each.file for each in sinks]
        if aside or manifest is not None:
            note = stack.enter_context(AtomicFile(manifest_path))
            note.write((json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode())
            files.insert(0, note)
        stale = [rejects_path] if aside and bad is None else []
        commit_together(files, remove=stale)
    return SignalsReport(facts, bad.file.path if bad is not None else None)


def _stop(part: Part, row: BadRow) -> None:
    where = f", column {row.column}" if row.column else ""
    got = f". Got {row.value!r}" if row.value else ""
    raise LogStop(f"{part.file}, line {row.line}{where}: {row.reason}{got}")


def _own_pepper(store: Store) -> Path | None:
    return store.root / "pepper" if store.kept else None


def _wanted(defs: Definitions, scorecard: str | Path | None) -> list[str] | None:
    """Return the columns that a scorecard reads, in its order; None for all."""
    if scorecard is None:
        return None
    card = load_scorecard(scorecard)
    made = [name for name in defs.columns if not name.startswith("_")]
    names = dict.fromkeys(
        field.name for field in card.fields if getattr(field, "derived", None) is None
    )
    faults = [
        f"{name}: no definition makes this column{suggest(name, made)}"
        for name in names
        if name not in defs.columns and name not in SIDE_COLUMNS
    ]
    if faults:
        raise InputError(
            f"scorecard {card.name} reads columns that {defs.name} does not define", faults
        )
    side = [name for name in SIDE_COLUMNS if name in defs.columns and name not in names]
    return [*(name for name in names if name in defs.columns), *side]


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


def _refuse_other_day(found: Logs, as_of: dt.date, market: Market) -> None:
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
    raise InputError(f"{said}; `allow_short_logs` counts all the same")


def compute(
    session: Session,
    store: Store,
    found: Logs,
    defs: Definitions,
    as_of: dt.date,
    market: Market,
    *,
    columns: list[str] | None = None,
    covers: Mapping[str, int] | None = None,
    include_removed: bool = False,
    progress: Progress = silent,
) -> tuple[Path, Plan, dict[str, Any]]:
    """Run definitions over a store.

    Returns
    -------
    result : Path
        Parquet file of the export, by merchant.
    plan : Plan
    facts : dict
        Of the manifest.
    """
    plan = generate(
        defs,
        as_of,
        found.collected(),
        zone=market.zone.key,
        columns=columns,
        covers=covers,
        include_removed=include_removed,
    )
    result, census = run_buckets(session, found, plan, store.scratch, progress=progress)
    return result, plan, _facts(defs, as_of, market, session, found, plan, census)


def _types(plan: Plan) -> dict[str, Any]:
    kinds = {"merchant_id": pa.string()}
    for column in plan.columns:
        if column.name != "merchant_id":
            kinds[column.name] = pa.string() if column.type == "text" else pa.float64()
    return kinds


def export_blocks(result: Path, plan: Plan) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of an export as Arrow arrays, in the order of its columns."""
    kinds = _types(plan)
    with pq.ParquetFile(result) as file:
        for batch in file.iter_batches(columns=list(kinds)):
            block = {}
            for name, kind in kinds.items():
                column = batch.column(name)
                if kind == pa.float64():
                    values = column.cast(pa.float64()).fill_null(np.nan)
                    block[name] = as_array(np.asarray(values))
                else:
                    block[name] = as_array(np.array([*column.to_pylist(), None], object)[:-1])
            yield block


def _write_rejects(
    found: Logs, path: str, asked: bool, aside: bool, stack: ExitStack
) -> Sink | None:
    if not (asked or aside):
        return None
    sink: Sink | None = None
    for block in reject_blocks(rejects_of(found)):
        if sink is None:
            sink = _open_rejects(path, stack)
        add_arrays(sink, {name: as_array(column) for name, column in block.items()})
    if sink is None and asked:
        sink = _open_rejects(path, stack)
    return sink


def _open_rejects(path: str, stack: ExitStack) -> Sink:
    sink = open_sink(path, REJECT_COLUMNS)
    stack.enter_context(sink.file)
    return sink


def _facts(
    defs: Definitions,
    as_of: dt.date,
    market: Market,
    session: Session,
    found: Logs,
    plan: Plan,
    census: Census,
) -> dict[str, Any]:
    cut = day_start(as_of, market.zone)
    tables: dict[str, dict[str, Any]] = {}
    warnings: list[str] = []
    future: list[str] = []
    for table in found.parts:
        tally = found.tally(table)
        entry: dict[str, Any] = {
            "files": [
                {
                    "path": part.file,
                    "size": part.size,
                    "sha256": part.sha256,
                    "rows": part.tally.read,
                }
                for part in found.parts[table]
            ],
            "columns": sorted({name for part in found.parts[table] for name in part.columns}),
            "read": tally.read,
            "rejected": dict(sorted(tally.rejected.items())),
            "duplicate": census.duplicate[table],
            "superseded": census.superseded[table],
            "repeated_version": census.repeated_version[table],
            "orphans": census.orphans[table],
            "unknown_merchant": census.unknown_merchant[table],
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
        tables[table] = entry
        warnings += share_warnings(table, entry, tally.days)
        if tally.last is not None and tally.last >= cut and "recorded_at" not in entry["columns"]:
            future.append(table)
    if found.unknown:
        warnings.append(f"files that belong to no log: {', '.join(found.unknown)}")
    return {
        "program": "trustscore",
        "version": __version__,
        "as_of": as_of.isoformat(),
        "zone": market.zone.key,
        "currency": market.currency,
        "definitions": defs.stamp,
        "engine": f"duckdb {session.version}",
        "merchants": census.merchants,
        "rows": {
            "read": sum(entry["read"] for entry in tables.values()),
            "rejected": sum(sum(entry["rejected"].values()) for entry in tables.values()),
        },
        "tables": tables,
        "not_collected_tables": [name for name in LOG_TABLES if name not in found.parts],
        # A log that does not say when it was recorded shows the states of its last day.
        "states_as_of": future,
        "excluded_orders": dict(sorted(census.excluded.items())),
        "unchecked_exclusions": dict(plan.unchecked),
        "columns": [column.name for column in plan.columns],
        "missing_columns": dict(plan.missing),
        "windows": {
            name: [None if bound is None else _moment(bound) for bound in bounds]
            for name, bounds in plan.windows.items()
        },
        "warnings": warnings,
    }


def _moment(instant: int) -> str:
    seconds = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=instant)
    return seconds.isoformat()
