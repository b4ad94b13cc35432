"""Every export is evaluated as its engine would, and compared with Python."""

import datetime as dt
import json
import re

import numpy as np
import pytest
from boost_engines import (
    DAY,
    Redis,
    algolia_points,
    bulk,
    function_score,
    redis_commands,
    seconds,
    solr_boost,
    typesense_key,
    vespa_score,
)

from trustscore.boost import BoostPolicy, Lists, TrustTable, rerank_lists, trust_boost
from trustscore.errors import InputError
from trustscore.export.engines import ENGINES, Boosts, engine_files
from trustscore.export.engines.elastic import FLOOR_WEIGHT, MOST_TERMS
from trustscore.export.engines.rows import STEPS_DOWN, STEPS_UP

HOSTILE = [
    "plain",
    "o'brien",
    'say "hi"',
    "'); DROP TABLE trust_boosts; --",
    "two\nlines",
    "back\\slash",
    "\\",
    "\\'; DROP TABLE trust_boosts; --",
    "tab\tand\rreturn",
    "*1\r\n$8\r\nFLUSHALL\r\n",
    "商家一号",
    "\u2028separator",
    "{{q}}",
    '{"index": {}}',
    " lead and trail ",
    "🙂",
    "a:b/c#d?e&f=g",
]
MISSING = "nobody knows him"
SCORED, LAST, AFTER = dt.date(2026, 1, 1), dt.date(2026, 1, 15), dt.date(2026, 1, 16)
POLICIES = {
    "preset": {},
    "asymmetric": {"curve": {"shape": "linear", "rho": 0.4}, "strength": {"beta": 0.15}},
    "promotes_only": {"curve": {"rho": 0}, "strength": {"beta": 0.2}},
    "off": {"strength": {"beta": 0}},
}


def scores_of(count=200, seed=3):
    draw = np.random.default_rng(seed)
    ids = HOSTILE + [f"m{at}" for at in range(count - len(HOSTILE))]
    coverage = np.where(draw.random(count) < 0.1, 0.0, draw.random(count))
    index = draw.uniform(0, 100, count)
    index[coverage == 0] = 71.0
    words = np.array(["", "", "", "", "cap", "floor", "block"], dtype=object)
    return {
        "merchant_id": np.array(ids, dtype=object),
        "trust_index": index,
        "index_se": draw.uniform(0, 8, count),
        "prior_index": np.full(count, 71.0),
        "coverage": coverage,
        "veto": draw.choice(words, count),
        "tier": draw.choice(np.array(["", "standard", 'it\'s "top"'], dtype=object), count),
    }


SCORES = scores_of()


def policy_of(name):
    data = POLICIES[name]
    base = {"guards": {"max_relevance_loss": 0.5}, "validity": {"days": 14}}
    return BoostPolicy.parse(base | data)


def files_of(engine, policy, scored_on=SCORED, scores=SCORES):
    made = engine_files(engine, Boosts.of(scores, policy, scored_on))
    return {name: "".join(pieces) for name, pieces in made.items()}


@pytest.fixture(params=POLICIES, scope="module")
def policy(request):
    return policy_of(request.param)


def cases(policy):
    """Merchant, boost and veto as Python has them, and one who is missing."""
    boosts = trust_boost(SCORES, policy).tolist()
    rows = zip(SCORES["merchant_id"].tolist(), boosts, SCORES["veto"].tolist(), strict=True)
    return [*rows, (MISSING, 1.0, "")]


@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch"])
def test_elastic_scores_like_python(engine, policy):
    files = files_of(engine, policy)
    docs, search = bulk(files["merchants.ndjson"]), json.loads(files["query.json"])
    mapped = set(json.loads(files["mapping.json"])["properties"])
    assert len(docs) == len(SCORES["merchant_id"])
    for merchant, boost, veto in cases(policy):
        doc = docs.get(merchant, {})
        assert set(doc) <= mapped
        for day, expected in ((LAST, boost), (AFTER, 1.0)):
            found = function_score(search, doc, 2.5, day)
            if veto == "block":
                assert found is None
            else:
                assert found == pytest.approx(2.5 * expected, rel=1e-12)
        assert search["sort"][1:] == [
            {"_score": {"order": "desc"}},
            {"item_id": {"order": "asc", "unmapped_type": "keyword"}},
        ]
        first = search["sort"][0]["trust_floor"]
        assert (doc.get("trust_floor", first["missing"]) > first["missing"]) == (veto == "floor")


