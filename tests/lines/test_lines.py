"""Lines chosen for a stated cost: by hand, against brute force, and with everything wrong."""

import csv
import dataclasses
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.audit.market import Market
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.fitting.periods import Period
from trustscore.lines import find_lines
from trustscore.lines.costs import Judged, best_line, cost_curve, losses
from trustscore.lines.judged import lines_of
from trustscore.outcomes import Outcomes
from trustscore.scorecard import load_scorecard, parse_scorecard

CARD = """\
# A card with a line that may move.
name = "shop"
version = "1"
effective_from = 2026-01-01

[stages]
use = { en = "Use", zh = "用" }

[dimensions]
care = { en = "Care", zh = "服务", weight = 1 }

[signals.care.late]
stage = "use"
rate = ["late_orders", "orders"]
poor = 0.5
good = 0
prior = 0.1
strength = 1
weight = 1

[signals.care.fake]
stage = "use"
events = ["fakes", "orders"]
poor = 0.1
good = 0
prior = 0
strength = 1
weight = 0.0001

[rules.fake_cap]
exceeds = { signal = "fake", min_count = 2 }
cap = 60

[rules.open_cap]
when = "open_cases >= 9"  # judgement
cap = 50

[rules.ratio_cap]
when = "open_cases / orders > 0.5"
cap = 50

[rules.small_cap]
when = "orders < 5"
cap = 50

[rules.late_bonus]
when = "late_orders <= 1"
bonus = 1

[tiers]
z = 0

[[tiers.ladder]]
id = "low"
en = "Low"
zh = "低"
at = 0

[[tiers.ladder]]
id = "mid"
en = "Mid"
zh = "中"
at = 20  # judgement
entry = true

[[tiers.ladder]]
id = "high"
en = "High"
zh = "高"
at = 90
"""


def card():
    return parse_scorecard(tomllib.loads(CARD))


def market(share, *, orders=1000, seed=0, cases=None):
    """Merchants of known late shares, and what becomes of 100 orders of each."""
    share = np.asarray(share)
    rng = np.random.default_rng(seed)
    size = len(share)
    ids = np.array([f"m{i}" for i in range(size)], dtype=object)
    block = {
        "merchant_id": ids,
        "late_orders": np.round(share * orders),
        "orders": np.full(size, float(orders)),
        "fakes": np.zeros(size),
        "open_cases": np.zeros(size) if cases is None else np.asarray(cases, dtype=float),
    }
    harm = rng.binomial(100, share).astype(float)
    return block, Outcomes(ids, np.full(size, 100.0), harm)


def two_kinds(size=200):
    return np.repeat([0.3, 0.02], size // 2)


def period(name, share, **more):
    block, outcomes = market(share, **more)
    return Period(name, block, outcomes)


judged_rows = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 9), st.floats(0, 1)), min_size=1, max_size=30
)


def judged_of(rows, holds_from):
    figure, n, share = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    at = np.arange(len(rows))
    return Judged(figure, holds_from, n, np.round(share * n), at, at * 0)


@given(judged_rows, st.booleans(), st.floats(0.01, 100))
def test_the_cheapest_line_is_that_of_brute_force(rows, holds_from, harm):
    judged = judged_of(rows, holds_from)
    grid = np.arange(0, 22, 0.5)
    curve = cost_curve(judged, grid)
    brute = np.array([losses(judged, at, harm).sum() for at in grid])
    assert np.allclose(curve.cost(harm), brute)
    assert curve.merchants_held.tolist() == [judged.held(at).sum() for at in grid]
    best = best_line(curve, harm, old=10)
    assert np.isclose(losses(judged, best, harm).sum(), brute.min())


@given(judged_rows, st.booleans())
def test_a_dearer_harm_never_lets_more_through(rows, holds_from):
    judged = judged_of(rows, holds_from)
    curve = cost_curve(judged, np.arange(0, 22, 0.5))
    through = []
    for harm in (0.1, 1, 10, 100):
        best = best_line(curve, harm, old=10)
        through.append(judged.events[~judged.held(best)].sum())
    assert through == sorted(through, reverse=True)


