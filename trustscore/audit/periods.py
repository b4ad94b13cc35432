"""How well the index foretold outcomes in each of several periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trustscore.auc import auc
from trustscore.audit.baselines import ratings
from trustscore.audit.least import EFFECTIVE, LEAST, enough_for_areas
from trustscore.audit.market import Market
from trustscore.audit.measures import bootstrap_auc, interval
from trustscore.audit.result import Section, table_of
from trustscore.outcomes import Outcomes
from trustscore.scoring import utilities

__all__ = ["AuditPeriod", "by_period"]

_INDEX = ""
_BAYESIAN = "Bayesian average"


class AuditPeriod(NamedTuple):
    """What merchants were on a day, and what became of them.

    Attributes
    ----------
    name : str
        Such as the day.
    market : Market
    outcomes : Outcomes
        Joined to the merchants of the market.
    """

    name: str
    market: Market
    outcomes: Outcomes


def by_period(
    section: Section, periods: Sequence[AuditPeriod], seed: int = 0, draws: int = 1000
) -> None:
    """Add the table `periods` to a section: area and margin over the Bayesian average, by period.

    Parameters
    ----------
    section : Section
    periods : sequence of AuditPeriod
        By time. Of one alone nothing is said.
    seed, draws : int
    """
    if len(periods) < 2:
        return
    rows: list[tuple[Any, ...]] = []
    few = []
    wrong: list[str] = []
    beaten: list[str] = []
    for name, market, outcomes in periods:
        at = np.flatnonzero(outcomes.n > 0)
        n, bad = outcomes.n[at], outcomes.events[at]
        good = n - bad
        area = low = high = minus = under = over = float("nan")
        if enough_for_areas(bad, good):
            part = market.take(at)
            scores = {_INDEX: part.index}
            found = utilities(part.block, part.card, missing=part.missing)
            scores |= {each.name: each.score for each in ratings(part, found)}
            drawn = bootstrap_auc(scores, bad, good, seed, draws)
            area = auc(part.index, bad, good)
            low, high = interval(drawn[_INDEX])
            if _BAYESIAN in scores:
                minus = area - auc(scores[_BAYESIAN], bad, good)
                under, over = interval(drawn[_INDEX] - drawn[_BAYESIAN])
            if high < 0.5:
                wrong.append(f"{name} ({area:.3f})")
            if over < 0:
                beaten.append(f"{name} ({minus:+.3f})")
        else:
            few.append(name)
        rate = bad.sum() / n.sum() if n.sum() else float("nan")
        rows.append((name, len(at), n.sum(), bad.sum(), rate, area, low, high, minus, under, over))
    section.tables["periods"] = table_of(
        "period merchants orders events rate auc auc_low auc_high index_minus_bayesian"
        " difference_low difference_high",
        rows,
    )
    known = [row for row in rows if not np.isnan(row[5])]
    if known:
        lowest, highest = min(known, key=lambda row: row[5]), max(known, key=lambda row: row[5])
        section.note(
            "periods",
            f"AUC of the index over {len(known)} periods: {lowest[5]:.3f} in {lowest[0]} to "
            f"{highest[5]:.3f} in {highest[0]}, {known[-1][5]:.3f} in the last one",
        )
    if wrong:
        section.decide("period", f"the index runs the wrong way in {', '.join(wrong)}")
    if beaten:
        section.decide(
            "period_beaten", f"the Bayesian average foretells more in {', '.join(beaten)}"
        )
    if few:
        section.note(
            "few_periods",
            f"{len(few)} of {len(rows)} periods get no AUC: they have under "
            f"{LEAST['area'].merchants} merchants, or events spread over fewer than are worth "
            f"{EFFECTIVE:g}",
        )
