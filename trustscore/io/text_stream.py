"""Bytes of an input as UTF-8, hashed on the way: plain, gzip, standard input, any encoding.

The encoding is decided where it first matters. As long as the bytes are ASCII every
candidate reads them alike, so it is decided at the first byte that is something else, with the
megabyte behind it in view: how the bytes were cut into blocks has no say.

Text is UTF-8 if no more lines of it are none than hold letters of UTF-8. Bytes that are not UTF-8
in it become `BAD_BYTES`, by which a reader knows the rows to reject. Other text is read as GB18030
or Windows-1252, which is a guess, and said: where an id depends on it, `io.guessed_ids` ends the
run and asks; of a text of which hardly a line is concerned it rejects the rows. Bytes that an
encoding cannot read that was asked for are an error that names the line.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any

from trustscore.errors import InputError
from trustscore.io.arrow import count_lines
from trustscore.io.first_bytes import GZIP, refusal
from trustscore.io.rejects import BAD

__all__ = ["BAD_BYTES", "BLOCK", "GUESSES", "Source"]

# Large enough to amortise a call, small enough to stay in cache.
BLOCK = 1 << 21
# A block must hold the longest mark that a file may begin with.
_LEAST = 16
# How much the choice of an encoding, or of a line end, may look at.
_VIEW = 1 << 20

# NULs at every other place of its beginning that make a file UTF-16: a short name has as many.
_UTF16_NULS = 4

BAD_BYTES = BAD.encode()
codecs.register_error("trustscore.bad_bytes", lambda error: (BAD, error.end))  # type: ignore[attr-defined]
# Letters of UTF-8 that hardly come about by chance: one of three bytes, of Latin, or two others.
# One ideograph of GB18030 in seven looks like one letter of two bytes.
_LETTERS = re.compile(
    rb"[\xe0-\xf4][\x80-\xbf]{2}|\xc3[\x80-\xbf]|(?:[\xc2-\xdf][\x80-\xbf].*){2}", re.DOTALL
)
# One line in so many is hardly one.
_RARE = 100

GUESSES = ("gb18030", "cp1252")
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    # Before UTF-16, whose mark it begins with.
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# Up to the first line end that is not inside quotation marks.
_FIRST_LINE = re.compile(rb'(?:[^"\r\n]++|"[^"]*+")*+([\r\n])')


class Source:
    r"""One input, read once from its beginning to its end.

    Parameters
    ----------
    path : str or Path
        ``-`` is standard input.
    encoding : str, optional
        Instead of finding out.
    block : int, optional
        Bytes to read at a time.
    unless_utf8 : bool, default=False
        Whether `encoding` is for text only that is not UTF-8.
    file : binary file, optional
        Where the bytes come from instead of the path, which then is only a name.

    Attributes
    ----------
    name : str
        The path as given.
    size : int
        Bytes read so far, as stored.
    encoding : str
        As decided so far; ``ascii`` until something else is seen.
    guessed : bool
        Whether that is a guess.
    rarely : bool
        Whether only one line in a hundred, or fewer, depends on the guess.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "export.csv")
    ...     _ = path.write_bytes("merchant_id\n乐\n".encode("gb18030"))
    ...     with Source(path, "gb18030") as source:
    ...         text = b"".join(source.chunks()).decode()
    ...     source.encoding, source.size
    ('gb18030', 15)
    """

    def __init__(
        self,
        path: str | Path,
        encoding: str | None = None,
        block: int = BLOCK,
        file: IO[bytes] | None = None,
        unless_utf8: bool = False,
    ) -> None:
        self.name = str(path)
        self.size = 0
        self.encoding = "ascii"
        self.guessed = False
        self.rarely = False
        self._hash = hashlib.sha256()
        self._block = max(block, _LEAST)
        if encoding is not None:
            try:
                # Codecs that turn text into no bytes, or know no places, are none here.
                "".encode(encoding)
                b"a".decode(encoding, "ignore")
                encoding = codecs.lookup(encoding).name
            except (LookupError, UnicodeError, ValueError):
                raise InputError(f"`encoding` {encoding}: no such encoding") from None
        self._asked = None if unless_utf8 else encoding
        self._fallback = encoding if unless_utf8 else None
        # A character may be split between two pieces, so one decoder lives as long as the file.
        self._decoder: codecs.IncrementalDecoder | None = None
        self._lines = 0
        if file is not None:
            self._file: IO[bytes] = file
        elif self.name == "-":
            if sys.stdin is None:
                raise InputError("standard input (-) is closed: name a file instead")
            # Raw, one system call at a time: a signal that came in between is not forgotten.
            self._file = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
        else:
            self._file = open(path, "rb", buffering=0)  # noqa: SIM115 (closed by __exit__)

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.name != "-":
            self._file.close()

    @property
    def position(self) -> int:
        """Bytes read so far, as stored."""
        return self.size

    @property
    def sha256(self) -> str:
        """Hash of the bytes read so far, as stored."""
        return self._hash.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Yield the content as UTF-8, without a byte order mark, in pieces of any size."""
        held, ends, returns = b"", None, b""
        for text in self._texts():
            if ends is None:
                held += text
                ends = _line_ends(held)
                if ends is None:
                    continue
                text = held.removeprefix(codecs.BOM_UTF8)
            if ends == b"\r":
                # Old Macintosh files end lines with CR alone.
                text = text.replace(b"\r", b"\n")
            elif ends == b"\r\r\n":
                # What comes of writing CR LF through a program that makes CR LF of each LF.
                text = returns + text
                returns = text[len(text.rstrip(b"\r")) :]
                text = text.removesuffix(returns).replace(ends, b"\r\n")
            if text:
                yield text
        if returns:
            yield returns
        if ends is None and held:
            if b"\n" not in held:
                held = held.replace(b"\r", b"\n")
            yield held.removeprefix(codecs.BOM_UTF8)

    def _texts(self) -> Iterator[bytes]:
        """Yield the content as UTF-8, mark and line ends as they are."""
        begun, held = False, b""
        for data in _led(self._plain()):
            if not begun:
                begun = True
                self._begin(data)
            if self._decoder is None:
                if not held:
                    at = _first_high(data)
                    if at:
                        self._lines += count_lines(data[:at])
                        yield data[:at]
                    data = data[at:]
                held += data
                if len(held) < _VIEW:
                    continue
                self._climb(held[:_VIEW], final=False)
                data, held = held, b""
            yield self._decode(data, final=False)
        if held:
            self._climb(held, final=True)
            yield self._decode(held, final=False)
        if self._decoder is not None:
            yield self._decode(b"", final=True)

    def _stored(self) -> Iterator[bytes]:
        while True:
            data = self._file.read(self._block)
            if not data:
                return
            # A pipe gives what it has; small pieces would cost more than they carry.
            while len(data) < self._block:
                more = self._file.read(self._block - len(data))
                if not more:
                    break
                data += more
            self.size += len(data)
            self._hash.update(data)
            yield data

    def _plain(self) -> Iterator[bytes]:
        stored = self._stored()
        head = next(stored, b"")
        both = chain([head] if head else [], stored)
        return self._inflated(both) if head.startswith(GZIP) else both

    def _inflated(self, stored: Iterable[bytes]) -> Iterator[bytes]:
        inflate = None
        try:
            for data in stored:
                while True:
                    if inflate is None:  # the first member, another one, or padding
                        data = data.lstrip(b"\0")
                        if not data:
                            break
                        inflate = zlib.decompressobj(wbits=31)
                    piece = inflate.decompress(data, self._block)
                    if piece:
                        yield piece
                    data = inflate.unconsumed_tail
                    if inflate.eof:
                        data, inflate = inflate.unused_data, None
                    elif not data and len(piece) < self._block:
                        break
        except zlib.error as error:
            raise InputError(f"{self.name}: damaged gzip data ({error})") from None
        if inflate is not None:
            raise InputError(f"{self.name}: the gzip data end in the middle; is it complete?")

    def _begin(self, data: bytes) -> None:
        if what := refusal(data):
            raise InputError(f"{self.name} is not CSV but {what}")
        if self._asked is not None:
            self._use(self._asked)
            return
        for mark, encoding in _MARKS.items():
            if data.startswith(mark):
                self._use(encoding)
                return
        if _every_other(data[:4096]):
            raise InputError(
                f"{self.name} holds NUL bytes: if it is UTF-16, give `encoding` utf-16-le"
                " or utf-16-be"
            )

    def _use(self, encoding: str) -> None:
        self.encoding = encoding
        errors = "trustscore.bad_bytes" if encoding == "utf-8" else "strict"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors)

    def _decode(self, data: bytes, *, final: bool) -> bytes:
        decoder = self._decoder
        assert decoder is not None
        if self.encoding == "utf-8" and data.isascii() and not decoder.getstate()[0]:
            self._lines += count_lines(data)
            return data
        held = decoder.getstate()[0]
        try:
            text = decoder.decode(data, final)
            found = text.encode()
        except UnicodeDecodeError as error:
            before = (held + data)[: error.start]
            good = codecs.decode(before, self.encoding, "ignore")
            line = self._lines + good.count("\n") + 1
            raise InputError(
                f"{self.name}, line {line}: cannot be read as {self.encoding}"
                f" (byte 0x{(held + data)[error.start]:02x}); give the right `encoding`"
            ) from None
        except UnicodeError as error:
            # Some codecs refuse without a place: no mark at the beginning, no whole characters.
            raise InputError(
                f"{self.name}: cannot be read as {self.encoding} ({error}); give"
                " the right `encoding`"
            ) from None
        self._lines += text.count("\n")
        return found

    def _climb(self, data: bytes, *, final: bool) -> None:
        """Decide the encoding by bytes of which the first is not ASCII."""
        lines, good, bad = _count_lines(data, final=final)
        if good >= bad:
            self._use("utf-8")
            return
        self.rarely = bad * _RARE <= self._lines + lines
        if self._fallback is not None:
            self._use(self._fallback)
            return
        for encoding in GUESSES:
            try:
                codecs.getincrementaldecoder(encoding)("strict").decode(data, final)
            except UnicodeDecodeError:
                continue
            self.guessed = True
            self._use(encoding)
            return
        raise InputError(
            f"{self.name}, line {self._lines + 1}: neither utf-8, gb18030 nor cp1252"
            f" (byte 0x{data[0]:02x}); give the right `encoding`"
        )


