"""Rows that are no merchants, encodings, cells and files as dirty exports have them."""

import decimal
import gzip
import itertools
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.io.exports import HEADER, row, write_csv
from trustscore import score_frame
from trustscore.errors import InputError
from trustscore.io import long_record, pieces
from trustscore.io.blocks import read_blocks
from trustscore.io.cells import other_reading, read_cell
from trustscore.io.sample import read_sample
from trustscore.io.text_columns import read_numbers
from trustscore.io.text_stream import Source
from trustscore.io.whole_table import read_table

HEAD = ",".join(HEADER)
REST = "," * (len(HEADER) - 1)


def read(path, card="minimal", **options):
    ids, rejects = [], []
    for found in read_blocks(path, card, **options):
        ids += found.block["merchant_id"].tolist()
        rejects += [(r.line, r.reason) for r in found.rejects]
    return ids, rejects


def put(tmp_path, text, name="e.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# Rows.


@pytest.mark.parametrize("block", [1 << 12, 1 << 21])
def test_a_line_inside_a_long_quotation_is_no_row(block, tmp_path):
    long = "x" * (5 << 20) + f"\nevil{REST}\n" + "y" * (1 << 20)
    text = f'{HEAD},note\nnorth{REST},"{long}"\nsouth{REST},\n'
    assert read(put(tmp_path, text), block=block) == (["north", "south"], [])


@pytest.mark.parametrize("block", [64, 1 << 12])
def test_a_record_that_is_too_long_is_a_reject(block, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "LONGEST_RECORD", 1 << 14)
    long = f'"" \nevil{REST}\n' * 2000
    rows = [f"north{REST},", f'big{REST},"{long}"', f"wide{REST}," + "x" * 40_000, f"south{REST},"]
    path = put(tmp_path, "\n".join([f"{HEAD},note", *rows]) + "\n")
    assert read(path, block=block) == (
        ["north", "south"],
        [(3, "too_long"), (4 + long.count("\n"), "too_long")],
    )


def test_a_long_line_of_json_is_a_reject(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "LONGEST_RECORD", 1 << 14)
    keys = ",".join(f'"{name}":null' for name in HEADER[1:])
    lines = [f'{{"merchant_id":"{n}",{keys}}}' for n in ("a", "x" * (3 << 20), "b")]
    path = put(tmp_path, "\n".join(lines) + "\n", "e.jsonl")
    assert read(path, block=1 << 12) == (["a", "b"], [(2, "too_long")])


@pytest.mark.parametrize("end", ["", '"x\n', 'z"x,\n'])
def test_a_long_quotation_that_never_closes_ends_the_run(end, tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "LONGEST_RECORD", 1 << 14)
    path = put(tmp_path, f'{HEAD},note\na{REST},"inch\n' + f"b{REST},\n" * 5000 + end)
    with pytest.raises(InputError, match="record that begins on line 2 does not close"):
        read(path, block=1 << 12)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_record_is_skipped_however_it_is_cut(cut):
    text = b'"a ""b"" \n","""",x"y,"z"\nm2,3\n'
    chunks = [text[at : at + cut] for at in range(0, len(text), cut)]
    left = iter(chunks[1:])
    found = long_record.skip_record(chunks[0], left, ",", "e.csv", 1)
    assert (found.rest + b"".join(left), found.lines) == (b"m2,3\n", 2)


AGAIN = {
    "the same": ([*HEADER], [(3, "header_again")]),
    "in capitals": ([name.upper() for name in HEADER], [(3, "header_again")]),
    "another order": (HEADER[:1] + HEADER[:0:-1], None),
    "ids elsewhere": (HEADER[::-1], None),
    "one column less": (HEADER[:-1], None),
    "one column more": ([*HEADER, "note"], None),
}


@pytest.mark.parametrize("kind", AGAIN)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_header_that_comes_again(kind, zipped, tmp_path):
    header, expected = AGAIN[kind]
    first = f"{HEAD}\na{REST}\n".encode()
    second = f"{','.join(header)}\nb{REST}\n".encode()
    both = [gzip.compress(part) for part in (first, second)] if zipped else [first, second]
    path = put(tmp_path, b"".join(both))
    if expected is None:
        with pytest.raises(InputError, match="line 3: another header"):
            read(path)
    else:
        assert read(path) == (["a", "b"], expected)


# Encodings.


@pytest.mark.parametrize("bad", [b"\xff", b"\xe5\xba", b"\xed\xa0\xbd\xed\xb8\x80", b"caf\xe9"])
@pytest.mark.parametrize("place", ["id", "a column nobody reads"])
@pytest.mark.parametrize("block", [16, 1 << 21])
def test_a_bad_byte_spoils_its_row_only(bad, place, block, tmp_path):
    ids, notes = ["店一", "x", "店二"], ["", "", ""]
    lines = [f"{i}{REST},{n}".encode() for i, n in zip(ids, notes, strict=True)]
    lines[1] = (bad if place == "id" else b"x") + REST.encode() + b"," + bad
    path = put(tmp_path, b"\n".join([f"{HEAD},note".encode(), *lines]) + b"\n")
    assert read(path, block=block) == (["店一", "店二"], [(3, "not_utf8")])
    [found] = read_blocks(path, "minimal")
    assert "\ufffd" in found.rejects[0].raw and "\ufdd0" not in found.rejects[0].raw


def test_a_bad_byte_at_the_very_end(tmp_path):
    path = put(tmp_path, f"{HEAD},note\n店{REST},备\n铺{REST},备".encode()[:-1])
    assert read(path) == (["店"], [(3, "not_utf8")])


def test_a_bad_byte_in_json_lines(tmp_path):
    keys = ",".join(f'"{name}":null' for name in HEADER[1:])
    lines = [f'{{"merchant_id":"{n}",{keys}}}'.encode() for n in ("店", "caf", "铺")]
    lines[1] = lines[1].replace(b"caf", b"caf\xe9")
    path = put(tmp_path, b"\n".join(lines), "e.jsonl")
    assert read(path) == (["店", "铺"], [(2, "not_utf8")])


ENCODED = {
    "cp1252": ["Müller", "Straße", "Crédit"],
    "gb18030": ["乐高", "商店"],
    "big5": ["商店", "樂高"],
    "shift_jis": ["店舗", "楽天"],
    "euc_kr": ["상점", "가게"],
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_guess_that_changes_ids_is_refused(encoding, tmp_path):
    names = ENCODED[encoding]
    path = put(tmp_path, "\n".join([HEAD, *(n + REST for n in names)]).encode(encoding))
    with pytest.raises(InputError, match=r"that is a guess: give the `encoding`|neither utf-8"):
        read(path)
    assert read(path, encoding=encoding) == (names, [])


def test_a_guess_that_changes_no_id_is_said(tmp_path, caplog):
    path = put(tmp_path, f"{HEAD},note\nm1{REST},乐高\n".encode("gb18030"))
    assert read(path) == (["m1"], [])
    assert "is not UTF-8 and was read as gb18030" in caplog.text


def test_few_lines_of_another_encoding_do_not_stop_the_others(tmp_path):
    lines = [f"m{n}{REST}".encode() for n in range(500)] + [b"M\xfcller" + REST.encode()]
    ids, rejects = read(put(tmp_path, b"\n".join([HEAD.encode(), *lines])))
    assert (ids, rejects) == ([f"m{n}" for n in range(500)], [(502, "not_utf8")])


def test_what_is_fitted_is_not_guessed(tmp_path):
    path = write_csv(tmp_path / "e.csv", [row("m1", category="Möbel"), row("m2", category="Käse")])
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    with pytest.raises(InputError, match="column category holds"):
        read_sample(path, "minimal")
    found = read_sample(path, "minimal", encoding="cp1252")
    assert sorted(found.block["category"]) == ["Käse", "Möbel"]


@pytest.mark.parametrize("block", [16, 17, 1 << 20])
def test_cr_cr_lf_is_one_line_break(block, tmp_path):
    lines = [HEAD, f"a{REST}", "", 'b,"x\ry"' + REST[1:], f"c,,many{REST[2:]}", f"d{REST}"]
    path = put(tmp_path, "\r\r\n".join(lines))
    with Source(path, block=block) as source:
        assert b"".join(source.chunks()) == "\r\n".join(lines).encode()
    assert read(path, block=block) == (["a", "b", "d"], [(5, "not_a_number")])


# Cells.

CELLS = {
    "300¢": "not_a_number",
    "3,125%": "not_a_number",
    "1,234E3": "not_a_number",
    "1e999": "infinite",
    "9" * 3000: "infinite",
    "9" * 5000: "infinite",
    "9" * 70_000: "not_a_number",
    "1%" + " " * 9000: "",
    "0." + "1" * 3000: "",
    "1e-99999999999999999999": "",
    f"1e-{'9' * 5000}%": "",
    f"1e{'9' * 3900}%": "infinite",
    "€3,125": "",
    "1,200.00": "",
}


@pytest.mark.parametrize("text", CELLS, ids=lambda text: text[:12])
def test_no_cell_ends_a_run(text):
    assert read_cell(text).reason == CELLS[text]


@pytest.mark.parametrize(
    ("text", "decimal", "kind"),
    [
        ("3,125", ".", "maybe"),
        ("0,125", ".", "surely"),
        ("1,234,567", ".", ""),
        ("3.1", ",", "surely"),
    ]
    + [
        ("1.234,5", ".", "surely"),
        ("1,234.5", ".", ""),
        ("3.125", ",", "maybe"),
        ("€3,5", ".", "surely"),
    ],
)
def test_what_a_number_says_of_the_mark(text, decimal, kind):
    assert other_reading(text, decimal) == kind


@pytest.mark.parametrize("order", list(itertools.permutations(["3,125", "3,1", "2"])))
@pytest.mark.parametrize("block", [16, 1 << 20])
def test_a_column_of_both_readings_is_refused(order, block, tmp_path):
    name = "aftersales_review_hours_mean"
    path = write_csv(tmp_path / "e.csv", [row(f"m{n}", **{name: t}) for n, t in enumerate(order)])
    with pytest.raises(InputError, match=f"column {name}: '3,125' is 3125 or 3.125"):
        read(path, block=block)


def test_readings_of_different_columns_do_not_meet(tmp_path):
    path = write_csv(
        tmp_path / "e.csv", [row("a", orders_paid="3,125"), row("b", product_rating_mean="3,1")]
    )
    assert read(path) == (["a"], [(3, "not_a_number")])


def test_groups_in_a_file_of_semicolons_are_refused(tmp_path):
    path = write_csv(tmp_path / "e.csv", [row("a", orders_paid="3,125")], delimiter=";")
    with pytest.raises(InputError, match="separated by semicolons"):
        read(path)


COUNTS = {"1.400": True, "-1.400": True, "12.000": True, "0.400": False, "1400.000": False}
COUNTS |= {"1.4": False, "1.4000": False, "1400": False, " 1.400": True}


@pytest.mark.parametrize("text", COUNTS)
def test_a_count_of_three_decimals_may_be_thousands(text, tmp_path):
    values, faults = read_numbers(pa.array([text]), "count", ".")
    assert [reason for _, _, reason in faults] == ["maybe_thousands"] * COUNTS[text]
    values, faults = read_numbers(pa.array([text]), "number", ".")
    assert (values.tolist(), faults) == ([float(text)], [])
    path = write_csv(tmp_path / "e.csv", [row("a", refunds_completed=text)])
    reasons = [reason for _, reason in read(path)[1]]
    assert ("maybe_thousands" in reasons) == COUNTS[text]


def whole_table(count, **columns):
    block = {name: pa.array([None] * count, pa.float64()) for name in HEADER[2:]}
    return pa.table({"merchant_id": [f"m{n}" for n in range(count)], **block, **columns})


@pytest.mark.parametrize("kind", [pa.decimal128(38, 9), pa.decimal128(20, 5), pa.decimal256(50, 9)])
def test_decimals_are_read_by_their_digits(kind, tmp_path):
    texts = [*range(1001), "0.1", "0.35", "1234567.12345"]
    column = pa.array([decimal.Decimal(text) for text in texts]).cast(kind)
    found = whole_table(len(texts), aftersales_review_hours_mean=column)
    pq.write_table(found, tmp_path / "e.parquet")
    [read] = read_blocks(tmp_path / "e.parquet", "minimal")
    values = read.block["aftersales_review_hours_mean"].tolist()
    assert values == [float(text) for text in texts]


def test_truth_values_are_no_counts_in_any_format(tmp_path):
    truth = pa.array([True, False])
    found = whole_table(2, orders_paid=truth, barred_identity_link_flag=truth)
    pq.write_table(found, tmp_path / "e.parquet")
    assert read(tmp_path / "e.parquet") == ([], [(1, "not_a_number"), (2, "not_a_number")])
    with pytest.raises(InputError, match="a number is expected"):
        score_frame(found, "minimal")
    lines = [row("a", orders_paid="True"), row("b", barred_identity_link_flag="True")]
    path = write_csv(tmp_path / "e.csv", lines)
    assert read(path) == (["b"], [(2, "not_a_number")])


def test_a_share_that_earns_a_bonus_is_part_of_its_whole(tmp_path):
    rows = [row("a", orders_guaranteed="5000", orders_paid="1400"), row("b")]
    path = write_csv(tmp_path / "e.csv", rows)
    assert read(path) == (["b"], [(2, "numerator_above_denominator")])


def test_a_column_twice_in_another_case_is_a_fault(tmp_path):
    path = put(tmp_path, f"{HEAD},Orders Paid\na{REST},7\n")
    with pytest.raises(InputError) as caught:
        read(path)
    assert "orders_paid: is there 2 times" in str(caught.value)
    assert read(put(tmp_path, f"{HEAD},Notes,notes\na{REST},7,8\n")) == (["a"], [])


def test_texts_have_limits(tmp_path):
    rows = [row("a", category="x" * 16_385), row("b", category="x" * 16_384)]
    assert read(write_csv(tmp_path / "e.csv", rows)) == (["b"], [(2, "too_long")])
    path = put(tmp_path, f"{HEAD},note\na{REST},{'x' * 65_537}\nb{REST},{'x' * 65_536}\n")
    assert read(path, keep=["note"]) == (["b"], [(2, "too_long")])


# Headers.


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD.replace(",", "^"), "separated by '^'"),
        (HEAD.replace(",", "\x01"), "separated by Ctrl-A"),
        (f"Report 2026-11\n{HEAD}", "The header seems to be line 2"),
        (f"Report,,,\n\n\n{HEAD}", "The header seems to be line 4"),
        ("'" + HEAD.replace(",", "','") + "'", "single quotation marks"),
        (HEAD.replace(",", ":"), "separated by ':'"),
        (HEAD.replace(",", "，"), "separated by full-width commas"),
        (HEAD.replace(",", "\xa0"), "separated by no-break spaces"),
        (f'"{HEAD}"', "Quotation marks stand around the whole line"),
        (f"# made today\n{HEAD}", "The header seems to be line 2"),
        (f"a{REST}", "It looks like a row of figures"),
        (f"{HEAD}\u2028a{REST}", "Its lines seem to end in U+2028"),
        (f"{HEAD}\x85a{REST}", "Its lines seem to end in U+0085"),
        ("a,b,c", "None of the names is known; expected are merchant_id"),
        ("\0\0\0", "None of the names is known"),
    ],
)
def test_a_header_that_is_none_is_explained(text, says, tmp_path):
    path = put(tmp_path, f"{text}\nx{REST}\n")
    with pytest.raises(InputError) as caught:
        read(path)
    assert "line 1 was taken for the header" in str(caught.value)
    assert says in str(caught.value)
    # One sentence, and not a list of columns besides.
    assert "\n" not in str(caught.value)


