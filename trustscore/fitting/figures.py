"""Priors and anchors of a scorecard's signals, from a block of merchants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting.anchors import clean, knots, level, steady
from trustscore.fitting.document import Change, figure
from trustscore.fitting.evidence import (
    Block,
    Evidence,
    evidence_of,
    folded,
    prior_of,
    scored,
    set_aside,
)
from trustscore.fitting.notes import Note
from trustscore.fitting.peers import set_groups
from trustscore.fitting.priors import LEAST_MERCHANTS, Prior
from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.kinds import KINDS

__all__ = ["Figures", "fit_figures"]

Array = np.ndarray[Any, Any]

# Fewer merchants whose evidence outweighs the prior say little of where a quantile lies.
_LEAST_SURE = 30
_FLAWS = {
    "too_few": f"fewer than {LEAST_MERCHANTS} merchants have evidence",
    "all_zero": "no merchant has a single event",
    "all_events": "every order is an event",
    "constant": "all merchants have one value",
    "no_overdispersion": "merchants differ no more than chance would make them differ",
    "strength_at_limit": "merchants differ so much that the prior is hardly worth one observation",
    "no_convergence": "the likelihood has no clear maximum: the moments stand instead",
}


@dataclass
class Figures:
    """What a fit found, as changes to a scorecard file.

    Attributes
    ----------
    changes : list of Change
    priors : dict of str to Prior
        By signal.
    facts : dict of str to dict
        By signal, for the provenance.
    notes : list of Note
    faults : list of str
        Open values that cannot be fitted.
    """

    changes: list[Change] = field(default_factory=list)
    priors: dict[str, Prior] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def fit_figures(
    card: Scorecard,
    block: Block,
    rows: int,
    *,
    missing: frozenset[str] = frozenset(),
    priors: bool = False,
    anchors: bool = False,
    peers: bool = True,
) -> Figures:
    """Fit the open priors and anchors of a scorecard, or all of them.

    Parameters
    ----------
    card : Scorecard
    block : mapping of str to ndarray
        Checked columns of the merchants, NaN for blank.
    rows : int
        Of the block.
    missing : frozenset of str
        Columns that were not collected.
    priors, anchors : bool, default=False
        Whether to fit closed ones as well.
    peers : bool, default=True
        Whether to fit priors of the peer groups, where the block has their columns.

    Returns
    -------
    Figures
    """
    out = Figures()
    everyone = np.ones(rows, dtype=bool)
    grouped: dict[str, tuple[Signal, Evidence, Prior]] = {}
    for signal in card.signals:
        at = ("signals", signal.dimension, signal.id)
        spec = card.file.signals[signal.dimension][signal.id]
        open_prior = [k for k in ("prior", "strength") if getattr(spec, k) == "fit"]
        open_anchor = [k for k in ("poor", "good") if isinstance(getattr(spec, k), str)]
        curve = CURVES[signal.curve]
        percentile = curve.learnt and not signal.knots
        refit = priors and signal.kind != "flag"
        move = anchors and not curve.knots and signal.kind != "flag"
        if not (open_prior or open_anchor or percentile or refit or move):
            continue
        if missing.intersection(signal.columns):
            if open_prior or open_anchor or percentile:
                absent = ", ".join(sorted(missing.intersection(signal.columns)))
                out.faults.append(f"{'.'.join(at)}: waits for a fit, but {absent} is missing")
            continue
        raw = set_aside(evidence_of(signal, block, everyone), signal.id, out.notes)
        known = _stands(signal)
        if open_prior or refit:
            found = prior_of(raw)
            keys = open_prior if open_prior and not refit else ["prior", "strength"]
            known |= _set_prior(out, signal, spec, at, found, keys, bool(open_prior))
            if found.usable and raw.n is not None:
                grouped[signal.id] = (signal, raw, found)
        if open_anchor or percentile or move:
            ends = {k: getattr(spec, k) for k in ("poor", "good")}
            if move and not open_anchor:
                low, high = ("q5", "q95") if signal.higher_is_better else ("q95", "q5")
                ends = {"poor": low, "good": high}
            _set_anchors(out, signal, at, raw, known, ends, percentile)
    _overlays(out, card, block, rows, missing)
    if peers and grouped:
        set_groups(out.changes, out.facts, out.notes, card, block, rows, grouped)
    return out


def _stands(signal: Signal) -> dict[str, Any]:
    """Return the scorecard's own prior, on the scale that is shrunk."""
    prior = np.log(signal.prior) if signal.on_log else signal.prior
    return {"prior": prior, "strength": signal.strength}


