"""The same scores and exports on many machines: a thin adapter between Spark and the one core.

The names are loaded at first use; only the functions need pyspark.
"""

from typing import TYPE_CHECKING

from trustscore.lazy import attach

if TYPE_CHECKING:
    from trustscore.spark.files import score_files
    from trustscore.spark.frame import SparkScores, score_spark
    from trustscore.spark.logs import write_signals
    from trustscore.spark.tables import SparkSignals, signals_spark

__all__ = [
    "SparkScores",
    "SparkSignals",
    "score_files",
    "score_spark",
    "signals_spark",
    "write_signals",
]

_HOMES = {
    "SparkScores": "trustscore.spark.frame",
    "SparkSignals": "trustscore.spark.tables",
    "score_files": "trustscore.spark.files",
    "score_spark": "trustscore.spark.frame",
    "signals_spark": "trustscore.spark.tables",
    "write_signals": "trustscore.spark.logs",
}

__getattr__, __dir__ = attach(__name__, _HOMES)
