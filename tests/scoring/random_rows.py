"""Seeded random merchants for any scorecard: cells at which something happens, and all others.

Blanks, zeros, anchors, priors, limits of conditions, huge figures; a part is never larger than its
whole. Rows are dicts from column to number, text or None.
"""

import datetime as dt
import math
from dataclasses import dataclass, field

import numpy as np

from tests.scoring.reference_card import columns_of, condition_of, curve_of, kind_of, listed

CATEGORIES = ("Jewels", "toys", "home & garden", "Straße", "珠宝")
SHOP_TYPES = ("flagship", "Reseller", "c2c")
TEXTS = ("category", "shop_type", "previous_tier", "tier_since")
TODAY = dt.date(2026, 3, 1)
HUGE = (1e6, 1e9, 1e12, 1e15, 1e100, 1e300)
STRICTNESS = ("number", "nonnegative", "count", "share", "flag")


def chance(rng, probability):
    return rng.random() < probability


def spread_out(rng, low, high):
    """Return a number whose logarithm is uniform, with five significant digits."""
    return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.5g}")


def odd(rng, text):
    """Return a text in odd case and with spaces around, as exports have it."""
    text = rng.choice([text, text.upper(), text.lower(), text.title()])
    return rng.choice(["", " ", "\t", "\u3000"]) + text + rng.choice(["", "", "  "])


def block_of(rows):
    """Return rows as columns: numbers with NaN for blanks, texts as objects."""
    block = {}
    for name in rows[0]:
        cells = [row[name] for row in rows]
        if name in TEXTS:
            block[name] = np.array(cells, dtype=object)
        else:
            block[name] = np.array([math.nan if cell is None else cell for cell in cells], float)
    return block


@dataclass
class Role:
    """What the cells of a column must be, and the numbers at which something happens."""

    check: str = "number"
    hints: list[float] = field(default_factory=list)
    poor: float | None = None
    good: float | None = None
    limits: tuple[float, float] = (-math.inf, math.inf)


def roles(card):
    """Return the role of every column of numbers that a scorecard reads."""
    found = {}

    def use(column, check="number", hints=()):
        role = found.setdefault(column, Role())
        role.check = max(role.check, check, key=STRICTNESS.index)
        role.hints += [float(hint) for hint in hints]
        return role

    def use_conditions(texts):
        for text in listed(texts or []):
            column, over, _, amount = condition_of(text)
            use(column, hints=() if over else [amount, amount + 1])
            if over:
                use(over)

    checks = {
        "rate": "count",
        "events": "count",
        "count": "count",
        "duration": "nonnegative",
        "ratio": "nonnegative",
        "flag": "flag",
    }
    for name, line in signals_of(card).items():
        kind = kind_of(line)
        value, sample = columns_of(line, name)
        role = use(value, checks.get(kind, "number"))
        if sample:
            use(sample, "count")
        if kind not in ("rate", "events"):
            role.poor, role.good = evidence_ends(card, line)
            role.hints += hints_of(line, role.poor)
        role.limits = tuple(line.get("range") or role.limits)
        use_conditions(line.get("applies_when"))
    for spec in card["dimensions"].values():
        if spec.get("weight_by"):
            use(spec["weight_by"], "share")
    overlays = card.get("overlays", {}).values()
    for rules in [card.get("rules", {}), *(overlay.get("rules", {}) for overlay in overlays)]:
        for rule in rules.values():
            use_conditions(rule.get("when"))
            if rule.get("per"):
                use(rule["per"], "count")
            if rule.get("above"):
                use(rule["above"], hints=[0, 20, 35, 50, 65, 80, 95])
    new = card.get("status", {}).get("new")
    if new:
        use(new["column"], "count", [new["below"], new["below"] - 1])
    return found


def signals_of(card):
    return {name: line for lines in card["signals"].values() for name, line in lines.items()}


def ends_of(line):
    """Return the anchors of a line, or the ends of its knots, as poor and good."""
    if not line.get("knots"):
        return line["poor"], line["good"]
    (first, u_first), (last, u_last) = line["knots"][0], line["knots"][-1]
    return (first, last) if u_last >= u_first else (last, first)


def evidence_ends(card, line):
    """Return the anchors at which evidence may stand: beside poor of a normal, not on it."""
    poor, good = ends_of(line)
    beside = curve_of(card, line) in ("normal", "lognormal")
    return (poor + 0.01 * (good - poor) if beside else poor), good


