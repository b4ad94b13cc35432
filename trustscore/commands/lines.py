"""``trustscore lines``: tier and cap lines chosen by what they cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED
from trustscore.commands.messages import note, say
from trustscore.commands.progress import progress_bar
from trustscore.run_summary import RunSummary

if TYPE_CHECKING:
    from trustscore.lines import Choice, Lines

EXAMPLE = """\b
Example:
  trustscore lines export.csv --outcomes later.csv --as-of 2026-01-01 \
      --cost standard 5 --cost trusted 12 -o lined.toml
  trustscore lines june.csv --period 2026-04-01 april.csv may.csv --outcomes july.csv \
      --as-of 2026-06-01 --cost trusted 12 --curve curve.csv -o lined.toml
"""
WHY = {
    "taken": "moves",
    "same": "stays: it is the cheapest",
    "few": "stays: too few merchants of the check are between it and the cheapest",
    "not_lasting": "stays: the cheapest was not surely cheaper where it had not been chosen",
    "order": "stays: the cheapest would not lie between its neighbours",
}


@click.command("lines", epilog=EXAMPLE)
@click.argument("exports", metavar="EXPORT...", nargs=-1, required=True, type=options.EXPORTS)
@options.output_file("Write the scorecard with its lines to OUT: .toml, or - for standard output.")
@options.scorecard("whose lines are chosen")
@options.outcomes(several=True)
@options.period("A line is chosen on earlier periods and checked on later ones.")
@click.option(
    "--cost",
    "costs",
    nargs=2,
    multiple=True,
    required=True,
    metavar="NAME HARM",
    type=(str, click.FLOAT),
    help="How many honest orders held back are as bad as one order with harm let through, by the"
    " line of a tier or of a cap. Give it once for each line that may move; a higher tier needs at"
    " least the cost of a lower one.",
)
@options.counts()
@click.option(
    "--curve",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Also write what each line would let through and hold back to FILE (.csv, .csv.gz,"
    " .parquet or .xlsx).",
)
@click.option(
    "--by-tier",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Also write what happened by tier and period to FILE (.csv, .csv.gz, .parquet or .xlsx).",
)
@options.as_of(options.OUTCOMES_AFTER)
@options.sample()
@click.option(
    "--draws",
    type=click.IntRange(min=1),
    default=400,
    show_default=True,
    help="Draws of merchants for the intervals of lines.",
)
@options.seed("the draws and folds")
@options.allow_missing_columns()
@options.encoding("the files")
@options.summary()
@options.quiet()
def command(
    exports: tuple[str, ...],
    out: str,
    scorecard: str,
    outcomes: tuple[str, ...],
    earlier: tuple[tuple[dt.date, str, str], ...],
    costs: tuple[tuple[str, float], ...],
    counts: bool,
    curve: str | None,
    by_tier: str | None,
    as_of: dt.date | None,
    sample: int,
    draws: int,
    seed: int,
    allow_missing_columns: bool,
    encoding: str | None,
    summary: str | None,
    quiet: bool,
) -> int:
    """Choose tier and cap lines for a stated cost.

    A merchant above a line is let through, with the harm that came afterwards; one below is held
    back, with the honest orders that came. The cheapest line has the least sum of both. A line
    moves only where it was surely cheaper than the old one on orders it was not chosen on: those of
    each later period, or of merchants left out in turn. Lines are those of a first review, without
    hysteresis and waiting times. Exit codes: 0 done, 2 wrong use or files, 3 done with rejected
    rows.
    """
    from trustscore.errors import InputError
    from trustscore.fitting import Note
    from trustscore.fitting.files import read_later, read_periods, source_of
    from trustscore.io.atomic_files import same_file, suffix_fault, write_tables
    from trustscore.io.refuse_overwrite import refuse_inputs
    from trustscore.io.sample import read_sample
    from trustscore.lines import find_lines
    from trustscore.lines.judged import lines_of
    from trustscore.scorecard import load_scorecard

    if not outcomes and not earlier:
        raise click.UsageError("say what happened: give --outcomes FILE, or --period")
    asked = dict(costs)
    if len(asked) < len(costs):
        twice = sorted({name for name, _ in costs if [n for n, _ in costs].count(name) > 1})
        raise click.UsageError(f"--cost of {', '.join(twice)} is given more than once")
    told = [path for _, *paths in earlier for path in paths]
    tables = [path for path in (curve, by_tier) if path is not None]
    refuse_inputs([out, *tables], [*exports, *outcomes, *told, scorecard])
    if out != "-" and Path(out).suffix.lower() != ".toml":
        raise InputError(
            f"output: must end in .toml, as that is what is written, or be -. Got {out}"
        )
    faults = [f"{path}: {fault}" for path in tables if (fault := suffix_fault(path))]
    names = [out, *tables]
    faults += [
        f"{path}: is also {names[other]}; write to a file of another name"
        for at, path in enumerate(names)
        for other in range(at)
        if same_file(path, names[other])
    ]
    if faults:
        raise InputError("the outputs cannot be written", faults)
    card = load_scorecard(scorecard)
    # Faulty costs are told before the work, not after it.
    lines_of(card, asked)
    with progress_bar(quiet, out) as progress:
        later = read_later(outcomes, as_of=as_of, counts=counts, encoding=encoding)
        read = read_sample(
            exports,
            card,
            most=sample,
            special={name for _, found in later for name in found.merchant_id.tolist()},
            allow_missing_columns=allow_missing_columns,
            encoding=encoding,
            progress=progress,
        )
        notes: list[Note] = []
        periods = read_periods(
            later,
            earlier,
            card,
            read,
            notes,
            most=sample,
            counts=counts,
            encoding=encoding,
            progress=progress,
        )
        found = find_lines(
            periods,
            card,
            asked,
            missing=read.missing,
            source=source_of(read, [*outcomes, *told]),
            seed=seed,
            draws=draws,
            progress=progress,
        )
    files: dict[str | Path, Any] = {out: found.text.encode()}
    if curve is not None:
        files[curve] = _curves(found)
    if by_tier is not None:
        files[by_tier] = _tiers(found)
    write_tables(files)
    if not quiet:
        for line in _said(found, asked):
            say(line, err=out == "-")
        for each in notes:
            note(str(each))
        if read.rejected:
            note(
                f"{read.rejected:,} rows were rejected and left out; `trustscore score` lists them"
            )
    ended = {"read": read.rows, "used": read.size, "rejected": read.rejected}
    ended |= {"not_sampled": read.rows - read.rejected - read.size}
    ended |= {"moved": sum(choice.taken for choice in found.choices), "warnings": len(notes)}
    written = tuple(str(path) for path in files if path != "-")
    close(RunSummary("lines", ended, files=written), quiet, summary, always=False, told=True)
    return ROWS_REJECTED if read.rejected else DONE


def _curves(found: Lines) -> dict[str, Any]:
    """Return the table of all lines that could have been chosen."""
    import numpy as np

    choices = found.choices
    sizes = [len(choice.curve.at) for choice in choices]
    columns: dict[str, Any] = {"line": np.repeat([choice.name for choice in choices], sizes)}
    for name in ("at", "harm_through", "honest_held", "merchants_held"):
        columns[name] = np.concatenate([getattr(choice.curve, name) for choice in choices])
    columns["cost"] = np.concatenate([choice.curve.cost(choice.harm) for choice in choices])
    return columns


def _tiers(found: Lines) -> dict[str, Any]:
    """Return the table of what happened by tier."""
    import numpy as np

    columns: dict[str, Any] = {}
    for name in ("period", "tier"):
        columns[name] = [getattr(row, name) for row in found.tiers]
    for name in ("merchants", "orders", "events", "rate", "low", "high"):
        columns[name] = np.array([getattr(row, name) for row in found.tiers], dtype=np.float64)
    return columns


def _said(found: Lines, costs: dict[str, float]) -> Iterator[str]:
    from trustscore.text_table import table_lines

    last = found.tiers[-1].period
    where = "all periods" if last == "all" else last
    yield f"{found.scorecard.stamp}: orders with harm by tier, {where}, with 95 % intervals"
    rows = [["tier", "merchants", "orders", "harm", "from", "to"]]
    shown = [row for row in found.tiers if row.period == last]
    for row in shown:
        shares = [
            f"{share:.1%}" if share == share else "-" for share in (row.rate, row.low, row.high)
        ]
        rows.append([row.tier, f"{row.merchants:,}", f"{row.orders:,.0f}", *shares])
    yield from table_lines(rows)
    known = [row for row in shown if row.rate == row.rate]
    for low, high in pairwise(known):
        if high.rate >= low.rate:
            yield f"  harm does not fall from {low.tier} to {high.tier}"
    if found.undecided:
        who = f"{found.undecided:,} merchants with outcomes"
        yield f"{who} have no index, or a veto: no line decides about them"
    on = ", ".join(found.checked_on) or "merchants left out in turn"
    yield f"cost per 1,000 orders, checked on {on}"
    head = [
        "line",
        "cost of harm",
        "old",
        "cheapest",
        "from",
        "to",
        "old costs",
        "new costs",
        "gain",
    ]
    rows = [[*head, "from", "to"]]
    rows += [_row(choice) for choice in found.choices]
    yield from table_lines(rows)
    for choice in found.choices:
        yield f"  {choice.name}: {WHY[choice.why]}"
    for name, cap in found.scorecard.file.provenance["lines"].get("caps", {}).items():
        yield f"  {name}: the cap goes with the line, from {cap['old']:g} to {cap['new']:g}"


def _row(choice: Choice) -> list[str]:
    places = [choice.old, choice.best, choice.low, choice.high]
    money = [choice.cost_old, choice.cost_new, choice.gain, choice.gain_low, choice.gain_high]
    return [
        choice.name,
        f"{choice.harm:g}",
        *(f"{value:.4g}" if value == value else "-" for value in places),
        *(f"{value:.1f}" if value == value else "-" for value in money),
    ]
