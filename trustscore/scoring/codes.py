"""The numbers by which the flat tables of `tables` speak to the loop in `kernel`."""

from __future__ import annotations

from trustscore.scorecard import curves
from trustscore.scorecard.curves import (
    ERF_A,
    ERF_P,
    ERF_POINT_EIGHT,
    LEAST_LOG1P,
    LOGIT_POINT_NINE,
    SMALLEST,
)
from trustscore.scorecard.statuses import Status
from trustscore.scorecard.vetoes import Veto

__all__ = [
    "ERF_A",
    "ERF_P",
    "ERF_POINT_EIGHT",
    "LEAST_LOG1P",
    "LOGIT_POINT_NINE",
    "SMALLEST",
]

# How the evidence of a signal becomes its value x.
PLAIN, COUNTS, MEAN, LOG_MEAN = range(4)
# How x comes onto the scale of its curve: as it is or by a logarithm, and from a logarithm by exp.
AS_IS, BY_LOG, BY_LOG1P = curves.AS_IS.code, curves.BY_LOG.code, curves.BY_LOG1P.code
BY_EXP, BY_EXP_LOG1P = 3, 4
# The shape of a curve on its scale.
STRAIGHT, NORMAL = curves.STRAIGHT.code, curves.NORMAL.code
LOGISTIC, KNOTS = curves.LOGISTIC.code, curves.KNOTS.code
LOG1P_OF_WAY = curves.LOG1P_OF_WAY.code
# What a blank figure means: the prior stands in, it is held back, or its weight is shared out.
UNKNOWN, WITHHELD, LEFT_OUT = range(3)
BLANKS = {"unknown": UNKNOWN, "withheld": WITHHELD, "left_out": LEFT_OUT}
# Comparisons of a condition, in the order of `OPERATORS`.
OPERATORS = (">", ">=", "<", "<=", "==", "!=")
ABOVE, AT_LEAST, BELOW, AT_MOST, EQUAL, UNEQUAL = range(6)
CAP = int(Veto.CAP)
NOT_SCORED, NEW = int(Status.NOT_SCORED), int(Status.NEW)
LOW_EVIDENCE, FORMAL = int(Status.LOW_EVIDENCE), int(Status.FORMAL)

# One-sided 95 % point of the normal distribution: bounds of the index, and rate caps.
Z95 = 1.6448536269514722
# Slopes of a power mean are taken at v of at least this: at 0 without a floor they are infinite.
LEAST_SLOPE = 0.01
# In a node without a floor a utility below this is 0: curves are no more exact than that.
LEAST_UTILITY = 1e-6
# What a part that sinks its node claims of the losses, in place of infinity.
MOST_CLAIM = 1e100
# How many of the largest losses are named as reasons.
REASONS = 3
