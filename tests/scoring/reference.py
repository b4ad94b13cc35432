"""The score of one merchant in plain Python: the second opinion on the scoring arithmetic.

It is written from the formulas, shares no code with the package, and computes one merchant with
floats and dictionaries. It is slow, and meant to be read from top to bottom: evidence, curve,
signal, tree, interval, statement; rules, status and tier are in `reference_rules`, and what a
scorecard says in `reference_card`. `score`, at the end, puts them together.

A scorecard is the dict that a TOML file gives; a merchant is a dict from column to number, text or
None; `missing` names the columns that were not collected.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

from tests.scoring.reference_card import (
    COUNTS,
    columns_of,
    curve_of,
    figures_for,
    holds,
    kind_of,
    listed,
    number,
    overlays_for,
    peer_priors,
)
from tests.scoring.reference_rules import (
    VETOES,
    Z95,
    adjusted,
    collected_share,
    fires,
    held,
    rules_for,
    signed_points,
    status_of,
    tier_of,
)

# 1. Evidence: the observed figure moves away from its prior as observations come in ---------------


def log(value):
    return math.log(value) if value > 0 else -math.inf


def shrink(kind, value, n, prior, strength):
    """Return the shrunk value, its reliability ``n / (n + s)`` and its doubt ``s / (n + s)``.

    A count is ``(k + s p0) / (n + s)``; a mean ``(n x + s m0) / (n + s)``, written as a mix, so
    that nothing overflows. Without a sample the value is taken as it is.
    """
    if strength is None:
        return value, 1.0, 0.0
    reliability, doubt = n / (n + strength), strength / (n + strength)
    if kind in COUNTS:
        return (value + strength * prior) / (n + strength), reliability, doubt
    if n == 0:
        return prior, 0.0, 1.0
    return reliability * value + doubt * prior, reliability, doubt


# 2. Curve: from a value to a utility between 0 (poor) and 1 (good) --------------------------------


def erf(z):
    """Abramowitz and Stegun 7.1.26, which SQL can compute too."""
    t = 1.0 / (1.0 + 0.3275911 * abs(z))
    series = (
        0.254829592 * t
        - 0.284496736 * t**2
        + 1.421413741 * t**3
        - 1.453152027 * t**4
        + 1.061405429 * t**5
    )
    size = 1.0 - series * math.exp(-min(z * z, 700.0))
    return math.copysign(size, z) if z else 0.0


def scale(curve, value):
    """Return the value on the scale on which the curve is a straight line, or a sigmoid."""
    if curve in ("log", "lognormal"):
        return math.log(max(value, 1e-300))
    if curve == "log1p":
        return math.log1p(max(value, -1 + 1e-15))
    return value


def between(value, knots):
    """Return the utility on the polyline through the knots, level beyond its ends."""
    if value <= knots[0][0]:
        return knots[0][1]
    for (x0, u0), (x1, u1) in pairwise(knots):
        if value <= x1:
            return u0 + (u1 - u0) * (value - x0) / (x1 - x0)
    return knots[-1][1]


def utility(curve, value, poor, good, knots):
    if curve in ("knots", "percentile"):
        return between(value, knots)
    way = (scale(curve, value) - scale(curve, poor)) / (scale(curve, good) - scale(curve, poor))
    if curve == "log1p_from_poor":
        towards_good = value - poor if good > poor else poor - value
        whole = abs(good - poor)
        return math.log(1 + min(max(towards_good, 0.0), whole)) / math.log(1 + whole)
    if curve in ("normal", "lognormal"):  # .5 at poor, .9 at good
        return (1.0 + erf(0.9061938024368232 * way)) / 2
    if curve == "logistic":  # .1 at poor, .9 at good
        return 1.0 / (1.0 + math.exp(min(2 * math.log(9.0) * (0.5 - way), 700.0)))
    return min(max(way, 0.0), 1.0)


def rounded(u, decimals):
    """Return a utility with some decimals, half up."""
    return u if decimals is None else math.floor(u * 10**decimals + 0.5) / 10**decimals


# 3. Signal: what one signal says of one merchant --------------------------------------------------


@dataclass
class Part:
    """A signal or a dimension as the dimension above it sees it."""

    name: str
    weight: float  # in its parent; 0 where it does not apply
    utility: float
    prior_utility: float
    reliability: float
    # Of signals alone.
    doubt: float = 1.0
    kappa: float = 0.0
    value: float = math.nan
    withheld: bool = False
    without_whole: bool = False  # events of nothing: they count, and are no evidence of a rate
    collected: bool = True
    # Of dimensions alone.
    power: float = 1.0
    floor: float = 0.1
    parts: list["Part"] | None = None


def prior_deviation(kind, figures):
    """Return tau, the standard deviation of the prior on the scale that is shrunk, or None."""
    prior, strength, sd = (figures[key] for key in ("prior", "strength", "sd"))
    if kind == "rate":  # beta
        return math.sqrt(prior * (1 - prior) / (strength + 1))
    if kind == "events":  # gamma
        return math.sqrt(prior / strength)
    if kind in ("mean", "duration") and sd is not None:  # normal, in log units for a duration
        return sd / math.sqrt(strength)
    return None


def signal_part(card, line, name, merchant, missing, peers, overlays):
    kind = kind_of(line)
    value_column, sample_column = columns_of(line, name)
    figures = figures_for(card, line, name, peers, overlays)
    poor, good, spread = (figures[key] for key in ("poor", "good", "spread"))
    curve = curve_of(card, line)

    # A duration is shrunk on the logarithm, and no shorter than a hundredth of its lower anchor,
    # or of the other where that is 0.
    on_log = kind == "duration"

    def shrunk_scale(value):
        return log(max(value, (min(poor, good) or max(poor, good)) / 100)) if on_log else value

    def exact(x):
        return utility(curve, math.exp(x) if on_log else x, poor, good, line.get("knots"))

    def judged(x):
        return rounded(exact(x), line.get("decimals"))

    # The prior: its utility, how far a doubt moves it, and what it is when evidence is withheld.
    prior = shrunk_scale(figures["prior"])
    at_prior = judged(prior)
    tau = prior_deviation(kind, figures)
    if tau is None:
        kappa = 0.2 if exact(prior) >= 0.9 else 0.25
    else:
        below = max(prior - tau, 0.0) if kind in COUNTS else prior - tau
        kappa = abs(exact(prior + tau) - exact(below)) / 2
        towards_poor = below if good > poor else prior + tau
    if spread is not None:
        kappa = spread
    kappa = min(kappa, 0.5)
    if tau is None or spread is not None:
        held_back = rounded(max(exact(prior) - kappa, 0.0), line.get("decimals"))
    else:
        held_back = judged(towards_poor)

    # The evidence of this merchant. A blank beside a sample that is not empty is withheld.
    value = merchant.get(value_column)
    n = merchant.get(sample_column)
    unknown = value is None or (sample_column is not None and n is None)
    blank = line.get("blank") or card.get("defaults", {}).get("blank", "unknown")
    withheld = value is None and n is not None and n > 0 and blank == "withheld"
    without_whole = kind in COUNTS and n == 0 and value is not None and value > 0
    if unknown:
        x, reliability, doubt = prior, 0.0, 1.0
        u = held_back if withheld else at_prior
    else:
        x, reliability, doubt = shrink(kind, shrunk_scale(value), n, prior, figures["strength"])
        u = judged(x)

    # A signal whose column was not collected, or whose conditions do not hold, has no weight.
    collected = value_column not in missing and sample_column not in missing
    conditions = listed(line.get("applies_when") or [])
    applies = collected and all(holds(text, merchant, unknown=True) for text in conditions)
    if blank == "left_out" and (unknown or (sample_column and n == 0 and not without_whole)):
        applies = False
    return Part(
        name=name,
        weight=figures["weight"] if applies else 0.0,
        utility=u,
        prior_utility=at_prior,
        reliability=reliability,
        doubt=doubt,
        kappa=kappa,
        value=math.exp(x) if on_log else x,
        withheld=withheld,
        without_whole=without_whole,
        collected=collected,
    )


# 4. Tree: weighted power means, from the signals up to the index ----------------------------------


def lift(u, node):
    """Return ``v = eps + (1 - eps) u``, so that one zero does not make all others worthless."""
    if node.floor == 0 and node.power < 1 and u < 1e-6:
        return 0.0  # next to nothing is nothing where phi is too steep to tell them apart
    return u if node.power == 1 else node.floor + (1 - node.floor) * u


def phi(v, p):
    """Return the generator of the power mean: ``v ** p``, or ``ln v`` at p = 0."""
    if v == 0 and p <= 0:
        return -math.inf if p == 0 else math.inf
    return math.log(v) if p == 0 else v**p


def phi_inverse(mean, p):
    return math.exp(mean) if p == 0 else mean ** (1 / p)


def phi_slope(v, p):
    """Return the derivative of the generator, without its constant factor p.

    It is taken at v = .01 or above: without a floor it is infinite at 0.
    """
    return max(v, 0.01) ** (p - 1) if p != 1 else 1.0


def shares(node):
    """Return the weight of each part as a share of 1; all 0 where nothing applies."""
    total = sum(part.weight for part in node.parts)
    return [part.weight / total if total > 0 else 0.0 for part in node.parts]


def power_mean(node, utilities):
    mean = sum(
        share * phi(lift(u, node), node.power)
        for share, u in zip(shares(node), utilities, strict=True)
        if share > 0
    )
    v = phi_inverse(mean, node.power)
    u = v if node.power == 1 else (v - node.floor) / (1 - node.floor)
    return min(max(u, 0.0), 1.0)


def dimension_part(card, name, spec, merchant, missing, signals, overlays):
    """Return a dimension, or with the name None the index, with all below it."""
    parts = list(signals.get(name, []))
    for child, its_spec in card["dimensions"].items():
        if its_spec.get("parent") == name:
            parts.append(
                dimension_part(card, child, its_spec, merchant, missing, signals, overlays)
            )
    node = Part(
        name=name,
        weight=0.0,
        utility=1.0,
        prior_utility=1.0,
        reliability=0.0,
        power=float(spec.get("power", 1.0)),
        floor=float(spec.get("floor", 0.1)),
        parts=parts,
    )
    if not any(part.weight > 0 for part in parts):
        return node  # does not apply
    node.weight = dimension_weight(name, spec, merchant, overlays)
    node.utility = power_mean(node, [part.utility for part in parts])
    node.prior_utility = power_mean(node, [part.prior_utility for part in parts])
    node.reliability = sum(
        share * part.reliability for share, part in zip(shares(node), parts, strict=True)
    )
    return node


def dimension_weight(name, spec, merchant, overlays):
    weight = spec.get("weight", 1.0)
    for overlay in overlays.values():
        weight = overlay.get("dimensions", {}).get(name, {}).get("weight", weight)
    share = merchant.get(spec.get("weight_by"))
    return number(weight) * (1.0 if share is None else share)


# 5. Interval: the standard error of the index -----------------------------------------------------


def slopes(node, slope=1.0):
    """Return, for each signal below a node, how far the index moves when its utility moves by 1.

    ``dM/du_i = w_i phi'(v_i) / phi'(v_M)``, and the slopes multiply down the tree.
    """
    found = []
    at_mean = phi_slope(lift(node.utility, node), node.power)
    for share, part in zip(shares(node), node.parts, strict=True):
        if share == 0:
            continue
        below = slope * share * phi_slope(lift(part.utility, node), node.power) / at_mean
        found += [(part, below)] if part.parts is None else slopes(part, below)
    return found


def standard_error(root, rho, rho_evidence):
    """Return the standard error in points of the index.

    Two signals of a merchant are wrong together: with `rho` where both stand on their priors, for
    a merchant is good or bad as a whole, and with `rho_evidence` where both stand on evidence, for
    one bad order hurts several signals.
    """
    a = [
        (100 * slope * signal.kappa * math.sqrt(signal.doubt), signal.doubt, signal.reliability)
        for signal, slope in slopes(root)
    ]
    alone = sum(a_i**2 for a_i, _, _ in a)
    on_priors = sum(a_i * math.sqrt(q) for a_i, q, _ in a) ** 2 - sum(a_i**2 * q for a_i, q, _ in a)
    on_proof = sum(a_i * math.sqrt(r) for a_i, _, r in a) ** 2 - sum(a_i**2 * r for a_i, _, r in a)
    return math.sqrt(max(alone + rho * on_priors + rho_evidence * on_proof, 0.0))


# 6. Statement: the points that every signal gained and lost ---------------------------------------


def ratio(part, whole):
    return part / whole if whole else 0.0  # 0/0 = 0


def statement(node, gained, lost, weight):
    """Share the points of a node out to the signals below it, by differences of the generator.

    ``gained_i = gained w_i (phi(v_i) - phi(eps)) / (phi(v_M) - phi(eps))`` and
    ``lost_i = lost w_i (phi(1) - phi(v_i)) / (phi(1) - phi(v_M))``.
    """
    p = node.power
    if node.floor == 0 and p <= 0:
        return sinking_statement(node, gained, lost, weight)
    nothing, full = (0.0, 1.0) if p == 1 else (phi(node.floor, p), phi(1.0, p))
    # The mean of the node itself: only its parts may be too small to count.
    mean = node.utility if p == 1 else phi(node.floor + (1 - node.floor) * node.utility, p)
    found = {}
    for share, part in zip(shares(node), node.parts, strict=True):
        points = (0.0, 0.0, 0.0)
        if share > 0:
            own = phi(lift(part.utility, node), p)
            points = (
                gained * share * ratio(own - nothing, mean - nothing),
                lost * share * ratio(full - own, full - mean),
                weight * share,
            )
        found |= {part.name: points} if part.parts is None else statement(part, *points)
    return found


def sinking_statement(node, gained, lost, weight):
    """Share the points of a node that one zero makes 0: the limit of the above for small floors.

    Gains go by weight alone. Where there are zeros, they have lost everything, by weight.
    """
    utilities = [lift(part.utility, node) for part in node.parts]
    weights = shares(node)
    zeros = [w if u == 0 else 0.0 for w, u in zip(weights, utilities, strict=True)]
    found = {}
    for w, zero, part in zip(weights, zeros, node.parts, strict=True):
        points = (0.0, 0.0, 0.0)
        if w > 0:
            if any(zeros):
                loss = lost * zero / sum(zeros)
            else:
                full, own = phi(1.0, node.power), phi(part.utility, node.power)
                loss = lost * w * ratio(full - own, full - phi(node.utility, node.power))
            points = (gained * w, loss, weight * w)
        found |= {part.name: points} if part.parts is None else statement(part, *points)
    return found


# 7. The whole -------------------------------------------------------------------------------------


@dataclass
class Score:
    """Everything a score says; trust_index and its bounds are NaN where not scored."""

    raw_index: float
    index_se: float
    prior_index: float
    coverage: float
    trust_index: float
    trust_index_lower: float
    trust_index_upper: float
    uncapped_index: float
    dimensions: dict[str, float]  # points, NaN where a dimension does not apply
    signals: dict[str, Part]  # in the order of the scorecard
    points: dict[str, tuple[float, float, float]]  # gained, lost, weight in the index
    reasons: list[tuple[str, float]]  # the three largest losses; equal ones in scorecard order
    rules: dict[str, float]  # those that fired, with their signed points
    limit: float
    cap: float
    lowest_cap: float
    veto: str
    status: str
    tier: str


def score(card, merchant, missing=frozenset(), as_of=None):
    merchant = {name: cell for name, cell in merchant.items() if name not in missing}
    overlays, peers = overlays_for(card, merchant), peer_priors(card, merchant)

    signals = {
        dimension: [
            signal_part(card, line, name, merchant, missing, peers, overlays)
            for name, line in lines.items()
        ]
        for dimension, lines in card["signals"].items()
    }
    index = card.get("index", {})
    root = dimension_part(card, None, index, merchant, missing, signals, overlays)
    raw, coverage = 100 * root.utility, root.reliability
    se = standard_error(root, index.get("rho", 0.25), index.get("rho_evidence", 0.1))
    points = statement(root, raw, 100 - raw, 1.0)

    rules = {
        name: rule
        for name, rule in rules_for(card, overlays).items()
        if rule is not None and fires(card, rule, merchant, missing, overlays)
    }
    fired = {
        name: signed_points(rule, merchant) if "bonus" in rule or "deduct" in rule else 0.0
        for name, rule in rules.items()
        if "hold" not in rule
    }
    lowest_cap = min(
        (float(rule["cap"]) for rule in rules.values() if "cap" in rule), default=math.inf
    )
    vetoes = ["cap" if "cap" in rule else rule.get("veto", "") for rule in rules.values()]
    veto = max(vetoes, key=VETOES.index, default="")
    moved = sum(fired.values())
    share, _ = collected_share(card, missing, peers, overlays)
    status = status_of(card, coverage, merchant, missing, share)
    scored = status != "not_scored"
    limited, limit, _ = adjusted(raw, moved, math.inf)
    holds, height = held(rules, merchant, limited) if scored else ({}, math.inf)
    fired = {name: holds.get(name, fired.get(name)) for name in rules}
    fired = {name: points for name, points in fired.items() if points is not None}
    lowest = min(lowest_cap, height)
    trust_index, _, _ = adjusted(raw, moved, lowest)
    uncapped, _, _ = adjusted(raw, moved, height)
    cap = trust_index - uncapped
    lower, _, _ = adjusted(max(raw - Z95 * se, 0.0), moved, lowest)
    upper, _, _ = adjusted(min(raw + Z95 * se, 100.0), moved, lowest)

    tier = tier_of(card, trust_index, se, coverage, status, veto, merchant, as_of)
    in_order = {part.name: part for parts in signals.values() for part in parts}
    losses = [(name, points[name][1]) for name in in_order]
    reasons = sorted(losses, key=lambda loss: -loss[1])[:3]  # a stable sort: equals keep order
    return Score(
        raw_index=raw,
        index_se=se,
        prior_index=100 * root.prior_utility,
        coverage=coverage,
        trust_index=trust_index if scored else math.nan,
        trust_index_lower=lower if scored else math.nan,
        trust_index_upper=upper if scored else math.nan,
        uncapped_index=uncapped if scored else math.nan,
        dimensions=dimension_points(root),
        signals=in_order,
        points={name: points[name] for name in in_order},
        reasons=[(name, lost) for name, lost in reasons if lost > 0 and scored],
        rules=fired,
        limit=limit,
        cap=cap,
        lowest_cap=lowest_cap,
        veto=veto,
        status=status,
        tier=tier if scored else "",
    )


def dimension_points(node):
    found = {}
    for part in node.parts:
        if part.parts is not None:
            applies = any(below.weight > 0 for below in part.parts)
            found[part.name] = 100 * part.utility if applies else math.nan
            found |= dimension_points(part)
    return found