def test_elastic_by_tier_gives_everyone_the_mean_of_his_group(policy):
    files = files_of("elasticsearch", policy)
    lookups = {("trust_tiers", name): doc for name, doc in bulk(files["tiers.ndjson"]).items()}
    search = json.loads(files["query_by_tier.json"])
    logs = np.log(trust_boost(SCORES, policy))
    for at, (merchant, boost, veto) in enumerate(cases(policy)):
        found = function_score(search, {"merchant_id": merchant}, 2.0, SCORED, lookups)
        if veto == "block":
            assert found is None
            continue
        if merchant == MISSING:
            assert found == 2.0 * boost
            continue
        tier = SCORES["tier"][at]
        group = SCORES["veto"] == veto
        if not veto:
            group &= SCORES["tier"] == tier
        mean = float(np.exp(logs[group].mean()))
        # A tier in braces is no variable of the template.
        expected = FLOOR_WEIGHT if veto == "floor" else 1.0 if not veto and not tier else mean
        assert found == pytest.approx(2.0 * expected, rel=1e-12)
        if veto == "cap":
            assert found <= 2.0


def test_a_lookup_holds_no_more_terms_than_an_index_allows():
    count = MOST_TERMS + 1
    scores = {name: np.full(count, 80.0) for name in ("trust_index", "prior_index")}
    scores |= {"index_se": np.zeros(count), "coverage": np.ones(count)}
    scores["merchant_id"] = np.array([f"m{at}" for at in range(count)], dtype=object)
    scores["tier"] = np.full(count, "t", dtype=object)
    files = files_of("elasticsearch", BoostPolicy.load(), scores=scores)
    docs = bulk(files["tiers.ndjson"])
    assert [len(docs[name]["merchant_ids"]) for name in ("tier-1", "tier-1-2")] == [MOST_TERMS, 1]
    lookups = {("trust_tiers", name): doc for name, doc in docs.items()}
    search = json.loads(files["query_by_tier.json"])
    last = {"merchant_id": f"m{count - 1}"}
    assert function_score(search, last, 1.0, SCORED, lookups) == pytest.approx(
        float(trust_boost(scores)[0])
    )


def test_solr_scores_like_python(policy):
    files = files_of("solr", policy)
    docs = {doc["id"]: doc for doc in json.loads(files["merchants.json"])}
    fields = {field["name"] for field in json.loads(files["schema.json"])["add-field"]}
    asked = json.loads(files["query.json"])["params"]
    assert (asked["defType"], asked["fq"]) == ("edismax", "-trust_veto:3")
    floor, order = re.fullmatch(r"(.*) asc,(score desc,id asc)", asked["sort"]).groups()
    assert order
    for merchant, boost, veto in cases(policy):
        doc = {k: v["set"] for k, v in docs.get(merchant, {}).items() if k != "id"}
        assert set(doc) <= fields
        # In place: numbers only, none of them null.
        assert all(value is not None for value in doc.values())
        assert solr_boost(asked["boost"], doc, LAST) == pytest.approx(boost, rel=1e-12)
        assert solr_boost(asked["boost"], doc, AFTER) == 1.0
        assert doc.get("trust_veto", 0) == {"": 0, "cap": 1, "floor": 2, "block": 3}[veto]
        assert solr_boost(floor, doc, LAST) == int(veto == "floor")


