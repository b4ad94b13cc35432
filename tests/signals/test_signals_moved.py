"""What must not change an export, and what must change it in a known way.

The logs are those of all golden cases: every edge that the definitions have lies in them.
"""

import csv
import datetime as dt
import random
from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.signals.golden_cases import AS_OF, TZ, of_group, together
from trustscore.logs import LOG_TABLES
from trustscore.signals import load_definitions
from trustscore.signals.files import write_signals

pytest.importorskip("duckdb")
pytest.importorskip("sqlglot")

# Each reads 24 logs and makes all columns: some seven seconds.
pytestmark = pytest.mark.slow

CUT = dt.date.fromisoformat(AS_OF)
Logs = dict[str, list[dict[str, Any]]]
# Measured with the return rates of the whole market.
OF_THE_MARKET = {"return_rate_vs_category", "live_vs_shelf_return_ratio"}


@cache
def _given() -> Logs:
    found: Logs = {}
    for table, rows in together(of_group((AS_OF, TZ, False))).items():
        log = LOG_TABLES[table]
        seen = set()
        for row in rows:
            # Two versions of one moment are told apart by the order of lines, which moves here.
            key = (*(row.get(name) for name in log.key), row.get("recorded_at"))
            if key not in seen:
                seen.add(key)
                kept = {name: held for name, held in row.items() if name in log}
                found.setdefault(table, []).append(kept)
    return found


def given() -> Logs:
    return {table: [dict(row) for row in rows] for table, rows in _given().items()}


def text(held: Any) -> str:
    if isinstance(held, dt.datetime):
        return held.isoformat()
    return "" if held is None else str(held).lower() if isinstance(held, bool) else str(held)


def write(folder, logs: Logs, parts: int = 1) -> None:
    for table, rows in logs.items():
        names = [column.name for column in LOG_TABLES[table].columns]
        for part in range(parts):
            path = folder / f"{table}.csv" if parts == 1 else folder / table / f"{part}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as file:
                out = csv.writer(file, lineterminator="\n")
                out.writerow(names)
                out.writerows([text(row.get(name)) for name in names] for row in rows[part::parts])


def exported(folder, logs: Logs, parts: int = 1, as_of: dt.date = CUT, **options: Any) -> str:
    """Return the export as text, by merchant."""
    folder.mkdir(exist_ok=True)
    write(folder / "logs", logs, parts)
    out = folder / "out.csv"
    write_signals(folder / "logs", out, as_of=as_of, tz=TZ, allow_short_logs=True, **options)
    return out.read_text("utf-8")


def differing(one: str, other: str) -> set[str]:
    """Return the columns in which two exports differ, `merchant_id` if they are of others."""
    left, right = rows_of(one), rows_of(other)
    if list(left) != list(right):
        return {"merchant_id"}
    return {n for m, row in left.items() for n, held in row.items() if right[m][n] != held}


def rows_of(text: str) -> dict[str, dict[str, str]]:
    return {row.pop("merchant_id"): row for row in csv.DictReader(text.splitlines())}


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> str:
    found = exported(tmp_path_factory.mktemp("plain"), given())
    rows = rows_of(found)
    filled = {
        name for row in rows.values() for name, held in row.items() if held not in ("", "0", "0.0")
    }
    # Where nothing is counted nothing can change.
    assert len(rows) > 150
    assert len(filled) > 130
    return found


def permuted(logs: Logs) -> Logs:
    draw = random.Random(3)
    return {table: draw.sample(rows, len(rows)) for table, rows in reversed(logs.items())}


def again(logs: Logs) -> Logs:
    return {table: [*rows, *rows[::2]] for table, rows in logs.items()}


def later(logs: Logs) -> Logs:
    """Add what nobody knew before the cut: new things, and new versions of old ones."""
    cut = dt.datetime.combine(CUT, dt.time(), ZoneInfo(TZ))
    for table, rows in logs.items():
        log = LOG_TABLES[table]
        news = []
        for place, row in enumerate(rows[::3]):
            changed = {**row, "recorded_at": cut + dt.timedelta(hours=place % 50)}
            # The next row's cells under this row's key: another content.
            for column in log.columns:
                if column.name not in (*log.key, "recorded_at", "merchant_id"):
                    changed[column.name] = rows[(place * 3 + 1) % len(rows)].get(column.name)
            news.append(changed)
            if log.moment and log[log.moment].type == "time":
                fresh = {**row, log.moment: cut + dt.timedelta(hours=place % 50)}
                for name in log.key:
                    if log[name].type == "id" and name != "merchant_id":
                        fresh[name] = f"{fresh.get(name)}.new"
                news.append(fresh)
        rows += news
    return logs


