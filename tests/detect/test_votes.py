"""The detector of votes: who may vote, what a vote weighs, brigades, fans, and the round trip."""

import csv
import datetime as dt
import json

import numpy as np
import pytest

from tests.detect.rooms import VOTES, draw_votes, vote, votes_table
from tests.logs.folders import table, write
from trustscore.commands.main import main
from trustscore.detect.files import write_findings
from trustscore.signals.files import write_signals

AS_OF = dt.date(2026, 2, 1)
SESSIONS = "session_id,merchant_id,started_at,ended_at,host_id"
FINDINGS = "finding_id,merchant_id,subject_kind,subject_id,topic,status,found_at,decided_at"


def session(name, merchant="m1", host=""):
    return [name, merchant, "2026-01-20 09:00", "2026-01-20 11:00", host]


def verdict(name, status, topic="crowd_false", decided="2026-01-25 10:00", merchant="m1"):
    key = f"p-{name}-{topic}"
    return [key, merchant, "live_session", name, topic, status, "2026-01-24", decided]


def crowd(name, answers, **more):
    """Votes of voters v0, v1 and so on on a room, each with its answer."""
    return [vote(name, f"v{at}", answer, **more) for at, answer in enumerate(answers)]


def learnt(rooms=6, voters=8):
    """Honest and false rooms that all voters saw alike, so that they are known to be careful."""
    rows = []
    for room in range(rooms):
        rows += crowd(f"known{room}", [room % 2] * voters, merchant="other")
    return rows


def detect(tmp_path, **tables):
    """Run the detector on tables; return the scores by session, and the facts."""
    folder = write(tmp_path / "logs", **tables)
    out = tmp_path / "out.csv"
    report = write_findings("votes", folder, out, as_of=AS_OF, allow_short_logs=True)
    with open(out, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["topic"] == "crowd_false" for row in rows)
    return {row["subject_id"]: float(row["score"]) for row in rows}, report.manifest["facts"]


def test_a_crowd_of_five_and_not_of_four(tmp_path):
    votes = [*learnt(), *crowd("five", [1] * 5), *crowd("four", [1] * 4), *crowd("no", [0] * 8)]
    found, facts = detect(tmp_path, live_votes=votes_table(votes))
    assert set(found) == {"known1", "known3", "known5", "five"}
    assert found["five"] > 0.9
    assert facts["sessions"] == 9 and facts["sessions_with_a_crowd"] == 8


def test_the_last_answer_counts_and_answers_that_are_none_do_not(tmp_path):
    votes = [
        *learnt(),
        *crowd("changed", [1] * 6),
        *crowd("changed", [0] * 6, at="2026-01-20 10:30"),
        *crowd("other", [3] * 6),
        *crowd("late", [1] * 6, at="2026-02-01 00:00"),
        *crowd("old", [1] * 6, at="2025-06-01 00:00"),
    ]
    found, facts = detect(tmp_path, live_votes=votes_table(votes))
    assert not {"changed", "other", "late", "old"} & set(found)
    assert facts["neither_yes_nor_no"] == 6


def test_one_vote_a_device_and_a_network(tmp_path):
    device = [vote("device", f"v{at}", 1, device="d1") for at in range(7)]
    network = [vote("network", f"v{at}", 1, ip="1.1.1.1" if at > 2 else "") for at in range(7)]
    votes = votes_table([*learnt(), *device, *network])
    found, facts = detect(tmp_path, live_votes=votes)
    assert not {"device", "network"} & set(found)
    assert facts["same_device"] == 6


@pytest.mark.parametrize("whose", ["m1", "h1"])
def test_accounts_of_the_merchant_or_host_do_not_vote(tmp_path, whose):
    # Two vote from its device, one buys with its payout account, one to its address.
    votes = [vote("s", f"v{at}", 1, device="own" if at < 2 else f"d{at}") for at in range(8)]
    orders = [
        ["m9", "o1", "2026-01-02", "v2", "elsewhere", "own account", "there"],
        ["m9", "o2", "2026-01-02", "v3", "elsewhere", "account", "own street 1"],
        ["m9", "o3", "2026-01-02", "v4", "elsewhere", "account", "there"],
    ]
    identities = [
        [whose, "device", "own"],
        [whose, "pay_account", "own account"],
        [whose, "address", "own street 1"],
        # The same value as another kind is something else.
        [whose, "phone", "d5"],
    ]
    found, facts = detect(
        tmp_path,
        live_votes=votes_table([*learnt(), *votes]),
        live_sessions=table(SESSIONS, session("s", host="h1")),
        orders=table(
            "merchant_id,order_id,paid_at,buyer_id,device_id,pay_account_id,address_id", *orders
        ),
        identities=table("merchant_id,kind,value", *identities),
    )
    assert facts["own_votes"] == 4
    assert "s" not in found


