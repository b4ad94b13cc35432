"""Registries: one value for each name, and an error with the near name for every other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn, Protocol, TypeVar

from trustscore.errors import ScorecardError, TrustscoreError, suggest

__all__ = ["Registry"]


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """The name it is found by."""
        ...


Value = TypeVar("Value", bound=Named)


class Registry(dict[str, Value]):
    """Values by name, in the order of the list.

    Parameters
    ----------
    what : str
        What a value is, for messages.
    values : iterable
        Each with a `name` of its own.
    error : type of TrustscoreError, default=ScorecardError
        Raised for a name that is not listed.

    Examples
    --------
    >>> from trustscore.scorecard.kinds import KINDS
    >>> KINDS["rate"].counts
    True
    >>> KINDS["rat"]
    Traceback (most recent call last):
        ...
    trustscore.errors.ScorecardError: unknown kind 'rat', did you mean rate?
    """

    def __init__(
        self,
        what: str,
        values: Iterable[Value],
        error: type[TrustscoreError] = ScorecardError,
    ) -> None:
        listed = list(values)
        super().__init__({value.name: value for value in listed})
        if len(self) < len(listed):
            raise ValueError(f"two values of kind {what} have one name")
        self._what, self._error = what, error

    def __missing__(self, name: str) -> NoReturn:
        raise self._error(f"unknown {self._what} {name!r}{suggest(str(name), self)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, in order."""
        return tuple(self)
