"""Evidence to utility, for all signals of some rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trustscore import curves
from trustscore.evidence import shrink_count, shrink_mean
from trustscore.scoring.layout import Batch, Layout
from trustscore.scoring.rows import Rows

Array = np.ndarray[Any, Any]


class Evidence(NamedTuple):
    """What the signals say of some rows, each array of shape (slots, rows).

    `doubt` is one minus the reliability; `value` is None unless asked for.
    """

    utility: Array
    doubt: Array
    withheld: Array
    value: Array | None


def evidence(layout: Layout, rows: Rows, values: bool = False) -> Evidence:
    """Return utility and doubt of every signal, and if asked for its shrunk value."""
    shape = (len(layout.order), rows.rows)
    found = Evidence(
        np.empty(shape),
        np.zeros(shape),
        np.zeros(shape, dtype=bool),
        np.empty(shape) if values else None,
    )
    for batch in layout.batches:
        u, doubt, x, withheld = _batch(batch, rows)
        found.utility[batch.slots] = u
        if doubt is not None:
            found.doubt[batch.slots] = doubt
        if found.value is not None:
            found.value[batch.slots] = np.exp(x) if batch.kind == "log_mean" else x
        if withheld is not None:
            found.withheld[batch.slots] = withheld
    return found


def _batch(batch: Batch, rows: Rows) -> tuple[Array, Array | None, Array, Array | None]:
    """Return utility, doubt (None: none in any row), shrunk value and withheld (None: nowhere)."""
    prior = rows.pick(batch.prior)
    value = rows.stack(batch.values)
    blank = np.isnan(value)
    some_blank = bool(blank.any())
    doubt = withheld = None
    if batch.kind == "plain":
        x = value
        if some_blank:
            x = np.where(blank, prior, value)
            doubt = blank.astype(np.float64)
    else:
        n = rows.stack(batch.samples)
        if some_blank:
            np.copyto(value, 0.0, where=blank)
            # A blank beside evidence that must exist is held back, and counts as no evidence.
            blank &= n > 0
            if blank.any():
                withheld = blank
                np.copyto(n, 0.0, where=withheld)
        unknown = np.isnan(n)
        if unknown.any():
            np.copyto(n, 0.0, where=unknown)
            np.copyto(value, 0.0, where=unknown)
        if batch.kind == "log_mean":
            np.maximum(value, rows.pick(batch.least), out=value)
            np.log(value, out=value)
        shrink = shrink_count if batch.kind == "count" else shrink_mean
        x, doubt = shrink(value, n, prior, rows.pick(batch.strength))
    u = curves.utility(
        batch.curve,
        _on_scale(batch, x),
        rows.pick(batch.poor),
        rows.pick(batch.good),
        batch.knots,
    )
    if withheld is not None:
        np.copyto(u, rows.pick(batch.withheld), where=withheld)
    return u, doubt, x, withheld


def _on_scale(batch: Batch, x: Array) -> Array:
    on_log = batch.kind == "log_mean"
    if batch.curve in ("log", "lognormal"):
        return x if on_log else curves.scale(batch.curve, x)
    return curves.scale(batch.curve, np.exp(x) if on_log else x)