def test_people_teach_who_votes_worse_than_chance(tmp_path):
    # v8 to v12 say the opposite of what people decided on five rooms.
    rows = learnt(rooms=6)
    for room in range(5):
        rows += [
            vote(f"known{room}", f"v{at}", 1 - room % 2, merchant="other") for at in range(8, 13)
        ]
    rows += [vote("target", f"v{at}", 1) for at in range(8, 13)]
    rows += [vote("target", f"v{at}", 0) for at in range(3)]
    judged = [
        verdict(f"known{room}", "confirmed" if room % 2 else "cleared", merchant="other")
        for room in range(5)
    ]
    found, facts = detect(tmp_path, live_votes=votes_table(rows), findings=table(FINDINGS, *judged))
    assert facts["sessions_judged_by_people"] == 5
    assert facts["voters_worse_than_chance_count"] == 5
    assert "target" not in found
    # Pseudonyms, not ids.
    assert all(len(name) == 32 for name in facts["voters_worse_than_chance"])


def test_a_fan_weighs_less_with_the_own_host(tmp_path):
    # v0 to v7 voted on six rooms of another host; fans on four rooms of m1.
    rows = learnt()
    for room in range(4):
        rows += [vote(f"mine{room}", f"fan{at}", 0) for at in range(6)]
    found, facts = detect(
        tmp_path,
        live_votes=votes_table(rows),
        live_sessions=table(SESSIONS, *(session(f"mine{room}", host="h") for room in range(4))),
    )
    assert facts["votes_of_fans"] == len(rows)
    assert not any(name.startswith("mine") for name in found)


def test_sessions_of_two_merchants_with_one_name_are_two(tmp_path):
    votes = [*learnt(), *(vote("s", f"v{at}", at % 2, merchant="ba"[at % 2]) for at in range(12))]
    votes += [vote(f"known{room}", f"v{at}", room % 2) for room in range(6) for at in range(8, 12)]
    folder = write(tmp_path / "logs", live_votes=votes_table(votes))
    write_findings("votes", folder, tmp_path / "o.csv", as_of=AS_OF, allow_short_logs=True)
    rows = (tmp_path / "o.csv").read_text().splitlines()
    assert [row.split(",")[1] for row in rows if row.split(",")[3] == "s"] == ["a"]


def test_no_vote_at_all(tmp_path):
    found, facts = detect(tmp_path, live_votes=VOTES + "\n")
    assert found == {} and facts["sessions"] == 0


@pytest.mark.parametrize("answer", [1, 0], ids=["brigade says false", "fans say honest"])
@pytest.mark.parametrize("strangers", [True, False], ids=["new each time", "the same ones"])
def test_neither_a_brigade_nor_fans_raise_honest_rooms(tmp_path, answer, strangers):
    # In half of the rooms 30 % of the voters say one thing, whatever was shown.
    draw = np.random.default_rng(7)
    truth = draw.random(400) < 0.15
    accuracy = np.where(draw.random(300) < 0.6, 0.85, 0.62)
    rows = [
        vote(f"s{item}", f"v{worker}", label, merchant=f"m{item % 40}")
        for item, worker, label in zip(*draw_votes(draw, truth, 300, accuracy, 12), strict=True)
    ]
    for at, room in enumerate(np.repeat(np.flatnonzero(draw.random(400) < 0.5), 5)):
        name = f"x{at}" if strangers else f"x{room % 40}-{at % 5}"
        rows.append(vote(f"s{room}", name, answer, merchant=f"m{room % 40}"))
    found, _ = detect(tmp_path, live_votes=votes_table(rows))
    sure = np.array([found.get(f"s{room}", 0) >= 0.8 for room in range(400)])
    assert sure[~truth].mean() <= 0.02
    assert sure[truth].mean() >= 0.8
    assert truth[sure].mean() >= 0.8


def figures(folder, tmp_path):
    """What the export counts of the voted broadcasts of m1."""
    write_signals(folder, tmp_path / "export.csv", as_of=AS_OF, allow_short_logs=True)
    with open(tmp_path / "export.csv", encoding="utf-8", newline="") as file:
        rows = {row["merchant_id"]: row for row in csv.DictReader(file)}
    row = rows["m1"]
    voted = row.get("live_sessions_voted_false_90d")
    return row["live_sessions_voted_90d"], voted


