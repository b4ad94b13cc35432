"""What every detector shares: settings, outputs, manifest, bad input, hostile ids."""

import csv
import datetime as dt
import json
import math

import pytest

from tests.detect.rooms import VOTES, vote, votes_table
from tests.hostile_texts import HOSTILE
from tests.logs.folders import table, write
from trustscore.commands.main import main
from trustscore.detect import DETECTORS, Cut, Finding, load_settings, settings_schema
from trustscore.detect.counterfeit.brands import parse_brands
from trustscore.detect.files import write_findings
from trustscore.detect.findings import finding_rows, queue_rows
from trustscore.detect.settings import parse_settings
from trustscore.errors import InputError, ScorecardError
from trustscore.logs import LOG_TABLES, load_zone

AS_OF = dt.date(2026, 2, 1)
CUT = Cut(AS_OF, load_zone("Asia/Shanghai"))


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main(["detect", *map(str, words)])
    return stopped.value.code


@pytest.fixture
def rooms(tmp_path):
    return write(
        tmp_path / "logs", live_votes=votes_table([vote("s", f"v{at}", 1) for at in range(6)])
    )


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_every_detector_is_whole(detector):
    assert DETECTORS[detector.name] is detector
    assert {*detector.needed, *detector.one_of, *detector.optional} <= set(LOG_TABLES)
    assert detector.needed or detector.one_of
    assert set(detector.topics) <= set(LOG_TABLES["findings"]["topic"].classes)
    known = load_settings().model_dump()
    assert set(detector.sections) <= set(known)
    stamp = load_settings().stamp(detector.name, detector.sections)
    assert stamp.startswith(f"{detector.name}@{load_settings().version}:")


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_logs_without_rows_give_a_file_without_rows(detector, tmp_path):
    if detector.name == "link":
        pytest.importorskip("splink")
    names = [*detector.needed, *detector.one_of[:1]]
    logs = {name: ",".join(LOG_TABLES[name].required) + "\n" for name in names}
    folder = write(tmp_path / "logs", **logs)
    out, queue = tmp_path / "o.parquet", tmp_path / "q.csv"
    given = parse_brands({"brands": {"a": {"name": "Adidas"}}}) if detector.brands else None
    asked = {"budget": 5} if detector.plans else {"queue": queue}
    report = write_findings(detector.name, folder, out, as_of=AS_OF, brands=given, **asked)
    assert out.exists()
    assert detector.plans or queue.read_text().count("\n") == 1
    assert not any(report.manifest["findings"].values())
    assert set(report.manifest["findings"]) == set(detector.topics)


def test_a_stamp_follows_the_sections_that_a_detector_reads():
    mine = {"name": "mine", "version": load_settings().version, "hubs": {"phone": 3}}
    changed = parse_settings(mine)
    assert changed.hubs["phone"] == 3 and changed.hubs["ip"] == load_settings().hubs["ip"]
    for detector in DETECTORS.values():
        stamps = {s.stamp(detector.name, detector.sections) for s in (changed, load_settings())}
        assert len(stamps) == (2 if "hubs" in detector.sections else 1)


def test_every_fault_of_settings_at_once():
    data = {
        "version": "one",
        "votes": {"least_voters": 0, "fan_shaer": 0.5, "tolerance": "much"},
        "hubs": {"phon": 3, "ip": 0},
        "identity": {"phone": 1.5},
        "gangs": {"stronger": [1.6, 1.0], "owners": ["boss"]},
        "votse": {},
    }
    with pytest.raises(ScorecardError) as refused:
        parse_settings(data, "mine.toml")
    said = "\n".join(refused.value.faults)
    for part in (
        "name: is missing", "version: ", "votes.least_voters: ", "votes.tolerance: ",
        "votes.fan_shaer: unknown key, did you mean fan_share?", "hubs.phon", "hubs.ip: ",
        "identity.phone: ", "gangs.stronger: must rise", "gangs.owners.0: ",
        "votse: unknown key, did you mean votes?",
    ):  # fmt: skip
        assert part in said, part


