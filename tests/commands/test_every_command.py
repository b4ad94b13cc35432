"""What all commands have in common: progress, --quiet, signals, and the wording of options."""

import ast
import itertools
import json
import math
import os
import pty
import re
import select
import signal
import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import click
import pytest

from tests.letters.terms_example import TERMS
from trustscore.commands import options, progress
from trustscore.commands.export import EXPORTS
from trustscore.commands.interrupts import ends_as_interrupts
from trustscore.commands.main import COMMANDS, group, main
from trustscore.commands.messages import with_flags
from trustscore.simulate.files import write_market

SCORES = """merchant_id,trust_index,index_se,prior_index,coverage,status,tier,veto
a,90,3,71,0.9,formal,standard,
b,50,3,71,0.9,formal,standard,
"""
CANDIDATES = """query_id,item_id,merchant_id,relevance
q,i1,a,0.5
q,i2,b,0.49
p,i1,a,0.5
"""
VOTES = """session_id,merchant_id,voter_id,voted_at,question,answer
s1,m1,v1,2026-01-31 10:00,exaggerated,1
"""
OUTCOMES = "merchant_id,n,events\nm0000001,9,1\nm0000002,9,0\n"
MINIMAL = ("--scorecard", "minimal")
SCORED = ("--scores", "scores.csv")
# Every command that can take longer than two seconds, and how to run it in a small folder.
LONG = {
    "signals": (
        *("signals", "logs", "-o", "out.csv", "--as-of", "2026-02-01", "--allow-short-logs"),
        *("--scorecard", "minimal"),
    ),
    "detect": (
        *("detect", "votes", "rooms", "-o", "out.csv", "--as-of", "2026-02-01"),
        *("--queue", "queue.csv"),
    ),
    "init": ("init", "export.csv", "-o", "out.toml"),
    "score": ("score", "export.csv", *MINIMAL, "-o", "out.csv"),
    "check": ("check", "export.csv", *MINIMAL),
    "compare": ("compare", "export.csv", "export.csv", *MINIMAL, "-o", "out.csv"),
    "drift": ("drift", "export.csv", "export.csv", *MINIMAL, "-o", "out.csv"),
    "report": ("report", "export.csv", *MINIMAL, "-o", "out.html"),
    "letters": ("letters", "export.csv", *MINIMAL, "--terms", "terms.json", "-o", "out"),
    "gate": ("gate", "export.csv", "--lines", "lines.toml", *MINIMAL),
    "explain": ("explain", "export.csv", *MINIMAL, "--id", "m0000001"),
    "simulate": ("simulate", "--merchants", "9", *MINIMAL, "-o", "out.csv"),
    "fit": ("fit", "export.csv", *MINIMAL, "-o", "out.toml"),
    "lines": (
        *("lines", "export.csv", *MINIMAL, "--outcomes", "outcomes.csv", "--draws", "9"),
        *("--cost", "standard", "5", "-o", "out.toml"),
    ),
    "boost": ("boost", "candidates.csv", *SCORED, "-o", "out.csv", "--log", "log.parquet"),
    "boost --why": ("boost", "candidates.csv", *SCORED, "--why", "q", "i1"),
    "audit": ("audit", "export.csv", *MINIMAL, "--draws", "2", "-o", "out"),
    "rights": (
        *("rights", "mine.csv", *MINIMAL, "--previous", "last.csv", "--as-of", "2026-02-01"),
        *("--export", "export.csv", "-o", "out.csv"),
    ),
    "export sql": (
        *("export", "sql", *MINIMAL, "--dialect", "duckdb", "--test-frame", "new/probe"),
        *("-o", "out.sql"),
    ),
    "export boost": ("export", "boost", "scores.csv", "--to", "solr", "-o", "new/solr"),
    "export boost npz": ("export", "boost", "scores.csv", "--to", "npz", "-o", "out.npz"),
    "boost-eval": ("boost-eval", "candidates.csv", *SCORED, "--draws", "9", "-o", "out"),
}
READ_ONLY = {"check", "explain", "gate", "boost --why"}
# A run of these takes seconds.
SLOWEST = {"audit", "boost-eval"}


