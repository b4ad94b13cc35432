"""The numbers by which the flat tables of `program` speak to the loop in `kernel`."""

from __future__ import annotations

# How the evidence of a signal becomes its value x.
PLAIN, COUNTS, MEAN, LOG_MEAN = 0, 1, 2, 3
# How x comes onto the scale of its curve.
AS_IS, BY_LOG, BY_LOG1P, BY_EXP, BY_EXP_LOG1P = 0, 1, 2, 3, 4
# The shape of a curve on its scale.
STRAIGHT, LOGNORMAL, LOGISTIC, KNOTS = 0, 1, 2, 3
# Comparisons of a condition, in the order of `OPERATORS`.
OPERATORS = (">", ">=", "<", "<=", "==", "!=")
ABOVE, AT_LEAST, BELOW, AT_MOST, EQUAL, UNEQUAL = range(6)
# Effects of a rule; the last three are the codes of the vetoes.
BONUS, DEDUCT, CAP, FLOOR, BLOCK = -2, -1, 1, 2, 3
EFFECTS = {"bonus": BONUS, "deduct": DEDUCT, "cap": CAP, "floor": FLOOR, "block": BLOCK}
# Statuses.
NOT_SCORED, NEW, LOW_EVIDENCE, FORMAL = 0, 1, 2, 3

# One-sided 95 % point of the normal distribution: bounds of the index, and rate caps.
Z95 = 1.6448536269514722
# Lognormal: utility .5 at poor and .9 at good, so the slope is the inverse erf of .8.
ERF_POINT_EIGHT = 0.9061938024368232
# Logistic: utility .1 at poor and .9 at good.
LOGIT_POINT_NINE = 2.1972245773362196
# Abramowitz and Stegun, formula 7.1.26: at most 1.5e-7 from erf. SQL uses the same figures.
ERF_P = 0.3275911
ERF_A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
# The least values of which logarithms are taken.
SMALLEST = 1e-300
LEAST_LOG1P = -1.0 + 1e-15
# How many of the largest losses are named as reasons.
REASONS = 3
