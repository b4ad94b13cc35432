"""Copied reviews and bursts of them."""

import datetime as dt
import json

import pyarrow.parquet as pq
import pytest

from tests.logs.folders import table, write
from trustscore.detect.files import write_findings
from trustscore.detect.settings import parse_settings
from trustscore.errors import InputError

AS_OF = dt.date(2026, 2, 1)
LONG = "this lamp gives a warm light and everybody who came to see us asked where we bought it"
AGAIN = "second towel set for our guests, soft and thick, dries within a few hours outdoors"
CART = "both parcels came on one afternoon and neither cup nor saucer had a single scratch"
SHORT = "good lamp, quick delivery"
HEADER = "review_id,merchant_id,order_id,created_at,buyer_id,stars,text,is_default,follows"


def run(tmp_path, rows, **settings):
    """Judge rows; return the findings by review and topic, and the manifest."""
    logs = write(tmp_path / "logs", reviews=table(HEADER, *rows))
    out = tmp_path / "found.parquet"
    chosen = parse_settings({"name": "t", "version": "1.0.0", "reviews": settings})
    report = write_findings(
        "reviews", logs, out, as_of=AS_OF, tz="UTC", settings=chosen, allow_short_logs=True
    )
    found = pq.read_table(out).to_pylist()
    return {(row["subject_id"], row["topic"]): row for row in found}, report.manifest


def review(name, text, *, merchant="m1", at="2026-01-10", buyer=None, order=None, more=("", "")):
    buyer = f"b-{name}" if buyer is None else buyer
    return [name, merchant, order or f"o-{name}", f"{at} 10:00", buyer, 5, text, *more]


def copies(found):
    return {review for review, topic in found if topic == "duplicate_review"}


def test_the_same_words(tmp_path):
    rows = [
        # Long: in different shops, far apart, written a little otherwise.
        review("long-1", LONG),
        review("long-2", f"  {LONG.upper()}!!", merchant="m2", at="2025-10-10"),
        # Short: of one shop, and close.
        review("short-1", SHORT),
        review("short-2", SHORT, at="2026-01-29"),
        # Short: of another shop, or far apart.
        review("apart-1", "nice cup, good price", merchant="m1"),
        review("apart-2", "nice cup, good price", merchant="m2"),
        review("later-1", "soft towel, good price", at="2025-10-01"),
        review("later-2", "soft towel, good price", at="2026-01-01"),
        # Fewer than 15 letters.
        review("tiny-1", "very good lamp"),
        review("tiny-2", "very good lamp"),
        # One buyer who repeats themselves; one review of an order that two shops share.
        review("self-1", AGAIN, buyer="same"),
        review("self-2", AGAIN, buyer="same", merchant="m2"),
        review("cart", CART, buyer=""),
        review("cart", CART, buyer="", merchant="m2"),
        # Set by the system.
        review("default-1", LONG + " default", more=("1", "")),
        review("default-2", LONG + " default", more=("1", "")),
    ]
    found, manifest = run(tmp_path, rows)
    assert copies(found) == {"long-1", "long-2", "short-1", "short-2"}
    row = found["long-2", "duplicate_review"]
    assert (row["merchant_id"], row["subject_kind"], row["status"]) == ("m2", "review", "suspected")
    assert row["evidence"] == "same_words(review:long-1) merchants:2"
    assert manifest["facts"]["stock_phrases"] == 0
    assert LONG[:20].encode() not in (tmp_path / "found.parquet").read_bytes()


def test_old_reviews_are_compared_but_not_reported(tmp_path):
    found, _ = run(tmp_path, [review("old", LONG, at="2025-02-01"), review("new", LONG)])
    assert copies(found) == {"new"}


def test_a_phrase_that_many_use_joins_nobody(tmp_path):
    rows = [review(f"r{n}", SHORT) for n in range(6)]
    assert len(copies(run(tmp_path, rows)[0])) == 6
    found, manifest = run(tmp_path, rows, stock_least=5)
    assert copies(found) == set()
    assert manifest["facts"]["stock_phrases"] == 1
    # The share is of all texts.
    found, _ = run(tmp_path, rows, stock_least=5, stock_share=1.0)
    assert len(copies(found)) == 6


def test_a_long_text_of_few_shops_is_no_phrase(tmp_path):
    few = [review(f"r{n}", LONG, merchant=f"m{n % 2}") for n in range(6)]
    assert len(copies(run(tmp_path, few, stock_least=1)[0])) == 6
    many = [review(f"r{n}", LONG, merchant=f"m{n}") for n in range(6)]
    assert copies(run(tmp_path, many, stock_least=1)[0]) == set()


