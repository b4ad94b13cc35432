"""Evidence to utility in SQL, signal by signal: the same arithmetic as scoring's."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from trustscore.export.sql.columns import Card
from trustscore.export.sql.text import choose, number
from trustscore.scorecard.curves import BY_LOG, CURVES
from trustscore.scoring.curves import steps_of
from trustscore.scoring.program import SignalFigures


def evidence(card: Card, plan: SignalFigures) -> tuple[str, str]:
    """Return the columns of a signal's utility and doubt."""
    u, q = _evidence(card, plan)
    if plan.signal.decimals is not None:
        steps = number(steps_of(plan.signal))
        u = f"FLOOR({u} * {steps} + 0.5e0) / {steps}"
    return card.query.define(f"u_{plan.signal.id}", u), q


def _evidence(card: Card, plan: SignalFigures) -> tuple[str, str]:
    signal, define = plan.signal, card.query.define
    value = card.column(signal.value)
    assert value is not None
    if signal.sample is None:
        x = f"COALESCE({value}, {card.take(plan.prior)})"
        q = define(f"q_{signal.id}", choose(f"{value} IS NULL", "1e0", "0e0"))
        return curve(card, plan, x), q
    sample = card.column(signal.sample)
    assert sample is not None
    blank = f"{value} IS NULL OR {sample} IS NULL"
    n = define(f"n_{signal.id}", choose(blank, "0e0", sample))
    strength = card.take(plan.strength)
    q = define(f"q_{signal.id}", f"{strength} / ({n} + {strength})")
    if signal.counts:
        known = choose(blank, "0e0", value)
        x = f"({known} + {card.take(plan.strength * plan.prior)}) / ({n} + {strength})"
    else:
        prior = card.take(plan.prior)
        mean = choose(blank, "0e0", value)
        if plan.on_log:
            mean = f"LN(GREATEST({mean}, {card.take(plan.least)}))"
        mean = define(f"seen_{signal.id}", mean)
        x = f"(1e0 - {q}) * {mean} + {prior} * {q}"
    u = curve(card, plan, x)
    if signal.blank == "withheld":
        u = choose(f"{value} IS NULL AND {sample} > 0e0", card.take(plan.withheld_utility), u)
    return u, q


def curve(card: Card, plan: SignalFigures, x: str) -> str:
    """Return the utility of a shrunk value."""
    signal, define = plan.signal, card.query.define
    scale, shape = CURVES[signal.curve].scale, CURVES[signal.curve].shape
    if plan.on_log and scale is not BY_LOG:
        x = f"EXP({x})"
    # What was shrunk on the logarithm is already on the scale of a curve by logarithms.
    if not (plan.on_log and scale is BY_LOG):
        x = scale.sql.format(x=x)
    if shape.knots:
        return _polyline(define(f"x_{signal.id}", x), signal.knots)
    *before, (_, utility) = shape.sql.items()
    width = card.take(_width(plan))
    known = {"ratio": f"({x} - {card.take(plan.poor)}) / ({width})", "width": width}
    for column, text in before:
        known[column] = define(f"{column}_{signal.id}", text.format(**known))
    return utility.format(**known)


def _width(plan: SignalFigures) -> Any:
    return plan.good - plan.poor


def _polyline(x: str, knots: tuple[tuple[float, float], ...]) -> str:
    cases = [f"WHEN {x} <= {number(knots[0][0])} THEN {number(knots[0][1])}"]
    for (x0, u0), (x1, u1) in pairwise(knots):
        slope = (u1 - u0) / (x1 - x0)
        cases.append(
            f"WHEN {x} < {number(x1)} THEN {number(slope)} * ({x} - {number(x0)}) + {number(u0)}"
        )
    return f"CASE {' '.join(cases)} ELSE {number(knots[-1][1])} END"
