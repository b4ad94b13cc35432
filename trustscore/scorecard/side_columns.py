"""The side columns: what a table may say of a merchant beside its signals.

This is the one list. A side column is read when it is there and never missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from trustscore.scorecard.registry import Registry

__all__ = ["SIDE_COLUMNS", "SIDE_NUMERIC", "SIDE_TEXT", "Reader", "SideColumn", "side_read_by"]


class Reader(Enum):
    """What a side column is read for."""

    VARIANT = "overlays and peer groups"
    TIER = "the tier ladder"
    BOOST = "the boost"


@dataclass(frozen=True)
class SideColumn:
    """One column that no signal reads.

    Attributes
    ----------
    name : str
    type : {"text", "date", "number"}
    meaning : str
    readers : tuple of Reader
    check : str
        What the cells of a number must be, as in `Field.check`.
    in_export : bool
        Whether it is read from an export of merchants. If not, it is read from scores and by
        exported SQL only.
    """

    name: str
    type: Literal["text", "date", "number"]
    meaning: str
    readers: tuple[Reader, ...]
    check: str = ""
    in_export: bool = True


SIDE_COLUMNS: Registry[SideColumn] = Registry(
    "side column",
    [
        SideColumn(
            "category",
            "text",
            "main category of the merchant",
            (Reader.VARIANT, Reader.BOOST),
        ),
        SideColumn("shop_type", "text", "type of the shop", (Reader.VARIANT,)),
        SideColumn("previous_tier", "text", "tier of the last review", (Reader.TIER,)),
        SideColumn("tier_since", "date", "day on which that tier began", (Reader.TIER,)),
        SideColumn(
            "enrolled",
            "number",
            "1 for members of the guarantee programme",
            (Reader.BOOST,),
            "flag",
        ),
        SideColumn(
            "claims_unpaid",
            "number",
            "claims of the guarantee programme that the merchant has not paid",
            (Reader.BOOST,),
            "count",
        ),
        SideColumn(
            "reviews_below",
            "number",
            "reviews in a row that found the merchant below its tier",
            (Reader.TIER,),
            "count",
        ),
        SideColumn(
            "pacing",
            "number",
            "lean that a plan asks for",
            (Reader.BOOST,),
            "number",
            in_export=False,
        ),
    ],
)
_IN_EXPORT = [column for column in SIDE_COLUMNS.values() if column.in_export]
SIDE_TEXT = tuple(column.name for column in _IN_EXPORT if column.type != "number")
"""Side columns of text and dates in an export."""
SIDE_NUMERIC = tuple(column.name for column in _IN_EXPORT if column.type == "number")
"""Side columns of numbers in an export."""


def side_read_by(reader: Reader) -> tuple[str, ...]:
    """Return the names of the side columns that something reads.

    Examples
    --------
    >>> side_read_by(Reader.VARIANT)
    ('category', 'shop_type')
    """
    return tuple(column.name for column in SIDE_COLUMNS.values() if reader in column.readers)
