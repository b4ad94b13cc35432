"""Where the preset files are: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trustscore.scorecard.faults import suggest

_NO_SCORECARDS = {
    "boost": "boost policy",
    "detect": "settings of detectors",
    "lexicon": "lexicon of texts",
}
# Definitions of signals are called signals.toml and NAME_signals.toml.
_DEFINITIONS = "signals"
_PACKAGE = Path(__file__).resolve().parent.parent


def preset_folder() -> Path:
    """Return the folder that holds the preset TOML files."""
    inside = _PACKAGE / "configs"
    return inside if inside.is_dir() else _PACKAGE.parent / "configs"


def preset_names() -> list[str]:
    """Return the names of the presets, scorecards and policies, sorted."""
    return sorted(path.stem for path in preset_folder().glob("*.toml"))


def scorecard_names() -> list[str]:
    """Return the names of the presets that are scorecards, sorted.

    Examples
    --------
    >>> scorecard_names()
    ['default', 'minimal', 'olist']
    """
    return [
        name
        for name in preset_names()
        if name not in _NO_SCORECARDS and not name.endswith(_DEFINITIONS)
    ]


def preset_kind(name: str) -> str:
    """Return what a preset is: ``scorecard``, ``policy``, ``definitions`` and so on.

    Examples
    --------
    >>> preset_kind("minimal"), preset_kind("boost"), preset_kind("olist_signals")
    ('scorecard', 'boost policy', 'definitions of signals')
    """
    if name.endswith(_DEFINITIONS):
        return "definitions of signals"
    return "scorecard" if name in scorecard_names() else _NO_SCORECARDS.get(name, name)


def find(name_or_path: str | Path, offered: Sequence[str] | None = None) -> Path:
    """Return the file of a preset name or of a path.

    A bare word is a preset; anything with a separator or a suffix is a path.

    Parameters
    ----------
    name_or_path : str or Path
    offered : sequence of str, optional
        The presets to name when it is none of them; all by default.

    Raises
    ------
    FileNotFoundError
        With the near and the known presets in the message.
    """
    text = str(name_or_path)
    path = Path(name_or_path)
    bare = path.name == text and not path.suffix
    if bare and text in preset_names():
        return preset_folder() / f"{text}.toml"
    if path.is_file():
        return path
    if path.exists():
        raise FileNotFoundError("must be an ordinary file, not a folder, pipe, socket or device")
    known = preset_names() if offered is None else offered
    raise FileNotFoundError(
        f"no such file and no preset of that name{suggest(text, known)}"
        f" (presets: {', '.join(known)})"
    )
