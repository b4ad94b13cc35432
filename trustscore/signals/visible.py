"""What of a log was known at the cut: newest versions, without what came later."""

from __future__ import annotations

from collections.abc import Iterable

from trustscore.logs import LOG_TABLES

__all__ = ["PLANS", "STATES", "ident", "visible_sql"]

PLANS = frozenset(
    [
        "ship_by",
        "open_at",
        "deliver_by",
        "respond_by",
        "due_at",
        "on_sale_from",
        "on_sale_to",
        "certificate_valid_to",
    ]
)
"""Times that are known before they come, so that the cut does not hide them."""

STATES: dict[str, dict[str, tuple[str, ...]]] = {
    "orders": {"cancelled_at": ("cancel_party", "cancel_reason")},
    "merchants": {"removed_at": ("removal_reason",)},
    "aftersales": {
        "refused_at": ("refusal_ground",),
        "refunded_at": ("refund_amount", "full_refund"),
        "ruled_at": ("fault",),
        "rated_at": ("rating",),
    },
    "tickets": {"decided_at": ("outcome", "fault", "appeal")},
    "claims": {"paid_at": ("paid_by", "recovered"), "rejected_at": ("ruled_valid",)},
    "reviews": {"hidden_at": ("hidden_reason",)},
    "chat_sessions": {"rated_at": ("rating",)},
    "live_sessions": {"stopped_at": ("stop_kind", "overturned")},
    "live_reports": {"reviewed_at": ("outcome", "appeal")},
    "listings": {"decided_at": ("decision", "block_reason")},
    "findings": {"decided_at": ("status", "appeal")},
}
"""Columns that say what happened at a moment: they are blank where the moment is after the cut."""

_OLDEST = "-9223372036854775808"


def ident(name: str) -> str:
    """Return a name as SQL has it.

    Examples
    --------
    >>> ident("right")
    '"right"'
    """
    return '"' + name.replace('"', '""') + '"'


def visible_sql(
    table: str,
    source: str,
    columns: Iterable[str],
    collected: Iterable[str],
    cut: int,
    cut_day: int,
    *,
    unique: bool = False,
) -> str:
    """Return the SELECT of the newest visible version of each row.

    Parameters
    ----------
    table : str
    source : str
        The relation that holds its rows as read.
    columns : iterable of str
        What is needed, `_local` companions of times included.
    collected : iterable of str
        What is there.
    cut, cut_day : int
        The cut as microseconds UTC, and as days since 1970-01-01.
    unique : bool, default=False
        Whether it is known that no key stands on two rows, so that none is looked for.
    """
    log, have = LOG_TABLES[table], frozenset(collected)
    late = {
        state: moment
        for moment, states in STATES.get(table, {}).items()
        if moment in have
        for state in states
    }
    parts = []
    for name in sorted(columns):
        column = ident(name)
        base = name.removesuffix("_local")
        time = base if base in log and log[base].type == "time" else late.get(name, "")
        if time and time not in PLANS and time != log.moment:
            if name in late:
                # A moment that is blank in the log hides nothing.
                column = f"CASE WHEN {ident(time)} >= {cut} THEN NULL ELSE {column} END"
            else:
                column = f"CASE WHEN {ident(time)} < {cut} THEN {column} END"
            parts.append(f"{column} AS {ident(name)}")
        else:
            parts.append(column)
    moments = [name for name in (log.moment, "recorded_at") if name in have]
    seen = [
        f"({ident(name)} IS NULL OR {ident(name)} < {cut_day if log[name].type == 'day' else cut})"
        for name in moments
    ]
    where = f" WHERE {' AND '.join(seen)}" if seen else ""
    if unique:
        return f"SELECT {', '.join(parts)} FROM {ident(source)}{where}"
    newest = [f"COALESCE({ident('recorded_at')}, {_OLDEST}) DESC"] if "recorded_at" in have else []
    newest += ['"_file" DESC', '"_line" DESC']
    key = ", ".join(ident(name) for name in log.row_key if name in have)
    return (
        f"SELECT {', '.join(parts)} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {key} "
        f'ORDER BY {", ".join(newest)}) AS "_version" FROM {ident(source)}{where}) AS t '
        'WHERE "_version" = 1'
    )
