"""A scorecard file: every fault at once, with its address and the near name."""

import datetime as dt
import json
import re
import tomllib

import pytest

from tests.conftest import ROOT
from tests.scoring.cards import minimal
from trustscore.errors import ScorecardError
from trustscore.scorecard import load_scorecard, parse_scorecard, preset_names, scorecard_schema

RATE = "signals.product_quality.product_negative_review_rate"
FLAG = "signals.social_reputation.barred_identity_link_flag"
FLAGGED = {"stage": "use", "flag": "x", "poor": 1, "good": 0, "prior": 0, "weight": 1}


def faults(data):
    with pytest.raises(ScorecardError) as error:
        parse_scorecard(data, "shop.toml")
    return error.value.faults


def change(address, value):
    data = minimal()
    *path, last = address.split(".")
    place = data
    for step in path:
        place = place.setdefault(step, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return data


@pytest.mark.parametrize(
    ("address", "value", "expected"),
    [
        (f"{RATE}.wieght", 3, f"{RATE}.wieght: unknown key, did you mean weight?"),
        (f"{RATE}.weight", None, f"{RATE}.weight: is missing"),
        (f"{RATE}.weight", "hihg", f"{RATE}.weight: must be a number >= 0, or one of critical"),
        (f"{RATE}.weight", -1, f"{RATE}.weight: must be a number >= 0"),
        (f"{RATE}.weight", True, f"{RATE}.weight: must be a number >= 0"),
        (f"{RATE}.poor", 0, f"{RATE}.poor: must differ from good. Got 0"),
        (f"{RATE}.poor", "0.2", f"{RATE}.poor: must be a number or a quantile such as 'q95'"),
        (f"{RATE}.poor", None, f"{RATE}.poor: is missing"),
        (f"{RATE}.prior", 1.5, f"{RATE}.prior: must be between 0 and 1. Got 1.5"),
        (f"{RATE}.strength", 0, f"{RATE}.strength: must be above 0. Got 0"),
        (f"{RATE}.strength", None, f"{RATE}.strength: is missing"),
        (f"{RATE}.stage", "us", f"{RATE}.stage: unknown stage us, did you mean use?"),
        (f"{RATE}.events", ["a", "b"], f"{RATE}: must have exactly one of rate, events"),
        (f"{RATE}.rate", None, f"{RATE}: must have exactly one of rate, events"),
        (f"{RATE}.rate", ["a"], f"{RATE}.rate.1: is missing"),
        (f"{RATE}.curve", "sigmoid", f"{RATE}.curve: must be 'linear', 'log'"),
        (f"{RATE}.curve", "log", f"{RATE}: curve log must have poor and good above 0"),
        (f"{RATE}.knots", [[0, 1]], f"{RATE}.knots: are for the curves knots and percentile"),
        (f"{RATE}.applies_when", "orders >", f"{RATE}.applies_when: must be a condition such as"),
        (
            "signals.after_sales.aftersales_review_hours_mean.sd",
            None,
            "signals.after_sales.aftersales_review_hours_mean.sd: is missing",
        ),
        (
            "signals.social_reputation.barred_identity_link_flag.strength",
            5,
            "barred_identity_link_flag.strength: is only for a signal with a sample column",
        ),
        (
            "signals.after_sales.product_rating_mean",
            minimal()["signals"]["product_quality"]["product_rating_mean"],
            "product_rating_mean: is also in signals.product_quality",
        ),
        ("signals.afer_sales", {}, "unknown dimension afer_sales, did you mean after_sales?"),
        ("dimensions.empty", {"weight": 1}, "dimensions.empty: has no signals"),
        ("dimensions.after_sales.parent", "x", "dimensions.after_sales.parent: unknown dimension"),
        ("dimensions.after_sales.parent", "after_sales", "must not lead back"),
        ("dimensions.after_sales.power", 2, "dimensions.after_sales.power: must be less than"),
        ("words.complain_rate", {"en": "x"}, "unknown signal complain_rate, did you mean"),
        ("index.rho", 2, "index.rho: must be less than or equal to 1. Got 2"),
        ("effective_from", "soon", "effective_from: must be a date such as 2026-01-01"),
        ("name", "My card", "name: string should match pattern"),
        ("decimal", ";", "decimal: must be '.' or ','"),
        ("colour", 1, "colour: unknown key, did you mean columns?"),
        ("rules.guarantee_bonus.cap", 59, "rules.guarantee_bonus: must have exactly one of bonus"),
        ("rules.guarantee_bonus.when", None, "rules.guarantee_bonus: must have either when or"),
        ("rules.guarantee_bonus.per", "complaints", "rules.guarantee_bonus.most: is missing"),
        ("rules.barred_identity_cap.when", "barred_identity_link_flag < 1", "rewards a worse"),
        (
            "rules.extra",
            {"exceeds": {"signal": "product_rating_mean"}, "cap": 59},
            "rules.extra.exceeds.signal: must be a rate or events signal",
        ),
        ("rules.limit", {"when": "complaints > 9", "cap": 59}, "rules.limit: is a reserved word"),
        ("overlays.a", {"match": {}}, "overlays.a.match: must name category or shop_type"),
        (
            "overlays.a",
            {"match": {"category": "x"}, "signals": {"complaint_rte": {"weight": 1}}},
            "overlays.a.signals.complaint_rte: unknown signal complaint_rte, did you mean complai",
        ),
        (
            "overlays.a",
            {"match": {"category": "x"}, "signals": {"complaint_rate": {"good": 1}}},
            "overlays.a.signals.complaint_rate: must keep the direction of the signal",
        ),
        ("peers", {"priors": {"a|b": {}}}, "peers.priors.a|b: must have 1 values joined by |"),
        ("tiers.ladder", [{"id": "a", "at": 0}], "tiers.ladder: must have entry = true on exactly"),
        (
            "tiers.ladder",
            [{"id": "a", "at": 10, "entry": True}],
            "tiers.ladder.a.at: must be 0. Got 10",
        ),
        (f"{RATE}.weight", 0, f"{RATE}.weight: is 0 and no overlay gives it weight"),
        (f"{RATE}.weight", 1e-320, f"{RATE}.weight: must be 0 or at least 1e-100. Got 1e-320"),
        (f"{RATE}.rate", ["x", "x"], f"{RATE}.rate: must be two different columns. Got x twice"),
        (
            "signals.product_quality.product_rating_mean.prior",
            7,
            "product_rating_mean.prior: must be in the range 1 to 5. Got 7",
        ),
        (f"{FLAG}.flag", False, f"{FLAG}.flag: must be"),
        (f"{FLAG}.flag", "merchant_id", f"{FLAG}.flag: column merchant_id holds text: name a"),
        (f"{FLAG}.flag", "Shop_Type", f"{FLAG}.flag: column Shop_Type holds text"),
        (f"{FLAG}.applies_when", "category > 1", f"{FLAG}.applies_when: column category holds"),
        ("rules.extra", {"when": "category > 1", "cap": 59}, "rules.extra.when: column category"),
        (
            "overlays.a",
            {"match": {"category": "x"}, "rules": {"r": {"when": "category > 1", "cap": 59}}},
            "overlays.a.rules.r.when: column category holds text",
        ),
        (
            "rules.extra",
            {"when": "complaints > 9", "deduct": 1, "per": "tier_since", "most": 2},
            "rules.extra.per: column tier_since holds text",
        ),
        ("dimensions.after_sales.weight_by", "category", "after_sales.weight_by: column category"),
        ("status.new.column", "previous_tier", "status.new.column: column previous_tier holds"),
        ("columns", {"orders_piad": "x"}, "columns.orders_piad: is read by no signal or rule, did"),
        ("overlays.a", {"match": {"category": []}}, "overlays.a.match.category: must name at"),
        *(
            (f"rules.{name}", {"when": "complaints > 9", "cap": 59}, f"rules.{name}: is a reserved")
            for name in ("merchant_id", "limit", "cap", "trust_index")
        ),
        *(
            (f"signals.social_reputation.{name}", FLAGGED, f"reputation.{name}: is a reserved word")
            for name in ("merchant_id", "limit", "cap", "trust_index")
        ),
        (
            "rules.complaint_rate",
            {"when": "complaints > 9", "cap": 59},
            "rules.complaint_rate: is also the name of a signal: choose another",
        ),
        (
            "overlays.a",
            {
                "match": {"category": "x"},
                "rules": {"complaint_rate": {"when": "complaints > 9", "cap": 59}},
            },
            "overlays.a.rules.complaint_rate: is also the name of a signal",
        ),
    ],
)
def test_each_fault_has_address_and_sentence(address, value, expected):
    found = faults(change(address, value))
    assert any(expected in fault for fault in found), found
    assert not any("constrained" in fault for fault in found), found


def test_all_faults_at_once():
    data = change(f"{RATE}.wieght", 3)
    data["index"] = {"rho": 7}
    data["colour"] = 1
    found = faults(data)
    assert len(found) == 3
    other = change(f"{RATE}.stage", "x")
    other["words"]["nothing"] = {"en": "x"}
    assert len(faults(other)) == 2


def test_faults_of_every_kind_at_once_and_none_that_only_follow():
    data = change(f"{RATE}.wieght", 3)
    data["signals"]["after_sales"]["complaint_rate"]["stage"] = "servce"
    data["signals"]["social_reputation"]["barred_identity_link_flag"]["prior"] = "none"
    data["dimensions"]["after_sales"]["power"] = "x"
    data["rules"]["guarantee_bonus"]["bonus"] = -1
    data["tiers"]["ladder"][0]["at"] = -3
    data["words"]["nothing"] = {"en": "x"}
    data["overlays"] = {
        "a": {
            "match": {"categry": "x"},
            "signals": {"product_negative_review_rate": {"weight": 2}, "complaint": {"weight": 1}},
            "rules": {"guarantee_bonus": {"bonus": 1}},
        }
    }
    del data["version"]
    assert sorted(fault.partition(": ")[0] for fault in faults(data)) == [
        "dimensions.after_sales.power",
        "overlays.a.match.categry",
        "overlays.a.signals.complaint",
        "rules.guarantee_bonus.bonus",
        "signals.after_sales.complaint_rate.stage",
        f"{RATE}.wieght",
        f"{FLAG}.prior",
        "tiers.ladder.0.at",
        "version",
        "words.nothing",
    ]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"signals": 5},
        {"dimensions": [], "signals": {"a": 1}},
        {"dimensions": {}, "signals": {}, "overlays": {"a": 1}, "peers": [], "tiers": 3},
        {"dimensions": {}, "signals": {}, "overlays": 1, 7: {}, "rules": {"a": {"when": {}}}},
    ],
)
def test_what_is_hardly_a_scorecard_has_faults_as_well(data):
    assert "name: is missing" in faults(data)


