"""Inputs that must be ordinary files, because they are read twice or mapped into memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from trustscore.errors import InputError

__all__ = ["require_ordinary"]


def require_ordinary(path: str | Path) -> None:
    """Raise InputError for a pipe, which would wait for ever, a device, a socket or a folder.

    Raises
    ------
    OSError
        When there is nothing of that name.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise InputError(f"{path}: must be an ordinary file, not a folder, pipe, socket or device")
