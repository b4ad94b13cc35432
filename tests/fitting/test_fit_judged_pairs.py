"""Weights from judgements of which of two merchants is worse."""

import datetime as dt
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.fitting import collect_pairs, join_pairs
from trustscore.fitting.files import read_pairs
from trustscore.fitting.heldout import Rows, ordered, splits_of
from trustscore.fitting.learned import learn_weights
from trustscore.fitting.slopes import Compared, fit_betas
from trustscore.io.blocks import read_blocks
from trustscore.scorecard import load_scorecard
from trustscore.scoring import utilities
from trustscore.simulate.files import write_market

NONE = np.empty(0)
HALF = np.full(2, 0.5)


def text(*names):
    return np.array(names, dtype=object)


def compared(apart, n=None, events=None, worse=None, better=None):
    apart = np.array(apart, dtype=float)
    size = len(apart)
    return Compared(
        apart,
        np.ones(size) if n is None else np.array(n, dtype=float),
        np.zeros(size) if events is None else np.array(events, dtype=float),
        np.arange(size) * 2 if worse is None else np.array(worse),
        np.arange(size) * 2 + 1 if better is None else np.array(better),
    )


def judged(weights, pairs=600, merchants=120, sharp=8.0, seed=0):
    """Utilities of merchants, and judges who weigh signals so; each is wrong now and then."""
    rng = np.random.default_rng(seed)
    u = rng.random((merchants, len(weights)))
    one = rng.integers(merchants, size=pairs)
    other = (one + rng.integers(1, merchants, size=pairs)) % merchants
    swap = rng.random(pairs) > expit(sharp * (u[other] - u[one]) @ np.array(weights))
    worse, better = np.where(swap, other, one), np.where(swap, one, other)
    return u, compared(u[better] - u[worse], worse=worse, better=better)


def learn(said, expert, **more):
    empty = np.empty((0, len(expert)))
    return learn_weights(empty, NONE, NONE, np.array(expert), compared=said, **more)


# --- by hand -------------------------------------------------------------------------------


def test_slopes_of_two_signals_are_the_log_odds_of_the_judges():
    # 3 of 4 follow the first signal (ln 3), 4 of 5 the second (ln 4).
    said = compared([[1, 0], [0, 1]], n=[4000, 5000], events=[1000, 1000])
    found = fit_betas(NONE.reshape(0, 2), NONE, NONE, HALF, 1e-6, compared=said)
    assert found.beta == pytest.approx([np.log(3), np.log(4)], abs=1e-4)
    assert (found.a, found.scale) == (0.0, 1.0)


def test_the_expert_in_the_limit():
    said = compared([[1, 0], [0, 1]], n=[4000, 4000], events=[1000, 1000])
    found = fit_betas(NONE.reshape(0, 2), NONE, NONE, np.array([0.8, 0.2]), np.inf, compared=said)
    assert found.beta / found.beta.sum() == pytest.approx([0.8, 0.2])


def test_a_tie_pulls_to_no_difference_and_the_opposite_to_nothing():
    tie = compared([[1, 0]], n=[10], events=[5])
    assert fit_betas(NONE.reshape(0, 2), NONE, NONE, HALF, 1e-6, compared=tie).beta[
        0
    ] == pytest.approx(0, abs=1e-3)
    opposite = compared([[1, 0]], n=[10], events=[9])
    found = fit_betas(NONE.reshape(0, 2), NONE, NONE, HALF, 1e-6, compared=opposite)
    assert found.beta[0] == 0.0


def test_judges_have_a_scale_of_their_own_beside_outcomes():
    # Outcomes: log odds fall by ln 9 along the first signal; judges follow it twice as steeply.
    u = np.array([[0.0, 0.5], [1.0, 0.5]])
    n, events = np.full(2, 1e5), np.array([5e4, 1e4])
    said = compared([[1.0, 0.0]], n=[82.0 * 1000], events=[1000.0])
    found = fit_betas(u, n, events, HALF, 1e-6, compared=said)
    assert found.beta[0] == pytest.approx(np.log(9), abs=1e-3)
    assert found.scale == pytest.approx(2.0, abs=1e-3)


