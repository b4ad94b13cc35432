"""The bars of the lexicon: labelled sentences, obfuscated phrases, neutral sentences, speed."""

import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.detect.obfuscation import neutral, obfuscated
from trustscore.lexicon import load_lexicon

for _library in ("ahocorasick_rs", "opencc", "pypinyin"):
    pytest.importorskip(_library)

HERE = Path(__file__).parent / "claims"
OF_BUYERS = {"quality_defect", "logistics", "negative"}


def sentences(language):
    return tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))


def said(text):
    return {hit.topic for hit in load_lexicon().hits(text) if hit.how == "said"} - OF_BUYERS


@pytest.mark.parametrize(("language", "least"), [("zh", 300), ("en", 200)])
def test_labelled_sentences(language, least):
    found = missed = wrong = none = 0
    for topic, texts in sentences(language).items():
        for text in texts["said"]:
            found, missed = (found + 1, missed) if topic in said(text) else (found, missed + 1)
        for text in texts["none"]:
            none += 1
            wrong += bool(said(text))
    total = found + missed + none
    assert total >= least and abs(found + missed - none) <= 0.1 * total
    precision, recall = found / (found + wrong), found / (found + missed)
    print(f"{language}: {total} sentences, recall {recall:.3f}, precision {precision:.3f}")
    assert precision >= 0.90 and recall >= 0.90


def carried(entry, phrase):
    """Put a phrase into a sentence that has what its entry asks for around it."""
    latin = phrase.isascii()
    near = ""
    if entry.near:
        near = next(
            word
            for word in load_lexicon().spec.listed(entry.near)
            if word.isascii() == latin and len(word) > 1
        )
    number = ("399" if entry.price else "3") if entry.number else ""
    return ("so " if latin else "家人们") + f"{phrase} {near} {number}".rstrip()


def test_obfuscated_phrases():
    lexicon, draw = load_lexicon(), np.random.default_rng(12)
    missed, tried, by_kind = [], 0, Counter()
    for name, entry in sorted(lexicon.spec.entries.items()):
        for phrase in entry.phrases if entry.topic not in OF_BUYERS else ():
            plain = carried(entry, phrase)
            assert entry.topic in said(plain), plain
            for _ in range(2):
                changed, kinds = obfuscated(phrase, draw, entry.sound)
                text = plain.replace(phrase, changed)
                tried += 1
                if entry.topic not in said(text):
                    missed.append((name, kinds, text))
                    by_kind.update(kinds)
    recall = 1 - len(missed) / tried
    print(f"{tried:,} obfuscated phrases, recall {recall:.4f}; missed by kind {dict(by_kind)}")
    assert recall >= 0.95, missed[:20]


def test_neutral_sentences_have_no_contact():
    texts = neutral(1000, 5)
    wrong = [text for text in texts if "private_deal" in said(text)]
    print(f"{len(set(texts))} neutral sentences, {len(wrong)} with a contact")
    assert not wrong and len(set(texts)) > 900


def test_speed_is_printed():
    texts = [text for language in ("zh", "en") for topic in sentences(language).values()
             for side in topic.values() for text in side]  # fmt: skip
    texts += neutral(1000, 6)
    lexicon = load_lexicon()
    lexicon.hits("first")
    size = sum(len(text.encode()) for text in texts)
    begun = time.process_time()
    for text in texts:
        lexicon.hits(text)
    print(f"{size / 1e6 / (time.process_time() - begun):.1f} MB of text a second of CPU")
    assert size > 50_000
