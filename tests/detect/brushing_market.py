"""A small market with five ways of brushing, and honest shops that look like it.

How often each trace is left is written down here beside the way of brushing, and was chosen before
the detector ran on it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

AS_OF = date(2026, 2, 1)
DAYS = 150
HOUR, DAY = 3600, 86400
CUT = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp())
STRATEGIES = ("own_accounts", "rented_ring", "real_parcels", "camouflage", "slow_drip")
# Share of a brusher's orders of each kind that leave each trace.
TRACES: dict[str, dict[str, float]] = {
    # Their own phones, accounts and storeroom; the platform knows three quarters of them.
    "own_accounts": {"own": 0.75, "light": 0.5, "reused": 0.2, "repeated": 0.5, "copied": 0.3},
    # Accounts that buy only at the shops of the ring; waybills bought from others' parcels.
    "rented_ring": {"reused": 0.25, "early": 0.25, "light": 0.4, "copied": 0.5},
    # A small gift travels to real addresses; the praise is dictated.
    "real_parcels": {"light": 0.8, "copied": 0.6},
    # Half of what the accounts buy is for themselves, elsewhere.
    "camouflage": {"farm": 0.4, "light": 0.6, "reused": 0.2, "copied": 0.4},
    # One to three a day, each by another account.
    "slow_drip": {"light": 0.6, "soon": 0.3, "copied": 0.5, "early": 0.1},
}
PHRASES = (
    "very good quality and fast delivery",
    "arrived well before the date, thank you",
    "exactly as in the pictures, will buy again",
    "good product for the price",
    "the parcel came quickly and well packed",
    "recommended, everything was perfect",
)
VOCABULARY = """
blue warm small quick bright heavy soft nice odd thin loud calm fresh plain
round cup shirt lamp box seat cloth phone bag toy ring chair pan book shoe broke
fits works smells looks feels lasted arrived pleased again maybe never often
"""
WORDS = VOCABULARY.split()
HOURS = np.array([1, 1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 8, 7, 7, 7, 8, 8, 9, 11, 13, 12, 8, 4.0])
HOURS /= HOURS.sum()


class Market:
    """Rows of logs, and what is true of each order."""

    def __init__(self, seed: int, honest: int = 40, buyers: int = 4000) -> None:
        self.seed = seed
        self.random = np.random.default_rng(seed)
        self.tables: dict[str, list[dict[str, Any]]] = {
            name: []
            for name in (
                "merchants",
                "orders",
                "order_items",
                "shipments",
                "reviews",
                "identities",
            )
        }
        self.truth: dict[str, tuple[str, str, str]] = {}
        self.waybills: list[tuple[str, int]] = []
        self.numbers = iter(range(10**9))
        self.goods: dict[str, list[tuple[str, float, float]]] = {}
        self.copied: list[str] = []
        self._buyers(buyers)
        self._honest(honest)
        for strategy in STRATEGIES:
            self._brushers(strategy)

    # People -----------------------------------------------------------------------------------
    def _buyers(self, count: int) -> None:
        r = self.random
        homes = r.integers(0, int(count * 0.6), count)
        self.people = [
            {
                "buyer_id": f"buyer-{n}",
                "device_id": f"phone-{n}",
                "ip": f"10.0.{homes[n]}" if r.random() < 0.6 else f"carrier-{r.integers(12)}",
                "address_id": f"home-{homes[n]}",
                "pay_account_id": f"purse-{n}",
                "region": int(r.integers(8)),
            }
            for n in range(count)
        ]
        # A dormitory: one address and one network for hundreds.
        self.students = [
            person | {"address_id": "dormitory-1", "ip": "campus-1"} for person in self.people[:300]
        ]
        self.people[:300] = self.students

    def _rented(self, name: str, count: int, farm: float = 0.0) -> list[dict[str, Any]]:
        """Accounts of brushers; some on a few phones of a farm."""
        r = self.random
        return [
            {
                "buyer_id": f"{name}-{n}",
                "device_id": f"{name}-farm-{n // 8}" if r.random() < farm else f"{name}-phone-{n}",
                "ip": f"{name}-net-{n}",
                "address_id": f"{name}-home-{n}",
                "pay_account_id": f"{name}-purse-{n}",
                "region": int(r.integers(8)),
            }
            for n in range(count)
        ]

    # Shops ------------------------------------------------------------------------------------
    def _shop(self, name: str, category: str) -> None:
        r = self.random
        self.tables["merchants"].append({"merchant_id": name, "category": category})
        self.goods[name] = [
            (f"{name}-item-{n}", float(r.uniform(150, 4000)), float(r.uniform(20, 300)))
            for n in range(int(r.integers(4, 9)))
        ]
        for kind in ("device", "pay_account", "address"):
            row = {"merchant_id": name, "kind": kind, "value": f"{name}-{kind}"}
            self.tables["identities"].append(row)

    def _honest(self, count: int) -> None:
        r = self.random
        categories = ["apparel", "home", "electronics", "snacks"]
        sizes = np.exp(r.normal(5.2, 0.8, count))
        self.honest = [f"honest-{n}" for n in range(count)]
        for n, name in enumerate(self.honest):
            self._shop(name, categories[n % 4])
            for _ in range(int(sizes[n])):
                self._order(name, self._any(self.people), self._moment())
        # The shop in the dormitory: most of its buyers live there.
        self._shop("dormitory-shop", "home")
        # Its keeper lives there, too.
        home = {"merchant_id": "dormitory-shop", "kind": "address", "value": "dormitory-1"}
        self.tables["identities"].append(home)
        for _ in range(600):
            group = self.students if r.random() < 0.7 else self.people
            self._order("dormitory-shop", self._any(group), self._moment())
        # Two shops of consumables with one owner: their customers come again and again.
        for name in ("consumables-shop", "consumables-sister"):
            self._shop(name, "snacks")
        for person in self.people[400:460]:
            for _ in range(int(r.integers(4, 14))):
                name = "consumables-shop" if r.random() < 0.7 else "consumables-sister"
                at = self._moment()
                for _ in range(1 + int(r.random() < 0.2) * 3):
                    self._order(name, person, at, item=0)
                    at = min(at + int(r.integers(HOUR, DAY)), CUT - HOUR)
        # A sale: three hours at a fraction of the list price, mostly new buyers.
        self._shop("sale-shop", "apparel")
        for _ in range(250):
            self._order("sale-shop", self._any(self.people), self._moment())
        for start in (40, 80, 120):
            for _ in range(40):
                at = CUT - start * DAY + 12 * HOUR + int(r.integers(HOUR))
                self._order("sale-shop", self._any(self.people), at, off=0.96)
        # A reseller buys the same thing every few days.
        for name in self.honest[:5]:
            person, at = self._any(self.people), self._moment(0.5)
            for _ in range(8):
                at = min(at + int(r.integers(HOUR, 2 * DAY)), CUT - HOUR)
                self._order(name, person, at, item=1)

    def _brushers(self, strategy: str) -> None:
        r, traces = self.random, TRACES[strategy]
        names = [f"{strategy}-{n}" for n in range(3)]
        for name in names:
            self._shop(name, ["apparel", "home", "electronics"][int(r.integers(3))])
            for _ in range(int(r.integers(150, 300))):
                self._order(name, self._any(self.people), self._moment())
        dictated = [self._text() for _ in range(6)]
        accounts = {
            "own_accounts": 8,
            "rented_ring": 40,
            "real_parcels": 150,
            "camouflage": 45,
            "slow_drip": 200,
        }[strategy]
        shared = self._rented(strategy, accounts, traces.get("farm", 0.0))
        known = r.random(len(names)) < 1.0
        for at_shop, name in enumerate(names):
            crew = shared
            if strategy == "own_accounts":
                crew = self._rented(f"{name}-own", accounts)
            if strategy == "rented_ring":
                # Each account works for two of the three shops.
                crew = [one for n, one in enumerate(shared) if n % 3 != at_shop]
            for _ in range(100):
                person = dict(self._any(crew))
                if strategy == "own_accounts" and r.random() < traces["own"] and known[at_shop]:
                    kind = str(r.choice(["device", "pay_account", "address"]))
                    column = f"{kind}_id"
                    person[column] = f"{name}-{kind}"
                item = 0 if r.random() < traces.get("repeated", 0.0) else None
                self._order(
                    name,
                    person,
                    self._moment(),
                    strategy=strategy,
                    item=item,
                    light=r.random() < traces.get("light", 0.0),
                    reused=r.random() < traces.get("reused", 0.0),
                    early=r.random() < traces.get("early", 0.0),
                    soon=r.random() < traces.get("soon", 0.0),
                    text=dictated[int(r.integers(6))]
                    if r.random() < traces.get("copied", 0.0)
                    else None,
                )
        if strategy == "camouflage":
            for person in shared:
                for _ in range(7):
                    self._order(str(r.choice(self.honest)), person, self._moment())

    # Events -----------------------------------------------------------------------------------
    def _any(self, group: list[dict[str, Any]]) -> dict[str, Any]:
        return group[int(self.random.integers(len(group)))]

    def _moment(self, until: float = 1.0) -> int:
        r = self.random
        day = int(r.integers(1, DAYS) * until) if until < 1 else int(r.integers(DAYS))
        start = CUT - DAYS * DAY + day * DAY
        return start + int(r.choice(24, p=HOURS)) * HOUR + int(r.integers(HOUR))

    def _sold(self, at: int) -> tuple[str, int] | None:
        """A number that a broker sells: of a parcel that travels in these days."""
        r = self.random
        for _ in range(300):
            waybill, scanned = self.waybills[int(r.integers(len(self.waybills)))]
            if at - 3 * DAY < scanned < at + 2 * DAY:
                return waybill, scanned
        return None

    def _text(self) -> str:
        return " ".join(self.random.choice(WORDS, 14))

    def _order(
        self,
        shop: str,
        person: dict[str, Any],
        at: int,
        *,
        strategy: str = "",
        item: int | None = None,
        off: float | None = None,
        light: bool = False,
        reused: bool = False,
        early: bool = False,
        soon: bool = False,
        text: str | None = None,
    ) -> None:
        r = self.random
        order = f"order-{next(self.numbers)}"
        goods = self.goods[shop]
        name, weight, price = goods[int(r.integers(len(goods))) if item is None else item]
        self.truth[order] = (shop, strategy, "")
        paid = price * (1 - (off if off is not None else r.uniform(0, 0.3)))
        facts = {key: person[key] for key in person if key != "region"}
        if not strategy and r.random() < 0.05:
            facts["device_id"] = f"{facts['device_id']}-second"
        self.tables["orders"].append(
            {"merchant_id": shop, "order_id": order, "paid_at": at, "amount": round(paid, 2)}
            | facts
            | {"channel": "live" if r.random() < 0.2 else "shelf", "order_type": "normal"}
        )
        line = {
            "merchant_id": shop,
            "order_id": order,
            "line": "1",
            "item_id": name,
            "quantity": 1,
            "price": round(paid, 2),
            "list_price": round(price, 2),
        }
        self.tables["order_items"].append(line)
        region = person["region"]
        shipped = at + int(r.uniform(2, 40) * HOUR)
        scanned = shipped + int(r.uniform(0.5, 10) * HOUR)
        trip = (0.5 + region % 5) * DAY * float(np.exp(r.normal(0, 0.25)))
        delivered = scanned + int(trip * (0.03 if soon else 1))
        waybill = f"waybill-{order}"
        if reused and (sold := self._sold(at)):
            waybill, scanned = sold
            shipped, delivered = max(at, scanned) + 5 * HOUR, scanned + 2 * DAY
        elif early:
            scanned = at - int(r.uniform(10, 70) * HOUR)
            delivered = scanned + int(r.uniform(4, 6) * DAY)
        elif not strategy and r.random() < 0.0003:
            # A number typed wrongly: that of another parcel of the shop.
            mine = [row for row in self.tables["shipments"][-300:] if row["merchant_id"] == shop]
            waybill = mine[-1]["waybill_id"] if mine else waybill
        if not reused and not strategy:
            self.waybills.append((waybill, scanned))
        heavy = weight * float(np.exp(r.normal(0, 0.08)))
        if light:
            heavy = weight * float(r.uniform(0.02, 0.15))
        elif r.random() < 0.001:
            # A scale that was not tared.
            heavy = 1.0
        self.tables["shipments"].append(
            {
                "merchant_id": shop,
                "order_id": order,
                "shipment_id": "1",
                "waybill_id": waybill,
                "shipped_at": shipped,
                "first_scan_at": scanned,
                "delivered_at": delivered,
                "weight_g": round(heavy, 1),
                "to_region": f"region-{region}",
            }
        )
        self._review(shop, order, person, delivered, strategy, text)

    def _review(
        self,
        shop: str,
        order: str,
        person: dict[str, Any],
        delivered: int,
        strategy: str,
        text: str | None,
    ) -> None:
        r = self.random
        if text is None and r.random() > (0.5 if strategy else 0.3):
            return
        after = int(r.exponential(3 * DAY))
        if text is not None:
            after = int(r.uniform(1, 20 if r.random() < 0.6 else 90) * HOUR)
            self.copied.append(order)
        elif r.random() < 0.4:
            text = str(r.choice(PHRASES))
        elif r.random() < 0.005 and self.tables["reviews"]:
            # A lazy buyer who copies another review of the shop.
            others = [row for row in self.tables["reviews"][-200:] if row["merchant_id"] == shop]
            text = others[-1]["text"] if others else self._text()
        else:
            text = self._text()
        stars = 5 if strategy else int(r.choice([1, 2, 3, 4, 5], p=[0.05, 0.05, 0.1, 0.25, 0.55]))
        self.tables["reviews"].append(
            {
                "review_id": f"review-{order}",
                "merchant_id": shop,
                "order_id": order,
                "created_at": delivered + after,
                "buyer_id": person["buyer_id"],
                "stars": stars,
                "text": text,
            }
        )

    # Files ------------------------------------------------------------------------------------
    def write(self, folder: Path, tables: tuple[str, ...] = (), step: int = 1) -> Path:
        """Write the logs, all or some of them; with a step of -1 the last row first."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in self.tables.items():
            if rows and (not tables or name in tables):
                pq.write_table(pa.Table.from_pylist(rows[::step]), folder / f"{name}.parquet")
        return folder

    def write_truth(self, folder: Path) -> Path:
        """Write what is true of each order and review."""
        folder.mkdir(parents=True, exist_ok=True)
        _csv(
            folder / "orders.csv",
            ("merchant_id", "order_id", "brushing", "decoy"),
            ((shop, order, kind, decoy) for order, (shop, kind, decoy) in self.truth.items()),
        )
        dictated = set(self.copied)
        _csv(
            folder / "reviews.csv",
            ("review_id", "merchant_id", "incentivised", "duplicate_group"),
            (
                (
                    row["review_id"],
                    row["merchant_id"],
                    int(row["order_id"] in dictated),
                    row["text"] if row["order_id"] in dictated else "",
                )
                for row in self.tables["reviews"]
            ),
        )
        return folder


def _csv(path: Path, header: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
