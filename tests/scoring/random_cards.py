"""Seeded random scorecards and merchants that visit every corner of the scoring arithmetic.

`random_case` draws a valid scorecard as the dict of a TOML file, and rows as dicts from column to
number, text or None. It needs nothing of the package, so that two versions can score one case.

Drawn with care are only the places where a last bit decides: no prior stands exactly where the
spread of rare harms begins, and no evidence stands exactly on the poor anchor of a lognormal
curve, where the polynomial of erf has a step of 1e-9. Weights, floors and exponents keep away from
values at which the power mean itself loses digits.
"""

import datetime as dt
import math
import random
from dataclasses import dataclass

from tests.scoring.random_rows import (
    CATEGORIES,
    SHOP_TYPES,
    TODAY,
    chance,
    ends_of,
    odd,
    random_rows,
    roles,
    spread_out,
)
from tests.scoring.reference_card import columns_of, kind_of

MOST_RULES = 70
EFFECTS = ("bonus", "deduct", "hold", "cap", "veto", "right", "duty")
BY_ANCHORS = ("linear", "log", "log1p", "log1p_from_poor", "normal", "lognormal", "logistic")
CURVES = (*BY_ANCHORS, "knots", "percentile")
POWERS = (1.0, 1.0, 0.5, 0.0, -0.5, -1.0, None)  # None: any between


@dataclass
class Case:
    """A scorecard, merchants, the columns that were not collected, and the day of the review."""

    card: dict
    rows: list[dict]
    missing: frozenset[str] = frozenset()
    as_of: dt.date | None = None


