"""The vetoes: what a rule may forbid, from mild to strict.

This is the one list. Scores, boosts, rankings and exports count by the code and write the word.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["VETO_WORDS", "Veto"]


class Veto(IntEnum):
    """One level of veto; a stricter one compares as greater.

    Examples
    --------
    >>> Veto.FLOOR > Veto.CAP, Veto.FLOOR.word, Veto.NONE.word
    (True, 'floor', '')
    >>> Veto.of("block"), Veto.of("")
    (<Veto.BLOCK: 3>, <Veto.NONE: 0>)
    """

    NONE = 0
    """Nothing is forbidden."""
    CAP = 1
    """The index stays at the height of the cap or below, and the merchant is not promoted."""
    FLOOR = 2
    """The merchant is ranked below everybody without a veto."""
    BLOCK = 3
    """The merchant leaves the list."""

    @property
    def word(self) -> str:
        """How the column ``veto`` of the scores says it; no veto is the empty text."""
        return "" if self is Veto.NONE else self.name.lower()

    @classmethod
    def of(cls, word: str) -> Veto:
        """Return the veto of a word; ``none`` is no veto as well.

        Raises
        ------
        KeyError
            When no veto has that word.
        """
        return _BY_WORD[word]


VETO_WORDS: tuple[str, ...] = tuple(veto.word for veto in Veto)
"""Words by code."""
_BY_WORD = {veto.word: veto for veto in Veto} | {"none": Veto.NONE}
