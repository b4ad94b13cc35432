"""Real lists with real labels, sellers attached: the benchmark runs and keeps the promises."""

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.data
def test_the_boost_keeps_its_promises_on_letor(trustscore_data, repository, tmp_path):
    script = repository / "benchmarks" / "letor_boost.py"
    done = subprocess.run(
        [sys.executable, str(script), str(trustscore_data), str(tmp_path), "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "eval" / "metrics.json").read_text())
    boost = found["methods"]["boost"]
    assert found["facts"]["lists"] == 78
    assert 0 < boost["loss_worst@10"]["value"] < 1 - found["bound"]
    assert boost["promoted_exposure@10"]["change"] > 0
    # A model that ranks: far above what a random order gets on these labels.
    assert found["methods"]["none"]["label_ndcg@10"]["value"] > 0.5