def test_letters_that_make_a_text_long_are_counted_exactly(tmp_path):
    rows = [review(f"r{n}", "x" * 49, merchant=f"m{n}") for n in range(2)]
    rows += [review(f"s{n}", "y" * 50, merchant=f"m{n}") for n in range(2)]
    rows += [review(f"t{n}", "z" * 14) for n in range(2)]
    rows += [review(f"u{n}", "w" * 15) for n in range(2)]
    assert copies(run(tmp_path, rows)[0]) == {"s0", "s1", "u0", "u1"}


def test_short_words_that_chance_explains_join_nobody(tmp_path):
    def shop(name, texts, **same):
        """A shop of so many different texts and, by their words, so many equal ones."""
        at = dt.date(2026, 1, 1)
        rows = [
            review(f"{name}-{n}", f"{name} no {n} fits me well", merchant=name, at=at)
            for n in range(texts)
        ]
        for words, times in same.items():
            rows += [
                review(f"{words}-{n}", f"{words} and it fits me well", merchant=name, at=at)
                for n in range(times)
            ]
        return rows

    rows = shop("large", 400, twice=2, thrice=3) + shop("small", 6, pair=2)
    # So many texts of one shop have many ways to meet, and there is nothing to compare with.
    assert {name.split("-")[0] for name in copies(run(tmp_path / "one", rows)[0])} == {"pair"}
    # Where the market shows that its texts hardly ever meet, three do not by chance.
    found, manifest = run(tmp_path / "two", rows + shop("other", 400))
    assert {name.split("-")[0] for name in copies(found)} == {"pair", "thrice"}
    same = manifest["facts"]["chance_of_same_short_text"]
    # None of the pairs of two shops: distinct words of each, and 1 / 1.4e-4 before them.
    assert same == pytest.approx(1 / (402 * 400 + 402 * 7 + 400 * 7 + 1 / 1.4e-4))
    # What small shops say as well is usual, and no pair of it is copied.
    rows = shop("other", 400) + shop("shop", 6, usual=2)
    for name in ("a", "b", "c", "d"):
        rows += [review(f"usual-{name}", "usual and it fits me well", merchant=name)]
    assert copies(run(tmp_path / "usual", rows)[0]) == set()
    rows = shop("other", 400) + shop("shop", 6, rare=2)
    assert copies(run(tmp_path / "rare", rows)[0]) == {"rare-0", "rare-1"}


def daily(days=80, each=1):
    """A shop with a review or two a day, by buyers with other reviews."""
    start = dt.date(2025, 11, 1)
    return [
        review(f"d{n}-{k}", f"text {n} {k}", at=start + dt.timedelta(days=n), buyer=f"old{n % 7}")
        for n in range(days)
        for k in range(each)
    ]


def burst(count, single, at="2026-01-20"):
    """A day of reviews, the first of them by accounts without any other."""
    return [
        review(f"x{n}", f"new text {n}", at=at, buyer=f"new{n}" if n < single else f"old{n % 7}")
        for n in range(count)
    ]


def bursts(found):
    return {review for review, topic in found if topic == "review_burst"}


@pytest.mark.parametrize(
    ("usual", "rows", "caught"),
    [
        (daily(), burst(12, 12), 12),
        # Of mixed accounts only those without other reviews are reported.
        (daily(), burst(12, 8), 8),
        (daily(), burst(12, 7), 0),
        (daily(), burst(9, 9), 0),
        # What is usual here.
        (daily(each=8), burst(12, 12), 0),
        # A shop that is new.
        (daily(days=20), burst(30, 30, at="2025-11-21"), 0),
        # Known by day: the day itself is not part of what is usual.
        ([], burst(12, 12), 0),
    ],
)
def test_a_day_with_far_too_many_reviews(tmp_path, usual, rows, caught):
    found, manifest = run(tmp_path, usual + rows)
    assert len(bursts(found)) == caught
    assert manifest["facts"]["days_with_a_burst"] == (caught > 0)
    if caught:
        row = found["x0", "review_burst"]
        assert row["evidence"] == "burst(day:2026-01-20)"
        # Never by itself: [policy] knows no score for it.
        assert row["score"] == pytest.approx(0.7)


def test_unknown_buyers_are_no_single_accounts(tmp_path):
    rows = [[*row[:4], "", *row[5:]] for row in burst(20, 20)]
    assert bursts(run(tmp_path, daily() + rows)[0]) == set()


def test_reviews_are_needed(tmp_path):
    logs = write(tmp_path / "logs", orders=table("merchant_id,order_id,paid_at", ["m1", "o", "1"]))
    with pytest.raises(InputError, match="needs the log reviews"):
        write_findings("reviews", logs, tmp_path / "out.csv", as_of=AS_OF)


