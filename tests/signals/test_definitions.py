"""Definitions: what they may say, and every fault at once with its address."""

import json
import tomllib

import pytest

from tests.signals.duck import export
from trustscore.errors import ScorecardError
from trustscore.scorecard.presets import preset_folder
from trustscore.signals import (
    definition_names,
    definitions_schema,
    load_definitions,
    parse_definitions,
)

COUNT = {"of": "orders", "at": "paid_at", "window": 30, "count": True}


def faults(columns, **more):
    with pytest.raises(ScorecardError) as caught:
        parse_definitions({"name": "x", "version": "1.0.0", "columns": columns, **more})
    return caught.value.faults


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"a": {**COUNT, "windwo": 3}}, "columns.a.windwo: unknown key, did you mean window?"),
        ({"a": {**COUNT, "window": 0}}, "columns.a.window: must be 1 to 36500 days"),
        ({"a": {**COUNT, "lag": -1}}, "columns.a.lag"),
        ({"a": {**COUNT, "only": "vaild"}}, "did you mean valid?"),
        ({"a": {**COUNT, "mean": "amount"}}, "columns.a: give one of count, mean, not several"),
        ({"a": {"of": "orders"}}, "columns.a: needs one of count"),
        ({"a": {"count": True}}, "columns.a: needs `of`"),
        ({"a": {"part_of": "b"}}, "columns.a: part_of: unknown column b"),
        ({"a": {"like": "b"}, "b": {"like": "a"}}, "goes in a circle: a -> b -> a"),
        ({"a": {"value": "b"}, "b": {"value": "a"}}, "goes in a circle"),
        ({"a": COUNT, "b": {"part_of": "a", "window": 3}}, "leave out window"),
        ({"a": {"of": "orders", "count": True, "window": 3}}, "columns.a: window: needs `at`"),
        ({"a": {"of": "orders", "count": True, "lag": 3}}, "columns.a: lag: needs `at`"),
        ({"a": {**COUNT, "of": "ordres"}}, "unknown fact or log ordres, did you mean orders?"),
        ({"a": {**COUNT, "at": "paid"}}, "columns.a: unknown column paid, did you mean paid_at?"),
        ({"a": {**COUNT, "at": "amount"}}, "at: must be a time, and amount is a number"),
        ({"a": {**COUNT, "where": "amount"}}, "where: must be yes or no, and is a number"),
        ({"a": {**COUNT, "where": "amuont > 3"}}, "did you mean amount? (position 1)"),
        ({"a": {**COUNT, "where": "channel = 'liev'"}}, "did you mean live?"),
        ({"a": {**COUNT, "where": "verdict('brush')"}}, "unknown topic brush"),
        ({"a": {"of": "orders", "sum": "channel"}}, "sum: must be a number, and is a text"),
        ({"a": {"of": "orders", "mean": "amount / freight"}}, "divide after adding up"),
        ({"a": {"value": "b + 1"}}, "unknown column b"),
        ({"A": COUNT}, "columns.A"),
        ({"a": {"of": "orders", "first": "paid_at", "ties": "x"}}, "ties: is for `mode` only"),
        ({"a": {**COUNT, "days_since": True}}, "days_since: is for `first` and `last` only"),
    ],
)
def test_a_fault_has_an_address(columns, fault):
    found = faults(columns)
    assert any(fault in line for line in found), found


