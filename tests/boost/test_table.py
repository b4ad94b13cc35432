"""From scores to boosts, by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.boost.cases import policy, scores
from trustscore.boost import BoostPolicy, boost_table, lean_parts, trust_boost
from trustscore.errors import InputError


def test_boost_by_hand():
    rule = policy(0.2, evidence={"z_promote": 1, "z_demote": 2})
    columns = scores(trust_index=np.array([58.0, 51.0, 40.0, 90.0]), index_se=np.full(4, 3.0))
    # 58 - 50 - 3 = 5 points of 10; 1 - 3 < 0; 40 + 6 = 46 is 4 below; 40 - 3 is beyond 10.
    parts = lean_parts(columns, rule)
    assert parts.excess.tolist() == [5, 0, -4, 37]
    assert parts.lean.tolist() == pytest.approx([0.5, 0, -0.4, 1])
    expected = np.exp([0.1, 0.0, -0.08, 0.2])
    assert trust_boost(columns, rule) == pytest.approx(expected)


def test_nothing_known_is_exactly_one():
    columns = scores(
        trust_index=np.array([71.3, np.nan, 71.3, 90.0, 71.30004]),
        index_se=np.array([9.0, np.nan, 0.0, np.nan, 0.0]),
        prior_index=np.array([71.3, np.nan, 71.3, 50.0, 71.3]),
        coverage=np.array([0.0, np.nan, 0.0, 1.0, 0.0]),
    )
    assert trust_boost(columns, policy(3.0)).tolist() == [1.0] * 5
    assert trust_boost(columns).tolist() == [1.0] * 5


def test_partly_known_is_compared_with_a_mix():
    columns = scores(
        trust_index=np.array([65.0]), prior_index=np.array([70.0]), coverage=np.array([0.5])
    )
    parts = lean_parts(columns, policy())
    assert parts.neutral.tolist() == [60]
    assert parts.lean.tolist() == [0.5]


def test_points_by_category():
    rule = policy(neutral={"point": 50, "by_category": {"fresh": 45}})
    columns = scores(trust_index=np.full(3, 50.0), category=["fresh", "toys", None])
    assert lean_parts(columns, rule).lean.tolist() == [0.5, 0, 0]
    del columns["category"]
    assert lean_parts(columns, rule).lean.tolist() == [0, 0, 0]


def test_programme_gate_and_unpaid_claims():
    rule = policy(programme={"gamma": 0.4, "gate": 50, "width": 3})
    columns = scores(
        trust_index=np.array([50.0, 50.0, 50.0, 40.0, 59.0, np.nan]),
        enrolled=[1, 0, 1, 1, 1, 1],
        claims_unpaid=[0, 0, 1, np.nan, 0, 0],
    )
    parts = lean_parts(columns, rule)
    shut = 0.4 / (1 + np.exp(10 / 3))
    open_ = 0.4 / (1 + np.exp(-9 / 3))
    assert parts.programme.tolist() == pytest.approx([0.2, 0, 0, shut, open_, 0])
    # The sum stays inside the cap: 0.9 + 0.38 is cut to 1.
    assert parts.lean.tolist() == pytest.approx([0.2, 0, 0, shut - 1, 1, 0])
    assert parts.limit[4] == pytest.approx(1 - 0.9 - open_)


def test_pacing_spends_the_same_cap():
    columns = scores(
        trust_index=np.array([50.0, 58, 50, 50, np.nan]), pacing=[0.2, 0.9, -9, np.nan, 1]
    )
    assert lean_parts(columns, policy()).lean.tolist() == pytest.approx([0, 0.8, 0, 0, 0])
    allowed = policy(pacing={"most": 0.3})
    assert lean_parts(columns, allowed).lean.tolist() == pytest.approx([0.2, 1, -0.3, 0, 0])


def test_vetoes():
    rule = policy(programme={"gamma": 1, "gate": 10}, pacing={"most": 1})
    veto = ["cap", "cap", "cap", "floor", "block", "none", ""]
    columns = scores(
        trust_index=np.array([60.0, 47, 47, 60, 60, 60, np.nan]),
        veto=veto,
        enrolled=np.ones(7),
        pacing=np.array([0.0, 0, 0.1, 0, 0, 0, 0]),
    )
    parts = lean_parts(columns, rule)
    assert parts.code.tolist() == [1, 1, 1, 2, 3, 0, 0]
    assert parts.lean.tolist() == pytest.approx([0, -0.3, -0.2, -1, -1, 1, 0])
    milder = policy(veto={"block": "floor", "floor": "cap", "cap": "none"})
    assert lean_parts(columns, milder).code.tolist() == [0, 0, 0, 1, 2, 0, 0]


@given(st.integers(0, 2**32 - 1))
def test_parts_add_up_to_the_log_of_the_boost(seed):
    rng = np.random.default_rng(seed)
    count = 40
    rule = policy(
        float(rng.uniform(0, 1)),
        curve={
            "shape": str(rng.choice(["tanh", "saturation", "linear"])),
            "rho": float(rng.random()),
        },
        programme={"gamma": float(rng.random()), "gate": 50},
        pacing={"most": float(rng.random())},
    )
    blank = np.where(rng.random(count) < 0.1, np.nan, 0)
    columns = scores(
        merchant_id=[f"m{n}" for n in range(count)],
        trust_index=rng.uniform(0, 100, count) + blank,
        index_se=rng.uniform(0, 9, count),
        prior_index=rng.uniform(0, 100, count),
        coverage=rng.uniform(0, 1, count),
        veto=rng.choice(["", "cap", "floor", "block"], count),
        enrolled=rng.integers(0, 2, count),
        claims_unpaid=rng.integers(0, 2, count),
        pacing=rng.normal(0, 1, count),
    )
    table = boost_table(columns, rule)
    parts = sum(table[name] for name in ("trust", "programme", "pacing", "limit", "veto_part"))
    assert rule.beta * parts == pytest.approx(np.log(table["trust_boost"]), abs=1e-12)
    assert table["trust_boost"].max() <= np.exp(rule.beta)
    assert table["trust_boost"].min() >= np.exp(-rule.beta * rule.curve.rho)


def test_frames_and_mappings_agree():
    columns = scores(trust_index=np.array([55.0, 45.0]), veto=["", "floor"], tier=["gold", None])
    frame = pd.DataFrame(columns, index=[7, 3])
    one, other = boost_table(columns, policy()), boost_table(frame, policy())
    for name, values in one.items():
        assert values.tolist() == other[name].tolist(), name
    assert one["tier"].tolist() == ["gold", ""]


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"index_se": None}, ["index_se: no such column"]),
        ({"index_se": None, "index_sd": [0, 0]},
         ["index_se: no such column, did you mean index_sd?"]),
        ({"trust_index": [101, -1]}, ["row 1: trust_index must be between 0 and 100. Got 101",
                                      "row 2: trust_index must be between 0 and 100. Got -1"]),
        ({"coverage": [1, 1.5], "index_se": [np.inf, 0]},
         ["row 1: index_se must be between 0 and inf. Got inf",
          "row 2: coverage must be between 0 and 1. Got 1.5"]),
        ({"trust_index": ["high", "low"]}, ["column trust_index of the scores must hold numbers"]),
        ({"merchant_id": ["a", "a"]}, ["row 2: merchant_id 'a' was met in row 1"]),
        ({"merchant_id": ["", None]},
         ["row 1: merchant_id is blank", "row 2: merchant_id is blank"]),
        ({"merchant_id": ["a\0b", "\u5546" * 1366]},
         [r"row 1: merchant_id 'a\x00b' holds a zero byte",
          "row 2: merchant_id must be at most 4,096 bytes of UTF-8. Got "
          f"{chr(0x5546) * 40!r}... of 1,366 characters"]),
        ({"merchant_id": ["a"]}, ["trust_index has 2 rows, merchant_id has 1"]),
        ({"prior_index": [50.0]}, ["prior_index has 1 rows, trust_index has 2"]),
        *(
            ({name: wrong}, [f"{name} has {rows} rows, trust_index has 2"])
            for name in ("veto", "enrolled", "claims_unpaid", "category", "pacing", "tier",
                         "status", "scored_on")
            for wrong, rows in (([""] * 3, 3), ([1.0], 1), (1.0, 0))
        ),
        ({"veto": [""], "tier": [""] * 3, "trust_index": [55.0, 145.0]},
         ["row 2: trust_index must be between 0 and 100. Got 145",
          "veto has 1 rows, trust_index has 2", "tier has 3 rows, trust_index has 2"]),
        ({"veto": ["", "blok"]},
         ["row 2: veto must be blank, cap, floor or block. Got 'blok', did you mean block?"]),
    ],
)  # fmt: skip
def test_scores_that_cannot_be(change, faults):
    columns = scores(trust_index=[55.0, 45.0]) | change
    columns = {name: values for name, values in columns.items() if values is not None}
    with pytest.raises(InputError) as raised:
        boost_table(columns, policy())
    assert raised.value.faults == faults


def test_faults_name_lines_when_they_are_known():
    columns = scores(trust_index=[55.0, 145.0])
    with pytest.raises(InputError, match="line 9: trust_index"):
        boost_table(columns, policy(), np.array([2, 9]))


def test_no_merchants():
    columns = {
        name: [] for name in ("merchant_id", "trust_index", "index_se", "prior_index", "coverage")
    }
    assert len(boost_table(columns)["lean"]) == 0


def test_real_preset_by_hand():
    columns = scores(
        trust_index=np.array([90.0]), index_se=np.array([3.0]), prior_index=np.array([71.0]),
        coverage=np.array([0.9]),
    )  # fmt: skip
    settled = 90 - 71 - 1.28 * 3
    assert trust_boost(columns)[0] == pytest.approx(np.exp(0.1 * np.tanh(settled / 15)), rel=1e-14)
    assert BoostPolicy.load("boost").form == "multiplicative"
