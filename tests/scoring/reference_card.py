"""What a scorecard says of a merchant: kinds, columns, curves, figures and conditions.

Of `reference.py`: a scorecard is the dict of a TOML file, a merchant a dict of its cells.
"""

import operator
import re

WEIGHT_WORDS = {"critical": 10.0, "high": 7.0, "medium": 4.0, "low": 2.0}
KINDS = ("rate", "events", "mean", "duration", "ratio", "count", "flag", "score")
COUNTS = ("rate", "events")


def folded(text):
    return "" if text is None else str(text).strip().casefold()


def listed(value):
    return [value] if isinstance(value, str) else list(value)


def number(weight):
    return WEIGHT_WORDS[weight] if isinstance(weight, str) else float(weight)


def kind_of(line):
    return next(kind for kind in KINDS if line.get(kind) is not None)


def curve_of(card, line):
    default = card.get("defaults", {}).get("curve", "linear")
    return line.get("curve") or {"duration": "log", "flag": "linear"}.get(kind_of(line), default)


def columns_of(line, name):
    """Return the column of the value, and that of the sample or None."""
    columns = line[kind_of(line)]
    if columns is True:
        return name, None
    return (columns, None) if isinstance(columns, str) else tuple(columns)


# Figures: the signal's line, then the peer group, then overlays in file order; later wins ---------


def overlays_for(card, merchant):
    """Return the overlays all of whose side columns match, in file order."""
    return {
        name: overlay
        for name, overlay in card.get("overlays", {}).items()
        if all(
            folded(merchant.get(column)) in [folded(value) for value in listed(values)]
            for column, values in overlay["match"].items()
        )
    }


def peer_priors(card, merchant):
    peers = card.get("peers", {})
    group = [folded(merchant.get(column)) for column in listed(peers.get("by", "category"))]
    for name, priors in peers.get("priors", {}).items():
        if [folded(part) for part in name.split("|")] == group:
            return priors
    return {}


def figures_for(card, line, name, peers, overlays):
    """Return weight, poor, good, prior, strength, sd and spread of a signal for one merchant.

    `strength_scale` multiplies every strength: of the line, of peers and of overlays.
    """
    keys = ("weight", "poor", "good", "prior", "strength", "sd", "spread")
    figures = {key: line.get(key) for key in keys}
    if line.get("knots"):
        (first, u_first), (last, u_last) = line["knots"][0], line["knots"][-1]
        figures["poor"], figures["good"] = (first, last) if u_last >= u_first else (last, first)
    for given in [peers, *(overlay.get("signals", {}) for overlay in overlays.values())]:
        change = given.get(name, {})
        figures |= {key: change[key] for key in keys if change.get(key) is not None}
    if figures["strength"] is not None:
        figures["strength"] *= card.get("index", {}).get("strength_scale", 1.0)
    figures["weight"] = number(figures["weight"])
    return figures


# Conditions on the raw columns --------------------------------------------------------------------

OPERATORS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def condition_of(text):
    """Return column, denominator column or None, operator and number of a condition."""
    column, over, sign, amount = re.fullmatch(
        r"\s*(\w+)\s*(?:/\s*(\w+)\s*)?([<>=!]=?)\s*(\S+)\s*", text
    ).groups()
    return column, over, OPERATORS[sign], float(amount)


def holds(text, merchant, unknown=False):
    """Return whether a condition holds; `unknown` where a blank, or n = 0, leaves it open."""
    column, over, compare, amount = condition_of(text)
    value = merchant.get(column)
    if value is None:
        return unknown
    if over is not None:
        n = merchant.get(over)
        if n is None or n == 0:
            return unknown
        value = value / n
    return compare(value, amount)
