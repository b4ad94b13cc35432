"""``trustscore audit``: whether a scorecard is sound on these merchants."""

from __future__ import annotations

import datetime as dt

import click

EXAMPLE = """\b
Example:
  trustscore simulate --merchants 20000 --seed 1 -o export.csv
  trustscore audit export.csv --truth export.csv.truth.csv -o audit
  trustscore audit march.csv --outcomes april.csv --as-of 2026-04-01 -o audit-march
"""
WRONG_USE, REJECTED = 2, 3


@click.command("audit", epilog=EXAMPLE)
@click.argument("export", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "-o",
    "--output",
    "out",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Folder for JSON, CSV and plots; must not exist, or be empty.",
)
@click.option(
    "--scorecard",
    default="default",
    show_default=True,
    metavar="NAME|FILE",
    help="What to audit.",
)
@click.option(
    "--outcomes",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="What came later: merchant_id, n, events[, date]; or merchant_id, label; 1 is bad.",
)
@click.option(
    "--truth",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Truth of a simulated market: merchant_id, true_index[, kind].",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Day up to which the export knows; earlier outcomes are refused.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="The same seed gives the same audit.",
)
@click.option(
    "--draws",
    type=click.IntRange(min=2, max=10_000),
    default=300,
    show_default=True,
    help="Scorecards and samples of merchants drawn for intervals.",
)
@click.option("--allow-missing-columns", is_flag=True, help="Leave out what was not collected.")
@click.option("--encoding", help="Encoding of the files, when it is not found out.")
def command(
    export: str,
    out: str,
    scorecard: str,
    outcomes: str | None,
    truth: str | None,
    as_of: dt.datetime | None,
    seed: int,
    draws: int,
    allow_missing_columns: bool,
    encoding: str | None,
) -> int:
    """Audit a scorecard on the merchants of an EXPORT.

    Coherence of the signals, robustness of the ranking to other defensible choices, validity
    against later outcomes, what manipulation costs and who would notice, fairness to the small
    and the new. Prints the findings, those that need a decision first; DIR gets audit.json, a CSV
    for every table, and plots. Exit codes: 0 done, 2 wrong use or files, or done with a choice
    that changes no index, 3 done with rejected rows.
    """
    from trustscore.audit.files import audit_files

    report = audit_files(
        export,
        out,
        scorecard=scorecard,
        outcomes=outcomes,
        truth=truth,
        as_of=as_of.date() if as_of else None,
        seed=seed,
        draws=draws,
        allow_missing_columns=allow_missing_columns,
        encoding=encoding,
    )
    click.echo(report.text)
    click.echo(f"\n{len(report.files)} files in {out}: audit.json, summary.txt, tables and plots")
    if not report.plotted:
        click.echo(
            "trustscore: no plots, as matplotlib is not installed: pip install trustscore[plot]",
            err=True,
        )
    if report.without_effect:
        click.echo(
            f"trustscore: varying {', '.join(report.without_effect)} changes no index, so nothing "
            "can be said of its robustness",
            err=True,
        )
    if report.rejected:
        click.echo(
            f"trustscore: {report.rejected:,} rows of {export} were rejected and not audited; "
            "`trustscore score` lists them",
            err=True,
        )
    if report.without_effect:
        return WRONG_USE
    return REJECTED if report.rejected else 0
