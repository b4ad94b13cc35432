"""Exported boosts, loaded into real engines, rank as Python does."""

import socket
from contextlib import ExitStack

import numpy as np
import pytest
from boost_engines import redis_commands
from ranking_case import (
    DAYS,
    FORMS,
    MISSING,
    assert_ranked_like_python,
    candidates_of,
    ranked_in_python,
    scores_of,
)

from tests import real_engines
from tests.hostile_texts import HOSTILE
from trustscore.boost import BoostPolicy, trust_boost
from trustscore.export.engines import Boosts, engine_files

pytestmark = pytest.mark.engines

SCORES = scores_of([*HOSTILE.values(), *(f"m{at}" for at in range(150))])
CANDIDATES = candidates_of(SCORES)
COLUMNS = ("query_id", "item_id", "merchant_id", "relevance")
KINDS = dict(zip(COLUMNS, (object, object, object, float), strict=True))


def files_of(engine, policy, scored_on):
    made = engine_files(engine, Boosts.of(SCORES, policy, scored_on))
    return {name: "".join(pieces) for name, pieces in made.items()}


# SQL --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres():
    with real_engines.postgres() as server:
        server.load("candidates", KINDS, CANDIDATES)
        yield server


@pytest.fixture(scope="module")
def mariadb():
    with real_engines.mariadb() as server:
        # Ids differ by capitals and by blanks at their end; its usual order knows neither.
        server.execute("ALTER DATABASE probe COLLATE utf8mb4_nopad_bin;")
        server.load("candidates", KINDS, CANDIDATES)
        yield server


@pytest.fixture(scope="module")
def clickhouse():
    with real_engines.clickhouse() as server:
        server.load("candidates", KINDS, CANDIDATES)
        yield server


def named(server, query):
    """Rows of ranking.sql as mappings; its columns are those of the candidates and five more."""
    names = [*COLUMNS, "trust_boost", "trust_veto", "base_rank", "final_score", "final_rank"]
    return [dict(zip(names, row, strict=True)) for row in server.query(query)]


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("form", FORMS)
def test_postgres_ranks_like_python(postgres, form, day):
    policy, scored_on = BoostPolicy.parse(FORMS[form]), DAYS[day]
    files = files_of("sql", policy, scored_on)
    # Twice: an export goes over the one before it.
    postgres.execute(files["boosts.sql"])
    postgres.execute(files["boosts.sql"])
    found = named(postgres, files["ranking.sql"])
    assert_ranked_like_python(found, SCORES, CANDIDATES, policy, scored_on)
    ids = {row[0] for row in postgres.query("SELECT merchant_id FROM trust_boosts")}
    assert ids == {*SCORES["merchant_id"]}


def test_postgres_reads_the_same_where_a_backslash_escapes(postgres):
    text = files_of("sql", BoostPolicy.load(), None)["boosts.sql"]
    postgres.execute("SET standard_conforming_strings = off;\n" + text)
    ids = {row[0] for row in postgres.query("SELECT merchant_id FROM trust_boosts")}
    assert ids == {*SCORES["merchant_id"]}


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("form", FORMS)
def test_mariadb_in_ansi_mode_ranks_like_python(mariadb, form, day):
    policy, scored_on = BoostPolicy.parse(FORMS[form]), DAYS[day]
    files = files_of("sql", policy, scored_on)
    mode = "SET sql_mode = 'ANSI';\n"
    mariadb.execute(mode + files["boosts.sql"])
    found = named(mariadb, mode + files["ranking.sql"])
    assert_ranked_like_python(found, SCORES, CANDIDATES, policy, scored_on)
    ids = {row[0] for row in mariadb.query("SELECT HEX(merchant_id) FROM trust_boosts")}
    assert ids == {merchant.encode().hex().upper() for merchant in SCORES["merchant_id"]}


