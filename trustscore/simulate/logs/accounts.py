"""Accounts: the merchants, those of the same people that are gone, and what identifies them."""

from __future__ import annotations

import numpy as np

from trustscore.simulate.logs.clock import DAY
from trustscore.simulate.logs.columns import MISSING, OWN, Table, code, concat
from trustscore.simulate.logs.market import Market
from trustscore.simulate.market import KINDS

__all__ = ["Accounts"]

# Accounts on one identifier that belong together in no way; a hub is an identifier of more than
# ten accounts, five of an address, any of a network.
HUBS = {"phone": 0.10, "address": 0.08, "ip": 0.20}
PLANTED = {
    "phone": ("agency", "400-820-8820"),
    "address": ("building", "88 Century Avenue, tower 2"),
    "ip": ("office", "203.0.113.7"),
}
LEAST_HUB = {"phone": 12, "address": 8, "ip": 8}
FAMILY_SHARE = 0.03
SHARED = ("phone", "device", "email")


class Accounts:
    """The accounts of a market.

    Attributes
    ----------
    names : list of str
        Ids of all accounts: the merchants, then those that are gone.
    merchants, identities, truth, hubs : dict
        Tables.
    entity : ndarray of str
        Who is behind each merchant; those of one entity are one person's.
    gang : ndarray of str
        The component each merchant belongs to, empty for none.
    """

    def __init__(self, market: Market) -> None:
        self.market = market
        self.names: list[str] = market.names.tolist()
        self.draw = market.stream("accounts")
        # Of each account the value of each kind, and the role in which it has it.
        self.ids: list[dict[str, tuple[str, str]]] = []
        self.planted: list[tuple[int, str, str, str]] = []
        self.gone: list[tuple[int, bool, int]] = []
        count = market.count
        self.entity = np.array([f"e{at:07d}" for at in range(count)], dtype=object)
        self.gang = np.full(count, "", dtype=object)
        self.hubs: Table = {}
        self._own()
        self._families()
        self._accounts_gone()
        self._hubs()

    def _own(self) -> None:
        for at in range(len(self.names)):
            self._identify(at)

    def _identify(self, at: int) -> None:
        number, own = 10_000_000 + at, OWN + at
        values = {
            "legal_id": f"id{number}",
            "licence": f"lic{number}",
            "phone": f"139{number}",
            "email": f"shop{number}@example.com",
            "legal_name": f"Trading House {number}",
            "person_name": f"Owner {number}",
            "device": f"d{own}",
            "pay_account": f"p{own}",
            "address": f"a{own}",
            "ip": f"n{own}",
        }
        self.ids.append({kind: (value, "own") for kind, value in values.items()})

    def _link(self, one: int, other: int, kinds: tuple[str, ...], role: str) -> None:
        """Give an account identifiers of another one instead of its own."""
        for kind in kinds:
            self.ids[one][kind] = (self.ids[other][kind][0], role)
        group = self.gang[other] or f"g{other:07d}"
        for account in (one, other):
            if account < self.market.count:
                self.gang[account] = group

    def _families(self) -> None:
        """Let some pairs of merchants be one family, with identifiers in common."""
        count = self.market.count
        pick = np.flatnonzero(self.draw.random(count - 1) < FAMILY_SHARE)
        last = -1
        for one in pick.tolist():
            if one > last:
                self._link(one + 1, one, SHARED, "family")
                self.entity[one + 1] = self.entity[one]
                last = one + 1

    def _accounts_gone(self) -> None:
        """Add accounts of the same people that are gone, some of them removed for cause."""
        market = self.market
        linked = market.volumes["linked_accounts"].astype(np.int64)
        removed = self.draw.binomial(linked, np.clip(market.true["gang_link_share"], 0, 1))
        barred = market.true["barred_identity_link_flag"] > 0.5
        for at in range(market.count):
            again = barred[at]
            for number in range(max(int(linked[at]), int(again))):
                cause = number < max(int(removed[at]), int(again))
                account = len(self.names)
                self.names.append(f"z{account:07d}")
                self.gone.append((account, cause, at))
                self._identify(account)
                if again and number == 0:
                    # Back under a new name, with the payout account or licence of the old one.
                    kinds: tuple[str, ...] = ("pay_account", "phone")
                    kinds = kinds if self.draw.random() < 0.5 else ("licence", "device")
                    self._link(account, at, kinds, "reregistration")
                else:
                    self._link(account, at, SHARED, "family")

    def _hubs(self) -> None:
        """Plant identifiers that many accounts share and that say nothing."""
        found = []
        for kind, share in HUBS.items():
            size = int(share * len(self.names))
            if size < LEAST_HUB[kind]:
                continue
            role, value = PLANTED[kind]
            for at in self.draw.choice(len(self.names), size, replace=False).tolist():
                self.planted.append((at, kind, value, role))
            found.append((kind, value))
        self.hubs = {
            "kind": np.array([kind for kind, _ in found], dtype=object),
            "value": np.array([value for _, value in found], dtype=object),
        }

    @property
    def rows(self) -> list[tuple[int, str, str, str]]:
        """Account, kind, value and role of every identifier."""
        own = [
            (at, kind, value, role)
            for at, ids in enumerate(self.ids)
            for kind, (value, role) in ids.items()
        ]
        return own + self.planted

    def merchants(self) -> Table:
        """Return the log of merchants."""
        market, draw = self.market, self.market.stream("states")
        count, many = market.count, len(self.names)
        held = market.true["deposit_adequacy_ratio"]
        required = 1000.0 * draw.integers(1, 20, many)
        since = np.full(many, market.first - 30 * DAY)
        since[:count] = np.maximum(market.cut - (market.tenure + 10) * DAY, since[:count])
        opened = np.full(many, market.cut - 2000 * DAY)
        opened[:count] = market.cut - (market.tenure + 10) * DAY
        active = {
            "merchant_id": np.arange(many),
            "valid_from": since,
            "name": np.array([f"Shop {at}" for at in range(many)], dtype=object),
            "category": np.concatenate([market.category, draw.integers(0, 8, many - count)]),
            "shop_type": np.concatenate([market.shop_type, draw.integers(0, 4, many - count)]),
            "registered_at": opened,
            "status": np.full(many, code("merchants", "status", "active")),
            "removed_at": np.full(many, MISSING),
            "removal_reason": np.full(many, -1, np.int64),
            "deposit_held": np.append(np.round(held * required[:count], 4), np.zeros(many - count)),
            "deposit_required": required,
            "enrolled": draw.integers(0, 2, many),
        }
        if not self.gone:
            return active
        at = np.array([account for account, _, _ in self.gone])
        cause = np.array([cause for _, cause, _ in self.gone])
        left = {name: values[at] for name, values in active.items()}
        back = market.cut - (40 + draw.integers(0, 300, len(at))) * DAY
        left["valid_from"] = np.maximum(back, since[at] + DAY)
        left["status"] = np.full(len(at), code("merchants", "status", "removed"))
        left["removed_at"] = left["valid_from"]
        # Those that left by themselves have no reason.
        left["removal_reason"] = np.where(cause, draw.integers(0, 2, len(at)), -1)
        return concat([active, left])

    def identities(self) -> Table:
        """Return the log of identifiers."""
        market, draw = self.market, self.market.stream("seen")
        rows = self.rows
        at = np.array([row[0] for row in rows])
        first = np.full(len(at), market.first - 20 * DAY)
        return {
            "merchant_id": at,
            "kind": np.array([code("identities", "kind", row[1]) for row in rows]),
            "value": np.array([row[2] for row in rows], dtype=object),
            "first_seen": first,
            "last_seen": market.cut - draw.integers(1, 60, len(at)) * DAY,
            "hashed": np.zeros(len(at), np.int64),
        }

    def truth(self) -> Table:
        """Return who has which identifier, and why."""
        names, rows = np.array(self.names, dtype=object), self.rows
        return {
            "merchant_id": names[np.array([row[0] for row in rows])],
            **{
                name: np.array([row[place] for row in rows], dtype=object)
                for place, name in ((1, "kind"), (2, "value"), (3, "role"))
            },
        }

    def truth_of_merchants(self, true: Table) -> Table:
        """Return what is true of each account."""
        market = self.market
        cause = [int(cause) for _, cause, _ in self.gone]
        owner = np.array([owner for _, _, owner in self.gone], np.int64)
        blank = np.full(len(owner), np.nan)
        kinds = np.array(KINDS, dtype=object)[market.kind]
        return {
            "merchant_id": np.array(self.names, dtype=object),
            "kind": np.concatenate([kinds, np.full(len(owner), "gone", dtype=object)]),
            "entity": np.concatenate([self.entity, self.entity[owner]]),
            "gang": np.concatenate([self.gang, self.gang[owner]]),
            "removed_for_cause": np.array([0] * market.count + cause, np.int64),
            "true_index": np.concatenate([market.truth["true_index"], blank]),
            **{f"true_{name}": np.concatenate([values, blank]) for name, values in true.items()},
        }
