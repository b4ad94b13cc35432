"""The planner of inspections: chances that are kept, what is found, the way back, bad input."""

import csv
import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import beta

from tests.logs.folders import table, write
from trustscore.commands.main import main
from trustscore.detect.files import write_findings
from trustscore.detect.inspections.design import design, draw, posterior, value_shares
from trustscore.detect.inspections.estimate import fail_rate
from trustscore.detect.settings import parse_settings
from trustscore.errors import InputError

AS_OF = dt.date(2026, 2, 1)
ORDERS = "merchant_id,order_id,paid_at,category,order_type,cancelled_at"
DONE = "inspection_id,merchant_id,order_id,decided_at,kind,result,selection,propensity"


def sold(count, merchant="m1", category="shoes", *, first=0, kind="", cancelled=""):
    """Orders of a merchant."""
    names = [f"{merchant}-{category}-{n}" for n in range(first, first + count)]
    return [[merchant, name, "2026-01-10 10:00", category, kind, cancelled] for name in names]


def done(order, result="pass", *, selection="random", propensity=0.1, merchant="m1", kind="spot"):
    """An inspection."""
    name = f"{merchant}-{order}"
    return [name, merchant, order, "2026-01-20", kind, result, selection, propensity]


def run(tmp_path, orders, inspections=None, *, budget=10, settings=None, seed=None, **more):
    """Return the plan, the report."""
    tables = {"orders": table(ORDERS, *orders), **more}
    if inspections is not None:
        tables["inspections"] = table(DONE, *inspections)
    logs = write(tmp_path / "logs", **tables)
    out = tmp_path / "plan.csv"
    chosen = parse_settings({"name": "t", "version": "1.0.0", "inspections": settings or {}})
    report = write_findings(
        "inspections",
        logs,
        out,
        as_of=AS_OF,
        settings=chosen,
        budget=budget,
        seed=seed,
        allow_short_logs=True,
    )
    with open(out, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), report


# ---- the design


def test_chances_by_hand():
    found = design(np.array([100, 300]), np.array([1.0, 0.0]), 40, 0.25, 1000)
    # 10 of 400 for everybody; the other 30 all among the first 100.
    assert found.uniform == pytest.approx(0.025)
    assert found.targeted == pytest.approx([0.3, 0.0])
    # No more than 12 of one cell: what is left over goes to all alike.
    found = design(np.array([100, 300]), np.array([1.0, 0.0]), 40, 0.25, 12)
    assert found.uniform == pytest.approx(28 / 400)
    assert found.targeted == pytest.approx([0.12, 0.0])
    # A cell of five orders cannot give more than five.
    found = design(np.array([5, 300]), np.array([0.9, 0.1]), 40, 0.25, 100)
    assert found.propensity[0] == pytest.approx(1.0)
    assert found.propensity[1] == pytest.approx(35 / 300)


@given(
    st.lists(st.tuples(st.integers(1, 60), st.floats(0, 1)), min_size=1, max_size=25),
    st.floats(0.001, 1),
    st.floats(0.05, 1),
    st.integers(1, 40),
    st.integers(0, 5),
)
@example([(1, 1.0), (3, 5e-324)], 0.5, 0.5, 1, 0)
def test_chances_add_up_to_the_budget(cells, part, share, most, seed):
    orders = np.array([count for count, _ in cells])
    shares = np.array([value for _, value in cells])
    shares = shares / shares.sum() if shares.sum() > 1e-9 else np.full(len(cells), 1 / len(cells))
    budget = max(1, int(part * orders.sum()))
    found = design(orders, shares, budget, share, most)
    propensity = found.propensity
    assert (propensity * orders).sum() == pytest.approx(budget, rel=1e-6)
    assert (propensity > 0).all() and (propensity <= 1).all()
    assert found.uniform >= share * budget / orders.sum() - 1e-9
    assert (found.targeted * orders <= most + 1e-6).all()
    chosen, at_random = draw(found, np.random.default_rng(seed))
    assert chosen.sum() == budget
    assert (chosen <= orders).all() and (at_random <= chosen).all() and (at_random >= 0).all()
    assert (np.abs(chosen - propensity * orders) < 1 + 1e-6).all()


def test_the_draw_keeps_the_chances():
    orders, shares = np.array([3, 40, 500]), np.array([0.6, 0.3, 0.1])
    found = design(orders, shares, 21, 0.3, 9)
    random, runs = np.random.default_rng(3), 6000
    chosen, uniform = np.zeros(3), np.zeros(3)
    for _ in range(runs):
        one, two = draw(found, random)
        chosen += one
        uniform += two
    assert chosen / runs == pytest.approx(found.propensity * orders, abs=0.03)
    # So those at random are a sample of all orders alike.
    assert uniform / runs == pytest.approx(found.uniform * orders, abs=0.04)


