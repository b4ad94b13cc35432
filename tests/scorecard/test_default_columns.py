"""Columns that the default scorecard reads apart, and exports that do not have them apart."""

import pandas as pd
import pytest

from trustscore import score_frame
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

APART = {
    "orders_paid_lag15": "orders_paid",
    "orders_paid_all_90d": "orders_paid_90d",
    "orders_delivered_90d_lag15": "orders_delivered_90d",
    "orders_delivered_90d_lag30": "orders_delivered_90d",
}


@pytest.fixture(scope="module")
def export():
    return pd.DataFrame(simulate_export(merchants=200, seed=3))


def test_an_older_export_scores_as_if_it_held_its_columns_twice(export):
    older = export.drop(columns=list(APART))
    twice = pd.concat([older, older[list(APART.values())].set_axis(list(APART), axis=1)], axis=1)
    pd.testing.assert_frame_equal(score_frame(older), score_frame(twice[export.columns]))


def test_a_matured_whole_moves_only_what_waits(export):
    grown = export.assign(orders_paid_lag15=export["orders_paid_lag15"] / 2)
    before, after = score_frame(export), score_frame(grown)
    moved = [
        name
        for name in load_scorecard().dimensions
        if name.id in before and not before[name.id].equals(after[name.id])
    ]
    assert [dimension.id for dimension in moved] == ["service_quality"]


def test_all_orders_hold_the_fabricated_ones():
    card = load_scorecard()
    assert card.signal("brushing_order_share").sample == "orders_paid_all_90d"
    assert (
        "orders_paid_all_90d" in next(r for r in card.rules if r.id == "brushing_deduction").columns
    )
