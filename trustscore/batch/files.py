"""The batch runner: files in, scores out, block by block and in order."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from trustscore import __version__
from trustscore.atomic_file import utf8
from trustscore.batch import output
from trustscore.batch.manifest import Tally
from trustscore.batch.pool import ordered, workers
from trustscore.batch.reject_limit import RejectLimit
from trustscore.batch.scorer import Formatter, Result, Scorer
from trustscore.batch.targets import RejectsFile, check_targets
from trustscore.boost import BoostPolicy
from trustscore.errors import InputError
from trustscore.io.atomic_files import (
    AtomicFile,
    Sink,
    commit_together,
    is_plain,
    open_sink,
    takes_batches,
)
from trustscore.io.blocks import repeated
from trustscore.io.clean_rows import Rows
from trustscore.io.header import Wanted
from trustscore.io.inputs import Inputs, Part, as_paths, expand, read_part
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.io.rejects import Reject
from trustscore.io.seen_ids import SeenIds, hash_ids
from trustscore.io.text_stream import BLOCK, GUESSES
from trustscore.run_summary import Breakdown, RunSummary, most_first
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.presets import find
from trustscore.typing import FilePath, Progress, silent

__all__ = ["Report", "StrictStop", "first_fault", "run_facts", "score_files"]


class StrictStop(InputError):
    """A row has a fault, and not one was to be tolerated."""


class Report(NamedTuple):
    """What a run did.

    Attributes
    ----------
    manifest : dict
        As written to the manifest file.
    rejects : str or None
        Where the rejected rows are, when there are any and they were written.
    """

    manifest: dict[str, Any]
    rejects: str | None

    @property
    def summary(self) -> RunSummary:
        """What a run did, at a glance."""
        facts, rows = self.manifest, self.manifest["rows"]
        scored = rows["scored"]
        tiers = {name: one["rows"] for name, one in facts["tier"].items()}
        tiers["none"] = tiers.get("none", 0) + scored - sum(tiers.values())
        return RunSummary(
            "score",
            {name: rows[name] for name in ("read", "scored", "rejected")},
            (
                Breakdown("tier", tiers, scored),
                Breakdown("status", {n: one["rows"] for n, one in facts["status"].items()}, scored),
                Breakdown("rule", most_first(facts["rules"]), scored),
                Breakdown("veto", most_first(facts["veto"]), scored),
                Breakdown("rejected", most_first(facts["rejected"]), rows["read"]),
            ),
            rejects=self.rejects,
            seconds=facts["seconds"],
        )


class _Read(NamedTuple):
    """A part as rows, and the hashes of their ids."""

    part: Part
    rows: Rows
    hashes: Any


class _FirstOnly:
    """The rows of a run whose id did not come before, in the order of the files."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths
        self.seen = SeenIds()

    def read(self, part: Part) -> _Read:
        """Read a part; several threads may do so at once."""
        rows = read_part(part)
        return _Read(part, rows, hash_ids(rows.ids, self.seen.key))

    def keep_first(self, read: _Read) -> _Read:
        """Set the repeated rows aside; to be called part after part."""
        part, rows, hashes = read
        if not len(self.seen):
            self.seen.expect(self._expected(part, rows))
        found = self.seen.add(rows.ids, rows.lines, part.file, hashes)
        if len(found.rows):
            rows = rows.drop(found.rows, repeated(rows, found, self.paths))
        return _Read(part, rows, hashes)

    def _expected(self, part: Part, rows: Rows) -> int:
        """Guess from the first part how many rows there will be."""
        sizes = [os.stat(path).st_size for path in self.paths if os.path.isfile(path)]
        if part.reader.rows is not None:
            per_byte = part.reader.rows / max(part.reader.source.size, 1)
        else:
            per_byte = len(rows) / max(len(part.piece.data), 1)
        return int(sum(sizes) * per_byte)


def _results(
    parts: Iterator[Part],
    formatter: Formatter,
    paths: list[str],
    threads: ThreadPoolExecutor | None,
    jobs: int,
) -> Iterator[Result]:
    """Read, set repeated rows aside, score and format: the order of the files decides."""

    def score(read: _Read) -> Result:
        return formatter.result(read.rows, read.part.missing)

    first_only = _FirstOnly(paths)
    read = ordered(first_only.read, parts, threads, jobs)
    return ordered(score, map(first_only.keep_first, read), threads, jobs)


