"""Exploration: in a share of the lists lift one newcomer, with a known probability.

The draw is a Plackett-Luce choice of one among the eligible candidates, made by the Gumbel
trick (the largest log score / temperature + Gumbel noise wins). So a list has one outcome for
each eligible candidate and one without a lift, and the probability of the outcome that was
shown is known exactly. The lift counts towards the same limit as every other part of the lean,
so the bound on relevance holds unchanged.
"""

from __future__ import annotations

import hashlib

import numpy as np

from trustscore.boost.policy import Exploration
from trustscore.typing import FloatArray


def chance(seed: int, query_id: str) -> tuple[float, int]:
    """Return a number in [0, 1) and a seed, both determined by `seed` and the query alone.

    Examples
    --------
    >>> chance(1, "q1") == chance(1, "q1"), chance(1, "q1") == chance(2, "q1")
    (True, False)
    """
    digest = hashlib.blake2b(f"{seed}\x1f{query_id}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big") / 2**64, int.from_bytes(digest[8:], "big")


def choose(
    log_score: FloatArray, policy: Exploration, query_id: str
) -> tuple[int | None, FloatArray]:
    """Choose the candidate to lift, or none.

    Parameters
    ----------
    log_score : array
        Log of the boosted score of each eligible candidate, in base order, so that the
        draw does not depend on how the input was sorted.
    policy : Exploration
    query_id : str

    Returns
    -------
    chosen : int or None
        Position among the eligible candidates.
    propensity : array
        Probability that each is chosen; the rest to 1 is that of the list without a lift.

    Examples
    --------
    >>> chosen, propensity = choose(np.log([0.3, 0.1]), Exploration(share=0.5), "q")
    >>> propensity.round(3).tolist()
    [0.375, 0.125]
    """
    if not len(log_score):
        return None, np.zeros(0)
    scaled = log_score / policy.temperature
    weight = np.exp(scaled - scaled.max())
    propensity = policy.share * weight / weight.sum()
    drawn, seed = chance(policy.seed, query_id)
    if drawn >= policy.share:
        return None, propensity
    noise = np.random.default_rng(seed).gumbel(size=len(scaled))
    return int(np.argmax(scaled + noise)), propensity
