"""Adjustments: bonuses, deductions, the limits of the scale, caps and vetoes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.rules import holds, significantly_above
from trustscore.scoring.plan import RulePlan
from trustscore.scoring.rows import Rows

Array = np.ndarray[Any, Any]

VETOES = ("", "cap", "floor", "block")


@dataclass(slots=True)
class Adjustments:
    """What the rules did to some rows.

    `points` has one signed row per rule (0 for caps and vetoes, whose effect is in `cap` and
    `veto`); `fired` one bit per rule.
    """

    points: Array
    total: Array
    cap: Array
    veto: Array
    fired: Array


def _fires(plan: RulePlan, rows: Rows) -> Array | None:
    rule = plan.rule
    if any(column in rows.missing for column in rule.columns):
        return None
    if rule.exceeds is not None:
        k, n = rows.raw(rule.exceeds.k), rows.raw(rule.exceeds.n)
        assert k is not None and n is not None
        with np.errstate(invalid="ignore"):
            return significantly_above(k, n, rows.take(plan.line), rule.exceeds.min_count)
    mask = holds(rule.when[0], rows.raw)
    for condition in rule.when[1:]:
        if not np.any(mask):
            break
        mask = mask & holds(condition, rows.raw)
    return mask if isinstance(mask, np.ndarray) else None


def adjust(rules: tuple[RulePlan, ...], rows: Rows, detail: bool) -> Adjustments:
    """Return what fires for some rows, and its effect."""
    size = rows.rows
    result = Adjustments(
        points=np.zeros((len(rules) if detail else 0, size)),
        total=np.zeros(size),
        cap=np.full(size, np.inf),
        veto=np.zeros(size, dtype=np.int64),
        fired=np.zeros(size, dtype=np.int64),
    )
    for i, plan in enumerate(rules):
        mask = _fires(plan, rows)
        if mask is None:
            continue
        at = mask.nonzero()[0]
        points = rows.take(plan.points)
        if isinstance(points, np.ndarray):
            points = np.broadcast_to(points, mask.shape)[at]
            on = ~np.isnan(points)
            at, points = at[on], points[on]
        if not at.size or (isinstance(points, float) and math.isnan(points)):
            continue
        rule = plan.rule
        result.fired[at] |= np.int64(1) << i
        if rule.effect in ("bonus", "deduct"):
            if rule.per is not None:
                cases, _ = rows.filled(rule.per)
                points = np.minimum(points * cases[at], np.inf if rule.most is None else rule.most)
            signed = points if rule.effect == "bonus" else -points
            result.total[at] += signed
            if detail:
                result.points[i, at] = signed
            continue
        result.veto[at] = np.maximum(result.veto[at], VETOES.index(rule.effect))
        if rule.effect == "cap":
            result.cap[at] = np.minimum(result.cap[at], points)
    return result


def adjusted(index: Array, adjustments: Adjustments) -> tuple[Array, Array, Array]:
    """Return an index after adjustments, and the lines `limit` and `cap`."""
    moved = index + adjustments.total
    clipped = np.minimum(np.maximum(moved, 0.0), 100.0)
    capped = np.minimum(clipped, adjustments.cap)
    return capped, clipped - moved, capped - clipped
