"""Columns that a scorecard derives: read, checked, scored, exported and made up like any other."""

import json

import numpy as np
import pandas as pd
import pytest

from tests.export.sql_engines import duck
from tests.scorecard.one_signal import one_signal
from trustscore import score_frame, score_merchant
from trustscore.audit.cards import private_columns, without_conditions
from trustscore.audit.market import Market
from trustscore.batch.check_export import check_export
from trustscore.batch.files import score_files
from trustscore.errors import InputError, ScorecardError
from trustscore.explain import explain
from trustscore.export import export_sql
from trustscore.fitting import fit_scorecard
from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.derived import Derived
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export


def derived(kind="score", **columns):
    """A scorecard of one signal, `value`, that is derived."""
    data = one_signal(kind)
    data["derived"] = columns
    return data


CARD = parse_scorecard(derived(value="100 - defects"))
A, B = np.array([3.0, 1.0, np.nan, 4.0]), np.array([2.0, 0.0, 1.0, np.nan])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a + b", [5, 1, np.nan, np.nan]),
        ("a - b", [1, 1, np.nan, np.nan]),
        ("b - a", [-1, -1, np.nan, np.nan]),
        ("abs(b - a)", [1, 1, np.nan, np.nan]),
        ("a * b", [6, 0, np.nan, np.nan]),
        ("a / b", [1.5, np.nan, np.nan, np.nan]),
        ("100 - a", [97, 99, np.nan, 96]),
        ("a / 4", [0.75, 0.25, np.nan, 1]),
        ("1 / a", [1 / 3, 1, np.nan, 0.25]),
        ("  a*1e2 ", [300, 100, np.nan, 400]),
    ],
)
def test_by_hand(text, wanted):
    found = Derived.parse(text)
    np.testing.assert_allclose(found.of({"a": A, "b": B}.get), wanted, rtol=1e-15)
    assert Derived.parse(str(found)) == found
    assert str(Derived.parse(str(found))) == str(found)


@pytest.mark.parametrize(
    "text",
    ["", "a", "1 + 2", "a ** b", "a + b + c", "a // b", "(a - b)", "abs(a - b", "abs a - b)", "-a"]
    + ["sqrt(a + b)", "a - b.c", "a / 0", "a * 0", "0 / a", "a - a", "a + 1e999", "a; b", 7, None],
)
def test_what_is_no_derivation_is_a_fault(text):
    with pytest.raises(ScorecardError, match=r"derived\.value"):
        parse_scorecard(derived(value=text))


def test_faults_of_names_are_said_at_once():
    data = derived(value="a - b", b="x / y", idle="x + y", claims_unpaid="x - y")
    data["derived"]["side"] = "category - x"
    data["columns"] = {"value": "other"}
    with pytest.raises(ScorecardError) as error:
        parse_scorecard(data)
    told = str(error.value)
    for part in (
        "derived.value: reads b, which is derived itself",
        "derived.idle: is read by no signal or rule",
        "derived.claims_unpaid: is the name of a side column",
        "derived.side: column category holds text",
        "columns.value: is derived",
    ):
        assert part in told


@pytest.fixture
def export(tmp_path):
    frame = pd.DataFrame(
        {
            "merchant_id": ["a", "b", "c", "d"],
            "value": [1, 2, 3, 4],  # of the same name in the export: not read
            "defects": [95.0, 99.0, None, 91.0],
        }
    )
    frame.to_csv(tmp_path / "e.csv", index=False)
    frame.to_parquet(tmp_path / "e.parquet", index=False)
    frame.to_json(tmp_path / "e.jsonl", orient="records", lines=True)
    return tmp_path


# The one signal is poor at 1 and good at 9: 5, 1, blank and 9.
WANTED = [50.0, 0.0, None, 100.0]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_files_frames_and_dicts_score_alike(export, suffix):
    score_files(export / f"e.{suffix}", export / "s.csv", scorecard=CARD)
    scores = pd.read_csv(export / "s.csv")
    found = scores.trust_index.astype(object).where(scores.trust_index.notna(), None).tolist()
    assert found == WANTED
    frame = score_frame(pd.read_csv(export / "e.csv", dtype=str, keep_default_na=False), CARD)
    assert [None if x != x else x for x in frame.trust_index] == WANTED
    for x, wanted in zip([95.0, 99.0, None, 91.0], WANTED, strict=True):
        found = score_merchant({"defects": x}, CARD).trust_index
        assert found == (wanted if wanted is not None else pytest.approx(np.nan, nan_ok=True))


