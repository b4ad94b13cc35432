"""A scorecard proposed for a table: by hand, for hostile names, for whatever can be read."""

import csv
import json
import tomllib

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trustscore
from tests.hostile_texts import HOSTILE
from trustscore.errors import InputError
from trustscore.io.blocks import read_blocks
from trustscore.scorecard import parse_scorecard
from trustscore.starting.files import propose_scorecard

ROWS = 60


def hand():
    """A table with a column of each kind and each reason, as somebody might have it."""
    at = np.arange(ROWS)
    return pd.DataFrame(
        {
            "Shop ID": [f"s{i}" for i in at],
            "orders_30d": 100 + at,
            "refunds": at % 7,
            "complaints": np.where(at == 3, 500, at % 5),
            "review_count": 20 + at % 11,
            "avg_rating": 3 + at % 20 / 10,
            "response_hours": 1.5 + at % 9,
            "chat_response_hours": 1.5 + at % 9,
            "chats": 30 + at,
            "on_time_rate": 0.8 + at % 20 / 100,
            "warnings": at % 4,
            "is_verified": np.where(at % 3 == 0, "yes", "no"),
            "thing": at % 13 - 6.5,
            "followers": at * 1000,
            "country": "CN",
            "always": 1,
            "joined": pd.date_range("2020-01-01", periods=ROWS).strftime("%Y-%m-%d"),
            "phone": 13800000000 + at,
            "contact_number": 13900000000 + at * 7919,
            "who": [f"a{i}@b.cn" for i in at],
            "rare": np.where(at == 0, 1.0, np.nan),
            "licence_code": 5000 + at * 3,
            "serial": 1 + at,
            "category": "shoes",
        }
    )


def propose(frame, tmp_path, name="mine.csv", **settings):
    path = tmp_path / name
    frame.to_csv(path, index=False)
    return path, propose_scorecard(path, **settings)


def scored(path, found):
    """Score the file with what was proposed for it; return how many rows were and were not."""
    card = parse_scorecard(tomllib.loads(found.text), "proposal")
    blocks = list(read_blocks(path, card))
    for part in blocks:
        scores = trustscore.score_columns(part.block, card)
        index = scores.trust_index[np.isfinite(scores.trust_index)]
        assert ((index >= 0) & (index <= 100)).all()
    return sum(len(part.rows) for part in blocks), sum(len(part.rejects) for part in blocks)


def test_by_hand(tmp_path):
    path, found = propose(hand(), tmp_path)
    assert (found.id_column, found.sure_of_id, found.rows) == ("Shop ID", True, ROWS)
    kinds = {
        each.column.name: (each.kind, each.sample and each.sample.name) for each in found.guesses
    }
    assert kinds == {
        "refunds": ("rate", "orders_30d"),
        "complaints": ("events", "orders_30d"),
        "avg_rating": ("mean", "review_count"),
        "response_hours": ("score", None),
        "chat_response_hours": ("duration", "chats"),
        "on_time_rate": ("ratio", "orders_30d"),
        "warnings": ("rate", "orders_30d"),
        "is_verified": ("flag", None),
        "thing": ("score", None),
    }
    better = {
        each.column.name: each.figures["good"] > each.figures["poor"] for each in found.guesses
    }
    assert {name for name, higher in better.items() if higher} == {
        "avg_rating",
        "on_time_rate",
        "is_verified",
        "thing",
    }
    reasons = {each.name: each.reason for each in found.left_out}
    assert reasons["followers"].startswith("a size")
    assert reasons["country"] == "text in 100% of its cells"
    assert reasons["always"] == "the same in every row"
    assert reasons["joined"] == "days or times"
    assert {reasons[name] for name in ("phone", "who", "contact_number")} == {
        "personal data, or where somebody is"
    }
    assert reasons["rare"].startswith("almost empty: 2%")
    assert reasons["licence_code"] == "an identifier by its name"
    assert reasons["serial"].startswith("a number of its own")
    assert reasons["category"].startswith("read beside the signals")
    assert scored(path, found) == (ROWS, 0)


