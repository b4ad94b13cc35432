"""What an export reads beside the logs: the last scores, and what the market returns."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trustscore.errors import InputError, at_most
from trustscore.io.logs.ingest import Logs, Market
from trustscore.io.logs.runner import Runner, run_buckets
from trustscore.io.logs.session import Session, identifier, literal
from trustscore.io.whole_table import read_table
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.scorecard.side_columns import SIDE_COLUMNS
from trustscore.signals.baselines import baselines as market_rates
from trustscore.signals.baselines import category_returns
from trustscore.signals.build import GIVEN
from trustscore.signals.definitions import Definitions
from trustscore.signals.plan import PlannedColumn
from trustscore.typing import FilePath, Progress, silent

__all__ = ["Earlier", "add_baselines", "load_previous"]

_MILLION = 1_000_000


@dataclass
class Earlier:
    """Tables of a session that hold what earlier runs found.

    Attributes
    ----------
    collected : dict of str to frozenset of str
        The tables and their columns, as if they were logs.
    ids : list of str
        Merchants of the last scores.
    missing : dict of str to str
        Tables that could not be made, with the reason.
    columns : list of PlannedColumn
        Side columns of the last scores that go into the export.
    facts : dict
        Of the manifest.
    """

    collected: dict[str, frozenset[str]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    columns: list[PlannedColumn] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def reason(self, why: str) -> str:
        """Return why a column is missing, with why the table that it needs is."""
        table = why.removeprefix("not_collected: ")
        return f"{why} ({self.missing[table]})" if table in self.missing else why

    def join(self, export: str) -> str:
        """Return a SELECT that adds the side columns to the rows of an export."""
        if not self.columns:
            return f"SELECT * FROM {export}"
        more = ", ".join(f"p.{identifier(column.name)}" for column in self.columns)
        return f"SELECT e.*, {more} FROM {export} AS e LEFT JOIN previous AS p USING (merchant_id)"


def add_baselines(
    found: Earlier,
    session: Session,
    logs: Logs,
    market: Market,
    folder: Path,
    defs: Definitions,
    as_of: dt.date,
    *,
    unique: frozenset[str] = frozenset(),
    covers: Mapping[str, int] | None = None,
    file: FilePath | None = None,
    run: Runner = run_buckets,
    progress: Progress = silent,
) -> None:
    """Make the table ``baselines`` of a session.

    Parameters
    ----------
    found : Earlier
        Takes it, or why there is none.
    session : Session
    logs : Logs
    market : Market
    folder : Path
        For what is written in between.
    defs : Definitions
    as_of : date
    unique : frozenset of str, optional
        Logs without two rows of one key.
    covers : mapping of str to int, optional
        First instant of each log; the rates of a market need whole windows, too.
    file : path, optional
        Rates to be used; without it they are counted from the logs as of the first day of the
        month, so that a merchant's figure does not move within a month because others moved.
    run : Runner
        What counts.
    progress : Progress, optional

    Raises
    ------
    InputError
        When a file cannot be read.
    """
    if file is not None:
        rates = read_baselines(file)
        found.facts["baselines"] = {"file": str(file), **_stamped(rates)}
    else:
        month = as_of.replace(day=1)
        try:
            plan = category_returns(
                defs, month, logs.collected(), zone=market.zone.key, covers=covers, unique=unique
            )
        except InputError as error:
            found.missing["baselines"] = str(error)
            return
        result = run(session, logs, plan, folder, progress=progress).file
        rows = session.rows(
            "SELECT merchant_id, category, orders, returned FROM read_parquet(?)", [str(result)]
        )
        rates = market_rates((str(a), str(b), int(n), int(k)) for a, b, n, k in rows)
        found.facts["baselines"] = {"as_of": month.isoformat(), **_stamped(rates)}
    names = {"category": pa.string(), "rate": pa.int64()}
    _table(session, folder, "baselines", names, [list(rates), list(rates.values())])
    found.collected["baselines"] = frozenset(GIVEN["baselines"])


def _table(
    session: Session, folder: Path, name: str, types: Mapping[str, Any], columns: list[Any]
) -> None:
    path = folder / f"{name}.parquet"
    arrays = [pa.array(c, kind) for c, kind in zip(columns, types.values(), strict=True)]
    pq.write_table(pa.table(arrays, names=list(types)), path)
    session.run(
        f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS"
        f" SELECT * FROM read_parquet({literal(str(path))})"
    )


def load_previous(session: Session, folder: Path, path: FilePath, poor_index: float) -> Earlier:
    """Make the table ``previous`` of a session from the last scores or rights.

    A merchant is poor whose index is under the line, or who was scored in full and holds no tier.
    """
    found = Earlier()
    optional = ("trust_index", "reviews_below", "status", "tier_since")
    checks = {
        "trust_index": OUTPUT_COLUMNS["trust_index"].check,
        "reviews_below": SIDE_COLUMNS["reviews_below"].check,
    }
    texts = ("merchant_id", "tier", "status", "tier_since")
    table = read_table(path, checks, texts, optional=optional, ours=True, may_be_empty=True)
    cells = table.columns
    ids = cells["merchant_id"].tolist()
    _refuse_repeated(path, ids)
    index = cells.get("trust_index", np.full(len(ids), np.nan))
    formal = cells["status"] == "formal" if "status" in cells else np.ones(len(ids), dtype=bool)
    poor = (index < poor_index) | ((cells["tier"] == "") & formal)
    side = {"previous_tier": (pa.string(), "text", [tier or None for tier in cells["tier"]])}
    if "tier_since" in cells:
        side["tier_since"] = (pa.string(), "text", [day or None for day in cells["tier_since"]])
    if "reviews_below" in cells:
        below = [None if np.isnan(n) else int(n) for n in cells["reviews_below"]]
        side["reviews_below"] = (pa.int64(), "int", below)
    types = {"merchant_id": pa.string(), "poor": pa.bool_()}
    types |= {name: kind for name, (kind, _, _) in side.items()}
    _table(session, folder, "previous", types, [ids, poor, *(c for _, _, c in side.values())])
    found.ids = ids
    found.collected["previous"] = frozenset(GIVEN["previous"])
    found.columns = [PlannedColumn(name, word) for name, (_, word, _) in side.items()]
    found.facts["previous"] = {
        "file": str(path),
        "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        "merchants": len(ids),
        "poor": int(poor.sum()),
    }
    return found


def _refuse_repeated(path: FilePath, ids: list[str]) -> None:
    faults = [f"{name!r} stands {n} times" for name, n in Counter(ids).items() if n > 1]
    if faults:
        raise InputError(f"{path}: these last scores cannot be read", at_most(faults))


def _stamped(rates: Mapping[str, int]) -> dict[str, Any]:
    text = json.dumps(rates, sort_keys=True, ensure_ascii=False)
    return {
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "rates": {name: rate / _MILLION for name, rate in rates.items()},
    }


def read_baselines(path: FilePath) -> dict[str, int]:
    """Return the rates of a file in millionths: a CSV table, or the manifest of an earlier run.

    Raises
    ------
    InputError
        For rates that are no shares, and categories that stand twice.
    """
    if str(path).endswith(".json"):
        return _of_manifest(path)
    table = read_table(path, {"rate": "share"}, ["category"], ours=True)
    names = table.columns["category"].tolist()
    faults = []
    found: dict[str, int] = {}
    for row, (name, rate) in enumerate(zip(names, table.columns["rate"].tolist(), strict=True)):
        if name in found:
            faults.append(f"{table.at(row)}: category {name!r} stands twice")
        elif np.isnan(rate):
            faults.append(f"{table.at(row)}: the rate of {name!r} is blank")
        else:
            found[name] = round(rate * _MILLION)
    if faults:
        raise InputError(f"{path}: these baselines cannot be used", at_most(faults))
    return found


def _of_manifest(path: FilePath) -> dict[str, int]:
    try:
        facts = json.loads(Path(path).read_text("utf-8"))
        rates = {str(name): float(rate) for name, rate in facts["baselines"]["rates"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(
            f"{path}: must be the manifest of an export with baselines, or a CSV table of"
            " category and rate"
        ) from None
    faults = [
        f"{name!r}: must be 0 to 1. Got {r:g}" for name, r in rates.items() if not 0 <= r <= 1
    ]
    if faults:
        raise InputError(f"{path}: these baselines cannot be used", at_most(faults))
    return {name: round(rate * _MILLION) for name, rate in rates.items()}
