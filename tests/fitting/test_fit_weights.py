"""Weights by spread and by judgement: cases from paper, and other people's programs."""

import numpy as np
import pytest

from trustscore.errors import InputError
from trustscore.fitting import Labelled, fit_scorecard
from trustscore.fitting.ahp import Judgement, ahp, judged_weights, random_index
from trustscore.fitting.objective_weights import collinear_notes, correlations, critic, entropy, pca
from trustscore.fitting.pymcdm_weights import names, weights_of
from trustscore.fitting.shares import fill_not_applicable, tree_weights
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scorecard.shares import shares
from trustscore.scoring import score_columns, utilities
from trustscore.simulate import simulate_export


def test_entropy_by_hand():
    """Columns (1/4, 3/4) and (1/2, 1/2): entropies .811278 and 1, so all weight is on the first.

    With a third column (0, 1), entropy 0: divergences .188722, 0, 1.
    """
    u = np.array([[0.25, 0.5, 0.0], [0.75, 0.5, 1.0]])
    assert entropy(u) == pytest.approx([0.188722 / 1.188722, 0.0, 1 / 1.188722], abs=1e-6)


def test_critic_by_hand():
    """Spreads 1, 1 and .5 in units of the first; r12 = 1, r13 = r23 = -1, so C = 2, 2, 2."""
    u = np.array([[0.0, 0.0, 0.5], [1.0, 1.0, 0.0]])
    # sum over k of 1 - r: (0 + 0 + 2), (0 + 0 + 2), (2 + 2 + 0)
    raw = np.array([1 * 2, 1 * 2, 0.5 * 4])
    assert critic(u) == pytest.approx(raw / raw.sum())


def test_two_columns_that_say_one_thing_share_a_component():
    rng = np.random.default_rng(0)
    a = rng.random(500)
    u = np.column_stack([a, a, rng.random(500)])
    weights, explained, against = pca(u)
    assert weights == pytest.approx([0.5, 0.5, 0.0], abs=0.02)
    assert explained == pytest.approx(2 / 3, abs=0.02)
    assert not against[:2].any()


@pytest.mark.parametrize("way", [entropy, critic, lambda u: pca(u)[0]])
def test_a_constant_has_no_weight_and_only_constants_are_an_error(way):
    rng = np.random.default_rng(1)
    u = np.column_stack([rng.random(50), np.full(50, 0.7), rng.random(50)])
    weights = way(u)
    assert weights[1] == pytest.approx(0, abs=1e-12)
    assert weights.sum() == pytest.approx(1)
    with pytest.raises(InputError, match="every signal is constant"):
        way(np.full((50, 2), 0.7))
    with pytest.raises(InputError, match="at least two merchants"):
        way(np.zeros((1, 2)))


def test_collinear_signals_are_named():
    a = np.linspace(0, 1, 30)
    u = np.column_stack([a, 1 - a, np.full(30, 0.3), a**9])
    assert [(n.name, n.where) for n in collinear_notes(u, list("abcd"))] == [
        ("collinear", "a"),
    ]
    assert np.isfinite(correlations(u)).all()


def test_against_pymcdm():
    pymcdm = pytest.importorskip("pymcdm.weights", exc_type=ImportError)
    rng = np.random.default_rng(2)
    u = rng.random((40, 6))
    assert entropy(u) == pytest.approx(pymcdm.entropy_weights(u), abs=1e-9)
    # It scales each column to 0..1 first; ours are utilities already.
    u = (u - u.min(axis=0)) / np.ptp(u, axis=0)
    assert critic(u) == pytest.approx(pymcdm.critic_weights(u), abs=1e-9)