def test_anchors_are_the_quantiles_that_the_comment_names(tmp_path):
    frame = pd.DataFrame({"id": range(101), "score_a": range(101), "late_score": range(101)})
    # A column that counts up by one is an identifier: no anchors are taken from it.
    frame["score_a"] = frame["score_a"] * 2.5
    frame["late_score"] = frame["late_score"] * 2.5
    _, found = propose(frame, tmp_path)
    higher, lower = found.guesses
    assert (higher.figures["poor"], higher.figures["good"]) == (12.5, 225.0)
    assert (lower.figures["poor"], lower.figures["good"]) == (238.0, 25.0)
    assert higher.figures["prior"] == 125.0
    assert "poor is q5, good q90 of 101 merchants" in found.text
    assert "poor is q95, good q10 of 101 merchants" in found.text


def test_a_rate_pools_its_prior_and_looks_at_every_row(tmp_path):
    frame = pd.DataFrame({"merchant_id": range(500), "orders": 200, "refunds": np.arange(500) % 9})
    frame["orders"] += np.arange(500) % 3
    _, found = propose(frame, tmp_path)
    [rate] = found.guesses
    assert rate.kind == "rate"
    assert rate.figures["prior"] == pytest.approx(
        frame.refunds.sum() / frame.orders.sum(), rel=1e-3
    )
    # One row of 500 in which the part exceeds the whole, and it is a rate no more.
    frame.loc[499, "refunds"] = 1000
    path, found = propose(frame, tmp_path, most=50)
    assert [each.kind for each in found.guesses] == ["events"]
    assert scored(path, found) == (500, 0)


def test_chinese_names(tmp_path):
    at = np.arange(ROWS)
    frame = pd.DataFrame(
        {
            "店铺编号": [f"店{i}" for i in at],
            "订单数": 100 + at,
            "退款数": at % 7,
            "评价数": 30 + at % 9,
            "平均评分": 4 + at % 10 / 10,
            "手机": 13800000000 + at,
            "主营类目": np.where(at % 2, "鞋", "包"),
        }
    )
    path = tmp_path / "表.csv"
    path.write_bytes(frame.to_csv(index=False).encode("gb18030"))
    found = propose_scorecard(path, encoding="gb18030")
    assert found.id_column == "店铺编号"
    assert found.category == "主营类目"
    kinds = {each.column.name: each.kind for each in found.guesses}
    assert kinds == {"退款数": "rate", "平均评分": "mean"}
    card = parse_scorecard(tomllib.loads(found.text), "x")
    assert card.signal("refund_count_rate").words.zh == "退款数"
    assert not card.signal("refund_count_rate").higher_is_better
    [part] = read_blocks(path, card, encoding="gb18030")
    assert len(part.rows) == ROWS
    assert part.block["category"].tolist()[:2] == ["包", "鞋"]


def test_no_cell_of_text_is_quoted(tmp_path):
    frame = hand()
    frame["note"] = "Secret-Remark-77"
    frame["complaints"] = frame["complaints"].astype(object)
    _, found = propose(frame, tmp_path)
    for secret in ("Secret", "a7@b.cn", "13800000007", "s17", "2020-01-05"):
        assert secret not in found.text
        assert secret not in repr(found.left_out)


def test_repeated_ids_are_told(tmp_path):
    frame = pd.concat([hand(), hand().iloc[:20]])
    path, found = propose(frame, tmp_path)
    assert (found.rows, found.repeated) == (ROWS, 20)
    assert any("20 rows repeat an id" in what for what, _ in found.look_first())
    assert scored(path, found) == (ROWS, 20)


