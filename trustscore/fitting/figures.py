"""Priors and anchors of a scorecard's signals, from a block of merchants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trustscore.fitting.anchor_lines import Ends, set_anchors
from trustscore.fitting.document import Change
from trustscore.fitting.evidence import Block, SignalEvidence, evidence_of, fit_evidence, folded
from trustscore.fitting.notes import Note
from trustscore.fitting.peers import peer_groups, set_groups
from trustscore.fitting.prior_lines import scorecard_prior, set_prior, stated_by
from trustscore.fitting.priors import Prior
from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.curves import CURVES
from trustscore.typing import Array

__all__ = ["FittedFigures", "fit_figures"]


@dataclass
class FittedFigures:
    """The result of a fit, as changes to a scorecard file.

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
    weight: Array | None = None,
) -> FittedFigures:
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
    weight : ndarray of shape (rows,), optional
        How many merchants each row stands for.

    Returns
    -------
    FittedFigures
    """
    out = FittedFigures()
    everyone = np.ones(rows, dtype=bool)
    grouped: dict[str, tuple[Signal, SignalEvidence, Prior]] = {}
    groups = peer_groups(card, block, rows) if peers else None
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
        raw = evidence_of(signal, block, everyone, weight, None if groups is None else groups.code)
        found, raw = fit_evidence(raw, signal.id, out.notes, stated_by(spec))
        known = scorecard_prior(signal)
        if open_prior or refit:
            keys = open_prior if open_prior and not refit else ["prior", "strength"]
            known |= set_prior(out, card, signal, spec, at, found, keys, open_prior)
            if found.usable and raw.n is not None:
                grouped[signal.id] = (signal, raw, found)
        if open_anchor or percentile or move:
            ends = {k: getattr(spec, k) for k in ("poor", "good")}
            if move and not open_anchor:
                low, high = ("q5", "q95") if signal.higher_is_better else ("q95", "q5")
                ends = {"poor": low, "good": high}
            asked = Ends(ends, percentile, waits=bool(open_anchor) or percentile)
            set_anchors(out, signal, at, raw, known, asked)
    _overlays(out, card, block, rows, missing, weight)
    if groups is not None and grouped:
        set_groups(out.changes, out.facts, out.notes, card, groups, grouped)
    return out


def _matching(block: Block, match: Any, rows: int) -> Array:
    """Return which rows an overlay matches."""
    mask = np.ones(rows, dtype=bool)
    for column, values in match:
        mask &= np.isin(folded(block, column, rows), list(values))
    return mask


def _overlays(
    out: FittedFigures,
    card: Scorecard,
    block: Block,
    rows: int,
    missing: frozenset[str],
    weight: Array | None,
) -> None:
    """Fit the open values of overlays, each on the rows that it matches."""
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
            part = FittedFigures()
            base = card.file.signals[signal.dimension][name]
            # Where the rows of an overlay cannot determine a figure, that of all merchants stands.
            stated = stated_by(base)._replace(**_whole(out.priors.get(name)))
            raw = evidence_of(signal, block, mask, weight)
            found, raw = fit_evidence(raw, name, part.notes, stated)
            known = scorecard_prior(signal)
            if name in out.priors and out.priors[name].usable:
                known |= {k: getattr(out.priors[name], k) for k in known}
                known["strength"] *= card.file.index.strength_scale
            if keys:
                known |= set_prior(part, card, signal, base, at, found, keys, keys)
            if any(isinstance(v, str) for v in ends.values()):
                whole = {k: v if v is not None else getattr(signal, k) for k, v in ends.items()}
                set_anchors(part, signal, at, raw, known, Ends(whole, False, waits=True))
            out.changes += part.changes
            out.faults += part.faults
            out.notes += [Note(n.name, f"{overlay.id}.{name}", n.text) for n in part.notes]
            out.facts |= {f"{overlay.id}.{k}": v for k, v in part.facts.items()}
    if own:
        text = f"keep the priors they state: {', '.join(own)}"
        out.notes.append(Note("overlay_priors", "overlays", text))


def _whole(found: Prior | None) -> dict[str, float]:
    """Return the fitted figures of all merchants, which stand where a part of them is too few."""
    if found is None or not found.usable:
        return {}
    named = {"prior": found.prior, "strength": found.strength, "sd": found.sd}
    return {k: v for k, v in named.items() if k not in found.untold and np.isfinite(v)}