@pytest.mark.parametrize("data", [[], None, 3, "votes"])
def test_settings_that_are_no_table(data):
    with pytest.raises(ScorecardError, match="must be a table"):
        parse_settings(data)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, 1e400, None, [], {}, "0.5x"])
def test_numbers_that_are_none_are_refused(value):
    with pytest.raises(ScorecardError, match=r"votes\.fan_share"):
        parse_settings({"name": "x", "version": "1.0.0", "votes": {"fan_share": value}})


def test_a_table_replaced_by_a_number_is_a_fault():
    with pytest.raises(ScorecardError, match=r"gangs\.weights"):
        parse_settings({"name": "x", "version": "1.0.0", "gangs": {"weights": 3}})


def test_a_kind_without_a_hub_is_named():
    with pytest.raises(ScorecardError, match=r"identity\.person_name needs hubs\.person_name"):
        parse_settings({"name": "x", "version": "1.0.0", "identity": {"person_name": 0.5}})


def test_nothing_left_to_look_for(tmp_path):
    kinds = load_settings().identity
    none = parse_settings({"name": "x", "version": "1.0.0", "identity": dict.fromkeys(kinds, 0)})
    folder = write(tmp_path / "logs", identities="merchant_id,kind,value\nm1,ip,1.1.1.1\n",
                   merchants="merchant_id\nm1\n")  # fmt: skip
    with pytest.raises(InputError, match="leave no kind of identifier"):
        write_findings("identity", folder, tmp_path / "o.csv", as_of=AS_OF, settings=none)


def test_the_schema_knows_every_key():
    schema = settings_schema()
    # Brands stand in a file of their own, with its own schema.
    assert set(schema["properties"]) == set(type(load_settings()).model_fields) - {"brands"}


def test_settings_of_a_file(rooms, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text('name = "mine"\nversion = "2.0.0"\n[votes]\nleast_voters = 7\n')
    words = [rooms, "--as-of", AS_OF, "--allow-short-logs", "--quiet"]
    assert run("votes", *words, "-o", tmp_path / "a.csv") == 0
    assert run("votes", *words, "-o", tmp_path / "b.csv", "--settings", mine) == 0
    assert (tmp_path / "a.csv").read_text().count("\n") == 2
    assert (tmp_path / "b.csv").read_text().count("\n") == 1
    facts = json.loads((tmp_path / "b.csv.manifest.json").read_text())
    assert facts["detector"].startswith("votes@2.0.0:")
    assert run("votes", *words, "-o", tmp_path / "c.csv", "--settings", "defualt") == 2
    assert run("votes", *words, "-o", mine, "--settings", mine) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["vots", "{logs}", "-o", "{tmp}/o.csv", "--as-of", "2026-02-01"], "did you mean votes?"),
        (["votes", "{logs}", "-o", "{tmp}/o.csv"], "--as-of is missing"),
        (["votes", "{logs}", "--as-of", "2026-02-01"], "Missing option"),
        (["votes", "{logs}", "-o", "{tmp}/o.ods", "--as-of", "2026-02-01"], "must end in .csv"),
        (
            ["votes", "{logs}", "-o", "{tmp}/o.csv", "--queue", "{tmp}/o.csv"]
            + ["--as-of", "2026-02-01"],
            "two outputs have one name",
        ),
        (
            ["votes", "{logs}", "-o", "{logs}/live_votes.csv", "--as-of", "2026-02-01"],
            "is also an input",
        ),
        (
            ["votes", "{logs}", "-o", "{tmp}/o.csv", "--queue", "{logs}/live_votes.csv"]
            + ["--as-of", "2026-02-01"],
            "is also an input",
        ),
        (
            ["votes", "{logs}", "-o", "{tmp}/o.csv", "--as-of", "2026-06-01"],
            "--allow-short-logs counts all the same",
        ),
        (["gangs", "{logs}", "-o", "{tmp}/o.csv", "--as-of", "2026-02-01"], "the log identities"),
    ],
)
def test_wrong_use_is_said_and_leaves_nothing(rooms, tmp_path, capsys, words, said):
    before = sorted(tmp_path.rglob("*"))
    content = (rooms / "live_votes.csv").read_bytes()
    filled = [word.format(logs=rooms, tmp=tmp_path) for word in words]
    assert run(*filled) == 2
    assert said in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
    assert (rooms / "live_votes.csv").read_bytes() == content