HOURS, STARS = "aftersales_review_hours_mean", "product_rating_mean"


@pytest.mark.parametrize(
    ("signal", "given", "expected"),
    [
        (HOURS, {"good": -3}, ": curve log must have poor and good above 0"),
        (HOURS, {"prior": -3}, ".prior: must be above 0. Got -3"),
        (HOURS, {"strength": 0}, ".strength: must be above 0. Got 0"),
        ("product_negative_review_rate", {"prior": 3}, ".prior: must be between 0 and 1. Got 3"),
        (STARS, {"prior": 7}, ".prior: must be in the range 1 to 5. Got 7"),
        ("complaint_rate", {"prior": -1}, ".prior: must not be below 0. Got -1"),
        ("barred_identity_link_flag", {"strength": 3, "prior": 0}, ".strength: is only for a sig"),
    ],
)
def test_an_overlay_and_a_peer_group_obey_the_rules_of_the_signal(signal, given, expected):
    overlay = {"match": {"category": "x"}, "signals": {signal: given}}
    [found] = faults(change("overlays.a", overlay))
    assert found.startswith(f"overlays.a.signals.{signal}{expected}")
    if "prior" in given:
        [found] = faults(change("peers", {"priors": {"x": {signal: given}}}))
        assert found.startswith(f"peers.priors.x.{signal}{expected}")


