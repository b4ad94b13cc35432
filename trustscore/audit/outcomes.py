"""What happened later, joined to the merchants under audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore import outcomes as collected
from trustscore.errors import InputError

__all__ = ["Outcomes", "join_outcomes"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Orders and bad events of the merchants under audit.

    Attributes
    ----------
    n, events : ndarray of shape (merchants,)
        0 where nothing is known.
    unknown : tuple of str
        Merchants of the outcomes that are not under audit.
    dated : bool
        Whether every row had a date that was checked against the day of the export.
    repeated : int
        Merchants with more than one row, whose rows were added up.
    """

    n: Array
    events: Array
    unknown: tuple[str, ...]
    dated: bool
    repeated: int = 0


def join_outcomes(ids: Array, found: collected.Outcomes) -> Outcomes:
    """Join outcomes to merchants.

    Parameters
    ----------
    ids : ndarray of str
        Merchants under audit.
    found : Outcomes
        Of `collect_outcomes`, at most one event an order.

    Raises
    ------
    InputError
        When they are of one class only, or of no merchant under audit.

    Examples
    --------
    >>> ids = np.array(["a", "b"], dtype=object)
    >>> later = collected.collect_outcomes(np.array(["b", "a", "c"]), None, np.array([0, 1, 1]))
    >>> joined = join_outcomes(ids, later)
    >>> joined.events.tolist(), joined.n.tolist(), joined.unknown
    ([1.0, 0.0], [1.0, 1.0], ('c',))
    """
    n, events, unknown = collected.align(found, ids)
    joined = Outcomes(n, events, unknown, found.dated, found.repeated)
    if n.sum() == 0:
        raise InputError("the outcomes have no orders: n is 0 for every merchant of the export")
    if events.sum() in (0, n.sum()):
        which = "no events" if events.sum() == 0 else "nothing but events"
        raise InputError(
            f"the outcomes have {which} among {n.sum():.0f} orders of the export's "
            "merchants: with one class nothing can be told apart"
        )
    return joined
