"""The SQL of the columns gives in Spark, bit for bit, what it gives in DuckDB."""

import datetime as dt
import json
import struct
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.logs.folders import ORDERS, write
from tests.signals import duck
from tests.signals.golden_cases import Session, cases, of_group
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.io.logs.session import literal
from trustscore.signals import load_definitions
from trustscore.signals.files import write_signals
from trustscore.simulate.logs.files import write_logs
from trustscore.spark import signals_spark
from trustscore.spark import write_signals as write_on_spark

MAPPING = Path(__file__).resolve().parents[2] / "examples" / "olist_logs.toml"
KINDS = {"VARCHAR": "string", "BIGINT": "bigint", "BOOLEAN": "boolean"}
# What must not matter, and what spares the compiling of plans that run once.
SESSION = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "America/New_York",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@pytest.fixture(scope="module")
def session(spark):
    before = {name: spark.conf.get(name) for name in SESSION}
    for name, value in SESSION.items():
        spark.conf.set(name, value)
    yield spark
    # Nothing of the caller's session was changed, and nothing was left in it.
    assert {name: spark.conf.get(name) for name in SESSION} == SESSION
    assert spark.catalog.listTables() == []
    for name, value in before.items():
        spark.conf.set(name, value)


def tables_of(spark, connection, names, folder):
    """The tables of a DuckDB connection as DataFrames."""
    found = {}
    for name in names:
        path = folder / f"{name}.parquet"
        connection.execute(f'COPY "{name}" TO {literal(str(path))} (FORMAT parquet)')
        types = connection.execute(f'DESCRIBE "{name}"').fetchall()
        layout = ", ".join(f"`{column}` {KINDS[kind]}" for column, kind, *_ in types)
        found[name] = spark.read.schema(layout).parquet(str(path))
    return found


def bits(value):
    """A figure such that no two floats are alike but one and the same."""
    return struct.pack("<d", float(value)) if isinstance(value, (int, float)) else value


def of_spark(frame):
    rows = [row.asDict() for row in frame.collect()]
    return {row.pop("merchant_id"): {c: bits(v) for c, v in row.items()} for row in rows}


GROUPS = [g for g in dict.fromkeys(c.group for c in cases()) if not g[2] and len(of_group(g)) > 1]


def test_golden_cases(session, tmp_path):
    counted = 0
    for number, group in enumerate(GROUPS):
        chosen = of_group(group)
        # The few cases of another zone need their own columns only.
        few = sorted({c for case in chosen for c in case.values}) if len(chosen) < 50 else None
        asked = Session(chosen)
        theirs = duck.run_plan(asked.connection, asked.plan(load_definitions(), few))
        folder = tmp_path / str(number)
        folder.mkdir()
        found = signals_spark(
            tables_of(session, asked.connection, asked.collected, folder),
            dt.date.fromisoformat(asked.as_of),
            tz=asked.tz,
            columns=few,
            scratch=None if few is None else f"file://{folder}/a b[1]",
        )
        assert found.export.columns == ["merchant_id", *next(iter(theirs.values()))]
        assert of_spark(found.export) == {
            merchant: {c: bits(v) for c, v in row.items()} for merchant, row in theirs.items()
        }
        counted += len(theirs)
    assert counted > 230


