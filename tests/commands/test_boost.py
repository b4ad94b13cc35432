"""`trustscore boost`: candidates and scores in, a ranking out."""

import gzip
import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from trustscore.boost import BoostPolicy, TrustTable, rerank
from trustscore.commands.main import main

SCORES = """merchant_id,trust_index,index_se,prior_index,coverage,veto
good,90,3,71,0.9,
bad,50,3,71,0.9,
gone,90,3,71,0.9,block
low,90,3,71,0.9,floor
"""
# Queries mixed up, one more column, a merchant without a score.
CANDIDATES = """query_id,item_id,merchant_id,relevance,title
q2,i1,bad,0.50,=1+1
q1,i1,gone,0.90,"a, b"
q2,i2,good,0.48,two
q1,i2,nobody,0.40,
q1,i3,low,0.80,three
q2,i3,nobody,0.49,four
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "scores.csv").write_text(SCORES)
    (tmp_path / "candidates.csv").write_text(CANDIDATES)
    return tmp_path


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["boost", *map(str, arguments)])
    said = capsys.readouterr()
    return stopped.value.code, said.err, said.out


def boost(capsys, folder, *more, candidates="candidates.csv", out="ranked.csv"):
    scores = folder / "scores.csv"
    return run(capsys, folder / candidates, "--scores", scores, "-o", folder / out, *more)


def test_contract(files, capsys):
    code, said, printed = boost(capsys, files, "--blocked", files / "blocked.csv")
    assert (code, printed) == (0, "")
    assert said == ("6 candidates, 2 queries, 3 moved, 1 blocked, 2 of merchants without a score\n")
    ranked = pd.read_csv(files / "ranked.csv", keep_default_na=False)
    assert [*ranked] == [
        "query_id", "item_id", "merchant_id", "relevance", "title",
        "trust_boost", "final_score", "base_rank", "final_rank",
    ]  # fmt: skip
    assert ranked["query_id"].tolist() == ["q2", "q2", "q2", "q1", "q1"]
    assert ranked["item_id"].tolist() == ["i2", "i3", "i1", "i2", "i3"]
    assert ranked["base_rank"].tolist() == [3, 2, 1, 3, 2]
    assert ranked["final_rank"].tolist() == [1, 2, 3, 1, 2]
    # (90 - 71 - 1.28 * 3) and (50 - 71 + 1.645 * 3) points on a tanh of 15, strength 0.1.
    up, down = np.exp(0.1 * np.tanh([15.16 / 15, -16.065 / 15]))
    expected = [up, 1, down, 1, np.exp(-0.1)]
    assert ranked["trust_boost"].tolist() == pytest.approx(expected, rel=1e-12)
    product = ranked["relevance"] * ranked["trust_boost"]
    assert ranked["final_score"].tolist() == pytest.approx(product.tolist())
    # Texts pass through, and what a spreadsheet would run is inert.
    assert ranked["title"].tolist() == ["two", "four", "'=1+1", "", "three"]
    blocked = pd.read_csv(files / "blocked.csv")
    assert blocked.to_dict("records") == [
        {
            "query_id": "q1",
            "item_id": "i1",
            "merchant_id": "gone",
            "relevance": 0.9,
            "title": "a, b",
        }
    ]


def test_is_the_library(files, capsys):
    rng = np.random.default_rng(1)
    count = 300
    scores = pd.DataFrame(
        {
            "merchant_id": [f"m{n}" for n in range(40)],
            "trust_index": rng.uniform(30, 100, 40),
            "index_se": rng.uniform(0, 9, 40),
            "prior_index": 71.0,
            "coverage": rng.uniform(0, 1, 40),
            "veto": rng.choice(["", "cap", "floor", "block"], 40, p=[0.85, 0.05, 0.05, 0.05]),
        }
    )
    scores.to_csv(files / "scores.csv", index=False)
    candidates = pd.DataFrame(
        {
            "query_id": [f"q{n}" for n in rng.integers(0, 20, count)],
            "item_id": [f"i{n}" for n in rng.permutation(count)],
            "merchant_id": [f"m{n}" for n in rng.integers(0, 45, count)],
            "relevance": rng.beta(1, 4, count).round(2) + 0.01,
        }
    )
    candidates.to_csv(files / "candidates.csv", index=False)
    assert boost(capsys, files, "--quiet")[0] == 0
    ranked = pd.read_csv(files / "ranked.csv").groupby("query_id")
    table = TrustTable.build(scores)
    for query, rows in candidates.groupby("query_id"):
        alone = rerank(
            rows["relevance"], rows["merchant_id"], rows["item_id"], table=table, query_id=query
        )
        shown = ranked.get_group(query)
        assert shown["item_id"].tolist() == rows["item_id"].iloc[alone.order].tolist()
        # Older pandas reads the last bit of a number wrong.
        assert shown["trust_boost"].to_numpy() == pytest.approx(
            alone.trust_boost[alone.order], rel=1e-14
        )


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_every_format_in_and_out(files, capsys, suffix):
    frame = pd.read_csv(files / "candidates.csv", keep_default_na=False)
    given = files / f"given{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(given)
        pd.read_csv(files / "scores.csv").to_parquet(files / "scores.parquet")
    else:
        frame.to_csv(given, index=False)
    scores = files / ("scores.parquet" if suffix == ".parquet" else "scores.csv")
    out, blocked = files / f"out{suffix}", files / f"blocked{suffix}"
    assert run(capsys, given, "--scores", scores, "-o", out, "--blocked", blocked)[0] == 0
    read = pd.read_parquet if suffix == ".parquet" else pd.read_csv
    assert boost(capsys, files)[0] == 0
    plain = pd.read_csv(files / "ranked.csv")
    for name in ("query_id", "item_id", "final_rank"):
        assert read(out)[name].tolist() == plain[name].tolist()
    for name in ("trust_boost", "final_score"):
        assert read(out)[name].to_numpy() == pytest.approx(plain[name].to_numpy(), rel=1e-14)
    assert len(read(blocked)) == 1


def test_the_same_bytes_twice(files, capsys):
    for name in ("one.csv.gz", "two.csv.gz"):
        assert boost(capsys, files, out=name)[0] == 0
    assert (files / "one.csv.gz").read_bytes() == (files / "two.csv.gz").read_bytes()


def test_as_a_filter(files):
    done = subprocess.run(
        [sys.executable, "-m", "trustscore", "boost", "-", "--scores", "scores.csv", "-o", "-"],
        input=CANDIDATES.encode(),
        capture_output=True,
        check=False,
        cwd=files,
    )
    assert done.returncode == 0, done.stderr
    assert len(pd.read_csv(io.BytesIO(done.stdout))) == 5


def test_nothing_blocked_is_an_empty_list(files, capsys):
    (files / "candidates.csv").write_text("query_id,item_id,merchant_id,relevance\nq,i,good,1\n")
    assert boost(capsys, files, "--blocked", files / "blocked.csv")[0] == 0
    assert (files / "blocked.csv").read_text() == "query_id,item_id,merchant_id,relevance\n"


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        (["q,i1,good,0.5", "q,i2,good,", ",i3,good,1", "q,i4,,1", "q,,good,1"],
         ["line 6, item_id: is blank"]),
        (["q,i1,good,0.5", "q,i2,good,", ",i3,good,1", "q,i4,,1"],
         ["line 3, relevance: is blank", "line 4, query_id: is blank",
          "line 5, merchant_id: is blank"]),
        (["q,i1,good,0.5", "q,i2,good,much", "q,i3,good,inf", "q,i4,good,nan"],
         ["line 3, relevance: a number is expected. Got 'much'", "line 4, relevance"]),
        (["q,i1,good,0.5", "q,i2,good,0", "q,i3,good,-2"],
         ["line 3: relevance must be above 0. Got 0", "line 4: relevance must be above 0. Got -2",
          "form = 'additive'"]),
        (["q,i1,good,0.5", "p,i1,good,0.5", "q,i1,bad,0.4"],
         ["line 4: item 'i1' again in its list"]),
        (["q,i1,good,0.5,9"], ["line 2"]),
        ([], ["has no rows"]),
    ],
)  # fmt: skip
def test_faults_of_candidates_are_named(files, capsys, rows, faults):
    text = "\n".join(["query_id,item_id,merchant_id,relevance", *rows]) + "\n"
    (files / "candidates.csv").write_text(text)
    code, said, _ = boost(capsys, files, "--blocked", files / "blocked.csv")
    assert code == 2, said
    for fault in faults:
        assert fault in said
    assert not (files / "ranked.csv").exists()
    assert not (files / "blocked.csv").exists()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("query,item_id,merchant_id,relevance", "query_id: no such column, did you mean query?"),
        ("query_id,item_id,merchant_id,score", "relevance"),
        ("query_id,item_id,seller,relevance", "merchant_id: no such column"),
        (
            "query_id,item_id,merchant_id,relevance,final_rank",
            "final_rank: the output adds a column",
        ),
        ("query_id,item_id,merchant_id,relevance,relevance", "relevance"),
    ],
)
def test_columns_of_candidates(files, capsys, header, said):
    row = "q,i,good,0.5,1" if header.count(",") == 4 else "q,i,good,0.5"
    (files / "candidates.csv").write_text(f"{header}\n{row}\n")
    code, err, _ = boost(capsys, files)
    assert code == 2
    assert said in err


def test_all_missing_columns_are_named_with_nothing_boost_does_not_have(files, capsys):
    (files / "candidates.csv").write_text("query,seller\nq,good\n")
    code, err, _ = boost(capsys, files)
    assert code == 2
    for name in ("query_id", "item_id", "merchant_id", "relevance"):
        assert err.count(f"  {name}: no such column") == 1
    assert ": 4 faults in the columns\n" in err
    assert "--allow-missing-columns" not in err and "[columns]" not in err
    (files / "candidates.csv").write_text(CANDIDATES)
    (files / "scores.csv").write_text("merchant_id,trust_index\ngood,90\n")
    code, err, _ = boost(capsys, files)
    assert code == 2
    for name in ("index_se", "prior_index", "coverage", "veto"):
        assert err.count(f"  {name}: no such column") == 1


def test_a_column_that_is_there_twice_is_named_once(files, capsys):
    head, *rows = SCORES.splitlines()
    (files / "scores.csv").write_text(
        "\n".join([f"{head},coverage", *(f"{row},1" for row in rows)]) + "\n"
    )
    code, err, _ = boost(capsys, files)
    assert (code, err.count("is there 2 times")) == (2, 1)
    assert ": 1 fault in the columns\n" in err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("good,90,3", "bad,90,3"), "line 3: merchant_id 'bad' was met in line 2"),
        (("good,90,3", "good,190,3"), "line 2: trust_index must be between 0 and 100. Got 190"),
        (("bad,50,3", "bad,50,-3"), "line 3, index_se"),
        (("0.9,block", "0.9,blok"), "line 4: veto must be blank, cap, floor or block. Got 'blok'"),
        (("index_se", "se"), "index_se: no such column"),
        (("low,90", "low,high"), "line 5, trust_index: a number is expected. Got 'high'"),
    ],
)
def test_faults_of_scores_are_named(files, capsys, change, said):
    (files / "scores.csv").write_text(SCORES.replace(*change))
    code, err, _ = boost(capsys, files)
    assert code == 2, err
    assert said in err
    assert not (files / "ranked.csv").exists()


def test_faults_of_the_policy(files, capsys):
    (files / "mine.toml").write_text("[strength]\nbetta = 1\n[curve]\nrho = 2\n")
    code, err, _ = boost(capsys, files, "--policy", files / "mine.toml")
    assert code == 2
    assert "strength.betta: unknown key, did you mean beta?" in err
    assert "curve.rho" in err
    assert boost(capsys, files, "--policy", "bosst")[0] == 2


def test_files_that_are_not_there(files, capsys):
    assert boost(capsys, files, candidates="none.csv")[0] == 2
    assert boost(capsys, files, out="none/ranked.csv")[0] == 1


def test_one_file_is_not_used_twice(files, capsys):
    before = (files / "candidates.csv").read_text()
    for more in ({"out": "candidates.csv"}, {"out": "scores.csv"}, {"candidates": "scores.csv"}):
        code, err, _ = boost(capsys, files, **more)
        assert (code, "must be different files" in err) == (2, True)
    (files / "link.csv").symlink_to(files / "candidates.csv")
    assert boost(capsys, files, out="link.csv")[0] == 2
    assert boost(capsys, files, "--blocked", files / "ranked.csv")[0] == 2
    code, err, _ = run(
        capsys, files / "candidates.csv", "--scores", files / "scores.csv", "-o", "-",
        "--blocked", "-",
    )  # fmt: skip
    assert (code, "standard output can be used once" in err) == (2, True)
    assert (files / "candidates.csv").read_text() == before


def test_an_output_of_another_kind_is_refused_and_not_written_as_csv(files, capsys):
    code, err, _ = boost(capsys, files, "--blocked", files / "blocked", out="ranked.ods")
    assert code == 2
    for name, what in (("ranked.ods", "output"), ("blocked", "blocked")):
        assert f"{what} {files / name}: must end in .csv, .csv.gz, .parquet or .xlsx" in err
        assert not (files / name).exists()
    assert boost(capsys, files, out="/dev/null")[0] == 0


def test_an_old_output_stays_when_the_new_one_fails(files, capsys):
    (files / "ranked.csv").write_text("old\n")
    (files / "candidates.csv").write_text("query_id,item_id,merchant_id,relevance\nq,i,good,0\n")
    assert boost(capsys, files)[0] == 2
    assert (files / "ranked.csv").read_text() == "old\n"
    assert {path.name for path in files.iterdir()} == {"ranked.csv", "candidates.csv", "scores.csv"}


def test_another_policy_than_the_scores_were_made_with(files, capsys):
    frame = pd.read_csv(files / "scores.csv", keep_default_na=False)
    rule = BoostPolicy.load("boost")
    table = TrustTable.build(frame)
    frame["trust_boost"] = table.boosts(frame["merchant_id"], rule).round(8)
    frame.to_csv(files / "scores.csv", index=False)
    assert "another trust_boost" not in boost(capsys, files)[1]
    frame.assign(trust_boost=[1.0, 0.0, None, 1.2]).to_csv(files / "scores.csv", index=False)
    said = boost(capsys, files)[1]
    assert "note: 3 merchants have another trust_boost" in said
    # A column that the export lacks cannot be kept: score would refuse the advice.
    assert "those of enrolled, claims_unpaid and category that the export has" in said


def test_query_kinds(files, capsys):
    frame = pd.read_csv(files / "candidates.csv")
    frame["query_kind"] = frame["query_id"].map({"q1": "", "q2": "brand"})
    frame.to_csv(files / "candidates.csv", index=False)
    assert boost(capsys, files)[0] == 0
    ranked = pd.read_csv(files / "ranked.csv").query("query_id == 'q2'")
    assert ranked["item_id"].tolist() == ["i1", "i3", "i2"]
    assert ranked["trust_boost"].tolist() == [1, 1, 1]
    frame.loc[0, "query_kind"] = "sku"
    frame.to_csv(files / "candidates.csv", index=False)
    code, err, _ = boost(capsys, files)
    assert code == 2
    assert "line 4: query_kind is 'brand', and 'sku' in line 2" in err


def test_expired_scores(files, capsys):
    fresh = ("--scored-on", "2026-01-01", "--today", "2026-01-15")
    assert boost(capsys, files, *fresh)[0] == 0
    assert pd.read_csv(files / "ranked.csv")["trust_boost"].nunique() == 4
    late = ("--scored-on", "2026-01-01", "--today", "2026-01-16")
    code, said, _ = boost(capsys, files, *late)
    assert code == 0
    ranked = pd.read_csv(files / "ranked.csv")
    assert ranked["trust_boost"].tolist() == [1.0] * 5
    assert ranked["item_id"].tolist() == ["i1", "i3", "i2", "i2", "i3"]  # vetoes hold
    assert "1 blocked" in said
    code, err, _ = boost(capsys, files, "--today", "2026-01-16")
    assert code == 0
    assert "note: 4 merchants cannot expire" in err
    assert boost(capsys, files, "--scored-on", "yesterday", "--today", "2026-01-16")[0] == 2


def test_exploration_writes_what_it_drew(files, capsys):
    policy = files / "explore.toml"
    policy.write_text("[exploration]\nshare = 0.5\nfirst = 1\nabsent = true\n")
    rows = [f"q{n},i{k},x{k},{1 - k / 10}" for n in range(40) for k in range(4)]
    text = "\n".join(["query_id,item_id,merchant_id,relevance", *rows]) + "\n"
    (files / "candidates.csv").write_text(text)
    # Candidates without any score are an error: x0 has one that leaves it neutral.
    (files / "scores.csv").write_text(SCORES + "x0,,,,0,\n")
    assert boost(capsys, files, "--policy", policy)[0] == 0
    ranked = pd.read_csv(files / "ranked.csv")
    lifted = ranked.groupby("query_id")["explored"].sum()
    assert set(lifted) == {0, 1}
    drawn = ranked.query("explored == 1").set_index("item_id")["propensity"]
    for item, relevance in (("i1", 0.9), ("i2", 0.8), ("i3", 0.7)):
        assert drawn[[item]].to_numpy() == pytest.approx(0.5 * relevance / 2.4)
    none = ranked[ranked["query_id"].map(lifted) == 0]
    assert none["propensity"].to_numpy() == pytest.approx(0.5)
    first = (files / "ranked.csv").read_bytes()
    assert boost(capsys, files, "--policy", policy)[0] == 0
    assert (files / "ranked.csv").read_bytes() == first


def test_a_log_changes_nothing_in_the_ranking(files, capsys):
    policy = files / "explore.toml"
    policy.write_text(
        "[exploration]\nshare = 0.5\nfirst = 1\nabsent = true\n[exclusions]\nkinds = ['sku']\n"
    )
    rows = [
        f"q{n},i{k},{'bad' if k < 2 else 'x'},{1 - k / 10},{'sku' if n % 4 == 0 else ''}"
        for n in range(20)
        for k in range(4)
    ]
    text = "\n".join(["query_id,item_id,merchant_id,relevance,query_kind", *rows]) + "\n"
    (files / "candidates.csv").write_text(text)
    assert boost(capsys, files, "--policy", policy)[0] == 0
    more = ("--policy", policy, "--log", files / "log.parquet")
    assert boost(capsys, files, *more, out="logged.csv")[0] == 0
    assert (files / "logged.csv").read_bytes() == (files / "ranked.csv").read_bytes()
    logged = pd.read_parquet(files / "log.parquet").set_index(["query_id", "item_id"])
    ranked = pd.read_csv(files / "ranked.csv").set_index(["query_id", "item_id"])
    assert logged["explored"].sum() == ranked["explored"].sum() > 0
    off = ranked.query("query_kind == 'sku'")
    assert off["trust_boost"].tolist() == [1.0] * 20


def test_additive_form_takes_any_finite_relevance(files, capsys):
    (files / "mine.toml").write_text("form = 'additive'\n")
    (files / "candidates.csv").write_text(
        "query_id,item_id,merchant_id,relevance\nq,i1,bad,0\nq,i2,good,-0.1\nq,i3,x,-9\n"
    )
    assert boost(capsys, files, "--policy", files / "mine.toml")[0] == 0
    assert pd.read_csv(files / "ranked.csv")["item_id"].tolist() == ["i2", "i1", "i3"]


def test_gzip_is_really_gzip(files, capsys):
    assert boost(capsys, files, out="ranked.csv.gz")[0] == 0
    text = gzip.decompress((files / "ranked.csv.gz").read_bytes()).decode()
    assert boost(capsys, files)[0] == 0
    assert text == (files / "ranked.csv").read_text()
