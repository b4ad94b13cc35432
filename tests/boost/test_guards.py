"""Guards on small lists: by hand, then against every order there is."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.boost.guards import cap_merchants, displace, protect_head


@pytest.mark.parametrize(
    ("order", "up", "down", "shown"),
    [
        ([3, 0, 1, 2], 2, None, [0, 3, 1, 2]),
        ([3, 0, 1, 2], None, None, [3, 0, 1, 2]),
        ([3, 0, 1, 2], 0, None, [0, 1, 2, 3]),
        ([1, 2, 3, 0], None, 0, [0, 1, 2, 3]),
        ([1, 2, 3, 0], None, 2, [1, 2, 0, 3]),
        ([3, 2, 1, 0], 1, 1, [1, 0, 3, 2]),
        ([0], 0, 0, [0]),
        ([], 1, 1, []),
    ],
)
def test_displacement_by_hand(order, up, down, shown):
    assert displace(np.array(order, dtype=np.int64), up, down).tolist() == shown


@given(st.permutations(range(6)), st.integers(0, 6), st.integers(0, 6), st.booleans())
def test_displacement_is_the_best_of_all_orders_within_the_limits(order, up, down, free):
    wish = {base: place for place, base in enumerate(order)}
    limit = len(order) if free else down
    within = [
        candidate
        for candidate in permutations(range(len(order)))
        if all(-up <= place - base <= limit for place, base in enumerate(candidate))
    ]
    best = min(within, key=lambda candidate: [wish[base] for base in candidate])
    found = displace(np.array(order), up, None if free else down)
    assert found.tolist() == list(best)


@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(0, 30))
def test_displacement_keeps_every_item_within_its_limits(seed, up, down):
    order = np.random.default_rng(seed).permutation(60)
    shown = displace(order, up, down)
    assert sorted(shown.tolist()) == list(range(60))
    shift = np.arange(60) - shown
    assert shift.max() <= down
    assert shift.min() >= -up
    assert displace(shown, up, down) is shown


@pytest.mark.parametrize(
    ("order", "head", "shown"),
    [
        ([2, 1, 3, 0], 0, [2, 1, 3, 0]),
        ([2, 1, 3, 0], 2, [0, 1, 2, 3]),
        ([3, 2, 1, 0], 1, [0, 3, 2, 1]),
        ([1, 0], 9, [0, 1]),
        ([], 3, []),
    ],
)
def test_head_by_hand(order, head, shown):
    assert protect_head(np.array(order, dtype=np.int64), head).tolist() == shown


@pytest.mark.parametrize(
    ("merchants", "most", "top", "head", "shown"),
    [
        ("aaab", 2, 3, 0, [0, 1, 3, 2]),
        ("aaab", 1, 2, 0, [0, 3, 1, 2]),
        ("aaaa", 1, 3, 0, [0, 1, 2, 3]),  # nobody else is there to fill the places
        ("aabb", 1, 2, 0, [0, 2, 1, 3]),
        ("aaabc", 1, 3, 0, [0, 3, 4, 1, 2]),
        ("aaabc", 1, 3, 2, [0, 1, 3, 2, 4]),  # the head counts, and stays
        ("abab", 5, 4, 0, [0, 1, 2, 3]),
        ("aab", 1, 100, 0, [0, 2, 1]),
        ("", 1, 3, 0, []),
    ],
)
def test_merchant_cap_by_hand(merchants, most, top, head, shown):
    order = np.arange(len(merchants))
    assert cap_merchants(order, merchants, most, top, head).tolist() == shown


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 15), st.integers(0, 4))
def test_merchant_cap_holds_where_it_can_and_moves_nobody_else(seed, most, top, head):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 25))
    merchants = rng.integers(0, 5, count).tolist()
    order = rng.permutation(count)
    shown = cap_merchants(order, merchants, most, top, head).tolist()
    assert sorted(shown) == list(range(count))
    assert shown[:head] == order.tolist()[:head]
    first = shown[:top]
    over = {m for m in merchants if sum(merchants[b] == m for b in first) > most}
    if over:
        # Only when the head holds them already, or nobody else was left to show.
        heads = [merchants[b] for b in shown[:head]]
        others = [b for b in shown[top:] if merchants[b] not in over]
        assert all(heads.count(m) > most for m in over) or all(
            sum(merchants[b] == merchants[o] for b in first) >= most for o in others
        )
    # Within a merchant the order stays, and so does the order of the tail.
    place = {base: at for at, base in enumerate(order.tolist())}
    for merchant in set(merchants):
        own = [place[b] for b in shown if merchants[b] == merchant]
        assert own == sorted(own)
