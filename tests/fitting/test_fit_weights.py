"""Weights by spread and by judgement: cases from paper, and other people's programs."""

import numpy as np
import pytest

from trustscore.errors import InputError
from trustscore.fitting.ahp import Judgement, ahp, judged_weights
from trustscore.fitting.shares import fill, shares, tree_weights
from trustscore.fitting.weights import correlations, critic, entropy, look, pca
from trustscore.scorecard import load_scorecard, parse_scorecard
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


def test_constant_and_collinear_signals_are_named():
    a = np.linspace(0, 1, 30)
    u = np.column_stack([a, 1 - a, np.full(30, 0.3), a**9])
    assert [(n.name, n.where) for n in look(u, list("abcd"))] == [
        ("constant_utility", "c"),
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


def test_an_expert_who_contradicts_himself_is_named():
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
    u = fill(card, found.utility, found.applies, weights)
    assert 100 * weights @ u == pytest.approx(score_columns(block, card).raw_index, abs=1e-9)
