import pickle

import pytest

from trustscore.errors import InputError, PolicyError, ScorecardError, TrustscoreError


def test_the_message_lists_every_fault_below_the_summary():
    error = ScorecardError("2 faults", ["name: missing", "index.rho: too large"])
    assert str(error) == "2 faults\n  name: missing\n  index.rho: too large"
    assert error.faults == ["name: missing", "index.rho: too large"]


def test_a_single_line_is_its_own_fault():
    error = InputError("export.csv is empty")
    assert str(error) == "export.csv is empty"
    assert error.faults == ["export.csv is empty"]


def test_faults_may_come_from_a_generator():
    assert PolicyError("s", (f"f{i}" for i in range(2))).faults == ["f0", "f1"]


@pytest.mark.parametrize("kind", [TrustscoreError, ScorecardError, PolicyError, InputError])
@pytest.mark.parametrize("faults", [[], ["a", "b"]])
def test_errors_cross_process_borders_whole(kind, faults):
    error = kind("summary", faults)
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (str(back), back.faults) == (str(error), error.faults)
    assert isinstance(back, TrustscoreError)