ROOMS = ["=1+1", "-plain", "s3", "honest"]


def room_logs(tmp_path):
    votes = learnt()
    for name in ROOMS:
        votes += crowd(name, [0 if name == "honest" else 1] * 7)
    return write(
        tmp_path / "logs",
        live_votes=votes_table(votes),
        live_sessions=table(SESSIONS, *(session(name) for name in ROOMS)),
        merchants="merchant_id,status\nm1,active\n",
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_signals_count_what_was_found_until_a_person_decides(tmp_path, suffix, capsys):
    logs = room_logs(tmp_path)
    assert figures(logs, tmp_path) == ("4", None)
    out, queue = tmp_path / f"votes.{suffix}", tmp_path / "queue.csv"
    words = ["detect", "votes", logs, "--as-of", AS_OF, "-o", out, "--queue", queue, "--quiet"]
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in [*words, "--allow-short-logs"]])
    assert stopped.value.code == 0, capsys.readouterr().err
    (logs / "findings").mkdir()
    out.rename(logs / "findings" / out.name)
    assert figures(logs, tmp_path) == ("4", "3")
    # A person clears one and confirms another; the third is left as it was.
    with open(queue, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["merchant_id"] for row in rows].count("m1") == 3
    suspicion = [float(row["suspicion"]) for row in rows]
    assert suspicion == sorted(suspicion, reverse=True)
    for row in rows:
        decision = {"'=1+1": "cleared", "s3": "confirmed"}.get(row["subject_id"])
        if decision:
            row |= {"status": decision, "decided_at": "2026-01-31 23:59:59"}
    with open(logs / "findings" / "decided.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert figures(logs, tmp_path) == ("4", "2")
    # The queue of the next run asks for what nobody has decided, and the run says the same.
    again, left = tmp_path / "again.csv", tmp_path / "left.csv"
    write_findings("votes", logs, again, as_of=AS_OF, queue=left, allow_short_logs=True)
    assert sum(line.split(",")[1] == "m1" for line in left.read_text().splitlines()) == 1
    again.rename(logs / "findings" / "again.csv")
    assert figures(logs, tmp_path) == ("4", "2")


def test_a_queue_that_nobody_filled_counts_nothing(tmp_path):
    logs = room_logs(tmp_path)
    out, queue = tmp_path / "votes.csv", tmp_path / "queue.csv"
    write_findings("votes", logs, out, as_of=AS_OF, queue=queue, allow_short_logs=True)
    (logs / "findings").mkdir()
    queue.rename(logs / "findings" / "queue.csv")
    assert figures(logs, tmp_path) == ("4", "0")
    # Beside the findings it takes nothing away.
    out.rename(logs / "findings" / "aaa.csv")
    assert figures(logs, tmp_path) == ("4", "3")


def test_findings_name_no_person_and_no_text(tmp_path):
    secrets = ["voter-Zhang", "13800138000", "10.9.8.7"]
    votes = [vote("s", f"{secrets[0]}{at}", 1, device=f"{secrets[1]}{at}", ip=f"{secrets[2]}{at}")
             for at in range(8)]  # fmt: skip
    folder = write(tmp_path / "logs", live_votes=votes_table(votes))
    write_findings(
        "votes", folder, tmp_path / "o.csv", as_of=AS_OF, queue=tmp_path / "q.csv",
        allow_short_logs=True,
    )  # fmt: skip
    written = "".join(path.read_text() for path in tmp_path.glob("?.csv*"))
    assert "live_session" in written
    assert not any(secret in written for secret in secrets)
    assert json.loads((tmp_path / "o.csv.manifest.json").read_text())["findings"] == {
        "crowd_false": 1
    }


def test_threads_and_order_of_rows_change_nothing(tmp_path):
    draw = np.random.default_rng(3)
    truth = draw.random(60) < 0.3
    rows = [
        vote(f"s{item}", f"v{worker}", label, ip=f"i{worker % 17}")
        for item, worker, label in zip(
            *draw_votes(draw, truth, 40, np.full(40, 0.8), 9), strict=True
        )
    ]
    written = []
    for jobs, order in ((1, 1), (2, -1)):
        folder = write(tmp_path / f"logs{jobs}", live_votes=votes_table(rows[::order]))
        out = tmp_path / f"o{jobs}.csv"
        write_findings("votes", folder, out, as_of=AS_OF, jobs=jobs, allow_short_logs=True)
        written.append(out.read_bytes())
    assert written[0] == written[1]
