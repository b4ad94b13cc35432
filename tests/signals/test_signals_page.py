"""What the page on logs says of columns and mappings is counted and run."""

import datetime as dt
import re

import pandas as pd
import pytest

from tests.conftest import ROOT
from trustscore import load_scorecard
from trustscore.logs import LOG_TABLES
from trustscore.signals import generate, load_definitions
from trustscore.signals.files import write_signals
from trustscore.signals.sentences import everything

pytest.importorskip("duckdb")
PAGE = (ROOT / "docs" / "user_guide" / "signals.md").read_text(encoding="utf-8")


def test_the_page_counts_what_each_log_adds():
    rows = re.findall(r"^\| (?:and )?((?:`\w+`(?:, )?)+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 9
    full, defs = everything(), load_definitions("default")
    card = {field.name for field in load_scorecard("default").fields}
    # The market's rates are counted of the logs themselves, once parcels and cases are there.
    have = {"baselines": full["baselines"]}
    for names, count in rows:
        for name in re.findall(r"`(\w+)`", names):
            assert name in LOG_TABLES
            have[name] = full[name]
        plan = generate(defs, dt.date(2026, 1, 1), have)
        assert (names, len(card & {c.name for c in plan.columns})) == (names, int(count))
    assert set(plan.missing) & card == {"promoted_orders_poor_merchant"}


def test_five_logs_give_half_of_the_columns():
    counts = [int(n) for n in re.findall(r"^\|.*`.* \| (\d+) \|$", PAGE, re.MULTILINE)]
    assert 2 * counts[4] > len(load_scorecard("default").fields)


def test_the_order_export_in_twenty_lines_runs(tmp_path):
    found = re.findall(r"```(toml|text)\n(.*?)```", PAGE[PAGE.index("Most platforms") :], re.DOTALL)
    # The first of each kind.
    blocks = dict(reversed(found))
    assert len(blocks["toml"].splitlines()) <= 20
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "sales.csv").write_text(blocks["text"], encoding="utf-8")
    (tmp_path / "shop.toml").write_text(blocks["toml"], encoding="utf-8")
    report = write_signals(
        logs,
        tmp_path / "export.csv",
        as_of=dt.date(2026, 2, 1),
        mapping=tmp_path / "shop.toml",
        allow_short_logs=True,
    )
    assert report.rejects is None
    found = pd.read_csv(tmp_path / "export.csv").set_index("merchant_id")
    assert found["orders_paid"].to_dict() == {"m1": 2, "m2": 1}
    assert found["orders_picked_up_on_time"].to_dict() == {"m1": 1, "m2": 0}
    assert found["orders_due_pickup"].to_dict() == {"m1": 2, "m2": 0}
    assert report.manifest["excluded_orders"] == {"order_type": 1}
