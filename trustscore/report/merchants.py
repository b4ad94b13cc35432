"""The merchants of a report's table, packed so that a browser can hold a hundred thousand."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from trustscore.errors import one_line
from trustscore.scoring import Scores
from trustscore.typing import Array

__all__ = ["Merchants", "Packed"]

_NO_INDEX = 0xFFFF
_NO_CHANGE = -0x8000


@dataclass(frozen=True)
class Packed:
    """The table as one text.

    Attributes
    ----------
    data : str
        Base64 of deflate of the columns, one after another: index (uint16, hundredths, each less
        the one before; 65535 is none), change (int16, tenths; -32768 is none), boost (uint16,
        thousandths), coverage (uint8, percent), tier and status (uint8, codes), then the ids
        in UTF-8 with a line feed after each.
    rows : int
    total : int
        Merchants there are; more than `rows` where only the lowest are in the table.
    """

    data: str
    rows: int
    total: int


@dataclass
class Merchants:
    """Collects what the table shows of each merchant."""

    ids: list[str] = field(default_factory=list)
    _columns: dict[str, list[Array]] = field(default_factory=dict)

    def add(self, ids: Array, scores: Scores, boost: Array) -> None:
        """Add the merchants of a block."""
        self.ids += ids.tolist()
        columns = {
            "index": scores.trust_index,
            "coverage": scores.coverage,
            "tier": scores.tier_code,
            "status": scores.status_code,
            "boost": boost,
        }
        for name, values in columns.items():
            self._columns.setdefault(name, []).append(np.asarray(values))

    def column(self, name: str) -> Array:
        """Return a column of all merchants."""
        parts = self._columns.get(name)
        return np.concatenate(parts) if parts else np.zeros(0)

    def lowest(self, most: int, chosen: Collection[str] = ()) -> Array:
        """Return the rows with the lowest indices, and those of chosen ids, lowest first.

        Merchants without an index stand last.
        """
        index = self.column("index")
        order = np.argsort(index, kind="stable")
        if len(order) <= most:
            return order
        kept = order[:most]
        if chosen:
            wanted = set(chosen)
            place = [row for row in order[most:].tolist() if self.ids[row] in wanted]
            kept = np.concatenate([kept, np.array(place, dtype=np.int64)])
        return kept

    def pack(
        self, most: int, chosen: Collection[str] = (), change: Mapping[str, float] | None = None
    ) -> Packed:
        """Return the table of the lowest and the chosen merchants.

        Parameters
        ----------
        most : int
            The lowest of so many.
        chosen : collection of str
            Ids that are in the table anyway.
        change : mapping of str to float, optional
            Change of the index by id.
        """
        rows = self.lowest(most, chosen)
        index = np.where(
            np.isfinite(self.column("index")[rows]),
            np.rint(self.column("index")[rows] * 100),
            _NO_INDEX,
        ).astype(np.int64)
        steps = np.diff(index, prepend=0) & 0xFFFF
        moved = np.full(len(rows), float(_NO_CHANGE))
        names = [self.ids[row] for row in rows.tolist()]
        if change is not None:
            found = np.array([change.get(name, np.nan) for name in names], dtype=np.float64)
            moved = np.where(np.isfinite(found), np.rint(found * 10), moved)
        boost = np.clip(np.rint(self.column("boost")[rows] * 1000), 0, 0xFFFF)
        coverage = np.rint(np.nan_to_num(self.column("coverage")[rows]) * 100)
        parts = [
            steps.astype("<u2"),
            moved.astype("<i2"),
            boost.astype("<u2"),
            coverage.astype("u1"),
            self.column("tier")[rows].astype("u1"),
            self.column("status")[rows].astype("u1"),
        ]
        # What turns the direction of a line, or ends it, is spelled out: it must not act there.
        text = "".join(one_line(name) + "\n" for name in names).encode("utf-8", "replace")
        packed = zlib.compress(b"".join([*(part.tobytes() for part in parts), text]), 9)
        return Packed(base64.b64encode(packed).decode(), len(rows), len(self.ids))
