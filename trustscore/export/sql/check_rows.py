"""Merchants made up to catch a scorecard that was copied wrongly, with the scores they must get.

Every anchor, knot and condition of the scorecard is met exactly, by the next float on either side
and by a small step; blanks, zeros and extremes stand wherever a cell may hold them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.boost.policy import BoostPolicy
from trustscore.boost.table import lean_parts
from trustscore.export.sql.columns import check_columns, output_names
from trustscore.export.sql.probe_frame import ProbeFrame
from trustscore.export.sql.select import SIDE_BY_DEFAULT
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.scorecard.side_columns import Reader, side_read_by
from trustscore.scorecard.vetoes import Veto
from trustscore.scoring import Scores, score_columns
from trustscore.typing import Array

_EDGE = 1e-7


def probe_rows(
    scorecard: str | Path | Scorecard = "default",
    policy: str | Path | BoostPolicy | None = None,
    *,
    side: Collection[str] = SIDE_BY_DEFAULT,
    missing: Collection[str] = (),
    as_of: dt.date | None = None,
) -> dict[str, Array]:
    """Return made-up merchants that try every figure of a scorecard.

    The same arguments always give the same rows. Rows on the very edge of a tier or of a step of
    the boost are left out: there the last bit of a logarithm decides, in which engines differ.

    Parameters
    ----------
    scorecard, policy, side, missing, as_of
        As `trustscore.export.export_sql` has them.

    Returns
    -------
    dict of str to ndarray
        ``merchant_id`` and the columns the query reads: numbers with NaN and texts with None for
        blanks.

    Examples
    --------
    >>> rows = probe_rows("minimal")
    >>> bool((rows["barred_identity_link_flag"] == 1).any())
    True
    """
    card = load_scorecard(scorecard)
    policy = BoostPolicy.load("boost" if policy is None else policy)
    check_columns(card, side, missing, as_of)
    frame = ProbeFrame(card, side, missing, as_of)
    block = frame.block([*frame.rows(), *frame.mixed()])
    keep = ~_on_edge(block, card, policy, missing, as_of)
    block = {column: values[keep] for column, values in block.items()}
    ids = [f"m{row:06d}" for row in range(1, int(keep.sum()) + 1)]
    return {"merchant_id": np.array(ids, dtype=object), **block}


def expected_scores(
    block: dict[str, Array],
    scorecard: str | Path | Scorecard = "default",
    policy: str | Path | BoostPolicy | None = None,
    *,
    missing: Collection[str] = (),
    as_of: dt.date | None = None,
) -> dict[str, Array]:
    """Return what a query must answer for some rows: its columns, in its order.

    Parameters
    ----------
    block : dict of str to ndarray
        Rows as `probe_rows` makes them.
    scorecard, policy, missing, as_of
        As `trustscore.export.export_sql` has them.

    Examples
    --------
    >>> rows = probe_rows("minimal")
    >>> list(expected_scores(rows, "minimal"))[-1]
    'trust_boost'
    """
    card = load_scorecard(scorecard)
    policy = BoostPolicy.load("boost" if policy is None else policy)
    scores, columns = _scored(block, card, missing, as_of)
    boost = np.exp(policy.beta * lean_parts(columns, policy).lean)
    given = columns | {"merchant_id": block["merchant_id"], "trust_boost": boost}
    given |= scores.dimensions
    return {name: given[name] for name in output_names(card)}


def _scored(
    block: dict[str, Array], card: Scorecard, missing: Collection[str], as_of: dt.date | None
) -> tuple[Scores, dict[str, Any]]:
    """Return scores, and the columns that the boost and the result have of them."""
    scores = score_columns(block, card, missing=frozenset(missing), as_of=as_of)
    given = [c for c in OUTPUT_COLUMNS.values() if c.sql and not c.by_policy]
    columns = {c.name: getattr(scores, c.name) for c in given if c.name != "merchant_id"}
    extra = side_read_by(Reader.BOOST)
    return scores, columns | {column: block[column] for column in extra if column in block}


def _on_edge(
    block: dict[str, Array],
    card: Scorecard,
    policy: BoostPolicy,
    missing: Collection[str],
    as_of: dt.date | None,
) -> Array:
    """Return the rows whose tier, status or boost hangs on the last bits of a sum."""
    scores, columns = _scored(block, card, missing, as_of)
    index, se = scores.trust_index, scores.index_se
    tiers = card.tiers
    edge = np.zeros(len(se), dtype=bool)

    def near(values: Array, lines: Iterable[float], inexact: Array | bool = True) -> None:
        for line in lines:
            np.logical_or(edge, (np.abs(values - line) < _EDGE) & inexact, out=edge)

    # A clipped or capped index is a figure of the scorecard, the same to the last bit.
    moved = (index != 0) & (index != 100)
    for rule in card.rules:
        if rule.veto == Veto.CAP:
            moved &= index != rule.points
    near(index, [t.at for t in tiers.ladder], moved)
    near(index, [t.at - tiers.hysteresis for t in tiers.ladder], moved)
    near(index - tiers.z * se, [t.at for t in tiers.ladder])
    near(scores.coverage, [card.status.low_coverage], scores.coverage > 0)
    near(scores.coverage, [t.coverage for t in tiers.ladder if t.coverage])
    near(scores.coverage, [t.coverage - tiers.coverage_margin for t in tiers.ladder if t.coverage])
    near(lean_parts(columns, policy).excess, [x for x, _ in policy.curve.steps])
    return edge
