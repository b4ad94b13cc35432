"""A text comes out of every export as it went in, or is left out by name; none does anything."""

import datetime as dt
import io
import json
import re

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from boost_engines import bulk, redis_commands
from click.testing import CliRunner

from tests.export.sql_engines import differences, duck
from tests.hostile_texts import HOSTILE
from trustscore.boost import BoostPolicy
from trustscore.commands.main import group
from trustscore.errors import InputError, PolicyError, ScorecardError
from trustscore.export import expected_scores, export_sql
from trustscore.export.engines import ENGINES, Boosts, engine_files
from trustscore.export.engines.files import TARGETS
from trustscore.scorecard import parse_scorecard

TEXTS = list(HOSTILE.values())
# All but the blank that ends a line: what a terminal or an editor would act on.
RAW = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f-\xff]")


def json_lines(text):
    assert not RAW.search(text.encode())
    return [json.loads(line) for line in text.split("\n") if line]


def elastic(files):
    docs = bulk(files["merchants.ndjson"])
    assert not RAW.search(files["merchants.ndjson"].encode())
    lookups = bulk(files["tiers.ndjson"])
    ids = {merchant for doc in lookups.values() for merchant in doc["merchant_ids"]}
    assert {merchant for merchant, doc in docs.items() if doc["trust_tier"]} == ids
    # A query is a template: nothing in it is from the scores.
    query = files["query_by_tier.json"]
    assert re.findall(r"\{\{.*?\}\}", query) == ["{{q}}"]
    assert set(re.findall(r'"id": "(.*)"', query)) == set(lookups)
    tiers = {doc["tier"] for doc in lookups.values()} - {""}
    assert {doc["trust_tier"] for doc in docs.values()} == tiers
    return {merchant: doc["trust_tier"] for merchant, doc in docs.items()}


def solr(files):
    assert not RAW.search(files["merchants.json"].encode())
    # Solr gets numbers only, and no tier.
    return {doc["id"]: TIERS[doc["id"]] for doc in json.loads(files["merchants.json"])}


def vespa(files):
    found = {}
    for line in json_lines(files["feed.jsonl"]):
        merchant = line["update"].removeprefix("id:trust:merchant::")
        found[merchant] = line["fields"]["trust_tier"]["assign"]
    return found


def typesense(files):
    return {doc["id"]: doc["trust_tier"] for doc in json_lines(files["merchants.jsonl"])}


def algolia(files):
    batches = json_lines(files["batches.jsonl"])
    bodies = [asked["body"] for batch in batches for asked in batch["requests"]]
    return {body["objectID"]: body["trust_tier"] for body in bodies}


def sql(files):
    text = files["boosts.sql"]
    # Beyond ASCII a text stands as it is; below, what moves a cursor or ends a line may not.
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    rows = [line for line in text.split("\n") if line.startswith("(")]
    assert len(rows) == len(TEXTS)
    allowed = (
        "BEGIN",
        "DROP TABLE IF EXISTS trust_boosts",
        "CREATE TABLE",
        "INSERT INTO",
        "COMMIT",
    )
    statements = re.sub(r"'(?:[^']|'')*'", "''", text).split(";")
    for statement in statements[1:-1]:
        assert statement.strip().startswith(allowed)
    database = duckdb.connect()
    database.execute(text)
    return dict(database.execute("SELECT merchant_id, tier FROM trust_boosts").fetchall())


def redis(files):
    found = {}
    for name, key, *rest in redis_commands(files[""].encode()):
        if name == "HSET":
            pairs = dict(zip(rest[::2], rest[1::2], strict=True))
            found[key.removeprefix("trust:boost:")] = pairs["t"]
        else:
            assert name in ("PERSIST", "DEL", "EXPIREAT", "SET")
            assert key.startswith(("trust:boost:", "trust:veto:"))
    return found


READERS = {
    "elasticsearch": elastic,
    "opensearch": elastic,
    "solr": solr,
    "vespa": vespa,
    "typesense": typesense,
    "algolia": algolia,
    "sql": sql,
    "redis": redis,
}
# Each text is the id of one merchant and the tier of another.
TIERS = dict(zip(TEXTS, TEXTS[1:] + TEXTS[:1], strict=True))


def scores_of(ids):
    count = len(ids)
    return {
        "merchant_id": np.array(ids, dtype=object),
        "tier": np.array([TIERS.get(one, "") for one in ids], dtype=object),
        "trust_index": np.full(count, 90.0),
        "index_se": np.full(count, 3.0),
        "prior_index": np.full(count, 71.0),
        "coverage": np.full(count, 0.9),
    }


@pytest.mark.parametrize("engine", READERS)
def test_every_text_comes_back_whole(engine):
    boosts = Boosts.of(scores_of(TEXTS), BoostPolicy.load(), dt.date(2026, 1, 1))
    files = {name: "".join(pieces) for name, pieces in engine_files(engine, boosts).items()}
    assert READERS[engine](files) == TIERS


def test_every_engine_is_read_back():
    assert set(READERS) == set(ENGINES)


def test_every_engine_says_what_it_cannot_hold():
    assert TARGETS["elasticsearch"].fault("商" * 171) == "longer than 512 bytes"
    assert TARGETS["elasticsearch"].fault("商" * 170) == ""
    assert (
        TARGETS["vespa"].fault("\x1b[31m")
        == TARGETS["vespa"].fault("\U0001ffff")
        == "with control characters"
    )
    assert TARGETS["vespa"].fault("tab\t商🙂\n") == ""
    assert TARGETS["sql"].fault("a\x00") == "with the character NUL"
    assert TARGETS["sql"].fault("x" * 513) == "longer than 512 characters"


