import csv
import json
import sys

import pytest

from trustscore.commands.main import main

CANDIDATES = """query_id,item_id,merchant_id,relevance
q1,a,bad,0.50
q1,b,stranger,0.48
q1,c,good,0.47
q2,a,good,0.30
q2,b,bad,0.29
"""
SCORES = """merchant_id,trust_index,index_se,prior_index,coverage,veto,tier,orders_paid
bad,50,3,71,0.9,,limited,5
good,90,3,71,0.9,,trusted,500
"""
LABELS = """query_id,item_id,label
q1,a,0
q1,b,1
q1,c,2
q2,a,1
q2,b,1
"""


@pytest.fixture
def folder(tmp_path):
    for name, text in (("candidates", CANDIDATES), ("scores", SCORES), ("labels", LABELS)):
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def run(folder, *words, scores="scores.csv"):
    arguments = ["boost-eval", f"{folder}/candidates.csv", "--scores", f"{folder}/{scores}"]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "-o", f"{folder}/eval", "--draws", "50", *words])
    return stop.value.code


def test_it_writes_four_files_and_says_what_they_hold(folder, capsys):
    pytest.importorskip("matplotlib")
    labels = ["--labels", f"{folder}/labels.csv", "--volume", "orders_paid", "--k", "1,2"]
    assert run(folder, *labels) == 0
    out = capsys.readouterr()
    assert out.err == ""
    for title in ("It costs", "It buys", "To decide", "Written: "):
        assert f"\n{title}" in out.out
    written = sorted(path.name for path in (folder / "eval").iterdir())
    assert written == ["metrics.csv", "metrics.json", "pareto.csv", "pareto.png"]
    assert (folder / "eval" / "pareto.png").read_bytes().startswith(b"\x89PNG")
    document = json.loads((folder / "eval" / "metrics.json").read_text())
    assert document["policy"].startswith("boost@")
    assert document["k"] == [1, 2] and document["main_k"] == 2
    boost = document["methods"]["boost"]
    with open(folder / "eval" / "metrics.csv", newline="") as file:
        rows = {(r["method"], r["metric"], r["group"], r["k"]): r for r in csv.DictReader(file)}
    one = rows["boost", "score_ndcg", "", "2"]
    assert float(one["value"]) == boost["score_ndcg@2"]["value"] < 1
    assert rows["boost", "loss_worst", "", "2"]["lower"] == ""
    assert boost["loss_worst@2"]["lower"] is None
    assert boost["label_ndcg@2"]["change"] > 0, "the good merchant has the better item"
    assert boost["exposure@2"]["trusted"]["change"] > 0
    assert boost["size_exposure@2"]["tenth 6"]["change"] > 0
    with open(folder / "eval" / "pareto.csv", newline="") as file:
        points = list(csv.DictReader(file))
    assert {row["method"] for row in points} == set(document["methods"]) - {"none"}
    assert {row["allowed"] for row in points if row["method"] == "boost"} == {"0", "1"}


def test_without_matplotlib_the_rest_is_written(folder, capsys, monkeypatch):
    (folder / "eval").mkdir()
    (folder / "eval" / "pareto.png").write_text("of an earlier run")
    for name in ("matplotlib", "matplotlib.backends", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert run(folder) == 0
    assert "pareto.png was not drawn" in (err := capsys.readouterr().err)
    assert "Install matplotlib" in err
    written = sorted(path.name for path in (folder / "eval").iterdir())
    assert written == ["metrics.csv", "metrics.json", "pareto.csv"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("q2,b,1", "q2,zz,1", "line 6: item 'zz' of query 'q2' is no candidate"),
        ("q2,b,1", "q9,b,1", "line 6: query 'q9' is no candidate"),
        ("q2,b,1", "q2,a,1", "line 6: item 'a' of query 'q2' again, see line 5"),
        ("q1,c,2", "q1,c,", "line 4, label: is blank"),
        ("q1,c,2", "q1,c,-2", "line 4, label"),
        ("q1,c,2", "q1,c,good", "line 4, label"),
        ("item_id,label", "item_id,grade", "label"),
        (LABELS[23:], "q1,a,0\nq1,b,0\nq1,c,0\nq2,a,0\nq2,b,0\n", "all are 0"),
        (LABELS[23:], "q1,a,0\n", "none is above 0"),
        (LABELS[23:], "", "has no rows"),
    ],
)
def test_faults_of_labels_are_named(folder, capsys, old, new, said):
    labels = folder / "labels.csv"
    assert old in LABELS
    labels.write_text(LABELS.replace(old, new))
    assert run(folder, "--labels", str(labels)) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "eval").exists()


def test_candidates_without_a_label_count_as_none_and_are_said(folder, capsys):
    labels = folder / "labels.csv"
    labels.write_text(LABELS.replace("q2,b,1\n", ""))
    assert run(folder, "--labels", str(labels)) == 0
    assert "labels: 1 candidates have none and count as 0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.48", "nan", "relevance"),
        ("0.48", "-1", "relevance must be above 0. Got -1"),
        ("0.48", "1e308", "relevance must be above 0"),
        ("q1,b", "q1,a", "an item twice"),
        ("0.48", "0", "line 3: relevance must be above 0"),
        ("q1,b", "q1,a", "line 3: item 'a' again in its list"),
        ("relevance\n", "relevanc\n", "relevance"),
        (CANDIDATES[38:], "", "has no rows"),
    ],
)
def test_faults_of_candidates_are_named(folder, capsys, old, new, said):
    assert old in CANDIDATES
    (folder / "candidates.csv").write_text(CANDIDATES.replace(old, new))
    assert run(folder) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (folder / "eval").exists()