def test_a_line_moves_between_two_kinds_of_merchants():
    found = find_lines([period("later", two_kinds())], card(), {"mid": 9})
    (choice,) = found.choices
    # Late shares of .3 and .02 under anchors of .5 and 0 make 40 and 96 points.
    assert choice.why == "taken" and choice.taken
    assert 40 < choice.new <= 96 and choice.low <= choice.best <= choice.high
    assert choice.moved == 100
    assert choice.gain_low > 0
    assert choice.gain == pytest.approx(choice.cost_old - choice.cost_new)
    assert found.scorecard.tiers.ladder[1].at == choice.new
    assert found.checked_on == ()
    assert load_scorecard(found.scorecard).version.startswith("1+lines.")


def test_only_the_line_changes_in_the_file():
    found = find_lines([period("later", two_kinds())], load_scorecard_of(CARD), {"mid": 9})
    before, after = CARD.splitlines(), found.text.split("\n[provenance")[0].splitlines()
    changed = [(a, b) for a, b in zip(before, after, strict=False) if a != b]
    assert [a for a, _ in changed] == ['version = "1"', "at = 20  # judgement"]
    assert changed[1][1] == f"at = {found.choices[0].new}  # judgement"
    told = tomllib.loads(found.text)["provenance"]["lines"]
    assert told["choices"]["mid"]["why"] == "taken" and told["periods"] == ["later"]


def load_scorecard_of(text, folder=None):
    path = Path(folder or ".", "shop.toml")
    path.write_text(text, encoding="utf-8")
    return load_scorecard(path)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_of_several_periods_each_later_one_checks_the_line():
    periods = [
        period(name, two_kinds(), seed=at) for at, name in enumerate(["May", "June", "July"])
    ]
    found = find_lines(periods, card(), {"mid": 9})
    assert found.checked_on == ("June", "July")
    (choice,) = found.choices
    assert choice.taken and choice.merchants == 600 and choice.moved == 100
    assert [row.period for row in found.tiers] == ["May"] * 3 + ["June"] * 3 + ["July"] * 3 + [
        "all"
    ] * 3
    every = found.tiers[-3:]
    assert [row.merchants for row in every] == [0, 300, 300]
    assert every[1].events + every[2].events == sum(p.outcomes.events.sum() for p in periods)
    assert every[1].low < every[1].rate < every[1].high
    assert np.isnan(every[0].rate) and np.isnan(every[0].low)


def test_a_line_that_helps_in_one_period_only_stays():
    bad_first = np.repeat([0.3, 0.02], 100)
    first, later = period("May", bad_first), period("June", bad_first, seed=1)
    # Whoever was bad is good in June.
    turned = later._replace(
        outcomes=Outcomes(
            later.outcomes.merchant_id, later.outcomes.n, later.outcomes.events[::-1].copy()
        )
    )
    (choice,) = find_lines([first, turned], card(), {"mid": 9}).choices
    assert choice.why == "not_lasting" and choice.new == choice.old == 20
    assert choice.gain < 0


def test_few_merchants_move_no_line():
    (choice,) = find_lines([period("later", two_kinds(40))], card(), {"mid": 9}).choices
    assert choice.why == "few" and choice.moved == 20 and choice.new == 20


def test_the_cheapest_line_stays():
    share = np.repeat([0.45, 0.02], 100)
    (choice,) = find_lines([period("later", share)], card(), {"mid": 9}).choices
    assert choice.why == "same" and choice.new == choice.best == 20


def test_without_a_line_that_moves_the_version_stays():
    found = find_lines([period("later", two_kinds(40))], card(), {"mid": 9})
    assert found.scorecard.version == "1"


def test_a_line_that_would_pass_its_neighbour_stays():
    # High stands at 45: mid would move above it.
    text = CARD.replace("at = 90", "at = 41")
    found = find_lines(
        [period("later", two_kinds())], parse_scorecard(tomllib.loads(text)), {"mid": 9}
    )
    low, mid, high = (tier.at for tier in found.scorecard.tiers.ladder)
    assert low < mid < high
    if found.choices[0].best >= 41:
        assert found.choices[0].why == "order" and mid == 20