def test_a_judge_counts_once_for_a_pair():
    found = collect_pairs(
        text("a", "a", "b", "a", "c"),
        text("b", "b", "a", "b", "a"),
        text("ann", "ann", "ann", "bob", "bob"),
        np.array([1.0, 0.5, 0.5, 1.0, 0.25]),
    )
    assert found.judge.tolist() == ["ann", "bob", "bob"]
    assert found.worse.tolist() == ["a", "a", "c"]
    assert found.better.tolist() == ["b", "b", "a"]
    assert found.n == pytest.approx([2 / 3, 1.0, 0.25])
    assert found.share == pytest.approx([0.75, 1.0, 1.0])
    assert (found.repeated, found.contradictory, found.ties) == (1, 1, 0)


def test_agreement_and_groups_by_hand():
    found = collect_pairs(
        text("a", "a", "b", "c", "c"), text("b", "b", "a", "d", "d"), text(*"xyzxy")
    )
    # Of a and b two of three pairs of judges differ; of c and d the one pair agrees.
    assert found.agreement() == (4, 0.5)
    assert found.groups() == 2
    assert np.isnan(collect_pairs(text("a"), text("b")).agreement()[1])


def test_every_fault_of_judgements_at_once():
    with pytest.raises(InputError) as error:
        collect_pairs(
            text("a", "b", "c", "d", "e", "f"),
            text("a", "", "d", "e", "f", "g"),
            text("x", "x", "", "x", "x", "x"),
            np.array([1, 1, 1, 0, np.nan, 2]),
            np.array([0, 0, 0, 0, 0, np.nan]),
            text("2026-01-02", "2026-01-02", "2025-01-01", "", "soon", "2026-01-02"),
            as_of=dt.date(2026, 1, 1),
        )
    told = str(error.value)
    for part in (
        "9 faults", "line 1 (a): worse and better are the same merchant",
        "line 2 (b): better is blank", "line 3 (c): judge is blank",
        "line 4 (d): weight must be a number above 0 and at most 1", "line 5 (e): weight",
        "line 6 (f): weight", "line 6 (f): tie must be 0 or 1", "is dated before 2026-01-01",
        "line 4 (d): date is blank", "line 5 (e): date must be",
    ):  # fmt: skip
        assert part in told or part == "9 faults", part
    with pytest.raises(InputError, match="has no rows"):
        collect_pairs(text(), text())
    with pytest.raises(InputError, match="give the day of the export"):
        collect_pairs(text("a"), text("b"), date=text("2026-01-02"))


def test_unknown_merchants_are_left_out_and_noted():
    said = collect_pairs(text("a", "b", "z"), text("b", "c", "a"))
    notes = []
    found = join_pairs(said, {"merchant_id": text("c", "b", "a")}, notes)
    assert (found.worse.tolist(), found.better.tolist()) == ([2, 1], [1, 0])
    assert [note.name for note in notes] == ["undated", "unknown_merchants"]
    assert "z" not in str(notes[1]).split(":")[1]
    with pytest.raises(InputError, match="no merchant of the judgements"):
        join_pairs(said, {"merchant_id": text("q")}, [])
    with pytest.raises(InputError, match="no pair has both"):
        join_pairs(collect_pairs(text("a"), text("z")), {"merchant_id": text("a")}, [])
    ties = collect_pairs(text("a"), text("b"), tie=np.array([1.0]))
    with pytest.raises(InputError, match="all judgements are ties"):
        join_pairs(ties, {"merchant_id": text("a", "b")}, [])


def test_judgements_that_nothing_connects_are_noted():
    notes = []
    said = collect_pairs(text("a", "c"), text("b", "d"), text("x", "x"))
    join_pairs(said, {"merchant_id": text(*"abcd")}, notes)
    assert "unconnected_judgements" in {note.name for note in notes}
    assert "fall into 2 groups" in str(notes[-1])


