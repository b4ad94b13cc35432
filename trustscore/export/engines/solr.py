"""Solr: a bounded ``boost`` function with a default of 1, and in-place updates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from trustscore.export.engines.rows import Boosts, json_text
from trustscore.scorecard.vetoes import Veto

__all__ = ["solr"]

_FIELDS = {
    "trust_boost": "pdouble",
    "trust_floor": "pint",
    "trust_veto": "string",
    "trust_tier": "string",
    "trust_valid_to": "pdate",
    "trust_policy": "string",
}


def solr(boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files: fields for the Schema API, updates, and the request."""
    return {
        "schema.json": iter([json_text(_schema(), pretty=True), "\n"]),
        "merchants.json": _merchants(boosts),
        "query.json": iter([json_text(_request(boosts), pretty=True), "\n"]),
    }


def _schema() -> dict[str, Any]:
    return {
        "add-field": [
            # Numbers that are neither indexed nor stored are updated in place.
            {"name": name, "type": kind, "docValues": True, "stored": False}
            | {"indexed": kind == "string"}
            for name, kind in _FIELDS.items()
        ]
    }


def _merchants(boosts: Boosts) -> Iterator[str]:
    """Yield a JSON array for ``POST /<collection>/update``, one line a merchant."""
    names = ("merchant_id", "trust_boost", "veto", "tier", "valid_to", "policy")
    before = "[\n"
    for merchant, boost, veto, tier, end, policy in boosts.rows(*names):
        values = {
            "trust_boost": boost,
            "trust_floor": int(veto == Veto.FLOOR.word),
            "trust_veto": veto,
            "trust_tier": tier,
            "trust_valid_to": f"{end}T00:00:00Z" if end else None,
            "trust_policy": policy,
        }
        doc = {"id": merchant} | {name: {"set": value} for name, value in values.items()}
        yield before + json_text(doc)
        before = ",\n"
    yield "\n]\n"


def _request(boosts: Boosts) -> dict[str, Any]:
    policy = boosts.policy
    low, high = math.exp(-policy.beta * policy.curve.rho), math.exp(policy.beta)
    expired = "and(exists(trust_valid_to),gt(ms(NOW/DAY,trust_valid_to),0))"
    bounded = f"min({high!r},max({low!r},def(trust_boost,1.0)))"
    return {
        "params": {
            "defType": "edismax",
            "boost": f"if({expired},1.0,{bounded})",
            "fq": f"-trust_veto:{Veto.BLOCK.word}",
            "sort": "def(trust_floor,0) asc,score desc",
        }
    }
