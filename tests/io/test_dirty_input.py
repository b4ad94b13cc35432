"""Every way to write the same export must read as the same export."""

import gzip
import zlib

import numpy as np
import pytest

from tests.io.exports import HEADER, MINIMAL, csv_bytes, good_rows, row, write_csv
from trustscore.errors import InputError
from trustscore.io.blocks import read_blocks
from trustscore.scorecard import load_scorecard

ROWS = good_rows(40, seed=1)
ROWS[7][HEADER.index("category")] = "乐高玩具店"
ROWS[8][0] = "店铺8"


def read(path, card=MINIMAL, **how):
    """The rows of a file as tuples, and the rejects, all blocks joined."""
    rows, rejects = [], []
    for part in read_blocks(path, card, **how):
        names = [n for n in HEADER if n in part.block]
        rows += list(zip(*(part.block[n].tolist() for n in names), strict=True))
        rejects += part.rejects
    return [tuple(None if v != v else v for v in found) for found in rows], rejects


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    rows, rejects = read(write_csv(tmp_path_factory.mktemp("plain") / "e.csv", ROWS))
    assert len(rows) == len(ROWS)
    assert not rejects
    return rows


TEXT = csv_bytes(ROWS).decode()
CRLF = csv_bytes(ROWS, newline="\r\n")
SPELLINGS = {
    "utf-32 le": b"\xff\xfe\0\0" + TEXT.encode("utf-32-le"),
    "utf-32 be": b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"),
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "gb18030": TEXT.encode("gb18030"),
    "utf-16 le": b"\xff\xfe" + TEXT.encode("utf-16-le"),
    "utf-16 be": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "utf-16 le, cr lf": b"\xff\xfe" + CRLF.decode().encode("utf-16-le"),
    "semicolons": csv_bytes(ROWS, delimiter=";"),
    "tabs": csv_bytes(ROWS, delimiter="\t"),
    "bars": csv_bytes(ROWS, delimiter="|"),
    "cr lf": CRLF,
    "cr": csv_bytes(ROWS, newline="\r"),
    "all in quotes": csv_bytes(ROWS, quote=True),
    "all in quotes, cr lf": csv_bytes(ROWS, quote=True, newline="\r\n"),
    "no final line break": TEXT.encode().rstrip(b"\n"),
    "no final line break, cr": csv_bytes(ROWS, newline="\r").rstrip(b"\r"),
    "blank lines": b"\n \n" + TEXT.replace("\n", "\n\n").encode() + b"\n\r\n\n",
    "sep line": b"sep=;\r\n" + csv_bytes(ROWS, delimiter=";", newline="\r\n"),
    "sep line, tab": b"sep=\t\n" + csv_bytes(ROWS, delimiter="\t"),
    "sep line in quotes": b'"SEP=|"\n\n' + csv_bytes(ROWS, delimiter="|"),
    "gzip": gzip.compress(TEXT.encode()),
    "gzip of gb18030": gzip.compress(TEXT.encode("gb18030")),
    "gzip of several members": b"".join(
        gzip.compress(TEXT.encode()[at : at + 997]) for at in range(0, len(TEXT.encode()), 997)
    ),
    "gzip with padding": gzip.compress(TEXT.encode()) + bytes(512),
    "gzip, stored": gzip.compress(TEXT.encode(), 0),
}