def each(names):
    """Return every command of `names` as a case of its own, the slowest marked."""
    return [
        pytest.param(name, marks=[pytest.mark.slow] if name in SLOWEST else [], id=name)
        for name in names
    ]


def module_of(words):
    table, name = (EXPORTS, words[1]) if words[0] == "export" else (COMMANDS, words[0])
    return import_module(table[name][0])


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_market("export.csv", 60, 3, "minimal")
    Path("scores.csv").write_text(SCORES)
    Path("candidates.csv").write_text(CANDIDATES)
    Path("outcomes.csv").write_text(OUTCOMES)
    Path("lines.toml").write_text("[rows]\nleast = 1\n")
    Path("terms.json").write_text(json.dumps(TERMS), encoding="utf-8")
    Path("last.csv").write_text("merchant_id,tier\n")
    Path("logs").mkdir()
    Path("logs/orders.csv").write_text("merchant_id,order_id,paid_at\nm1,o1,2026-01-31\n")
    Path("rooms").mkdir()
    Path("rooms/live_votes.csv").write_text(VOTES)
    assert run("score", "export.csv", *MINIMAL, "-o", "mine.csv", "--quiet") == 0
    return tmp_path


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def watch(monkeypatch, words, callback):
    """Give the command another callback than that of the bar; return the arguments of the bar."""
    asked = []

    @contextmanager
    def bar(quiet, out=None):
        asked.append(quiet)
        yield callback

    monkeypatch.setattr(module_of(words), "progress_bar", bar)
    return asked


@pytest.mark.parametrize("name", each(LONG))
def test_every_long_command_tells_its_progress(name, folder, monkeypatch):
    words = LONG[name]
    told = []
    quiet = watch(monkeypatch, words, lambda step, share, rows=0: told.append((step, share, rows)))
    assert run(*words) == 0
    assert told and quiet == [False]
    assert all(step and (math.isnan(share) or 0 <= share <= 1) for step, share, _ in told)
    # The same name again goes on with the bar, so its share never falls.
    for (step, share, _), (later, more, _) in itertools.pairwise(told):
        assert step != later or not more < share


@pytest.mark.parametrize("name", each(LONG))
def test_quiet_means_no_bar_and_nothing_on_standard_error(name, folder, monkeypatch, capsys):
    words = LONG[name]
    quiet = watch(monkeypatch, words, lambda *_: None)
    assert run(*words, "--quiet") == 0
    assert quiet == [True]
    assert capsys.readouterr().err == ""


@pytest.fixture(autouse=True)
def _hears_signals():
    # Under nohup SIGHUP is ignored, in the background SIGINT; and what is ignored stays so.
    usual = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize(
    "name",
    [
        # A run of these takes seconds, and a signal is one thing for all commands.
        pytest.param(name, marks=[] if name in ("score", "boost") else pytest.mark.slow)
        for name in LONG
        if name not in READ_ONLY
    ],
)
def test_a_signal_at_any_step_leaves_nothing_behind(name, number, folder, monkeypatch, capsys):
    words, before = LONG[name], files(folder)
    left = 0

    def deadly(*_):
        nonlocal left
        left -= 1
        if left == 0:
            signal.raise_signal(number)

    watch(monkeypatch, words, deadly)
    for step in range(1, 100):
        left = step
        if run(*words) == 0:
            break
        assert "trustscore: interrupted" in capsys.readouterr().err
        assert files(folder) == before
    assert step > 1


