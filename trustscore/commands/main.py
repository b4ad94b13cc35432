"""The command ``trustscore``: a lazy list of commands, and errors as one line and an exit code."""

from __future__ import annotations

import gc
import io
import logging
import os
import signal
import sys
import warnings
from typing import Any

import click

from trustscore import __version__
from trustscore.commands.exit_codes import DONE, MACHINE_FAILED, WRONG_USE
from trustscore.commands.interrupts import ends_as_interrupts
from trustscore.commands.lazy import LazyGroup
from trustscore.commands.messages import say, with_flags
from trustscore.errors import TrustscoreError

# Name, module and the line that --help shows: listing them loads none of them.
COMMANDS = {
    "signals": ("trustscore.commands.signals", "Make an export from event logs."),
    "detect": ("trustscore.commands.detect", "Find what event logs make suspicious."),
    "init": ("trustscore.commands.init", "Propose a scorecard for a table of yours."),
    "score": ("trustscore.commands.score", "Score merchant exports."),
    "check": ("trustscore.commands.check", "Check a scorecard, and an export against it."),
    "explain": ("trustscore.commands.explain", "Print the statements of merchants."),
    "compare": ("trustscore.commands.compare", "Say what changed between two days or scorecards."),
    "drift": ("trustscore.commands.drift", "Say whether merchants are still like before."),
    "report": ("trustscore.commands.report", "Write a page on a market."),
    "pseudonyms": ("trustscore.commands.pseudonyms", "Tell whose pseudonyms these are."),
    "letters": ("trustscore.commands.letters", "Write a letter to each merchant."),
    "gate": ("trustscore.commands.gate", "Fail a job whose run leaves the lines of a file."),
    "preset": ("trustscore.commands.preset", "Show and copy the files that come with it."),
    "simulate": ("trustscore.commands.simulate", "Make up an export and its truth."),
    "schema": ("trustscore.commands.schema", "Print the JSON Schema of the file formats."),
    "fit": ("trustscore.commands.fit", "Fit a scorecard to data and outcomes."),
    "lines": ("trustscore.commands.lines", "Choose tier and cap lines by what they cost."),
    "boost": ("trustscore.commands.boost", "Rank candidates again by relevance and trust."),
    "audit": ("trustscore.commands.audit", "Audit whether a scorecard is sound."),
    "rights": ("trustscore.commands.rights", "Review the operating rights of merchants."),
    "workbench": ("trustscore.commands.workbench", "Move a scorecard's figures in a browser."),
    "export": ("trustscore.commands.export", "Write scorecards and boosts for other engines."),
    "boost-eval": ("trustscore.commands.boost_eval", "Measure what the boost costs and buys."),
}


EPILOG = """\b
Exit codes:
  0    done
  1    the machine failed, or the run was interrupted
  2    wrong use, faulty scorecard or policy, or missing columns
  3    done, but rows were rejected
  4    stopped by --strict
  5    a line of the gate fails
  141  the reader of the output went away

\b
Example:
  trustscore simulate --merchants 500 --seed 7 -o export.csv
  trustscore score export.csv -o scores.csv
  trustscore explain export.csv --id m0000001
"""


class _Commands(LazyGroup):
    """The commands, and what is the same for all of them: signals and a closed output pipe."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            with ends_as_interrupts():
                return super().invoke(ctx)
        except BrokenPipeError:
            # Without this click would catch it and exit with 1, as if the machine had failed.
            return _reader_gone()


@click.group(
    cls=_Commands,
    table=COMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="trustscore")
def group() -> None:
    """Turn a marketplace's exports into a trust index for each merchant, and into a boost."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    Exit codes: 0 done; 1 the machine failed; 2 wrong use, bad scorecard or missing columns;
    3 done, but rows were rejected; 4 stopped by --strict; 5 a line of the gate fails; 141 the
    output pipe was closed.
    """
    # A run makes 90,000 objects that stay, nearly all by its imports, and hardly any cycles.
    # Looking through them again and again took a tenth of the time of a small run.
    gc.set_threshold(200_000)
    warnings.showwarning = _warn
    for stream in (sys.stdout, sys.stderr):
        # What the encoding of a terminal or a pipe does not have is written as \\u1234.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    log = logging.getLogger("trustscore")
    if not any(isinstance(handler, _Notes) for handler in log.handlers):
        log.addHandler(_Notes())
    try:
        code = group.main(arguments, prog_name="trustscore", standalone_mode=False)
    except click.exceptions.Abort:
        code = _say("interrupted", MACHINE_FAILED)
    except click.ClickException as error:
        held = io.StringIO()
        error.show(held)
        say(held.getvalue().removesuffix("\n"), err=True)
        code = WRONG_USE
    except TrustscoreError as error:
        code = _say(with_flags(str(error)), WRONG_USE)
    except BrokenPipeError:
        code = _reader_gone()
    except OSError as error:
        code = _say(_told(error), MACHINE_FAILED)
    except (MemoryError, KeyboardInterrupt) as error:
        code = _say(with_flags(str(error)) or type(error).__name__, MACHINE_FAILED)
    sys.exit(code if isinstance(code, int) else DONE)


def _told(error: OSError) -> str:
    """Return an error of the system as a sentence that begins with the file."""
    if error.filename is None or error.strerror is None:
        return with_flags(str(error)) or type(error).__name__
    return f"{os.fsdecode(error.filename)}: {error.strerror}"


class _Notes(logging.Handler):
    """What the library logs, as notes."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print it, quiet or not: it says that results may not be what they seem."""
        say(with_flags(record.getMessage()), err=True)


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    say(f"trustscore: {message}", err=True)


def _reader_gone() -> int:
    # Point them at /dev/null, so that the flush when Python ends does not raise EPIPE again.
    # Standard error may be the same pipe, and either may be closed.
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return 128 + signal.SIGPIPE


def _say(message: str, code: int) -> int:
    say(f"trustscore: {message}", err=True)
    return code