def test_what_a_cell_is_worth():
    known = posterior(np.array([0.0, 60.0, 0.0]), np.array([500.0, 300.0, 0.0]), 0.005, 48.7)
    assert known.mean == pytest.approx([0.2435 / 548.7, 60.2435 / 348.7, 0.005])
    assert known.above(0.05)[2] == pytest.approx(beta.sf(0.05, 0.2435, 48.4565))
    random = np.random.default_rng(0)
    shares = value_shares(known, np.array([100, 100, 100]), np.ones(3), 0.05, 500, random)
    # The second is bad in each draw, the third in one of a hundred, and shares that.
    assert shares.sum() == pytest.approx(1) and shares[0] < 1e-6
    assert shares[1] > 0.98 and 0 < shares[2] < 0.02
    heavy = value_shares(known, np.array([100, 100, 9900]), np.ones(3), 0.05, 500, random)
    assert heavy[2] > shares[2]
    harm = np.array([1.0, 1.0, 99.0])
    assert value_shares(known, np.full(3, 100), harm, 0.05, 500, random)[2] == pytest.approx(
        heavy[2], abs=0.01
    )
    # Nobody is known to be bad: by orders alone.
    clean = posterior(np.zeros(2), np.full(2, 1e7), 0.005, 48.7)
    assert value_shares(clean, np.array([1, 3]), np.ones(2), 0.05, 50, random).tolist() == [
        0.25,
        0.75,
    ]


# ---- the estimate


def test_an_estimate_by_hand():
    # One failure of a chance of a half stands for two orders, the others for ten each.
    found = fail_rate(np.array([1, 0, 0, 0]), np.array([0.5, 0.1, 0.1, 0.1]))
    assert found.rate == 2 / 32 and found.inspections == 4
    assert found.low < found.rate < found.high
    assert fail_rate(np.array([]), np.array([])) is None
    none = fail_rate(np.zeros(50), np.full(50, 0.1))
    assert none.rate == none.low == 0 and none.effective == pytest.approx(50)
    assert none.high == pytest.approx(beta.isf(0.025, 0.5, 50.5))
    everything = fail_rate(np.ones(3), np.full(3, 0.1))
    assert everything.rate == everything.high == 1 and everything.low < 1


def test_targeted_inspections_do_not_spoil_the_market():
    """Counted plainly they would double it."""
    random = np.random.default_rng(5)
    orders = np.array([4000, 1000])
    rate = np.array([0.02, 0.2])
    truth = (orders * rate).sum() / orders.sum()
    found, plain = [], []
    for _ in range(60):
        made = design(orders, np.array([0.0, 1.0]), 600, 0.2, 480)
        chosen, _ = draw(made, random)
        bad = random.binomial(chosen, rate)
        failed = np.concatenate([np.arange(n) < k for n, k in zip(chosen, bad, strict=True)])
        found.append(fail_rate(failed, np.repeat(made.propensity, chosen)))
        plain.append(failed.mean())
    assert np.mean([each.rate for each in found]) == pytest.approx(truth, rel=0.05)
    assert np.mean(plain) > 2 * truth
    assert np.mean([each.low <= truth <= each.high for each in found]) >= 0.85


# ---- the command


def test_a_plan_goes_where_defects_are(tmp_path):
    orders = [*sold(300, "good"), *sold(60, "bad"), *sold(300, "new", "toys")]
    past = [done(f"g{n}", merchant="good") for n in range(200)]
    past += [done(f"b{n}", "fail" if n < 10 else "pass", merchant="bad") for n in range(40)]
    plan, report = run(tmp_path, orders, past, budget=50)
    assert len(plan) == 50 == len({row["order_id"] for row in plan})
    known = {row[1] for row in orders}
    assert all(row["order_id"] in known and row["kind"] == "spot" for row in plan)
    bad = [row for row in plan if row["merchant_id"] == "bad"]
    assert len(bad) >= 25
    assert {row["selection"] for row in plan} == {"random", "targeted"}
    by_cell = {(row["merchant_id"], row["propensity"]) for row in plan}
    assert len(by_cell) == 3 and all(0 < float(p) <= 1 for _, p in by_cell)
    assert float(bad[0]["propensity"]) > 0.4 and float(bad[0]["expected_fail_rate"]) > 0.1
    facts = report.manifest["facts"]
    assert facts["orders"] == 660 and facts["plan"]["orders"] == 50
    assert facts["plan"]["random"] == sum(row["selection"] == "random" for row in plan) > 5
    # By hand: all had one chance, so the market is a plain share.
    assert facts["market"]["fail_rate"] == round(10 / 240, 6)
    assert report.said[0].startswith("fail rate of the market: 4.17 %")
    assert report.manifest["findings"] == {}


