"""Weights from several periods: rolling origin, the bound on realised shares, harms told apart."""

import datetime as dt
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from trustscore.commands.fit import command
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.fitting import Labelled, fit_scorecard
from trustscore.fitting.bound import Bound, bound_of
from trustscore.fitting.learned import learn_weights
from trustscore.fitting.periods import Period, labelled_periods
from trustscore.fitting.slopes import fit_betas
from trustscore.io.blocks import read_blocks
from trustscore.io.outcomes_file import read_outcomes, read_outcomes_by_month
from trustscore.outcomes import Outcomes
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.shares import shares
from trustscore.scoring.realised import MOST_OF_A_DIMENSION, MOST_OF_A_SIGNAL
from trustscore.simulate import simulate_export
from trustscore.simulate.files import write_market

EXPERT = np.array([0.4, 0.3, 0.3])


def bound(utility, limits):
    """A bound on single signals."""
    count = utility.shape[1]
    return Bound(
        np.cov(utility.T, bias=True),
        np.eye(count),
        np.eye(count),
        np.array(limits),
        ("a", "b", "c"),
    )


def rows(drivers, merchants=300, orders=30, seed=0):
    """Outcomes of as many periods as there are drivers: each says which signals matter then."""
    rng = np.random.default_rng(seed)
    u = rng.random((merchants, 3))
    parts = []
    for number, weights in enumerate(drivers):
        events = rng.binomial(orders, expit(0.5 - 4.0 * u @ np.array(weights)))
        parts.append((u, events.astype(float), np.full(merchants, number), np.arange(merchants)))
    u, events, period, merchant = map(np.concatenate, zip(*parts, strict=True))
    return u, np.full(len(events), float(orders)), events, merchant, period


# --- the bound -----------------------------------------------------------------------------


def test_shares_of_two_unlike_signals_by_hand():
    """Variances 1/4 and 1, slopes 2 and 1: each makes up one half; half the slope a fifth."""
    utility = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0], [1, 2, 0]], dtype=float)
    held = bound(utility, [0.3, 0.3, 0.3])
    assert held.shares(np.array([2.0, 1.0, 5.0])) == pytest.approx([0.5, 0.5, 0.0])
    assert held.shares(np.array([1.0, 1.0, 0.0])) == pytest.approx([0.2, 0.8, 0.0])
    assert held.room(np.array([1.0, 1.0, 0.0])) == pytest.approx([0.1, -0.5, 0.3])
    assert held.above(np.array([1.0, 1.0, 0.0])) == [("b", pytest.approx(0.8), 0.3)]


