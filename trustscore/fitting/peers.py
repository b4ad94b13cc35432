"""Priors of peer groups, as lines of a scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from trustscore.fitting.document import Change, significant
from trustscore.fitting.evidence import Block, SignalEvidence, folded
from trustscore.fitting.groups import Groups, fit_groups
from trustscore.fitting.notes import Note
from trustscore.fitting.priors import LEAST_MERCHANTS, STRENGTHS, Prior, clip_strength
from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.side_values import fold_side_value
from trustscore.typing import Array

__all__ = ["PeerGroups", "peer_groups", "set_groups"]


class PeerGroups(NamedTuple):
    """The peer groups of a block.

    Attributes
    ----------
    names : tuple of str
    code : ndarray of int
        Group of each row; -1 where a row is in none.
    barred : int
        Groups with a bar in their name, which would read as two names.
    """

    names: tuple[str, ...]
    code: Array
    barred: int = 0


def peer_groups(card: Scorecard, block: Block, rows: int) -> PeerGroups | None:
    """Return the peer groups of the merchants; None where the block lacks their columns."""
    by = card.peers.by
    if any(column not in block for column in by):
        return None
    parts = [folded(block, column, rows).tolist() for column in by]
    listed = np.array(["|".join(values) for values in zip(*parts, strict=True)], dtype=object)
    whole = np.array([all(values) for values in zip(*parts, strict=True)])
    barred = np.array([text.count("|") > len(by) - 1 for text in listed]) & whole
    names, code = np.unique(listed.astype(str), return_inverse=True)
    among = np.where(whole & ~barred, code, -1)
    return PeerGroups(tuple(names.tolist()), among, len(set(listed[barred].tolist())))


def set_groups(
    changes: list[Change],
    facts: dict[str, dict[str, Any]],
    notes: list[Note],
    card: Scorecard,
    peers: PeerGroups,
    fitted: Mapping[str, tuple[Signal, SignalEvidence, Prior]],
) -> None:
    """Fit the priors of peer groups, shrunk to those of all merchants."""
    names, code, barred = peers
    whole = code >= 0
    if barred:
        text = f"{barred} groups have a | in their name, and so the prior of all merchants"
        notes.append(Note("bar_in_group", "peers", text))
    # A group that the file already has keeps its spelling; names are compared as they are read.
    spelled = {
        "|".join(map(fold_side_value, group.split("|"))): group for group in card.file.peers.priors
    }
    small: set[str] = set()
    for name, (signal, raw, parent) in fitted.items():
        use = raw.known & whole
        if use.sum() < LEAST_MERCHANTS or raw.n is None:
            continue
        if not signal.counts and not parent.sd > 0:
            continue
        inside = whole[raw.known]
        weight = None if raw.weight is None else raw.weight[use]
        found = fit_groups(
            signal.kind, raw.y[inside], raw.n[use], code[use], len(names), parent, weight
        )
        for at in np.flatnonzero(found.merchants):
            group = spelled.get(names[at], names[at])
            before = card.file.peers.priors.get(group, {}).get(name)
            if found.merchants[at] < LEAST_MERCHANTS:
                # With so few merchants the prior that the file states stays.
                small.add(names[at])
            elif found.between:
                entry = _entry(signal, float(found.prior[at]), found, before)
                changes.append((("peers", "priors", group, name), entry))
            elif before is not None:
                changes.append((("peers", "priors", group, name), None))
        if found.between:
            facts[name]["between_groups"] = significant(found.between, 3)
            changes += _own_sd(signal, card, facts[name], parent, found)
            if found.flaw is not None:
                notes.append(Note(f"peers_{found.flaw}", name, _FLAWS[found.flaw]))
    if small:
        shown = ", ".join(sorted(small)[:5]) + (", ..." if len(small) > 5 else "")
        text = (
            f"{len(small)} groups have fewer than {LEAST_MERCHANTS} merchants with evidence in "
            "some signal, and there the prior that the file states of them, or that of all "
            f"merchants ({shown})"
        )
        notes.append(Note("small_groups", "peers", text))


_FLAWS = {
    "no_overdispersion": (
        "inside peer groups merchants differ no more than chance would make them differ: the "
        f"strength of groups is the limit, {STRENGTHS[1]:g}"
    ),
    "strength_at_limit": (
        "inside peer groups merchants differ so much that a prior is hardly worth one "
        f"observation: the strength of groups is the limit, {STRENGTHS[0]:g}"
    ),
    "strength_untold": (
        "how much merchants differ inside peer groups cannot be told: groups have priors of their "
        "own and the strength of all merchants, or the one that the file states"
    ),
}


def _own_sd(
    signal: Signal, card: Scorecard, facts: dict[str, Any], parent: Prior, found: Groups
) -> list[Change]:
    """Return the sd inside groups, and the strength of all merchants at that sd, as changes.

    Where groups differ, the figures of all merchants are not normal and estimate sd less well.
    """
    if "sd" not in facts or found.flaw is not None or not found.sd > 0:
        return []
    at = ("signals", signal.dimension, signal.id)
    facts["sd"] = significant(found.sd, 3)
    changes: list[Change] = [((*at, "sd"), facts["sd"])]
    if "strength" in facts:
        spread = parent.sd**2 / parent.strength
        facts["strength"] = significant(clip_strength(found.sd**2 / spread), 3)
        changes.append(((*at, "strength"), facts["strength"]))
    return changes


def _entry(signal: Signal, prior: float, found: Groups, before: Any) -> dict[str, float]:
    """Return the line of one signal in one group."""
    value = float(np.exp(prior)) if signal.on_log else prior
    entry = {"prior": significant(value, 4)}
    if found.flaw != "strength_untold":
        entry["strength"] = significant(found.strength, 3)
    elif before is not None and before.strength is not None:
        entry["strength"] = before.strength
    return entry
