"""Typesense and Algolia: no multiplication, so trust breaks ties of relevance in whole steps.

Both put a record without the field last when they sort by it. So nothing is sorted by the
field: conditions on its words give points, and a record that has none of them stands exactly
between those that are promoted and those that are demoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from trustscore.export.engines.rows import STEPS_DOWN, STEPS_UP, Boosts, json_text
from trustscore.scorecard.vetoes import Veto

__all__ = ["algolia", "typesense"]

# Text matches within one of so many buckets count as equally relevant.
BUCKETS = 10
_BATCH = 1000


def typesense(boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files: fields, documents to import with ``action=emplace``, and the search."""
    fields = [
        {"name": name, "type": "string", "optional": True, "index": True}
        for name in ("trust_step", "trust_tier")
    ]

    def points(steps: tuple[str, ...]) -> str:
        # The strongest first: the first condition that holds is the one that counts.
        cases = [f"(trust_step:={word}):{at}" for at, word in enumerate(steps, start=1)]
        return f"_eval([{','.join(reversed(cases))}])"

    search = {
        "filter_by": f"trust_step:!={Veto.BLOCK.word}",
        "sort_by": (
            f"_text_match(buckets: {BUCKETS}):desc,{points(STEPS_DOWN)}:asc,{points(STEPS_UP)}:desc"
        ),
    }
    return {
        "schema.json": iter([json_text({"fields": fields}, pretty=True), "\n"]),
        "merchants.jsonl": _documents(boosts),
        "query.json": iter([json_text(search, pretty=True), "\n"]),
    }


def _documents(boosts: Boosts) -> Iterator[str]:
    rows = boosts.rows("merchant_id", "tier")
    for (merchant, tier), step in zip(rows, boosts.steps, strict=True):
        yield json_text({"id": merchant, "trust_step": step, "trust_tier": tier}) + "\n"


def algolia(boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files: settings, bodies for the batch endpoint, and the search parameters."""
    settings = {"attributesForFaceting": ["filterOnly(trust_step)", "filterOnly(trust_tier)"]}
    up = [f"trust_step:{word}<score={at}>" for at, word in enumerate(STEPS_UP, start=1)]
    # A negative filter gives its points to all others, a record without a step among them.
    down = [f"trust_step:-{word}<score={at}>" for at, word in enumerate(STEPS_DOWN, start=1)]
    search = {
        "filters": f"NOT trust_step:{Veto.BLOCK.word}",
        "optionalFilters": [[*up, *down]],
        "sumOrFiltersScores": True,
    }
    return {
        "settings.json": iter([json_text(settings, pretty=True), "\n"]),
        "batches.jsonl": _batches(boosts),
        "query.json": iter([json_text(search, pretty=True), "\n"]),
    }


def _batches(boosts: Boosts) -> Iterator[str]:
    requests = []
    rows = boosts.rows("merchant_id", "tier")
    for (merchant, tier), step in zip(rows, boosts.steps, strict=True):
        body = {"objectID": merchant, "trust_step": step, "trust_tier": tier}
        requests.append({"action": "partialUpdateObject", "body": body})
        if len(requests) == _BATCH:
            yield json_text({"requests": requests}) + "\n"
            requests = []
    if requests:
        yield json_text({"requests": requests}) + "\n"
