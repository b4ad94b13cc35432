"""What every engine is given: one row a merchant, checked once, block by block."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.boost import BoostPolicy, boost_table
from trustscore.boost.serving import last_days
from trustscore.scorecard.vetoes import Veto
from trustscore.typing import Columns

__all__ = ["LEVELS", "STEPS_DOWN", "STEPS_UP", "Boosts", "Parts", "boost_columns", "json_text"]

# Levels on either side of neutral for engines that break ties by whole steps.
LEVELS = 5
STEPS_UP = tuple(f"up{level}" for level in range(1, LEVELS + 1))
# A floored merchant stands below the lowest of the others.
STEPS_DOWN = (*(f"down{level}" for level in range(1, LEVELS + 1)), Veto.FLOOR.word)
# Under this no server refuses a request: the smallest hosted ones take 10 MiB, Elasticsearch and
# OpenSearch as they come take 100 MB.
MOST_BYTES = 9_500_000


@dataclass(frozen=True, eq=False)
class Boosts:
    """The boosts of a score file as engines want them.

    Attributes
    ----------
    policy : BoostPolicy
    count : int
        Merchants in all blocks.
    blocks : callable
        Gives the blocks of columns, anew at each call: see `boost_columns`. Only one block need
        be in memory.
    """

    policy: BoostPolicy
    count: int
    blocks: Callable[[], Iterator[Columns]]

    @classmethod
    def of(
        cls,
        scores: Mapping[str, Any],
        policy: BoostPolicy,
        scored_on: dt.date | None = None,
        lines: NDArray[np.int64] | None = None,
    ) -> Boosts:
        """Return the boosts of scores in memory, as one block.

        Parameters
        ----------
        scores : mapping or frame
            See `trustscore.boost.boost_table`.
        policy : BoostPolicy
        scored_on : date, optional
            Day from which the policy's validity counts where the scores have no ``scored_on``.
        lines : int array, optional
            Line of each row in its file, for messages.

        Examples
        --------
        >>> scores = {
        ...     "merchant_id": ["a"],
        ...     "trust_index": [90.0],
        ...     "index_se": [3.0],
        ...     "prior_index": [71.0],
        ...     "coverage": [0.9],
        ... }
        >>> boosts = Boosts.of(scores, BoostPolicy.load(), dt.date(2026, 1, 1))
        >>> list(boosts.rows("merchant_id", "valid_to", "step"))
        [('a', '2026-01-15', 'up4')]
        """
        columns = boost_columns(scores, policy, scored_on, lines)
        return cls(policy, len(columns["merchant_id"]), lambda: iter([columns]))

    def __len__(self) -> int:
        return self.count

    def rows(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Yield the named columns row by row, as plain Python values."""
        for block in self.blocks():
            yield from zip(*(block[name].tolist() for name in names), strict=True)


def boost_columns(
    scores: Mapping[str, Any],
    policy: BoostPolicy,
    scored_on: dt.date | None = None,
    lines: NDArray[np.int64] | None = None,
) -> dict[str, NDArray[Any]]:
    """Return what `boost_table` makes of scores, and two columns more.

    ``valid_to`` is the last day a row counts as ISO text, blank where it never ends. ``step`` is
    a word for engines that cannot multiply: ``down5`` .. ``neutral`` .. ``up5``, ``floor``,
    ``block``.
    """
    columns = boost_table(scores, policy, lines)
    ends = last_days(columns, policy, scored_on, len(columns["merchant_id"]), lines)[:-1]
    never = np.iinfo(np.int32).max
    start = dt.date(1970, 1, 1)
    days = {
        end: "" if end == never else (start + dt.timedelta(end)).isoformat()
        for end in np.unique(ends).tolist()
    }
    valid_to = np.empty(len(ends), dtype=object)
    valid_to[:] = [days[end] for end in ends.tolist()]
    return columns | {"valid_to": valid_to, "step": _steps(columns, policy)}


def _steps(columns: Columns, policy: BoostPolicy) -> NDArray[np.object_]:
    rho, lean, vetoes = policy.curve.rho, columns["lean"], columns["veto"]
    share = np.where(lean > 0, lean, lean / rho if rho else 0.0)
    level = np.rint(share * LEVELS).astype(np.int64)
    words = np.array([*STEPS_DOWN[LEVELS - 1 :: -1], "neutral", *STEPS_UP], dtype=object)
    apart = [veto.word for veto in Veto if veto >= Veto.FLOOR]
    return np.where(np.isin(vetoes, apart), vetoes, words[level + LEVELS])


@dataclass
class Parts:
    """A text that may go to several files, cut between two of its pieces.

    Attributes
    ----------
    pieces : iterator of str
    most : int
        Bytes of a file at most; a piece alone may be longer.
    """

    pieces: Iterator[str]
    most: int = MOST_BYTES

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self.pieces)


def json_text(value: Any, *, pretty: bool = False) -> str:
    r"""Return JSON of ASCII characters only: no text can end its line or its string.

    Examples
    --------
    >>> json_text({"id": 'a"\u2028'})
    '{"id": "a\\"\\u2028"}'
    """
    return json.dumps(value, allow_nan=False, indent=2 if pretty else None)
