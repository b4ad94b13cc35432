"""A text file that people will edit: complete or absent, and never over one that is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trustscore.atomic_file import AtomicFile, is_plain, utf8
from trustscore.errors import InputError
from trustscore.io.refuse_overwrite import refuse_inputs

__all__ = ["refuse_existing", "write_new"]


def refuse_existing(
    path: str | Path, *, suffix: str, force: bool, inputs: Iterable[Any] = ()
) -> None:
    """Raise InputError when a file must not be written: before the work, not after it.

    Parameters
    ----------
    path : str or Path
        ``-`` is standard output.
    suffix : str
        That its name must have.
    force : bool
        Whether a file that is there may be replaced.
    inputs : iterable
        Files that are read; these are not replaced with force either.
    """
    if str(path) == "-" or not is_plain(path):
        return
    if Path(path).suffix.lower() != suffix:
        raise InputError(
            f"output: must end in {suffix}, as that is what is written, or be -. Got {path}"
        )
    refuse_inputs([path], inputs)
    if Path(path).exists() and not force:
        raise InputError(
            f"{path}: is there already, and may hold work of yours; write to a file of another"
            " name, or give `force`"
        )


def write_new(
    path: str | Path, text: str, *, suffix: str, force: bool = False, inputs: Iterable[Any] = ()
) -> None:
    """Write a text to a file that is not there yet.

    Parameters are those of `refuse_existing`, and the text.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.toml")
    ...     write_new(path, "a = 1", suffix=".toml")
    ...     write_new(path, "a = 2", suffix=".toml")
    Traceback (most recent call last):
    ...
    trustscore.errors.InputError: ...mine.toml: is there already, ...
    """
    refuse_existing(path, suffix=suffix, force=force, inputs=inputs)
    with AtomicFile(path) as file:
        file.write(utf8(text))
        file.commit()