def test_olist_by_the_command(session, trustscore_data, tmp_path):
    # The command takes the active session.
    common = [str(trustscore_data / "olist"), "--as-of", "2018-03-01", "--definitions", "olist"]
    common += ["--mapping", str(MAPPING), "--allow-short-logs", "--quiet"]
    for engine in ("local", "spark"):
        more = ["--engine", engine, "-o", str(tmp_path / f"{engine}.csv")]
        with pytest.raises(SystemExit) as stop:
            main(["signals", *common, *more])
        assert stop.value.code == 0
    assert (tmp_path / "spark.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()
    facts = json.loads((tmp_path / "spark.csv.manifest.json").read_text("utf-8"))
    assert facts["engine"].startswith("spark ")


def test_simulated_logs_in_buckets_with_dirt_and_previous_scores(session, tmp_path, monkeypatch):
    monkeypatch.setattr("trustscore.io.logs.ingest.buckets_for", lambda size: 4)
    logs = tmp_path / "logs"
    write_logs(logs, 5, 60, 5, dirty=True)
    # An item of too many rows is left out.
    monkeypatch.setattr("trustscore.io.logs.census._MOST_ROWS", 9)
    scores = tmp_path / "scores.csv"
    scores.write_text(
        "merchant_id,trust_index,tier,status\nm0000001,41,,formal\nm0000002,90,gold,\n"
    )
    settings = {
        "as_of": dt.date(2026, 1, 1),
        "work": tmp_path / "it's 100%20 [w]",
        "previous": scores,
        "allow_short_logs": True,
    }
    assert both(session, logs, tmp_path, "all", **settings)["baselines"]["rates"]


def both(session, logs, folder, stem, **settings):
    """Count with both engines, compare what they write, and return the manifest."""
    local = write_signals(logs, folder / f"{stem}-local.csv", **settings)
    ours = write_on_spark(logs, folder / f"{stem}-spark.csv", session=session, **settings)
    assert ours.manifest["engine"] == f"spark {session.version}"
    same = ("excluded_orders", "columns", "missing_columns", "baselines", "tables", "previous")
    for name in (*same, "warnings"):
        assert ours.manifest.get(name) == local.manifest.get(name), name
    assert sum(len(t["too_many"]) for t in ours.manifest["tables"].values()) > 0
    for name in (f"{stem}-{{}}.csv", f"{stem}-{{}}.csv.rejects.csv"):
        one, other = (folder / name.format(engine) for engine in ("local", "spark"))
        assert one.read_bytes() == other.read_bytes()
    return ours.manifest


# Few columns, so that Spark counts them in seconds.
FADING = """
extends = "default"
name = "fading"
version = "1.0.0"
[columns]
points = { of = "violations", at = "decided_at", window = 90, sum = "points", half_life = 30 }
worst = { like = "points", cap = 2.5, half_life = 0.7 }
spent = { of = "orders", at = "paid_at", window = 30, sum = "amount", half_life = 4.5 }
"""
READ = ["points", "worst", "spent", "orders_paid", "orders_paid_90d", "buyers_repeat_90d"]


@pytest.fixture(scope="module")
def fading(tmp_path_factory):
    """Logs, and what counts six columns of them."""
    folder = tmp_path_factory.mktemp("fading")
    definitions, card = folder / "fading.toml", folder / "card.toml"
    definitions.write_text(FADING, encoding="utf-8")
    lines = [
        'name = "six"',
        'version = "1.0.0"',
        "effective_from = 2026-01-01",
        "[dimensions]",
        "goods = { weight = 1 }",
        "[signals.goods]",
    ]
    lines += [
        f'{n} = {{ stage = "buy", count = "{n}", poor = 9, good = 0, prior = 1, weight = 1 }}'
        for n in READ
    ]
    card.write_text("\n".join(lines), encoding="utf-8")
    logs = folder / "logs"
    write_logs(logs, 6, 150, 5)
    # Every ninth order was judged to be brushing.
    found, orders = (pd.read_parquet(logs / f"{name}.parquet") for name in ("findings", "orders"))
    marked = orders.iloc[::9][["merchant_id", "order_id", "paid_at"]]
    marked.columns = ["merchant_id", "subject_id", "found_at"]
    marked["finding_id"] = [f"judged{at}" for at in range(len(marked))]
    marked["decided_at"] = marked["recorded_at"] = marked["found_at"]
    judged = marked.assign(subject_kind="order", topic="brushing", status="confirmed")
    pd.concat([found, judged]).to_parquet(logs / "findings.parquet")
    return logs, {
        "as_of": dt.date(2026, 1, 1),
        "definitions": definitions,
        "scorecard": card,
        "allow_short_logs": True,
    }


def test_sums_that_fade_and_both_populations(session, fading, tmp_path):
    logs, settings = fading
    for engine, written in (("local", write_signals), ("spark", write_on_spark)):
        written(logs, tmp_path / f"{engine}.csv", populations="both", **settings)
    for name in ("{}.csv", "{}.with_suspects.csv"):
        one, other = (tmp_path / name.format(engine) for engine in ("local", "spark"))
        assert one.read_bytes() == other.read_bytes()
    suspects = (tmp_path / "local.with_suspects.csv").read_bytes()
    assert suspects != (tmp_path / "local.csv").read_bytes()


def test_a_store_that_was_pruned(session, fading, tmp_path):
    logs, settings = fading
    write_signals(logs, tmp_path / "whole.csv", **settings)
    whole = (tmp_path / "whole.csv").read_bytes()
    for engine, written in (("local", write_signals), ("spark", write_on_spark)):
        out = tmp_path / f"{engine}.csv"
        for run in ("first", "second"):
            work = tmp_path / f"work-{engine}"
            report = written(logs, out, work=work, keep_days=100, **settings)
            assert report.manifest["kept"]["rows"]["orders"] > 0
            assert out.read_bytes() == whole, (engine, run)


WORDS = ["it's", "a\\b", "\\", "$1", "店", "`x`", '"', "\\u0041", "-- no", "%s"]
TOML = """
extends = "default"
name = "words"
version = "1.0.0"
[sets]
odd = {odd}
[columns]
odd_orders = {{ of = "orders", only = "any", where = "category in @odd", count = true }}
amounts = {{ of = "orders", only = "any", sum = "amount" }}
amounts_mean = {{ of = "orders", only = "any", mean = "amount" }}
"""


def odd_orders(tmp_path, amount=7):
    path = tmp_path / "words.toml"
    path.write_text(TOML.format(odd=json.dumps(WORDS)), encoding="utf-8")
    rows = [
        {"merchant_id": merchant, "order_id": f"o{i}", "paid_at": "2026-01-05", "category": word}
        | {"amount": amount}
        for i, word in enumerate([*WORDS, "A", "plain", None])
        for merchant in ("m1", "<script>\u202e\x1b[31m", "=1+1\n")
    ]
    return path, rows


def test_hostile_words_and_ids_are_read_alike(session, tmp_path):
    import duckdb

    path, rows = odd_orders(tmp_path)
    names = ["odd_orders", "amounts", "amounts_mean"]
    theirs = duck.export({"orders": rows}, "2026-02-01", load_definitions(path), columns=names)
    with duckdb.connect() as connection:
        duck.fill(connection, {"orders": rows}, dt.UTC)
        tables = tables_of(session, connection, ["orders"], tmp_path)
    found = signals_spark(tables, dt.date(2026, 2, 1), path, tz="UTC", columns=names)
    assert {m: row["odd_orders"] for m, row in theirs.items()} == dict.fromkeys(theirs, len(WORDS))
    assert of_spark(found.export) == {
        merchant: {c: bits(v) for c, v in row.items()} for merchant, row in theirs.items()
    }


def test_sums_too_large_are_an_error_in_a_sentence(session, tmp_path):
    import duckdb

    path, rows = odd_orders(tmp_path, 600_000_000_000_000)
    with duckdb.connect() as connection:
        duck.fill(connection, {"orders": rows}, dt.UTC)
        tables = tables_of(session, connection, ["orders"], tmp_path)
    with pytest.raises(InputError, match="too large to be added up"):
        signals_spark(tables, dt.date(2026, 2, 1), path, tz="UTC", columns=["amounts"])


def test_all_faults_of_tables_are_said_at_once(session):
    layout = "merchant_id string, order_id bigint, paid_at timestamp, amount double"
    orders = session.createDataFrame([], layout)
    bare = session.createDataFrame([], "merchant_id string, review_id string, created_at bigint")
    with pytest.raises(InputError) as caught:
        signals_spark(
            {"orders": orders, "reviews": bare, "order": orders, "baselines": bare, "claims": 3},
            dt.date(2026, 2, 1),
            unique=["reviews", "votes"],
        )
    assert caught.value.faults == [
        "order: unknown log, did you mean orders?",
        "unique: votes is no log, did you mean live_votes?",
        "orders: no column paid_at_local, did you mean paid_at?",
        "orders: no column _file; name the log in `unique` if no key stands twice",
        "orders: no column _line; name the log in `unique` if no key stands twice",
        "orders.order_id: must be string. Got bigint",
        "orders.paid_at: must be bigint. Got timestamp",
        "orders.amount: must be bigint. Got double",
        "reviews: no column order_id",
        "reviews: no column created_at_local, did you mean created_at?",
        "baselines: no column category",
        "baselines: no column rate",
        "claims: must be a DataFrame of Spark. Got int",
    ]
    with pytest.raises(InputError, match="give at least one of merchants, orders"):
        signals_spark({}, dt.date(2026, 2, 1))


def command(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        main(["signals", *words])
    return stop.value.code, capsys.readouterr().err


def test_what_spark_does_not_do_is_named(tmp_path, capsys):
    logs = str(write(tmp_path / "logs", orders=ORDERS))
    more = [logs, "--as-of", "2026-02-01", "--engine", "spark"]
    code, said = command(capsys, *more, "--why", "m1", "orders_paid")
    assert code == 2
    assert "--engine spark does not take --why (it reads one bucket of merchants)" in said
    for option in (["--check"], ["--emit-sql", "spark"], ["--lineage", "new", "-o", "o.csv"]):
        code, said = command(capsys, *more, *option)
        assert (code, f"does not take {option[0]}" in said) == (2, True)


def test_without_pyspark_the_extra_is_named(tmp_path, capsys, monkeypatch):
    logs = str(write(tmp_path / "logs", orders=ORDERS))
    monkeypatch.setitem(sys.modules, "pyspark", None)
    out = tmp_path / "out.csv"
    code, said = command(capsys, logs, "--as-of", "2026-02-01", "--engine", "spark", "-o", str(out))
    assert code == 2
    assert "the extra `spark`" in said
    assert not out.exists()


def test_executors_elsewhere_need_a_store_they_reach(tmp_path):
    class Elsewhere:
        _jsparkSession = True
        sparkContext = type("Context", (), {"master": "yarn"})

    logs = write(tmp_path / "logs", orders=ORDERS)
    with pytest.raises(InputError, match="executors of yarn do not reach a temporary folder"):
        write_on_spark(logs, tmp_path / "o.csv", session=Elsewhere(), as_of=dt.date(2026, 2, 1))
