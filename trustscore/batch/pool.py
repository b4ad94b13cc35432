"""Threads that turn pieces into results, in order.

Reading, scoring and writing lines are compiled loops that release the interpreter lock, so threads
share the cores; and what they hand to each other is not copied.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["ordered", "workers"]

Task = TypeVar("Task")
Result = TypeVar("Result")


@contextmanager
def workers(jobs: int) -> Iterator[ThreadPoolExecutor | None]:
    """Start threads, and wait for what they are in the middle of at the end; None for one job."""
    if jobs == 1:
        yield None
        return
    threads = ThreadPoolExecutor(jobs, thread_name_prefix="trustscore")
    try:
        yield threads
    finally:
        threads.shutdown(cancel_futures=True)


def ordered(
    work: Callable[[Task], Result], tasks: Iterable[Task], threads: Executor | None, ahead: int
) -> Iterator[Result]:
    """Apply a function to tasks in several threads and yield the results in order.

    Parameters
    ----------
    work : callable
    tasks : iterable
        Read no further than `ahead` tasks before the one whose result is due.
    threads : Executor or None
        None does the work in this thread.
    ahead : int

    Examples
    --------
    >>> with workers(2) as threads:
    ...     list(ordered(str.upper, ["a", "b", "c"], threads, 2))
    ['A', 'B', 'C']
    """
    if threads is None:
        yield from map(work, tasks)
        return
    waiting: deque[Future[Result]] = deque()
    for task in tasks:
        waiting.append(threads.submit(work, task))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
