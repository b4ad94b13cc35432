"""The statements of a plan as one script in the dialect of an engine."""

from __future__ import annotations

from trustscore.errors import InputError
from trustscore.export.sql.dialects import translate
from trustscore.signals.plan import Plan

__all__ = ["emit_sql"]


def emit_sql(plan: Plan, dialect: str = "duckdb") -> str:
    """Return a script that makes each statement of a plan a temporary view.

    Parameters
    ----------
    plan : Plan
    dialect : str
        ``spark``, ``postgres``, ... as in `trustscore.export`.

    Examples
    --------
    >>> from datetime import date
    >>> from trustscore.signals import generate, load_definitions
    >>> logs = {"orders": frozenset(["merchant_id", "order_id", "paid_at"])}
    >>> plan = generate(load_definitions("default"), date(2026, 2, 1), logs)
    >>> emit_sql(plan, "spark").splitlines()[0]
    'CREATE TEMPORARY VIEW known_orders AS'
    """
    parts = []
    for statement in (*plan.market, *plan.statements):
        query = _said(statement.sql, dialect).rstrip()
        parts.append(f"CREATE TEMPORARY VIEW {statement.name} AS\n{query};")
    return "\n\n".join(parts) + "\n"


def _said(sql: str, dialect: str) -> str:
    from sqlglot.errors import UnsupportedError

    try:
        return translate(sql, dialect)
    except UnsupportedError as error:
        said = str(error).splitlines()[0]
        raise InputError(f"dialect {dialect} cannot say what the columns need: {said}") from None
