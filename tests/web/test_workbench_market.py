"""What moves, against `score_columns` itself."""

import hashlib
import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tests.web.benches import bench_of, block_of
from trustscore.errors import InputError, ScorecardError
from trustscore.explain import explain
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.build import parse_scorecard
from trustscore.scorecard.presets import find, scorecard_names
from trustscore.scoring import score_columns
from trustscore.web.files import open_bench
from trustscore.web.knobs import knobs
from trustscore.web.market import Results, Superseded
from trustscore.words import LANGUAGES, words_of

EDITS = [
    {"dimensions.product_quality.weight": 0.1},
    {"signals.after_sales.complaint_rate.poor": 0.01},
    {"signals.after_sales.complaint_rate.weight": 40.0},
    {"tiers.ladder.standard.at": 70.0},
    {"rules.barred_identity_cap.cap": 30.0, "rules.guarantee_bonus.bonus": 9.0},
]


def moved(edits):
    data = tomllib.loads(Path(find("minimal")).read_text(encoding="utf-8"))
    for address, value in edits.items():
        *way, last = address.split(".")
        at = data
        for key in way:
            at = next(t for t in at if t["id"] == key) if isinstance(at, list) else at[key]
        at[last] = value
    return parse_scorecard(data)


@pytest.mark.parametrize("edits", EDITS, ids=str)
def test_the_whole_market_is_what_score_columns_says(edits, tmp_path):
    bench = bench_of(tmp_path)
    found = bench.move(edits, 1, whole=True)
    block = block_of(400)
    old, new = score_columns(block, "minimal"), score_columns(block, moved(edits))
    assert bench.market.scored(bench.moved_card(edits)).index.tolist() == new.trust_index.tolist()
    for tier in found["tiers"]:
        assert tier["before"] == (old.tier == tier["id"]).sum()
        assert tier["after"] == (new.tier == tier["id"]).sum()
        assert tier["se"] == 0
    ids = [tier["id"] for tier in found["tiers"]]
    for i, was in enumerate(ids):
        for j, now in enumerate(ids):
            both = (old.tier == was) & (new.tier == now)
            assert found["moves"][i][j] == both.sum()
    change = new.trust_index - old.trust_index
    assert found["whole"] and found["size"] == found["rows"] == 400
    assert found["mean"]["change"] == pytest.approx(np.nanmean(change), abs=1e-12)
    assert found["moved"]["merchants"] == (np.abs(change) >= 0.05).sum()
    assert sum(found["histogram"]["after"]) == np.isfinite(new.trust_index).sum()
    for name, sign in (("fell", 1), ("rose", -1)):
        best = np.sort(sign * change)[: len(found[name])] * sign
        assert [each["change"] for each in found[name]] == best.tolist()
        assert all(sign * each["change"] <= -0.05 for each in found[name])
    assert found["moved"]["merchants"] or "tiers" in next(iter(edits))


def test_nothing_moves_where_nothing_was_moved(tmp_path):
    bench = bench_of(tmp_path, sample_size=100)
    same = {"dimensions.product_quality.weight": 0.5}
    for whole in (True, False):
        found = bench.move(same, 1, whole=whole)
        assert [t["before"] for t in found["tiers"]] == [t["after"] for t in found["tiers"]]
        assert found["mean"]["change"] == 0 and found["fell"] == found["rose"] == []
        assert found["histogram"]["before"] == found["histogram"]["after"]
        assert found["ranks"]["correlation"] == 1


@pytest.mark.parametrize("cores", [1, 3, 64])
def test_a_sample_scored_in_stretches_is_that_of_everybody(tmp_path, monkeypatch, cores):
    monkeypatch.setattr("trustscore.web.market.os.cpu_count", lambda: cores)
    bench = bench_of(tmp_path, 200, sample_size=41)
    market = bench.market
    assert len(market.sample_parts) == min(cores, 41)
    edits = {
        knob.address: knob.value + knob.step
        for knob in bench.knobs.values()
        if knob.part == "weight"
    }
    card = bench.moved_card(edits)
    for moved in (bench.card, card):
        whole, sample = market.scored(moved).take(market.rows), market.scored_sample(moved)
        for name in ("index", "tier", "status", "veto"):
            assert np.array_equal(getattr(whole, name), getattr(sample, name), equal_nan=True), name


