"""Reviews in files chain, agree with `score`, and lose nobody."""

import csv
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from trustscore.batch.files import score_files
from trustscore.batch.frame import score_frame
from trustscore.commands.main import main
from trustscore.commands.rights import command
from trustscore.errors import InputError
from trustscore.explain import next_tier_plan
from trustscore.io.atomic_files import write_columns
from trustscore.io.blocks import read_blocks
from trustscore.rights.files import rights_files
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

HEAD = "merchant_id,trust_index,index_se,coverage,status,veto\n"


@pytest.fixture
def files(tmp_path):
    """Write small files by name and return their paths."""

    def write(**texts):
        paths = {}
        for name, content in texts.items():
            paths[name] = tmp_path / f"{name}.csv"
            paths[name].write_text(content, encoding="utf-8")
        return paths

    return write


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return {row["merchant_id"]: row for row in csv.DictReader(file)}


def run(scores, previous, out, day, **more):
    return rights_files(scores, out, previous=previous, as_of=dt.date.fromisoformat(day), **more)


def test_a_year_in_the_life_of_a_merchant(files, tmp_path):
    """Bad, bad, announced, recovered too late, stays his time, rises."""
    days = ["2026-01-31", "2026-02-28", "2026-03-02", "2026-03-10", "2026-03-25"]
    indices = [60, 60, 90, 90, 90]
    paths = files(last="merchant_id,tier\nm,trusted\n")
    last = paths["last"]
    seen = []
    for at, (day, index) in enumerate(zip(days, indices, strict=True)):
        scores = files(**{f"s{at}": HEAD + f"m,{index},0,1,formal,\n"})[f"s{at}"]
        out = tmp_path / f"r{at}.csv"
        run(scores, last, out, day)
        row, last = rows_of(out)["m"], out
        seen.append([row[name] for name in ("old_tier", "tier", "reason", "effective")])
    assert seen == [
        ["trusted", "trusted", "below_line", ""],
        ["trusted", "standard", "lowered", "2026-03-07"],
        ["trusted", "standard", "announced", "2026-03-07"],
        ["standard", "standard", "minimum_stay", ""],
        ["standard", "trusted", "raised", "2026-03-25"],
    ]


def test_rights_come_and_go_by_name(files, tmp_path):
    paths = files(
        last="merchant_id,tier\nup,standard\ndown,exemplary\n",
        scores=HEAD + "up,99,0,1,formal,\ndown,90,0,1,formal,floor\nfresh,55,0,1,new,\n",
    )
    out = tmp_path / "rights.csv"
    done = run(paths["scores"], paths["last"], out, "2026-01-31")
    assert (done.merchants, done.raised, done.vetoed, done.first) == (3, 1, 1, 1)
    rows = rows_of(out)
    assert rows["up"]["gained"] == "affiliate_pool;campaigns;trust_badge"
    assert (rows["up"]["lost"], rows["up"]["stay_until"]) == ("", "2026-02-14")
    assert rows["up"]["detail"].endswith("Trusted asks 70 and 0.50; one step a review")
    assert rows["down"]["lost"] == (
        "affiliate_pool;campaigns;trust_badge;prize_draws;homepage_pool;early_settlement"
    )
    assert (rows["down"]["effective"], rows["down"]["detail"]) == (
        "2026-01-31",
        "veto floor, at once",
    )
    assert (rows["fresh"]["change"], rows["fresh"]["rights"]) == ("new", "shop_page;search")
    assert rows["fresh"]["gained"] == "shop_page;search"


def test_nobody_is_lost(files, tmp_path):
    paths = files(
        last="merchant_id,tier,old_tier,tier_since,reviews_below\n"
        "gone,trusted,trusted,2025-01-01,1\nfalling,standard,trusted,2026-02-03,0\nhere,,,,0\n",
        scores=HEAD + "here,,,0,not_scored,\n",
    )
    out = tmp_path / "rights.csv"
    done = run(paths["scores"], paths["last"], out, "2026-01-31")
    assert (done.merchants, done.absent, done.not_scored) == (3, 2, 1)
    rows = rows_of(out)
    assert list(rows) == ["here", "gone", "falling"]
    gone = {name: rows["gone"][name] for name in ("tier", "tier_since", "reviews_below", "reason")}
    assert list(gone.values()) == ["trusted", "2025-01-01", "1", "absent"]
    assert (rows["falling"]["reason"], rows["falling"]["effective"]) == ("announced", "2026-02-03")
    assert (rows["here"]["tier"], rows["here"]["rights"]) == ("", "")


