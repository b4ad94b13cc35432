"""The options that several commands share, each with one wording.

A function here returns the decorator of one option. Where the meaning differs between commands,
the difference is the argument.
"""

from __future__ import annotations

import datetime as dt
import glob
import os
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import click

from trustscore.commands.completion import preset_or_file
from trustscore.errors import suggest
from trustscore.scorecard.presets import preset_names
from trustscore.words import LANGUAGES

__all__ = [
    "DAY",
    "EXPORTS",
    "INPUT",
    "INPUT_OR_DASH",
    "NAMES",
    "PRESET",
    "Choice",
    "allow_missing_columns",
    "allow_short_logs",
    "as_json",
    "as_of",
    "definitions",
    "encoding",
    "force",
    "jobs",
    "lang",
    "lexicon",
    "manifest",
    "mapping",
    "max_rejects",
    "memory",
    "outcomes",
    "output_file",
    "output_folder",
    "output_table",
    "pepper",
    "policy",
    "pseudonyms",
    "quiet",
    "rejects",
    "rejects_without_raw",
    "scorecard",
    "scored_on",
    "scores",
    "seed",
    "strict",
    "summary",
    "today",
    "tz",
    "work",
]

Command = TypeVar("Command", bound=Callable[..., Any])


class Option(Protocol):
    """The decorator of one option."""

    def __call__(self, command: Command, /) -> Command:
        """Add the option to a command."""


INPUT = click.Path(exists=True, dir_okay=False)
INPUT_OR_DASH = click.Path(exists=True, dir_okay=False, allow_dash=True)
OUTPUT_OR_DASH = click.Path(dir_okay=False, allow_dash=True)