def test_the_order_of_rows_has_no_say(tmp_path):
    frame = pd.DataFrame(
        {"id": [f"m{i}" for i in range(3000)], "rating": np.random.default_rng(1).normal(size=3000)}
    )
    one = propose(frame, tmp_path, most=200)[1]
    other = propose(frame.iloc[::-1], tmp_path, most=200)[1]
    assert one.drawn == other.drawn == 200
    assert one.text == other.text
    assert "200 of them, drawn by a fixed hash" in one.text


def test_decimal_commas(tmp_path):
    path = tmp_path / "de.csv"
    rows = "".join(f"m{i};{i % 9},{i % 7}\n" for i in range(ROWS))
    path.write_text(f"id;rating\n{rows}")
    found = propose_scorecard(path)
    assert found.decimal == ","
    assert scored(path, found) == (ROWS, 0)


def test_the_same_of_parquet_and_json_lines(tmp_path):
    frame = hand()
    texts = [propose(frame, tmp_path)[1].text]
    frame.to_parquet(tmp_path / "mine.parquet")
    frame.to_json(tmp_path / "mine.jsonl", orient="records", lines=True)
    for name in ("mine.parquet", "mine.jsonl"):
        texts.append(propose_scorecard(tmp_path / name).text.replace(name, "mine.csv"))
    assert texts[0] == texts[1] == texts[2]


def test_a_workbook(tmp_path):
    pytest.importorskip("openpyxl")
    frame = hand()
    frame.to_excel(tmp_path / "mine.xlsx", index=False)
    found = propose_scorecard(tmp_path / "mine.xlsx")
    _, plain = propose(frame, tmp_path)
    assert [each.column.name for each in found.guesses] == [
        each.column.name for each in plain.guesses
    ]
    assert scored(tmp_path / "mine.xlsx", found) == (ROWS, 0)


def test_lists_in_parquet_are_no_columns(tmp_path):
    frame = hand()
    frame["tags"] = [["a"]] * ROWS
    frame.to_parquet(tmp_path / "mine.parquet")
    assert "tags" not in propose_scorecard(tmp_path / "mine.parquet").text


TABLES = {
    "empty": ("", "is empty"),
    "header only": ("id,orders,refunds\n", "none below the header"),
    "one row": ("id,orders,refunds\nm1,5,1\n", "no column can be a signal"),
    "ids only": ("id\nm1\nm2\n", "no other column"),
    "scores": (
        "merchant_id,trust_index,coverage,status,scorecard\nm1,50,1,formal,x\n",
        "of scores",
    ),
    "blank ids": ("id,stars\n,4\n,5\n", "all 2 have faults"),
    "text only": ("id,name\nm1,a\nm2,b\n", "name: text in 100% of its cells"),
    "far": ("id,a\nm1,1e308\nm2,-1e308\nm3,1\n", "a: holds figures beyond 1e15"),
}


@pytest.mark.parametrize("name", TABLES)
def test_what_nothing_can_be_made_of(name, tmp_path):
    text, says = TABLES[name]
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"t\.csv") as caught:
        propose_scorecard(path)
    assert says in str(caught.value)


def test_a_folder_or_pipe_is_refused(tmp_path):
    for path in (tmp_path, "-"):
        with pytest.raises(InputError, match="ordinary file"):
            propose_scorecard(path)


def test_the_id_column_may_be_named(tmp_path):
    frame = hand().rename(columns={"Shop ID": "who is it"}).drop(columns=["licence_code", "serial"])
    _, found = propose(frame, tmp_path)
    assert not found.sure_of_id
    assert next(found.look_first())[1] == ["who is it"]
    path, found = propose(frame, tmp_path, id_column="who is it")
    assert found.sure_of_id
    assert scored(path, found) == (ROWS, 0)
    with pytest.raises(InputError, match="did you mean who is it"):
        propose_scorecard(path, id_column="who isit")
    frame["merchant_id"] = range(ROWS)
    with pytest.raises(InputError, match="always read as the id"):
        propose(frame, tmp_path, id_column="who is it")