def test_all_faults_are_said_at_once():
    found = faults(
        {
            "a": {**COUNT, "where": "amuont > 3"},
            "b": {"part_of": "c"},
            "d": {**COUNT, "at": "paid"},
        }
    )
    assert len(found) == 3


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"orders": {"x": {"from": "shipments"}}}, "facts.orders.fields.x"),
        ({"orders": {"x": {"from": "parcels", "fold": {"y": "any true"}}}}, "unknown fact or log"),
        (
            {"orders": {"x": {"from": "shipments", "fold": {"y": "frist shipped_at"}}}},
            "unknown fold frist, did you mean first?",
        ),
        (
            {"orders": {"x": {"from": "shipments", "fold": {"y": "any shipped_at"}}}},
            "`any` needs yes or no",
        ),
        ({"orders": {"x": "y", "y": "x"}}, "goes in a circle"),
        ({"orders": {"x": "paid_at + "}}, "facts.orders.x: cannot be read"),
        ({"orders": {"x": {"rank": ["buyer"], "by": ["paid_at"]}}}, "unknown column buyer"),
        (
            {
                "orders": {"a": {"from": "shipments", "fold": {"n": "count"}}},
                "shipments": {"b": {"from": "orders", "fold": {"m": "count"}}},
            },
            "in a circle",
        ),
    ],
)
def test_a_fault_of_a_fact_has_an_address(facts, fault):
    found = faults({"a": COUNT}, facts=facts)
    assert any(fault in line for line in found), found


def test_exclusions_need_their_fact_and_a_condition():
    assert "order_checks" in faults({"a": COUNT}, exclusions={"x": "true"})[0]
    checks = {"order_checks": {"of": "logs.orders"}}
    found = faults({"a": COUNT}, exclusions={"x": "amount"}, facts=checks)
    assert found == ["exclusions.x: must be yes or no, and is a number"]


def test_a_policy_names_a_known_topic():
    assert faults({"a": COUNT}, policy={"brush": 0.5}) == ["policy.brush: unknown topic"]


def test_a_zone_must_exist():
    assert "unknown time zone" in faults({"a": COUNT}, market={"tz": "Asia/Shangai"})[0]


def test_the_stamp_follows_what_is_said():
    one = parse_definitions({"name": "x", "version": "1.0.0", "columns": {"a": COUNT}})
    same = parse_definitions({"version": "1.0.0", "name": "x", "columns": {"a": dict(COUNT)}})
    other = parse_definitions(
        {"name": "x", "version": "1.0.0", "columns": {"a": {**COUNT, "window": 31}}}
    )
    assert one == same
    assert one.stamp == same.stamp
    assert one.stamp.startswith("x@1.0.0:")
    assert one.stamp != other.stamp


def test_a_part_inherits_rows_and_like_changes_keys():
    found = parse_definitions(
        {
            "name": "x",
            "version": "1.0.0",
            "columns": {
                "a": {**COUNT, "where": "amount > 1", "lag": 15},
                "b": {"part_of": "a", "where": "channel = 'live'"},
                "c": {"like": "a", "window": 90},
                "d": {"like": "b", "where": "channel = 'shelf'"},
            },
        }
    ).columns
    assert found["b"].where == ("amount > 1", "channel = 'live'")
    assert (found["b"].window, found["b"].lag, found["b"].top) == (30, 15, "a")
    assert (found["c"].window, found["c"].lag, found["c"].where) == (90, 15, ("amount > 1",))


def test_a_file_extends_a_preset(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nversion = "1.0.0"\nextends = "default"\n[columns]\n'
        'orders_paid = { of = "orders", at = "paid_at", window = 7, count = true }\n'
        'my_orders = { like = "orders_paid", only = "paid" }\n'
    )
    found = load_definitions(path)
    assert found.columns["orders_paid"].window == 7
    assert found.columns["my_orders"].only == "paid"
    assert found.columns["orders_paid_90d"].window == 90
    assert found.name == "mine"


def test_extends_in_a_circle_is_a_fault(tmp_path):
    (tmp_path / "a.toml").write_text('name = "a"\nversion = "1.0.0"\nextends = "b.toml"\n')
    (tmp_path / "b.toml").write_text('name = "b"\nversion = "1.0.0"\nextends = "a.toml"\n')
    with pytest.raises(ScorecardError, match="circle"):
        load_definitions(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [("name =", "is not TOML"), ("", "name: is missing"), ("[[columns]]\n", "columns")],
)
def test_a_broken_file_is_said(tmp_path, text, said):
    path = tmp_path / "broken.toml"
    path.write_text(text)
    with pytest.raises(ScorecardError, match=said):
        load_definitions(path)


def test_an_unknown_preset_has_a_near_name():
    with pytest.raises(ScorecardError, match="did you mean default"):
        load_definitions("defualt")


