"""Scoring a Spark DataFrame, with the same rules as a file or a frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from trustscore.boost import BoostPolicy
from trustscore.errors import InputError
from trustscore.io.arrow import take
from trustscore.io.header import Wanted
from trustscore.io.parquet_reader import ArrowPiece, ArrowPlan, plan_columns, read_batch
from trustscore.io.rejects import REASONS
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.faults import suggest
from trustscore.spark.records import check_types, quoted, spark_types
from trustscore.spark.session import need_pyspark, quiet
from trustscore.spark.work import REJECT, SCORE, Job, Writer

__all__ = ["SparkScores", "score_spark"]

_SOURCE = "the DataFrame"
_ORDER = "order_{}".format


class SparkScores(NamedTuple):
    """Two DataFrames: the scores, and the rows that could not be scored."""

    scores: Any
    rejects: Any


def score_spark(
    df: Any,
    scorecard: str | Path | Scorecard = "default",
    *,
    errors: Literal["raise", "reject"] = "raise",
    order: str | Sequence[str] = (),
    keep: Iterable[str] = (),
    allow_missing_columns: bool = False,
    as_of: dt.date | None = None,
    policy: str | Path | BoostPolicy = "boost",
) -> Any:
    """Score the rows of a Spark DataFrame.

    Nothing runs before the answer is used. Columns that are missing or cannot be read
    are an error at once.

    Parameters
    ----------
    df : pyspark.sql.DataFrame
        One row a merchant. Columns of text are read like cells of a CSV, columns of
        numbers are checked.
    scorecard : str, Path or Scorecard, default="default"
        Workers get its content, so a path need not exist there.
    errors : {"raise", "reject"}, default="raise"
        Let the job fail at a row with a fault, or return such rows beside the scores.
    order : str or sequence of str, optional
        With ``errors="reject"``, columns that say which of several rows of one merchant
        comes first, smallest value first and blank last: that one is scored. A
        DataFrame has no order of its own, so without these, or when they tie, none of
        the rows of that merchant is scored.
    keep : iterable of str, optional
        Columns to pass through, as text.
    allow_missing_columns : bool, default=False
        Signals whose columns are not there do not apply.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.
    policy : str, Path or BoostPolicy, default="boost"

    Returns
    -------
    scores : pyspark.sql.DataFrame
        The columns of the score file, unrounded.
    SparkScores
        Instead, with ``errors="reject"``: the scores, and the rejects with the columns
        of the rejects file but the line. The text of a row, ``raw``, is null where
        only its id was at fault. Each of the two reads `df` for itself; cache it when
        that is expensive.

    Raises
    ------
    InputError
        When columns are missing, each with the near name, or hold no numbers or text.
    """
    need_pyspark()
    if errors not in ("raise", "reject"):
        raise InputError(f"errors must be 'raise' or 'reject'. Got {errors!r}")
    if not hasattr(df, "mapInArrow"):
        raise InputError(
            f"df must be a DataFrame of Spark; score_frame takes others. Got {type(df).__name__}"
        )
    card = load_scorecard(scorecard)
    job = Job.of(card, BoostPolicy.load(policy), as_of, keep, ".parquet")
    plan, used = plan_columns(
        df.columns, Wanted.by(card), _SOURCE, keep=job.keep, allow_missing=allow_missing_columns
    )
    check_types([df.schema.fields[at] for at in used], plan.columns, _SOURCE)
    by = [order] if isinstance(order, str) else list(order)
    unknown = [f"{name}: no such column{suggest(name, df.columns)}" for name in by]
    unknown = [fault for name, fault in zip(by, unknown, strict=True) if name not in df.columns]
    if unknown:
        raise InputError("order: columns are missing", unknown)

    # Spark takes a point in the name of a column of a task for a step into a structure.
    names = [df[quoted(df.columns[at])].alias(f"c{at}") for at in used]
    names += [df[quoted(name)].alias(_ORDER(at)) for at, name in enumerate(by)]
    ranks = [(_ORDER(at), df.schema[name].dataType.simpleString()) for at, name in enumerate(by)]
    layout = ", ".join([spark_types(job.layout()), *(f"`{n}` {kind}" for n, kind in ranks)])
    with quiet():
        records = df.select(*names).mapInArrow(_task(job, plan, len(used), errors), layout)
    # The columns that ids are compared by, and no more, beside what comes out.
    found = _numbered(records.where(f"kind = {SCORE}"), [name for name, _ in ranks])
    if errors == "raise":
        return _checked(found)
    return SparkScores(
        found.where("good").select("merchant_id", "score.*"), _rejects(records, found, bool(by))
    )


def _task(job: Job, plan: ArrowPlan, width: int, errors: str) -> Any:
    def task(batches: Iterator[Any]) -> Iterator[Any]:
        writer = Writer(job)
        for batch in batches:
            columns = pa.RecordBatch.from_arrays(
                batch.columns[:width], names=batch.schema.names[:width]
            )
            rows = read_batch(ArrowPiece(columns, 1), plan)
            if rows.rejects and errors == "raise":
                # A number of a row would mean nothing: there is no order.
                reject = rows.rejects[0]
                raise InputError(
                    f"merchant {reject.merchant_id or 'unknown'} of the DataFrame cannot be"
                    f" scored: {reject.column}: {reject.message}. Got {reject.value!r};"
                    " errors='reject' scores the others"
                )
            for records in writer.rows(rows, plan.columns.missing, (0, 0)):
                at = records.column("line").to_numpy() - 1
                order = [take(column, at) for column in batch.columns[width:]]
                fields = [pa.field(_ORDER(n), column.type) for n, column in enumerate(order)]
                yield pa.RecordBatch.from_arrays(
                    [*records.columns, *order], schema=pa.schema([*records.schema, *fields])
                )

    return task


def _numbered(scored: Any, ranks: Sequence[str]) -> Any:
    """Add the column ``good``: whether the row is its merchant's only or first one."""
    from pyspark.sql import Window
    from pyspark.sql import functions as sf

    same = Window.partitionBy("merchant_id")
    if not ranks:
        return scored.withColumn("good", sf.count("*").over(same) == 1)
    ordered = same.orderBy(*(sf.col(name).asc_nulls_last() for name in ranks))
    place = scored.withColumn("place", sf.rank().over(ordered))
    firsts = sf.sum((sf.col("place") == 1).cast("int")).over(same)
    return place.withColumn("good", (sf.col("place") == 1) & (firsts == 1))


