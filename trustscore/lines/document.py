"""The file of a scorecard with its lines: what moved, and the provenance of the choice."""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from trustscore import __version__
from trustscore.fitting.document import open_document, write_document
from trustscore.lines.choice import Choice
from trustscore.lines.heights import cap_heights, followed
from trustscore.lines.judged import Line
from trustscore.scorecard import Scorecard, parse_scorecard

__all__ = ["written"]


def written(
    card: Scorecard,
    lines: Sequence[Line],
    choices: Sequence[Choice],
    source: Mapping[str, Any] | None,
    names: Sequence[str],
    checked_on: list[str],
) -> tuple[str, Scorecard]:
    """Return the file of the scorecard with the lines that have moved, and what it says."""
    document = open_document(card)
    changes: list[tuple[tuple[str, ...], Any]] = []
    for line, choice in zip(lines, choices, strict=True):
        if choice.taken and line.kind == "tier":
            document["tiers"]["ladder"][line.path[2]]["at"] = choice.new
        elif choice.taken:
            changes.append((tuple(map(str, line.path)), line.written(choice.new)))
    taken = {choice.name: choice.new for choice in choices if choice.taken}
    before_moves = [tier.at for tier in card.tiers.ladder]
    after_moves = [taken.get(tier.id, tier.at) for tier in card.tiers.ladder]
    caps = {}
    for path, cap in cap_heights(card):
        height = followed(cap, before_moves, after_moves)
        if height != cap:
            changes.append((path, height))
            caps[".".join(path[:-1])] = {"old": cap, "new": height}
    facts: dict[str, Any] = {
        "program": f"trustscore {__version__}",
        "chosen_for": card.stamp,
        "periods": list(names),
        "checked_on": checked_on or "merchants left out in turn",
    }
    if source is not None:
        facts["data"] = dict(source)
    facts["choices"] = {choice.name: _told(choice) for choice in choices}
    if caps:
        facts["caps"] = caps
    if any(choice.taken for choice in choices):
        stamp = hashlib.sha256(repr([(c.name, c.new) for c in choices]).encode()).hexdigest()[:8]
        first = re.sub(r"\+lines\.[0-9a-f]{8}$", "", card.version)
        changes.append((("version",), f"{first}+lines.{stamp}"))
    before = dict(card.file.provenance or {})
    before.pop("lines", None)
    text = write_document(document, changes, {**before, "lines": facts})
    return text, parse_scorecard(tomllib.loads(text), source=f"{card.name}, with lines")


def _told(choice: Choice) -> dict[str, Any]:
    figures = {
        "cost": choice.harm,
        "old": choice.old,
        "best": choice.best,
        "low": choice.low,
        "high": choice.high,
        "gain": choice.gain,
        "gain_low": choice.gain_low,
        "gain_high": choice.gain_high,
    }
    told = {name: float(f"{value:.4g}") for name, value in figures.items() if math.isfinite(value)}
    return {**told, "why": choice.why}