@pytest.mark.parametrize("nulls", [0, 1], ids=["zeros", "nulls"])
@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("form", FORMS)
def test_clickhouse_ranks_like_python_whatever_a_row_without_a_match_holds(
    clickhouse, form, day, nulls
):
    policy, scored_on = BoostPolicy.parse(FORMS[form]), DAYS[day]
    boosts = Boosts.of(SCORES, policy, scored_on)
    (block,) = boosts.blocks()
    names = ("merchant_id", "trust_boost", "veto", "tier", "valid_to")
    kinds = "merchant_id String, trust_boost Float64, veto String, tier String, valid_to Date32"
    rows = {name: block[name].tolist() for name in names}
    clickhouse.ask("DROP TABLE IF EXISTS trust_boosts")
    clickhouse.make(f"CREATE TABLE trust_boosts ({kinds})", "trust_boosts", rows)
    query = files_of("sql", policy, scored_on)["ranking.sql"].strip().removesuffix(";")
    found = named(clickhouse, f"{query}\nSETTINGS join_use_nulls = {nulls}")
    assert_ranked_like_python(found, SCORES, CANDIDATES, policy, scored_on)


# Redis ------------------------------------------------------------------------------------------


class Connection:
    """Just enough of a client to send any bytes and to read the answers."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.file = self.socket.makefile("rb")

    def __call__(self, *words):
        parts = b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words)
        self.socket.sendall(b"*%d\r\n%s" % (len(words), parts))
        return self.answer()

    def answer(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        assert kind != b"-", rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if rest == b"-1":
                return None
            return self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        return rest.decode()

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture(scope="module")
def redis():
    with ExitStack() as stack:
        server = stack.enter_context(real_engines.redis())
        server.ask = Connection(server.port)
        stack.callback(server.ask.close)
        yield server


@pytest.mark.parametrize("day", DAYS)
def test_redis_holds_what_python_has_and_ranks_by_it(redis, day):
    policy, scored_on = BoostPolicy.parse(FORMS["multiplicative"]), DAYS[day]
    data = files_of("redis", policy, scored_on)[""].encode()
    said = real_engines.run([*redis.cli, "--pipe"], data).decode()
    assert f"errors: 0, replies: {len(redis_commands(data))}" in said
    expected = ranked_in_python(SCORES, CANDIDATES, policy, scored_on)
    boosts, vetoes = {}, {}
    for merchant in {*CANDIDATES["merchant_id"]}:
        held = redis.ask("HGETALL", f"trust:boost:{merchant}")
        boosts[merchant] = float(dict(zip(held[::2], held[1::2], strict=True)).get("b", 1))
        vetoes[merchant] = redis.ask("GET", f"trust:veto:{merchant}") or ""
    assert boosts[MISSING] == 1.0 and vetoes[MISSING] == ""
    rows = [
        (query, vetoes[merchant] == "floor", -relevance * boosts[merchant], -relevance, item)
        for query, item, merchant, relevance in zip(*CANDIDATES.values(), strict=True)
        if vetoes[merchant] != "block"
    ]
    order = [item for *_, item in sorted(rows)]
    by_rank = np.lexsort((expected.final_rank, CANDIDATES["query_id"]))
    wanted = [CANDIDATES["item_id"][at] for at in by_rank if expected.final_rank[at] > 0]
    assert order == wanted


def test_redis_ends_a_boost_with_its_last_day_and_takes_a_veto_back(redis):
    policy = BoostPolicy.parse(FORMS["vetoes_expire"])
    redis.ask("FLUSHALL")
    send = [*redis.cli, "--pipe"]
    real_engines.run(send, files_of("redis", policy, DAYS["valid"])[""].encode())
    boosts = trust_boost(SCORES, policy).tolist()
    columns = zip(SCORES["merchant_id"].tolist(), boosts, SCORES["veto"].tolist(), strict=True)
    end = 32_473_440_000  # 2999-01-16, 0 h UTC: the 15th counts to its end.
    for merchant, boost, veto in columns:
        key, bar = f"trust:boost:{merchant}", f"trust:veto:{merchant}"
        assert redis.ask("HGET", key, "b") == repr(boost)
        assert redis.ask("EXPIRETIME", key) == end
        assert redis.ask("GET", bar) == (veto or None)
        assert redis.ask("EXPIRETIME", bar) == (end if veto else -2)
    clean = SCORES | {"veto": np.full(len(boosts), "", dtype=object)}
    again = engine_files("redis", Boosts.of(clean, policy))[""]
    real_engines.run(send, "".join(again).encode())
    assert redis.ask("DBSIZE") == len(boosts)
    assert redis.ask("EXPIRETIME", "trust:boost:m0") == -1
