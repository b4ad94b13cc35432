"""Reviews and reviewers unlike all others: for people to look at, never to count by themselves."""

from __future__ import annotations

import numpy as np

from trustscore.detect.copies import make_copies
from trustscore.detect.dense import dense_blocks
from trustscore.detect.findings import Cut, Finding, Found, Logs
from trustscore.detect.reviewers.signs import combine, rarity, review_signs, reviewer_signs
from trustscore.detect.room import DAY, Room
from trustscore.detect.settings import DetectSettings
from trustscore.typing import Array, FloatArray

__all__ = ["find_false_reviews"]

_TOPIC = "false_review"
_NEEDS = {
    "stars_apart": "stars",
    "extreme_stars": "stars",
    "reviewer_apart": "stars",
    "same_stars": "stars",
    "copied_words": "text_hash",
    "single_review": "buyer_id",
    "many_in_a_day": "buyer_id",
    "short_life": "buyer_id",
    "same_merchants": "buyer_id",
    "dense_block": "buyer_id",
}


def find_false_reviews(logs: Logs, settings: DetectSettings, cut: Cut) -> Found:
    """Return reviews that are unlike others in several ways, by themselves or by their reviewer.

    Parameters
    ----------
    logs : Logs
    settings : DetectSettings
    cut : Cut
    """
    spec, dense = settings.reviewers, settings.brushing.dense
    start = cut.back(spec.days)
    with Room(logs, cut) as room:
        make_copies(room, "reviewers_copies", settings.reviews, logs)
        # One review may stand on several orders of a merchant: it is one.
        room.make(
            "reviewers_written",
            "SELECT merchant_id, review_id, min(buyer_id) AS buyer_id, avg(stars) / 1e6 AS stars,"
            f" min(created_at_local) // {DAY} AS day FROM reviews"
            f" WHERE created_at >= {start} AND NOT COALESCE(is_default, FALSE)"
            " AND follows IS NULL GROUP BY merchant_id, review_id",
        )
        columns = logs.columns(
            "SELECT w.merchant_id, w.review_id, w.day, COALESCE(w.stars, 'nan'::DOUBLE) AS stars,"
            " dense_rank() OVER (ORDER BY w.merchant_id) - 1 AS merchant,"
            " CASE WHEN w.buyer_id IS NULL THEN -1"
            " ELSE dense_rank() OVER (ORDER BY w.buyer_id) - 1 END AS reviewer,"
            " EXISTS (SELECT 1 FROM reviewers_copies AS c WHERE c.merchant_id = w.merchant_id"
            " AND c.review_id = w.review_id) AS copied"
            " FROM reviewers_written AS w ORDER BY w.merchant_id, w.review_id"
        )
        [(texts,)] = room.rows("SELECT count(*) FROM reviewers_copies_texts")
    stars = np.asarray(columns["stars"], dtype=float)
    merchant, day = (columns[name].astype(np.int64) for name in ("merchant", "day"))
    signs = review_signs(merchant, day, stars, columns["copied"].astype(bool), bool(texts))
    known = columns["reviewer"] >= 0
    # Who has no id is nobody: each of their reviews is judged by itself.
    numbers, whose = np.unique(columns["reviewer"][known], return_inverse=True)
    blocks = dense_blocks(
        whose,
        merchant[known],
        constant=dense.constant,
        most=dense.blocks,
        graphs=dense.graphs,
        margin=dense.margin,
        lift=dense.lift,
        share=dense.share,
    )
    within = np.zeros(len(whose), dtype=bool)
    for block, _ in blocks:
        within |= np.isin(whose, block.people) & np.isin(merchant[known], block.things)
    of_people = reviewer_signs(
        whose,
        merchant[known],
        day[known],
        stars[known],
        signs["stars_apart"][known],
        within,
        spec.short_days,
    )
    rare = {name: rarity(values) for name, values in signs.items()}
    of_reviewer = {name: rarity(values) for name, values in of_people.items()}
    for name, values in of_reviewer.items():
        rare[name] = np.full(len(stars), np.nan)
        rare[name][known] = values[whose]
    score = combine(rare, len(stars))
    person = combine(of_reviewer, len(numbers))
    persons = np.full(len(stars), np.nan)
    persons[known] = person[whose]
    skipped = {
        name: f"reviews.{need}"
        for name, need in _NEEDS.items()
        if name not in rare or np.isnan(rare[name]).all()
    }
    keys = list(zip(columns["merchant_id"].tolist(), columns["review_id"].tolist(), strict=True))
    findings = [
        _finding(keys[int(at)], int(at), score, persons, rare, spec.rare)
        for at in np.flatnonzero(_suspected(score, rare, spec.report, spec.rare, spec.rare_signs))
    ]
    facts = {
        "reviews_judged": len(stars),
        "reviewers_judged": len(numbers),
        "reviews_of_nobody": int((~known).sum()),
        "dense_blocks": [
            {"reviewers": len(b.people), "merchants": len(b.things), "density": round(b.density, 4)}
            for b, _ in blocks
        ],
        "signs_not_read": skipped,
    }
    warnings = []
    if not len(stars):
        warnings.append(f"reviewers: no review of the {spec.days} days before the findings")
    elif skipped:
        told = ", ".join(sorted(skipped))
        warnings.append(
            f"reviewers: signs that no column tells, as it is not there or blank: {told}"
        )
    return Found(
        findings,
        facts,
        warnings,
        since=start,
        ranks={_TOPIC: (keys, score, columns["reviewer"])},
    )


def _suspected(
    score: FloatArray, rare: dict[str, FloatArray], report: float, share: float, signs: int
) -> Array:
    if report <= 0:
        return np.ones(len(score), dtype=bool)
    count = sum((values <= share).astype(int) for values in rare.values())
    suspected: Array = (score >= report) & (count >= signs)
    return suspected


def _finding(
    key: tuple[str, str],
    at: int,
    score: FloatArray,
    persons: FloatArray,
    rare: dict[str, FloatArray],
    share: float,
) -> Finding:
    said = sorted((float(v[at]), name) for name, v in rare.items() if v[at] <= share)
    words = [f"{name}({value:.4f})" for value, name in said]
    if not np.isnan(persons[at]):
        words.append(f"reviewer:{persons[at]:.3f}")
    return Finding(key[0], "review", key[1], _TOPIC, float(score[at]), " ".join(words))
