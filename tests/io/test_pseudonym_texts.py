"""Pseudonyms of texts: stable, known again, and made as RFC 2104 says."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.errors import InputError
from trustscore.io.arrow import strings
from trustscore.io.logs.pepper import Pepper
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.scorecard.merchant_ids import canonical_id

KEY = b"0123456789abcdef" * 4
MINE = Pseudonyms(Pepper(KEY))


def test_a_pseudonym_is_made_of_two_hmacs():
    body = hmac.new(KEY, b"m1", hashlib.sha256).hexdigest()[:20]
    check = hmac.new(KEY, b"trustscore pseudonym " + body.encode(), hashlib.sha256).hexdigest()[:12]
    assert MINE.of("m1") == f"psn_{body}{check}"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_pseudonym_is_an_id_that_stays_as_it_is(text):
    made = MINE.of(text)
    assert MINE.of(made) == made
    assert canonical_id(made)[0] == made
    if made:
        assert canonical_id(made)[1:] == ("", "")
        assert made.startswith("psn_") and len(made) == 36 and made.isascii()


def test_spellings_of_one_id_have_one_pseudonym():
    assert MINE.of("1001.0") == MINE.of(" １００１ ") == MINE.of("1001")
    assert MINE.column(strings(["m1", "", "m2"])).to_pylist() == [MINE.of("m1"), "", MINE.of("m2")]


def test_what_only_looks_like_a_pseudonym():
    other = Pseudonyms(Pepper(b"x" * 16)).of("m1")
    with pytest.raises(InputError, match="of another key"):
        MINE.of(other)
    # Ids of 32 hexadecimal digits are common.
    assert MINE.of("0" * 32).startswith("psn_")
    assert MINE.of(f"{other}0") != f"{other}0"
