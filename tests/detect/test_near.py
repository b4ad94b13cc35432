"""Texts that are nearly the same: by hand, against all pairs, and on real ones."""

import csv
import os
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustscore.detect import near
from trustscore.detect.near import near_texts, shingles
from trustscore.detect.settings import load_settings
from trustscore.lexicon.normal import letters_of, normalised

SENTENCE = "the lamp gives a warm light and all who came to see us asked where we had bought it"


def groups(texts, least=0.6):
    """Return the groups of two and more texts."""
    found = near_texts(texts, np.full(len(texts), least))
    assert ((found.others >= 0) == (found.shares > 0)).all()
    of = {}
    for text, group in zip(texts, found.groups.tolist(), strict=True):
        of.setdefault(group, set()).add(text)
    return sorted(sorted(group) for group in of.values() if len(group) > 1)


def share(one, other):
    mine, theirs = shingles(one), shingles(other)
    return len(mine & theirs) / len(mine | theirs)


def test_shares_by_hand():
    # "abcd bcde cdef" and the rest "def" beside "abcd bcde cdeg deg".
    assert share("abcdef", "abcdeg") == 2 / 6
    assert share("abc", "abc") == 1 and share("", "a") == 0
    found = near_texts(["abcdefgh", "abcdefgi"], np.array([0.5, 0.5]))
    assert found.shares.tolist() == [0.5, 0.5] and found.others.tolist() == [1, 0]
    assert near_texts(["abcdefgh", "abcdefgi"], np.array([0.5, 0.51])).others.tolist() == [-1, -1]


@pytest.mark.parametrize("texts", [[], ["one"], ["", "a", "b"], ["好", "坏"]])
def test_few_texts(texts):
    assert groups(texts) == []
    assert near_texts(texts, np.full(len(texts), 0.6)).groups.tolist() == list(range(len(texts)))


def test_groups_hang_together_through_others():
    words = SENTENCE.split()
    chain = [" ".join(words)]
    for at in range(0, 12, 2):
        words[at : at + 2] = [f"other{at}", "words"]
        chain.append(" ".join(words))
    assert share(chain[0], chain[-1]) < 0.3
    assert groups(chain) == [sorted(chain)]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_same_as_all_pairs_whatever_the_order(data):
    """Signatures only choose what is compared: where they miss nothing, groups are those of all."""
    base = data.draw(st.text("abc 好坏", min_size=30, max_size=60))
    edits = st.lists(st.tuples(st.integers(0, 29), st.sampled_from("xyz好")), max_size=3)
    texts = {base}
    for edit in data.draw(st.lists(edits, max_size=6)):
        signs = list(base)
        for at, sign in edit:
            signs[at] = sign
        texts.add("".join(signs))
    listed = data.draw(st.permutations(sorted(texts)))
    found = groups(listed)
    assert found == groups(sorted(texts))
    # Each link is one of all pairs; pairs that share 85 % are never missed here.
    for group in found:
        for text in group:
            assert any(share(text, other) >= 0.6 for other in group if other != text)
    inside = {text: at for at, group in enumerate(found) for text in group}
    for one in listed:
        for other in listed:
            if one != other and share(one, other) >= 0.85:
                assert inside[one] == inside[other]


def test_another_process_finds_the_same():
    script = (
        "import numpy as np; from trustscore.detect.near import near_texts, _signatures\n"
        "t = [f'{w} light and all who came to see us asked' for w in ('warm', 'soft', 'mild')]\n"
        "k, m = _signatures(t); print(k.sum(), m.sum(), near_texts(t, np.full(3, .6)))"
    )
    out = set()
    for seed in ("0", "1"):
        known = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", script], env=known, capture_output=True, text=True, check=True
        )
        out.add(done.stdout)
    assert len(out) == 1


