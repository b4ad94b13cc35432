"""The terms of a platform: what is refused, and that all faults come at once."""

import datetime as dt
import json
import tomllib
from pathlib import Path

import pytest

from tests.letters.terms_example import GROUND, TERMS, terms_with
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.letters import load_terms, parse_terms, terms_faults
from trustscore.letters.terms import needs_ground
from trustscore.scorecard import load_scorecard

ROOT = Path(__file__).resolve().parents[2]
DAY = dt.date(2026, 3, 1)
CARD = load_scorecard("minimal")


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


def beside(terms, languages=("en", "zh"), card=CARD, day=DAY):
    return terms_faults(parse_terms(terms), card, languages, day)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"appeal": None}, "appeal: is missing"),
        ({"appeal__days": 0}, "appeal.days: must be greater than or equal to 1. Got 0"),
        ({"appeal__days": "soon"}, "appeal.days: must be a valid integer"),
        ({"appeal__hows": {"en": "x"}}, "appeal.hows: unknown key, did you mean how?"),
        ({"appeal__address": {}}, "appeal.address: "),
        ({"appeal__address": {"en": " "}}, "appeal.address.en: "),
        ({"appeal__address": {"fr": "x"}}, "appeal.address.fr"),
        ({"appeal__address": "x"}, "appeal.address: must be a table of keys"),
        ({"decision__effective_from": "2026-05-01"}, "either effective_from or notice_days"),
        ({"decision__notice_days": None}, "either effective_from or notice_days"),
        ({"decision__notice_days": -1}, "decision.notice_days"),
        ({"decision__basis": "notise"}, "decision.basis"),
        ({"decision__automated_decision": None}, "decision.automated_decision: is missing"),
        ({"decision__automated_decision": "perhaps"}, "decision.automated_decision"),
        ({"grounds__any_right": {**GROUND, "measure": "visibly"}}, "grounds.any_right.measure"),
        ({"grounds__any_right": {**GROUND, "kind": "custom"}}, "grounds.any_right.kind"),
        ({"grounds__rules": {"x": {}}}, "grounds.rules.x.clause: is missing"),
        ({"ranking__why": None}, "ranking.why: is missing"),
        ({"platform__name": {"en": "x" * 4001}}, "platform.name.en"),
    ],
)
def test_faults(changes, said):
    with pytest.raises(InputError) as error:
        parse_terms(terms_with(**changes))
    assert said in str(error.value)


def test_all_faults_at_once():
    with pytest.raises(InputError) as error:
        parse_terms(terms_with(appeal__days=0, decision__basis="x", ranking=None))
    assert len(error.value.faults) == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"grounds__any_rule": None},
            "grounds.rules.barred_identity_cap: is missing, and there is no grounds.any_rule",
        ),
        ({"grounds__any_right": None}, "grounds.rights.mall_feed: is missing"),
        (
            {"grounds__rules": {"barred_identity_cup": GROUND}},
            "unknown rule barred_identity_cup, did you mean barred_identity_cap?",
        ),
        (
            {"grounds__rights": {"campaign": GROUND}},
            "unknown right or duty campaign, did you mean campaigns?",
        ),
        ({"appeal__how": {"en": "x"}}, "appeal.how: has no text in zh"),
        (
            {"grounds__rules": {"barred_identity_cap": {**GROUND, "why": {"zh": "x"}}}},
            "grounds.rules.barred_identity_cap.why: has no text in en",
        ),
        (
            {"decision__notice_days": None, "decision__effective_from": "2026-02-28"},
            "decision.effective_from: must not be before the day of the letters, 2026-03-01",
        ),
        (
            {"grounds__any_right": {**GROUND, "terminates": True}},
            "grounds.any_right: terminates the service, which takes 30 days' notice unless at_once."
            " Got 15 days",
        ),
    ],
)
def test_faults_beside_a_scorecard(changes, said):
    (fault, *_) = [each for each in beside(terms_with(**changes)) if said in each]
    assert fault


def test_what_is_enough():
    assert beside(TERMS) == []
    assert beside(terms_with(appeal__how={"en": "x"}), ["en"]) == []
    enough = terms_with(decision__notice_days=30, grounds__any_right={**GROUND, "terminates": True})
    assert beside(enough) == []
    at_once = {**GROUND, "terminates": True, "at_once": True}
    assert beside(terms_with(grounds__any_right=at_once)) == []
    (fault,) = beside(TERMS, day=dt.date(9999, 12, 31))
    assert "no calendar goes so far" in fault
    # Every rule and right with a ground of its own needs none for all.
    ladder = {right for tier in CARD.tiers.ladder for right in tier.rights}
    own = terms_with(
        grounds={
            "rules": {rule.id: GROUND for rule in CARD.rules if needs_ground(rule)},
            "rights": dict.fromkeys(ladder, GROUND),
        }
    )
    assert beside(own) == []


def test_the_example_is_sound():
    terms = load_terms(ROOT / "examples/terms.toml")
    for day in (DAY, dt.date(2030, 1, 1)):
        assert terms_faults(terms, load_scorecard("default"), ("en", "zh"), day) == []
    said = tomllib.loads((ROOT / "examples/terms.toml").read_text("utf-8"))
    assert said.keys() == type(terms).model_fields.keys()
    assert load_terms(terms) is terms


def test_json_and_lines_of_text(tmp_path):
    path = tmp_path / "terms.json"
    path.write_text(json.dumps(TERMS), encoding="utf-8")
    assert load_terms(path).platform.contact["en"] == "Merchant desk\nmerchants@market.example"
    path.write_text(json.dumps(terms_with(platform__name={"en": "a\x1b[2J"})), encoding="utf-8")
    with pytest.raises(InputError, match="control"):
        load_terms(path)
    with pytest.raises(InputError, match="No such file"):
        load_terms(tmp_path / "none.toml")
    path.with_suffix(".toml").write_text("[platform\n")
    with pytest.raises(InputError, match="is not TOML"):
        load_terms(path.with_suffix(".toml"))


def test_every_key_says_what_it_is(capsys):
    assert run("schema", "--of", "terms") == 0
    schema = json.loads(capsys.readouterr().out)
    parts = {"Terms": schema, **schema["$defs"]}
    assert len(parts) == 7
    for name, part in parts.items():
        for key, said in part["properties"].items():
            assert said["description"].endswith("."), (name, key)
