"""The statuses of a score: how much its index is worth.

This is the one list. Codes rise with the evidence behind an index.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["STATUS_WORDS", "Status"]


class Status(IntEnum):
    """One status; the first that holds counts.

    Examples
    --------
    >>> Status.LOW_EVIDENCE.word, Status.of("formal")
    ('low_evidence', <Status.FORMAL: 3>)
    """

    NOT_SCORED = 0
    """No signal applies, or none has evidence: there is no index."""
    NEW = 1
    """A count that the scorecard names, such as paid orders, is below its limit."""
    LOW_EVIDENCE = 2
    """Coverage is below the limit of the scorecard."""
    FORMAL = 3
    """The index counts in full."""

    @property
    def word(self) -> str:
        """How the column ``status`` of the scores says it."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Status:
        """Return the status of a word.

        Raises
        ------
        KeyError
            When no status has that word.
        """
        return _BY_WORD[word]


STATUS_WORDS: tuple[str, ...] = tuple(status.word for status in Status)
"""Words by code."""
_BY_WORD = {status.word: status for status in Status}
