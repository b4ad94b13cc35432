"""Every column has logs whose value was worked out by hand; see `golden_cases`."""

from functools import cache
from typing import Any

import pytest

from tests.signals.golden_cases import (
    LONGEST,
    RATES,
    Case,
    Session,
    cases,
    of_group,
    wrong,
)
from tests.signals.mutants import PARTS, main
from tests.signals.witness import reference
from trustscore.signals import load_definitions

CASES = cases()


@cache
def run(group: Any) -> dict[str, Any]:
    chosen = of_group(group)
    rows: list[Any] = []
    if group[2]:
        for case in chosen:
            rows += Session([case]).run(load_definitions())
    else:
        rows = Session(chosen).run(load_definitions())
    return {case.name: row for case, row in zip(chosen, rows, strict=True)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_sql_counts_what_was_counted_by_hand(case: Case) -> None:
    assert wrong(case, run(case.group)[case.name]) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_witness_counts_what_was_counted_by_hand(case: Case) -> None:
    logs = {table: [dict(row) for row in rows] for table, rows in case.logs.items() if rows}
    if not case.alone and "merchants" not in logs:
        logs["merchants"] = [{"merchant_id": case.merchant}]
    logs["previous"] = [{"merchant_id": m, "poor": poor} for m, poor in case.previous.items()]
    logs["baselines"] = [{"category": c, "rate": rate} for c, rate in RATES.items()]
    row = reference(logs, case.as_of, case.tz).get(case.merchant)
    assert wrong(case, row) == []


def test_every_column_has_a_case_with_something_that_must_not_count() -> None:
    covered = {column for case in CASES for column in case.values}
    assert set(load_definitions().columns) - covered == set()
    assert {case.name for case in CASES if case.written > LONGEST} == set()
    assert {case.name for case in CASES if len(case.why) < 20} == set()


def test_nothing_is_counted_where_nothing_was_logged() -> None:
    """No column may pass by saying the same of every log."""
    for column in load_definitions().columns:
        values = {repr(case.values[column]) for case in CASES if column in case.values}
        assert len(values) > 1 or values - {"0", "None"}, column


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_some_case_notices_each_change_of_a_definition(part: str, capsys) -> None:
    """See `mutants`: what nobody notices is listed there with the reason."""
    assert main([part]) == 0, capsys.readouterr().out
