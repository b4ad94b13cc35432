"""``trustscore audit``: whether a scorecard is sound on these merchants."""

from __future__ import annotations

import datetime as dt

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED, WRONG_USE
from trustscore.commands.messages import note, say
from trustscore.commands.progress import progress_bar

EXAMPLE = """\b
Example:
  trustscore simulate --merchants 20000 --seed 1 -o export.csv
  trustscore audit export.csv --truth export.csv.truth.csv -o audit
  trustscore audit march.csv --outcomes april.csv --as-of 2026-04-01 -o audit-march
"""


@click.command("audit", epilog=EXAMPLE)
@click.argument("export", type=options.EXPORTS)
@options.output_folder("audit.json, summary.txt, a CSV for every table, and with matplotlib plots")
@options.scorecard("to audit")
@options.outcomes(several=True)
@options.period("Each period is measured by itself as well.")
@click.option(
    "--truth",
    metavar="FILE",
    type=options.INPUT,
    help="Truth of a simulated market, as columns merchant_id, true_index[, kind].",
)
@options.as_of(options.OUTCOMES_AFTER)
@options.seed("everything drawn at random")
@click.option(
    "--draws",
    type=click.IntRange(min=2, max=10_000),
    default=300,
    show_default=True,
    help="Number of alternative scorecards, and of samples of merchants, that intervals are"
    " computed from.",
)
@options.allow_missing_columns()
@options.encoding("the files")
@options.summary()
@options.quiet()
def command(
    export: str,
    out: str,
    scorecard: str,
    outcomes: tuple[str, ...],
    earlier: tuple[tuple[dt.date, str, str], ...],
    truth: str | None,
    as_of: dt.date | None,
    seed: int,
    draws: int,
    allow_missing_columns: bool,
    encoding: str | None,
    summary: str | None,
    quiet: bool,
) -> int:
    """Audit a scorecard on the merchants of an EXPORT.

    The audit looks at the coherence of the signals, the robustness of the ranking to other
    defensible choices, the validity against later outcomes, the cost of manipulation and who
    would notice it, and the fairness to small and new merchants. It prints the findings, those
    that need a decision first. DIR must not exist, or be empty. Exit codes: 0 done, 2 wrong use
    or files, or a varied choice changes no index, 3 done with rejected rows.
    """
    from trustscore.audit.files import audit_files

    with progress_bar(quiet) as progress:
        report = audit_files(
            export,
            out,
            scorecard=scorecard,
            outcomes=outcomes,
            earlier=earlier,
            truth=truth,
            as_of=as_of,
            seed=seed,
            draws=draws,
            allow_missing_columns=allow_missing_columns,
            encoding=encoding,
            progress=progress,
        )
    say(report.text)
    if not quiet:
        drawn = any(name.endswith(".png") for name in report.files)
        tables = "tables and plots" if drawn else "tables"
        say(f"\n{len(report.files)} files in {out}: audit.json, summary.txt, {tables}")
        if not report.plotted:
            note("there are no plots, because matplotlib is not installed")
    if report.rejected and not quiet:
        note(
            f"{report.rejected:,} rows of {export} were rejected and not audited; "
            "`trustscore score` lists them"
        )
    if report.without_effect:
        say(
            f"trustscore: varying {', '.join(report.without_effect)} changes no index, so nothing "
            "can be said of its robustness",
            err=True,
        )
    close(report.summary, quiet, summary, always=False, told=True)
    if report.without_effect:
        return WRONG_USE
    return ROWS_REJECTED if report.rejected else DONE
