"""Pseudonyms of people's ids, and what is kept of texts: counts and keyed hashes."""

from __future__ import annotations

import hashlib
import os
import secrets
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from trustscore.errors import InputError
from trustscore.io.arrow import strings

__all__ = ["Pepper", "letters_of", "normalised"]

_BYTES = 16
_BLOCK = 64
_LEAST = 16


class Pepper:
    """A secret under which ids become pseudonyms: the first 16 bytes of HMAC-SHA256.

    Examples
    --------
    >>> pepper = Pepper(b"0123456789abcdef")
    >>> pepper.pseudonym("buyer 1") == pepper.pseudonym("buyer 1")
    True
    """

    def __init__(self, secret: bytes) -> None:
        # HMAC as RFC 2104 defines it, its two keyed beginnings made once: half the time per id.
        key = hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret
        key = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
        self._last: tuple[Any, Any] = (None, None)
        # Tells stores of different secrets apart, and says nothing of the secret.
        self.stamp = self.pseudonym("trustscore store")

    @classmethod
    def load(cls, path: str | Path | None) -> Pepper:
        """Read a file, made with a new secret if it is not there; without one the secret is lost.

        Raises
        ------
        InputError
            When the file is too short to be a secret.
        """
        if path is None:
            return cls(secrets.token_bytes(32))
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = Path(path).read_bytes().strip()
            if len(secret) < _LEAST:
                raise InputError(
                    f"{path}: a pepper is a secret of at least {_LEAST} bytes. Got {len(secret)}"
                ) from None
            return cls(secret)
        secret = secrets.token_hex(32).encode()
        with os.fdopen(handle, "wb") as file:
            file.write(secret + b"\n")
        return cls(secret)

    def pseudonym(self, text: str) -> str:
        """Return the pseudonym of an id."""
        return self._made([text])[0]

    def _made(self, texts: Iterable[str]) -> list[str]:
        begin, end, found = self._inner.copy, self._outer.copy, []
        for text in texts:
            inner, outer = begin(), end()
            inner.update(text.encode())
            outer.update(inner.digest())
            found.append(outer.hexdigest()[: 2 * _BYTES])
        return found

    def pseudonyms(self, texts: Any) -> Any:
        """Return the pseudonyms of a string array; null stays null."""
        known, found = self._last
        if known is not texts:
            coded = texts.dictionary_encode()
            found = strings(self._made(coded.dictionary.to_pylist())).take(coded.indices)
            # One column often stands in for another: a waybill for the number of its parcel.
            self._last = (texts, found)
        return found


@lru_cache(maxsize=1 << 12)
def normalised(text: str) -> str:
    """Return the letters and digits of a text, case and width folded, one space between words.

    Examples
    --------
    >>> normalised("  ＡＢ, c!  好评 ")
    'ab c 好评'
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in folded).split())


def letters_of(text: str) -> int:
    """Return how many letters, signs and digits a text has.

    Examples
    --------
    >>> letters_of("好！"), letters_of("…"), letters_of("ok 1")
    (1, 0, 3)
    """
    return len(normalised(text).replace(" ", ""))
