"""``trustscore boost-eval``: what the boost costs and buys on given lists."""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.messages import note, say, with_flags
from trustscore.commands.progress import progress_bar

if TYPE_CHECKING:
    from trustscore.evaluation import Evaluation
    from trustscore.evaluation.files import EvaluationReport

EXAMPLE = """\b
Example:
  trustscore boost-eval candidates.csv --scores scores.csv -o eval
  trustscore boost-eval candidates.csv --scores scores.csv --labels labels.csv --k 10 -o eval
"""


BOOST = "boost"
# More than anybody scrolls.
MOST_PLACES = 10_000
_WIDTH = 96


def _places(context: click.Context, option: click.Parameter, value: str) -> tuple[int, ...]:
    words = [word.strip() for word in value.split(",")]
    # Python refuses to read numbers of thousands of digits.
    fit = all(word.isdecimal() and len(word) <= len(str(MOST_PLACES)) for word in words)
    if not fit or not all(1 <= int(word) <= MOST_PLACES for word in words):
        got = value if len(value) <= 60 else f"{value[:57]}..."
        raise click.BadParameter(
            f"must be whole numbers like 5,10,20, at most {MOST_PLACES:,}. Got {got!r}"
        )
    return tuple(sorted({int(word) for word in words}))


@click.command("boost-eval", epilog=EXAMPLE)
@click.argument("candidates", type=options.INPUT)
@options.scores()
@click.option(
    "--labels",
    metavar="FILE",
    type=options.INPUT,
    help="Judged relevance, as columns query_id, item_id, label (0 for irrelevant).",
)
@options.policy("to evaluate")
@options.output_folder("metrics.json, metrics.csv, pareto.csv and pareto.png")
@click.option(
    "--k",
    "ks",
    default="5,10,20",
    show_default=True,
    callback=_places,
    metavar="K,...",
    help="Numbers of first places to measure. Exposure is measured at the middle number.",
)
@click.option(
    "--eps",
    default=0.01,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Largest mean loss of relevance that the calibrated strength may cost.",
)
@click.option(
    "--position",
    default="log2",
    show_default=True,
    type=options.Choice(["log2", "reciprocal"]),
    help="Attention that a place gets: 1/log2(1 + place) or 1/place.",
)
@click.option(
    "--volume",
    metavar="COLUMN",
    help="Column of SCORES (see score --keep) with the merchants' volume. Exposure is then also"
    " reported by tenths of volume.",
)
@click.option(
    "--draws",
    default=1000,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Number of bootstrap samples of the lists.",
)
@options.seed("the bootstrap", default=1)
@options.today()
@options.scored_on()
@options.encoding("the candidates and the labels")
@options.summary()
@options.quiet()
def command(
    candidates: str,
    scores: str,
    out: str,
    summary: str | None,
    quiet: bool,
    **settings: Any,
) -> None:
    """Measure what the boost costs and buys on CANDIDATES, and compare it with other methods.

    CANDIDATES holds query_id, item_id, merchant_id and relevance (above 0). Relevance without
    boost is the yardstick, and with --labels judged relevance as well. Candidates of floored and
    blocked merchants take no part in any method. A column query_kind (brand, sku, ...) says which
    lists the policy excludes; they count, and every method leaves them as they are. Intervals
    are 95 % bootstrap intervals over the lists.
    """
    from trustscore.evaluation.files import evaluate_files

    with progress_bar(quiet) as progress:
        done = evaluate_files(candidates, scores, out, **settings, progress=progress)
    _show(done)
    if not quiet:
        for text in done.notes:
            note(with_flags(text))
    close(done.summary, quiet, summary, always=False, told=True)


def _show(done: EvaluationReport) -> None:
    found = done.evaluation
    facts = found.facts
    say(
        f"{found.policy.stamp}, beta {found.policy.beta:g}: {facts['candidates_measured']:,}"
        f" candidates of {facts['lists_measured']:,} lists and {facts['merchants']:,} merchants"
    )
    say("\n" + "\n".join(_table(found)) + "\n")
    say(
        _wrapped(
            f"First {found.main_k} places. loss, p99: mean and 99th percentile of the loss of"
            " score-NDCG, %. promoted: their share of exposure, %. Baselines stand at the setting"
            " whose promoted share is nearest to the boost's; =share, =trust: mean loss, %, of each"
            " method at exactly the boost's promoted share and mean trust. changed: lists, %."
        )
    )
    for title, lines in (
        ("It costs", done.verdict.costs),
        ("It buys", done.verdict.buys),
        ("To decide", done.verdict.decide),
    ):
        if lines:
            say(f"\n{title}")
        for line in lines:
            say(_wrapped(f"- {line}"))
    say("\nWritten: " + ", ".join(str(path) for path in done.written))


def _wrapped(text: str) -> str:
    width = max(shutil.get_terminal_size((_WIDTH, 0)).columns, 40)
    # A figure and its unit stay together.
    held = text.replace(" %", "\xa0%")
    lines = textwrap.fill(held, min(width, _WIDTH), subsequent_indent="  " * text.startswith("- "))
    return lines.replace("\xa0", " ")


def _table(found: Evaluation) -> Iterator[str]:
    labelled = found.panel.label is not None
    heads = ["method", "setting", "loss", "p99", "promoted", "=share", "=trust"]
    heads += ["label-NDCG"] * labelled + ["trust", "changed", "Gini"]
    rows = [heads, *(_row(found, method) for method in ("none", BOOST, *found.settings))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield "  ".join([name.ljust(widths[0]), *right])


def _row(found: Evaluation, method: str) -> list[str]:
    def of(metric: str, scale: float = 100.0, digits: int = 2) -> str:
        return _number(scale * found.figure(method, metric).value, digits)

    dial = found.policy.beta if method == BOOST else found.settings.get(method, math.nan)
    labels = [of("label_ndcg", 1.0, 4)] if found.panel.label is not None else []
    return [
        method,
        "" if math.isnan(dial) or method == "tier sort" else f"{dial:.3g}",
        _number(100 * (1 - found.figure(method, "score_ndcg").value), 2),
        of("loss_p99", digits=1),
        of("promoted_exposure", digits=1),
        *(
            _number(100 * losses[method], 2) if method in losses else ""
            for losses in (found.equal_exposure, found.equal_trust)
        ),
        *labels,
        of("mean_trust", 1.0),
        of("changed_lists", digits=0),
        of("merchant_gini", 1.0, 3),
    ]


def _number(value: float, digits: int) -> str:
    if math.isnan(value):
        return "-"
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text
