"""Evidence to utility, signal by signal."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trustscore import curves
from trustscore.evidence import shrink_count, shrink_mean
from trustscore.scoring.plan import SignalPlan
from trustscore.scoring.rows import Rows

Array = np.ndarray[Any, Any]


class Evidence(NamedTuple):
    """What one signal says of some rows.

    `doubt` is one minus the reliability, None where it is 0 in every row; `value` is on the scale
    that is shrunk (the logarithm for a duration); `withheld` is None when no row withholds.
    """

    utility: Array
    doubt: Array | None
    value: Array
    withheld: Array | None

    @property
    def reliability(self) -> Any:
        """How much of the value is evidence, 0 to 1."""
        return 1.0 if self.doubt is None else 1.0 - self.doubt


def evidence(plan: SignalPlan, rows: Rows) -> Evidence:
    """Return utility and doubt of one signal for some rows."""
    signal = plan.signal
    prior = rows.take(plan.prior)
    value, blank = rows.filled(signal.value)
    withheld: Array | None = None
    doubt: Array | None = None
    if signal.sample is None:
        x = value
        if blank is not None:
            x = np.where(blank, prior, value)
            doubt = blank.astype(np.float64)
    else:
        n, unknown = rows.filled(signal.sample)
        if blank is not None:
            held = blank & (n > 0)
            if held.any():
                withheld = held
                n = n.copy()
                np.putmask(n, held, 0.0)
        strength = rows.take(plan.strength)
        if signal.kind in ("rate", "events"):
            if unknown is not None and blank is not unknown:
                value = value.copy()
                np.putmask(value, unknown, 0.0)
            x, doubt = shrink_count(value, n, prior, strength)
        else:
            if plan.on_log:
                value = np.log(np.maximum(value, rows.take(plan.least)))
            x, doubt = shrink_mean(value, n, prior, strength)
    on_scale = x
    if signal.curve in ("log", "lognormal"):
        on_scale = x if plan.on_log else curves.scale(signal.curve, x)
    elif plan.on_log or signal.curve == "log1p":
        on_scale = curves.scale(signal.curve, np.exp(x) if plan.on_log else x)
    poor, good = rows.take(plan.poor), rows.take(plan.good)
    u = curves.utility(signal.curve, on_scale, poor, good, signal.knots)
    if withheld is not None:
        u = np.where(withheld, rows.take(plan.withheld_utility), u)
    return Evidence(u, doubt, x, withheld)
