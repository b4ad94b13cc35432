"""Getting a Spark session, or saying what it needs."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trustscore.errors import InputError, TrustscoreError

__all__ = ["need_pyspark", "quiet", "reason", "spark_failures", "start"]


def need_pyspark() -> None:
    """Raise unless pyspark can be imported.

    Raises
    ------
    InputError
        Which says what to install.
    """
    try:
        import pyspark  # noqa: F401
    except ImportError:
        raise InputError(
            "Spark is not installed here (the extra `spark`): pip install pyspark,"
            " or run with the pyspark of a cluster (spark-submit)"
        ) from None


def _has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    if home and os.access(os.path.join(home, "bin", "java"), os.X_OK):
        return True
    return shutil.which("java") is not None


def start() -> Any:
    """Return the session there is, or a new one by the configuration of the environment.

    Raises
    ------
    InputError
        When pyspark or Java is missing.
    """
    need_pyspark()
    from pyspark.sql import SparkSession

    found = SparkSession.getActiveSession()
    if found is not None:
        return found
    if not _has_java():
        raise InputError(
            "Spark needs Java 17 or later and there is none on the PATH or in JAVA_HOME"
            " (Debian: apt-get install default-jre-headless)"
        )
    # Else workers run the first python3 of the PATH, which may lack this package.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with quiet():
        session = SparkSession.builder.appName("trustscore").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


@contextmanager
def quiet() -> Iterator[None]:
    """Silence pyspark's warning about the installed pandas, which is not used here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        yield


@contextmanager
def spark_failures() -> Iterator[None]:
    """Turn a failure inside Spark into an OSError that says the reason in a line."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except TrustscoreError:
        raise
    except (PySparkException, Py4JError) as error:
        raise OSError(f"Spark: {reason(error)}") from error


def reason(error: Exception) -> str:
    """Return what a failure inside Spark comes down to, in a line."""
    java = getattr(error, "java_exception", None)
    while java is not None and java.getCause() is not None:
        java = java.getCause()
    lines = [line.strip() for line in (str(java) if java is not None else str(error)).splitlines()]
    lines = [line for line in lines if line]
    # A Python worker sends its traceback; what it ends with is the reason.
    if any(line.startswith("Traceback") for line in lines):
        return lines[-1]
    return lines[0] if lines else type(error).__name__
