"""The page on the boost runs as it stands."""

import doctest


def test_the_examples_of_the_boost_page_run(repository):
    path = repository / "docs" / "user_guide" / "boost.md"
    found = doctest.testfile(str(path), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 10
    assert found.failed == 0
