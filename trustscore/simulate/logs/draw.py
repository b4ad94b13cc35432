"""A market's logs, group by group: every table, and the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trustscore.simulate.logs.accounts import Accounts
from trustscore.simulate.logs.brushing import fake_reviews, fake_tables, fakes
from trustscore.simulate.logs.buyers import choose_items, find_buyers, order_items, orders
from trustscore.simulate.logs.cases import cases
from trustscore.simulate.logs.chats import CHAT_DAYS, chats, offer
from trustscore.simulate.logs.columns import Table, concat
from trustscore.simulate.logs.goods import inspections, listings
from trustscore.simulate.logs.live import (
    SPOKEN_DAYS,
    broadcasts,
    reports,
    transcripts,
    votes,
    warnings,
)
from trustscore.simulate.logs.market import Market, Shops
from trustscore.simulate.logs.parcels import send, shipments, tracking
from trustscore.simulate.logs.recorded import recorded
from trustscore.simulate.logs.reviews import reviews
from trustscore.simulate.logs.tickets import claims, tickets
from trustscore.simulate.logs.trade import KINDS, trade
from trustscore.simulate.logs.verdicts import findings, violations
from trustscore.simulate.logs.voices import COUNTED_DAYS, daily_counts, mentions, surveys
from trustscore.simulate.logs.voters import Voters

__all__ = ["KEPT", "draw_logs"]

# Days for which a log is kept, where it is not kept as long as the others.
KEPT = {
    "chat_sessions": CHAT_DAYS,
    "chat_messages": CHAT_DAYS,
    "transcripts": SPOKEN_DAYS,
    "daily_counts": COUNTED_DAYS,
}


def draw_logs(market: Market) -> Iterator[tuple[float, dict[str, Table], dict[str, Table]]]:
    """Yield the share that is done, and logs and truths of one group after another."""
    accounts = Accounts(market)
    market.names = np.array(accounts.names, dtype=object)
    voters = Voters(market)
    # Most merchants make up no orders here, whatever the market's law says of them.
    true = market.true | {"brushing_order_share": market.brushing}
    yield (
        0.0,
        {"merchants": accounts.merchants(), "identities": accounts.identities()},
        {
            "merchants": accounts.truth_of_merchants(true),
            "identities": accounts.truth(),
            "hubs": accounts.hubs,
            "voters": voters.truth(),
        },
    )
    groups = market.groups()
    for done, shops in enumerate(groups, start=1):
        logs, truths = _of_group(shops, voters)
        logs = {name: recorded(shops, name, table) for name, table in logs.items()}
        yield done / len(groups), logs, truths


def _of_group(shops: Shops, voters: Voters) -> tuple[dict[str, Table], dict[str, Table]]:
    deals = trade(shops)
    send(shops, deals)
    choose_items(shops, deals)
    opened = cases(shops, deals)
    find_buyers(shops, deals)
    made = fakes(shops, deals)
    more = fake_tables(shops, made)
    copies, paid_for = fake_reviews(shops, made)
    parcels = shipments(shops, deals)
    scans = tracking(shops, parcels)
    lines, must = order_items(shops, deals)
    praise, bought = reviews(shops, deals)
    decoys = np.array(["", *KINDS[1:]], dtype=object)[deals.kind]
    truth = {
        "merchant_id": np.append(deals.shop, made.trade.shop) + shops.first,
        "order_id": np.append(deals.order, made.trade.order),
        "brushing": np.append(np.full(deals.rows, "", dtype=object), made.names),
        "decoy": np.append(decoys, np.full(made.trade.rows, "", dtype=object)),
    }
    rooms = broadcasts(shops)
    talks, messages = chats(shops, deals)
    offer(shops, talks, messages, praise["order_id"][bought["incentivised"] == 1])
    logs = {
        "orders": concat([orders(shops, deals), more["orders"]]),
        "order_items": concat([lines, more["order_items"]]),
        "shipments": concat([parcels, more["shipments"]]),
        "tracking_events": scans,
        "aftersales": opened,
        "tickets": tickets(shops, deals),
        "claims": claims(shops, deals),
        "listings": listings(shops),
        "reviews": concat([praise, copies]),
        "chat_sessions": talks,
        "chat_messages": messages,
        "live_sessions": rooms.table,
        "live_votes": votes(shops, rooms, voters),
        "live_reports": reports(shops, rooms),
        "live_warnings": warnings(shops, rooms),
        "transcripts": transcripts(shops, rooms),
        "surveys": surveys(shops),
        "daily_counts": daily_counts(shops),
        "mentions": mentions(shops),
        "inspections": inspections(shops, deals, must, rooms),
        "findings": findings(shops, deals, rooms, talks, praise, bought["incentivised"]),
        "violations": violations(shops),
    }
    truths = {
        "orders": truth,
        "reviews": concat([bought, paid_for]),
        "sessions": rooms.truth(),
    }
    return logs, truths
