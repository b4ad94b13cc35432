"""Pseudonyms of people's ids, and what is kept of texts: counts and keyed hashes."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trustscore.errors import InputError, one_line
from trustscore.io.arrow import strings

__all__ = ["Pepper"]

_BYTES = 16
_BLOCK = 64
_LEAST = 16
# Bytes of a new secret, which is written in hexadecimal digits.
_KEY = 32


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
            return cls(secrets.token_bytes(_KEY))
        made = _make(path)
        if made is not None:
            return cls(made)
        secret = Path(path).read_bytes().strip()
        if len(secret) < _LEAST:
            raise InputError(
                f"{path}: a pepper is a secret of at least {_LEAST} bytes. Got {len(secret)}"
            )
        return cls(secret)

    @classmethod
    def load_key(cls, path: str | Path, *, make: bool = True) -> Pepper:
        """Read a key as this package writes it, for its owner alone, and nothing else.

        A key that is cut short, or a file given by mistake, would make pseudonyms that join with
        no others, and nobody would notice.

        Parameters
        ----------
        path : path
        make : bool, default=True
            Whether a file that is not there is made with a new key.

        Raises
        ------
        InputError
            When the file is no such key, or others than its owner may read it.
        """
        made = _make(path) if make else None
        if made is not None:
            return cls(made)
        where = one_line(str(path))
        try:
            with open(path, "rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                # One byte more than a key and its line break shows that it is longer.
                secret = file.read(2 * _KEY + 3).rstrip(b"\r\n")
        except FileNotFoundError:
            raise InputError(f"{where}: there is no such key of pseudonyms") from None
        except OSError as error:
            raise InputError(
                f"{where}: the key of pseudonyms cannot be read: {error.strerror}"
            ) from None
        if not re.fullmatch(rb"[0-9a-f]{%d}" % (2 * _KEY), secret):
            raise InputError(
                f"{where}: is no key of pseudonyms, which is one line of {2 * _KEY} hexadecimal"
                " digits: give the key, or a new file, which is made"
            )
        if os.name == "posix" and mode & 0o077:
            raise InputError(
                f"{where}: others than its owner may use the key of pseudonyms (mode"
                f" {mode & 0o777:o}): take that away with `chmod 600`, or give a new file"
            )
        return cls(secret)

    def pseudonym(self, text: str) -> str:
        """Return the pseudonym of an id."""
        return self.pseudonyms_of([text])[0]

    def pseudonyms_of(self, texts: Iterable[str]) -> list[str]:
        """Return the pseudonyms of ids."""
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
            found = strings(self.pseudonyms_of(coded.dictionary.to_pylist())).take(coded.indices)
            # One column often stands in for another: a waybill for the number of its parcel.
            self._last = (texts, found)
        return found


def _make(path: str | Path) -> bytes | None:
    """Make the file of a new secret and return it; None where the file is there."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None
    secret = secrets.token_hex(_KEY).encode()
    with os.fdopen(handle, "wb") as file:
        file.write(secret + b"\n")
    return secret
