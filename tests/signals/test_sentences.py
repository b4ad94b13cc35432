"""Sentences of columns, and the logs that each needs."""

import pytest

from trustscore.errors import InputError
from trustscore.signals import load_definitions, parse_definitions
from trustscore.signals.sentences import logs_needed, sentence

DEFAULT = load_definitions("default")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (
            "orders_paid_lag15",
            "Number of rows of `orders` that count, `paid_at` in the 30 days that ended 15 days "
            "before the cut.",
        ),
        (
            "negative_reviews",
            "Number of the rows of `reviews_rated`, where stars <= 2.",
        ),
        (
            "tenure_days",
            "Whole days from the first `delivered_at` of rows of `orders` that count to the cut.",
        ),
        (
            "buyers_repeat_90d",
            "Number of the rows of `buyers_90d`; each `person` once, by the first, at least 45 days"
            " before the end, who came again 1 to 45 days later on another day.",
        ),
        (
            "protection_fund_payout_ratio",
            "_payouts_90d / _sales_90d.",
        ),
    ],
)
def test_a_sentence_says_what_the_keys_say(column, said):
    assert sentence(DEFAULT, column) == said


def test_every_column_has_a_sentence_of_its_own():
    found = [sentence(DEFAULT, name) for name in DEFAULT.columns]
    assert len(set(found)) == len(found)
    assert not [line for line in found if "None" in line or "{" in line]


def test_words_of_the_file_come_first():
    column = {"of": "orders", "at": "paid_at", "window": 30, "count": True}
    columns = {"a": {**column, "en": "Orders.", "zh": "订单。"}, "b": {**column, "en": "Too."}}
    found = parse_definitions({"name": "x", "version": "1.0.0", "columns": columns})
    assert sentence(found, "a") == "Orders."
    assert sentence(found, "a", "zh") == "订单。"
    assert sentence(found, "b", "zh") == "Too."


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("orders_paid", "`paid_at` 在截止日前 30 天内的 `orders` 的有效记录数量。"),
        ("negative_reviews", "`reviews_rated` 的记录数量，条件：stars <= 2。"),
        ("tenure_days", "自 `orders` 的有效记录中最早的 `delivered_at` 至截止日的整天数。"),
        (
            "buyers_repeat_90d",
            "`buyers_90d` 的记录数量；每个 `person` 只计首次，且在期末前至少 45 天，"
            "并在 1 至 45 天后再次出现（非同日）。",
        ),
    ],
)
def test_a_sentence_in_chinese(column, said):
    assert sentence(DEFAULT, column, "zh") == said


def test_every_column_has_a_sentence_in_chinese():
    assert all(sentence(DEFAULT, name, "zh").endswith("。") for name in DEFAULT.columns)


def test_an_unknown_column_has_its_near_name():
    with pytest.raises(InputError, match="did you mean orders_paid"):
        sentence(DEFAULT, "orders_payd")


@pytest.mark.parametrize(
    ("column", "needed", "read"),
    [
        ("orders_paid_all_90d", ["orders"], []),
        ("quality_return_orders", ["aftersales", "orders", "shipments"], "tracking_events"),
        ("complaints", ["tickets"], []),
        ("im_rounds", ["chat_messages"], []),
        ("return_rate_vs_category", ["aftersales", "baselines", "orders", "shipments"], "findings"),
    ],
)
def test_the_logs_that_a_column_needs(column, needed, read):
    found, beside = logs_needed(DEFAULT, column)
    assert found == needed
    assert read in beside if read else beside == []
