"""``trustscore fit``: a scorecard whose numbers come from data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED
from trustscore.commands.messages import note, say
from trustscore.commands.progress import progress_bar
from trustscore.errors import plural
from trustscore.run_summary import RunSummary

if TYPE_CHECKING:
    from trustscore.fitting import Fitted, Neutrals
    from trustscore.fitting.learned import Learned
    from trustscore.io.sample import Sample

EXAMPLE = """\b
Example:
  trustscore fit export.csv --scorecard minimal -o fitted.toml
  trustscore fit export.csv --outcomes later.csv --as-of 2026-01-01 -o fitted.toml
  trustscore fit june.csv --period 2026-04-01 april.csv may.csv --outcomes july.csv \
      --as-of 2026-06-01 -o fitted.toml
  trustscore fit export.csv --judgements pairs.csv --as-of 2026-01-01 -o fitted.toml
  trustscore fit export.csv --weights ahp --judgements experts.csv -o fitted.toml
  trustscore fit export.csv --neutral policy.toml -o fitted.toml
"""
# As in trustscore.fitting, which help must not load.
WAYS = ("expert", "equal", "entropy", "critic", "pca", "ahp", "learned")
OTHER_WAYS = "pymcdm:"
# Smaller changes of a weight are not printed.
_MOVED = 0.0005


# Newer versions of click have a generic ParamType.
class Way(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A way to find weights: one of our own, or ``pymcdm:NAME``."""

    name = "way"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return what help shows for a value."""
        return f"[{'|'.join(WAYS)}|{OTHER_WAYS}NAME]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the way, or say which there are."""
        text = str(value)
        if text in WAYS or (text.startswith(OTHER_WAYS) and text != OTHER_WAYS):
            return text
        self.fail(f"{text!r} is not one of {', '.join(WAYS)}, {OTHER_WAYS}NAME", param, ctx)


