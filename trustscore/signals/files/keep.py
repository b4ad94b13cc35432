"""Months that leave a kept store, and the first events that stay."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from trustscore.errors import InputError
from trustscore.io.logs.ingest import Logs, Market
from trustscore.io.logs.prune import Bound, find_old, forget
from trustscore.io.logs.runner import run_buckets
from trustscore.io.logs.session import Session, identifier, literal
from trustscore.io.logs.store import Store, remove_whole
from trustscore.logs import day_start, load_zone
from trustscore.signals.definitions import Definitions
from trustscore.signals.generator import Generator
from trustscore.signals.kept import Kept, reach
from trustscore.signals.plan import Statement
from trustscore.signals.types import DAY
from trustscore.typing import Progress, silent

__all__ = ["Keep", "kept_facts", "kept_of", "prune"]

_EPOCH = dt.date(1970, 1, 1)


class Keep(NamedTuple):
    """For which day a store is pruned, and which columns must be possible afterwards.

    Attributes
    ----------
    as_of : date
    days : int or None
        Months that end so many days before it leave; None for no more than have left already.
    columns : list of str or None
        None for all.
    """

    as_of: dt.date
    days: int | None = None
    columns: list[str] | None = None


def kept_of(store: Store, defs: Definitions) -> Kept | None:
    """Return from when on a store holds rows; None if none have left it."""
    if not store.pruned:
        return None
    bound = _bound(dt.date.fromisoformat(store.pruned["since"]), store.pruned["zone"])
    return _kept(bound, defs, store.pruned["columns"])


def _bound(day: dt.date, zone: str) -> Bound:
    return Bound(day.isoformat(), day_start(day, load_zone(zone)), (day - _EPOCH).days)


def _kept(bound: Bound, defs: Definitions, firsts: Iterable[str]) -> Kept:
    local = bound.local_day * DAY
    return Kept(bound.day, bound.instant, local, reach(defs.file), frozenset(firsts))


def prune(
    store: Store,
    session: Session,
    logs: Logs,
    market: Market,
    defs: Definitions,
    keep: Keep,
    *,
    progress: Progress = silent,
) -> None:
    """Have whole months leave a store, and keep the first events of what they held.

    Parameters
    ----------
    store : Store
    session : Session
    logs : Logs
        Has the pruned parts afterwards, and the first events that stay.
    market : Market
    defs : Definitions
    keep : Keep
    progress : Progress, optional

    Raises
    ------
    InputError
        Naming the columns that read more than would be left, before anything leaves.
    """
    known = store.pruned
    days = [dt.date.fromisoformat(known["since"])] if known else []
    if keep.days is not None:
        days.append((keep.as_of - dt.timedelta(days=keep.days)).replace(day=1))
    if not days:
        return
    bound = _bound(max(days), known.get("zone", market.zone.key))
    names = known["columns"] if known else _firsts(defs)
    kept = _kept(bound, defs, names)
    _refuse_lost(store, logs, market, defs, keep, kept)
    if known:
        logs.firsts = store.root / known["firsts"]
    progress("pruning", 0.0)
    old = find_old(session, logs, bound)
    if not old and bound.day == known.get("since", bound.day):
        return
    number = known.get("number", 0) + 1
    place = store.root / f"firsts-{number}"
    before = kept if known else None
    made = _count_firsts(session, store, logs, market, defs, keep.as_of, before, bound, place)
    forget(
        session,
        store,
        logs,
        bound,
        old,
        {
            "since": bound.day,
            "zone": known.get("zone", market.zone.key),
            "number": number,
            "firsts": place.name,
            "columns": made,
            "definitions": known.get("definitions", defs.stamp),
        },
    )
    for left in store.root.glob("firsts-*"):
        if left != place:
            remove_whole(left)
    logs.firsts = place
    progress("pruning", 1.0)


def _firsts(defs: Definitions) -> list[str]:
    """Return the columns that read the first event ever."""
    columns = [*defs.columns.values(), *defs.hidden.values()]
    return [c.name for c in columns if c.how == "first" and c.window == "all"]


def _refuse_lost(
    store: Store, logs: Logs, market: Market, defs: Definitions, keep: Keep, kept: Kept
) -> None:
    made = Generator(defs, keep.as_of, logs.collected(), zone=market.zone.key, kept=kept)
    for name in keep.columns if keep.columns is not None else defs.columns:
        # Each is asked for, so that all are named at once.
        made.missing(name)
    if made.lost:
        why = (
            f"{store.root} holds what happened since {kept.day}"
            if keep.days is None
            else f"`keep_days` {keep.days} keeps what happened since {kept.day}"
        )
        raise InputError(
            f"{why}, and these columns read more; keep more days, or score without them",
            [f"{name}: {lost}" for name, lost in made.lost.items()],
        )


def _count_firsts(
    session: Session,
    store: Store,
    logs: Logs,
    market: Market,
    defs: Definitions,
    as_of: dt.date,
    kept: Kept | None,
    bound: Bound,
    place: Path,
) -> list[str]:
    """Write the first events that are known before old rows leave, and return their columns."""
    made = Generator(
        defs,
        as_of,
        logs.collected(),
        zone=market.zone.key,
        include_removed=True,
        kept=kept,
    )
    names = [name for name in _firsts(defs) if not made.missing(name)]
    plan = made.plan(names)
    fields = ", ".join(['c."merchant_id"', *(f"c.{identifier(name)}" for name in names)])
    last = Statement("export", f'SELECT {fields} FROM "figures" AS c')
    plan = replace(plan, statements=(*plan.statements[:-1], last))
    # What is later is of rows that stay, and may yet turn out not to count.
    parts = ['"merchant_id"']
    for name in names:
        by_clock = defs.column(name).spec.days_since
        end = bound.local_day * DAY if by_clock else bound.instant
        parts.append(f"CASE WHEN {identifier(name)} < {end} THEN {identifier(name)} END")
        parts[-1] += f" AS {identifier(name)}"
    counted = run_buckets(session, logs, plan, store.scratch)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for part in counted.parts:
        source = literal(str(part))
        target = place / part.name.replace("export-", "b")
        session.copy(f"SELECT {', '.join(parts)} FROM read_parquet({source})", target)
    return names


def kept_facts(store: Store, logs: Logs) -> dict[str, Any]:
    """Return what the manifest says of the rows that have left a store."""
    known = store.pruned
    rows = {table: sum(part.pruned for part in parts) for table, parts in logs.parts.items()}
    return {
        "since": known["since"],
        "rows": {table: n for table, n in rows.items() if n},
        "firsts": known["columns"],
        "definitions": known["definitions"],
    }
