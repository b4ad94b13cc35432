"""All rules over the orders of a market."""

from __future__ import annotations

import math

import numpy as np

from trustscore.detect.brushing.base import LOGS, make_base
from trustscore.detect.brushing.hard import make_identities, make_waybills
from trustscore.detect.brushing.rules import RULES
from trustscore.detect.brushing.score import logit, scores
from trustscore.detect.copies import make_copies
from trustscore.detect.findings import Cut, Finding, Found, Relations, verdicts
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
# An account that brushed for a merchant brushes again: its other orders there with any evidence.
# What a person cleared is no such order, however certain it looks.
_KNOWN = """
INSERT INTO brushing_hits
SELECT DISTINCT h.merchant_id, h.order_id, 'known_account', 'known_account', FALSE, {weight},
    CAST(NULL AS VARCHAR)
FROM brushing_hits AS h
JOIN brushing_buyers AS b ON b.merchant_id = h.merchant_id AND b.order_id = h.order_id
JOIN (
    SELECT c.merchant_id, b.buyer_id, count(DISTINCT c.order_id) AS orders,
        min(c.order_id) AS only_one
    FROM (
        SELECT e.merchant_id, e.order_id FROM ({certain}) AS e
        ANTI JOIN brushing_decided AS d
        ON d.merchant_id = e.merchant_id AND d.order_id = e.order_id
        UNION SELECT merchant_id, order_id FROM brushing_decided WHERE confirmed
    ) AS c
    JOIN brushing_buyers AS b ON b.merchant_id = c.merchant_id AND b.order_id = c.order_id
    GROUP BY c.merchant_id, b.buyer_id
) AS k ON k.merchant_id = b.merchant_id AND k.buyer_id = b.buyer_id
WHERE k.orders > 1 OR k.only_one <> h.order_id
"""


def find_brushing(relations: Relations, settings: DetectSettings, cut: Cut) -> Found:
    """Return orders that were probably bought for show.

    Parameters
    ----------
    relations : Relations
    settings : DetectSettings
    cut : Cut
    """
    spec = settings.brushing
    weights = spec.weights.model_dump()
    not_run: dict[str, str] = {}
    found: dict[str, int] = {}
    with Room(relations, cut) as room:
        make_base(room, spec)
        make_waybills(room, spec)
        make_identities(room, settings.hubs)
        make_copies(room, "brushing_copies", settings.reviews)
        room.open("brushing_hits", _HITS)
        for name, rule in RULES.items():
            missing = room.missing(rule.needs)
            if missing:
                not_run[name] = ", ".join(_as_logs(need) for need in missing)
                continue
            weight = round(weights.get(name, 0.0) * _UNIT)
            relations.run(
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
        decided = verdicts(relations, "brushing")
        room.fill(
            "brushing_decided",
            {"merchant_id": "VARCHAR", "order_id": "VARCHAR", "confirmed": "BOOLEAN"},
            [(m, s, yes) for (m, kind, s, _), yes in decided.items() if kind == "order"],
        )
        certain = _EVIDENCE.format(least=_least(spec.soft.known_score, spec.prior))
        relations.run(
            _KNOWN.format(certain=certain, weight=round(weights["known_account"] * _UNIT))
        )
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