def test_rejects_strict_and_standard_output(rooms, tmp_path, capsys):
    with open(rooms / "live_votes.csv", "a") as file:
        file.write("s,m1,v9,2026-01-20 10:00,exaggerated,9,,\n")
    words = ["votes", rooms, "--as-of", AS_OF, "--allow-short-logs"]
    assert run(*words, "-o", tmp_path / "o.csv") == 3
    assert "answer" in (tmp_path / "o.csv.rejects.csv").read_text()
    assert "1 rejected" in capsys.readouterr().err
    assert run(*words, "-o", tmp_path / "s.csv", "--strict") == 4
    assert not list(tmp_path.glob("s.csv*"))
    assert run(*words, "-o", "-", "--quiet") == 3
    assert capsys.readouterr().out.startswith("finding_id,merchant_id,")


def test_what_is_known_at_the_cut_and_no_more(tmp_path):
    # Votes and decisions that were recorded later are not known yet.
    rows = [[*vote("s", f"v{at}", 1)[:6], "2026-01-21" if at < 4 else "2026-02-03"]
            for at in range(6)]  # fmt: skip
    header = VOTES.removesuffix(",device_id,ip") + ",recorded_at"
    folder = write(tmp_path / "logs", live_votes=table(header, *rows))
    facts = write_findings(
        "votes", folder, tmp_path / "o.csv", as_of=AS_OF, allow_short_logs=True
    ).manifest["facts"]
    assert facts["answers"] == 4
    later = dt.date(2026, 2, 4)
    facts = write_findings(
        "votes", folder, tmp_path / "o.csv", as_of=later, allow_short_logs=True
    ).manifest["facts"]
    assert facts["answers"] == 6


def test_the_store_of_signals_is_used_again(rooms, tmp_path):
    work = tmp_path / "work"
    how = {"as_of": AS_OF, "work": work, "allow_short_logs": True}
    write_findings("votes", rooms, tmp_path / "a.csv", **how)
    parts = sorted((work / "parts").rglob("facts.json"))
    times = [path.stat().st_mtime_ns for path in parts]
    write_findings("votes", rooms, tmp_path / "b.csv", **how)
    assert parts and [path.stat().st_mtime_ns for path in parts] == times
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_hostile_ids_come_back_as_they_were(tmp_path, suffix):
    from trustscore.signals.files import write_signals

    names = [text for text in HOSTILE.values() if is_id(text)]
    assert len(names) > 10
    # Each merchant has a broadcast of that name as well.
    rows = [vote(name, f"v{at}", 1, merchant=name) for name in names for at in range(6)]
    sessions = [[name, name, "2026-01-20 09:00", "2026-01-20 11:00"] for name in names]
    folder = write(
        tmp_path / "logs",
        live_votes=votes_table(rows),
        live_sessions=table("session_id,merchant_id,started_at,ended_at", *sessions),
    )
    (folder / "findings").mkdir()
    out = folder / "findings" / f"f.{suffix}"
    queue = folder / "findings" / "q.csv"
    write_findings("votes", folder, out, as_of=AS_OF, queue=queue, allow_short_logs=True)
    write_signals(folder, tmp_path / "e.parquet", as_of=AS_OF, allow_short_logs=True)
    import pyarrow.parquet as pq

    export = pq.read_table(tmp_path / "e.parquet").to_pydict()
    assert len(export["merchant_id"]) == len(set(names))
    assert set(export["live_sessions_voted_false_90d"]) == {1}