def test_many_texts_cost_no_square(monkeypatch):
    """Neither one group of all, nor texts just under the line: comparisons are counted."""
    counted = []
    checked = near._Links._check
    monkeypatch.setattr(
        near._Links, "_check", lambda *given: counted.append(1) or checked(*given), raising=True
    )
    rows, draw = 3000, random.Random(5)
    words = SENTENCE.split()
    alike, apart = [], []
    for at in range(rows):
        one = list(words)
        one[draw.randrange(len(one))] = f"w{at}"
        alike.append(" ".join(one))
        other = list(words)
        for place in draw.sample(range(len(other)), 4):
            other[place] = f"{draw.random():.6f}"
        apart.append(" ".join(other))
    assert groups(alike) == [sorted(alike)]
    assert len(counted) < 3 * rows
    counted.clear()
    groups(apart, 0.75)
    # Of 4,498,500 pairs.
    assert len(counted) < 45 * rows


def least(texts):
    spec = load_settings().reviews
    return np.array([spec.near_of(letters_of(text)) for text in texts])


def by_words(text, words, draw):
    """Change a tenth of the words: another one instead, none, or one more."""
    out = text.split()
    for _ in range(max(1, round(len(out) / 10))):
        at, how = draw.randrange(len(out)), draw.randrange(3)
        out[at : at + (how != 2)] = [] if how == 1 else [draw.choice(words)]
    return " ".join(out)


def by_piece(text, words, draw):
    """Write something else over a tenth of the text, at one place."""
    size = round(len(text) / 10)
    at = draw.randrange(len(text) - size + 1)
    return text[:at] + " ".join(draw.choices(words, k=size))[:size] + text[at + size :]


def by_letters(text, words, draw):
    """Change each tenth letter or so: another one instead, none, or one more."""
    out = list(text)
    for _ in range(round(len(out) / 10)):
        at, how = draw.randrange(len(out)), draw.randrange(3)
        out[at : at + (how != 2)] = [] if how == 1 else [draw.choice("abcdefghijlmnoprstuv")]
    return "".join(out)


def recall_and_precision(texts, edit, draw, longest=10**9, shortest=0):
    words = " ".join(texts).split()
    some = [text for text in texts if shortest <= letters_of(text) < longest]
    originals = draw.sample(some, min(500, len(some)))
    copied = [normalised(edit(text, words, draw)) for text in originals]
    every = sorted({*texts, *copied})
    found = near_texts(every, least(every))
    group = dict(zip(every, found.groups.tolist(), strict=True))
    right = sum(group[a] == group[b] for a, b in zip(originals, copied, strict=True))
    flagged = {every[at] for at in np.flatnonzero(found.others >= 0)}
    return right / len(copied), len(flagged & {*originals, *copied}) / len(flagged)


@pytest.fixture(scope="module")
def olist(trustscore_data):
    path = trustscore_data / "olist" / "olist_order_reviews_dataset.csv"
    with open(path, encoding="utf-8", newline="") as file:
        texts = {normalised(row["review_comment_message"]) for row in csv.DictReader(file)}
    return sorted(text for text in texts if letters_of(text) >= 15)


@pytest.mark.slow
def test_untouched_real_reviews(olist):
    long = [text for text in olist if letters_of(text) >= load_settings().reviews.long_letters]
    flagged = int((near_texts(long, least(long)).others >= 0).sum())
    print(f"Olist: {flagged} of {len(olist)} texts flagged, {len(long)} of them long")
    assert 0 < flagged <= 0.005 * len(olist)


@pytest.mark.slow
def test_copies_planted_into_real_reviews(olist):
    long = [text for text in olist if letters_of(text) >= load_settings().reviews.long_letters]
    draw = random.Random(11)
    for edit in (by_words, by_piece):
        recall, precision = recall_and_precision(long, edit, draw)
        print(f"{edit.__name__}: recall {recall:.3f}, precision {precision:.3f}")
        assert recall >= 0.95 and precision >= 0.95
    recall, precision = recall_and_precision(long, by_letters, draw, shortest=100)
    print(f"by_letters, 100 letters and more: recall {recall:.3f}, precision {precision:.3f}")
    assert recall >= 0.85 and precision >= 0.95
    # A tenth of the letters of a shorter text leaves half of its shingles: no more than chance.
    recall, _ = recall_and_precision(long, by_letters, draw, longest=100)
    print(f"by_letters, fewer than 100 letters: recall {recall:.3f}")
