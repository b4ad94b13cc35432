"""Measures what a boost costs and buys on ranked lists, and compares it with other methods."""

from trustscore.evaluation.baselines import BASELINES, Baseline
from trustscore.evaluation.draws import Draws, bootstrap
from trustscore.evaluation.evaluation import Evaluation, Figure, evaluate
from trustscore.evaluation.metrics import position_weights
from trustscore.evaluation.panel import Groups, Panel
from trustscore.evaluation.sentences import Verdict, verdict
from trustscore.evaluation.sweep import Point

__all__ = [
    "BASELINES",
    "Baseline",
    "Draws",
    "Evaluation",
    "Figure",
    "Groups",
    "Panel",
    "Point",
    "Verdict",
    "bootstrap",
    "evaluate",
    "position_weights",
    "verdict",
]
