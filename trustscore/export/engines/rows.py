"""What every engine is given: one row a merchant, checked once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.boost import BoostPolicy, TrustTable, boost_table
from trustscore.scorecard.vetoes import Veto

__all__ = ["LEVELS", "STEPS_DOWN", "STEPS_UP", "Boosts", "json_text"]

# Levels on either side of neutral for engines that break ties by whole steps.
LEVELS = 5
STEPS_UP = tuple(f"up{level}" for level in range(1, LEVELS + 1))
# A floored merchant stands below the lowest of the others.
STEPS_DOWN = (*(f"down{level}" for level in range(1, LEVELS + 1)), Veto.FLOOR.word)


@dataclass(frozen=True, eq=False)
class Boosts:
    """The boosts of a score file as engines want them.

    Attributes
    ----------
    policy : BoostPolicy
    table : TrustTable
    columns : dict of str to array
        What `boost_table` makes, and ``valid_to``: the last day a row counts as ISO text,
        blank where it never ends.
    """

    policy: BoostPolicy
    table: TrustTable
    columns: dict[str, NDArray[Any]]

    @classmethod
    def of(
        cls,
        scores: Mapping[str, Any],
        policy: BoostPolicy,
        scored_on: dt.date | None = None,
        lines: NDArray[np.int64] | None = None,
    ) -> Boosts:
        """Return the boosts of a score file.

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
        >>> boosts.columns["valid_to"].tolist(), boosts.steps
        (['2026-01-15'], ['up4'])
        """
        columns = boost_table(scores, policy, lines)
        table = TrustTable.from_columns(columns, policy, scored_on, lines)
        ends = table.columns["valid_to"][:-1].tolist()
        never = np.iinfo(np.int32).max
        start = dt.date(1970, 1, 1)
        days = {
            end: "" if end == never else (start + dt.timedelta(end)).isoformat()
            for end in set(ends)
        }
        valid_to = np.empty(len(ends), dtype=object)
        valid_to[:] = [days[end] for end in ends]
        return cls(policy, table, columns | {"valid_to": valid_to})

    def __len__(self) -> int:
        return len(self.columns["merchant_id"])

    def rows(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Yield the named columns row by row, as plain Python values."""
        return zip(*(self.columns[name].tolist() for name in names), strict=True)

    @property
    def steps(self) -> list[str]:
        """Step of each merchant: ``down5`` .. ``neutral`` .. ``up5``, ``floor`` and ``block``."""
        rho = self.policy.curve.rho
        lean = self.columns["lean"]
        share = np.where(lean > 0, lean, lean / rho if rho else 0.0)
        level = np.rint(share * LEVELS).astype(np.int64)
        words = {0: "neutral"}
        for at in range(LEVELS):
            words[at + 1], words[-at - 1] = STEPS_UP[at], STEPS_DOWN[at]
        vetoes = self.columns["veto"].tolist()
        return [
            veto if Veto.of(veto) >= Veto.FLOOR else words[at]
            for veto, at in zip(vetoes, level.tolist(), strict=True)
        ]


def json_text(value: Any, *, pretty: bool = False) -> str:
    r"""Return JSON of ASCII characters only: no text can end its line or its string.

    Examples
    --------
    >>> json_text({"id": 'a"\u2028'})
    '{"id": "a\\"\\u2028"}'
    """
    return json.dumps(value, allow_nan=False, indent=2 if pretty else None)
