"""What a binary may not hide: its source's examples, and that it is not that source's."""

import doctest
import inspect

import pytest

from tests.both_ways import as_python, compiled_modules
from trustscore.compiled import refuse_stale

MODULES = compiled_modules()


@pytest.mark.skipif(not MODULES, reason="nothing is compiled here")
@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_compiled_module_hold(name):
    # pytest collects no examples from binaries.
    module = as_python(name)
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert found.failed == 0
    assert found.attempted or ">>>" not in inspect.getsource(module)


@pytest.mark.parametrize("name", MODULES)
def test_a_compiled_module_is_as_new_as_its_source(name):
    refuse_stale(name)
