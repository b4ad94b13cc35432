"""What is known of each order of a merchant before anything is counted."""

from __future__ import annotations

from typing import Any

from tests.signals.witness.book import DAY, HOUR, MINUTE, Book, Row, Rows

SELLER_CANCEL = {"out_of_stock", "refused_to_ship", "asked_to_cancel"}
POLICY = {
    "brushing": 0.95,
    "incentivised": 0.95,
    "crowd_false": 0.8,
    "identity_link": 1.0,
    "gang": 0.8,
}


def in_force(row: Row) -> bool:
    """Whether nobody has appealed, or in vain."""
    return row["appeal"] not in ("pending", "overturned")


class Shop:
    """One merchant: rows and what follows from them."""

    def __init__(self, book: Book, name: str) -> None:
        self.book, self.name = book, name
        self.orders = {o["order_id"]: o for o in self.rows("orders")}
        self.cases: dict[str, Rows] = {}
        for case in sorted(self.rows("aftersales"), key=lambda c: (c["opened_at"], c["case_id"])):
            self.cases.setdefault(case["order_id"], []).append(case)
        self.parcels: dict[str, Rows] = {}
        for parcel in self.rows("shipments"):
            self.parcels.setdefault(parcel["order_id"], []).append(parcel)
        self._scans()
        self.lines: dict[str, Rows] = {}
        for line in self.rows("order_items"):
            self.lines.setdefault(line["order_id"], []).append(line)
        own = self.rows("identities")
        self.own = {(i["kind"], i["value"]) for i in own}
        for order in self.orders.values():
            self._facts(order)
        self._persons()

    def rows(self, table: str) -> Rows:
        return self.book.rows(table, self.name)

    def _scans(self) -> None:
        for event in sorted(self.rows("tracking_events"), key=lambda e: e["at"]):
            for parcels in self.parcels.values():
                for parcel in parcels:
                    if parcel["waybill_id"] != event["waybill_id"]:
                        continue
                    # What is only known to come back was never picked up.
                    if parcel["first_scan_at"] is None and event["code"] != "returned":
                        parcel["first_scan_at"] = event["at"]
                    if parcel["delivered_at"] is None and event["code"] == "delivered":
                        parcel["delivered_at"] = event["at"]

    def _facts(self, order: Row) -> None:
        parcels = self.parcels.get(order["order_id"], [])
        declared = [p["shipped_at"] for p in parcels if p["shipped_at"] is not None]
        scans = [p["first_scan_at"] for p in parcels]
        ends = [p["delivered_at"] for p in parcels]
        order["shipped_at"] = min(declared) if declared else None
        order["scanned_at"] = max(scans) if scans and None not in scans else None
        order["delivered_at"] = max(ends) if ends and None not in ends else None
        opened = order["paid_at"] if order["open_at"] is None else order["open_at"]
        due = order["ship_by"]
        if due is None:
            due = self.book.waking(opened, "18:00", "06:00") + 48 * HOUR
        order["pick_due"] = due
        order["valid"] = self._valid(order)

    def _valid(self, order: Row) -> bool:
        if order["order_type"] not in (None, "normal"):
            return False
        if order["amount"] is not None and order["amount"] <= 1.0:
            return False
        for case in self.cases.get(order["order_id"], []):
            at, shipped = case["refunded_at"], order["shipped_at"]
            at_once = at is not None and at <= order["paid_at"] + 10 * MINUTE
            if case["full_refund"] and at_once and (shipped is None or at < shipped):
                return False
        for kind, name in (
            ("device", "device_id"),
            ("pay_account", "pay_account_id"),
            ("address", "address_id"),
        ):
            own = order[name] is not None and (kind, order[name]) in self.own
            if own and not self.cleared("order", order["order_id"], "brushing"):
                return False
        return not self.verdict("order", order["order_id"], "brushing")

    def verdict(self, kind: str, subject: str, topic: str) -> bool:
        """Whether the latest verdict of a person, or a detector where none has spoken, holds."""
        found = self._findings(kind, subject, topic)
        last = self._human(found)
        if last is not None:
            return last["status"] == "confirmed" and in_force(last)
        if topic not in POLICY:
            return False
        return any(f["score"] is not None and f["score"] >= POLICY[topic] for f in found)

    def cleared(self, kind: str, subject: str, topic: str) -> bool:
        """Whether the latest verdict of a person is that there is nothing."""
        last = self._human(self._findings(kind, subject, topic))
        return last is not None and last["status"] == "cleared"

    def _findings(self, kind: str, subject: str, topic: str) -> Rows:
        return [
            f
            for f in self.rows("findings")
            if f["subject_kind"] == kind and f["subject_id"] == subject and f["topic"] == topic
        ]

    def _human(self, found: Rows) -> Row | None:
        human = [f for f in found if f["status"] in ("confirmed", "cleared")]
        return max(human, key=lambda f: (self._decided(f), f["finding_id"]), default=None)

    @staticmethod
    def _decided(finding: Row) -> int:
        at = finding["decided_at"]
        return int(finding["found_at"] if at is None else at)

    def _persons(self) -> None:
        """Join buyers that share a device or a payout account, hubs left out."""
        users: dict[tuple[str, str], set[str]] = {}
        for order in self.orders.values():
            for name in ("device_id", "pay_account_id"):
                if order[name] is not None and order["buyer_id"] is not None:
                    users.setdefault((name, order[name]), set()).add(order["buyer_id"])
        person = {o["buyer_id"]: o["buyer_id"] for o in self.orders.values() if o["buyer_id"]}
        changed = True
        while changed:
            changed = False
            for group in users.values():
                if len(group) > 5:
                    continue
                smallest = min(person[b] for b in group)
                for buyer in group:
                    if person[buyer] != smallest:
                        person[buyer], changed = smallest, True
        for order in self.orders.values():
            order["person"] = person.get(order["buyer_id"])

    # Cohorts and populations
    def valid(self, name: str, days: int, lag: int = 0) -> Rows:
        """Return valid orders whose moment lies in the window."""
        inside = self.book.window(days, lag)
        return [o for o in self.orders.values() if o["valid"] and inside(o[name])]

    def counts(self, order_id: str | None) -> bool:
        """Whether a row of this order is one of the valid population."""
        order = self.orders.get(order_id) if order_id is not None else None
        return order is None or bool(order["valid"])

    def first_reason(self, order: Row, reasons: set[str], within: int, start: str) -> bool:
        """Whether the order's first stated reason is one of these and somebody must answer it."""
        cases = self.cases.get(order["order_id"], [])
        if not cases:
            return False
        first, since = cases[0], order[start]
        horizon = since + 15 * DAY
        if (first["first_reason"] or first["reason"]) not in reasons:
            return False
        if not first["opened_at"] < since + within:
            return False
        alive = any(
            c["opened_at"] < horizon and (c["withdrawn_at"] is None or c["refunded_at"] is not None)
            for c in cases
        )
        return alive and not any(c["fault"] == "buyer" for c in cases)

    def returned(self, order: Row, horizon: int) -> bool:
        """Whether money went back after shipment, inside the horizon after delivery."""
        return any(
            c["refunded_at"] is not None
            and order["shipped_at"] is not None
            and c["refunded_at"] >= order["shipped_at"]
            and c["refunded_at"] < order["delivered_at"] + horizon
            for c in self.cases.get(order["order_id"], [])
        )

    def fully_refunded(self, order: Row) -> int | None:
        """Return when the order was refunded in full."""
        times = [
            c["refunded_at"]
            for c in self.cases.get(order["order_id"], [])
            if c["full_refund"] and c["refunded_at"] is not None
        ]
        return min(times) if times else None


def capped(rows: Rows, person: str, moment: str, key: str, days: int | None = 30) -> list[Any]:
    """Return the rows that are among the first 3 of their person in any span of days."""
    kept = []
    seen: dict[str, list[int]] = {}
    for row in sorted(rows, key=lambda r: (r[moment], r[key])):
        who = row[person]
        if who is None:
            kept.append(row)
            continue
        earlier = seen.setdefault(who, [])
        near = [t for t in earlier if days is None or row[moment] - t < days * DAY]
        if len(near) < 3:
            kept.append(row)
        earlier.append(row[moment])
    return kept
