"""Made-up merchants whose lean is chosen, and lists of their items."""

import numpy as np
from hypothesis import settings

from trustscore.boost import BoostPolicy, Lists, TrustTable

# Lists are costly to make up, and one holds many candidates: fewer of them say as much.
few = settings(max_examples=max(15, settings.default.max_examples // 4))

VETOES = ("", "cap", "floor", "block")


def scores(**columns):
    """Scores of well known merchants a, b, c, ...: index as given, no doubt about it."""
    rows = len(columns["trust_index"])
    filled = {
        "merchant_id": [chr(ord("a") + row) for row in range(rows)],
        "index_se": np.zeros(rows),
        "prior_index": np.full(rows, 50.0),
        "coverage": np.ones(rows),
    }
    return filled | columns


def policy(beta=0.2, **tables):
    """Lean = (index - 50) / 10 between -1 and 1, and nothing else, unless said."""
    data = {
        "name": "case",
        "neutral": {"point": 50},
        "evidence": {"z_promote": 0, "z_demote": 0},
        "curve": {"shape": "linear", "up": 10, "down": 10, "rho": 1},
        "strength": {"beta": beta},
        "programme": {"gamma": 0},
    }
    return BoostPolicy.parse(data | tables)


def leaning(leans, rule, veto=None, **columns):
    """Table of merchants m0, m1, ... with these leans."""
    ids = [f"m{number}" for number in range(len(leans))]
    found = scores(trust_index=50 + 10 * np.asarray(leans), merchant_id=ids, **columns)
    if veto is not None:
        found["veto"] = list(veto)
    return TrustTable.build(found, rule)


def made_up(seed, count=None, merchants=None, ties=False, vetoes=False):
    """Relevance, merchants, items of one list, and leans and vetoes of the merchants.

    One merchant more than there are leans: the last one is not in the table.
    """
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 40)) if count is None else count
    merchants = int(rng.integers(1, 12)) if merchants is None else merchants
    relevance = np.exp(rng.normal(0, 0.2, count))
    if ties:
        relevance = np.round(relevance, 1)
    leans = rng.uniform(-1, 1, merchants)
    veto = [
        "" if not vetoes else VETOES[i] for i in rng.choice(4, merchants, p=[0.7, 0.1, 0.1, 0.1])
    ]
    sold = [f"m{number}" for number in rng.integers(0, merchants + 1, count)]
    items = [f"i{number:03d}" for number in rng.permutation(count)]
    return relevance, sold, items, leans, veto


def many(seed, queries=12, ties=False, vetoes=False):
    """Lists of mixed lengths, rows shuffled, as columns; with leans and vetoes."""
    rng = np.random.default_rng(seed)
    _, _, _, leans, veto = made_up(seed, merchants=9, vetoes=vetoes)
    lengths = rng.integers(1, 30, queries)
    query = np.repeat([f"q{number}" for number in range(queries)], lengths).astype(object)
    count = len(query)
    relevance = np.exp(rng.normal(0, 0.2, count))
    columns = {
        "query_id": query,
        "relevance": np.round(relevance, 1) if ties else relevance,
        "merchant_id": np.asarray([f"m{n}" for n in rng.integers(0, 10, count)], dtype=object),
        "item_id": np.asarray([f"i{n:04d}" for n in rng.permutation(count)], dtype=object),
    }
    order = rng.permutation(count)
    return {name: column[order] for name, column in columns.items()}, leans, veto


def lists_of(columns, **more):
    return Lists.from_columns(
        columns["query_id"],
        columns["relevance"],
        columns["merchant_id"],
        columns["item_id"],
        **more,
    )