def test_saatys_consistency_by_hand():
    """a 2 b, b 2 c, a 8 c (4 would be consistent).

    Row means by geometry: 16^(1/3), 1, 16^(-1/3), which for three things is the eigenvector;
    lambda = 1 + t + 1/t with t = (8 / 4)^(1/3), so 3.0537; CI .0268; CR .0268 / .58.
    """
    matrix = np.array([[1, 2, 8], [1 / 2, 1, 2], [1 / 8, 1 / 2, 1.0]])
    weights, ratio = ahp(matrix)
    raw = np.array([16 ** (1 / 3), 1, 16 ** (-1 / 3)])
    assert weights == pytest.approx(raw / raw.sum())
    t = 2 ** (1 / 3)
    assert ratio == pytest.approx((t + 1 / t - 2) / 2 / 0.58)
    assert ahp(np.array([[1, 9], [1 / 9, 1.0]])) == (pytest.approx([0.9, 0.1]), 0.0)


DIMENSIONS = ["product_quality", "after_sales", "social_reputation"]


def pairs(expert, ratios):
    a, b, c = DIMENSIONS
    return [Judgement(expert, *x) for x in zip([a, a, b], [b, c, c], ratios, strict=True)]


def test_experts_are_pooled_by_the_geometric_mean():
    """One says 2, 4, 2, the other 8, 4, 1/2: together 4, 4, 1, so 4 : 1 : 1."""
    notes = []
    said = [*pairs("one", [2, 4, 2]), *pairs("two", [8, 4, 1 / 2])]
    found = judged_weights(load_scorecard("minimal"), said, notes)
    assert list(found) == ["index"]
    assert [found["index"][d] for d in DIMENSIONS] == pytest.approx([4 / 6, 1 / 6, 1 / 6])
    assert notes == []


def test_an_expert_with_contradicting_judgements_is_named():
    notes = []
    judged_weights(load_scorecard("minimal"), pairs("mild", [2, 1, 2]), notes)
    assert [(n.name, n.where) for n in notes] == [("inconsistent_judgements", "index, expert mild")]
    with pytest.raises(InputError, match=r"expert wild: judgements contradict.*ask again"):
        judged_weights(load_scorecard("minimal"), pairs("wild", [9, 1 / 9, 9]), notes)


def test_every_fault_of_judgements_at_once():
    a, b, _ = DIMENSIONS
    said = [
        Judgement("", "product_qualty", a, 2),
        Judgement("", a, a, 1),
        Judgement("", a, "complaint_rate", 2),
        Judgement("", a, b, 12),
        Judgement("", a, b, 2),
        Judgement("", b, a, 2),
    ]
    with pytest.raises(InputError) as error:
        judged_weights(load_scorecard("minimal"), said, [])
    text = str(error.value)
    for part in [
        "did you mean product_quality?",
        "compares product_quality with itself",
        "different nodes, index and after_sales",
        "between 1/9 and 9. Got 12",
        "was judged before",
        "index: 2 pairs are not judged",
    ]:
        assert part in text
    with pytest.raises(InputError, match="there are no judgements"):
        judged_weights(load_scorecard("minimal"), [], [])


def nested():
    signal = {"stage": "s", "score": True, "poor": 0, "good": 1, "prior": 0.5}
    return parse_scorecard(
        {
            "name": "nested",
            "version": "1",
            "effective_from": "2026-01-01",
            "dimensions": {
                "a": {"weight": 3},
                "b": {"weight": 1},
                "inner": {"weight": 2, "parent": "a"},
            },
            "signals": {
                "a": {"x": {**signal, "weight": 1}},
                "b": {"y": {**signal, "weight": 5}},
                "inner": {"z": {**signal, "weight": 1}, "w": {**signal, "weight": 3}},
            },
        }
    )


def test_shares_of_a_deep_tree_and_back():
    """a has 3/4: x a third of it, inner two thirds, of which z a quarter."""
    card = nested()
    found = dict(zip([s.id for s in card.signals], shares(card), strict=True))
    assert found == pytest.approx({"x": 0.25, "y": 0.25, "z": 0.125, "w": 0.375})
    new = np.array([0.1, 0.2, 0.3, 0.4])
    dimensions, signals = tree_weights(card, new)
    file = card.file.model_dump(mode="json", exclude_defaults=True)
    for name, weight in dimensions.items():
        file["dimensions"][name]["weight"] = weight
    for signal in card.signals:
        file["signals"][signal.dimension][signal.id]["weight"] = signals[signal.id]
    assert shares(parse_scorecard(file)) == pytest.approx(new, abs=1e-3)
    assert dimensions["a"] + dimensions["b"] == pytest.approx(4)  # what they added up to before


