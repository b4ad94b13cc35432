"""What a fit has to say: warnings with a name, an address and a way out."""

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
    """Return what there is to say about outcomes that were joined to the merchants of a fit.

    Parameters
    ----------
    outcomes : Outcomes
        Of `Outcomes.join`.
    merchants : int
        So many merchants the outcomes had before.

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
        found["undated"] = "have no date, so nobody has checked that they came after the export"
    if outcomes.repeated:
        found["repeated_merchants"] = f"{outcomes.repeated} merchants have several rows: added up"
    if outcomes.unknown:
        # No names: the note goes into the scorecard's file.
        found["unknown_merchants"] = (
            f"{len(outcomes.unknown)} of {merchants} merchants are not in the export: left out"
        )
    return [Note(name, "outcomes", text) for name, text in found.items()]
