"""The query in the words of other engines."""

import re
from functools import cache

import pytest

from tests.export.sql_cards import CARDS
from tests.export.sql_engines import asked
from trustscore.errors import InputError
from trustscore.export import export_sql
from trustscore.export.sql.dialects import DIALECTS, translate

sqlglot = pytest.importorskip("sqlglot")
exp = sqlglot.exp
OTHERS = [dialect for dialect in DIALECTS if dialect != "duckdb"]


QUERY = asked(CARDS["odd"]())[1]


@cache
def text(dialect):
    return translate(QUERY, dialect)


@cache
def tree(dialect):
    (parsed,) = sqlglot.parse(text(dialect), read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    return parsed


def test_duckdb_needs_no_translation():
    assert text("duckdb") is QUERY


@pytest.mark.parametrize("dialect", OTHERS)
def test_the_text_parses_in_its_dialect_and_is_written_the_same_again(dialect):
    again = tree(dialect).sql(dialect, pretty=True, comments=False)
    assert again.splitlines() == text(dialect).splitlines()[2:]


@pytest.mark.parametrize("dialect", OTHERS)
def test_the_heading_and_the_outputs_stay(dialect):
    assert text(dialect).splitlines()[:2] == QUERY.splitlines()[:2]
    assert tree(dialect).named_selects == tree("duckdb").named_selects
    assert tree(dialect).named_selects[0] == "merchant_id"
    assert tree(dialect).named_selects[-1] == "trust_boost"


def test_only_functions_that_every_engine_has():
    known = {"LEAST", "GREATEST", "COALESCE", "EXP", "LN", "POWER", "SQRT", "ABS", "SIGN"}
    known |= {
        "LOWER",
        "TRIM",
        "REPLACE",
        "CHR",
        "CONCAT",
        "SUBSTRING",
        "NULLIF",
        "CAST",
        "DATEDIFF",
    }
    words = {"CASE", "IF", "AND", "OR"}  # sqlglot counts these as functions
    assert {call.sql_name() for call in tree("duckdb").find_all(exp.Func)} <= known | words


@pytest.mark.parametrize("dialect", OTHERS)
def test_texts_with_quotes_and_backslashes_come_back_whole(dialect):
    words = {literal.this for literal in tree(dialect).find_all(exp.Literal) if literal.is_string}
    assert {"men's \\ wear", "\\", "épice", "家居"} <= words


@pytest.mark.parametrize("dialect", OTHERS)
def test_no_division_is_guarded(dialect):
    for division in tree(dialect).find_all(exp.Div):
        assert not isinstance(division.expression, exp.Nullif), division.sql()


def test_postgres_computes_in_doubles_step_by_step():
    steps = list(tree("postgres").find_all(exp.CTE))
    assert text("postgres").count(" AS MATERIALIZED (") == len(steps) > 10
    for figure in tree("postgres").find_all(exp.Literal):
        if not figure.is_string and "e" in figure.this:
            assert isinstance(figure.parent, exp.Cast), figure.parent.sql()


def test_clickhouse_makes_all_letters_small():
    assert "lowerUTF8(" in text("clickhouse")
    assert not re.search(r"\bLOWER\(", text("clickhouse"))


@pytest.mark.parametrize(
    ("table", "dialect", "written"),
    [
        ("my-project.shop.merchants", "bigquery", "FROM `my-project`.shop.merchants"),
        ("shop.order", "hive", "FROM shop.`order`"),
        ("Shop.Merchants", "postgres", 'FROM "Shop"."Merchants"'),
    ],
)
def test_table_names_keep_their_spelling(table, dialect, written):
    assert written in translate(export_sql("minimal", table), dialect)


def test_an_unknown_dialect_is_an_error_with_the_near_name():
    with pytest.raises(InputError, match=r"dialect must be one of .* did you mean clickhouse\?"):
        translate("SELECT 1", "clickhous")
