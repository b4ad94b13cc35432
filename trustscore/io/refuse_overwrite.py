"""Outputs that are no inputs: nobody's scorecard is lost to the file made from it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trustscore.errors import InputError
from trustscore.io.atomic_files import same_file

__all__ = ["outputs_of_one_name", "refuse_inputs"]


def refuse_inputs(outputs: Iterable[str | Path], inputs: Iterable[Any]) -> None:
    """Raise InputError when a file that is read would be written over.

    Parameters
    ----------
    outputs : iterable of str or Path
    inputs : iterable
        Paths; whatever else was given (None, a preset's name, a loaded scorecard, ``-``) is no
        file and may share a name with an output.

    Examples
    --------
    >>> import tempfile
    >>> refuse_inputs(["default"], ["default", None, "-"])
    >>> with tempfile.NamedTemporaryFile(suffix=".toml") as mine:
    ...     refuse_inputs([mine.name], [mine.name])
    Traceback (most recent call last):
    ...
    trustscore.errors.InputError: inputs and outputs must be different files. ...
    """
    read = [path for path in inputs if isinstance(path, (str, Path)) and Path(path).exists()]
    for out in outputs:
        if any(same_file(path, out) for path in read):
            raise InputError(
                f"inputs and outputs must be different files. {out} is also an input: write to a "
                "file of another name"
            )


def outputs_of_one_name(outputs: Iterable[str | Path]) -> list[str]:
    """Return the fault of outputs of which two would be one file; empty where none would.

    Examples
    --------
    >>> outputs_of_one_name(["a.csv", "./a.csv"]), outputs_of_one_name(["a.csv", "b.csv", "-"])
    (['two outputs have one name: a.csv, ./a.csv'], [])
    """
    given = [str(path) for path in outputs]
    places = {path if path == "-" else str(Path(path).resolve()) for path in given}
    return [] if len(places) == len(given) else [f"two outputs have one name: {', '.join(given)}"]
