"""All parts of an audit in the order in which they should be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from trustscore.audit.attack_cost import attack_cost
from trustscore.audit.attacks import attacks
from trustscore.audit.bunching import bunching
from trustscore.audit.coherence import coherence
from trustscore.audit.fairness import fairness
from trustscore.audit.holds import hold_rules, holds
from trustscore.audit.market import Market
from trustscore.audit.periods import AuditPeriod
from trustscore.audit.result import Section
from trustscore.audit.robustness import robustness
from trustscore.audit.truth import Truth, against_truth
from trustscore.audit.validity import validity
from trustscore.outcomes import Outcomes
from trustscore.typing import Progress, silent

__all__ = ["audit"]


def audit(
    market: Market,
    *,
    outcomes: Outcomes | None = None,
    truth: Truth | None = None,
    periods: Sequence[AuditPeriod] = (),
    seed: int = 0,
    draws: int = 300,
    progress: Progress = silent,
) -> list[Section]:
    """Audit a scorecard on the merchants it scores.

    Coherence comes before robustness: an interval around a sum says little when its parts
    contradict each other.

    Parameters
    ----------
    market : Market
    outcomes : Outcomes, optional
        What happened later; without them nothing is said of validity.
    truth : Truth, optional
        Of a simulated market; without it nothing is said of the interval.
    periods : sequence of AuditPeriod
        Outcomes by period, by time; the validity of each is told where there are several.
    seed : int
        The same seed gives the same audit.
    draws : int
        Scorecards drawn for rank intervals, and samples of merchants for those of validity; the
        design behind the Sobol indices has the next lower power of 2 of points.
    progress : Progress, optional
        Told before each part which one is next.

    Returns
    -------
    list of Section

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> from trustscore.simulate import simulate_export
    >>> market = Market(simulate_export(200, scorecard="minimal"), load_scorecard("minimal"))
    >>> [section.name for section in audit(market, draws=5)]
    ['coherence', 'robustness', 'attack_cost', 'attacks', 'bunching', 'fairness']
    """
    # The design of a decomposition grows with the rest, in powers of 2: 256 at 300 draws, as
    # with a few dozen points the order of the choices would be a matter of the seed.
    points = 2 ** max(1, int(np.log2(max(draws, 2))))
    parts: list[tuple[str, Callable[[], Section]]] = [
        ("coherence", lambda: coherence(market, seed)),
        ("robustness", lambda: robustness(market, seed, draws, points)),
        ("attack cost", lambda: attack_cost(market)),
        ("attacks", lambda: attacks(market, seed)),
        ("bunching", lambda: bunching(market)),
        ("fairness", lambda: fairness(market)),
    ]
    if hold_rules(market):
        parts.append(("holds", lambda: holds(market, outcomes, truth)))
    if truth is not None:
        parts.append(("truth", lambda: against_truth(market, truth)))
    if outcomes is not None:
        parts.insert(0, ("validity", lambda: validity(market, outcomes, seed, draws, periods)))
    sections = []
    for number, (name, part) in enumerate(parts):
        progress(f"auditing {name}", number / len(parts))
        sections.append(part())
    return sections