def test_chinese_details(files, tmp_path):
    paths = files(last="merchant_id,tier\nm,standard\n", scores=HEAD + "m,99,0,1,formal,\n")
    run(paths["scores"], paths["last"], tmp_path / "r.csv", "2026-01-31", lang="zh")
    assert "“信赖”要求 70 和 0.50；每次评定最多升一级" in rows_of(tmp_path / "r.csv")["m"]["detail"]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("scores", "", "is empty"),
        ("scores", HEAD, "has no rows"),
        ("scores", "merchant_id,trust_index\nm,1\n", "coverage: no such column"),
        ("scores", HEAD + "m,70,1,1,formal,\nm,70,1,1,formal,\n", "'m' was met on line 2"),
        ("scores", HEAD + "m,70,1,1,formel,\n", "status must be not_scored.* Got 'formel'"),
        ("scores", HEAD + "m,70,1,1,formal,flor\n", "veto must be blank, cap.* Got 'flor'"),
        ("scores", HEAD + "m,1e308,1,1,formal,\n", "trust_index must be 0 to 100"),
        ("scores", HEAD + "m,70,,1,formal,\n", "index_se is blank, but there is an index"),
        ("scores", HEAD + "m,70,-1,1,formal,\n", "index_se"),
        ("last", "merchant_id,tier\nm,trustd\n", "'trustd' is no tier .* mean trusted"),
        ("last", "merchant_id,tier,tier_since\nm,trusted,soon\n", "Got 'soon'"),
        ("last", "merchant_id,tier\nm,trusted\nm,trusted\n", "was met on line 2"),
        ("last", "merchant_id,tier,reviews_below\nm,trusted,-1\n", "reviews_below"),
        ("last", "merchant_id,level\nm,trusted\n", "tier: no such column"),
    ],
)  # fmt: skip
def test_faults_are_named_and_nothing_is_written(name, content, fault, files, tmp_path):
    good = {"last": "merchant_id,tier\nm,trusted\n", "scores": HEAD + "m,70,1,1,formal,\n"}
    paths = files(**(good | {name: content}))
    with pytest.raises(InputError, match=rf"(?s){fault}"):
        run(paths["scores"], paths["last"], tmp_path / "out.csv", "2026-01-31")
    assert not (tmp_path / "out.csv").exists()


def test_scores_of_another_scorecard_are_refused(files, tmp_path):
    head = HEAD.strip() + ",scorecard\n"
    paths = files(last="merchant_id,tier\nm,trusted\n", scores=head + "m,70,1,1,formal,,o@1:ab\n")
    with pytest.raises(InputError, match=r"was made with o@1:ab, the ladder is of default@"):
        run(paths["scores"], paths["last"], tmp_path / "out.csv", "2026-01-31")


def test_a_review_of_an_earlier_day_than_the_last_is_refused(files, tmp_path):
    paths = files(last="merchant_id,tier\nm,standard\n", scores=HEAD + "m,99,0,1,formal,\n")
    run(paths["scores"], paths["last"], tmp_path / "r0.csv", "2026-02-28")
    with pytest.raises(InputError, match=r"'m' holds its tier from 2026-02-28.*`as_of`"):
        run(paths["scores"], tmp_path / "r0.csv", tmp_path / "r1.csv", "2026-01-31")


def test_the_end_of_the_calendar_is_no_crash(files, tmp_path):
    paths = files(last="merchant_id,tier\nm,standard\n", scores=HEAD + "m,99,0,1,formal,\n")
    run(paths["scores"], paths["last"], tmp_path / "r.csv", "9999-12-31")
    assert rows_of(tmp_path / "r.csv")["m"]["stay_until"] == "9999-12-31"


def test_an_output_over_an_input_is_refused(files):
    paths = files(last="merchant_id,tier\nm,trusted\n", scores=HEAD + "m,70,1,1,formal,\n")
    for path in paths.values():
        before = path.read_text()
        with pytest.raises(InputError, match="different files"):
            run(paths["scores"], paths["last"], path, "2026-01-31")
        assert path.read_text() == before


@pytest.fixture(scope="module")
def markets(tmp_path_factory):
    """Two months of one made-up market, scored without rounding."""
    folder = tmp_path_factory.mktemp("markets")
    for at, seed in enumerate((5, 6)):
        market = simulate_export(400, seed=seed, scorecard="minimal")
        write_columns(folder / f"e{at}.csv", market)
        score_files([folder / f"e{at}.csv"], folder / f"s{at}.parquet", scorecard="minimal")
    return folder


