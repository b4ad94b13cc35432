"""Worker processes: results in order, errors that arrive, deaths that are noticed."""

import multiprocessing
import os
import subprocess
import sys

import pytest

from trustscore.batch import pool
from trustscore.batch.pool import Task, ordered


@pytest.fixture(params=[True, False], ids=["forked", "started"])
def start(request, monkeypatch):
    monkeypatch.setattr(pool, "can_fork", lambda: request.param)


@pytest.fixture
def forked(monkeypatch):
    monkeypatch.setattr(pool, "can_fork", lambda: True)


def echo(data, note):
    return bytes(data) * note


def fail(data, note):
    raise ValueError(bytes(data).decode())


def die(data, note):
    os._exit(9)


def test_results_come_in_order(start):
    tasks = [Task(b"%d," % number, 1 + number % 3) for number in range(40)]
    assert list(ordered(echo, iter(tasks), 2)) == [task.data * task.note for task in tasks]


def test_an_error_in_a_worker_arrives(start):
    with pytest.raises(ValueError, match="b"):
        list(ordered(fail, [Task(b"b", 1)], 2))


def test_a_worker_that_dies_is_an_error_and_no_hang(start):
    with pytest.raises(OSError, match=r"a worker process died.*fewer `jobs`"):
        list(ordered(die, [Task(b"a", 1), Task(b"b", 2)], 2))


def test_a_worker_that_dies_between_two_pieces_is_named(forked):
    others = set(multiprocessing.active_children())
    results = ordered(echo, (Task(b"a", 1) for _ in range(40)), 2)
    next(results)
    for worker in set(multiprocessing.active_children()) - others:
        worker.kill()
        worker.join(10)
    with pytest.raises(OSError, match=r"a worker process died \(exit code -9\).*fewer `jobs`"):
        list(results)


def test_a_giant_piece_is_worked_on_in_order(forked):
    tasks = [Task(b"a", 1), Task(b"x" * (5 << 20), 1), Task(b"b", 1)]
    assert [len(data) for data in ordered(echo, tasks, 2)] == [1, 5 << 20, 1]


def test_no_task_is_read_further_ahead_than_needed(forked):
    read = []

    def tasks():
        for number in range(100):
            read.append(number)
            yield Task(b"a", 1)

    results = ordered(echo, tasks(), 2)
    next(results)
    assert len(read) <= 6
    results.close()


@pytest.mark.skipif(sys.platform != "linux", reason="forking is used on Linux only")
def test_one_thread_may_fork_and_two_may_not():
    code = (
        "import threading, time\n"
        "from trustscore.batch.pool import can_fork\n"
        "print(can_fork())\n"
        "threading.Thread(target=time.sleep, args=(5,), daemon=True).start()\n"
        "print(can_fork())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