@pytest.mark.parametrize("block", [16, 101, 1 << 20])
@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_reads_the_same(name, block, plain, tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes(SPELLINGS[name])
    # Ids in GB18030 are not guessed.
    encoding = "gb18030" if "gb18030" in name else None
    assert read(path, block=block, encoding=encoding) == (plain, [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "UTF-16BE", "utf-16", "GB18030", "utf-8-sig"])
def test_an_encoding_that_is_told(encoding, plain, tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes(TEXT.encode(encoding))
    assert read(path, encoding=encoding) == (plain, [])


def test_windows_1252(tmp_path):
    path = tmp_path / "e.csv"
    path.write_bytes(
        csv_bytes([row("café", category="naïve, £5"), row("b")]).decode().encode("cp1252")
    )
    for block in (16, 1 << 20):
        rows, _ = read(path, block=block, encoding="cp1252")
        assert rows[0][:2] == ("café", "naïve, £5")


@pytest.mark.parametrize("block", [16, 50, 1 << 20])
def test_the_encoding_is_that_of_the_text_and_not_of_the_first_block(block, tmp_path):
    # The first two bytes of 联 in GB18030 happen to be valid UTF-8; what follows is not.
    path = tmp_path / "e.csv"
    rows = [row("m1", category="联"), *(row(f"a{n}") for n in range(9)), row("m2", category="网络")]
    path.write_bytes(csv_bytes(rows).decode().encode("gb18030"))
    found, _ = read(path, block=block)
    assert (found[0][1], found[-1][1]) == ("联", "网络")


def test_extra_columns_another_order_and_other_names(plain, tmp_path):
    order = np.random.default_rng(0).permutation(len(HEADER))
    named = [HEADER[at] for at in order]
    styles = [str.upper, str.title, lambda n: n.replace("_", " "), lambda n: f"  {n}\t"]
    named = [styles[at % 4](name) for at, name in enumerate(named)]
    rows = [[*(cells[at] for at in order), "x, y", ""] for cells in ROWS]
    path = write_csv(tmp_path / "e.csv", rows, header=[*named, "Shop name", "unnamed: 3"])
    assert read(path) == (plain, [])


def test_a_header_in_quotes_over_two_lines(plain, tmp_path):
    header = ['"note\nof two ""lines"""', *HEADER]
    body = csv_bytes([["x", *cells] for cells in ROWS], header=["note", *HEADER]).split(b"\n", 1)[1]
    path = tmp_path / "e.csv"
    path.write_bytes(",".join(header).encode() + b"\n" + body)
    for block in (16, 1 << 20):
        assert read(path, block=block)[0] == plain


def card_with(tmp_path, repository, extra):
    text = (repository / "configs" / "minimal.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("\n[stages]", f"{extra}\n[stages]", 1), encoding="utf-8")
    return load_scorecard(path)


def test_names_mapped_by_the_scorecard(tmp_path, repository, plain):
    card = card_with(
        tmp_path,
        repository,
        '\n[columns]\nmerchant_id = "Shop No"\norders_paid = ["sales", "paid"]\n',
    )
    names = {"merchant_id": "shop_no", "orders_paid": "PAID"}
    path = write_csv(tmp_path / "e.csv", ROWS, header=[names.get(n, n) for n in HEADER])
    assert read(path, card) == (plain, [])
    with pytest.raises(InputError, match="merchant_id: no such column"):
        read(path)


def test_a_decimal_comma_only_where_the_scorecard_says_so(tmp_path, repository):
    rows = [row("a", product_rating_mean="4,7", reviews_rated="1.200"), row("b")]
    path = write_csv(tmp_path / "e.csv", rows, delimiter=";")
    _, rejects = read(path)
    assert [(r.merchant_id, r.column, r.value) for r in rejects] == [
        ("a", "reviews_rated", "1.200")
    ]
    assert [(r.reason, r.more) for r in rejects] == [("maybe_thousands", 1)]
    text = (repository / "configs" / "minimal.toml").read_text(encoding="utf-8")
    mine = tmp_path / "comma.toml"
    mine.write_text('decimal = ","\n' + text, encoding="utf-8")
    found, rejects = read(path, load_scorecard(mine))
    place = HEADER.index("product_rating_mean"), HEADER.index("reviews_rated")
    assert (found[0][place[0]], found[0][place[1]], rejects) == (4.7, 1200.0, [])


def test_cells_as_people_write_them(tmp_path):
    cells = {
        "reviews_rated": "1,200.00",
        "negative_reviews": " 7 ",
        "product_rating_mean": "4.70",
        "complaints": "N/A",
        "orders_paid": "$1,300",
        "aftersales_review_hours_mean": "2e1",
        "refunds_completed": "—",
        "barred_identity_link_flag": "No",
        "orders_guaranteed": "¥12",
    }
    path = write_csv(
        tmp_path / "e.csv", [row("a", **cells), row("b", category='said "hi",\r\nleft')]
    )
    found, rejects = read(path)
    assert rejects == []
    assert dict(zip(HEADER, found[0], strict=True)) == {
        "merchant_id": "a",
        "category": None,
        "reviews_rated": 1200.0,
        "negative_reviews": 7.0,
        "product_rating_mean": 4.7,
        "complaints": None,
        "orders_paid": 1300.0,
        "aftersales_review_hours_mean": 20.0,
        "refunds_completed": None,
        "barred_identity_link_flag": 0.0,
        "orders_guaranteed": 12.0,
    }
    assert found[1][1] == 'said "hi",\r\nleft'


def test_a_percentage_is_a_share(tmp_path):
    # A mean with a range may be a share; a count may not.
    path = write_csv(tmp_path / "e.csv", [row("a", product_rating_mean="430%", orders_paid="97%")])
    _, [reject] = read(path)
    assert (reject.column, reject.reason, reject.more) == ("orders_paid", "not_a_count", 0)


@pytest.mark.parametrize("block", [16, 64, 1 << 20])
def test_a_stray_mark_does_not_join_two_rows_in_silence(block, tmp_path):
    # Read by the letter of RFC 4180, m2 would take the numbers of m4, and m3 and m4 were gone.
    rows = [row(f"m{n}", orders_paid=str(n)) for n in range(1, 7)]
    rows[3][1] = "a, b"
    path = tmp_path / "e.csv"
    path.write_bytes(csv_bytes(rows).replace(b"m2,", b'm2,"5 inch', 1))
    found, [reject] = read(path, block=block)
    place = HEADER.index("orders_paid")
    assert [(r[0], r[place]) for r in found] == [(f"m{n}", n) for n in (1, 3, 4, 5, 6)]
    assert (reject.line, reject.reason, reject.raw[:10]) == (3, "open_quote", 'm2,"5 inch')


def test_an_unclosed_quote_costs_one_line(tmp_path):
    rows = [row(f"m{n}", orders_paid=str(n)) for n in range(6)]
    data = csv_bytes(rows).replace(b"m3,,", b'm3,"oops,')
    path = tmp_path / "e.csv"
    path.write_bytes(data)
    for block in (16, 1 << 20):
        found, [reject] = read(path, block=block)
        assert [r[0] for r in found] == ["m0", "m1", "m2", "m4", "m5"]
        assert (reject.line, reject.reason) == (5, "open_quote")
        assert reject.raw.startswith('m3,"oops,')


def test_a_quotation_may_be_long_but_not_endless(tmp_path):
    rows = [row("m1", category="x\n" * 100_000), row("m2"), row("m3", category="y" * (5 << 20))]
    path = write_csv(tmp_path / "e.csv", [*rows, row("m4")])
    path.write_bytes(path.read_bytes().replace(b"m3,", b'm3,"', 1).replace(b"y,", b'y",', 1))
    answers = [read(path, block=block) for block in (1 << 16, 1 << 20, 16 << 20)]
    assert answers[0] == answers[1] == answers[2]
    found, [reject] = answers[0]
    assert [r[0] for r in found] == ["m1", "m2", "m4"]
    assert (reject.line, reject.reason) == (100_004, "open_quote")


# --- files that are no exports -------------------------------------------------------------

HEAD = ",".join(HEADER).encode() + b"\n"
NO_EXPORT = {
    "empty": (b"", "is empty; a header line with column names is expected"),
    "blank lines": (b"\n \n\t\n" * 9, "is empty"),
    "no header": (b"m1,2,3\n", "It looks like a row of figures"),
    "xlsx": (b"PK\x03\x04" + bytes(90), "damaged workbook"),
    "xls": (b"\xd0\xcf\x11\xe0" + bytes(90), "an Excel workbook"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(90), "Zstandard: use gzip or none"),
    "bz2": (b"BZh91AY" + bytes(90), "bzip2"),
    "xz": (b"\xfd7zXZ\x00" + bytes(90), "compressed with xz"),
    "xlsx in gzip": (gzip.compress(b"PK\x03\x04" + bytes(90)), "is not CSV but Excel"),
    "nul bytes": (
        HEAD.decode().encode("utf-16-le"),
        "NUL bytes: if it is UTF-16, give `encoding`",
    ),
    "truncated gzip": (gzip.compress(TEXT.encode())[:-20], "end in the middle; is it complete"),
    "gzip of nothing but its head": (b"\x1f\x8b\x08\x00", "end in the middle"),
    "damaged gzip": (gzip.compress(TEXT.encode())[:60] + bytes(300), "damaged gzip data"),
    "garbage behind gzip": (gzip.compress(TEXT.encode()) + b"garbage", "damaged gzip data"),
    "no encoding of ours": (HEAD + b"m1\x81\x20,\n", "line 2: neither utf-8, gb18030 nor cp1252"),
    "open quote in the header": (b'"merchant_id,a\nm1,2\n', "mark of the header never closes"),
    "endless header": (b"x" * (5 << 20), "the header is longer than 4 MB"),
    "truncated parquet": (b"PAR1" + bytes(90), "damaged Parquet file"),
    "columns twice": (b"merchant_id,Merchant ID," + HEAD, "is there 2 times"),
}


@pytest.mark.parametrize(("data", "says"), NO_EXPORT.values(), ids=NO_EXPORT.keys())
def test_what_is_no_export_is_said(data, says, tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes(data)
    for block in (1 << 16, 1 << 20):
        with pytest.raises(InputError) as caught:
            read(path, block=block)
        assert says in str(caught.value)
        assert str(path) in str(caught.value)


def test_what_cannot_be_decoded_names_its_line(tmp_path):
    path = tmp_path / "e.csv"
    lines = [b"m%d," % n + b"," * 9 for n in range(3000)]
    lines[5] = "店铺,".encode() + b"," * 9
    # 0xff is in no character of GB18030 or UTF-8, and too far off to have a say in the choice.
    path.write_bytes(HEAD + b"\n".join(lines) + b"\n" + b" " * (1 << 20) + b"\nm\xff," + b"," * 9)
    for block in (4096, 1 << 20):
        _, rejects = read(path, block=block)
        found = [(r.line, r.reason) for r in rejects]
        assert found == [(3002, "field_count"), (3003, "not_utf8")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "punycode", "utf-7"])
def test_an_encoding_that_does_not_fit(encoding, tmp_path):
    path = tmp_path / "e.csv"
    path.write_bytes(HEAD + "店铺,\n".encode() + b"+2AA-\n")
    for block in (64, 1 << 20):
        with pytest.raises(InputError, match=r"cannot be read as .*; give the right `encoding`"):
            read(path, encoding=encoding, block=block)


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "hex", "undefined", "idna"])
def test_an_encoding_that_is_none(encoding, tmp_path):
    path = write_csv(tmp_path / "e.csv", ROWS)
    with pytest.raises(InputError, match=f"`encoding` {encoding}: no such encoding"):
        read(path, encoding=encoding)


def test_missing_columns_are_listed_with_near_names(tmp_path):
    header = ["orders_payed" if n == "orders_paid" else n for n in HEADER if n != "complaints"]
    path = tmp_path / "e.csv"
    path.write_text(",".join(header) + "\nm1" + "," * (len(header) - 1))
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.faults == [
        "complaints: no such column",
        "orders_paid: no such column, did you mean orders_payed?",
    ]
    rows, rejects = read(path, allow_missing_columns=True)
    assert (len(rows), rejects) == (1, [])


def test_header_only_and_one_row(tmp_path):
    path = tmp_path / "e.csv"
    for data in (HEAD, HEAD[:-1], HEAD[:-1] + b"\r\n", HEAD + b"\n\n"):
        path.write_bytes(data)
        assert read(path) == ([], [])
    path.write_bytes(HEAD + b"m1" + b"," * 10)
    assert [r[0] for r in read(path)[0]] == ["m1"]


def test_a_nul_byte_inside_is_a_character_like_any_other(tmp_path):
    rows = [row(f"m{n}") for n in range(2000)] + [
        row("nul", complaints="1", category="n\0l"),
        row("z", complaints="1\0"),
    ]
    found, [reject] = read(write_csv(tmp_path / "e.csv", rows))
    assert found[-1][1] == "n\0l"
    assert (reject.merchant_id, reject.reason) == ("z", "not_a_number")
    # Wherever it stands.
    found, [reject] = read(write_csv(tmp_path / "e.csv", rows[::-1]))
    assert found[0][1] == "n\0l"
    assert (reject.line, reject.reason) == (2, "not_a_number")


def test_gzip_blocks_of_nothing_do_not_end_the_file(plain, tmp_path):
    # A flush in the middle of the stream gives input without output.
    squeeze = zlib.compressobj(wbits=31)
    data = b"".join(
        squeeze.compress(line) + squeeze.flush(zlib.Z_FULL_FLUSH)
        for line in TEXT.encode().splitlines(keepends=True)
    )
    path = tmp_path / "e.csv.gz"
    path.write_bytes(data + squeeze.flush())
    for block in (16, 1 << 20):
        assert read(path, block=block) == (plain, [])


def test_rejects_show_the_beginning_of_a_row(tmp_path):
    long = "x" * 60_000
    path = write_csv(tmp_path / "e.csv", [row("m1", complaints=long)])
    [read] = read_blocks(path, "minimal")
    [reject] = read.rejects
    assert reject.raw.startswith("m1,")
    assert reject.raw.endswith("characters)") and len(reject.raw) < 4200
    assert len(reject.value) == 1000
    path.write_text(path.read_text().replace(long, "y,z"))
    [read] = read_blocks(path, "minimal")
    assert read.rejects[0].raw == path.read_text().splitlines()[1]