def test_near_names_are_listed_where_no_name_is_known(tmp_path):
    path = put(tmp_path, "merchant_idd,orders_payd\na,1\n")
    with pytest.raises(InputError, match="did you mean orders_payd") as caught:
        read(path)
    assert "line 1 was taken for the header" in str(caught.value)


@pytest.mark.parametrize(
    ("begins", "says"),
    [
        (b"<html><body>502</body></html>", "a page of HTML or XML"),
        (b"\n<?xml version='1.0'?><a/>", "a page of HTML or XML"),
        (b"%PDF-1.4", "a document or a picture"),
        (b"\x89PNG\r\n", "a document or a picture"),
        (b"ARROW1\0\0", "Arrow or Feather"),
        (b"ORC\x0a\x0b", None),
        (b"ORC\x08\x0b", "ORC"),
        (b"Obj\x01\x04", "Avro"),
        (b"SQLite format 3\0", "a database of SQLite"),
        (b"a.csv".ljust(257, b"\0") + b"ustar", "a tar archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer to a file in Git LFS"),
        (gzip.compress(b"a", mtime=0), "compressed with gzip twice"),
        (b"Rar!\x1a", "an archive"),
        (b"\x04\x22\x4d\x18", "compressed with LZ4"),
    ],
)
def test_what_is_no_text_is_named(begins, says, tmp_path):
    path = put(tmp_path, gzip.compress(begins))
    with pytest.raises(InputError) as caught:
        read(path)
    assert (f"is not CSV but {says}" in str(caught.value)) == (says is not None)


