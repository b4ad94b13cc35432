"""The query, run by DuckDB, answers what Python does."""

import datetime as dt
import re

import numpy as np
import pytest

from tests.export.cards import ALL_SIDE, CARDS, CURVES, policy
from tests.export.engines import asked, differences, duck
from tests.scoring.cards import card, deep_card
from trustscore.export import expected_scores, export_sql, probe_rows
from trustscore.scorecard import load_scorecard, parse_scorecard

pytest.importorskip("duckdb")


@pytest.mark.parametrize("name", CARDS)
def test_every_scorecard(name):
    rows, query, wanted = asked(CARDS[name]())
    assert differences(duck(query, rows), wanted) == []


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


# The frame tells a wrong copy ---------------------------------------------------------------------


def figures(query):
    return [m.span() for m in re.finditer(r"(?<![\w.])\d+(?:\.\d+)?e-?\d+", query)]


def test_a_figure_that_is_a_little_off_shows():
    rows, query, wanted = asked(load_scorecard("minimal"), side=(), as_of=None)
    body = query.index("WITH")
    spans = [span for span in figures(query) if span[0] > body]
    pick = np.random.default_rng(0).choice(len(spans), 40, replace=False)
    unseen = []
    for start, end in (spans[i] for i in pick):
        value = float(query[start:end])
        other = repr(value * 1.0001 or 1e-4)
        wrong = query[:start] + (other if "e" in other else other + "e0") + query[end:]
        if not differences(duck(wrong, rows), wanted):
            unseen.append(f"{query[start - 60 : end]} -> {other}")
    # Ends of the scale that no figure passes: clips, guards of logarithms and of overflow.
    guard = re.compile(r"(GREATEST|LEAST|700|COALESCE|THEN 0e0|e-300|> 0e0|<> 0e0).{0,60}$")
    assert [text for text in unseen if not guard.search(text.split(" -> ")[0])] == []


def test_every_figure_of_a_signal_shows_in_the_expected_scores():
    rows = probe_rows("minimal")
    before = expected_scores(rows, "minimal")["trust_index"]
    at = "signals__product_quality__product_negative_review_rate__"
    for key, value in (("poor", 0.2001), ("good", 1e-4), ("prior", 0.0801), ("strength", 20.01)):
        after = expected_scores(rows, card(**{at + key: value}))["trust_index"]
        assert np.nanmax(np.abs(before - after)) > 1e-4, key


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
