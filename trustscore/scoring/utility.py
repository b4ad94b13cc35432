"""Evidence to utility, for all signals of some rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trustscore import curves
from trustscore.evidence import shrink_count, shrink_mean
from trustscore.scoring.layout import Batch, Layout
from trustscore.scoring.rows import Rows
from trustscore.scratch import SCRATCH

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
    """Return utility and doubt of every signal, and if asked for its shrunk value.

    The tables are the thread's own, and hold until its next call.
    """
    shape = (len(layout.order), rows.rows)
    found = Evidence(
        SCRATCH.table("utility", *shape),
        SCRATCH.table("doubt", *shape),
        SCRATCH.table("withheld", *shape, bool),
        SCRATCH.table("value", *shape) if values else None,
    )
    found.withheld.fill(False)
    for batch in layout.batches:
        _batch(batch, rows, found)
    return found


def _batch(batch: Batch, rows: Rows, found: Evidence) -> None:
    """Fill in what the signals of a batch say.

    Blanks pass through the arithmetic as NaN, and every signal that ends so has no evidence.
    """
    shape = (len(batch.slots), rows.rows)
    prior = rows.pick(batch.prior)
    x = rows.stack(batch.values, SCRATCH.table("x", *shape))
    n: Array | None = None
    doubt: Array | None = None
    if batch.kind != "plain":
        n = rows.stack(batch.samples, SCRATCH.table("n", *shape))
        if batch.kind == "log_mean":
            np.maximum(x, rows.pick(batch.least), out=x)
            np.log(x, out=x)
        doubt = SCRATCH.table("q", *shape)
        shrink = shrink_count if batch.kind == "count" else shrink_mean
        shrink(x, n, prior, rows.pick(batch.strength), x, doubt)
    u = curves.utility(
        batch.curve,
        _on_scale(batch, x),
        rows.pick(batch.poor),
        rows.pick(batch.good),
        batch.knots,
        SCRATCH.table("u", *shape),
    )
    blank = np.flatnonzero(np.isnan(u, out=SCRATCH.table("blank", *shape, bool)))
    withheld = blank[:0]
    if blank.size:
        signal = blank // rows.rows
        _put(u, blank, signal, rows.pick(batch.unknown))
        if found.value is not None:
            _put(x, blank, signal, prior)
        if doubt is not None:
            doubt.reshape(-1)[blank] = 1.0
        if n is not None:
            # A blank beside evidence that must exist is held back.
            held = n.reshape(-1)[blank] > 0
            withheld = blank[held]
            _put(u, withheld, signal[held], rows.pick(batch.withheld))
    found.utility[batch.slots] = u
    if doubt is None:
        doubt = SCRATCH.table("q", *shape)
        doubt.fill(0.0)
        doubt.reshape(-1)[blank] = 1.0
    found.doubt[batch.slots] = doubt
    if found.value is not None:
        found.value[batch.slots] = np.exp(x) if batch.kind == "log_mean" else x
    if withheld.size:
        signal, row = np.divmod(withheld, rows.rows)
        found.withheld[batch.slots[signal], row] = True


def _put(table: Array, at: Array, signal: Array, figures: Array) -> None:
    """Put the figures of signals at some places of a table, counted along its rows."""
    wide = figures.shape == table.shape
    table.reshape(-1)[at] = figures.reshape(-1)[at if wide else signal]


def _on_scale(batch: Batch, x: Array) -> Array:
    on_log = batch.kind == "log_mean"
    if batch.curve in ("log", "lognormal"):
        return x if on_log else curves.scale(batch.curve, x)
    return curves.scale(batch.curve, np.exp(x) if on_log else x)
