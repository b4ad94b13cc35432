"""Where the preset files are: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def preset_folder() -> Path:
    """Return the folder that holds the preset TOML files."""
    inside = _PACKAGE / "configs"
    return inside if inside.is_dir() else _PACKAGE.parent / "configs"


def preset_names() -> list[str]:
    """Return the names of the presets, sorted."""
    return sorted(path.stem for path in preset_folder().glob("*.toml"))


def find(name_or_path: str | Path) -> Path:
    """Return the file of a preset name or of a path.

    A bare word is a preset; anything with a separator or a suffix is a path.

    Raises
    ------
    FileNotFoundError
        With the known presets in the message.
    """
    text = str(name_or_path)
    path = Path(name_or_path)
    bare = path.name == text and not path.suffix
    if bare and text in preset_names():
        return preset_folder() / f"{text}.toml"
    if path.is_file():
        return path
    known = ", ".join(preset_names())
    raise FileNotFoundError(f"{text}: no such file and no preset of that name (presets: {known})")