def test_columns_of_the_same_name(tmp_path):
    path = tmp_path / "t.csv"
    rows = "".join(f"m{i},{i % 3},{i % 5},{i % 4 / 2},{i % 6}\n" for i in range(ROWS))
    path.write_text(f"id,late,late,Star-s,star_s\n{rows}")
    with pytest.raises(InputError, match="several columns of this name"):
        propose_scorecard(path)
    path.write_text(f"id,late,x y,x y,x-y\n{rows}")
    found = propose_scorecard(path)
    assert [each.column.name for each in found.guesses] == ["late"]
    assert scored(path, found) == (ROWS, 0)


NAMES = [*HOSTILE.values(), '"""', "'''", "a = 1\n[tiers]", "]]", "🙂", "limit", "cap", "index",
         "trust_index", "delivery", "général", "a.b.c", "previous_tier", "x" * 300]  # fmt: skip


@pytest.mark.parametrize("chunk", range(4))
def test_hostile_names(chunk, tmp_path):
    names = [name for name in dict.fromkeys(NAMES[chunk::4]) if "\ufdd0" not in name]
    path = tmp_path / "t.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["merchant_id", *names])
        for row in range(ROWS):
            values = [(row * 7 + at) % (5 + at % 11) + 0.5 for at in range(len(names))]
            writer.writerow([f"m{row}", *values])
    found = propose_scorecard(path)
    told = {each.column.name for each in found.guesses} | {each.name for each in found.left_out}
    assert {name.strip().strip("\ufeff").strip() for name in names} == told
    assert len(found.guesses) > len(names) / 2
    assert scored(path, found) == (ROWS, 0)
    active = {*range(32), *range(0x7F, 0xA0), *range(0x2028, 0x202F)} - {ord("\n")}
    assert not active & set(map(ord, found.text))


CELLS = st.one_of(
    st.integers(-5, 2000).map(str),
    st.floats(allow_nan=False).map(repr),
    st.sampled_from(["", "NULL", "yes", "no", "0", "1", "97%", "1,200", "4,7", "x", "2026-01-01"]),
    st.text(max_size=5),
)
WORDS = [
    "orders",
    "refunds",
    "late_orders",
    "avg_rating",
    "reviews",
    "is_new",
    "response_hours",
    "rate",
    "退款率",
    "订单数",
    "category",
    "tier_since",
    "phone",
    "shop_id",
    "merchant_id",
]
HEADERS = st.one_of(st.sampled_from(WORDS), st.text(max_size=8))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_can_be_read_is_scored_or_refused_with_reasons(data, tmp_path):
    names = data.draw(st.lists(HEADERS, min_size=1, max_size=6))
    columns = [
        data.draw(st.one_of(st.just(CELLS), st.just(st.integers(0, 50).map(str)))) for _ in names
    ]
    rows = data.draw(st.integers(0, 12))
    table = [[f"m{row}", *[data.draw(each) for each in columns]] for row in range(rows)]
    path = tmp_path / "any.csv"
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([["id", *names], *table])
    except UnicodeEncodeError:
        return
    try:
        found = propose_scorecard(path)
    except InputError as error:
        assert str(path) in str(error)
        return
    good, bad = scored(path, found)
    assert good + bad == found.rows + found.repeated + found.rejected
    # Rows are rejected for what stands in them, never for a pair that was guessed.
    card = parse_scorecard(tomllib.loads(found.text), "x")
    reasons = {r.reason for part in read_blocks(path, card) for r in part.rejects}
    assert "numerator_above_denominator" not in reasons


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "olist/merchants_2018-03-01.csv",
        "wish/summer-products-with-rating-and-performance_2020-08.csv",
        "airbnb_boston/boston_2021-02_listings.csv.gz",
    ],
)
def test_real_tables(name, trustscore_data):
    path = trustscore_data / name
    found = propose_scorecard(path)
    good, bad = scored(path, found)
    assert good == found.rows
    assert bad == found.repeated + found.rejected
    assert len(found.guesses) > 5
    json.dumps([each.reason for each in found.left_out])
