"""Sources whose examples pytest cannot import.

Where a binary lies beside its source, `tests/test_compiled.py` runs the examples. Reading what
texts say and the server of the workbench need an extra.
"""

from importlib.util import find_spec

from tests.both_ways import PACKAGE, compiled_modules

collect_ignore = [
    str(PACKAGE.parent.joinpath(*name.split(".")).with_suffix(".py")) for name in compiled_modules()
]
if not all(map(find_spec, ("ahocorasick_rs", "opencc", "pypinyin"))):
    collect_ignore.append(str(PACKAGE / "lexicon"))
if find_spec("fastapi") is None:
    collect_ignore.append(str(PACKAGE / "web" / "server.py"))
