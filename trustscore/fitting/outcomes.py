"""Outcomes joined to the merchants of a fit, with what there is to say about them."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.fitting.notes import Note
from trustscore.outcomes import Outcomes, align

__all__ = ["join"]

Array = np.ndarray[Any, Any]


def join(outcomes: Outcomes, merchant_id: Array, notes: list[Note]) -> tuple[Array, Array]:
    """Return orders and events of these merchants, 0 where nothing is known.

    Raises
    ------
    InputError
        When no merchant of the outcomes is among them.

    Examples
    --------
    >>> notes = []
    >>> ids = np.array(["a", "x"], dtype=object)
    >>> found = Outcomes(ids, np.array([4.0, 9.0]), np.array([1.0, 0.0]), dated=True)
    >>> join(found, np.array(["b", "a"], dtype=object), notes)[0].tolist()
    [0.0, 4.0]
    >>> notes[0].name
    'unknown_merchants'
    """
    n, events, unknown = align(outcomes, merchant_id)

    def note(name: str, text: str) -> None:
        notes.append(Note(name, "outcomes", text))

    if not outcomes.dated:
        note("undated", "have no date, so nobody has checked that they came after the export")
    if outcomes.repeated:
        note("repeated_merchants", f"{outcomes.repeated} merchants have several rows: added up")
    if unknown:
        # No names: the note goes into the scorecard's file.
        total = len(outcomes.merchant_id)
        note(
            "unknown_merchants",
            f"{len(unknown)} of {total} merchants are not in the export: left out",
        )
    return n, events
