"""Withheld cells: by hand, and as a promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.report.suppress import (
    LEAST,
    merge_small,
    possible_range,
    suppress_counts,
    suppress_table,
)


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([50, 30, 20], [0, 0, 0]),
        ([50, 0, 20], [0, 0, 0]),
        # One small count is the total less the others: the next smallest goes with it.
        ([50, 3, 20], [0, 1, 1]),
        # Two small ones of together 7 could be told to be below 10.
        ([50, 3, 4, 20], [0, 1, 1, 1]),
        ([50, 6, 4, 20], [0, 1, 1, 0]),
        ([9, 0, 0], [1, 0, 0]),
        ([], []),
    ],
)
def test_counts_by_hand(counts, hidden):
    assert suppress_counts(counts).astype(int).tolist() == hidden


def test_a_lone_small_cell_takes_three_others_with_it():
    counts = np.array([[40, 3, 30], [60, 25, 90], [50, 30, 80]])
    hidden = suppress_table(counts)
    assert hidden.astype(int).tolist() == [[0, 1, 1], [0, 1, 1], [0, 0, 0]]
    # 3 lies between 0 and 28 for who sees the rest.
    assert possible_range(counts, hidden, np.zeros(3, bool), [(0, 1)]) == (0.0, 28.0)


def test_four_cells_that_could_be_solved_by_bounds_are_widened():
    # The square of 1, 12, 12 and 1 alone: each cell is known within 0..2 if sums are 13.
    counts = np.array([[1, 1, 60], [1, 1, 60], [60, 60, 60]])
    hidden = suppress_table(counts)
    for cell in np.argwhere(hidden).tolist():
        low, high = possible_range(counts, hidden, np.zeros(3, bool), [tuple(cell)])
        assert high - low >= LEAST


TABLES = st.integers(2, 5).flatmap(
    lambda columns: st.lists(
        st.lists(
            st.one_of(st.integers(0, 14), st.integers(0, 300)), min_size=columns, max_size=columns
        ),
        min_size=1,
        max_size=5,
    )
)


@given(TABLES)
def test_no_withheld_cell_can_be_solved_from_what_is_shown(rows):
    """Not from row totals, column totals and all shown cells; nor can a withheld total."""
    groups = {str(at): np.array(row) for at, row in enumerate(rows)}
    merged = merge_small(groups, 40)
    counts = np.array(list(merged.values()))
    assert counts.sum() == np.sum(rows)
    if counts.sum() < LEAST:
        return
    closed = suppress_counts(counts.sum(axis=0))
    hidden = suppress_table(counts, closed)
    assert hidden[(counts > 0) & (counts < LEAST)].all()
    places = [tuple(cell) for cell in np.argwhere(hidden).tolist()]
    everything = hidden.all()
    shown = counts.sum(axis=0)[~closed]
    assert not ((shown > 0) & (shown < LEAST)).any()
    # Linear algebra, apart from the bounds that the search itself uses: a cell is told by the
    # sums if its unit vector is a combination of them.
    sums = [[float(i == row) for i, _ in places] for row in range(len(counts))]
    sums += [[float(j == column) for _, j in places] for column in np.flatnonzero(~closed).tolist()]
    rank = np.linalg.matrix_rank(np.array(sums)) if places else 0
    for at, cell in enumerate(places):
        unit = np.eye(len(places))[at]
        if not everything:
            low, high = possible_range(counts, hidden, closed, [cell])
            assert high - low >= LEAST - 1e-6
            assert np.linalg.matrix_rank(np.array([*sums, unit])) > rank
    if not everything:
        for j in np.flatnonzero(closed).tolist():
            cells = [cell for cell in places if cell[1] == j]
            if counts[:, j].any():
                low, high = possible_range(counts, hidden, closed, cells)
                assert high - low >= LEAST - 1e-6


@given(st.lists(st.integers(0, 60), max_size=12))
def test_withheld_counts_are_two_or_more_and_together_enough(counts):
    hidden = suppress_counts(counts)
    left = np.array(counts, dtype=int)
    assert hidden[(left > 0) & (left < LEAST)].all()
    if hidden.any() and left.sum() >= LEAST and (left > 0).sum() > 1:
        assert hidden.sum() >= 2 and left[hidden].sum() >= LEAST
