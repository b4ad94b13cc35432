"""Errors with every fault in one message.

Someone who edits a scorecard or cleans an export wants the whole list, not the
first line of it, so each error carries all faults found and prints them one per
line below a summary.
"""

from collections.abc import Iterable

__all__ = ["InputError", "PolicyError", "ScorecardError", "TrustscoreError"]


class TrustscoreError(Exception):
    """Base of all errors that trustscore raises on purpose.

    Parameters
    ----------
    summary : str
        What is wrong, in one line.
    faults : iterable of str, optional
        The single faults, each with its address.

    Attributes
    ----------
    summary : str
        As given.
    faults : list of str
        As given; the summary alone when no faults are listed, so that a caller
        can always report them one by one.

    Examples
    --------
    >>> from trustscore.errors import ScorecardError
    >>> error = ScorecardError(
    ...     "scorecard shop.toml has 2 faults",
    ...     ["index.rho: must be at most 1. Got 3.0", "name: missing"],
    ... )
    >>> print(error)
    scorecard shop.toml has 2 faults
      index.rho: must be at most 1. Got 3.0
      name: missing
    >>> error.faults[1]
    'name: missing'
    """

    def __init__(self, summary: str, faults: Iterable[str] = ()) -> None:
        listed = list(faults)
        # Both go to args, so that the error survives the pickling between worker processes.
        super().__init__(summary, listed)
        self.summary = summary
        self.faults = listed or [summary]
        self._listed = bool(listed)

    def __str__(self) -> str:
        if not self._listed:
            return self.summary
        return "\n".join([self.summary, *(f"  {fault}" for fault in self.faults)])


class ScorecardError(TrustscoreError):
    """A scorecard cannot be loaded, or cannot be used as asked."""


class PolicyError(TrustscoreError):
    """A boost policy cannot be loaded, or cannot be used as asked."""


class InputError(TrustscoreError):
    """An export, a frame or an argument cannot be used as it is."""
