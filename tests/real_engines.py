"""Real engines for the tests: started on 127.0.0.1, empty, and gone when the test is over.

Each is found on this machine or the test skips. With TRUSTSCORE_NEED_ENGINES set, as in CI, a
missing one fails instead.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

START = 60.0


def need(reason):
    """Skip, or fail where every engine must be there."""
    if os.environ.get("TRUSTSCORE_NEED_ENGINES"):
        pytest.fail(reason)
    pytest.skip(reason)


def program(name, *places):
    """Return the path of a program, the newest of several versions."""
    found = shutil.which(name)
    if found is not None:
        return found
    for place in places:
        for path in sorted(Path("/").glob(f"{place}/{name}"), reverse=True):
            return str(path)
    need(f"{name} is not installed")


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def wait_for(answers, server, log):
    """Wait until a server answers; show what it wrote if it does not."""
    end = time.monotonic() + START
    while time.monotonic() < end:
        if answers():
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    pytest.fail(f"the server did not start:\n{Path(log).read_text(errors='replace')[-2000:]}")


@contextmanager
def running(command, folder, answers, user=None):
    """Run a server in a folder of its own; end it, and only it."""
    log = Path(folder, "log")
    with open(log, "wb") as out:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, user=user
        )
    try:
        wait_for(answers, server, log)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@contextmanager
def folder_of(user=None):
    """A short folder that a server of another user may enter; pytest's own are closed to it."""
    with tempfile.TemporaryDirectory(prefix="ts-engine-", ignore_cleanup_errors=True) as folder:
        if user is not None:
            shutil.chown(folder, user)
        yield folder


def run(command, data=None, user=None):
    """Run a client; return what it printed."""
    done = subprocess.run(command, input=data, capture_output=True, user=user)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout


# Rows as text ---------------------------------------------------------------------------------

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}


def tab_separated(columns):
    """Rows as PostgreSQL, MariaDB and ClickHouse read them: escaped by backslash, NULL as \\N."""
    lines = []
    for row in zip(*columns.values(), strict=True):
        cells = []
        for value in row:
            if value is None or value != value:
                cells.append("\\N")
            elif isinstance(value, str):
                cells.append("".join(_ESCAPES.get(c, c) for c in value))
            else:
                cells.append(repr(float(value)))
        lines.append("\t".join(cells) + "\n")
    return "".join(lines).encode()


def rows_of(data, nothing="\\N"):
    """Rows of a client's answer, NULL as None, everything else as text."""
    back = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", "0": "\0", "'": "'", "b": "\b", "f": "\f"}

    def cell(text):
        if text == nothing:
            return None
        parts = text.split("\\")
        whole, parts = parts[0], parts[1:]
        while parts:
            part = parts.pop(0)
            if part:
                whole += back[part[0]] + part[1:]
            else:
                # Two in a row are one backslash, and what follows them is plain.
                whole += "\\" + (parts.pop(0) if parts else "")
        return whole

    return [[cell(c) for c in line.split("\t")] for line in data.decode().split("\n")[:-1]]


# Servers --------------------------------------------------------------------------------------


class Server:
    """A running engine: `version`, and `query` for those that answer SQL."""

    def __init__(self, version, query):
        self.version, self.query = version, query


@contextmanager
def redis():
    """Redis, with a function that sends raw bytes of its protocol through redis-cli."""
    binary, client = program("redis-server"), program("redis-cli")
    port = free_port()
    cli = [client, "-h", "127.0.0.1", "-p", str(port)]

    def answers():
        done = subprocess.run([*cli, "ping"], capture_output=True)
        return done.stdout.strip() == b"PONG"

    with folder_of() as folder:
        command = [
            binary,
            "--bind",
            "127.0.0.1",
            "--port",
            str(port),
            "--save",
            "",
            "--dir",
            folder,
        ]
        with running(command, folder, answers):
            info = run([*cli, "info", "server"]).decode()
            version = next(x for x in info.split("\r\n") if x.startswith("redis_version"))
            server = Server(version.split(":")[1], None)
            server.cli, server.port = cli, port
            yield server


