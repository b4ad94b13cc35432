"""Two files compared: the table, the summary, the movers, and what cannot be compared."""

import csv
import json

import numpy as np
import pytest

from trustscore.commands.main import main
from trustscore.compare.files import compare_files
from trustscore.compare.scorecards import differences
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.simulate import simulate_export


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return {row["merchant_id"]: row for row in csv.DictReader(file)}


def write(path, columns):
    names = list(columns)
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(names)
        for row in zip(*columns.values(), strict=True):
            out.writerow(["" if v is None or v != v else v for v in row])
    return path


@pytest.fixture(scope="module")
def market():
    return simulate_export(60, scorecard="minimal", seed=3)


@pytest.fixture
def planted(market, tmp_path):
    """Two days: m7 complains more, m9 has more of the same, one comes and one goes."""
    old = {name: np.array(values) for name, values in market.items()}
    new = {name: values.copy() for name, values in old.items()}
    new["complaints"][7] += 40
    for name in ("orders_paid", "complaints", "orders_guaranteed"):
        new[name][9] *= 3
    new["merchant_id"][11] = "fresh"
    order = np.random.default_rng(1).permutation(60)
    new = {name: values[order] for name, values in new.items()}
    return (
        write(tmp_path / "old.csv", old),
        write(tmp_path / "new.csv", new),
        [str(name) for name in old["merchant_id"]],
    )


def test_planted_movements_are_found(planted, tmp_path):
    old, new, ids = planted
    out = tmp_path / "changes.csv"
    done = compare_files(old, new, out, scorecard="minimal", parts=True)
    rows = rows_of(out)
    assert len(rows) == 59 and "fresh" not in rows and ids[11] not in rows
    moved = {name for name, row in rows.items() if abs(float(row["change"])) > 1e-9}
    assert moved == {ids[7], ids[9]}
    assert rows[ids[7]]["reasons"].startswith("figure.complaint_rate:-")
    kinds = {name: float(rows[ids[9]][name]) for name in ("from_figure", "from_evidence")}
    assert kinds["from_figure"] == pytest.approx(0, abs=1e-12) and kinds["from_evidence"] != 0
    for row in rows.values():
        sums = [name for name in row if name.startswith("from_")]
        parts = [n for n in row if n.partition(".")[0] in ("figure", "evidence", "rule")]
        parts += ["applicability", "peers"]
        for names in (sums, parts):
            total = sum(float(row[name]) for name in names)
            assert total == pytest.approx(float(row["change"]), abs=1e-9)
    market = done.market
    assert (market.new, market.gone) == (["fresh"], [ids[11]])
    fell, _ = market.movers
    assert fell[0].merchant_id == ids[7]
    assert sum(market.mean_parts().values()) == pytest.approx(market.mean("change"), abs=1e-9)
    assert sum(market.by("kind").values()) == pytest.approx(market.mean("change"), abs=1e-9)
    assert sum(market.tiers.values()) == market.both == 59


def test_one_export_under_two_scorecards(planted, tmp_path):
    data = load_scorecard("minimal").file.model_dump(mode="json", exclude_defaults=True)
    data["signals"]["after_sales"]["complaint_rate"]["poor"] = 0.04
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps(data))
    done = compare_files(planted[0], scorecard="minimal", with_scorecard=mine)
    assert [str(each) for each in done.differences] == [
        "signals.after_sales.complaint_rate.poor: 0.02 -> 0.04"
    ]
    assert set(done.market.by("kind")) >= {"scorecard"}
    assert done.market.by("kind")["scorecard"] == pytest.approx(done.market.mean("change"))
    assert done.market.by("signal")["complaint_rate"] > 0


def test_contributions_are_compared(planted, tmp_path):
    old, new, ids = planted
    tables = []
    for name, export in (("a", old), ("b", new)):
        tables.append(tmp_path / f"{name}.csv")
        out = ("-o", tmp_path / f"s{name}.csv", "--contributions", tables[-1])
        assert run("score", export, "--scorecard", "minimal", "--quiet", *out) == 0
    out = tmp_path / "changes.csv"
    done = compare_files(*tables, out, scorecard="minimal", contributions=True)
    exact = compare_files(old, new, scorecard="minimal").market
    assert done.market.mean("change") == pytest.approx(exact.mean("change"), abs=1e-9)
    assert rows_of(out)[ids[7]]["reasons"].startswith("points.complaint_rate:-")
    with pytest.raises(InputError, match="of another scorecard than default"):
        compare_files(*tables, contributions=True)