def test_weights_that_leave_nothing():
    names = list(minimal()["dimensions"])
    data = minimal()
    for name in names:
        data["dimensions"][name]["weight"] = 0
    says = f"dimensions: must have weight on at least one of {', '.join(names)}"
    assert faults(data) == [says]
    moved = {"match": {"category": "x"}, "dimensions": {name: {"weight": 0} for name in names}}
    assert faults(change("overlays.a", moved)) == [f"overlays.a.{says}"]
    data = minimal()
    data["dimensions"]["part"] = {"weight": 0, "parent": "whole"}
    data["dimensions"]["whole"] = {"weight": 1}
    data["signals"]["part"] = {"x": FLAGGED}
    assert faults(data) == ["dimensions: must have weight on at least one of part"]
    data["overlays"] = {"a": {"match": {"category": "x"}, "dimensions": {"part": {"weight": 1}}}}
    assert parse_scorecard(data).overlays


@pytest.mark.parametrize("name", ["minimal", "default", "olist"])
def test_presets_load_closed(name):
    card = load_scorecard(name)
    assert card.open_values == ()
    assert card.stamp == f"{card.name}@{card.version}:{card.sha256[:12]}"
    assert all(signal.words.en and signal.words.zh and signal.words.why for signal in card.signals)


def test_the_default_holds_the_catalogue():
    card = load_scorecard("default")
    assert len(card.signals) == 90
    assert len(card.fields) == 143
    assert [d.weight for d in card.dimensions] == [0.25, 0.20, 0.15, 0.15, 0.15, 0.10]
    assert list(card.stages) == ["browse", "buy", "receive", "use", "service"]
    assert sum(rule.effect == "cap" and rule.points == 59 for rule in card.rules) >= 8
    assert [overlay.id for overlay in card.overlays] == ["jewellery", "fresh_food", "beauty"]
    assert len(card.tiers.ladder) == 5
    assert (card.status.new_column, card.status.new_below) == ("orders_paid", 30)


