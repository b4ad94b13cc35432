"""The stair of CONTRIBUTING.md: imports run downward, neighbours do not know each other."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "trustscore"

# Floors from the ground up. The names of one line do not import each other.
FLOORS = [
    {"errors", "lazy", "typing", "compiled", "uncompiled", "temporary_names"},
    {"atomic_file", "ordinary_file", "joins"},
    {"words", "text_table", "run_summary"},
    {"notebook"},
    {"scorecard", "logs"},
    {"auc", "outcomes"},
    {"scoring"},
    {"boost"},
    {"lexicon"},
    {"io"},
    {"export", "simulate", "starting"},
    {"signals"},
    {"detect"},
    {"audit", "fitting", "evaluation", "explain", "compare", "drift"},
    {"rights", "lines"},
    {"batch"},
    {"spark", "report"},
    {"web", "letters"},
    {"commands", "estimator"},
    {"__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# A room's core takes blocks. These modules of a room stand between it and files, frames or people:
# they may import `io`, pyarrow, pandas and a plotting or template library.
SHELLS = {"files", "frame", "page", "plots"}
OUTSIDE = {"io", "batch", "spark", "commands", "estimator", "web", "__main__"}
HEAVY = {"pyarrow", "pandas", "matplotlib", "jinja2", "narwhals"}
# From boost down a Spark worker or a ranking service must load fast.
LIGHT_UP_TO = FLOOR["boost"]
LIGHT_PACKAGES = {"numpy", "pydantic", "cython", "trustscore"} | set(sys.stdlib_module_names)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(source: str, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Every imported module, at the top or in a function, with its line; typing-only ones too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*start, *filter(None, [node.module])))
            # `from trustscore import scoring` names the room only after the import keyword.
            submodules = module == "trustscore"
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}" if submodules else module


def is_shell(path: Path) -> bool:
    """Whether a module is a room's shell: ``files.py``, or a module of a folder ``files/``."""
    inside = path.relative_to(PACKAGE).with_suffix("").parts[1:]
    return bool(SHELLS.intersection(inside))


def faults(path: Path, source: str) -> Iterator[str]:
    room = room_of(path)
    package = ("trustscore", *path.relative_to(PACKAGE).parent.parts)
    shell = is_shell(path)
    for line, module in imports(source, package):
        top, _, rest = module.partition(".")
        where = f"{path.relative_to(PACKAGE.parent)}:{line} imports {module}"
        if FLOOR[room] <= LIGHT_UP_TO and not shell and top not in LIGHT_PACKAGES:
            yield f"{where}: this floor has numpy and pydantic only"
        target = rest.partition(".")[0]
        if room not in OUTSIDE and not shell and (top in HEAVY or target == "io"):
            yield f"{where}: only {', '.join(sorted(SHELLS))} of a room may"
        if top != "trustscore" or target in ("", "__version__", room):
            continue
        if target not in FLOOR:
            yield f"{where}: an unknown room (import from the room, not from the lazy package)"
        elif FLOOR[target] >= FLOOR[room] and not (shell and target == "io"):
            yield f"{where}: not below {room}"


SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_downward(path):
    assert room_of(path) in FLOOR, "a new room needs its floor here and in CONTRIBUTING.md"
    assert list(faults(path, path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("room", "source", "fault"),
    [
        ("words.py", "from trustscore.scoring import score_columns", "not below words"),
        ("words.py", "from trustscore import scoring", "not below words"),
        ("words.py", "def f():\n    from .scoring import score_columns", "not below words"),
        ("words.py", "import trustscore.scoring", "not below words"),
        ("boost/table.py", "import scipy", "numpy and pydantic only"),
        ("boost/table.py", "from ..export import sql", "not below boost"),
        ("boost/files/log.py", "from trustscore.export import sql", "not below boost"),
        ("boost/table.py", "def f():\n    from scipy.special import erf", "numpy and pydantic"),
        ("audit/run.py", "import pandas", "only files, frame, page, plots"),
        ("audit/run.py", "from trustscore.io.cells import read", "only files, frame, page"),
        ("audit/run.py", "from trustscore.fitting import fit", "not below audit"),
        ("batch/frame.py", "from trustscore import score_frame", "an unknown room"),
        ("batch/frame.py", "from trustscore.spark import scorer", "not below batch"),
    ],
)
def test_a_step_upward_is_seen(room, source, fault):
    assert [fault in text for text in faults(PACKAGE / room, source)] == [True]


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("export/sql/boost.py", "from trustscore.boost import BoostPolicy"),
        ("spark/scorer.py", "from trustscore.io.cells import read\nimport pyspark"),
        ("boost/files/log.py", "from trustscore.io.blocks import read_blocks\nimport pyarrow"),
        ("audit/files.py", "from trustscore.io.blocks import read_blocks\nimport pyarrow"),
        ("audit/plots.py", "import matplotlib"),
        ("boost/table.py", "import numpy as np\nfrom . import policy\nfrom ..scoring import x"),
        ("scoring/kernel.py", "import math\nimport cython\nfrom trustscore import __version__"),
    ],
)
def test_a_step_downward_is_allowed(room, source):
    assert list(faults(PACKAGE / room, source)) == []
