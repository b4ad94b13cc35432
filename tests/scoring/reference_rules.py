"""What follows the index: rules, status and tier. Of `reference.py`."""

import datetime as dt
import math

from tests.scoring.reference_card import (
    columns_of,
    condition_of,
    figures_for,
    folded,
    holds,
    listed,
    number,
)

Z95 = 1.6448536269514722  # one-sided 95 % of the normal distribution
EFFECTS = ("bonus", "deduct", "hold", "cap", "veto", "right", "duty")
VETOES = ("", "cap", "floor", "block")  # from mild to strict


# Rules: what raises, lowers and caps the index -------------------------------------------------


def rules_for(card, overlays):
    """Return every rule as it stands for the overlays of a merchant, or None where it is off.

    Rules of the scorecard come first, then those of each overlay. An overlay changes the points of
    a rule that is there already, or switches it off; later overlays win.
    """
    rules = dict(card.get("rules", {}))
    for overlay_name, overlay in card.get("overlays", {}).items():
        for name, change in overlay.get("rules", {}).items():
            if name not in rules:
                rules[name] = change if overlay_name in overlays else None
    for overlay in overlays.values():
        for name, change in overlay.get("rules", {}).items():
            if name not in card.get("rules", {}) and own_overlay(card, name) not in overlays:
                continue  # the rule of an overlay that does not match
            base = card.get("rules", {}).get(name) or own_rule(card, name)
            given = {key: change[key] for key in EFFECTS if key in change}
            rules[name] = None if change.get("off") else base | given
    return rules


def own_overlay(card, name):
    """Return the first overlay that has a rule."""
    return next(o for o, spec in card["overlays"].items() if name in spec.get("rules", {}))


def own_rule(card, name):
    """Return a rule that overlays alone have, as the first of them gives it."""
    given = [overlay.get("rules", {}) for overlay in card["overlays"].values()]
    return next(rules[name] for rules in given if name in rules)


def exceeds(card, limit, merchant, overlays):
    """Return whether the events are at least some and more than chance brings to a poor merchant.

    ``k >= min_count and k >= line n + 1.645 sqrt(line n)``
    """
    name = limit["signal"]
    line = next(signals[name] for signals in card["signals"].values() if name in signals)
    k, n = (merchant.get(column) for column in columns_of(line, name))
    if k is None or n is None:
        return False
    poor = limit.get("line")
    if poor is None:
        poor = figures_for(card, line, name, {}, overlays)["poor"]
    expected = poor * n
    return k >= limit.get("min_count", 2.0) and k >= expected + Z95 * math.sqrt(expected)


def rule_columns(card, rule):
    texts = listed(rule.get("when") or [])
    columns = [column for text in texts for column in condition_of(text)[:2]]
    if rule.get("exceeds"):
        name = rule["exceeds"]["signal"]
        line = next(signals[name] for signals in card["signals"].values() if name in signals)
        columns += columns_of(line, name)
    return [column for column in [*columns, rule.get("per"), rule.get("above")] if column]


def fires(card, rule, merchant, missing, overlays):
    """Return whether a rule fires; never on a column that was not collected."""
    if any(column in missing for column in rule_columns(card, rule)):
        return False
    if rule.get("exceeds"):
        return exceeds(card, rule["exceeds"], merchant, overlays)
    return all(holds(text, merchant) for text in listed(rule.get("when", [])))


def signed_points(rule, merchant):
    """Return the points of a bonus or a deduction; those of one per case have a limit."""
    effect = "bonus" if "bonus" in rule else "deduct"
    points = float(rule[effect])
    if rule.get("per"):
        points = min(points * (merchant.get(rule["per"]) or 0.0), rule["most"])
    return points if effect == "bonus" else -points


def held(rules, merchant, limited):
    """Return the holds that lower the index, each with its points, and the height of the lowest.

    Each looks at the index that those before it left; a blank holds nobody. The lowest height also
    limits the ends of the interval, whether it lowers the index or not.
    """
    found, height = {}, math.inf
    for name, rule in rules.items():
        above = merchant.get(rule["above"]) if "hold" in rule else None
        if above is None:
            continue
        most = max(above + rule["hold"], 0.0)
        height = min(height, most)
        if most < limited:
            found[name] = most - limited
            limited = most
    return found, height


