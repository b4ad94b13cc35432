"""What rules that hold the index cost merchants who did nothing to deserve it."""

from __future__ import annotations

import numpy as np

from trustscore.audit.least import enough
from trustscore.audit.market import Market
from trustscore.audit.measures import event_rates
from trustscore.audit.result import Section, table_of
from trustscore.audit.truth import Truth
from trustscore.outcomes import Outcomes
from trustscore.scorecard import Rule
from trustscore.scorecard.effects import EFFECTS
from trustscore.scoring import score_columns
from trustscore.typing import Array

__all__ = ["hold_rules", "holds"]

_MOST = 0.05  # a defence that holds down more honest merchants than one in twenty needs a decision

_WHO = {
    "truth_not_below_index": "whose truth is not below their index",
    "later_not_above_market": "whose later rate of bad events is not above the market's",
}


def hold_rules(market: Market) -> list[Rule]:
    """Return the rules that hold the index and whose column is there."""
    return [
        rule
        for rule in market.card.rules
        if EFFECTS[rule.effect].holds and not market.missing.intersection(rule.columns)
    ]


def _groups(
    market: Market, unheld: Array, outcomes: Outcomes | None, truth: Truth | None
) -> list[tuple[str, Array]]:
    """Return all merchants, then those who are honest by what is known of them."""
    found = [("all", market.scores.coverage > 0)]
    scored = found[0][1]
    if truth is not None:
        found.append(("truth_not_below_index", scored & (truth.index >= unheld)))
    if outcomes is not None:
        known = outcomes.n > 0
        rate = outcomes.events.sum() / max(outcomes.n.sum(), 1.0)
        fine = known & (outcomes.events <= rate * outcomes.n)
        found.append(("later_not_above_market", scored & fine))
        found.append(("later_above_market", scored & known & ~fine))
    return found


def _interval(held: Array) -> tuple[float, float]:
    if not len(held):
        return np.nan, np.nan
    found = event_rates(np.zeros(len(held), np.int64), 1, np.ones(len(held)), held * 1.0)
    return float(found.low[0]), float(found.high[0])


def holds(market: Market, outcomes: Outcomes | None = None, truth: Truth | None = None) -> Section:
    """Count whom each rule of the effect `hold` holds down, and by how many points.

    Honest are merchants whose rate of bad events in the later period is not above that of the
    market, where outcomes are known; of a simulated market, those whose true index is not below
    the index before holds.

    Parameters
    ----------
    market : Market
    outcomes : Outcomes, optional
        Joined to the merchants of the market.
    truth : Truth, optional

    Returns
    -------
    Section
    """
    section = Section("holds")
    scores = score_columns(market.block, market.card, "statement", missing=market.missing)
    rules = hold_rules(market)
    taken = {rule.id: -scores.adjustments[rule.id] for rule in rules}
    unheld = np.nan_to_num(scores.uncapped_index) + sum(taken.values(), np.zeros(market.rows))
    rows = []
    for rule in rules:
        points, above = taken[rule.id], market.block[str(rule.above)]
        for name, group in _groups(market, unheld, outcomes, truth):
            n, lost = int(group.sum()), points[group]
            held = int((lost > 0).sum())
            rate = (
                event_rates(np.zeros(n, np.int64), 1, np.ones(n), (lost > 0) * 1.0) if n else None
            )
            low, high = (rate.low[0], rate.high[0]) if rate else (np.nan, np.nan)
            mean, mean_held = (lost.mean() if n else np.nan), lost[lost > 0].mean() if held else 0.0
            share = held / n if n else np.nan
            rows.append((rule.id, name, n, held, share, low, high, mean, mean_held))
            if name == "later_above_market" or not enough(section, "share", n):
                continue
            said = (
                f"{rule.id} holds down {held} of {n} merchants ({share:.1%} [{low:.1%}, "
                f"{high:.1%}]) by {mean_held:.1f} points on average"
            )
            if name == "all":
                blank = int(np.isnan(above[group]).sum())
                section.note("held", f"{said}; {rule.above} is blank for {blank}")
                continue
            section.judge("price", f"honest merchants, {_WHO[name]}: {said}", bad=low > _MOST)
    names = "rule group merchants held share share_low share_high mean_points mean_points_held"
    section.tables["price"] = table_of(names, rows)
    section.facts = {"most_honest_share": _MOST}
    return section