@given(st.integers(2, 50), st.integers(50, 5000), st.floats(1.001, 3))
def test_a_rate_cap_fires_up_to_the_figure_that_its_line_is_compared_with(k, n, factor):
    block, _ = market(np.zeros(3))
    block["fakes"][:] = [k, 0, 1]
    block["orders"][:] = float(n)
    (line,) = lines_of(card(), {"fake_cap": 5})
    figure, _ = line.figure(Market(block, card()))
    assert figure[0] > 0 and figure[1] == figure[2] == -np.inf
    for at, fires in ((figure[0] / factor, True), (figure[0] * factor, False)):
        text = CARD.replace("min_count = 2", f"min_count = 2, line = {at:.17g}")
        again = Market(block, parse_scorecard(tomllib.loads(text)))
        assert again.scores.fired[0].tolist() == [fires, False, False]


def test_the_line_of_a_cap_moves_to_where_harm_begins():
    cases = np.r_[np.full(100, 4.0), np.zeros(100)]
    share = np.repeat([0.3, 0.02], 100)
    found = find_lines([period("later", share, cases=cases)], card(), {"open_cap": 9})
    (choice,) = found.choices
    assert (choice.kind, choice.old, choice.new, choice.why) == ("cap", 9, 4, "taken")
    assert (
        str(next(r for r in found.scorecard.rules if r.id == "open_cap").when[0])
        == "open_cases >= 4"
    )


def test_the_line_of_a_rate_cap_is_written_beside_its_signal():
    block, outcomes = market(np.repeat([0.3, 0.02], 100))
    # 20 of 1,000 are not surely more than the 100 of the poor anchor; 9 of 10 of them are harm.
    block["fakes"][:100] = 20
    found = find_lines([Period("later", block, outcomes)], card(), {"fake_cap": 9})
    (choice,) = found.choices
    assert choice.old == 0.1 and choice.taken
    rule = next(r for r in found.scorecard.rules if r.id == "fake_cap")
    assert rule.exceeds.line == choice.new < 0.02
    fired = Market(block, found.scorecard).scores.fired[0]
    assert fired[:100].all() and not fired[100:].any()


def test_all_faults_of_the_costs_are_told_at_once():
    costs = {"mdi": 3, "low": 3, "mid": 9, "high": 8, "late_bonus": 1, "small_cap": 1}
    with pytest.raises(InputError) as told:
        lines_of(card(), costs)
    faults = "\n".join(told.value.faults)
    assert len(told.value.faults) == 5
    assert "mdi: is no tier and no rule of shop@1" in faults and "did you mean mid?" in faults
    assert "low: is the lowest tier" in faults
    assert "cost of high: must be at least that of mid, 9" in faults
    assert "late_bonus: is a rule whose effect is bonus" in faults
    assert "small_cap: must have one condition with >= or >" in faults
    for wrong in (0, -1, 1e-300, 1e308, float("inf"), float("nan")):
        with pytest.raises(InputError, match="must be a number from 1e-06 to 1e"):
            lines_of(card(), {"mid": wrong})
    with pytest.raises(InputError, match="at least one tier or cap"):
        lines_of(card(), {})
    with pytest.raises(InputError, match="reads open_cases, which the export has not"):
        lines_of(card(), {"open_cap": 1}, frozenset({"open_cases"}))


@pytest.mark.parametrize(("events", "said"), [(0.0, "no events"), (100.0, "nothing but events")])
def test_outcomes_of_one_class_tell_nothing(events, said):
    block, outcomes = market(two_kinds())
    outcomes.events[:] = events
    with pytest.raises(InputError, match=said):
        find_lines([Period("later", block, outcomes)], card(), {"mid": 9})


@pytest.mark.parametrize("known", [0, 1])
def test_one_merchant_has_no_line(known):
    block, outcomes = market(two_kinds())
    outcomes.n[known:] = 0
    outcomes.events[known:] = 0
    with pytest.raises(InputError, match=f"later: must have outcomes of .* Got {known}$"):
        find_lines([Period("later", block, outcomes)], card(), {"mid": 9})


