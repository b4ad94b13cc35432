"""How many perfect fakes buy one point of the index."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.audit.forgery import Forgery, best
from trustscore.audit.least import enough
from trustscore.audit.market import Market
from trustscore.audit.result import Section, table_of
from trustscore.typing import Array

__all__ = ["attack_cost", "one_fake"]

SIZES = (("small", 0.1), ("median", 0.5), ("large", 0.9))
_MERCHANTS = 25  # nearest to each size; the median of their costs is shown
_MOST = 2**24
POINT = 1.0
# Fewer fakes than this at a median merchant is cheap enough to be done by hand.
_CHEAP = 10.0
_SHOWN = 10


def _near(market: Market, quantile: float) -> Array:
    """Return merchants around a quantile of volume."""
    order = np.argsort(market.volume, kind="stable")
    count = min(_MERCHANTS, market.rows)
    start = int(np.clip(round(quantile * market.rows) - count // 2, 0, market.rows - count))
    found: Array = np.sort(order[start : start + count])
    return found


def attack_cost(market: Market) -> Section:
    """Price one point of the index, before rules, in perfect fakes.

    A fake counts as one more observation with the best figure there is, for one signal alone
    (table `signals`) and for all signals that count over its column at once (table `units`).
    A price is the median, over 25 merchants around the 10th, 50th and 90th percentile of volume, of
    the least whole number that reaches one point; infinite where a signal has none to give. Since
    most signals of a long scorecard have none, a tenth of a point is priced as well.

    Returns
    -------
    Section
    """
    section = Section("attack_cost")
    classes = [(name, _near(market, quantile)) for name, quantile in SIZES]
    part = market.take(np.concatenate([rows for _, rows in classes]))
    size = np.repeat(np.arange(len(classes)), [len(rows) for _, rows in classes])
    forgery = Forgery(part)
    signals = [signal for _, signal in forgery.signals]
    columns = list(dict.fromkeys(forgery.counted_over(s) for s in signals))
    section.facts = {
        "volume_column": market.volume_column,
        "points": POINT,
        "volumes": {name: float(np.median(market.volume[rows])) for name, rows in classes},
        "not_for_sale_by_the_piece": [s.id for s in market.card.signals if s.sample is None],
    }
    if not signals:
        section.note("nothing", "no signal counts anything, so nothing can be bought by the piece")
        return section
    if not enough(section, "price", market.rows):
        return section
    over = [forgery.counted_over(s) for s in signals]
    alone = _prices(forgery, [[signal] for signal in signals], size)
    section.tables["signals"] = _ordered(
        {"signal": [s.id for s in signals], "column": over} | alone
    )
    together = [[s for s, c in zip(signals, over, strict=True) if c == name] for name in columns]
    section.tables["units"] = _ordered(
        {"column": columns, "signals": [len(group) for group in together]}
        | _prices(forgery, together, size)
    )
    section.tables["cheapest"] = _cheapest(section.tables["signals"])
    _judge(section)
    return section


def one_fake(market: Market, name: str) -> float:
    """Return how many points of index, before rules, one perfect fake buys a median merchant.

    The fake is one more observation with the best figure there is, for one signal alone. The
    median is over 25 merchants around the median volume; NaN where the signal counts nothing.

    Parameters
    ----------
    market : Market
    name : str
        Of the signal.
    """
    forgery = Forgery(market.take(_near(market, 0.5)))
    targets = [[signal] for _, signal in forgery.signals if signal.id == name]
    if not targets:
        return float("nan")
    return float(np.median(_gain(forgery, targets, np.ones((1, forgery.rows)))))


def _prices(forgery: Forgery, targets: list[list[Any]], size: Array) -> dict[str, Array]:
    """Return columns of prices by size of merchant, and of all that can be bought.

    Medians are over merchants who could gain at all: a live rating has no price without a live
    room.
    """
    most = _gain(forgery, targets, np.full((len(targets), forgery.rows), float(_MOST)))
    table = {}

    def medians(says: str, values: Array, nothing: float) -> None:
        for i, (name, _) in enumerate(SIZES):
            own = [row[(size == i) & (gain > 1e-9)] for row, gain in zip(values, most, strict=True)]
            table[f"{name}_{says}"] = np.array([np.median(x) if len(x) else nothing for x in own])

    for says, points in (("point", POINT), ("tenth", POINT / 10)):
        medians(says, _least(forgery, targets, points), np.inf)
    medians("most", most, 0.0)
    return table


def _ordered(table: dict[str, Any]) -> dict[str, Any]:
    order = np.lexsort((table["median_tenth"], table["median_point"]))
    return {name: np.asarray(column)[order] for name, column in table.items()}


def _cheapest(table: Any) -> dict[str, Any]:
    """Return the ten signals that sell cheapest at each size of merchant."""
    rows = []
    for name, _ in SIZES:
        order = np.lexsort((table[f"{name}_tenth"], table[f"{name}_point"]))[:_SHOWN]
        for row in order.tolist():
            prices = (table[f"{name}_{what}"][row] for what in ("point", "tenth", "most"))
            rows.append((name, table["signal"][row], table["column"][row], *prices))
    return table_of("size signal column point tenth most", rows)


def _gain(forgery: Forgery, targets: list[list[Any]], extra: Array) -> Array:
    """Return the points won by so many fakes; shape (targets, merchants).

    All targets are scored at once: row (t, m) is merchant m under the attack on target t.
    """
    shape = extra.shape
    every = np.tile(np.arange(forgery.rows), len(targets))
    changed: dict[str, Array] = {}
    for target, signals in enumerate(targets):
        for signal in signals:
            forged = forgery.forged(signal, extra[target], best(signal))
            for name, values in forged.items():
                whole = changed.setdefault(name, forgery.block[name][every].reshape(shape))
                whole[target] = values
    flat = {name: values.reshape(-1) for name, values in changed.items()}
    raised: Array = forgery.scores(flat, every).raw_index.reshape(shape)
    return raised - forgery.scores({}).raw_index


def _least(forgery: Forgery, targets: list[list[Any]], points: float) -> Array:
    """Return the least number of fakes that adds so many points, infinite where none does."""
    low = np.zeros((len(targets), forgery.rows))
    high = np.full_like(low, float(_MOST))
    reached = _gain(forgery, targets, high) >= points
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        enough = _gain(forgery, targets, middle) >= points
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return np.where(reached, high, np.inf)


def _fakes(count: float) -> str:
    return "1 perfect fake" if count == 1 else f"{count:.0f} perfect fakes"


def _signals(count: int) -> str:
    return "1 signal rests" if count == 1 else f"{count} signals rest"


def _judge(section: Section) -> None:
    """Speak of what is cheapest: a whole unit first, as that is what an attacker buys."""
    table: Any = section.tables["units"]
    for name, _ in SIZES:
        price = table[f"{name}_point"]
        row = int(np.argmin(price))
        volume = f"{section.facts['volumes'][name]:.0f} {section.facts['volume_column']}"
        who = f"{name} merchant ({volume})"
        if not np.isfinite(price[row]):
            section.fine("price", f"at a {who} no column sells a whole point")
            continue
        says = (
            f"at a {who} a point costs {_fakes(price[row])} in {table['column'][row]}, "
            f"on which {_signals(table['signals'][row])}"
        )
        cheap = name == "median" and price[row] < _CHEAP
        section.judge("price", says, bad=cheap)
