"""Boosts: how a trust index moves a ranking, with bounds, guards and reasons.

The names are loaded at first use: a run that only scores needs neither ranking nor calibration.
"""

from typing import TYPE_CHECKING

from trustscore.compiled import refuse_stale
from trustscore.lazy import attach

refuse_stale("trustscore.boost.id_loops")

if TYPE_CHECKING:
    from trustscore.boost.lists import Lists, Reranked, from_log_odds, rerank_lists
    from trustscore.boost.policy import BoostPolicy, policy_schema
    from trustscore.boost.ranking import Ranking, rerank
    from trustscore.boost.serving import LiveTable, TrustTable
    from trustscore.boost.strength import (
        Front,
        OutOfReach,
        calibrate,
        guaranteed_beta,
        pareto,
        reach_exposure,
    )
    from trustscore.boost.table import boost_table, lean_parts, trust_boost
    from trustscore.boost.trial import Strength, Trial

__all__ = [
    "BoostPolicy",
    "Front",
    "Lists",
    "LiveTable",
    "OutOfReach",
    "Ranking",
    "Reranked",
    "Strength",
    "Trial",
    "TrustTable",
    "boost_table",
    "calibrate",
    "from_log_odds",
    "guaranteed_beta",
    "lean_parts",
    "pareto",
    "policy_schema",
    "reach_exposure",
    "rerank",
    "rerank_lists",
    "trust_boost",
]

_HOMES = {
    "lists": ("Lists", "Reranked", "from_log_odds", "rerank_lists"),
    "policy": ("BoostPolicy", "policy_schema"),
    "ranking": ("Ranking", "rerank"),
    "serving": ("LiveTable", "TrustTable"),
    "strength": (
        "Front",
        "OutOfReach",
        "calibrate",
        "guaranteed_beta",
        "pareto",
        "reach_exposure",
    ),
    "table": ("boost_table", "lean_parts", "trust_boost"),
    "trial": ("Strength", "Trial"),
}

__getattr__, __dir__ = attach(
    __name__,
    {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names},
)
