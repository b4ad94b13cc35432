"""What drifted between two exports: planted drift, points that add up, months, odd inputs."""

import csv
import json

import numpy as np
import pytest

from trustscore.commands.main import main
from trustscore.drift import drift_of_blocks
from trustscore.drift.files import drift_files
from trustscore.drift.render import render_drift
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export

MINIMAL = ("--scorecard", "minimal")


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


def write(path, columns):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(list(columns))
        for row in zip(*columns.values(), strict=True):
            out.writerow(["" if v is None or v != v else v for v in row])
    return path


@pytest.fixture(scope="module")
def market():
    return simulate_export(1200, scorecard="minimal", seed=11)


def sides(market):
    """The same market on two days: other merchants each, drawn alike."""
    halves = market.rows(0, 600), market.rows(600, 1200)
    return [{name: values.copy() for name, values in half.items()} for half in halves]


def looks(drift):
    return {look.name: look for look in drift.looks}


def points(drift):
    return sum(look.points for look in drift.signals) + sum(drift.rules.values())


def test_what_is_alike_has_not_drifted(market):
    drift = drift_of_blocks(*sides(market), "minimal")
    assert not drift.drifted("noise")
    assert points(drift) == pytest.approx(drift.change, abs=1e-9)


@pytest.mark.parametrize("card", ["default", "olist"])
def test_points_add_up_to_the_change_of_the_mean(card):
    made = simulate_export(300, scorecard=card, seed=2)
    drift = drift_of_blocks(made.rows(0, 100), made.rows(100, 300), card)
    assert len(drift.signals) == len(load_scorecard(card).signals)
    assert drift.change != 0
    assert points(drift) == pytest.approx(drift.change, abs=1e-9)


def test_a_planted_level_is_found_and_moves_the_index(market):
    old, new = sides(market)
    new["complaints"] = np.minimum(new["complaints"] * 2 + 3, new["orders_paid"])
    drift = drift_of_blocks(old, new, "minimal")
    worst = looks(drift)["complaint_rate"]
    assert worst.verdict == "large" and worst.points < -1 and worst.points_error > 0
    assert worst.utility_distance > 5 and worst.chance_corrected < 1e-9
    # Tiers follow from the index; no other signal moved.
    assert [look.name for look in drift.drifted() if look.kind == "signal"] == ["complaint_rate"]
    assert points(drift) == pytest.approx(drift.change, abs=1e-9)


def test_a_planted_missing_share_is_found(market):
    old, new = sides(market)
    new["complaints"][::4] = np.nan
    found = looks(drift_of_blocks(old, new, "minimal"))["complaint_rate"]
    assert found.verdict in ("moderate", "large")
    assert found.unknown[1] - found.unknown[0] == pytest.approx(0.25, abs=0.05)


def test_a_planted_mix_is_found(market):
    old, new = sides(market)
    rng = np.random.default_rng(3)
    kinds = np.array(["Toys", "books", "food"], dtype=object)
    old["category"] = rng.choice(kinds, 600)
    new["category"] = rng.choice(kinds, 600, p=[0.6, 0.2, 0.2])
    found = drift_of_blocks(old, new, "minimal")
    assert looks(found)["category"].verdict in ("moderate", "large")
    assert [look.name for look in found.drifted()] == ["category"]
    assert dict(
        zip(looks(found)["category"].labels, looks(found)["category"].counts[0], strict=True)
    ) == {
        name: int((old["category"] == spelled).sum())
        for name, spelled in (("toys", "Toys"), ("books", "books"), ("food", "food"))
    }


def test_a_difference_of_few_merchants_is_noise(market):
    old, new = ({k: v[:40] for k, v in side.items()} for side in sides(market))
    drift = drift_of_blocks(old, new, "minimal")
    assert all(look.verdict in ("none", "noise") for look in drift.looks)
    assert any(look.psi >= 0.1 for look in drift.looks if look.kind == "signal")