@pytest.mark.parametrize("name", [name for name in LONG if name not in READ_ONLY])
def test_a_signal_while_the_output_is_written_leaves_nothing(name, folder, monkeypatch, capsys):
    before = files(folder)
    folders = name in ("audit", "export sql")

    def fsync(_):
        signal.raise_signal(signal.SIGTERM)

    def replace(*_):
        signal.raise_signal(signal.SIGTERM)

    # The first of a set that is safe on disk; a folder is begun anew, and takes its name last.
    monkeypatch.setattr(os, "replace" if folders else "fsync", replace if folders else fsync)
    assert run(*LONG[name]) == 1
    assert files(folder) == before


def test_a_second_signal_does_not_cut_the_clean_up_short():
    cleaned = []
    with pytest.raises(KeyboardInterrupt), ends_as_interrupts():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGHUP)
            cleaned.append(True)
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ends_as_interrupts():
            signal.raise_signal(signal.SIGHUP)
    finally:
        assert signal.signal(signal.SIGHUP, before) == signal.SIG_IGN


def test_another_thread_hears_no_signals_and_works():
    done = []

    def work():
        with ends_as_interrupts():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done


# --- the bar -------------------------------------------------------------------------------


@pytest.fixture
def on_a_terminal(monkeypatch):
    """Run a function with a terminal as standard error; return what was drawn there."""
    monkeypatch.setattr(progress, "_PATIENCE", 0)

    def run(function):
        ours, theirs = pty.openpty()
        os.set_blocking(ours, False)
        # Not in the fixture's own body: pytest changes the streams once more before the test.
        with os.fdopen(theirs, "w", buffering=1) as stream, monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", stream)
            function(stream, patch)
            stream.flush()
            drawn = b""
            try:
                # The kernel hands over what was written a little later, in pieces.
                while select.select([ours], [], [], 0.2)[0]:
                    drawn += os.read(ours, 1 << 16)
            finally:
                os.close(ours)
            return drawn.decode()

    return run


def two_steps(quiet=False, out=None):
    with progress.progress_bar(quiet=quiet, out=out) as show:
        show("reading [a].csv", 0.25, 1000)
        show("waiting", math.nan)


def test_long_work_shows_steps_shares_and_rates(on_a_terminal):
    said = on_a_terminal(lambda *_: two_steps())
    assert "reading [a].csv" in said and "25%, 1,000 rows" in said and "rows/s" in said
    assert "waiting" in said and "nan" not in said