@pytest.mark.parametrize("name", ["coverage", "trust_index", "index", "merchant_id"])
def test_a_dimension_is_not_called_like_a_column_of_the_scores(name):
    other = minimal()
    for part in ("dimensions", "signals"):
        other[part][name] = other[part].pop("after_sales")
    found = faults(other)
    assert found == [f"dimensions.{name}: is the name of a column of the scores: choose another"]


def test_the_hash_is_of_the_meaning():
    data = minimal()
    same = dict(reversed(list(data.items())))
    assert parse_scorecard(data).sha256 == parse_scorecard(same).sha256
    assert parse_scorecard(data) == parse_scorecard(same)
    moved = change(f"{RATE}.poor", 0.21)
    assert parse_scorecard(data).sha256 != parse_scorecard(moved).sha256


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("complaints > 1234567", "complaints > 1234567"),
        ("complaints > 1234568", "complaints > 1234568"),
        ("complaints / orders_paid > 0.12345678", "complaints / orders_paid > 0.12345678"),
        ("complaints > 1e6", "complaints > 1e+06"),  # as it always was: hashes stay
        ("complaints>0.60", "complaints > 0.6"),
        ("complaints > 12345678901234567890", "complaints > 1.2345678901234567e+19"),
    ],
)
def test_a_condition_keeps_its_number(text, expected):
    card = parse_scorecard(change("rules.extra", {"when": text, "cap": 59}))
    assert str(card.rules[-1].when[0]) == expected
    again = parse_scorecard(card.file.model_dump(mode="json"))
    assert again.rules[-1].when == card.rules[-1].when
    assert again == card


def test_the_hash_sees_every_digit_of_a_condition():
    hashes = {
        parse_scorecard(change("rules.extra", {"when": f"complaints > {n}", "cap": 59})).sha256
        for n in ("1234567", "1234568", "0.12345678", "0.12345679")
    }
    assert len(hashes) == 4
    found = faults(change("rules.extra", {"when": "complaints > 1e999", "cap": 59}))
    assert "rules.extra.when: must be a condition such as" in found[0]


def test_weight_words():
    card = parse_scorecard(change(f"{RATE}.weight", "critical"))
    assert card.signal("product_negative_review_rate").weight == 10


def test_open_values_are_named():
    data = change(f"{RATE}.prior", "fit")
    data["signals"]["product_quality"]["product_negative_review_rate"]["poor"] = "q95"
    card = parse_scorecard(data)
    assert card.open_values == (f"{RATE}.poor = 'q95'", f"{RATE}.prior = 'fit'")


def test_frozen():
    card = load_scorecard("minimal")
    with pytest.raises(AttributeError):
        card.signals[0].id = "x"
    with pytest.raises(AttributeError):
        card.sha256 = "x"


def test_files(tmp_path):
    with pytest.raises(ScorecardError) as error:
        load_scorecard("minimla")
    assert str(error.value) == (
        "scorecard minimla: no such file and no preset of that name, did you mean minimal? "
        "(presets: default, minimal, olist)"
    )
    deep = tmp_path / "deep.json"
    for text in ("[" * 100_000, '{"name": ' + "[" * 900 + "]" * 900 + "}"):
        deep.write_text(text)
        with pytest.raises(ScorecardError):
            load_scorecard(deep)
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000 + "]" * 5000)
    with pytest.raises(ScorecardError, match="is nested too deeply"):
        load_scorecard(tmp_path / "deep.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ")
    with pytest.raises(ScorecardError, match="is not TOML"):
        load_scorecard(broken)
    as_json = tmp_path / "card.json"
    as_json.write_text(json.dumps(load_scorecard("minimal").file.model_dump(mode="json")))
    assert load_scorecard(as_json).sha256 == load_scorecard("minimal").sha256
    (tmp_path / "default").mkdir()
    assert "default" in preset_names()


