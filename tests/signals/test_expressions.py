"""Expressions: what is allowed, what it becomes, and what is said of the rest."""

import re
from decimal import Decimal

import pytest

from trustscore.signals.printer import Printer
from trustscore.signals.tree import Fault, names, parse
from trustscore.signals.types import (
    BOOL,
    DURATION,
    INTEGER,
    TEXT,
    TIME,
    NotCollected,
    Term,
    number,
)

TYPES = {
    "paid_at": TIME,
    "open_at": TIME,
    "amount": number(10_000),
    "stars": number(1_000_000),
    "n": INTEGER,
    "kind": TEXT,
    "physical": BOOL,
}


class Scope:
    def column(self, name, at=None):
        if name == "absent":
            raise NotCollected("orders.absent")
        if name not in TYPES:
            raise Fault(f"unknown column {name}", at)
        words = ("ip", "help") if name == "kind" else ()
        return Term(f"f.{name}", TYPES[name], words)

    def local(self, name, at=None):
        return Term(f"f.{name}_local", INTEGER)

    def verdict(self, topic, at=None):
        return Term(f"f.v_{topic}", BOOL)


def sql(text):
    settings = {"kinds": ("ip", "help"), "low": Decimal("1.5"), "hours_of_grace": Decimal(48)}
    return Printer(Scope(), settings, {"cut": Term("99", TIME)}).text(text)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("amount > @low", "(f.amount > 15000)"),
        ("stars <= 2", "(f.stars <= 2000000)"),
        ("n = 3 and not physical", "((f.n = 3) AND (NOT f.physical))"),
        ("kind in @kinds", "(f.kind IN ('ip', 'help'))"),
        ("kind not in ('ip')", "(NOT (f.kind IN ('ip')))"),
        ("paid_at is not null", "(NOT (f.paid_at IS NULL))"),
        ("paid_at < cut - days(2)", "(f.paid_at < (99 - 172800000000))"),
        ("open_at - paid_at > hours(1.5)", "((f.open_at - f.paid_at) > 5400000000)"),
        ("paid_at + hours(@hours_of_grace)", "(f.paid_at + 172800000000)"),
        ("stars between 1 and 2", "((f.stars >= 1000000) AND (f.stars <= 2000000))"),
        ("maybe(absent) is null", "(NULL IS NULL)"),
        ("coalesce(absent, n)", "f.n"),
        ("coalesce(n, absent, 0)", "COALESCE(f.n, 0)"),
        ("if(physical, 2.5)", "(CASE WHEN f.physical THEN 25 END)"),
        ("verdict('brushing')", "f.v_brushing"),
        ("amount / stars", None),
    ],
)
def test_what_is_allowed_is_printed_in_whole_parts(text, printed):
    found = sql(text).sql
    if printed is not None:
        assert found == printed
    assert "//" not in found


def test_a_division_is_blank_where_the_divisor_is_zero():
    assert sql("n / n").sql.startswith("(CASE WHEN f.n = 0 THEN NULL")


def test_hours_between_two_times_are_a_number_and_hours_alone_a_duration():
    assert sql("hours(paid_at, open_at)").type == number(3_600_000_000)
    assert sql("hours(3)").type == DURATION


def test_a_clock_that_rests_over_midnight_has_two_branches():
    printed = sql("start(paid_at, '18:00', '06:00')").sql
    assert "f.paid_at_local % 86400000000" in printed
    assert printed.count("WHEN") == 2
    assert sql("start(paid_at, '00:00', '06:00')").sql.count("WHEN") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must not be empty"),
        ("n = 1; n = 2", "one expression"),
        ("n = (select 1)", "not allowed here"),
        ("n in (select 1)", "must be followed by"),
        ("drop_table(n)", "unknown function drop_table"),
        ("coalesc(n, 1)", "did you mean coalesce?"),
        ("cast(n as text)", "not allowed here"),
        ("case when physical then 1 end", "not allowed here"),
        ("count(n)", "not allowed here"),
        ("n || 'x'", "not allowed here"),
        ("orders.n = 1", "must stand alone"),
        ("n =", "cannot be read"),
        ("paid_at - open_at > 3", "cannot compare a duration with a number"),
        ("paid_at > 3", "cannot compare a time with a number"),
        ("paid_at + open_at", "cannot work out a time + a time"),
        ("paid_at * 2", "cannot work out"),
        ("kind = 3", "cannot compare a text with a number"),
        ("kind = 'hlep'", "unknown word 'hlep', did you mean help?"),
        ("kind in ('hlep')", "did you mean help?"),
        ("kind in @kind", "unknown set or setting @kind, did you mean kinds?"),
        ("kind in @low", "is a number, not a set"),
        ("n = @kinds", "a set can only stand after `in`"),
        ("n and physical", "`and` needs yes or no, and this is a number"),
        ("not n", "`not` needs yes or no"),
        ("hours(n)", "needs a number that is written out"),
        ("start(paid_at, '6pm', '06:00')", "two hours of the day"),
        ("start(n, '18:00', '06:00')", "start needs a time"),
        ("verdict(kind)", "verdict needs a topic"),
        ("days(paid_at, open_at, n)", "takes 1 to 2 arguments. Got 3"),
        ("x" * 5000, "at most 4000 characters"),
        ("(" * 900 + "n" + ")" * 900, "nested too deeply"),
    ],
)
def test_what_is_not_allowed_is_a_fault(text, said):
    with pytest.raises(Fault, match=re.escape(said)):
        sql(text)


def test_a_fault_says_where():
    with pytest.raises(Fault, match=r"unknown column nn \(position 9\)"):
        sql("n > 3 + nn")


def test_a_missing_column_is_no_fault_but_has_no_value():
    with pytest.raises(NotCollected, match=r"orders\.absent"):
        sql("absent > 3")
    with pytest.raises(NotCollected):
        sql("coalesce(absent, absent)")


def test_texts_cannot_leave_their_quotes():

    assert Printer(Scope(), {}, {}).text("'a''b'").sql == "'a''b'"


def test_the_columns_that_an_expression_reads():
    assert set(names(parse("coalesce(a, b) > 3 and c in @d"))) == {"a", "b", "c"}
