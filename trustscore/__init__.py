"""Trust scores for marketplace merchants that can be defended line by line.

One rule explains the package: a scorecard is frozen data, a score is a pure
function from columns to columns, and every engine is a thin adapter.

The names below are loaded at first use, so that ``import trustscore`` costs next
to nothing and a ranking service never pays for scikit-learn.
"""

from typing import TYPE_CHECKING

from trustscore.lazy import attach

if TYPE_CHECKING:
    from trustscore.batch.files import score_files
    from trustscore.batch.frame import score_frame
    from trustscore.batch.merchant import score_merchant
    from trustscore.boost import BoostPolicy, boost_table
    from trustscore.estimator import TrustScorer
    from trustscore.explain.frame import explain_frame
    from trustscore.export.engines.files import load_boosts
    from trustscore.scorecard import load_scorecard
    from trustscore.scoring import score_columns
    from trustscore.simulate import simulate_export

__version__ = "0.1.0"

__all__ = [
    "BoostPolicy",
    "TrustScorer",
    "__version__",
    "boost_table",
    "explain_frame",
    "load_boosts",
    "load_scorecard",
    "score_columns",
    "score_files",
    "score_frame",
    "score_merchant",
    "simulate_export",
]

_HOMES = {
    "BoostPolicy": "trustscore.boost",
    "TrustScorer": "trustscore.estimator",
    "boost_table": "trustscore.boost",
    "explain_frame": "trustscore.explain.frame",
    "load_boosts": "trustscore.export.engines.files",
    "load_scorecard": "trustscore.scorecard",
    "score_columns": "trustscore.scoring",
    "score_files": "trustscore.batch.files",
    "score_frame": "trustscore.batch.frame",
    "score_merchant": "trustscore.batch.merchant",
    "simulate_export": "trustscore.simulate",
}

__getattr__, __dir__ = attach(__name__, _HOMES)