# Newer versions of click have a generic ParamType.
class _Day(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A day as ISO 8601 writes it."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date:
        """Return the day of a text like 2026-01-31."""
        if isinstance(value, dt.date):
            return value
        try:
            # date.fromisoformat alone would also take 20260131 and 2026-W05-6.
            return dt.datetime.strptime(value, "%Y-%m-%d").date()
        except ValueError:
            self.fail(f"must be a day like 2026-01-31. Got {value!r}", param, ctx)


class _Exports(click.Path):
    """A file, a folder of files, or a pattern such as ``exports/*.parquet``."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Return the path; the files of a pattern are looked up when the run begins."""
        if isinstance(value, str) and glob.has_magic(value) and not os.path.exists(value):
            return value
        return super().convert(value, param, ctx)


class Choice(click.Choice):  # type: ignore[type-arg, unused-ignore]
    """One of a few words; a mistyped one is told the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word of the list that was given."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            near = suggest(str(value), map(str, self.choices)) or "."
            self.fail(f"{error.message.rstrip('.')}{near}", param, ctx)


class _Names(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """Names with commas between them."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the names, without the spaces around them."""
        if isinstance(value, tuple):
            return value
        return tuple(name.strip() for name in value.split(",") if name.strip())


class _Preset(Choice):
    """The name of a preset."""

    name = "preset"

    def __init__(self) -> None:
        super().__init__(preset_names())


DAY = _Day()
EXPORTS = _Exports(exists=True, allow_dash=True)
NAMES = _Names()
PRESET = _Preset()


def scorecard(purpose: str, *, default: str | None = "default") -> Option:
    """Return ``--scorecard``; `purpose` says what the scorecard is used for."""
    return click.option(
        "--scorecard",
        default=default,
        show_default=default is not None,
        metavar="NAME|FILE",
        shell_complete=preset_or_file("scorecard"),
        help=f"Scorecard {purpose}: the name of a preset, or a file.",
    )


def policy(purpose: str, *, default: str | None = "boost", note: str = "") -> Option:
    """Return ``--policy``; `purpose` says what the boost policy is used for."""
    return click.option(
        "--policy",
        default=default,
        show_default=default is not None,
        metavar="NAME|FILE",
        shell_complete=preset_or_file("boost policy"),
        help=f"Boost policy {purpose}: the name of a preset, or a file.{note}",
    )


def scores() -> Option:
    """Return ``--scores``."""
    return click.option(
        "--scores",
        required=True,
        metavar="SCORES",
        type=INPUT,
        help="Score file that `trustscore score` wrote.",
    )


def mixes() -> Option:
    """Return ``--columns`` of the commands that look for drift."""
    return click.option(
        "--columns",
        type=NAMES,
        metavar="COL,...",
        default="",
        help="Columns of text whose mix of values is compared as well, such as region.",
    )


def outcomes(*, several: bool = False) -> Option:
    """Return ``--outcomes``, which may be given `several` times, once for each period."""
    again = " Give it once for each period, or one file with dates, of which each month is one."
    return click.option(
        "--outcomes",
        metavar="FILE",
        type=INPUT,
        multiple=several,
        help="What happened after the export, as columns merchant_id, n, events[, date] or"
        " merchant_id, label[, date] (label 1 is bad)." + again * several,
    )


def period(use: str) -> Option:
    """Return ``--period``, which may be given several times; `use` says what it is for."""
    return click.option(
        "--period",
        "earlier",
        nargs=3,
        multiple=True,
        metavar="DATE EXPORT OUTCOMES",
        type=(DAY, INPUT, INPUT),
        help=f"An earlier export, its day, and what happened after it. {use}",
    )


def counts() -> Option:
    """Return ``--counts``."""
    return click.option(
        "--counts",
        is_flag=True,
        help="Let an order have more than one event: outcomes are counts, not shares.",
    )


def sample() -> Option:
    """Return ``--sample``."""
    return click.option(
        "--sample",
        type=click.IntRange(min=1),
        default=100_000,
        show_default=True,
        help="Largest number of merchants to hold in memory. Of more, a sample is drawn.",
    )


def output_table(what: str, *, required: bool = True, note: str = "") -> Option:
    """Return ``-o`` for a table, and ``--csv-encoding``; `what` names its content."""
    option = click.option(
        "-o",
        "--output",
        "out",
        required=required,
        metavar="OUT",
        type=OUTPUT_OR_DASH,
        help=f"Write {what} to OUT: .csv, .csv.gz, .parquet or .xlsx, or - for CSV on"
        f" standard output.{note}",
    )
    return _both(option, _csv_encoding())


def _both(first: Option, second: Option) -> Option:
    """Return the decorator of two options, of which help shows `first` above `second`."""

    def decorate(command: Command, /) -> Command:
        return first(second(command))

    return decorate


def _csv_encoding() -> Option:
    """Return ``--csv-encoding``, which holds for all that the command writes."""

    def write_in(context: click.Context, _: click.Parameter, name: str) -> None:
        if name != "utf-8":
            from trustscore.io.atomic_files import csv_encoding

            context.with_resource(csv_encoding(name))

    return click.option(
        "--csv-encoding",
        type=Choice(["utf-8", "utf-8-sig"]),
        default="utf-8",
        show_default=True,
        expose_value=False,
        callback=write_in,
        help="Encoding of CSV that is written. utf-8-sig begins with a mark, without which Excel"
        " takes Chinese for other letters.",
    )


def output_file(text: str, *, default: str | None = None, required: bool | None = None) -> Option:
    """Return ``-o`` for a file of another kind, which `text` describes."""
    return click.option(
        "-o",
        "--output",
        "out",
        required=default is None if required is None else required,
        default=default,
        metavar="OUT",
        type=OUTPUT_OR_DASH,
        help=text,
    )


# Newer versions of click have a generic Path.
class Folder(click.Path):  # type: ignore[type-arg, unused-ignore]
    """A folder to write to; elsewhere ``-`` is standard output, which can be none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path of the folder."""
        if value == "-":
            self.fail("must name a folder, as several files are written. Got -", param, ctx)
        return super().convert(value, param, ctx)


def output_folder(what: str) -> Option:
    """Return ``-o`` for a folder, and ``--csv-encoding``; `what` says what is written into it."""
    option = click.option(
        "-o",
        "--output",
        "out",
        required=True,
        metavar="DIR",
        type=Folder(file_okay=False),
        help=f"Write {what} to the folder DIR.",
    )
    return _both(option, _csv_encoding())


def as_of(meaning: str) -> Option:
    """Return ``--as-of``; `meaning` says which day it is and what depends on it."""
    return click.option("--as-of", type=DAY, metavar="DATE", help=meaning)


# Three commands count a stay in a tier; their day means the same.
STAY = "Day of the review; the minimum stay in a tier is counted up to it."
# Two commands read outcomes; for both the export is what is known on the day.
OUTCOMES_AFTER = "Day of the export. Outcomes dated before it are refused."


def today() -> Option:
    """Return ``--today``."""
    return click.option(
        "--today",
        type=DAY,
        metavar="DATE",
        help="Day of the ranking. Scores that expired before it count as neutral; without it none"
        " expires.",
    )


def scored_on() -> Option:
    """Return ``--scored-on``."""
    return click.option(
        "--scored-on",
        type=DAY,
        metavar="DATE",
        help="Day on which the merchants were scored. The policy's validity counts from it where"
        " the scores have no column scored_on.",
    )


def encoding(what: str) -> Option:
    """Return ``--encoding`` and ``--sheet``; `what` names the files that they are about."""
    option = click.option(
        "--encoding",
        metavar="NAME",
        help=f"Text encoding of {what}, such as utf-8 or gb18030. [default: detected]",
    )
    return _both(option, _sheet())


def _sheet() -> Option:
    """Return ``--sheet``, which holds for all workbooks that the command reads."""

    def read_from(context: click.Context, _: click.Parameter, name: str | None) -> None:
        if name is not None:
            from trustscore.io.xlsx_reader import sheet_named

            context.with_resource(sheet_named(name))

    return click.option(
        "--sheet",
        metavar="NAME",
        expose_value=False,
        callback=read_from,
        help="Sheet of Excel workbooks. [default: the first that is shown]",
    )


def allow_missing_columns() -> Option:
    """Return ``--allow-missing-columns``."""
    return click.option(
        "--allow-missing-columns",
        is_flag=True,
        help="Accept an export that lacks columns of the scorecard. Signals that read them do not"
        " apply.",
    )


def seed(what: str, *, default: int | None = 0) -> Option:
    """Return ``--seed``; `what` names what is drawn at random, None the seed of the settings."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=default,
        show_default=True,
        help=f"Seed of {what}. The same seed gives the same result."
        + " [default: that of the settings]" * (default is None),
    )


def lang(what: str) -> Option:
    """Return ``--lang``; `what` names the text that is written in that language."""
    return click.option(
        "--lang",
        type=Choice(LANGUAGES),
        default="en",
        show_default=True,
        help=f"Language of {what}.",
    )


def as_json(what: str, *, note: str = "") -> Option:
    """Return ``--json``; `what` names what is printed."""
    return click.option("--json", "as_json", is_flag=True, help=f"Print {what} as JSON.{note}")


def quiet() -> Option:
    """Return ``--quiet``."""
    return click.option(
        "--quiet",
        is_flag=True,
        help="Print errors and results only: no progress bar, notes or summary.",
    )


def summary() -> Option:
    """Return ``--summary``."""
    return click.option(
        "--summary",
        type=Choice(["text", "json"]),
        help="End with counts of what was done on standard error: as tables, which a terminal gets"
        " anyway, or as one line of JSON, the last one.",
    )


def force() -> Option:
    """Return ``--force``."""
    return click.option(
        "--force", is_flag=True, help="Replace OUT where it is there already, for good."
    )


def jobs(what: str) -> Option:
    """Return ``--jobs``; `what` names what is done at the same time."""
    return click.option(
        "--jobs",
        default=1,
        show_default=True,
        type=click.IntRange(1, 256),
        help=f"Number of {what}. The output does not depend on it.",
    )


def strict() -> Option:
    """Return ``--strict``."""
    return click.option(
        "--strict", is_flag=True, help="Stop at the first faulty row and leave no output."
    )


def max_rejects() -> Option:
    """Return ``--max-rejects``."""
    return click.option(
        "--max-rejects",
        metavar="N|P%",
        help="Rows, or percent of all rows, that may be rejected without changing the exit code 0;"
        " past it, it is 3. [default: 0]",
    )


def rejects() -> Option:
    """Return ``--rejects``."""
    return click.option(
        "--rejects",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Write rejected rows to FILE. [default: OUT.rejects.csv, when there are any]",
    )


def manifest(what: str) -> Option:
    """Return ``--manifest``; `what` names what was read."""
    return click.option(
        "--manifest",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help=f"Write {what}, versions and counts of the run to FILE. [default: OUT.manifest.json]",
    )


def tz() -> Option:
    """Return ``--tz``."""
    return click.option(
        "--tz",
        metavar="ZONE",
        help="Zone of the market, such as Asia/Shanghai: days begin there, and times without an"
        " offset are its wall clock. [default: that of the definitions]",
    )


def mapping() -> Option:
    """Return ``--mapping``."""
    return click.option(
        "--mapping",
        metavar="FILE",
        type=INPUT,
        help="How the files, columns and words of LOGS are called.",
    )


def work() -> Option:
    """Return ``--work``."""
    return click.option(
        "--work",
        metavar="DIR",
        type=click.Path(file_okay=False),
        help="Keep what was read in DIR, so that the next run reads new and changed files only.",
    )


def pepper() -> Option:
    """Return ``--pepper``."""
    return click.option(
        "--pepper",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Secret under which ids of people become pseudonyms; made if it is not there."
        " [default: DIR/pepper, or a new one for each run]",
    )


def pseudonyms() -> Option:
    """Return ``--pseudonyms``."""
    return click.option(
        "--pseudonyms",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Call merchants by pseudonyms under the key in FILE, which is made if it is not there."
        " The same key gives the same pseudonyms, in every command.",
    )


def rejects_without_raw() -> Option:
    """Return ``--rejects-without-raw``."""
    return click.option(
        "--rejects-without-raw",
        is_flag=True,
        help="Leave the rejected rows themselves out of the rejects: the column raw stays blank.",
    )


def memory() -> Option:
    """Return ``--memory``."""
    return click.option(
        "--memory", metavar="SIZE", help="Most memory of the queries, such as 4GB; the rest spills."
    )


def definitions(purpose: str) -> Option:
    """Return ``--definitions``; `purpose` says what of them is used."""
    return click.option(
        "--definitions",
        default="default",
        show_default=True,
        metavar="NAME|FILE",
        help=f"Definitions {purpose}: the name of a preset, or a file.",
    )


def allow_short_logs() -> Option:
    """Return ``--allow-short-logs``."""
    return click.option(
        "--allow-short-logs",
        is_flag=True,
        help="Also count over windows that begin before a log does, and logs that ended long ago.",
    )


def lexicon() -> Option:
    """Return ``--lexicon``."""
    return click.option(
        "--lexicon",
        metavar="FILE",
        type=INPUT,
        help="What is looked for in texts: complaints in reviews, claims of hosts and shops."
        " [default: the lexicon of the package]",
    )