def _set_prior(
    out: Figures,
    signal: Signal,
    spec: Any,
    at: tuple[str, ...],
    found: Prior,
    keys: list[str],
    waits: bool,
) -> dict[str, Any]:
    """Put a fitted prior into the changes; return what of it stands now."""
    out.priors[signal.id] = found
    if signal.kind == "events" and found.method.startswith("beta-binomial"):
        text = (
            "hardly a merchant has more events than orders, and they are common: the prior is "
            "fitted as that of a rate; where more can never be, say rate"
        )
        out.notes.append(Note("events_like_rate", signal.id, text))
    prior, strength, sd = found.prior, found.strength, found.sd
    if found.flaw is not None:
        text = _FLAWS[found.flaw]
        if not found.usable and not waits:
            text += ": the scorecard's prior stays"
        elif found.flaw in ("all_zero", "all_events"):
            # Half an event on either side of what was seen.
            half = 0.5 / (found.observations + 1)
            prior = half if found.flaw == "all_zero" else 1 - half
            text += f": prior {figure(prior):g} is half an event in all orders"
        elif found.flaw == "too_few":
            out.faults.append(f"{'.'.join(at)}.prior: waits for a fit, but {text}: give a number")
        elif found.flaw == "constant" and signal.sample is not None:
            strength, sd = float(LEAST_MERCHANTS), spec.sd or 1.0
            text += f": its prior is worth {LEAST_MERCHANTS} observations, by convention"
        elif found.flaw in ("no_overdispersion", "strength_at_limit"):
            text += f": strength {strength:g} is the limit"
        out.notes.append(Note(found.flaw, signal.id, text))
        if not found.usable and not waits:
            return {}
    on_scale = prior
    if signal.on_log:
        prior = float(np.exp(prior))
    given = {"prior": figure(prior, 4), "strength": figure(strength, 3)}
    if signal.sample is None:
        given.pop("strength")
    for key in keys:
        if key in given:
            out.changes.append(((*at, key), given[key]))
    stands: dict[str, Any] = {"prior": on_scale, "strength": strength}
    if KINDS[signal.kind].sd and spec.spread is None and np.isfinite(sd):
        out.changes.append(((*at, "sd"), figure(sd, 3)))
        given["sd"] = stands["sd"] = figure(sd, 3)
    out.facts[signal.id] = {**given, "merchants": found.merchants, "method": found.method}
    if signal.sample is not None:
        out.facts[signal.id]["observations"] = int(found.observations)
    return {k: v for k, v in stands.items() if k in keys or k == "sd"}


