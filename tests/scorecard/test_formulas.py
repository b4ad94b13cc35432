"""Conditions and derived columns read and write names and numbers alike."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.scorecard.conditions import Condition
from trustscore.scorecard.derived import Derived
from trustscore.scorecard.formulas import NAME, NUMBER, exact, match_text


@pytest.mark.parametrize("text", ["", "1a", "a b", "a-b", " a", "a\n"])
def test_what_is_no_name(text):
    assert match_text(re.compile(NAME), text) is None


@pytest.mark.parametrize("text", ["a", "_", "orders_paid", "o订单", "A9"])
def test_what_is_a_name_is_one_in_both(text):
    assert match_text(re.compile(NAME), text) is not None
    assert Condition.parse(f"{text} > 1").column == text
    assert Derived.parse(f"{text} + 1").columns == (text,)


@pytest.mark.parametrize("text", ["1", "1.", ".5", "1.5e3", "1e-3", "1E+3"])
def test_what_is_a_number_is_one_in_both(text):
    assert match_text(re.compile(NUMBER), text) is not None
    assert Condition.parse(f"a > {text}").number == float(text)
    assert Derived.parse(f"a + {text}").right == float(text)


@pytest.mark.parametrize("text", ["", ".", "e3", "1e", "0x1", "inf", "nan", "1_000", "1,5"])
def test_what_is_no_number(text):
    assert match_text(re.compile(NUMBER), text) is None
    with pytest.raises(ValueError, match="must be a condition"):
        Condition.parse(f"a > {text}")


@pytest.mark.parametrize("value", [None, 1, 1.5, True, ["a > 1"], b"a > 1"])
def test_what_is_no_text_is_refused_by_both(value):
    assert match_text(re.compile(".*"), value) is None
    with pytest.raises(ValueError, match="must be a condition"):
        Condition.parse(value)
    with pytest.raises(ValueError, match="must join two columns"):
        Derived.parse(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_it_was(number):
    text = exact(number)
    assert float(text) == number
    if math.copysign(1, number) > 0:
        assert match_text(re.compile(NUMBER), text) is not None
