"""Elasticsearch and OpenSearch: ``function_score`` on a field, or by terms lookup of tiers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from trustscore.export.engines.rows import Boosts, json_text
from trustscore.scorecard.vetoes import Veto

__all__ = ["elastic"]

# `index.max_terms_count` as both engines ship it.
MOST_TERMS = 65_536
TIERS_INDEX = "trust_tiers"
# Scores are not negative, so a floored item can only be multiplied down, not sorted apart,
# where the merchants are looked up instead of copied to the items.
FLOOR_WEIGHT = 1e-6
_EXPIRED = {"range": {"trust_valid_to": {"lt": "now/d"}}}
_MATCH = {"match": {"title": "{{q}}"}}


def elastic(boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files: fields and their update, the query, and the same by tiers."""
    groups = _groups(boosts)
    return {
        "mapping.json": iter([json_text(_mapping(), pretty=True), "\n"]),
        "merchants.ndjson": _merchants(boosts),
        "query.json": iter([json_text(_query(boosts), pretty=True), "\n"]),
        "tiers.ndjson": _tiers(groups),
        "query_by_tier.json": iter([json_text(_by_tier(groups), pretty=True), "\n"]),
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


def _merchants(boosts: Boosts) -> Iterator[str]:
    """Yield lines for ``POST /<index>/_bulk``."""
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
        yield json_text({"update": {"_id": merchant}}) + "\n"
        yield json_text({"doc": doc, "doc_as_upsert": True}) + "\n"


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
        ],
    }


def _groups(boosts: Boosts) -> list[tuple[str, list[str], float]]:
    """Return name, merchants and weight of each group, the strictest first.

    The weight of a tier is the geometric mean of its merchants' boosts. Merchants under a veto
    stand apart: a capped one must not be promoted with its tier.
    """
    ids, logs = boosts.columns["merchant_id"], boosts.columns["log_boost"]
    vetoes, tiers = boosts.columns["veto"], boosts.columns["tier"]
    groups = []
    fixed = {Veto.BLOCK: 1.0, Veto.FLOOR: FLOOR_WEIGHT}
    for veto in reversed(Veto):
        if veto:
            groups.append((f"veto-{veto.word}", vetoes == veto.word, fixed.get(veto)))
    for tier in sorted(set(tiers.tolist()) - {""}):
        groups.append((f"tier-{tier}", (vetoes == "") & (tiers == tier), None))
    found = []
    for name, mask, weight in groups:
        rows = np.flatnonzero(mask)
        if weight is None:
            weight = float(np.exp(logs[rows].mean())) if len(rows) else 1.0
        for part, start in enumerate(range(0, max(len(rows), 1), MOST_TERMS), start=1):
            held = ids[rows[start : start + MOST_TERMS]].tolist()
            found.append((name if part == 1 else f"{name}-{part}", held, weight))
    return found


def _tiers(groups: list[tuple[str, list[str], float]]) -> Iterator[str]:
    """Yield lines for ``POST /trust_tiers/_bulk``."""
    for name, merchants, weight in groups:
        yield json_text({"index": {"_id": name}}) + "\n"
        yield json_text({"weight": weight, "merchant_ids": merchants}) + "\n"


def _by_tier(groups: list[tuple[str, list[str], float]]) -> dict[str, Any]:
    def lookup(name: str) -> dict[str, Any]:
        place = {"index": TIERS_INDEX, "id": name, "path": "merchant_ids"}
        return {"terms": {"merchant_id": place}}

    names = [(name, weight) for name, _, weight in groups]
    block = f"veto-{Veto.BLOCK.word}"
    blocked = [lookup(name) for name, _ in names if name.startswith(block)]
    return {
        "query": {
            "function_score": {
                "query": {"bool": {"must": [_MATCH], "must_not": blocked}},
                "functions": [
                    {"filter": lookup(name), "weight": weight}
                    for name, weight in names
                    if not name.startswith(block)
                ],
                "score_mode": "first",
                "boost_mode": "multiply",
            }
        }
    }
