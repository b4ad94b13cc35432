"""Elasticsearch and OpenSearch: ``function_score`` on a field, or by terms lookup of tiers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from trustscore.errors import InputError
from trustscore.export.engines.rows import MOST_BYTES, Boosts, Parts, json_text
from trustscore.scorecard.vetoes import Veto

__all__ = ["elastic"]

# `index.max_terms_count` as both engines ship it.
MOST_TERMS = 65_536
TIERS_INDEX = "trust_tiers"
# A query gets a filter for each; a column with more is no column of tiers.
MOST_TIERS = 200
# Scores are not negative, so a floored item can only be multiplied down, not sorted apart,
# where the merchants are looked up instead of copied to the items.
FLOOR_WEIGHT = 1e-6
_EXPIRED = {"range": {"trust_valid_to": {"lt": "now/d"}}}
_MATCH = {"match": {"title": "{{q}}"}}
_VETOES = tuple(veto.word for veto in reversed(Veto) if veto)
# Ties go by the item's id, as in Python. The engine's own id cannot be sorted by.
_ITEM = {"item_id": {"order": "asc", "unmapped_type": "keyword"}}


def elastic(boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files: fields and their update, the query, and the same by tiers."""
    return {
        "mapping.json": iter([json_text(_mapping(), pretty=True), "\n"]),
        "merchants.ndjson": Parts(_merchants(boosts)),
        "query.json": iter([json_text(_query(boosts), pretty=True), "\n"]),
        "tiers_mapping.json": iter([json_text(_TIERS_MAPPING, pretty=True), "\n"]),
        "tiers.ndjson": Parts(_tiers(boosts)),
        "query_by_tier.json": _by_tier(boosts),
    }


def _mapping() -> dict[str, Any]:
    return {
        "properties": {
            "trust_boost": {"type": "double"},
            "trust_veto": {"type": "keyword"},
            "trust_floor": {"type": "byte"},
            "trust_tier": {"type": "keyword"},
            "trust_valid_to": {"type": "date", "format": "strict_date"},
            "trust_policy": {"type": "keyword", "index": False},
        }
    }


# The documents are read whole. Were they mapped by themselves, an id that looks like a day would
# make the field one of days, and all other ids would be refused.
_TIERS_MAPPING = {"dynamic": False, "properties": {"tier": {"type": "keyword"}}}


def _merchants(boosts: Boosts) -> Iterator[str]:
    """Yield two lines a merchant for ``POST /<index>/_bulk``."""
    names = ("merchant_id", "trust_boost", "veto", "tier", "valid_to", "policy")
    for merchant, boost, veto, tier, end, policy in boosts.rows(*names):
        doc = {
            "trust_boost": boost,
            "trust_veto": veto,
            "trust_floor": int(veto == Veto.FLOOR.word),
            "trust_tier": tier,
            "trust_valid_to": end or None,
            "trust_policy": policy,
        }
        action, body = {"update": {"_id": merchant}}, {"doc": doc, "doc_as_upsert": True}
        yield f"{json_text(action)}\n{json_text(body)}\n"


def _query(boosts: Boosts) -> dict[str, Any]:
    factor = {"field": "trust_boost", "factor": 1.0, "modifier": "none", "missing": 1.0}
    blocked = {"term": {"trust_veto": Veto.BLOCK.word}}
    return {
        "query": {
            "function_score": {
                "query": {"bool": {"must": [_MATCH], "must_not": [blocked]}},
                # Where the filter does not match, the function counts as 1: expired is neutral.
                "functions": [
                    {
                        "filter": {"bool": {"must_not": [_EXPIRED]}},
                        "field_value_factor": factor,
                    }
                ],
                "score_mode": "multiply",
                "boost_mode": "multiply",
                "max_boost": math.exp(boosts.policy.beta),
            }
        },
        "sort": [
            {"trust_floor": {"order": "asc", "missing": 0, "unmapped_type": "byte"}},
            {"_score": {"order": "desc"}},
            _ITEM,
        ],
    }


