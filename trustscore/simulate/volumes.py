"""How many of everything a merchant has: the denominators, each a part of another."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from trustscore.simulate.market import Merchants
from trustscore.typing import Array

# column: (column it is a part of, share)
PARTS: dict[str, tuple[str, float]] = {
    "orders_shipped": ("orders_paid", 0.97),
    "orders_delivered": ("orders_shipped", 0.97),
    "orders_due_pickup": ("orders_paid", 0.98),
    "orders_picked_up": ("orders_shipped", 0.99),
    "waybills_due": ("orders_shipped", 0.98),
    "reviews_rated": ("orders_delivered", 0.30),
    "reviews_with_text": ("reviews_rated", 0.50),
    "followup_reviews_90d": ("reviews_rated_90d", 0.06),
    "nps_responses_90d": ("orders_delivered_90d", 0.05),
    "buyers": ("orders_paid", 0.85),
    "buyers_90d": ("orders_paid_90d", 0.80),
    "im_sessions": ("im_rounds", 0.40),
    "im_sessions_rated": ("im_sessions", 0.20),
    "refunds_completed": ("orders_paid", 0.08),
    "returns_completed": ("refunds_completed", 0.60),
    "aftersales_requests": ("orders_paid", 0.10),
    "aftersales_rated": ("aftersales_requests", 0.30),
    "merchant_help_orders": ("aftersales_requests", 0.60),
    "tickets_opened": ("orders_paid", 0.03),
    "platform_tickets": ("tickets_opened", 0.40),
    "guarantee_claims_90d": ("orders_paid_90d", 0.01),
    "invoices_requested_90d": ("orders_paid_90d", 0.03),
    "voc_issues_90d": ("orders_paid_90d", 0.005),
    "listings_submitted_90d": ("items_listed", 0.40),
    "live_sessions_90d": ("live_sessions_365d", 0.27),
    "live_sessions_voted_90d": ("live_sessions_90d", 0.70),
    "orders_delivered_live_90d": ("orders_delivered_90d", 0.45),
    "promoted_orders": ("orders_paid", 0.30),
    "live_ratings": ("live_viewers", 0.01),
    "live_promises_checked_90d": ("orders_delivered_live_90d", 0.10),
}
# column over 90 days: (over 30 days, what the other 60 days are a part of, share)
LONGER: dict[str, tuple[str, str, float]] = {
    "orders_shipped_90d": ("orders_shipped", "orders_paid", 0.97),
    "orders_delivered_90d": ("orders_delivered", "orders_shipped", 0.97),
    "reviews_rated_90d": ("reviews_rated", "orders_delivered", 0.30),
}
# column: (column it follows, how many for each)
RATES: dict[str, tuple[str, float]] = {
    "im_rounds": ("orders_paid", 1.5),
    "impressions": ("orders_paid", 60.0),
    "mentions_90d": ("orders_paid_90d", 0.01),
    "live_viewers": ("live_sessions_30d", 400.0),
    "live_warnings_90d": ("live_sessions_90d", 0.10),
    "live_reports_reviewed_90d": ("live_sessions_90d", 0.30),
    "live_items_reviewed_90d": ("live_sessions_90d", 6.0),
    "spot_checks_done_365d": ("orders_paid", 0.005),
}
NEEDS_CERTIFICATE = {"jewellery": 0.9, "beauty": 0.8, "fresh_food": 0.5, "electronics": 0.5}
INSPECTED = {"jewellery": 0.6}
LIVE_ONLY = re.compile("^(live_|promoted_)|_live(_|$)")
_DAYS = re.compile(r"_(\d+)d$")


class Volumes:
    """The counts of one block of merchants, each drawn when it is first asked for."""

    def __init__(self, merchants: Merchants) -> None:
        self.merchants = merchants
        self._known: dict[str, Array] = {
            "orders_paid": merchants.orders,
            "orders_paid_90d": merchants.orders_90d,
            "tenure_days": merchants.tenure,
            # The trade of a made-up market is steady: weeks ago it was what it is today.
            "orders_paid_lag15": merchants.orders,
            "orders_paid_all_90d": merchants.orders_90d,
        }
        self._special: dict[str, Callable[[np.random.Generator], Array]] = {
            "items_listed": self._items,
            "items_listed_365d": lambda r: self["items_listed"] + r.poisson(self["items_listed"]),
            "items_requiring_certificate": lambda r: r.binomial(
                self["items_listed"], self._by_category(NEEDS_CERTIFICATE)
            ),
            "warehouse_inspections_90d": lambda r: r.binomial(
                self["orders_delivered_90d"], self._by_category(INSPECTED)
            ),
            "inspection_required_orders_90d": lambda r: r.binomial(
                self["orders_paid_90d"], self._by_category(INSPECTED)
            ),
            "orders_delivered_90d_lag15": lambda r: self["orders_delivered_90d"],
            "orders_delivered_90d_lag30": lambda r: self["orders_delivered_90d"],
            "linked_accounts": lambda r: r.poisson(1.0, merchants.rows),
            "live_sessions_365d": self._sessions,
            "live_sessions_30d": lambda r: r.binomial(self["live_sessions_90d"], 1 / 3),
        }

    def __getitem__(self, column: str) -> Array:
        found = self._known.get(column)
        if found is None:
            found = self._draw(column, self.merchants.streams(f"volume {column}"))
            if LIVE_ONLY.search(column):
                found = np.where(self.merchants.live, found, 0)
            self._known[column] = found
        return found

    def _draw(self, column: str, draw: np.random.Generator) -> Array:
        if column in self._special:
            return self._special[column](draw)
        if column in PARTS:
            whole, share = PARTS[column]
            return draw.binomial(self[whole], share)
        if column in LONGER:
            short, whole, share = LONGER[column]
            earlier = self[f"{whole}_90d"] - self[whole]
            return self[short] + draw.binomial(earlier, share)
        if column in RATES:
            leader, rate = RATES[column]
            return draw.poisson(rate * self[leader])
        return self._guess(column, draw)

    def _guess(self, column: str, draw: np.random.Generator) -> Array:
        """Draw a count the market has no word for: a share of the orders of its window."""
        days = _DAYS.search(column)
        longer = days is not None and int(days[1]) > 30
        orders = self["orders_paid_90d" if longer else "orders_paid"]
        return draw.binomial(orders, 0.9 if column.startswith("orders") else 0.3)

    def _by_category(self, shares: dict[str, float]) -> Array:
        return np.array([shares.get(name, 0.0) for name in self.merchants.category.tolist()])

    def _items(self, draw: np.random.Generator) -> Array:
        spread = np.exp(0.7 * draw.standard_normal(self.merchants.rows))
        items: Array = np.maximum(4.0 * np.sqrt(self.merchants.orders) * spread, 1.0)
        return items.astype(np.int64)

    def _sessions(self, draw: np.random.Generator) -> Array:
        days = np.minimum(self.merchants.tenure, 365)
        a_day = draw.gamma(1.2, 0.3, self.merchants.rows)
        return 1 + draw.poisson(days * np.minimum(a_day, 2.0))
