"""The same scores on many machines: a thin adapter between Spark and the one kernel.

The names are loaded at first use; only `score_spark` and `score_files` need pyspark.
"""

from typing import TYPE_CHECKING

from trustscore.lazy import attach

if TYPE_CHECKING:
    from trustscore.spark.files import score_files
    from trustscore.spark.frame import SparkScores, score_spark

__all__ = ["SparkScores", "score_files", "score_spark"]

_HOMES = {
    "SparkScores": "trustscore.spark.frame",
    "score_files": "trustscore.spark.files",
    "score_spark": "trustscore.spark.frame",
}

__getattr__, __dir__ = attach(__name__, _HOMES)
