"""The query, run by DuckDB, answers what Python does."""

import datetime as dt
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.export.sql_cards import ALL_SIDE, CARDS, CURVES, policy
from tests.export.sql_engines import asked, differences, duck
from tests.scoring.cards import card, deep_card
from trustscore.export import expected_scores, export_sql, probe_rows
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scorecard.effects import EFFECTS

pytest.importorskip("duckdb")


@pytest.mark.parametrize("name", CARDS)
def test_every_scorecard(name):
    rows, query, wanted = asked(CARDS[name]())
    assert differences(duck(query, rows), wanted) == []


def test_the_cards_here_have_a_rule_of_every_effect():
    assert {rule.effect for make in CARDS.values() for rule in make().rules} == set(EFFECTS)


@pytest.mark.parametrize("curve", CURVES)
def test_every_curve_of_the_boost(curve):
    rows, query, wanted = asked(deep_card(0.5), policy(curve))
    assert len(set(wanted["trust_boost"].tolist())) > 10
    assert differences(duck(query, rows), wanted) == []


@pytest.mark.parametrize("side", [(), ("category",), ("shop_type", "previous_tier", "enrolled")])
def test_without_optional_columns(side):
    rows, query, wanted = asked(CARDS["odd"](), policy("tanh"), side=side, as_of=None)
    assert set(rows) & set(ALL_SIDE) == set(side)
    assert differences(duck(query, rows), wanted) == []


@pytest.mark.parametrize(
    "missing", [{"jewel_bad"}, {"all"}, {"live_share", "sessions_365d", "upheld", "linked"}]
)
def test_without_columns_of_the_scorecard(missing):
    rows, query, wanted = asked(deep_card(0), missing=missing)
    assert not missing & set(rows)
    assert differences(duck(query, rows), wanted) == []


def test_without_any_column():
    given = load_scorecard("minimal")
    rows, query, wanted = asked(given, missing={field.name for field in given.fields})
    assert set(wanted["status"].tolist()) == {"not_scored"}
    assert differences(duck(query, rows), wanted) == []


# By hand ------------------------------------------------------------------------------------------

ONE = {
    "name": "one",
    "version": "1",
    "effective_from": "2026-01-01",
    "dimensions": {"all": {"weight": 1}},
    "signals": {
        "all": {
            "points": {"stage": "use", "score": True, "poor": 0, "good": 100, "prior": 60}
            | {"weight": 1}
        }
    },
    "rules": {"gone": {"when": "gone >= 1", "cap": 58}},
    "tiers": {
        "ladder": [
            {"id": "low", "at": 0},
            {"id": "entry", "at": 60, "entry": True},
            {"id": "high", "at": 75, "coverage": 1},
        ]
    },
}


def answer(rows, names, **given):
    """Some columns of what DuckDB says of rows, one value a merchant."""
    texts = ("merchant_id", "previous_tier", "tier_since")
    blocks = {n: np.array(v, dtype=object if n in texts else float) for n, v in rows.items()}
    found = duck(export_sql(parse_scorecard(ONE), **given), blocks)
    return [found[name] for name in names]


def test_index_is_the_points_and_tiers_begin_exactly_at_their_figure():
    points = [0, 59.9999, 60, 75, np.nan]
    rows = {"merchant_id": list("abcde"), "points": points, "gone": [0] * 5}
    index, tier, boost = answer(rows, ("trust_index", "tier", "trust_boost"))
    assert index == [0, 59.9999, 60, 75, None]
    assert tier == ["low", "low", "entry", "high", ""]
    # The neutral point is 71, a standard error is 0 here, full marks of lean are far away.
    assert boost[0] < boost[1] < 1 < boost[3]
    assert boost[4] == 1


def test_a_capped_merchant_is_not_kept_in_the_entry_tier_by_the_hysteresis():
    # Both are within three points of 60: who is merely there stays, who is capped leaves.
    rows = {
        "merchant_id": ["free", "capped"],
        "points": [58.5, 90],
        "gone": [0, 1],
        "previous_tier": ["entry", "entry"],
    }
    index, tier = answer(rows, ("trust_index", "tier"), side=["previous_tier"])
    # In the order of the ids.
    assert (index, tier) == ([58, 58.5], ["low", "entry"])


def test_a_young_tier_is_kept_until_the_minimum_stay_is_over():
    since = ["2026-06-16", "2026-06-17", "2026-06-17T08:00:00", "", None]
    rows = {
        "merchant_id": list("abcde"),
        "points": [10] * 5,
        "gone": [0] * 5,
        "previous_tier": ["entry"] * 5,
        "tier_since": since,
    }
    side = ["previous_tier", "tier_since"]
    (tier,) = answer(rows, ("tier",), side=side, as_of=dt.date(2026, 6, 30))
    assert tier == ["low", "entry", "entry", "low", "low"]


