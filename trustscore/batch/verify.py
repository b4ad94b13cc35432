"""Whether the files of a run are still those that its manifest speaks of."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from trustscore.errors import InputError
from trustscore.scorecard.documents import parse_document, read_document

__all__ = ["Verified", "verify_manifest"]


class Verified(NamedTuple):
    """A file of a manifest.

    Attributes
    ----------
    what : str
        ``input``, or which output it is.
    path : str
        As the manifest names it.
    fault : str
        What is wrong with it, or an empty string.
    """

    what: str
    path: str
    fault: str


def verify_manifest(manifest: str | Path) -> list[Verified]:
    """Compare the inputs and outputs of a run with the sizes and hashes in its manifest.

    A file is looked for under the name that the manifest has, from the working folder, and else
    beside the manifest.

    Parameters
    ----------
    manifest : str or Path

    Returns
    -------
    list of Verified
        One a file that has a hash.

    Raises
    ------
    InputError
        When it is no manifest of `trustscore score`, or its outputs have no hashes.
    """
    try:
        raw = read_document(Path(manifest))
    except OSError as error:
        raise InputError(f"{manifest}: {error.args[-1]}") from None
    data = parse_document(raw, str(manifest), as_json=True, error=InputError)
    found = [
        Verified(what, str(entry["path"]), _fault(entry, Path(manifest).parent))
        for what, entry in _entries(data)
    ]
    if not any(one.what != "input" for one in found):
        raise InputError(f"{manifest}: is no manifest that holds the hashes of its outputs")
    return found


def _entries(data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what a manifest says of each file that it has a hash of."""
    if not isinstance(data, dict):
        return
    inputs, outputs = data.get("inputs"), data.get("outputs")
    named = [("input", entry) for entry in inputs] if isinstance(inputs, list) else []
    named += list(outputs.items()) if isinstance(outputs, dict) else []
    for what, entry in named:
        # The standard input is gone.
        if isinstance(entry, dict) and {"path", "sha256"} <= {*entry} and entry["path"] != "-":
            yield what, entry


def _fault(entry: Mapping[str, Any], beside: Path) -> str:
    path = Path(str(entry["path"]))
    try:
        if not path.exists():
            path = beside / path.name
        if not stat.S_ISREG(path.stat().st_mode):
            return "is no ordinary file"
        if path.stat().st_size != entry.get("size"):
            return f"has {path.stat().st_size} bytes, not {entry.get('size')}"
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return str(error.strerror)
    except ValueError:
        return "has a name that cannot be one"
    return "" if digest == entry["sha256"] else "has other content"
