"""A market's logs, group by group: every table, and the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trustscore.simulate.logs.accounts import Accounts
from trustscore.simulate.logs.buyers import choose_items, find_buyers, order_items, orders
from trustscore.simulate.logs.cases import cases
from trustscore.simulate.logs.columns import Table
from trustscore.simulate.logs.market import Market, Shops
from trustscore.simulate.logs.parcels import send, shipments, tracking
from trustscore.simulate.logs.recorded import recorded
from trustscore.simulate.logs.reviews import reviews
from trustscore.simulate.logs.trade import KINDS, trade

__all__ = ["draw_logs"]


def draw_logs(market: Market) -> Iterator[tuple[float, dict[str, Table], dict[str, Table]]]:
    """Yield the share that is done, and logs and truths of one group after another."""
    accounts = Accounts(market)
    market.names = np.array(accounts.names, dtype=object)
    yield (
        0.0,
        {"merchants": accounts.merchants(), "identities": accounts.identities()},
        {
            "merchants": accounts.truth_of_merchants(market.true),
            "identities": accounts.truth(),
            "hubs": accounts.hubs,
        },
    )
    groups = market.groups()
    for done, shops in enumerate(groups, start=1):
        logs, truths = _of_group(shops)
        logs = {name: recorded(shops, name, table) for name, table in logs.items()}
        yield done / len(groups), logs, truths


def _of_group(shops: Shops) -> tuple[dict[str, Table], dict[str, Table]]:
    deals = trade(shops)
    send(shops, deals)
    choose_items(shops, deals)
    opened = cases(shops, deals)
    find_buyers(shops, deals)
    parcels = shipments(shops, deals)
    scans = tracking(shops, parcels)
    lines, _ = order_items(shops, deals)
    praise, bought = reviews(shops, deals)
    decoys = np.array(["", *KINDS[1:]], dtype=object)[deals.kind]
    truth = {
        "merchant_id": deals.shop + shops.first,
        "order_id": deals.order,
        "brushing": np.full(deals.rows, "", dtype=object),
        "decoy": decoys,
    }
    logs = {
        "orders": orders(shops, deals),
        "order_items": lines,
        "shipments": parcels,
        "tracking_events": scans,
        "aftersales": opened,
        "reviews": praise,
    }
    return logs, {"orders": truth, "reviews": bought}
