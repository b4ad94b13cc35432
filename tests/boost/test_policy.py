"""The policy file: every fault at once, and a stamp that means the same content."""

import json
import math

import numpy as np
import pytest

from tests.boost.cases import leaning, policy
from trustscore.boost import BoostPolicy, policy_schema
from trustscore.errors import PolicyError


def faults(data):
    with pytest.raises(PolicyError) as raised:
        BoostPolicy.parse(data)
    return raised.value.faults


def test_all_faults_at_once_with_near_names():
    found = faults(
        {
            "nuetral": {},
            "strength": {"betta": 0.1},
            "curve": {"rho": 2, "shape": "tan"},
            "evidence": {"z_promote": "1.28"},
            "guards": {"max_up": -1, "head": 2.5, "merchant_most": 0},
            "veto": {"block": "blok"},
            "exclusions": {"queries": "q"},
            "validity": {"days": 0},
        }
    )
    said = "\n".join(found)
    assert len(found) == 11, said
    assert "nuetral: unknown key, did you mean neutral?" in found
    assert "strength.betta: unknown key, did you mean beta?" in found
    assert "evidence.z_promote: must be a number. Got '1.28'" in found
    for address in (
        "curve.rho", "curve.shape", "guards.max_up", "guards.head", "guards.merchant_most",
        "veto.block", "exclusions.queries", "validity.days",
    ):  # fmt: skip
        assert f"{address}: " in said


def test_a_policy_built_from_keywords_names_its_faults_as_well():
    data = {"strength": {"betta": 1}, "curve": {"rho": 2}, "form": "aditive"}
    with pytest.raises(PolicyError, match="policy given has 3 faults") as raised:
        BoostPolicy(**data)
    assert raised.value.faults == faults(data)
    with pytest.raises(PolicyError, match=r"strength.beta: must be at most"):
        BoostPolicy(strength={"beta": 1}, guards={"max_relevance_loss": 0.2})
    with pytest.raises(PolicyError, match="policy boost has 1 fault"):
        BoostPolicy().with_beta(math.nan)


@pytest.mark.parametrize(
    ("table", "key", "bad"),
    [
        ("neutral", "point", [0, 101, math.nan, "71", True, None]),
        ("neutral", "by_category", [{"food": 0}, [1], {"food": "x"}]),
        ("evidence", "z_promote", [-0.1, 5.1, math.inf]),
        ("evidence", "z_demote", [-0.1, 5.1]),
        ("curve", "shape", ["", "relu"]),
        ("curve", "up", [0, -1, 1e-300, 1e300]),
        ("curve", "down", [0, math.nan]),
        ("curve", "rho", [-0.1, 1.1]),
        ("strength", "beta", [-0.1, 5.1, math.nan, "0.1", False]),
        ("programme", "gamma", [-0.1, 1.1]),
        ("programme", "gate", [-1, 101]),
        ("programme", "width", [0, -3]),
        ("pacing", "most", [-0.1, 1.1]),
        ("exploration", "share", [-0.01, 0.51]),
        ("exploration", "lift", [-0.1, 1.1]),
        ("exploration", "first", [0, 1.5]),
        ("exploration", "pool", [0]),
        ("exploration", "temperature", [0, 1e-300]),
        ("exploration", "statuses", ["new", [1]]),
        ("exploration", "seed", ["x", 0.5]),
        ("veto", "block", ["", "away"]),
        ("guards", "max_relevance_loss", [0, 1, -0.1]),
        ("guards", "max_up", [-1, 1.5, True]),
        ("guards", "max_down", [-1]),
        ("guards", "head", [-1]),
        ("guards", "merchant_most", [0]),
        ("guards", "merchant_top", [0]),
        ("exclusions", "kinds", ["brand", [1]]),
        ("validity", "days", [0, -1, 1.5, 36501, 10**12]),
        ("validity", "keep_vetoes", ["maybe", 3]),
    ],
)  # fmt: skip
def test_bad_values_are_named(table, key, bad):
    for value in bad:
        found = faults({table: {key: value}})
        assert all(fault.startswith(f"{table}.{key}") for fault in found), (value, found)


@pytest.mark.parametrize(
    ("curve", "said"),
    [
        ({"shape": "knots"}, "knots is missing with shape 'knots'"),
        ({"shape": "tiers"}, "steps is missing with shape 'tiers'"),
        ({"knots": [[0, 0]]}, "knots has no use with shape 'tanh'"),
        ({"shape": "knots", "knots": [[0, 0], [0, 1]]}, "knots must rise in points"),
        ({"shape": "knots", "knots": [[0, 0], [1, -0.1]]}, "more trust must never count less"),
        ({"shape": "knots", "knots": [[0, 0], [1, 1.1]]}, "between -rho and 1"),
        ({"shape": "knots", "rho": 0.5, "knots": [[-1, -0.6], [0, 0]]}, "between -rho and 1"),
        ({"shape": "knots", "knots": [[1, 0], [2, 1]]}, "must hold [0, 0]"),
        ({"shape": "tiers", "steps": [[-1, 0.5], [1, 0.6]]}, "lean to their own side"),
        ({"shape": "tiers", "steps": [[0, 0.5]]}, "stand off 0"),
    ],
)
def test_curves_that_break_the_promise(curve, said):
    assert said in faults({"curve": curve})[0]