def adjusted(index, moved, cap):
    """Return the index after bonuses and deductions, the limits of the scale, and the cap."""
    limited = min(max(index + moved, 0.0), 100.0)
    return min(limited, cap), limited - (index + moved), min(limited, cap) - limited


# Status: how much the index is worth -----------------------------------------------------------


def collected_share(card, missing, peers, overlays, name=None):
    """Return the share of the weight below a dimension that was collected, and its weight.

    The share is that of signals both of whose columns are there, whether they apply or not.
    """
    whole = got = 0.0
    for signal, line in card["signals"].get(name, {}).items():
        weight = figures_for(card, line, signal, peers, overlays)["weight"]
        whole += weight
        got += 0.0 if missing.intersection(columns_of(line, signal)) else weight
    for child, spec in card["dimensions"].items():
        if spec.get("parent") == name:
            share, below = collected_share(card, missing, peers, overlays, child)
            weight = spec["weight"]
            for overlay in overlays.values():
                weight = overlay.get("dimensions", {}).get(child, {}).get("weight", weight)
            weight = number(weight) if below > 0 else 0.0
            whole, got = whole + weight, got + weight * share
    return (got / whole if whole > 0 else 1.0), whole


def status_of(card, coverage, merchant, missing, share):
    status = card.get("status", {})
    new, low = status.get("new"), status.get("low_evidence")
    if coverage <= 0:
        return "not_scored"
    # A blank is a count of 0 here; a column that was not collected says nothing.
    collected = new and new["column"] not in missing
    if collected and (merchant.get(new["column"]) or 0.0) < new["below"]:
        return "new"
    # What was not collected counts as not covered.
    if low and coverage * share < low["coverage"]:
        return "low_evidence"
    return "formal"


# Tier: where on the ladder --------------------------------------------------------------------


def days_in_tier(merchant, as_of):
    since = merchant.get("tier_since")
    return (as_of - dt.date.fromisoformat(since[:10])).days if since and as_of else None


def tier_of(card, index, se, coverage, status, veto, merchant, as_of):
    """Return the id of the tier; empty where there is no ladder."""
    tiers = card.get("tiers", {})
    ladder = tiers.get("ladder", [])
    if not ladder:
        return ""
    entry = next(step for step, tier in enumerate(ladder) if tier.get("entry"))
    hysteresis, margin = tiers.get("hysteresis", 3.0), tiers.get("coverage_margin", 0.1)
    vetoed = veto != ""

    def may_enter(step):
        at, least = ladder[step]["at"], ladder[step].get("coverage", 0.0)
        if step <= entry:
            return index >= at
        surely = index - tiers.get("z", 1.0) * se
        return status == "formal" and not vetoed and surely >= at and coverage >= least

    def may_stay(step):
        at, least = ladder[step]["at"], ladder[step].get("coverage", 0.0)
        if step <= entry:  # a veto is not forgiven by the hysteresis
            return index >= (at if vetoed else at - hysteresis)
        return not vetoed and index >= at - hysteresis and coverage >= least - margin

    def climb(may):
        step = 0
        while step + 1 < len(ladder) and may(step + 1):
            step += 1
        return step

    enter, stay = climb(may_enter), climb(may_stay)
    said = folded(merchant.get("previous_tier"))
    before = next((step for step, tier in enumerate(ladder) if tier["id"] == said), None)
    if before is None:
        return ladder[enter]["id"]

    days, reviews_below = days_in_tier(merchant, as_of), merchant.get("reviews_below")
    young = days is not None and days < tiers.get("minimum_stay_days", 14.0)
    first_review = reviews_below is not None and reviews_below + 1 < tiers.get("reviews_below", 2)
    if enter > before:  # one step a review, but up to the entry tier at once
        after = before if young else min(enter, max(before + 1, entry))
    else:
        after = min(before, stay)
        if after < before and (young or first_review) and not vetoed:
            after = before
    return ladder[after]["id"]
