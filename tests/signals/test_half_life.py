"""Sums whose rows lose weight with their age."""

import re
from datetime import date, datetime
from fractions import Fraction
from math import isqrt
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.signals import duck
from tests.signals.random_logs import random_logs
from tests.signals.test_generator import FORBIDDEN
from tests.signals.witness.book import Book
from trustscore.commands.main import main
from trustscore.errors import ScorecardError
from trustscore.signals import generate, load_definitions, parse_definitions
from trustscore.signals.checks import everything
from trustscore.signals.emit import emit_sql
from trustscore.signals.explain import lineage, why
from trustscore.signals.fading import weights
from trustscore.signals.sentences import sentence

AS_OF = "2026-02-01"
POINTS = {"of": "violations", "at": "decided_at", "window": 365, "sum": "points"}
FADING = {
    "year": POINTS,
    "fading": {"like": "year", "half_life": 90},
    "rules": {"part_of": "fading", "where": "kind = 'rule'"},
    "cases": {"like": "fading", "count": True},
    "month": {"like": "fading", "window": 30, "half_life": 1.5, "lag": 1},
    "most": {"like": "fading", "sum": "points", "cap": 3},
    "money": {"of": "orders", "at": "paid_at", "window": 30, "sum": "amount", "half_life": 10},
}


def define(columns):
    return parse_definitions({"name": "x", "version": "1.0.0", "columns": columns})


def violation(at, points, kind="rule", merchant="m"):
    return {
        "merchant_id": merchant,
        "violation_id": f"{at} {points}",
        "decided_at": at,
        "points": points,
        "kind": kind,
    }


ROWS = [
    violation("2026-01-31T00:00:00.000001", 2),  # 0 days old
    violation("2026-01-31T00:00", 8),  # 1 day
    violation("2025-11-03T00:00", 4),  # 90 days
    violation("2025-11-02T00:00:00.000001", 6),  # 90 days
    violation("2025-08-05T00:00", 1, "recall"),  # 180 days
    violation("2025-01-31T00:00", 99),  # outside the window
    violation("2025-12-01T00:00", None),
]


def test_a_row_halves_its_weight_with_every_half_life():
    found = duck.export({"violations": ROWS}, AS_OF, define({"a": FADING["year"], **FADING}))["m"]
    day = round(2 ** (-1 / 90), 6)
    assert found["year"] == 21
    assert found["fading"] == pytest.approx(2 + 8 * day + 2 + 3 + 0.25, abs=1e-12)
    assert found["rules"] == pytest.approx(2 + 8 * day + 2 + 3, abs=1e-12)
    assert found["cases"] == 6  # one that has no points is a case all the same
    # The window that ended a day ago: only what was decided before the 31st.
    assert found["month"] == 0
    # The bound is that of a row before it fades.
    assert found["most"] == pytest.approx(2 + 3 * day + 1.5 + 1.5 + 0.25, abs=1e-12)


