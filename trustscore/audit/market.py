"""The merchants under audit, and groups of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.scorecard import Scorecard
from trustscore.scorecard.side_values import fold_side_column
from trustscore.scoring import Scores, score_columns, with_derived
from trustscore.typing import Array

__all__ = ["Bands", "Market", "bands"]

_PARTS = dict(
    enumerate(("whole", "half", "third", "quarter", "fifth", "sixth", "seventh"), start=1)
) | {8: "eighth", 9: "ninth", 10: "tenth"}
NO_VOLUME = "(no volume)"
_TENURE = "tenure_days"


@dataclass(frozen=True)
class Market:
    """A block of merchants and the scorecard that judges them.

    Attributes
    ----------
    block : mapping of str to ndarray
        What `score_columns` reads, ``merchant_id`` among it.
    card : Scorecard
    missing : frozenset of str
        Columns that were not collected.
    """

    block: Mapping[str, Array]
    card: Scorecard
    missing: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        object.__setattr__(self, "missing", self.card.without(self.missing))
        block = with_derived(self.block, self.card, self.missing)
        object.__setattr__(self, "block", block)
        if self.rows < 2:
            raise InputError(f"an audit needs at least 2 scored merchants. Got {self.rows}")

    @property
    def ids(self) -> Array:
        """Merchant ids."""
        return self.block["merchant_id"]

    @property
    def rows(self) -> int:
        """Number of merchants."""
        return len(self.block["merchant_id"])

    @cached_property
    def scores(self) -> Scores:
        """Scores by the scorecard as it is."""
        return self.scored(self.card)

    @cached_property
    def index(self) -> Array:
        """Trust index; of a merchant without any evidence the index of the priors."""
        found = self.scores.trust_index
        return np.where(np.isnan(found), self.scores.raw_index, found)

    def scored(self, card: Scorecard) -> Scores:
        """Return the scores by another scorecard that reads the same columns."""
        return score_columns(self.block, card, missing=self.missing)

    @cached_property
    def volume_column(self) -> str:
        """The column that says how large a merchant is; `NO_VOLUME` when there is none.

        It is the one the status ``new`` is read from, or else the one most signals count over.
        """
        new = self.card.status.new_column
        if new is not None and new not in self.missing:
            return new
        samples = [s.sample for s in self.card.signals if s.sample and s.sample not in self.missing]
        return max(dict.fromkeys(samples), key=samples.count, default=NO_VOLUME)

    @cached_property
    def volume(self) -> Array:
        """Volume of each merchant, 0 where it is blank."""
        if self.volume_column == NO_VOLUME:
            return np.zeros(self.rows)
        return np.nan_to_num(self.block[self.volume_column])

    @cached_property
    def tenure(self) -> Array | None:
        """Days in the market, where the scorecard reads them and the export has them."""
        found = self.block.get(_TENURE)
        return None if found is None or np.isnan(found).all() else found

    @cached_property
    def category(self) -> Array | None:
        """Category of each merchant as it is compared, where the export has it."""
        found = self.block.get("category")
        return None if found is None else fold_side_column(found)

    def take(self, rows: Array) -> Market:
        """Return some of the merchants."""
        return Market(
            {name: values[rows] for name, values in self.block.items()}, self.card, self.missing
        )

    def sample(self, most: int, seed: int) -> Market:
        """Return at most so many merchants, drawn at random and kept in order."""
        if self.rows <= most:
            return self
        drawn = np.random.default_rng(seed).choice(self.rows, most, replace=False)
        return self.take(np.sort(drawn))


@dataclass(frozen=True, slots=True)
class Bands:
    """Merchants in bands of a figure: `code` per merchant (-1: unknown), `names` in order."""

    code: Array
    names: tuple[str, ...]

    def __iter__(self) -> Any:
        return ((name, self.code == i) for i, name in enumerate(self.names))

    @property
    def part(self) -> str:
        """What one band is called, such as a tenth of the merchants."""
        return f"{_PARTS.get(len(self.names), f'{len(self.names)}th part')}"


def bands(values: Array, count: int = 10, least: int = 1) -> Bands:
    """Cut merchants into bands of nearly equal number; equal figures stay together.

    Parameters
    ----------
    values : ndarray
        NaN where unknown.
    count : int
        Number of bands; fewer where figures are equal, or merchants are few.
    least : int
        Number of merchants that each band must have. All merchants in one band are an exception.

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    >>> found = bands(values, 2)
    >>> found.names, found.code.tolist()
    (('1 to 2', '3 to 4'), [0, 0, 1, 1, -1])
    >>> bands(values, 4, least=2).names, bands(values, 2, least=3).names
    (('1 to 2', '3 to 4'), ('1 to 4',))
    """
    known = ~np.isnan(values)
    if not known.any():
        return Bands(np.full(len(values), -1), ())
    for fewer in range(min(count, max(1, int(known.sum()) // least)), 0, -1):
        found = _cut(values, known, fewer)
        if fewer == 1 or np.bincount(found.code[known]).min() >= least:
            break
    return found


def _cut(values: Array, known: Array, count: int) -> Bands:
    """Return at most so many bands of nearly equal number."""
    cuts = np.quantile(values[known], np.arange(1, count) / count, method="inverted_cdf")
    code = np.searchsorted(np.unique(cuts), values, side="left")
    found, code = np.unique(np.where(known, code, -1), return_inverse=True)
    code = code - int(found[0] == -1)
    names = []
    for i in range(int(code.max()) + 1):
        own = values[code == i]
        low, high = f"{own.min():.6g}", f"{own.max():.6g}"
        names.append(low if low == high else f"{low} to {high}")
    return Bands(code, tuple(names))
