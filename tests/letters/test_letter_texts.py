"""One merchant's letter, word by word; what it leaves out; and what it must not let through."""

import datetime as dt
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.hostile_texts import HOSTILE
from tests.letters.terms_example import GROUND, TERMS, terms_with
from trustscore.explain import explain, next_tier_plan, typical_block
from trustscore.letters import Before, make_letter, parse_terms, render_letter
from trustscore.scorecard import load_scorecard

CARD = load_scorecard("minimal")
DAY = dt.date(2026, 3, 1)
# Worked out by hand: with their strengths the values are 0.016, 4.84, 0.0008, 2 ** 1.25 and 1, so
# the signals lose 100 (0.25 x 0.08 + 0.25 x 0.16 + 0.2 x 0.04 + 0.2 x 1.25 / 4 + 0.1) = 23.05. The
# bonus makes 78.95 of 76.95, and the cap 59. Coverage is 0.25 (0.8 + 0.8) + 0.2 (0.9 + 0.75) + 0.1.
FIGURES = {
    "negative_reviews": 0,
    "reviews_rated": 80,
    "product_rating_mean": 4.9,
    "complaints": 0,
    "orders_paid": 900,
    "aftersales_review_hours_mean": 2,
    "refunds_completed": 30,
    "barred_identity_link_flag": 1,
    "orders_guaranteed": 450,
}
BEFORE = Before(
    76.2,
    "trusted",
    parts=(
        ("rule.cap", -19.95),
        ("rule.guarantee_bonus", 2.0),
        ("evidence.product_rating_mean", 0.5),
    ),
)
LETTER = """\
Example Market

Shop: m1
Date: 2026-03-01

Your trust index and what your shop may do

1. Summary
   Trust index: 59.00 of 100 (90 % interval 59.00 to 59.00)
   Before: 76.20
   Tier: Limited, lowered from Trusted
   Status: formal; coverage 83.0%
   Rights: search
   Rights withdrawn: mall feed, campaigns
   Restrictions begin: 2026-03-01
   You can object until: 2026-04-01

2. What is restricted
   Withdrawn: mall feed, campaigns
     Kind of restriction: the service, in whole or in part
     In force from: 2026-03-16
     Ground in the terms: Clause 7
     Why: The tier does not have it.

   Linked to a merchant that was removed earlier
     Kind of restriction: visibility of offers
     Effect: the index stays at 59 or below
     In force from: 2026-03-01
     Ground in law: Clause 8
     Why: It forbids what was found.

   Where: All offers
   How long: Until the next review

3. Facts relied on
   What led to it: our own review

   Linked to a merchant that was removed earlier
     barred_identity_link_flag is 1; the rule holds at >= 1
   Guarantee on at least half of the orders
     orders_paid is 900; the rule holds at >= 30
     orders_guaranteed / orders_paid is 0.5 (450 / 900); the rule holds at >= 0.5

   The figures of your shop stand beside the reasons in the next section.

4. Reasons, the largest first
   Full marks                                100.00
   Linked to a removed merchant              -10.00  1
   Mean hours to approve a refund             -6.25  2 h from 30
   Mean product star rating                   -4.00  4.9 stars from 80
   1-2 star share of rated orders             -2.00  0% (0 of 80)
   Complaints per paid order                  -0.80  0% (0 of 900)
   Guarantee on at least half of the orders   +2.00
   Cap                                       -19.95
   Trust index                                59.00

   These lines add up to the index.
   A figure from few cases counts in part; for the rest stands what an unknown shop has.

5. What changed since the last review
   Index before                               76.20
   Cap                                       -19.95
   Guarantee on at least half of the orders   +2.00
   Mean product star rating (evidence)        +0.50
   Everything else                            +0.25
   Index now                                  59.00

6. Automated means
   The facts were found by automated means.
   The decision was not taken by automated means.

7. What counts, and how much
   Dimension            Weight  Points lost
   Product quality       50.0%        -6.00
   After-sales service   40.0%        -7.05
   Social reputation     10.0%       -10.00

   Described in: Clause 5
   Why: Harm weighs most.

8. The way up
   Towards Standard
     Needs an index of 60 or more.
     Lift first:
       Linked to a merchant that was removed earlier: the index stays at 59 or below

9. If you disagree
   Send your objection to: appeals@market.example
   Until: 2026-04-01 (31 days after this letter)
   How: Free of charge.
   Outside the courts: The mediators of clause 19
   Courts: The courts of clause 20
   Contact: Merchant desk
     merchants@market.example

Scorecard {stamp}
"""
ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def row(merchant="m1", **changes):
    block = {name: np.array([float(value)]) for name, value in (FIGURES | changes).items()}
    return block | {"merchant_id": np.array([merchant], dtype=object)}


