"""Mappings: other names, other words, computed columns and SELECTs, and what is refused."""

import os

import pytest

from tests.logs.folders import read, table, write
from trustscore.errors import InputError
from trustscore.io.logs.folder import covers_of
from trustscore.io.logs.mapping import load_mapping


def mapping(tmp_path, text):
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


EXPORT = table(
    "店铺,订单号,付款时间,渠道,实付",
    ["s1", "1", "2026/01/05 10:00", "直播", "12.5"],
    ["s1", "2", "2026/01/06 10:00", "搜索", "3"],
)
NAMES = """
[tables.orders]
from = "export.csv"
columns = { merchant_id = "店铺", order_id = "订单号", paid_at = "付款时间", channel = "渠道" }
values.channel = { "直播" = "live", "搜索" = "shelf" }
time_format = "%Y/%m/%d %H:%M"
"""


def test_names_words_and_times_of_a_platform(tmp_path):
    folder = write(tmp_path / "logs", export=EXPORT)
    found = read(folder, tmp_path / "work", mapping(tmp_path, NAMES))
    assert found.bad == []
    rows = found.rows["orders"]
    assert [(row["merchant_id"], row["order_id"], row["channel"]) for row in rows] == [
        ("s1", "1", "live"),
        ("s1", "2", "shelf"),
    ]


def test_computed_columns_keep_their_lines(tmp_path):
    text = NAMES.replace('merchant_id = "店铺"', "merchant_id = \"'shop ' || 店铺\"")
    text = text.replace("columns = {", 'columns = { amount = "CAST(实付 AS DOUBLE) * 2",')
    folder = write(tmp_path / "logs", export=EXPORT + "s1,3,soon,直播,1\n")
    found = read(folder, tmp_path / "work", mapping(tmp_path, text))
    rows = found.rows["orders"]
    assert [(row["merchant_id"], row["amount"], row["_line"]) for row in rows] == [
        ("shop s1", 250_000, 2),
        ("shop s1", 60_000, 3),
    ]
    assert found.reasons() == [(4, "paid_at", "not_a_time")]


SQL = '''
[tables.orders]
sql = """
SELECT i.seller AS merchant_id, o.id AS order_id, o.at AS paid_at, SUM(CAST(i.price AS DOUBLE))
    AS amount
FROM carts AS o JOIN items AS i ON o.id = i.cart
GROUP BY ALL ORDER BY merchant_id
"""
'''