def test_solr_bounds_what_an_index_may_hold():
    asked = json.loads(files_of("solr", BoostPolicy.load())["query.json"])["params"]["boost"]
    assert solr_boost(asked, {"trust_boost": 50.0}, LAST) == pytest.approx(np.exp(0.1))
    assert solr_boost(asked, {"trust_boost": 0.0}, LAST) == pytest.approx(np.exp(-0.1))


def test_vespa_scores_like_python(policy):
    files = files_of("vespa", policy)
    feed = [json.loads(line) for line in files["feed.jsonl"].split("\n") if line]
    docs = {
        line["update"].removeprefix("id:trust:merchant::"): {
            name: change["assign"] for name, change in line["fields"].items()
        }
        for line in feed
    }
    now = seconds(AFTER) - 1
    lowest = vespa_score(files["trust.profile"], {}, 0.0, now)
    assert lowest == 0.0
    for merchant, boost, veto in cases(policy):
        doc = docs.get(merchant, {})
        for at, expected in ((now, boost), (now + 1, 1.0)):
            found = vespa_score(files["trust.profile"], doc, 2.5, at)
            if veto == "block":
                assert found is None
            elif veto == "floor":
                assert -1 < found < lowest
                assert found == pytest.approx(-1 / (1 + 2.5 * expected), rel=1e-12)
            else:
                assert found == pytest.approx(2.5 * expected, rel=1e-12)
        if not veto:
            twice = vespa_score(files["trust.profile"], doc, 1.0, now, 2 * policy.beta)
            assert twice == pytest.approx(boost**2, rel=1e-12)


def expected_step(boost, policy):
    """Whole steps of a fifth of the largest lean to its side, worked out from the boost."""
    log = np.log(boost)
    most = policy.beta if log > 0 else policy.beta * policy.curve.rho
    return round(5 * log / most) if most else 0


@pytest.mark.parametrize("name", ["preset", "asymmetric", "promotes_only"])
def test_typesense_orders_equal_matches_by_trust(name):
    policy = policy_of(name)
    files = files_of("typesense", policy)
    docs = {}
    for line in files["merchants.jsonl"].split("\n"):
        if line:
            doc = json.loads(line)
            docs[doc.pop("id")] = doc
    search = json.loads(files["query.json"])
    assert search["sort_by"].count("_eval(") == 1
    assert len(re.findall(r":(?:asc|desc)", search["sort_by"])) <= 3
    neutral = typesense_key(search, {}, 7)
    floors, others = [], []
    for merchant, boost, veto in cases(policy):
        key = typesense_key(search, docs.get(merchant, {}), 7)
        if veto == "block":
            assert key is None
            continue
        step = expected_step(boost, policy)
        assert typesense_key(search, docs.get(merchant, {}), 8) > neutral
        if veto == "floor":
            floors.append(key)
            continue
        others.append(key)
        assert (key > neutral, key < neutral) == (step > 0, step < 0)
        assert key == (7, neutral[1] + step)
    assert max(floors) < min(others)


@pytest.mark.parametrize("name", ["preset", "asymmetric", "promotes_only"])
def test_algolia_orders_equal_matches_by_trust(name):
    policy = policy_of(name)
    files = files_of("algolia", policy)
    # What is sent as settings replaces the lists that are there.
    assert list(json.loads(files["settings_to_add.json"])) == ["add"]
    docs = {}
    for line in files["batches.jsonl"].split("\n"):
        for asked in json.loads(line)["requests"] if line else []:
            docs[asked["body"].pop("objectID")] = asked["body"]
    search = json.loads(files["query.json"])
    neutral = algolia_points(search, {})
    for merchant, boost, veto in cases(policy):
        points = algolia_points(search, docs.get(merchant, {}))
        if veto == "block":
            assert points is None
        elif veto == "floor":
            assert points == neutral - len(STEPS_DOWN)
        else:
            assert points == neutral + expected_step(boost, policy)


def test_the_steps_have_one_word_each():
    words = [*STEPS_UP, *STEPS_DOWN]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("keep", [True, False])