def letter(block=None, *, terms=TERMS, before=BEFORE, with_plan=False, card=CARD, lang="en"):
    block = row() if block is None else block
    return make_letter(
        explain(block, card),
        block,
        card,
        parse_terms(terms),
        lang=lang,
        dated=DAY,
        before=before,
        plan=next_tier_plan(block, card) if with_plan else None,
    )


def test_a_letter_by_hand():
    assert render_letter(letter(with_plan=True)) == LETTER.replace("{stamp}", CARD.stamp)


def test_a_letter_in_chinese():
    lines = render_letter(letter(with_plan=True, lang="zh")).splitlines()
    for line in (
        "示例商城",
        "店铺：m1",
        "   信任指数：59.00，满分 100（90% 区间 59.00 至 59.00）",
        "   等级：受限，由“信赖”降级",
        "   取消的权益：商城推荐、平台活动",
        "     效果：指数不高于 59",
        "     法律依据：第8条",
        "     barred_identity_link_flag 为 1；规则条件 >= 1",
        "   信任指数             59.00",
        "   升至“标准”",
        "   截止日：2026-04-01（本通知之日起 31 天内）",
    ):
        assert line in lines


def points_of(found, name):
    """The printed points of a section, in hundredths."""
    (section,) = [each for each in found.sections if each.id == name]
    (block,) = [each for each in section.blocks if each.kind == "points"]
    return [round(100 * float(points)) for _, points, _ in block.rows]


@pytest.mark.parametrize("seed", range(30))
def test_printed_points_add_up(seed):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 900)), int(rng.integers(1, 400))
    block = row(
        reviews_rated=k,
        negative_reviews=rng.integers(0, k + 1),
        product_rating_mean=np.round(rng.uniform(1, 5), 3),
        orders_paid=n,
        complaints=rng.integers(0, n + 1),
        orders_guaranteed=rng.integers(0, n + 1),
        barred_identity_link_flag=rng.integers(0, 2),
    )
    before = Before(
        float(rng.uniform(0, 100)), "standard", parts=(("rule.cap", float(rng.normal())),) * 3
    )
    found = letter(block, before=before)
    for name in ("reasons", "change"):
        *parts, last = points_of(found, name)
        assert sum(parts) == last == round(100 * found.index_after)


def test_nothing_is_restricted_where_nothing_fell():
    same = Before(78.95, "trusted", rules=frozenset(["guarantee_bonus"]))
    found = letter(row(barred_identity_link_flag=0), before=same)
    assert not found.restricted and found.in_force is None
    said = render_letter(found)
    assert "Nothing is restricted by this letter." in said and "Restrictions begin" not in said
    assert "Tier: Trusted, as before" in said
    assert letter(row(barred_identity_link_flag=0), before=None).tier_before == ""


def test_without_an_earlier_review_nothing_is_said_of_it():
    said = render_letter(letter(before=None))
    assert "Before:" not in said and "Rights withdrawn" not in said and "What changed" not in said
    # The cap holds whatever was before.
    assert "the index stays at 59 or below" in said
    said = render_letter(letter(before=Before(float("nan"), "")))
    assert "Tier: Limited, for the first time" in said
    assert "There is no earlier index to compare with." in said


