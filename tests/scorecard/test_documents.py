"""Limits of the TOML and JSON that people give: what goes beyond them gets one sentence."""

import json
import os
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.cards import minimal
from trustscore.boost import BoostPolicy
from trustscore.errors import PolicyError, ScorecardError, TrustscoreError
from trustscore.scorecard import load_scorecard, parse_scorecard, preset_names
from trustscore.scorecard.documents import MOST_BYTES, MOST_DEPTH, parse_document
from trustscore.scorecard.presets import preset_folder

LOADERS = {"scorecard": load_scorecard, "policy": BoostPolicy.load}


def parse(text, as_json=False):
    raw = text if isinstance(text, bytes) else text.encode()
    return parse_document(raw, "scorecard x", as_json=as_json, error=ScorecardError)


def deep(levels, end="1"):
    return '{"a":' * levels + end + "}" * levels


TOML = {
    "a dotted key of 94 KB": ("a." * 47_000 + "a = 1", "a key of more than 32 names"),
    "a header of 94 KB": ("[" + "a." * 47_000 + "a]", "a key of more than 32 names"),
    "quoted parts": ('x = 1\n"a\\"" . ' * 1 + "'b'." * 40 + "c = 1", "line 2: a key of more"),
    "after a string of many lines": ('a = """x"""""\n' + "b." * 40 + "c=1", "line 2: a key of"),
    "after a raw string": ("a = '''x'''''\n" + "b." * 40 + "c=1", "line 2: a key of more"),
    "inside an inline table": ("t = {x = '''\n''', " + "b." * 40 + "c=1}", "line 2: a key of more"),
    "deep lists": ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply: at most 32 levels"),
    "lists just too deep": ("a = " + "[" * 33 + "]" * 33, "nested too deeply: at most 32"),
    "deep tables": ("[a" + ".a" * 31 + "]\nb.c = {d = 1}", "nested too deeply: at most 32"),
    "a hexadecimal number of 4,000 digits": ("a = 0x" + "f" * 4000, "a: must be a whole number of"),
    "a number of 5,000 digits": ("a = " + "9" * 5000, "a whole number has thousands of digits"),
    "more than 64 bits": ("a.b = [9223372036854775808]", "a.b.0: must be a whole number of at"),
    "a line feed": (
        'version = "1\\n2"',
        "version: must be without control characters. Got '1\\n2'",
    ),
    "an escape": ('why = "\\u001b[2J"', "why: must be without control characters. Got '\\x1b[2J'"),
    "C1": ('en = "\\u009b31m"', "en: must be without control characters"),
    "a line separator": ('en = "a\\u2028b"', "en: must be without control characters"),
    "no UTF-8": (b"a = '\xff'", "is not TOML: 'utf-8' codec"),
    "NUL": ("a = 1\0", "is not TOML"),
    "an unclosed string": ('a = "\\"' + '\\"' * 200_000, "is not TOML"),
    "an unclosed text": ('a = """' + '\\"' * 200_000, "is not TOML"),
}


@pytest.mark.parametrize("name", TOML)
def test_toml_beyond_a_limit_gets_a_sentence(name):
    text, expected = TOML[name]
    with pytest.raises(ScorecardError) as error:
        parse(text)
    assert expected in str(error.value)
    assert str(error.value).replace("\n", "").isprintable()
    assert len(str(error.value)) < 500


JSON = {
    "twice": ('{"a": 1, "a": 1}', "a: is given twice; keep one of them"),
    "twice inside": ('{"b": [{"a": 1, "a": {"c": 1, "c": 2}}]}', "2 faults"),
    "twice an escape": ('{"\\u001b": 1, "\\u001b": 2}', "\\x1b: is given twice"),
    "half a character": ('{"a": "\\ud800"}', "a: must be without control characters"),
    "deep": (deep(100_000), "nested too deeply: at most 32 levels"),
    "just too deep": (deep(MOST_DEPTH + 1, "{}"), "nested too deeply: at most 32 levels"),
    "digits": ('{"a": ' + "1" * 5000 + "}", "a whole number has thousands of digits"),
    "64 bits": ('{"a": -9223372036854775809}', "a: must be a whole number of at most 64 bits"),
    "a list": ("[1, 2", "is not JSON"),
}


@pytest.mark.parametrize("name", JSON)
def test_json_beyond_a_limit_gets_a_sentence(name):
    text, expected = JSON[name]
    with pytest.raises(ScorecardError) as error:
        parse(text, as_json=True)
    assert expected in str(error.value)
    assert str(error.value).replace("\n", "").isprintable()