def test_redis_holds_what_python_has(policy, keep):
    policy = BoostPolicy.parse(
        policy.model_dump(mode="python", exclude_none=True)
        | {"validity": {"days": 14, "keep_vetoes": keep}}
    )
    commands = redis_commands(files_of("redis", policy)[""].encode())
    assert {command[0] for command in commands} == {"HSET", "EXPIREAT", "SET", "DEL"} | (
        set() if keep else {"EXPIREAT"}
    )
    for now, expired in ((seconds(AFTER) - 1, False), (seconds(AFTER), True)):
        server = Redis(commands, now)
        for merchant, boost, veto in cases(policy):
            held = server.get(f"trust:boost:{merchant}") or {}
            assert float(held.get("b", 1)) == (1.0 if expired else boost)
            bar = server.get(f"trust:veto:{merchant}") or ""
            assert bar == ("" if expired and not keep else veto)


def test_redis_lifts_a_veto_and_an_end_that_are_gone():
    policy = BoostPolicy.load()
    clean = SCORES | {"veto": np.full(len(SCORES["veto"]), "", dtype=object)}
    before = files_of("redis", policy)[""] + files_of("redis", policy, None, clean)[""]
    server = Redis(redis_commands(before.encode()), now=seconds(dt.date(2100, 1, 1)))
    boosts = trust_boost(clean, policy).tolist()
    for merchant, boost in zip(clean["merchant_id"], boosts, strict=True):
        assert float(server.get(f"trust:boost:{merchant}")["b"]) == boost
        assert server.get(f"trust:veto:{merchant}") is None


FORMS = {
    "multiplicative": {"validity": {"days": 14}},
    "additive": {"form": "additive", "validity": {"days": 14}},
    "vetoes_expire": {"validity": {"days": 14, "keep_vetoes": False}},
}


@pytest.mark.parametrize("expired", [False, True], ids=["valid", "expired"])
@pytest.mark.parametrize("form", FORMS)
def test_sql_ranks_like_python(form, expired):
    duckdb = pytest.importorskip("duckdb")
    policy = BoostPolicy.parse(FORMS[form])
    scored_on = dt.date(2000, 1, 1) if expired else dt.date(2999, 1, 1)
    files = files_of("sql", policy, scored_on)
    draw = np.random.default_rng(5)
    merchants = [*SCORES["merchant_id"].tolist(), MISSING]
    count = 600
    columns = {
        "query_id": [f"q{at}" for at in draw.integers(0, 12, count)],
        "item_id": [f"i{at:04d}" for at in draw.permutation(count)],
        "merchant_id": [merchants[at] for at in draw.integers(0, len(merchants), count)],
        # Coarse, so that there are ties to break.
        "relevance": np.round(draw.uniform(0.01, 1, count), 1) + 0.1,
    }
    database = duckdb.connect()
    database.execute(
        "CREATE TABLE candidates (query_id VARCHAR, item_id VARCHAR, merchant_id VARCHAR,"
        " relevance DOUBLE)"
    )
    database.executemany(
        "INSERT INTO candidates VALUES (?, ?, ?, ?)",
        list(zip(*columns.values(), strict=True)),
    )
    # Twice: an export goes over the one before it.
    database.execute(files["boosts.sql"])
    database.execute(files["boosts.sql"])
    database.execute(files["ranking.sql"])
    names = [column[0] for column in database.description]
    found = [dict(zip(names, row, strict=True)) for row in database.fetchall()]

    table = TrustTable.build(SCORES, policy)
    if expired:
        vetoes = SCORES["veto"] if policy.validity.keep_vetoes else np.full(200, "", dtype=object)
        neutral = SCORES | {"trust_index": np.full(200, 71.0), "coverage": np.zeros(200)}
        table = TrustTable.build(neutral | {"veto": np.full(200, "", dtype=object)}, policy)
        words = {"": 0, "cap": 1, "floor": 2, "block": 3}
        codes = np.array([words[word] for word in vetoes] + [0], dtype=np.int8)
        table = TrustTable(
            table.index,
            dict(table.columns) | {"veto": codes},
            table.stamp,
            table.lean_sha256,
            table.first_end,
            int(codes.max()),
        )
    lists = Lists.from_columns(
        columns["query_id"], columns["relevance"], columns["merchant_id"], columns["item_id"]
    )
    expected = rerank_lists(lists, table, policy)
    at = {item: row for row, item in enumerate(columns["item_id"])}
    assert len(found) == int((expected.final_rank > 0).sum())
    for row in found:
        place = at[row["item_id"]]
        assert row["trust_boost"] == pytest.approx(expected.trust_boost[place], rel=1e-12)
        assert row["final_score"] == pytest.approx(expected.final_score[place], rel=1e-12)
        assert row["base_rank"] == expected.base_rank[place]
        assert row["final_rank"] == expected.final_rank[place]


