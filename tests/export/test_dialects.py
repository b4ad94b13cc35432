"""The query in the words of other engines."""

import pytest

from tests.export.cards import CARDS
from tests.export.engines import asked
from trustscore.errors import InputError
from trustscore.export import export_sql
from trustscore.tables.dialects import DIALECTS, translate

sqlglot = pytest.importorskip("sqlglot")
exp = sqlglot.exp
OTHERS = [dialect for dialect in DIALECTS if dialect != "duckdb"]


@pytest.fixture(scope="module")
def texts():
    """Two cards' queries, per dialect."""
    queries = [asked(CARDS[name]())[1] for name in ("deep 0.5", "odd")]
    return {dialect: [translate(query, dialect) for query in queries] for dialect in DIALECTS}


def test_duckdb_needs_no_translation():
    query = export_sql("minimal")
    assert translate(query, "duckdb") is query


@pytest.mark.parametrize("dialect", OTHERS)
def test_the_text_parses_in_its_dialect_and_says_the_same_again(texts, dialect):
    for text in texts[dialect]:
        (tree,) = sqlglot.parse(text, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
        again = tree.sql(dialect)
        assert sqlglot.parse_one(again, read=dialect).sql(dialect) == again


@pytest.mark.parametrize("dialect", OTHERS)
def test_the_outputs_and_the_heading_stay(texts, dialect):
    for text, native in zip(texts[dialect], texts["duckdb"], strict=True):
        assert text.splitlines()[:2] == native.splitlines()[:2]
        found = sqlglot.parse_one(text, read=dialect).named_selects
        assert found == sqlglot.parse_one(native, read="duckdb").named_selects
        assert found[0] == "merchant_id"
        assert found[-1] == "trust_boost"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_only_functions_that_every_engine_has(texts, dialect):
    known = {"LEAST", "GREATEST", "COALESCE", "EXP", "LN", "POWER", "SQRT", "ABS", "SIGN"}
    known |= {"LOWER", "TRIM", "CONCAT", "SUBSTRING", "NULLIF", "CAST", "CASE"}
    # Of the dialects: how days are counted, and letters beyond a to z made small.
    known |= {"DATE_DIFF", "TS_OR_DS_DIFF", "DATE_TRUNC", "TO_DATE", "TS_OR_DS_TO_DATE"}
    known |= {"LOWERUTF8", "DATEDIFF", "AND", "OR"}
    used = set()
    for text in texts[dialect]:
        for call in sqlglot.parse_one(text, read=dialect).find_all(exp.Func):
            name = call.name if isinstance(call, exp.Anonymous) else call.sql_name()
            used.add(name.upper())
    assert used - known == set()


@pytest.mark.parametrize("dialect", OTHERS)
def test_texts_with_quotes_and_backslashes_come_back_whole(texts, dialect):
    found = sqlglot.parse_one(texts[dialect][1], read=dialect).find_all(exp.Literal)
    words = {literal.this for literal in found if literal.is_string}
    assert {"men's \\ wear", "\\", "épice", "家居"} <= words


@pytest.mark.parametrize("dialect", OTHERS)
def test_no_division_is_cast_or_guarded(texts, dialect):
    for text in texts[dialect]:
        for division in sqlglot.parse_one(text, read=dialect).find_all(exp.Div):
            assert not isinstance(division.expression, exp.Nullif), division.sql()


def test_postgres_computes_in_doubles_step_by_step(texts):
    for text in texts["postgres"]:
        assert text.count(" AS MATERIALIZED (") == text.count("trustscore_step_0 AS M") * (
            len(list(sqlglot.parse_one(text, read="postgres").find_all(exp.CTE)))
        )
        for figure in sqlglot.parse_one(text, read="postgres").find_all(exp.Literal):
            if not figure.is_string and "e" in figure.this:
                assert isinstance(figure.parent, exp.Cast), figure.parent.sql()


def test_clickhouse_makes_all_letters_small(texts):
    assert "lowerUTF8(TRIM(" in texts["clickhouse"][1]
    assert " LOWER(" not in texts["clickhouse"][1]


def test_bigquery_takes_the_size_of_the_default():
    assert len(translate(export_sql("default"), "bigquery")) < 1_000_000


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
