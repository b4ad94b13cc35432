"""Boosts in files: what is written reads back as the same, or is not written at all."""

import datetime as dt
import json
import tomllib

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from trustscore.boost import BoostPolicy, TrustTable, rerank, trust_boost
from trustscore.commands.export_boost import command
from trustscore.commands.main import main
from trustscore.errors import InputError, PolicyError
from trustscore.export.engines.files import TARGETS, export_boosts, load_boosts

SCORES = (
    "merchant_id,trust_index,index_se,prior_index,coverage,tier,veto\n"
    "a,90,3,71,0.9,trusted,\n"
    '"b, ""the"" second",50,3,71,0.9,standard,cap\n'
    "c,71,9,71,0,,\n"
    "d,95,1,71,1,exemplary,block\n"
)


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(SCORES)
    return path


def columns_of(path):
    table = pq.read_table(path)
    return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}


def dated(*days):
    """The scores with a day each."""
    head, *rows = SCORES.splitlines()
    lines = [f"{head},scored_on", *(f"{r},{d}" for r, d in zip(rows, days, strict=True))]
    return "\n".join(lines) + "\n"


IDS = ["a", 'b, "the" second', "c", "d"]


def boosts_in_python():
    columns = {
        "trust_index": np.array([90.0, 50.0, 71.0, 95.0]),
        "index_se": np.array([3.0, 3.0, 9.0, 1.0]),
        "prior_index": np.full(4, 71.0),
        "coverage": np.array([0.9, 0.9, 0.0, 1.0]),
        "veto": np.array(["", "cap", "", "block"], dtype=object),
    }
    return trust_boost(columns)


def test_parquet_reads_back_as_a_table(scores, tmp_path):
    out = tmp_path / "boosts.parquet"
    export_boosts(scores, out, "parquet", scored_on=dt.date(2026, 1, 1))
    columns = columns_of(out)
    assert columns["merchant_id"].tolist() == IDS
    assert columns["trust_boost"].tolist() == boosts_in_python().tolist()
    assert set(columns["valid_to"]) == {"2026-01-15"}
    table = TrustTable.from_columns(columns, BoostPolicy.load())
    assert table.boosts([*IDS, "nobody"]).tolist() == [*boosts_in_python().tolist(), 1.0]


def test_parquet_is_loaded_with_its_ends_and_its_table_is_that_of_the_npz(scores, tmp_path):
    scores.write_text(dated("2026-01-09", "", "", ""))
    for engine in ("parquet", "npz"):
        export_boosts(scores, tmp_path / f"boosts.{engine}", engine)
    table, mapped = (
        load_boosts(tmp_path / "boosts.parquet"),
        TrustTable.load(tmp_path / "boosts.npz"),
    )
    day = (dt.date(2026, 1, 23) - dt.date(1970, 1, 1)).days
    never = np.iinfo(np.int32).max
    assert table.columns["valid_to"].tolist() == [day, never, never, never, never]
    for name, column in mapped.columns.items():
        np.testing.assert_array_equal(table.columns[name], column)
        assert table.columns[name].dtype == column.dtype
    assert (table.stamp, table.lean_sha256) == (mapped.stamp, mapped.lean_sha256)
    late = rerank([0.5, 0.4], ["a", "c"], table=table, today="2026-01-24")
    assert late.trust_boost.tolist() == [1.0, 1.0]


def test_what_is_no_parquet_of_boosts_is_named_with_the_way_out(scores, tmp_path):
    boosts, other = tmp_path / "boosts.parquet", tmp_path / "other.parquet"
    export_boosts(scores, boosts, "parquet")
    pq.write_table(pq.read_table(boosts).drop_columns(["lean"]), other)
    with pytest.raises(InputError, match=r"is Parquet.*trustscore\.load_boosts"):
        TrustTable.load(boosts)
    with pytest.raises(InputError, match="no column lean: write it with"):
        load_boosts(other)
    with pytest.raises(InputError, match=r"is no Parquet.*TrustTable\.load"):
        load_boosts(scores)
    with pytest.raises(PolicyError, match="make the table again"):
        load_boosts(boosts, BoostPolicy.load().with_beta(0.05))
    with pytest.raises(FileNotFoundError):
        load_boosts(tmp_path / "none.parquet")


@pytest.mark.parametrize("engine", TARGETS)
def test_a_validity_beyond_the_calendar_ends_with_it(engine, scores, tmp_path):
    out = tmp_path / f"boosts.{engine}"
    done = export_boosts(scores, out, engine, scored_on=dt.date.max)
    assert (done.merchants, done.endless) == (4, 0)
    if engine == "parquet":
        assert set(columns_of(out)["valid_to"]) == {"9999-12-31"}


def test_a_day_that_cannot_be_read_is_named_by_its_line(scores, tmp_path):
    scores.write_text(dated("soon", "", "2026-01-01", ""))
    said = "line 2: scored_on must be a day like 2026-01-31. Got 'soon'"
    with pytest.raises(InputError, match=said):
        export_boosts(scores, tmp_path / "boosts.npz", "npz")


