"""What the small and the new get."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.audit.cards import without_conditions
from trustscore.audit.least import LEAST, enough
from trustscore.audit.market import Bands, Market, bands
from trustscore.audit.measures import event_rates, mean_gap
from trustscore.audit.result import Section, level_within
from trustscore.scorecard.statuses import Status
from trustscore.typing import Array

__all__ = ["fairness"]

# Points by which what does not apply to a merchant may move its index.
MOVED = 2.0
# Between the smallest and the largest band.
_INDEX_GAP, _RULES_GAP, _TIER_GAP = 5.0, 1.0, 0.25
_MOVED_SHARE = 0.05


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
    section.facts = {"merchants": market.rows, "volume_column": market.volume_column}
    if not enough(section, "band", market.rows):
        _applicability(section, market)
        return section
    least = LEAST["band"].merchants
    volume = bands(market.volume, 10, least)
    table = _by(volume, market)
    section.tables["by_volume"] = table
    if len(volume.names) > 1:
        _gaps(section, market, volume)
    elif market.volume.min() < market.volume.max():
        section.note(
            "few_gap",
            f"{market.rows} merchants do not make two bands of {least}: nothing is said of "
            "the small beside the large",
        )
    if market.tenure is not None:
        section.tables["by_tenure"] = _by(bands(market.tenure, 5, least), market)
    else:
        section.note(
            "no_tenure",
            "no tenure_days: the scorecard does not read it, or it is blank; nothing is said "
            "of the new",
        )
    _applicability(section, market)
    return section


def _gaps(section: Section, market: Market, volume: Bands) -> None:
    """Compare the smallest merchants with the largest: index, rules and tiers."""
    small, large = volume.code == 0, volume.code == len(volume.names) - 1
    raw = market.scores.raw_index

    gap, low, high = mean_gap(raw[large], raw[small])
    section.add(
        level_within(gap, low, high, -_INDEX_GAP, _INDEX_GAP),
        "index",
        f"index before rules {raw[small].mean():.1f} in the smallest {volume.part}, "
        f"{raw[large].mean():.1f} in the largest; difference {gap:+.1f} (95 % interval "
        f"{low:+.1f} to {high:+.1f})",
    )
    moved = market.index - raw
    level = level_within(*mean_gap(moved[large], moved[small]), -_RULES_GAP, _RULES_GAP)
    if level != "fine":
        section.add(
            level,
            "rules",
            f"rules move the smallest {volume.part} by {moved[small].mean():+.2f} points and the "
            f"largest by {moved[large].mean():+.2f}: who can meet their conditions?",
        )
    higher = [tier.id for tier in market.card.tiers.ladder[market.card.tiers.entry + 1 :]]
    if not higher:
        return
    above = np.isin(market.scores.tier, higher) * 1.0
    rates = event_rates(volume.code, len(volume.names), np.ones(market.rows), above)
    section.add(
        level_within(*rates.gap(-1, 0), -_TIER_GAP, _TIER_GAP),
        "tiers",
        f"{rates.rate[0]:.0%} of the smallest {volume.part} and {rates.rate[-1]:.0%} of the "
        "largest stand above the entry tier: higher tiers ask for evidence as well as for a high "
        "index",
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
    # One merchant of ten is a tenth, and says little: the whole interval must be beyond.
    moves = np.zeros(market.rows)
    moves[far] = 1.0
    share = event_rates(np.zeros(market.rows, np.int64), 1, np.ones(market.rows), moves)
    section.judge("applicability", says, bad=bool(share.low[0] > _MOVED_SHARE))