def test_state_that_flows_back_into_score_gives_the_same_tiers(markets, tmp_path):
    first, second = tmp_path / "r0.csv", tmp_path / "r1.csv"
    run(markets / "s0.parquet", markets / "s0.parquet", first, "2026-01-01", scorecard="minimal")
    run(markets / "s1.parquet", first, second, "2026-01-20", scorecard="minimal")
    again = pd.read_csv(second, dtype=str, keep_default_na=False)
    assert set(again["reason"]) >= {"raised", "below_line", "kept"}
    export = pd.read_csv(markets / "e1.csv")
    state = pd.read_csv(first, dtype=str, keep_default_na=False)
    state = state[["merchant_id", "tier", "tier_since", "reviews_below"]]
    joined = export.merge(state.rename(columns={"tier": "previous_tier"}), on="merchant_id")
    scored = score_frame(joined, "minimal", as_of=dt.date(2026, 1, 20))
    assert scored["tier"].tolist() == again["tier"].tolist()


def test_the_export_adds_what_the_plan_of_one_merchant_says(markets, tmp_path):
    out = tmp_path / "r.csv"
    scores = markets / "s0.parquet"
    done = run(scores, scores, out, "2026-01-01", export=markets / "e0.csv", scorecard="minimal")
    assert (done.unplanned, done.differ) == (0, 0)
    rows = rows_of(out)
    assert {"one_signal", "several_signals", ""} <= {row["needs"] for row in rows.values()}
    card = load_scorecard("minimal")
    block = next(read_blocks(markets / "e0.csv", card)).block
    tried = {"one_signal": 3, "several_signals": 1}
    for at, name in enumerate(block["merchant_id"].tolist()):
        row = rows[name]
        if not tried.get(row["needs"]):
            continue
        tried[row["needs"]] -= 1
        plan = next_tier_plan(block, card, at)
        assert (plan.target, plan.volume) == (row["next_tier"], 1.0)
        assert float(row["gap"]) == pytest.approx(plan.at - plan.bound, abs=1e-4)
        told = [change.split(":")[0] for change in row["changes"].split(";") if change]
        assert told == [change.signal for change in plan.alone]
        assert bool(told) == (row["needs"] == "one_signal")
    assert set(tried.values()) == {0}


def test_where_the_figures_suffice_only_time_is_needed(markets, tmp_path):
    ids = list(rows_of(markets / "e0.csv"))
    last = tmp_path / "last.csv"
    write_columns(last, {"merchant_id": ids, "tier": ["limited"] * len(ids)})
    out = tmp_path / "r.csv"
    run(
        markets / "s0.parquet", last, out, "2026-01-01",
        export=markets / "e0.csv", scorecard="minimal",
    )  # fmt: skip
    waiting = [row for row in rows_of(out).values() if row["needs"] == "time"]
    assert waiting
    for row in waiting:
        assert (row["tier"], row["next_tier"], row["gap"]) == ("standard", "trusted", "0")
        assert row["changes"] == "" and row["detail"].endswith("one step a review")


def test_an_export_that_was_not_scored_is_noticed(markets, tmp_path):
    scores = markets / "s0.parquet"
    done = run(
        scores, scores, tmp_path / "r.csv", "2026-01-01",
        export=[markets / "e1.csv"], scorecard="minimal",
    )  # fmt: skip
    assert done.differ > 300


def test_the_command_says_what_it_did_and_when(files, tmp_path):
    paths = files(
        last="merchant_id,tier\nm,standard\ngone,trusted\n", scores=HEAD + "m,99,0,1,formal,\n"
    )
    out = tmp_path / "r.csv"
    done = CliRunner().invoke(
        command,
        [str(paths["scores"]), "--previous", str(paths["last"]), "-o", str(out)]
        + ["--as-of", "2026-05-31", "--notice", "3"],
    )
    assert done.exit_code == 0, done.output
    assert "2026-05-31: 2 merchants, 1 raised, 0 lowered after the notice" in done.output
    assert "1 merchants of" in done.output and "keep their tier" in done.output