@click.command("fit", epilog=EXAMPLE)
@click.argument("exports", metavar="EXPORT...", nargs=-1, required=True, type=options.EXPORTS)
@options.output_file("Write the fitted scorecard to OUT: .toml, or - for standard output.")
@options.scorecard("to start from (its open values are always fitted)")
@options.outcomes(several=True)
@options.period("Weights must foretell later periods from earlier ones.")
@click.option(
    "--most",
    nargs=2,
    metavar="SIGNAL DIMENSION",
    type=click.FloatRange(0, 1, min_open=True),
    default=(0.3, 0.5),
    show_default=True,
    help="Greatest shares of the variance of the index that learnt weights may give to one signal"
    " and to one dimension; 1 is no bound.",
)
@options.counts()
@click.option(
    "--weights",
    type=Way(),
    help="Method that finds the weights; pymcdm:merec is a weighting of the package pymcdm."
    " [default: learned with --outcomes or --judgements, else expert]",
)
@click.option(
    "--judgements",
    metavar="FILE",
    type=options.INPUT,
    help="Which of two merchants is worse, to learn weights from, as columns worse, better"
    "[, judge, weight, tie, date]. With --weights ahp, which of two signals or dimensions matters"
    " more, as columns a, b, ratio[, expert].",
)
@click.option(
    "--lock",
    type=options.NAMES,
    default="",
    metavar="DIM,...",
    help="Dimensions that keep their weight and those of their signals.",
)
@click.option(
    "--priors",
    type=options.Choice(["all", "open"]),
    default="all",
    show_default=True,
    help="Priors to fit: all (but closed priors of flags), or only open ones.",
)
@click.option(
    "--anchors",
    type=options.Choice(["all", "open"]),
    default="open",
    show_default=True,
    help="Anchors to fit: all, at the 5th and 95th percentile, or only open ones.",
)
@click.option(
    "--peers/--no-peers",
    default=True,
    show_default=True,
    help="Fit the priors of peer groups as well, or not.",
)
@click.option(
    "--halves",
    nargs=2,
    metavar="FILE FILE",
    type=options.INPUT,
    help="Two exports that each count a random half of the orders. rho and rho_evidence are fitted"
    " to them.",
)
@click.option(
    "--strength-scale",
    is_flag=True,
    help="Also multiply all strengths by the factor fitted to --halves.",
)
@click.option(
    "--neutral",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Also write a boost policy to FILE (.toml), with neutral points by category that suit the"
    " fitted scorecard.",
)
@options.policy("to start from for --neutral", default=None, note=" [default: boost]")
@options.as_of(options.OUTCOMES_AFTER)
@options.sample()
@options.seed("the cross-validation folds")
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
    most: tuple[float, float],
    counts: bool,
    weights: Any,
    judgements: str | None,
    lock: tuple[str, ...],
    priors: str,
    anchors: str,
    peers: bool,
    halves: tuple[str, str] | None,
    strength_scale: bool,
    neutral: str | None,
    policy: str | None,
    as_of: dt.date | None,
    sample: int,
    seed: int,
    allow_missing_columns: bool,
    encoding: str | None,
    summary: str | None,
    quiet: bool,
) -> int:
    """Fit the priors, anchors and weights of a scorecard.

    The command writes a closed scorecard, which keeps the comments of the one it started from and
    holds a table that says what was fitted, to what, and how. Rows that scoring would reject are
    left out and counted. Exit codes: 0 done, 2 wrong use or files, 3 done with rejected rows.
    """
    if policy is not None and neutral is None:
        raise click.UsageError("--policy is only used for --neutral: give --neutral FILE as well")
    if neutral == "-":
        raise click.UsageError("--neutral must name a file. Got -")
    from contextlib import ExitStack

    from trustscore.boost import BoostPolicy
    from trustscore.errors import InputError
    from trustscore.fitting import Note, fit_neutral, fit_scorecard, join_pairs
    from trustscore.fitting.files import (
        read_judgements,
        read_later,
        read_pairs,
        read_periods,
        source_of,
    )
    from trustscore.fitting.periods import labelled_periods
    from trustscore.io.atomic_files import AtomicFile, commit_together, same_file
    from trustscore.io.refuse_overwrite import refuse_inputs
    from trustscore.io.sample import read_halves, read_sample
    from trustscore.scorecard import load_scorecard

    outs = [path for path in (out, neutral) if path is not None]
    told = [path for _, *paths in earlier for path in paths]
    refuse_inputs(
        outs, [*exports, *outcomes, *told, judgements, scorecard, policy, *(halves or ())]
    )
    if neutral is not None and same_file(out, neutral):
        raise InputError(f"{neutral}: is also the scorecard; write to a file of another name")
    if out != "-" and Path(out).suffix.lower() != ".toml":
        raise InputError(
            f"output: must end in .toml, as that is what is written, or be -. Got {out}"
        )
    card = load_scorecard(scorecard)
    # A faulty policy is told before the work, not after it.
    BoostPolicy.load(policy or "boost")
    with progress_bar(quiet, out) as progress:
        later = read_later(outcomes, as_of=as_of, counts=counts, encoding=encoding)
        said, pairs = [], None
        if judgements is not None and weights == "ahp":
            said = read_judgements(judgements, encoding=encoding)
        elif judgements is not None:
            pairs = read_pairs(judgements, as_of=as_of, encoding=encoding)
        special = {name for _, found in later for name in found.merchant_id.tolist()}
        special |= set() if pairs is None else set(pairs.merchants())
        read = read_sample(
            exports,
            card,
            most=sample,
            special=special,
            allow_missing_columns=allow_missing_columns,
            encoding=encoding,
            progress=progress,
        )
        if read.rejected and not read.size:
            raise InputError(
                f"there is no merchant to fit to: all {read.rejected:,} rows were rejected; "
                "`trustscore score` lists them"
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
        labelled = labelled_periods(periods) if periods else None
        judged = None
        if pairs is not None and judgements is not None:
            # Where none is there, the message shows whom the export has.
            judged = join_pairs(pairs, read.special or read.block, notes, judgements)
        pair = None
        if halves:
            pair = read_halves(
                *halves,
                card,
                most=sample,
                missing=read.missing,
                encoding=encoding,
                progress=progress,
            )
        fitted = fit_scorecard(
            read.block,
            card,
            missing=read.missing,
            labelled=labelled,
            weights=weights,
            judgements=said,
            judged=judged,
            locked=lock,
            priors=priors == "all",
            anchors=anchors == "all",
            peers=peers,
            source=source_of(read, [*outcomes, *told], judgements),
            as_of=as_of,
            seed=seed,
            notes=notes,
            halves=pair,
            strength_scale=strength_scale,
            most=most,
            progress=progress,
        )
        texts = {out: fitted.text}
        points = None
        if neutral is not None:
            points = fit_neutral(
                read.block,
                fitted.scorecard,
                policy or "boost",
                missing=read.missing,
                source=source_of(read, []),
            )
            texts[neutral] = points.text
    with ExitStack() as stack:
        files = [stack.enter_context(AtomicFile(path)) for path in texts]
        for file, text in zip(files, texts.values(), strict=True):
            file.write(text.encode())
        commit_together(files)
    if not quiet:
        for line in _lines(fitted, read):
            say(line, err=out == "-")
        if points is not None:
            say(_said_of(points), err=out == "-")
        if read.rejected:
            note(
                f"{read.rejected:,} rows were rejected and not fitted to; "
                "`trustscore score` lists them"
            )
    ended = {"read": read.rows, "fitted_to": read.size, "rejected": read.rejected}
    ended |= {"not_sampled": read.rows - read.rejected - read.size}
    ended |= {"signals": len(fitted.scorecard.signals), "warnings": len(fitted.notes)}
    written = tuple(path for path in texts if path != "-")
    close(RunSummary("fit", ended, files=written), quiet, summary, always=False, told=True)
    return ROWS_REJECTED if read.rejected else DONE


def _said_of(points: Neutrals) -> str:
    fitted = points.policy.neutral.by_category
    few = ""
    if points.few:
        fixed = f"{points.policy.neutral.point:g}"
        few = f"; {len(points.few)} with too few formal merchants keep {fixed}"
    return f"{points.policy.stamp}: neutral points of {len(fitted)} categories{few}"


def _each(learned: Learned) -> str:
    """Return what a gain is counted by."""
    orders, pairs = (value == value for value in learned.gain_by_source)
    if orders:
        return "an order or judgement" if pairs else "an order"
    return "a judgement"


def _judged_lines(fitted: Fitted, learned: Learned) -> Iterator[str]:
    facts = fitted.scorecard.file.provenance["weights"].get("judgements")
    if facts is None:
        return
    judges = plural(facts["judges"], "judge")
    line = f"judgements: {facts['pairs']} pairs of {facts['merchants']} merchants by {judges}"
    if "judges_agree" in facts:
        line += f", who agree on {facts['judges_agree']:.0%} of {facts['judged_by_two']}"
    yield line
    if learned.ordered is not None:
        of, expert, apart = learned.ordered.share, learned.ordered.expert, learned.ordered.apart
        yield (
            f"held-out pairs ordered rightly: {of[0]:.1%} [{of[1]:.1%}, {of[2]:.1%}], by the "
            f"expert's weights {expert[0]:.1%} [{expert[1]:.1%}, {expert[2]:.1%}], difference "
            f"{apart[0]:+.1%} [{apart[1]:+.1%}, {apart[2]:+.1%}] ({learned.ordered.pairs} pairs)"
        )


def _lines(fitted: Fitted, read: Sample) -> Iterator[str]:
    size = f"{read.size} of {read.rows} rows" if read.size < read.rows else f"{read.rows} rows"
    yield f"{fitted.scorecard.stamp}: fitted to {size}, {read.rejected} rejected"
    learned = fitted.learned
    if learned is not None:
        how = "the expert's stay" if learned.penalty == float("inf") else "learnt"
        yield (
            f"weights: {how} (penalty {learned.penalty:g}, slope {learned.slope:.3g}, held-out "
            f"gain {learned.gain:.2g} +- {learned.gain_se:.2g} nats {_each(learned)})"
        )
        yield from _judged_lines(fitted, learned)
    told = fitted.scorecard.file.provenance["interval"]
    if "rho" in told:
        scale = told.get("strength_scale", "none that does")
        yield (
            f"interval: rho {told['rho']:g}, rho_evidence {told['rho_evidence']:g}; truth follows "
            f"the index with slope {told['slope']:g} (1 at a strength scale of {scale})"
        )
    moved = {n: w for n, w in fitted.weights.items() if abs(w[0] - w[1]) > _MOVED}
    if moved:
        yield "shares of the index, before and after:"
        for name, (before, after) in sorted(moved.items(), key=lambda item: -item[1][1]):
            yield f"  {before:6.1%} {after:6.1%}  {name}"
    if fitted.notes:
        yield f"{len(fitted.notes)} warnings:"
        yield from (f"  {note}" for note in fitted.notes)
