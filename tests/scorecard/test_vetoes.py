"""Every veto means the same to everybody: rules, scores, SQL, boosts, rankings, engines, texts."""

import json

import numpy as np
import pytest

from tests.export.sql_engines import duck
from trustscore.boost import BoostPolicy, TrustTable, boost_table, rerank
from trustscore.boost.position import _VETO_DOES
from trustscore.errors import InputError, PolicyError, ScorecardError
from trustscore.export import export_sql
from trustscore.export.engines import Boosts, engine_files
from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.vetoes import VETO_WORDS, Veto
from trustscore.scoring import score_columns
from trustscore.words import LANGUAGES, text

GIVEN = [veto for veto in Veto if veto]


def card_with(veto):
    effect = {"cap": 40} if veto == Veto.CAP else {"veto": veto.word}
    return parse_scorecard(
        {
            "name": "one",
            "version": "1",
            "effective_from": "2026-01-01",
            "dimensions": {"d": {"weight": 1}},
            "signals": {
                "d": {
                    "s": {"stage": "use", "score": True, "poor": 0, "good": 1, "prior": 0.5}
                    | {"weight": 1}
                }
            },
            "rules": {"r": {"when": "bad > 0"} | effect},
        }
    )


def scores_with(*words):
    rows = len(words)
    return {
        "merchant_id": [f"m{at}" for at in range(rows)],
        "trust_index": np.full(rows, 90.0),
        "index_se": np.full(rows, 3.0),
        "prior_index": np.full(rows, 71.0),
        "coverage": np.full(rows, 0.9),
        "veto": list(words),
    }


def test_codes_rise_from_mild_to_strict():
    assert [(veto.word, int(veto)) for veto in Veto] == [
        ("", 0),
        ("cap", 1),
        ("floor", 2),
        ("block", 3),
    ]
    assert VETO_WORDS == ("", "cap", "floor", "block")
    assert [Veto.of(word) for word in VETO_WORDS] == list(Veto)
    assert Veto.of("none") is Veto.NONE


def test_an_unknown_word_is_an_error():
    with pytest.raises(KeyError):
        Veto.of("blok")


@pytest.mark.parametrize("veto", GIVEN)
def test_a_rule_gives_it_in_python_and_in_sql(veto):
    card = card_with(veto)
    block = {"s": np.array([0.9, 0.9]), "bad": np.array([0.0, 1.0])}
    scores = score_columns(block, card)
    assert scores.veto.tolist() == ["", veto.word]
    assert scores.veto_code.tolist() == [0, veto]
    assert [scores.veto_names[code] for code in Veto] == list(VETO_WORDS)
    rows = block | {"merchant_id": np.array(["a", "b"], dtype=object)}
    assert duck(export_sql(card, side=()), rows)["veto"] == ["", veto.word]


@pytest.mark.parametrize("veto", GIVEN)
def test_a_rule_says_which_veto_it_gives(veto):
    (rule,) = card_with(veto).rules
    assert rule.veto is veto


@pytest.mark.parametrize("effect", ["bonus", "deduct"])
def test_a_rule_that_moves_points_gives_none(effect):
    card = card_with(Veto.FLOOR)
    data = card.file.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    data["rules"] = {"r": {"when": "bad > 0", effect: 3, "monotone": False}}
    (rule,) = parse_scorecard(data).rules
    assert rule.veto is Veto.NONE


@pytest.mark.parametrize("veto", GIVEN)
def test_the_boost_treats_it_as_the_policy_says(veto):
    lean = boost_table(scores_with("", veto.word))["lean"]
    assert lean[0] > 0
    assert lean[1] == (0.0 if veto == Veto.CAP else -1.0)
    mild = BoostPolicy.parse({"veto": dict.fromkeys(VETO_WORDS[1:], "none")})
    assert boost_table(scores_with("", veto.word), mild)["lean"].tolist() == [lean[0], lean[0]]


@pytest.mark.parametrize("veto", GIVEN)
def test_the_ranking_does_what_the_level_means(veto):
    table = TrustTable.build(scores_with(veto.word, ""))
    shown = rerank([0.9, 0.1], ["m0", "m1"], table=table)
    assert shown.vetoes.tolist() == [veto.word, ""]
    assert (
        shown.order.tolist()
        == {
            Veto.CAP: [0, 1],
            Veto.FLOOR: [1, 0],
            Veto.BLOCK: [1],
        }[veto]
    )
    assert _VETO_DOES[veto]


@pytest.mark.parametrize("veto", Veto)
def test_engines_are_told(veto):
    policy = BoostPolicy.load()
    files = {
        name: ["".join(pieces) for pieces in engine_files(name, boosts_of(policy, veto)).values()]
        for name in ("elasticsearch", "solr", "vespa", "typesense", "algolia", "sql", "redis")
    }
    merchant = json.loads(files["elasticsearch"][1].splitlines()[1])["doc"]
    assert merchant["trust_veto"] == veto.word
    assert merchant["trust_floor"] == (veto == Veto.FLOOR)
    assert json.loads(files["solr"][1])[0]["trust_veto"]["set"] == veto
    fed = json.loads(files["vespa"][3])["fields"]
    assert fed["trust_veto"]["assign"] == veto
    step = json.loads(files["typesense"][1])["trust_step"]
    assert (step == veto.word) == (veto >= Veto.FLOOR)
    assert json.loads(files["algolia"][1])["requests"][0]["body"]["trust_step"] == step
    assert f", '{veto.word}', " in files["sql"][0]
    said = f"$13\r\ntrust:veto:m0\r\n${len(veto.word)}\r\n{veto.word}\r\n"
    assert files["redis"][0].endswith(said if veto else "$3\r\nDEL\r\n$13\r\ntrust:veto:m0\r\n")


def boosts_of(policy, veto):
    columns = {name: np.array(values) for name, values in scores_with(veto.word).items()}
    return Boosts.of(columns, policy)


@pytest.mark.parametrize("veto", GIVEN)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_statement_has_words_for_it(veto, lang):
    assert text(f"effect_{veto.word}", lang, cap="40")


def test_unknown_vetoes_are_errors_with_the_near_name():
    with pytest.raises(InputError, match="Got 'blok', did you mean block"):
        boost_table(scores_with("blok"))
    with pytest.raises(PolicyError, match="Got 'flor', did you mean floor"):
        BoostPolicy.parse({"veto": {"cap": "flor"}})
    card = card_with(Veto.FLOOR)
    data = card.file.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    data["rules"]["r"]["veto"] = "flor"
    with pytest.raises(ScorecardError, match="Got 'flor', did you mean floor"):
        parse_scorecard(data)
