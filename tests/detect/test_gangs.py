"""Gangs: weights by hand, hubs that join nobody, planted gangs, people's decisions, the export."""

import csv
import datetime as dt
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detect.accounts import identities, market, true_pairs
from tests.logs.folders import table, write
from trustscore.detect.components import Pairs, components
from trustscore.detect.files import write_findings
from trustscore.signals.files import write_signals

AS_OF = dt.date(2026, 2, 1)
FINDINGS = "finding_id,merchant_id,subject_kind,subject_id,topic,status,found_at,decided_at"


def detect(tmp_path, rows, **more):
    """Run the detector; return its rows by pair, those of the queue, and the facts."""
    folder = write(tmp_path / "logs", identities=identities(rows), **more)
    out, queue = tmp_path / "out.csv", tmp_path / "queue.csv"
    report = write_findings("gangs", folder, out, as_of=AS_OF, queue=queue, allow_short_logs=True)
    found = []
    for path in (out, queue):
        with open(path, encoding="utf-8", newline="") as file:
            found.append({(r["merchant_id"], r["subject_id"]): r for r in csv.DictReader(file)})
    return *found, report.manifest["facts"]


def both_ways(*pairs):
    return {*pairs, *((other, one) for one, other in pairs)}


def test_one_phone_of_two_is_enough_and_of_three_is_not(tmp_path):
    rows = [["a", "phone", "13800000001"], ["b", "phone", "13800000001"]]
    rows += [[name, "phone", "13800000002"] for name in "cde"]
    found, queue, facts = detect(tmp_path, rows)
    assert set(found) == both_ways(("a", "b"))
    assert found["a", "b"]["score"] == "0.8"
    assert found["a", "b"]["evidence"] == "a - phone - b"
    assert set(queue) == {("a", "b")}
    assert facts["gangs"] == 1 and facts["hubs"] == {}


def test_weights_add_up_and_identifiers_of_owners_do_not_fade(tmp_path):
    # Of three accounts: two phones are 2 x 0.8 / (ln 4 / ln 3) = 1.27, device and address 0.79.
    rows = [[name, "phone", phone] for name in "abc" for phone in ("13800000001", "13800000002")]
    rows += [[name, kind, "x1"] for name in "def" for kind in ("device", "address")]
    rows += [[name, "licence", "91440101MA5"] for name in "ghij"]
    found, _, _ = detect(tmp_path, rows)
    assert set(found) == both_ways(
        *itertools.combinations("abc", 2), *itertools.combinations("ghij", 2)
    )
    assert {found[pair]["score"] for pair in found} == {"1"}


def test_a_way_is_the_evidence_and_its_weakest_step_the_score(tmp_path):
    rows = [
        ["a", "phone", "13800000001"], ["b", "phone", "13800000001"],
        ["b", "legal_id", "L1"], ["c", "legal_id", "L1"],
    ]  # fmt: skip
    found, queue, _ = detect(tmp_path, rows)
    assert found["c", "a"]["evidence"] == "c - legal_id - b - phone - a"
    assert found["c", "a"]["score"] == "0.8"
    # A person is asked about pairs that share something themselves.
    assert set(queue) == {("a", "b"), ("b", "c")}


@pytest.mark.parametrize(
    ("kind", "most"),
    [("legal_id", 50), ("pay_account", 10), ("phone", 10), ("device", 10), ("address", 5)],
)
def test_a_hub_joins_nobody(tmp_path, kind, most):
    rows = [[f"m{at:03d}", kind, "13800000001"] for at in range(most + 1)]
    # Each also shares a network with the next one, which is far too little.
    rows += [[f"m{at:03d}", "ip", f"1.1.1.{at // 2}"] for at in range(most + 1)]
    found, queue, facts = detect(tmp_path, rows)
    assert found == {} == queue
    assert facts["hubs"] == {kind: 1}
    (hub,) = facts["largest_hubs"]
    assert hub["accounts"] == most + 1 and hub["such_as"] == ["m000", "m001", "m002"]
    assert "13800000001" not in hub["pseudonym"]


def test_what_people_decided_about_a_pair_holds_in_the_next_run(tmp_path):
    rows = [[name, "phone", f"1380000000{at}"] for at, name in enumerate("aabbccdd", 1)]
    rows = [
        ["a", "phone", "13800000001"], ["b", "phone", "13800000001"],
        ["b", "phone", "13800000002"], ["c", "phone", "13800000002"],
        ["x", "device", "x"], ["y", "device", "y"],
    ]  # fmt: skip
    decided = [
        ["p1", "c", "merchant", "b", "gang", "cleared", "2026-01-05", "2026-01-06"],
        ["p2", "y", "merchant", "x", "gang", "confirmed", "2026-01-05", "2026-01-06"],
    ]
    found, queue, _ = detect(tmp_path, rows, findings=table(FINDINGS, *decided))
    assert set(found) == both_ways(("a", "b"), ("x", "y"))
    assert found["x", "y"]["evidence"] == "x - confirmed - y"
    assert set(queue) == {("a", "b")}


