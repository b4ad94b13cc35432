"""Tables that need an order of rows or several passes: verdicts, rounds of chat, persons, links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trustscore.signals.relations import Built, Relation
from trustscore.signals.types import BOOL, INTEGER, SECOND, TEXT, TIME, Term, number
from trustscore.signals.visible import ident

if TYPE_CHECKING:
    from trustscore.signals.build import Build

__all__ = ["BUILDERS", "PERSON_ROUNDS", "REMOVED_FOR_CAUSE"]

PERSON_ROUNDS = 8
"""Passes that join buyers by shared identifiers: chains of more links stay apart."""
REMOVED_FOR_CAUSE = (
    "\"status\" = 'removed' AND COALESCE(\"removal_reason\", 'left') NOT IN"
    " ('left', 'closed_by_owner')"
)
"""Of the last state of a merchant: those that left have no reason, or one of their own."""
_HUB = 5
_LONGEST_ANSWER = 600 * SECOND


def _order_exclusions(build: Build) -> Built:
    """Return the orders that do not count, each with the first reason that holds."""
    facts = build.relation("order_checks")
    name = facts.name
    merchant, order = (facts.request(column) for column in ("merchant_id", "order_id"))
    cases = []
    for because in build.exclusions():
        term = facts.request(f"excluded_{because}")
        cases.append(f"WHEN {term.sql} THEN '{because}'")
    reason = f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"
    sql = (
        f'SELECT * FROM (SELECT {merchant.sql}, {order.sql}, {reason} AS "because" '
        f'FROM {ident(name)}) AS t WHERE "because" IS NOT NULL'
    )
    types = {"merchant_id": Term("", TEXT), "order_id": Term("", TEXT), "because": Term("", TEXT)}
    return Built("order_exclusions", types, lambda: sql, [facts])


def _judgements(build: Build) -> Built:
    """Return the latest status of each topic and subject, and whether it counts.

    A person's word comes before a detector's, a later one before an earlier one. An appeal that
    is pending or was successful lets nothing count. What was withdrawn is as if never found.
    """
    findings = build.relation("logs.findings")
    need = ("merchant_id", "subject_kind", "subject_id", "topic", "status", "found_at")
    c = {name: findings.request(name).sql for name in (*need, "finding_id")}
    decided = build.maybe(findings, "decided_at")
    score = build.maybe(findings, "score")
    appeal = build.maybe(findings, "appeal")
    moment = f"COALESCE({decided}, {c['found_at']})"
    # What a person decides after the cut was a suspicion before.
    status = f"COALESCE({c['status']}, 'suspected')"
    suspected = " ".join(
        f"WHEN '{topic}' THEN {round(least * 1_000_000)}"
        for topic, least in sorted(build.policy.items())
    )
    least = f"CASE {c['topic']} {suspected} END" if suspected else "CAST(NULL AS BIGINT)"
    counts = (
        f"COALESCE(CASE WHEN COALESCE({appeal}, '') IN ('pending', 'overturned') THEN FALSE "
        f"WHEN {status} = 'confirmed' THEN TRUE "
        f"WHEN {status} = 'suspected' THEN {score} >= {least} ELSE FALSE END, FALSE)"
    )
    keys = ", ".join(c[name] for name in need[:4])
    human = f"CASE WHEN {status} IN ('confirmed', 'cleared') THEN 0 ELSE 1 END"
    sql = (
        f'SELECT {keys}, "status", "counts", "score" FROM (SELECT {keys}, {status} AS "status", '
        f'{score} AS "score", {counts} AS "counts", ROW_NUMBER() OVER (PARTITION BY {keys} '
        f'ORDER BY {human}, {moment} DESC, {c["finding_id"]} DESC) AS "_n" '
        f"FROM {ident(findings.name)} WHERE {status} <> 'withdrawn') AS t WHERE \"_n\" = 1"
    )
    types = {name: Term("", TEXT) for name in (*need[:4], "status")}
    types |= {"counts": Term("", BOOL), "score": Term("", number(1_000_000))}
    return Built("judgements", types, lambda: sql, [findings], table="findings")


def _rounds(build: Build) -> Built:
    """Return the rounds of chat: from a buyer's message to the next answer of a person.

    Where texts are logged, a message that only takes leave begins none.
    """
    messages = build.relation("logs.chat_messages")
    need = ("merchant_id", "chat_id", "sent_at", "sent_at_local", "sender", "message_id")
    c = {name: messages.request(name).sql for name in need}
    letters = build.maybe(messages, "text_letters", "BIGINT")
    closing = build.maybe(messages, "text_closing", "BOOLEAN")
    asks = f"CASE WHEN {c['sender']} = 'buyer' AND COALESCE({closing}, FALSE) THEN 'closing'"
    chat = f"PARTITION BY {c['merchant_id']}, {c['chat_id']} ORDER BY"
    ranked = (
        f'SELECT {", ".join(c.values())}, {letters} AS "letters", '
        f'{asks} ELSE {c["sender"]} END AS "_who", ROW_NUMBER() OVER '
        f'({chat} {c["sent_at"]}, {c["message_id"]}) AS "_i" FROM {ident(messages.name)}'
    )
    before = f'({chat} "_i" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)'
    after = f'({chat} "_i" ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)'

    def place(sender: str) -> str:
        return f'CASE WHEN "_who" = \'{sender}\' THEN "_i" END'

    marked = (
        f'SELECT r.*, MAX({place("human")}) OVER {before} AS "_human", '
        f'MAX({place("buyer")}) OVER {before} AS "_buyer", '
        f'MIN({place("human")}) OVER {after} AS "_answer" FROM ({ranked}) AS r'
    )
    waited = f"a.{c['sent_at']} - m.{c['sent_at']}"
    sql = (
        f'SELECT m.{c["merchant_id"]}, m.{c["chat_id"]}, m.{c["sent_at"]} AS "started_at", '
        f'm.{c["sent_at_local"]} AS "started_at_local", a.{c["sent_at"]} AS "answered_at", '
        f'a."letters" AS "answer_letters", CASE WHEN a."_i" IS NULL '
        f"OR {waited} > {_LONGEST_ANSWER} THEN {_LONGEST_ANSWER} ELSE {waited} END "
        f'AS "answer_seconds" FROM ({marked}) AS m LEFT JOIN ({ranked}) AS a '
        f"ON m.{c['merchant_id']} = a.{c['merchant_id']} AND m.{c['chat_id']} = a.{c['chat_id']} "
        f'AND m."_answer" = a."_i" WHERE m."_who" = \'buyer\' '
        'AND (m."_buyer" IS NULL OR m."_human" > m."_buyer")'
    )
    types = {
        "merchant_id": Term("", TEXT),
        "chat_id": Term("", TEXT),
        "started_at": Term("", TIME),
        "started_at_local": Term("", INTEGER),
        "answered_at": Term("", TIME),
        "answer_letters": Term("", INTEGER),
        "answer_seconds": Term("", number(SECOND)),
    }
    return Built("rounds", types, lambda: sql, [messages], table="chat_messages")


def _person_links(build: Build) -> Built:
    """Return which buyers of a merchant used one device or payout account; hubs are dropped."""
    orders = build.relation("logs.orders")
    merchant, buyer = (orders.request(column).sql for column in ("merchant_id", "buyer_id"))
    uses = []
    for kind in ("device_id", "pay_account_id"):
        if build.has("orders", kind):
            value = orders.request(kind).sql
            known = f"WHERE {buyer} IS NOT NULL AND {value} IS NOT NULL"
            # Nearly all identifiers have one buyer: only the others are counted and ranked.
            shared = (
                f"SELECT {merchant}, {value} FROM {ident(orders.name)} {known} "
                f"GROUP BY {merchant}, {value} HAVING MIN({buyer}) <> MAX({buyer})"
            )
            uses.append(
                f'SELECT o.{merchant}, o.{buyer}, \'{kind}\' AS "kind", o.{value} AS "value" '
                f"FROM {ident(orders.name)} AS o JOIN ({shared}) AS s "
                f"ON o.{merchant} = s.{merchant} AND o.{value} = s.{value} "
                f"WHERE o.{buyer} IS NOT NULL GROUP BY o.{merchant}, o.{buyer}, o.{value}"
            )
    used = " UNION ALL ".join(uses)
    sql = (
        'SELECT "merchant_id", "buyer_id", "kind", "value" FROM (SELECT t.*, COUNT(*) OVER '
        '(PARTITION BY "merchant_id", "kind", "value") AS "_n" '
        f'FROM ({used}) AS t) AS u WHERE "_n" > 1 AND "_n" <= {_HUB}'
    )
    types = {name: Term("", TEXT) for name in ("merchant_id", "buyer_id", "kind", "value")}
    return Built("person_links", types, lambda: sql, [orders])


def _persons(build: Build) -> Built:
    """Return the smallest buyer of each connected set, by passing the smallest name along."""
    links = build.relation("person_links")
    previous: Relation = links
    named = f'(SELECT t.*, "buyer_id" AS "person" FROM {ident(links.name)} AS t)'
    for i in range(PERSON_ROUNDS):
        least = (
            'SELECT "merchant_id", "buyer_id", "kind", "value", MIN("_by_value") OVER '
            '(PARTITION BY "merchant_id", "buyer_id") AS "person" FROM (SELECT t.*, '
            'MIN("person") OVER (PARTITION BY "merchant_id", "kind", "value") AS "_by_value" '
            f"FROM {named} AS t) AS u"
        )
        step = Built(f"persons_{i + 1}", {}, lambda sql=least: sql, [previous])  # type: ignore[misc]
        build.keep(step)
        previous, named = step, ident(step.name)
    sql = (
        'SELECT "merchant_id", "buyer_id", MIN("person") AS "person" '
        f'FROM {named} AS t GROUP BY "merchant_id", "buyer_id"'
    )
    types = {name: Term("", TEXT) for name in ("merchant_id", "buyer_id", "person")}
    return Built("persons", types, lambda: sql, [previous])


def _shared_waybills(build: Build) -> Built:
    """Return the waybills that stand on the orders of more than one buyer of the market."""
    parcels = build.relation("all.shipments")
    orders = build.relation("all.orders")
    joined = " AND ".join(
        f"p.{parcels.request(key).sql} = o.{orders.request(key).sql}"
        for key in ("merchant_id", "order_id")
    )
    waybill, buyer = parcels.request("waybill_id").sql, orders.request("buyer_id").sql
    # Most waybills stand on one parcel, which has one order, and that one buyer.
    several = (
        f"SELECT {waybill} FROM {ident(parcels.name)} WHERE {waybill} IS NOT NULL "
        f"GROUP BY {waybill} HAVING COUNT(*) > 1"
    )
    sql = (
        f'SELECT "waybill_id", COUNT(*) AS "buyers" FROM (SELECT p.{waybill}, o.{buyer} '
        f"FROM {ident(parcels.name)} AS p JOIN ({several}) AS v ON p.{waybill} = v.{waybill} "
        f"JOIN {ident(orders.name)} AS o ON {joined} WHERE o.{buyer} IS NOT NULL "
        f'GROUP BY p.{waybill}, o.{buyer}) AS t GROUP BY "waybill_id" HAVING COUNT(*) > 1'
    )
    types = {"waybill_id": Term("", TEXT), "buyers": Term("", INTEGER)}
    return Built("shared_waybills", types, lambda: sql, [parcels, orders], market=True)


def _promotions(build: Build) -> Built:
    """Return the orders of other merchants that a merchant sold as their promoter."""
    orders = build.relation("all.orders")
    c = {n: orders.request(n).sql for n in ("merchant_id", "order_id", "promoter_id", "paid_at")}
    sql = (
        f'SELECT {c["promoter_id"]} AS "merchant_id", {c["merchant_id"]} AS "seller_id", '
        f"{c['order_id']}, {c['paid_at']} FROM {ident(orders.name)} "
        f"WHERE {c['promoter_id']} <> {c['merchant_id']}"
    )
    types = {name: Term("", TEXT) for name in ("merchant_id", "seller_id", "order_id")}
    types["paid_at"] = Term("", TIME)
    return Built("promotions_of_orders", types, lambda: sql, [orders], market=True, table="orders")


def _removed_merchants(build: Build) -> Built:
    """Return the merchants that were removed for cause: those that left have no reason."""
    merchants = build.relation("all.merchants")
    need = ("merchant_id", "status", "removal_reason")
    c = {name: merchants.request(name).sql for name in need}
    since = build.maybe(merchants, "valid_from", "BIGINT")
    order = f"COALESCE({since}, -9223372036854775808) DESC"
    sql = (
        f'SELECT "merchant_id" FROM (SELECT {", ".join(c.values())}, ROW_NUMBER() OVER '
        f'(PARTITION BY {c["merchant_id"]} ORDER BY {order}) AS "_n" '
        f'FROM {ident(merchants.name)}) AS t WHERE "_n" = 1 AND {REMOVED_FOR_CAUSE}'
    )
    types = {"merchant_id": Term("", TEXT)}
    return Built("removed_merchants", types, lambda: sql, [merchants], market=True)


BUILDERS = {
    "order_exclusions": _order_exclusions,
    "judgements": _judgements,
    "rounds": _rounds,
    "person_links": _person_links,
    "persons": _persons,
    "shared_waybills": _shared_waybills,
    "promotions_of_orders": _promotions,
    "removed_merchants": _removed_merchants,
}
