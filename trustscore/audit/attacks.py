"""Attacks on the index, played through: what they gain, and who would notice."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustscore.audit.forgery import BUYERS, REVIEWS, Forgery, best, worst
from trustscore.audit.increments import FALSE_ALARMS, honest_period, surprise, testable
from trustscore.audit.least import LEAST, enough
from trustscore.audit.market import Bands, Market, bands
from trustscore.audit.result import Section, table_of
from trustscore.scorecard import Signal
from trustscore.typing import Array

__all__ = ["attacks"]

# Made-up observations, as a share of the true ones of the period.
DOSES = (0.1, 0.3, 1.0)
# What is left of a record: a new name, and then a part of the old volume under it.
REMAINS = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)
MOST_MERCHANTS = 5000
# Merchants with most to win by a new name.
_WORST_SHARE = 0.1
_GAIN = 3.0
_POWER = 0.5


def attacks(market: Market, seed: int = 0) -> Section:
    """Simulate brushing, review bombing, on-off behaviour and whitewashing on these merchants.

    Detection asks of one new period whether it is better (or worse) than the merchant's own
    record foretells; its threshold lets one honest merchant in a hundred of the same third of
    volume be looked at in vain. Only the figures of the export are used: the platform's own
    flags and links are not.

    Returns
    -------
    Section
        Table `doses` for attacks that add or spoil evidence, by third of volume; and
        `whitewashing`, by how much volume the new name has gathered.
    """
    section = Section("attacks")
    part = market.sample(MOST_MERCHANTS, seed)
    forgery = Forgery(part)
    if not forgery.signals:
        section.note("nothing", "no signal counts anything, so nothing can be made up")
        return section
    if not enough(section, "price", part.rows):
        return section
    rng = np.random.default_rng(seed)
    thirds = bands(part.volume, 3, LEAST["price"].merchants)
    bought, reviewed = forgery.reached(BUYERS), forgery.reached(REVIEWS)
    section.facts = {
        "merchants": part.rows,
        "volume_column": market.volume_column,
        "false_alarms": FALSE_ALARMS,
        "brushing_reaches": [s.id for s in bought],
        "bombing_reaches": [s.id for s in reviewed],
    }
    rows: list[tuple[Any, ...]] = []
    for dose in DOSES:
        plans: list[tuple[str, list[Signal], Any, float, int]] = [
            ("brushing", bought, best, 0.0, 1),
            ("review bombing", reviewed, worst, 0.0, -1),
            ("on-off", bought, _poor, dose, -1),
        ]
        for name, signals, figure, spoiled, side in plans:
            changed: dict[str, Array] = {}
            for signal in signals:
                _, n = forgery.figures(signal)
                # On-off replaces a part of what was good; the others come on top.
                added = spoiled * n if spoiled else np.ceil(dose * n)
                changed |= forgery.forged(signal, added, figure(signal), spoiled)
            after = forgery.scores(changed)
            moved = after.raw_index - part.scores.raw_index
            tiers = after.tier_code.astype(int) - part.scores.tier_code
            known = [s for s in signals if testable(s)]
            seen = _detected(forgery, known, figure, dose, spoiled > 0, side, thirds, rng)
            for band, mask in thirds:
                change = tiers[mask] > 0 if side > 0 else tiers[mask] < 0
                rows.append(
                    (name, dose, band, moved[mask].mean(), change.mean(), seen[mask].mean())
                )
    section.tables["doses"] = table_of("attack dose volume points tier_changes detected", rows)
    _judge(section, rows)
    smallest = min(int(mask.sum()) for _, mask in thirds)
    enough(section, "alarm", smallest)
    if enough(section, "worst", part.rows):
        _whitewashing(section, part)
    return section


def _poor(signal: Signal) -> float:
    return signal.poor


def _detected(
    forgery: Forgery,
    signals: list[Signal],
    figure: Any,
    dose: float,
    replaces: bool,
    side: int,
    thirds: Bands,
    rng: np.random.Generator,
) -> Array:
    """Return where the period of the attack is beyond what honest merchants show.

    1 where it is, 0 where not, NaN where honest merchants are too few to tell.
    """
    usual = side * surprise(forgery, signals, honest_period(forgery, signals, rng))
    attacked = {}
    for signal in signals:
        new, seen = honest_period(forgery, [signal], rng)[signal.id]
        extra = dose * new if replaces else np.ceil(dose * new)
        kept = new - extra if replaces else new
        counts = signal.counts
        total = kept + extra
        if counts:
            mixed = seen * np.divide(kept, new, out=np.zeros(len(new)), where=new > 0)
            mixed = mixed + extra * figure(signal)
        else:
            whole = np.where(total > 0, total, 1.0)
            mixed = (seen * kept + extra * figure(signal)) / whole
        attacked[signal.id] = (total, mixed)
    score = side * surprise(forgery, signals, attacked)
    found = np.full(forgery.rows, np.nan)
    for _, mask in thirds:
        # A quantile of one in a hundred needs a hundred.
        if mask.sum() >= LEAST["alarm"].merchants:
            found[mask] = score[mask] > np.quantile(usual[mask], 1 - FALSE_ALARMS)
    return found


def _judge(section: Section, rows: list[tuple[Any, ...]]) -> None:
    for name in ("brushing", "review bombing", "on-off"):
        own = [row for row in rows if row[0] == name and row[1] == DOSES[1]]
        if not own:
            continue
        points = "; ".join(
            f"{row[3]:+.1f} points" + ("" if np.isnan(row[5]) else f", {row[5]:.0%} noticed")
            for row in own
        )
        says = (
            f"{name} with {DOSES[1]:.0%} of a period's evidence, small to large merchants: {points}"
        )
        unseen = any(abs(row[3]) >= _GAIN and row[5] < _POWER for row in own)
        section.judge(name.replace(" ", "_"), says, bad=unseen)


def _whitewashing(section: Section, part: Market) -> None:
    """Let the worst start again under a new name, and gather evidence at their old rates."""
    raw = part.scores.raw_index
    scored = part.scores.coverage > 0
    if not scored.any():
        return
    line = np.quantile(raw[scored], _WORST_SHARE)
    rows = np.flatnonzero(scored & (raw <= line))
    old = part.take(rows) if len(rows) > 1 else None
    if old is None:
        return
    own = Forgery(old)
    rows_out = []
    for share in REMAINS:
        changed: dict[str, Array] = {}
        for _, signal in own.signals:
            value, n = own.figures(signal)
            counts = signal.counts
            size = n * share
            figure = value * share if counts else np.where(size > 0, value, np.nan)
            changed |= {signal.value: figure, str(signal.sample): size}
        if share == 0.0:
            for signal in own.card.signals:
                if signal.sample is None and signal.value in own.block:
                    changed[signal.value] = np.full(old.rows, np.nan)
        after = own.scores(changed)
        gain = after.raw_index - old.scores.raw_index
        rows_out.append((share, gain.mean(), np.quantile(gain, 0.9), after.coverage.mean()))
    section.tables["whitewashing"] = table_of("volume_share mean_gain gain_q90 coverage", rows_out)
    gain = rows_out[0][1]
    section.facts["whitewashing_merchants"] = old.rows
    if gain <= 0:
        section.fine(
            "whitewashing", "a new name lifts nobody: the worst stand no lower than new ones"
        )
        return
    says = (
        f"a new name lifts the worst tenth by {gain:.1f} points on average, "
        f"and {rows_out[2][1]:.1f} points with a tenth of the old volume back; no figure of an "
        "export shows it: link identities, and let newcomers earn their rights"
    )
    section.judge("whitewashing", says, bad=bool(gain >= _GAIN))