class _Part(NamedTuple):
    """Merchants of one veto, or of one tier without a veto, that fit into one lookup."""

    veto: str
    tier: str
    name: str
    merchants: list[str]


def _parts(boosts: Boosts) -> Iterator[_Part]:
    """Yield the lookups, each as soon as it is full; those of vetoes even when empty.

    Their names are numbers: a tier may be called ``{{q}}``, and a query is a template.
    """
    held: dict[tuple[str, str], list[str]] = {(veto, ""): [] for veto in _VETOES}
    sizes = dict.fromkeys(held, 0)
    # From the start, so that every query asks for the three vetoes.
    number = {group: [at, 0] for at, group in enumerate(held)}

    def part(group: tuple[str, str]) -> _Part:
        at, before = number[group]
        number[group][1] += 1
        name = f"veto-{group[0]}" if group[0] else f"tier-{at - len(_VETOES) + 1}"
        merchants, held[group], sizes[group] = held[group], [], 0
        return _Part(*group, name if not before else f"{name}-{before + 1}", merchants)

    for merchant, veto, tier in boosts.rows("merchant_id", "veto", "tier"):
        if not veto and not tier:
            continue
        group = (veto, "") if veto else ("", tier)
        if group not in held:
            if len(held) == MOST_TIERS + len(_VETOES):
                raise InputError(
                    f"the scores have more than {MOST_TIERS} tiers, which no query can ask for:"
                    " is `tier` the column of the tiers?"
                )
            held[group], sizes[group], number[group] = [], 0, [len(held), 0]
        size = len(json_text(merchant)) + 2
        if len(held[group]) == MOST_TERMS or sizes[group] + size > MOST_BYTES - 1000:
            yield part(group)
        held[group].append(merchant)
        sizes[group] += size
    for group, merchants in held.items():
        if merchants or not number[group][1]:
            yield part(group)


def _tiers(boosts: Boosts) -> Iterator[str]:
    """Yield two lines a lookup for ``POST /trust_tiers/_bulk``."""
    for found in _parts(boosts):
        action = {"index": {"_id": found.name}}
        body = {"tier": found.tier, "merchant_ids": found.merchants}
        yield f"{json_text(action)}\n{json_text(body)}\n"


def _weights(boosts: Boosts) -> dict[tuple[str, str], float]:
    """Return the weight of each group: the geometric mean of its merchants' boosts.

    Merchants under a veto stand apart: a capped one must not be promoted with its tier.
    """
    sums: dict[tuple[str, str], tuple[float, int]] = {}
    for log, veto, tier in boosts.rows("log_boost", "veto", "tier"):
        group = (veto, "") if veto else ("", tier)
        total, count = sums.get(group, (0.0, 0))
        sums[group] = total + log, count + 1
    means = {group: math.exp(total / count) for group, (total, count) in sums.items()}
    return means | {(Veto.FLOOR.word, ""): FLOOR_WEIGHT}


def _by_tier(boosts: Boosts) -> Iterator[str]:
    def lookup(name: str) -> dict[str, Any]:
        place = {"index": TIERS_INDEX, "id": name, "path": "merchant_ids"}
        return {"terms": {"merchant_id": place}}

    block = Veto.BLOCK.word
    weights = _weights(boosts)
    found = [(part.veto, part.tier, part.name) for part in _parts(boosts)]
    # A merchant is in one group only, so their order does not matter.
    query = {
        "query": {
            "function_score": {
                "query": {
                    "bool": {
                        "must": [_MATCH],
                        "must_not": [lookup(name) for veto, _, name in found if veto == block],
                    }
                },
                "functions": [
                    {"filter": lookup(name), "weight": weights.get((veto, tier), 1.0)}
                    for veto, tier, name in found
                    if veto != block
                ],
                "score_mode": "first",
                "boost_mode": "multiply",
            }
        },
        "sort": [{"_score": {"order": "desc"}}, _ITEM],
    }
    yield json_text(query, pretty=True) + "\n"