def moved(days: int) -> Callable[[Logs], Logs]:
    by = dt.timedelta(days=days)

    def move(logs: Logs) -> Logs:
        return {
            table: [
                {n: h + by if isinstance(h, dt.date) else h for n, h in row.items()} for row in rows
            ]
            for table, rows in logs.items()
        }

    return move


def test_order_files_repetition_and_what_came_after_the_cut_change_nothing(tmp_path, plain):
    logs = permuted(later(again(given())))
    found = exported(tmp_path, logs, parts=3)
    assert differing(found, plain) == set()
    assert found == plain


@pytest.mark.parametrize("change", [permuted, again, later], ids=lambda f: f.__name__)
def test_none_of_them_changes_anything_alone(tmp_path, plain, change):
    assert differing(exported(tmp_path, change(given())), plain) == set()


@pytest.mark.parametrize("parts", [2, 5])
def test_more_files_change_nothing(tmp_path, plain, parts):
    assert differing(exported(tmp_path, given(), parts=parts), plain) == set()


@pytest.mark.parametrize("days", [-35, 7, 40])
def test_time_itself_changes_nothing(tmp_path, plain, days):
    """Every moment and the cut as many days later, in a zone that never changes its clock."""
    cut = CUT + dt.timedelta(days=days)
    found = exported(tmp_path, moved(days)(given()), as_of=cut)
    # The return rates of the market hold for a calendar month.
    assert differing(found, plain) <= OF_THE_MARKET


def test_threads_buckets_and_blocks_change_nothing(tmp_path, plain, monkeypatch):
    assert exported(tmp_path / "jobs", given(), jobs=2) == plain
    monkeypatch.setattr("trustscore.io.logs.ingest.buckets_for", lambda size: 8)
    assert exported(tmp_path / "buckets", given()) == plain
    monkeypatch.setattr("trustscore.io.logs.opening._ROWS", 7)
    assert exported(tmp_path / "blocks", given()) == plain


def renamed(logs: Logs, mark: str, but: frozenset[str] = frozenset()) -> Logs:
    """Return rows with a mark behind every id."""
    return {
        table: [
            {
                name: f"{held}{mark}"
                if LOG_TABLES[table][name].type == "id" and held is not None and name not in but
                else held
                for name, held in row.items()
            }
            for row in rows
        ]
        for table, rows in logs.items()
    }


def test_another_merchant_changes_no_other_but_through_the_market(tmp_path, plain):
    logs = given()
    for table, rows in renamed(given(), "x").items():
        logs[table] += rows[: len(rows) // 2]
    found, before = rows_of(exported(tmp_path, logs)), rows_of(plain)
    assert len(found) > len(before)
    for merchant, row in before.items():
        differ = {name for name, held in row.items() if found[merchant][name] != held}
        assert differ <= OF_THE_MARKET, merchant


def test_everything_twice_doubles_counts_and_leaves_means(tmp_path, plain):
    logs = given()
    # Of a merchant there is one; a day has one count; who is linked to whom is about merchants.
    once = {"merchants", "daily_counts"}
    for table, rows in renamed(given(), "x", frozenset(["merchant_id", "promoter_id"])).items():
        if table not in once:
            logs[table] += [row for row in rows if row.get("subject_kind") != "merchant"]
    found, before = rows_of(exported(tmp_path, logs)), rows_of(plain)
    columns = load_definitions().columns
    still = {"impressions", "impressions_negative_feedback", "linked_accounts"}
    still |= {"linked_accounts_removed"}
    # Of twice as many inspections, the random ones may be enough to stand alone.
    chosen = {"spot_checks_done_365d", "spot_checks_failed_365d"}
    wrong = []
    for merchant, row in before.items():
        for name, held in row.items():
            if name in OF_THE_MARKET | chosen:
                continue
            counted = columns[name].how in ("count", "distinct", "sum") and name not in still
            try:
                twice = 2 * float(held) if counted else float(held)
                alike = abs(float(found[merchant][name]) - twice) <= 1e-9 * max(1, abs(twice))
            except ValueError:
                alike = found[merchant][name] == held
            if not alike:
                wrong.append((merchant, name, held, found[merchant][name]))
    assert wrong == []
