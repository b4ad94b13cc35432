import numpy as np
import pytest

from trustscore.audit import require_two_classes
from trustscore.errors import InputError
from trustscore.outcomes import collect_outcomes

IDS = np.array(["a", "b", "c"], dtype=object)


def joined(events, n=None, ids=IDS):
    total = None if n is None else np.array(n, dtype=float)
    found = collect_outcomes(np.array(ids, dtype=object), total, np.array(events, dtype=float))
    found = found.join(IDS)
    require_two_classes(found)
    return found


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            ([1, 0, 1], None, ["x", "y", "z"]),
            "has 'x', 'y', 'z', column merchant_id of the export has 'a'",
        ),
        (([0, 0, 0],), "no events among 3 orders"),
        (([1, 1, 1],), "nothing but events among 3 orders"),
        (([0, 0, 0], [0, 0, 0]), "n is 0 for every merchant"),
    ],
)
def test_outcomes_that_tell_nothing_are_refused(given, says):
    with pytest.raises(InputError) as error:
        joined(*given)
    assert says in str(error.value)


def test_rows_of_one_merchant_are_added_up_and_strangers_are_named():
    found = joined([1, 2, 0, 1], [4, 5, 6, 7], ["a", "a", "c", "stranger"])
    assert found.n.tolist() == [9.0, 0.0, 6.0]
    assert found.events.tolist() == [3.0, 0.0, 0.0]
    assert found.merchant_id is IDS
    assert (found.unknown, found.repeated, found.dated) == (("stranger",), 1, False)