@given(st.lists(st.floats(0.05, 5), min_size=3, max_size=3), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_slopes_of_the_bound_are_its_derivatives(slopes, seed):
    utility = np.random.default_rng(seed).random((40, 3))
    held = bound(utility, [0.3, 0.3, 0.3])
    at, step = np.array(slopes), 1e-6
    for number in range(3):
        moved = step * np.eye(3)[number]
        by_hand = (held.room(at + moved) - held.room(at - moved)) / (2 * step)
        assert held.room_slopes(at)[:, number] == pytest.approx(by_hand, abs=1e-5)


def test_a_fit_keeps_to_the_bound_and_loses_little_more_than_it_must():
    u, n, events, *_ = rows([(0.9, 0.05, 0.05)])
    _, free, _ = fit_betas(u, n, events, EXPERT, 0.1)
    held = bound(u, [0.5, 0.5, 0.5])
    assert held.shares(free)[0] > 0.9
    a, beta, _ = fit_betas(u, n, events, EXPERT, 0.1, bound=held)
    assert held.shares(beta).max() == pytest.approx(0.5, abs=1e-4)
    assert (beta >= 0).all()

    def loss(a, beta):
        eta = a - u @ beta
        return (n * np.logaddexp(0, eta) - events * eta).sum()

    # No other slopes that keep to the bound lose less; tried on a grid around the answer.
    for first in np.linspace(0.2, 3, 15):
        for second in np.linspace(0.2, 3, 15):
            other = np.array([first, second, second])
            if (held.room(other) >= 0).all():
                at = min(loss(level, other) for level in np.linspace(a - 2, a + 2, 21))
                assert at > loss(a, beta) - 0.5


def test_a_loose_bound_changes_nothing():
    u, n, events, *_ = rows([EXPERT])
    plain = fit_betas(u, n, events, EXPERT, 10.0)
    held = fit_betas(u, n, events, EXPERT, 10.0, bound=bound(u, [1.0, 1.0, 1.0]))
    assert plain[0] == held[0]
    assert (plain[1] == held[1]).all()


def test_a_bound_that_nobody_can_keep_is_none():
    """Three signals cannot each stay under 30 %, nor one dimension of all under 50 %."""
    card = load_scorecard("minimal")
    before, free = shares(card), np.ones(len(card.signals), dtype=bool)
    utility = np.random.default_rng(0).random((50, len(before)))
    wide = bound_of(card, utility, before, free, (0.01, 0.01))
    assert (wide.limits == 1).all()
    assert (bound_of(card, utility, before, free).limits < 1).any()


def test_dimensions_are_held_with_all_below_them():
    card = load_scorecard("default")
    before, free = shares(card), np.ones(len(card.signals), dtype=bool)
    utility = np.random.default_rng(0).random((50, len(before)))
    held = bound_of(card, utility, before, free)
    assert len(held.names) == len(card.signals) + len(card.dimensions)
    found = dict(zip(held.names, held.shares(before), strict=True))
    top = [d.id for d in card.dimensions if d.parent is None]
    assert sum(found[name] for name in top) == pytest.approx(1)
    for name in top:
        inside = [s.id for s in card.signals if s.dimension == name]
        assert found[name] >= sum(found[i] for i in inside) - 1e-9 or len(inside) == 0


# --- periods -------------------------------------------------------------------------------


def test_one_period_of_different_merchants_is_what_it_was():
    u, n, events, *_ = rows([(0.1, 0.3, 0.6)])
    plain = learn_weights(u, n, events, EXPERT)
    told = learn_weights(
        u, n, events, EXPERT, merchant=np.arange(300), period=np.zeros(300, dtype=int)
    )
    assert (plain.weights == told.weights).all()
    assert (plain.losses == told.losses).all()
    assert plain.gain_by_period.tolist() == [pytest.approx(plain.gain)]


def test_a_gain_that_lasts_is_learnt():
    *figures, merchant, period = rows([(0.1, 0.2, 0.7)] * 3)
    found = learn_weights(*figures, EXPERT, merchant=merchant, period=period)
    assert np.isfinite(found.penalty)
    assert np.isnan(found.gain_by_period[0])
    assert (found.gain_by_period[1:] > 0).all()
    assert (found.low <= found.weights + 1e-9).all()
    assert (found.weights <= found.high + 1e-9).all()


def test_the_expert_stays_where_the_gain_does_not_last():
    """Learnt of two months the weights would win on average, and lose in the newest."""
    *figures, merchant, period = rows([(0.0, 0.0, 1.0)] * 3 + [EXPERT])
    found = learn_weights(*figures, EXPERT, merchant=merchant, period=period)
    assert found.gain > 2 * found.gain_se
    assert found.gain_by_period[-1] < 0
    assert np.isinf(found.penalty)
    assert found.weights == pytest.approx(EXPERT)


def test_nobody_is_judged_by_weights_that_have_seen_them():
    """Merchants whose later outcome repeats an earlier one, by their name alone, help nobody."""
    rng = np.random.default_rng(3)
    u = rng.random((40, 3))
    luck = rng.binomial(60, expit(rng.normal(0, 1, 40) - 2 * u @ EXPERT)).astype(float)
    stacked = np.concatenate([u, u])
    found = learn_weights(
        stacked,
        np.full(80, 60.0),
        np.concatenate([luck, luck]),
        EXPERT,
        merchant=np.tile(np.arange(40), 2),
        period=np.repeat([0, 1], 40),
    )
    assert np.isinf(found.penalty)


def test_harms_are_measured_apart():
    u, n, events, merchant, period = rows([(0.1, 0.2, 0.7)] * 2)
    none, all_of_it = np.zeros(len(n)), events
    found = learn_weights(
        u, n, events, EXPERT, merchant=merchant, period=period, harms=[all_of_it, none]
    )
    assert found.heldout.shape == (3, 2)
    assert np.isnan(found.heldout[:, 0]).all()
    assert found.heldout[0, 1] == found.heldout[1, 1] > 0.5
    assert np.isnan(found.heldout[2, 1])
    assert found.heldout_expert[0, 1] < found.heldout[0, 1]


def test_periods_that_are_not_alike_are_refused():
    ids = np.array(["a"], dtype=object)
    first = Period(
        "May", {"merchant_id": ids, "x": np.ones(1)}, Outcomes(ids, np.ones(1), np.ones(1))
    )
    other = Period(
        "June",
        {"merchant_id": ids, "y": np.ones(1)},
        Outcomes(ids, np.ones(1), np.ones(1), harms={"late": np.ones(1)}),
    )
    with pytest.raises(InputError) as stopped:
        labelled_periods([first, other])
    assert stopped.value.faults == [
        "June: columns must be those of May. Differ: x, y",
        "June: harms must be those of May. Differ: late",
    ]


# --- outcome files -------------------------------------------------------------------------


def test_a_file_with_dates_is_a_period_a_month(tmp_path):
    path = tmp_path / "later.csv"
    path.write_text(
        "merchant_id,n,events,events_late,date\n"
        "a,5,2,1,2026-03-02\nb,4,0,0,2026-02-28\na,3,1,1,2026-02-01\n"
    )
    found = read_outcomes_by_month(path, as_of=dt.date(2026, 2, 1))
    assert list(found) == ["2026-02", "2026-03"]
    assert found["2026-02"].merchant_id.tolist() == ["b", "a"]
    assert found["2026-02"].harms["late"].tolist() == [0, 1]
    whole = read_outcomes(path, as_of=dt.date(2026, 2, 1))
    assert dict(zip(whole.merchant_id, whole.n, strict=True)) == {"a": 8, "b": 4}
    assert dict(zip(whole.merchant_id, whole.harms["late"], strict=True)) == {"a": 2, "b": 0}
    assert whole.repeated == 1


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,5,2,3", "events_late must be a whole number from 0 to events"),
        ("a,5,2,0.5", "events_late must be a whole number from 0 to events"),
        ("a,5,2,-1", "events_late must be a whole number from 0 to events"),
        ("a,5,2,", "events_late must be a whole number from 0 to events"),
        ("a,5,2,many", "events_late: must be a number. Got 'many'"),
    ],
)
def test_harms_that_cannot_be(row, says, tmp_path):
    path = tmp_path / "later.csv"
    path.write_text(f"merchant_id,n,events,events_late\n{row}\n")
    with pytest.raises(InputError, match=re.escape(says)):
        read_outcomes(path)


