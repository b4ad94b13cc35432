"""`trustscore export sql`: the query, and files to verify it by."""

import re
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from trustscore.commands.export import command as group
from trustscore.commands.export_sql import command
from trustscore.commands.main import main
from trustscore.export import export_sql
from trustscore.export.sql.dialects import DIALECTS, PARSED, translate


def failing(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["export", "sql", *arguments])
    return stopped.value.code, capsys.readouterr().err


def test_the_query_goes_to_standard_output():
    arguments = ["--scorecard", "minimal", "--dialect", "duckdb", "--table", "shop.merchants"]
    found = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert found.exit_code == 0
    assert found.output == export_sql("minimal", "shop.merchants")


def test_the_query_goes_to_a_file(tmp_path):
    pytest.importorskip("sqlglot")
    out = tmp_path / "scores.sql"
    arguments = ["--scorecard", "minimal", "--dialect", "postgres", "-o", str(out)]
    found = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert (found.exit_code, found.output) == (0, "")
    assert out.read_text(encoding="utf-8") == translate(export_sql("minimal"), "postgres")
    assert [path.name for path in tmp_path.iterdir()] == ["scores.sql"]


@pytest.mark.parametrize("option", ["--scorecard", "--policy"])
def test_a_scorecard_is_never_written_over(capsys, tmp_path, repository, option):
    mine = tmp_path / "mine.toml"
    source = "minimal.toml" if option == "--scorecard" else "boost.toml"
    mine.write_bytes((repository / "configs" / source).read_bytes())
    before = mine.read_bytes()
    code, error = failing(capsys, option, str(mine), "--dialect", "duckdb", "-o", str(mine))
    assert (code, mine.read_bytes()) == (2, before)
    assert "is also an input" in error


def test_a_preset_may_share_its_name_with_the_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["--scorecard", "minimal", "--dialect", "duckdb", "-o", "minimal"]
    assert CliRunner().invoke(command, arguments).exit_code == 0


def test_a_test_frame_takes_no_folder_in_use(capsys, tmp_path):
    (tmp_path / "README.md").write_text("keep me")
    code, error = failing(capsys, "--dialect", "duckdb", "--test-frame", str(tmp_path))
    assert code == 2
    assert "is not an empty folder" in error
    assert (tmp_path / "README.md").read_text() == "keep me"


def test_a_deployment_is_verified_as_the_readme_of_the_frame_says(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    arguments = ["--scorecard", "olist", "--dialect", "duckdb", "--table", "probe"]
    arguments += ["--side", "category,enrolled,previous_tier,tier_since", "--as-of", "2026-06-30"]
    found = CliRunner().invoke(
        command, [*arguments, "--test-frame", str(tmp_path / "new" / "probe")]
    )
    assert found.exit_code == 0, found.output
    folder = tmp_path / "new" / "probe"
    readme = (folder / "README.md").read_text(encoding="utf-8")
    texts = re.findall(r"`(\w+)`", readme[readme.index("probe`:") + 7 : readme.index(" as text")])
    assert texts == ["merchant_id", "category", "previous_tier", "tier_since"]
    (comparison,) = re.findall(r"```sql\n(.*?)```", readme, flags=re.DOTALL)
    outputs = ["merchant_id", "status", "rules", "veto", "tier"]

    def load(connection, name, path, texts):
        found = connection.execute(f"DESCRIBE FROM read_csv('{path}', all_varchar = true)")
        casts = [
            f'CAST("{column}" AS {"VARCHAR" if column in texts else "DOUBLE"}) AS "{column}"'
            for column, *_ in found.fetchall()
        ]
        query = f"SELECT {', '.join(casts)} FROM read_csv('{path}', all_varchar = true)"
        connection.execute(f"CREATE TABLE {name} AS {query}")

    with duckdb.connect() as connection:
        load(connection, "probe", folder / "inputs.csv", texts)
        load(connection, "expected", folder / "expected.csv", outputs)
        connection.execute(f"CREATE TABLE actual AS {found.output}")
        assert connection.execute(comparison).fetchall() == [(0,)]
        connection.execute("UPDATE actual SET trust_index = trust_index + 2e-9 WHERE veto <> ''")
        assert connection.execute(comparison).fetchone()[0] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dialect", "postgers"], "did you mean postgres?"),
        (["--dialect", "duckdb", "--table", "t; DROP TABLE t"], "table must be a name"),
        (["--dialect", "duckdb", "--table", ""], "table must be a name"),
        (["--dialect", "duckdb", "--table", 'a"b'], "table must be a name"),
        (["--dialect", "duckdb", "--side", "catgory"], "catgory: is no optional column, did you"),
        (["--dialect", "duckdb", "--missing", "order_paid"], "did you mean orders_paid?"),
        (["--dialect", "duckdb", "--scorecard", "defalt"], "default"),
        (["--dialect", "duckdb", "--side", "tier_since"], "--as-of"),
        (["--dialect", "duckdb", "--as-of", "2026-06-30"], "tier_since"),
        ([], "--dialect"),
    ],
)
def test_wrong_use_is_one_clear_error(capsys, arguments, said):
    code, error = failing(capsys, *arguments)
    assert code == 2
    assert said in error


def test_all_unknown_columns_are_listed_at_once(capsys):
    _, error = failing(capsys, "--dialect", "duckdb", "--side", "a,b", "--missing", "c")
    assert [line.split(":")[0].strip() for line in error.splitlines()[1:]] == ["a", "b", "c"]


def test_an_open_scorecard_names_its_open_values(capsys, tmp_path):
    path = tmp_path / "open.toml"
    text = (Path(__file__).parents[2] / "configs" / "minimal.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("prior = 0.08", 'prior = "fit"'), encoding="utf-8")
    code, error = failing(capsys, "--dialect", "duckdb", "--scorecard", str(path))
    assert code == 2
    assert "product_negative_review_rate.prior = 'fit' waits for a fit" in error
    assert "trustscore fit" in error


def test_without_sqlglot_duckdb_works_and_the_others_say_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    arguments = ["--scorecard", "minimal", "--dialect"]
    assert CliRunner().invoke(command, [*arguments, "duckdb"]).exit_code == 0
    code, error = failing(capsys, *arguments, "spark")
    assert code == 2
    assert "pip install sqlglot," in error


def test_help_names_every_dialect_and_shows_examples():
    help_text = CliRunner().invoke(command, ["--help"]).output
    assert "trustscore export sql --dialect" in help_text
    assert [name for name in DIALECTS if name not in help_text] == []
    # Nobody must take a text that was only parsed for one that was run.
    run, parsed = re.search(r"--dialect NAME(.*?)--table", help_text, re.DOTALL)[1].split(";")
    assert {*re.findall(r"\w+", parsed)} & {*DIALECTS} == {*PARSED}
    assert {*re.findall(r"\w+", run)} & {*DIALECTS} == {*DIALECTS} - {*PARSED}


def test_the_group_lists_its_commands():
    listed = CliRunner().invoke(group, ["--help"]).output
    assert "  sql " in listed
    assert group.get_command(click.Context(group), "sequel") is None
