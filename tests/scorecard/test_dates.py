"""Dates as days: one meaning in every input, in SQL, and in made-up exports."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.export.sql_engines import duck
from tests.scorecard.one_signal import one_signal
from trustscore import score_frame, score_merchant
from trustscore.audit.market import Market
from trustscore.batch.check_export import check_export
from trustscore.batch.files import score_files
from trustscore.errors import InputError, ScorecardError
from trustscore.explain import explain
from trustscore.export import export_sql
from trustscore.export.sql.dialects import DIALECTS, translate
from trustscore.fitting import fit_scorecard
from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.dates import read_day, texts_of_days
from trustscore.scorecard.derived import Derived
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export


def card(text="days_between(host_since, last_scraped)", kind="score", **more):
    """One signal, `value`, poor at 1 day and good at 9."""
    return parse_scorecard(one_signal(kind) | {"derived": {"value": text}} | more)


CARD = card()
SINCE = ["2021-02-15", "2021-02-19", None, "2021-02-11", "2021-02-18"]
UNTIL = ["2021-02-20", "2021-02-20", "2021-02-20", "2021-02-20", None]
# 5, 1, blank, 9 and blank days.
WANTED = [50.0, 0.0, None, 100.0, None]


def plain(values):
    return [None if x is None or x != x else float(x) for x in values]


@pytest.mark.parametrize(
    ("text", "day"),
    [("1970-01-01", 0), ("1969-12-31", -1), ("1900-01-01", -25567), ("2000-03-01", 11017)]
    + [("2024-02-29 23:59:59.999999", 19782), ("2024-02-29T00:00", 19782)]
    + [(dt.date(1970, 1, 2), 1), (dt.datetime(1970, 1, 2, 23), 1), ("9999-12-31", 2932896)],
)
def test_days_by_hand(text, day):
    assert read_day(text) == (day, "")


BAD = {
    "2/3/2014": "not_a_date",
    "2014-02-30": "not_a_date",
    "2014-3-2": "not_a_date",
    "20140302": "not_a_date",
    "41700": "not_a_date",
    "2014-03-02 soon": "not_a_date",
    "2014-03-02 25": "not_a_date",
    "２０１４-03-02": "not_a_date",
    "yes": "not_a_date",
    "1899-12-30": "early_date",
    "0001-01-01": "early_date",
    "2014-03-02T08:00:00Z": "zoned_time",
    "2014-03-02 08:00:00+01:00": "zoned_time",
    "2014-03-02 08:00:00 UTC": "zoned_time",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_day_is_a_reject_with_its_reason(text, tmp_path):
    frame = pd.DataFrame({"merchant_id": ["a", "b"], "host_since": [text, SINCE[0]]})
    frame["last_scraped"] = UNTIL[0]
    frame.to_csv(tmp_path / "e.csv", index=False)
    frame.to_parquet(tmp_path / "e.parquet")
    frame.to_json(tmp_path / "e.jsonl", orient="records", lines=True)
    for name in ("e.csv", "e.parquet", "e.jsonl"):
        rejects = tmp_path / "r.csv"
        result = score_files(tmp_path / name, tmp_path / "s.csv", scorecard=CARD, rejects=rejects)
        assert result.manifest["rejected"] == {BAD[text]: 1}
        found = pd.read_csv(rejects, dtype=str)
        assert (found.column[0], found.value[0]) == ("host_since", text)
    with pytest.raises(InputError, match="host_since"):
        score_merchant({"host_since": text, "last_scraped": UNTIL[0]}, CARD)
    with pytest.raises(InputError, match="host_since"):
        score_columns({"host_since": np.array([text]), "last_scraped": np.array([UNTIL[0]])}, CARD)


@pytest.mark.parametrize(
    "text",
    ["days_between(a)", "days_between(a, a)", "days_between(2020-01-01, 2021-01-01)"]
    + ["days_between(a, 2021-02-30)", "days_between(a, 1899-12-31)", "days_between(a, 5)"]
    + ["abs(days_between(a, b))", "days_between(a, b) / 365", "days_between(b - a)"],
)
def test_what_is_no_derivation_is_a_fault(text):
    with pytest.raises(ScorecardError, match=r"derived\.value"):
        card(text)


def test_a_column_is_either_dates_or_numbers():
    data = one_signal("score")
    data["derived"] = {"value": "days_between(day, claims_unpaid)", "more": "day + other"}
    data["rules"] = {"r": {"when": ["day >= 3", "more > 1"], "cap": 50, "en": "x"}}
    with pytest.raises(ScorecardError) as error:
        parse_scorecard(data)
    told = str(error.value)
    assert "derived.value: column day holds dates, and is read as a number too" in told
    assert "derived.more: column day holds dates, and is read as a number too" in told
    assert "derived.value: column claims_unpaid holds numbers" in told


def test_the_text_comes_back():
    for text in (
        "days_between(a, b)",
        "days_between(2020-01-01, b)",
        "days_between(a, 2021-03-01)",
    ):
        assert str(Derived.parse(text)) == text
        assert Derived.parse(text.replace(", ", " ,").replace("(", " ( ")) == Derived.parse(text)
    saved = json.loads(CARD.file.model_dump_json(exclude_none=True))
    assert parse_scorecard(saved).sha256 == CARD.sha256
    assert [(f.name, f.check) for f in CARD.inputs] == [
        ("host_since", "date"),
        ("last_scraped", "date"),
    ]


def table(kind):
    """The rows with dates of an Arrow type."""
    ids = pa.array(list("abcde"))
    columns = []
    for texts in (SINCE, UNTIL):
        days = [None if x is None else dt.datetime.fromisoformat(x) for x in texts]
        if pa.types.is_timestamp(kind):
            days = [None if x is None else x.replace(hour=23) for x in days]
        column = pa.array([None if x is None else str(x.date()) for x in days])
        if not pa.types.is_string(kind):
            column = pa.array(days, pa.timestamp("us")).cast(kind)
        columns.append(column)
    return pa.table({"merchant_id": ids, "host_since": columns[0], "last_scraped": columns[1]})


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.date32(), pa.date64(), *map(pa.timestamp, ("s", "ms", "us", "ns"))],
    ids=str,
)
def test_files_frames_and_dicts_score_alike(kind, tmp_path):
    made = table(kind)
    if pa.types.is_date64(kind):
        made = made.cast(made.schema)
    pq.write_table(made, tmp_path / "e.parquet")
    frame = made.to_pandas()
    frame.to_csv(tmp_path / "e.csv", index=False)
    frame.astype(str).replace({"None": None, "NaT": None}).to_json(
        tmp_path / "e.jsonl", orient="records", lines=True
    )
    for name in ("e.parquet", "e.csv", "e.jsonl"):
        score_files(tmp_path / name, tmp_path / "s.csv", scorecard=CARD)
        assert plain(pd.read_csv(tmp_path / "s.csv").trust_index) == WANTED, name
    assert plain(score_frame(frame, CARD).trust_index) == WANTED
    assert plain(score_frame(made, CARD)["trust_index"].to_pylist()) == WANTED
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert plain([score_merchant(row, CARD).trust_index for row in rows]) == WANTED


def test_times_with_a_zone_are_rejected_whatever_holds_them(tmp_path):
    made = table(pa.timestamp("us", "UTC"))
    pq.write_table(made, tmp_path / "e.parquet")
    frame = made.to_pandas()
    frame.to_csv(tmp_path / "e.csv", index=False)
    for name in ("e.parquet", "e.csv"):
        result = score_files(tmp_path / name, tmp_path / "s.csv", scorecard=CARD)
        assert result.manifest["rejected"] == {"zoned_time": 5}
    with pytest.raises(InputError, match="zone"):
        score_frame(frame, CARD)


def test_blocks_hold_days_dates_or_texts():
    texts = {"host_since": np.array(SINCE), "last_scraped": np.array(UNTIL)}
    dates = {name: column.astype("datetime64[s]") for name, column in texts.items()}
    days = {name: column.astype("datetime64[D]").astype(float) for name, column in texts.items()}
    for name, column in texts.items():
        days[name][[x is None for x in column]] = np.nan
    prior = float(score_columns(texts, CARD).prior_index[0])
    for block in (texts, dates, days):
        found = score_columns(block, CARD).raw_index
        assert found.tolist() == [50.0, 0.0, prior, 100.0, prior]
        block["merchant_id"] = np.array(list("abcde"), dtype=object)
        assert plain(Market(block, CARD).block["value"]) == [5.0, 1.0, None, 9.0, None]
        assert explain(block, CARD).signals[0].raw == 5.0


def test_sql_gives_the_same():
    rows = {"merchant_id": np.array(list("abcde"), dtype=object)}
    rows["host_since"] = np.array(SINCE, dtype=object)
    rows["last_scraped"] = np.array(["2021-02-20T12:00:00", *UNTIL[1:4], ""], dtype=object)
    assert duck(export_sql(CARD, side=()), rows)["trust_index"] == WANTED
    for kind in ("datetime64[us]", "datetime64[s]"):
        rows["host_since"] = np.array(SINCE, dtype=kind)
        assert duck(export_sql(CARD, side=()), rows)["trust_index"] == WANTED
    fixed = card("days_between(host_since, 2021-02-20)")
    assert duck(export_sql(fixed, side=()), rows)["trust_index"] == [*WANTED[:4], 12.5]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_counts_days(dialect):
    """Text of each dialect that reads again, with its own word for days between dates."""
    sqlglot = pytest.importorskip("sqlglot")
    from trustscore.export.sql.dialects import _NAMES

    text = translate(export_sql(card("days_between(host_since, 2021-02-20)"), side=()), dialect)
    words = {
        "duckdb": "DATE_DIFF('day', host_since,",
        "spark": "DATEDIFF(DAY, host_since,",
        "postgres": "host_since",
        "clickhouse": "DATE_DIFF(DAY, host_since, CAST('2021-02-20' AS Nullable(DATE32)))",
        "mysql": "DATEDIFF(CAST(",
        "hive": "DATEDIFF(",
        "databricks": "DATEDIFF(DAY,",
        "bigquery": "DATE_DIFF(CAST('2021-02-20' AS DATE), host_since, DAY)",
        "redshift": "DATEDIFF(DAY,",
        "snowflake": "DATEDIFF(DAY, host_since,",
        "sqlserver": "DATEDIFF(DAY,",
        "trino": "DATE_DIFF('DAY', ",
    }
    assert words[dialect].casefold() in text.casefold()
    assert sqlglot.parse_one(text, read=_NAMES[dialect]) is not None


@pytest.mark.parametrize(
    "text",
    ["days_between(host_since, last_scraped)", "days_between(last_scraped, host_since)"]
    + ["days_between(host_since, 2026-03-01)", "days_between(2020-01-01, last_scraped)"],
)
def test_a_made_up_export_comes_out_as_drawn(text):
    drawn = simulate_export(400, seed=3, scorecard=parse_scorecard(one_signal("score")))["value"]
    made = simulate_export(400, seed=3, scorecard=card(text))
    found = Market(made, card(text)).block["value"]
    known = ~np.isnan(found) & ~np.isnan(drawn)
    assert known.mean() > 0.9
    np.testing.assert_allclose(found[known], drawn[known], atol=0.5)
    assert all(isinstance(day, str) for day in made[card(text).inputs[0].name])


def test_commands_read_dates(tmp_path):
    frame = pd.DataFrame({"merchant_id": [f"m{i}" for i in range(60)]})
    frame["host_since"] = texts_of_days(18678.0 - np.arange(60))
    frame["last_scraped"] = "2021-02-20"
    frame.to_csv(tmp_path / "e.csv", index=False)
    found = check_export(tmp_path / "e.csv", CARD)
    assert (found.rows, found.rejected, found.missing) == (60, 0, ())
    block = {name: frame[name].to_numpy(dtype=object) for name in frame}
    fitted = fit_scorecard(block, CARD, anchors=True).scorecard.signal("s")
    assert (fitted.poor, fitted.good) == pytest.approx((3.0, 56.0), abs=1.5)
    frame.drop(columns="host_since").to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(InputError, match="host_since: no such column"):
        score_files(tmp_path / "less.csv", tmp_path / "s.csv", scorecard=CARD)