def test_a_stricter_veto_is_not_treated_more_mildly():
    assert "more mildly" in faults({"veto": {"block": "cap"}})[0]
    assert "more mildly" in faults({"veto": {"cap": "block"}})[0]
    assert BoostPolicy.parse({"veto": {"cap": "none", "floor": "none"}}).veto.codes["floor"] == 0


def test_ratio_guard_bounds_the_strength():
    held = {"guards": {"max_relevance_loss": 0.1}}
    most = -math.log(0.9) / 2
    assert BoostPolicy.parse(held | {"strength": {"beta": most}}).bound == pytest.approx(0.9)
    found = faults(held | {"strength": {"beta": most + 1e-6}})
    assert found[0].startswith("strength.beta: must be at most 0.0526803")
    mild = held | {"curve": {"rho": 0}, "strength": {"beta": 2 * most}}
    assert BoostPolicy.parse(mild).bound == pytest.approx(0.9)
    assert "has no bound in ratio" in faults(held | {"form": "additive"})[0]


def test_toml_and_json_are_one_policy(tmp_path):
    preset = BoostPolicy.load("boost")
    (tmp_path / "same.json").write_text(json.dumps(preset.model_dump(mode="json")))
    (tmp_path / "same.toml").write_bytes(
        b"\xef\xbb\xbfname = 'boost'\neffective_from = 2026-01-01\n"
    )
    same = BoostPolicy.load(tmp_path / "same.json")
    assert same == preset
    assert same.stamp == preset.stamp
    assert BoostPolicy.load(tmp_path / "same.toml").effective_from == preset.effective_from
    assert BoostPolicy.load(same) is same


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("bad.toml", "a = ", "is not TOML"),
        ("bad.json", "{", "is not JSON"),
        ("list.json", "[1]", "must be a table of keys"),
        ("nan.json", '{"strength": {"beta": NaN}}', "strength.beta"),
        ("latin.toml", "name = 'caf\xe9'", "is not TOML"),
    ],
)
def test_files_that_are_no_policy(tmp_path, name, text, said):
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(PolicyError) as raised:
        BoostPolicy.load(tmp_path / name)
    assert said in str(raised.value)


def test_no_such_policy_names_the_presets():
    with pytest.raises(PolicyError, match="presets: boost, "):
        BoostPolicy.load("bost")


def test_stamp_follows_content_and_nothing_else():
    one = BoostPolicy.parse({"strength": {"beta": 0.1}, "curve": {"up": 15}})
    other = BoostPolicy.parse({"curve": {"up": 15.0}, "strength": {"beta": 0.1}})
    assert one.stamp == other.stamp
    assert hash(one) == hash(other)
    assert one.with_beta(0.2).stamp != one.stamp
    # A change here breaks every stamp that was ever logged.
    assert BoostPolicy().stamp == "boost@1.0.0:3b60551364c9"


def test_leans_keep_their_hash_when_strength_guards_or_notes_change():
    base = policy()
    for other in (
        base.with_beta(0.3, chosen="by hand"),
        policy(guards={"head": 3}),
        policy(exclusions={"kinds": ["brand"]}),
        policy(form="additive"),
    ):
        assert other.lean_sha256 == base.lean_sha256
        assert other.sha256 != base.sha256
    for other in (policy(neutral={"point": 51}), policy(veto={"cap": "none"})):
        assert other.lean_sha256 != base.lean_sha256
    table = leaning([0.5], base)
    assert table.boosts(["m0"], base.with_beta(0.4)) == pytest.approx(np.exp(0.2))
    with pytest.raises(PolicyError, match="make the table again"):
        table.boosts(["m0"], policy(neutral={"point": 51}))


def test_with_beta_notes_where_it_came_from_and_keeps_the_guard():
    rule = policy(guards={"max_relevance_loss": 0.4})
    assert rule.with_beta(0.1, eps=0.01).provenance == {"eps": 0.01}
    with pytest.raises(PolicyError, match=r"strength.beta: must be at most"):
        rule.with_beta(1.0)


def test_exclusions():
    rule = policy(exclusions={"queries": ["sku-*", "exact"], "kinds": ["brand"]})
    assert rule.excludes("sku-1", None)
    assert rule.excludes("exact", None)
    assert rule.excludes("q", "brand")
    assert not rule.excludes("SKU-1", "other")
    assert not rule.excludes(None, None)


def test_schema_is_closed_and_names_every_key():
    schema = policy_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert {*schema["properties"]} == {*BoostPolicy.load("boost").model_dump()}
    for model in (schema, *schema["$defs"].values()):
        assert model["additionalProperties"] is False
    assert {*schema["$defs"]["Curve"]["properties"]} == {
        "shape",
        "up",
        "down",
        "rho",
        "knots",
        "steps",
    }


def test_preset_is_within_its_promise():
    rule = BoostPolicy.load("boost")
    assert rule.bound == pytest.approx(math.exp(-0.2))
    assert rule.beta <= rule.most_beta
    assert rule.exploration.share == 0
