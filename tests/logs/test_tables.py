"""The registry of logs holds together: keys, moments, fallbacks and names point at columns."""

import re

import pytest

from trustscore.logs import LOG_TABLES

TABLES = list(LOG_TABLES.values())


def test_there_are_24_tables_under_their_own_names():
    assert len(LOG_TABLES) == 24
    assert all(name == table.name for name, table in LOG_TABLES.items())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_refers_to_its_own_columns(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    assert table.moment == "" or table[table.moment].type in ("time", "day")
    for chain in table.course:
        assert all(table[name].type == "time" for name in chain)
    for column in table.columns:
        assert not column.planned or column.type == "time"
        assert column.fallback == "" or column.fallback in names
        assert (column.classes == ()) or column.type == "class"
        assert not column.private or column.type == "id"
        assert re.fullmatch(r"[a-z][a-z_]*", column.name)
        assert column.meaning
        assert len(set(column.classes)) == len(column.classes)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_names_its_merchant_and_may_say_when_it_was_recorded(table):
    assert table["merchant_id"].required
    assert table["recorded_at"].type == "time"
    assert "recorded_at" not in table.required


def test_ids_of_people_are_private_wherever_they_stand():
    people = {
        "buyer_id",
        "voter_id",
        "reporter_id",
        "device_id",
        "ip",
        "address_id",
        "pay_account_id",
        "waybill_id",
    }
    for table in TABLES:
        for column in table.columns:
            expected = column.name in people or (table.name, column.name) == (
                "identities",
                "value",
            )
            assert column.private == expected, (table.name, column.name)


def test_a_column_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError, match="paid"):
        LOG_TABLES["orders"]["paid"]
