"""Boosts: how a trust index moves a ranking, with bounds, guards and reasons."""

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
