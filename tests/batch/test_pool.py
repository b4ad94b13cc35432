"""Threads: results in order, errors that arrive, no task read further ahead than needed."""

import threading

import pytest

from trustscore.batch.pool import ordered, workers


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_results_come_in_order(jobs):
    late = threading.Event()

    def work(number):
        # The first of all is done last, where there is more than one thread.
        if number == 0 and jobs > 1:
            late.wait(10)
        if number == 1:
            late.set()
        return number * number

    with workers(jobs) as threads:
        found = list(ordered(work, range(40), threads, jobs))
    assert found == [number * number for number in range(40)]


@pytest.mark.parametrize("jobs", [1, 3])
def test_an_error_in_a_thread_arrives_where_its_result_would(jobs):
    def work(number):
        if number == 3:
            raise ValueError("three")
        return number

    found = []
    with workers(jobs) as threads, pytest.raises(ValueError, match="three"):
        for result in ordered(work, range(10), threads, jobs):
            found.append(result)
    assert found == [0, 1, 2]


def test_what_waits_is_not_begun_when_the_run_stops():
    begun, go_on = [], threading.Event()

    def work(number):
        begun.append(number)
        if number:
            go_on.wait(10)
        return number

    later = threading.Timer(0.2, go_on.set)
    with pytest.raises(KeyboardInterrupt), workers(2) as threads:
        next(ordered(work, range(100), threads, 10))
        later.start()
        raise KeyboardInterrupt
    assert 0 < len(begun) <= 4


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_task_is_read_further_ahead_than_needed(jobs):
    read = []

    def tasks():
        for number in range(100):
            read.append(number)
            yield number

    with workers(jobs) as threads:
        results = ordered(str, tasks(), threads, jobs)
        next(results)
        assert len(read) <= jobs + 1


def test_two_stages_share_the_threads():
    with workers(2) as threads:
        doubled = ordered(lambda n: 2 * n, range(50), threads, 2)
        found = list(ordered(str, (n + 1 for n in doubled), threads, 2))
    assert found == [str(2 * n + 1) for n in range(50)]