def test_filled_utilities_add_up_to_the_index():
    """Some merchants have no live rooms, and nobody a category: the sum must be the kernel's."""
    card = load_scorecard("default")
    block = {
        name: column
        for name, column in simulate_export(300, seed=5).items()
        if name not in ("category", "shop_type")
    }
    found = utilities(block, card)
    weights = shares(card)
    assert not found.applies[weights > 0].all()
    u = fill_not_applicable(card, found.utility, found.applies, weights)
    assert 100 * weights @ u == pytest.approx(score_columns(block, card).raw_index, abs=1e-9)


# Random index -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [15, 16, 17, 24])
def test_the_random_index_is_the_mean_of_random_matrices(size):
    rng = np.random.default_rng(size)
    scale = np.r_[1 / np.arange(9.0, 1.0, -1.0), np.arange(1.0, 10.0)]
    drawn = []
    for _ in range(200):
        matrix = np.ones((size, size))
        upper = np.triu_indices(size, 1)
        matrix[upper] = rng.choice(scale, len(upper[0]))
        matrix.T[upper] = 1 / matrix[upper]
        drawn.append((np.linalg.eigvals(matrix).real.max() - size) / (size - 1))
    assert random_index(size) == pytest.approx(np.mean(drawn), abs=0.02)


def test_the_random_index_rises_without_a_step():
    found = [random_index(size) for size in range(3, 60)]
    assert (np.diff(found) > 0).all()
    assert np.diff(found[8:]).max() < 0.04


# What does not vary -------------------------------------------------------------------------------


def spread_block(rows=300, seed=4):
    return simulate_export(rows, seed=seed, scorecard="minimal")


def later(block, seed=0):
    rng = np.random.default_rng(seed)
    rate = np.nan_to_num(block["negative_reviews"] / np.maximum(block["reviews_rated"], 1))
    n = np.full(len(rate), 40.0)
    return Labelled(block, n, rng.binomial(40, np.clip(0.02 + 3 * rate, 0, 0.9)).astype(float))


