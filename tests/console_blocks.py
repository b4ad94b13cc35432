"""Run the console and Python blocks of a page, in order, in one folder."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the language and the text of each fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def run_console(text: str, folder: Path) -> list[str]:
    """Run each ``$ command`` and return where what it printed is not what stands below it."""
    faults = []
    scripts = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "PYTHONWARNINGS": "error",
    }
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\")) + 1
        command, expected = "\n".join(lines[:end]), "\n".join([*lines[end:], ""])
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        right = doctest.OutputChecker().check_output(expected, done.stdout, FLAGS)
        if done.returncode or not right:
            faults.append(f"$ {command}\nexit {done.returncode}, printed:\n{done.stdout}")
    return faults
