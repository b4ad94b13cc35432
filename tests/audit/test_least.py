"""Every figure of an audit has a least number of merchants, and below it a note."""

import re

import numpy as np
import pytest

from tests.audit.audit_cards import levels
from trustscore.audit import Market, Outcomes, Section, Truth, as_json, audit, summary
from trustscore.audit.least import EFFECTIVE, LEAST, enough, enough_for_areas
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

CARD = load_scorecard("minimal")
EXPORT = simulate_export(120, seed=4, scorecard=CARD)


@pytest.mark.parametrize("merchants", [2, 9, 19, 20, 29, 30, 59, 60, 120])
@pytest.mark.parametrize("kind", ["as drawn", "alike", "without evidence"])
def test_no_size_of_market_says_nan(merchants, kind):
    rows = np.arange(merchants) if kind != "alike" else np.zeros(merchants, dtype=int)
    some = Market(EXPORT, CARD).take(rows)
    block = dict(some.block)
    block["merchant_id"] = np.array([f"m{i}" for i in range(merchants)], dtype=object)
    if kind == "without evidence":
        for name, column in block.items():
            if column.dtype.kind == "f":
                block[name] = np.full(merchants, np.nan)
    some = Market(block, CARD)
    outcomes = Outcomes(some.ids, np.full(merchants, 4.0), np.arange(merchants) % 2.0, dated=True)
    sections = audit(
        some,
        outcomes=outcomes,
        truth=Truth(EXPORT.truth["true_index"][:merchants], None),
        draws=4,
    )
    said = summary(sections)
    assert not re.search(r"\bnan\b|\binf\b", said), said
    codes = {code for section in sections for code in levels(section)}
    assert ("few_rank" in codes) == (merchants < LEAST["rank"].merchants)
    assert ("few_band" in codes) == (merchants < LEAST["band"].merchants)
    assert ("few_truth" in codes) == (merchants < LEAST["truth"].merchants)
    assert as_json(sections)


@pytest.mark.parametrize("name", LEAST)
def test_one_merchant_below_the_least_gets_a_note(name):
    section = Section("any")
    least = LEAST[name].merchants
    assert enough(section, name, least) and not section.findings
    assert not enough(section, name, least - 1)
    assert section.findings[0].text.startswith(f"{least - 1} merchants: {LEAST[name].figure}")


def test_events_of_one_merchant_do_not_count_as_many():
    good = np.full(40, 50.0)
    spread, one = np.r_[np.ones(5), np.zeros(35)], np.zeros(40)
    one[0] = 500
    assert enough_for_areas(spread, good) and not enough_for_areas(one, good)
    assert not enough_for_areas(spread[:19], good[:19])
    assert not enough_for_areas(good, spread[::-1] * np.r_[np.ones(36), np.zeros(4)])


def test_the_docs_state_the_least_numbers(repository):
    page = (repository / "docs/user_guide/validity.md").read_text(encoding="utf-8")
    for least in LEAST.values():
        assert f"| {least.figure} | {least.merchants} |" in page
    assert f"as many as are worth {EFFECTIVE:g} of equal size" in page
