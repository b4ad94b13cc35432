"""The constants of the interval, recovered from halves of orders whose truth is known."""

import numpy as np
import pytest

from trustscore.errors import InputError
from trustscore.fitting import fit_scorecard
from trustscore.fitting.halves import UntoldError, fit_interval
from trustscore.scorecard import parse_scorecard

SD, TAU = 1.0, 0.25
TRUE_STRENGTH = (SD / TAU) ** 2
NAMES = ("a", "b", "c")


def card(strength=TRUE_STRENGTH):
    return parse_scorecard(
        {
            "name": "halves",
            "version": "1",
            "effective_from": "2026-01-01",
            "dimensions": {"d": {"weight": 1}},
            "signals": {
                "d": {
                    name: {
                        "stage": "s", "mean": [name, "orders"], "poor": 3, "good": 5, "weight": 1,
                        "prior": 4, "strength": strength, "sd": SD,
                    }
                    for name in NAMES
                }
            },
        }
    )  # fmt: skip


def correlated(rng, rows, rho):
    common = rng.normal(size=rows)
    return [np.sqrt(rho) * common + np.sqrt(1 - rho) * rng.normal(size=rows) for _ in NAMES]


def halves(rho, rho_evidence, rows=6000, seed=0):
    rng = np.random.default_rng(seed)
    truth = correlated(rng, rows, rho)
    orders = np.floor(np.exp(rng.uniform(1, 5, rows)))
    both = []
    for _ in range(2):
        chance = correlated(rng, rows, rho_evidence)
        block = {"orders": orders}
        for name, t, e in zip(NAMES, truth, chance, strict=True):
            block[name] = 4 + TAU * t + SD * e / np.sqrt(orders)
        both.append(block)
    return both


@pytest.mark.parametrize(("rho", "rho_evidence"), [(0.25, 0.1), (0.6, 0.0), (0.0, 0.4)])
def test_the_correlations_of_a_made_up_market_are_recovered(rho, rho_evidence):
    found = fit_interval(*halves(rho, rho_evidence), card())
    assert found.rho == pytest.approx(rho, abs=0.05)
    assert found.rho_evidence == pytest.approx(rho_evidence, abs=0.03)
    assert (found.merchants, found.pairs) == (6000, 3)


def test_truth_follows_the_index_when_the_prior_is_right():
    found = fit_interval(*halves(0.25, 0.1), card())
    assert found.slope == pytest.approx(1.0, abs=0.03)
    assert found.strength_scale == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("wrong", [0.4, 2.5])
def test_the_scale_puts_wrong_strengths_right(wrong):
    found = fit_interval(*halves(0.25, 0.1), card(TRUE_STRENGTH * wrong))
    assert (found.slope < 1) == (wrong < 1)
    assert found.strength_scale * wrong == pytest.approx(1.0, abs=0.12)


def test_a_signal_where_less_is_better_counts_with_its_sign():
    """Good merchants are low in c: its truth goes with the others all the same."""
    one, other = halves(0.5, 0.2)
    file = card().file.model_dump(mode="json", exclude_defaults=True)
    file["signals"]["d"]["c"] |= {"poor": 5, "good": 3}
    for block in (one, other):
        block["c"] = 8 - block["c"]
    found = fit_interval(one, other, parse_scorecard(file))
    assert found.rho == pytest.approx(0.5, abs=0.05)
    assert found.rho_evidence == pytest.approx(0.2, abs=0.03)


def test_halves_that_say_nothing_leave_the_constants_and_a_note():
    one, other = halves(0.25, 0.1, rows=20)
    with pytest.raises(UntoldError, match="halves: fewer than two signals"):
        fit_interval(one, other, card())
    found = fit_scorecard(one, card(), halves=(one, other), strength_scale=True)
    assert found.scorecard.file.index == card().file.index
    assert [note.name for note in found.notes] == ["interval_untold"]


def test_the_same_file_twice_is_an_error():
    """Its differences are none, and its agreement is of chance as well."""
    one, _ = halves(0.25, 0.1)
    with pytest.raises(InputError, match="both have the same figures for every merchant"):
        fit_interval(one, dict(one), card())


def test_a_correlation_at_its_end_is_named():
    pair = halves(0.6, 0.0)
    pair[1]["b"] = 8 - pair[1]["b"]
    pair[0]["b"] = 8 - pair[0]["b"]
    pair[1]["c"] = 8 - pair[1]["c"]
    pair[0]["c"] = 8 - pair[0]["c"]
    found = fit_scorecard(pair[0], card(), halves=tuple(pair))
    assert found.scorecard.file.index.rho == 0
    assert "rho is 0, an end of its range" in str(found.notes)


def test_a_scale_beyond_its_range_stays_and_is_named():
    pair = halves(0.25, 0.1)
    found = fit_scorecard(
        pair[0], card(TRUE_STRENGTH * 200), halves=tuple(pair), strength_scale=True
    )
    assert found.scorecard.file.index.strength_scale == 1
    assert "strength_scale_untold" in [note.name for note in found.notes]