def test_every_preset_of_definitions_loads():
    assert "default" in definition_names()
    for name in definition_names():
        load_definitions(name)


def test_the_schema_is_of_the_file_and_json():
    schema = definitions_schema()
    assert "columns" in schema["properties"]
    json.dumps(schema)


def test_hidden_columns_are_not_exported():
    found = load_definitions("default")
    assert not [name for name in found.columns if name.startswith("_")]
    assert "_returned" in found.hidden


def test_every_number_of_the_preset_has_its_reason():
    text = (preset_folder() / "signals.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    for name in data["settings"]:
        line = next(line for line in text.splitlines() if line.startswith(f"{name} ="))
        assert "#" in line, name


def test_faults_of_form_hide_no_other_faults(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nversion = "1.0.0"\n[columns]\n'
        'a = { of = "orders", at = "paid_at", window = -3, count = true }\n'
        'b = { part_of = "c" }\n'
        'c = { part_of = "b" }\n'
        'd = { of = "orderz", count = true }\n'
        'e = { of = "orders", where = "amountz > 1", cuont = true }\n'
        'f = { of = "orders", where = "amountz > 1", count = true }\n'
        'g = { part_of = "a" }\n'
    )
    with pytest.raises(ScorecardError) as caught:
        load_definitions(path)
    found = caught.value.faults
    assert found[0] == "columns.a.window: must be 1 to 36500 days, or 'all'. Got -3"
    assert found[1] == "columns.e.cuont: unknown key, did you mean count?"
    assert {fault.partition(":")[0] for fault in found[2:]} == {
        "columns.b",
        "columns.d",
        "columns.f",
    }
    assert not any("unknown column a" in fault and "amountz" not in fault for fault in found)


def test_no_window_of_days_is_longer_than_the_longest(tmp_path):
    path = tmp_path / "week.toml"
    path.write_text(
        'name = "week"\nversion = "1.0.0"\nextends = "default"\nlongest_window = 7\n'
        'columns.three = { like = "orders_paid", window = 3 }\n'
    )
    usual, found = load_definitions("default"), load_definitions(path)
    for name, column in usual.columns.items():
        window = column.window
        expected = min(window, 7) if isinstance(window, int) else window
        assert found.columns[name].window == expected, name
        assert found.columns[name].lag == column.lag
    assert found.columns["three"].window == 3
    assert found.columns["orders_paid_90d"].window == 7
    assert found.sha256 != usual.sha256


def test_what_is_counted_over_all_time_is_counted_over_the_longest_window():
    columns = {
        "a": {**COUNT, "window": "all"},
        "part": {"part_of": "a", "where": "amount > 1"},
        "first": {"of": "orders", "at": "paid_at", "first": "paid_at", "days_since": True},
        "again": {"like": "first"},
        "last": {"of": "orders", "at": "paid_at", "last": "amount"},
        "state": {"of": "identities", "count": True},
    }
    file = {"name": "x", "version": "1.0.0", "columns": columns}
    found = parse_definitions({**file, "longest_window": 7}).columns
    windows = {name: column.window for name, column in found.items()}
    still = dict.fromkeys(("first", "again", "last", "state"), "all")
    assert windows == {"a": 7, "part": 7, **still}
    assert {column.window for column in parse_definitions(file).columns.values()} == {"all"}


def test_a_window_of_a_week_counts_a_week():
    file = {"name": "x", "version": "1.0.0", "longest_window": 7, "columns": {"a": COUNT}}
    days = ("2026-01-31", "2026-01-25", "2026-01-24", "2026-01-03")
    orders = [{"merchant_id": "m", "order_id": day, "paid_at": f"{day}T23:59:59"} for day in days]
    assert export({"orders": orders}, "2026-02-01", parse_definitions(file))["m"]["a"] == 2


@pytest.mark.parametrize("longest", [0, -7, 1.5, "7d", 36501, True])
def test_a_longest_window_is_a_number_of_days(longest):
    assert any("longest_window" in line for line in faults({"a": COUNT}, longest_window=longest))
