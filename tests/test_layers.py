"""The stair of CONTRIBUTING.md: imports run downward, neighbours do not know each other."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "trustscore"

# Floors from the ground up. The names of one line do not import each other.
FLOORS = [
    {"errors"},
    {"words", "scratch"},
    {"scorecard"},
    {"evidence", "curves", "aggregate", "rules", "tiers", "outcomes"},
    {"scoring"},
    {"boost", "export", "simulate"},
    {"explain", "audit", "fitting", "ranking_eval", "rights"},
    {"tables"},
    {"spark"},
    {"commands", "estimator", "report"},
    {"__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
NEIGHBOURS = {("export", "boost")}
# From boost down a Spark worker or a ranking service must load fast.
LIGHT_UP_TO = FLOOR["boost"]
LIGHT_PACKAGES = {"numpy", "pydantic", "trustscore"} | set(sys.stdlib_module_names)


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


def faults(path: Path, source: str) -> Iterator[str]:
    room = room_of(path)
    package = ("trustscore", *path.relative_to(PACKAGE).parent.parts)
    for line, module in imports(source, package):
        top, _, rest = module.partition(".")
        where = f"{path.relative_to(PACKAGE.parent)}:{line} imports {module}"
        if FLOOR[room] <= LIGHT_UP_TO and top not in LIGHT_PACKAGES:
            yield f"{where}: this floor has numpy and pydantic only"
        target = rest.partition(".")[0]
        if top != "trustscore" or target in ("", "__version__", room):
            continue
        if target not in FLOOR:
            yield f"{where}: an unknown room (import from the room, not from the lazy package)"
        elif FLOOR[target] >= FLOOR[room] and (room, target) not in NEIGHBOURS:
            yield f"{where}: not below {room}"


SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_downward(path):
    assert room_of(path) in FLOOR, "a new room needs its floor here and in CONTRIBUTING.md"
    assert list(faults(path, path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("room", "source", "fault"),
    [
        ("curves.py", "from trustscore.scoring import score_columns", "not below curves"),
        ("curves.py", "from trustscore import scoring", "not below curves"),
        ("curves.py", "from trustscore.rules import fired", "not below curves"),
        ("curves.py", "def f():\n    from .scoring import score_columns", "not below curves"),
        ("curves.py", "import trustscore.scoring", "not below curves"),
        ("boost/table.py", "import pandas as pd", "numpy and pydantic only"),
        ("boost/table.py", "from ..export import sql", "not below boost"),
        ("boost/table.py", "def f():\n    from scipy.special import erf", "numpy and pydantic"),
        ("tables/frame.py", "from trustscore import score_frame", "an unknown room"),
        ("tables/frame.py", "from trustscore.spark import scorer", "not below tables"),
    ],
)
def test_a_step_upward_is_seen(room, source, fault):
    assert [fault in text for text in faults(PACKAGE / room, source)] == [True]


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("export/sql.py", "from trustscore.boost import BoostPolicy"),
        ("spark/scorer.py", "from trustscore.tables import parse_block\nimport pyspark"),
        ("boost/table.py", "import numpy as np\nfrom . import policy\nfrom ..scoring import x"),
        ("scoring/kernel.py", "import math\nfrom trustscore import __version__, curves"),
    ],
)
def test_a_step_downward_is_allowed(room, source):
    assert list(faults(PACKAGE / room, source)) == []
