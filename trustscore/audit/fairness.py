"""What the small and the new get."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.audit.cards import without_conditions
from trustscore.audit.market import Bands, Market, bands
from trustscore.audit.result import Section
from trustscore.scorecard.statuses import Status

__all__ = ["fairness"]

Array = np.ndarray[Any, Any]
# Points by which what does not apply to a merchant may move its index.
MOVED = 2.0
# Between the smallest and the largest tenth.
_INDEX_GAP, _TIER_GAP = 5.0, 0.25


def _by(cut: Bands, market: Market) -> dict[str, Any]:
    scores = market.scores
    groups = [(name, mask) for name, mask in cut if mask.any()]

    def mean(values: Array) -> Array:
        return np.array([np.nanmean(values[mask]) for _, mask in groups])

    index = market.index
    raw, se = scores.raw_index, scores.index_se
    table: dict[str, Any] = {
        "group": [name for name, _ in groups],
        "merchants": np.array([mask.sum() for _, mask in groups]),
        "index": mean(index),
        "index_sd": np.array([index[mask].std() for _, mask in groups]),
        "before_rules": mean(raw),
        "rules": mean(index - raw),
        "standard_error": mean(se),
        "coverage": mean(scores.coverage),
    }
    status = scores.status_code
    for held in (Status.NEW, Status.LOW_EVIDENCE):
        table[f"status_{held.word}"] = mean((status == held) * 1.0)
    for tier in market.card.tiers.ladder:
        table[f"tier_{tier.id}"] = mean((scores.tier == tier.id) * 1.0)
    return table


def fairness(market: Market) -> Section:
    """Show index, interval, status and tier by volume and tenure, and who moves by applicability.

    Returns
    -------
    Section
        Tables `by_volume`, `by_tenure` where ``tenure_days`` was read, and `applicability`
        (merchants whose index moves by more than 2 points when what does not apply to them is
        taken as unknown instead).
    """
    section = Section("fairness")
    volume = bands(market.volume, 10)
    table = _by(volume, market)
    section.tables["by_volume"] = table
    section.facts = {"merchants": market.rows, "volume_column": market.volume_column}
    if len(volume.names) > 1:
        gap = table["before_rules"][-1] - table["before_rules"][0]
        says = (
            f"index before rules {table['before_rules'][0]:.1f} in the smallest tenth, "
            f"{table['before_rules'][-1]:.1f} in the largest"
        )
        (section.decide if abs(gap) > _INDEX_GAP else section.fine)("index", says)
        rules = table["rules"][-1] - table["rules"][0]
        if abs(rules) > 1:
            section.decide(
                "rules",
                f"rules move the smallest tenth by {table['rules'][0]:+.2f} points and the largest "
                f"by {table['rules'][-1]:+.2f}: who can meet their conditions?",
            )
        _tiers(section, market, table)
    if market.tenure is not None:
        section.tables["by_tenure"] = _by(bands(market.tenure, 5), market)
    else:
        section.note(
            "no_tenure",
            "no tenure_days: the scorecard does not read it, or it is blank; nothing is said "
            "of the new",
        )
    _applicability(section, market)
    return section


def _tiers(section: Section, market: Market, table: dict[str, Any]) -> None:
    ladder = market.card.tiers.ladder
    higher = [f"tier_{tier.id}" for tier in ladder[market.card.tiers.entry + 1 :]]
    if not higher:
        return
    share = np.sum([table[name] for name in higher], axis=0)
    says = (
        f"{share[0]:.0%} of the smallest tenth and {share[-1]:.0%} of the largest stand above "
        "the entry tier"
    )
    wide = abs(share[-1] - share[0]) > _TIER_GAP
    (section.decide if wide else section.fine)(
        "tiers", f"{says}: higher tiers ask for evidence as well as for a high index"
    )


def _applicability(section: Section, market: Market) -> None:
    if not any(signal.applies_when for signal in market.card.signals):
        return
    everything = market.scored(without_conditions(market.card))
    moved = market.scores.raw_index - everything.raw_index
    far = np.flatnonzero(np.abs(moved) > MOVED)
    order = far[np.argsort(-np.abs(moved[far]), kind="stable")]
    section.tables["applicability"] = {
        "merchant_id": market.ids[order],
        "volume": market.volume[order],
        "category": market.category[order] if market.category is not None else [""] * len(order),
        "moved": moved[order],
    }
    section.facts["moved_by_applicability"] = len(far)
    says = (
        f"{len(far)} of {market.rows} merchants ({len(far) / market.rows:.1%}) move by more than "
        f"{MOVED:g} points because signals do not apply to them, rather than being unknown "
        f"(mean {np.mean(moved):+.2f}, largest {moved[np.argmax(np.abs(moved))]:+.1f})"
    )
    (section.decide if len(far) > 0.05 * market.rows else section.note)("applicability", says)
