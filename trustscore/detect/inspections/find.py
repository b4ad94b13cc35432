"""The plan: which orders to inspect next, and what past inspections say of the market."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np

from trustscore.detect.findings import Cut, Found, Logs
from trustscore.detect.inspections.design import (
    Design,
    Posterior,
    design,
    draw,
    posterior,
    value_shares,
)
from trustscore.detect.inspections.estimate import fail_rate
from trustscore.detect.inspections.settings import InspectionsSpec
from trustscore.detect.room import Room
from trustscore.detect.settings import DetectSettings
from trustscore.errors import InputError, suggest
from trustscore.scorecard import load_scorecard
from trustscore.typing import Array, FloatArray

__all__ = ["PLAN_COLUMNS", "plan_inspections"]

PLAN_COLUMNS = {
    # Those of the log `inspections`.
    "inspection_id": str,
    "merchant_id": str,
    "order_id": str,
    "item_id": str,
    "kind": str,
    "selection": str,
    "propensity": float,
    "sampled_at": str,
    "decided_at": str,
    "result": str,
    "defect": str,
    "lab": str,
    # Why.
    "category": str,
    "expected_fail_rate": float,
    "chance_above_line": float,
}
"""The columns of a plan with their types."""
_ORDERS, _CELLS, _CHOSEN = "inspections_orders", "inspections_cells", "inspections_chosen"
# The log keeps a propensity to a millionth: smaller ones are off by half a percent and more.
_ROUGH = 1e-4
# Orders that somebody can still examine, each with one category and one item.
_EXPOSED = """
SELECT o.merchant_id, o.order_id, COALESCE(o.category, i.category, '') AS category, i.item_id
FROM orders AS o
LEFT JOIN (SELECT merchant_id, order_id, min(item_id) AS item_id, min(category) AS category
    FROM order_items GROUP BY merchant_id, order_id) AS i
ON i.merchant_id = o.merchant_id AND i.order_id = o.order_id
WHERE o.paid_at >= {start} AND o.cancelled_at IS NULL
AND COALESCE(o.order_type, 'normal') = 'normal'
AND NOT EXISTS (SELECT 1 FROM inspections AS done WHERE done.kind = 'spot'
    AND done.merchant_id = o.merchant_id AND done.order_id = o.order_id)
"""
_COUNTS = """
SELECT merchant_id, category, count(*) AS orders FROM inspections_orders
GROUP BY merchant_id, category ORDER BY merchant_id, category
"""
# What was examined, by the category of the order or of the item; NULL where neither is known.
_EXAMINED = """
SELECT n.merchant_id, COALESCE(o.category, p.category, i.category) AS category,
    count(*) AS examined, count(*) FILTER (WHERE n.result = 'fail') AS failed
FROM inspections AS n
LEFT JOIN orders AS o ON o.merchant_id = n.merchant_id AND o.order_id = n.order_id
LEFT JOIN (SELECT merchant_id, order_id, min(category) AS category FROM order_items
    GROUP BY merchant_id, order_id) AS p
ON p.merchant_id = n.merchant_id AND p.order_id = n.order_id
LEFT JOIN (SELECT merchant_id, item_id, min(category) AS category FROM order_items
    GROUP BY merchant_id, item_id) AS i
ON i.merchant_id = n.merchant_id AND i.item_id = n.item_id
WHERE {which} AND COALESCE(n.selection, '') NOT IN ('requested', 'complaint')
GROUP BY ALL ORDER BY ALL
"""
_SPOT = "n.kind = 'spot' AND n.result IN ('pass', 'fail') AND n.decided_at >= {start}"
_WEIGHTED = """
SELECT n.result = 'fail', n.propensity / 1e6 FROM inspections AS n
WHERE {which} AND n.selection IN ('random', 'targeted')
ORDER BY n.inspection_id, n.merchant_id
"""
_PICKED = """
SELECT c.cell, o.merchant_id, o.order_id, o.category, o.item_id
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY merchant_id, category ORDER BY order_id) - 1 AS n
    FROM inspections_orders) AS o