# Parquet.


@pytest.mark.parametrize("column", ["merchant_id", "category", "reviews_rated", "note"])
def test_text_of_parquet_that_is_not_utf8_spoils_its_row(column, tmp_path):
    good = pa.array(["7", "x", "8"])
    data = pa.py_buffer(b"7\xff8")
    bad = pa.Array.from_buffers(pa.string(), 3, [None, good.buffers()[1], data])
    columns = {"category": pa.array(["a"] * 3), "note": pa.array(["a"] * 3)}
    pq.write_table(whole_table(3, **columns | {column: bad}), tmp_path / "e.parquet")
    ids, rejects = read(tmp_path / "e.parquet", keep=["note"])
    assert (len(ids), rejects) == (2, [(2, "not_utf8")])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_named_parquet_is_refused(tmp_path):
    os.mkfifo(tmp_path / "e.parquet")
    with pytest.raises(InputError, match="must be an ordinary file"):
        read(tmp_path / "e.parquet")


@pytest.mark.parametrize("seed", range(40))
def test_a_mutated_parquet_is_read_or_named(seed, tmp_path):
    path = tmp_path / "e.parquet"
    pq.write_table(whole_table(9, category=pa.array(["书"] * 9)), path)
    draw = np.random.default_rng(seed)
    data = bytearray(path.read_bytes())
    for at in draw.integers(4, len(data) - 8, 3):
        data[at] = draw.integers(256)
    path.write_bytes(data)
    try:
        read(path, allow_missing_columns=True)
    except (InputError, OSError) as error:
        assert str(path) in str(error)


