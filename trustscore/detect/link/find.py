"""Accounts that are probably a merchant removed for cause again, though no key says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from trustscore.detect.findings import Cut, Finding, Found, Logs, Relations
from trustscore.detect.link.model import Links, link_cells
from trustscore.detect.link.records import HASHED
from trustscore.detect.link.settings import IDENTITY_ROLES, LEVELS, shape
from trustscore.detect.settings import DetectSettings
from trustscore.detect.shared import account_states, shared_identifiers
from trustscore.signals.builders import REMOVED_FOR_CAUSE
from trustscore.typing import Array

__all__ = ["find_links"]

# Below 1, from which on only an exact key counts by itself.
_MOST = 0.999999
_TEXTS = tuple(kind for kind, role in IDENTITY_ROLES.items() if role in ("name", "address"))
_KINDS = ", ".join(f"'{kind}'" for kind in IDENTITY_ROLES)
# An account that left, or was removed as well, is not to be barred. Of what an account has of one
# kind, first comes what somebody of the other list has as well, then what was seen last.
_VALUES = f"""
SELECT merchant_id, kind, value, hashed, barred, file, line
FROM (
    SELECT i.merchant_id, i.kind, i.value, COALESCE(i.hashed, FALSE) AS hashed, s.barred,
        i._file AS file, i._line AS line,
        ROW_NUMBER() OVER (
            PARTITION BY i.merchant_id, i.kind
            ORDER BY CASE WHEN b.sides > 1 THEN 0 ELSE 1 END,
                COALESCE(i.last_seen, i.first_seen, -9223372036854775808) DESC, i.value
        ) AS n
    FROM identities AS i
    JOIN link_sides AS s ON s.merchant_id = i.merchant_id
    LEFT JOIN link_both AS b ON b.kind = i.kind AND b.value = i.value
    LEFT JOIN link_shared AS h ON h.kind = i.kind AND h.value = i.value
    WHERE i.kind IN ({_KINDS}) AND NOT COALESCE(h.hub, FALSE)
)
WHERE n <= ?
ORDER BY merchant_id, kind, n
"""


def find_links(relations: Logs, settings: DetectSettings, cut: Cut) -> Found:
    """Return accounts that are probably a merchant removed for cause again.

    Parameters
    ----------
    relations : Logs
    settings : DetectSettings
    cut : Cut
    """
    del cut
    spec = settings.link
    # A name of many is not of an agency: how often each one is, is weighed.
    kept = [kind for kind in IDENTITY_ROLES if kind in settings.hubs]
    facts = shared_identifiers(relations, "link", kept, settings.hubs)
    _sides(relations)
    got = relations.columns(_VALUES.replace("?", str(spec.versions)))
    shown = _shown(relations, got)
    left, right = _records(got, shown, barred=False), _records(got, shown, barred=True)
    facts |= {
        "removed_for_cause": len(set(right[0])),
        "compared_accounts": len(set(left[0])),
        "left_the_logs": sum(value is None for value in shown.tolist()),
    }
    links = link_cells(
        left[1], right[1], IDENTITY_ROLES, spec, who=spec.who, holders=(left[0], right[0])
    )
    best = _best(links, left[0], right[0])
    findings = [
        _finding(links, place, account, removed, settings)
        for (account, removed), place in sorted(best.items())
        if links.probability[place] >= spec.report
    ]
    facts |= {
        "compared_pairs": len(links.left),
        "values_of_too_many_pairs": links.wide,
        "prior": round(links.prior, 3),
        "learnt": {
            kind: dict(zip(LEVELS[shape(IDENTITY_ROLES[kind])], _rounded(shares), strict=True))
            for kind, shares in links.learnt.items()
        },
        "linked_accounts": len({finding.merchant_id for finding in findings}),
    }
    return Found(findings, facts)


def _rounded(shares: Iterable[float]) -> list[float]:
    return [round(share, 6) for share in shares]


def _sides(relations: Relations) -> None:
    account_states(relations, "link", REMOVED_FOR_CAUSE)
    relations.run(
        "CREATE TEMP TABLE link_sides AS SELECT i.merchant_id, COALESCE(s.barred, FALSE) AS barred"
        " FROM (SELECT DISTINCT merchant_id FROM identities) AS i"
        " LEFT JOIN link_states AS s ON s.merchant_id = i.merchant_id"
        " WHERE COALESCE(s.barred, FALSE) OR NOT COALESCE(s.removed, FALSE)"
    )
    relations.run(
        "CREATE TEMP TABLE link_both AS SELECT i.kind, i.value, COUNT(DISTINCT s.barred) AS sides"
        " FROM identities AS i JOIN link_sides AS s ON s.merchant_id = i.merchant_id"
        " GROUP BY i.kind, i.value"
    )


def _shown(relations: Logs, got: dict[str, Any]) -> Array:
    """Return values: pseudonyms of keys, and in clear what has to be compared letter by letter."""
    out: Array = got["value"].astype(object)
    texts = np.isin(got["kind"].astype(str), _TEXTS)
    hashed = np.flatnonzero(texts & got["hashed"].astype(np.bool_))
    out[hashed] = [HASHED + value for value in out[hashed].tolist()]
    clear = np.flatnonzero(texts & ~got["hashed"].astype(np.bool_))
    out[clear] = None
    places = zip(got["file"][clear].tolist(), got["line"][clear].tolist(), strict=True)
    rows = dict(zip(places, clear.tolist(), strict=True))
    for file, lines, found in relations.texts("identities", list(rows)):
        for line, text in zip(lines, found, strict=True):
            # The sign of what is hashed cannot be that of a name.
            out[rows[file, line]] = text.lstrip(HASHED)
    return out


def _records(
    got: dict[str, Any], shown: Array, *, barred: bool
) -> tuple[list[str], dict[str, list[str | None]]]:
    """Return the accounts of records, and their fields.

    An account with several values of a kind has several records; of what it has fewer, the first
    stands in each of them.
    """
    accounts: dict[str, dict[str, list[str | None]]] = {}
    rows = np.flatnonzero(got["barred"].astype(np.bool_) == barred).tolist()
    names, kinds = got["merchant_id"], got["kind"]
    for row in rows:
        accounts.setdefault(str(names[row]), {}).setdefault(str(kinds[row]), []).append(shown[row])
    of: list[str] = []
    cells: dict[str, list[str | None]] = {kind: [] for kind in IDENTITY_ROLES}
    for account, values in accounts.items():
        many = max(map(len, values.values()))
        of += [account] * many
        for kind, column in cells.items():
            have = values.get(kind, [None])
            column += [have[at] if at < len(have) else have[0] for at in range(many)]
    return of, cells


def _best(links: Links, left: list[str], right: list[str]) -> dict[tuple[str, str], int]:
    """Return by account and removed account the place of the likeliest of their pairs."""
    total = links.weights.sum(axis=1)
    best: dict[tuple[str, str], int] = {}
    for place in np.lexsort((-total, -links.probability)).tolist():
        best.setdefault((left[links.left[place]], right[links.right[place]]), place)
    return best


def _finding(
    links: Links, place: int, account: str, removed: str, settings: DetectSettings
) -> Finding:
    said, sure = [], False
    for kind, level, weight in zip(
        IDENTITY_ROLES, links.levels[place].tolist(), links.weights[place].tolist(), strict=True
    ):
        if level < 0:
            continue
        word = LEVELS[shape(IDENTITY_ROLES[kind])][level]
        said.append(f"{kind} {word} {weight:+.1f}")
        sure |= word == "same" and settings.identity.get(kind, 0) >= 1
    said.append(f"prior {links.prior:+.1f}")
    score = min(float(links.probability[place]), _MOST)
    # What `identity` finds by a key that counts, it also queues.
    queue = score >= settings.link.queue and not sure
    evidence = f"{account} - {', '.join(said)} - {removed}"
    return Finding(account, "merchant", removed, "identity_link", score, evidence, queue)
