"""Findings against the truth: figures by hand, files that cannot be used, and the command."""

import datetime as dt

import pytest

from tests.detect.test_brushing_rules import order
from tests.logs.folders import table, write
from trustscore.commands.main import main
from trustscore.detect.files import write_findings
from trustscore.detect.registry import DETECTORS
from trustscore.detect.truth import TRUTHS, compare
from trustscore.errors import InputError

DAY = {"as_of": dt.date(2026, 2, 1), "tz": "UTC", "allow_short_logs": True}


def test_figures_by_hand():
    kinds = {("a", f"o{n}"): "" for n in range(200)}
    kinds |= {("b", f"o{n}"): "" for n in range(99)}
    kinds |= {("a", f"x{n}"): "ring" for n in range(10)} | {("b", "y"): "drip"}
    scores = {("a", f"x{n}"): 0.99 for n in range(6)}
    # Two honest ones of a, fifty of a merchant too small to have a share, and one nobody knows.
    scores |= {("a", "o1"): 0.96, ("a", "o2"): 0.95, ("c", "z"): 0.99}
    scores |= {("b", f"o{n}"): 0.7 for n in range(50)}
    found = compare(kinds, scores, 0.95)
    assert (found.found, found.right, found.true, found.honest) == (8, 6, 11, 299)
    assert found.precision == 0.75
    assert found.recall == pytest.approx(6 / 11)
    assert found.wrong_share == pytest.approx(2 / 299)
    assert found.wrong_most == pytest.approx(2 / 200)
    assert found.recall_by == {"ring": 0.6, "drip": 0.0}
    assert compare(kinds, scores, 0.0).found == 58


def test_nothing_to_find_is_unknown():
    found = compare({}, {}, 0.0)
    assert (found.precision, found.recall, found.wrong_share) == (None, None, None)


@pytest.mark.parametrize(
    ("topic", "rows", "kinds"),
    [
        (
            "brushing",
            [("ring", ""), ("", "gift"), ("", "own_purchase"), ("slow_drip", "own_purchase")],
            ["ring", "", None, "slow_drip"],
        ),
        ("duplicate_review", [("g",), ("g",), ("h",), ("",), ("",)], ["copied"] * 2 + [""] * 3),
        (
            "identity_link",
            [("e1", "1"), ("e1", "0"), ("e2", "0"), ("e3", "1"), ("", "0")],
            ["", "came_back", "", "", ""],
        ),
        ("gang", [("g",), ("g",), ("h",), ("",)], ["gang", "gang", "", ""]),
        ("crowd_false", [("1",), ("0",)], ["false_claim", ""]),
        ("counterfeit", [("1",), ("0",)], ["counterfeit", ""]),
        ("false_review", [("1",), ("0",)], ["false", ""]),
    ],
)
def test_what_a_row_of_the_truth_is(topic, rows, kinds):
    truth = TRUTHS[topic]
    assert truth.kinds([dict(zip(truth.columns, row, strict=True)) for row in rows]) == kinds


def test_every_detector_has_a_truth():
    for detector in DETECTORS.values():
        assert detector.plans or set(detector.topics) & set(TRUTHS), detector.name


@pytest.fixture
def logs(tmp_path):
    rows = [order("o1", device_id="own"), order("o2", device_id="own"), order("o3")]
    rows += [order("old", "2025-01-01 10:00", device_id="own")]
    cells = [[row.get(name, "") for name in ("order_id", "paid_at", "device_id")] for row in rows]
    return write(
        tmp_path / "logs",
        orders=table("merchant_id,order_id,paid_at,device_id", *(["m1", *row] for row in cells)),
        identities=table("merchant_id,kind,value", ["m1", "device", "own"]),
    )


def done(parts):
    """Run the command to its good end."""
    with pytest.raises(SystemExit) as end:
        main([str(part) for part in parts])
    assert end.value.code == 0


TRUE = table(
    "merchant_id,order_id,brushing,decoy",
    ["m1", "o1", "own_accounts", ""],
    ["m1", "o2", "", ""],
    ["m1", "o3", "slow_drip", ""],
    # Too old to be judged: it is not missed.
    ["m1", "old", "own_accounts", ""],
)