def test_the_same_seed_gives_the_same_plan(tmp_path):
    orders = [*sold(300, "a"), *sold(60, "b")]
    one, _ = run(tmp_path / "1", orders)
    again, _ = run(tmp_path / "2", orders[::-1])
    other, _ = run(tmp_path / "3", orders, seed=1)
    assert one == again != other


def test_the_way_back(tmp_path):
    orders = [*sold(100, "a"), *sold(100, "b")]
    plan, _ = run(tmp_path, orders, budget=20)
    for number, row in enumerate(plan):
        row |= {"decided_at": "2026-01-30", "result": "fail" if number < 3 else "pass"}
    folder = tmp_path / "logs"
    with open(folder / "inspections.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, plan[0])
        writer.writeheader()
        writer.writerows(plan)
    out = tmp_path / "next.csv"
    report = write_findings(
        "inspections", folder, out, as_of=AS_OF, budget=180, allow_short_logs=True
    )
    with open(out, encoding="utf-8", newline="") as file:
        following = {row["order_id"] for row in csv.DictReader(file)}
    # What was examined is not examined again.
    assert len(following) == 180 and not following & {row["order_id"] for row in plan}
    weights = np.array([1 / round(float(row["propensity"]), 6) for row in plan])
    rate = weights[:3].sum() / weights.sum()
    assert report.manifest["facts"]["market"]["fail_rate"] == pytest.approx(rate, abs=1e-5)
    assert report.manifest["rows"]["rejected"] == 0


def test_what_may_be_inspected(tmp_path):
    orders = [
        *sold(2),
        *sold(2, first=10, kind="gift"),
        *sold(2, first=20, cancelled="2026-01-11"),
        ["m1", "old", "2025-12-01 10:00", "shoes", "", ""],
        ["m1", "later", "2026-02-01 10:00", "shoes", "", ""],
        ["m1", "seen", "2026-01-10 10:00", "shoes", "", ""],
    ]
    plan, report = run(tmp_path, orders, [done("seen")], budget=100)
    assert {row["order_id"] for row in plan} == {"m1-shoes-0", "m1-shoes-1"}
    # More than there is: all of it, for certain.
    assert {float(row["propensity"]) for row in plan} == {1.0}
    (warned,) = [text for text in report.manifest["warnings"] if "budget" in text]
    assert "the budget of 100 is more than the 2 orders" in warned


def test_categories_come_from_lines_as_well(tmp_path):
    orders = table("merchant_id,order_id,paid_at", *([r[0], r[1], r[2]] for r in sold(40)))
    items = table(
        "merchant_id,order_id,item_id,category",
        *(["m1", f"m1-shoes-{n}", f"i{n % 2}", ("toys", "hats")[n % 2]] for n in range(40)),
    )
    past = table(
        DONE + ",item_id",
        [*done("x", "fail"), "i1"],
        [*done("m1-shoes-0", "fail"), ""],
        [*done("y"), ""],
    )
    logs = write(tmp_path / "logs", orders=orders, order_items=items, inspections=past)
    report = write_findings(
        "inspections", logs, tmp_path / "p.csv", as_of=AS_OF, budget=20, allow_short_logs=True
    )
    with open(tmp_path / "p.csv", encoding="utf-8", newline="") as file:
        plan = list(csv.DictReader(file))
    rates = {row["category"]: float(row["expected_fail_rate"]) for row in plan}
    # One failure each; the one of unknown category is shared by orders: 20 hats and 19 toys.
    assert rates["hats"] == pytest.approx((1 + 0.2435) / (48.7 + 1 + 20 / 39))
    assert rates["toys"] == pytest.approx((1 + 0.2435) / (48.7 + 1 + 19 / 39))
    assert {row["item_id"] for row in plan} == {"i0", "i1"}
    assert report.manifest["facts"]["inspections"]["of_no_category"] == 1


def test_what_is_no_evidence(tmp_path):
    past = [
        done("a", "fail", selection="requested"),
        done("b", "fail", selection="complaint"),
        done("c", "unclear"),
        done("d", "fail", kind="warehouse"),
        done("e", "fail", merchant="nobody"),
    ]
    plan, report = run(tmp_path, sold(50), past, budget=5)
    assert {float(row["expected_fail_rate"]) for row in plan} == {0.005}
    assert report.manifest["facts"]["inspections"]["of_what_is_not_sold_now"] == 1
    # But it was drawn, and is of the market.
    assert report.manifest["facts"]["market"]["inspections"] == 1


def test_propensities_that_are_none(tmp_path):
    past = [
        done("a", "fail", propensity=0),
        done("b", "fail", propensity=""),
        done("c", "fail", propensity=1.5),
        done("d", "pass", propensity=1),
    ]
    _, report = run(tmp_path, sold(50), past)
    # One was rejected as it was read; two say nothing of the market.
    assert report.manifest["rows"]["rejected"] == 1
    assert report.manifest["facts"]["market"]["inspections"] == 1
    assert any("2 of 3 inspections at random" in text for text in report.manifest["warnings"])


def test_no_inspections_so_far_and_no_orders(tmp_path):
    plan, report = run(tmp_path / "a", [*sold(30, "a"), *sold(60, "b")], budget=9)
    assert len(plan) == 9 and report.manifest["facts"]["market"] is None
    assert "unknown" in report.said[0]
    plan, report = run(tmp_path / "b", [], [done("a", "fail")])
    assert plan == [] and any("the plan is empty" in text for text in report.manifest["warnings"])
    assert report.manifest["facts"]["market"]["fail_rate"] == 1.0


def test_harm_by_category(tmp_path):
    orders = [*sold(100, "a", "baby"), *sold(100, "a", "toys")]
    plan, _ = run(tmp_path, orders, budget=60, settings={"harm": {"toys": 0.0}})
    targeted = [row["category"] for row in plan if row["selection"] == "targeted"]
    assert set(targeted) == {"baby"}
    assert "toys" in {row["category"] for row in plan}


def test_small_chances_are_warned_of(tmp_path):
    orders = [*sold(3000), *sold(1, "m2", "toys")]
    rare = {"random_share": 0.01, "harm": {"shoes": 0.0}}
    _, report = run(tmp_path, orders, budget=1, settings=rare)
    assert any("keeps them to a millionth" in text for text in report.manifest["warnings"])


def test_ids_that_look_like_formulas_come_back(tmp_path):
    orders = [[f"=m{n}", f"+o{n}", "2026-01-10 10:00", "", "", ""] for n in range(4)]
    plan, _ = run(tmp_path, orders, budget=4)
    with open(tmp_path / "logs" / "inspections.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, plan[0])
        writer.writeheader()
        writer.writerows([row | {"decided_at": "2026-01-30", "result": "pass"} for row in plan])
    report = write_findings(
        "inspections",
        tmp_path / "logs",
        tmp_path / "next.csv",
        as_of=AS_OF,
        budget=4,
        allow_short_logs=True,
    )
    assert report.manifest["facts"]["market"]["inspections"] == 4
    assert any("the plan is empty" in text for text in report.manifest["warnings"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"signal": "spot_check_fail_rat"}, "has no rate spot_check_fail_rat, did you mean"),
        ({"signal": "product_rating_mean"}, "has no rate product_rating_mean"),
        ({"scorecard": "nobodys.toml"}, "nobodys.toml"),
    ],
)
def test_scorecards_without_the_rate(tmp_path, settings, said):
    with pytest.raises(Exception, match=said):
        run(tmp_path, sold(3), settings=settings)
    assert not (tmp_path / "plan.csv").exists()