def test_sql_gives_the_same(export):
    rows = {"merchant_id": np.array(list("abcd"), dtype=object)}
    rows["defects"] = np.array([95.0, 99.0, np.nan, 91.0])
    assert duck(export_sql(CARD, side=()), rows)["trust_index"] == WANTED


def test_the_columns_an_export_must_have_are_those_it_is_derived_from(tmp_path):
    assert [f.name for f in CARD.inputs] == ["defects"]
    (tmp_path / "e.csv").write_text("merchant_id,value\na,1\n")
    with pytest.raises(InputError) as error:
        score_files(tmp_path / "e.csv", tmp_path / "s.csv", scorecard=CARD)
    assert "none of the 1 columns that the scorecard reads, such as defects:" in str(error.value)
    score_files(tmp_path / "e.csv", tmp_path / "s.csv", scorecard=CARD, allow_missing_columns=True)
    assert "not_scored" in (tmp_path / "s.csv").read_text()
    assert set(check_export(tmp_path / "e.csv", CARD).missing) >= {"defects"}


def test_a_derived_cell_is_checked_like_any_other(tmp_path):
    card = parse_scorecard(derived("count", value="paid - refunded"))
    (tmp_path / "e.csv").write_text("merchant_id,paid,refunded\na,5,2\nb,2,5\n")
    result = score_files(
        tmp_path / "e.csv", tmp_path / "s.csv", rejects=tmp_path / "r.csv", scorecard=card
    )
    rows = result.manifest["rows"]
    assert (rows["scored"], rows["rejected"]) == (1, 1)
    reject = pd.read_csv(tmp_path / "r.csv").iloc[0]
    assert (reject["column"], str(reject["value"])) == ("value", "-3")
    assert reject.reason.startswith("negative_count")


def test_a_statement_shows_the_derived_figure():
    block = {"defects": np.array([95.0])}
    line = explain(block, CARD).signals[0]
    assert (line.raw, line.utility) == (5.0, 0.5)
    assert score_columns(block, CARD).raw_index[0] == 50.0
    assert explain(block, CARD, missing=frozenset({"defects"})).signals[0].state == "not_collected"


@pytest.mark.parametrize("text", ["100 - x", "x - y", "x / y", "y / x", "x * y", "abs(x - 45)"])
def test_a_made_up_export_comes_out_as_drawn(text):
    card = parse_scorecard(derived(value=text))
    plain = parse_scorecard(one_signal("score"))
    made, wanted = (simulate_export(400, seed=3, scorecard=c) for c in (card, plain))
    assert "value" not in made
    known = np.isfinite(wanted["value"])
    drawn = np.abs(wanted["value"]) if text.startswith("abs") else wanted["value"]
    found = Derived.parse(text).of(made.__getitem__)
    np.testing.assert_allclose(found[known & np.isfinite(found)], drawn[known & np.isfinite(found)])
    assert np.isfinite(found).mean() > 0.9


def test_the_file_says_again_what_it_said():
    saved = json.loads(CARD.file.model_dump_json(exclude_none=True))
    assert saved["derived"] == {"value": "100 - defects"}
    assert parse_scorecard(saved).sha256 == CARD.sha256
    assert parse_scorecard(derived(value="100.0-defects")).sha256 == CARD.sha256


def test_a_fit_and_an_audit_of_a_block_derive_too():
    defects = np.linspace(90.0, 99.0, 60)
    block = {"defects": defects, "merchant_id": np.arange(60).astype(str).astype(object)}
    fitted = fit_scorecard(block, parse_scorecard(derived(value="100 - defects")), anchors=True)
    signal = fitted.scorecard.signal("s")
    assert (signal.poor, signal.good) == pytest.approx((1.45, 9.55), abs=0.1)
    market = Market(block, CARD)
    assert market.block["value"].tolist() == (100 - defects).tolist()
    assert Market(block, CARD, frozenset({"defects"})).missing == {"defects", "value"}


def test_variations_of_an_audit_leave_out_what_nothing_reads_any_longer():
    data = derived(value="100 - defects", rest="other - defects")
    data["columns"] = {"defects": "faulty"}
    [lines] = data["signals"].values()
    next(iter(lines.values()))["applies_when"] = "rest > 3"
    card = parse_scorecard(data)
    apart, copies = private_columns(card)
    assert copies == {"s__value": "value"}
    assert [f.name for f in apart.fields] == ["s__value", "other", "defects", "rest"]
    assert [f.name for f in without_conditions(card).fields] == ["defects", "value"]
