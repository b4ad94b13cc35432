"""Scorecards of one signal, on which a curve or a kind can be seen alone."""

from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.kinds import KINDS, Sample

# What the line of a signal says besides its curve, by kind.
LINES = {
    "rate": {"poor": 0.8, "good": 0.1, "prior": 0.3},
    "events": {"poor": 2.0, "good": 0.25, "prior": 0.5},
    "mean": {"poor": 1.0, "good": 9.0, "prior": 5.0, "sd": 2.0, "range": [0, 10]},
    "duration": {"poor": 90.0, "good": 10.0, "prior": 30.0, "sd": 1.0},
    "ratio": {"poor": 9.0, "good": 1.0, "prior": 3.0},
    "count": {"poor": 9.0, "good": 1.0, "prior": 3.0},
    "flag": {"poor": 1.0, "good": 0.0, "prior": 0.5},
    "score": {"poor": 1.0, "good": 9.0, "prior": 3.0},
}


def one_signal(kind="score", **changes):
    """Return the data of a scorecard whose only signal is of a kind; None takes a key away."""
    sampled = KINDS[kind].sample is Sample.ALWAYS
    line = {"stage": "use", "weight": 1, kind: ["value", "n"] if sampled else "value"}
    line |= LINES[kind] | ({"strength": 10.0} if sampled else {}) | changes
    line = {key: value for key, value in line.items() if value is not None}
    return {
        "name": "one",
        "version": "1",
        "effective_from": "2026-01-01",
        "dimensions": {"d": {"weight": 1}},
        "signals": {"d": {"s": line}},
    }


def card_of(kind="score", **changes):
    return parse_scorecard(one_signal(kind, **changes))