def test_a_select_joins_files_of_the_folder(tmp_path):
    folder = write(
        tmp_path / "logs",
        carts=table("id,at", ["1", "2026-01-05 10:00"]),
        items=table("cart,seller,price", ["1", "a", "2"], ["1", "a", "3"], ["1", "b", "4"], ["1"]),
    )
    found = read(folder, tmp_path / "work", mapping(tmp_path, SQL))
    rows = [(row["merchant_id"], row["amount"]) for row in found.rows["orders"]]
    assert rows == [("a", 50_000), ("b", 40_000)]
    # A record that is no row is not lost in a join.
    assert found.reasons() == [(5, "", "field_count")]


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("DROP TABLE carts", "must be one SELECT"),
        ("SELECT 1; SELECT 2", "must be one SELECT"),
        ("COPY carts TO 'x.csv'", "must be one SELECT"),
        ("SELECT * FROM read_csv('/etc/passwd')", "may not be called|the name of a file"),
        ("SELECT * FROM read_text('/etc/passwd')", "may not be called|the name of a file"),
        ("SELECT getenv('HOME') AS merchant_id FROM carts", "getenv may not be called"),
        ("SELECT * FROM '/etc/passwd'", "no file /etc/passwd"),
        ("SELECT * FROM cart", "no file cart in .*, did you mean carts?"),
        ("SELECT * FROM query('SELECT 1')", "may not be called|the name of a file"),
        ("SELECT FROM WHERE", "cannot be read as SQL|error"),
        ("SELECT nothing FROM carts", "Binder error"),
        ("SELECT CAST(id AS BIGINT) AS merchant_id FROM carts", "Conversion error"),
    ],
)
def test_sql_that_is_no_select_over_the_folder_is_refused(tmp_path, sql, fault):
    folder = write(tmp_path / "logs", carts=table("id,at", ["13812345678x", "2026-01-05"]))
    quoted = sql.replace('"', '\\"')
    path = mapping(tmp_path, f'[tables.orders]\nsql = "{quoted}"\n')
    with pytest.raises(InputError, match=fault) as error:
        read(folder, tmp_path / "work", path)
    assert "13812345678" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[tables.order]\n", ["tables.order: unknown table, did you mean orders?"]),
        (
            '[tables.orders]\ncolumns = { buyer = "b" }\nvalues.order_type = { a = "present" }\n',
            ["columns.buyer: unknown column, did you mean buyer_id?", "Got 'present'"],
        ),
        ('[tables.orders]\nvalues.amount = { a = "b" }\n', ["only classes have words"]),
        ('[tables.orders]\ntime_format = { amount = "%Y" }\n', ["have no time format"]),
        ('[tables.orders]\nfrom = "../x.csv"\n', ["must lie in the folder"]),
        ('[tables.orders]\nfrom = "/etc/x.csv"\n', ["must lie in the folder"]),
        ('[tables.orders]\nfrom = "a.csv"\nsql = "SELECT 1"\n', ["stands instead of"]),
        (
            "[tables.orders]\ncolumnz = {}\n",
            ["unknown key, did you mean columns?"],
        ),
        ("[tables.orders\n", ["is not TOML"]),
    ],
)
def test_all_faults_of_a_mapping_are_named(tmp_path, text, faults):
    with pytest.raises(InputError) as error:
        load_mapping(mapping(tmp_path, text))
    for fault in faults:
        assert fault in str(error.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        (".".join("a" * 40_000) + " = 1", "names joined by points"),
        ("a = " + "9" * 6000, "thousands of digits"),
        ('[tables.orders]\nfrom = "a\\u001b[31m.csv"', "without control characters"),
        ("#" * (64 << 20), "MiB"),
    ],
    ids=["deep", "dotted", "digits", "escape", "large"],
)
@pytest.mark.parametrize("load", [load_mapping, lambda path: covers_of(path.parent)])
def test_a_hostile_document_is_one_sentence(tmp_path, load, text, fault):
    path = tmp_path / "logs.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=fault) as error:
        load(path)
    assert "\x1b" not in str(error.value)


@pytest.mark.parametrize("load", [load_mapping, lambda path: covers_of(path.parent)])
def test_a_pipe_is_no_document(tmp_path, load):
    path = tmp_path / "logs.toml"
    os.mkfifo(path)
    with pytest.raises(InputError, match="must be an ordinary file"):
        load(path)


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ('paid_at = "付款时刻"', "no column 付款时刻 for paid_at, did you mean 付款时间"),
        ('amount = "实付 +"', "no column and no expression"),
        ('amount = "(SELECT 1)"', "no column and no expression"),
        ('amount = "实付 + 运费"', "no such column 运费"),
    ],
)
def test_columns_that_are_not_there_are_named(tmp_path, columns, fault):
    folder = write(tmp_path / "logs", export=EXPORT)
    names = NAMES.replace('paid_at = "付款时间",', "") if columns.startswith("paid") else NAMES
    path = mapping(tmp_path, names.replace("columns = {", f"columns = {{ {columns},"))
    with pytest.raises(InputError, match=fault.replace("+", r"\+")):
        read(folder, tmp_path / "work", path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    folder = write(tmp_path / "logs", exports=EXPORT)
    with pytest.raises(InputError, match=r"no file export.csv in .*did you mean exports.csv\?"):
        read(folder, tmp_path / "work", mapping(tmp_path, NAMES))
