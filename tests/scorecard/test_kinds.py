"""Every kind means the same to everybody: scorecard, kernel, SQL, simulation, fit and advice."""

import dataclasses
import math
import re

import numpy as np
import pytest

from tests.export.sql_engines import duck
from tests.scorecard.one_signal import LINES, card_of, one_signal
from trustscore.audit.choices import choices_of, varied
from trustscore.errors import ScorecardError
from trustscore.explain import explain, render_text
from trustscore.export import export_sql
from trustscore.fitting import fit_scorecard
from trustscore.scorecard import parse_scorecard, scorecard_schema
from trustscore.scorecard.kinds import KINDS, Sample
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export

NAMES = list(KINDS)
# Cells and the value they shrink to with prior and strength of `LINES`, by hand.
BY_HAND = {
    "rate": ((7, 10), (7 + 10 * 0.3) / 20),
    "events": ((12, 10), (12 + 10 * 0.5) / 20),
    "mean": ((8, 10), (10 * 8 + 10 * 5) / 20),
    "duration": ((60, 10), math.exp((math.log(60) + math.log(30)) / 2)),
    "ratio": ((7, None), 7),
    "count": ((7, None), 7),
    "flag": ((1, None), 1),
    "score": ((7, None), 7),
}


def block_of(kind, *rows):
    block = {"value": np.array([value for value, _ in rows], dtype=float)}
    if KINDS[kind].sample is Sample.ALWAYS:
        block["n"] = np.array([n for _, n in rows], dtype=float)
    return block


def value_of(kind, card, *rows):
    return score_columns(block_of(kind, *rows), card, "all").value[0].tolist()


def test_every_kind_has_cases_here():
    assert list(BY_HAND) == list(LINES) == NAMES


@pytest.mark.parametrize("kind", NAMES)
def test_the_kernel_gives_what_was_worked_out_by_hand(kind):
    card = card_of(kind)
    cells, wanted = BY_HAND[kind]
    nothing = (math.nan, math.nan)
    found = value_of(kind, card, cells, nothing)
    assert found == pytest.approx([wanted, LINES[kind]["prior"]], rel=1e-12)


def test_a_ratio_may_have_a_sample():
    card = card_of("ratio", ratio=["value", "n"], strength=10.0)
    block = {"value": np.array([7.0]), "n": np.array([10.0])}
    scores = score_columns(block, card, "all")
    assert scores.value[0].tolist() == [(7 * 10 + 3 * 10) / 20]
    assert scores.coverage.tolist() == [0.5]


@pytest.mark.parametrize("kind", [kind for kind in NAMES if KINDS[kind].sample is Sample.NEVER])
def test_others_may_not(kind):
    with pytest.raises(ScorecardError, match=rf"signals.d.s.{kind}"):
        card_of(kind, **{kind: ["value", "n"]})


@pytest.mark.parametrize("kind", [kind for kind in NAMES if KINDS[kind].sample is Sample.ALWAYS])
def test_a_sample_may_not_be_left_out(kind):
    with pytest.raises(ScorecardError, match=rf"signals.d.s.{kind}"):
        card_of(kind, **{kind: "value"})


@pytest.mark.parametrize("kind", NAMES)
def test_sql_gives_the_same(kind):
    card = card_of(kind)
    values = [0.0, 0.5, 1.0, 3.0, 7.0, 1e6, math.nan]
    pairs = [(value, n) for value in values for n in (0.0, 1.0, 10.0, 1e6, math.nan)]
    block = block_of(kind, *pairs)
    ids = np.array([f"m{at:03}" for at in range(len(pairs))], dtype=object)
    found = np.array(duck(export_sql(card, side=()), block | {"merchant_id": ids})["d"], float)
    wanted = score_columns(block, card).dimensions["d"]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", NAMES)