def hints_of(line, poor):
    _, good = ends_of(line)
    hints = [poor, good, line["prior"], *(x for x, _ in line.get("knots", []))]
    return hints + [hint * (1 + step) for hint in (poor, good) for step in (-1e-6, 1e-6)]


@dataclass
class Mood:
    """How a merchant's cells are drawn."""

    blank: float = 0.08
    zero: float = 0.08
    hint: float = 0.25
    huge: float = 0.03
    end: str = ""  # all values at one anchor, with much evidence


MOODS = [
    Mood(),
    Mood(),
    Mood(),
    Mood(blank=0.6),
    Mood(blank=1.0),
    Mood(zero=0.8),
    Mood(hint=0.7),
    Mood(huge=0.5),
    Mood(blank=0.0, end="poor"),
    Mood(blank=0.0, end="good"),
]


def random_rows(rng, card, count, missing=frozenset()):
    """Return merchants with every column that the scorecard reads and that was collected."""
    columns = roles(card)
    sides = [name for name in (*TEXTS, "reviews_below") if chance(rng, 0.75)]
    tiers = [tier["id"] for tier in card.get("tiers", {}).get("ladder", [])]
    rows = []
    for _ in range(count):
        row = random_row(rng, card, columns, rng.choice(MOODS))
        row = {name: cell for name, cell in row.items() if name not in missing}
        rows.append(row | {name: random_side(rng, card, name, tiers) for name in sides})
    return rows


def random_row(rng, card, columns, mood):
    row = {name: random_cell(rng, role, mood) for name, role in columns.items()}
    pairs, subsets = [], []
    for name, line in signals_of(card).items():
        value, sample = columns_of(line, name)
        if sample and mood.end and row[sample] is not None:
            row[sample] = rng.choice([1e6, 1e15])
        if kind_of(line) in ("rate", "events"):
            pairs.append((value, sample, line))
            if kind_of(line) == "rate":
                subsets.append((value, sample))
    for value, sample, line in pairs:
        if row[value] is None or row[sample] is None or chance(rng, 0.15):
            continue
        poor, good = evidence_ends(card, line)
        if mood.end:
            rate = {"poor": poor, "good": good}[mood.end]
        else:
            rate = rng.choice([poor, good, line["prior"], rng.random(), 0])
        row[value] = float(math.floor(row[sample] * rate))
    # A part may not be larger than its whole, and a whole may be a part of another.
    for _ in subsets:
        for value, sample in subsets:
            if row[value] is not None and row[sample] is not None:
                row[value] = min(row[value], row[sample])
    return row


def random_cell(rng, role, mood):
    low, high = role.limits
    if role.check != "number":
        low = max(low, 0.0)
    if chance(rng, mood.blank):
        return None
    if mood.end and role.poor is not None and chance(rng, 0.95):
        cell = role.poor if mood.end == "poor" else role.good
    elif chance(rng, mood.zero):
        cell = 0.0
    elif role.hints and chance(rng, mood.hint):
        cell = rng.choice(role.hints)
    elif role.check in ("share", "flag"):
        cell = rng.random()
    elif chance(rng, mood.huge):
        cell = rng.choice(HUGE) * rng.choice([1, 1, 3.7])
        if role.check == "number":
            cell *= rng.choice([1, -1])
    elif role.check == "count" or not role.hints:
        cell = math.floor(spread_out(rng, 1, 3000)) * rng.choice([0.01, 0.1, 1])
    else:
        cell = rng.choice(role.hints) * rng.uniform(0.3, 3)
    if role.check == "flag":
        cell = round(min(max(cell, 0), 1))
    elif role.check == "share":
        cell = min(max(cell, 0), 1)
    elif role.check == "count":
        cell = math.floor(cell)
    return float(min(max(cell, low), high))


def random_side(rng, card, name, tiers):
    """Return a cell of a side column; texts in odd case, unlisted, empty or absent."""
    if chance(rng, 0.15):
        return None
    if name == "reviews_below":
        return float(rng.randint(0, 3))
    if name == "tier_since":
        return str(TODAY - dt.timedelta(days=rng.choice([0, 3, 13, 14, 15, 29, 30, 400])))
    if name == "previous_tier":
        return odd(rng, rng.choice([*tiers, *tiers, "", "unheard-of"]))
    named = {"category": CATEGORIES, "shop_type": SHOP_TYPES}[name]
    # A preset has names of its own.
    for overlay in card.get("overlays", {}).values():
        named = (*named, *listed(overlay["match"].get(name, [])))
    for group in card.get("peers", {}).get("priors", {}):
        named = (*named, *group.split("|"))
    return odd(rng, rng.choice([*named, "", "something else"]))
