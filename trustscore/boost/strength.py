"""Choose the strength of the boost: by a bound, by measured loss, or by the exposure wanted.

Log relevance plus beta times lean is linear in beta, so as beta grows each pair of
candidates changes places at most once, and always in favour of the one with more lean and
less relevance. Hence the relevance at the top of the list only falls, and the exposure of
all merchants above a given lean only rises: bisection finds the strength exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from trustscore.boost.policy import BoostPolicy
from trustscore.boost.trial import Strength, Trial
from trustscore.errors import InputError, PolicyError
from trustscore.typing import FloatArray

__all__ = [
    "Front",
    "OutOfReach",
    "calibrate",
    "guaranteed_beta",
    "knee",
    "pareto",
    "reach_exposure",
]

STEPS = 22


class OutOfReach(PolicyError):
    """The exposure wanted needs more strength than the policy allows.

    Attributes
    ----------
    attainable : Strength
        The largest exposure within reach, and its cost.
    """

    def __init__(self, summary: str, attainable: Strength | list[str]) -> None:
        super().__init__(summary)
        self.attainable = attainable
        # Pickling calls __init__ with `args`, so they must be its arguments.
        self.args = (summary, attainable)


@dataclass(frozen=True, eq=False)
class Front:
    """The trade-off between relevance and exposure, one point for each strength.

    Attributes
    ----------
    beta, loss, loss_lower, loss_upper, loss_worst, share, share_lower, share_upper : array
        Bounds are 95 %, by bootstrap over lists.
    knee : int
        The point farthest from the line between the ends: beyond it, exposure gets expensive.
    """

    beta: FloatArray
    loss: FloatArray
    loss_lower: FloatArray
    loss_upper: FloatArray
    loss_worst: FloatArray
    share: FloatArray
    share_lower: FloatArray
    share_upper: FloatArray
    knee: int


def guaranteed_beta(eps: float, policy: BoostPolicy) -> float:
    """Return the largest strength at which no list can lose more than `eps`, whatever the data.

    Parameters
    ----------
    eps : float
        Share of its score-DCG that a list may lose, between 0 and 1.
    policy : BoostPolicy
        In the multiplicative form.

    Returns
    -------
    float
        ``-ln(1 - eps) / (1 + rho)``, or what the policy's guard allows if that is less.

    Raises
    ------
    InputError
        When `eps` is not between 0 and 1.
    PolicyError
        When the policy is additive, which has no such bound.

    Examples
    --------
    >>> round(guaranteed_beta(0.1, BoostPolicy()), 4)
    0.0527
    """
    _require_share("eps", eps)
    if policy.form == "additive":
        raise PolicyError("form 'additive' has no bound in ratio: calibrate it on lists")
    return min(-math.log1p(-eps) / (1 + policy.curve.rho), policy.most_beta)


def calibrate(
    eps: float, trial: Trial, *, worst: float | None = None, most_beta: float = 2.0
) -> Strength:
    """Return the largest strength whose measured loss stays within `eps`.

    Parameters
    ----------
    eps : float
        Limit on the upper 95 % bound of the mean loss, exploration included.
    trial : Trial
    worst : float, optional
        Limit on the 99th percentile of the loss of one list, ``5 * eps`` by default.
    most_beta : float, default=2.0
        Never more than this, nor than the ratio guard of the policy allows.

    Returns
    -------
    Strength
        Its `binding` names the limit that stopped it.

    Raises
    ------
    InputError
        When `eps` or `worst` is not between 0 and 1.

    Notes
    -----
    Guards are left out, because with them the loss is not monotone in beta; measure again with
    them. The merchant cap moves items for a reason other than trust, and has its own cost.

    Examples
    --------
    >>> from trustscore.boost import BoostPolicy, Lists, TrustTable
    >>> table = TrustTable.build(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [50.0, 90.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...     }
    ... )
    >>> lists = Lists.from_columns(["q"] * 3, [0.50, 0.48, 0.47], ["a", "new", "b"])
    >>> trial = Trial(lists, table, BoostPolicy.load(), k=2)
    >>> found = calibrate(0.05, trial)
    >>> round(found.beta, 4), round(found.loss, 4), found.binding
    (0.1116, 0.0374, 'most beta')
    """
    _require_share("eps", eps)
    worst = min(5 * eps, 0.999) if worst is None else worst
    _require_share("worst", worst)

    def stopped(beta: float) -> str:
        loss, _ = trial.measure(beta)
        if trial.upper(loss) + trial.reserve(beta) > eps:
            return "eps"
        return "worst list" if trial.worst(loss) > worst else ""

    high = min(most_beta, trial.policy.most_beta)
    binding = stopped(high)
    if not binding:
        return trial.strength(high, "most beta")
    low = 0.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if why := stopped(middle):
            high, binding = middle, why
        else:
            low = middle
    return trial.strength(low, binding)


def reach_exposure(target: float, trial: Trial, *, most_beta: float = 2.0) -> Strength:
    """Return the least strength that gives the group of `trial` the share `target` of exposure.

    Parameters
    ----------
    target : float
        Mean exposure share of the group over the lists, between 0 and 1.
    trial : Trial
    most_beta : float, default=2.0
        Never more than this, nor than the ratio guard of the policy allows.

    Returns
    -------
    Strength

    Raises
    ------
    InputError
        When `target` is not between 0 and 1.
    OutOfReach
        When the largest strength allowed does not reach the target. The error carries the
        largest attainable exposure and its cost.

    Notes
    -----
    The share of "all merchants above a lean" only rises with strength, so bisection is exact.
    The share of another group may fall, so a grid finds the first strength that reaches the
    target, and the bisection runs inside that cell only.

    Examples
    --------
    >>> from trustscore.boost import BoostPolicy, Lists, TrustTable
    >>> table = TrustTable.build(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [50.0, 90.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...     }
    ... )
    >>> lists = Lists.from_columns(["q"] * 3, [0.50, 0.48, 0.47], ["a", "new", "b"])
    >>> trial = Trial(lists, table, BoostPolicy.load(), k=2)
    >>> found = reach_exposure(0.3, trial)
    >>> round(found.beta, 4), round(found.share, 4), round(found.loss, 4)
    (0.0275, 0.3869, 0.0079)
    """
    _require_share("target", target)

    def share(beta: float) -> float:
        return float(trial.measure(beta)[1].mean())

    high = min(most_beta, trial.policy.most_beta)
    if share(0.0) >= target:
        return trial.strength(0.0, "target")
    points = [high] if trial.upper_set else np.linspace(0.0, high, 41)[1:].tolist()
    reached = next((at for at in points if share(at) >= target), None)
    if reached is None:
        best = max(points, key=share)
        most = trial.strength(float(best), "most beta")
        raise OutOfReach(
            f"exposure {target:.4g} is out of reach: at the largest strength allowed, "
            f"{high:.4g}, it is {most.share:.4g} (from {most.share_before:.4g}) "
            f"at a mean loss of {most.loss:.2%}",
            most,
        )
    low = 0.0 if trial.upper_set else max([0.0, *(at for at in points if at < reached)])
    high = reached
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if share(middle) >= target else (middle, high)
    return trial.strength(high, "target")


def pareto(trial: Trial, n: int = 41, *, most_beta: float = 2.0) -> Front:
    """Return the trade-off at `n` strengths from 0 to the largest allowed, and its knee.

    Parameters
    ----------
    trial : Trial
    n : int, default=41
        Number of strengths, 3 or more, at equal steps.
    most_beta : float, default=2.0
        Largest strength, unless the ratio guard of the policy allows less.

    Returns
    -------
    Front
        Arrays of shape (n,).

    Raises
    ------
    InputError
        When `n` is below 3.

    Examples
    --------
    >>> from trustscore.boost import BoostPolicy, Lists, TrustTable
    >>> table = TrustTable.build(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [50.0, 90.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...     }
    ... )
    >>> lists = Lists.from_columns(["q"] * 3, [0.50, 0.48, 0.47], ["a", "new", "b"])
    >>> trial = Trial(lists, table, BoostPolicy.load(), k=2)
    >>> front = pareto(trial, 5)
    >>> front.share.round(2).tolist(), front.knee
    ([0.0, 0.39, 0.61, 0.61, 0.61], 1)
    """
    if n < 3:
        raise InputError(f"n must be at least 3. Got {n}")
    beta = np.linspace(0.0, min(most_beta, trial.policy.most_beta), n)
    measured = [trial.measure(at) for at in beta.tolist()]
    loss = np.asarray([x.mean() for x, _ in measured])
    share = np.asarray([y.mean() for _, y in measured])
    losses = np.asarray([trial.interval(x) for x, _ in measured])
    shares = np.asarray([trial.interval(y) for _, y in measured])
    return Front(
        beta=beta,
        loss=loss,
        loss_lower=losses[:, 0],
        loss_upper=losses[:, 1],
        loss_worst=np.asarray([trial.worst(x) for x, _ in measured]),
        share=share,
        share_lower=shares[:, 0],
        share_upper=shares[:, 1],
        knee=knee(loss, share),
    )


def knee(loss: FloatArray, share: FloatArray) -> int:
    """Return the point farthest above the line between the first and the last.

    Examples
    --------
    >>> knee(np.array([0.0, 0.1, 0.5, 1.0]), np.array([0.0, 0.6, 0.9, 1.0]))
    1
    """

    def scaled(values: FloatArray) -> FloatArray:
        whole = float(values[-1] - values[0]) or 1.0
        return np.asarray((values - values[0]) / whole)

    return int(np.argmax(scaled(share) - scaled(loss)))


def _require_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise InputError(f"{name} must be between 0 and 1. Got {value!r}")