def test_a_made_up_market_keeps_the_rules_of_the_kind(kind):
    card = card_of(kind)
    export = simulate_export(500, seed=3, scorecard=card)
    value = export["value"][np.isfinite(export["value"])]
    assert len(value) > 100
    form = KINDS[kind]
    if form.whole:
        assert (value == np.round(value)).all()
    else:
        assert np.allclose(value, np.round(value, form.decimals), rtol=0, atol=1e-12)
    if form.parts:
        assert (export["value"] <= export["n"])[np.isfinite(export["value"])].all()
    if form.check != "number":
        assert (value >= 0).all()
    if form.check == "flag":
        assert set(value.tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("kind", NAMES)
def test_columns_are_checked_by_kind(kind):
    fields = {field.name: field.check for field in card_of(kind).fields}
    assert fields.pop("value") == KINDS[kind].check
    assert fields == ({"n": "count"} if KINDS[kind].sample is Sample.ALWAYS else {})
    assert bool(card_of(kind).pairs) == KINDS[kind].parts


@pytest.mark.parametrize("kind", NAMES)
def test_a_fit_finds_the_prior(kind):
    export = simulate_export(2000, seed=3, scorecard=card_of(kind))
    open_keys = {"prior": "fit"}
    if KINDS[kind].sample is Sample.ALWAYS:
        open_keys["strength"] = "fit"
    fitted = fit_scorecard(dict(export), parse_scorecard(one_signal(kind, **open_keys)))
    signal, prior = fitted.scorecard.signal("s"), LINES[kind]["prior"]
    assert signal.kind == kind
    # The middle of figures without a sample is taken as it is, and most merchants have few cases.
    likely = [0, 9] if KINDS[kind].sample is Sample.NEVER else np.array([0.7, 1.4]) * prior
    assert likely[0] <= signal.prior <= likely[1]


@pytest.mark.parametrize("kind", NAMES)
def test_an_audit_can_vary_it(kind):
    card = card_of(kind)
    names = [choice.name for choice in choices_of(card)[0]]
    assert ("priors" in names) == (KINDS[kind].sample is Sample.ALWAYS)
    assert varied(card, dict.fromkeys(names, 1), seed=5).signal("s").kind == kind


@pytest.mark.parametrize("kind", NAMES)
def test_priors_keep_to_their_bounds(kind):
    form = KINDS[kind]
    changes = {"range": None}
    if math.isfinite(form.low):
        for prior in (form.low - 0.5, *([form.low] if form.low_is_open else [])):
            with pytest.raises(ScorecardError, match=rf"prior: must {form.prior_bounds}"):
                card_of(kind, prior=prior, **changes)
    else:
        card_of(kind, prior=-5.0, **changes)
    if math.isfinite(form.high):
        with pytest.raises(ScorecardError, match=rf"prior: must {form.prior_bounds}"):
            card_of(kind, prior=form.high + 0.5, **changes)


@pytest.mark.parametrize("kind", NAMES)
def test_an_interval_asks_for_sd_where_the_kind_needs_one(kind):
    if KINDS[kind].sd:
        with pytest.raises(ScorecardError, match="sd: is missing"):
            card_of(kind, sd=None)
    else:
        card_of(kind, sd=None)


@pytest.mark.parametrize("kind", NAMES)
def test_the_curve_it_has_when_none_is_named(kind):
    data = one_signal(kind) | {"defaults": {"curve": "log1p"}}
    assert parse_scorecard(data).signal("s").curve == (KINDS[kind].curve or "log1p")


@pytest.mark.parametrize("kind", NAMES)
def test_a_statement_shows_counts_as_a_share(kind):
    statement = explain(block_of(kind, BY_HAND[kind][0]), card_of(kind))
    (line,) = statement.signals
    assert line.kind == kind
    said = re.findall(r"^ +[-+][0-9.]+  s  (.*)$", render_text(statement), re.MULTILINE)
    assert said
    assert [("%" in text) for text in said] == [KINDS[kind].counts] * len(said)


def test_the_scorecard_file_has_a_key_for_every_kind():
    keys = scorecard_schema()["$defs"]["SignalSpec"]["properties"]
    assert [key for key in keys if key in KINDS] == NAMES


def test_properties_of_a_signal_come_from_its_kind():
    for kind in NAMES:
        signal = card_of(kind).signal("s")
        form = KINDS[kind]
        assert (signal.counts, signal.on_log, signal.whole) == (
            form.counts,
            form.on_log,
            form.whole,
        )


def test_an_unknown_kind_is_an_error_with_the_near_name():
    with pytest.raises(ScorecardError, match="unknown kind 'scor', did you mean score"):
        KINDS["scor"]
    with pytest.raises(ScorecardError, match="unknown kind 'scor', did you mean score"):
        dataclasses.replace(card_of().signal("s"), kind="scor")
    with pytest.raises(ScorecardError, match="scor: unknown key, did you mean score"):
        card_of("score", score=None, scor="value")


def test_codes_are_each_used_once():
    assert [kind.code for kind in KINDS.values()] == list(range(len(KINDS)))
    assert all(kind.meaning.endswith(".") for kind in KINDS.values())
