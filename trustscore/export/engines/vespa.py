"""Vespa: the merchant is a global parent document, so one write moves all of its offers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from trustscore.export.engines.rows import Boosts, json_text
from trustscore.scorecard.vetoes import Veto

__all__ = ["vespa"]

_MERCHANT = """\
# In services.xml: <document type="merchant" mode="index" global="true" />
schema merchant {
  document merchant {
    field trust_lean  type double { indexing: attribute | summary }
    field trust_until type double { indexing: attribute | summary }
    field trust_veto  type byte   { indexing: attribute | summary }
    field trust_tier  type string { indexing: attribute | summary }
  }
}
"""

# The reference and the imports stand in schema offer; the profile in offer/trust.profile.
_OFFER = """\
# Inside `schema offer`; the reference inside its document.
#   field merchant_ref type reference<merchant> { indexing: attribute }
import field merchant_ref.trust_lean  as trust_lean  {}
import field merchant_ref.trust_until as trust_until {}
import field merchant_ref.trust_veto  as trust_veto  {}
"""

# A relevance is not negative; floored offers get -1 to 0 and blocked ones less than the limit.
_PROFILE = """\
rank-profile trust inherits default {{
  inputs {{
    query(trust_strength) double: {beta!r}
  }}
  function text_relevance() {{
    expression: bm25(title)
  }}
  function current_lean() {{
    expression: if (isNan(attribute(trust_lean)) == 1, 0, attribute(trust_lean)) * in_force
  }}
  function in_force() {{
    expression: if (isNan(attribute(trust_until)) == 1, 1, if (now < attribute(trust_until), 1, 0))
  }}
  function trust_boost() {{
    expression: exp(query(trust_strength) * max({low!r}, min(1, current_lean)))
  }}
  first-phase {{
    expression: if (attribute(trust_veto) == {block}, -3, if (attribute(trust_veto) == {floor}, \
0 - 1 / (1 + text_relevance * trust_boost), text_relevance * trust_boost))
    rank-score-drop-limit: -2
  }}
  match-features {{ trust_boost text_relevance }}
}}
"""
_DAY = 86_400


def vespa(boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files: parent schema, imports and rank profile of the offers, and the feed."""
    policy = boosts.policy
    profile = _PROFILE.format(
        beta=policy.beta,
        low=0.0 - policy.curve.rho,
        floor=int(Veto.FLOOR),
        block=int(Veto.BLOCK),
    )
    return {
        "merchant.sd": iter([_MERCHANT]),
        "offer-imports.sd": iter([_OFFER]),
        "trust.profile": iter([profile]),
        "feed.jsonl": _feed(boosts),
    }


def _feed(boosts: Boosts) -> Iterator[str]:
    start = dt.date(1970, 1, 1)
    for merchant, lean, veto, tier, end in boosts.rows(
        "merchant_id", "lean", "veto", "tier", "valid_to"
    ):
        # The last day counts to its end, in UTC.
        until = ((dt.date.fromisoformat(end) - start).days + 1) * _DAY if end else None
        fields = {
            "trust_lean": lean,
            "trust_until": until,
            "trust_veto": int(Veto.of(veto)),
            "trust_tier": tier,
        }
        yield (
            json_text(
                {
                    "update": f"id:trust:merchant::{merchant}",
                    "create": True,
                    "fields": {name: {"assign": value} for name, value in fields.items()},
                }
            )
            + "\n"
        )
