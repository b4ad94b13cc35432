"""Identifiers that accounts share, without those of agencies, office towers and terminals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trustscore.detect.findings import Relations
from trustscore.errors import InputError

__all__ = ["account_states", "shared_identifiers"]

_MOST_LISTED = 100
_EXAMPLES = 3


def shared_identifiers(
    relations: Relations, prefix: str, kinds: Iterable[str], most: Mapping[str, int]
) -> dict[str, Any]:
    """Make the table ``<prefix>_uses`` of merchant_id, kind, value and accounts; return facts.

    It holds what two accounts or more have in common. What more than so many accounts have is a
    hub, and left out.

    Parameters
    ----------
    relations : Relations
    prefix : str
        Of the temporary tables.
    kinds : iterable of str
        Of identifiers, as the log `identities` calls them.
    most : mapping of str to int
        Most accounts of an identifier, by kind.

    Returns
    -------
    dict
        How many accounts and identifiers were looked at, and the hubs: how many by kind, and the
        largest ones with their pseudonym and a few of their accounts.
    """
    chosen = sorted(kinds)
    if not chosen:
        raise InputError("the settings leave no kind of identifier: give one a weight above 0")
    marks = ", ".join("?" for _ in chosen)
    limits = " ".join(f"WHEN kind = ? THEN {most[kind]}" for kind in chosen)
    relations.run(
        f"CREATE TEMP TABLE {prefix}_shared AS SELECT kind, value, COUNT(*) AS accounts,"
        f" COUNT(*) > CASE {limits} END AS hub FROM identities"
        f" WHERE kind IN ({marks}) GROUP BY kind, value HAVING COUNT(*) > 1",
        [*chosen, *chosen],
    )
    relations.run(
        f"CREATE TEMP TABLE {prefix}_uses AS SELECT i.merchant_id, s.kind, s.value, s.accounts"
        f" FROM identities AS i JOIN {prefix}_shared AS s ON s.kind = i.kind AND s.value = i.value"
        " WHERE NOT s.hub"
    )
    [(accounts, identifiers)] = relations.rows(
        "SELECT COUNT(DISTINCT merchant_id), COUNT(*) FROM identities"
    )
    counts = relations.rows(
        f"SELECT kind, COUNT(*) FROM {prefix}_shared WHERE hub GROUP BY kind ORDER BY kind"
    )
    listed = relations.rows(
        f"WITH top AS (SELECT kind, value, accounts FROM {prefix}_shared WHERE hub"
        f" ORDER BY accounts DESC, kind, value LIMIT {_MOST_LISTED})"
        " SELECT kind, value, accounts, merchant_id FROM (SELECT t.*, i.merchant_id,"
        " ROW_NUMBER() OVER (PARTITION BY t.kind, t.value ORDER BY i.merchant_id) AS n"
        " FROM top AS t JOIN identities AS i ON i.kind = t.kind AND i.value = t.value)"
        f" WHERE n <= {_EXAMPLES} ORDER BY accounts DESC, kind, value, merchant_id"
    )
    hubs: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, value, count, merchant in listed:
        entry = {"kind": kind, "pseudonym": value, "accounts": int(count), "such_as": []}
        hubs.setdefault((kind, value), entry)["such_as"].append(merchant)
    return {
        "accounts": int(accounts),
        "identifiers": int(identifiers),
        "hubs": {str(kind): int(count) for kind, count in counts},
        "largest_hubs": list(hubs.values()),
    }


def account_states(relations: Relations, prefix: str, for_cause: str) -> None:
    """Make the table ``<prefix>_states`` of merchant_id, removed, and removed for cause.

    Parameters
    ----------
    relations : Relations
    prefix : str
    for_cause : str
        The condition in SQL that a merchant was removed for cause.
    """
    relations.run(
        f"CREATE TEMP TABLE {prefix}_states AS SELECT merchant_id, COALESCE(status = 'removed',"
        f" FALSE) AS removed, COALESCE({for_cause}, FALSE) AS barred FROM (SELECT *, ROW_NUMBER()"
        " OVER (PARTITION BY merchant_id ORDER BY COALESCE(valid_from, -9223372036854775808) DESC)"
        " AS n FROM merchants) WHERE n = 1"
    )
