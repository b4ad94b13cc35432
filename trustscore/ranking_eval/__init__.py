"""What a boost costs and buys on ranked lists, beside other ways to buy the same."""

from trustscore.ranking_eval.baselines import BASELINES, Baseline
from trustscore.ranking_eval.bootstrap import Draws, bootstrap
from trustscore.ranking_eval.evaluate import Evaluation, Figure, evaluate
from trustscore.ranking_eval.metrics import position_weights
from trustscore.ranking_eval.panel import Groups, Panel
from trustscore.ranking_eval.sweep import Point
from trustscore.ranking_eval.verdict import Verdict, verdict

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
