"""How many rejected rows a run may have before its exit code says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trustscore.errors import InputError

__all__ = ["RejectLimit"]

_ROWS = re.compile(r"[0-9]{1,18}")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)\s*%")


@dataclass(frozen=True)
class RejectLimit:
    """A limit in rows or in percent of the rows that were read.

    Attributes
    ----------
    text : str
        As it was given.
    rows : int or None
    percent : Decimal or None
    """

    text: str
    rows: int | None = None
    percent: Decimal | None = None

    @classmethod
    def of(cls, limit: int | str) -> RejectLimit:
        """Return the limit of a number of rows, or of a text such as ``20`` or ``0.5%``.

        Raises
        ------
        InputError
            When it is neither.

        Examples
        --------
        >>> RejectLimit.of("1%").exceeded(1, 100), RejectLimit.of("1%").exceeded(2, 199)
        (False, True)
        >>> RejectLimit.of(0).exceeded(0, 9), RejectLimit.of(0).exceeded(1, 9)
        (False, True)
        """
        text = str(limit).strip()
        share = _SHARE.fullmatch(text)
        if share is not None and Decimal(share[1]) <= 100:
            return cls(text, percent=Decimal(share[1]))
        if isinstance(limit, bool) or not _ROWS.fullmatch(text):
            raise InputError(
                "`max_rejects`: must be a number of rows such as 20, or a percentage of 0 to 100"
                f" such as 0.5%. Got {limit!r}"
            )
        return cls(text, rows=int(text))

    def exceeded(self, rejected: int, read: int) -> bool:
        """Return whether so many rejected rows of all that were read are too many."""
        if self.percent is not None:
            return rejected * 100 > self.percent * read
        return rejected > (self.rows or 0)

    def facts(self, rejected: int, read: int) -> dict[str, Any]:
        """Return what the manifest says of it."""
        return {"limit": self.text, "exceeded": self.exceeded(rejected, read)}
