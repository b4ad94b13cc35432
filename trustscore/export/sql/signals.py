"""Evidence to utility in SQL, signal by signal: the same arithmetic as scoring's."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from trustscore.export.sql.columns import Card
from trustscore.export.sql.text import choose, clip, number
from trustscore.scoring.codes import (
    ERF_A,
    ERF_P,
    ERF_POINT_EIGHT,
    LEAST_LOG1P,
    LOGIT_POINT_NINE,
    SMALLEST,
)
from trustscore.scoring.program import SignalFigures


def evidence(card: Card, plan: SignalFigures) -> tuple[str, str]:
    """Return the columns of a signal's utility and doubt."""
    signal, define = plan.signal, card.query.define
    value = card.column(signal.value)
    assert value is not None
    if signal.sample is None:
        x = f"COALESCE({value}, {card.take(plan.prior)})"
        q = define(f"q_{signal.id}", choose(f"{value} IS NULL", "1e0", "0e0"))
        return define(f"u_{signal.id}", curve(card, plan, x)), q
    sample = card.column(signal.sample)
    assert sample is not None
    blank = f"{value} IS NULL OR {sample} IS NULL"
    n = define(f"n_{signal.id}", choose(blank, "0e0", sample))
    strength = card.take(plan.strength)
    q = define(f"q_{signal.id}", f"{strength} / ({n} + {strength})")
    if signal.kind in ("rate", "events"):
        known = choose(blank, "0e0", value)
        x = f"({known} + {card.take(plan.strength * plan.prior)}) / ({n} + {strength})"
    else:
        prior = card.take(plan.prior)
        mean = choose(blank, "0e0", value)
        if plan.on_log:
            mean = f"LN(GREATEST({mean}, {card.take(plan.least)}))"
        mean = define(f"seen_{signal.id}", mean)
        x = f"(1e0 - {q}) * {mean} + {prior} * {q}"
    withheld = f"{value} IS NULL AND {sample} > 0e0"
    u = choose(withheld, card.take(plan.withheld_utility), curve(card, plan, x))
    return define(f"u_{signal.id}", u), q


def curve(card: Card, plan: SignalFigures, x: str) -> str:
    """Return the utility of a shrunk value."""
    signal, define = plan.signal, card.query.define
    if plan.on_log:
        if signal.curve not in ("log", "lognormal"):
            x = f"EXP({x})"
    elif signal.curve in ("log", "lognormal"):
        x = f"LN(GREATEST({x}, {number(SMALLEST)}))"
    if signal.curve == "log1p":
        x = f"LN(1e0 + GREATEST({x}, {number(LEAST_LOG1P)}))"
    if signal.knots:
        return _polyline(define(f"x_{signal.id}", x), signal.knots)
    ratio = f"({x} - {card.take(plan.poor)}) / ({card.take(_width(plan))})"
    if signal.curve == "lognormal":
        return _lognormal(card, signal.id, f"{ratio} * {number(ERF_POINT_EIGHT)}")
    if signal.curve == "logistic":
        # Held at both ends: some engines fail where exp runs out of the range of doubles.
        power = clip(f"({ratio} - 0.5e0) * {number(-2.0 * LOGIT_POINT_NINE)}", -700, 700)
        return f"1e0 / (1e0 + EXP({power}))"
    return clip(ratio, 0, 1)


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


def _lognormal(card: Card, signal: str, ratio: str) -> str:
    z = card.query.define(f"z_{signal}", ratio)
    t = card.query.define(f"t_{signal}", f"1e0 / (1e0 + {number(ERF_P)} * ABS({z}))")
    tail = number(ERF_A[-1])
    for figure in reversed(ERF_A[:-1]):
        tail = f"({tail} * {t} + {number(figure)})"
    tail = f"{tail} * {t} * EXP(-LEAST({z} * {z}, 700e0))"
    return f"0.5e0 * (1e0 + SIGN({z}) * (1e0 - {tail}))"