def score_files(
    paths: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    scorecard: str | Path | Scorecard = "default",
    policy: str | Path | BoostPolicy = "boost",
    jobs: int = 1,
    rejects: str | Path | None = None,
    manifest: str | Path | None = None,
    contributions: str | Path | None = None,
    strict: bool = False,
    max_rejects: int | str | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    keep: Iterable[str] = (),
    as_of: dt.date | None = None,
    pseudonyms: FilePath | Pseudonyms | None = None,
    rejects_without_raw: bool = False,
    progress: Progress = silent,
    block: int = BLOCK,
) -> Report:
    r"""Score files of merchants.

    Parameters
    ----------
    paths : path or iterable of paths
        CSV, JSON Lines (both also gzip), Parquet or Excel, folders and patterns, in this order;
        ``-`` is text on standard input.
    out : path
        By its suffix ``.csv``, ``.csv.gz``, ``.parquet`` or ``.xlsx``; ``-`` is CSV on standard
        output.
    scorecard : str, Path or Scorecard, default="default"
    policy : str, Path or BoostPolicy, default="boost"
    jobs : int, default=1
        Threads. The output does not depend on it.
    rejects, manifest : path, optional
        ``OUT.rejects.csv``, written only when there are any, and ``OUT.manifest.json``
        unless said; none of the two when `out` is a pipe or a device.
    contributions : path, optional
        Also write what each signal and rule gave each merchant.
    strict : bool, default=False
        Stop at the first fault and leave no output.
    max_rejects : int or str, optional
        Rows, or a percentage of all rows such as ``0.5%``, that may be rejected; the manifest says
        whether it was more. The output does not depend on it.
    allow_missing_columns : bool, default=False
        Signals whose columns are not there do not apply.
    encoding : str, optional
        Of the CSV, instead of finding out.
    keep : iterable of str, optional
        Columns of the input to pass through.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.
    pseudonyms : path or Pseudonyms, optional
        File of the key under which merchants are called by pseudonyms, made if it is not there.
        Rejects then show nothing of their rows but the line and what is wrong.
    rejects_without_raw : bool, default=False
        Leave the column ``raw`` of the rejects blank.
    progress : Progress, optional
        Told after each block the share of the input that is scored, and the rows.
    block : int, optional
        Bytes of a block. The output does not depend on it.

    Returns
    -------
    Report

    Raises
    ------
    InputError
        When the input cannot be read at all; `StrictStop` for the first fault when `strict`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export, scores = Path(folder, "export.csv"), Path(folder, "scores.csv")
    ...     fields = [field.name for field in load_scorecard("minimal").fields]
    ...     _ = export.write_text(",".join(["merchant_id", *fields]) + "\nm1" + "," * len(fields))
    ...     report = score_files(export, scores, scorecard="minimal")
    ...     report.manifest["rows"]
    {'read': 1, 'scored': 1, 'rejected': 0}
    """
    started, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    limit = None if max_rejects is None else RejectLimit.of(max_rejects)
    if strict and limit is not None:
        raise InputError("give `max_rejects` or strict, not both: strict tolerates no fault")
    names, target = expand(as_paths(paths)), str(out)
    card, rule = load_scorecard(scorecard), BoostPolicy.load(policy)
    kept = tuple(dict.fromkeys(keep))
    aside = is_plain(target)
    rejects_path = str(rejects) if rejects is not None else None
    if rejects_path is None and aside:
        rejects_path = f"{target}.rejects.csv"
    manifest_path = str(manifest) if manifest is not None else None
    if manifest_path is None and aside:
        manifest_path = f"{target}.manifest.json"
    wide_path = str(contributions) if contributions is not None else None
    check_targets(
        {
            "an input": names,
            "the scorecard": _files(scorecard),
            "the policy": _files(policy),
            "the key of the pseudonyms": _key_file(pseudonyms),
        },
        {
            "output": target,
            "rejects file": rejects_path,
            "manifest": manifest_path,
            "contributions file": wide_path,
        },
    )
    formatter = Formatter(
        Scorer(card, rule, as_of=as_of, statement=wide_path is not None),
        kept,
        takes_batches(target),
        None if wide_path is None else takes_batches(wide_path),
    )
    clash = [name for name in kept if name in output.score_columns_out(card)]
    if clash:
        raise InputError(f"`keep` {','.join(clash)}: the output has columns of that name already")
    key = None if pseudonyms is None else Pseudonyms.load(pseudonyms)
    inputs = Inputs(names, Wanted.by(card), kept, allow_missing_columns, encoding, block)
    inputs.pseudonyms = key
    tally = Tally()
    with ExitStack() as stack:
        # Nothing is opened, and no header written, before the first input has shown its columns.
        parts = inputs.parts()
        parts = chain(list(islice(parts, 1)), parts)
        sink = open_sink(target, formatter.columns, hold=strict)
        stack.enter_context(sink.file)
        wide: Sink | None = None
        if wide_path is not None:
            wide = open_sink(wide_path, output.contribution_columns(card), hold=strict)
            stack.enter_context(wide.file)
        bad = RejectsFile(
            rejects_path,
            several=len(names) > 1,
            asked=rejects is not None,
            raw=not rejects_without_raw,
            hold=strict,
            stack=stack,
        )
        threads = stack.enter_context(workers(jobs))
        results = _results(parts, formatter, names, threads, jobs)
        for result in _incomplete(results, sink):
            if strict and result.rejects:
                raise StrictStop(first_fault(result.rejects[0]))
            sink.write(result.scores)
            if wide is not None:
                wide.write(result.contributions)
            bad.write(result.rejects)
            tally.merge(result.tally)
            progress("scoring", inputs.share, tally.read)
        guessed = [f for f in inputs.done if f["encoding"] in GUESSES and encoding is None]
        if strict and guessed:
            raise StrictStop(
                f"{guessed[0]['path']}: is not UTF-8, and {guessed[0]['encoding']} is a guess;"
                " give the `encoding`"
            )
        sinks = [found for found in (wide, bad.sink, sink) if found is not None]
        for each in sinks:
            each.finish()
        facts = run_facts(card, rule, inputs, tally, as_of, started, clock, limit, key) | {
            "outputs": {
                "scores": sink.file.facts,
                "rejects": bad.sink.file.facts if bad.sink is not None else None,
                "contributions": wide.file.facts if wide is not None else None,
            }
        }
        files = [each.file for each in sinks]
        if manifest_path is not None:
            note = stack.enter_context(AtomicFile(manifest_path))
            note.write(as_json(facts))
            files.insert(0, note)
        # Rejects of an earlier run would not belong to these scores; the scores come last.
        stale = aside and bad.sink is None and rejects_path is not None
        commit_together(files, remove=[rejects_path] if stale and rejects_path else ())
    written = bad.path if tally.rejected else None
    return Report(facts, written)


