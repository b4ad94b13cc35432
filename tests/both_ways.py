"""The compiled modules as they are compiled, and as the Python that they are compiled from."""

import importlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).resolve().parent.parent / "trustscore"


def as_python(name: str) -> ModuleType:
    """Load the source of a module under another name, so that no binary is taken for it."""
    path = PACKAGE.parent.joinpath(*name.split(".")).with_suffix(".py")
    spec = importlib.util.spec_from_file_location(f"{name}_as_python", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def both_ways(name: str) -> list[ModuleType]:
    """The module as `import` finds it, and as Python: twice the same where it is not compiled."""
    return [importlib.import_module(name), as_python(name)]


def compiled_modules() -> list[str]:
    """Names of the modules that were compiled here."""
    built = PACKAGE / "compiled.json"
    return sorted(json.loads(built.read_text())) if built.is_file() else []
