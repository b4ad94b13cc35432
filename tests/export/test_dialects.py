"""The query in the words of other engines."""

import copy
import re
from functools import cache

import pytest

from tests.export.sql_cards import CARDS, ODD
from tests.export.sql_engines import asked
from trustscore.errors import InputError
from trustscore.export import export_sql
from trustscore.export.sql.dialects import DIALECTS, PARSED, translate
from trustscore.scorecard import parse_scorecard

sqlglot = pytest.importorskip("sqlglot")
exp = sqlglot.exp
OTHERS = [dialect for dialect in DIALECTS if dialect != "duckdb"]


# What sqlglot calls them.
READ = {name: name for name in DIALECTS} | {"sqlserver": "tsql"}
QUERY = asked(CARDS["odd"]())[1]


@cache
def text(dialect):
    return translate(QUERY, dialect)


@cache
def tree(dialect):
    (parsed,) = sqlglot.parse(
        text(dialect), read=READ[dialect], error_level=sqlglot.ErrorLevel.RAISE
    )
    return parsed


def test_duckdb_needs_no_translation():
    assert text("duckdb") is QUERY


@pytest.mark.parametrize("dialect", OTHERS)
def test_the_text_parses_in_its_dialect_and_is_written_the_same_again(dialect):
    again = tree(dialect).sql(READ[dialect], pretty=True, comments=False)
    if dialect == "sqlserver":
        # The parser knows no DATEDIFF of dates that is not one of times.
        again = re.sub(r"CAST\((\[\w+\]|CAST\('[-0-9]+' AS DATE\)) AS DATETIME2\)", r"\1", again)
    # Versions of the parser write this word large or small.
    one, other = (x.replace("EXTRACT(epoch ", "EXTRACT(EPOCH ") for x in (again, text(dialect)))
    assert one.splitlines() == other.splitlines()[2:]


@pytest.mark.parametrize("dialect", OTHERS)
def test_the_heading_and_the_outputs_stay(dialect):
    assert text(dialect).splitlines()[:2] == QUERY.splitlines()[:2]
    assert tree(dialect).named_selects == tree("duckdb").named_selects
    assert tree(dialect).named_selects[0] == "merchant_id"
    assert tree(dialect).named_selects[-1] == "trust_boost"


def test_only_functions_that_every_engine_has():
    known = {"LEAST", "GREATEST", "COALESCE", "EXP", "LN", "POWER", "SQRT", "ABS"}
    known |= {
        "FLOOR",
        "SIGN",
        "REPLACE",
        "TRIM",
        "CHR",
        "CONCAT",
        "SUBSTRING",
        "NULLIF",
        "CAST",
        "DATEDIFF",
    }
    words = {"CASE", "IF", "AND", "OR"}  # sqlglot counts these as functions
    calls = list(tree("duckdb").find_all(exp.Func))
    # Some releases of sqlglot know REPLACE by name only.
    names = {c.name.upper() if isinstance(c, exp.Anonymous) else c.sql_name() for c in calls}
    assert names <= known | words


@pytest.mark.parametrize("dialect", OTHERS)
def test_texts_with_quotes_and_backslashes_come_back_whole(dialect):
    found = tree(dialect)
    words = {literal.this for literal in found.find_all(exp.Literal) if literal.is_string}
    words |= {national.name for national in found.find_all(exp.National)}
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


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_engine_is_asked_what_a_capital_is(dialect):
    assert not list(tree(dialect).find_all(exp.Lower, exp.Upper))


@pytest.mark.parametrize("dialect", ["mysql", "sqlserver"])
def test_where_capitals_are_equal_by_default_texts_are_compared_exactly(dialect):
    casts = [c for c in tree(dialect).find_all(exp.Cast) if c.to.is_type(*exp.DataType.TEXT_TYPES)]
    assert casts
    for cast in casts:
        assert isinstance(cast.parent, exp.Collate), cast.sql(READ[dialect])


def test_sqlserver_keeps_letters_that_its_code_page_lacks():
    assert "N'家居'" in text("sqlserver") and "N'épice'" in text("sqlserver")
    assert "NVARCHAR(MAX)" in text("sqlserver")
    assert " '家居'" not in text("sqlserver")


def test_mysql_computes_step_by_step():
    steps = list(tree("mysql").find_all(exp.CTE))
    assert len(steps) > 10
    assert all(step.this.args.get("limit") for step in steps)


def test_every_dialect_is_run_or_said_to_be_parsed_only():
    assert {*DIALECTS} - {*PARSED} == {
        *("duckdb", "spark", "hive", "postgres", "clickhouse", "mysql"),
    }


@pytest.mark.parametrize(
    ("table", "dialect", "written"),
    [
        ("my-project.shop.merchants", "bigquery", "FROM `my-project`.shop.merchants"),
        ("shop.order", "hive", "FROM shop.`order`"),
        ("Shop.Merchants", "postgres", 'FROM "Shop"."Merchants"'),
        ("shop.order", "mysql", "FROM `shop`.`order`"),
        ("shop.order", "sqlserver", "FROM [shop].[order]"),
        ("shop.merchants", "snowflake", "FROM shop.merchants"),
    ],
)
def test_table_names_keep_their_spelling(table, dialect, written):
    assert written in translate(export_sql("minimal", table), dialect)


def test_an_unknown_dialect_is_an_error_with_the_near_name():
    with pytest.raises(InputError, match=r"dialect must be one of .* did you mean clickhouse\?"):
        translate("SELECT 1", "clickhous")


NEWLINE = "line1\n-- hidden\nline2"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_line_break_in_a_text_stays_in_it(dialect):
    changed = copy.deepcopy(ODD)
    changed["overlays"]["own"]["match"] = {"category": [NEWLINE]}
    query = export_sql(parse_scorecard(changed))
    found = translate(query, dialect)
    heading, rest = found.splitlines()[:2], found.splitlines()[2:]
    assert all(line.startswith("--") for line in heading)
    assert not [line for line in rest if line.strip().startswith("--")]
    (parsed,) = sqlglot.parse(found, read=READ[dialect])
    assert parsed.named_selects[-1] == "trust_boost"
    assert len(list(parsed.find_all(exp.Chr))) >= 2


def test_a_text_that_no_engine_holds_is_refused():
    changed = copy.deepcopy(ODD)
    changed["overlays"]["own"]["match"] = {"category": ["a\0b"]}
    with pytest.raises(InputError, match=r"no SQL engine holds this text.*'a\\x00b'"):
        export_sql(parse_scorecard(changed))
