"""The columns of a review, as they are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np

from trustscore.io.whole_table import Table
from trustscore.rights.review import REASONS, Figures, Review, rights_of
from trustscore.scorecard import Scorecard
from trustscore.typing import Array, TextArray
from trustscore.words import named, text

__all__ = ["day_text", "review_columns"]

_START = dt.date(1970, 1, 1)


_LAST = (dt.date.max - _START).days


_MOVES = {1: "up", -1: "down", 0: "same"}


def day_text(number: float) -> str:
    """Return a day, counted from 1970, as it is written; nothing for NaN."""
    if number != number:
        return ""
    return (_START + dt.timedelta(min(int(number), _LAST))).isoformat()


def _texts(values: Iterable[str]) -> TextArray:
    return np.array([*values, None], dtype=object)[:-1]


def review_columns(
    ids: TextArray,
    now: Table,
    figures: Figures,
    done: Review,
    card: Scorecard,
    lang: str,
) -> dict[str, Any]:
    """Return every column of a review, a merchant a row."""
    tiers = card.tiers
    names = {at: tier.id for at, tier in enumerate(tiers.ladder)} | {-1: ""}
    held, tier = done.held.tolist(), done.tier.tolist()
    pairs = list(zip(held, tier, strict=True))
    days = {day: day_text(day) for day in {*done.since.tolist(), *done.stay_until.tolist()}}
    since = [day_text(day) if day != day else days[day] for day in done.since.tolist()]
    until = [day_text(day) if day != day else days[day] for day in done.stay_until.tolist()]

    def only(one: int, other: int) -> str:
        barred = rights_of(tiers, other)
        return ";".join(right for right in rights_of(tiers, one) if right not in barred)

    gained = {pair: only(pair[1], pair[0]) for pair in set(pairs)}
    lost = {pair: only(pair[0], pair[1]) for pair in set(pairs)}
    blank = len(ids) - len(now.lines)

    def word(name: str) -> Array:
        return np.concatenate([now.columns[name], np.full(blank, "", dtype=object)])

    given: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((), ())] * len(ids)
    if "rules" in now.columns:
        cases = list(zip(word("rules").tolist(), word("veto").tolist(), strict=True))
        known = {case: _given(card, *case) for case in set(cases)}
        given = [known[case] for case in cases]

    return {
        "merchant_id": ids,
        "old_tier": _texts(names[at] for at in held),
        "tier": _texts(names[at] for at in tier),
        "change": _texts("new" if a < 0 <= b else _MOVES[int(np.sign(b - a))] for a, b in pairs),
        "reason": _texts(REASONS[at] for at in done.reason.tolist()),
        "detail": _details(figures, done, card, word("veto"), since, until, lang),
        "effective": _texts(
            day if a != b else "" for day, (a, b) in zip(since, pairs, strict=True)
        ),
        "rights": _texts(
            ";".join((*rights_of(tiers, at), *more))
            for at, (more, _) in zip(tier, given, strict=True)
        ),
        "duties": _texts(";".join(duties) for _, duties in given),
        "gained": _texts(gained[pair] for pair in pairs),
        "lost": _texts(lost[pair] for pair in pairs),
        "tier_since": _texts(since),
        "reviews_below": done.below.astype(np.int64),
        "stay_until": _texts(until),
        "trust_index": figures.index,
        "status": word("status"),
        "veto": word("veto"),
    }


def _given(card: Scorecard, rules: str, veto: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the rights and duties that rules give beside the tier; a veto bars the rights."""
    fired = frozenset(rules.split(";"))
    return () if veto else card.granted("right", fired), card.granted("duty", fired)


def _details(
    figures: Figures,
    done: Review,
    card: Scorecard,
    vetoes: Array,
    since: list[str],
    until: list[str],
    lang: str,
) -> TextArray:
    tiers, found = card.tiers, []
    bounds = figures.index - tiers.z * figures.index_se
    rows = zip(
        done.reason.tolist(),
        done.held.tolist(),
        done.tier.tolist(),
        done.entitled.tolist(),
        figures.index.tolist(),
        bounds.tolist(),
        figures.coverage.tolist(),
        done.below.tolist(),
        vetoes.tolist(),
        since,
        until,
        strict=True,
    )
    for code, held, tier, entitled, index, bound, coverage, below, veto, day, stay in rows:
        reason = REASONS[code]
        # A rise is judged by the tier that is entered, everything else by the tier held.
        step = max(tier if reason == "raised" else held, 0)
        rung, higher = tiers.ladder[step], step > tiers.entry
        said = text(
            f"review_{reason}",
            lang,
            index=index,
            bound=bound if higher else index,
            z=tiers.z if higher else 0.0,
            coverage=coverage,
            tier=named(rung, lang),
            at=rung.at,
            need=rung.coverage,
            line=rung.at - tiers.hysteresis,
            keep=max(rung.coverage - tiers.coverage_margin, 0.0) if higher else 0.0,
            below=below,
            most=tiers.reviews_below,
            veto=veto,
            since=day,
            stay_until=stay,
        )
        if reason == "raised" and tier < entitled:
            said += text("review_one_step", lang)
        found.append(said)
    return _texts(found)
