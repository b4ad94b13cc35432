"""Warnings of a fit: each has a name, an address, and says what was done."""

from __future__ import annotations

from typing import NamedTuple

from trustscore.outcomes import Outcomes

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


def outcome_notes(outcomes: Outcomes, merchants: int) -> list[Note]:
    """Return the warnings about outcomes that were joined to the merchants of a fit.

    Parameters
    ----------
    outcomes : Outcomes
        What `Outcomes.join` returned.
    merchants : int
        Number of merchants in the outcomes before the join.

    Returns
    -------
    list of Note

    Examples
    --------
    >>> import numpy as np
    >>> ids = np.array(["a", "x"], dtype=object)
    >>> found = Outcomes(ids, np.array([4.0, 9.0]), np.array([1.0, 0.0]), dated=True)
    >>> joined = found.join(np.array(["b", "a"], dtype=object))
    >>> [note.name for note in outcome_notes(joined, merchants=2)]
    ['unknown_merchants']
    """
    found = {}
    if not outcomes.dated:
        found["undated"] = "have no date, so it is unchecked that they came after the export"
    if outcomes.repeated:
        found["repeated_merchants"] = f"{outcomes.repeated} merchants have several rows: added up"
    if outcomes.unknown:
        # No names: the note goes into the scorecard's file.
        found["unknown_merchants"] = (
            f"{len(outcomes.unknown)} of {merchants} merchants are not in the export: left out"
        )
    return [Note(name, "outcomes", text) for name, text in found.items()]