@pytest.mark.parametrize("rows", [1, 2])
def test_one_merchant_is_no_drift(market, rows):
    old, new = sides(market)
    one = {name: values[:rows] for name, values in new.items()}
    drift = drift_of_blocks(old, one, "minimal")
    assert not drift.drifted("slight")
    assert not drift_of_blocks(one, old, "minimal").drifted("slight")
    assert points(drift) == pytest.approx(drift.change, abs=1e-9)
    assert json.loads(json.dumps(drift.facts(), allow_nan=False))["rows"]["current"] == rows
    for lang in ("en", "zh"):
        assert render_drift(drift, lang)


def test_constants_and_blanks(market):
    old, new = sides(market)
    for side in (old, new):
        side["complaints"], side["orders_paid"] = np.zeros(600), np.full(600, 100.0)
    assert looks(drift_of_blocks(old, new, "minimal"))["complaint_rate"].psi == 0
    new["complaints"] = np.ones(600)
    assert looks(drift_of_blocks(old, new, "minimal"))["complaint_rate"].verdict == "large"
    new["complaints"] = np.full(600, np.nan)
    gone = looks(drift_of_blocks(old, new, "minimal"))["complaint_rate"]
    assert gone.verdict == "large" and gone.unknown == (0.0, 1.0)
    blank = {name: np.full(600, np.nan) for name in old if old[name].dtype.kind == "f"}
    both = drift_of_blocks(blank, blank, "minimal")
    assert not both.drifted("noise") and not np.isfinite(both.change)
    assert "No merchant" in render_drift(both)
    json.dumps(both.facts(), allow_nan=False)


