"""Compile the loops of trustscore where there is a C compiler; without one they run as Python.

Everything else about the package stands in pyproject.toml.
"""

import hashlib
import json
import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
# Modules in Cython's pure Python mode: each is an ordinary Python file that can be compiled.
COMPILED = [
    "trustscore.boost.id_loops",
    "trustscore.io.bounds",
    "trustscore.io.csv_cells",
    "trustscore.io.csv_lines",
    "trustscore.io.id_table",
    "trustscore.scoring.kernel",
]
# No fused multiply-add: the same bits on every processor, compiled or not.
C_FLAGS = ["/O2"] if os.name == "nt" else ["-O3", "-ffp-contract=off", "-fno-math-errno"]


def source_of(module: str) -> str:
    return module.replace(".", "/") + ".py"


class Build(build_ext):
    """Compile what can be compiled, and write down from which sources."""

    def run(self) -> None:
        super().run()
        built = {}
        for module in COMPILED:
            if Path(self.get_ext_fullpath(module)).is_file():
                built[module] = hashlib.sha256((HERE / source_of(module)).read_bytes()).hexdigest()
        package = Path(self.get_ext_fullpath("trustscore.compiled")).parent
        package.mkdir(parents=True, exist_ok=True)
        (package / "compiled.json").write_text(json.dumps(built, indent=2) + "\n")


extensions = cythonize(
    [Extension(module, [source_of(module)], extra_compile_args=C_FLAGS) for module in COMPILED],
    build_dir="build",
    language_level=3,
)
for extension in extensions:
    # Where it cannot be compiled the module stays a Python file, and the install goes on.
    extension.optional = True
setup(
    # The presets live in configs/ where people edit them; the wheel carries them in the package.
    packages=[*find_packages(include=["trustscore", "trustscore.*"]), "trustscore.configs"],
    package_dir={"trustscore.configs": "configs"},
    ext_modules=extensions,
    cmdclass={"build_ext": Build},
)
