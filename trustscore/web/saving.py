"""A changed scorecard as a TOML file: comments kept, shown as a diff first, validated, written."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from trustscore.atomic_file import AtomicFile
from trustscore.errors import InputError, ScorecardError
from trustscore.scorecard.documents import MOST_BYTES
from trustscore.web.knobs import as_written, place_of

__all__ = ["diff_of", "edited", "existing", "next_version", "suggested_name", "target", "write"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.toml")
# What Windows takes for devices, whatever the suffix.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def edited(text: str, edits: Mapping[str, float], version: str) -> str:
    r"""Return the text of a scorecard with other figures and another version.

    Examples
    --------
    >>> edited(
    ...     'version = "1.0"  # old\n[dimensions]\na = { weight = 1 }\n',
    ...     {"dimensions.a.weight": 0.5},
    ...     "1.1",
    ... )
    'version = "1.1"  # old\n[dimensions]\na = { weight = 0.5 }\n'
    """
    document: Any = tomlkit.parse(text)
    for address, value in edits.items():
        table, key = place_of(document, address)
        table[key] = as_written(value, _plain(table.get(key)))
    document["version"] = version
    return str(tomlkit.dumps(document))


def _plain(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item


def next_version(version: str) -> str:
    """Return the version that a changed scorecard might have.

    Examples
    --------
    >>> next_version("1.4.2"), next_version("3"), next_version("2026-spring")
    ('1.5.0', '4', '2026-spring-2')
    """
    whole = re.fullmatch(r"(\d+)\.(\d+)(\.\d+)?", version)
    if whole:
        return f"{whole[1]}.{int(whole[2]) + 1}{'.0' if whole[3] else ''}"
    if version.isdecimal() and version.isascii():
        return str(int(version) + 1)
    last = re.fullmatch(r"(.*-)(\d{1,6})", version)
    return f"{last[1]}{int(last[2]) + 1}" if last else f"{version}-2"


def suggested_name(name: str, version: str) -> str:
    """Return a file name for a scorecard."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{name}-{version}").strip("-.")
    return f"{plain[:90] or 'scorecard'}.toml"


def diff_of(old: str, new: str, name: str) -> list[str]:
    """Return the lines of a unified diff."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), "as it was", name, lineterm="", n=2
    )
    return list(lines)


def target(folder: Path, name: str) -> Path:
    """Return the file of a name in a folder, and nowhere else.

    Raises
    ------
    InputError
        When the name is none of a TOML file in that folder.
    """
    if not _NAME.fullmatch(name) or ".." in name or _DEVICES.fullmatch(name):
        raise InputError(
            f"file name: must be letters, digits, points, dashes and underscores and end in .toml,"
            f" at most 105 of them. Got {name[:200]!r}"
        )
    path = folder / name
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return path
    if not stat.S_ISREG(mode):
        raise InputError(
            f"file name: {name} is a link, a folder or a device, not an ordinary file: choose"
            " another name"
        )
    return path


def existing(path: Path) -> str:
    """Return the SHA-256 of the file that stands there, empty when none does."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return ""
    with os.fdopen(handle, "rb") as file:
        raw = file.read(MOST_BYTES + 1)
        return hashlib.sha256(raw).hexdigest() + (f"+{os.fstat(handle).st_size}" if raw else "")


def write(path: Path, text: str, replaces: str) -> None:
    """Write a file, complete or not at all.

    Parameters
    ----------
    path : Path
        From `target`.
    text : str
    replaces : str
        What `existing` said when the person agreed: empty for a new file.

    Raises
    ------
    InputError
        When another file stands there by now.
    """
    if existing(path) != replaces:
        raise InputError(
            f"{path.name}: "
            + ("is no longer the file that was shown" if replaces else "exists already")
            + ": nothing was written; look at the changes again, then agree to replace it"
        )
    with AtomicFile(path) as file:
        file.write(text.encode())
        file.commit()


def same_scores(saved: Any, shown: Any) -> None:
    """Refuse a text that is another scorecard than the one whose figures were shown."""
    if saved.sha256 != shown.sha256:
        raise ScorecardError(
            "the file would be another scorecard than the one on the page, so it is not written:"
            " edit the file by hand"
        )
