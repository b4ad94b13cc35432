"""Solr: a bounded ``boost`` function with a default of 1, and in-place updates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from trustscore.export.engines.rows import Boosts, json_text
from trustscore.scorecard.vetoes import Veto

__all__ = ["solr"]

# Numbers that are neither indexed nor stored are updated in place. One field of another kind in
# an update, or a null, and Solr writes the whole document anew, from what it has stored of it.
_FIELDS = {"trust_boost": "pdouble", "trust_veto": "pint", "trust_valid_to": "pdate"}
_NEVER = "9999-12-31"


def solr(boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files: fields for the Schema API, updates, and the request."""
    return {
        "schema.json": iter([json_text(_schema(), pretty=True), "\n"]),
        "merchants.json": _merchants(boosts),
        "query.json": iter([json_text(_request(boosts), pretty=True), "\n"]),
    }


def _schema() -> dict[str, Any]:
    how = {"docValues": True, "stored": False, "indexed": False}
    return {"add-field": [{"name": name, "type": kind} | how for name, kind in _FIELDS.items()]}


def _merchants(boosts: Boosts) -> Iterator[str]:
    """Yield a JSON array for ``POST /<collection>/update``, one line a merchant."""
    before = "[\n"
    names = ("merchant_id", "trust_boost", "veto", "valid_to")
    for merchant, boost, veto, end in boosts.rows(*names):
        values = {
            "trust_boost": boost,
            "trust_veto": int(Veto.of(veto)),
            "trust_valid_to": f"{end or _NEVER}T00:00:00Z",
        }
        doc = {"id": merchant} | {name: {"set": value} for name, value in values.items()}
        yield before + json_text(doc)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _request(boosts: Boosts) -> dict[str, Any]:
    policy = boosts.policy
    low, high = math.exp(-policy.beta * policy.curve.rho), math.exp(policy.beta)
    expired = "and(exists(trust_valid_to),gt(ms(NOW/DAY,trust_valid_to),0))"
    bounded = f"min({high!r},max({low!r},def(trust_boost,1.0)))"
    return {
        "params": {
            "defType": "edismax",
            "boost": f"if({expired},1.0,{bounded})",
            "fq": f"-trust_veto:{int(Veto.BLOCK)}",
            "sort": f"if(eq(def(trust_veto,0),{int(Veto.FLOOR)}),1,0) asc,score desc,id asc",
            # Solr leaves this alone; it tells who asks by which policy.
            "trust_policy": policy.stamp,
        }
    }