def test_the_command_says_it(planted, tmp_path, capsys):
    old, new, ids = planted
    words = ("compare", old, new, "--scorecard", "minimal")
    assert run(*words) == 0
    told = capsys.readouterr().out
    assert "59 merchants on both sides" in told and "1 new, 1 gone" in told
    assert "Fell most" in told and ids[7] in told and "Complaints per paid order" in told
    assert run(*words, "--lang", "zh") == 0
    assert "两侧共有 59 家商家" in capsys.readouterr().out
    assert run(*words, "--json", "--top", 1) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["merchants"]["both"] == 59 and len(facts["fell_most"]) == 1
    assert run(*words, "-o", "-") == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("merchant_id,old_index") and "Fell most" in captured.err
    assert run("compare", old, old, "--scorecard", "minimal") == 0
    assert "Nothing moved." in capsys.readouterr().out


def test_rows_with_faults_are_an_exit_code(planted, capsys):
    old, new, _ = planted
    lines = new.read_text().splitlines()
    new.write_text("\n".join([*lines[:-1], "broken"]) + "\n")
    assert run("compare", old, new, "--scorecard", "minimal") == 3
    assert "1 rows of" in capsys.readouterr().err


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("faulty", [True, False])
def test_a_side_without_a_row_is_refused(planted, tmp_path, capsys, side, faulty):
    lines = planted[side].read_text().splitlines()
    rows = ["x" + ",1e308" * lines[0].count(",")] if faulty else []
    planted[side].write_text("\n".join([lines[0], *rows]) + "\n")
    out = tmp_path / "c.csv"
    assert run("compare", *planted[:2], "--scorecard", "minimal", "-o", out) == 2
    said = capsys.readouterr().err
    assert planted[side].name in said
    assert ("all 1 have faults" if faulty else "row") in said
    assert not out.exists()


def test_who_is_not_scored_any_more_is_a_movement(planted, capsys):
    old, new, _ = planted
    header, *rows = new.read_text().splitlines()
    cells = header.count(",")
    new.write_text("\n".join([header, *(row.split(",")[0] + "," * cells for row in rows)]) + "\n")
    assert run("compare", old, new, "--scorecard", "minimal") == 0
    said = capsys.readouterr().out
    assert "59 are not scored any more" in said and "Nothing moved" not in said


def test_files_of_two_markets_are_refused(planted, tmp_path, market, capsys):
    other = {name: np.array(values) for name, values in market.items()}
    other["merchant_id"] = np.array([f"x{n}" for n in range(60)], dtype=object)
    path = write(tmp_path / "other.csv", other)
    out = tmp_path / "c.csv"
    assert run("compare", planted[0], path, "--scorecard", "minimal", "-o", out) == 2
    assert "no merchant of" in capsys.readouterr().err and not out.exists()


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({}, "give a second file, or a second scorecard"),
        ({"contributions": True, "with_scorecard": "minimal"}, "compared two by two"),
    ],
)
def test_nothing_to_compare(planted, settings, fault):
    with pytest.raises(InputError, match=fault):
        compare_files(planted[0], scorecard="minimal", **settings)


def test_an_output_never_overwrites_an_input(planted):
    with pytest.raises(InputError, match=r"old\.csv"):
        compare_files(*planted[:2], planted[0], scorecard="minimal")


def test_hostile_names_are_inert(planted, tmp_path, capsys):
    old, new, ids = planted
    bad = "=cmd|' /C calc'!A0\x1b[31m"
    for path in (old, new):
        text = path.read_text().replace(f"{ids[7]},", f'"{bad}",')
        path.write_text(text)
    out = tmp_path / "c.csv"
    run("compare", old, new, "--scorecard", "minimal", "-o", out)
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert not any(line.startswith("=") for line in out.read_text().splitlines())


def test_scorecards_told_apart_in_words():
    data = load_scorecard("minimal").file.model_dump(mode="json", exclude_defaults=True)
    service = data["signals"]["after_sales"]
    service["complaint_rate"]["weight"] = 9
    gone = next(name for name in service if name != "complaint_rate")
    del service[gone]
    del data["words"][gone]
    found = [str(each) for each in differences(load_scorecard("minimal"), parse_scorecard(data))]
    assert any(line.endswith("complaint_rate.weight: 4 -> 9") for line in found)
    assert sum(f"signals.after_sales.{gone}:" in line for line in found) == 1
    assert any(
        line.startswith(f"signals.after_sales.{gone}:") and line.endswith("is gone")
        for line in found
    )