WAYS = ["entropy", "critic", "pca", "learned", "pymcdm:standard_deviation", "pymcdm:merec"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("how", ["all zero", "one value", "unknown", "beyond its anchors"])
def test_a_signal_that_does_not_vary_keeps_its_share_and_is_named(way, how):
    if way.startswith("pymcdm"):
        pytest.importorskip("pymcdm")
    block = spread_block()
    name = "complaint_rate"
    if how == "all zero":  # shrunk, these still differ: by volume
        block["complaints"] = np.zeros(300)
    elif how == "one value":
        block["complaints"], block["orders_paid"] = np.full(300, 3.0), np.full(300, 50.0)
    elif how == "unknown":
        block["complaints"] = np.full(300, np.nan)
    else:
        name = "product_rating_mean"
        block["product_rating_mean"] = np.linspace(1, 1.5, 300)
        block["reviews_rated"] = np.full(300, 1e9)
    card = load_scorecard("minimal")
    found = fit_scorecard(
        block, card, weights=way, labelled=later(block) if way == "learned" else None
    )
    at = [signal.id for signal in card.signals].index(name)
    assert shares(found.scorecard)[at] == pytest.approx(shares(card)[at], abs=2e-3)
    assert name in [note.where for note in found.notes if note.name == "constant_utility"]


def test_columns_that_were_not_collected_keep_their_share():
    """What does not apply stands at the mean of its neighbours, which varies: by no merit of it."""
    block = spread_block()
    del block["product_rating_mean"]
    card = load_scorecard("minimal")
    missing = frozenset({"product_rating_mean"})
    found = fit_scorecard(block, card, weights="critic", missing=missing)
    at = [signal.id for signal in card.signals].index("product_rating_mean")
    assert shares(found.scorecard)[at] == pytest.approx(shares(card)[at], abs=2e-3)


@pytest.mark.parametrize("way", ["entropy", "critic", "pca", "learned"])
def test_where_nothing_varies_the_weights_stay(way):
    block = {name: column[np.zeros(40, int)] for name, column in spread_block().items()}
    card = load_scorecard("minimal")
    given = Labelled(block, np.full(40, 9.0), np.arange(40) % 2 * 1.0)
    found = fit_scorecard(block, card, weights=way, labelled=given if way == "learned" else None)
    assert shares(found.scorecard) == pytest.approx(shares(card), abs=2e-3)


def test_equal_weights_name_what_does_not_vary():
    block = spread_block()
    block["complaints"] = np.zeros(300)
    found = fit_scorecard(block, "minimal", weights="equal")
    assert shares(found.scorecard) == pytest.approx(0.2, abs=1e-3)
    named = {note.where for note in found.notes if note.name == "constant_utility"}
    assert "complaint_rate" in named


def test_a_signal_of_the_wrong_sign_gets_a_note():
    block = spread_block(2000)
    rng = np.random.default_rng(1)
    u = utilities(block, load_scorecard("minimal")).utility
    eta = -1.5 - 4 * u[0] + 3 * u[1]
    n = np.full(2000, 40.0)
    events = rng.binomial(40, 1 / (1 + np.exp(-eta))).astype(float)
    found = fit_scorecard(block, "minimal", labelled=Labelled(block, n, events))
    card = load_scorecard("minimal")
    assert {note.where for note in found.notes if note.name == "wrong_sign"} >= {card.signals[1].id}
    assert shares(found.scorecard)[1] < 1e-3
    assert card.signals[0].id not in [n.where for n in found.notes if n.name == "wrong_sign"]


# pymcdm -------------------------------------------------------------------------------------------


def test_every_weighting_of_pymcdm_is_reached():
    library = pytest.importorskip("pymcdm.weights", exc_type=ImportError)
    rng = np.random.default_rng(2)
    u = 0.05 + 0.9 * rng.random((40, 5))
    assert {"merec", "entropy", "gini", "cilos"} <= set(names())
    for name in names():
        found = weights_of(f"pymcdm:{name}", u)
        assert found.sum() == pytest.approx(1) and (found >= 0).all()
        if name != "merec":
            theirs = getattr(library, f"{name}_weights")(u, np.ones(5))
            assert found == pytest.approx(theirs / theirs.sum())


def test_merec_takes_utilities_of_nothing():
    """Its logarithm of 0 is no weight: it sees .1 + .9 u."""
    library = pytest.importorskip("pymcdm.weights", exc_type=ImportError)
    u = np.array([[0.0, 1.0, 0.4], [1.0, 0.0, 0.5], [0.5, 0.2, 0.9]])
    theirs = library.merec_weights(0.1 + 0.9 * u, np.ones(3))
    assert weights_of("pymcdm:merec", u) == pytest.approx(theirs)


def test_an_unknown_weighting_is_named_with_those_there_are():
    pytest.importorskip("pymcdm")
    with pytest.raises(InputError, match=r"no weighting merek, did you mean merec\?"):
        weights_of("pymcdm:merek", np.random.default_rng(0).random((9, 3)))
    with pytest.raises(InputError, match=r"one of expert, .*, learned or pymcdm:NAME"):
        fit_scorecard(spread_block(50), "minimal", weights="luck")


def test_a_weighting_without_an_answer_is_an_error_and_no_nan():
    pytest.importorskip("pymcdm")
    with pytest.raises(InputError, match="have no answer for these merchants"):
        weights_of("pymcdm:critic", np.column_stack([np.arange(5.0) / 5, np.full(5, 0.5)]))


def test_without_pymcdm_the_way_out_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pymcdm", None)
    with pytest.raises(InputError, match="need the Python package pymcdm, which is not installed"):
        weights_of("pymcdm:merec", np.zeros((3, 2)))
