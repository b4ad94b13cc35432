"""The same scores on many machines: a thin adapter between Spark and the one kernel.

The names are loaded at first use; only `score_spark` and `score_files` need pyspark.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trustscore.spark.files import score_files
    from trustscore.spark.frame import SparkScores, score_spark

__all__ = ["SparkScores", "score_files", "score_spark"]

_HOMES = {"SparkScores": "frame", "score_files": "files", "score_spark": "frame"}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