def test_a_rise_gives_rights_and_restricts_nothing():
    found = letter(row(barred_identity_link_flag=0), before=Before(59.0, "limited"))
    said = render_letter(found)
    assert "Tier: Trusted, raised from Limited" in said
    assert "New rights: mall feed, campaigns" in said and not found.restricted


def test_what_was_in_force_goes_on():
    before = Before(59.0, "limited", veto="cap", rules=frozenset(["barred_identity_cap"]))
    found = letter(before=before)
    assert found.restricted and found.in_force is None
    assert "In force from: an earlier day; it goes on" in render_letter(found)


def test_a_merchant_without_an_index_loses_nothing():
    block = {name: np.array([np.nan]) for name in FIGURES} | {
        "merchant_id": np.array(["m1"], dtype=object)
    }
    found = letter(block, before=Before(70.0, "standard"))
    said = render_letter(found)
    assert "Trust index: none: there is no evidence yet, and nothing changes" in said
    assert "nan" not in said and not found.restricted and "Rights withdrawn" not in said


def test_rights_of_different_grounds_stand_apart():
    own = {**GROUND, "clause": {"en": "Clause 7.2", "zh": "第7.2条"}, "measure": "visibility"}
    terms = terms_with(grounds__rights={"campaigns": own})
    said = render_letter(letter(terms=terms))
    assert "Withdrawn: mall feed\n" in said and "Withdrawn: campaigns\n" in said
    assert "Ground in the terms: Clause 7.2" in said


def test_the_end_of_the_service_is_said():
    ground = {**GROUND, "terminates": True}
    said = render_letter(letter(terms=terms_with(grounds__any_right=ground)))
    assert "Ends the service: yes" in said


def test_a_count_beyond_chance_is_given_with_its_line():
    card = load_scorecard("default")
    block = typical_block(card)
    block["fake_shipment_orders_90d"] = np.array([9.0])
    block["orders_shipped_90d"] = np.array([1000.0])
    said = render_letter(letter(block, card=card, before=None))
    assert re.search(r": 9 of 1000 \(0\.9%\); the rule holds from 2 cases on", said)
    assert "beyond 0.1% by more than chance" in said
    assert "counted for fake_shipment_orders_90d = 9" in said
    assert "fake_shipment_orders_90d / orders_shipped_90d is 0.009 (9 / 1000)" in said


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_inert(name):
    pytest.importorskip("jinja2")
    from trustscore.letters.page import letter_page

    text = HOSTILE[name]
    clean = text.strip() or "x"
    terms = terms_with(
        platform__name={"en": clean}, platform__contact={"en": clean}, appeal__how={"en": clean}
    )
    found = letter(row(text), terms=terms)
    said = render_letter(found)
    assert not ACTIVE.search(said)
    # A text of others begins no line of its own, so that it forges none.
    assert sum(line.startswith("Shop: ") for line in said.splitlines()) == 1
    plain = letter()
    assert len([line for line in said.splitlines() if line.startswith("   Trust index")]) == len(
        [line for line in render_letter(plain).splitlines() if line.startswith("   Trust index")]
    )
    page, other = letter_page(found), letter_page(plain)
    assert not ACTIVE.search(page)
    lines = len(terms["platform"]["contact"]["en"].splitlines())
    lines += len(terms["appeal"]["how"]["en"].splitlines())
    tags, own = tags_of(page), tags_of(other)
    # A text of several lines takes line breaks of ours.
    breaks = {tag for tag in tags + own if tag == "br"}
    assert [t for t in tags if t not in breaks] == [t for t in own if t not in breaks]


def tags_of(page):
    found = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.append(tag)
            assert not any(name.startswith("on") for name, _ in attributes)

    Tags().feed(page)
    assert "script" not in found
    return found


def test_a_page_asks_for_nothing():
    pytest.importorskip("jinja2")
    from trustscore.letters.page import letter_page

    page = letter_page(letter(with_plan=True))
    assert "default-src 'none'" in page and 'lang="en"' in page
    assert not re.search(r"<(script|link|img|iframe|object|form)\b|url\(|\bhref=|\bsrc=", page)
    assert 'lang="zh-Hans"' in letter_page(letter(lang="zh"))
