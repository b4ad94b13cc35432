"""A scorecard as one SELECT."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from pathlib import Path

from trustscore import __version__
from trustscore.boost.policy import BoostPolicy
from trustscore.export.sql.boost import trust_boost
from trustscore.export.sql.columns import Card, check_columns
from trustscore.export.sql.rules import adjust, adjusted, status, tier
from trustscore.export.sql.text import choose, number, one_line, table_name, text
from trustscore.export.sql.tree import Node, fold
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.side_columns import Reader, side_read_by
from trustscore.scorecard.statuses import Status
from trustscore.scoring.codes import Z95

SIDE_BY_DEFAULT = side_read_by(Reader.VARIANT)


def export_sql(
    scorecard: str | Path | Scorecard = "default",
    table: str = "merchants",
    policy: str | Path | BoostPolicy | None = None,
    *,
    side: Collection[str] = SIDE_BY_DEFAULT,
    missing: Collection[str] = (),
    as_of: dt.date | None = None,
) -> str:
    """Return a scorecard as one SELECT that scores every row of a table.

    The text runs as it is in DuckDB; other engines read it through sqlglot's ``duckdb``
    dialect. It takes its input as already checked: numbers, NULL for blanks, one row a
    merchant, columns named as the scorecard names them.

    Parameters
    ----------
    scorecard : str, Path or Scorecard
        Preset, path or scorecard.
    table : str
        Table or view, with its schema if need be.
    policy : str, Path or BoostPolicy, optional
        The preset ``boost`` by default.
    side : collection of str
        Optional columns that the table has: ``category``, ``shop_type``, ``previous_tier``,
        ``tier_since``, ``reviews_below``, ``enrolled``, ``claims_unpaid``, ``pacing``. Only
        those that the scorecard or the policy has a use for are read.
    missing : collection of str
        Columns of the scorecard that the table lacks; signals that need them do not apply.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier; needs the side column ``tier_since``.

    Returns
    -------
    str
        The columns of a table of scores in their order, but for ``reasons`` and ``scorecard``.

    Raises
    ------
    ScorecardError
        When the scorecard is open or faulty.
    InputError
        When `table`, `side` or `missing` name what cannot be.

    Examples
    --------
    >>> text = export_sql("minimal", "shop.merchants")
    >>> "FROM shop.merchants" in text, text.count("SELECT") > 1
    (True, True)
    """
    loaded = load_scorecard(scorecard)
    policy = BoostPolicy.load("boost" if policy is None else policy)
    check_columns(loaded, side, missing, as_of)
    card = Card(loaded, side, missing)
    define = card.query.define
    nodes: dict[str, Node] = {}
    index_file = loaded.file.index
    root = fold(card, card.plan.root, nodes)
    raw = define("raw_index", f"100e0 * {root.value}")
    variance = (
        f"{root.single} + {number(index_file.rho)} * {root.common} * {root.common}"
        f" + {number(index_file.rho_evidence)} * {root.shared} * {root.shared}"
    )
    se = define("standard_error", f"100e0 * SQRT(GREATEST({variance}, 0e0))")
    coverage = define("covered", f"GREATEST({root.has} - {root.doubt}, 0e0)")
    prior = define("unknown_index", f"100e0 * {root.prior}")
    scored = f"{coverage} > 0e0"
    moves = adjust(card, raw, scored)
    index = define("index_points", adjusted(raw, moves))
    lower = adjusted(f"GREATEST({raw} - {number(Z95)} * {se}, 0e0)", moves)
    upper = adjusted(f"LEAST({raw} + {number(Z95)} * {se}, 100e0)", moves)
    standing = status(card, coverage)
    rung = tier(
        card,
        index,
        se,
        coverage,
        f"{standing} = {text(Status.FORMAL.word)}",
        moves.vetoed,
        None if as_of is None else as_of.isoformat(),
    )
    boost = trust_boost(card, policy, index, se, prior, coverage, moves.veto)
    given = {
        "merchant_id": card.merchant,
        "trust_index": choose(scored, index, "NULL"),
        "trust_index_lower": choose(scored, lower, "NULL"),
        "trust_index_upper": choose(scored, upper, "NULL"),
        "index_se": se,
        "prior_index": prior,
        "tier": choose(scored, rung, "''"),
        "status": standing,
        "coverage": coverage,
        "rules": moves.rules,
        "veto": moves.veto,
        "trust_boost": choose(scored, boost, "1e0"),
    }
    given |= {
        d.id: choose(f"{nodes[d.id].has} > 0e0", f"100e0 * {nodes[d.id].value}", "NULL")
        for d in loaded.dimensions
    }
    outputs = [(name, given[name]) for name in card.outputs]
    head = (
        f"-- trustscore {__version__}, scorecard {one_line(loaded.stamp)},"
        f" policy {one_line(policy.stamp)}.\n"
        "-- Generated: change the scorecard, not this text.\n"
    )
    return head + card.query.render(table_name(table), outputs) + "\n"
