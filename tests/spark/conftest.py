"""One real Spark session for all tests of this folder, on two local cores."""

import importlib.util
import os
import shutil
import sys

import pytest


def missing():
    """What Spark lacks here, or nothing."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed: pip install -e '.[spark]'"
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and os.path.exists(f"{home}/bin/java")):
        return "there is no Java: apt-get install default-jre-headless"
    return ""


def pytest_collection_modifyitems(items):
    here = os.path.dirname(__file__)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.spark)
            item.add_marker(pytest.mark.xdist_group("spark"))


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    lacking = missing()
    if lacking:
        # .ci/run says that it must not be lacking.
        (pytest.fail if os.environ.get("TRUSTSCORE_NEED_SPARK") else pytest.skip)(lacking)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    scratch = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[2]")
        .appName("tests")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "1g")
        # Most of a short run is the JVM compiling what it will not run again.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.local.dir", str(scratch))
        .config("spark.sql.warehouse.dir", str(scratch))
        .config("spark.sql.shuffle.partitions", "1")
        # Small files must be cut too.
        .config("spark.sql.files.maxPartitionBytes", "150k")
        .config("spark.sql.files.openCostInBytes", "1")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "400")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