def _files(name: Any) -> list[str]:
    """Return the file of a scorecard or policy given by name or path."""
    return [str(find(name))] if isinstance(name, (str, Path)) else []


def _key_file(pseudonyms: Any) -> list[str]:
    return [str(pseudonyms)] if isinstance(pseudonyms, (str, Path)) else []


def _incomplete(results: Iterable[Result], sink: Sink) -> Iterator[Result]:
    """Yield the results; where they end in a fault, say what became of those before."""
    try:
        yield from results
    except InputError as error:
        if not sink.file.gone:
            raise
        where = "standard output" if sink.file.path == "-" else sink.file.path
        error.summary += f"; what was written to {where} before is incomplete"
        raise


def first_fault(reject: Reject) -> str:
    """Return a reject as one line, for a run that it stops."""
    file = f"{reject.file}, " if reject.file else ""
    who = f", merchant {reject.merchant_id}" if reject.merchant_id else ""
    column = f", column {reject.column}" if reject.column else ""
    got = f". Got {reject.value!r}" if reject.value else ""
    return f"{file}line {reject.line}{who}{column}: {reject.message}{got}"


def as_json(facts: dict[str, Any]) -> bytes:
    """Return facts as JSON; a file name that is not UTF-8 is escaped, and reads back the same."""
    return utf8(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def run_facts(
    card: Any,
    policy: BoostPolicy,
    inputs: Inputs,
    tally: Tally,
    as_of: dt.date | None,
    started: dt.datetime,
    clock: float,
    limit: RejectLimit | None,
    pseudonyms: Pseudonyms | None = None,
) -> dict[str, Any]:
    """Return what a manifest says of a run, whatever engine it ran on."""
    counts = tally.as_dict(card)
    rows = counts["rows"]
    return {
        "program": "trustscore",
        "version": __version__,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - clock, 3),
        "as_of": as_of.isoformat() if as_of is not None else None,
        "scorecard": {
            "stamp": card.stamp,
            "name": card.name,
            "version": card.version,
            "sha256": card.sha256,
        },
        "boost": {"stamp": policy.stamp, "sha256": policy.sha256},
        "inputs": inputs.done,
        "pseudonyms": None if pseudonyms is None else pseudonyms.stamp,
        "missing_columns": sorted(inputs.missing),
        "max_rejects": limit and limit.facts(rows["rejected"], rows["read"]),
    } | counts
