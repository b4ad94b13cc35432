"""One check of outcomes, for fits and audits: every fault by line, and each counted."""

import datetime as dt

import numpy as np
import pytest

from trustscore.errors import InputError
from trustscore.io.outcomes_file import read_outcomes
from trustscore.outcomes import collect_outcomes

IDS = np.array(["a", "b", "c"], dtype=object)
DAY = dt.date(2026, 2, 1)


def faults(tmp_path, content, **options):
    path = tmp_path / "later.csv"
    path.write_text(content)
    with pytest.raises(InputError) as error:
        read_outcomes(path, **{"as_of": DAY, **options})
    assert str(error.value).startswith(str(path))
    return str(error.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("merchant_id,n,events,date\na,5,1,2026-01-31\n", "line 2 (a): is dated before 2026-02-01"),
        ("merchant_id,n,events,date\na,5,1,soon\n", "must be a date"),
        ("merchant_id,n,events,date\na,5,1,2026-02-01garbage\n", "must be a date"),
        ("merchant_id,n,events,date\na,5,1,2026-02-01\nb,5,1,\n", "line 3 (b): date is blank"),
        ("merchant_id,n,events\na,5,6\n", "events must be at most n"),
        ("merchant_id,n,events\na,5,6\n", "`counts`"),
        ("merchant_id,n,events\na,-5,-6\n", "must be 0 or more"),
        ("merchant_id,n,events\na,5.5,1\n", "must be whole numbers"),
        ("merchant_id,n,events\na,5,0.5\n", "must be whole numbers"),
        ("merchant_id,n,events\na,1e308,1\n", "must be at most 9007199254740992"),
        ("merchant_id,n,events\na,,1\n", "must be finite numbers"),
        ("merchant_id,n\na,1\n", "events: no such column"),
        ("merchant_id,n,evnts\na,2,1\n", "did you mean evnts?"),
        ("merchant_id,label\na,2\n", "line 2, label: 0 or 1, yes or no"),
        ("merchant_id,label\na,\n", "a label must be 0 or 1"),
        ("merchant_id,events\na,2\n", "a label must be 0 or 1, as there is no n"),
        ("merchant_id,label,n\na,1,1\n", "either label, or n and events"),
        ("merchant_id,n,events\n", "has no rows"),
    ],
)
def test_bad_outcomes_are_named_by_file_and_line(tmp_path, content, says):
    said = faults(tmp_path, content)
    assert says in said
    assert "[columns]" not in said and "allow_missing_columns" not in said


def test_dates_without_the_day_of_the_export_are_refused(tmp_path):
    content = "merchant_id,n,events,date\na,5,1,2020-01-01\nb,5,9,soon\n"
    said = faults(tmp_path, content, as_of=None)
    assert "give the day of the export (`as_of`)" in said
    assert "must be a date" in said and "at most n" in said


def test_every_fault_is_counted_and_ten_of_a_kind_are_shown():
    ids = np.array([f"m{i}" for i in range(600)], dtype=object)
    with pytest.raises(InputError) as error:
        collect_outcomes(ids, np.ones(600), np.full(600, 2.0))
    assert error.value.summary == "outcomes: 600 faults in the outcomes"
    assert len(error.value.faults) == 11 and "and 590 more rows: events" in error.value.faults[-1]


@pytest.mark.parametrize(
    "content",
    ["label\na,1\nb,0\n", "label\na,yes\nb,no\n", "label\na,TRUE\nb,false\n", "events\na,1\nb,0\n"],
)
def test_labels_are_cases_of_one_order(tmp_path, content):
    path = tmp_path / "labels.csv"
    path.write_text(f"merchant_id,{content}")
    found = read_outcomes(path)
    assert found.n.tolist() == [1.0, 1.0] and found.events.tolist() == [1.0, 0.0]
    assert (found.dated, found.family) == (False, "binomial")


def test_rows_of_one_merchant_add_up_in_every_form():
    for n in (None, np.array([2.0, 3.0, 4.0])):
        found = collect_outcomes(IDS[[0, 1, 0]], n, np.array([1.0, 0.0, 1.0]))
        assert found.events.tolist() == [2.0, 0.0]
        assert found.repeated == 1
    assert found.n.tolist() == [6.0, 3.0]


def test_a_day_may_have_a_time():
    days = np.array(["2026-02-01", "2026-02-01 13:00:00", "2026-03-01T00:00:00Z"], dtype=object)
    assert collect_outcomes(IDS, np.ones(3), np.eye(3)[0], days, as_of=DAY).dated


def test_several_events_an_order_must_be_said():
    events = np.array([3.0, 0.0, 1.0])
    assert collect_outcomes(IDS, np.ones(3), events, counts=True).family == "poisson"
    with pytest.raises(InputError, match="no n to count them against"):
        collect_outcomes(IDS, np.zeros(3), events, counts=True)


def test_encoding_is_the_reader_s(tmp_path):
    path = tmp_path / "later.csv"
    path.write_bytes("merchant_id,label\né,1\nb,0\n".encode("utf-16-le"))
    found = read_outcomes(path, encoding="utf-16-le")
    assert found.merchant_id.tolist() == ["é", "b"]
