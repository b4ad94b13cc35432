"""The detector of claims: who speaks, prices, paid praise, the queue, privacy, bad input."""

import csv
import datetime as dt
import json

import pytest

from tests.logs.folders import table, write
from trustscore.commands.main import main
from trustscore.detect.files import write_findings
from trustscore.detect.settings import parse_settings
from trustscore.errors import InputError
from trustscore.signals.files import write_signals

AS_OF = dt.date(2026, 2, 1)
SPOKEN = "session_id,merchant_id,at,text,speaker"
WRITTEN = "chat_id,merchant_id,sent_at,sender,message_id,text"
SECRET = "张三丰"


def said(session, text, speaker="host", minute=0, merchant="m1"):
    return [session, merchant, f"2026-01-20 10:{minute:02d}", text, speaker]


def wrote(chat, text, sender="human", minute=0):
    return [chat, "m1", f"2026-01-10 10:{minute:02d}", sender, f"{chat}-{minute}", text]


def run(tmp_path, settings=None, **tables):
    """Return findings by (kind, subject, topic), the queue and the manifest."""
    logs = write(tmp_path / "logs", **tables)
    out, queue = tmp_path / "f.csv", tmp_path / "q.csv"
    chosen = parse_settings({"name": "t", "version": "1.0.0", "claims": settings or {}})
    report = write_findings(
        "claims", logs, out, as_of=AS_OF, queue=queue, settings=chosen, allow_short_logs=True
    )
    with open(out, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(queue, encoding="utf-8", newline="") as file:
        waiting = list(csv.DictReader(file))
    found = {(row["subject_kind"], row["subject_id"], row["topic"]): row for row in rows}
    return found, waiting, report.manifest


def test_the_host_claims_and_the_viewer_asks(tmp_path):
    rows = [
        said("s1", f"{SECRET}说全网最好，没有第二，电话13800138000"),
        said("s2", "这个全网最好", "viewer"),
        said("s3", "平台规定不能说全网最好"),
        said("s4", "包治百病", "screen"),
        said("s5", "今天下雨"),
        said("s6", "喝了能根治糖尿病", ""),
        *(said("s7", "全国第一", minute=minute) for minute in range(8)),
        said("s8", "全国第一"),
        ["s9", "m1", "2026-02-01 00:00", "包治百病", "host"],
        ["s10", "m1", "2025-06-01 00:00", "包治百病", "host"],
    ]
    sessions = table(
        "session_id,merchant_id,started_at,viewers", ["s8", "m1", "2026-01-20 09:00", 5000]
    )
    found, queue, manifest = run(tmp_path, transcripts=table(SPOKEN, *rows), live_sessions=sessions)
    assert set(found) == {
        ("live_session", "s1", "false_claim"),
        ("live_session", "s1", "private_deal"),
        ("live_session", "s4", "health_claim"),
        ("live_session", "s6", "health_claim"),
        ("live_session", "s7", "false_claim"),
        ("live_session", "s8", "false_claim"),
    }
    assert float(found["live_session", "s7", "false_claim"]["score"]) == pytest.approx(0.48)
    assert float(found["live_session", "s8", "false_claim"]["score"]) == pytest.approx(0.3)
    assert found["live_session", "s7", "false_claim"]["evidence"] == "absolute:8"
    assert manifest["facts"]["hits"]["negated"] == 1
    # Most viewers first, and a few masked words of each.
    assert queue[0]["subject_id"] == "s8"
    shown = {(row["subject_id"], row["topic"]): row["snippet"] for row in queue}
    assert shown["s1", "private_deal"].endswith("电话" + "*" * 11)
    assert "全网最好" in shown["s1", "false_claim"] and "1380" not in "".join(shown.values())
    assert all(len(text) <= 40 for text in shown.values())
    for name in ("f.csv", "f.csv.manifest.json"):
        text = (tmp_path / name).read_text()
        assert SECRET not in text and "全网最好" not in text and "1380" not in text


def test_chats_and_titles(tmp_path):
    rows = [
        wrote("c1", "加我微信jade_8899，便宜十块"),
        wrote("c2", "你是不是智障"),
        wrote("c3", "加我微信jade_8899", "buyer"),
        wrote("c4", "五星好评返现5元"),
        wrote("c5", "我们不做好评返现"),
        wrote("c6", "加我微信", "system"),
    ]
    titles = table(
        "merchant_id,item_id,submitted_at,title",
        ["m1", "i1", "2026-01-05", "国家级 包治百病灵芝粉"],
        ["m1", "i2", "2026-01-05", "国家地理画册 治愈系"],
    )
    found, _, _ = run(tmp_path, chat_messages=table(WRITTEN, *rows), listings=titles)
    assert set(found) == {
        ("chat", "c1", "private_deal"),
        ("chat", "c2", "chat_abuse"),
        ("chat", "c4", "incentivised"),
        ("listing", "i1", "false_claim"),
        ("listing", "i1", "health_claim"),
    }


def test_paid_praise(tmp_path):
    chats = [wrote("c1", "好评返现5元"), wrote("c2", "好评返现5元"), wrote("c3", "好的亲")]
    sessions = [[f"c{n}", "m1", "2026-01-10 09:00", f"o{n}"] for n in (1, 2, 3)]
    reviews = [
        ["r1", "m1", "o1", "2026-01-15 10:00", 5, "不错"],
        ["r2", "m1", "o2", "2026-01-15 10:00", 1, "差"],
        ["r3", "m1", "o3", "2026-01-15 10:00", 5, "客服说好评返现，给了"],
        ["r4", "m1", "o1", "2026-01-09 10:00", 5, "之前写的"],
        ["r5", "m1", "o1", "2026-01-16 10:00", 5, "给五星返红包，真返了五元"],
        ["r6", "m1", "o9", "2026-01-16 10:00", 5, "没有好评返现，自愿写的"],
    ]
    found, _, _ = run(
        tmp_path,
        chat_messages=table(WRITTEN, *chats),
        chat_sessions=table("chat_id,merchant_id,opened_at,order_id", *sessions),
        reviews=table("review_id,merchant_id,order_id,created_at,stars,text", *reviews),
    )
    scores = {key[1]: float(row["score"]) for key, row in found.items() if key[0] == "review"}
    assert scores == {"r1": 0.9, "r3": 0.6, "r5": 0.96}
    assert found["review", "r5", "incentivised"]["evidence"] == "offered(chat:c1) told(paid_praise)"


def test_copied_praise_and_offers_in_chats_about_no_order(tmp_path):
    """Copies never count alone; an offer is the buyer's where the chat is about no order."""
    long = "宝贝收到了质量非常好物流也很快店家服务态度特别好下次还会再来光顾大家可以放心买"
    long += "真的很推荐这家店哦送人自用都合适"
    chats = [
        wrote("c1", "好评返现5元"),
        wrote("c2", "好评返现5元"),
        wrote("c3", "不要好评返现，谢谢"),
    ]
    chats += [
        wrote("c4", "no cashback for reviews please"),
        wrote("c5", "有人说好评返现，我们没有"),
    ]
    sessions = [
        ["c1", "m1", "2026-01-10 09:00", "", "b1"],
        ["c2", "m1", "2026-01-10 09:00", "o2", "b2"],
        ["c3", "m1", "2026-01-10 09:00", "o3", "b3"],
        ["c4", "m1", "2026-01-10 09:00", "o4", "b4"],
        ["c5", "m1", "2026-01-10 09:00", "", "b5"],
    ]
    reviews = [
        ["r1", "m1", "o1", "2026-01-15 10:00", 5, "不错", "b1"],
        ["other-shop", "m2", "o1b", "2026-01-15 10:00", 5, "不错", "b1"],
        ["other-order", "m1", "o2b", "2026-01-15 10:00", 5, "不错", "b2"],
        ["r3", "m1", "o3", "2026-01-15 10:00", 5, "不错", "b3"],
        ["r4", "m1", "o4", "2026-01-15 10:00", 5, "不错", "b4"],
        ["r5", "m1", "o5", "2026-01-15 10:00", 5, "不错", "b5"],
        ["copy-1", "m3", "o6", "2026-01-15 10:00", 5, long, "b6"],
        ["copy-2", "m4", "o7", "2026-01-15 10:00", 5, long.replace("特别", "真是"), "b7"],
        ["copied-anger", "m4", "o8", "2026-01-15 10:00", 1, long, "b8"],
        ["no-stars", "m4", "o9", "2026-01-15 10:00", "", long, "b9"],
        ["both", "m1", "o2", "2026-01-15 10:00", 5, long, "b2"],
    ]
    found, _, _ = run(
        tmp_path,
        chat_messages=table(WRITTEN, *chats),
        chat_sessions=table("chat_id,merchant_id,opened_at,order_id,buyer_id", *sessions),
        reviews=table("review_id,merchant_id,order_id,created_at,stars,text,buyer_id", *reviews),
    )
    scores = {key[1]: float(row["score"]) for key, row in found.items() if key[0] == "review"}
    assert scores == {"r1": 0.9, "copy-1": 0.4, "copy-2": 0.4, "both": 0.94}
    assert found["review", "both", "incentivised"]["evidence"] == "offered(chat:c2) copied_words"
    assert found["review", "r1", "incentivised"]["evidence"] == "offered(chat:c1)"


def orders_of(sales):
    """Return logs of orders: id, day of January, price, broadcast."""
    orders = table(
        "merchant_id,order_id,paid_at,session_id",
        *(["m1", name, f"2026-01-{day:02d} 12:00", session] for name, day, _, session in sales),
    )
    items = table(
        "merchant_id,order_id,line,item_id,price,list_price",
        *(["m1", name, 1, "i1", price, 500] for name, _, price, _ in sales),
    )
    return {"orders": orders, "order_items": items}


def test_a_former_price_that_nobody_paid(tmp_path):
    sales = [("o1", 5, 120, ""), ("o2", 6, 100, ""), ("o3", 20, 99, "s1"), ("o4", 20, 99, "s2")]
    rows = [said("s1", "原价399，今天99"), said("s2", "原价一百，今天99"), said("s3", "原价399")]
    found, _, manifest = run(tmp_path, transcripts=table(SPOKEN, *rows), **orders_of(sales))
    assert set(found) == {("live_session", "s1", "price_deception")}
    row = found["live_session", "s1", "price_deception"]
    assert row["evidence"] == "former_price(399) lowest_paid(100)" and float(row["score"]) == 0.6
    assert manifest["facts"]["former_prices"] == {"named": 3, "broadcasts_compared": 2}


def test_goods_without_a_history_are_not_compared(tmp_path):
    sales = [("o3", 20, 99, "s1")]
    rows = [said("s1", "原价399，今天99")]
    found, _, manifest = run(tmp_path, transcripts=table(SPOKEN, *rows), **orders_of(sales))
    assert not found and manifest["facts"]["former_prices"]["broadcasts_compared"] == 0


def test_list_prices_only_when_asked_for(tmp_path):
    sales = [(f"o{n}", 5 + n, 100, "") for n in range(8)]
    rows = [said("s1", "今天下雨")]
    tables = {"transcripts": table(SPOKEN, *rows), **orders_of(sales)}
    assert not run(tmp_path / "a", **tables)[0]
    found, queue, _ = run(tmp_path / "b", {"list_price_score": 0.3}, **tables)
    assert (
        found["listing", "i1", "price_deception"]["evidence"] == "list_price(500) lowest_paid(100)"
    )
    assert queue[0]["subject_id"] == "i1"


def test_a_person_confirms_and_the_signal_counts(tmp_path):
    sessions = table(
        "session_id,merchant_id,started_at,ended_at",
        ["s1", "m1", "2026-01-20 09:00", "2026-01-20 11:00"],
    )
    tables = {"transcripts": table(SPOKEN, said("s1", "包治百病")), "live_sessions": sessions}
    orders = table("merchant_id,order_id,paid_at", ["m1", "o1", "2026-01-10 10:00"])
    _, queue, _ = run(tmp_path, orders=orders, **tables)
    logs = tmp_path / "logs"
    (logs / "findings").mkdir()
    (tmp_path / "f.csv").rename(logs / "findings" / "f.csv")
    column = "live_sessions_health_claim_90d"

    def counted():
        out = tmp_path / "e.csv"
        write_signals(logs, out, as_of=AS_OF, allow_short_logs=True)
        with open(out, encoding="utf-8", newline="") as file:
            return next(csv.DictReader(file))[column]

    assert counted() == "0"
    [row] = queue
    row |= {"status": "confirmed", "decided_at": "2026-01-31 10:00"}
    with open(logs / "findings" / "q.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
    assert counted() == "1"


def test_tables_without_rows_and_hostile_texts(tmp_path):
    found, queue, _ = run(tmp_path / "a", transcripts=SPOKEN + "\n", chat_messages=WRITTEN + "\n")
    assert not found and not queue
    rows = [
        said("=1+1", "=cmd()全网最好\u202e<script>\x1b[31m"),
        said("s2", "🤯" * 4000 + "加薇信 jade_8899a"),
        said("s3", "не全网最好мир عربي 包治百病"),
        said("s4", "好" * 60_000),
    ]
    found, queue, _ = run(tmp_path / "b", transcripts=table(SPOKEN, *rows))
    assert {key[1].lstrip("'") for key in found} == {"=1+1", "s2", "s3"}
    text = (tmp_path / "b" / "q.csv").read_text(encoding="utf-8")
    assert "\x1b" not in text and "\u202e" not in text
    assert not any(row["snippet"].startswith("=") for row in queue)


def test_none_of_its_logs(tmp_path):
    orders = table("merchant_id,order_id,paid_at", ["m1", "o1", "2026-01-10 10:00"])
    with pytest.raises(InputError, match="transcripts or chat_messages or listings or reviews"):
        run(tmp_path, orders=orders)


def test_snippets_of_several_files_and_of_a_mapping(tmp_path):
    logs = write(tmp_path / "logs", chat_messages=table(WRITTEN, wrote("c0", "好")))
    (logs / "chat_messages").mkdir()
    (logs / "chat_messages.csv").rename(logs / "chat_messages" / "a.csv")
    (logs / "chat_messages" / "b.csv").write_text(table(WRITTEN, wrote("c1", "好评返现5元")))
    (logs / "said.csv").write_text("room,shop,time,words\ns1,m1,2026-01-20 10:00,包治百病的茶\n")
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        '[tables.transcripts]\nsql = "SELECT room AS session_id, shop AS merchant_id,'
        ' time AS at, words AS text FROM said"\n'
    )
    queue = tmp_path / "q.csv"
    arguments = ["detect", "claims", logs, "--as-of", "2026-02-01", "-o", tmp_path / "f.parquet"]
    arguments += ["--queue", queue, "--mapping", mapping, "--allow-short-logs", "--quiet"]
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, arguments)))
    assert ended.value.code == 0
    with open(queue, encoding="utf-8", newline="") as file:
        shown = {row["subject_id"]: row["snippet"] for row in csv.DictReader(file)}
    assert shown == {"c1": "好评返现#元", "s1": "包治百病的茶"}
    facts = json.loads((tmp_path / "f.parquet.manifest.json").read_text())
    assert facts["lexicon"].startswith("lexicon@2.1.0:")
