"""Workbooks as people and programs make them, and as nobody should: read, set aside, or refused."""

import datetime as dt
import io
import logging
import zipfile

import pytest

from trustscore.errors import InputError
from trustscore.io import xlsx_parts, xlsx_sheet
from trustscore.io.blocks import read_blocks
from trustscore.io.readers import open_reader
from trustscore.io.xlsx_reader import sheet_named

HEAD = ["merchant_id", "negative_reviews", "reviews_rated", "product_rating_mean", "category"]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def book(rows="", *, behind="", shared=None, styles="", workbook="", parts=(), drop=(), head=HEAD):
    """Return a workbook of raw XML; `rows` stand below the header, which is row 1."""
    cells = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in head)
    sheet = (
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">{cells}</row>{rows}</sheetData>{behind}'
    )
    related = "".join(
        f'<Relationship Id="r{kind}" Type="{REL}/{kind}" Target="{to}"/>'
        for kind, to in (("worksheet", "worksheets/s.xml"), ("sharedStrings", "/xl/t.xml"),
                         ("styles", "styles.xml"))
    )  # fmt: skip
    made = {
        "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{REL}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{REL}">{workbook}<sheets><sheet'
        ' name="one" sheetId="1" r:id="rworksheet"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{related}</Relationships>",
        "xl/worksheets/s.xml": f"{sheet}</worksheet>",
        "xl/styles.xml": f"<styleSheet>{styles}</styleSheet>",
    }
    if shared is not None:
        made["xl/t.xml"] = f"<sst>{shared}</sst>"
    made |= dict(parts)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in made.items():
            if name not in drop:
                archive.writestr(name, text)
    return file.getvalue()


def row(number, *cells):
    return f'<row r="{number}">{"".join(cells)}</row>'


def text(value):
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def number(value, style=""):
    return f"<c{style}><v>{value}</v></c>"


def read(data, folder, **how):
    path = folder / "a.xlsx"
    path.write_bytes(data)
    settings = {"allow_missing_columns": True, "keep": ()} | how
    found = list(read_blocks(path, "minimal", **settings))
    ids = [i for each in found for i in each.block["merchant_id"]]
    rejects = [reject for each in found for reject in each.rejects]
    return ids, {reject.line: (reject.column, reject.reason, reject.value) for reject in rejects}


def test_numbers_ids_and_blanks(tmp_path):
    rows = row(2, number("1001"), number(2), number("4E2"), number(4.5))
    rows += row(3, number("1002.0"), number(""), "<c/>", "<c><v></v></c>")
    rows += row(5, number("1.2345678901234501E+18"), number(1))
    rows += row(6) + row(7, *[text("")] * 5)
    rows += row(8, text("0012"), "<c r='C8'><v>7</v></c>")
    rows += row(9, text("m"), text("1,200"), text("5,000"))
    ids, rejects = read(book(rows), tmp_path)
    assert ids == ["1001", "1002", "0012", "m"]
    assert rejects == {5: ("merchant_id", "not_an_id", "1.2345678901234501E+18")}


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_stored_number_has_a_point_whatever_the_scorecard_says(decimal, tmp_path, repository):
    card = (repository / "configs" / "minimal.toml").read_text(encoding="utf-8")
    (tmp_path / "c.toml").write_text(f"decimal = '{decimal}'\n{card}", encoding="utf-8")
    (tmp_path / "a.xlsx").write_bytes(
        book(row(2, text("m"), number(2), number("1.125"), number("4.125")))
    )
    [found] = read_blocks(tmp_path / "a.xlsx", tmp_path / "c.toml", allow_missing_columns=True)
    [reject] = found.rejects
    # 1.125 is no 1125, so two are more than the whole.
    assert reject.reason == "numerator_above_denominator" and "1.125" in reject.message


STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/>'
    '<numFmt numFmtId="165" formatCode="[h]:mm"/>'
    '<numFmt numFmtId="166" formatCode="0.0&quot; d&quot;"/>'
    "</numFmts><cellStyleXfs><xf numFmtId='14'/></cellStyleXfs><cellXfs>"
    + "".join(f'<xf numFmtId="{n}"/>' for n in (0, 14, 164, 165, 166, 21, 10))
    + "</cellXfs>"
)


def test_days_times_truth_and_errors_are_told_as_in_csv(tmp_path):
    day = 46053  # 2026-01-31
    rows = row(2, number(day, ' s="1"'), number(1), number(9))
    rows += row(3, text("b"), number(day, ' s="2"'), number(9))
    rows += row(4, text("c"), number("1.125", ' s="3"'), number(9))
    rows += row(5, text("d"), number("2", ' s="4"'), number(9))
    rows += row(6, number("0.427083333", ' s="5"'), number(1), number(9))
    rows += row(7, '<c t="b"><v>1</v></c>', number(1), number(9))
    rows += row(8, '<c t="e"><v>#REF!</v></c>', number(1), number(9))
    rows += row(9, text("e"), '<c t="e"><v>#DIV/0!</v></c>', number(9))
    rows += row(10, text("f"), '<c t="e"><v>#N/A</v></c>', number(9))
    rows += row(11, text("g"), number("0.5", ' s="6"'), number(9))
    rows += row(12, text("h"), number(-1, ' s="1"'), number(9))
    ids, rejects = read(book(rows, styles=STYLES), tmp_path)
    assert ids == ["d", "f", "g"]
    assert rejects == {
        2: ("merchant_id", "not_an_id", "2026-01-31"),
        3: ("negative_reviews", "not_a_number", "2026-01-31"),
        4: ("negative_reviews", "not_a_number", "27:00:00"),
        6: ("merchant_id", "not_an_id", "10:15:00"),
        7: ("merchant_id", "not_an_id", "true"),
        8: ("merchant_id", "missing_id", "#REF!"),
        9: ("negative_reviews", "not_a_number", "#DIV/0!"),
        12: ("negative_reviews", "negative_count", "-1"),
    }


def test_days_count_from_1904_where_the_workbook_says_so(tmp_path):
    rows = row(2, number(44591, ' s="1"')) + row(3, number("0.5", ' s="1"'))
    data = book(rows, styles=STYLES, workbook='<workbookPr date1904="1"/>')
    assert read(data, tmp_path)[1][2][2] == "2026-01-31"
    days = {1: "1900-01-01", 59: "1900-02-28", 61: "1900-03-01", "46053.5": "2026-01-31 12:00:00"}
    rows = "".join(row(at, number(n, ' s="1"')) for at, n in enumerate(days, 2))
    rejects = read(book(rows, styles=STYLES), tmp_path)[1]
    assert [rejects[at][2] for at in range(2, 6)] == list(days.values())


def test_formulas_give_what_was_saved_with_them(tmp_path):
    rows = row(2, text("a"), "<c><f>1+1</f><v>2</v></c>", number(9))
    rows += row(3, text("b"), "<c><f>1+1</f></c>", number(9))
    rows += row(4, text("c"), "<c><f>1+1</f><v></v></c>", number(9))
    rows += row(5, text("d"), '<c t="str"><f>""</f><v></v></c>', number(9))
    rows += row(6, '<c><f t="shared" si="0"/></c>', number(1), number(9))
    rows += row(7, '<c t="str"><f>A1&amp;""</f><v>e</v></c>', number(1), number(9))
    ids, rejects = read(book(rows), tmp_path)
    assert ids == ["a", "d", "e"]
    assert rejects == {
        3: ("negative_reviews", "not_calculated", "=1+1"),
        4: ("negative_reviews", "not_calculated", "=1+1"),
        6: ("merchant_id", "not_calculated", "="),
    }


