"""Logs in, the export of merchants out: the store, the session, the tables and the manifest."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trustscore.atomic_file import utf8
from trustscore.errors import InputError
from trustscore.io.atomic_files import (
    AtomicFile,
    Sink,
    add_arrays,
    as_array,
    commit_together,
    is_plain,
    open_sink,
    suffix_fault,
)
from trustscore.io.atomic_folder import refuse_taken
from trustscore.io.logs.ingest import Logs, rejects_of
from trustscore.io.logs.rejects_file import REJECT_COLUMNS, reject_blocks
from trustscore.io.logs.runner import Runner, run_buckets
from trustscore.io.refuse_overwrite import outputs_of_one_name, refuse_inputs
from trustscore.run_summary import RunSummary
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.side_columns import SIDE_COLUMNS
from trustscore.signals.against import missing_columns
from trustscore.signals.definitions import Definitions, load_definitions
from trustscore.signals.files.facts import summary_of_logs
from trustscore.signals.files.keep import Keep
from trustscore.signals.files.opening import Computed, compute, covers_or_refuse, open_logs
from trustscore.signals.files.suspects import bands, beside, kept_aside, with_suspects
from trustscore.signals.files.why import write_lineage
from trustscore.signals.plan import Plan
from trustscore.typing import FilePath, Progress, silent

__all__ = ["SignalsReport", "export_blocks", "write_rejects", "write_signals"]

_MOST_DAYS = 36_500
_ONE_POPULATION = (
    "{} keeps the first events of one population only: leave out `populations`, or count both in"
    " a store without `keep_days`"
)


@dataclass(frozen=True)
class SignalsReport:
    """What a run did.

    Attributes
    ----------
    manifest : dict
    rejects : str or None
        The file of rejected rows, if there are any.
    """

    manifest: dict[str, Any]
    rejects: str | None

    @property
    def summary(self) -> RunSummary:
        """What a run did, at a glance."""
        facts = self.manifest
        counts = {"merchants": facts["merchants"], "columns": len(facts["columns"])}
        counts["not_collected"] = len(facts["missing_columns"])
        return summary_of_logs("signals", facts, counts, self.rejects)


def write_signals(
    logs: FilePath,
    out: FilePath,
    *,
    as_of: dt.date,
    definitions: str | Path | Definitions = "default",
    tz: str | None = None,
    mapping: FilePath | None = None,
    scorecard: str | Path | None = None,
    work: FilePath | None = None,
    pepper: FilePath | None = None,
    memory: str | None = None,
    jobs: int = 1,
    strict: bool = False,
    rejects: FilePath | None = None,
    manifest: FilePath | None = None,
    allow_short_logs: bool = False,
    include_removed: bool = False,
    previous: FilePath | None = None,
    baselines: FilePath | None = None,
    lineage: FilePath | None = None,
    lexicon: FilePath | None = None,
    populations: Literal["valid", "both"] = "valid",
    keep_days: int | None = None,
    run: Runner = run_buckets,
    progress: Progress = silent,
) -> SignalsReport:
    """Write the export of merchants that a folder of logs gives.

    Parameters
    ----------
    logs : path
        A folder with ``orders.csv``, ``reviews/*.parquet`` and so on.
    out : path
        By its suffix ``.csv``, ``.csv.gz``, ``.parquet`` or ``.xlsx``; ``-`` is CSV on standard
        output.
    as_of : date
        Nothing that happened on this day or later exists.
    definitions : str, Path or Definitions, default="default"
    tz : str, optional
        Zone of the market; that of the definitions by default.
    mapping : path, optional
        What the files and columns of the folder are called.
    scorecard : str or Path, optional
        Only the columns that this scorecard reads, in its order.
    work : path, optional
        Folder that keeps what was read for the next run; a temporary one by default.
    pepper : path, optional
        Secret of the pseudonyms, made if it is not there; ``WORK/pepper`` by default.
    memory : str, optional
        Most memory of the queries, such as ``4GB``.
    jobs : int, default=1
        Threads. The output does not depend on it.
    strict : bool, default=False
        Stop at the first rejected row and leave no output.
    rejects, manifest : path, optional
        ``OUT.rejects.csv``, written only when there are any, and ``OUT.manifest.json`` unless
        said; none of the two when `out` is a pipe or a device.
    allow_short_logs : bool, default=False
        Also count over windows that begin before the log does, and logs that ended long ago.
    include_removed : bool, default=False
        Also give removed merchants a row.
    previous : path, optional
        Scores or rights of the last run. A merchant of it is poor whose index is under
        ``poor_index`` of the definitions, or who was scored in full and holds no tier; its tier,
        and since when, become side columns of the export.
    baselines : path, optional
        Return rates of the market's categories, as a CSV table of ``category`` and ``rate`` or as
        the manifest of an earlier export. By default they are counted from the logs as of the
        first day of the month of `as_of`, so that they stay for a month.
    lineage : path, optional
        New folder for a line of each event that counted.
    lexicon : path, optional
        Words by which reviews are taken for complaints; those of ``configs/lexicon.toml`` by
        default.
    populations : {"valid", "both"}
        ``both`` also writes ``OUT.with_suspects``, in which brushing orders count, and says in the
        manifest how the figures move.
    keep_days : int, optional
        Rows of whole months that ended so many days before `as_of` leave `work`, in logs that tell
        of what is over; the first events that columns read stay. Files of which every row has left
        may be removed.
    run : Runner
        What counts: DuckDB, a bucket of merchants at a time. `trustscore.spark` has another.
    progress : Progress, optional

    Returns
    -------
    SignalsReport

    Raises
    ------
    InputError
        When logs, mapping or definitions cannot be used; `LogStop` for the first rejected row
        when `strict`.
    """
    clock, target = time.perf_counter(), str(out)
    aside = is_plain(target)
    rejects_path = str(rejects) if rejects is not None else f"{target}.rejects.csv"
    manifest_path = str(manifest) if manifest is not None else f"{target}.manifest.json"
    if lineage is not None:
        # Before hours of counting.
        refuse_taken(lineage)
    faults = [
        f"{what} {path}: {fault}"
        for what, path in (("output", target), ("rejects", rejects_path))
        if (aside or what == "output") and (fault := suffix_fault(path))
    ]
    second = beside(target) if populations == "both" else None
    if second is not None and not aside:
        faults.append(f"a second population is written beside a file, and {target} is none")
    outputs = [target, rejects_path, manifest_path, *([] if second is None else [second])]
    # Streams and devices take one text after the other.
    faults += outputs_of_one_name(path for path in outputs if is_plain(path) or path == "-")
    if faults:
        raise InputError("these outputs cannot be written", faults)
    if keep_days is not None:
        _refuse_pruning(keep_days, work, populations)
    refuse_inputs(
        outputs,
        [
            mapping,
            pepper,
            definitions,
            scorecard,
            previous,
            baselines,
            lexicon,
            *Path(logs).rglob("*"),
        ],
    )
    defs = load_definitions(definitions)
    wanted = _wanted(defs, scorecard)
    suspected = None if second is None else with_suspects(defs)
    with (
        open_logs(
            logs,
            defs,
            tz=tz,
            mapping=mapping,
            work=work,
            pepper=pepper,
            memory=memory,
            jobs=jobs,
            strict=strict,
            lexicon=lexicon,
            keep=Keep(as_of, keep_days, wanted),
            run=run,
            progress=progress,
        ) as opened,
        ExitStack() as stack,
    ):
        if second is not None and opened.kept is not None:
            raise InputError(_ONE_POPULATION.format(work))
        covers = covers_or_refuse(logs, opened, as_of, allow_short_logs)
        done = compute(
            opened,
            defs,
            as_of,
            columns=wanted,
            covers=covers,
            include_removed=include_removed,
            previous=previous,
            baselines=baselines,
            progress=progress,
        )
        facts = done.facts
        sink = _write_export(target, done, strict, stack)
        other = None
        if second is not None and suspected is not None:
            valid = kept_aside(done.result)
            again = compute(
                opened,
                suspected,
                as_of,
                columns=wanted,
                covers=covers,
                include_removed=include_removed,
                earlier=done.earlier,
                progress=progress,
            )
            other = _write_export(second, again, strict, stack)
            facts["with_suspects"] = bands(opened.session, valid, again.result, again.plan)
        bad = write_rejects(opened.logs, rejects_path, rejects is not None, aside, stack)
        sinks = [each for each in (bad, sink, other) if each is not None]
        for each in sinks:
            each.finish()
        facts["outputs"] = {
            "export": sink.file.facts,
            "rejects": bad.file.facts if bad is not None else None,
        }
        if other is not None:
            facts["outputs"]["with_suspects"] = other.file.facts
        facts["seconds"] = round(time.perf_counter() - clock, 3)
        files = [each.file for each in sinks]
        if aside or manifest is not None:
            note = stack.enter_context(AtomicFile(manifest_path))
            note.write(utf8(json.dumps(facts, indent=2, ensure_ascii=False) + "\n"))
            files.insert(0, note)
        if lineage is not None:
            write_lineage(opened, lineage, defs, as_of, done.collected, progress=progress)
        stale = [rejects_path] if aside and bad is None else []
        commit_together(files, remove=stale)
    return SignalsReport(facts, bad.file.path if bad is not None else None)


def _refuse_pruning(days: int, work: FilePath | None, populations: str) -> None:
    if not 1 <= days <= _MOST_DAYS:
        raise InputError(f"`keep_days` must be 1 to {_MOST_DAYS}. Got {days}")
    if work is None:
        raise InputError("`keep_days` prunes a store that is kept: give `work`, its folder")
    if populations != "valid":
        raise InputError(_ONE_POPULATION.format(work))


def _write_export(path: str, done: Computed, hold: bool, stack: ExitStack) -> Sink:
    sink = open_sink(path, _types(done.plan), hold=hold)
    stack.enter_context(sink.file)
    for block in export_blocks(done.result, done.plan):
        add_arrays(sink, block)
    return sink


def _wanted(defs: Definitions, scorecard: str | Path | None) -> list[str] | None:
    """Return the columns that a scorecard reads, in its order; None for all."""
    if scorecard is None:
        return None
    card = load_scorecard(scorecard)
    faults = missing_columns(defs, card)
    if faults:
        raise InputError(
            f"scorecard {card.name} reads columns that {defs.name} does not define", faults
        )
    names = [
        next(name for name in (field.name, *field.aliases) if name in defs.columns)
        for field in card.inputs
    ]
    return list(dict.fromkeys([*names, *(name for name in SIDE_COLUMNS if name in defs.columns)]))


def _types(plan: Plan) -> dict[str, Any]:
    kinds = {"merchant_id": pa.string()}
    for column in plan.columns:
        if column.name != "merchant_id":
            kinds[column.name] = pa.string() if column.type == "text" else pa.float64()
    return kinds


def export_blocks(result: Path, plan: Plan) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of an export as Arrow arrays, in the order of its columns."""
    kinds = _types(plan)
    with pq.ParquetFile(result) as file:
        for batch in file.iter_batches(columns=list(kinds)):
            block = {}
            for name, kind in kinds.items():
                column = batch.column(name)
                if kind == pa.float64():
                    values = column.cast(pa.float64()).fill_null(np.nan)
                    block[name] = as_array(np.asarray(values))
                else:
                    block[name] = as_array(np.array([*column.to_pylist(), None], object)[:-1])
            yield block


def write_rejects(
    found: Logs, path: str, asked: bool, aside: bool, stack: ExitStack
) -> Sink | None:
    """Write the rejected rows of logs, if there are any or a file was asked for."""
    if not (asked or aside):
        return None
    sink: Sink | None = None
    for block in reject_blocks(rejects_of(found)):
        if sink is None:
            sink = _open_rejects(path, stack)
        add_arrays(sink, {name: as_array(column) for name, column in block.items()})
    if sink is None and asked:
        sink = _open_rejects(path, stack)
    return sink


def _open_rejects(path: str, stack: ExitStack) -> Sink:
    sink = open_sink(path, REJECT_COLUMNS)
    stack.enter_context(sink.file)
    return sink