@contextmanager
def postgres():
    """PostgreSQL; `query` takes SQL and gives rows, `load` fills a table."""
    places = ("usr/lib/postgresql/*/bin",)
    initdb, binary = program("initdb", *places), program("postgres", *places)
    client = program("psql", *places)
    user = None
    if os.getuid() == 0:
        # It refuses to run as root.
        user = "postgres"
    with folder_of(user) as folder:
        data = str(Path(folder, "data"))
        # The locale C: what LOWER knows there is a to z, and the exports must not care.
        init = [initdb, "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=trust"]
        run([*init, "--no-sync"], user=user)
        port = free_port()
        base = [client, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-p", str(port)]
        base += ["-h", folder, "-d", "postgres", "-f", "-"]

        def answers():
            return subprocess.run(base, input=b"SELECT 1", capture_output=True).returncode == 0

        command = [binary, "-D", data, "-p", str(port), "-k", folder]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        with running(command, folder, answers, user=user):

            def query(text):
                body = text.strip().removesuffix(";")
                return rows_of(run(base, f"COPY (\n{body}\n) TO STDOUT;".encode()))

            server = Server("", query)
            server.version = run([binary, "--version"]).decode().split()[2]
            server.execute = lambda text: run(base, text.encode())

            def load(table, kinds, columns):
                server.execute(create(table, kinds, "TEXT", "DOUBLE PRECISION"))
                run(base, f"COPY {table} FROM STDIN;\n".encode() + tab_separated(columns))

            server.load = load
            yield server


@contextmanager
def mariadb():
    """MariaDB, which speaks the dialect of MySQL."""
    binary, client = program("mariadbd", "usr/sbin"), program("mariadb")
    init = program("mariadb-install-db", "usr/bin")
    user = "mysql" if os.getuid() == 0 else None
    with folder_of(user) as folder:
        data, place = str(Path(folder, "data")), str(Path(folder, "socket"))
        # No settings of this machine, and a collation that takes capitals and accents for equal,
        # as MySQL's usual one does.
        common = ["--no-defaults", f"--datadir={data}"]
        install = [init, *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
        run(install, user=user)
        command = [binary, *common, f"--socket={place}", "--bind-address=127.0.0.1"]
        command += [f"--port={free_port()}", "--character-set-server=utf8mb4"]
        command += ["--collation-server=utf8mb4_general_ci", f"--pid-file={folder}/pid"]
        base = [client, "--no-defaults", f"--socket={place}", "-u", "root", "--batch"]
        base += ["--skip-column-names", "--default-character-set=utf8mb4", "--local-infile=1"]

        def answers():
            return subprocess.run([*base, "-e", "SELECT 1"], capture_output=True).returncode == 0

        with running(command, folder, answers, user=user):
            run([*base, "-e", "CREATE DATABASE probe"])
            base.append("probe")
            server = Server(run([binary, "--version"]).decode().split()[2], None)
            server.query = lambda text: rows_of(run(base, text.encode()), "NULL")
            server.execute = lambda text: run(base, text.encode())

            def load(table, kinds, columns):
                server.execute(create(table, kinds, "TEXT", "DOUBLE", "`"))
                rows = Path(folder, "rows")
                rows.write_bytes(tab_separated(columns))
                server.execute(
                    f"LOAD DATA LOCAL INFILE '{rows}' INTO TABLE {table} CHARACTER SET utf8mb4;"
                )

            server.load = load
            yield server


@contextmanager
def clickhouse():
    """ClickHouse inside a process of its own (the wheel chdb-core)."""
    try:
        from importlib.metadata import PackageNotFoundError, version

        found = version("chdb-core")
    except PackageNotFoundError:
        need("chdb-core is not installed")
    with folder_of() as folder:
        server = Server(found, None)
        code = (
            "import sys; from chdb.session import Session; s = Session(sys.argv[2])\n"
            "asked = open(sys.argv[1], encoding='utf-8', newline='').read()\n"
            "for text in asked.split('\\n;;;\\n'):\n"
            "    answer = s.query(text, 'TabSeparated')\n"
            "sys.stdout.buffer.write(answer.bytes())"
        )

        def ask(*statements):
            path = Path(folder, "ask")
            path.write_text("\n;;;\n".join(statements), encoding="utf-8", newline="")
            return run([sys.executable, "-c", code, str(path), str(Path(folder, "data"))])

        server.query = lambda text: rows_of(ask(text.strip().removesuffix(";")))

        def load(table, kinds, columns):
            rows = Path(folder, "rows")
            rows.write_bytes(tab_separated(columns))
            made = create(table, kinds, "Nullable(String)", "Nullable(Float64)")
            made = made.rstrip().removesuffix(";") + " ENGINE = MergeTree ORDER BY tuple()"
            ask(made, f"INSERT INTO {table} SELECT * FROM file('{rows}', TSV)")

        server.load = load
        yield server


def create(table, kinds, text, number, quote='"'):
    """Return CREATE TABLE for columns given as name -> object or float."""
    columns = ", ".join(
        f"{quote}{name}{quote} {text if kind is object else number}" for name, kind in kinds.items()
    )
    return f"CREATE TABLE {table} ({columns});\n"
