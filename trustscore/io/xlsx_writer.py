"""Excel workbooks (.xlsx) of one sheet: texts are texts, numbers numbers, and no cell a formula.

The file is the least that the format (ECMA-376) asks for. It holds no time, so the same table gives
the same bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pyarrow as pa
import pyarrow.compute as pc

from trustscore.atomic_file import AtomicFile
from trustscore.errors import InputError, one_line
from trustscore.io.xlsx_sheet import MOST_COLUMNS, MOST_ROWS

__all__ = ["LONGEST_TEXT", "XlsxSink"]

LONGEST_TEXT = 32_767
"""Characters of a cell, as Excel counts them: those beyond the basic plane count twice."""
# Without the extension for large files, which some programs refuse.
_MOST_BYTES = (1 << 31) - (1 << 20)
_ROWS_AT_ONCE = 1000
_OTHER_FORMAT = "write .csv or .parquet instead"
# Spelled, since XML holds none of them or changes them; and what only looks spelled.
_SPELL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MARKS = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="table"'
    ' sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship'
    f' Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_BEGIN = (
    f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1"'
    ' topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_END = "</sheetData></worksheet>"


class XlsxSink:
    """A workbook: blocks are record batches, held until all are there.

    So that a table that no sheet can hold is refused before its cells are written, which takes
    longer than all before.

    Parameters
    ----------
    file : AtomicFile
    schema : pyarrow.Schema
    """

    def __init__(self, file: AtomicFile, schema: Any) -> None:
        self.file, self._schema = file, schema
        if len(schema.names) > MOST_COLUMNS:
            raise self._refusal(f"has {len(schema.names):,} columns, a sheet {MOST_COLUMNS:,}")
        self._letters = [_letters(at) for at in range(len(schema.names))]
        self._held: list[Any] = []
        self._rows = 0

    def _refusal(self, why: str) -> InputError:
        return InputError(f"{self.file.path}: the table {why}: {_OTHER_FORMAT}")

    def write(self, block: Any) -> None:
        """Take a record batch."""
        self._rows += block.num_rows
        # The header is a row of the sheet.
        if self._rows >= MOST_ROWS:
            raise self._refusal(f"has more than {MOST_ROWS - 1:,} rows, which is all a sheet holds")
        for name, column in zip(block.schema.names, block.columns, strict=True):
            if pa.types.is_string(column.type) and len(column):
                self._refuse_long(name, column)
        self._held.append(block)

    def _refuse_long(self, name: str, column: Any) -> None:
        # A byte is one character at most, or seven where it is spelled out.
        if (pc.max(pc.binary_length(column)).as_py() or 0) * 7 <= LONGEST_TEXT:
            return
        for at, text in enumerate(column.to_pylist()):
            # What is spelled out counts as it is spelled.
            if text and _length(_spelled(text)) > LONGEST_TEXT:
                row = self._rows - len(column) + at + 2
                raise self._refusal(
                    f"has a text of more than {LONGEST_TEXT:,} characters, which is all a cell"
                    f" holds (row {row:,}, {one_line(name)})"
                )

    def finish(self) -> None:
        """Write the workbook."""
        with ZipFile(self.file.file, "w", ZIP_DEFLATED) as archive:
            for name, text in _PARTS.items():
                with archive.open(_entry(name), "w") as out:
                    out.write((_HEAD + text).encode())
            size = 0
            with archive.open(_entry("xl/worksheets/sheet1.xml"), "w") as out:
                for text in self._sheet():
                    data = text.encode()
                    size += len(data)
                    if size > _MOST_BYTES:
                        raise self._refusal("makes a sheet of more than 2 GB")
                    out.write(data)
        self._held = []

    def _sheet(self) -> Iterator[str]:
        yield _HEAD + _BEGIN
        yield self._row(1, [_text_cell(name) for name in self._schema.names])
        line = 2
        while self._held:
            # What is written need not be held.
            block = self._held.pop(0)
            for start in range(0, block.num_rows, _ROWS_AT_ONCE):
                part = block.slice(start, _ROWS_AT_ONCE)
                columns = [_cells(column) for column in part.columns]
                rows = enumerate(zip(*columns, strict=True), line)
                yield "".join([self._row(number, cells) for number, cells in rows])
                line += part.num_rows
        yield _END

    def _row(self, number: int, cells: Any) -> str:
        made = [
            f'<c r="{letters}{number}"{cell}'
            for letters, cell in zip(self._letters, cells, strict=True)
            if cell
        ]
        return f'<row r="{number}">{"".join(made)}</row>'


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _letters(place: int) -> str:
    """Return the name of a column, counted from 0.

    Examples
    --------
    >>> _letters(0), _letters(26), _letters(16383)
    ('A', 'AA', 'XFD')
    """
    found, place = "", place + 1
    while place:
        place, letter = divmod(place - 1, 26)
        found = chr(65 + letter) + found
    return found


def _cells(column: Any) -> list[str]:
    """Return the cells of a column behind their place; a blank has none."""
    values = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [_number_cell(value) for value in values]
    if pa.types.is_integer(column.type):
        return ["" if value is None else f"><v>{value}</v></c>" for value in values]
    # Few columns hold as many texts as rows.
    known = {value: _text_cell(value) for value in set(values)}
    return [known[value] for value in values]


def _number_cell(value: float | None) -> str:
    if value is None or value != value:
        return ""
    return (
        f"><v>{repr(value).removesuffix('.0')}</v></c>"
        if math.isfinite(value)
        else _text_cell(str(value))
    )


def _text_cell(value: str | None) -> str:
    if not value:
        return ""
    text = _spelled(value).translate(_MARKS)
    return f' t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _spelled(text: str) -> str:
    return _SPELL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