LEFT = {
    "vespa": "a\x1b[31mb",
    "elasticsearch": "商" * 171,
    "opensearch": "x" * 513,
    "solr": "x" * 32_767,
    "algolia": "x" * 9_001,
    "sql": "x" * 513,
}


@pytest.mark.parametrize("engine", [engine for engine in LEFT if engine != "vespa"])
def test_what_is_too_long_for_an_engine_is_too_long_for_an_id_of_ours(engine, tmp_path):
    assert TARGETS[engine].fault(LEFT[engine]).startswith("longer than")
    path = tmp_path / "scores.parquet"
    table = scores_of(["good", LEFT[engine]])
    table["veto"] = np.array(["", ""], dtype=object)
    pq.write_table(pa.table(table), path)
    words = ["export", "boost", str(path), "--to", engine, "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(group, words, standalone_mode=False)
    assert isinstance(done.exception, InputError)
    assert "an id has at most 256 bytes" in str(done.exception)
    assert len(str(done.exception)) < 2000


def test_the_command_names_who_is_left_out_and_moves_no_cursor(tmp_path):
    engine = "vespa"
    path, out = tmp_path / "scores.parquet", str(tmp_path / "out")
    table = scores_of(["good", LEFT[engine], "better"])
    table["veto"] = np.array(["", "block", ""], dtype=object)
    pq.write_table(pa.table(table), path)
    words = ["export", "boost", str(path), "--to", engine, "-o", out]
    done = CliRunner().invoke(group, words, standalone_mode=False)
    assert done.return_value == 3, done.output
    assert f"1 merchants are left out, because {engine} cannot hold their id or tier" in done.output
    assert repr(LEFT[engine][:40])[:-1] in done.output
    assert f"1 of them under a veto, which {engine} will not know" in done.output
    assert "2 merchants written" in done.output
    assert done.output.replace("\n", "").isprintable()
    assert len(done.output) < 2000
    found = "".join(path.read_text(encoding="utf-8") for path in sorted(tmp_path.glob("out/*")))
    assert LEFT[engine] not in found
    assert "good" in found and "better" in found
    quiet = CliRunner().invoke(group, [*words, "--quiet"], standalone_mode=False)
    assert (quiet.return_value, quiet.output) == (3, "")


# The texts of a policy and of a scorecard ------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_the_version_of_a_policy_cannot_leave_its_comment(name):
    try:
        policy = BoostPolicy.parse({"name": "p", "version": HOSTILE[name]})
    except PolicyError:
        return
    one = {"merchant_id": ["a"], "trust_index": [90.0], "index_se": [3.0]}
    one |= {"prior_index": [71.0], "coverage": [0.9]}
    files = engine_files("sql", Boosts.of(one, policy))
    for pieces in files.values():
        lines = io.StringIO("".join(pieces)).read().split("\n")
        assert lines[0].startswith("-- policy p@")
        assert lines[0].isprintable()
        assert lines[1].startswith(("BEGIN;", "-- candidates("))
    query = export_sql("minimal", policy=policy)
    assert [line.startswith("--") for line in query.split("\n")[:3]] == [True, True, False]
    assert query.split("\n")[0].isprintable()


def card_of(text, place):
    signal = {"stage": "use", "score": True, "poor": 0, "good": 100, "prior": 60, "weight": 1}
    card = {
        "name": "one",
        "version": "1",
        "effective_from": "2026-01-01",
        "dimensions": {"all": {"weight": 1}},
        "signals": {"all": {"points": signal}},
        "rules": {"gone": {"when": "points >= 1", "bonus": 1, "monotone": False}},
        "tiers": {"ladder": [{"id": "low", "at": 0}, {"id": "entry", "at": 60, "entry": True}]},
    }
    if place == "version":
        card["version"] = text
    if place == "column":
        signal["score"] = text
        card["rules"] = {}
    if place == "dimension":
        card["dimensions"] = {text: {"weight": 1}}
        card["signals"] = {text: {"points": signal}}
    if place == "signal":
        card["signals"] = {"all": {text: signal | {"score": "points"}}}
    if place == "rule":
        card["rules"] = {text: card["rules"]["gone"]}
    if place == "tier":
        card["tiers"]["ladder"][0]["id"] = text
    if place == "category":
        changed = {"match": {"category": text}, "signals": {"points": {"good": 50}}}
        card["overlays"] = {"own": changed}
    if place == "reason":
        card["rules"]["gone"]["en"] = text
    return parse_scorecard(card)


PLACES = ("version", "reason", "column", "dimension", "signal", "rule", "tier")


def answered_as_python(card, category):
    """Run a card in SQL for two merchants a category, and compare."""
    count = len(category)
    rows = {
        "merchant_id": np.array([f"m{at:04d}" for at in range(count)], dtype=object),
        card.signals[0].value: np.linspace(0, 100, count),
        "category": np.array(category, dtype=object),
    }
    query = export_sql(card)
    # Whatever a line starts with, it is none of the text's.
    assert [line.strip()[:2] for line in query.split("\n")].count("--") == 2
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", query)
    assert differences(duck(query, rows), expected_scores(rows, card)) == []


@pytest.mark.parametrize("place", PLACES)
def test_whatever_a_scorecard_names_is_refused_or_stays_a_name_in_sql(place):
    taken = []
    for text in TEXTS:
        try:
            taken.append(card_of(text, place))
        except ScorecardError:
            # Before it gets anywhere.
            continue
    assert taken
    # A version and a reason can be anything; a few of them are run.
    for card in taken:
        assert export_sql(card).split("\n")[0].isprintable()
    for card in taken[::20]:
        answered_as_python(card, ["a", "b"])


def test_a_category_with_any_text_is_that_category_in_sql():
    given = card_of(TEXTS, "category")
    answered_as_python(given, [*TEXTS, "other", *(f"\t{text.upper()} " for text in TEXTS)])
