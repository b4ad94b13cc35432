"""The session reads and writes its folders, and nothing else of the machine."""

import pytest

from trustscore.errors import InputError
from trustscore.io.logs.session import Session, literal

duckdb = pytest.importorskip("duckdb")


@pytest.fixture
def session(tmp_path):
    (tmp_path / "scratch").mkdir()
    with Session([tmp_path], tmp_path / "scratch", memory="500MB") as opened:
        yield opened


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/trustscore-escape.csv'",
        "ATTACH '/tmp/trustscore-escape.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 8",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "SELECT * FROM read_csv('https://example.org/a.csv')",
    ],
)
def test_what_lies_outside_is_refused(session, sql):
    with pytest.raises(duckdb.Error):
        session.run(sql)


def test_a_folder_with_a_quotation_mark_is_no_way_out(tmp_path):
    folder = tmp_path / "it's; DROP"
    (folder / "scratch").mkdir(parents=True)
    with Session([folder], folder / "scratch") as session:
        session.copy("SELECT 1 AS x", folder / "a.parquet")
        session.view("v", [(0, str(folder / "a.parquet"))], {"x": "BIGINT"})
        assert session.rows("SELECT x, _file FROM v") == [(1, 0)]
        with pytest.raises(duckdb.Error):
            session.run(f"COPY (SELECT 1) TO {literal(str(tmp_path / 'b.parquet'))}")


@pytest.mark.parametrize("memory", ["much", "4", "4 gold", "'; SELECT", "-1GB"])
def test_memory_is_a_size(tmp_path, memory):
    with pytest.raises(InputError, match="must be a size like 4GB"):
        Session([tmp_path], tmp_path, memory=memory)


def test_memory_that_runs_out_is_the_machines_fault(tmp_path):
    (tmp_path / "scratch").mkdir()
    with (
        Session([tmp_path], tmp_path / "scratch", memory="20MB") as session,
        pytest.raises(MemoryError),
    ):
        session.run("SELECT list(range) FROM range(100000000)")
