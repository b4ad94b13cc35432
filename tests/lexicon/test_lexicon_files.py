"""Lexicons with faults, patterns that could run for long, and libraries that are not there."""

import json
import re
import subprocess
import sys

import pytest

from trustscore.errors import InputError
from trustscore.lexicon import lexicon_schema, load_lexicon, parse_lexicon, read_hits
from trustscore.lexicon.hits import written
from trustscore.lexicon.libraries import TextsNotInstalled, library
from trustscore.lexicon.patterns import pattern_faults

for _library in ("ahocorasick_rs", "opencc", "pypinyin"):
    pytest.importorskip(_library)

BASE = {"name": "mine", "version": "1.0.0", "negation": {"characters": 8, "words": 3}}


def mine(more=None, **entry):
    told = {"topic": "abuse", "why": "a test"} | entry
    return parse_lexicon(BASE | {"entries": {"mine": told}} | (more or {}))


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "a*b",
        "(a{1,9}){1,9}",
        "(ab|ab){2,5}c",
        "ab.{0,1000}",
        "ab{1,20}c{1,20}d{1,20}",
        "(?=ab)",
        r"(ab)\1",
        "(?:ab)",
        "(?P<x>ab)",
        "^ab$",
        "[",
        "(ab",
        "ab)",
        "ab??",
        "{2}ab",
        "a?b?",
        "",
        "[ab]{2}",
        "ab|cd",
        "ab{5,2}",
        "x" * 300,
        "ab" + ".{20}" * 5,
        "(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)xyz",
    ],
)
def test_hostile_patterns_are_refused(pattern):
    assert pattern_faults(pattern)
    with pytest.raises(InputError, match=r"entries\.mine\.patterns"):
        mine(patterns=[pattern])


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(只剩|仅剩)[0-9]{1,4}(件|单)", "就这样，仅剩 20 件"),
        ("off[0-9]{2}%", "now OFF 50 %"),
        ("[0-9]{1,2}天瘦[0-9]斤", "3天瘦5斤"),
    ],
)
def test_bounded_patterns_match(pattern, text):
    assert pattern_faults(pattern) == []
    assert [hit.entry for hit in mine(patterns=[pattern]).hits(text)] == ["mine"]


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"phrases": ["a"]}, "2 letters"),
        ({"phrases": ["100"]}, "only digits"),
        ({"phrases": ["🤯🤯"]}, "2 letters"),
        ({"phrases": ["x" * 61]}, "60"),
        ({}, "neither phrases nor patterns"),
        ({"phrases": ["ab"], "severity": 4}, "severity"),
        ({"phrases": ["ab"], "topic": "abusing"}, "did you mean abuse"),
        ({"phrases": ["ab"], "sound": True}, "two Han characters"),
        ({"phrases": ["ab"], "near": ["@none"]}, "names the list none"),
        ({"phrases": ["ab"], "within": 1000}, "within"),
        ({"phrases": ["ab"], "phrase": "x"}, "did you mean phrases"),
        ({"phrases": "ab"}, "a list"),
    ],
)
def test_broken_entries_are_refused(entry, fault):
    with pytest.raises(InputError, match=re.escape(fault)):
        mine(**entry)


def test_all_faults_at_once():
    with pytest.raises(InputError) as caught:
        parse_lexicon(
            BASE
            | {
                "version": "",
                "exception": [],
                "entries": {
                    "A B": {"topic": "abuse", "why": "x", "phrases": ["ab"]},
                    "mine": {"topic": "none", "phrases": ["a"], "patterns": ["a+"]},
                },
            }
        )
    said = "\n".join(caught.value.faults)
    for part in (
        "version",
        "exception",
        "A B",
        "mine.topic",
        "mine.phrases",
        "mine.patterns",
        "why",
    ):
        assert part in said


def test_near_not_near_and_numbers():
    lexicon = mine(
        {"lists": {"ills": ["gout"]}}, phrases=["heals it"], near=["@ills"], not_near=["doctor"]
    )
    assert lexicon.topics("it heals it, the gout") == {"abuse"}
    assert not lexicon.topics("it heals it")
    assert not lexicon.topics("heals it, the gout, a doctor says")
    assert not lexicon.topics("heals it. The gout")
    assert mine(phrases=["price"], number=True).topics("price 5") == {"abuse"}
    assert not mine(phrases=["price"], number=True).topics("price")


def test_what_is_stored_comes_back():
    hits = load_lexicon().hits("加薇信 jade_88a 原价299，包治百病")
    assert hits and read_hits(written(hits)) == hits
    assert "jade" not in written(hits) and read_hits("") == []


def test_the_schema_takes_the_lexicon_of_the_package():
    schema = lexicon_schema()
    assert json.dumps(schema) and "entries" in schema["properties"]
    assert load_lexicon().stamp.startswith("lexicon@2.1.0:")


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "opencc", None)
    with pytest.raises(TextsNotInstalled, match="takes opencc: pip install"):
        library("opencc")


def test_nothing_is_imported_before_a_text_is_read():
    code = (
        "import sys; from trustscore.lexicon import load_lexicon; load_lexicon();"
        "print([n for n in ('ahocorasick_rs', 'opencc', 'pypinyin') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