def _count_lines(data: bytes, *, final: bool) -> tuple[int, int, int]:
    """Return how many lines a text has, in how many letters are UTF-8, and in how many not."""
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data, final)
    except UnicodeDecodeError:
        pass
    else:
        return 1, 1, 0
    lines = data.split(b"\n")
    if not final and len(lines) > 1:
        del lines[-1]
    good = bad = 0
    for line in lines:
        if not line.isascii():
            try:
                line.decode()
                good += _LETTERS.search(line) is not None
            except UnicodeDecodeError:
                bad += 1
    return len(lines), good, bad


def _led(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join the first pieces until a mark at the beginning is in view."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _LEAST:
            yield head
            yield from pieces
            return
    if head:
        yield head


def _line_ends(head: bytes) -> bytes | None:
    """Return how the first line ends; None while that is not in view."""
    line = _FIRST_LINE.match(head)
    if line is None and len(head) >= _VIEW:
        # A quotation mark that does not close is no reason to read on for ever.
        line = re.search(rb"[\r\n]", head)
        if line is None:
            return b"\n"
    if line is None:
        return None
    rest = head[line.end() - 1 : line.end() + 2]
    if len(rest) < 3 and b"\n" not in rest and len(head) < _VIEW:
        return None
    for ends in (b"\n", b"\r\n", b"\r\r\n"):
        if rest.startswith(ends):
            return ends
    return b"\r"


def _every_other(head: bytes) -> bool:
    """Return whether every other byte is NUL wherever a letter or a comma stands."""
    few, many = sorted((head[0::2].count(0), head[1::2].count(0)))
    # Both are common in UTF-16 only where the text is not of letters; a stray NUL is none of it.
    return many >= _UTF16_NULS and few * 4 <= many


def _first_high(data: bytes) -> int:
    if data.isascii():
        return len(data)
    found = re.search(rb"[\x80-\xff]", data)
    assert found is not None
    return found.start()