JOIN inspections_cells AS c ON c.merchant_id = o.merchant_id AND c.category = o.category
JOIN inspections_chosen AS p ON p.cell = c.cell AND p.n = o.n
ORDER BY c.cell, o.n
"""


class _Cells(NamedTuple):
    """Merchants by category, with what is known of each."""

    keys: list[tuple[str, str]]
    orders: Array
    examined: FloatArray
    failed: FloatArray
    harm: FloatArray


class _Rate(NamedTuple):
    """What the scorecard says of a rate."""

    stamp: str
    prior: float
    strength: float
    line: float


def plan_inspections(logs: Logs, settings: DetectSettings, cut: Cut) -> Found:
    """Return a plan of inspections, and the fail rate of the market by those that were logged.

    Parameters
    ----------
    logs : Logs
    settings : DetectSettings
        With a budget.
    cut : Cut

    Raises
    ------
    InputError
        When no budget was given, or the scorecard has no such rate.
    """
    spec = settings.inspections
    if spec.budget is None:
        raise InputError("detector inspections needs `budget`")
    rate = _rate(spec)
    which = _SPOT.format(start=cut.back(spec.days))
    facts: dict[str, Any] = {"scorecard": rate.stamp, "signal": spec.signal}
    facts |= {"usual_rate": rate.prior, "poor_rate": rate.line}
    warnings: list[str] = []
    said = _market(logs, which, facts, warnings)
    random = np.random.default_rng(spec.seed)
    with Room(logs, cut) as room:
        room.make(_ORDERS, _EXPOSED.format(start=cut.back(spec.exposed_days)))
        cells = _cells(room, which, spec, facts)
        if not len(cells.orders):
            warnings.append(
                f"no order of the last {spec.exposed_days} days can be inspected: the plan is empty"
            )
            empty: dict[str, list[Any]] = {name: [] for name in PLAN_COLUMNS}
            return Found([], facts, warnings, plan=empty, said=said)
        total = int(cells.orders.sum())
        if spec.budget > total:
            warnings.append(
                f"the budget of {spec.budget:,} is more than the {total:,} orders that can be"
                " inspected: all of them are in the plan"
            )
        known = posterior(cells.failed, cells.examined, rate.prior, rate.strength)
        shares = value_shares(known, cells.orders, cells.harm, rate.line, spec.draws, random)
        budget = min(spec.budget, total)
        made = design(cells.orders, shares, budget, spec.random_share, spec.most_of_one)
        plan = _rows(room, cells, known, made, rate, spec, cut, random)
    least = float(made.propensity.min())
    if least < _ROUGH:
        warnings.append(
            f"propensities are as small as {least:.1e}, and the log inspections"
            " keeps them to a millionth: a larger budget, or fewer `exposed_days`, makes the"
            " estimate of the market more exact"
        )
    chosen = len(plan["order_id"])
    at_random = plan["selection"].count("random")
    facts["plan"] = {
        "orders": chosen,
        "random": at_random,
        "targeted": chosen - at_random,
        "merchants": len(set(plan["merchant_id"])),
        "least_propensity": least,
        "expected_failures": round(float(sum(plan["expected_fail_rate"])), 3),
        "expected_of_as_many_at_random": round(
            chosen * float((known.mean * cells.orders).sum() / total), 3
        ),
    }
    return Found([], facts, warnings, plan=plan, said=said)


def _rate(spec: InspectionsSpec) -> _Rate:
    card = load_scorecard(spec.scorecard)
    rates = {signal.id: signal for signal in card.signals if signal.kind == "rate"}
    if spec.signal not in rates:
        raise InputError(
            f"settings inspections.signal: scorecard {card.stamp} has no rate"
            f" {spec.signal}{suggest(spec.signal, rates)}"
        )
    numbers = rates[spec.signal].numbers
    return _Rate(card.stamp, numbers.prior, numbers.strength, numbers.poor)


def _market(logs: Logs, which: str, facts: dict[str, Any], warnings: list[str]) -> list[str]:
    """Take down the fail rate of the market, and return it in words."""
    rows = logs.rows(_WEIGHTED.format(which=which))
    usable = [(bool(failed), p) for failed, p in rows if p is not None and 0.0 < p <= 1.0]
    if len(usable) < len(rows):
        warnings.append(
            f"{len(rows) - len(usable):,} of {len(rows):,} inspections at random or targeted have"
            " no propensity above 0: they say nothing about the market"
        )
    found = fail_rate(np.array([failed for failed, _ in usable]), np.array([p for _, p in usable]))
    if found is None:
        facts["market"] = None
        return ["fail rate of the market: unknown, no inspection with its propensity is logged"]
    facts["market"] = {
        "fail_rate": round(found.rate, 6),
        "interval_95": [round(found.low, 6), round(found.high, 6)],
        "inspections": found.inspections,
        "worth_at_random": round(found.effective, 1),
    }
    return [
        f"fail rate of the market: {100 * found.rate:.2f} %"
        f" (95 %: {100 * found.low:.2f} to {100 * found.high:.2f} %), by"
        f" {found.inspections:,} inspections with their propensities"
    ]


def _cells(room: Room, which: str, spec: InspectionsSpec, facts: dict[str, Any]) -> _Cells:
    counted = room.rows(_COUNTS)
    keys = [(str(merchant), str(category)) for merchant, category, _ in counted]
    orders = np.array([count for *_, count in counted], np.int64)
    at = {key: place for place, key in enumerate(keys)}
    of_merchant: dict[str, list[int]] = {}
    for place, (merchant, _) in enumerate(keys):
        of_merchant.setdefault(merchant, []).append(place)
    examined, failed = np.zeros(len(keys)), np.zeros(len(keys))
    known = away = spread = 0
    for merchant, category, count, bad in room.rows(_EXAMINED.format(which=which)):
        known += count
        places = of_merchant.get(merchant, [])
        if (merchant, category) in at:
            places = [at[merchant, category]]
        elif category is not None or not places:
            # It sells nothing of the kind any more.
            away += count
            continue
        # An inspection of unknown category is of each as likely as an order is.
        spread += count if len(places) > 1 else 0
        share = orders[places] / orders[places].sum()
        examined[places] += count * share
        failed[places] += bad * share
    harm = np.array([spec.harm.get(category, 1.0) for _, category in keys])
    facts["orders"] = int(orders.sum())
    facts["merchants"] = len(of_merchant)
    facts["merchants_by_category"] = len(keys)
    facts["inspections"] = {
        "known": int(known),
        "of_no_category": int(spread),
        "of_what_is_not_sold_now": int(away),
    }
    return _Cells(keys, orders, examined, failed, harm)


def _rows(
    room: Room,
    cells: _Cells,
    known: Posterior,
    made: Design,
    rate: _Rate,
    spec: InspectionsSpec,
    cut: Cut,
    random: np.random.Generator,
) -> dict[str, list[Any]]:
    """Draw the orders and return the plan, in random order."""
    chosen, at_random = draw(made, random)
    some = np.flatnonzero(chosen).tolist()
    cell_rows = [(cell, *cells.keys[cell]) for cell in some]
    types = {"cell": "BIGINT", "merchant_id": "VARCHAR", "category": "VARCHAR"}
    room.fill(_CELLS, types, cell_rows)
    picked, drawn = [], {}
    for cell in some:
        places = random.choice(cells.orders[cell], chosen[cell], replace=False).tolist()
        picked += [(cell, place) for place in places]
        drawn[cell] = random.permutation(int(chosen[cell])) < at_random[cell]
    room.fill(_CHOSEN, {"cell": "BIGINT", "n": "BIGINT"}, picked)
    above, propensity = known.above(rate.line), made.propensity
    plan: dict[str, list[Any]] = {name: [] for name in PLAN_COLUMNS}
    seen: dict[int, int] = {}
    for cell, merchant, order, category, item in room.rows(_PICKED):
        number = seen[cell] = seen.get(cell, -1) + 1
        content = f"{spec.seed}\0{merchant}\0{order}"
        name = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        row = {
            "inspection_id": f"plan:{cut.day.isoformat()}:{name}",
            "merchant_id": merchant,
            "order_id": order,
            "item_id": item,
            "kind": "spot",
            "selection": "random" if drawn[cell][number] else "targeted",
            "propensity": float(propensity[cell]),
            "category": category,
            "expected_fail_rate": float(known.mean[cell]),
            "chance_above_line": float(above[cell]),
        }
        for column, cells_of in plan.items():
            cells_of.append(row.get(column))
    # Who stops half way has still drawn as the propensities say, all of them smaller by one factor.
    order = random.permutation(len(plan["order_id"])).tolist()
    return {name: [values[at] for at in order] for name, values in plan.items()}