def test_faults_of_scores_are_named_by_their_line(scores, tmp_path):
    scores.write_text(SCORES.replace("95,1,71", "195,1,71"))
    with pytest.raises(InputError, match="line 5: trust_index must be between"):
        export_boosts(scores, tmp_path / "boosts.npz", "npz")


def test_npz_reads_back_as_a_table(scores, tmp_path):
    out = tmp_path / "boosts.npz"
    export_boosts(scores, out, "npz", scored_on=dt.date(2026, 1, 1))
    table = TrustTable.load(out)
    assert table.boosts([*IDS, "nobody"]).tolist() == [*boosts_in_python().tolist(), 1.0]
    assert table.vetoes(table.rows(["d", "nobody"])).tolist() == ["block", ""]
    late = rerank([0.5, 0.4], ["a", "c"], table=table, today="2026-01-16")
    assert late.trust_boost.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("engine", "out", "policy"),
    [("redis", "boost.toml", "boost.toml"), ("solr", "solr", "solr/query.json")],
)
def test_a_policy_is_never_written_over(engine, out, policy, scores, tmp_path, repository):
    mine = tmp_path / policy
    mine.parent.mkdir(exist_ok=True)
    given = (repository / "configs" / "boost.toml").read_text(encoding="utf-8")
    if mine.suffix == ".json":
        given = json.dumps(tomllib.loads(given), default=str)
    mine.write_text(given, encoding="utf-8")
    before = mine.read_bytes()
    with pytest.raises(InputError, match="must be different files"):
        export_boosts(scores, tmp_path / out, engine, policy=mine)
    assert mine.read_bytes() == before


@pytest.mark.parametrize("engine", TARGETS)
def test_every_engine_is_written_by_the_command_and_twice_the_same(engine, scores, tmp_path):
    outs = [tmp_path / f"{at}.{engine}" for at in range(2)]
    for out in outs:
        done = CliRunner().invoke(
            command, [str(scores), "--to", engine, "-o", str(out), "--scored-on", "2026-01-01"]
        )
        assert done.exit_code == 0, done.output
        assert "4 merchants" in done.output and "never expire" not in done.output
    files = [sorted(p.name for p in out.iterdir()) if out.is_dir() else [""] for out in outs]
    assert files[0] == files[1]
    assert not [name for name in files[0] if name.endswith(".tmp")]
    for name in files[0]:
        assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes()


def test_what_an_engine_cannot_do_is_said(scores, tmp_path):
    policy = tmp_path / "mine.toml"
    policy.write_text("[guards]\nmax_up = 3\n[exploration]\nshare = 0.1\n[validity]\ndays = 7\n")
    done = CliRunner().invoke(
        command,
        [str(scores), "--to", "redis", "-o", str(tmp_path / "r"), "--policy", str(policy)],
    )
    assert done.exit_code == 0
    assert "guards on the finished order, exploration of the policy stay with" in done.output
    assert "4 merchants never expire: give --scored-on" in done.output


def test_scores_of_another_policy_are_noted(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(
        "merchant_id,trust_index,index_se,prior_index,coverage,veto,trust_boost\n"
        "a,90,3,71,0.9,,1.5\n"
    )
    assert export_boosts(path, tmp_path / "r", "redis").other_boosts == 1


@pytest.mark.parametrize("name", ["folder", "scores"])
def test_a_file_where_a_folder_must_be(name, scores, tmp_path):
    out = tmp_path / "folder"
    out.write_text("mine")
    target = out if name == "folder" else scores
    with pytest.raises(InputError, match=r"is a folder, and|must be different files"):
        export_boosts(scores, target, "solr")
    assert out.read_text() == "mine"


def test_only_commands_fit_through_standard_output(scores, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for engine in set(TARGETS) - {"redis"}:
        with pytest.raises(InputError, match="must have a name"):
            export_boosts(scores, "-", engine)
    done = CliRunner().invoke(command, [str(scores), "--to", "redis", "-o", "-", "--quiet"])
    assert done.output.startswith("*8\r\n$4\r\nHSET") or done.output.startswith("*8\n")
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_faulty_scores_leave_nothing(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(
        "merchant_id,trust_index,index_se,prior_index,coverage,veto\n"
        "a,90,3,71,0.9,blok\na,900,3,71,0.9,\n"
    )
    for engine in TARGETS:
        out = tmp_path / f"out.{engine}"
        with pytest.raises(InputError):
            export_boosts(path, out, engine)
        assert not out.exists()


def test_the_main_command_ends_with_two_on_a_bad_policy(scores, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["export", "boost", str(scores), "--to", "solr", "-o", str(tmp_path / "o")]
             + ["--policy", "nosuch"])  # fmt: skip
    assert stop.value.code == 2
    assert "policy nosuch" in capsys.readouterr().err
