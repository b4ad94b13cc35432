"""The logs as they stood at the cut: visible rows, newest versions, times as integers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trustscore.logs import LOG_TABLES

Row = dict[str, Any]
Rows = list[Row]

HOUR = 3_600_000_000
MINUTE = 60_000_000
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What was planned before the cut is known before the cut, whenever it is due.
PLANS = {
    "ship_by", "open_at", "deliver_by", "respond_by", "due_at",
    "on_sale_from", "on_sale_to", "certificate_valid_to",
}  # fmt: skip
# What a row says of a moment is not known before that moment.
SAID_AT = {
    "merchants": {"removed_at": ["removal_reason"]},
    "orders": {"cancelled_at": ["cancel_party", "cancel_reason"]},
    "aftersales": {
        "refused_at": ["refusal_ground"],
        "refunded_at": ["refund_amount", "full_refund"],
        "ruled_at": ["fault"],
        "rated_at": ["rating"],
    },
    "tickets": {"decided_at": ["outcome", "fault", "appeal"]},
    "claims": {"paid_at": ["paid_by", "amount", "recovered"]},
    "reviews": {"hidden_at": ["hidden_reason"]},
    "chat_sessions": {"rated_at": ["rating"]},
    "live_sessions": {"stopped_at": ["stop_kind", "overturned"]},
    "live_reports": {"reviewed_at": ["outcome", "appeal"]},
    "listings": {"decided_at": ["decision", "block_reason"]},
}


# What a lexicon may have found in the words of a review, or of a message.
HITS = ("text_quality_defect", "text_logistics", "text_negative", "text_closing")


class Book:
    """All logs at one cut."""

    def __init__(self, logs: dict[str, Rows], cut_date: str, tz: str) -> None:
        self.zone = ZoneInfo(tz)
        self.day = date.fromisoformat(cut_date)
        self.cut = self.start_of(self.day)
        self.given = logs
        self.logs = {name: self.visible(name, logs.get(name, [])) for name in LOG_TABLES}
        self.previous = {r["merchant_id"]: r["poor"] for r in logs.get("previous", [])}
        self.baselines = {r["category"]: float(r["rate"]) for r in logs.get("baselines", [])}

    def start_of(self, day: date) -> int:
        local = datetime.combine(day, time(), self.zone)
        return (local.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)

    def window(self, days: int, lag: int = 0) -> Callable[[int | None], bool]:
        """Return the test whether a moment lies in the window."""
        end = self.day - timedelta(days=lag)
        low, high = self.start_of(end - timedelta(days=days)), self.start_of(end)
        return lambda moment: moment is not None and low <= moment < high

    def local(self, moment: int) -> datetime:
        return (EPOCH + timedelta(microseconds=moment)).astimezone(self.zone)

    def instant(self, local: datetime) -> int:
        return (local.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)

    def waking(self, moment: int, night: str, morning: str) -> int:
        """Return the moment, or the morning after if it lies in the night."""
        at = self.local(moment)
        clock = at.strftime("%H:%M")
        inside = night <= clock < morning if night < morning else clock >= night or clock < morning
        if not inside:
            return moment
        day = at.date()
        if night > morning and clock >= night:
            day += timedelta(days=1)
        hour, minute = map(int, morning.split(":"))
        return self.instant(datetime.combine(day, time(hour, minute), self.zone))

    def _cell(self, table: str, name: str, value: Any) -> Any:
        kind = LOG_TABLES[table][name].type
        if value is None:
            return None
        if kind == "time":
            if not isinstance(value, datetime):
                value = datetime.combine(value, time())
            if value.tzinfo is None:
                value = value.replace(tzinfo=self.zone)
            return self.instant(value)
        if kind in ("num", "money"):
            return float(value)
        return value

    def visible(self, table: str, rows: Rows) -> Rows:
        log = LOG_TABLES[table]
        newest: dict[tuple[Any, ...], tuple[tuple[int, int], Row]] = {}
        for place, raw in enumerate(rows):
            row = {c.name: self._cell(table, c.name, raw.get(c.name)) for c in log.columns}
            row |= {name: raw.get(name) for name in HITS}
            for column in log.columns:
                if row[column.name] is None and column.fallback:
                    row[column.name] = row[column.fallback]
            moment = row[log.moment] if log.moment else None
            if log.moment and log[log.moment].type == "day" and moment is not None:
                if moment >= self.day:
                    continue
            elif moment is not None and moment >= self.cut:
                continue
            known = row["recorded_at"]
            if known is not None and known >= self.cut:
                continue
            key = tuple(row[name] for name in log.row_key)
            rank = (-1 << 62 if known is None else known, place)
            if key not in newest or newest[key][0] < rank:
                newest[key] = (rank, row)
        known = [self._known(table, row) for _, row in newest.values()]
        # A suspicion that was taken back is as if nobody had had it.
        return [row for row in known if table != "findings" or row["status"] != "withdrawn"]

    def _known(self, table: str, row: Row) -> Row:
        """Blank what was not known at the cut."""
        said = SAID_AT.get(table, {})
        for column in LOG_TABLES[table].of_type("time"):
            name = column.name
            if name in PLANS or row[name] is None or row[name] < self.cut:
                continue
            row[name] = None
            for state in said.get(name, []):
                row[state] = None
            if table == "findings" and name == "decided_at":
                row["status"], row["appeal"] = "suspected", None
        return row

    def has(self, table: str, column: str) -> bool:
        """Whether any row of the log carries the column."""
        return any(column in row for row in self.given.get(table, []))

    def rows(self, table: str, merchant: str) -> Rows:
        return [row for row in self.logs[table] if row["merchant_id"] == merchant]

    def all_merchants(self) -> list[str]:
        return sorted({row["merchant_id"] for rows in self.logs.values() for row in rows})


def mean(values: Iterable[float]) -> float | None:
    """Return the mean, or nothing of nothing."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else None
