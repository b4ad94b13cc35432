"""`trustscore explain`: one merchant out of an export."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from trustscore.commands.explain import command
from trustscore.commands.main import main

HEADER = (
    "merchant_id,negative_reviews,reviews_rated,product_rating_mean,complaints,orders_paid,"
    "orders_guaranteed,refunds_completed,aftersales_review_hours_mean,barred_identity_link_flag\n"
)
# Worked out in tests/explain: 13 + 17 + 11 + 10 + 10.
ROWS = "m1,8,80,4.7,1,100,,,,0\nm2,0,80,5,0,100,,10,1,0\nm3,many,80,5,0,100,,10,1,0\n"


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


def run(*arguments):
    found = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert found.exit_code == 0
    return found.output


def failing(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["explain", *map(str, arguments)])
    return stopped.value.code, capsys.readouterr().err


def test_statement_and_plan(export):
    shown = run(export, "--id", "m1", "--scorecard", "minimal")
    assert "Trust index 61.00" in shown
    assert "Towards Trusted" in shown


def test_chinese(export):
    shown = run(export, "--id", "m1", "--scorecard", "minimal", "--lang", "zh")
    assert "信任指数 61.00" in shown
    assert "升至“信赖”" in shown


def test_json(export):
    found = json.loads(run(export, "--id", "m2", "--scorecard", "minimal", "--json"))
    assert found["merchant_id"] == "m2"
    assert found["scorecard"].startswith("minimal@")
    assert len(found["signals"]) == 5
    gained = sum(line["gained"] for line in found["signals"])
    assert found["trust_index"] == pytest.approx(gained, abs=1e-9)
    assert found["next_tier"]["outcome"] == "top"


def test_absent_id_names_near_ones(export, capsys):
    code, said = failing(capsys, export, "--id", "M1", "--scorecard", "minimal")
    assert code == 2
    assert "no merchant 'M1', did you mean m1?" in said


def test_a_rejected_row_says_why(export, capsys):
    code, said = failing(capsys, export, "--id", "m3", "--scorecard", "minimal")
    assert code == 2
    assert "line 4, negative_reviews: a number is expected. Got 'many'" in said


def test_the_first_row_of_a_repeated_id_counts(export):
    export.write_text(HEADER + ROWS + "m1,0,80,5,0,100,,10,1,0\n", encoding="utf-8")
    assert "Trust index 61.00" in run(export, "--id", "m1", "--scorecard", "minimal")


def test_missing_columns(export, capsys):
    frame = pd.read_csv(export).drop(columns="refunds_completed")
    frame.to_csv(export, index=False)
    code, said = failing(capsys, export, "--id", "m1", "--scorecard", "minimal")
    assert code == 2
    assert "refunds_completed: no such column" in said
    allowed = ("--scorecard", "minimal", "--allow-missing-columns", "--json")
    found = json.loads(run(export, "--id", "m1", *allowed, "--quiet"))
    states = {line["id"]: line["state"] for line in found["signals"]}
    assert states["aftersales_review_hours_mean"] == "not_collected"


def test_parquet(export, tmp_path):
    frame = pd.read_csv(export).iloc[:2]
    frame.to_parquet(tmp_path / "export.parquet")
    shown = run(tmp_path / "export.parquet", "--id", "m1", "--scorecard", "minimal")
    assert "Trust index 61.00" in shown


def test_no_such_file(tmp_path, capsys):
    for path in (tmp_path / "none.csv", tmp_path):
        code, said = failing(capsys, path, "--id", "m1")
        assert code == 2
        assert str(path) in said


def test_a_row_with_a_fault_does_not_hide_a_later_one_without(export, capsys):
    later = "m3,0,80,5,0,100,,10,1,0\nm4,x,,,,,,,,\nm4,y,,,,,,,,\n"
    export.write_text(HEADER + ROWS + later, encoding="utf-8")
    shown = json.loads(run(export, "--id", "m3", "--scorecard", "minimal", "--json"))
    assert shown["merchant_id"] == "m3"
    _, said = failing(capsys, export, "--id", "m4", "--scorecard", "minimal")
    assert "line 6, negative_reviews: a number is expected. Got 'x'" in said


def test_an_id_as_the_scores_spell_it(export, capsys):
    export.write_text(HEADER + ROWS.replace("m1", "=cmd").replace("m2", "'m2"), encoding="utf-8")
    for given, found in (("'=cmd", "=cmd"), ("=cmd", "=cmd"), ("'m2", "'m2")):
        shown = run(export, "--id", given, "--scorecard", "minimal", "--json")
        assert json.loads(shown)["merchant_id"] == found
    _, said = failing(capsys, export, "--id", "'=cmt", "--scorecard", "minimal")
    assert "no merchant" in said


def test_help_has_an_example():
    assert "trustscore explain export.csv --id" in run("--help")


def test_the_id_with_one_slip_stands_first(tmp_path, capsys):
    path = tmp_path / "many.csv"
    rows = "".join(f"m{n:07},0,8,5,0,100,,10,1,0\n" for n in range(1, 2001))
    path.write_text(HEADER + rows, encoding="utf-8")
    _, said = failing(capsys, path, "--id", "m000001", "--scorecard", "minimal")
    assert "did you mean m0000001 or" in said