def test_the_command_says_it(market, tmp_path, capsys):
    old, new = sides(market)
    new["complaints"] = np.minimum(new["complaints"] * 2 + 3, new["orders_paid"])
    a, b = write(tmp_path / "a.csv", old), write(tmp_path / "b.csv", new)
    out = tmp_path / "drift.csv"
    assert run("drift", a, b, *MINIMAL, "-o", out) == 0
    said = capsys.readouterr().out
    assert "Complaints per paid order" in said and "large" in said
    with open(out, encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert rows["complaint_rate"]["verdict"] == "large" and rows["tier"]["kind"] == "mix"
    assert run("drift", a, b, *MINIMAL, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    total = sum(facts["points_by_signal"].values()) + sum(facts["points_by_rule"].values())
    assert total == pytest.approx(facts["mean_index"]["change"], abs=1e-9)
    assert run("drift", a, b, *MINIMAL, "--lang", "zh", "--quiet") == 0
    assert run("drift", a, b, *MINIMAL, "--lang", "zh") == 0
    assert "较大" in capsys.readouterr().out
    # As blocks of another size, and as a folder, the same.
    whole = drift_files(a, b, scorecard="minimal")
    (tmp_path / "parts").mkdir()
    for at in range(3):
        part = {name: values[at * 200 : at * 200 + 200] for name, values in new.items()}
        write(tmp_path / "parts" / f"{at}.csv", part)
    parts = drift_files(a, tmp_path / "parts", scorecard="minimal")
    assert [look.counts for look in parts.looks] == [look.counts for look in whole.looks]
    assert parts.change == pytest.approx(whole.change, abs=1e-9)


def test_by_month(market, tmp_path, capsys):
    old, new = sides(market)
    months = np.array(["2026-01", "2026-02-28", "2026年3月"], dtype=object)[np.arange(600) % 3]
    march = np.flatnonzero(np.arange(600) % 3 == 2)
    new["complaints"][march] = np.minimum(
        new["complaints"][march] * 3 + 6, new["orders_paid"][march]
    )
    a = write(tmp_path / "a.csv", old)
    b = write(tmp_path / "b.csv", new | {"month": months})
    drift = drift_files(a, b, tmp_path / "out.csv", scorecard="minimal")
    assert [(m.month, m.drift.current.rows) for m in drift.months] == [
        ("2026-01", 200),
        ("2026-02", 200),
        ("2026-03", 200),
    ]
    assert drift.worst_month.month == "2026-03" and drift.current.rows == 600
    whole = drift_files(a, write(tmp_path / "c.csv", new), scorecard="minimal")
    assert [look.counts for look in drift.looks] == [look.counts for look in whole.looks]
    for month in drift.months:
        assert points(month.drift) == pytest.approx(month.drift.change, abs=1e-9)
    assert "Worst month: 2026-03 (Complaints per paid order)" in render_drift(drift)
    named = write(tmp_path / "d.csv", new | {"day": months})
    assert run("drift", a, named, *MINIMAL, "--month", "day", "--json") == 0
    assert json.loads(capsys.readouterr().out)["worst_month"] == "2026-03"
    assert run("drift", a, named, *MINIMAL, "--month", "dya") == 2
    assert "did you mean day?" in capsys.readouterr().err


def test_a_merchant_counts_once_a_month(market, tmp_path, capsys):
    old, new = sides(market)
    few = {name: values[:5] for name, values in new.items()}
    twice = {name: np.r_[values, values] for name, values in few.items()}
    a = write(tmp_path / "a.csv", old)
    assert run("drift", a, write(tmp_path / "b.csv", twice), *MINIMAL, "--json") == 3
    assert json.loads(capsys.readouterr().out)["rejected"] == {"reference": 0, "current": 5}
    months = np.array(["2026-01"] * 5 + ["2026-02"] * 4 + ["soon"], dtype=object)
    b = write(tmp_path / "c.csv", twice | {"month": months})
    assert run("drift", a, b, *MINIMAL, "--json") == 0
    captured = capsys.readouterr()
    facts = json.loads(captured.out)
    assert [(m["month"], m["rows"]) for m in facts["months"]] == [("2026-01", 5), ("2026-02", 4)]
    assert facts["rows"]["current"] == 10 and "1 rows have no month" in captured.err


def test_columns_that_differ(market, tmp_path, capsys):
    old, new = sides(market)
    a = write(tmp_path / "a.csv", old)
    without = {name: values for name, values in new.items() if name != "complaints"}
    b = write(tmp_path / "b.csv", without)
    assert run("drift", a, b, *MINIMAL) == 2
    assert "complaints: no such column" in capsys.readouterr().err
    drift = drift_files(a, b, scorecard="minimal", allow_missing_columns=True)
    gone = looks(drift)["complaint_rate"]
    assert gone.verdict == "not_collected" and gone not in drift.drifted("noise")
    assert points(drift) == pytest.approx(drift.change, abs=1e-9)
    assert "not collected" in render_drift(drift)
    region = np.array(["north", "south"], dtype=object)[np.arange(600) % 2]
    c = write(tmp_path / "c.csv", old | {"region": region})
    d = write(tmp_path / "d.csv", new | {"region": np.full(600, "south", dtype=object)})
    found = drift_files(c, d, scorecard="minimal", columns=["region"])
    assert looks(found)["region"].verdict == "large"
    assert run("drift", c, d, *MINIMAL, "--columns", "regionn") == 2
    assert "did you mean region?" in capsys.readouterr().err


def test_what_is_no_export_is_refused(market, tmp_path, capsys):
    old, _ = sides(market)
    a = write(tmp_path / "a.csv", old)
    scores = tmp_path / "scores.csv"
    assert run("score", a, *MINIMAL, "-o", scores, "--quiet") == 0
    for pair in ((a, scores), (scores, a)):
        assert run("drift", *pair, *MINIMAL) == 2
        assert "is a file of scores, not an export" in capsys.readouterr().err
    empty = tmp_path / "empty.csv"
    empty.write_text(",".join(old) + "\n")
    for pair in ((a, empty), (empty, a)):
        assert run("drift", *pair, *MINIMAL) == 2
        assert "empty.csv: has no rows" in capsys.readouterr().err
    bad = write(tmp_path / "bad.csv", old | {"complaints": np.full(600, "x", dtype=object)})
    assert run("drift", a, bad, *MINIMAL) == 2
    assert "bad.csv: all 600 rows have faults" in capsys.readouterr().err
    assert run("drift", a, a, *MINIMAL, "-o", a) == 2
    assert run("drift", "-", "-", *MINIMAL) == 2
    with pytest.raises(InputError, match="the current has no merchants"):
        drift_of_blocks(old, {name: values[:0] for name, values in old.items()}, "minimal")
