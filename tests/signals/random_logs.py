"""Logs of all tables drawn at random, full of edges, for two readings to agree on."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from trustscore.logs import LOG_TABLES

MERCHANTS = ["m1", "m2", "m3"]
# Rows of a table; half as many as orders where it is not named.
SIZES = {"orders": 160, "shipments": 160, "aftersales": 160, "order_items": 160}
SIZES |= {"chat_messages": 160, "reviews": 160, "findings": 160, "live_votes": 480}
SIZES |= {"identities": 6, "merchants": 4, "inspections": 60, "tracking_events": 20}
# Few ids of each kind, so that rows meet.
FEW = {"order_id": 60, "buyer_id": 14, "item_id": 8, "session_id": 12, "voter_id": 9}
FEW |= {"reporter_id": 6, "chat_id": 10, "waybill_id": 50, "device_id": 12, "pay_account_id": 25}
FEW |= {"address_id": 25, "review_id": 60}
IDS: dict[str, list[str]] = {name: [f"{name}{i}" for i in range(n)] for name, n in FEW.items()}
IDS |= {"promoter_id": [*MERCHANTS, "x"], "follows": IDS["review_id"][:40]}
IDS |= {"category": ["ca", "cb", "cc"], "defect": ["material", "other", "weight"]}
IDS |= {"to_region": ["A", "B"], "signed_region": ["A", "A", "B"]}
SUBJECTS = {"order": "order_id", "item": "item_id", "review": "review_id", "chat": "chat_id"}
SUBJECTS |= {"live_session": "session_id"}
# Identifiers of a merchant that a buyer's order may carry too.
OWN = {"device": "device_id0", "pay_account": "pay_account_id0", "address": "address_id0"}
Logs = dict[str, list[dict[str, Any]]]


class _Draw:
    def __init__(self, seed: int, cut: datetime) -> None:
        self.random, self.cut = random.Random(seed), cut

    def moment(self) -> datetime:
        """Draw a moment before the cut or shortly after it; often on the edge of a window."""
        days = self.random.uniform(-120, 3)
        if self.random.random() < 0.25:
            edge = self.random.choice([-105, -90, -60, -45, -33, -30, -15, -3, 0])
            days = edge + self.random.choice([0, 0, 1 / 86400, -1 / 86400, 0.5])
        return (self.cut + timedelta(days=days)).replace(microsecond=0)

    def cell(self, table: str, column: Any, row: int) -> Any:
        draw, name = self.random, column.name
        if name == "merchant_id":
            return draw.choice(MERCHANTS)
        if draw.random() < (0.8 if name == "recorded_at" else 0.0 if column.required else 0.25):
            return None
        if name in IDS:
            return draw.choice(IDS[name])
        low, high = column.low or 0, 9 if column.high is None else column.high
        if column.type == "time":
            return self.moment()
        if column.type == "day":
            return self.moment().date()
        if column.type == "bool":
            return draw.random() < 0.4
        if column.type == "int":
            return draw.randint(int(low), int(high))
        if column.type == "num":
            return round(draw.uniform(low, high), draw.choice([0, 2]))
        if column.type == "money":
            return draw.choice([0.5, 1, 1.01, 20, 300.25, 99.9])
        if column.type == "class":
            return draw.choice(column.classes or ["a", "b"])
        if column.type == "text":
            return draw.choice(["ok", "fine thing", ".", " "])
        return f"{name}{row if draw.random() < 0.93 else 0}"


def random_logs(seed: int, cut: datetime) -> Logs:
    """Return rows of every table, as the reader would hand them on."""
    draw = _Draw(seed, cut)
    chance = draw.random
    logs: Logs = {}
    for name, log in LOG_TABLES.items():
        rows = []
        for i in range(SIZES.get(name, 80)):
            row = {column.name: draw.cell(name, column, i) for column in log.columns}
            if name == "orders":
                row["order_id"] = IDS["order_id"][i % 60] if chance.random() < 0.93 else "order_id0"
                row["order_type"] = chance.choice(["normal"] * 8 + ["gift"])
                row["paid_at"] = draw.moment()
            if name == "merchants":
                row["status"] = chance.choice(["active", "active", "removed"])
            if name == "findings":
                kind = SUBJECTS.get(row["subject_kind"])
                row["subject_id"] = chance.choice(IDS[kind] if kind else MERCHANTS)
                row["status"] = chance.choice([row["status"], "confirmed"])
                row["score"] = chance.choice([None, 1.0, 0.95, 0.8, 0.5])
            if name == "identities":
                row["value"] = OWN.get(row["kind"], "zz")
            if name == "live_votes":
                atmosphere = row["question"] == "atmosphere"
                row["answer"] = chance.randint(1, 5) if atmosphere else chance.randint(0, 1)
                # Which vote of a device is left before those of one network are one is open.
                row["ip"] = None
            for column in log.of_type("text"):
                row |= {flag: chance.random() < 0.4 for flag in column.flags}
            rows.append(row)
        logs[name] = rows
    _agree(logs, draw)
    return logs


def _agree(logs: Logs, draw: _Draw) -> None:
    """Let most rows belong to the merchant of their order, and follow it in time."""
    chance = draw.random
    own = {order["order_id"]: order for order in logs["orders"]}
    for name in ("shipments", "aftersales", "order_items", "reviews", "claims", "tickets"):
        for row in logs[name]:
            order = own.get(row["order_id"])
            if order is None or chance.random() < 0.05:
                continue
            row["merchant_id"] = order["merchant_id"]
            paid = order["paid_at"]
            if name == "shipments":
                row["shipped_at"] = paid + timedelta(hours=chance.randint(1, 60))
                row["first_scan_at"] = paid + timedelta(hours=chance.randint(1, 80))
                row["delivered_at"] = paid + timedelta(hours=chance.randint(20, 200))
            if name == "aftersales":
                row["opened_at"] = paid + timedelta(hours=chance.randint(0, 500))
                if chance.random() < 0.3:
                    row["refunded_at"] = paid + timedelta(minutes=chance.randint(0, 20))
            if name == "reviews":
                row["created_at"] = paid + timedelta(hours=chance.randint(0, 500))
                if chance.random() < 0.7:
                    row["follows"] = None
    for key, names in (
        ("session_id", ("live_sessions", "live_votes", "live_reports", "live_warnings")),
        ("chat_id", ("chat_sessions", "chat_messages")),
    ):
        host: dict[str, str] = {}
        for name in names:
            for row in logs[name]:
                row["merchant_id"] = host.setdefault(row[key], row["merchant_id"])
