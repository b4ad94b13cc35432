"""Small worlds for the tests of evaluation: lists, boosts and what is known of them."""

import numpy as np
from hypothesis import strategies as st

from trustscore.boost import BoostPolicy, Lists, TrustTable
from trustscore.evaluation import Panel

POLICY = BoostPolicy.load("boost")
FREE = BoostPolicy.parse({**POLICY.model_dump(exclude_none=True), "guards": {}})


def table_of(index, policy=POLICY, **columns):
    """Boosts of merchants m0, m1, ... with much evidence."""
    index = np.asarray(index, dtype=float)
    full = {
        "merchant_id": [f"m{number}" for number in range(len(index))],
        "trust_index": index,
        "index_se": np.full(len(index), 2.0),
        "prior_index": np.full(len(index), 71.0),
        "coverage": np.full(len(index), 0.9),
    }
    return TrustTable.build(full | columns, policy)


def lists_of(*relevances, merchants):
    """Lists of scores; candidate i of all belongs to merchant ``m<merchants[i]>``."""
    query = np.repeat(np.arange(len(relevances)), [len(scores) for scores in relevances])
    flat = np.concatenate([np.asarray(scores, dtype=float) for scores in relevances])
    ids = [f"m{number}" if number is not None else "stranger" for number in merchants]
    items = [f"i{number:03d}" for number in range(len(flat))]
    return Lists.from_columns([f"q{number}" for number in query], flat, ids, items)


def random_world(seed, lists=6, longest=12, merchants=8, veto=False):
    """Lists, table and labels of a seed; scores of a list differ, vetoes are rare."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, lists)
    count = int(lengths.sum())
    words = rng.choice(["", "cap", "floor", "block"], merchants, p=[0.7, 0.1, 0.1, 0.1])
    words[0] = ""
    columns = {"veto": words.astype(object)} if veto else {}
    columns["tier"] = rng.choice(["gold", "silver", ""], merchants).astype(object)
    table = table_of(rng.uniform(30, 100, merchants), FREE, **columns)
    which = rng.integers(0, merchants + 1, count)
    which[0] = 0
    made = lists_of(
        *np.split(rng.beta(0.5, 4, count) + 1e-6, np.cumsum(lengths)[:-1]),
        merchants=[number if number < merchants else None for number in which.tolist()],
    )
    labels = rng.integers(0, 4, count).astype(float)
    labels[0] = 2.0
    return made, table, labels


def random_panel(seed, **options):
    made, table, labels = random_world(seed, **options)
    return Panel.of(made, table, FREE, labels=labels)


SEEDS = st.integers(0, 2**32 - 1)