def test_schema_covers_the_keys():
    schema = scorecard_schema()
    signal = schema["$defs"]["SignalSpec"]
    assert {"rate", "poor", "good", "weight", "prior", "strength"} <= set(signal["properties"])
    assert signal["additionalProperties"] is False


def misfits(value, schema, defs, at="$"):
    """Where a value does not fit a schema: as much of JSON Schema as ours is written in."""
    if "$ref" in schema:
        return misfits(value, defs[schema["$ref"].rpartition("/")[2]], defs, at)
    if "anyOf" in schema:
        found = [misfits(value, choice, defs, at) for choice in schema["anyOf"]]
        return min(found, key=len) if all(found) else []
    if "const" in schema or "enum" in schema:
        same = [value == one and type(value) is type(one) for one in schema.get("enum", [])]
        return [] if any(same) or value == schema.get("const", object()) else [at]
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
        "null": type(None),
    }
    kind = kinds[schema["type"]] if "type" in schema else object
    if not isinstance(value, kind) or (kind in (int, (int, float)) and value is True):
        return [at]
    found = []
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{at}.{name}" for name in schema.get("required", ()) if name not in value]
        rest = schema.get("additionalProperties", True)
        for pattern, other in schema.get("patternProperties", {}).items():
            known = {name: other for name in value if re.search(pattern, name)} | known
        for name, inner in value.items():
            if name in known or isinstance(rest, dict):
                found += misfits(inner, known.get(name, rest), defs, f"{at}.{name}")
            elif not rest:
                found.append(f"{at}.{name}")
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        found += [at] * (not schema.get("minItems", 0) <= len(value))
        for n, inner in enumerate(value):
            item = first[n] if n < len(first) else schema.get("items", {})
            found += misfits(inner, item, defs, f"{at}[{n}]")
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(at)
    if isinstance(value, (int, float)):
        most = schema.get("maximum", value), schema.get("exclusiveMaximum", value + 1)
        least = schema.get("minimum", value), schema.get("exclusiveMinimum", value - 1)
        found += [at] * (not (least[0] <= value <= most[0] and least[1] < value < most[1]))
    return found


def plain_data(text):
    return json.loads(json.dumps(tomllib.loads(text), default=dt.date.isoformat))


FILES = sorted(ROOT.glob("configs/*.toml")) + sorted(ROOT.glob("examples/*.toml"))
# The others are boost policies.
SCORECARDS = [path for path in FILES if "[signals" in path.read_text(encoding="utf-8")]


def test_the_presets_are_among_the_scorecards_we_ship():
    assert {"default", "minimal", "olist", "airbnb"} <= {path.stem for path in SCORECARDS}


@pytest.mark.parametrize("path", SCORECARDS, ids=lambda path: path.stem)
def test_the_schema_takes_every_scorecard_we_ship(path):
    schema = scorecard_schema()
    text = path.read_text(encoding="utf-8")
    load_scorecard(path)
    assert misfits(plain_data(text), schema, schema["$defs"]) == []


def test_the_schema_sees_what_the_loader_sees():
    schema = scorecard_schema()
    good = {"columns": {"orders_paid": "paid"}, "rules": {"r": {"when": "a > 1", "cap": 59}}}
    good["overlays"] = {"o": {"match": {"category": "x"}}}
    data = plain_data((ROOT / "configs/minimal.toml").read_text(encoding="utf-8")) | good
    assert misfits(data, schema, schema["$defs"]) == []
    signal = data["signals"]["product_quality"]["product_rating_mean"]
    signal["wieght"], signal["weight"], data["index"] = 1, -1, {"rho": 2}
    at = "$.signals.product_quality.product_rating_mean"
    assert set(misfits(data, schema, schema["$defs"])) == {
        f"{at}.weight",
        f"{at}.wieght",
        "$.index.rho",
    }


def test_fields_and_pairs():
    card = load_scorecard("minimal")
    checks = {field.name: field.check for field in card.fields}
    assert checks["negative_reviews"] == "count"
    assert checks["product_rating_mean"] == "number"
    assert checks["barred_identity_link_flag"] == "flag"
    assert checks["aftersales_review_hours_mean"] == "nonnegative"
    # A rate, and a share that earns a bonus.
    rate, bonus = ("negative_reviews", "reviews_rated"), ("orders_guaranteed", "orders_paid")
    assert card.pairs == (rate, bonus)
    rating = next(f for f in card.fields if f.name == "product_rating_mean")
    assert (rating.lo, rating.hi) == (1, 5)
