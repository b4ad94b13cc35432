"""Workers that turn pieces into results, in order.

The work is a hundred short numpy calls after another, and threads spend more time
handing the interpreter lock to each other than computing; so the workers are
processes. Where the system can fork they start at once and share the piece's bytes
with the parent; elsewhere joblib starts them.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["Task", "can_fork", "ordered"]

# A piece larger than this, which is one giant record, is worked on by the parent.
_SLOT = 4 << 20
# A second piece waits while the first is worked on.
_AHEAD = 2
_ADVICE = "it may have run out of memory: try fewer `jobs`"


class Task(NamedTuple):
    """Bytes to work on, and what else the worker must know."""

    data: bytes
    note: Any


def can_fork() -> bool:
    """Return whether forking is safe: on Linux, in a process with one Python thread."""
    return sys.platform == "linux" and threading.active_count() == 1


def ordered(
    work: Callable[[bytes | memoryview, Any], Any], tasks: Iterable[Task], jobs: int
) -> Iterator[Any]:
    """Apply a function to tasks in several processes and yield the results in order.

    Parameters
    ----------
    work : callable
        Takes the bytes and the note of a task.
    tasks : iterable of Task
        Read no further ahead than the workers need.
    jobs : int

    Examples
    --------
    >>> list(ordered(lambda data, note: bytes(data) * note, [Task(b"a", 2), Task(b"b", 3)], 2))
    [b'aa', b'bbb']
    """
    if can_fork():
        return _forked(work, tasks, jobs)
    return _started(work, tasks, jobs)


def _started(work: Callable[..., Any], tasks: Iterable[Task], jobs: int) -> Iterator[Any]:
    from concurrent.futures.process import BrokenProcessPool

    from joblib import Parallel, delayed

    run = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch=_AHEAD * jobs)
    try:
        yield from run(delayed(work)(task.data, task.note) for task in tasks)
    except BrokenProcessPool:
        raise OSError(f"a worker process died; {_ADVICE}") from None


class _Worker:
    """One forked process, its pipe, and the memory it shares with the parent."""

    def __init__(self, work: Callable[..., Any], others: list[_Worker]) -> None:
        context = multiprocessing.get_context("fork")
        self.slots = [mmap.mmap(-1, _SLOT) for _ in range(_AHEAD)]
        self.turn = 0
        self.pipe, theirs = context.Pipe()
        ends = [other.pipe for other in others] + [self.pipe]
        self.process = context.Process(
            target=_serve, args=(work, theirs, self.slots, ends), daemon=True
        )
        with warnings.catch_warnings():
            # Libraries keep idle threads of their own; none of them is in a call now.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()

    def send(self, task: Task) -> None:
        # Only this short note goes through the pipe, so sending never waits for the worker.
        size = len(task.data)
        self.slots[self.turn][:size] = task.data
        try:
            self.pipe.send((self.turn, size, task.note))
        except (BrokenPipeError, ConnectionResetError):
            raise self._death() from None
        self.turn = (self.turn + 1) % _AHEAD

    def receive(self) -> Any:
        try:
            result, error = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            raise self._death() from None
        if error is not None:
            raise error
        return result

    def _death(self) -> OSError:
        self.process.join(1)
        return OSError(f"a worker process died (exit code {self.process.exitcode}); {_ADVICE}")

    def stop(self) -> None:
        self.pipe.close()
        self.process.terminate()
        self.process.join()
        for slot in self.slots:
            slot.close()


def _serve(work: Callable[..., Any], pipe: Any, slots: list[mmap.mmap], ends: list[Any]) -> None:
    # The terminal sends an interrupt to all; the parent decides what comes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # Were these left open here, the end of the parent would go unnoticed.
    for end in ends:
        end.close()
    try:
        while True:
            slot, size, note = pipe.recv()
            try:
                answer: tuple[Any, Exception | None] = (work(slots[slot][:size], note), None)
            except Exception as error:
                answer = (None, error)
            pipe.send(answer)
    except (EOFError, OSError):
        os._exit(0)


def _forked(work: Callable[..., Any], tasks: Iterable[Task], jobs: int) -> Iterator[Any]:
    workers: list[_Worker] = []
    waiting: deque[_Worker] = deque()
    try:
        for _ in range(jobs):
            workers.append(_Worker(work, workers))
        number = 0
        for task in tasks:
            if len(task.data) > _SLOT:
                while waiting:
                    yield waiting.popleft().receive()
                yield work(task.data, task.note)
                continue
            if len(waiting) == _AHEAD * jobs:
                yield waiting.popleft().receive()
            worker = workers[number % jobs]
            worker.send(task)
            waiting.append(worker)
            number += 1
        while waiting:
            yield waiting.popleft().receive()
    finally:
        for worker in workers:
            worker.stop()
