"""Where a binary lies beside its source, pytest cannot import the source for its examples.

`tests/test_compiled.py` runs these.
"""

from tests.both_ways import PACKAGE, compiled_modules

collect_ignore = [
    str(PACKAGE.parent.joinpath(*name.split(".")).with_suffix(".py")) for name in compiled_modules()
]