def test_the_share_ordered_rightly_by_hand():
    said = compared(np.zeros((4, 1)), events=[0, 0, 0.5, 0])
    tested = np.array([True, True, True, False])
    found = ordered(np.array([1.0, -1.0, 1.0, 1.0]), np.array([1.0, 1.0, 1.0, 1.0]), said, tested)
    # The tie and the pair that was not held out do not count.
    assert found.pairs == 2
    assert (found.share[0], found.expert[0], found.apart[0]) == (0.5, 1.0, -0.5)
    # All right of two is no certainty.
    assert found.expert[1] == pytest.approx(0.025**0.5)
    assert ordered(np.zeros(4), np.zeros(4), said, np.zeros(4, dtype=bool)) is None


# --- properties ----------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_no_merchant_stands_on_both_sides(seed):
    u, said = judged([0.5, 0.5], pairs=60, merchants=25, seed=seed % 1000)
    rows = Rows(u, np.ones(25), np.zeros(25), "binomial", np.arange(25), np.zeros(25), said)
    for split in splits_of(rows, 25, 5, seed):
        learnt, tested = (
            set(np.flatnonzero(part).tolist())
            | set(said.worse[pairs].tolist())
            | set(said.better[pairs].tolist())
            for part, pairs in ((split.train, split.train_pairs), (split.test, split.test_pairs))
        )
        assert not learnt & tested


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from("xy"))))
def test_order_and_repetition_of_rows_change_nothing(rows):
    rows = [row for row in rows if row[0] != row[1]]
    if not rows:
        return

    def read(rows):
        found = collect_pairs(*(text(*column) for column in zip(*rows, strict=True)))
        each = zip(found.judge, found.worse, found.better, found.n, found.share, strict=True)
        return {
            (who, *sorted((worse, better))): (n, worse if share != 0.5 else "", round(share, 12))
            for who, worse, better, n, share in each
        }

    assert read(rows) == read(rows[::-1]) == read(rows * 3)


# --- learning ------------------------------------------------------------------------------


def test_the_weights_of_simulated_judges_are_recovered():
    _, said = judged([0.7, 0.2, 0.1], pairs=1500, merchants=200)
    found = learn(said, [0.1, 0.2, 0.7])
    assert np.isfinite(found.penalty)
    assert found.weights == pytest.approx([0.7, 0.2, 0.1], abs=0.08)
    assert found.gain > 2 * found.gain_se
    assert found.ordered.apart[1] > 0
    assert found.ordered.share[1] < found.ordered.share[0] < found.ordered.share[2]
    assert not len(found.gain_by_period)


@pytest.mark.slow
def test_the_expert_stays_where_it_is_right_or_judges_guess():
    _, said = judged([0.5, 0.3, 0.2])
    assert np.isinf(learn(said, [0.5, 0.3, 0.2]).penalty)
    rng = np.random.default_rng(1)
    guess = said._replace(events=(rng.random(len(said.n)) < 0.5).astype(float))
    try:
        assert np.isinf(learn(guess, [0.5, 0.3, 0.2]).penalty)
    except InputError as error:
        assert "judgements contradict the scorecard" in str(error)


def test_few_pairs_leave_the_expert_and_few_merchants_are_refused():
    _, said = judged([1.0, 0.0], pairs=49, merchants=20, sharp=50)
    assert np.isinf(learn(said, [0.4, 0.6]).penalty)
    with pytest.raises(InputError, match="9 merchants with judgements are too few"):
        learn(judged([1.0, 0.0], merchants=9)[1], [0.5, 0.5])
    _, wrong = judged([-0.5, -0.5])
    with pytest.raises(InputError, match="judgements contradict the scorecard"):
        learn(wrong, [0.5, 0.5])


@pytest.mark.slow
def test_outcomes_and_judgements_together():
    u, said = judged([0.7, 0.2, 0.1], merchants=200, pairs=800)
    n = np.full(len(u), 20.0)
    events = np.random.default_rng(2).binomial(20, expit(-3 * u @ np.array([0.7, 0.2, 0.1])))
    found = learn_weights(u, n, events.astype(float), np.array([0.1, 0.2, 0.7]), compared=said)
    assert found.weights == pytest.approx([0.7, 0.2, 0.1], abs=0.1)
    assert min(found.gain_by_source) > 0
    assert found.scale == pytest.approx(8 / 3, rel=0.3)


