"""Whether a scorecard is sound: coherent, robust, valid, hard to cheat, fair to the small."""

from trustscore.audit.market import Market
from trustscore.audit.result import Finding, Section, as_json
from trustscore.audit.run import audit
from trustscore.audit.summary import summary
from trustscore.audit.truth import Truth, join_truth
from trustscore.audit.validity import require_two_classes
from trustscore.outcomes import Outcomes as Outcomes

__all__ = [
    "Finding",
    "Market",
    "Section",
    "Truth",
    "as_json",
    "audit",
    "join_truth",
    "require_two_classes",
    "summary",
]
