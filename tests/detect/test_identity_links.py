"""Links to merchants removed for cause: which keys count, for whom, and who is left alone."""

import csv
import datetime as dt

import numpy as np
import pytest

from tests.detect.accounts import identities
from tests.logs.folders import table, write
from trustscore.commands.main import main
from trustscore.detect.files import write_findings
from trustscore.signals.files import write_signals

AS_OF = dt.date(2026, 2, 1)
STATES = "merchant_id,valid_from,status,removed_at,removal_reason"
GONE = ["gone", "2025-06-01", "removed", "2025-06-01", "fraud"]
FINDINGS = "finding_id,merchant_id,subject_kind,subject_id,topic,status,found_at,decided_at"


def detect(tmp_path, rows, states, **more):
    folder = write(
        tmp_path / "logs", identities=identities(rows), merchants=table(STATES, *states), **more
    )
    out = tmp_path / "out.csv"
    report = write_findings("identity", folder, out, as_of=AS_OF, allow_short_logs=True)
    with open(out, encoding="utf-8", newline="") as file:
        found = {(r["merchant_id"], r["subject_id"]): r for r in csv.DictReader(file)}
    return found, report.manifest["facts"]


@pytest.mark.parametrize(
    ("kind", "score"),
    [
        ("legal_id", "1"), ("licence", "1"), ("pay_account", "1"), ("phone", "0.8"),
        ("email", "0.8"), ("device", "0.8"), ("address", None), ("ip", None),
        ("person_name", None), ("legal_name", None),
    ],
)  # fmt: skip
def test_each_kind_of_identifier(tmp_path, kind, score):
    value = "13800000001@a" if kind == "email" else "13800000001"
    found, _ = detect(tmp_path, [["new", kind, value], ["gone", kind, value]], [GONE])
    if score is None:
        assert found == {}
    else:
        assert found["new", "gone"]["score"] == score
        assert found["new", "gone"]["evidence"] == f"new - {kind} - gone"


def test_the_same_value_of_another_kind_is_something_else(tmp_path):
    rows = [["new", "phone", "13800000001"], ["gone", "pay_account", "13800000001"]]
    assert detect(tmp_path, rows, [GONE])[0] == {}


@pytest.mark.parametrize(
    ("account", "other", "linked"),
    [
        (["new", "2025-07-01", "active", "", ""], GONE, True),
        (["new", "2025-07-01", "paused", "", ""], GONE, True),
        # It applies, and is in no log of merchants yet.
        (["x", "2025-07-01", "active", "", ""], GONE, True),
        (["new", "2025-07-01", "removed", "2025-08-01", "left"], GONE, False),
        (["new", "2025-07-01", "active", "", ""], ["gone", "2025-06-01", "active", "", ""], False),
        (
            ["new", "2025-07-01", "active", "", ""],
            ["gone", "2025-06-01", "removed", "2025-06-01", "left"],
            False,
        ),
        (
            ["new", "2025-07-01", "active", "", ""],
            ["gone", "2025-06-01", "removed", "2025-06-01", ""],
            False,
        ),
        # It is removed after the day of the run.
        (
            ["new", "2025-07-01", "active", "", ""],
            ["gone", "2026-03-01", "removed", "2026-03-01", "fraud"],
            False,
        ),
    ],
)
def test_who_is_linked_to_whom(tmp_path, account, other, linked):
    rows = [["new", "licence", "L1"], ["gone", "licence", "L1"], ["new", "phone", "13800000001"]]
    found, _ = detect(tmp_path, rows, [account, other])
    assert set(found) == ({("new", "gone")} if linked else set())


def test_one_that_was_taken_back_is_not_removed(tmp_path):
    back = ["gone", "2025-09-01", "active", "", ""]
    rows = [["new", "licence", "L1"], ["gone", "licence", "L1"]]
    assert detect(tmp_path, rows, [back, GONE])[0] == {}


def test_hubs_link_nobody(tmp_path):
    rows = [[f"m{at:02d}", "pay_account", "agency"] for at in range(10)]
    rows += [["gone", "pay_account", "agency"], ["gone", "licence", "L1"], ["m01", "licence", "L1"]]
    found, facts = detect(tmp_path, rows, [GONE])
    assert set(found) == {("m01", "gone")}
    assert facts["hubs"] == {"pay_account": 1} and facts["removed_for_cause"] == 1


def test_honest_newcomers_are_not_flagged(tmp_path):
    # Newcomers share agencies, buildings, networks and devices of shops with removed merchants.
    draw = np.random.default_rng(2)
    rows, states = [], []
    for at in range(3_000):
        name = f"m{at:05d}"
        if at < 200:
            states.append([name, "2025-06-01", "removed", "2025-06-01", "fraud"])
        rows += [[name, "licence", f"L{at}"], [name, "pay_account", f"A{at}"]]
        rows += [[name, "phone", f"138{draw.integers(10) if at % 3 else at + 100:08d}"]]
        rows += [[name, "address", f"B{draw.integers(100)}"], [name, "ip", f"1.1.1.{at % 200}"]]
    found, facts = detect(tmp_path, rows, states)
    assert found == {}
    assert facts["hubs"] == {"phone": 10}


def test_only_an_owners_key_sets_the_flag_until_a_person_decides(tmp_path):
    rows = [
        ["exact", "licence", "L1"], ["phone", "phone", "13800000001"], ["clear", "licence", "L1"],
        ["gone", "licence", "L1"], ["gone", "phone", "13800000001"],
        ["sure", "phone", "13800000001"],
    ]  # fmt: skip
    names = ("exact", "phone", "clear", "sure")
    states = [*([name, "2025-01-01", "active", "", ""] for name in names), GONE]
    decided = [
        ["p1", "clear", "merchant", "gone", "identity_link", "cleared", "2026-01-05", "2026-01-06"],
        [
            "p2",
            "sure",
            "merchant",
            "gone",
            "identity_link",
            "confirmed",
            "2026-01-05",
            "2026-01-06",
        ],
    ]
    found, _ = detect(tmp_path, rows, states)
    assert set(found) == {(name, "gone") for name in names}
    logs = tmp_path / "logs"
    (logs / "findings").mkdir()
    (tmp_path / "out.csv").rename(logs / "findings" / "identity.csv")
    (logs / "findings" / "people.csv").write_text(table(FINDINGS, *decided))
    write_signals(logs, tmp_path / "export.csv", as_of=AS_OF, allow_short_logs=True)
    with open(tmp_path / "export.csv", encoding="utf-8", newline="") as file:
        flags = {r["merchant_id"]: r["barred_identity_link_flag"] for r in csv.DictReader(file)}
    assert flags == {"exact": "1", "phone": "0", "clear": "0", "sure": "1"}


def test_what_is_missing_is_said_at_once(tmp_path, capsys):
    folder = write(tmp_path / "logs", reviews="review_id,merchant_id,order_id,created_at\n")
    words = ["detect", "identity", folder, "--as-of", AS_OF, "-o", tmp_path / "o.csv"]
    with pytest.raises(SystemExit) as stopped:
        main(list(map(str, words)))
    assert stopped.value.code == 2
    assert "detector identity needs the logs identities, merchants" in capsys.readouterr().err
    assert not (tmp_path / "o.csv").exists()
