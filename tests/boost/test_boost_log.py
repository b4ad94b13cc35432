"""The log tells every place, changes nothing, and is never written over."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from trustscore.boost import BoostPolicy
from trustscore.boost.files.candidates import boost_files, find_position
from trustscore.boost.position import render_position
from trustscore.commands.boost import command
from trustscore.errors import InputError
from trustscore.io.atomic_files import write_columns

POLICIES = {
    "preset": {},
    "additive": {"form": "additive", "guards": {}},
    "guarded": {"guards": {"max_up": 2, "max_down": 3, "head": 1, "merchant_most": 2}},
    "exploring": {"exploration": {"share": 0.5, "first": 2}},
    "milder": {"veto": {"block": "floor", "floor": "cap", "cap": "cap"}},
    "excluding": {"exclusions": {"queries": ["q1*"]}},
}


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """Candidates and scores with vetoes, ties, newcomers and strangers."""
    folder = tmp_path_factory.mktemp("market")
    draw = np.random.default_rng(4)
    count, lists = 60, 25
    coverage = np.where(draw.random(count) < 0.2, 0.0, draw.random(count))
    write_columns(
        folder / "scores.csv",
        {
            "merchant_id": [f"m{at}" for at in range(count)],
            "trust_index": np.where(coverage == 0, 71.0, draw.uniform(20, 99, count).round(4)),
            "index_se": draw.uniform(0, 4, count).round(4),
            "prior_index": np.full(count, 71.0),
            "coverage": coverage.round(4),
            "veto": draw.choice(["", "", "", "cap", "floor", "block"], count),
            "status": np.where(coverage == 0, "new", "formal"),
            "tier": draw.choice(["standard", "trusted"], count),
            "enrolled": draw.integers(0, 2, count),
            "scorecard": ["default@1:abc"] * count,
        },
    )
    rows = lists * 12
    write_columns(
        folder / "candidates.csv",
        {
            "query_id": [f"q{at % lists}" for at in range(rows)],
            "item_id": [f"i{at}" for at in draw.permutation(rows)],
            "merchant_id": [f"m{at}" for at in draw.integers(0, count + 6, rows)],
            "relevance": draw.uniform(0.2, 1, rows).round(1),
        },
    )
    return folder


def read(path):
    table = pq.read_table(path)
    return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}


def run(market, tmp_path, data, name="log", **more):
    policy = BoostPolicy.parse({"curve": {"rho": 0.5}} | data)
    out, log = tmp_path / f"{name}.csv", tmp_path / f"{name}.parquet"
    boost_files(
        market / "candidates.csv", market / "scores.csv", out, policy=policy, log=log, **more
    )
    return policy, out, read(log), read(log.with_suffix(".requests.parquet"))


@pytest.mark.parametrize("name", POLICIES)
def test_a_log_does_not_change_the_ranking(name, market, tmp_path):
    policy, out, items, requests = run(market, tmp_path, POLICIES[name])
    plain = tmp_path / "plain.csv"
    boost_files(market / "candidates.csv", market / "scores.csv", plain, policy=policy)
    assert out.read_bytes() == plain.read_bytes()
    assert len(items["item_id"]) == 300 and len(requests["query_id"]) == 25


@pytest.mark.parametrize("name", POLICIES)
def test_a_row_tells_its_place(name, market, tmp_path):
    policy, _, items, requests = run(market, tmp_path, POLICIES[name])
    parts = ("trust", "programme", "pacing", "limit", "veto", "explore")
    np.testing.assert_allclose(
        sum(items[f"lean_{part}"] for part in parts), items["lean"], atol=1e-12
    )
    np.testing.assert_allclose(np.exp(policy.beta * items["lean"]), items["trust_boost"])
    assert (items["clipped"] == (items["lean_limit"] != 0)).all()
    assert set(items["policy"]) == {policy.stamp}
    unknown = items["known"] == 0
    assert unknown.any() and (items["trust_boost"][unknown & (items["explored"] == 0)] == 1).all()
    assert (items["scorecard"][~unknown] == "default@1:abc").all()
    # What decided: the bounds, z standard errors from the index.
    z = policy.evidence.z_promote
    np.testing.assert_allclose(
        (items["trust_index"] - items["lcb"])[~unknown], z * items["index_se"][~unknown]
    )
    assert ((items["final_rank"] == 0) == (items["veto"] == "block")).all()
    for query in range(25):
        mine = np.flatnonzero(items["query_id"] == f"q{query}")
        rows = {key: values[mine] for key, values in items.items()}
        by_hand = sorted(
            range(len(mine)), key=lambda at, r=rows: (-r["relevance"][at], r["item_id"][at])
        )
        assert rows["base_rank"][by_hand].tolist() == list(range(1, len(mine) + 1))
        seen = [at for at in by_hand if rows["veto"][at] != "block"]
        held = sorted(seen, key=lambda at, r=rows: r["veto"][at] == "floor")
        assert rows["rank_without_boost"][held].tolist() == list(range(1, len(held) + 1))
        asked = {key: values[requests["query_id"] == f"q{query}"][0] for key, values in
                 requests.items()}  # fmt: skip
        assert (asked["candidates"], asked["shown"]) == (len(mine), len(seen))
        rise = (rows["rank_without_boost"] - rows["final_rank"])[rows["final_rank"] > 0]
        assert asked["moved"] == (rise != 0).sum()
        assert (asked["most_up"], asked["most_down"]) == (max(rise), max(-rise))
        assert asked["explored_item"] == "".join(rows["item_id"][rows["explored"] == 1])
        hit = {word for text in rows["guards"] for word in text.split(";") if word}
        assert set(asked["guards"].split(";")) - {""} == hit
        if asked["off"]:
            assert (rows["trust_boost"] == 1).all() and (rows["lean"] == 0).all()
        # No floor and no guard: the bound of the policy holds for the whole list.
        if not np.isnan(asked["bound"]) and not (rows["veto"] == "floor").any():
            assert asked["dcg_ratio"] >= asked["bound"] - 1e-12
    assert set(requests["policy_sha256"]) == {policy.sha256}
    assert set(requests["scorecard"]) == {"default@1:abc"}


def test_exploration_logs_its_propensity(market, tmp_path):
    _, _, items, requests = run(market, tmp_path, POLICIES["exploring"])
    explored = requests["explored_item"] != ""
    assert 0 < explored.sum() < 25
    assert (requests["propensity"] > 0).all() and (requests["propensity"] <= 1).all()
    assert items["explored"].sum() == explored.sum()
    assert (items["lean_explore"] != 0).sum() <= explored.sum()


def test_a_veto_that_expired_with_its_scores_is_told_by_nobody(market, tmp_path):
    days = {"scored_on": dt.date(2026, 1, 1), "today": dt.date(2026, 3, 1)}
    rule = {"validity": {"days": 10, "keep_vetoes": False}}
    policy, _, items, _ = run(market, tmp_path, rule, **days)
    known = items["known"] == 1
    assert items["expired"][known].all() and (items["final_rank"] > 0).all()
    assert set(items["veto"]) == {""}
    paths = market / "candidates.csv", market / "scores.csv"
    kept = run(market, tmp_path, {"validity": {"days": 10}}, name="kept", **days)[2]
    vetoed = np.flatnonzero(kept["veto"] != "")
    assert set(kept["veto"][vetoed]) == {"cap", "floor", "block"}
    for at in vetoed[:5].tolist():
        names = kept["query_id"][at], kept["item_id"][at]
        story = find_position(*paths, *names, policy=policy, **days)
        assert (story.veto, story.expired) == ("", True)
        assert "  veto " not in render_position(story)


def test_an_expired_score_is_neutral_and_a_veto_stays(market, tmp_path):
    data = {"validity": {"days": 14}}
    scored = dt.date(2026, 1, 1)
    _, _, items, requests = run(
        market, tmp_path, data, today=dt.date(2026, 1, 16), scored_on=scored
    )
    known = items["known"] == 1
    assert (items["expired"] == items["known"]).all()
    assert (items["trust_boost"] == 1).all()
    assert set(items["veto"][items["final_rank"] == 0]) == {"block"}
    assert set(requests["today"]) == {"2026-01-16"}
    assert requests["expired"].sum() == known.sum()
    _, _, items, _ = run(
        market, tmp_path, data, "last", today=dt.date(2026, 1, 15), scored_on=scored
    )
    assert not items["expired"].any()


def test_the_same_run_gives_the_same_bytes(market, tmp_path):
    for name in ("one", "two"):
        run(market, tmp_path, POLICIES["exploring"], name)
    for suffix in (".parquet", ".requests.parquet"):
        one, two = (tmp_path / f"{name}{suffix}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("there", ["log.parquet", "log.requests.parquet"])
def test_a_log_is_never_written_over(there, market, tmp_path):
    (tmp_path / there).write_text("mine")
    with pytest.raises(InputError, match="never overwritten"):
        run(market, tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == [there]


def test_where_the_output_cannot_be_written_no_log_is_left(market, tmp_path):
    log = tmp_path / "log.parquet"
    with pytest.raises(OSError):
        boost_files(
            market / "candidates.csv", market / "scores.csv", tmp_path / "no" / "out.csv", log=log
        )
    assert list(tmp_path.iterdir()) == []


def test_a_log_is_parquet(market, tmp_path):
    with pytest.raises(InputError, match=r"must end in \.parquet"):
        boost_files(
            market / "candidates.csv", market / "scores.csv", tmp_path / "o.csv",
            log=tmp_path / "log.csv",
        )  # fmt: skip


def test_the_story_agrees_with_the_log(market, tmp_path):
    policy, _, items, _ = run(market, tmp_path, POLICIES["guarded"])
    for at in range(0, 300, 7):
        row = {name: values[at] for name, values in items.items()}
        story = find_position(
            market / "candidates.csv", market / "scores.csv", row["query_id"], row["item_id"],
            policy=policy,
        )  # fmt: skip
        assert (story.rank, story.base_rank) == (row["final_rank"], row["base_rank"])
        assert story.rank_without_boost == row["rank_without_boost"]
        assert story.trust_boost == row["trust_boost"]
        assert story.lean == pytest.approx(row["lean"], abs=1e-12)
        assert ";".join(story.guards) == row["guards"]
        assert story.veto == row["veto"]
        overtook = len(story.passed) - len(story.passed_by)
        if story.rank:
            assert story.rank_without_boost - story.rank == overtook
            assert [n.item_id for n in story.around if n.rank == story.rank] == [story.item_id]


@pytest.mark.parametrize("name", ["=1+1", "-x", "'=q", "+86", "@shop", "'tis"])
def test_no_id_escapes_his_veto_by_looking_like_a_formula(name, tmp_path):
    write_columns(
        tmp_path / "scores.csv",
        {
            "merchant_id": [name, "other"],
            **{key: np.array([50.0, 50.0]) for key in ("trust_index", "prior_index")},
            **{"index_se": np.zeros(2), "coverage": np.ones(2), "veto": ["block", ""]},
        },
    )
    pq.write_table(
        pa.table({"query_id": ["q"], "item_id": ["i"], "merchant_id": [name], "relevance": [1.0]}),
        tmp_path / "candidates.parquet",
    )
    done = boost_files(
        tmp_path / "candidates.parquet", tmp_path / "scores.csv", tmp_path / "out.csv"
    )
    assert (done.unknown, done.blocked) == (0, 1)


def call(market, *words):
    return CliRunner().invoke(
        command,
        [str(market / "candidates.csv"), "--scores", str(market / "scores.csv"), *words],
    )


def test_the_command_tells_a_story(tmp_path):
    write_columns(
        tmp_path / "candidates.csv",
        {
            "query_id": ["q"] * 3,
            "item_id": ["first", "second", "third"],
            "merchant_id": ["weak", "stranger", "strong"],
            "relevance": np.array([0.50, 0.48, 0.47]),
        },
    )
    (tmp_path / "scores.csv").write_text(
        "merchant_id,trust_index,index_se,prior_index,coverage,veto\n"
        "weak,50,3,71,0.9,\nstrong,90,3,71,0.9,\n"
    )
    done = call(tmp_path, "--why", "q", "third")
    assert done.exit_code == 0, done.output
    for line in (
        "Item third of merchant strong stands at place 1 of 3; without the boost at 3.",
        "Place 1 would be held by first, relevance 0.5; this item has 0.47,"
        " and the bound allows no less than 0.819 of it.",
        "  index 90.0; 86.2 counts for promotion, 94.9 for demotion",
        "  neutral point 71.0: +15.2 points are settled",
        "  boost exp(0.1 x +0.7660) = 1.0796",
        "Overtook: first, second",
    ):
        assert line in done.output
    told = json.loads(call(tmp_path, "--why", "q", "second", "--json").output)
    assert (told["known"], told["trust_index"], told["trust_boost"]) == (False, None, 1.0)
    assert told["passed_by"] == ["third"] and told["passed"] == ["first"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "give -o OUT"),
        (["-o", "-", "--json"], "--json belongs to --why"),
        (["--why", "q1", "i1", "-o", "-"], "--why prints and writes nothing"),
    ],
)
def test_options_that_do_not_go_together(words, said, market):
    done = call(market, *words)
    assert done.exit_code == 2 and said in done.output


def test_a_day_without_a_day_of_the_scores_is_noted(market, tmp_path):
    out = str(tmp_path / "o.csv")
    assert "60 merchants cannot expire" in call(market, "-o", out, "--today", "2026-01-31").output
    known = call(market, "-o", out, "--today", "2026-01-31", "--scored-on", "2026-01-30")
    assert "cannot expire" not in known.output and known.exit_code == 0


def test_a_position_that_is_not_there(market):
    for words, said in ((("q25", "i1"), "no query 'q25'"), (("q1", "item"), "has no item 'item'")):
        with pytest.raises(InputError, match=said):
            find_position(market / "candidates.csv", market / "scores.csv", *words)
