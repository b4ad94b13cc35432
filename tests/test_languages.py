"""Files of words: every language says the same things, and says all that is asked for."""

import ast
import os
import re
import subprocess
import sys
from collections import defaultdict
from importlib import resources
from pathlib import Path
from string import Formatter

import pytest

from trustscore.errors import InputError
from trustscore.io.logs.rejects_file import LOG_REASONS
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.presets import scorecard_names
from trustscore.words import LANGUAGES, Room, form, named, right, text, unit, words_of

PACKAGE = Path(str(resources.files("trustscore")))
ENGLISH = {section: dict(texts) for section, texts in words_of("en").items()}
# A language has these of its own.
OWN = {"phrases"}
OTHERS = [lang for lang in LANGUAGES if lang != "en"]


def places(template: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(template) if field is not None}


# Every language says the same ------------------------------------------------------------------
def test_english_and_chinese_are_there():
    assert LANGUAGES[0] == "en"
    assert "zh" in LANGUAGES


@pytest.mark.parametrize("lang", OTHERS)
def test_every_language_has_the_same_texts(lang):
    found = {section: set(texts) for section, texts in words_of(lang).items()}
    assert {s: t for s, t in found.items() if s not in OWN} == {
        section: set(texts) for section, texts in ENGLISH.items()
    }


@pytest.mark.parametrize("lang", OTHERS)
def test_every_text_has_the_same_places(lang):
    differ = [
        f"[{section}] {key}"
        for section, texts in ENGLISH.items()
        for key, written in texts.items()
        if places(written) != places(words_of(lang)[section][key])
    ]
    assert not differ


@pytest.mark.parametrize("lang", LANGUAGES)
def test_places_are_names_alone(lang):
    """A place such as {count.real} or {0} would let a text reach into what fills it."""
    for section, texts in words_of(lang).items():
        for key, written in texts.items():
            assert all(re.fullmatch("[a-z_]+", place) for place in places(written)), (section, key)


# Chinese is written with its own marks ---------------------------------------------------------
CJK = "[\u3400-\u9fff\uff01-\uff60\u3001-\u301f“”]"
# A place may hold Chinese; a mark beside one counts as well. ": " before an address does not.
HALF = re.compile(rf"{CJK}\s?[,;:()!?]|[,;:()!?]\s?{CJK}|\}} ?[,;()]|[,;()] ?\{{")


def half_width(said: str) -> list[str]:
    """Return the lines of a text that have ASCII marks beside Chinese characters."""
    return [line for line in said.splitlines() if HALF.search(line)]


def test_half_width_marks_are_found():
    assert half_width("指数, 等级") and half_width("(无)") and half_width("等级:A")
    assert not half_width("指数，等级（无）") and not half_width("m1  63.1, 52.0 (-11.1)")


@pytest.mark.parametrize(
    ("section", "key"), [(s, k) for s, texts in words_of("zh").items() for k in texts]
)
def test_chinese_texts_have_full_width_marks(section, key):
    assert not half_width(words_of("zh")[section][key])


@pytest.mark.parametrize("name", scorecard_names())
def test_chinese_names_of_the_presets_are_there_and_full_width(name):
    card = load_scorecard(name)
    things = [*card.dimensions, *card.rules, *card.tiers.ladder, *card.stages.values()]
    words = [signal.words for signal in card.signals]
    advice = [each.advice for each in words if each.advice is not None]
    for thing in (*things, *words, *advice):
        assert thing.zh, thing
        assert not half_width(thing.zh)


