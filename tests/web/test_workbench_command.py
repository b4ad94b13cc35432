"""The command `workbench`, up to where it serves."""

import sys

import pytest

pytest.importorskip("fastapi")

from trustscore.commands.main import main
from trustscore.simulate.files import write_market
from trustscore.web import server


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main(["workbench", *map(str, words)])
    return stopped.value.code


@pytest.fixture
def export(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_market("export.csv", 30, 3, "minimal")
    return "export.csv"


def test_it_prints_the_address_and_serves(export, monkeypatch, capsys):
    served = []
    monkeypatch.setattr(server, "serve", lambda bench, held, token: served.append((bench, token)))
    assert run(export, "--scorecard", "minimal", "--no-browser", "--quiet") == 0
    [(bench, token)] = served
    said = capsys.readouterr()
    assert said.out.startswith("http://127.0.0.1:") and said.out.endswith(f"/#token={token}\n")
    assert said.err == "" and bench.market.size == 30


def test_a_port_that_is_taken_is_said(export, capsys):
    with server.listen(0) as held:
        held.listen()
        port = held.getsockname()[1]
        assert run(export, "--port", port, "--no-browser") == 2
    assert f"port: {port} cannot be had" in capsys.readouterr().err


def test_a_missing_extra_is_one_sentence(export, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    monkeypatch.delitem(sys.modules, "trustscore.web.server")
    monkeypatch.delattr("trustscore.web.server")
    assert run(export, "--no-browser") == 2
    said = capsys.readouterr().err
    assert "takes fastapi, which the extra `web` installs: pip install fastapi uvicorn" in said
    assert len(said.splitlines()) == 1


def test_what_cannot_be_scored_is_said(export, tmp_path, capsys):
    (tmp_path / "empty.csv").write_text("merchant_id\n")
    assert run("empty.csv", "--scorecard", "minimal", "--no-browser") == 2
    assert run(export, "--folder", "none", "--no-browser") == 2
    assert run(export, "--port", "70000", "--no-browser") == 2
