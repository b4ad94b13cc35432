"""Arrow columns of numbers to float64, against Arrow's own reading of each value."""

import decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.io.arrow import valid
from trustscore.io.columns import floats_of


def _integers(bits, signed):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return st.sampled_from([low, high]) | st.integers(low, high)


VALUES = {
    **{getattr(pa, f"int{b}")(): _integers(b, True) for b in (8, 16, 32, 64)},
    **{getattr(pa, f"uint{b}")(): _integers(b, False) for b in (8, 16, 32, 64)},
    pa.float16(): st.floats(width=16).map(np.float16),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    pa.decimal128(20, 3): st.integers(-(10**12), 10**12).map(lambda n: decimal.Decimal(n) / 1000),
    pa.null(): st.none(),
}


@pytest.mark.parametrize("kind", VALUES, ids=str)
@given(data=st.data())
def test_every_type_reads_as_its_values_one_by_one(kind, data):
    values = data.draw(st.lists(st.none() | VALUES[kind], max_size=70))
    begin, rows = data.draw(st.integers(0, 70)), data.draw(st.integers(0, 70))
    column = pa.array(values, kind).slice(min(begin, len(values)), rows)
    expected = [np.nan if v is None else float(v) for v in column.to_pylist()]
    found = floats_of(column, "orders_paid", "frame")
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.asarray(expected, dtype=np.float64))
    assert valid(column).tolist() == [v is not None for v in column.to_pylist()]
