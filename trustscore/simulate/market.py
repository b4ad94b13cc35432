"""The merchants of a made-up marketplace, before any of their signals."""

from __future__ import annotations

from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from trustscore.typing import Array

# Merchants are drawn in blocks of this many, each from its own seed, so that a merchant's row
# depends on the seed and its number alone, whatever is asked for around it.
BLOCK = 4096

CATEGORIES = {
    "apparel": 0.24,
    "home": 0.16,
    "electronics": 0.14,
    "beauty": 0.12,
    "fresh_food": 0.10,
    "snacks": 0.08,
    "jewellery": 0.08,
    "toys": 0.08,
}
SHOP_TYPES = {"individual": 0.50, "enterprise": 0.30, "flagship": 0.14, "franchise": 0.06}
KINDS = ("honest", "brusher", "counterfeiter", "refund_refuser", "whitewasher")
KIND_SHARES = (0.97, 0.009, 0.008, 0.008, 0.005)

# Two signals of one dimension correlate by the sum, of two dimensions by the first.
MERCHANT_SHARE = 0.22
DIMENSION_SHARE = 0.13

LEAST_ORDERS, MOST_ORDERS = 3, 10_000
MEDIAN_ORDERS, ORDERS_SPREAD = 150.0, 1.6
NEW_SHARE = 0.08
MOST_NEW_ORDERS = 60
LIVE_SHARE = 0.60


class Streams:
    """One random stream a name, so that a new signal leaves all others as they were."""

    def __init__(self, seed: int, block: int) -> None:
        self.key = (seed, block)

    def __call__(self, name: str) -> np.random.Generator:
        """Return the stream of a name, from its beginning."""
        key = np.random.SeedSequence((*self.key, crc32(name.encode())))
        return np.random.Generator(np.random.PCG64(key))


@dataclass(slots=True)
class Merchants:
    """One block of merchants.

    `orders` are those paid in 30 days, `orders_90d` in 90; `kind` indexes `KINDS`; `quality` is
    the latent factor that all signals of a merchant share.
    """

    streams: Streams
    merchant_id: Array
    category: Array
    shop_type: Array
    kind: Array
    orders: Array
    orders_90d: Array
    tenure: Array
    new: Array
    live: Array
    quality: Array
    luck: Array
    _factors: dict[str, Array] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of merchants."""
        return len(self.kind)

    def latent(self, signal_id: str, dimension: str) -> Array:
        """Return how good each merchant is at one signal, standard normal, more is better."""
        factor = self._factors.get(dimension)
        if factor is None:
            factor = self.streams(f"dimension {dimension}").standard_normal(self.rows)
            self._factors[dimension] = factor
        own = self.streams(f"latent {signal_id}").standard_normal(self.rows)
        latent: Array = np.sqrt(MERCHANT_SHARE) * self.quality
        latent += np.sqrt(DIMENSION_SHARE) * factor
        latent += np.sqrt(1.0 - MERCHANT_SHARE - DIMENSION_SHARE) * own
        return latent


def _choose(stream: np.random.Generator, shares: dict[str, float], rows: int) -> Array:
    names = np.array(list(shares), dtype=object)
    ends = np.cumsum(list(shares.values()))
    return names[np.searchsorted(ends[:-1], stream.random(rows), side="right")]


def merchants(seed: int, block: int) -> Merchants:
    """Draw one block of merchants.

    Examples
    --------
    >>> drawn = merchants(seed=0, block=2)
    >>> drawn.merchant_id[0], bool((drawn.orders >= 3).all())
    ('m0008193', True)
    """
    streams = Streams(seed, block)
    first = block * BLOCK + 1
    names = np.empty(BLOCK, dtype=object)
    names[:] = [f"m{number:07d}" for number in range(first, first + BLOCK)]

    draw = streams("merchant")
    quality = draw.standard_normal(BLOCK)
    luck = draw.standard_normal(BLOCK)
    kind = np.searchsorted(np.cumsum(KIND_SHARES)[:-1], draw.random(BLOCK), side="right")
    # A whitewasher is back under a new name, so the shop looks young.
    white = kind == KINDS.index("whitewasher")
    new = (draw.random(BLOCK) < NEW_SHARE) | white
    volume = np.exp(np.log(MEDIAN_ORDERS) + ORDERS_SPREAD * draw.standard_normal(BLOCK))
    orders = np.clip(volume.astype(np.int64), LEAST_ORDERS, MOST_ORDERS)
    few = np.clip((volume * 0.12).astype(np.int64), LEAST_ORDERS, MOST_NEW_ORDERS)
    orders = np.where(new, few, orders)
    old_days = 60 + draw.gamma(1.5, 500.0, BLOCK).astype(np.int64)
    tenure = np.where(new, draw.integers(5, 60, BLOCK), np.minimum(old_days, 5000))
    earlier = np.clip((tenure - 30) / 60.0, 0.0, 1.0) * 2.0 * orders
    orders_90d = orders + draw.poisson(earlier)
    live = draw.random(BLOCK) < LIVE_SHARE
    category = _choose(streams("category"), CATEGORIES, BLOCK)
    shop_type = _choose(streams("shop_type"), SHOP_TYPES, BLOCK)
    return Merchants(
        streams,
        names,
        category,
        shop_type,
        kind,
        orders,
        orders_90d,
        tenure,
        new,
        live,
        quality,
        luck,
    )