def test_what_is_within_the_limits_is_read():
    dots = ".".join("ab" * 30)
    for text in (
        f'why = "{dots}.{dots}"',
        f"why = '''{dots}.{dots}'''",
        f'why = """\n"{dots}"." {dots}.{dots}"""""',
        f"a = 1 # {dots}.{dots}",
        ".".join("a" * MOST_DEPTH) + " = 1",
        'why = "one\\ntwo\\tthree"\nwhen = """a >= 1\n"""',
        "[provenance.fit]\nlog = 'a\tb'",
        '"a\\nb" = 1',
        "a = -9223372036854775808",
    ):
        assert parse(text) == tomllib.loads(text)
    assert parse(deep(MOST_DEPTH), as_json=True) == json.loads(deep(MOST_DEPTH))
    # A category of the data may be any text, and `fit` writes it as a key.
    assert parse('{"peers": {"priors": {"a\\nb": {}}}}', as_json=True)


@given(st.text(alphabet="ab.\"'\\# \n=[]{}1", max_size=60))
def test_long_keys_are_found_where_toml_has_keys(text):
    """Whatever stands before it, a long key that TOML would take is refused."""
    try:
        tomllib.loads(text + "\n")
    except ValueError:
        return
    with pytest.raises(ScorecardError, match=r"a key of more than|is not TOML"):
        parse(text + "\n" + "a." * 40 + "b = 1")


@pytest.mark.parametrize("what", LOADERS)
def test_a_document_is_an_ordinary_file_of_bounded_size(what, tmp_path):
    load, refused = LOADERS[what], (ScorecardError, PolicyError)
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    for path in (tmp_path / "pipe.toml", tmp_path / "folder.toml", "/dev/zero", "/dev/null"):
        with pytest.raises(refused, match="must be an ordinary file, not a folder, pipe"):
            load(path)
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(refused, match=r"large\.toml: must have at most 8 MiB"):
        load(tmp_path / "large.toml")
    (tmp_path / "twice.json").write_text('{"name": "a", "name": "b"}')
    with pytest.raises(refused, match="name: is given twice"):
        load(tmp_path / "twice.json")
    (tmp_path / "version.toml").write_text('name = "x"\nversion = "1\\nDROP TABLE merchants"')
    with pytest.raises(refused, match="version: must be without control characters"):
        load(tmp_path / "version.toml")


def test_presets_are_within_the_limits():
    for name in preset_names():
        assert parse((preset_folder() / f"{name}.toml").read_bytes())


def chain(levels):
    data = minimal()
    for level in range(levels):
        parent = {"parent": f"d{level - 1}"} if level else {}
        data["dimensions"][f"d{level}"] = {"weight": 1} | parent
    last = f"d{levels - 1}"
    signal = {"stage": "use", "score": True, "poor": 0, "good": 1, "weight": 1, "prior": 0.5}
    data["signals"][last] = {"s": signal}
    return data


def test_a_tree_has_at_most_16_levels():
    assert len(parse_scorecard(chain(16)).dimensions) > 16
    for levels in (17, 900):
        with pytest.raises(ScorecardError) as error:
            parse_scorecard(chain(levels))
        assert error.value.faults[0] == "dimensions.d16.parent: must be at most 16 levels deep"


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("dimensions", {f"d{at}": {"weight": 1} for at in range(2001)}),
        ("words", {f"d{at}": {"en": "x"} for at in range(2001)}),
        ("signals", {"a": {f"d{at}": {} for at in range(2001)}}),
        ("rules", {f"r{at}": {"when": "a > 1", "cap": 5} for at in range(2001)}),
        ("overlays", {f"r{at}": {} for at in range(2001)}),
    ],
)
def test_a_table_has_at_most_2000_entries(name, entries):
    with pytest.raises(ScorecardError, match=f"{name}: must have at most 2000 entries. Got 200"):
        parse_scorecard(minimal() | {name: entries})


@pytest.mark.parametrize("weight", [4e200, 1.1e100, 1e299])
def test_a_weight_whose_square_is_infinite_is_a_fault(weight):
    data = minimal()
    data["signals"]["after_sales"]["complaint_rate"]["weight"] = weight
    with pytest.raises(TrustscoreError, match=r"weight: must be at most 1e\+100"):
        parse_scorecard(data)


def test_faults_by_the_thousand_are_counted():
    data = minimal()
    data["words"] |= {f"w{at}": {"en": "x", "no": 1} for at in range(1900)}
    with pytest.raises(ScorecardError) as error:
        parse_scorecard(data)
    assert len(error.value.faults) < 600
    assert error.value.faults[-1].startswith("and ")
