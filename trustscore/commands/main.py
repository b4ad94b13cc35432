"""The command ``trustscore``: a lazy list of commands, and errors as one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys

import click

from trustscore import __version__
from trustscore.commands.lazy import LazyGroup
from trustscore.errors import TrustscoreError

DONE, MACHINE_FAILED, WRONG_USE, ROWS_REJECTED, STOPPED = range(5)

# Name, module and the line that --help shows: listing them loads none of them.
COMMANDS = {
    "score": ("trustscore.commands.score", "Score merchant exports."),
    "check": ("trustscore.commands.check", "Check a scorecard, and an export against it."),
    "explain": ("trustscore.commands.explain", "Print the statement of one merchant."),
    "simulate": ("trustscore.commands.simulate", "Make up an export, with its truth."),
    "schema": ("trustscore.commands.schema", "Print the JSON Schema of the file formats."),
    "fit": ("trustscore.commands.fit", "Fit a scorecard to data and outcomes."),
    "boost": ("trustscore.commands.boost", "Rank candidates again by trust."),
    "audit": ("trustscore.commands.audit", "Ask whether a scorecard is sound."),
    "rights": ("trustscore.commands.rights", "Review what merchants may do."),
    "export": ("trustscore.commands.export", "Take scorecards and boosts to other engines."),
    "boost-eval": ("trustscore.commands.boost_eval", "Say what the boost costs and buys."),
}


EXAMPLE = """\b
Example:
  trustscore simulate --merchants 500 --seed 7 -o export.csv
  trustscore score export.csv -o scores.csv
  trustscore explain export.csv --id m0000001
"""


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    epilog=EXAMPLE,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="trustscore")
def group() -> None:
    """Turn a marketplace's exports into a trust index for each merchant, and into a boost."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    Exit codes: 0 done; 1 the machine failed; 2 wrong use, bad scorecard or missing columns;
    3 done, but rows were rejected; 4 stopped by --strict.
    """
    try:
        code = group.main(arguments, prog_name="trustscore", standalone_mode=False)
    except click.exceptions.Abort:
        code = _say("interrupted", MACHINE_FAILED)
    except click.ClickException as error:
        error.show()
        code = WRONG_USE
    except TrustscoreError as error:
        code = _say(str(error), WRONG_USE)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: nothing to say, nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + signal.SIGPIPE
    except (OSError, MemoryError, KeyboardInterrupt) as error:
        code = _say(str(error) or type(error).__name__, MACHINE_FAILED)
    sys.exit(code if isinstance(code, int) else DONE)


def _say(message: str, code: int) -> int:
    click.echo(f"trustscore: {message}", err=True)
    return code