def spelled(category):
    """The index of a merchant whose category is written in some way."""
    given = ONE | {
        "overlays": {"own": {"match": {"category": ["Maß  hof", "fisch"]}, "dimensions": {}}},
    }
    given["overlays"]["own"]["signals"] = {"points": {"good": 50}}
    rows = {
        "merchant_id": np.array(["a"], dtype=object),
        "points": np.array([40.0]),
        "gone": np.zeros(1),
        "category": np.array([category], dtype=object),
    }
    card = parse_scorecard(given)
    found = duck(export_sql(card), rows)["trust_index"]
    assert found == expected_scores(rows, card)["trust_index"].tolist()
    return found[0]


@pytest.mark.parametrize(
    "category",
    ["fisch", " FISCH ", "\tFisch\n", "\u3000fisch\xa0", "fi\u017fch", "\ufb01sch", "\x1cfisch\x85"]
    + ["Maß  hof", "MASS  HOF", "\r\nmaſs  hof\u2003", "ma\u1e9e  hof", "\vmass  hof\f"]
    + ["\u200bfisch", "fi\xadsch", "ＦＩＳＣＨ", "mass\t\thof", "mass\xa0\u3000hof"],
)  # fmt: skip
def test_a_category_is_read_as_python_reads_it(category):
    assert spelled(category) == 80


@pytest.mark.parametrize(
    "category",
    ["fische", "fi sch", "f\u0131sch", "f\u0130sch", "\u200cfisch", "mass hof", "mass\thof"]
    + ["mass\xa0hof", "mass  hof mass  hof", "", None, "mass   hof", "masshof", "fisch\u0301"],
)
def test_another_category_is_not_taken_for_it(category):
    assert spelled(category) == 40


# The frame tells a wrong copy ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("index__rho", 0.2501),
        ("index__rho_evidence", 0.1001),
        ("dimensions__after_sales__weight", 0.4001),
        ("signals__after_sales__complaint_rate__weight", 4.001),
        ("signals__after_sales__complaint_rate__poor", 0.02001),
        ("signals__after_sales__complaint_rate__good", 1e-6),
        ("signals__after_sales__complaint_rate__prior", 0.00801),
        ("signals__after_sales__complaint_rate__strength", 100.1),
        ("signals__product_quality__product_rating_mean__sd", 1.001),
        ("rules__guarantee_bonus__bonus", 2.001),
        ("rules__guarantee_bonus__when", ["orders_paid >= 30", "orders_guaranteed >= 15.1"]),
        ("rules__guarantee_bonus__when", ["orders_paid >= 30.00001"]),
        ("rules__barred_identity_cap__cap", 58.999),
        ("status__new__below", 30.00001),
        ("tiers__z", 1.2),
    ],
)
def test_a_figure_that_is_a_little_off_shows(address, value):
    rows = probe_rows("minimal", side=())
    given, other = (expected_scores(rows, c) for c in ("minimal", card(**{address: value})))
    found = {name: values.tolist() for name, values in other.items()}
    assert differences(found, given) != []


# The text -----------------------------------------------------------------------------------------


def test_no_engine_meets_a_null_in_greatest_or_least():
    """Some engines skip a NULL there and others return it: the answer must not depend on it."""
    sqlglot = pytest.importorskip("sqlglot")
    rows, query, wanted = asked(deep_card(0.5), policy("tanh"))
    tree = sqlglot.parse_one(query, read="duckdb")
    exp = sqlglot.exp
    calls = list(tree.find_all(exp.Greatest, exp.Least))
    assert len(calls) > 30
    # Innermost first, so that a call replaced is never looked for in its own copy.
    for call in reversed(calls):
        parts = [call.this, *call.expressions]
        null = " OR ".join(f"({part.sql('duckdb')}) IS NULL" for part in parts)
        strict = f"CASE WHEN {null} THEN 1 / 0 ELSE {call.sql('duckdb')} END"
        call.replace(sqlglot.parse_one(f"COALESCE({strict}, 'NaN'::DOUBLE)", read="duckdb"))
    assert differences(duck(tree.sql("duckdb"), rows), wanted) == []


def test_the_default_query_stays_small():
    query = export_sql("default")
    # BigQuery takes 1,024,000 characters, and planners choke long before on nested steps.
    assert len(query) < 250_000
    assert query.count(" AS (\n") < 25


def test_the_same_scorecard_gives_the_same_text():
    assert export_sql(deep_card(0.5)) == export_sql(deep_card(0.5))


def test_a_line_break_in_a_version_stays_in_the_comment():
    query = export_sql(CARDS["odd"]())
    assert "DROP TABLE" in query.splitlines()[0]
    assert [line for line in query.splitlines() if "DROP" in line] == [query.splitlines()[0]]


@pytest.mark.slow
def test_the_made_up_rows_are_the_same_in_every_process(tmp_path):
    names = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        command = [sys.executable, "-m", "trustscore", "export", "sql", "--dialect", "duckdb"]
        command += ["--scorecard", "minimal", "--side", "category,shop_type,previous_tier,pacing"]
        command += ["--test-frame", str(folder), "-o", str(tmp_path / f"{seed}.sql")]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": seed})
        names.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert names[0] == names[1]
    assert (tmp_path / "1.sql").read_bytes() == (tmp_path / "2.sql").read_bytes()
