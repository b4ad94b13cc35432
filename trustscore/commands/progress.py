"""The progress bar of every command that can take longer than two seconds."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from trustscore.commands.messages import visible

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from trustscore.typing import Progress

__all__ = ["is_terminal", "progress_bar"]

# Seconds: shorter work shows no bar, and rich is not even loaded.
_PATIENCE = 0.5
_BETWEEN_DRAWINGS = 0.2


@contextmanager
def progress_bar(quiet: bool, out: str | None = None) -> Iterator[Progress]:
    """Yield a callback that draws a bar on standard error, and clear the bar at the end.

    Nothing is drawn when `quiet`, when standard error is no terminal, or when the output itself
    goes to the terminal (`out` is ``-``).

    Examples
    --------
    >>> with progress_bar(quiet=True) as progress:
    ...     progress("reading", 0.5)
    """
    if quiet or not is_terminal(sys.stderr) or (out == "-" and is_terminal(sys.stdout)):
        from trustscore.typing import silent

        yield silent
        return
    bar = _Bar()
    try:
        yield bar.show
    finally:
        bar.close()


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is open and a terminal."""
    # Python sets a stream that is closed at the start to None.
    return stream is not None and stream.isatty()


class _Bar:
    """One line: the step, the share done, rows and rows a second, and the time left.

    The line is drawn by the caller's thread, when there is something new to show.
    """

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._drawn = -math.inf
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._step = ""
        # A step is first heard of when some of it is done: it began with the call before.
        self._step_begun = self._last_call = self._begun

    def show(self, step: str, share: float, rows: int = 0, /) -> None:
        """Draw the line anew, at most five times a second."""
        now = time.monotonic()
        # It may hold the name of a file.
        step = visible(step)
        changed = step != self._step
        if changed:
            self._step, self._step_begun = step, self._last_call
        self._last_call = now
        if now - self._begun < _PATIENCE:
            return
        if not changed and now - self._drawn < _BETWEEN_DRAWINGS:
            return
        self._drawn = now
        seconds = now - self._step_begun
        details = []
        if not math.isnan(share):
            details.append(f"{min(share, 1.0):4.0%}")
        if rows:
            details.append(f"{rows:,} rows")
            if seconds > 0:
                details.append(f"{rows / seconds:,.0f} rows/s")
        self._draw(step, share, ", ".join(details), restart=changed)

    def _draw(self, step: str, share: float, details: str, *, restart: bool) -> None:
        if self._bar is None:
            self._bar = _new_bar()
            self._bar.start()
        known = not math.isnan(share)
        state: dict[str, Any] = {
            "total": 1.0 if known else None,
            "completed": min(share, 1.0) if known else 0.0,
            "details": details,
        }
        if self._task is not None and restart:
            self._bar.remove_task(self._task)
            self._task = None
        if self._task is None:
            self._task = self._bar.add_task(step, **state)
        else:
            self._bar.update(self._task, **state)
        self._bar.refresh()

    def close(self) -> None:
        """Clear the line."""
        if self._bar is not None:
            self._bar.stop()


def _new_bar() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[details]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