def test_shared_texts_without_their_reading_aids(tmp_path):
    shared = "<si><r><t>东</t></r><r><t xml:space='preserve'> 京</t></r><rPh><t>x</t></rPh></si>"
    shared += "<si><t>a_x000D__x005F_x0041_</t></si>"
    rows = row(2, '<c t="s"><v>0</v></c>') + row(
        3, text("m"), *["<c/>"] * 3, '<c t="s"><v>1</v></c>'
    )
    path = tmp_path / "b.xlsx"
    path.write_bytes(book(rows, shared=shared))
    [found] = read_blocks(path, "minimal", allow_missing_columns=True, keep=["category"])
    assert found.block["merchant_id"].tolist() == ["东 京", "m"]
    assert found.rows.keep["category"].to_pylist()[1] == "a\r_x0041_"
    with pytest.raises(InputError, match="it has no text '7'"):
        read(book(row(2, '<c t="s"><v>7</v></c>'), shared=shared), tmp_path)


def test_merged_cells_of_the_table_are_named_and_those_beside_it_are_not(tmp_path):
    merge = '<mergeCells count="2"><mergeCell ref="B2:B3"/><mergeCell ref="H1:I9"/></mergeCells>'
    rows = row(2, text("m")) + row(3, text("n"))
    with pytest.raises(InputError, match="B2:B3: unmerge") as error:
        read(book(rows, behind=merge), tmp_path)
    assert "H1" not in str(error.value)
    beside = merge.replace("B2:B3", "J1:J3")
    assert read(book(rows, behind=beside), tmp_path)[0] == ["m", "n"]
    # A place that the end of a chunk cuts through.
    for padding in range(65_000, 65_400, 31):
        padded = book(rows, behind=f"<!--{'x' * padding}-->{merge}")
        with pytest.raises(InputError, match="B2:B3"):
            read(padded, tmp_path)


def test_sheets_are_chosen_by_being_shown_or_by_name(tmp_path, caplog):
    openpyxl = pytest.importorskip("openpyxl")
    made = openpyxl.Workbook()
    made.active.title = "hidden"
    for name, state in (("shown", "visible"), ("other", "visible"), ("very", "veryHidden")):
        made.create_sheet(name).sheet_state = state
    for sheet in made:
        sheet.append(HEAD)
        sheet.append([sheet.title, 1, 400, 4.5, dt.date(2026, 1, 31)])
    made["hidden"].sheet_state = "hidden"
    made.active = 1
    file = io.BytesIO()
    made.save(file)
    with caplog.at_level(logging.WARNING):
        assert read(file.getvalue(), tmp_path)[0] == ["shown"]
    assert "reads sheet shown, the first of 2" in caplog.text
    caplog.clear()
    for name in ("other", "hidden", "very"):
        with sheet_named(name):
            assert read(file.getvalue(), tmp_path)[0] == [name]
    assert not caplog.text
    with (
        sheet_named("othr"),
        pytest.raises(InputError, match="no sheet 'othr', did you mean other"),
    ):
        read(file.getvalue(), tmp_path)


