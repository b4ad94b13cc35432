"""Priors, anchors and weights from data: an open scorecard becomes a closed one."""

from trustscore.fitting.ahp import Judgement
from trustscore.fitting.find_weights import METHODS, Labelled
from trustscore.fitting.fit import Fitted, fit_scorecard
from trustscore.fitting.neutral import Neutrals, fit_neutral
from trustscore.fitting.notes import Note, outcome_notes
from trustscore.outcomes import Outcomes as Outcomes
from trustscore.outcomes import collect_outcomes

__all__ = [
    "METHODS",
    "Fitted",
    "Judgement",
    "Labelled",
    "Neutrals",
    "Note",
    "collect_outcomes",
    "fit_neutral",
    "fit_scorecard",
    "outcome_notes",
]