def test_a_budget_is_asked_for(tmp_path):
    with pytest.raises(InputError, match="needs `budget`"):
        run(tmp_path, sold(3), budget=None)
    plan, _ = run(tmp_path, sold(9), budget=None, settings={"budget": 3})
    assert len(plan) == 3


def command(*words):
    with pytest.raises(SystemExit) as end:
        main(list(words))
    return end.value.code


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "logs", orders=table(ORDERS, *sold(30)))
    words = ["logs", "-o", "p.csv", "--as-of", "2026-02-01", "--allow-short-logs"]
    assert command("detect", "inspections", *words) == 2
    assert "--budget" in capsys.readouterr().err
    for budget in ("0", "-3", "many"):
        assert command("detect", "inspections", *words, "--budget", budget) == 2
    capsys.readouterr()
    assert command("detect", "inspections", *words, "--budget", "3", "--queue", "q.csv") == 2
    assert "has no use for --queue" in capsys.readouterr().err
    assert command("detect", "gangs", *words, "--budget", "3", "--seed", "4") == 2
    assert "has no use for --budget and --seed" in capsys.readouterr().err
    assert command("detect", "inspections", *words, "--budget", "3", "--seed", "4") == 0
    assert "fail rate of the market: unknown" in capsys.readouterr().out
    facts = json.loads((tmp_path / "p.csv.manifest.json").read_text())
    assert facts["facts"]["plan"]["orders"] == 3 and facts["detector"].startswith("inspections@")
    # A table on standard output stays one.
    words[2] = "-"
    assert command("detect", "inspections", *words, "--budget", "3") == 0
    assert capsys.readouterr().out.count("\n") == 4
