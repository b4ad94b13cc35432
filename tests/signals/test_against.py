"""Definitions and scorecards must mean the same by a column."""

import pytest

from trustscore.scorecard import load_scorecard
from trustscore.signals import load_definitions, parse_definitions
from trustscore.signals.against import disagreements, missing_columns

DEFAULT = load_definitions("default")
CARD = load_scorecard("default")


def changed(**columns):
    data = DEFAULT.file.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for name, keys in columns.items():
        if keys is None:
            del data["columns"][name]
        else:
            data["columns"][name] = {**data["columns"][name], **keys}
    return parse_definitions(data)


def test_the_presets_agree():
    assert disagreements(DEFAULT, CARD) == []


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"mentions_90d": {"window": 30}},
            "negative_mention_share: window is 90 days in the scorecard, and mentions_90d counts "
            "30 days",
        ),
        (
            {"orders_delivered": {"lag": 10}},
            "lag is 15 days in the scorecard, and orders_delivered waits 10",
        ),
        (
            {"orders_paid_lag15": {"like": "orders_paid", "lag": 0}},
            "damaged_return_rate: lag is 15 days in the scorecard, and orders_paid_lag15 waits 0",
        ),
        (
            {
                "mentions_negative_90d": {
                    "part_of": None,
                    "like": "mentions_90d",
                    "where": "tone = 'negative'",
                }
            },
            "mentions_negative_90d is no part of mentions_90d: say part_of",
        ),
        (
            {"safety_incident_flag": {"flag": None, "count": True}},
            None,
        ),
        (
            {"product_rating_mean": {"over": "orders_delivered"}},
            "is a mean of reviews_rated in the scorecard, and product_rating_mean is not",
        ),
        (
            {"regulator_quality_failure_flag": {"flag": None, "count": True}},
            "is a flag in the scorecard, and regulator_quality_failure_flag is a count",
        ),
        (
            {"protection_fund_payout_ratio": {"value": "_payouts_90d / orders_paid"}},
            "protection_fund_payout_ratio counts 30 days",
        ),
    ],
)
def test_a_disagreement_is_said(columns, said):
    found = disagreements(changed(**columns), CARD)
    if said is None:
        # `safety_incident_flag` is a signal of its own kind, too.
        assert found
    else:
        assert any(said in line for line in found), found


def test_all_disagreements_are_said():
    found = disagreements(changed(mentions_90d={"window": 30}, orders_delivered={"lag": 10}), CARD)
    assert len(found) > 10


def test_a_column_that_nobody_makes_is_missing_with_its_near_name():
    less = changed(mentions_negative_90d=None)
    assert missing_columns(less, CARD) == [
        "mentions_negative_90d: no definition makes this column, did you mean mentions_90d?"
    ]


def test_a_column_may_be_made_under_its_other_name():
    parts = ["logistics_fault_return_orders", "damaged_return_orders"]
    less = changed(orders_paid_lag15=None, **dict.fromkeys(parts))
    assert sorted(line.partition(":")[0] for line in missing_columns(less, CARD)) == sorted(parts)
