"""Gangs: accounts that hang together by what they share, hubs left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from trustscore.detect.components import Component, Pairs, components, paths_from
from trustscore.detect.findings import Cut, Finding, Found, Relations, verdicts
from trustscore.detect.settings import DetectSettings, GangsSpec
from trustscore.detect.shared import shared_identifiers
from trustscore.logs import LOG_TABLES

__all__ = ["find_gangs", "weights_of"]

_UNIT = 1_000_000
_KINDS = LOG_TABLES["identities"]["kind"].classes
# A person confirmed the pair: a kind of its own, behind all others.
_CONFIRMED = 1 << len(_KINDS)
# Steps of a path that are shown.
_MOST_STEPS = 6
_MOST_LISTED = 20

_ACCOUNTS = """
CREATE TEMP TABLE gangs_accounts AS
SELECT merchant_id, ROW_NUMBER() OVER (ORDER BY merchant_id) - 1 AS account
FROM (
    SELECT merchant_id FROM gangs_uses GROUP BY merchant_id
    UNION SELECT merchant_id FROM gangs_decided UNION SELECT other_id FROM gangs_decided
)
"""
_PAIRS = """
SELECT a.account AS one, b.account AS other, SUM(w.weight)::BIGINT AS weight,
    BIT_OR(w.bit)::BIGINT AS kinds
