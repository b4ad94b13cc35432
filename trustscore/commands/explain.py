"""``trustscore explain``: the statements of merchants."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.completion import complete_id, complete_tier
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED
from trustscore.commands.messages import note, say
from trustscore.commands.progress import progress_bar
from trustscore.commands.shown import show
from trustscore.errors import plural
from trustscore.run_summary import Breakdown, RunSummary, most_first

if TYPE_CHECKING:
    from trustscore.explain.files import Explained

EXAMPLE = """\b
Example:
  trustscore explain export.csv --id m0000001
  trustscore explain export.csv --id m0000001 --lang zh
  trustscore explain export.csv --ids mine.txt --json > statements.jsonl
  trustscore explain export.csv --all-below standard --plan
"""


@click.command("explain", epilog=EXAMPLE)
@click.argument("export", type=options.EXPORTS)
@click.option(
    "--id",
    "merchant_ids",
    multiple=True,
    metavar="ID",
    shell_complete=complete_id,
    help="merchant_id of the merchant. May be given several times.",
)
@click.option(
    "--ids",
    "list_of_ids",
    type=options.INPUT_OR_DASH,
    metavar="FILE",
    help="Explain the merchants of FILE: one id a line, or the first column of a CSV.",
)
@click.option(
    "--all-below",
    metavar="TIER",
    shell_complete=complete_tier,
    help="Explain everybody in a tier below this one, in the order of the export.",
)
@options.scorecard("to score with")
@options.as_json("the statement", note=" Several are JSON Lines, one a line.")
@options.lang("the statement")
@click.option(
    "--tier",
    metavar="ID",
    shell_complete=complete_tier,
    help="Tier to plan for, by id; without it the next one.",
)
@click.option(
    "--plan/--no-plan",
    default=None,
    help="Look for the smallest plan to the next tier, some .05 s a merchant. [default: for a"
    " single --id, and with --tier]",
)
@options.allow_missing_columns()
@options.as_of(options.STAY)
@options.encoding("the export and the ids")
@options.pseudonyms()
@options.summary()
@options.quiet()
def command(
    export: str,
    merchant_ids: tuple[str, ...],
    list_of_ids: str | None,
    all_below: str | None,
    scorecard: str,
    as_json: bool,
    lang: str,
    tier: str | None,
    plan: bool | None,
    allow_missing_columns: bool,
    as_of: dt.date | None,
    encoding: str | None,
    pseudonyms: str | None,
    summary: str | None,
    quiet: bool,
) -> int:
    """Print the statement of merchants: what the index of each is made of.

    Dimensions, stages, the largest losses and gains in points, adjustments, status, and the
    smallest plan that reaches the next tier, or the one that --tier names. Several merchants come
    in the order in which they were asked for; if any of them is not in the export or has a faulty
    row, all of these are named and nothing else is printed.
    """
    from trustscore.explain.files import explain_files
    from trustscore.io.id_list import read_ids
    from trustscore.io.pseudonyms import Pseudonyms, hidden_cells
    from trustscore.scorecard import load_scorecard
    from trustscore.scoring.collected import collected_warning

    _refuse_contradictions(export, merchant_ids, list_of_ids, all_below, tier, plan)
    single = len(merchant_ids) == 1 and list_of_ids is None
    card = load_scorecard(scorecard)
    key = None if pseudonyms is None else Pseudonyms.load(pseudonyms)
    ids = None
    if all_below is None:
        with hidden_cells(key):
            listed = read_ids(list_of_ids, encoding) if list_of_ids else []
        ids = [*merchant_ids, *listed]
    left_out: Counter[str] = Counter()
    warned: set[frozenset[str]] = set()
    count = 0
    tally = {"tier": Counter[str](), "status": Counter[str]()}
    # A single statement is printed when the bar is gone; others come while it is drawn.
    with progress_bar(quiet, None if single else "-") as progress:
        found: Iterable[Explained] = explain_files(
            export,
            card,
            ids,
            all_below=all_below,
            plan=(single or tier is not None) if plan is None else plan,
            tier=tier,
            allow_missing_columns=allow_missing_columns,
            as_of=as_of,
            encoding=encoding,
            pseudonyms=key,
            left_out=left_out,
            progress=progress,
        )
        if not single:
            for count, each in enumerate(found, 1):
                _warn(collected_warning(card, each.missing), each.missing, warned, quiet)
                if not as_json and count > 1:
                    say()
                _show(each, lang, as_json=as_json, indent=None)
                tally["tier"][each.statement.tier or "none"] += 1
                tally["status"][each.statement.status] += 1
        else:
            found = list(found)
    if single:
        [each] = found
        _warn(collected_warning(card, each.missing), each.missing, warned, quiet)
        _show(each, lang, as_json=as_json, indent=2)
        if summary is not None:
            # On a terminal the statement says it all.
            close(RunSummary("explain", {"statements": 1}), quiet, summary, lang=lang)
        return DONE
    if not quiet:
        if all_below is not None and not count:
            note(f"no merchant of {export} is in a tier below {all_below}")
        if left_out:
            rows = plural(left_out.total(), "row")
            note(f"{rows} of {export} had faults and were left out; see `check`")
    tables = [Breakdown(what, most_first(found), count) for what, found in tally.items()]
    tables.append(Breakdown("rejected", most_first(left_out)))
    counts = {"statements": count, "rejected": left_out.total()}
    done = RunSummary("explain", counts, tuple(tables))
    close(done, quiet, summary, lang=lang, always=False)
    return ROWS_REJECTED if left_out else DONE


def _refuse_contradictions(
    export: str,
    merchant_ids: tuple[str, ...],
    list_of_ids: str | None,
    all_below: str | None,
    tier: str | None,
    plan: bool | None,
) -> None:
    by_id = bool(merchant_ids) or list_of_ids is not None
    if not by_id and all_below is None:
        raise click.UsageError("say whom to explain: give --id, --ids or --all-below")
    if by_id and all_below is not None:
        raise click.UsageError("choose merchants by id or by --all-below, not both")
    if export == "-" and list_of_ids == "-":
        raise click.UsageError("standard input (-) can be read only once")
    if plan is False and tier is not None:
        raise click.UsageError("--tier asks for a plan to it: leave out --no-plan")


def _warn(warning: str, missing: frozenset[str], warned: set[frozenset[str]], quiet: bool) -> None:
    """Say once for each set of columns how much of the scorecard was collected."""
    if warning and not quiet and missing not in warned:
        say(warning, err=True)
    warned.add(missing)


def _show(found: Explained, lang: str, *, as_json: bool, indent: int | None) -> None:
    from trustscore.explain import render_plan, render_text

    if as_json:
        whole = found.statement.as_dict()
        if found.plan is not None:
            whole |= {"next_tier": found.plan.as_dict()}
        say(json.dumps(whole, ensure_ascii=False, indent=indent, allow_nan=False))
        return
    show(render_text(found.statement, lang))
    if found.plan is not None:
        say()
        show(render_plan(found.plan, lang))
