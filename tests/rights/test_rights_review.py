"""A review moves merchants as the ladder says, announces falls, and carries its state."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trustscore.rights.review import REASONS, Figures, Held, review_rights
from trustscore.scorecard import load_scorecard
from trustscore.scoring import assign_tiers

CARD = load_scorecard("default")
TIERS = CARD.tiers
RESTRICTED, LIMITED, STANDARD, TRUSTED, EXEMPLARY = range(5)
LONG_AGO = 0.0
TODAY = 1000


def review(index, tier, *, since=LONG_AGO, below=0.0, veto=False, before=None, today=TODAY, **more):
    """The review of one merchant: held, tier, since, below and reason."""
    figures = Figures(
        np.array([float(index)]),
        np.array([float(more.get("se", 0.0))]),
        np.array([float(more.get("coverage", 1.0))]),
        np.array([more.get("formal", True)]),
        np.array([veto]),
    )
    held = Held(
        np.array([tier]),
        np.array([tier if before is None else before]),
        np.array([float(since)]),
        np.array([float(below)]),
    )
    done = review_rights(TIERS, figures, held, today, notice_days=7)
    one = (done.held, done.tier, done.since, done.below, done.reason)
    held_, tier_, since_, below_, reason = (values.tolist()[0] for values in one)
    return held_, tier_, since_, below_, REASONS[reason]


def test_the_ladder_is_the_one_the_cases_below_are_worked_out_for():
    assert [tier.id for tier in TIERS.ladder] == [
        "restricted", "limited", "standard", "trusted", "exemplary"
    ]  # fmt: skip
    assert [tier.at for tier in TIERS.ladder] == [0, 50, 60, 70, 80]
    assert (TIERS.hysteresis, TIERS.minimum_stay_days, TIERS.reviews_below) == (3, 14, 2)


def test_a_rise_counts_at_once_and_is_one_step():
    assert review(99, STANDARD) == (STANDARD, TRUSTED, TODAY, 0, "raised")
    assert review(99, TRUSTED) == (TRUSTED, EXEMPLARY, TODAY, 0, "raised")


def test_up_to_the_entry_tier_the_index_alone_decides():
    assert review(65, RESTRICTED) == (RESTRICTED, STANDARD, TODAY, 0, "raised")


def test_a_rise_waits_for_the_minimum_stay():
    early = review(99, STANDARD, since=TODAY - 13)
    assert early == (STANDARD, STANDARD, TODAY - 13, 0, "minimum_stay")
    assert review(99, STANDARD, since=TODAY - 14)[1] == TRUSTED


def test_the_line_to_stay_is_below_the_line_to_enter():
    assert review(67, TRUSTED) == (TRUSTED, TRUSTED, LONG_AGO, 0, "kept")
    assert review(66.9, TRUSTED) == (TRUSTED, TRUSTED, LONG_AGO, 1, "below_line")


def test_a_second_review_below_lowers_after_the_notice():
    assert review(66.9, TRUSTED, below=1) == (TRUSTED, STANDARD, TODAY + 7, 0, "lowered")


def test_a_good_review_between_starts_the_count_again():
    assert review(68, TRUSTED, below=1) == (TRUSTED, TRUSTED, LONG_AGO, 0, "kept")


def test_a_fall_waits_for_the_minimum_stay_and_the_reviews_are_counted():
    young = review(66, TRUSTED, since=TODAY - 3, below=4)
    assert young == (TRUSTED, TRUSTED, TODAY - 3, 5, "below_line")


def test_an_announced_fall_leaves_the_old_tier_in_force_until_its_day():
    _, tier, since, below, _ = review(60, TRUSTED, below=1)
    again = review(90, tier, since=since, below=below, before=TRUSTED, today=TODAY + 3)
    assert again == (TRUSTED, STANDARD, TODAY + 7, 0, "announced")
    due = review(90, tier, since=since, below=below, before=TRUSTED, today=TODAY + 7)
    assert due == (STANDARD, STANDARD, TODAY + 7, 0, "minimum_stay")
    late = review(90, tier, since=since, below=below, before=TRUSTED, today=TODAY + 21)
    assert late == (STANDARD, TRUSTED, TODAY + 21, 0, "raised")


def test_a_veto_needs_no_notice_no_patience_and_no_minimum_stay():
    hit = review(90, EXEMPLARY, since=TODAY - 1, veto=True)
    assert hit == (EXEMPLARY, STANDARD, TODAY, 0, "veto")
    assert review(30, EXEMPLARY, veto=True)[1] == RESTRICTED


def test_a_veto_hastens_an_announced_fall():
    hit = review(65, STANDARD, since=TODAY + 5, before=TRUSTED, veto=True)
    assert hit == (TRUSTED, STANDARD, TODAY, 0, "veto")


def test_a_veto_that_takes_nothing_is_no_reason():
    assert review(65, STANDARD, veto=True)[4] == "kept"


def test_a_merchant_seen_for_the_first_time_enters_by_his_figures():
    assert review(85, -1, since=np.nan) == (-1, EXEMPLARY, TODAY, 0, "first_review")
    assert review(85, -1, since=np.nan, formal=False)[1] == STANDARD


def test_without_an_index_nothing_changes_but_by_veto():
    blank = review(np.nan, TRUSTED, below=1)
    assert blank == (TRUSTED, TRUSTED, LONG_AGO, 1, "not_scored")
    assert review(np.nan, TRUSTED, veto=True)[1:] == (RESTRICTED, TODAY, 0, "veto")[:1] + (
        float(TODAY),
        0,
        "veto",
    )
    assert review(np.nan, -1, since=np.nan)[1] == -1


def test_an_unknown_day_bars_nothing():
    found = review(99, STANDARD, since=np.nan)
    assert found[1:3] == (TRUSTED, TODAY)


merchants = st.lists(
    st.tuples(
        st.one_of(st.floats(0, 100), st.just(np.nan)),
        st.floats(0, 10),
        st.floats(0, 1),
        st.booleans(),
        st.booleans(),
        st.integers(-1, 4),
        st.integers(-1, 4),
        st.one_of(st.integers(TODAY - 40, TODAY + 10).map(float), st.just(np.nan)),
        st.integers(0, 3).map(float),
    ),
    min_size=1,
    max_size=30,
)


@given(merchants, st.integers(1, 30))
def test_what_every_review_keeps_to(rows, notice):
    index, se, coverage, formal, vetoed, tier, before, since, below = map(
        np.array, zip(*rows, strict=True)
    )
    figures = Figures(index, se, coverage, formal, vetoed)
    held = Held(tier, before, since, below)
    done = review_rights(TIERS, figures, held, TODAY, notice)
    ladder = assign_tiers(TIERS, index, se, coverage, formal, vetoed, tier, TODAY - since, below)
    scored, known = ~np.isnan(index), tier >= 0
    assert (done.tier[scored] == ladder[scored]).all()
    assert (done.tier[~scored & ~vetoed] == tier[~scored & ~vetoed]).all()
    rose, fell = known & (done.tier > tier), known & (done.tier < tier)
    assert (done.tier[rose] <= np.maximum(tier[rose] + 1, TIERS.entry)).all()
    assert (done.since[rose] == TODAY).all()
    assert (done.since[fell] == np.where(vetoed[fell], TODAY, TODAY + notice)).all()
    assert (done.below >= 0).all() and (done.below[rose | fell] == 0).all()
    pending = known & (since > TODAY)
    assert (done.held[pending] == before[pending]).all()
    assert (done.held[~pending] == tier[~pending]).all()
    # Nobody falls unannounced: whatever is lost on the day of the review is lost by a veto.
    today = (done.since <= TODAY) & (done.tier < done.held)
    assert vetoed[today].all()
    assert (done.reason[known & ~rose & ~fell & scored] != REASONS.index("raised")).all()


@given(merchants)
def test_one_merchant_alone_is_reviewed_like_among_others(rows):
    columns = [np.array(column) for column in zip(*rows, strict=True)]

    def of(at):
        part = [column[at] for column in columns]
        return review_rights(TIERS, Figures(*part[:5]), Held(*part[5:]), TODAY)

    whole = of(slice(None))
    first = of(slice(0, 1))
    for name in ("held", "tier", "since", "below", "reason", "entitled"):
        np.testing.assert_array_equal(getattr(whole, name)[:1], getattr(first, name))
