"""The bars of a statement: from full marks, or from nothing, to the index."""

import dataclasses
import itertools
import math

import pytest

from trustscore.explain import explain, unknown_block, waterfall
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export


@pytest.fixture(scope="module")
def statements():
    columns = simulate_export(80, seed=3)
    card = load_scorecard("default")
    return [explain(columns, card, row=row) for row in range(80)]


def chained(bars, statement):
    """Each bar begins where the one before stopped, and the last ends at the index."""
    assert bars[0].kind == "start" and bars[0].before == 0
    for one, other in itertools.pairwise(bars[:-1]):
        assert other.before == pytest.approx(one.after, abs=1e-9)
    assert bars[-1].kind == "end"
    assert bars[-1].after == statement.trust_index
    assert bars[-2].after == pytest.approx(statement.trust_index, abs=1e-9)
    assert math.fsum(bar.points for bar in bars[:-1]) == pytest.approx(
        statement.trust_index, abs=1e-9
    )


@pytest.mark.parametrize("base", ["full", "zero"])
@pytest.mark.parametrize("most", [0, 1, 5, 1000])
def test_bars_add_up_to_the_index(statements, base, most):
    scored = 0
    for statement in statements:
        bars = waterfall(statement, most=most, base=base)
        if not math.isfinite(statement.trust_index):
            assert bars == ()
            continue
        scored += 1
        chained(bars, statement)
        rules = [bar for bar in bars if bar.kind == "rule"]
        assert [bar.id for bar in rules] == [rule.id for rule in statement.adjustments]
    assert scored > 70


def test_by_hand():
    # Everything at its prior but no complaint of 100: utility .8 of a weight of 20.
    card = load_scorecard("minimal")
    block = unknown_block(card)
    block["complaints"][:] = 0.0
    block["orders_paid"][:] = 100.0
    bars = waterfall(explain(block, card), most=1)
    assert [(b.kind, b.id) for b in bars] == [
        ("start", "start"),
        ("loss", bars[1].id),
        ("loss", "others"),
        ("end", "trust_index"),
    ]
    assert [round(b.after, 6) for b in bars] == [100.0, round(bars[1].after, 6), 66.0, 66.0]
    assert bars[2].name.startswith("4 other") or bars[2].name.startswith("3 other")


def test_one_left_over_gets_its_own_bar(statements):
    statement = statements[0]
    lost = [line.id for line in statement.signals if line.lost > 0]
    bars = waterfall(statement, most=len(lost) - 1)
    assert {bar.id for bar in bars if bar.kind == "loss"} == set(lost)


def test_largest_first_and_in_chinese(statements):
    bars = waterfall(statements[0], "zh", base="zero")
    gains = [bar.points for bar in bars if bar.kind == "gain" and bar.id != "others"]
    assert gains == sorted(gains, reverse=True) and len(gains) == 10
    assert bars[0].name == "零分" and bars[-1].name == "信任指数"


def test_limit_and_cap_are_named(statements):
    statement = next(s for s in statements if s.adjustments)
    rule = dataclasses.replace(statement.adjustments[0], id="cap", en="", zh="", points=-1.0)
    capped = dataclasses.replace(
        statement, adjustments=(rule,), trust_index=statement.raw_index - 1
    )
    bars = waterfall(capped)
    assert bars[-2].name == "Cap"
    chained(bars, capped)


def test_another_base_is_refused(statements):
    with pytest.raises(ValueError, match="base must be full or zero"):
        waterfall(statements[0], base="half")
