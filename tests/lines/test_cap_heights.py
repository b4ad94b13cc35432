"""A cap goes with the line of a tier, or a line that falls would let in all whom it holds out."""

from bisect import bisect_right

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trustscore.fitting.periods import Period
from trustscore.lines import find_lines
from trustscore.lines.heights import followed
from trustscore.outcomes import Outcomes
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns


@given(st.data())
def test_a_cap_stays_in_its_tier(data):
    steps = st.lists(st.integers(1, 100), min_size=2, max_size=2, unique=True).map(sorted)
    before, after = [0, *data.draw(steps)], [0, *data.draw(steps)]
    cap = data.draw(st.integers(0, 100))
    assert bisect_right(after, followed(cap, before, after)) == bisect_right(before, cap)
    assert followed(cap, before, before) == cap


def test_whom_a_cap_holds_out_stays_out_when_the_line_falls():
    card, size = load_scorecard("minimal"), 400
    block = {field.name: np.full(size, np.nan) for field in card.fields}
    block["merchant_id"] = np.array([f"m{i}" for i in range(size)], dtype=object)
    block["orders_paid"] = np.full(size, 1000.0)
    block["complaints"] = np.arange(size) % 40.0
    block["barred_identity_link_flag"] = (np.arange(size) < 30) * 1.0
    block["complaints"][:30] = 0
    # Harm begins at an index below the cap's 59.
    events = np.where(np.arange(size) % 40 > 14, 3.0, 0.0)
    outcomes = Outcomes(block["merchant_id"], np.full(size, 10.0), events)
    found = find_lines([Period("later", block, outcomes)], card, {"standard": 5})
    at = found.scorecard.tiers.ladder[1].at
    assert at < 59
    assert found.scorecard.rules[0].points == at - 1
    told = found.scorecard.file.provenance["lines"]["caps"]
    assert told == {"rules.barred_identity_cap": {"old": 59.0, "new": at - 1}}
    assert set(score_columns(block, found.scorecard).tier[:30]) == {"limited"}