def test_what_openpyxl_writes_is_read(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append([])
    sheet.append(HEAD)
    sheet.append(["a", 1, 400, 4.5, "books"])
    sheet.append([1001, True, 400, 4.5])
    sheet.append([dt.datetime(2026, 1, 31), 1, 400])
    sheet.append(["b", "=1+1", 400])
    sheet.append(["c", dt.time(10, 15), 400])
    file = io.BytesIO()
    made.save(file)
    ids, rejects = read(file.getvalue(), tmp_path)
    assert ids == ["a"]
    assert rejects == {
        4: ("negative_reviews", "not_a_number", "true"),
        5: ("merchant_id", "not_an_id", "2026-01-31"),
        6: ("negative_reviews", "not_calculated", "=1+1"),
        7: ("negative_reviews", "not_a_number", "10:15:00"),
    }


DTD = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
NO_BOOKS = {
    "garbage": (b"PK\x03\x04" + bytes(90), "damaged workbook"),
    "cut short": (book(row(2, text("m")))[:-60], "damaged workbook"),
    "damaged": (
        book(row(2, text("m"))).replace(b"PK\x03\x04\x14", b"PK\x03\x04\x99", 1)[:900],
        "dam",
    ),
    "a zip": (book(drop=["_rels/.rels"]), "is a zip archive and no workbook"),
    "xlsb": (book(drop=["_rels/.rels"], parts={"xl/workbook.bin": ""}), "binary workbook"),
    "ods": (book(drop=["_rels/.rels"], parts={"content.xml": ""}), "OpenDocument"),
    "no sheet": (book(drop=["xl/worksheets/s.xml"]), "has no sheet with cells"),
    "nothing": (book(parts={"xl/worksheets/s.xml": "<worksheet/>"}), "is empty; a row of column"),
    "no XML": (book(parts={"xl/worksheets/s.xml": "hello"}), "damaged workbook"),
    "cut XML": (book(parts={"xl/worksheets/s.xml": "<worksheet><sheetData>"}), "damaged workbook"),
    "an entity in a sheet": (
        book(parts={"xl/worksheets/s.xml": f"{DTD}<worksheet>&b;</worksheet>"}),
        "document type",
    ),
    "an entity in texts": (
        book(shared="", parts={"xl/t.xml": f"{DTD}<sst>&a;</sst>"}),
        "document type",
    ),
    "an entity in styles": (book(parts={"xl/styles.xml": f"{DTD}<s>&a;</s>"}), "document type"),
    "an entity in relations": (book(parts={"_rels/.rels": f"{DTD}<s>&a;</s>"}), "document type"),
    "rows that go back": (book(row(5, text("m")) + row(4, text("n"))), "row 4 behind row 5"),
    "too many rows": (book(row(1_048_577, text("m"))), "behind row 1 of at most 1,048,576"),
    "no such cell": (book(row(2, '<c r="ZZZZ1"><v>1</v></c>')), "no cell is 'ZZZZ1'"),
    "no such column": (book(row(2, '<c r="XFE1"><v>1</v></c>')), "no cell is 'XFE1'"),
    "a name without end": (
        book(f"<row r='2' a='{'x' * (2 << 20)}'></row>"),
        "an element of more than 1 MB",
    ),
    "a cell without end": (book(row(2, text("x" * (3 << 20)))), "more than 1,048,576 characters"),
}


@pytest.mark.parametrize("name", NO_BOOKS)
def test_what_is_no_workbook_is_refused_in_one_sentence(name, tmp_path):
    data, message = NO_BOOKS[name]
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as error:
        list(read_blocks(path, "minimal", allow_missing_columns=True))
    assert str(path) in str(error.value) and len(str(error.value)) < 400


def test_a_bomb_costs_no_more_than_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx_sheet, "LARGEST_SHEET", 1 << 20)
    monkeypatch.setattr(xlsx_parts, "_LARGEST_TEXTS", 1 << 20)
    spaces = " " * (2 << 20)
    for data in (
        book(f"{row(2, text('m'))}{spaces}"),
        book(row(2, text("m")), shared=spaces),
    ):
        assert len(data) < 10_000
        (tmp_path / "a.xlsx").write_bytes(data)
        with pytest.raises(InputError, match="unpacks to more than 1 MB"):
            list(read_blocks(tmp_path / "a.xlsx", "minimal", allow_missing_columns=True))


def test_a_reader_tells_rows_progress_and_hash(tmp_path):
    from hashlib import sha256

    from trustscore.io.header import Wanted

    data = book("".join(row(at, text(f"m{at}")) for at in range(2, 12)))
    (tmp_path / "a.xlsx").write_bytes(data)
    reader = open_reader(str(tmp_path / "a.xlsx"), Wanted((), (), ".", {}))
    assert reader.rows == 10
    assert sum(len(reader.read(piece)) for piece in reader.pieces()) == 10
    assert reader.source.position == reader.source.size == len(data)
    assert reader.source.sha256 == sha256(data).hexdigest()
    reader.source.close()
