"""Orders that must be shipped soon, from a folder of event logs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from trustscore.errors import InputError
from trustscore.io.logs.runner import open_bucket
from trustscore.io.logs.times import read_moments
from trustscore.letters.due import MOST_ORDERS, Due
from trustscore.signals.coverage import day_of
from trustscore.signals.definitions import load_definitions
from trustscore.signals.files.opening import Opened, open_logs
from trustscore.signals.visible import visible_sql
from trustscore.typing import FilePath, Progress, silent

__all__ = ["due_orders"]

_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
_EPOCH = dt.date(1970, 1, 1)
_ORDERS = ("merchant_id", "order_id", "paid_at", "ship_by", "cancelled_at", "physical")
_SHIPPED = ("shipped_at", "first_scan_at")


@dataclass
class _Found:
    count: int = 0
    orders: list[tuple[str, str]] = field(default_factory=list)


def due_orders(
    logs: FilePath,
    at: str,
    hours: float = 6.0,
    *,
    tz: str | None = None,
    mapping: FilePath | None = None,
    name: Callable[[str], str] = str,
    progress: Progress = silent,
) -> dict[str, Due]:
    """Return by merchant the orders that must be shipped within some hours and are not.

    What happened at the moment or later is not known: an order shipped an hour after it is due
    still. An order of which any parcel was shipped, one that was cancelled and one of nothing that
    is shipped are not due, and neither is one whose deadline has passed.

    Parameters
    ----------
    logs : path
        A folder with the logs orders and shipments, as `trustscore.signals.files.write_signals`
        reads it.
    at : str
        The moment, such as ``2026-03-01 09:00``; by the market's clock unless it has an offset.
    hours : float, default=6
    tz : str, optional
        Zone of the market; that of the default definitions unless given.
    mapping : path, optional
        How the files, columns and words of the logs are called.
    name : callable, optional
        Makes of the id of a merchant the one by which they are called.
    progress : Progress, optional

    Returns
    -------
    dict of str to Due

    Raises
    ------
    InputError
        When the logs lack deadlines or parcels, or end before the moment.
    """
    with open_logs(
        logs, load_definitions("default"), tz=tz, mapping=mapping, progress=progress
    ) as opened:
        cut = _moment(at, opened)
        _refuse_unfit(logs, opened, cut)
        open_bucket(opened.session, opened.logs, range(opened.logs.buckets), "read_")
        until = cut + int(hours * _HOUR)
        rows = opened.session.rows(_sql(opened, cut, until))
        said = (_clock(cut, opened), _clock(until, opened))
        found: dict[str, _Found] = {}
        for merchant, order, deadline in rows:
            one = found.setdefault(name(merchant), _Found())
            one.count += 1
            if len(one.orders) < MOST_ORDERS:
                one.orders.append((str(order), _clock(deadline, opened)))
    return {
        merchant: Due(said[0], said[1], one.count, tuple(one.orders))
        for merchant, one in found.items()
    }


def _moment(at: str, opened: Opened) -> int:
    found = read_moments(pa.array([at]), opened.market.zone)
    if not found.there[0] or found.bad[0]:
        raise InputError(f"due_at must be a moment like 2026-03-01 09:00. Got {at!r}")
    return int(found.values[0])


def _clock(instant: int, opened: Opened) -> str:
    moment = dt.datetime.fromtimestamp(instant // _SECOND, opened.market.zone)
    return moment.strftime("%Y-%m-%d %H:%M")


def _refuse_unfit(logs: FilePath, opened: Opened, cut: int) -> None:
    have = {table: frozenset(opened.logs.types(table)) for table in opened.logs.parts}
    faults = [f"{table}: is not there" for table in ("orders", "shipments") if not have.get(table)]
    if have.get("orders") and "ship_by" not in have["orders"]:
        faults.append("orders.ship_by: is not there, and it is the deadline")
    if have.get("shipments") and not have["shipments"].intersection(_SHIPPED):
        faults.append(f"shipments: has none of {', '.join(_SHIPPED)}, which say what was shipped")
    days = opened.logs.tally("orders").days if have.get("orders") else {}
    if days:
        last = dt.date.fromisoformat(day_of(max(days)))
        today = dt.datetime.fromtimestamp(cut // _SECOND, opened.market.zone).date()
        # Parcels of logs that ended long ago would all look as if they were never shipped.
        if not last - dt.timedelta(days=366) < today <= last + dt.timedelta(days=1):
            faults.append(f"orders: end on {last}, which does not tell what is due on {today}")
    if faults:
        raise InputError(f"{logs}: does not tell which orders are due", faults)


def _sql(opened: Opened, cut: int, until: int) -> str:
    """Return the query of due orders: merchant, order, deadline."""
    day = (dt.datetime.fromtimestamp(cut // _SECOND, opened.market.zone).date() - _EPOCH).days

    def known(table: str, wanted: Iterable[str]) -> tuple[str, list[str]]:
        there = [column for column in opened.logs.types(table) if column != "_line"]
        columns = [column for column in wanted if column in there]
        return visible_sql(table, f"read_{table}", columns, there, cut, day), columns

    orders, of_orders = known("orders", _ORDERS)
    parcels, of_parcels = known("shipments", ("merchant_id", "order_id", *_SHIPPED))
    shipped = " OR ".join(f"{column} IS NOT NULL" for column in _SHIPPED if column in of_parcels)
    open_still = [
        condition
        for column, condition in (
            ("cancelled_at", "o.cancelled_at IS NULL"),
            ("physical", "(o.physical IS NULL OR o.physical)"),
        )
        if column in of_orders
    ]
    where = " AND ".join([f"o.ship_by >= {cut}", f"o.ship_by <= {until}", *open_still])
    return (
        f"SELECT o.merchant_id, o.order_id, o.ship_by FROM ({orders}) AS o ANTI JOIN (SELECT"
        f" merchant_id, order_id FROM ({parcels}) AS p WHERE {shipped}) AS s"
        " ON s.merchant_id = o.merchant_id AND s.order_id = o.order_id"
        f" WHERE {where} ORDER BY o.merchant_id, o.ship_by, o.order_id"
    )