def test_weights_are_those_of_whole_roots():
    assert weights(90, 181)[0::90] == (1_000_000, 500_000, 250_000)
    # The square root of a half to six places, by whole numbers.
    root = isqrt(10**24 // 2)
    assert weights(2, 2)[1] == round(Fraction(root, 10**6))
    assert weights(0.01, 3) == (1_000_000, 0, 0)
    long = weights(36_500, 1100)
    assert list(long) == sorted(long, reverse=True)
    assert long[0] > long[-1] > 970_000


def test_sums_of_money_fade_too_and_nobody_without_rows_is_blank():
    orders = [
        {"merchant_id": "m", "order_id": "1", "paid_at": "2026-01-22T00:00", "amount": 80},
        {"merchant_id": "m", "order_id": "2", "paid_at": "2026-01-31T12:00", "amount": 3},
        {"merchant_id": "n", "order_id": "3", "paid_at": "2025-01-31T12:00", "amount": 3},
    ]
    found = duck.export({"orders": orders}, AS_OF, define({"a": FADING["money"]}))
    assert found == {"m": {"a": 43.0}, "n": {"a": 0.0}}


@pytest.mark.parametrize("tz", ["Asia/Shanghai", "Europe/Berlin", "US/Eastern"])
def test_plain_loops_say_the_same(tz):
    """Clocks of Berlin and New York change inside the window."""
    zone = ZoneInfo(tz)
    cut = datetime(2026, 4, 10, tzinfo=zone)
    logs = random_logs(3, cut)
    definitions = define({"points": {**POINTS, "half_life": 45.5}})
    logs = {"violations": logs["violations"]}
    have = duck.collected(logs)
    with duckdb.connect() as session:
        duck.fill(session, logs, zone)
        ours = duck.run_plan(session, generate(definitions, cut.date(), have, zone=tz))
    book = Book(logs, "2026-04-10", tz)
    midnight = datetime(2026, 4, 10)
    theirs = dict.fromkeys(ours, 0)
    year = book.window(365)
    for row in book.logs["violations"]:
        if year(row["decided_at"]) and row["points"] is not None:
            passed = midnight - book.local(row["decided_at"]).replace(tzinfo=None)
            weight = round(1e6 * 2 ** (-passed.days / 45.5))
            theirs[row["merchant_id"]] += round(row["points"] * 1_000_000) * weight
    assert sum(value > 0 for value in theirs.values()) >= 2
    assert {name: row["points"] for name, row in ours.items()} == {
        name: total / 1e12 for name, total in theirs.items()
    }


def test_the_order_of_rows_changes_no_bit():
    rows = [
        violation(f"2025-{m:02}-{d:02}T10:00", 0.1 + d / 7) for m in range(3, 13) for d in (1, 9)
    ]
    rows = [{**row, "points": round(row["points"], 6)} for row in rows]
    found = {
        duck.export({"violations": some}, AS_OF, define({"a": {**POINTS, "half_life": 33}}))["m"][
            "a"
        ]
        for some in (rows, rows[::-1], rows[7:] + rows[:7])
    }
    assert len(found) == 1


def ask(plan, *values):
    with duckdb.connect() as connection:
        duck.fill(connection, {"violations": ROWS}, ZoneInfo("UTC"))
        *before, last = (*plan.market, *plan.statements)
        for statement in before:
            connection.execute(f'CREATE TEMP TABLE "{statement.name}" AS {statement.sql}')
        found = connection.execute(last.sql, list(values))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_why_says_what_each_row_weighs_and_lineage_has_its_line():
    have = duck.collected({"violations": ROWS})
    day, definitions = date.fromisoformat(AS_OF), define(FADING)
    rows = ask(why(definitions, day, have, "fading", zone="UTC"), "m")
    weighed = [(r["points"], r["weight"]) for r in rows if r["role"] == "counted"]
    assert len(weighed) == 6
    assert (4_000_000, 0.5) in weighed
    total = sum((points or 0) * weight for points, weight in weighed) / 1e6
    figure = duck.export({"violations": ROWS}, AS_OF, definitions)["m"]["fading"]
    assert total == pytest.approx(figure, abs=1e-12)
    # What does not fade has no such column.
    assert "weight" not in ask(why(definitions, day, have, "year", zone="UTC"), "m")[0]
    assert len(ask(lineage(definitions, day, have, ["fading"], zone="UTC"))) == 6


def test_a_sentence_says_the_half_life():
    definitions = define(FADING)
    assert sentence(definitions, "fading") == (
        "Sum of `points` over rows of `violations` that count, `decided_at` in the 365 days before "
        "the cut; each loses half of its weight in 90 days, by whole days of age."
    )
    assert "每过 1.5 天减半" in sentence(definitions, "month", "zh")
    assert "half" not in sentence(definitions, "cases") + sentence(definitions, "year")


def test_the_sql_keeps_to_what_every_engine_does_alike():
    plan = generate(define(FADING), date(2026, 2, 1), everything())
    for statement in (*plan.market, *plan.statements):
        found = re.search(rf"{FORBIDDEN}|\bEXP\(|\bPOW", statement.sql, re.IGNORECASE)
        assert found is None, (statement.name, found)
    pytest.importorskip("sqlglot")
    assert "CASE WHEN" in emit_sql(plan, "spark")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"half_life": 0}, "columns.a.half_life: "),
        ({"half_life": -3}, "columns.a.half_life: "),
        ({"half_life": float("nan")}, "columns.a.half_life: "),
        ({"half_life": 36501}, "columns.a.half_life: "),
        ({"half_life": "90d"}, "columns.a.half_life: "),
        ({"half_lief": 90}, "columns.a.half_lief: unknown key, did you mean half_life?"),
        ({"window": None}, "within 1100 days before the cut: each day has a weight"),
        ({"window": 1000, "lag": 101}, "Got 1101 days"),
        ({"sum": None, "count": True}, "columns.a: half_life: is for `sum` only"),
        ({"sum": None, "mean": "points"}, "columns.a: half_life: is for `sum` only"),
        ({"at": None, "window": None}, "columns.a: half_life: needs `at`"),
        ({"sum": "days(1)"}, "half_life: is for counts, points and money"),
        ({"sum": "hours(decided_at, revoked_at)"}, "half_life: is for counts, points and money"),
        ({"sum": "points / 3"}, "divide after adding up"),
    ],
)
def test_what_cannot_fade_is_a_fault(change, fault):
    column = {**POINTS, "half_life": 90, **change}
    with pytest.raises(ScorecardError) as caught:
        define({"a": {key: value for key, value in column.items() if value is not None}})
    assert any(fault in line for line in caught.value.faults), caught.value.faults


def test_a_value_has_no_half_life():
    with pytest.raises(ScorecardError) as caught:
        define({"a": POINTS, "b": {"value": "a + 1", "half_life": 3}})
    assert list(caught.value.faults) == ["columns.b: half_life: is for `sum` only"]


def test_no_column_of_the_preset_fades():
    """Its anchors are those of platforms that add up the year."""
    assert {column.half_life for column in load_definitions().columns.values()} == {None}


def test_a_sum_too_large_for_whole_numbers_stops_the_run(tmp_path, capsys):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "violations.csv").write_text(
        "merchant_id,violation_id,decided_at,points,kind\nm,v,2026-01-05T10:00,99000000,rule\n"
    )
    (tmp_path / "d.toml").write_text(
        'name = "d"\nversion = "1.0.0"\n[columns]\na = { of = "violations", at = "decided_at", '
        'window = 30, sum = "points", half_life = 9 }\n'
    )
    wanted = ["signals", tmp_path / "logs", "--as-of", "2026-02-01", "--definitions"]
    wanted += [tmp_path / "d.toml", "--allow-short-logs", "-o", tmp_path / "out.csv"]
    with pytest.raises(SystemExit) as left:
        main([str(each) for each in wanted])
    assert left.value.code == 2
    assert "too large to be added up" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()