@pytest.mark.parametrize("columns", ["", ",old_tier,tier_since,reviews_below"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_empty_register_is_reviewed_for_the_first_time(files, tmp_path, columns, suffix):
    paths = files(
        last=f"merchant_id,tier{columns}\n",
        scores=HEAD + "m,99,0,1,formal,\nn,55,0,1,formal,\nx,,,0,not_scored,\n",
    )
    last = paths["last"]
    if suffix == "parquet":
        last = tmp_path / "last.parquet"
        pd.read_csv(paths["last"], dtype=str).to_parquet(last)
    done = run(paths["scores"], last, tmp_path / "r.csv", "2026-01-31")
    assert (done.merchants, done.first, done.absent, done.not_scored) == (3, 2, 0, 1)
    rows = rows_of(tmp_path / "r.csv")
    # Without a past tier the figures decide at once, to the top of the ladder.
    assert [rows[name]["tier"] for name in "mnx"] == ["exemplary", "limited", ""]
    assert rows["m"]["reason"] == "first_review"
    again = run(paths["scores"], tmp_path / "r.csv", tmp_path / "s.csv", "2026-03-01")
    assert (again.first, again.raised) == (0, 0)


def test_an_output_of_another_kind_is_refused(files, tmp_path):
    paths = files(last="merchant_id,tier\nm,standard\n", scores=HEAD + "m,99,0,1,formal,\n")
    out = tmp_path / "rights.ods"
    arguments = [str(paths["scores"]), "--previous", str(paths["last"]), "-o", str(out)]
    with pytest.raises(SystemExit) as stop:
        main(["rights", *arguments])
    assert stop.value.code == 2 and not out.exists()
    with pytest.raises(InputError, match="must end in"):
        run(paths["scores"], paths["last"], out, "2026-01-31")


def test_the_same_files_give_the_same_bytes(files, tmp_path):
    paths = files(last="merchant_id,tier\nm,standard\n", scores=HEAD + "m,99,0,1,formal,\n")
    outs = [tmp_path / name for name in ("a.csv", "b.csv")]
    for out in outs:
        run(paths["scores"], paths["last"], out, "2026-01-31")
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_parquet_chains_as_well(files, tmp_path):
    paths = files(last="merchant_id,tier\nm,trusted\n", scores=HEAD + "m,60,0,1,formal,\n")
    run(paths["scores"], paths["last"], tmp_path / "r0.parquet", "2026-01-31")
    run(paths["scores"], tmp_path / "r0.parquet", tmp_path / "r1.csv", "2026-02-28")
    assert rows_of(tmp_path / "r1.csv")["m"]["effective"] == "2026-03-07"


def test_ids_of_any_kind_chain(files, tmp_path):
    ids = ['o"b', "商家", "a,b", "=1+1", "-x", "'=q", "@shop", "-12", "'tis"]
    scores, last = tmp_path / "scores.csv", tmp_path / "last.csv"
    many = len(ids)
    figures = {"trust_index": np.full(many, 60.0), "index_se": np.zeros(many)}
    words = {"status": ["formal"] * many, "veto": [""] * many}
    write_columns(scores, {"merchant_id": ids, **figures, "coverage": np.ones(many), **words})
    write_columns(last, {"merchant_id": ids, "tier": ["trusted"] * many})
    run(scores, last, tmp_path / "r0.csv", "2026-01-31")
    run(scores, tmp_path / "r0.csv", tmp_path / "r1.parquet", "2026-02-28")
    final = pd.read_parquet(tmp_path / "r1.parquet")
    assert final["merchant_id"].tolist() == ids
    assert set(final["reason"]) == {"lowered"}


@pytest.mark.data
def test_real_sellers_chain_over_the_years(trustscore_data, tmp_path):
    card = load_scorecard("olist")
    exports = sorted((trustscore_data / "olist").rglob("merchants_*.csv"))
    assert len(exports) > 1
    last = None
    for export in exports:
        scores, out = tmp_path / f"s-{export.name}", tmp_path / f"r-{export.name}"
        score_files([export], scores, scorecard=card)
        day = export.stem.rpartition("_")[2]
        run(scores, last or scores, out, day, scorecard=card, export=export)
        rows, ids = rows_of(out), set(rows_of(scores))
        assert ids <= set(rows) and (last is None or set(rows_of(last)) <= set(rows))
        steps = [tier.id for tier in card.tiers.ladder]
        for row in rows.values():
            if row["change"] == "up":
                rise = steps.index(row["tier"]) - steps.index(row["old_tier"])
                assert rise == 1 or steps.index(row["tier"]) <= card.tiers.entry
        last = out
    assert np.mean([row["tier"] != "" for row in rows_of(last).values()]) > 0.5


def test_rules_give_rights_and_duties_beside_the_tier(files, tmp_path):
    head = "merchant_id,trust_index,index_se,coverage,status,veto,rules\n"
    both = "guarantee_badge;pre_review_of_live_claims"
    paths = files(
        last="merchant_id,tier\ngone,limited\nboth,\n",
        scores=head
        + f"both,55,0,1,formal,,{both}\n"
        + f"barred,55,0,1,formal,cap,{both};privacy_leak_cap\n"
        + "none,55,0,1,formal,,inspected_bonus\n",
    )
    out = tmp_path / "rights.csv"
    run(paths["scores"], paths["last"], out, "2026-01-31")
    found = {name: (row["rights"], row["duties"]) for name, row in rows_of(out).items()}
    assert found == {
        "both": ("shop_page;search;guarantee_badge", "pre_review"),
        "barred": ("shop_page;search", "pre_review"),
        "none": ("shop_page;search", ""),
        "gone": ("shop_page;search", ""),
    }
