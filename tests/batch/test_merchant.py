"""One merchant as a dict: the same score and the same checks as in a frame."""

import dataclasses
import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from trustscore import load_scorecard, score_frame, score_merchant, simulate_export
from trustscore.errors import InputError
from trustscore.scorecard.output_columns import columns_of
from trustscore.scoring import score_columns
from trustscore.scoring.score import NUMBERS


def dicts(export):
    """Rows of an export as services hold them: None for what is unknown."""
    names = list(export)
    for row in zip(*(np.asarray(export[name]).tolist() for name in names), strict=True):
        yield {n: None if v != v else v for n, v in zip(names, row, strict=True)}


def as_cells(score):
    """The score of a merchant as the row of a table, every column that it has."""
    cells = {field.name: getattr(score, field.name) for field in dataclasses.fields(score)}
    cells |= cells.pop("dimensions")
    cells["rules"] = ";".join(score.rules)
    cells["reasons"] = ";".join(f"{signal}:-{points:.1f}" for signal, points in score.reasons)
    return cells


def same(one, other):
    """Whether two cells are equal; NaN equals NaN."""
    return one == other or (one != one and other != other)


@pytest.mark.parametrize("name", ["default", "minimal"])
def test_a_dict_scores_as_its_row_in_a_frame(name):
    card = load_scorecard(name)
    export = simulate_export(60, seed=5, scorecard=name)
    frame = score_frame(export, card)
    for merchant, row in zip(dicts(export), frame.to_dict("records"), strict=True):
        cells = as_cells(score_merchant(merchant, card))
        for column in columns_of(dimension.id for dimension in card.dimensions):
            if column.name != "merchant_id" and not column.by_policy:
                assert same(cells[column.name], row[column.name]), column.name


def test_numbers_that_are_no_columns_are_those_of_a_block():
    card = load_scorecard("default")
    export = simulate_export(60, seed=5)
    scores = score_columns(export, card)
    for row, merchant in enumerate(dicts(export)):
        score = score_merchant(merchant, card)
        for name in NUMBERS:
            assert same(getattr(score, name), getattr(scores, name)[row]), name


def test_the_tier_held_counts_as_in_a_frame():
    card = load_scorecard("default")
    export = dict(simulate_export(200, seed=6))
    tiers = [tier.id for tier in card.tiers.ladder]
    rng = np.random.default_rng(1)
    export["previous_tier"] = np.array(tiers, dtype=object)[rng.integers(0, len(tiers), 200)]
    export["tier_since"] = np.array(["2026-05-01", "2026-05-30"], dtype=object)[
        rng.integers(0, 2, 200)
    ]
    day = dt.date(2026, 6, 1)
    frame = score_frame(export, card, as_of=day)
    found = [score_merchant(merchant, card, as_of=day).tier for merchant in dicts(export)]
    assert found == frame["tier"].tolist()


def test_all_faults_are_named_at_once():
    card = load_scorecard("minimal")
    good = {field.name: None for field in card.fields}
    names = list(good)
    bad = dict(good)
    del bad[names[0]]
    bad[names[1]] = "many"
    with pytest.raises(InputError) as error:
        score_merchant(bad, card)
    text = str(error.value)
    assert f"{names[0]}: is missing" in text
    assert f"{names[1]}: must be a number or None. Got 'many'" in text


def test_a_figure_that_cannot_be_is_refused():
    card = load_scorecard("minimal")
    (part, whole), *_ = card.pairs
    merchant = {field.name: None for field in card.fields} | {part: 3, whole: 2}
    with pytest.raises(InputError, match=f"{part}: more than its whole, {whole} = 2. Got 3"):
        score_merchant(merchant, card)
    with pytest.raises(InputError, match="cannot be negative"):
        score_merchant(merchant | {part: -1}, card)


@pytest.mark.parametrize(
    "value", [10**400, -(10**400), 1 + 2j, np.complex128(1), [1], "1", b"1", True]
)
def test_what_is_no_number_is_named(value):
    card = load_scorecard("minimal")
    merchant = {field.name: None for field in card.fields}
    name = next(field.name for field in card.fields if field.check != "flag")
    with pytest.raises(InputError, match=f"{name}: must be a number or None"):
        score_merchant(merchant | {name: value}, card)


def test_what_is_no_count_of_reviews_is_named():
    card = load_scorecard("minimal")
    merchant = {field.name: None for field in card.fields} | {"reviews_below": "many"}
    with pytest.raises(InputError, match="reviews_below: must be a number or None"):
        score_merchant(merchant, card)


def test_missing_columns_do_not_apply():
    card = load_scorecard("minimal")
    absent = frozenset(card.signals[0].columns)
    kept = {field.name: None for field in card.fields if field.name not in absent}
    assert score_merchant(kept, card, missing=absent).status == "not_scored"


def test_threads_share_nothing():
    card = load_scorecard("minimal")
    merchants = list(dicts(simulate_export(300, seed=7, scorecard="minimal")))
    alone = [score_merchant(merchant, card).raw_index for merchant in merchants]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda m: score_merchant(m, card).raw_index, merchants))
    assert together == alone


@pytest.mark.parametrize("given", [[1], "m1", None, 3])
def test_what_is_no_mapping_is_no_merchant(given):
    with pytest.raises(InputError, match="must be a mapping"):
        score_merchant(given, "minimal")


def test_a_whole_number_that_python_does_not_spell_out_is_a_fault():
    merchant = {field.name: None for field in load_scorecard("minimal").fields}
    with pytest.raises(InputError, match=r"orders_paid: must be a number or None. Got 1.00E\+5000"):
        score_merchant(merchant | {"orders_paid": 10**5000}, "minimal")