def test_short_work_shows_no_bar(on_a_terminal, monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", 60)
    assert on_a_terminal(lambda *_: two_steps()) == ""


def test_quiet_work_shows_no_bar(on_a_terminal):
    assert on_a_terminal(lambda *_: two_steps(quiet=True)) == ""


def test_no_bar_is_drawn_into_an_output_on_the_terminal(on_a_terminal):
    def both(stream, patch):
        patch.setattr(sys, "stdout", stream)
        two_steps(out="-")

    assert on_a_terminal(both) == ""
    assert "waiting" in on_a_terminal(lambda *_: two_steps(out="-"))


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_closed_stream_is_no_terminal(name, on_a_terminal):
    def closed(_, patch):
        patch.setattr(sys, name, None)
        two_steps(out="-")

    assert ("waiting" in on_a_terminal(closed)) == (name == "stdout")


# --- options -------------------------------------------------------------------------------


def all_commands():
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                yield f"{name} {inner}", command.get_command(context, inner)
        else:
            yield name, command


def option_lines():
    for name, command in all_commands():
        for option in command.params:
            if isinstance(option, click.Option):
                yield name, option


def test_every_option_says_what_it_does():
    silent = [f"{name} {option.opts[0]}" for name, option in option_lines() if not option.help]
    assert silent == []
    for name, option in option_lines():
        text = option.help.partition(" [default")[0]
        where = f"{name} {option.opts[0]}: {text}"
        assert text[0].isupper() or text.startswith("merchant_id"), where
        assert text.endswith("."), where
        assert len(text.split()) > 3, where


SHARED = {
    "allow_missing_columns",
    "as_of",
    "counts",
    "encoding",
    "outcomes",
    "period",
    "quiet",
    "sample",
    "scorecard",
    "scored_on",
    "scores",
    "seed",
    "today",
}


def test_a_shared_option_is_defined_once():
    tree = ast.parse(Path(options.__file__).read_text())
    definitions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert definitions >= SHARED
    for path in Path(options.__file__).parent.glob("*.py"):
        if path.stem == "options":
            continue
        text = path.read_text()
        for name in SHARED | {"output", "json", "lang"}:
            flag = f'"--{name.replace("_", "-")}"'
            # `export boost` writes a file or a folder, as no other command does.
            if (path.stem, name) != ("export_boost", "output"):
                assert f"option({flag}" not in text and f"    {flag},\n" not in text, path.name


def test_a_day_is_a_day(folder, capsys):
    for word in ("yesterday", "20260131", "2026-13-01", "2026-W05-6"):
        assert run("score", "export.csv", *MINIMAL, "-o", "x.csv", "--as-of", word) == 2
        said = capsys.readouterr().err
        assert f"must be a day like 2026-01-31. Got '{word}'" in said


def test_names_lose_their_spaces_and_blanks():
    assert options.NAMES.convert(" a, b,,c ", None, None) == ("a", "b", "c")


def test_arguments_of_the_library_become_flags():
    assert (
        with_flags("give `as_of`, see `trustscore score`") == "give --as-of, see `trustscore score`"
    )
    known = {f"--{name.replace('_', '-')}" for name in SHARED} | {"--counts", "--jobs", "--keep"}
    flags = {flag for _, option in option_lines() for flag in option.opts}
    assert known <= flags


def test_no_message_of_the_library_names_a_flag():
    package = Path(options.__file__).parent.parent
    faults = []
    for path in package.rglob("*.py"):
        if path.parent.name in ("commands", "spark"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise):
                faults += [
                    f"{path.name}:{node.lineno}: {part.value}"
                    for part in ast.walk(node)
                    if isinstance(part, ast.Constant)
                    # A command line in backquotes is one the reader can type.
                    and " --" in re.sub(r"`trustscore [^`]*`", "", str(part.value))
                ]
    assert faults == []


# --- folders and patterns ------------------------------------------------------------------


@pytest.mark.parametrize("export", ["exports", "exports/*.csv"])
@pytest.mark.parametrize("name", each(["score", "check", "explain", "fit", "audit", "rights"]))
def test_a_folder_or_a_pattern_is_an_export(name, export, folder):
    (folder / "exports").mkdir()
    head, *rows = (folder / "export.csv").read_text().splitlines(keepends=True)
    (folder / "exports" / "1.csv").write_text("".join([head, *rows[30:]]))
    (folder / "exports" / "2.csv").write_text("".join([head, *rows[:30]]))
    words = [export if word == "export.csv" else word for word in LONG[name]]
    assert run(*words, "--quiet") == 0


def test_a_pattern_that_matches_nothing_is_said(folder, capsys):
    assert run("score", "none/*.csv", *MINIMAL, "-o", "out.csv") == 2
    assert "none/*.csv" in capsys.readouterr().err


def as_bytes_of_another_encoding(word):
    """Return a file name as an archive from a GBK system leaves it."""
    if "." not in word or word.startswith("-") or re.fullmatch(r"[\d.-]+", word):
        return word
    path = Path(word)
    return str(path.with_name(os.fsdecode(b"\xd0\xd0" + os.fsencode(path.name))))


@pytest.mark.parametrize("command", each(LONG))
def test_file_names_that_are_not_utf8_are_names(command, folder, monkeypatch, capsys):
    words = LONG[command]
    for name in (
        "export.csv",
        "mine.csv",
        "scores.csv",
        "candidates.csv",
        "last.csv",
        "lines.toml",
        "outcomes.csv",
        "terms.json",
    ):
        os.replace(name, as_bytes_of_another_encoding(name))
    watch(monkeypatch, words, lambda *_: None)
    assert run(*map(as_bytes_of_another_encoding, words)) == 0, capsys.readouterr().err
