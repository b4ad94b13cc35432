"""The merchants of `trustscore simulate`, with the true rates their logs are drawn from."""

from __future__ import annotations

from datetime import date, timedelta
from zlib import crc32

import numpy as np

from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.scoring.program import program_of
from trustscore.simulate.draft import EXPORTED_ON, Draft
from trustscore.simulate.logs.clock import midnights, season
from trustscore.simulate.logs.decoys import Decoys
from trustscore.simulate.market import BLOCK, CATEGORIES, KINDS, SHOP_TYPES, merchants
from trustscore.simulate.signals import laws
from trustscore.typing import Array

__all__ = ["AFTER", "GROUP", "Market", "Shops"]

# Merchants whose logs are drawn together: memory holds the orders of so many.
GROUP = 16
# Days after the cut of which there are logs, where decoys ask for them.
AFTER = 3
# The market's law gives every merchant some share of made-up orders. Logs have them where it is
# beyond this: whoever stands below brushes nothing.
LEAST_BRUSHING = 0.045
# Merchants from whom one person buys while the log lasts, where the market is large enough.
MERCHANTS_EACH = 4
MOST_DAYS = 3650


def _prime_from(least: int) -> int:
    """Return the first prime from a number on.

    Examples
    --------
    >>> _prime_from(90), _prime_from(2)
    (97, 2)
    """
    number = max(least, 2)
    while any(number % by == 0 for by in range(2, int(number**0.5) + 1)):
        number += 1
    return number


class Market:
    """A made-up market: what is true of each merchant, before any event.

    Attributes
    ----------
    true : dict of str to ndarray
        The true value of each signal of the default scorecard.
    volumes : dict of str to ndarray
        How many of everything an export of these merchants counts.
    """

    def __init__(self, count: int, seed: int, days: int, decoys: Decoys) -> None:
        for name, value, least in (("merchants", count, 1), ("seed", seed, 0), ("days", days, 1)):
            if value < least:
                raise InputError(f"{name}: must be at least {least}. Got {value}")
        if days > MOST_DAYS:
            raise InputError(f"days: must be at most {MOST_DAYS}. Got {days}")
        self.count, self.seed, self.days, self.decoys = count, seed, days, decoys
        self.after = AFTER if decoys["after_cut"] else 0
        self.cut_day = date(1970, 1, 1) + timedelta(days=int(EXPORTED_ON))
        self.midnights = midnights(self.cut_day, days, self.after)
        self.first, self.cut = int(self.midnights[0]), int(self.midnights[days])
        self.end = int(self.midnights[-1])
        self.busy = season(self.cut_day, days, self.after)
        self._given: dict[str, int] = {}
        self._draw_merchants()
        # Enough people for the largest merchant, each of whom buys from several merchants.
        paid = self.orders / 30.0 * np.minimum(self.tenure + 3, days) * max(self.busy.mean(), 1.0)
        self.people = _prime_from(int(max(1.3 * paid.max() + 100, paid.sum() / MERCHANTS_EACH)))

    def _draw_merchants(self) -> None:
        plan = program_of(load_scorecard("default"))
        per_signal = [laws(signal, len(plan.variants)) for signal in plan.signals]
        drafts, truths = [], []
        for block in range(-(-self.count // BLOCK)):
            draft = Draft(plan, per_signal, merchants(self.seed, block))
            truths.append(draft.finish()[1])
            drafts.append(draft)

        def joined(parts: list[Array]) -> Array:
            return np.concatenate(parts)[: self.count]

        drawn = [draft.merchants for draft in drafts]
        self.names = joined([part.merchant_id for part in drawn])
        self.kind = joined([part.kind for part in drawn])
        self.orders = joined([part.orders for part in drawn]).astype(np.float64)
        self.tenure = joined([part.tenure for part in drawn])
        self.live = joined([part.live for part in drawn])
        words = list(CATEGORIES)
        types = list(SHOP_TYPES)
        self.category = np.array(
            [words.index(w) for w in joined([part.category for part in drawn])], np.int64
        )
        self.shop_type = np.array(
            [types.index(w) for w in joined([part.shop_type for part in drawn])], np.int64
        )
        self.true = {
            name: joined([draft.truth[name] for draft in drafts]) for name in drafts[0].truth
        }
        self.volumes = {
            name: joined([draft.columns[name] for draft in drafts]) for name in drafts[0].columns
        }
        self.truth = {name: joined([t[name] for t in truths]) for name in truths[0]}
        share = self.true["brushing_order_share"]
        brushes = (share > LEAST_BRUSHING) | (self.kind == KINDS.index("brusher"))
        self.brushing = np.where(brushes, share, 0.0)

    def stream(self, name: str, group: int = 0) -> np.random.Generator:
        """Return the random stream of a name and a group of merchants, from its beginning."""
        key = (self.seed, 1 << 40, group, crc32(name.encode()))
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))

    def number(self, kind: str, count: int) -> Array:
        """Return numbers that no other thing of the kind has."""
        first = self._given.get(kind, 1)
        self._given[kind] = first + count
        return np.arange(first, first + count, dtype=np.int64)

    def groups(self) -> list[Shops]:
        """Return the merchants in groups whose logs are drawn one after another."""
        return [Shops(self, at) for at in range(0, self.count, GROUP)]


class Shops:
    """Some merchants of a market while their logs are drawn."""

    def __init__(self, market: Market, first: int, aside: str = "") -> None:
        self.market, self.first, self._aside = market, first, aside
        self.at = slice(first, min(first + GROUP, market.count))
        self.rows = self.at.stop - first

    def of(self, values: Array) -> Array:
        """Return the values of these merchants."""
        return values[self.at]

    def rate(self, signal: str) -> Array:
        """Return the true value of a signal."""
        return self.market.true[signal][self.at]

    def volume(self, column: str) -> Array:
        """Return how many an export counts."""
        return self.market.volumes[column][self.at].astype(np.float64)

    def stream(self, name: str) -> np.random.Generator:
        """Return the random stream of a name."""
        return self.market.stream(self._aside + name, self.first // GROUP + 1)

    def aside(self, name: str) -> Shops:
        """Return the same merchants with random streams of their own."""
        return Shops(self.market, self.first, f"{name} ")

    def events(self, name: str, a_day: Array) -> tuple[Array, Array]:
        """Draw so many events a day, evenly, and return whose they are and their days."""
        draw, market = self.stream(name), self.market
        size = market.days + market.after
        mean = np.repeat(np.asarray(a_day, np.float64)[:, None], size, axis=1)
        mean[np.arange(size)[None, :] < self.opening[:, None]] = 0.0
        counts = draw.poisson(mean)
        shop, day = np.nonzero(counts)
        times = counts[shop, day]
        return np.repeat(shop, times), np.repeat(day, times)

    @property
    def opening(self) -> Array:
        """The day of the log on which each merchant begins to sell."""
        days: Array = self.market.days - self.of(self.market.tenure) - 3
        return np.maximum(days, 0)
