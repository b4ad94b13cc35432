"""Published composite scores come out as their formulas say, from a scorecard alone."""

import math
import random

import numpy as np
import pytest

from tests.export.sql_engines import duck
from trustscore import score_merchant
from trustscore.export import export_sql
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns

# The Human Development Index ----------------------------------------------------------------------


def random_human_development(rng):
    return {
        "life_expectancy": rng.uniform(45, 90),
        "expected_schooling": rng.uniform(3, 22),
        "mean_schooling": rng.uniform(1, 15),
        "income_per_capita": math.exp(rng.uniform(6, 12)),
    }


def human_development(row):
    def between(x, low, high):
        return min(max((x - low) / (high - low), 0.0), 1.0)

    health = between(row["life_expectancy"], 20, 85)
    years = between(row["expected_schooling"], 0, 18), between(row["mean_schooling"], 0, 15)
    income = between(math.log(row["income_per_capita"]), math.log(100), math.log(75000))
    return 100 * (health * sum(years) / 2 * income) ** (1 / 3)


# Life expectancy, expected and mean years of schooling, income; and the index, of the year 2021.
COUNTRIES = {
    "Switzerland": (83.9872, 16.5003, 13.85966, 66933.00, 0.962),
    "Norway": (83.2339, 18.1852, 13.00363, 64660.11, 0.961),
    "Iceland": (82.6782, 19.1631, 13.76717, 55782.05, 0.959),
    "Niger": (61.5763, 6.9571, 2.116717, 1239.87, 0.400),
    "Chad": (52.5254, 8.0359, 2.573774, 1364.17, 0.394),
    "South Sudan": (54.9751, 5.5435, 5.726141, 767.79, 0.385),
}


@pytest.mark.parametrize("country", COUNTRIES)
def test_countries_have_their_published_index(country, repository):
    card = load_scorecard(repository / "examples/published/human_development.toml")
    *figures, index = COUNTRIES[country]
    row = dict(zip((field.name for field in card.inputs), figures, strict=True))
    assert round(score_merchant(row, card).raw_index / 100, 3) == index


# Lighthouse ---------------------------------------------------------------------------------------

# Median, tenth percentile and weight.
TIMINGS = {
    "first_contentful_paint_ms": (3000, 1800, 10),
    "speed_index_ms": (5800, 3387, 10),
    "largest_contentful_paint_ms": (4000, 2500, 25),
    "total_blocking_time_ms": (600, 200, 30),
    "cumulative_layout_shift": (0.25, 0.1, 25),
}


def random_page_speed(rng):
    return {
        name: rng.choice([0.0, p10, median, median * math.exp(rng.gauss(0, 1))])
        for name, (median, p10, _) in TIMINGS.items()
    }


def page_speed(row):
    total = 0.0
    for name, (median, p10, weight) in TIMINGS.items():
        score = 1.0
        if row[name] > 0:
            # One fifth is the complementary error function of .9062.
            place = math.log(row[name] / median) / math.log(median / p10) * 0.9061938024368232
            score = math.erfc(place) / 2
        total += weight * math.floor(score * 100 + 0.5) / 100
    return total


# Rob Pike's criticality ---------------------------------------------------------------------------

# Bound and weight.
BOUNDS = {
    "created_since": (120, 1),
    "updated_since": (120, 1),
    "contributor_count": (5000, 2),
    "org_count": (10, 1),
    "commit_frequency": (1000, 1),
    "recent_releases_count": (26, 0.5),
    "closed_issues_count": (5000, 0.5),
    "updated_issues_count": (5000, 0.5),
    "comment_frequency": (15, 1),
    "dependents_count": (500000, 2),
}


def random_criticality(rng):
    return {name: float(rng.randint(0, int(1.2 * bound))) for name, (bound, _) in BOUNDS.items()}


def criticality(row):
    total = 0.0
    for name, (bound, weight) in BOUNDS.items():
        value = bound - row[name] if name == "updated_since" else row[name]
        total += weight * math.log(1 + min(max(value, 0), bound)) / math.log(1 + bound)
    return 100 * total / sum(weight for _, weight in BOUNDS.values())


PUBLISHED = {
    "human_development": (human_development, random_human_development),
    "page_speed": (page_speed, random_page_speed),
    "criticality": (criticality, random_criticality),
}


# All of them --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_row_has_the_score_of_the_published_formula(name, repository):
    formula, draw = PUBLISHED[name]
    card = load_scorecard(repository / f"examples/published/{name}.toml")
    rng = random.Random(3)
    rows = [draw(rng) for _ in range(191)]
    assert {*rows[0]} == {field.name for field in card.inputs}
    wanted = [formula(row) for row in rows]
    block = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    scores = score_columns(block, card)
    np.testing.assert_allclose(scores.raw_index, wanted, rtol=0, atol=1e-9)
    ids = np.array([f"m{i:03}" for i in range(len(rows))], dtype=object)
    found = duck(export_sql(card, side=()), {"merchant_id": ids} | block)["trust_index"]
    np.testing.assert_allclose(np.array(found, dtype=float), wanted, rtol=0, atol=1e-9)
