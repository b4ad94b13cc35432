"""Logs as frames in memory: an export, what was rejected, and the manifest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from trustscore.errors import InputError, plural, suggest
from trustscore.io.logs.census import take_census
from trustscore.io.logs.ingest import Logs, Market, ingest_source, match_columns, rejects_of
from trustscore.io.logs.mapping import LogMapping
from trustscore.io.logs.opening import FrameLog
from trustscore.io.logs.pepper import Pepper
from trustscore.io.logs.rejects_file import REJECT_COLUMNS, reject_blocks
from trustscore.io.logs.rows import Reading
from trustscore.io.logs.session import Session
from trustscore.lexicon import load_lexicon
from trustscore.logs import LOG_TABLES, load_zone
from trustscore.signals.definitions import Definitions, load_definitions
from trustscore.signals.files.opening import Opened, compute, open_store
from trustscore.signals.files.write import export_blocks
from trustscore.typing import FilePath

__all__ = ["SignalsResult", "signals_frame"]


@dataclass(frozen=True)
class SignalsResult:
    """What logs gave.

    Attributes
    ----------
    export : pandas.DataFrame
        One row a merchant, ready for `trustscore.score_frame`.
    manifest : dict
        What was read, what was not collected, and why.
    rejects : pandas.DataFrame
        Rows that could not be used: table, line (the number of the row, from 1), reason.
    """

    export: pd.DataFrame
    manifest: dict[str, Any]
    rejects: pd.DataFrame


def signals_frame(
    logs: Mapping[str, Any],
    as_of: dt.date,
    definitions: str | Path | Definitions = "default",
    *,
    tz: str | None = None,
    include_removed: bool = False,
    previous: FilePath | None = None,
    baselines: FilePath | None = None,
) -> SignalsResult:
    """Make an export of logs that are in memory.

    Parameters
    ----------
    logs : mapping of str to frame
        By the names of the log tables: pandas DataFrames, or what gives an Arrow stream.
    as_of : date
        Nothing that happened on this day or later is counted. Windows may begin before the logs
        do: who has a frame knows what it covers.
    definitions : str, Path or Definitions, default="default"
    tz : str, optional
        Zone of the market; that of the definitions by default.
    include_removed : bool, default=False
        Whether removed merchants get a row.
    previous : path, optional
        Scores or rights of the last run; see `write_signals`.
    baselines : path, optional
        Return rates of the market's categories; see `write_signals`.

    Returns
    -------
    SignalsResult

    Raises
    ------
    InputError
        For unknown tables and missing columns, all at once.

    Examples
    --------
    >>> import datetime, pandas
    >>> orders = pandas.DataFrame(
    ...     {"merchant_id": ["m1", "m1"], "order_id": [1, 2], "paid_at": ["2026-01-05", "soon"]}
    ... )
    >>> found = signals_frame({"orders": orders}, datetime.date(2026, 2, 1))
    >>> found.export["orders_paid"].tolist(), found.rejects["reason"].tolist()
    ([1.0], ['not_a_time'])
    """
    faults = [f"{name}: unknown log{suggest(name, LOG_TABLES)}" for name in logs]
    faults = [fault for name, fault in zip(logs, faults, strict=True) if name not in LOG_TABLES]
    frames = {name: FrameLog(name, logs[name]) for name in LOG_TABLES if name in logs}
    mapping = LogMapping()
    for name, log in frames.items():
        faults += match_columns(log.header, LOG_TABLES[name], mapping.of(name), name)[1]
    if not logs:
        faults.append(f"give at least one of {', '.join(LOG_TABLES)}")
    if faults:
        raise InputError(f"the logs have {plural(len(faults), 'fault')}", faults)
    defs = load_definitions(definitions)
    market = Market(load_zone(tz or defs.market.tz), defs.market.currency)
    pepper, found = Pepper.load(None), Logs()
    with open_store(None) as store, Session([store.root], store.scratch) as session:
        for name, log in frames.items():
            reading = Reading(LOG_TABLES[name], market.zone, market.currency, pepper, name)
            place = store.place(name, "frame")
            part = ingest_source(log, place, reading, mapping.of(name), found.buckets, [])
            found.parts[name] = [part]
        census = take_census(session, found, store)
        opened = Opened(store, session, found, market, load_lexicon().stamp, pepper, census)
        done = compute(
            opened,
            defs,
            as_of,
            include_removed=include_removed,
            previous=previous,
            baselines=baselines,
        )
        blocks = [
            pd.DataFrame({name: array.to_pandas() for name, array in block.items()})
            for block in export_blocks(done.result, done.plan)
        ]
        bad = [pd.DataFrame(block) for block in reject_blocks(rejects_of(found))]
    names = ["merchant_id", *(c.name for c in done.plan.columns if c.name != "merchant_id")]
    export = pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=names)
    rejects = pd.concat(bad, ignore_index=True) if bad else pd.DataFrame(columns=[*REJECT_COLUMNS])
    return SignalsResult(export, done.facts, rejects)