def test_hostile_ids_reach_a_database_unchanged():
    duckdb = pytest.importorskip("duckdb")
    database = duckdb.connect()
    database.execute(files_of("sql", BoostPolicy.load())["boosts.sql"])
    found = {row[0] for row in database.execute("SELECT merchant_id FROM trust_boosts").fetchall()}
    assert found == set(SCORES["merchant_id"])


def test_no_backslash_stands_inside_quotes_where_some_engines_would_read_it():
    text = files_of("sql", BoostPolicy.load())["boosts.sql"]
    assert "\\" not in text
    assert "CHR(92)" in text


@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch", "solr", "vespa"])
def test_an_engine_that_only_multiplies_refuses_the_additive_form(engine):
    policy = BoostPolicy.parse({"form": "additive", "guards": {}})
    with pytest.raises(InputError, match=f"{engine} multiplies .* 'additive'"):
        engine_files(engine, Boosts.of(SCORES, policy))


@pytest.mark.parametrize("engine", ENGINES)
def test_without_a_day_nothing_expires(engine):
    files = files_of(engine, BoostPolicy.load(), None)
    assert files == files_of(engine, BoostPolicy.load(), None)
    data = "".join(files.values())
    assert "1970" not in data and "EXPIREAT" not in data


def test_a_boost_without_an_end_counts_on_any_day():
    policy, day = BoostPolicy.load(), dt.date(2100, 1, 1)
    boosts = trust_boost(SCORES)
    at = int(np.flatnonzero((boosts != 1.0) & (SCORES["veto"] == ""))[0])
    merchant, boost = SCORES["merchant_id"][at], float(boosts[at])
    doc = bulk(files_of("elasticsearch", policy, None)["merchants.ndjson"])[merchant]
    search = json.loads(files_of("elasticsearch", policy, None)["query.json"])
    assert function_score(search, doc, 1.0, day) == pytest.approx(boost)
    files = files_of("solr", policy, None)
    doc = json.loads(files["merchants.json"])[at]
    doc = {name: change["set"] for name, change in doc.items() if name != "id"}
    asked = json.loads(files["query.json"])["params"]["boost"]
    assert solr_boost(asked, doc, day) == pytest.approx(boost)
    files = files_of("vespa", policy, None)
    fields = json.loads(files["feed.jsonl"].split("\n")[at])["fields"]
    doc = {name: change["assign"] for name, change in fields.items()}
    assert vespa_score(files["trust.profile"], doc, 1.0, seconds(day)) == pytest.approx(boost)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_merchant_and_a_thousand_lines(engine):
    one = {name: values[:1] for name, values in SCORES.items()}
    assert "plain" in "".join(files_of(engine, BoostPolicy.load(), scores=one).values())
    many = scores_of(1200, 9)
    text = "".join(files_of(engine, BoostPolicy.load(), scores=many).values())
    assert "m1182" in text


def test_the_last_day_counts_to_its_end():
    line = files_of("vespa", BoostPolicy.load())["feed.jsonl"].split("\n")[0]
    until = json.loads(line)["fields"]["trust_until"]["assign"]
    assert until == seconds(LAST) + DAY