def run(words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


# --- the command ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    path = tmp_path_factory.mktemp("judged") / "export.csv"
    write_market(path, 300, 1, "minimal")
    card = load_scorecard("minimal")
    [read] = read_blocks(path, card, block=1 << 20)
    u = utilities(read.block, card).utility
    rng = np.random.default_rng(0)
    one = rng.integers(300, size=400)
    other = (one + rng.integers(1, 300, size=400)) % 300
    ids = read.block["merchant_id"].tolist()
    rows = ["worse,better,judge,date"]
    for a, b, swap in zip(one, other, rng.random(400) > expit(30 * (u[0, other] - u[0, one])),
                          strict=True):  # fmt: skip
        worse, better = (b, a) if swap else (a, b)
        rows.append(f"{ids[worse]},{ids[better]},<script>{a % 3},2026-02-01")
    rows.append(rows[1].replace("<script>", "other"))
    said = path.with_name("pairs.csv")
    said.write_text("\n".join(rows) + "\n")
    return path, said


def test_the_command_learns_from_pairs(market, tmp_path, capsys):
    export, said = market
    out = tmp_path / "fitted.toml"
    words = ["fit", str(export), "--scorecard", "minimal", "--judgements", str(said)]
    assert run([*words, "--as-of", "2026-01-01", "--most", "1", "1", "-o", str(out)]) == 0
    told = capsys.readouterr().out
    assert "held-out pairs ordered rightly" in told
    assert "nats a judgement" in told
    assert re.search(r"judgements: \d+ pairs of \d+ merchants by \d+ judges", told)
    card = load_scorecard(out)
    facts = card.file.provenance["weights"]
    assert facts["method"] == "learned"
    rows = [line.split(",") for line in said.read_text().splitlines()[1:]]
    once = {(judge, *sorted(pair)) for *pair, judge, _ in rows}
    assert facts["judgements"]["pairs"] == len(once) < len(rows)
    assert card.file.provenance["data"]["judgements"] == "pairs.csv"
    assert "<script>" not in out.read_text()
    shares = card.file.provenance["shares"]
    first = card.signals[0].id
    assert shares[first]["after"] > shares[first]["before"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("a,b,ratio\nx,y,2\n", "worse"),
        ("worse,better\nm0000001,m0000001\n", "the same merchant"),
        ("worse,better,weight\nm0000001,m0000002,lots\n", "weight must be"),
        ("worse,better,tie\nm0000001,m0000002,maybe\n", "tie must be"),
        ("worse,better\nq1,q2\n", "no merchant of"),
        ("worse,better\nm0000001,m0000002\n", "too few"),
        ("worse,better,date\nm0000001,m0000002,2026-01-02\n", "--as-of"),
        ("worse,better\n", "no"),
    ],
)
def test_bad_files_are_refused_by_name(market, tmp_path, capsys, rows, says):
    said = tmp_path / "bad.csv"
    said.write_text(rows)
    out = tmp_path / "fitted.toml"
    words = ["fit", str(market[0]), "--scorecard", "minimal", "--judgements", str(said)]
    assert run([*words, "-o", str(out)]) == 2
    assert says in capsys.readouterr().err
    assert not out.exists()


def test_other_weights_take_no_judgements_of_merchants(market, tmp_path, capsys):
    words = ["fit", str(market[0]), "--scorecard", "minimal", "--judgements", str(market[1])]
    words += ["--as-of", "2026-01-01", "--weights", "pca", "-o", str(tmp_path / "f.toml")]
    assert run(words) == 2
    assert "judgements of merchants: are for weights learned. Got pca" in capsys.readouterr().err
    assert run([*words[:4], "--judgements", str(market[1]), "-o", str(market[1])]) == 2


def test_ties_and_blank_weights_are_read(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("worse,better,weight,tie\na,b,,yes\nc,d,0.5,\n")
    found = read_pairs(path)
    assert found.share.tolist() == [0.5, 1.0]
    assert found.n.tolist() == [1.0, 0.5]