def test_the_command_prints_how_right_it_is(logs, tmp_path, capsys):
    truth = write(tmp_path / "truth", orders=TRUE)
    out = tmp_path / "found.csv"
    parts = ["detect", "brushing", logs, "--as-of", "2026-02-01", "--tz", "UTC", "-o", out]
    parts += ["--truth", truth, "--allow-short-logs", "--quiet"]
    done(parts)
    shown = capsys.readouterr().out
    line = "2 found, precision 0.500, recall 0.500, of honest ones 100.000 %"
    assert f"brushing from 0.95 on: {line}" in shown
    assert f"brushing all: {line}" in shown
    assert "own_accounts 1.000, slow_drip 0.000" in shown


def test_findings_on_standard_output_stay_a_table(logs, tmp_path, capsys):
    truth = write(tmp_path / "truth", orders=TRUE)
    parts = ["detect", "brushing", logs, "--as-of", "2026-02-01", "--tz", "UTC", "-o", "-"]
    parts += ["--truth", truth, "--allow-short-logs", "--quiet"]
    done(parts)
    shown = capsys.readouterr()
    assert "precision" not in shown.out
    assert "precision 0.500" in shown.err


def test_the_manifest_holds_the_figures(logs, tmp_path):
    truth = write(tmp_path / "truth", orders=TRUE)
    report = write_findings("brushing", logs, tmp_path / "f.csv", truth=truth, **DAY)
    automatic, _ = report.manifest["truth"]["brushing"]
    assert automatic["from_score"] == 0.95
    assert automatic["precision"] == 0.5


@pytest.mark.parametrize("detector", ["gangs", "identity"])
def test_accounts_are_found_by_what_they_hang_together_with(tmp_path, detector):
    """The subject of such a finding is the other account."""
    same = [["a", "licence", "L1"], ["b", "licence", "L1"], ["a", "phone", "13800138001"]]
    same += [["b", "phone", "13800138001"], ["c", "licence", "L2"], ["d", "licence", "L2"]]
    folder = write(
        tmp_path / "logs",
        identities=table("merchant_id,kind,value", *same),
        merchants=table(
            "merchant_id,status,removal_reason",
            ["a", "active", ""],
            *(["b", "removed", "fraud"], ["c", "active", ""], ["d", "removed", "fraud"]),
        ),
    )
    truth = write(
        tmp_path / "truth",
        merchants=table(
            "merchant_id,gang,entity,removed_for_cause",
            *(["a", "g", "e", "0"], ["b", "g", "e", "1"], ["c", "", "", "0"], ["d", "", "x", "1"]),
        ),
    )
    report = write_findings(detector, folder, tmp_path / "f.csv", truth=truth, **DAY)
    [(_, lines)] = report.manifest["truth"].items()
    # Of the two pairs one is wrong: by gangs with both its accounts, else with the active one.
    assert [line["precision"] for line in lines] == [0.5] * len(lines)
    assert [line["recall"] for line in lines] == [1.0] * len(lines)


def test_a_truth_that_cannot_be_used(logs, tmp_path):
    truth = write(tmp_path / "truth", reviews="x\n")
    out = tmp_path / "f.csv"
    with pytest.raises(InputError) as error:
        write_findings("brushing", logs, out, truth=truth, **DAY)
    assert "orders.csv: cannot be read (FileNotFoundError)" in str(error.value)
    write(tmp_path / "truth", orders="merchant_id,order,brushing\nm1,o1,\n")
    with pytest.raises(InputError) as error:
        write_findings("brushing", logs, out, truth=truth, **DAY)
    assert "orders.csv: no column order_id" in str(error.value)
    assert "orders.csv: no column decoy" in str(error.value)
    (truth / "orders.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="the truth cannot be used"):
        write_findings("brushing", logs, out, truth=truth, **DAY)
    assert not out.exists()


def test_no_output_replaces_the_truth(logs, tmp_path):
    truth = write(tmp_path / "truth", orders=TRUE)
    with pytest.raises(InputError):
        write_findings("brushing", logs, truth / "orders.csv", truth=truth, **DAY)
    assert (truth / "orders.csv").read_text() == TRUE
