"""All rules over the orders of a market."""

from __future__ import annotations

import math

import numpy as np

from trustscore.detect.brushing.base import LOGS, make_base
from trustscore.detect.brushing.hard import make_identities, make_waybills
from trustscore.detect.brushing.rules import RULES
from trustscore.detect.brushing.score import logit, scores
from trustscore.detect.copies import make_copies
from trustscore.detect.findings import Cut, Finding, Found, Logs, verdicts
from trustscore.detect.room import Room
from trustscore.detect.settings import DetectSettings

__all__ = ["find_brushing"]

# Weights are added as whole millionths: the sum is the same in any order.
_UNIT = 1_000_000
_HITS = (
    "merchant_id VARCHAR, order_id VARCHAR, rule VARCHAR, family VARCHAR, hard BOOLEAN,"
    " weight BIGINT, detail VARCHAR"
)
# Of rules of one family the weightiest counts: they see the same thing.
_EVIDENCE = """
SELECT merchant_id, order_id, sum(weight) AS weight, bool_or(hard) AS hard,
    string_agg(said, ' ' ORDER BY hard DESC, weight DESC, said) AS evidence
FROM (
    SELECT merchant_id, order_id, hard, weight,
        CASE WHEN detail IS NULL THEN rule ELSE rule || '(' || detail || ')' END AS said,
        ROW_NUMBER() OVER (
            PARTITION BY merchant_id, order_id, family ORDER BY weight DESC, rule) AS n
    FROM brushing_hits
) AS h
WHERE n = 1
GROUP BY merchant_id, order_id
HAVING bool_or(hard) OR sum(weight) >= {least}
"""
# What a person cleared is no certain order, however certain it looks.
_CERTAIN = """
SELECT e.merchant_id, e.order_id FROM ({certain}) AS e
ANTI JOIN brushing_decided AS d ON d.merchant_id = e.merchant_id AND d.order_id = e.order_id
UNION SELECT merchant_id, order_id FROM brushing_decided WHERE confirmed
"""
# An account that brushed for a merchant brushes again, and words that were written for one such
# order are used for others: orders with any evidence beside a certain one of the same account or
# words at the merchant.
_KNOWN = """
INSERT INTO brushing_hits
SELECT DISTINCT h.merchant_id, h.order_id, '{rule}', 'known', FALSE, {weight},
    CAST(NULL AS VARCHAR)
FROM brushing_hits AS h
JOIN {table} AS b ON b.merchant_id = h.merchant_id AND b.order_id = h.order_id
JOIN (
    SELECT c.merchant_id, b.{column}, count(DISTINCT c.order_id) AS orders,
        min(c.order_id) AS only_one
    FROM brushing_certain AS c
    JOIN {table} AS b ON b.merchant_id = c.merchant_id AND b.order_id = c.order_id
    GROUP BY c.merchant_id, b.{column}
) AS k ON k.merchant_id = b.merchant_id AND k.{column} = b.{column}
WHERE k.orders > 1 OR k.only_one <> h.order_id
"""
# What makes an order known: the table of its orders, and the column that two have in common.
_KNOWN_BY = {
    "known_account": ("brushing_buyers", "buyer_id"),
    "known_words": ("brushing_praise", "words"),
}


def find_brushing(logs: Logs, settings: DetectSettings, cut: Cut) -> Found:
    """Return orders that were probably bought for show.

    Parameters
    ----------
    logs : Logs
    settings : DetectSettings
    cut : Cut
    """
    spec = settings.brushing
    weights = spec.weights.model_dump()
    not_run: dict[str, str] = {}
    found: dict[str, int] = {}
    with Room(logs, cut) as room:
        make_base(room, spec)
        make_waybills(room, spec)
        make_identities(room, settings.hubs)
        make_copies(room, "brushing_copies", settings.reviews, logs)
        room.open("brushing_hits", _HITS)
        for name, rule in RULES.items():
            missing = room.missing(rule.needs)
            if missing:
                not_run[name] = ", ".join(_as_logs(need) for need in missing)
                continue
            weight = round(weights.get(name, 0.0) * _UNIT)
            logs.run(
                f"INSERT INTO brushing_hits SELECT merchant_id, order_id, '{name}',"
                f" '{rule.family or name}', {rule.hard}, {weight}, detail"
                f" FROM ({rule.find(room, spec)}) AS f"
            )
        room.make(
            "brushing_buyers",
            "SELECT merchant_id, order_id, buyer_id FROM brushing_orders"
            " WHERE buyer_id IS NOT NULL UNION SELECT merchant_id, order_id, buyer_id"
            " FROM brushing_reviews WHERE buyer_id IS NOT NULL",
        )
        decided = verdicts(logs, "brushing")
        room.fill(
            "brushing_decided",
            {"merchant_id": "VARCHAR", "order_id": "VARCHAR", "confirmed": "BOOLEAN"},
            [(m, s, yes) for (m, kind, s, _), yes in decided.items() if kind == "order"],
        )
        room.make(
            "brushing_praise",
            "SELECT DISTINCT r.merchant_id, r.order_id, c.words FROM brushing_reviews AS r"
            " JOIN brushing_copies AS c USING (review_id, merchant_id, order_id)"
            " WHERE r.judged AND r.stars = 5000000",
        )
        certain = _EVIDENCE.format(least=_least(spec.soft.known_score, spec.prior))
        room.make("brushing_certain", _CERTAIN.format(certain=certain))
        for name, (table, column) in _KNOWN_BY.items():
            weight = round(weights[name] * _UNIT)
            logs.run(_KNOWN.format(rule=name, table=table, column=column, weight=weight))
        for name, n in room.rows("SELECT rule, count(*) FROM brushing_hits GROUP BY rule"):
            found[str(name)] = int(n)
        least = _least(spec.queue, spec.prior)
        rows = room.rows(_EVIDENCE.format(least=least) + "ORDER BY merchant_id, order_id")
        [(judged,)] = room.rows("SELECT count(*) FROM brushing_orders WHERE judged")
    total = np.array([row[2] for row in rows], dtype=float) / _UNIT
    hard = np.array([row[3] for row in rows], dtype=bool)
    chance = scores(total, hard, spec.prior, spec.hard.score)
    findings = [
        Finding(merchant, "order", order, "brushing", score, evidence)
        for (merchant, order, _, _, evidence), score in zip(rows, chance.tolist(), strict=True)
        if score >= spec.queue
    ]
    facts = {
        "orders_judged": int(judged),
        "rules_that_found": dict(sorted(found.items())),
        "rules_not_run": not_run,
        "hard": int(hard.sum()),
    }
    warnings = []
    if not_run:
        warnings.append(f"brushing: rules without their logs: {', '.join(not_run)}")
    return Found(findings, facts, warnings, since=cut.back(spec.days))


def _as_logs(need: str) -> str:
    """Return a need in the names of the logs."""
    for table, log in LOGS.items():
        need = need.replace(f"{table}.", f"{log}.")
    return need


def _least(score: float, prior: float) -> int:
    """Return the least sum of weights, in millionths, that may reach a score."""
    if not 0 < score < 1:
        return -(2**62) if score <= 0 else 2**62
    return math.floor((logit(score) - logit(prior)) * _UNIT)
