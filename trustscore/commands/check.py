"""``trustscore check``: a scorecard, what it would do, and whether an export suits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trustscore.commands import options
from trustscore.commands.closing import close
from trustscore.commands.exit_codes import DONE, ROWS_REJECTED, WRONG_USE
from trustscore.commands.messages import say, with_flags
from trustscore.commands.progress import progress_bar
from trustscore.errors import ROWS_SHOWN, at_most, one_line, plural
from trustscore.run_summary import Breakdown, RunSummary, most_first

if TYPE_CHECKING:
    from trustscore.scorecard import Scorecard
    from trustscore.typing import Progress

EXAMPLE = """\b
Example:
  trustscore check
  trustscore check export.csv --scorecard my_scorecard.toml
  trustscore check --manifest scores.csv.manifest.json
"""
MEANING = {
    "unknown": "every column is blank: the priors stand in, and the merchant is not scored",
    "typical": "every signal stands at its prior, with at least 99 times its strength of evidence",
}


def _merchant(card: Scorecard, kind: str) -> dict[str, Any]:
    from trustscore.explain import explain, typical_block, unknown_block

    block = (unknown_block if kind == "unknown" else typical_block)(card)
    found = explain(block, card).as_dict()
    keys = ("raw_index", "index_se", "coverage", "status", "tier", "trust_index_lower")
    return {
        "meaning": MEANING[kind],
        **{key: found[key] for key in (*keys, "trust_index_upper")},
        "dimensions": {part["id"]: part["index"] for part in found["dimensions"]},
        "rules": [line["id"] for line in found["adjustments"] + found["vetoes"]],
    }


def _weights(card: Scorecard) -> list[dict[str, Any]]:
    """Return the dimensions with the effective weights of their signals, heaviest first."""
    from trustscore.explain import explain, unknown_block

    statement = explain(unknown_block(card), card)
    table = []
    for part in statement.dimensions:
        own = [line for line in statement.signals if line.dimension == part.id]
        own.sort(key=lambda line: -line.weight)
        table.append(
            {
                "id": part.id,
                "en": part.en,
                "zh": part.zh,
                "weight": part.weight,
                "signals": [
                    {
                        "id": line.id,
                        "weight": line.weight,
                        "in_dimension": line.weight / part.weight if part.weight else 0.0,
                        "poor": line.poor,
                        "good": line.good,
                        "prior": line.prior,
                        "prior_utility": line.utility,
                    }
                    for line in own
                ],
            }
        )
    return table


def _power_means(card: Scorecard) -> list[dict[str, Any]]:
    """Return power and floor of every node that is no plain weighted mean."""
    index = card.file.index
    nodes = [("index", index.power, index.floor)]
    nodes += [(d.id, d.power, d.floor) for d in card.dimensions]
    return [
        {"id": name, "power": power, "floor": floor, "sinks": floor == 0 and power <= 0}
        for name, power, floor in nodes
        if power < 1
    ]


def _verified(manifest: str, as_json: bool) -> int:
    """Print what became of the files of a run, and return the exit code."""
    from trustscore.batch.verify import verify_manifest

    found = verify_manifest(manifest)
    if as_json:
        say(json.dumps([one._asdict() for one in found], ensure_ascii=False, indent=2))
    else:
        for one in found:
            say(f"{one.what} {one.path}: {one.fault or 'as in the manifest'}")
    return WRONG_USE if any(one.fault for one in found) else DONE


def _report(
    scorecard: str, export: str | None, encoding: str | None, progress: Progress
) -> dict[str, Any]:
    from trustscore.errors import InputError, ScorecardError
    from trustscore.explain.statement import plain
    from trustscore.scorecard import load_scorecard

    report: dict[str, Any] = {"scorecard": scorecard, "ok": True, "faults": []}
    try:
        card = load_scorecard(scorecard)
    except ScorecardError as error:
        return report | {"ok": False, "summary": error.summary, "faults": error.faults}
    report |= {
        "scorecard": card.stamp,
        "sha256": card.sha256,
        "signals": len(card.signals),
        "columns": len(card.inputs),
        "rules": len(card.rules),
        "open": list(card.open_values),
    }
    if card.open_values:
        # Weights and merchants of an open scorecard are not known before it is fitted.
        return report
    report |= {
        "power_means": _power_means(card),
        "dimensions": _weights(card),
        "unknown": _merchant(card, "unknown"),
        "typical": _merchant(card, "typical"),
    }
    if export is not None:
        from trustscore.batch.check_export import check_export

        try:
            found = check_export(Path(export), card, encoding=encoding, progress=progress)
        except InputError as error:
            faults = [with_flags(fault) for fault in error.faults]
            report |= {"ok": False, "summary": with_flags(error.summary), "faults": faults}
            refused: dict[str, Any] = plain(report)
            return refused
        report["export"] = found
        if found.faults:
            report |= {"ok": False, "faults": [with_flags(fault) for fault in found.faults]}
            report["summary"] = f"{export}: {plural(len(found.faults), 'fault')} in the columns"
        elif found.rows and found.rejected == found.rows:
            report |= {"ok": False, "summary": f"{export}: every row would be rejected"}
            report["faults"] = [f"{reason}: {n} rows" for reason, n in found.reasons.items()]
    cleaned: dict[str, Any] = plain(report)
    return cleaned


def _point(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form)


def _lines(report: dict[str, Any]) -> Iterator[str]:
    if "sha256" not in report:
        return
    yield (
        f"{report['scorecard']}: {report['signals']} signals, {report['columns']} columns, "
        f"{report['rules']} rules"
    )
    if report["open"]:
        yield f"open: {len(report['open'])} values wait for `trustscore fit`"
        yield from (f"  {value}" for value in report["open"])
        return
    yield from (
        f"{mean['id']}: power {mean['power']:g}, floor {mean['floor']:g}"
        + (": one zero makes it 0" if mean["sinks"] else "")
        for mean in report["power_means"]
    )
    for dimension in report["dimensions"]:
        yield ""
        yield f"{dimension['weight']:6.1%}  {dimension['id']}  {dimension['zh']}".rstrip()
        for signal in dimension["signals"]:
            yield (
                (
                    f"  {signal['weight']:6.2%}  {signal['id']:<40} poor {signal['poor']:<8.6g} "
                    f"good {signal['good']:<8.6g} prior {signal['prior']:.6g}"
                )
                if signal["weight"]
                else f"       -  {signal['id']:<40} (only where an overlay says)"
            )
    yield ""
    for kind in ("unknown", "typical"):
        one = report[kind]
        yield (
            f"{kind} merchant: index {_point(one['raw_index'])} "
            f"(se {_point(one['index_se'])}), coverage {one['coverage']:.0%}, "
            f"status {one['status']}, tier {one['tier'] or 'none'}"
        )
        yield f"  {one['meaning']}"
        if one["rules"]:
            yield f"  rules: {', '.join(one['rules'])}"
    if "export" in report:
        yield from _export_lines(report["export"])


def _rejected(group: dict[str, Any], path: str) -> str:
    """Return one line on the rows rejected for one reason in one column, with their first cells."""
    cells = []
    for one in group["examples"]:
        # The file goes without saying where there is one.
        file = "" if one["file"] in ("", path, Path(path).name) else f"{one_line(one['file'])}, "
        cells.append(f"{file}line {one['line']}" + (f": {one['value']!r}" if one["value"] else ""))
    more = "; ..." if group["rows"] > len(cells) else ""
    where = f"{group['column']}: " if group["column"] else ""
    count = plural(group["rows"], "row")
    return f"    {where}{group['message']}. {count} ({'; '.join(cells)}{more})"


def _export_lines(export: dict[str, Any]) -> Iterator[str]:
    total = len(export["computable"]) + len(export["not_computable"])
    yield ""
    yield (
        f"{export['path']}: {export['rows']} rows, {export['rejected']} of them rejected; "
        f"{len(export['computable'])} of {total} signals computable"
    )
    if export["rejected"]:
        said = ", ".join(f"{reason} {n}" for reason, n in export["reasons"].items())
        yield f"  rejected: {said}"
        yield from at_most(
            export["rejects"],
            lambda group: _rejected(group, export["path"]),
            most=ROWS_SHOWN,
            what="kinds of faults",
        )
    if export["not_computable"]:
        yield f"  not computable: {', '.join(export['not_computable'])}"
    if not export["rows"]:
        yield "  there is no row below the header"
        return
    yield "  coverage by dimension:"
    for name, share in export["coverage"].items():
        yield f"    {_point(share, '.0%'):>5}  {name}"
    empty = [name for name, share in export["known"].items() if share == 0]
    if empty:
        yield f"  without evidence in any row: {', '.join(empty)}"
    held = [f"{name} ({count} rows)" for name, count in export["withheld"].items()]
    if held:
        yield f"  withheld, though evidence must exist: {', '.join(held)}"


def _summary(report: dict[str, Any]) -> RunSummary:
    """Return what was found, at a glance."""
    counts: dict[str, int] = {n: report[n] for n in ("signals", "rules") if n in report}
    tables: tuple[Breakdown, ...] = ()
    export = report.get("export")
    if export is not None:
        read, rejected = export["rows"], export["rejected"]
        counts = {"read": read, "accepted": read - rejected, "rejected": rejected}
        counts |= {name: len(export[name]) for name in ("computable", "not_computable")}
        tables = (Breakdown("rejected", most_first(export["reasons"]), read),)
    return RunSummary("check", counts | {"faults": len(report["faults"])}, tables)


@click.command("check", epilog=EXAMPLE)
@click.argument("export", required=False, type=options.EXPORTS)
@options.scorecard("to check")
@options.as_json("the findings")
@options.encoding("the export")
@click.option(
    "--manifest",
    metavar="FILE",
    help="Only compare the files of a run with the hashes in its manifest.",
)
@options.summary()
@options.quiet()
@click.pass_context
def command(
    context: click.Context,
    export: str | None,
    scorecard: str,
    as_json: bool,
    encoding: str | None,
    manifest: str | None,
    summary: str | None,
    quiet: bool,
) -> None:
    """Check a scorecard, and an export against it.

    The command prints every fault with its address and the nearest known name, the effective
    weight of every signal, and what an unknown and a typical merchant get. For an EXPORT it also
    prints which signals can be computed, which columns are missing, and the coverage of each
    dimension, and which rows would be rejected: column, reason and the first values of each. Exit
    codes: 0 sound, 2 when there are faults or every row would be rejected, 3 when some would be.
    With --manifest it checks instead that the files of a run of `trustscore score` are still those
    that it read and wrote.
    """
    if manifest is not None:
        if export is not None:
            raise click.UsageError("--manifest takes no EXPORT: the manifest names the files")
        context.exit(_verified(manifest, as_json))
    with progress_bar(quiet) as progress:
        report = _report(scorecard, export, encoding, progress)
    if as_json:
        say(json.dumps(report, ensure_ascii=False, indent=2, allow_nan=False))
    else:
        for line in _lines(report):
            say(line)
    if not as_json and not report["ok"]:
        say(report["summary"], err=True)
        for fault in report["faults"]:
            if fault != report["summary"]:
                say(f"  {fault}", err=True)
    close(_summary(report), quiet, summary, always=False, told=True)
    if report["ok"]:
        if report.get("export", {}).get("rejected"):
            context.exit(ROWS_REJECTED)
        return
    context.exit(WRONG_USE)