def test_what_is_counted_once_is_that_of_the_figures(tmp_path):
    base = bench_of(tmp_path, 200).base
    index = base.index[np.isfinite(base.index)]
    edges = np.arange(0.0, 102.0, 2.0)
    assert base.bars.tolist() == np.histogram(index, edges)[0].tolist()
    assert base.mean == np.nanmean(base.index)
    assert base.by_tier.tolist() == np.bincount(base.tier).tolist()
    nobody = Results(np.full(2, np.nan), np.zeros(2, int), np.zeros(2, int), np.zeros(2, int))
    assert nobody.bars.sum() == 0 and np.isnan(nobody.mean)


def test_a_sample_of_a_known_market_lies_within_its_error(tmp_path):
    edits = EDITS[0]
    exact = bench_of(tmp_path, 3000).move(edits, 1, whole=True)
    far = 0
    for seed in range(10):
        bench = bench_of(tmp_path, 3000, sample_size=500)
        bench.market.seed = seed
        bench.market.__post_init__()
        found = bench.move(edits, 1, whole=False)
        assert not found["whole"] and found["rows"] == 500
        for a, b in zip(found["tiers"], exact["tiers"], strict=True):
            assert a["before"] == b["before"]
            far += abs(a["after"] - b["after"]) > 2 * a["se"] + 1e-9
        far += abs(found["mean"]["change"] - exact["mean"]["change"]) > 2 * found["mean"]["se"]
    # Of 50 intervals of two standard errors two or three are missed; 9 have odds of 1 in 1,000.
    assert far < 9


def test_a_small_market_is_whole_while_sliding(tmp_path):
    assert bench_of(tmp_path).move(EDITS[0], 1, whole=False)["whole"]


def test_a_later_change_ends_an_earlier_one(tmp_path):
    bench = bench_of(tmp_path)
    bench.move(EDITS[0], 5, whole=True)
    with pytest.raises(Superseded):
        bench.move(EDITS[1], 4, whole=True)


def test_faults_are_those_of_the_loader(tmp_path):
    bench = bench_of(tmp_path)
    with pytest.raises(ScorecardError, match=r"complaint_rate.poor: must differ from good"):
        bench.move({"signals.after_sales.complaint_rate.poor": 0.0}, 1, whole=True)
    with pytest.raises(ScorecardError, match="ladder") as found:
        bench.move({"tiers.ladder.trusted.at": 10.0}, 2, whole=True)
    assert "must be above" in str(found.value)
    for hostile in ("name", "__class__", "tiers.ladder.0.at", "signals", "", "rules..cap"):
        with pytest.raises(ScorecardError, match="no figure that can be moved"):
            bench.move({hostile: 1.0}, 3, whole=True)
    with pytest.raises(ScorecardError, match="finite"):
        bench.move({"tiers.ladder.standard.at": float("nan")}, 4, whole=True)


def test_a_statement_before_and_after(tmp_path):
    bench = bench_of(tmp_path)
    name = "<script>alert(1)</script>"
    found = bench.merchant(name, EDITS[0], "zh")
    block = block_of(400)
    assert found["before"]["trust_index"] == explain(block, "minimal").trust_index
    assert found["after"]["trust_index"] == explain(block, moved(EDITS[0])).trust_index
    assert found["after"]["bars"][-1]["after"] == found["after"]["trust_index"]
    with pytest.raises(InputError, match="did you mean"):
        bench.merchant("script", {}, "en")
    with pytest.raises(InputError, match="no merchant"):
        bench.merchant("", {}, "en")


def test_findings_that_change(tmp_path):
    bench = bench_of(tmp_path)
    assert bench.audit({})["come"] == bench.audit({})["gone"] == []
    found = bench.audit({"signals.after_sales.complaint_rate.poor": 0.9})
    # Shares of the variance move with any anchor, so that dominance may be said anew.
    codes = [each[1] for each in found["come"] if each[1] != "coherence.dominance"]
    assert codes == ["coherence.light"]


@pytest.mark.parametrize("preset", scorecard_names())
def test_every_figure_of_every_preset_can_be_moved_and_saved(preset, tmp_path):
    bench = bench_of(tmp_path, 50, preset)
    original = Path(find(preset)).read_text(encoding="utf-8")
    assert len(bench.knobs) > 10
    edits = {}
    for knob in bench.knobs.values():
        assert knob.low <= knob.value <= knob.high and knob.step > 0
        if knob.part == "weight":
            edits[knob.address] = knob.value * 1.5
    found = bench.preview(edits, "new.toml", "99.0.0")
    assert list(tmp_path.iterdir()) == []
    assert found["replaces"] == ""
    bench.save(edits, "new.toml", "99.0.0", "")
    text = (tmp_path / "new.toml").read_text(encoding="utf-8")
    saved = load_scorecard(tmp_path / "new.toml")
    assert saved.version == "99.0.0" and saved.stamp == found["stamp"]
    assert [line.split("#", 1)[1] for line in text.splitlines() if "#" in line] == [
        line.split("#", 1)[1] for line in original.splitlines() if "#" in line
    ]
    assert len(text.splitlines()) == len(original.splitlines())