def test_a_component_that_is_too_large_is_split_by_its_strong_links_or_listed(tmp_path):
    # A chain of 300 by phones, each pair of neighbours of its first half by two phones.
    phone = itertools.count(13800000000)
    rows = []
    for at in range(299):
        for _ in range(2 if at < 149 and at % 75 else 1):
            value = next(phone)
            rows += [[f"m{at:03d}", "phone", value], [f"m{at + 1:03d}", "phone", value]]
    found, _, facts = detect(tmp_path, rows)
    assert facts["gangs"] == 2 and facts["unresolved_count"] == 0
    assert facts["largest_gang"] == 75
    # A chain that is strong everywhere and too long counts nothing, and is named.
    rows = []
    for at in range(299):
        rows += [[f"m{at:03d}", "legal_id", f"L{at}"], [f"m{at + 1:03d}", "legal_id", f"L{at}"]]
        rows += [[f"m{at:03d}", "licence", f"C{at}"], [f"m{at + 1:03d}", "licence", f"C{at}"]]
    found, queue, facts = detect(tmp_path / "strong", rows)
    assert found == {} == queue
    assert facts["unresolved"][0]["accounts"] == 300


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14), st.integers(1, 5)), max_size=40))
@settings(deadline=None)
def test_components_are_those_of_a_plain_search(edges):
    edges = sorted({(min(a, b), max(a, b)): w for a, b, w in edges if a != b}.items())
    pairs = Pairs(
        np.array([a for (a, _), _ in edges], dtype=np.int64),
        np.array([b for (_, b), _ in edges], dtype=np.int64),
        np.array([w for _, w in edges], dtype=np.int64),
        np.ones(len(edges), dtype=np.int64),
    )

    def plain(left):
        groups = []
        for (a, b), _ in left:
            joined = {a, b}.union(*(g for g in groups if g & {a, b}))
            groups = [g for g in groups if not g & joined] + [joined]
        return groups

    expected, left = [], edges
    for level in (3, None):
        for group in plain(left):
            if len(group) <= 4:
                expected.append((sorted(group), True))
            elif level is None:
                expected.append((sorted(group), False))
        large = [g for g in plain(left) if len(g) > 4]
        left = [e for e in left if any(e[0][0] in g for g in large) and e[1] >= 3]
    found = [(c.members.tolist(), c.resolved) for c in components(pairs, 15, 4, [3])]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("seed", range(2))
def test_planted_gangs_among_agencies_buildings_and_offices(tmp_path, seed):
    rows, gang = market(seed, 8_000, 150, agency=5_000, building=300, office=800)
    found, _, facts = detect(tmp_path, rows)
    pairs = {pair for pair in found if pair[0] < pair[1]}
    truth = true_pairs(gang)
    assert len(pairs & truth) / len(pairs) >= 0.95
    assert len(pairs & truth) / len(truth) >= 0.90
    assert {hub["accounts"] for hub in facts["largest_hubs"]} >= {5_000, 300, 800}
    # Of honest accounts alone none is called a gang.
    honest = {name for name, number in gang.items() if number < 0}
    assert not any(one in honest and other in honest for one, other in pairs)


def test_the_export_counts_the_others_of_a_gang_and_the_removed_ones(tmp_path):
    rows = [[name, "licence", "91440101MA5"] for name in ("=a", "b", "c")]
    states = [
        ["=a", "active", ""],
        ["b", "removed", "fraud"],
        ["c", "paused", ""],
        ["d", "active", ""],
    ]
    merchants = table("merchant_id,status,removal_reason", *states)
    folder = write(tmp_path / "logs", identities=identities(rows), merchants=merchants)
    (folder / "findings").mkdir()
    for name in ("gangs", "identity"):
        write_findings(
            name, folder, folder / "findings" / f"{name}.csv", as_of=AS_OF, allow_short_logs=True
        )
    write_signals(folder, tmp_path / "export.csv", as_of=AS_OF, allow_short_logs=True)
    with open(tmp_path / "export.csv", encoding="utf-8", newline="") as file:
        export = {row["merchant_id"]: row for row in csv.DictReader(file)}
    columns = ("linked_accounts", "linked_accounts_removed", "barred_identity_link_flag")
    assert {name: [row[c] for c in columns] for name, row in export.items()} == {
        "'=a": ["2", "1", "1"],
        "c": ["2", "1", "1"],
        "d": ["0", "0", "0"],
    }
