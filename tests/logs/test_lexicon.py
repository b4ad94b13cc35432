"""What a review says by its words: phrases, negations, files with faults, and what is stored."""

import datetime as dt
import json

import pyarrow.parquet as pq
import pytest

from tests.logs.folders import table, write
from trustscore.errors import InputError
from trustscore.lexicon import load_lexicon
from trustscore.signals.files import write_signals

QUALITY, WAY, BAD = "quality_defect", "logistics", "negative"


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("质量差", {QUALITY}),
        ("质 量-差！", {QUALITY}),
        ("质\u200b量差", {QUALITY}),
        ("质量不差", set()),
        ("衣服不会掉色", set()),
        ("颜色不好，一洗就掉色", {QUALITY, BAD}),
        ("没有质量问题", set()),
        ("一直没收到货", {WAY}),
        ("还没有收到货", {WAY}),
        ("不推荐", {BAD}),
        ("ＢＲＯＫＥＮ", {QUALITY, BAD}),
        ("it is not broken", set()),
        ("It’s not late, but it stopped working", {QUALITY, BAD}),
        ("unbroken, leakproof", set()),
        ("doesn't  work", {QUALITY}),
        ("never received", {WAY}),
        ("arrived late", {WAY}),
        ("", set()),
        ("非常满意", set()),
    ],
)
def test_topics_of_a_text(text, topics):
    assert load_lexicon().topics(text) == topics


@pytest.mark.parametrize(
    ("text", "closes"),
    [
        ("谢谢", True),
        ("谢谢谢谢", True),
        ("好的，谢谢亲～", True),
        ("好的呢", True),
        ("ＯＫ", True),
        ("Thank\u00a0you so much!!", True),
        ("ok 👍", True),
        ("嗯", True),
        ("亲", False),
        ("亲，在吗", False),
        ("好的？", False),
        ("ok?", False),
        ("好的，什么时候发货", False),
        ("谢谢，帮我退款", False),
        ("okra", False),
        ("thanks for nothing", False),
        ("不好", False),
        ("👍", False),
        ("。。。", False),
        ("", False),
        ("好" * 61, False),
        ("k" * 60, True),
    ],
)
def test_what_only_takes_leave(text, closes):
    lexicon = load_lexicon()
    assert lexicon.closes(text) is closes
    assert ("closing" in lexicon.topics(text)) is closes


def test_a_text_without_end_is_read_in_no_time():
    lexicon = load_lexicon()
    assert lexicon.topics("不" * 100_000 + "掉色") == frozenset()
    assert lexicon.topics("掉色 " * 100_000) == {QUALITY, BAD}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name = 'x'", "version: is missing"),
        ("name = 'x'\nversion = '1'\nentry = {}", "entry: unknown key, did you mean entries"),
        (
            "name = 'x'\nversion = '1'\n"
            "negation = {characters = -1, words = 3}\nentries = {a = 'b'}",
            r"(?s)negation.characters: .*entries.a: ",
        ),
        ("name = ", "lexicon"),
    ],
)
def test_lexicons_with_faults_are_refused(tmp_path, text, fault):
    path = tmp_path / "words.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=fault):
        load_lexicon(path)


def test_a_lexicon_that_is_not_there(tmp_path):
    with pytest.raises((InputError, FileNotFoundError), match="no such file"):
        load_lexicon(tmp_path / "none.toml")


ORDERS = table(
    "merchant_id,order_id,paid_at", *(["m1", f"o{n}", "2026-01-10 10:00"] for n in range(4))
)
REVIEWS = table(
    "review_id,merchant_id,order_id,created_at,text",
    ["r0", "m1", "o0", "2026-01-12 10:00", "一洗就掉色 张三"],
    ["r1", "m1", "o1", "2026-01-12 10:00", "不会掉色"],
    ["r2", "m1", "o2", "2026-01-12 10:00", "快递慢"],
    ["r3", "m1", "o3", "2026-01-12 10:00", ""],
)
CHATS = table(
    "chat_id,merchant_id,sent_at,sender,text",
    *(
        ["c", "m1", f"2026-01-12 10:0{n}", who, text]
        for n, (who, text) in enumerate(
            [
                ("buyer", "在吗"),
                ("human", "在的亲"),
                ("buyer", "好的谢谢"),
                ("buyer", "哦，还有货吗"),
            ]
        )
    ),
)


def test_rounds_begin_with_what_asks(tmp_path):
    folder = write(tmp_path / "logs", orders=ORDERS, chat_messages=CHATS)
    out, words = tmp_path / "e.csv", tmp_path / "words.toml"
    words.write_text(WORDS)
    settings = {"as_of": dt.date(2026, 2, 1), "allow_short_logs": True, "scorecard": "default"}

    def made(**more):
        write_signals(folder, out, work=tmp_path / "w", **settings, **more)
        header, row = (line.split(",") for line in out.read_text().splitlines())
        found = dict(zip(header, row, strict=True))
        return found["im_rounds"], found["im_response_seconds_mean"]

    # One answered after a minute, and one that nobody answers.
    assert made() == ("2", "330")
    (folder / "chat_messages.csv").write_text(CHATS.replace("哦，还有货吗", "嗯嗯，好的，谢谢您"))
    assert made() == ("1", "60")
    # Words of a file that knows no closing ones.
    assert made(lexicon=words) == ("2", "330")


WORDS = """\
name = "mine"
version = "1"
negation = { characters = 0, words = 0 }
[entries.mine]
topic = "quality_defect"
why = "a test"
phrases = ["快递"]
"""


def test_complaints_are_counted_and_texts_forgotten(tmp_path):
    folder = write(tmp_path / "logs", orders=ORDERS, reviews=REVIEWS)
    out, kept = tmp_path / "e.csv", tmp_path / "w"
    settings = {"as_of": dt.date(2026, 2, 1), "allow_short_logs": True}

    def made(**more):
        facts = write_signals(folder, out, work=kept, **settings, **more).manifest
        header, row = (line.split(",") for line in out.read_text().splitlines())
        return dict(zip(header, row, strict=True)), facts

    row, facts = made()
    counted = ("reviews_with_text", "reviews_text_quality_complaint")
    assert [row[name] for name in counted] == ["3", "1"]
    assert facts["lexicon"] == load_lexicon().stamp
    stored = list(kept.rglob("*.parquet"))
    assert stored
    for path in stored:
        assert "掉色" not in json.dumps(pq.read_table(path).to_pydict(), ensure_ascii=False)
    words = tmp_path / "words.toml"
    words.write_text(WORDS)
    before = {path: path.stat().st_mtime_ns for path in stored}
    row, facts = made(lexicon=words)
    assert row["reviews_text_quality_complaint"] == "1" and facts["lexicon"].startswith("mine@1")
    after = {path: path.stat().st_mtime_ns for path in kept.rglob("*.parquet")}
    same = [path for path in after if before.get(path) == after[path]]
    # Orders have no texts: they were not read anew.
    assert any("orders" in str(path) for path in same)
    assert not any("reviews" in str(path) for path in same)
