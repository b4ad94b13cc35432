"""Priors of peer groups, as lines of a scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trustscore.fitting.document import Change, figure
from trustscore.fitting.evidence import Block, Evidence, folded
from trustscore.fitting.notes import Note
from trustscore.fitting.priors import LEAST_MERCHANTS, STRENGTHS, Prior, group_priors, unit_variance
from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.side_values import fold_side_value

__all__ = ["set_groups"]


def set_groups(
    changes: list[Change],
    facts: dict[str, dict[str, Any]],
    notes: list[Note],
    card: Scorecard,
    block: Block,
    rows: int,
    fitted: Mapping[str, tuple[Signal, Evidence, Prior]],
) -> None:
    """Fit the priors of peer groups, shrunk to those of all merchants."""
    by = card.peers.by
    if any(column not in block for column in by):
        return
    parts = [folded(block, column, rows) for column in by]
    listed = ["|".join(values) for values in zip(*(p.tolist() for p in parts), strict=True)]
    whole = np.array([all(values) for values in zip(*(p.tolist() for p in parts), strict=True)])
    # A bar inside a name would read as two names.
    barred = np.array([text.count("|") > len(by) - 1 for text in listed]) & whole
    whole &= ~barred
    if barred.any():
        groups = len({text for text, bar in zip(listed, barred, strict=True) if bar})
        text = f"{groups} groups have a | in their name, and so the prior of all merchants"
        notes.append(Note("bar_in_group", "peers", text))
    names, code = np.unique(np.array(listed, dtype=object).astype(str), return_inverse=True)
    told: dict[str, dict[str, Any]] = {}
    small: set[str] = set()
    for name, (signal, raw, parent) in fitted.items():
        use = raw.known & whole
        if use.sum() < LEAST_MERCHANTS or raw.n is None:
            continue
        y = raw.y[whole[raw.known]]
        n, group = raw.n[use], code[use]
        prior, merchants, between = group_priors(signal.kind, y, n, group, len(names), parent)
        if not between:
            continue
        strength = _within(signal.kind, parent, between)
        for at in np.flatnonzero(merchants):
            if merchants[at] < LEAST_MERCHANTS:
                small.add(str(names[at]))
                continue
            value = float(np.exp(prior[at]) if signal.kind == "duration" else prior[at])
            told.setdefault(str(names[at]), {})[name] = {
                "prior": figure(value, 4),
                "strength": figure(strength, 3),
            }
        facts[name]["between_groups"] = figure(between, 3)
    # A group that the file states already is found by how it is read, and keeps its spelling.
    spelled = {
        "|".join(map(fold_side_value, group.split("|"))): group for group in card.file.peers.priors
    }
    for group_name, entries in told.items():
        group = spelled.get(group_name, group_name)
        for name, entry in entries.items():
            changes.append((("peers", "priors", group, name), entry))
        for name in card.file.peers.priors.get(group, {}):
            if name in fitted and name not in entries:
                changes.append((("peers", "priors", group, name), None))
    if small:
        shown = ", ".join(sorted(small)[:5]) + (", ..." if len(small) > 5 else "")
        text = (
            f"{len(small)} groups have fewer than {LEAST_MERCHANTS} merchants with evidence in "
            f"some signal, and there the prior of all merchants ({shown})"
        )
        notes.append(Note("small_groups", "peers", text))


def _within(kind: str, parent: Prior, between: float) -> float:
    """Return the strength inside a group: the spread that groups do not explain."""
    one = np.array([np.inf])
    total = float(unit_variance(kind, one, parent.prior, parent.strength, parent.sd)[0])
    # Groups never explain more than nine tenths, or one lucky fit would freeze all merchants.
    left = max(total - between**2, 0.1 * total)
    return min(parent.strength * total / left, STRENGTHS[1])