def _set_anchors(
    out: Figures,
    signal: Signal,
    at: tuple[str, ...],
    raw: Evidence,
    known: dict[str, Any],
    ends: dict[str, Any],
    percentile: bool,
) -> None:
    where = ".".join(at)
    prior, strength = known["prior"], known["strength"]
    if raw.known.sum() < LEAST_MERCHANTS:
        out.faults.append(
            f"{where}: only {int(raw.known.sum())} merchants have evidence, fewer than "
            f"{LEAST_MERCHANTS}: give anchors as numbers"
        )
        return
    x, reliability = scored(raw, prior, strength, signal.kind)
    y = raw.y
    sure = reliability >= 0.5
    if sure.sum() < _LEAST_SURE:
        text = (
            f"evidence outweighs the prior at {int(sure.sum())} merchants only: "
            "anchors are quantiles of all with evidence, and stand too near the prior"
        )
        out.notes.append(Note("thin_anchors", signal.id, text))
        sure[:] = True
    scale = "mean" if signal.on_log else signal.kind
    inside = clean(steady(scale, x[sure]))
    x, y = x[sure][inside], y[sure][inside]
    if signal.on_log:
        x, y = np.exp(x), np.exp(y)
    fact = out.facts.setdefault(signal.id, {})
    fact["anchor_merchants"] = len(x)
    if percentile:
        levels = [level(v) if isinstance(v, str) else v for v in ends.values()]
        if None in levels or levels[0] == levels[1]:
            out.faults.append(
                f"{where}: a percentile needs its direction: poor = 'q5', good = 'q95' "
                "where more is better, the other way round where less is"
            )
            return
        try:
            line = knots(x, y, rising=levels[1] > levels[0])
        except InputError as error:
            out.faults.append(f"{where}: {error.summary}")
            return
        out.changes += [((*at, "poor"), None), ((*at, "good"), None), ((*at, "knots"), line)]
        return
    new: dict[str, float] = {}
    for key, given in ends.items():
        new[key] = (
            figure(float(np.quantile(x, level(given))), 4) if isinstance(given, str) else given
        )
    if new["poor"] == new["good"]:
        out.faults.append(
            f"{where}: {ends['poor']} and {ends['good']} are both {new['poor']:g}: give numbers"
        )
        return
    least = CURVES[signal.curve].least
    if min(new.values()) <= least:
        out.faults.append(
            f"{where}: curve {signal.curve} needs anchors above {least:g}. Got {new}: give numbers"
        )
        return
    for key, given in ends.items():
        if isinstance(given, str):
            out.changes.append(((*at, key), new[key]))
            fact[key] = f"{given} = {new[key]:g}"


def _matching(block: Block, match: Any, rows: int) -> Array:
    """Return the rows an overlay is for."""
    mask = np.ones(rows, dtype=bool)
    for column, values in match:
        mask &= np.isin(folded(block, column, rows), list(values))
    return mask


def _overlays(
    out: Figures, card: Scorecard, block: Block, rows: int, missing: frozenset[str]
) -> None:
    """Fit what overlays leave open, on the rows they are for."""
    own = []
    for overlay in card.overlays:
        spec = card.file.overlays[overlay.id]
        mask: Array | None = None
        for name, change in spec.signals.items():
            at = ("overlays", overlay.id, "signals", name)
            if change.prior is not None and change.prior != "fit" and name in out.priors:
                own.append(f"{overlay.id}.{name}")
            keys = [k for k in ("prior", "strength") if getattr(change, k) == "fit"]
            ends = {k: getattr(change, k) for k in ("poor", "good")}
            if change.weight == "fit":
                out.faults.append(f"{'.'.join(at)}.weight: an overlay's weight must be a number")
            if not keys and not any(isinstance(v, str) for v in ends.values()):
                continue
            signal = card.signal(name)
            if missing.intersection(signal.columns):
                out.faults.append(f"{'.'.join(at)}: waits for a fit, but its columns are missing")
                continue
            mask = _matching(block, overlay.match, rows) if mask is None else mask
            part = Figures()
            raw = set_aside(evidence_of(signal, block, mask), f"{overlay.id}.{name}", part.notes)
            base = card.file.signals[signal.dimension][name]
            known = _stands(signal)
            if name in out.priors and out.priors[name].usable:
                known |= {k: getattr(out.priors[name], k) for k in known}
            if keys:
                known |= _set_prior(part, signal, base, at, prior_of(raw), keys, True)
            if any(isinstance(v, str) for v in ends.values()):
                whole = {k: v if v is not None else getattr(signal, k) for k, v in ends.items()}
                _set_anchors(part, signal, at, raw, known, whole, False)
            out.changes += part.changes
            out.faults += part.faults
            out.notes += [Note(n.name, f"{overlay.id}.{name}", n.text) for n in part.notes]
            out.facts |= {f"{overlay.id}.{k}": v for k, v in part.facts.items()}
    if own:
        text = f"keep the priors they state: {', '.join(own)}"
        out.notes.append(Note("overlay_priors", "overlays", text))