def test_merchants_of_whom_nothing_is_known_are_counted():
    block, outcomes = market(two_kinds())
    for name in ("late_orders", "orders", "fakes"):
        block[name][:7] = np.nan
    found = find_lines([Period("later", block, outcomes)], card(), {"mid": 9})
    assert found.undecided == 7
    assert found.choices[0].merchants == 193


def test_a_picture_has_the_costs_and_both_lines():
    pytest.importorskip("matplotlib")
    found = find_lines([period("later", two_kinds())], card(), {"mid": 9, "fake_cap": 30})
    panels = found.plot().axes
    assert len(panels) == 2
    for panel, choice in zip(panels, found.choices, strict=True):
        drawn = {line.get_label(): line for line in panel.lines}
        assert drawn["today"].get_xdata()[0] == choice.old
        assert drawn["cheapest"].get_xdata()[0] == choice.best
        both = drawn["both"].get_ydata()
        parts = drawn["harm let through"].get_ydata() + drawn["honest held back"].get_ydata()
        np.testing.assert_allclose(both, parts)
        # The cheapest line stands where the curve is lowest.
        assert both.min() == both[choice.curve.at == choice.best][0]
    assert panels[0].get_title(loc="left").startswith("mid moves")
    with pytest.raises(InputError, match="nothing to draw"):
        dataclasses.replace(found, choices=()).plot()


def write_files():
    load_scorecard_of(CARD)
    block, outcomes = market(two_kinds())
    with open("export.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(block)
        rows.writerows(zip(*(column.tolist() for column in block.values()), strict=True))
    with open("later.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["merchant_id", "n", "events"])
        rows.writerows(
            zip(
                *(getattr(outcomes, n).tolist() for n in ("merchant_id", "n", "events")),
                strict=True,
            )
        )


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main(["lines", "export.csv", "--scorecard", "shop.toml", *words])
    return stopped.value.code


def test_the_command_writes_the_card_the_curve_and_the_tiers(capsys):
    write_files()
    words = ("--outcomes", "later.csv", "--cost", "mid", "9", "-o", "new.toml")
    assert run(*words, "--curve", "curve.csv", "--by-tier", "tiers.csv") == 0
    said = capsys.readouterr().out
    assert "mid: moves" in said and "merchants left out in turn" in said
    with open("curve.csv", newline="") as file:
        curve = list(csv.DictReader(file))
    assert len(curve) == 1000
    best = min(curve, key=lambda row: float(row["cost"]))
    new = load_scorecard("new.toml").tiers.ladder[1].at
    assert float(next(r for r in curve if float(r["at"]) == new)["cost"]) == float(best["cost"])
    with open("tiers.csv", newline="") as file:
        assert [row["tier"] for row in csv.DictReader(file)] == ["low", "mid", "high"]
    first = Path("new.toml").read_bytes()
    assert run(*words) == 0 and Path("new.toml").read_bytes() == first


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cost", "mid", "9", "-o", "new.toml"), "say what happened"),
        (("--outcomes", "later.csv", "-o", "new.toml"), "--cost"),
        (("--outcomes", "later.csv", "--cost", "mid", "9", "-o", "new.json"), "must end in .toml"),
        (
            ("--outcomes", "later.csv", "--cost", "mid", "1", "--cost", "mid", "2", "-o", "n.toml"),
            "given more than once",
        ),
        (
            ("--outcomes", "later.csv", "--cost", "mid", "9", "-o", "shop.toml"),
            "shop.toml",
        ),
        (
            (
                *("--outcomes", "later.csv", "--cost", "mid", "9", "-o", "new.toml"),
                *("--curve", "a.csv", "--by-tier", "a.csv"),
            ),
            "is also a.csv",
        ),
        (
            ("--outcomes", "later.csv", "--cost", "mid", "9", "-o", "new.toml", "--curve", "c.png"),
            "c.png",
        ),
        (("--outcomes", "later.csv", "--cost", "mid", "x", "-o", "new.toml"), "'x' is not a valid"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(words, said, capsys):
    write_files()
    assert run(*words) == 2
    assert said in capsys.readouterr().err
    assert not Path("new.toml").exists()
    assert Path("shop.toml").read_text(encoding="utf-8") == CARD