def random_case(seed, rows=12, most_rules=MOST_RULES):
    """Return a random scorecard with some merchants; the same seed gives the same case."""
    rng = random.Random(seed)
    card = random_card(rng, most_rules)
    columns = roles(card)
    missing = frozenset()
    if chance(rng, 0.25):
        missing = frozenset(rng.sample(sorted(columns), rng.randint(1, max(1, len(columns) // 4))))
    return Case(
        card,
        random_rows(rng, card, rows, missing),
        missing,
        TODAY if chance(rng, 0.6) else None,
    )


# Scorecards ---------------------------------------------------------------------------------------


def random_card(rng, most_rules=MOST_RULES):
    """Return a valid scorecard with at most so many rules, those of overlays included."""
    defaults = {"curve": rng.choice(BY_ANCHORS)} if chance(rng, 0.5) else {}
    if chance(rng, 0.6):
        defaults["blank"] = rng.choice(["unknown", "withheld"])
    dimensions = random_dimensions(rng)
    signals = random_signals(rng, dimensions, defaults.get("curve", "linear"))
    flat = {name: line for lines in signals.values() for name, line in lines.items()}
    rules = random_rules(rng, flat, most_rules)
    overlays = random_overlays(rng, dimensions, flat, rules, most_rules - len(rules))
    sleeping = [name for name, line in flat.items() if line["weight"] == 0]
    for name in sleeping:  # some overlay must give it weight
        if overlays and chance(rng, 0.7):
            changes = rng.choice(list(overlays.values())).setdefault("signals", {})
            changes.setdefault(name, {})["weight"] = random_weight(rng)
        else:
            flat[name]["weight"] = random_weight(rng)
    card = {
        "name": "random",
        "version": "1",
        "effective_from": dt.date(2026, 1, 1),
        "index": random_index(rng),
        "defaults": defaults,
        "dimensions": with_digits(dimensions, signals, defaults.get("curve", "linear")),
        "signals": signals,
        "rules": rules,
        "overlays": overlays,
        "status": random_status(rng, flat),
        "tiers": random_tiers(rng),
    }
    if chance(rng, 0.5):
        card["peers"] = random_peers(rng, flat)
    return card


def with_digits(dimensions, signals, default):
    """Return dimensions, with a floor where tails of sigmoids would sink them.

    Such a tail, near 0, has few digits that two ways to compute it share.
    """
    for name, spec in dimensions.items():
        curves = {line.get("curve", default) for line in signals.get(name, {}).values()}
        if not curves <= {"linear", "log", "log1p", "log1p_from_poor", "knots", "percentile"}:
            spec["floor"] = spec.get("floor") or 0.1
    return dimensions


def random_weight(rng):
    return rng.choice(
        ["critical", "high", "medium", "low", rng.randint(1, 20), spread_out(rng, 0.5, 20)]
    )


def random_mean(rng):
    """Return exponent and floor of a node, or nothing, which is the weighted mean."""
    if chance(rng, 0.3):
        return {}
    power = rng.choice(POWERS)
    if power is None:
        power = rng.choice([-1, 1]) * spread_out(rng, 0.05, 1)
    # Without a floor u ** p is too steep near 0, for a small p above 0, to hold ten digits.
    exact = power <= 0 or power >= 0.5
    no_floor = chance(rng, 0.2) and exact
    return {"power": power, "floor": 0 if no_floor else spread_out(rng, 0.005, 0.8)}


def random_index(rng):
    index = random_mean(rng)
    if chance(rng, 0.5):
        index["rho"] = rng.choice([0, 1, rng.random()])
        index["rho_evidence"] = rng.choice([0, 1, rng.random()])
    if chance(rng, 0.3):
        index["strength_scale"] = spread_out(rng, 0.2, 5)
    return index


def random_dimensions(rng):
    """Return one to seven dimensions, nested to any depth, parents sometimes after children."""
    dimensions = {}
    for i in range(rng.randint(1, 7)):
        spec = {"weight": random_weight(rng)} | random_mean(rng)
        if dimensions and chance(rng, 0.55):
            spec["parent"] = rng.choice(list(dimensions))
        elif chance(rng, 0.15) and any("parent" not in other for other in dimensions.values()):
            spec["weight"] = 0  # beside another with weight
        if chance(rng, 0.25):
            spec["weight_by"] = rng.choice(["live_share", "video_share"])
        dimensions[f"dimension_{i}"] = spec
    names = list(dimensions)
    if chance(rng, 0.3):
        rng.shuffle(names)
    return {name: dimensions[name] for name in names}


def random_signals(rng, dimensions, default_curve):
    parents = {spec.get("parent") for spec in dimensions.values()}
    signals, samples, counts = {}, [f"n_{i}" for i in range(rng.randint(1, 4))], []
    number = 0
    for dimension in dimensions:
        least = 0 if dimension in parents else 1
        for _ in range(rng.choice([least, 1, 1, 2, 3, 5])):
            name = f"signal_{number}"
            line = random_signal(rng, name, default_curve, samples, counts)
            if number and chance(rng, 0.1):
                line["weight"] = 0
            signals.setdefault(dimension, {})[name] = line
            number += 1
    return signals


def random_signal(rng, name, default_curve, samples, counts):
    """Return one line; counts and samples may be shared with signals before it."""
    kind = rng.choice(["rate", "events", "mean", "duration", "ratio", "count", "flag", "score"])
    line = {"stage": "use", "weight": random_weight(rng)}
    sampled = kind in ("rate", "events", "mean", "duration") or (
        kind == "ratio" and chance(rng, 0.5)
    )
    if sampled:
        column = f"{name}_value"
        if kind in ("rate", "events"):
            column = rng.choice(counts) if counts and chance(rng, 0.15) else f"k_{name}"
            counts.append(column)
        line[kind] = [column, rng.choice(samples)]
        line["strength"] = spread_out(rng, 1, 400)
    else:
        line[kind] = True if chance(rng, 0.7) else f"{name}_column"

    curve = {"duration": "log", "flag": "linear"}.get(kind, default_curve)
    if chance(rng, 0.6) and (kind != "flag" or chance(rng, 0.2)):
        curve = line["curve"] = rng.choice(CURVES)
    if kind == "flag" and curve in ("log", "lognormal"):
        curve = line["curve"] = "log1p"
    if curve in ("knots", "percentile"):
        line["knots"] = random_knots(rng, kind)
        ends = (line["knots"][0][0], line["knots"][-1][0])
    else:
        line["poor"], line["good"] = ends = random_anchors(rng, kind, curve)
    line["prior"] = random_prior(rng, kind, curve, ends)

    if kind in ("mean", "duration") or chance(rng, 0.2):
        line["sd" if chance(rng, 0.7) else "spread"] = round(rng.uniform(0.05, 0.5), 3)
    if kind in ("mean", "duration") and chance(rng, 0.2):
        line["spread"] = round(rng.uniform(0.05, 0.5), 3)
    if kind in ("mean", "score") and chance(rng, 0.2):
        line["range"] = [-1e6, 1e6]
    if chance(rng, 0.3):
        line["blank"] = rng.choice(["unknown", "withheld", "left_out"])
    if chance(rng, 0.1):
        line["decimals"] = rng.choice([1, 2, 3])
    if chance(rng, 0.25):
        line["applies_when"] = random_conditions(rng, ["sessions", *samples])
    return line


def domain(kind, curve):
    """Return the lowest and the highest anchor of a kind on a curve."""
    positive = curve in ("log", "lognormal")
    low, high = {
        "rate": (0.0, 1.0),
        "events": (0.0, 2.0),
        "mean": (-3.0, 8.0),
        "duration": (0.0, 300.0),
        "ratio": (0.0, 5.0),
        "count": (0.0, 60.0),
        "flag": (0.0, 1.0),
        "score": (-50.0, 100.0),
    }[kind]
    if positive:
        return max(low, high / 1000), high
    return (max(low, -0.9) if curve == "log1p" else low), high


def random_anchors(rng, kind, curve):
    """Return poor and good, at least a twentieth of the domain apart, in either order."""
    low, high = domain(kind, curve)
    if kind == "flag":
        anchors = [0, 1]
    else:
        width = high - low
        first = rng.choice([low, low + width * rng.random() * 0.9])
        second = min(first + width * rng.uniform(0.05, 1), high)
        anchors = [round(first, 4), round(second, 4)]
        if curve in ("log", "lognormal"):
            anchors[0] = max(anchors[0], 1e-3)
    rng.shuffle(anchors)
    return anchors


def random_knots(rng, kind):
    low, high = domain(kind, "knots")
    count = rng.randint(2, 5)
    places = sorted(rng.sample(range(51), count))
    levels = sorted(rng.choice([0, 1, round(rng.random(), 3)]) for _ in range(count))
    if levels[0] == levels[-1]:
        levels[0], levels[-1] = 0.0, 1.0
    if chance(rng, 0.5):
        levels.reverse()
    step = (high - low) / 50
    return [[round(low + step * at, 6), u] for at, u in zip(places, levels, strict=True)]


def random_prior(rng, kind, curve, ends):
    low, high = domain(kind, curve)
    # Inside the anchors where a curve has a utility that decides something just at an anchor.
    outside = 0.0 if curve in ("normal", "lognormal", "logistic") else 0.15
    way = rng.uniform(0.03 - outside, 0.97 + outside)
    if kind == "flag" and not outside:
        return way
    if kind in ("rate", "events", "flag") and outside and chance(rng, 0.1):
        return rng.choice([0, 1])
    prior = ends[0] + way * (ends[1] - ends[0])
    if kind == "duration":
        low = max(low, 1e-3)
    return min(max(prior, low), high)


def random_conditions(rng, columns):
    """Return a condition or a list of them; at times on the ratio of two columns."""
    conditions = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        sign = rng.choice([">=", ">", "<", "<=", "==", "!="])
        if chance(rng, 0.3) and len(columns) > 1:
            one, other = rng.sample(columns, 2)
            number = rng.choice([0, 0.1, 0.25, 0.5, 1, 2.5])
            conditions.append(f"{one} / {other} {sign} {number}")
        else:
            number = rng.choice([0, 1, 2, 5, 10, 30, 100, 0.5, 1e3])
            conditions.append(f"{rng.choice(columns)}{sign}{number}")
    return conditions[0] if len(conditions) == 1 and chance(rng, 0.7) else conditions


def random_rules(rng, flat, most):
    size = rng.choice([0, 1, 3, 6, 10])
    if chance(rng, 0.08):
        size = most
    return {f"rule_{i}": random_rule(rng, flat) for i in range(min(size, most))}


def random_rule(rng, flat):
    columns = ["sessions", "orders"]
    for name, line in flat.items():
        columns += [column for column in columns_of(line, name) if column]
    harms = [
        name
        for name, line in flat.items()
        if kind_of(line) in ("rate", "events") and lower_is_better(line)
    ]
    rule = {"monotone": False}
    if harms and chance(rng, 0.4):
        rule["exceeds"] = {"signal": rng.choice(harms)}
        if chance(rng, 0.5):
            rule["exceeds"]["line"] = spread_out(rng, 0.001, 0.5)
        if chance(rng, 0.5):
            rule["exceeds"]["min_count"] = rng.randint(1, 8)
    else:
        rule["when"] = random_conditions(rng, columns)
    effect = rng.choice(["bonus", "deduct", "deduct", "hold", "cap", "veto", "right", "duty"])
    rule[effect] = random_amount(rng, effect)
    if effect in ("bonus", "deduct") and chance(rng, 0.4):
        rule["per"] = rng.choice([c for c in columns if not c.startswith("signal")])
        rule["most"] = round(rng.uniform(1, 20), 2)
    if effect == "hold":
        rule["above"] = rng.choice(["recent", *columns])
        if "when" in rule and chance(rng, 0.5):
            del rule["when"]
    return rule


def lower_is_better(line):
    if line.get("knots"):
        return line["knots"][-1][1] < line["knots"][0][1]
    return line["good"] < line["poor"]


def random_amount(rng, effect):
    if effect in ("right", "duty"):
        return f"{effect}-{rng.randint(1, 3)}"
    if effect == "veto":
        return rng.choice(["floor", "block"])
    if effect == "cap":
        return rng.choice([0, 40, 59, 59.5, 60, 80, round(rng.uniform(0, 100), 1)])
    return rng.choice([1, 2, 2.5, round(rng.uniform(0.1, 15), 2)])


def random_match(rng):
    match = {}
    while not match:
        for column, values in (("category", CATEGORIES), ("shop_type", SHOP_TYPES)):
            if chance(rng, 0.6):
                chosen = [odd(rng, value) for value in rng.sample(values, rng.randint(1, 2))]
                match[column] = chosen[0] if len(chosen) == 1 else chosen
    return match


def random_overlays(rng, dimensions, flat, rules, room):
    """Return overlays, with at most `room` rules of their own."""
    overlays = {}
    known = dict(rules)  # an overlay may change the own rule of one before it
    for i in range(rng.choice([0, 0, 1, 2, 3])):
        overlay = {"match": random_match(rng)}
        changed = [name for name in flat if chance(rng, 0.4)]
        overlay["signals"] = {name: random_change(rng, flat[name]) for name in changed}
        overlay["dimensions"] = {
            # One with weight 0 stays so or gets weight; none loses it.
            name: {"weight": random_weight(rng)}
            for name in dimensions
            if chance(rng, 0.3)
        }
        overlay["rules"] = {}
        for name, rule in known.items():
            if chance(rng, 0.4):
                effect = next(e for e in EFFECTS if e in rule)
                if effect in ("veto", "right", "duty") or chance(rng, 0.4):
                    overlay["rules"][name] = {"off": True}
                else:
                    overlay["rules"][name] = {effect: random_amount(rng, effect)}
        for number in range(min(room, rng.choice([0, 0, 1, 2]))):
            name = f"overlay_{i}_rule_{number}"
            overlay["rules"][name] = known[name] = random_rule(rng, flat)
            room -= 1
        overlays[f"overlay_{i}"] = overlay
    return overlays


def random_change(rng, line):
    """Return what an overlay changes in a signal; anchors stay on their side of the middle."""
    change = {}
    kind = kind_of(line)
    if chance(rng, 0.4):
        change["weight"] = rng.choice([0, random_weight(rng)])
    if "poor" in line and kind != "flag":
        middle = (line["poor"] + line["good"]) / 2
        if line.get("curve", "log") in ("log", "lognormal") and min(line["poor"], line["good"]) > 0:
            middle = math.sqrt(line["poor"] * line["good"])
        for key in ("poor", "good"):
            if chance(rng, 0.35):
                change[key] = line[key] + rng.uniform(0, 0.7) * (middle - line[key])
    if chance(rng, 0.35):
        change["prior"] = random_change_of_prior(rng, line)
    if "strength" in line and chance(rng, 0.3):
        change["strength"] = spread_out(rng, 1, 400)
    if chance(rng, 0.2):
        change[rng.choice(["sd", "spread"])] = round(rng.uniform(0.05, 0.5), 3)
    return change


def random_change_of_prior(rng, line):
    """Return a prior between the one of the line and the middle of its anchors."""
    middle = sum(ends_of(line)) / 2
    return line["prior"] + rng.uniform(0.05, 0.8) * (middle - line["prior"])


def random_peers(rng, flat):
    by = rng.choice([None, ["category"], ["shop_type"], ["category", "shop_type"]])
    values = {"category": CATEGORIES, "shop_type": SHOP_TYPES}
    groups = {}
    for _ in range(rng.randint(1, 4)):
        parts = [rng.choice(values[column]) for column in by or ["category"]]
        priors = {}
        for name, line in flat.items():
            if chance(rng, 0.4):
                priors[name] = {"prior": random_change_of_prior(rng, line)}
                if "strength" in line and chance(rng, 0.5):
                    priors[name]["strength"] = spread_out(rng, 1, 400)
        groups["|".join(parts)] = priors
    return {"priors": groups} | ({"by": by} if by else {})


def random_status(rng, flat):
    status = {}
    if chance(rng, 0.6):
        samples = [c for name, line in flat.items() if (c := columns_of(line, name)[1])]
        status["new"] = {"column": rng.choice(["orders", *samples]), "below": rng.randint(1, 60)}
    if chance(rng, 0.6):
        status["low_evidence"] = {"coverage": round(rng.uniform(0.05, 0.8), 3)}
    return status


def random_tiers(rng):
    size = rng.choice([0, 1, 2, 4, 5, 6])
    if not size:
        return {}
    lines = [0, *sorted(rng.sample(range(20, 96), size - 1))]
    ladder = [{"id": f"tier-{i}", "at": at} for i, at in enumerate(lines)]
    entry = rng.randrange(size)
    ladder[entry]["entry"] = True
    for tier in ladder:
        if chance(rng, 0.5):
            tier["coverage"] = round(rng.uniform(0, 0.7), 3)
    tiers = {"ladder": ladder}
    for key, value in (
        ("hysteresis", rng.choice([0, 5, 12.5])),
        ("z", rng.choice([0, 0.5, 1.645])),
        ("coverage_margin", rng.choice([0, 0.3])),
        ("minimum_stay_days", rng.choice([0, 30])),
        ("reviews_below", rng.choice([1, 3])),
    ):
        if chance(rng, 0.4):
            tiers[key] = value
    return tiers
