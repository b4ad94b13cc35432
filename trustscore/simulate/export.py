"""Exports of a made-up marketplace, block by block, with the truth beside them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from trustscore.errors import InputError
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scoring.program import program_of
from trustscore.simulate.dirt import soil
from trustscore.simulate.draft import Draft
from trustscore.simulate.market import BLOCK, merchants
from trustscore.simulate.signals import laws
from trustscore.typing import Array


class Export(dict[str, Array]):
    """Columns of one length, as scoring and `pandas.DataFrame` take them.

    Attributes
    ----------
    truth : dict of str to ndarray
        `merchant_id`, `kind`, `true_index` (0..100) and the true utility (0..1) of each
        dimension, NaN where the dimension does not apply.
    """

    def __init__(self, columns: dict[str, Array], truth: dict[str, Array]) -> None:
        super().__init__(columns)
        self.truth = truth

    def rows(self, start: int, stop: int) -> Export:
        """Return some of the rows."""
        return Export(
            {name: values[start:stop] for name, values in self.items()},
            {name: values[start:stop] for name, values in self.truth.items()},
        )

    @classmethod
    def join(cls, parts: list[Export]) -> Export:
        """Return one export with the rows of all parts."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            {name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
            {name: np.concatenate([p.truth[name] for p in parts]) for name in parts[0].truth},
        )


def simulate_blocks(
    count: int,
    seed: int = 0,
    scorecard: str | Scorecard = "default",
    dirty: bool = False,
    *,
    rows: int = 65_536,
) -> Iterator[Export]:
    """Draw a marketplace in blocks, in bounded memory.

    Parameters
    ----------
    count : int
        Number of merchants.
    seed : int
        The same seed gives the same merchants; a smaller market is the beginning of a larger.
    scorecard : str or Scorecard
        Says which columns there are, and around which priors merchants differ.
    dirty : bool
        Give cells as careless exports write them, a few of them wrong; see `simulate_export`.
    rows : int
        Rows a block; the rows themselves do not depend on it.

    Yields
    ------
    Export

    Raises
    ------
    InputError
        When a number is out of its range.

    Examples
    --------
    >>> [len(block["merchant_id"]) for block in simulate_blocks(5, scorecard="minimal", rows=2)]
    [2, 2, 1]
    """
    for name, value, least in (("count", count, 0), ("seed", seed, 0), ("rows", rows, 1)):
        if value < least:
            raise InputError(f"{name}: must be at least {least}. Got {value}")
    plan = program_of(load_scorecard(scorecard))
    per_signal = [laws(signal, len(plan.variants)) for signal in plan.signals]
    number, drawn = -1, Export({}, {})
    for start in range(0, count, rows):
        stop = min(start + rows, count)
        parts = []
        while start < stop:
            if start // BLOCK != number:
                number = start // BLOCK
                block, truth = Draft(plan, per_signal, merchants(seed, number)).finish()
                if dirty:
                    block = soil(block, plan.scorecard, seed, number)
                drawn = Export(block, truth)
            end = min(stop, (number + 1) * BLOCK)
            parts.append(drawn.rows(start - number * BLOCK, end - number * BLOCK))
            start = end
        yield Export.join(parts)


def simulate_export(
    merchants: int,
    seed: int = 0,
    scorecard: str | Scorecard = "default",
    dirty: bool = False,
) -> Export:
    """Make up the export of a marketplace whose truth is known.

    Merchants have a latent quality that shows in all their signals; log-normal volumes from 3 to
    10,000 orders in 30 days; categories and shop types; some are new, some have no live room, and
    about 3 % are bad actors. True values are drawn around the scorecard's priors, counts and means
    from the true values.

    Parameters
    ----------
    merchants : int
        Number of rows.
    seed : int
        The same seed gives the same rows; fewer merchants are the first of more.
    scorecard : str or Scorecard
        Preset, path or scorecard.
    dirty : bool
        Give every cell as text, the way careless exports write it, with about one row in fifty
        that no reader should accept.

    Returns
    -------
    Export
        A dict of columns with the attribute `truth`; ``pandas.DataFrame(export)`` is a frame.

    Raises
    ------
    InputError
        When `merchants` or `seed` is negative.

    Examples
    --------
    >>> export = simulate_export(3, seed=1, scorecard="minimal")
    >>> export["merchant_id"].tolist()
    ['m0000001', 'm0000002', 'm0000003']
    >>> list(export.truth)[:3]
    ['merchant_id', 'kind', 'true_index']
    """
    if merchants < 0:
        raise InputError(f"merchants: must be at least 0. Got {merchants}")
    # No merchants are the first none of one, so that the columns are there all the same.
    size = max(merchants, 1)
    return next(simulate_blocks(size, seed, scorecard, dirty, rows=size)).rows(0, merchants)