def test_an_unknown_volume_is_named_with_the_way_out(folder, capsys):
    assert run(folder, "--volume", "orders_payd") == 2
    err = capsys.readouterr().err
    assert "no column orders_payd, did you mean orders_paid" in err
    assert "must be in --keep when the export is scored" in err


@pytest.mark.parametrize(
    "k", ["0", "1,,2", "five", "-1", "1.5", "", "10001", "5,99999999999", "9" * 5000]
)
def test_a_wrong_k_is_named(folder, capsys, k):
    assert run(folder, "--k", k) == 2
    assert "whole numbers like 5,10,20" in capsys.readouterr().err


@pytest.mark.slow
def test_places_beyond_the_longest_list_change_no_figure(folder):
    values = []
    for k in (3, 10_000):
        assert run(folder, "--k", str(k)) == 0
        methods = figures_of(folder)["methods"]
        values.append(
            {
                (name, metric.partition("@")[0]): figure
                for name, figures in methods.items()
                for metric, figure in figures.items()
            }
        )
    assert values[0] == values[1]


def test_every_merchant_blocked_is_said(folder, capsys):
    (folder / "scores.csv").write_text(SCORES.replace("0.9,,", "0.9,block,"))
    (folder / "candidates.csv").write_text(CANDIDATES.replace("stranger", "bad"))
    assert run(folder) == 2
    assert "floored or blocked" in capsys.readouterr().err


def test_the_same_run_writes_the_same_bytes(folder):
    pytest.importorskip("matplotlib")
    assert run(folder) == 0
    first = {path.name: path.read_bytes() for path in (folder / "eval").iterdir()}
    assert run(folder) == 0
    assert first == {path.name: path.read_bytes() for path in (folder / "eval").iterdir()}


def test_an_input_is_never_overwritten(folder, capsys):
    (folder / "eval").mkdir()
    labels = folder / "eval" / "metrics.csv"
    labels.write_text(LABELS)
    assert run(folder, "--labels", str(labels)) == 2
    assert "must be different files" in capsys.readouterr().err
    assert labels.read_text() == LABELS


def with_kinds(folder, *kinds):
    head, *rows = CANDIDATES.splitlines()
    lines = [f"{head},query_kind", *(f"{r},{k}" for r, k in zip(rows, kinds, strict=True))]
    (folder / "candidates.csv").write_text("\n".join(lines) + "\n")


def figures_of(folder):
    return json.loads((folder / "eval" / "metrics.json").read_text())


@pytest.mark.slow
def test_excluded_lists_are_measured_as_they_are_ranked(folder, capsys):
    assert run(folder, "--k", "3") == 0
    boosted = figures_of(folder)["methods"]["boost"]["changed_lists@3"]["value"]
    with_kinds(folder, "brand", "brand", "brand", "", "")
    assert run(folder, "--k", "3") == 0
    assert "1 of 2 lists are excluded by the policy" in " ".join(capsys.readouterr().out.split())
    half = figures_of(folder)
    # The boost moves the first list only.
    assert (boosted, half["methods"]["boost"]["changed_lists@3"]["value"]) == (0.5, 0)
    assert half["facts"]["lists_excluded"] == 1
    with_kinds(folder, *["brand"] * 5)
    assert run(folder, "--k", "3") == 0
    for name, method in figures_of(folder)["methods"].items():
        # What is off for the boost is off for what it is compared with.
        assert method["score_ndcg@3"]["value"] == 1, name
        assert method["changed_lists@3"]["value"] == 0, name


def test_a_query_of_two_kinds_is_the_fault_it_is_for_boost(folder, capsys):
    with_kinds(folder, "brand", "brand", "sku", "", "")
    assert run(folder) == 2
    assert "line 4: query_kind is 'sku', and 'brand' in line 2" in capsys.readouterr().err


@pytest.mark.slow
def test_expired_scores_are_measured_as_neutral(folder, capsys):
    fresh = ["--scored-on", "2026-01-01", "--today", "2026-01-15"]
    assert run(folder, "--k", "3") == 0
    plain = figures_of(folder)
    assert run(folder, "--k", "3", *fresh) == 0
    dated = figures_of(folder)
    assert (dated["today"], dated["scored_on"]) == ("2026-01-15", "2026-01-01")
    assert dated["methods"] == plain["methods"]
    late = ["--scored-on", "2026-01-01", "--today", "2026-01-16"]
    assert run(folder, "--k", "3", *late) == 0
    expired = figures_of(folder)
    assert expired["methods"]["boost"]["score_ndcg@3"]["value"] == 1
    assert expired["facts"]["share_expired"] == 0.8
    assert "have expired: neutral" in " ".join(capsys.readouterr().out.split())
    assert run(folder, "--today", "2026-01-16") == 0
    assert "note: 2 merchants cannot expire" in capsys.readouterr().err


@pytest.mark.slow
def test_vetoes_of_expired_scores_are_measured_as_the_policy_has_it(folder):
    (folder / "scores.csv").write_text(SCORES.replace("0.9,,trusted", "0.9,block,trusted"))
    policy = folder / "mine.toml"
    late = ["--scored-on", "2026-01-01", "--today", "2026-03-01", "--policy", str(policy)]
    for keep, gone in (("true", 2), ("false", 0)):
        policy.write_text(f"[validity]\ndays = 14\nkeep_vetoes = {keep}\n")
        assert run(folder, *late) == 0
        assert figures_of(folder)["vetoes"]["candidates"] == gone


def test_a_policy_is_never_written_over(folder, capsys, repository):
    policy = folder / "eval" / "metrics.json"
    policy.parent.mkdir()
    policy.write_bytes((repository / "configs" / "boost.toml").read_bytes())
    before = policy.read_bytes()
    assert run(folder, "--policy", str(policy)) == 2
    assert policy.read_bytes() == before
    assert "must be different files" in capsys.readouterr().err
