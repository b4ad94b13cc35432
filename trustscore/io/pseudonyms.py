"""Pseudonyms of merchants: whoever has the key knows whose they are, nobody else does.

An id and its pseudonym go together under one key, in every run and command, so that outputs join.
A pseudonym is known again: where ids are read under the key, one that was made under it stays as
it is. So a score file of pseudonyms joins with candidates that name merchants by their ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from trustscore.errors import CellError, InputError
from trustscore.io.arrow import strings
from trustscore.io.clean_rows import Rows
from trustscore.io.logs.pepper import Pepper
from trustscore.io.rejects import Reject
from trustscore.scorecard.merchant_ids import canonical_id

__all__ = ["Pseudonyms", "hidden_cells"]

# No id of a marketplace begins so; and no spreadsheet reads it as a number, as it may read digits.
_BEGIN = "psn_"
_FORM = re.compile(rf"{_BEGIN}([0-9a-f]{{20}})([0-9a-f]{{12}})")
_BODY, _CHECK = 20, 12


class Pseudonyms:
    """The pseudonyms of ids under a key.

    Ten bytes of the HMAC-SHA256 of the id, and six of that of these ten, by which a pseudonym of
    the same key is known: among a hundred million merchants two share one by a chance of 1 in 200
    million.

    Parameters
    ----------
    pepper : Pepper

    Examples
    --------
    >>> pseudonyms = Pseudonyms(Pepper(b"0123456789abcdef"))
    >>> pseudonyms.of("m1")
    'psn_...'
    >>> pseudonyms.of(pseudonyms.of("m1")) == pseudonyms.of(" m1 ") == pseudonyms.of("m1")
    True
    """

    def __init__(self, pepper: Pepper) -> None:
        self._pepper = pepper
        self.stamp = pepper.pseudonym("trustscore pseudonyms")[:12]
        """Tells outputs of different keys apart, and says nothing of the key."""

    @classmethod
    def load(cls, key: str | Path | Pseudonyms, *, make: bool = True) -> Pseudonyms:
        """Return the pseudonyms under the key of a file; see `Pepper.load_key`."""
        if isinstance(key, Pseudonyms):
            return key
        return cls(Pepper.load_key(key, make=make))

    def of(self, text: str) -> str:
        """Return the pseudonym of an id in any of its spellings; blank stays blank.

        Raises
        ------
        InputError
            When the id is a pseudonym of another key.
        """
        return self._made([canonical_id(text)[0]])[0]

    def column(self, ids: Any) -> Any:
        """Return the pseudonyms of a string array of ids in their one form."""
        return strings(self._made(ids.to_pylist()))

    def texts(self, ids: Iterable[str]) -> list[str]:
        """Return the pseudonyms of ids in their one form."""
        return self._made(list(ids))

    def _made(self, ids: list[str]) -> list[str]:
        bodies = [body[:_BODY] for body in self._pepper.pseudonyms_of(ids)]
        made = [
            f"{_BEGIN}{body}{check}"
            for body, check in zip(bodies, self._checks(bodies), strict=True)
        ]
        for at, text in enumerate(ids):
            if not text:
                made[at] = text
            elif text.startswith(_BEGIN) and (form := _FORM.fullmatch(text)) is not None:
                if self._checks([form[1]]) != [form[2]]:
                    raise InputError(
                        f"{text}: is a pseudonym of another key: give the key that it was made"
                        " with, or leave `pseudonyms` out where all ids are pseudonyms already"
                    )
                made[at] = text
        return made

    def _checks(self, bodies: list[str]) -> list[str]:
        asked = [f"trustscore pseudonym {body}" for body in bodies]
        return [check[:_CHECK] for check in self._pepper.pseudonyms_of(asked)]

    def reject(self, reject: Reject) -> Reject:
        """Return a reject without what stood in the row: no cell, no text of it."""
        return reject._replace(merchant_id=self.of(reject.merchant_id), value="", raw="")

    def rows(self, rows: Rows, places: Mapping[str, int], kept: Mapping[str, int]) -> Rows:
        """Return rows under their pseudonyms.

        Parameters
        ----------
        rows : Rows
        places, kept : mapping of str to int
            Where the texts stand that the scorecard reads, and those that are passed through: the
            column of ids may be among both.
        """
        ids = self.column(rows.ids)
        own = places.get("merchant_id")
        keep = {name: ids if kept.get(name) == own else col for name, col in rows.keep.items()}
        rejects = [self.reject(reject) for reject in rows.rejects]
        return replace(rows, ids=ids, keep=keep, rejects=rejects, raw=lambda _: "")


@contextmanager
def hidden_cells(pseudonyms: Pseudonyms | None) -> Iterator[None]:
    """Tell errors without the cells that they show, where there are pseudonyms."""
    try:
        yield
    except CellError as error:
        if pseudonyms is None:
            raise
        raise InputError(error.without_cells) from None
