"""Every status means the same to everybody: scores, SQL, manifests, boosts, rights, texts."""

import datetime as dt

import numpy as np
import pytest

from tests.export.sql_engines import duck
from trustscore import words
from trustscore.batch.manifest import Tally
from trustscore.boost import BoostPolicy, boost_table
from trustscore.errors import InputError, PolicyError
from trustscore.export import export_sql
from trustscore.rights.files.reviews import rights_files
from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.statuses import STATUS_WORDS, Status
from trustscore.scoring import score_columns

CARD = {
    "name": "one",
    "version": "1",
    "effective_from": "2026-01-01",
    "dimensions": {"d": {"weight": 1}},
    "signals": {
        "d": {
            "s": {"stage": "use", "rate": ["bad", "all"], "poor": 0.5, "good": 0, "prior": 0.1}
            | {"strength": 10, "weight": 1}
        }
    },
    "status": {"new": {"column": "orders", "below": 5}, "low_evidence": {"coverage": 0.5}},
}
# One merchant of each status, in the order of the codes.
BLOCK = {
    "bad": np.array([np.nan, 1.0, 1.0, 1.0]),
    "all": np.array([np.nan, 90.0, 5.0, 90.0]),
    "orders": np.array([90.0, 4.0, 90.0, 90.0]),
}


def test_codes_rise_with_the_evidence():
    assert STATUS_WORDS == ("not_scored", "new", "low_evidence", "formal")
    assert [Status.of(word) for word in STATUS_WORDS] == list(Status)
    assert [int(status) for status in Status] == [0, 1, 2, 3]
    with pytest.raises(KeyError):
        Status.of("formall")


def test_python_and_sql_give_each():
    card = parse_scorecard(CARD)
    scores = score_columns(BLOCK, card)
    assert scores.status_code.tolist() == list(Status)
    assert scores.status.tolist() == list(STATUS_WORDS)
    rows = BLOCK | {"merchant_id": np.array([*"abcd"], dtype=object)}
    assert duck(export_sql(card, side=()), rows)["status"] == list(STATUS_WORDS)


def test_a_manifest_counts_each_from_formal_down():
    card = parse_scorecard(CARD)
    tally = Tally()
    tally.score(score_columns(BLOCK, card))
    assert list(tally.as_dict(card)["status"]) == list(STATUS_WORDS[::-1])


@pytest.mark.parametrize("status", Status)
def test_a_policy_may_lift_each(status):
    policy = BoostPolicy.parse({"exploration": {"share": 0.1, "statuses": [status.word]}})
    rows = len(Status)
    scores = {
        "merchant_id": list(STATUS_WORDS),
        "trust_index": np.full(rows, 71.0),
        "index_se": np.full(rows, 3.0),
        "prior_index": np.full(rows, 71.0),
        "coverage": np.full(rows, 0.1),
        "status": list(STATUS_WORDS),
    }
    assert np.flatnonzero(boost_table(scores, policy)["newcomer"]).tolist() == [status]


def review(folder, word):
    scores, last = folder / "scores.csv", folder / "last.csv"
    scores.write_text(
        f"merchant_id,trust_index,index_se,coverage,status,veto\nm,91,2,0.9,{word},\n"
    )
    last.write_text("merchant_id,tier\nm,standard\n")
    day = dt.date(2026, 1, 31)
    return rights_files(scores, folder / "rights.csv", previous=last, as_of=day)


@pytest.mark.parametrize("status", Status)
def test_a_review_raises_the_formal_only(status, tmp_path):
    assert review(tmp_path, status.word).raised == (status is Status.FORMAL)


@pytest.mark.parametrize("word", STATUS_WORDS)
@pytest.mark.parametrize("lang", words.LANGUAGES)
def test_a_statement_has_words_for_it(word, lang):
    assert words.text(word, lang)


def test_unknown_statuses_are_errors():
    with pytest.raises(PolicyError, match="Got 'newish', did you mean new"):
        BoostPolicy.parse({"exploration": {"statuses": ["newish"]}})


def test_a_review_of_an_unknown_status_is_an_error(tmp_path):
    with pytest.raises(InputError, match="Got 'formall'"):
        review(tmp_path, "formall")