# Every text is used, and what is asked for is there --------------------------------------------
def constants(node: ast.expr) -> list[str | re.Pattern[str]]:
    """Return the keys that an argument can be, as texts or as patterns; none where it varies."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+"
            for part in node.values
        ]
        return [re.compile("".join(parts))]
    if isinstance(node, ast.IfExp):
        return [*constants(node.body), *constants(node.orelse)]
    return []


def rooms_of(trees: dict[str, ast.Module]) -> dict[tuple[str, str], str]:
    """Return the section of each name of each module that stands for a room or its `all`."""
    found: dict[tuple[str, str], str] = {}
    for _ in range(3):  # A name may be imported from where it was imported to.
        for module, tree in trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module:
                    for alias in node.names:
                        section = found.get((node.module, alias.name))
                        if section:
                            found[module, alias.asname or alias.name] = section
                if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
                    continue
                name, value = node.targets[0].id, node.value
                if isinstance(value, ast.Attribute) and value.attr == "all":
                    value = value.value
                section = found.get((module, getattr(value, "id", "")))
                if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "Room":
                    section = ast.literal_eval(value.args[0])
                if section:
                    found[module, name] = section
    return found


def asked_for() -> tuple[dict[str, list[str | re.Pattern[str]]], set[str]]:
    """Return what is asked of each section, and every text constant of the package."""
    trees = {}
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        trees[module.removesuffix(".__init__")] = ast.parse(path.read_text("utf-8"))
    rooms = rooms_of(trees)
    asked: dict[str, list[str | re.Pattern[str]]] = defaultdict(list)
    words: set[str] = set()
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words |= {node.value, *node.value.split()}
            if isinstance(node, ast.Call) and node.args:
                func = node.func
                if isinstance(func, ast.Attribute) and func.attr == "all":
                    func = func.value
                section = rooms.get((module, getattr(func, "id", "")))
                if section:
                    asked[section] += constants(node.args[0])
    for path in (PACKAGE / "report" / "templates").glob("*.html"):
        asked["report"] += re.findall(r'\bt(?:exts)?\("(\w+)"', path.read_text("utf-8"))
    for path in (PACKAGE / "web" / "page").glob("*.*"):
        page = path.read_text("utf-8")
        asked["workbench"] += re.findall(r'(?:\bword\(|data-(?:word|label)=)"(\w+)"', page)
        if path.suffix == ".js":
            words |= set(re.findall(r'"(\w+)"', page))
    asked["language"] += ["name", "html"]
    return asked, words


ASKED, CONSTANTS = asked_for()
# Their keys stand in scorecards; the tests below look there.
OF_SCORECARDS = {"rights", "units"}


def test_every_room_has_its_section():
    assert set(ENGLISH) == set(ASKED) | OF_SCORECARDS


@pytest.mark.parametrize("section", sorted(ASKED))
def test_what_is_asked_for_is_there(section):
    texts = ENGLISH[section]
    for key in ASKED[section]:
        if isinstance(key, str):
            assert key in texts
        else:
            assert any(key.fullmatch(each) for each in texts), key


@pytest.mark.parametrize("section", sorted(ASKED))
def test_every_text_is_used(section):
    exact = {key for key in ASKED[section] if isinstance(key, str)}
    patterns = [key for key in ASKED[section] if not isinstance(key, str)]
    unused = [
        key
        for key in ENGLISH[section]
        if key not in exact | CONSTANTS and not any(each.fullmatch(key) for each in patterns)
    ]
    assert not unused


@pytest.mark.parametrize("name", scorecard_names())
def test_rights_and_units_of_the_presets_have_words(name):
    card = load_scorecard(name)
    granted = {each for tier in card.tiers.ladder for each in tier.rights}
    granted |= {rule.grants for rule in card.rules if rule.grants}
    assert granted <= set(ENGLISH["rights"])
    units = {signal.words.unit for signal in card.signals if signal.words.unit}
    assert units <= set(ENGLISH["units"])


REASONS_OF_LOGS = sorted(set(LOG_REASONS.values()))


@pytest.mark.parametrize("lang", [lang for lang in OTHERS if lang == "zh"])
def test_chinese_has_every_reason_of_a_reject(lang):
    assert not set(REASONS_OF_LOGS) - set(words_of(lang)["phrases"])


# A third language is a file --------------------------------------------------------------------
def test_a_language_that_there_is_none_of():
    with pytest.raises(InputError, match="language must be one of en, zh"):
        text("coverage", "xx")


def made_up(folder: Path) -> Path:
    """Write a language that says everything in capitals, called as the ids of things are."""

    def loud(written: str) -> str:
        return re.sub(r"(\{[^}]*\})|([^{]+)", lambda m: m[1] or m[2].upper(), written)

    lines = []
    for section, texts in ENGLISH.items():
        lines.append(f"[{section}]")
        for key, written in texts.items():
            escaped = loud(written).replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'{key} = "{escaped}"')
    lines += ["[phrases]", '"Standard" = "BIASA"']
    folder.mkdir()
    (folder / "id.toml").write_text("\n".join(lines), "utf-8")
    return folder


def run(code: str, folder: Path | None, *words: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key != "TRUSTSCORE_LANGUAGES"}
    env |= {"PYTHONPATH": str(PACKAGE.parent), "PYTHONIOENCODING": "utf-8"}
    if folder is not None:
        env["TRUSTSCORE_LANGUAGES"] = str(folder)
    return subprocess.run(
        [sys.executable, "-c", code, *words], env=env, capture_output=True, text=True, check=False
    )


COMMAND = "import sys; from trustscore.commands.main import main; main(sys.argv[1:])"


def market(folder: Path) -> Path:
    export = folder / "export.csv"
    words = f"simulate --scorecard minimal --merchants 40 --seed 1 -o {export} --quiet"
    assert run(COMMAND, None, *words.split()).returncode == 0
    return export


def test_a_third_language_is_a_file_of_words(tmp_path):
    folder = made_up(tmp_path / "languages")
    export = market(tmp_path)
    words = f"explain {export} --id m0000001 --scorecard minimal --lang id"
    done = run(COMMAND, folder, *words.split())
    assert done.returncode == 0, done.stderr
    assert "TRUST INDEX" in done.stdout
    assert "LARGEST LOSSES" in done.stdout
    card = load_scorecard("minimal")
    # The scorecard has no name in this language, and the file none for it: it stands in English.
    assert next(s.words.en for s in card.signals) in done.stdout
    code = (
        "from trustscore.words import LANGUAGES, named\n"
        "from trustscore.scorecard import load_scorecard\n"
        "tiers = {t.id: t for t in load_scorecard('minimal').tiers.ladder}\n"
        "print(LANGUAGES, named(tiers['standard'], 'id'), named(tiers['limited'], 'id'))"
    )
    assert run(code, folder).stdout.strip() == "('en', 'zh', 'id') BIASA Limited"


def test_a_report_and_the_workbench_speak_it(tmp_path):
    pytest.importorskip("jinja2")
    folder = made_up(tmp_path / "languages")
    export, out = market(tmp_path), tmp_path / "report.html"
    words = f"report {export} --scorecard minimal -o {out} --lang id --quiet"
    done = run(COMMAND, folder, *words.split())
    assert done.returncode == 0, done.stderr
    page = out.read_text("utf-8")
    assert '<html lang="id" data-languages="en zh id"' in page
    assert '<span lang="zh">概览</span><span lang="id">OVERVIEW</span>' in page
    assert '<tspan lang="id">BIASA</tspan>' in page
    code = "from trustscore.web.words import words_script; print(words_script())"
    assert '"WORKBENCH"' in run(code, folder).stdout


def test_a_text_that_a_language_lacks_is_english(tmp_path):
    (tmp_path / "de.toml").write_text('[common]\nstatus = "Stand"\n', "utf-8")
    code = "from trustscore.words import text; print(text('status', 'de'), text('tier', 'de'))"
    assert run(code, tmp_path).stdout.strip() == "Stand Tier"


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("de.toml", "common = 3", r"de.toml: \[common\] must hold lines such as key"),
        ("de.toml", "[common]\nstatus = 3", r"de.toml: \[common\] must hold lines"),
        ("de.toml", "[common\n", "de.toml: "),
        ("German.toml", "", "German.toml: must be named by a language code, such as de.toml"),
    ],
)
def test_faulty_files_of_words_are_named(name, written, said, tmp_path):
    (tmp_path / name).write_text(written, "utf-8")
    code = "from trustscore.words import text; print(text('status', 'de'))"
    assert re.search(f"InputError: .*{said}", run(code, tmp_path).stderr)


def test_a_folder_that_is_none_is_said(tmp_path):
    done = run("import trustscore.words", tmp_path / "nowhere")
    assert "TRUSTSCORE_LANGUAGES must name a folder of TOML files" in done.stderr
    done = run(COMMAND, tmp_path / "nowhere", "explain", "x.csv")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_room_without_the_text_is_an_error():
    with pytest.raises(KeyError, match=r"no text nothing_such in \[drift\]"):
        Room("drift")("nothing_such")


def test_what_no_file_has_stands_as_it_is():
    assert right("a_new_right", "zh") == "a_new_right"
    assert unit("kg", "zh") == "kg"
    assert form("list", "zh").join(["甲", "乙"]) == "甲、乙"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_of_a_scorecard(lang):
    tier = load_scorecard("minimal").tiers.ladder[0]
    assert named(tier, lang) == getattr(tier, lang)


def test_what_is_said_in_chinese_has_full_width_marks(tmp_path):
    from trustscore.compare.files import compare_files
    from trustscore.compare.render import render_comparison
    from trustscore.drift.files import drift_files
    from trustscore.drift.render import render_drift
    from trustscore.explain import explain, next_tier_plan, render_plan, render_text, unknown_block
    from trustscore.simulate.files import write_market

    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    for seed, path in enumerate((old, new)):
        write_market(path, 300, seed)
    card = load_scorecard("default")
    block = unknown_block(card)
    done = compare_files(old, new)
    said = [
        render_text(explain(block, card), "zh"),
        render_plan(next_tier_plan(block, card), "zh"),
        render_comparison(done.market, done.scorecards, done.differences, "zh"),
        render_drift(drift_files(old, new), "zh"),
    ]
    for each in said:
        assert re.search(CJK, each)
        assert not half_width(each)
