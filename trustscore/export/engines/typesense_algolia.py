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
    search = {
        "filter_by": f"trust_step:!={Veto.BLOCK.word}",
        "sort_by": f"_text_match(buckets: {BUCKETS}):desc,_eval([{_points()}]):desc",
    }
    return {
        "schema.json": iter([json_text({"fields": fields}, pretty=True), "\n"]),
        "merchants.jsonl": _documents(boosts),
        "query.json": iter([json_text(search, pretty=True), "\n"]),
    }


def _points() -> str:
    """Return the points of each step; no record meets two of the conditions.

    Typesense takes a single `_eval` and gives 0 points where no condition holds. So the lowest
    step has none, and whoever is in no other step gets the points of the middle: records without
    the field among them.
    """
    lowest, *below = STEPS_DOWN[::-1]
    words = [*below, *STEPS_UP]
    points = {word: at for at, word in enumerate(words, start=1)}
    middle = len(below) + 1
    points |= {word: points[word] + 1 for word in STEPS_UP}
    cases = [f"(trust_step:={word}):{points[word]}" for word in reversed(words)]
    others = f"(trust_step:!=[{','.join([lowest, *words])}]):{middle}"
    return ",".join([*cases, others])


def _documents(boosts: Boosts) -> Iterator[str]:
    for merchant, tier, step in boosts.rows("merchant_id", "tier", "step"):
        yield json_text({"id": merchant, "trust_step": step, "trust_tier": tier}) + "\n"


def algolia(boosts: Boosts) -> dict[str, Iterator[str]]:
    """Return the files: settings, bodies for the batch endpoint, and the search parameters."""
    # Not settings as the engine takes them: what is sent replaces a list, and every facet that
    # the index has would be gone.
    add = {"attributesForFaceting": ["filterOnly(trust_step)", "filterOnly(trust_tier)"]}
    up = [f"trust_step:{word}<score={at}>" for at, word in enumerate(STEPS_UP, start=1)]
    # A negative filter gives its points to all others, a record without a step among them.
    down = [f"trust_step:-{word}<score={at}>" for at, word in enumerate(STEPS_DOWN, start=1)]
    search = {
        "filters": f"NOT trust_step:{Veto.BLOCK.word}",
        "optionalFilters": [[*up, *down]],
        "sumOrFiltersScores": True,
    }
    return {
        "settings_to_add.json": iter([json_text({"add": add}, pretty=True), "\n"]),
        "batches.jsonl": _batches(boosts),
        "query.json": iter([json_text(search, pretty=True), "\n"]),
    }


def _batches(boosts: Boosts) -> Iterator[str]:
    requests = []
    for merchant, tier, step in boosts.rows("merchant_id", "tier", "step"):
        body = {"objectID": merchant, "trust_step": step, "trust_tier": tier}
        requests.append({"action": "partialUpdateObject", "body": body})
        if len(requests) == _BATCH:
            yield json_text({"requests": requests}) + "\n"
            requests = []
    if requests:
        yield json_text({"requests": requests}) + "\n"
