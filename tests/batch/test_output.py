"""The texts of a score table."""

import re

import numpy as np
import pandas as pd

from trustscore import score_frame, simulate_export
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns


def test_the_reasons_are_the_three_largest_losses_of_the_statement():
    # Of all ninety signals: what one loses must not depend on how far down the scorecard it stands.
    card = load_scorecard("default")
    export = simulate_export(400, seed=3)
    found = score_frame(export)["reasons"]
    lost = score_columns(export, card, "statement").lost
    names = [signal.id for signal in card.signals]
    named = set()
    for row, text in enumerate(found):
        parts = [re.fullmatch("([a-z_]+):-([0-9]+[.][0-9])", part) for part in text.split(";")]
        largest = np.sort(lost[:, row])[::-1][:3]
        np.testing.assert_allclose([float(p[2]) for p in parts], largest, atol=0.0501)
        own = [lost[names.index(p[1]), row] for p in parts]
        np.testing.assert_allclose(own, largest, rtol=1e-9)
        named.update(p[1] for p in parts)
    assert len(named) >= 40


def test_who_loses_nothing_has_no_reasons():
    perfect = {
        "merchant_id": ["m"],
        "product_rating_mean": [5],
        "reviews_rated": [10**9],
        "negative_reviews": [0],
        "orders_paid": [10**9],
        "complaints": [0],
        "aftersales_review_hours_mean": [0.5],
        "refunds_completed": [10**9],
        "barred_identity_link_flag": [0],
        "orders_guaranteed": [0],
    }
    scores = score_frame(pd.DataFrame(perfect), "minimal")
    assert scores["trust_index"][0] > 99.99
    assert scores["reasons"][0] == ""