def test_a_file_is_replaced_only_as_it_was_seen(tmp_path):
    bench = bench_of(tmp_path)
    file = tmp_path / "mine.toml"
    file.write_text("kept")
    with pytest.raises(InputError, match="exists already"):
        bench.save(EDITS[0], "mine.toml", "2", "")
    seen = bench.preview(EDITS[0], "mine.toml", "2")["replaces"]
    assert seen.startswith(hashlib.sha256(b"kept").hexdigest())
    file.write_text("changed meanwhile")
    with pytest.raises(InputError, match="no longer the file"):
        bench.save(EDITS[0], "mine.toml", "2", seen)
    assert file.read_text() == "changed meanwhile"
    bench.save(EDITS[0], "mine.toml", "2", bench.preview(EDITS[0], "mine.toml", "2")["replaces"])
    assert load_scorecard(file).version == "2"


@pytest.mark.parametrize(
    "name",
    [
        *("../out.toml", "/etc/x.toml", "a/b.toml", "..toml", ".toml", "a\\b.toml", "x.json", ""),
        *("a\n.toml", "a\0.toml", "\u202ea.toml", "con.toml", "a" * 200 + ".toml", "x.toml/"),
        *("%2e%2e.toml", ".hidden.toml", "a..toml", "x.toml:stream"),
    ],
    ids=ascii,
)
def test_no_name_leaves_the_folder(name, tmp_path):
    (tmp_path / "in").mkdir()
    bench = bench_of(tmp_path / "in", 30)
    for ask in (
        lambda: bench.preview({}, name, "2"),
        lambda: bench.save({}, name, "2", ""),
    ):
        with pytest.raises(InputError, match="file name"):
            ask()
    assert [str(p.name) for p in tmp_path.rglob("*")] == ["in"]


def test_links_and_folders_are_not_written_through(tmp_path):
    (tmp_path / "in").mkdir()
    secret = tmp_path / "secret.toml"
    secret.write_text("secret")
    (tmp_path / "in/link.toml").symlink_to(secret)
    (tmp_path / "in/dangling.toml").symlink_to(tmp_path / "made.toml")
    (tmp_path / "in/folder.toml").mkdir()
    bench = bench_of(tmp_path / "in", 30)
    for name in ("link.toml", "dangling.toml", "folder.toml"):
        with pytest.raises(InputError, match="link, a folder or a device"):
            bench.save({}, name, "2", "")
    assert secret.read_text() == "secret" and not (tmp_path / "made.toml").exists()


def test_a_bench_of_files(tmp_path):
    from trustscore.simulate.files import write_market

    write_market(tmp_path / "export.csv", 60, 3, "minimal")
    card = load_scorecard("minimal").file.model_dump(mode="json", exclude_defaults=True)
    (tmp_path / "card.json").write_text(json.dumps(card))
    for given in ("minimal", str(tmp_path / "card.json")):
        bench, rejected = open_bench(tmp_path / "export.csv", given, tmp_path)
        assert (bench.market.size, rejected) == (60, 0)
        scores = bench.move({}, 1, whole=True)
        assert sum(t["before"] for t in scores["tiers"]) == 60
    bench.save({}, "from_json.toml", "3", "")
    assert load_scorecard(tmp_path / "from_json.toml").version == "3"
    with pytest.raises(InputError, match="folder: must be a folder"):
        open_bench(tmp_path / "export.csv", "minimal", tmp_path / "none")


def test_every_figure_of_a_rule_that_can_be_moved_has_its_word():
    data = tomllib.loads(Path(find("minimal", scorecard_names())).read_text(encoding="utf-8"))
    points = {
        "bonus": {"bonus": 1, "when": "orders_paid > 3"},
        "deduct": {"deduct": 1, "when": "complaints > 3"},
        "cap": {"cap": 50, "when": "complaints > 3"},
        "hold": {"hold": 0, "above": "short_index"},
    }
    data["rules"] = {f"rule_{name}": rule for name, rule in points.items()}
    found = [knob for knob in knobs(parse_scorecard(data), data) if knob.group == "rules"]
    assert {knob.part for knob in found} == set(points)
    for lang in LANGUAGES:
        assert {knob.part for knob in found} <= set(words_of(lang)["workbench"])
    # A margin of none can be widened to the whole scale.
    assert [knob.high for knob in found if knob.part == "hold"] == [100.0]
