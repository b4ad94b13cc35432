"""``trustscore signals``: event logs in, the export of merchants out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED, STOPPED, WRONG_USE
from trustscore.commands.messages import say
from trustscore.commands.progress import progress_bar

if TYPE_CHECKING:
    from trustscore.signals.files import Why
    from trustscore.typing import Progress

# So many events are printed of each kind.
_MOST = 50

EXAMPLE = """\b
Example:
  trustscore signals logs/ -o export.csv --as-of 2026-02-01
  trustscore signals dump/ -o export.parquet --as-of 2026-02-01 --mapping shop.toml --work store/
  trustscore signals logs/ --as-of 2026-02-01 --why m0000123 quality_return_orders
  trustscore signals --check --scorecard default
  trustscore signals --emit-sql spark --as-of 2026-02-01 -o signals.sql
  trustscore signals logs/ -o export.csv --as-of 2026-02-01 --engine spark --work /shared/store
"""


@click.command("signals", epilog=EXAMPLE)
@click.argument(
    "logs", metavar="[LOGS]", required=False, type=click.Path(exists=True, file_okay=False)
)
@options.output_table("the export", required=False, note=" With --emit-sql the SQL.")
@click.option(
    "--engine",
    type=options.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="What counts. Spark runs the same SQL on the same store and gives the same files; its"
    " executors must reach --work.",
)
@options.as_of(
    "Day of the export, always to be given. Nothing that happened on it or later is counted."
)
@options.tz()
@options.mapping()
@options.definitions("of the columns")
@options.scorecard("whose columns are written, in its order, or compared by --check", default=None)
@options.work()
@click.option(
    "--keep-days",
    metavar="N",
    type=click.IntRange(1, 36_500),
    help="Rows of months that ended N days before --as-of leave the store of --work, and their"
    " files may then be removed. Columns that read further back are refused by name.",
)
@options.pepper()
@options.memory()
@options.jobs("threads of the queries")
@options.strict()
@options.rejects()
@options.manifest("logs")
@options.allow_short_logs()
@click.option("--include-removed", is_flag=True, help="Also write removed merchants.")
@click.option(
    "--previous",
    metavar="FILE",
    type=options.INPUT,
    help="Scores or rights of the last run: for orders promoted to poor merchants, and for the tier"
    " that the next review begins with.",
)
@click.option(
    "--baselines",
    metavar="FILE",
    type=options.INPUT,
    help="Return rates of the market: a CSV table of category and rate, or the manifest of an"
    " earlier export. [default: counted from LOGS as of the first of the month]",
)
@options.lexicon()
@click.option(
    "--populations",
    type=options.Choice(["valid", "both"]),
    default="valid",
    show_default=True,
    help="With both, also write OUT.with_suspects, in which brushing orders count.",
)
@click.option(
    "--lineage",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Also write a line for each event that counted to the new folder DIR.",
)
@click.option(
    "--why",
    nargs=2,
    metavar="MERCHANT COLUMN",
    help="Print the events behind one figure, and those that nearly counted, with the reason.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Print what each column means and the logs it needs, and where --scorecard differs.",
)
@click.option(
    "--emit-sql",
    metavar="DIALECT",
    help="Write the SQL of the columns for another engine: duckdb, spark, postgres and so on. With"
    " LOGS for the columns that these have, else for all.",
)
@click.option(
    "--test-frame",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="With --emit-sql, also write the tables of a made-up market, what they must give, and how"
    " to compare, to the new folder DIR.",
)
@options.lang("sentences of --check and --why")
@options.summary()
@options.quiet()
def command(
    logs: str | None,
    out: str | None,
    engine: str,
    as_of: dt.date | None,
    tz: str | None,
    mapping: str | None,
    definitions: str,
    scorecard: str | None,
    work: str | None,
    keep_days: int | None,
    pepper: str | None,
    memory: str | None,
    jobs: int,
    strict: bool,
    rejects: str | None,
    manifest: str | None,
    allow_short_logs: bool,
    include_removed: bool,
    previous: str | None,
    baselines: str | None,
    lexicon: str | None,
    populations: Literal["valid", "both"],
    lineage: str | None,
    why: tuple[str, str] | None,
    check: bool,
    emit_sql: str | None,
    test_frame: str | None,
    lang: str,
    summary: str | None,
    quiet: bool,
) -> int:
    """Turn the event logs of a marketplace into the export that `trustscore score` reads.

    LOGS is a folder with any of 24 logs, as CSV (plain or gzip) or Parquet, or folders of such
    files: orders, shipments, reviews and so on. Columns whose logs are not there are not written,
    and the manifest says why. OUT is complete or absent. Exit codes: 0 done, 1 the machine
    failed, 2 wrong use or unusable logs, 3 done with rejected rows, 4 stopped by --strict.
    """
    from trustscore.signals.files import LogStop, explain_figure, write_signals

    if engine == "spark":
        _refuse_spark(check, emit_sql, why, lineage)
    if check:
        return _check(definitions, scorecard, lang)
    if as_of is None:
        raise click.UsageError("--as-of is missing: the figures of which day?")
    if emit_sql is not None:
        with progress_bar(quiet, out) as progress:
            return _emit(
                emit_sql, out or "-", as_of, definitions, logs, mapping, tz, test_frame, progress
            )
    if test_frame is not None:
        raise click.UsageError("--test-frame goes with --emit-sql")
    if logs is None:
        raise click.UsageError("LOGS is missing: the folder of logs")
    if out is None and why is None:
        raise click.UsageError("-o is missing: the file of the export")
    settings: dict[str, Any] = {
        "as_of": as_of,
        "definitions": definitions,
        "tz": tz,
        "mapping": mapping,
        "work": work,
        "pepper": pepper,
        "memory": memory,
        "jobs": jobs,
        "previous": previous,
        "lexicon": lexicon,
        "baselines": baselines,
    }
    if why is not None:
        with progress_bar(quiet) as progress:
            found = explain_figure(logs, *why, lang=lang, progress=progress, **settings)
        _print_why(found, lang)
        return DONE
    assert out is not None
    if engine == "spark":
        from trustscore.spark import write_signals
    try:
        with progress_bar(quiet, out) as progress:
            report = write_signals(
                logs,
                out,
                scorecard=scorecard,
                strict=strict,
                rejects=rejects,
                manifest=manifest,
                allow_short_logs=allow_short_logs,
                include_removed=include_removed,
                lineage=lineage,
                populations=populations,
                keep_days=keep_days,
                progress=progress,
                **settings,
            )
    except LogStop as stop:
        say(f"trustscore: {stop}; nothing was written (--strict)", err=True)
        return STOPPED
    facts = report.manifest
    for warning in () if quiet else facts["warnings"]:
        say(f"WARNING: {warning}", err=True)
    close(report.summary, quiet, summary, lang=lang, always=False)
    return ROWS_REJECTED if facts["rows"]["rejected"] else DONE


def _refuse_spark(
    check: bool, emit_sql: str | None, why: tuple[str, str] | None, lineage: str | None
) -> None:
    faults = []
    if lineage is not None:
        faults.append("--lineage (only the local engine writes it)")
    if why is not None:
        faults.append("--why (it reads one bucket of merchants)")
    if check:
        faults.append("--check (it counts nothing)")
    if emit_sql is not None:
        faults.append("--emit-sql (it counts nothing)")
    if faults:
        raise click.UsageError("--engine spark does not take " + "; ".join(faults))


def _check(definitions: str, scorecard: str | None, lang: str) -> int:
    from trustscore.signals import load_definitions
    from trustscore.signals.sentences import logs_needed, sentence

    defs = load_definitions(definitions)
    for name in defs.columns:
        needed, also = logs_needed(defs, name)
        more = f" (and, if there, {', '.join(also)})" if also else ""
        say(name)
        say(f"    {sentence(defs, name, lang)}")
        say(f"    logs: {', '.join(needed) or 'none'}{more}")
    if scorecard is None:
        return DONE
    from trustscore.scorecard import load_scorecard
    from trustscore.signals.against import disagreements, missing_columns

    card = load_scorecard(scorecard)
    faults = [*missing_columns(defs, card), *disagreements(defs, card)]
    say()
    for fault in faults:
        say(fault)
    if not faults:
        say(f"{defs.stamp} and {card.stamp} agree")
    return WRONG_USE if faults else DONE


def _emit(
    dialect: str,
    out: str,
    as_of: dt.date,
    definitions: str,
    logs: str | None,
    mapping: str | None,
    tz: str | None,
    test_frame: str | None,
    progress: Progress,
) -> int:
    from trustscore.atomic_file import AtomicFile
    from trustscore.export.sql.dialects import DIALECTS
    from trustscore.io.refuse_overwrite import refuse_inputs
    from trustscore.signals import generate, load_definitions
    from trustscore.signals.checks import everything
    from trustscore.signals.emit import emit_sql
    from trustscore.signals.files import collected_columns

    if dialect not in DIALECTS:
        raise click.UsageError(f"--emit-sql must be one of {', '.join(DIALECTS)}. Got {dialect!r}")
    # A log is not lost to the SQL that would read it.
    files = [] if logs is None else Path(logs).rglob("*")
    refuse_inputs([out], [definitions, mapping, *files])
    defs = load_definitions(definitions)
    collected = everything() if logs is None else collected_columns(logs, mapping)
    text = emit_sql(generate(defs, as_of, collected, zone=tz), dialect)
    if test_frame is not None:
        from trustscore.signals.files.probe import write_signals_probe

        write_signals_probe(test_frame, defs, collected, dialect, tz=tz, progress=progress)
    with AtomicFile(out) as file:
        file.write(text.encode())
        file.commit()
    return DONE


def _print_why(found: Why, lang: str) -> None:
    from trustscore.signals.sentences import text
    from trustscore.words import form

    value = text("blank", lang) if found.value is None else found.value
    shown = f"{value:g}" if isinstance(value, float) else value
    say(f"{found.merchant_id}  {found.column} = {shown}")
    say(f"    {found.sentence}")
    for counted, title in ((True, "counted"), (False, "nearly")):
        events = [event for event in found.events if event.counted is counted]
        say(text(title, lang, count=f"{len(events):,}"))
        for event in events[:_MOST]:
            values = (f"{name} {value}" for name, value in event.values.items() if value)
            facts = form("comma", lang).join(values)
            if event.failed:
                facts = text("failed", lang, facts=facts, condition=event.failed)
            say(f"    {facts}")
        if len(events) > _MOST:
            say("    " + text("more", lang, count=f"{len(events) - _MOST:,}"))
