import datetime as dt

import numpy as np
import pytest

from trustscore.audit import join_outcomes
from trustscore.errors import InputError

IDS = np.array(["a", "b", "c"], dtype=object)


def names(*given):
    return np.array(given, dtype=object)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"merchant_id": names(), "events": np.array([])}, "no rows"),
        ({"events": [1.0, 0.0, np.nan], "n": [2, 2, 2]}, "line 3 (c): n or events is blank"),
        ({"events": [-1.0, 0, 1], "n": [2, 2, 2]}, "line 1 (a): n and events must be 0 or more"),
        ({"events": [3.0, 0, 1], "n": [2, 2, 2]}, "line 1 (a): events must be at most n"),
        ({"events": [2.0, 0, 1]}, "line 1 (a): events must be 0 or 1 as there is no n"),
        ({"merchant_id": names("a", "a", "b"), "events": [1, 0, 1]}, "line 2 (a): is there twice"),
        ({"merchant_id": names("x", "y", "z"), "events": [1, 0, 1]}, "'x', export: 'a'"),
        ({"events": [0, 0, 0]}, "no events among 3 orders"),
        ({"events": [1, 1, 1]}, "nothing but events among 3 orders"),
        ({"events": [0, 0, 0], "n": [0, 0, 0]}, "n is 0 for every merchant"),
    ],
)
def test_bad_outcomes_are_refused_by_line(columns, says):
    given = {"merchant_id": IDS, **columns}
    listed = {
        k: v if v is None or k == "merchant_id" else np.array(v) * 1.0 for k, v in given.items()
    }
    with pytest.raises(InputError) as error:
        join_outcomes(IDS, **listed)
    assert says in str(error.value)


def test_all_faults_at_once():
    with pytest.raises(InputError) as error:
        join_outcomes(IDS, IDS, np.array([-1.0, 5.0, np.nan]), np.array([2.0, 2.0, 2.0]))
    assert len(error.value.faults) == 3


def dated(*days, as_of=dt.date(2026, 4, 1)):
    events = np.array([1.0, 0.0, 0.0])[: len(days)]
    return join_outcomes(
        IDS, IDS[: len(days)], events, np.full(len(days), 2.0), names(*days), as_of=as_of
    )


def test_an_outcome_from_before_the_export_is_a_leak():
    assert dated("2026-04-01", "2026-05-01", "2026-04-02").dated
    with pytest.raises(InputError, match=r"line 2 .* dated before 2026-04-01"):
        dated("2026-04-01", "2026-03-31", "2026-04-02")
    with pytest.raises(InputError, match="must be a date"):
        dated("2026-04-01", "soon", "2026-04-02")
    with pytest.raises(InputError, match="give the day of the export"):
        dated("2026-04-01", "2026-04-01", "2026-04-02", as_of=None)


def test_rows_of_one_merchant_with_dates_are_added_up():
    found = join_outcomes(
        IDS,
        names("a", "a", "c", "stranger"),
        np.array([1.0, 2.0, 0.0, 1.0]),
        np.array([4.0, 5.0, 6.0, 7.0]),
        names("2026-04-01", "2026-04-02", "2026-04-01", "2026-04-01"),
        as_of=dt.date(2026, 4, 1),
    )
    assert found.n.tolist() == [9.0, 0.0, 6.0]
    assert found.events.tolist() == [3.0, 0.0, 0.0]
    assert found.unknown == ("stranger",)