def test_nothing_counts_by_itself(tmp_path):
    from trustscore.signals import load_definitions

    policy = load_definitions("default").file.policy
    assert not {"duplicate_review", "review_burst"} & set(policy)
    _, manifest = run(tmp_path, [review("a", LONG), review("b", LONG)])
    assert json.dumps(manifest).count(LONG[:20]) == 0


def changed(text, *pairs):
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_nearly_the_same_words(tmp_path):
    han = "这盏灯的光线很柔和家里来的客人都问我们是在哪里买的包装也很结实"
    han += "送货的师傅还帮忙抬上楼非常感谢以后有需要一定再来"
    rows = [
        # Across shops, buyers and months; a word or two changed.
        review("near-1", LONG),
        review("near-2", changed(LONG, ("warm", "soft")), merchant="m2", at="2025-10-10"),
        review("near-3", LONG + " and when", merchant="m3"),
        review("han-1", han),
        review("han-2", changed(han, ("柔和", "温暖"), ("非常", "十分")), merchant="m2"),
        # The same to the letter: said first.
        review("both", LONG, merchant="m4"),
        # Another text on the same goods.
        review(
            "own", "a warm light, though the lamp is smaller than we thought and stands badly here"
        ),
        # Below 50 letters nothing but the same words counts.
        review("short-1", SHORT),
        review("short-2", SHORT + "!!! 1"),
        # One buyer who repeats themselves.
        review("self-1", AGAIN, buyer="same"),
        review("self-2", AGAIN + " too", buyer="same", merchant="m2"),
    ]
    found, manifest = run(tmp_path, rows)
    assert copies(found) == {"near-1", "near-2", "near-3", "han-1", "han-2", "both"}
    evidence = {review: row["evidence"] for (review, _), row in found.items()}
    assert evidence["near-2"].startswith("near_words(review:both) share:0.")
    assert evidence["near-1"] == "same_words(review:both) merchants:4"
    assert evidence["both"] == "same_words(review:near-1) merchants:4"
    assert manifest["facts"]["texts_nearly_the_same"] == 7
    assert all(row["score"] == pytest.approx(0.8) for row in found.values())


def test_order_of_rows_and_files_changes_nothing(tmp_path):
    texts = [changed(LONG, ("warm", word)) for word in ("soft", "mild", "bright", "warm", "cosy")]
    rows = [review(f"r{at}", text, merchant=f"m{at}") for at, text in enumerate(texts * 2)]
    rows += [review(f"x{at}", f"{AGAIN} {at}", merchant=f"m{at}") for at in range(9)]
    forward, _ = run(tmp_path / "a", rows)
    backward, _ = run(tmp_path / "b", rows[::-1])
    # `_file` and `_line` differ; secrets of the two folders as well.
    known = [{key: row["evidence"] for key, row in found.items()} for found in (forward, backward)]
    assert known[0] == known[1] and len(known[0]) == 19


def test_a_phrase_of_many_shops_joins_nobody_and_what_is_the_same_stays_so(tmp_path):
    """What 21 shops vary is a phrase; two texts that are the same to the letter are none."""
    rows = [review(f"v{at}", f"{LONG} {at:02d}", merchant=f"m{at}") for at in range(21)]
    rows += [review("same", f"{LONG} 07", merchant="m2")]
    found, _ = run(tmp_path, rows)
    assert copies(found) == {"v7", "same"}
    # What few shops vary is dictated, however often.
    rows = [review(f"v{at}", f"{LONG} {at:02d}", merchant=f"m{at % 5}") for at in range(40)]
    found, _ = run(tmp_path / "few", rows)
    assert len(copies(found)) == 40


def test_texts_that_are_no_sentences(tmp_path):
    """Emoji, mixed scripts, very long texts, signs of other planes: read, and nothing found."""
    rows = [
        review("emoji-1", "😀🎉" * 400),
        review("emoji-2", "😀🎉" * 401, merchant="m2"),
        review("mixed", "очень good 好东西 とても جيد " * 8),
        review("plane", "𠀀𠀁𠀂𠀃" * 20),
        review("zalgo", "z\u0301\u0302a\u0303" * 40),
        review("one", "a" * 4000),
        review("two", "ab" * 2000),
        review("blank", " " * 4000),
    ]
    found, manifest = run(tmp_path, rows)
    assert not copies(found) and manifest["facts"]["texts"] == 5
    assert run(tmp_path / "none", [])[0] == {}
    # 4,000 letters with one word changed.
    long = " ".join(f"word{at}" for at in range(500))
    rows = [review("l1", long), review("l2", changed(long, ("word77 ", "")), merchant="m2")]
    assert copies(run(tmp_path / "long", rows)[0]) == {"l1", "l2"}