# --- the command ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """Two exports and what followed, driven by complaints alone."""
    folder = tmp_path_factory.mktemp("periods")
    rng = np.random.default_rng(0)
    for name, month in (("one", 2), ("two", 3)):
        write_market(folder / f"{name}.csv", 400, seed=3, scorecard="minimal")
        [read] = read_blocks(folder / f"{name}.csv", "minimal", block=1 << 24)
        rate = np.clip(read.block["complaints"] / read.block["orders_paid"] * 10, 0.01, 0.9)
        events = rng.binomial(50, np.nan_to_num(rate, nan=0.05))
        lines = [
            f"{merchant},50,{k},{k // 2},2026-0{month}-05\n"
            for merchant, k in zip(read.block["merchant_id"], events, strict=True)
        ]
        text = "merchant_id,n,events,events_late,date\n" + "".join(lines)
        (folder / f"after_{name}.csv").write_text(text)
    both = (folder / "after_one.csv").read_text()
    both += (folder / "after_two.csv").read_text().partition("\n")[2]
    (folder / "after_both.csv").write_text(both)
    return folder


def run(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    said = capsys.readouterr()
    return stopped.value.code, said.out, said.err


def fit(market, out, capsys, *words):
    return run(
        capsys, "fit", market / "two.csv", "--scorecard", "minimal", "--no-peers",
        *words, "--as-of", "2026-02-01", "-o", out,
    )  # fmt: skip


def facts(path):
    return load_scorecard(path).file.provenance["weights"]


@pytest.mark.slow
def test_periods_are_told_in_every_way(market, tmp_path, capsys):
    ways = {
        "files": ("--outcomes", market / "after_two.csv", "--outcomes", market / "after_one.csv"),
        "months": ("--outcomes", market / "after_both.csv"),
        "exports": (
            "--period", "2026-01-01", market / "one.csv", market / "after_one.csv",
            "--outcomes", market / "after_two.csv",
        ),
    }  # fmt: skip
    found = {}
    for way, words in ways.items():
        code, _, err = fit(market, tmp_path / f"{way}.toml", capsys, *words)
        assert (code, err) == (0, ""), way
        found[way] = facts(tmp_path / f"{way}.toml")
        assert len(found[way]["periods"]) == 2
        # The first period foretells the second, and nothing foretells the first.
        assert len(found[way]["gain_by_period"]) == 1
        assert set(found[way]["heldout_auc"]) == {"events", "late"}
    assert found["months"]["periods"] == ["2026-02", "2026-03"]
    assert found["files"]["heldout_auc"]["events"]["learned"] != {}
    # The same rows, however they are told.
    assert found["files"]["slope"] == found["months"]["slope"]
    assert found["exports"]["periods"][0] == "2026-01-01"


@pytest.mark.slow
def test_the_bound_is_in_the_file_and_may_be_taken_off(market, tmp_path, capsys):
    for name, most in (("held", ()), ("free", ("--most", "1", "1"))):
        outcomes = ("--outcomes", market / "after_both.csv")
        assert fit(market, tmp_path / f"{name}.toml", capsys, *outcomes, *most)[0] == 0
    held, free = facts(tmp_path / "held.toml"), facts(tmp_path / "free.toml")
    assert (held["most_of_a_signal"], held["most_of_a_dimension"]) == (0.3, 0.5)
    assert (free["most_of_a_signal"], free["most_of_a_dimension"]) == (1.0, 1.0)
    assert "without_bound" in held["heldout_auc"]["events"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("--period", "2026-01-01", "one.csv", "after_one.csv") * 2,
            "2026-01-01 is given more than once",
        ),
        (("--period", "2026-02-20", "one.csv", "after_one.csv"), "is dated before 2026-02-20"),
        (("--period", "soon", "one.csv", "after_one.csv"), "soon"),
        (("--outcomes", "after_one.csv", "--most", "0", "0.5"), "0.0 is not in the range"),
        (("--outcomes", "after_one.csv", "--most", "0.3", "1.5"), "1.5 is not in the range"),
    ],
)
def test_wrong_periods(words, says, market, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(market)
    code, _, err = fit(market, tmp_path / "out.toml", capsys, *words)
    assert code == 2
    assert says in err
    assert not (tmp_path / "out.toml").exists()


def test_a_share_of_nothing_is_refused_in_the_library():
    block = simulate_export(60, seed=1, scorecard="minimal")
    labelled = Labelled(block, np.full(60, 5.0), np.tile([0.0, 3.0], 30))
    with pytest.raises(InputError, match="must be above 0 and at most 1"):
        fit_scorecard(block, "minimal", labelled=labelled, most=(0.0, 0.5))


def test_the_bound_of_the_command_is_that_of_the_library():
    most = next(each for each in command.params if each.name == "most")
    assert most.default == (MOST_OF_A_SIGNAL, MOST_OF_A_DIMENSION)


def test_whether_a_bound_can_be_kept_is_known_before_any_fit():
    """Of two signals alike in all but weight each makes up its part; three may share evenly."""
    card = load_scorecard("default")
    names = ("a", "b", "c")
    parts = np.eye(3)

    def bound(limit):
        return Bound(np.eye(3), np.eye(3), parts, np.full(3, limit), names)

    uneven = np.array([0.8, 0.1, 0.1])
    assert bound(0.34).can_be_kept(uneven)
    assert not bound(0.32).can_be_kept(uneven)
    # Two free signals that may move beside one that keeps nine tenths of the index.
    held = bound(0.5)._replace(spread=np.array([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0]]))
    assert not held.can_be_kept(np.array([0.5, 0.5]))
    # What the default asks of its own signals it can keep.
    before, free = shares(card), np.ones(len(card.signals), dtype=bool)
    utility = np.random.default_rng(0).random((50, len(before)))
    assert bound_of(card, utility, before, free).can_be_kept(before)


def test_a_bound_that_nothing_keeps_bounds_no_fit():
    rng = np.random.default_rng(4)
    u = rng.random((200, 2))
    n = np.full(200, 20.0)
    events = rng.binomial(20, 0.5 - 0.4 * u[:, 0]).astype(float)
    share = np.array([0.5, 0.5])
    nobody = Bound(np.cov(u.T), np.eye(2), np.eye(2), np.full(2, 0.4), ("a", "b"))
    free = learn_weights(u, n, events, share)
    held = learn_weights(u, n, events, share, bound=nobody)
    assert held.weights.tolist() == free.weights.tolist()
    assert held.penalty == free.penalty
