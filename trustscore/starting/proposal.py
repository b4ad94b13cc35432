"""A scorecard that is proposed for a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trustscore.starting.guess import Guess, LeftOut

__all__ = ["Proposal"]


@dataclass(frozen=True)
class Proposal:
    """A scorecard for a table, and what it rests on.

    Attributes
    ----------
    text : str
        The file, as TOML.
    rows, drawn : int
        Merchants of the table, and those whose figures the anchors were taken from.
    repeated, rejected : int
        Rows whose id stood in an earlier one, and rows with another fault; both were left out.
    id_column : str
    sure_of_id : bool
        Whether the name of that column says that it names merchants.
    category : str
        Column of the category, empty without one.
    decimal : str
    guesses : tuple of Guess
    left_out : tuple of LeftOut
    """

    text: str
    rows: int
    drawn: int
    repeated: int
    rejected: int
    id_column: str
    sure_of_id: bool
    category: str
    decimal: str
    guesses: tuple[Guess, ...]
    left_out: tuple[LeftOut, ...]

    def look_first(self) -> Iterator[tuple[str, list[str]]]:
        """Yield what to look at first and the columns that it is about, in order of weight."""
        if not self.sure_of_id:
            yield "the column that names the merchants is a guess", [self.id_column]
        if self.repeated > 0.01 * self.rows:
            yield (
                f"{self.repeated:,} rows repeat an id and are rejected: one row a merchant is"
                " expected",
                [self.id_column],
            )
        told: dict[str, list[str]] = {}
        for guess in self.guesses:
            for doubt in guess.doubts:
                told.setdefault(_DOUBTS.get(doubt, doubt), []).append(guess.column.name)
        order = [*_DOUBTS.values()]
        yield from sorted(
            told.items(), key=lambda each: order.index(each[0]) if each[0] in order else len(order)
        )
        sizes = [each.name for each in self.left_out if each.reason.startswith("a size")]
        if sizes:
            yield "left out as sizes; put them in if they are events", sizes


_DOUBTS = {
    "direction": "no direction by their names: higher counts as better; swap poor and good if not",
    "pair": "events of another column that they exceed in some rows: is it their denominator?",
    "few merchants": "anchors of fewer than 30 merchants",
    "most are alike": "nearly all merchants have the same value",
}
