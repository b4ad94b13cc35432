"""What the market's return rates are made of: orders and returns by merchant and category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from statistics import median

from trustscore.errors import InputError
from trustscore.signals.definitions import Definitions
from trustscore.signals.generator import Generator, ShortLog
from trustscore.signals.plan import Plan, Statement
from trustscore.signals.types import NotCollected
from trustscore.signals.visible import ident

__all__ = ["COHORT", "LEAST_ORDERS", "baselines", "category_returns"]

COHORT = "orders_delivered_90d_lag15"
"""The column whose orders the rates are of."""
LEAST_ORDERS = 50
"""A merchant with fewer orders of a category says nothing of it."""


def category_returns(
    definitions: Definitions,
    cut: date,
    collected: Mapping[str, frozenset[str]],
    *,
    zone: str | None = None,
    covers: Mapping[str, int] | None = None,
    unique: frozenset[str] = frozenset(),
) -> Plan:
    """Return the SQL of orders and returns; run once a bucket, before the plan of the columns.

    The last statement is named ``category_returns``: `merchant_id`, `category`, `orders` and
    `returned`. Bring the rows of all buckets together and give them to `baselines`.

    Raises
    ------
    InputError
        When the logs do not hold what it needs, or begin inside the window; see `generate`.
    """
    if COHORT not in definitions.columns:
        raise InputError(f"no return rates of categories: {definitions.name} has no {COHORT}")
    generator = Generator(definitions, cut, collected, zone=zone, covers=covers, unique=unique)
    try:
        rows = generator.rows(definitions.columns[COHORT])
        generator.check_cover(definitions.columns[COHORT], rows)
        category = rows.scope.column("category").sql
        returned = rows.bool("returned_at < horizon")
        cond = rows.sql()
    except ShortLog as short:
        raise InputError(f"no return rates of categories: {short.what}") from None
    except NotCollected as absent:
        raise InputError(f"no return rates of categories: {absent.what} is not collected") from None
    sql = (
        f'SELECT {rows.merchant}, {category}, COUNT(*) AS "orders", '
        f'CAST(SUM(CASE WHEN {returned} THEN 1 ELSE 0 END) AS BIGINT) AS "returned" '
        f"FROM {ident(rows.relation.name)} AS f WHERE {cond} AND {category} IS NOT NULL "
        f"GROUP BY {rows.merchant}, {category}"
    )
    return generator.plan_of([rows.relation], Statement("category_returns", sql))


def baselines(rows: Iterable[tuple[str, str, int, int]]) -> dict[str, int]:
    """Return the return rate of each category in millionths: the median over its merchants.

    Examples
    --------
    >>> baselines([("a", "toys", 100, 10), ("b", "toys", 50, 1), ("c", "toys", 49, 49)])
    {'toys': 60000}
    """
    rates: dict[str, list[float]] = {}
    for _, category, orders, returned in rows:
        if orders >= LEAST_ORDERS:
            rates.setdefault(category, []).append(returned / orders)
    return {name: round(median(found) * 1_000_000) for name, found in sorted(rates.items())}
