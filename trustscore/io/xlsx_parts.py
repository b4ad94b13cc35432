"""The parts of a workbook (.xlsx), read within bounds: a zip archive of XML, from anybody.

Nothing in it may cost more than a workbook costs: every part has a limit of bytes, which are
counted as they are unpacked; a document type, and with it every entity, is refused; nothing is
fetched from elsewhere.
"""

from __future__ import annotations

import posixpath
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from trustscore.errors import InputError, one_line, suggest

__all__ = ["LARGEST_SHEET", "Sheet", "Workbook", "document", "unescaped"]

LARGEST_SHEET = 4 << 30
"""Bytes of XML of a sheet, which is read a row at a time."""
# Bytes of XML of the texts of all cells, which are held in memory, and of a part that is small.
_LARGEST_TEXTS, _LARGEST_OTHER = 1 << 30, 32 << 20
_MOST_PARTS = 10_000
_AT_ONCE = 1 << 16
# An element or attribute that is longer than any cell may be.
_LONGEST_TOKEN = 1 << 20
_SPELLED = re.compile("_x([0-9A-Fa-f]{4})_")
# Formats of numbers that everybody knows, and are days or times.
_BUILT_IN = {*range(14, 18), 22, *range(27, 37), *range(50, 59)}
_BUILT_IN_TIMES = {18, 19, 20, 21, 45, 46, 47}
_NO_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)

Start = Callable[[str, dict[str, str]], None]


class Sheet(NamedTuple):
    """A table of a workbook: its name, its part, and whether it is shown."""

    name: str
    part: str
    shown: bool