def is_id(text):
    """Whether a hostile text can be the id of a merchant and of a broadcast."""
    from trustscore.scorecard.merchant_ids import canonical_id

    found, reason, _ = canonical_id(text)
    printable = text.isprintable() and "\0" not in text
    return not reason and found == text and printable and 0 < len(text) <= 128


def test_scores_are_cut_off_and_never_rounded_up():
    scores = [0.79999999, 0.8, 0.7999999999, 1.0, 0.0, 1 - 1e-9]
    found = [
        Finding("m", "live_session", f"s{at}", "crowd_false", s) for at, s in enumerate(scores)
    ]
    rows = finding_rows(found, "votes", "votes@1.0.0:0", CUT)
    assert rows["score"] == [0.799999, 0.8, 0.799999, 1.0, 0.0, 0.999999]
    assert not any(math.isnan(score) for score in rows["score"])


def test_one_thing_is_found_once():
    twice = [Finding("m", "order", "o", "brushing", 0.5)] * 2
    with pytest.raises(ValueError, match="found something twice"):
        finding_rows(twice, "x", "x", CUT)


def test_ids_of_findings_stay_and_differ():
    found = [
        Finding("m", "order", "o", "brushing", 0.5),
        Finding("m", "item", "o", "brushing", 0.5),
    ]
    ids = finding_rows(found, "x", "x@1", CUT)["finding_id"]
    again = finding_rows([found[1]], "x", "x@2", CUT._replace(day=dt.date(2026, 3, 1)))[
        "finding_id"
    ]
    assert len(set(ids)) == 2 and again[0] in ids


def test_a_queue_begins_with_the_likeliest_and_leaves_out_what_was_decided():
    found = [
        Finding("m", "order", "a", "brushing", 0.5),
        Finding("m", "order", "b", "brushing", 0.9),
        Finding("m", "order", "c", "brushing", 0.7),
        Finding("m", "order", "d", "brushing", 1.0, queue=False),
    ]
    rows = finding_rows(found, "x", "x@1", CUT)
    queue = queue_rows(rows, found, [("m", "order", "c", "brushing")])
    assert queue["subject_id"] == ["b", "a"]
    assert queue["suspicion"] == [0.9, 0.5]
    assert "score" not in queue and "recorded_at" not in queue
    assert all(name < "a" for name in queue["finding_id"])


def test_the_last_decision_of_a_person_holds_and_appeals_are_heard(tmp_path):
    head = "finding_id,merchant_id,subject_kind,subject_id,topic,status,found_at,decided_at,appeal"
    said = [
        ["1", "s1", "cleared", "2026-01-10", ""], ["2", "s1", "confirmed", "2026-01-11", ""],
        ["3", "s2", "confirmed", "2026-01-10", "pending"],
        ["4", "s3", "confirmed", "2026-01-10", "overturned"],
        ["5", "s4", "confirmed", "2026-01-10", "kept"], ["6", "s5", "suspected", "2026-01-10", ""],
        # Decided after the cut.
        ["7", "s6", "confirmed", "2026-02-10", ""],
    ]  # fmt: skip
    rows = [
        [f"p{at}", "m1", "live_session", session, "crowd_false", status, "2026-01-05", when, appeal]
        for at, session, status, when, appeal in said
    ]
    votes = [vote(f"s{room}", f"v{at}", 1) for room in range(1, 8) for at in range(6)]
    folder = write(tmp_path / "logs", live_votes=votes_table(votes), findings=table(head, *rows))
    queue = tmp_path / "q.csv"
    report = write_findings(
        "votes", folder, tmp_path / "o.csv", as_of=AS_OF, queue=queue, allow_short_logs=True
    )
    with open(queue, encoding="utf-8", newline="") as file:
        left = {row["subject_id"] for row in csv.DictReader(file)}
    # s1, s3 and s4 are decided; an appeal that is pending is somebody's work already.
    assert left == {"s2", "s5", "s6", "s7"}
    assert report.manifest["facts"]["sessions_judged_by_people"] == 3