FROM gangs_uses AS u
JOIN gangs_uses AS v ON v.kind = u.kind AND v.value = u.value AND v.merchant_id > u.merchant_id
JOIN gangs_weights AS w ON w.kind = u.kind AND w.accounts = u.accounts
JOIN gangs_accounts AS a ON a.merchant_id = u.merchant_id
JOIN gangs_accounts AS b ON b.merchant_id = v.merchant_id
GROUP BY a.account, b.account
HAVING SUM(w.weight) >= {least}
ORDER BY one, other
"""
_DECIDED = """
SELECT a.account AS one, b.account AS other, d.confirmed AS confirmed
FROM gangs_decided AS d
JOIN gangs_accounts AS a ON a.merchant_id = d.merchant_id
JOIN gangs_accounts AS b ON b.merchant_id = d.other_id
"""


def weights_of(spec: GangsSpec, hubs: Mapping[str, int]) -> Iterator[tuple[str, int, int, int]]:
    """Yield kind, number of accounts, weight in millionths, and bit of each shared identifier.

    Examples
    --------
    >>> from trustscore.detect import load_settings
    >>> settings = load_settings()
    >>> found = {row[:2]: row[2] for row in weights_of(settings.gangs, settings.hubs)}
    >>> found["phone", 2], found["phone", 8], found["legal_id", 8]
    (800000, 400000, 1000000)
    """
    for kind, weight in spec.weights.items():
        if weight == 0:
            continue
        for accounts in range(2, hubs[kind] + 1):
            spread = 1.0 if kind in spec.owners else math.log(1 + accounts) / math.log(3)
            yield kind, accounts, round(weight / spread * _UNIT), 1 << _KINDS.index(kind)


def find_gangs(relations: Relations, settings: DetectSettings, cut: Cut) -> Found:
    """Return each account of a gang with each other one.

    Parameters
    ----------
    relations : Relations
    settings : DetectSettings
    cut : Cut
    """
    spec = settings.gangs
    kinds = [kind for kind, weight in spec.weights.items() if weight > 0]
    facts = shared_identifiers(relations, "gangs", kinds, settings.hubs)
    pairs, names = _pairs(relations, settings)
    stronger = [round(weight * _UNIT) for weight in spec.stronger]
    findings: list[Finding] = []
    sizes: list[int] = []
    unresolved: list[dict[str, Any]] = []
    for found in components(pairs, len(names), spec.most_members, stronger):
        if found.resolved:
            sizes.append(len(found.members))
            findings += _findings(found, names)
        else:
            shown = [names[at] for at in found.members[:_MOST_LISTED].tolist()]
            unresolved.append({"accounts": len(found.members), "such_as": shown})
    facts |= {
        "pairs": len(pairs.one),
        "gangs": len(sizes),
        "largest_gang": max(sizes, default=0),
        "accounts_in_gangs": sum(sizes),
        "unresolved": unresolved[:_MOST_LISTED],
        "unresolved_count": len(unresolved),
    }
    warnings = [
        f"gangs: {entry['accounts']:,} accounts hang together and are too many to be one gang;"
        f" they count nothing (such as {entry['such_as'][0]})"
        for entry in unresolved[:_MOST_LISTED]
    ]
    return Found(findings, facts, warnings)


def _pairs(relations: Relations, settings: DetectSettings) -> tuple[Pairs, list[str]]:
    """Return the pairs of accounts that share enough, and the ids of all accounts in order."""
    spec = settings.gangs
    relations.run(
        "CREATE TEMP TABLE gangs_weights (kind VARCHAR, accounts BIGINT, weight BIGINT, bit BIGINT)"
    )
    rows = list(weights_of(spec, settings.hubs))
    marks = ", ".join("(?, ?, ?, ?)" for _ in rows)
    if rows:
        values = [cell for row in rows for cell in row]
        relations.run(f"INSERT INTO gangs_weights VALUES {marks}", values)
    _decisions(relations)
    relations.run(_ACCOUNTS)
    names = [str(row[0]) for row in relations.rows(
        "SELECT merchant_id FROM gangs_accounts ORDER BY account"
    )]  # fmt: skip
    columns = relations.columns(_PAIRS.format(least=round(spec.least * _UNIT)))
    pairs = Pairs(*(columns[name].astype(np.int64) for name in Pairs._fields))
    return _with_decisions(pairs, relations.columns(_DECIDED), len(names)), names


def _decisions(relations: Relations) -> None:
    """Make a table of the pairs on which a person decided; a clearing comes first."""
    said: dict[tuple[str, str], bool] = {}
    for (merchant, kind, other, _), confirmed in verdicts(relations, "gang").items():
        if kind == "merchant" and merchant != other:
            pair = (min(merchant, other), max(merchant, other))
            said[pair] = said.get(pair, True) and confirmed
    relations.run(
        "CREATE TEMP TABLE gangs_decided (merchant_id VARCHAR, other_id VARCHAR, confirmed BIGINT)"
    )
    for (one, other), confirmed in sorted(said.items()):
        relations.run("INSERT INTO gangs_decided VALUES (?, ?, ?)", [one, other, int(confirmed)])


def _with_decisions(pairs: Pairs, decided: dict[str, Any], accounts: int) -> Pairs:
    """Return pairs without those that people cleared and with those that they confirmed."""
    if not len(decided["one"]):
        return pairs
    key = pairs.one * accounts + pairs.other
    said = (decided["one"] * accounts + decided["other"]).astype(np.int64)
    confirmed = decided["confirmed"] == 1
    kept = pairs.only(~np.isin(key, said))
    old = np.isin(key, said[confirmed])
    held = zip(pairs.weight[old].tolist(), pairs.kinds[old].tolist(), strict=True)
    before = dict(zip(key[old].tolist(), held, strict=True))
    sure = np.sort(said[confirmed])
    more = [before.get(each, (0, 0)) for each in sure.tolist()]
    whole = Pairs(
        np.concatenate([kept.one, sure // accounts]),
        np.concatenate([kept.other, sure % accounts]),
        np.concatenate([kept.weight, [max(weight, _UNIT) for weight, _ in more]]).astype(np.int64),
        np.concatenate([kept.kinds, [kinds | _CONFIRMED for _, kinds in more]]).astype(np.int64),
    )
    order = np.lexsort((whole.other, whole.one))
    return Pairs(*(column[order] for column in whole))


def _shared(kinds: int) -> str:
    """Return the names of what two accounts share."""
    found = [kind for at, kind in enumerate(_KINDS) if kinds >> at & 1]
    return " + ".join([*found, *(["confirmed"] if kinds & _CONFIRMED else [])])


def _findings(component: Component, names: list[str]) -> Iterator[Finding]:
    """Yield each member with each other one, and the way from one to the other."""
    near: dict[int, dict[int, int]] = {at: {} for at in component.members.tolist()}
    weight: dict[tuple[int, int], int] = {}
    for one, other, heavy, kinds in zip(*(c.tolist() for c in component.pairs), strict=True):
        near[one][other] = near[other][one] = kinds
        weight[one, other] = weight[other, one] = heavy
    for start in near:
        for there, way in paths_from(start, near):
            steps = list(pairwise(way))
            # A pair is judged once, and only where it shares something itself.
            direct = len(steps) == 1
            asked = direct and start < there and not near[start][there] & _CONFIRMED
            yield Finding(
                names[start],
                "merchant",
                names[there],
                "gang",
                min(1.0, min(weight[step] for step in steps) / _UNIT),
                _path(way, near, names),
                queue=asked,
            )


def _path(way: list[int], near: Mapping[int, Mapping[int, int]], names: list[str]) -> str:
    """Return a way as text: account - what it shares - account and so on."""
    text = names[way[0]]
    for here, there in pairwise(way[: _MOST_STEPS + 1]):
        text += f" - {_shared(near[here][there])} - {names[there]}"
    if len(way) > _MOST_STEPS + 1:
        text += f" - ... - {names[way[-1]]}"
    return text
