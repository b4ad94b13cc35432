"""The boost in SQL: neutral point, settled excess, curve, programme, veto."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from trustscore.boost.curve import lean_curve
from trustscore.boost.policy import BoostPolicy, Curve
from trustscore.export.sql.columns import Card
from trustscore.export.sql.fold import folded_text
from trustscore.export.sql.text import choose, clip, number, text
from trustscore.scorecard.vetoes import VETO_WORDS, Veto


def trust_boost(
    card: Card,
    policy: BoostPolicy,
    index: str,
    se: str,
    prior: str,
    coverage: str,
    veto: str,
) -> str:
    """Return the boost of a merchant that is scored."""
    define, limits = card.query.define, policy.evidence
    point = number(policy.neutral.point)
    category, points = card.words("category"), policy.neutral.by_category
    if points and category is not None:
        said = folded_text(card.query, category, points, "neutral_category")
        cases = " ".join(
            f"WHEN {said.is_one_of([word])} THEN {number(value)}" for word, value in points.items()
        )
        point = f"CASE {cases} ELSE {point} END"
    neutral = define("neutral", f"{coverage} * {point} + (1e0 - {coverage}) * {prior}")
    distance = f"{index} - {neutral}"
    up = f"GREATEST({distance} - {number(limits.z_promote)} * {se}, 0e0)"
    down = f"LEAST({distance} + {number(limits.z_demote)} * {se}, 0e0)"
    settled = define("settled", f"{up} + {down}")
    trust = define("trust_lean", _bend(card, settled, policy.curve))
    lean, rho = trust, policy.curve.rho
    enrolled = card.column("enrolled")
    if policy.programme.gamma and enrolled is not None:
        member = f"{enrolled} > 0e0"
        unpaid = card.column("claims_unpaid")
        if unpaid is not None:
            member += f" AND NOT COALESCE({unpaid}, 0e0) > 0e0"
        gate = f"({neutral} + {settled} - {number(policy.programme.gate)})"
        power = clip(f"{gate} / {number(-policy.programme.width)}", -700, 700)
        gamma = number(policy.programme.gamma)
        lean += f" + {choose(member, f'{gamma} / (1e0 + EXP({power}))', '0e0')}"
    capped = trust
    pacing = card.column("pacing")
    if policy.pacing.most and pacing is not None:
        most = policy.pacing.most
        part = clip(f"COALESCE({pacing}, 0e0)", -most, most)
        lean, capped = f"{lean} + {part}", f"{capped} + {part}"
    codes = policy.veto.codes
    usual = clip(lean, -rho, 1)
    treated = {Veto.NONE: usual, Veto.CAP: clip(capped, -rho, 0)}
    cases = " ".join(
        f"WHEN {veto} = {text(word)} THEN {treated.get(Veto(codes[word]), number(-rho))}"
        for word in reversed(VETO_WORDS)
        if codes[word]
    )
    lean = define("lean", f"CASE {cases} ELSE {usual} END" if cases else usual)
    return f"EXP({number(policy.beta)} * {lean})"


def _tanh(x: str) -> str:
    # By exp, which every engine has; x is not negative.
    return f"(1e0 - 2e0 / (EXP(LEAST(2e0 * {x}, 700e0)) + 1e0))"


def _bend(card: Card, settled: str, curve: Curve) -> str:
    if curve.shape == "knots":
        return _cubics(settled, curve)
    if curve.shape == "tiers":
        cases = [f"WHEN {settled} <= {number(x)} THEN {number(y)}" for x, y in curve.steps if x < 0]
        rises = [f"WHEN {settled} >= {number(x)} THEN {number(y)}" for x, y in curve.steps if x > 0]
        return f"CASE {' '.join([*cases, *reversed(rises)])} ELSE 0e0 END"
    rho = number(curve.rho)
    up = card.query.define("lean_up", f"GREATEST({settled}, 0e0) / {number(curve.up)}")
    down = card.query.define("lean_down", f"GREATEST(-1e0 * {settled}, 0e0) / {number(curve.down)}")
    if curve.shape == "linear":
        return f"LEAST({up}, 1e0) - {rho} * LEAST({down}, 1e0)"
    if curve.shape == "saturation":
        return f"{up} / (1e0 + {up}) - {rho} * ({down} / (1e0 + {down}))"
    return f"{_tanh(up)} - {rho} * {_tanh(down)}"


def _cubics(settled: str, curve: Curve) -> str:
    """Return the curve through knots, piece by piece; four values of a cubic tell it."""
    knots = curve.knots
    if len(knots) == 1:
        return number(0)
    cases = [f"WHEN {settled} <= {number(knots[0][0])} THEN {number(knots[0][1])}"]
    for (x0, y0), (x1, y1) in pairwise(knots):
        places = np.array([0.0, 1.0, 2.0, 3.0]) / 3.0
        values = lean_curve(x0 + (x1 - x0) * places, curve)
        a3, a2, a1, a0 = np.linalg.solve(np.vander(places, 4), values)
        t = f"(({settled} - {number(x0)}) / {number(x1 - x0)})"
        cubic = f"(({number(a3)} * {t} + {number(a2)}) * {t} + {number(a1)}) * {t} + {number(a0)}"
        cases.append(f"WHEN {settled} < {number(x1)} THEN {clip(cubic, y0, y1)}")
    return f"CASE {' '.join(cases)} ELSE {number(knots[-1][1])} END"
