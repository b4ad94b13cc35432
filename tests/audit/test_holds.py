"""What a rule that holds the index costs honest merchants, counted by hand."""

import json

import numpy as np
import pytest

from tests.scoring.cards import card
from tests.scoring.test_hold import HOLD, block
from trustscore.audit.holds import hold_rules, holds
from trustscore.audit.market import Market
from trustscore.audit.result import as_json
from trustscore.audit.run import audit
from trustscore.audit.truth import Truth
from trustscore.outcomes import Outcomes
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

ROWS = 100
INDEX = 73.4


def market():
    """40 merchants stand 10 points lower in the short window than in the long one, 20 are blank."""
    short = np.r_[np.full(40, INDEX - 10), np.full(40, INDEX), np.full(20, np.nan)]
    data = block(ROWS) | {"short_upper": short}
    return Market(data, card(rules={"memory": HOLD}))


def row(section, group):
    table = section.tables["price"]
    at = table["group"].index(group)
    return {name: column[at] for name, column in table.items()}


def test_the_price_is_counted():
    found = market()
    index = found.index
    lost = index[41] - (INDEX - 5)
    section = holds(found)
    whole = row(section, "all")
    assert (whole["merchants"], whole["held"], whole["share"]) == (100, 40, 0.4)
    assert whole["mean_points_held"] == pytest.approx(lost)
    assert whole["mean_points"] == pytest.approx(0.4 * lost)
    assert whole["share_low"] < 0.4 < whole["share_high"]
    assert section.findings[-1].code == "holds.held"
    assert "short_upper is blank for 20" in section.findings[-1].text


def test_honest_merchants_are_those_of_the_truth_or_of_what_came_later():
    found = market()
    # 30 of those who are held deserved their index, as did all the others.
    truth = Truth(np.r_[np.full(10, 20.0), np.full(90, 99.0)], None)
    n = np.r_[np.zeros(10), np.full(90, 100.0)]
    events = np.r_[np.zeros(10), np.full(20, 10.0), np.full(70, 1.0)]
    ids = found.ids
    section = holds(found, Outcomes(ids, n, events), truth)
    honest = row(section, "truth_not_below_index")
    assert (honest["merchants"], honest["held"]) == (90, 30)
    fine = row(section, "later_not_above_market")
    assert (fine["merchants"], fine["held"]) == (70, 10)
    bad = row(section, "later_above_market")
    assert (bad["merchants"], bad["held"]) == (20, 20)
    prices = [each for each in section.findings if each.code == "holds.price"]
    assert [each.level for each in prices] == ["decide", "decide"]
    json.dumps(as_json(section), allow_nan=False)


def test_a_hold_that_spares_honest_merchants_needs_no_decision():
    found = market()
    truth = Truth(np.r_[np.full(40, 20.0), np.full(60, 99.0)], None)
    prices = [each for each in holds(found, truth=truth).findings if each.code == "holds.price"]
    assert [each.level for each in prices] == ["note"]


def test_few_merchants_get_no_share_in_a_sentence():
    found = market()
    truth = Truth(np.r_[np.full(80, 20.0), np.full(20, 99.0)], None)
    section = holds(found, truth=truth)
    assert "holds.price" not in [each.code for each in section.findings]
    assert "holds.few_share" in [each.code for each in section.findings]


def test_a_scorecard_without_a_hold_or_without_its_column_has_no_such_section():
    plain = Market(simulate_export(60, scorecard="minimal"), load_scorecard("minimal"))
    assert hold_rules(plain) == []
    assert "holds" not in [section.name for section in audit(plain, draws=2)]
    data = block(50)
    del data["short_upper"]
    without = Market(data, card(rules={"memory": HOLD}), frozenset({"short_upper"}))
    assert hold_rules(without) == []


def test_the_audit_has_the_section():
    sections = audit(market(), draws=2)
    assert [s.name for s in sections][-1] == "holds"
