"""Orders within a dense block: accounts that all buy at the same merchants."""

from __future__ import annotations

from trustscore.detect.brushing.bursts import ORDERS
from trustscore.detect.brushing.settings import BrushingSpec
from trustscore.detect.dense import dense_blocks
from trustscore.detect.room import Room

__all__ = ["dense_block"]

_LINES = "brushing_lines.item_id"


def dense_block(room: Room, settings: BrushingSpec) -> str:
    """Return the orders of buyers and merchants, or goods, that chance does not put so close.

    Consumables are left out, as people are loyal to where they buy them. Where no orders are there,
    reviews stand in for them; without their lines, goods are not looked at.
    """
    spec = settings.dense
    events = "brushing_orders" if room.has(ORDERS) else "brushing_reviews"
    graphs = {"merchants": ("e.merchant_id", "")}
    if events == "brushing_orders" and room.has(_LINES):
        graphs["goods"] = (
            "struct_pack(m := e.merchant_id, i := l.item_id, s := COALESCE(l.sku_id, ''))",
            " JOIN brushing_lines AS l ON l.merchant_id = e.merchant_id"
            " AND l.order_id = e.order_id AND l.item_id IS NOT NULL",
        )
    parts = []
    for name, (thing, join) in graphs.items():
        table = f"brushing_bought_{name}"
        room.make(
            table,
            "SELECT merchant_id, order_id, dense_rank() OVER (ORDER BY buyer_id) - 1 AS person,"
            " dense_rank() OVER (ORDER BY thing) - 1 AS thing FROM"
            f" (SELECT e.merchant_id, e.order_id, e.buyer_id, {thing} AS thing FROM {events} AS e"
            f"{join} ANTI JOIN brushing_consumable AS c ON c.merchant_id = e.merchant_id"
            " AND c.order_id = e.order_id WHERE e.judged AND e.buyer_id IS NOT NULL) AS b",
        )
        edges = room.relations.columns(f"SELECT DISTINCT person, thing FROM {table}")
        blocks = dense_blocks(
            edges["person"],
            edges["thing"],
            constant=spec.constant,
            most=spec.blocks,
            graphs=spec.graphs,
            margin=spec.margin,
            lift=spec.lift,
            share=spec.share,
        )
        people, things, said = [], [], []
        for number, (block, bound) in enumerate(blocks, start=1):
            people += [(person, number) for person in block.people.tolist()]
            things += [(thing, number) for thing in block.things.tolist()]
            members = f"buyers:{len(block.people)},{name}:{len(block.things)}"
            density = f"density:{block.density:.3f},bound:{bound:.3f}"
            said.append((number, f"block:{number},{members},{density}"))
        room.fill(f"{table}_people", {"person": "BIGINT", "block": "BIGINT"}, people)
        room.fill(f"{table}_things", {"thing": "BIGINT", "block": "BIGINT"}, things)
        room.fill(f"{table}_said", {"block": "BIGINT", "detail": "VARCHAR"}, said)
        parts.append(
            f"SELECT b.merchant_id, b.order_id, p.block, s.detail FROM {table} AS b"
            f" JOIN {table}_people AS p ON p.person = b.person"
            f" JOIN {table}_things AS t ON t.thing = b.thing AND t.block = p.block"
            f" JOIN {table}_said AS s ON s.block = p.block"
        )
    return (
        "SELECT merchant_id, order_id, arg_min(detail, (block, detail)) AS detail FROM"
        f" ({' UNION ALL '.join(parts)}) AS f GROUP BY merchant_id, order_id"
    )
