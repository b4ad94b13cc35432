"""The scoring arithmetic against the second opinion in `reference.py`, on random scorecards."""

import math
import random
import tomllib
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.scoring.cards import minimal
from tests.scoring.random_cards import Case, random_case
from tests.scoring.random_rows import block_of, random_rows
from tests.scoring.reference import score as reference_score
from tests.scoring.test_by_hand import MERCHANT
from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.presets import preset_folder
from trustscore.scoring import score_columns
from trustscore.scoring.score import NUMBERS

NEAR = 1e-9  # a decision this near to its line hangs on the last bits
TOLERANCE = 1e-10
QUICK, THOROUGH = 250, 4000


def scores_of(case):
    # A duration of 0 whose better anchor is 0 has the logarithm -inf on its way to utility 0 or 1.
    with np.errstate(divide="ignore", invalid="ignore"):
        return score_columns(
            block_of(case.rows),
            parse_scorecard(case.card),
            "all",
            missing=case.missing,
            as_of=case.as_of,
        )


def near(ours, theirs, what, least=1.0, tolerance=TOLERANCE):
    """Assert equality to the tolerance, relative to `least` or what is larger."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    size = np.maximum(np.abs(np.nan_to_num(theirs)), least) if least else 1.0
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs), err_msg=what)
    off = np.nan_to_num(np.abs(ours - theirs)) / size
    assert off.max(initial=0.0) <= tolerance, f"{what}: off by {off.max()}"


def tolerance_of(card):
    """Return how equal results must be.

    A node without a floor reads utilities down to 1e-6, of which ten digits are left; by the
    power -1 its losses have no more.
    """
    nodes = [card.get("index", {}), *card["dimensions"].values()]
    return 100 * TOLERANCE if any(node.get("floor") == 0 for node in nodes) else TOLERANCE


def hangs_on_last_bits(case, score):
    """Whether status or tier compare a rounded number with a line that is next to it."""
    if score.coverage == 0:
        return False
    tiers = case.card.get("tiers", {})
    low = case.card.get("status", {}).get("low_evidence")
    distances = [score.coverage - low["coverage"]] if low else []
    for tier in tiers.get("ladder", [])[1:]:
        least, at = tier.get("coverage", 0.0), tier["at"]
        if score.index_se:
            distances.append(score.trust_index - tiers.get("z", 1.0) * score.index_se - at)
        distances += [score.coverage - least]
        distances += [score.coverage - (least - tiers.get("coverage_margin", 0.1))]
        # The ends of the scale and a cap are exact.
        if score.trust_index not in (0.0, 100.0, score.lowest_cap):
            distances += [score.trust_index - at]
            distances += [score.trust_index - (at - tiers.get("hysteresis", 3.0))]
    return any(abs(distance) < NEAR for distance in distances)


def compare(case):
    """Compare every output; return how many decisions were compared, and how many could not be."""
    ours = scores_of(case)
    check = partial(near, tolerance=tolerance_of(case.card))
    card = ours.scorecard
    theirs = [reference_score(case.card, row, case.missing, case.as_of) for row in case.rows]
    names = [signal.id for signal in card.signals]
    assert list(theirs[0].signals) == names

    for name in NUMBERS:
        check(getattr(ours, name), [getattr(score, name) for score in theirs], name, None)
    assert set(ours.dimensions) == set(case.card["dimensions"])
    for name, points in ours.dimensions.items():
        check(points, [score.dimensions[name] for score in theirs], name, None)

    applies = np.array([[part.weight > 0 for part in s.signals.values()] for s in theirs]).T
    np.testing.assert_array_equal(ours.applies, applies, err_msg="applies")
    for name, size in (("utility", None), ("reliability", None), ("value", 1.0)):
        table = np.array([[getattr(part, name) for part in s.signals.values()] for s in theirs]).T
        check(getattr(ours, name)[applies], table[applies], name, size)
    withheld = np.array([[part.withheld for part in s.signals.values()] for s in theirs]).T
    np.testing.assert_array_equal(ours.withheld[applies], withheld[applies], err_msg="withheld")
    alone = [[p.without_whole and p.weight > 0 for p in s.signals.values()] for s in theirs]
    np.testing.assert_array_equal(ours.without_whole, np.sum(alone, axis=0))
    points = np.array([list(score.points.values()) for score in theirs])
    for place, name in enumerate(("gained", "lost", "weight")):
        check(getattr(ours, name), points[:, :, place].T, name, None)

    for rule in card.rules:
        check(ours.adjustments[rule.id], [s.rules.get(rule.id, 0.0) for s in theirs], rule.id)
    for name in ("limit", "cap"):
        # After points per case without end, the line is as large as they are.
        check(ours.adjustments[name], [getattr(score, name) for score in theirs], name)
    for row, score in enumerate(theirs):
        # A hold at the very height of the index hangs on the last bits.
        level = {r.id for r in card.rules if r.above and abs(ours.adjustments[r.id][row]) < NEAR}
        fired = [name for name in ours.rules[row].split(";") if name]
        assert [name for name in fired if name not in level] == [
            name for name in score.rules if name not in level
        ]
    assert ours.veto.tolist() == [score.veto for score in theirs]

    open_rows = [hangs_on_last_bits(case, score) for score in theirs]
    for row, (score, is_open) in enumerate(zip(theirs, open_rows, strict=True)):
        compare_reasons(ours, row, score, names, check)
        if not is_open:
            assert ours.status[row] == score.status, row
            assert ours.tier[row] == score.tier, row
    return len(theirs), sum(open_rows)


def compare_reasons(ours, row, score, names, check):
    """Compare the largest losses; whose they are only where no other loss is as large."""
    lost = [points[1] for points in score.points.values()]
    given = ours.reason_points[:, row]
    expected = [points for _, points in score.reasons]
    check(given, expected + [0.0] * (3 - len(expected)), "reason_points", None)
    for place, (name, points) in enumerate(score.reasons):
        if points > NEAR and sum(abs(points - other) < NEAR for other in lost) == 1:
            assert names[ours.reason_signal[place, row]] == name, row


def compare_seeds(seeds, **options):
    results = []
    for seed in seeds:
        try:
            results.append(compare(random_case(seed, **options)))
        except AssertionError as error:
            raise AssertionError(f"random_case({seed}): {error}") from error
    compared, could_not = np.sum(results, axis=0)
    assert could_not < 0.02 * compared, "too few statuses and tiers were compared"


def test_the_reference_by_hand():
    # The merchant of test_by_hand: utilities .55, .7, .8, .625, 1, each with half of the evidence.
    score = reference_score(minimal(), MERCHANT)
    assert [part.utility for part in score.signals.values()] == pytest.approx(
        [0.55, 0.7, 0.8, 0.625, 1.0], abs=1e-12
    )
    assert score.trust_index == pytest.approx(50 * 0.625 + 40 * 0.7125 + 10, abs=1e-12)
    assert (score.coverage, score.prior_index) == pytest.approx((0.55, 62.0), abs=1e-12)
    gained, lost, weight = zip(*score.points.values(), strict=True)
    assert gained == pytest.approx([13.75, 17.5, 16.0, 12.5, 10.0], abs=1e-12)
    assert lost == pytest.approx([11.25, 7.5, 4.0, 7.5, 0.0], abs=1e-12)
    assert weight == pytest.approx([0.25, 0.25, 0.2, 0.2, 0.1], abs=1e-12)
    assert (score.status, score.tier, score.veto) == ("formal", "standard", "")


def test_the_reference_by_hand_at_power_zero():
    data = minimal(index={"power": 0, "floor": 0.1})
    score = reference_score(data, MERCHANT)
    v = [0.1 + 0.9 * u for u in (0.625, 0.7125, 1.0)]
    mean = v[0] ** 0.5 * v[1] ** 0.4 * v[2] ** 0.1
    index = 100 * (mean - 0.1) / 0.9
    assert score.raw_index == pytest.approx(index, abs=1e-12)
    points = list(score.points.values())
    assert sum(gained for gained, _, _ in points) == pytest.approx(index, abs=1e-12)
    assert sum(lost for _, lost, _ in points) == pytest.approx(100 - index, abs=1e-12)
    # Half of the weight is product quality, which lies at v = .6625.
    share = 0.5 * math.log(v[0] / 0.1) / math.log(mean / 0.1)
    assert points[0][0] + points[1][0] == pytest.approx(index * share, abs=1e-12)


def alike():
    """A merchant whose first two signals lose the same: each weighs 1/4 and has utility .5."""
    return MERCHANT | {"negative_reviews": 2.4, "product_rating_mean": 4.4}


def test_the_reference_names_the_earlier_of_two_equal_losses():
    data = minimal()
    for line in data["signals"]["product_quality"].values():
        line["strength"] = 20
    score = reference_score(data, alike())
    assert [name for name, _ in score.reasons[:2]] == list(score.signals)[:2]
    assert score.reasons[0][1] == score.reasons[1][1] == 12.5


def test_the_earlier_of_two_equal_losses_is_named_first():
    ours = scores_of(Case(minimal(), [alike()]))
    assert ours.reason_points[0, 0] == ours.reason_points[1, 0]
    assert ours.reason_signal[:2, 0].tolist() == [0, 1]


def test_random_scorecards():
    compare_seeds(range(QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_thousands_of_random_scorecards(part):
    compare_seeds(range(QUICK + part, QUICK + THOROUGH, 4), rows=20)


@pytest.mark.parametrize("name", ["default", "minimal", "olist"])
def test_presets(name):
    path = Path(preset_folder()) / f"{name}.toml"
    card = tomllib.loads(path.read_text(encoding="utf-8"))
    compared, could_not = compare(Case(card, random_rows(random.Random(7), card, 60)))
    assert could_not < 0.1 * compared
