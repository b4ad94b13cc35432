"""Texts in one form, with places; odd scripts, and texts that mean harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.lexicon import load_lexicon, snippet
from trustscore.lexicon.fold import BETWEEN, fold, sounds, squeeze, squeeze_together

for _library in ("ahocorasick_rs", "opencc", "pypinyin"):
    pytest.importorskip(_library)

ODD = "🤯👨‍👩‍👧‍👦é̷̳̈ⅷ㎏ﬁßﷺ🅥Ⓦ①➊20⑳微証𝐯𝟙가か゚١٣\u202e\ufeff\udc80\u0000\ue8ff\ue000"


@given(st.text(alphabet=st.one_of(st.sampled_from(ODD + "加微信 13a.,"), st.characters())))
def test_each_character_knows_its_place(text):
    found = fold(text)
    assert found.squeezed == squeeze(text) == fold(found.text).squeezed
    assert len(found.text) == len(found.places) and len(found.squeezed) == len(found.at)
    assert list(found.places) == sorted(found.places)
    for at, sign in enumerate(found.squeezed):
        start, end = found.source(at, at + 1)
        assert sign in squeeze(text[start:end])
    assert len(sounds(found.squeezed)) == len(found.squeezed)
    for hit in load_lexicon().hits(text):
        assert 0 <= hit.start < hit.end <= len(text)
        assert len(snippet(text, hit)) <= 40


@given(st.lists(st.text(alphabet=ODD.replace(BETWEEN, "") + "加微信1 掉色,"), max_size=8))
def test_together_is_as_one_by_one(texts):
    lexicon = load_lexicon()
    assert lexicon.hits_of(texts) == [lexicon.hits(text) for text in texts]
    if texts:
        assert squeeze_together(texts).split(BETWEEN) == [squeeze(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ｖ❤信", "v信"),
        ("1️⃣3️⃣⑧", "138"),
        ("證券", "证券"),
        ("🅥🆇 Ⓦⓧ 𝓋𝓍", "vxwxvx"),
        ("сurе", "cure"),
        ("c\u0336u\u0301r\u0323e", "cure"),
        ("百分百・100％", "百分百100%"),
        ("➕v", "加v"),
        ("🤯🤯🤯", ""),
    ],
)
def test_folded(text, plain):
    assert squeeze(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "不" * 65_000,
        "加微信" * 20_000,
        "1" * 65_000,
        "13800138000" * 6_000,
        "@" * 65_000,
        "a@a." * 16_000,
        "🤯" * 65_000,
        "微 " * 30_000,
        "只剩" + "1" * 60_000,
        "\u0336" * 65_000,
        "vx: " + "a" * 60_000,
        "治疗，" * 20_000,
    ],
)
def test_a_text_that_means_harm_ends(text):
    hits = load_lexicon().hits(text)
    assert len(hits) <= 50


def test_a_claim_after_many_characters_is_found():
    text = "好" * 3_990 + "，加我微信" + "好" * 4_000 + "，掉色"
    assert {(hit.entry, text[hit.start : hit.end]) for hit in load_lexicon().hits(text)} == {
        ("elsewhere", "加我微信"),
        ("bad_goods", "掉色"),
        ("unhappy", "掉色"),
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("加薇信 jade_88a，手机13800138000", "加薇信 ********，手机###########"),
        ("幺三八零零一三八零零零 电话", "########### 电话"),
        ("原价¥1,299 现在99", "原价¥#,### 现在##"),
        ("\u202e加微信\n现在", "加微信 现在"),
    ],
)
def test_snippets_are_masked(text, found):
    hits = load_lexicon().hits(text)
    shown = snippet(text, hits[0], hits)
    assert shown.replace("*", "#") == found.replace("*", "#")


def test_a_snippet_is_around_its_hit():
    text = "早" * 500 + "全网最低价" + "晚" * 500
    hit = load_lexicon().hits(text)[0]
    shown = snippet(text, hit)
    assert "全网最低价" in shown and len(shown) == 40


def test_prices_in_words_and_digits():
    for text, value in [
        ("原价1,299元", "1299"),
        ("原价 99.90", "99.90"),
        ("原价三百九十九", "399"),
        ("原价一千二", "1200"),
        ("原价的3折", ""),
        ("市场价是两千零五块", "2005"),
        ("原价九九八", "998"),
        ("Original price: $1,499.00 today 3", "1499.00"),
    ]:
        hits = [h for h in load_lexicon().hits(text) if h.entry == "was_price"]
        assert [hit.value for hit in hits] == [value], text
