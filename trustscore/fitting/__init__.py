"""Priors, anchors and weights from data: an open scorecard becomes a closed one."""

from trustscore.fitting.ahp import Judgement
from trustscore.fitting.find_weights import METHODS
from trustscore.fitting.fit import Fitted, fit_scorecard
from trustscore.fitting.neutral import Neutrals, fit_neutral
from trustscore.fitting.notes import Note, outcome_notes
from trustscore.fitting.pairs import Judged, JudgedPairs, collect_pairs, join_pairs
from trustscore.fitting.task import Labelled
from trustscore.outcomes import Outcomes as Outcomes
from trustscore.outcomes import collect_outcomes

__all__ = [
    "METHODS",
    "Fitted",
    "Judged",
    "JudgedPairs",
    "Judgement",
    "Labelled",
    "Neutrals",
    "Note",
    "collect_outcomes",
    "collect_pairs",
    "fit_neutral",
    "fit_scorecard",
    "join_pairs",
    "outcome_notes",
]
