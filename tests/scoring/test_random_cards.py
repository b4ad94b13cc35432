"""What the random scorecards hold: a comparison on them is worth as much as they visit."""

import math

from tests.scoring.random_cards import MOST_RULES, random_case
from tests.scoring.random_rows import signals_of
from tests.scoring.reference import score as reference_score
from tests.scoring.reference_card import curve_of, kind_of
from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.effects import EFFECTS
from trustscore.scorecard.kinds import KINDS
from trustscore.scorecard.statuses import STATUS_WORDS
from trustscore.scorecard.vetoes import VETO_WORDS


def test_the_same_seed_gives_the_same_case():
    assert random_case(5) == random_case(5)
    assert random_case(5) != random_case(6)


def test_the_number_of_rules_is_free():
    cases = [random_case(seed, rows=1, most_rules=100) for seed in range(40)]
    assert max(len(case.card["rules"]) for case in cases) == 100
    for case in cases:
        own = [name for overlay in case.card["overlays"].values() for name in overlay["rules"]]
        assert len({*case.card["rules"], *own}) <= 100
        reference_score(case.card, case.rows[0], case.missing)


def corners_of_card(card):
    """Yield what a scorecard makes use of."""
    for line in signals_of(card).values():
        kind = kind_of(line)
        yield kind, curve_of(card, line)
        if kind == "ratio" and "strength" in line:
            yield "ratio with a sample"
        if kind in ("rate", "events") and "spread" in line:
            yield "spread beside a tau"
        if "applies_when" in line:
            yield "applies_when"
    dimensions = card["dimensions"]
    for name, spec in dimensions.items():
        yield "depth", depth(dimensions, name)
        if "weight_by" in spec:
            yield "weight_by"
    for spec in [card["index"], *dimensions.values()]:
        power = spec.get("power", 1)
        if spec.get("floor") == 0:
            yield "no floor", "sinks" if power <= 0 else "does not"
        yield "power", power if power in (-1, 0, 1) else "> 0" if power > 0 else "< 0"
    for overlay in card["overlays"].values():
        yield from (("overlay", key) for change in overlay["signals"].values() for key in change)
        yield from (("overlay", "dimensions") for _ in overlay["dimensions"])
        for name, rule in overlay["rules"].items():
            own = "own" if name.startswith("overlay") else "points"
            yield "overlay rule", "off" if "off" in rule else own
    for rule in card["rules"].values():
        yield from (("rule", key) for key in (*rule, rule.get("veto")))
    if "peers" in card:
        yield "peers", *card["peers"].get("by", ["category"])
    if "strength_scale" in card["index"]:
        yield "strength_scale"
    if len(card["rules"]) == MOST_RULES:
        yield "as many rules as may be"


def depth(dimensions, name):
    parent = dimensions[name].get("parent")
    return 1 if parent is None else 1 + depth(dimensions, parent)


def corners_of_score(score):
    """Yield what happened to a merchant."""
    yield from (("status", score.status), ("tier", score.tier), ("veto", score.veto))
    parts = list(score.signals.values())
    happened = {
        "withheld": any(part.withheld and part.weight for part in parts),
        "without whole": any(part.without_whole and part.weight for part in parts),
        "does not apply": any(part.collected and not part.weight for part in parts),
        "not collected": not all(part.collected for part in parts),
        "a dimension does not apply": any(math.isnan(u) for u in score.dimensions.values()),
        "index 0": score.raw_index == 0,
        "index 100": score.raw_index == 100 and score.coverage > 0,
        "limit": score.limit != 0,
        "cap": score.cap != 0,
    }
    yield from (what for what, did in happened.items() if did)


def test_the_generator_visits_every_corner():
    """Every member of a registry is one, so what only the package knows is missed here."""
    seen = set()
    for seed in range(350):
        case = random_case(seed)
        seen.update(corners_of_card(case.card))
        for row in case.rows[:3]:
            seen.update(corners_of_score(reference_score(case.card, row, case.missing, case.as_of)))
    expected = {(kind, curve) for kind in KINDS for curve in CURVES}
    expected -= {("flag", "log"), ("flag", "lognormal")}  # anchors 0 and 1 have no logarithm
    for what, all_of_them in {
        "power": (-1, "< 0", 0, "> 0", 1),
        "depth": (1, 2, 3, 4),
        "overlay": ("weight", "poor", "good", "prior", "strength", "sd", "spread", "dimensions"),
        "overlay rule": ("off", "own", "points"),
        "rule": ("when", "exceeds", "per", "veto", *EFFECTS),
        "status": STATUS_WORDS,
        "tier": ("", *(f"tier-{step}" for step in range(6))),
        "veto": VETO_WORDS,
    }.items():
        expected |= {(what, each) for each in all_of_them}
    expected |= {("peers", "category"), ("peers", "shop_type"), ("peers", "category", "shop_type")}
    expected |= {"applies_when", "weight_by", "spread beside a tau", "ratio with a sample"}
    expected |= {"strength_scale", "as many rules as may be", "withheld", "does not apply"}
    expected |= {"not collected", "a dimension does not apply", "index 0", "index 100"}
    expected |= {"limit", "cap", "without whole", ("no floor", "sinks"), ("no floor", "does not")}
    assert sorted(map(str, expected - seen)) == []
