"""What every test may use: example budgets for hypothesis, real data when there is any."""

import os

# Workers share the cores already: threads of theirs wait for each other. Before numpy is loaded.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline in any profile: a busy machine must not turn a right answer into a failure.
_SLOW_MACHINES = (HealthCheck.too_slow,)
settings.register_profile("dev", deadline=None, suppress_health_check=_SLOW_MACHINES)
settings.register_profile(
    "ci", deadline=None, derandomize=True, max_examples=50, suppress_health_check=_SLOW_MACHINES
)
settings.register_profile(
    "thorough", deadline=None, max_examples=1000, suppress_health_check=_SLOW_MACHINES
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds trustscore/, configs/, tests/ and examples/."""
    return ROOT


@pytest.fixture(scope="session")
def trustscore_data() -> Path:
    """The folder of real data named by TRUSTSCORE_DATA; the test skips without it."""
    named = os.environ.get("TRUSTSCORE_DATA")
    if not named:
        pytest.skip("TRUSTSCORE_DATA names no folder of real data")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"TRUSTSCORE_DATA names {named!r}, which is not a folder")
    return folder
