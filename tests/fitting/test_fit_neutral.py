"""Neutral points by category: medians of the formal, written so that the boost reads them."""

import tomllib

import numpy as np
import pandas as pd
import pytest

from trustscore.boost import BoostPolicy, lean_parts
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.fitting import fit_neutral
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export
from trustscore.simulate.files import write_market

CARD = load_scorecard("minimal")
ODD = 'men\'s \\ "wear"'


@pytest.fixture(scope="module")
def block():
    found = simulate_export(500, seed=2, scorecard="minimal")
    words = np.array(["toys", ODD, "jade", None, ""], dtype=object)
    found["category"] = words[np.arange(500) % 5]
    few = np.flatnonzero(found["category"] == "jade")[40:]
    found["category"][few] = "toys"
    return found


def test_points_are_the_medians_of_the_formal(block):
    found = fit_neutral(block, CARD)
    scores = score_columns(block, CARD)
    formal = scores.status == "formal"
    points = found.policy.neutral.by_category
    assert set(points) == {"toys", ODD} and found.few == ("jade",)
    for word, point in points.items():
        middle = np.median(scores.trust_index[(block["category"] == word) & formal])
        assert point == pytest.approx(middle, abs=0.051)
    assert not (formal[block["category"] == "toys"]).all(), "the test must be able to fail"


def test_all_but_the_points_stays_with_its_comments(block, tmp_path):
    source = {"sha256": "0123456789abcdef", "rows": 500}
    found = fit_neutral(block, CARD, source=source)
    preset = BoostPolicy.load("boost")
    assert found.policy.version == f"{preset.version}+fit.01234567"
    keep = {"neutral", "version", "provenance"}
    assert found.policy.model_dump(exclude=keep) == preset.model_dump(exclude=keep)
    assert found.policy.neutral.point == preset.neutral.point
    assert "# Only what is settled counts" in found.text
    assert "formal merchants" in found.text
    assert found.policy.provenance["neutral_scorecard"] == CARD.stamp
    # A fitted file is fitted again like any other, and JSON like TOML.
    for name, text in (("a.toml", found.text), ("a.json", found.policy.model_dump_json())):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        again = fit_neutral(block, CARD, path)
        assert BoostPolicy.parse(tomllib.loads(again.text)) == again.policy
        assert again.policy.neutral == found.policy.neutral
        assert again.policy.version == f"{preset.version}+fit"
        assert "neutral_rows" not in again.policy.provenance


@pytest.mark.parametrize("words", [None, ["", None] * 250, [f"c{n}" for n in range(500)]])
def test_categories_that_cannot_be_fitted_are_an_error(block, words):
    given = {name: column for name, column in block.items() if name != "category"}
    if words is not None:
        given["category"] = np.array(words, dtype=object)
    with pytest.raises(InputError, match="neutral: "):
        fit_neutral(given, CARD)


def run(*words):
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code


@pytest.fixture
def market(tmp_path):
    write_market(tmp_path / "export.csv", 600, seed=3, scorecard="minimal")
    frame = pd.read_csv(tmp_path / "export.csv", dtype=str, keep_default_na=False)
    frame["category"] = np.where(np.arange(len(frame)) % 3 == 0, "toys", "jade")
    frame.to_csv(tmp_path / "export.csv", index=False)
    return tmp_path


def test_the_policy_of_the_command_boosts_what_the_scorecard_scores(market, capsys):
    card, policy, scores = (market / name for name in ("fitted.toml", "policy.toml", "scores.csv"))
    fit = ("fit", market / "export.csv", "--scorecard", "minimal", "-o", card)
    assert run(*fit, "--neutral", policy) == 0
    assert "neutral points of 2 categories" in capsys.readouterr().out
    rule = BoostPolicy.load(policy)
    assert rule.provenance["neutral_scorecard"] == load_scorecard(card).stamp
    assert rule.provenance["neutral_rows"] == 600
    keep = ("--scorecard", card, "--keep", "category", "--quiet")
    assert run("score", market / "export.csv", "-o", scores, *keep) == 0
    frame = pd.read_csv(scores)
    points = frame["category"].map(rule.neutral.by_category)
    mixed = frame["coverage"] * points + (1 - frame["coverage"]) * frame["prior_index"]
    np.testing.assert_allclose(lean_parts(frame, rule).neutral, mixed)
    assert points.nunique() == 2


def test_wrong_use_of_the_command_writes_nothing(market, capsys):
    card, policy = market / "fitted.toml", market / "policy.toml"
    fit = ("fit", market / "export.csv", "--scorecard", "minimal", "-o", card)
    for words, said in (
        (("--policy", "boost"), "give --neutral FILE"),
        (("--neutral", "-"), "--neutral must name a file"),
        (("--neutral", card), "is also the scorecard"),
        (("--neutral", market / "export.csv"), "is also an input"),
        (("--neutral", policy, "--policy", "bosst"), "bosst"),
    ):
        assert run(*fit, *words) == 2
        assert said in " ".join(capsys.readouterr().err.split())
    frame = pd.read_csv(market / "export.csv", dtype=str, keep_default_na=False)
    frame.drop(columns="category").to_csv(market / "export.csv", index=False)
    assert run(*fit, "--neutral", policy) == 2
    assert "the export has no category" in capsys.readouterr().err
    assert not card.exists() and not policy.exists()
