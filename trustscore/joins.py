"""Two tables joined by ids: how many of one are found in the other, and what to say of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import islice

from trustscore.errors import InputError

__all__ = ["check_join"]

_LOG = logging.getLogger("trustscore")
_SHOWN, _LONGEST = 3, 40


def check_join(
    asked: Iterable[str],
    known: Iterable[str],
    *,
    asked_in: object,
    known_in: object,
    asked_by: str = "merchant_id",
    known_by: str = "merchant_id",
) -> str:
    """Say what is wrong when few ids of one table are found in another.

    Ids that are spelt in two ways, or files of two markets, join to nothing, and every figure made
    of them looks as if nothing were known.

    Parameters
    ----------
    asked : iterable of str
        Ids of the table whose rows are looked up; blank ones do not count.
    known : iterable of str
        Ids of the table they are looked up in.
    asked_in, known_in : path or str
        Names of the tables.
    asked_by, known_by : str
        Names of the columns.

    Returns
    -------
    str
        Empty when half of the ids or more are found. Otherwise what was also logged as a warning,
        which the command line prints, quiet or not.

    Raises
    ------
    InputError
        When no id is found.

    Examples
    --------
    >>> check_join(["a", "b"], ["b", "c"], asked_in="candidates.csv", known_in="scores.csv")
    ''
    >>> check_join(["1", "2"], ["m1"], asked_in="candidates.csv", known_in="scores.csv")
    Traceback (most recent call last):
    trustscore.errors.InputError: no merchant of candidates.csv, which has 2, is in scores.csv...
    """
    wanted = dict.fromkeys(name for name in asked if name)
    found: set[str] = set()
    others: list[str] = []
    for name in known:
        if name in wanted:
            found.add(name)
        elif name and len(others) < _SHOWN:
            others.append(name)
    if 2 * len(found) >= len(wanted):
        return ""
    lost = (name for name in wanted if name not in found)
    sides = (
        f"column {asked_by} of {asked_in} has {_sample(lost)}, column {known_by} of {known_in} has"
        f" {_sample(others)}"
    )
    if not found:
        raise InputError(
            f"no merchant of {asked_in}, which has {len(wanted):,}, is in {known_in}: do both spell"
            f" ids alike? {sides[0].upper()}{sides[1:]}"
        )
    text = (
        f"only {len(found):,} of the {len(wanted):,} merchants of {asked_in} are in {known_in}: do"
        f" both spell ids alike? {sides[0].upper()}{sides[1:]}"
    )
    _LOG.warning("%s", text)
    return text


def _sample(names: Iterable[str]) -> str:
    """Return the first few ids."""
    shown = [repr(str(name)[:_LONGEST]) for name in islice(names, _SHOWN)]
    return ", ".join(shown) or "no others"
