"""The test frame of emitted SQL: tables, a script and what it must give, tried in two engines."""

import csv
import re
import sqlite3

import duckdb
import pytest

from trustscore.commands.main import main


def run(*words):
    with pytest.raises(SystemExit) as stop:
        main(["signals", *map(str, words)])
    return stop.value.code


def frame(folder, dialect):
    out = folder / f"{dialect}.sql"
    common = ["--as-of", "2026-02-01", "--quiet", "-o", out, "--test-frame", folder / dialect]
    assert run("--emit-sql", dialect, *common) == 0
    return folder / dialect


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    return frame(tmp_path_factory.mktemp("probe"), "duckdb")


def types_of(probe):
    """The tables as the README says them."""
    readme = (probe / "README.md").read_text("utf-8")
    found = dict(re.findall(r"^`(\w+)`: (.*)$", readme, re.MULTILINE))
    return {name: dict(c.split(" ") for c in said.split(", ")) for name, said in found.items()}


def as_tables(probe):
    """The script with a table for each view, as the README advises."""
    script = (probe / "probe.sql").read_text("utf-8")
    return script.replace("CREATE TEMPORARY VIEW", "CREATE TEMPORARY TABLE")


def query_of(probe):
    return re.search(r"```sql\n(.*?)```", (probe / "README.md").read_text("utf-8"), re.DOTALL)[1]


@pytest.mark.slow
def test_the_frame_is_checked_in_duckdb_as_its_readme_says(probe):
    with duckdb.connect() as session:
        for name, types in types_of(probe).items():
            session.execute(
                f"CREATE TABLE {name} AS FROM read_csv(?, columns = {types}, header = true)",
                [str(probe / f"{name}.csv")],
            )
            session.execute(f"CREATE VIEW all_{name} AS FROM {name}")
        session.execute(as_tables(probe))
        assert "`enrolled` must be 1 or 0" in (probe / "README.md").read_text("utf-8")
        session.execute(
            "CREATE TABLE actual AS SELECT * REPLACE (CAST(enrolled AS DOUBLE) AS enrolled)"
            " FROM export"
        )
        session.execute(
            "CREATE TABLE expected AS FROM read_csv(?, all_varchar = true)",
            [str(probe / "expected.csv")],
        )
        texts = {"merchant_id", "category", "shop_type"}
        for (name,) in session.execute("SELECT column_name FROM (DESCRIBE expected)").fetchall():
            if name not in texts:
                session.execute(f'ALTER TABLE expected ALTER "{name}" TYPE DOUBLE')
        assert session.execute(query_of(probe)).fetchone() == (0,)
        # A comparison that cannot fail would say nothing.
        session.execute("UPDATE actual SET orders_paid = orders_paid + 1 WHERE orders_paid > 0")
        assert session.execute(query_of(probe)).fetchone()[0] > 0
        filled = session.execute("SELECT * FROM expected").fetchall()
        assert sum(any(row[i] not in (None, 0.0) for row in filled) for i in range(148)) > 100


@pytest.mark.slow
def test_the_frame_is_checked_in_sqlite(probe):
    session = sqlite3.connect(":memory:")
    for name, types in types_of(probe).items():
        with open(probe / f"{name}.csv", encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        assert header == list(types)
        fields = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
        session.execute(f"CREATE TABLE {name} ({fields})")
        words = {"": None, "true": 1, "false": 0}
        bools = [kind == "BOOLEAN" for kind in types.values()]
        cells = [
            [words[cell] if yes else cell or None for cell, yes in zip(row, bools, strict=True)]
            for row in rows
        ]
        session.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(types))})", cells)
        session.execute(f"CREATE VIEW all_{name} AS SELECT * FROM {name}")
    session.executescript(as_tables(probe))
    found = session.execute("SELECT * FROM export ORDER BY merchant_id")
    names = [column[0] for column in found.description]
    with open(probe / "expected.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert names == header
    ours = [["" if v is None else v for v in row] for row in found]
    assert len(ours) == len(rows) == 3
    for one, other in zip(ours, rows, strict=True):
        assert [v if isinstance(v, str) else float(v) for v in one] == [
            text if isinstance(v, str) else float(text) for v, text in zip(one, other, strict=True)
        ]


@pytest.mark.parametrize("dialect", ["postgres", pytest.param("snowflake", marks=pytest.mark.slow)])
def test_the_script_of_other_dialects_can_be_parsed(dialect, tmp_path):
    sqlglot = pytest.importorskip("sqlglot")
    out = tmp_path / "x.sql"
    assert run("--emit-sql", dialect, "--as-of", "2026-02-01", "-o", out, "--quiet") == 0
    name = {"sqlserver": "tsql"}.get(dialect, dialect)
    found = sqlglot.parse(out.read_text("utf-8"), read=name)
    assert len(found) > 100
    assert {type(statement).__name__ for statement in found} == {"Create"}


def test_a_frame_of_the_logs_that_are_there_and_its_faults(tmp_path, capsys):
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "orders.csv").write_text("merchant_id,order_id,paid_at,amount\n")
    folder = tmp_path / "frame"
    words = ["--emit-sql", "postgres", "--as-of", "2026-02-01", "--quiet", "-o", tmp_path / "x.sql"]
    assert run(logs, *words, "--test-frame", folder) == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "expected.csv",
        "orders.csv",
        "probe.sql",
    ]
    header = (folder / "orders.csv").read_text("utf-8").splitlines()[0]
    assert header == "merchant_id,order_id,paid_at,paid_at_local,amount,_file,_line"
    capsys.readouterr()
    # The folder is taken, and the SQL that stood there stays.
    (tmp_path / "x.sql").write_text("kept")
    assert run(logs, *words, "--test-frame", folder) == 2
    assert "frame" in capsys.readouterr().err
    assert (tmp_path / "x.sql").read_text() == "kept"
    assert run(logs, "--as-of", "2026-02-01", "-o", "y.csv", "--test-frame", "new") == 2
    assert "--test-frame goes with --emit-sql" in capsys.readouterr().err
