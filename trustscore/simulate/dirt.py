"""Cells as careless exports write them."""

from __future__ import annotations

import numpy as np

from trustscore.scorecard import Scorecard
from trustscore.simulate.market import Streams
from trustscore.typing import Array

# Spellings that lose nothing, and how many cells get one.
HARMLESS_SHARE = 0.02
NOTHING = ("NA", "null", "-", "N/A")
# Rows that cannot be scored, one fault each.
FAULT_SHARE = 0.02
FAULTS = ("text", "negative", "infinite", "more_than_all", "no_id", "repeated_id")


def written(values: Array) -> Array:
    """Return numbers as text: whole ones without a point, blanks empty.

    Examples
    --------
    >>> written(np.array([3.0, 4.25, np.nan])).tolist()
    ['3', '4.25', '']
    """
    cells = np.empty(len(values), dtype=object)
    cells[:] = ["" if v != v else str(int(v)) if v == int(v) else repr(v) for v in values.tolist()]
    return cells


def _respell(cell: str, check: str, row: int) -> str:
    if cell == "":
        return NOTHING[row % len(NOTHING)]
    if check == "flag":
        return {"0": "no", "1": "yes"}.get(cell, cell)
    if cell.isdecimal() and len(cell) > 3:
        return f"{int(cell):,}"
    return f" {cell} "


def soil(block: dict[str, Array], card: Scorecard, seed: int, number: int) -> dict[str, Array]:
    """Return a block as text, with odd spellings and about one bad row in fifty."""
    streams = Streams(seed, number)
    found = {name: values.copy() for name, values in block.items() if values.dtype == object}
    for field in card.inputs:
        if field.check == "date":
            continue
        cells = written(block[field.name])
        odd = streams(f"spelling {field.name}").random(len(cells)) < HARMLESS_SHARE
        for row in np.flatnonzero(odd).tolist():
            cells[row] = _respell(cells[row], field.check, row)
        found[field.name] = cells
    draw = streams("faults")
    size = len(found["merchant_id"])
    bad = np.flatnonzero(draw.random(size) < FAULT_SHARE)
    counts = [f.name for f in card.inputs if f.check == "count"]
    for row in bad.tolist():
        fault = FAULTS[int(draw.integers(len(FAULTS)))]
        column = counts[int(draw.integers(len(counts)))] if counts else card.inputs[0].name
        if fault == "negative":
            found[column][row] = "-1"
        elif fault == "infinite":
            found[column][row] = "inf"
        elif fault == "more_than_all" and card.pairs:
            part, whole = card.pairs[int(draw.integers(len(card.pairs)))]
            found[part][row], found[whole][row] = "8", "7"
        elif fault == "no_id":
            found["merchant_id"][row] = ""
        elif fault == "repeated_id" and row > 0:
            found["merchant_id"][row] = block["merchant_id"][row - 1]
        else:
            found[column][row] = "many"
    return found