def _checked(found: Any) -> Any:
    from pyspark.sql import functions as sf

    text = sf.concat(
        sf.lit("several rows of the DataFrame have the merchant_id "),
        sf.col("merchant_id"),
        sf.lit("; errors='reject' with order= says which is scored"),
    )
    fine = found.where(sf.when(sf.col("good"), sf.lit(True)).otherwise(sf.raise_error(text)))
    return fine.select("merchant_id", "score.*")


def _rejects(records: Any, found: Any, ordered: bool) -> Any:
    from pyspark.sql import functions as sf

    why = REASONS["repeated_id"]
    if not ordered:
        why = "several rows have this merchant_id, and no order= says which comes first"
    repeated = found.where("not good").select(
        "merchant_id",
        sf.lit("merchant_id").alias("column"),
        sf.col("merchant_id").alias("value"),
        sf.lit(f"repeated_id: {why}").alias("reason"),
        sf.lit(0).cast("long").alias("more"),
        sf.lit(None).cast("string").alias("raw"),
    )
    bad = records.where(f"kind = {REJECT}").select(
        "merchant_id",
        "reject.column",
        "reject.value",
        sf.concat_ws(": ", "reject.reason", "reject.message").alias("reason"),
        "reject.more",
        "reject.raw",
    )
    return bad.union(repeated)
