"""`trustscore check`: faults, weights, two merchants, and an export."""

import json

import pytest
from click.testing import CliRunner

from trustscore.commands.check import command
from trustscore.commands.main import main
from trustscore.scorecard.presets import scorecard_names

HEADER = (
    "merchant_id,negative_reviews,reviews_rated,product_rating_mean,complaints,orders_paid,"
    "orders_guaranteed,refunds_completed,aftersales_review_hours_mean,barred_identity_link_flag"
)
ROWS = "m1,8,80,4.7,1,100,,,,0\nm2,0,20,5,,100,,10,1,0\nm3,9,8,5,0,100,,10,1,0\n"


def run(*arguments, code=0):
    found = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(f"{HEADER}\n{ROWS}", encoding="utf-8")
    return path


@pytest.fixture
def edited(tmp_path, repository):
    def edit(*changes):
        text = (repository / "configs" / "minimal.toml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return edit


@pytest.mark.parametrize("name", scorecard_names())
def test_presets_are_sound(name):
    found = json.loads(run("--scorecard", name, "--json").output)
    assert found["ok"]
    assert sum(d["weight"] for d in found["dimensions"]) == pytest.approx(1)
    assert found["typical"]["raw_index"] == pytest.approx(found["unknown"]["raw_index"], abs=1e-6)


def test_unknown_and_typical_merchant():
    found = json.loads(run("--scorecard", "minimal", "--json").output)
    assert found["unknown"]["raw_index"] == pytest.approx(62)
    assert (found["unknown"]["coverage"], found["unknown"]["status"]) == (0, "not_scored")
    assert found["typical"]["raw_index"] == pytest.approx(62)
    # 0.99 from every sample, 1 from the flag: 0.9 x 0.99 + 0.1.
    assert found["typical"]["coverage"] == pytest.approx(0.991)
    assert (found["typical"]["status"], found["typical"]["tier"]) == ("formal", "standard")
    text = run("--scorecard", "minimal").output
    assert "unknown merchant: index 62.00" in text
    assert "typical merchant: index 62.00" in text
    assert "every column is blank" in text


def test_effective_weights():
    found = json.loads(run("--scorecard", "minimal", "--json").output)
    weights = {s["id"]: s["weight"] for d in found["dimensions"] for s in d["signals"]}
    assert weights == pytest.approx(
        {
            "product_negative_review_rate": 0.25,
            "product_rating_mean": 0.25,
            "complaint_rate": 0.2,
            "aftersales_review_hours_mean": 0.2,
            "barred_identity_link_flag": 0.1,
        }
    )


def test_every_fault_and_the_near_key(edited):
    path = edited(("poor = 0.2, good = 0, weight = 4", "poor = 0.2, good = 0.2, wieght = 4"))
    found = run("--scorecard", path, code=2)
    assert "wieght: unknown key, did you mean weight?" in found.stderr
    as_json = json.loads(run("--scorecard", path, "--json", code=2).output)
    assert not as_json["ok"]
    assert any("did you mean weight" in fault for fault in as_json["faults"])


def test_no_such_scorecard():
    assert "presets" in run("--scorecard", "nosuch", code=2).stderr


def test_an_open_scorecard_is_named(edited):
    path = edited(("poor = 0.02, good = 0", 'poor = "q95", good = 0'))
    found = run("--scorecard", path)
    assert "wait for `trustscore fit`" in found.output
    assert "complaint_rate" in found.output


def test_export_by_hand(export):
    found = json.loads(run(export, "--scorecard", "minimal", "--json", code=3).output)["export"]
    assert (found["rows"], found["rejected"]) == (3, 1)  # m3: 9 bad reviews of 8
    assert len(found["computable"]) == 5
    # m1: 80 / 100, m2: 20 / 40.
    assert found["coverage"]["product_quality"] == pytest.approx((0.8 + 0.5) / 2)
    assert found["coverage"]["after_sales"] == pytest.approx((0.25 + 0.25) / 2)
    assert found["withheld"] == {"complaint_rate": 1}
    assert found["known"]["aftersales_review_hours_mean"] == 0.5


def test_missing_column_and_the_near_name(export):
    header = HEADER.replace("complaints", "complaint_count").replace("orders_paid", "Orders Paid")
    export.write_text(f"{header}\n{ROWS}", encoding="utf-8")
    found = run(export, "--scorecard", "minimal", code=2)
    assert "complaints: no such column, did you mean complaint_count?" in found.stderr
    assert "orders_paid" not in found.stderr
    assert "not computable: complaint_rate" in found.output
    as_json = json.loads(run(export, "--scorecard", "minimal", "--json", code=2).output)
    assert as_json["export"]["missing"] == ["complaints"]
    assert as_json["export"]["not_computable"] == ["complaint_rate"]


def test_missing_column_of_an_export_without_rows(export):
    export.write_text(HEADER.replace("complaints", "x") + "\n", encoding="utf-8")
    as_json = json.loads(run(export, "--scorecard", "minimal", "--json", code=2).output)
    assert as_json["export"]["missing"] == ["complaints"]
    assert as_json["export"]["rows"] == 0


def test_no_merchant_id(export):
    export.write_text(f"{HEADER.replace('merchant_id', 'shop')}\n{ROWS}", encoding="utf-8")
    found = run(export, "--scorecard", "minimal", code=2)
    assert "merchant_id: no such column" in found.stderr


def test_repeated_ids_are_rejected_as_in_score(export):
    before = json.loads(run(export, "--scorecard", "minimal", "--json", code=3).output)["export"]
    export.write_text(f"{HEADER}\n{ROWS}m1,0,80,5,0,100,,10,1,0\n", encoding="utf-8")
    found = json.loads(run(export, "--scorecard", "minimal", "--json", code=3).output)["export"]
    assert (found["rows"], found["rejected"]) == (4, 2)
    assert found["coverage"] == before["coverage"]


@pytest.mark.parametrize("name", ["none.csv", ""])
def test_an_export_that_is_no_file(name, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["check", str(tmp_path / name), "--scorecard", "minimal"])
    assert stop.value.code == 2
    assert str(tmp_path / name) in capsys.readouterr().err


def test_through_the_command_line(export, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["check", str(export), "--scorecard", "minimal"])
    assert stopped.value.code == 3
    assert "5 of 5 signals computable" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        main(["check", "--scorecard", "nosuch"])
    assert stopped.value.code == 2


def test_help_has_an_example():
    assert "trustscore check export.csv" in run("--help").output


def test_an_export_of_which_nothing_would_be_scored_is_a_fault(export):
    export.write_text(f"{HEADER}\nm1,9,8,5,0,100,,10,1,0\nm2,x,8,5,0,1,,10,1,0\n", encoding="utf-8")
    found = run(export, "--scorecard", "minimal", code=2)
    assert "every row would be rejected" in found.stderr
    assert "not_a_number: 1 rows" in found.stderr


def test_power_and_floor_are_printed_where_power_is_below_one(edited):
    assert "power" not in run("--scorecard", "minimal").output
    found = run("--scorecard", edited(("[defaults]", "[index]\npower = 0\n\n[defaults]")))
    assert "index: power 0, floor 0.1\n" in found.output
    found = run(
        "--scorecard", edited(("[defaults]", "[index]\npower = 0\nfloor = 0\n\n[defaults]"))
    )
    assert "index: power 0, floor 0: one zero makes it 0" in found.output


def test_what_would_be_rejected_is_named_by_column_reason_and_value(export):
    export.write_text(
        f"{HEADER}\n{ROWS}m4,many,8,5,0,100,,10,1,0\nm5,x\x1b[2J,8,5,0,100,,10,1,0\n"
        "m6,-1,8,5,0,100,,10,1,0\nm7,y,8,5,0,100,,10,1,0\nm8,z,8,5,0,100,,10,1,0\nm1,,,,,,,,,\nm9\n",
        encoding="utf-8",
    )
    found = run(export, "--scorecard", "minimal", code=3)
    lines = [line.strip() for line in found.output.splitlines()]
    assert (
        "negative_reviews: a number is expected. 4 rows"
        " (line 5: 'many'; line 6: 'x\\x1b[2J'; line 8: 'y'; ...)" in lines
    )
    assert "negative_reviews: a count or amount cannot be negative. 1 row (line 7: '-1')" in lines
    assert "merchant_id: this merchant_id was scored before. 1 row (line 10: 'm1')" in lines
    assert "the row has the wrong number of fields. 1 row (line 11)" in lines
    as_json = json.loads(run(export, "--scorecard", "minimal", "--json", code=3).output)
    groups = as_json["export"]["rejects"]
    assert sum(group["rows"] for group in groups) == as_json["export"]["rejected"] == 8
    assert [group["rows"] for group in groups] == sorted(
        (group["rows"] for group in groups), reverse=True
    )
    assert all(len(group["examples"]) <= 3 for group in groups)
    first = groups[0]["examples"][0]
    assert (first["line"], first["merchant_id"], first["value"]) == (5, "m4", "many")


def test_of_several_files_the_file_is_named(export, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "1.csv").write_text(f"{HEADER}\nm1,8,80,4.7,1,100,,,,0\n", encoding="utf-8")
    (folder / "2.csv").write_text(f"{HEADER}\nm2,no,80,4.7,1,100,,,,0\n", encoding="utf-8")
    found = run(folder, "--scorecard", "minimal", code=3)
    assert "1 row (2.csv, line 2: 'no')" in found.output.replace(f"{folder}/", "")


def test_scores_given_by_mistake_are_recognised(export, tmp_path):
    out = str(tmp_path / "scores.csv")
    with pytest.raises(SystemExit):
        main(["score", str(export), "--scorecard", "minimal", "-o", out, "--quiet"])
    found = run(out, "--scorecard", "minimal", code=2)
    assert "is a file of scores, not an export of merchants" in found.stderr


def test_an_export_without_a_row_is_said(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(f"{HEADER}\n", encoding="utf-8")
    assert "there is no row below the header" in run(path, "--scorecard", "minimal").stdout
