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
    suppress_linked,
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
    assert possible_range(counts, hidden, (0, 1)) == (0.0, 28.0)


def test_cells_that_bounds_would_tell_are_widened():
    # The square of four ones has sums of 2: each cell would be known within 0..2.
    counts = np.array([[1, 1, 60], [1, 1, 60], [60, 60, 60]])
    hidden = suppress_table(counts)
    assert hidden.sum() > 4
    for cell in np.argwhere(hidden).tolist():
        low, high = possible_range(counts, hidden, tuple(cell))
        assert high - low >= LEAST


TABLES = st.integers(2, 5).flatmap(
    lambda columns: st.lists(
        st.lists(
            st.one_of(st.integers(0, 14), st.integers(0, 300)), min_size=columns, max_size=columns
        ),
        min_size=2,
        max_size=6,
    )
)


@pytest.mark.slow
@given(TABLES)
def test_no_withheld_cell_can_be_solved_from_what_is_shown(rows):
    """Not from the totals of rows and columns and all shown cells, as the report makes tables."""
    columns = np.array(rows)
    closed = suppress_counts(columns.sum(axis=0))
    parts = [columns[:, ~closed]]
    if closed.any():
        parts.append(columns[:, closed].sum(axis=1, keepdims=True))
    groups = {str(at): row for at, row in enumerate(np.hstack(parts))}
    merged = merge_small(groups, 40)
    counts = np.array(list(merged.values()))
    assert counts.sum() == columns.sum()
    lines = [*counts.sum(axis=1), *counts.sum(axis=0)]
    if len(merged) < 2 or any(0 < n < LEAST for n in lines):
        # Then the market itself is smaller than a cell may be, or one group holds all of it.
        assert len(merged) < 2 or counts.sum() < 2 * LEAST
        return
    hidden = suppress_table(counts)
    assert hidden[(counts > 0) & (counts < LEAST)].all()
    places = [tuple(cell) for cell in np.argwhere(hidden).tolist()]
    # Linear algebra, apart from the bounds that the search itself uses: a cell is told by the
    # sums if its unit vector is a combination of them.
    sums = [[float(i == row) for i, _ in places] for row in range(counts.shape[0])]
    sums += [[float(j == column) for _, j in places] for column in range(counts.shape[1])]
    rank = np.linalg.matrix_rank(np.array(sums)) if places else 0
    for at, cell in enumerate(places):
        if counts[cell] > 0:
            unit = np.eye(len(places))[at]
            assert np.linalg.matrix_rank(np.array([*sums, unit])) > rank
            low, high = possible_range(counts, hidden, cell)
            assert high - low >= LEAST - 1e-6


@given(st.lists(st.integers(0, 60), max_size=12))
def test_withheld_counts_are_two_or_more_and_together_enough(counts):
    hidden = suppress_counts(counts)
    left = np.array(counts, dtype=int)
    assert hidden[(left > 0) & (left < LEAST)].all()
    if hidden.any() and left.sum() >= LEAST and (left > 0).sum() > 1:
        assert hidden.sum() >= 2 and left[hidden].sum() >= LEAST


@given(
    st.lists(st.integers(0, 60), min_size=1),
    st.lists(st.integers(0, 60), min_size=1),
    st.integers(0, 40),
)
def test_a_count_that_one_list_withholds_no_other_shows(one, other, shared):
    lists = [np.array([*one, shared]), np.array([*other, shared])]
    found = suppress_linked(lists)
    if shared:
        assert found[0][-1] == found[1][-1]
    for counts, hidden in zip(lists, found, strict=True):
        assert hidden[(counts > 0) & (counts < LEAST)].all()
        if hidden.any() and counts.sum() >= LEAST and (counts > 0).sum() > 1:
            assert hidden.sum() >= 2 and counts[hidden].sum() >= LEAST
