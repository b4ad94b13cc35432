"""The compiled loops and their sources: the same bits, and no stale binary."""

import doctest
import inspect
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tests.both_ways import as_python, compiled_modules
from tests.scoring.cards import deep_card, random_block
from trustscore import compiled
from trustscore.scoring import rows, score, score_columns


@pytest.mark.parametrize("power", [1.0, 0.5, 0.0, -0.5, -1.0])
def test_compiled_and_uncompiled_give_the_same_bits(power, monkeypatch):
    card = deep_card(power)
    block = random_block(card, 40, seed=11)
    fast = score_columns(block, card, "all")
    slow_kernel = as_python("trustscore.scoring.kernel")
    assert not slow_kernel.COMPILED
    from trustscore.scoring import tables

    for module in (score, rows, tables):
        monkeypatch.setattr(module, "kernel", slow_kernel)
    monkeypatch.setattr(rows, "tables_of", tables.tables_of.__wrapped__)
    slow = score_columns(block, card, "all")
    for name in ("trust_index", "index_se", "coverage", "prior_index", "raw_index"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name), err_msg=name)
    for name in ("utility", "reliability", "value", "gained", "lost", "fired", "reason_signal"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name), err_msg=name)
    for name in ("status_code", "tier_code", "veto_code"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name), err_msg=name)


def test_a_binary_of_another_source_is_refused(repository, tmp_path):
    binary = compiled.binary_of("trustscore.scoring.kernel")
    if binary is None:
        pytest.skip("nothing is compiled here")
    shutil.copytree(
        repository / "trustscore", tmp_path / "trustscore", ignore=shutil.ignore_patterns("*.pyc")
    )
    shutil.copytree(repository / "configs", tmp_path / "configs")
    source = tmp_path / "trustscore" / "scoring" / "kernel.py"
    source.write_text(source.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    run = [sys.executable, "-c", "import trustscore.scoring"]
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(run, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"kernel.py was changed after {tmp_path}" in done.stderr
    assert "pip install -e ." in done.stderr
    (tmp_path / "trustscore" / "scoring" / binary.name).unlink()
    done = subprocess.run(run, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", compiled_modules())
def test_every_binary_here_is_of_the_source_beside_it(name):
    compiled.refuse_stale(name)


@pytest.mark.parametrize("name", compiled_modules())
def test_the_examples_of_a_compiled_module_hold(name):
    # pytest collects no examples from binaries.
    module = as_python(name)
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert found.failed == 0
    assert found.attempted or ">>>" not in inspect.getsource(module)


def test_an_uncompiled_run_says_once_that_it_is_slow():
    notice = compiled.Notice(is_compiled=False)
    notice.add(4000)
    with pytest.warns(compiled.SlowWarning, match="about a hundred times slower"):
        notice.add(4000)
    notice.add(10_000)
    compiled.Notice(is_compiled=True).add(10**9)
