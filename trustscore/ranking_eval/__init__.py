"""What a boost costs and buys on ranked lists, beside other ways to buy the same."""

from trustscore.ranking_eval.baselines import BASELINES, Baseline
from trustscore.ranking_eval.draws import Draws, bootstrap
from trustscore.ranking_eval.evaluation import Evaluation, Figure, evaluate
from trustscore.ranking_eval.metrics import position_weights
from trustscore.ranking_eval.panel import Groups, Panel
from trustscore.ranking_eval.sentences import Verdict, verdict
from trustscore.ranking_eval.sweep import Point

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
