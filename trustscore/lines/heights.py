"""The heights of caps, which go with the line of a tier that moves past them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from trustscore.scorecard import Scorecard

__all__ = ["cap_heights", "followed"]


def cap_heights(card: Scorecard) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield the address and the height of every cap, those of overlays among them.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> list(cap_heights(load_scorecard("minimal")))
    [(('rules', 'barred_identity_cap', 'cap'), 59.0)]
    """
    for name, spec in card.file.rules.items():
        if spec.cap is not None:
            yield ("rules", name, "cap"), float(spec.cap)
    for overlay, changes in card.file.overlays.items():
        for name, spec in changes.rules.items():
            if spec.cap is not None:
                yield ("overlays", overlay, "rules", name, "cap"), float(spec.cap)


def followed(cap: float, before: Sequence[float], after: Sequence[float]) -> float:
    """Return a cap that holds merchants in the same tier when the lines of tiers move.

    Without it a line that falls below a cap would let in all whom the cap holds out.

    Examples
    --------
    >>> followed(59, before=[0, 60, 75], after=[0, 50, 75])
    49
    >>> followed(59, before=[0, 60, 75], after=[0, 66, 75])
    59
    >>> followed(59, before=[0, 40, 60], after=[0, 40.5, 41])
    40.5
    """
    step = bisect_right(before, cap) - 1
    held = cap
    if step + 1 < len(after) and cap >= after[step + 1]:
        held = after[step + 1] - (before[step + 1] - cap)
    return max(held, after[step])