# Headers that come again in tables of texts alone.


@pytest.mark.parametrize(
    "again",
    [
        "merchant_id,tier,note",
        '"merchant_id","tier","note"',
        "\ufeffmerchant_id,tier,note",
        "MERCHANT_ID,TIER,NOTE",
        "Merchant_Id,Tier,Note",
        "Merchant ID,Tier,Note",
        "merchantId,tier,note",
        "Merchant-ID, tier ,NOTE",
        "tier,merchant_id,note",
        "merchant_id,tier,region",
    ],
)
def test_a_header_that_comes_again_in_a_table_of_texts_is_refused(again, tmp_path):
    path = put(tmp_path, f"merchant_id,tier,note\na,x,1\n{again}\nb,y,2\n")
    with pytest.raises(InputError, match=r"line 3: (the header comes again|another header)"):
        read_table(path, {}, ["merchant_id", "tier"], rest=True)


def test_a_header_of_one_name_that_comes_again_is_refused(tmp_path):
    path = put(tmp_path, "merchant_id\na\nmerchant_id\nb\n")
    with pytest.raises(InputError, match="line 3: the header comes again"):
        read_table(path, {}, ["merchant_id"])


def test_who_is_named_like_a_column_is_a_merchant(tmp_path):
    path = put(tmp_path, "merchant_id,tier,note\ntier,x,1\nnote,y,2\n")
    ids = read_table(path, {}, ["merchant_id", "tier"]).columns["merchant_id"]
    assert ids.tolist() == ["tier", "note"]
