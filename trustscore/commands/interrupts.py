"""SIGTERM and SIGHUP end a command as Ctrl-C does, so that its unfinished files are removed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ends_as_interrupts"]

# Windows has no SIGHUP.
_ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def ends_as_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM and SIGHUP, so that ``finally`` blocks run.

    A signal that is ignored, as SIGHUP is under nohup, stays ignored. Outside the main thread,
    where Python takes no signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {end: signal.getsignal(end) for end in _ENDS}
    heard = [end for end in _ENDS if before[end] != signal.SIG_IGN]

    def interrupt(number: int, frame: FrameType | None) -> None:
        # A second signal must not cut short the clean-up that the first one began: a closing
        # session sends both.
        for end in heard:
            signal.signal(end, signal.SIG_IGN)
        raise KeyboardInterrupt

    for end in heard:
        signal.signal(end, interrupt)
    try:
        yield
    finally:
        for end in heard:
            # None stands for a handler that was not installed from Python.
            signal.signal(end, before[end] or signal.SIG_DFL)