def unescaped(text: str) -> str:
    r"""Return a text of a cell; characters that XML cannot hold are spelled in it.

    Examples
    --------
    >>> unescaped("a_x000D_b"), unescaped("_x005F_x000D_")
    ('a\rb', '_x000D_')
    """
    if "_x" not in text:
        return text

    def character(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return found[0] if 0xD800 <= code < 0xE000 else chr(code)

    return _SPELLED.sub(character, text)


def document(
    chunks: Iterator[bytes],
    start: Start,
    end: Callable[[str], None],
    text: Callable[[str], None],
    what: str,
) -> Iterator[None]:
    """Parse XML, calling the handlers with names without their prefix; yield after each chunk.

    Raises
    ------
    InputError
        When it is no XML, has a document type, or an element of no end.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    local: dict[str, str] = {}

    def name_of(name: str) -> str:
        found = local.get(name)
        if found is None:
            found = local[name] = name.rpartition(":")[2]
        return found

    def refuse(*_: Any) -> None:
        raise InputError(f"{what}: has a document type, as no workbook has")

    parser.StartElementHandler = lambda name, attributes: start(name_of(name), attributes)
    parser.EndElementHandler = lambda name: end(name_of(name))
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    fed = 0
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > _LONGEST_TOKEN:
                raise InputError(f"{what}: holds an element of more than {_LONGEST_TOKEN >> 20} MB")
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise InputError(f"{what}: damaged workbook ({error})") from None
    yield


class Workbook:
    """A workbook whose sheets are known.

    Parameters
    ----------
    path : str
    file : binary file

    Attributes
    ----------
    sheets : list of Sheet
    since_1904 : bool
        Whether its days count from 1904.
    """

    def __init__(self, path: str, file: Any) -> None:
        self.path = path
        try:
            self._zip = ZipFile(file)
        except (BadZipFile, ValueError, NotImplementedError, EOFError) as error:
            raise InputError(f"{path}: damaged workbook ({error})") from None
        names = [info.filename for info in self._zip.infolist()]
        if len(names) > _MOST_PARTS:
            raise InputError(f"{path}: a workbook has at most {_MOST_PARTS:,} parts")
        self._names = {name.lstrip("/"): name for name in names}
        self.sheets: list[Sheet] = []
        self.since_1904 = False
        main = self._target("_rels/.rels", "officeDocument")
        if main is None or main not in self._names or main.endswith(".bin"):
            raise InputError(f"{path}: is {self._other_kind()}")
        self._main = main
        self._read_workbook()
        if not self.sheets:
            raise InputError(f"{path}: has no sheet with cells")

    def _other_kind(self) -> str:
        if any(name.endswith(".bin") for name in self._names):
            return "a binary workbook (.xlsb): save it as .xlsx or CSV"
        if "content.xml" in self._names:
            return "an OpenDocument table (.ods): save it as .xlsx or CSV"
        return "a zip archive and no workbook: unpack it"

    def chunks(self, part: str, most: int = _LARGEST_OTHER) -> Iterator[bytes]:
        """Yield the bytes of a part, of which there are at most so many."""
        size = 0
        try:
            with self._zip.open(self._names[part]) as file:
                while data := file.read(_AT_ONCE):
                    size += len(data)
                    if size > most:
                        raise InputError(
                            f"{self.path}: {one_line(part)} unpacks to more than {most >> 20:,} MB:"
                            " save the sheet as CSV"
                        )
                    yield data
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise InputError(f"{self.path}: damaged or locked workbook ({error})") from None

    def size_of(self, sheet: Sheet) -> int:
        """Return the bytes of a sheet, as the archive says."""
        return self._zip.getinfo(self._names[sheet.part]).file_size

    def choose(self, name: str | None) -> Sheet:
        """Return the sheet of a name, or the first one that is shown."""
        if name is None:
            return next((sheet for sheet in self.sheets if sheet.shown), self.sheets[0])
        for sheet in self.sheets:
            if sheet.name == name:
                return sheet
        names = [sheet.name for sheet in self.sheets]
        listed = ", ".join(map(one_line, names[:10]))
        raise InputError(
            f"{self.path}: has no sheet {name!r}{suggest(name, names) or ','} it has {listed}"
            f"{' and more' * (len(names) > 10)}"
        )

    def texts(self) -> list[str]:
        """Return the texts that cells share."""
        part = self._target(self._rels(self._main), "sharedStrings")
        if part is None or part not in self._names:
            return []
        found: list[str] = []
        pieces: list[str] = []
        inside = [False, False]  # a text, a reading aid above it

        def start(name: str, _: dict[str, str]) -> None:
            if name == "t":
                inside[0] = True
            elif name == "rPh":
                inside[1] = True

        def end(name: str) -> None:
            if name == "t":
                inside[0] = False
            elif name == "rPh":
                inside[1] = False
            elif name == "si":
                found.append(unescaped("".join(pieces)))
                pieces.clear()

        def text(said: str) -> None:
            if inside[0] and not inside[1]:
                pieces.append(said)

        self._parse(part, start, end, text, _LARGEST_TEXTS)
        return found

    def days(self) -> dict[str, bool]:
        """Return the styles of days and times, by number; true for those that show a day."""
        part = self._target(self._rels(self._main), "styles")
        if part is None or part not in self._names:
            return {}
        codes: dict[int, str] = {}
        styles: list[int] = []
        inside = [False]

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "numFmt":
                codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif name == "cellXfs":
                inside[0] = True
            elif name == "xf" and inside[0]:
                styles.append(_whole(attributes.get("numFmtId")))

        def end(name: str) -> None:
            if name == "cellXfs":
                inside[0] = False

        self._parse(part, start, end, lambda _: None, _LARGEST_OTHER)
        shown = {number: _shows(code) for number, code in codes.items()}
        found: dict[str, bool] = {}
        for at, number in enumerate(styles):
            day = shown.get(number)
            if number not in shown:
                day = True if number in _BUILT_IN else False if number in _BUILT_IN_TIMES else None
            if day is not None:
                found[str(at)] = day
        return found

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()

    def _parse(
        self,
        part: str,
        start: Start,
        end: Callable[[str], None],
        text: Callable[[str], None],
        most: int,
    ) -> None:
        for _ in document(self.chunks(part, most), start, end, text, self.path):
            pass

    @staticmethod
    def _rels(part: str) -> str:
        folder, name = posixpath.split(part)
        return posixpath.join(folder, "_rels", f"{name}.rels")

    def _related(self, rels: str) -> dict[str, tuple[str, str]]:
        """Return type and part of each relation, by its id."""
        found: dict[str, tuple[str, str]] = {}
        if rels not in self._names:
            return found
        base = posixpath.dirname(posixpath.dirname(rels))

        def start(name: str, attributes: dict[str, str]) -> None:
            if name != "Relationship" or attributes.get("TargetMode") == "External":
                return
            target = attributes.get("Target", "")
            part = target.lstrip("/") if target[:1] == "/" else posixpath.join(base, target)
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = (kind, posixpath.normpath(part))

        self._parse(rels, start, lambda _: None, lambda _: None, _LARGEST_OTHER)
        return found

    def _target(self, rels: str, kind: str) -> str | None:
        parts = (part for found, part in self._related(rels).values() if found == kind)
        return next(parts, None)

    def _read_workbook(self) -> None:
        related = self._related(self._rels(self._main))

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "workbookPr":
                self.since_1904 = attributes.get("date1904") in ("1", "true")
            elif name == "sheet":
                to = next((v for k, v in attributes.items() if k.endswith(":id")), "")
                kind, part = related.get(to, ("", ""))
                if kind == "worksheet" and part in self._names:
                    shown = attributes.get("state", "visible") == "visible"
                    self.sheets.append(Sheet(attributes.get("name", ""), part, shown))

        self._parse(self._main, start, lambda _: None, lambda _: None, _LARGEST_OTHER)


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else -1


def _shows(code: str) -> bool | None:
    """Return whether a format shows a day (true) or a time alone (false), or neither (None).

    Examples
    --------
    >>> (
    ...     _shows('yyyy"年"m"月"d"日"'),
    ...     _shows("[h]:mm"),
    ...     _shows('[Red]0.00" days"'),
    ...     _shows("General"),
    ... )
    (True, False, None, None)
    """
    if code.casefold() == "general":
        return None
    signs = set(_NO_CODE.sub("", code.split(";")[0]).casefold())
    if signs & set("yd") or ("m" in signs and not signs & set("hs")):
        return True
    return False if signs & set("hs") else None
