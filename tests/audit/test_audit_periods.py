"""Validity by period: each by itself, against the Bayesian average of the same merchants."""

import datetime as dt

import numpy as np
import pytest

from trustscore.auc import auc
from trustscore.audit import Market, Outcomes, Section
from trustscore.audit.files import _outcomes, _periods, audit_files
from trustscore.audit.periods import AuditPeriod, by_period
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export
from trustscore.simulate.files import write_market
from trustscore.typing import silent

CARD = load_scorecard("minimal")
MARKET = Market(simulate_export(200, seed=8, scorecard=CARD), CARD)


def period(name, events, n=10.0):
    return AuditPeriod(name, MARKET, Outcomes(MARKET.ids, np.full(200, n), events * 1.0))


def told(*periods):
    section = Section("validity")
    by_period(section, periods, draws=200)
    return section


def codes(section):
    return {finding.code.partition(".")[2]: finding.level for finding in section.findings}


LOW = np.argsort(np.argsort(MARKET.index)) < 60
RIGHT, WRONG = np.where(LOW, 4, 1), np.where(LOW, 1, 4)


def test_each_period_has_its_own_area():
    section = told(period("May", RIGHT), period("June", WRONG))
    table = section.tables["periods"]
    assert list(table["period"]) == ["May", "June"]
    by_hand = [auc(MARKET.index, events * 1.0, 10.0 - events) for events in (RIGHT, WRONG)]
    assert list(table["auc"]) == by_hand and by_hand[0] > 0.5 > by_hand[1]
    assert list(table["events"]) == [RIGHT.sum(), WRONG.sum()]
    assert all(low < area < high for low, area, high in zip(
        table["auc_low"], table["auc"], table["auc_high"], strict=True
    ))  # fmt: skip
    assert codes(section)["period"] == "decide"
    [wrong] = [f.text for f in section.findings if f.code == "validity.period"]
    assert "June" in wrong and "May" not in wrong


def test_good_periods_need_no_decision():
    found = codes(told(period("May", RIGHT), period("June", RIGHT)))
    assert found == {"periods": "note"}


def test_a_period_without_enough_says_so():
    one = np.zeros(200)
    one[0] = 1
    section = told(period("May", RIGHT), period("June", one))
    assert np.isnan(section.tables["periods"]["auc"][1])
    assert codes(section)["few_periods"] == "note"
    none = told(period("May", one), period("June", one * 0, n=0.0))
    assert set(codes(none)) == {"few_periods"}


def test_one_period_is_no_table():
    assert told(period("May", RIGHT)).tables == {} and told().tables == {}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_market("export.csv", 200, seed=8, scorecard="minimal")
    for month in (2, 3):
        rows = "".join(
            f"{name},10,{k},2026-0{month}-01\n" for name, k in zip(MARKET.ids, RIGHT, strict=True)
        )
        (tmp_path / f"{month}.csv").write_text(f"merchant_id,n,events,date\n{rows}")
    return tmp_path


DAY = dt.date(2026, 1, 15)


def test_files_and_months_are_periods_and_add_up(files):
    whole, periods = _outcomes(["2.csv", "3.csv"], MARKET, DAY, None)
    assert [each.name for each in periods] == ["2.csv", "3.csv"]
    assert whole.n.sum() == 4000 and periods[0].outcomes.n.sum() == 2000
    later = (files / "3.csv").read_text().split("\n", 1)[1]
    (files / "both.csv").write_text((files / "2.csv").read_text() + later + "x,5,1,2026-04-01\n")
    again, months = _outcomes(["both.csv"], MARKET, DAY, None)
    # A month of strangers only is no period.
    assert [each.name for each in months] == ["2026-02", "2026-03"]
    assert again.n.tolist() == whole.n.tolist() and again.unknown == ("x",)


def test_earlier_exports_are_scored_by_themselves(files):
    [found] = _periods([(DAY, "export.csv", "2.csv")], MARKET, False, None, silent)
    assert found.name == "2026-01-15" and found.outcomes.events.sum() == RIGHT.sum()
    assert sorted(found.market.index) == sorted(MARKET.index)
    twice = [(DAY, "export.csv", "2.csv"), (DAY, "export.csv", "3.csv")]
    with pytest.raises(InputError, match="more than once"):
        _periods(twice, MARKET, False, None, silent)
    with pytest.raises(InputError, match="before 2026-02-15"):
        _periods([(dt.date(2026, 2, 15), "export.csv", "2.csv")], MARKET, False, None, silent)
    (files / "strangers.csv").write_text("merchant_id,n,events\nx,10,1\n")
    with pytest.raises(InputError, match="in the export"):
        _periods([(DAY, "export.csv", "strangers.csv")], MARKET, False, None, silent)


def test_an_earlier_export_must_have_the_columns(files):
    head, *rows = (files / "export.csv").read_text().splitlines()
    at = head.split(",").index("complaints")
    lines = [",".join(c for i, c in enumerate(r.split(",")) if i != at) for r in (head, *rows)]
    (files / "less.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="Differ: complaints"):
        _periods([(DAY, "less.csv", "2.csv")], MARKET, True, None, silent)


def test_earlier_periods_need_outcomes_of_the_export(files):
    with pytest.raises(InputError, match="need `outcomes`"):
        audit_files(
            "export.csv", "out", scorecard="minimal", earlier=[(DAY, "export.csv", "2.csv")]
        )
    assert not (files / "out").exists()


@pytest.mark.slow
def test_the_audit_writes_the_table(files):
    found = audit_files(
        "export.csv", "out", scorecard="minimal", outcomes=["2.csv", "3.csv"], as_of=DAY, draws=8,
        earlier=[(dt.date(2026, 1, 1), "export.csv", "2.csv")],
    )  # fmt: skip
    assert "validity.periods.csv" in found.files
    lines = (files / "out" / "validity.periods.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["2026-01-01", "2.csv", "3.csv"]
