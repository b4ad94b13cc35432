# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Which rows hold a number that may not be (compiled where possible)."""

from __future__ import annotations

try:
    import cython
except ModuleNotFoundError:
    from trustscore import uncompiled as cython

__all__ = ["rows_out_of_bounds"]


def rows_out_of_bounds(
    cells: cython.const[cython.double][:, ::1],
    low: cython.const[cython.double][::1],
    high: cython.const[cython.double][::1],
    flags: cython.const[cython.int][::1],
    parts: cython.const[cython.int][::1],
    wholes: cython.const[cython.int][::1],
    rows: cython.longlong[::1],
) -> int:
    """Find the rows in which something is wrong; a blank is not.

    Parameters
    ----------
    cells : ndarray of float64, shape (rows, columns)
    low, high : ndarray of float64, shape (columns,)
    flags : ndarray of int32
        Columns that hold 0 or 1.
    parts, wholes : ndarray of int32
        Columns of which one may not exceed the other.
    rows : ndarray of int64
        Takes the rows; has room for all.

    Returns
    -------
    int
        How many they are.
    """
    row: cython.Py_ssize_t
    column: cython.Py_ssize_t
    pair: cython.Py_ssize_t
    count: cython.Py_ssize_t = 0
    value: cython.double
    wrong: cython.longlong
    with cython.nogil:
        for row in range(cells.shape[0]):
            wrong = 0
            for column in range(cells.shape[1]):
                value = cells[row, column]
                wrong |= (value < low[column]) | (value > high[column])
            for pair in range(flags.shape[0]):
                value = cells[row, flags[pair]]
                wrong |= (value > 0.0) & (value < 1.0)
            for pair in range(parts.shape[0]):
                wrong |= cells[row, parts[pair]] > cells[row, wholes[pair]]
            if wrong:
                rows[count] = row
                count += 1
    return count
