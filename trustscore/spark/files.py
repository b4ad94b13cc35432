"""Files in, folders of part files out, on as many machines as Spark has.

One pass reads, checks and scores every split. What it leaves is kept on the disks of the
executors until the outputs are written; only stretches that need it are read again.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from trustscore.batch.files import Report, StrictStop, first_fault, run_facts
from trustscore.batch.reject_limit import RejectLimit
from trustscore.boost import BoostPolicy
from trustscore.errors import InputError
from trustscore.io.atomic_files import suffix_of
from trustscore.io.header import Wanted
from trustscore.io.inputs import Inputs, as_paths
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.spark.hadoop import Hadoop, Stored
from trustscore.spark.opening import open_files
from trustscore.spark.run import Run
from trustscore.spark.session import quiet, spark_failures, start
from trustscore.spark.targets import Targets
from trustscore.spark.work import Job

__all__ = ["score_files"]


def score_files(
    paths: str | Path | Iterable[str | Path],
    out: str,
    *,
    session: Any = None,
    scorecard: str | Path | Scorecard = "default",
    policy: str | Path | BoostPolicy = "boost",
    rejects: str | None = None,
    manifest: str | None = None,
    strict: bool = False,
    max_rejects: int | str | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    keep: Iterable[str] = (),
    as_of: dt.date | None = None,
) -> Report:
    """Score files of merchants on Spark.

    Parameters
    ----------
    paths : path or iterable of paths
        CSV, gzip CSV or Parquet on any Hadoop file system: files, folders of files,
        or patterns with ``*``.
    out : str
        A folder of part files, which must not exist yet: CSV, each part with a header;
        gzip CSV when it ends in ``.csv.gz``; Parquet when it ends in ``.parquet``.
    session : SparkSession, optional
        The active one, or a new one.
    scorecard, policy : str, Path, Scorecard or BoostPolicy
    rejects, manifest : str, optional
        A folder, ``OUT.rejects.csv`` unless said, written when there are any; and a
        file, ``OUT.manifest.json`` unless said.
    strict : bool, default=False
        Leave no output when any row has a fault.
    max_rejects : int or str, optional
        Rows, or a percentage such as ``0.5%``, that may be rejected, as for
        `trustscore.score_files`.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    keep : iterable of str, optional
    as_of : date, optional

    Returns
    -------
    Report
        With the manifest that `trustscore.score_files` gives for the same files.

    Raises
    ------
    InputError
        When the input cannot be read or the output exists; `StrictStop` for the first
        fault when `strict`.
    """
    started, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    limit = None if max_rejects is None else RejectLimit.of(max_rejects)
    if strict and limit is not None:
        raise InputError("give `max_rejects` or strict, not both: strict tolerates no fault")
    card, rule = load_scorecard(scorecard), BoostPolicy.load(policy)
    job = Job.of(card, rule, as_of, keep, suffix_of(out))
    session = session or start()
    if not hasattr(session, "_jsparkSession"):
        raise InputError("a Spark Connect session has no files of its own; use score_spark there")
    with quiet(), spark_failures(), ExitStack() as stack:
        hadoop = Hadoop(session)
        targets = Targets(hadoop, out, rejects, manifest)
        targets.check()
        files = hadoop.files(as_paths(paths))
        session = _own_session(session, sum(file.size for file in files))
        wanted = Wanted.by(card)
        opened = open_files(session, hadoop, files, wanted, job, allow_missing_columns, encoding)
        hashes = _hashes(hadoop, files, stack)
        run = Run(session, hadoop, files, *opened)
        stack.callback(run.release)
        run.first()
        run.whole_again()
        run.without_repeats()
        if strict:
            reject = run.first_reject()
            if reject is not None:
                raise StrictStop(first_fault(reject))
        facts = _manifest(card, rule, run, hashes, as_of, started, clock, limit)
        written = bool(run.tally().rejected) or rejects is not None
        facts["outputs"] = {
            "scores": {"path": out},
            "rejects": {"path": targets.rejects} if written else None,
            "contributions": None,
        }
        stack.callback(targets.discard)
        targets.write(run, facts, rejects=written)
        return Report(facts, targets.rejects if run.tally().rejected else None)


def _own_session(session: Any, total: int) -> Any:
    """Return a session of this run, in which a file is always cut at the same places.

    Spark would otherwise choose splits by the sum of the files of a query, and a stretch
    that is read again could not be found.
    """
    own = session.newSession()
    conf = session._jsparkSession.sessionState().conf()
    most, least = conf.filesMaxPartitionBytes(), conf.filesOpenCostInBytes()
    share = -(-total // max(session.sparkContext.defaultParallelism, 1))
    own.conf.set("spark.sql.files.maxPartitionBytes", max(min(most, share), least, 1))
    own.conf.set("spark.sql.files.minPartitionNum", 1)
    own.conf.set("spark.sql.execution.arrow.useLargeVarTypes", False)
    return own


def _hashes(hadoop: Hadoop, files: Sequence[Stored], stack: ExitStack) -> list[Future[str]]:
    """Hash the files in the driver while the tasks are at work: a hash cannot be split."""
    pool = ThreadPoolExecutor(4, thread_name_prefix="sha256")
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)
    return [pool.submit(hadoop.sha256, file) for file in files]


def _manifest(
    card: Any,
    policy: BoostPolicy,
    run: Run,
    hashes: Sequence[Future[str]],
    as_of: dt.date | None,
    started: dt.datetime,
    clock: float,
    limit: RejectLimit | None,
) -> dict[str, Any]:
    inputs = Inputs([file.name for file in run.files], run.reading.wanted)
    for number, file in enumerate(run.files):
        notes = [note for (one, _), note in run.notes.items() if one == number]
        inputs.missing.update(*(note["missing"] for note in notes))
        # ASCII is read alike in every encoding; one stretch that is not decides.
        seen = [run.ways[number].encoding, *(note["encoding"] for note in notes)]
        encoding = next((name for name in seen if name != "ascii"), "ascii")
        inputs.done.append(
            {
                "path": file.name,
                "size": file.size,
                "sha256": hashes[number].result(),
                "encoding": encoding,
            }
        )
    return run_facts(card, policy, inputs, run.tally(), as_of, started, clock, limit)
