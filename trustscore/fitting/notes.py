"""What a fit has to say: warnings with a name, an address and a way out."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Note"]


class Note(NamedTuple):
    """One warning of a fit.

    Attributes
    ----------
    name : str
        Stable, such as ``no_overdispersion``.
    where : str
        A signal, a dimension or a file.
    text : str
        What was found, and what was done about it.

    Examples
    --------
    >>> print(Note("constant", "tenure_days", "has one value, 3: the scorecard's prior stays"))
    tenure_days: has one value, 3: the scorecard's prior stays [constant]
    """

    name: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.name}]"
