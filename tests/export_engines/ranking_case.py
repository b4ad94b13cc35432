"""Candidates to rank with exported boosts, and the order that Python gives them."""

import datetime as dt

import numpy as np
import pytest

from trustscore.boost import Lists, TrustTable, rerank_lists

MISSING = "nobody knows them"
# Forms of a policy; each day of scores below is long over or far ahead for every database.
FORMS = {
    "multiplicative": {"validity": {"days": 14}},
    "additive": {"form": "additive", "validity": {"days": 14}},
    "vetoes_expire": {"validity": {"days": 14, "keep_vetoes": False}},
}
DAYS = {"valid": dt.date(2999, 1, 1), "expired": dt.date(2000, 1, 1)}
TODAY = dt.date(2026, 6, 30)


def scores_of(ids, seed=3):
    """Scores of some merchants: known and unknown, with every veto."""
    draw, count = np.random.default_rng(seed), len(ids)
    coverage = np.where(draw.random(count) < 0.1, 0.0, draw.random(count))
    index = draw.uniform(0, 100, count)
    index[coverage == 0] = 71.0
    words = np.array(["", "", "", "", "cap", "floor", "block"], dtype=object)
    return {
        "merchant_id": np.array(ids, dtype=object),
        "trust_index": index,
        "index_se": draw.uniform(0, 8, count),
        "prior_index": np.full(count, 71.0),
        "coverage": coverage,
        "veto": draw.choice(words, count),
        "tier": draw.choice(np.array(["", "standard", 'it\'s "top"'], dtype=object), count),
    }


def candidates_of(scores, count=600):
    """Lists of items of these merchants and of one nobody knows."""
    draw = np.random.default_rng(5)
    merchants = [*scores["merchant_id"].tolist(), MISSING]
    return {
        "query_id": [f"q{at}" for at in draw.integers(0, 12, count)],
        "item_id": [f"i{at:04d}" for at in draw.permutation(count)],
        "merchant_id": [merchants[at] for at in draw.integers(0, len(merchants), count)],
        # Coarse, so that there are ties to break.
        "relevance": np.round(draw.uniform(0.01, 1, count), 1) + 0.1,
    }


def ranked_in_python(scores, candidates, policy, scored_on):
    """What the library says of the candidates on a day between the two of `DAYS`."""
    table = TrustTable.build(scores, policy, scored_on)
    names = ("query_id", "relevance", "merchant_id", "item_id")
    lists = Lists.from_columns(*(candidates[name] for name in names))
    return rerank_lists(lists, table, policy, today=TODAY)


def assert_ranked_like_python(found, scores, candidates, policy, scored_on):
    """Compare rows of ranking.sql, as mappings, with the library."""
    expected = ranked_in_python(scores, candidates, policy, scored_on)
    at = {item: row for row, item in enumerate(candidates["item_id"])}
    assert len(found) == int((expected.final_rank > 0).sum())
    for row in found:
        place = at[row["item_id"]]
        boost, score = float(row["trust_boost"]), float(row["final_score"])
        assert boost == pytest.approx(expected.trust_boost[place], rel=1e-12)
        assert score == pytest.approx(expected.final_score[place], rel=1e-12)
        assert int(row["base_rank"]) == expected.base_rank[place]
        assert int(row["final_rank"]) == expected.final_rank[place]
