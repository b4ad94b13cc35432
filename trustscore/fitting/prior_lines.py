"""Fitted priors as lines of a scorecard, with their warnings."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from trustscore.fitting.document import Change, significant
from trustscore.fitting.notes import Note
from trustscore.fitting.priors import CONVENTION, LEAST_MERCHANTS, Prior, Stated
from trustscore.scorecard import Scorecard, Signal
from trustscore.scorecard.kinds import KINDS

__all__ = ["Lines", "scorecard_prior", "set_prior", "stated_by"]

_FLAWS = {
    "too_few": f"fewer than {LEAST_MERCHANTS} merchants have evidence",
    "all_zero": "no merchant has a single event",
    "all_events": "every order is an event",
    "constant": "all merchants have one value",
    "no_overdispersion": "merchants differ no more than chance would make them differ",
    "strength_at_limit": "merchants differ so much that the prior is hardly worth one observation",
    "no_convergence": "the likelihood has no clear maximum: the moments stand instead",
}
_UNTOLD = {
    "prior": "too few events to tell how many are usual",
    "strength": (
        "single observations, or too few, do not tell how much merchants differ beyond chance"
    ),
    "sd": (
        "merchants have about as many observations each, which does not tell how much the "
        "observations of one merchant differ"
    ),
}


class Lines(Protocol):
    """What collects changes, facts, notes and faults of a fit."""

    changes: list[Change]
    priors: dict[str, Prior]
    facts: dict[str, dict[str, Any]]
    notes: list[Note]
    faults: list[str]


def stated_by(spec: Any) -> Stated:
    """Return the figures that a signal line states, as the fit has them; None for open ones."""

    def number(value: Any) -> float | None:
        return None if value is None or isinstance(value, str) else float(value)

    return Stated(number(spec.prior), number(spec.strength), number(spec.sd))


def scorecard_prior(signal: Signal) -> dict[str, Any]:
    """Return the scorecard's own prior, on the scale that is shrunk."""
    prior = np.log(signal.prior) if signal.on_log else signal.prior
    return {"prior": prior, "strength": signal.strength}


def set_prior(
    out: Lines,
    card: Scorecard,
    signal: Signal,
    spec: Any,
    at: tuple[str, ...],
    found: Prior,
    keys: list[str],
    must: list[str],
) -> dict[str, Any]:
    """Add the fitted prior of a signal to the changes; return the figures that scoring will use.

    Parameters
    ----------
    out : Lines
    card : Scorecard
    signal : Signal
    spec : SignalSpec
        Its line in the file.
    at : tuple of str
        Address of what is fitted: the signal, or an overlay's change to it.
    found : Prior
    keys : list of str
        Which of ``prior`` and ``strength`` to write.
    must : list of str
        Those of them that the file leaves open, which must get a number.
    """
    waits = bool(must)
    out.priors[signal.id] = found
    _as_share(out, signal, found)
    if found.flaw == "too_few" and waits:
        out.faults.append(
            f"{'.'.join(at)}.prior: waits for a fit, but {_FLAWS['too_few']}: give a number"
        )
    if not found.usable and not waits:
        what = _FLAWS[found.flaw] if found.flaw else _UNTOLD["prior"]
        text = f"{what}: the scorecard's prior stays"
        out.notes.append(Note(found.flaw or "prior_untold", signal.id, text))
        return {}
    prior, strength, sd = _open(out, signal, spec, found)
    on_scale = prior
    if signal.on_log:
        prior = float(np.exp(prior))
    written = [key for key in keys if key not in found.untold or key in must]
    given = {"prior": significant(prior, 4), "strength": significant(strength, 3)}
    if signal.sample is None:
        given.pop("strength")
    for key in written:
        if key in given:
            out.changes.append(((*at, key), given[key]))
    stood: dict[str, Any] = {
        "prior": on_scale,
        "strength": strength * card.file.index.strength_scale,
    }
    facts: dict[str, Any] = {k: v for k, v in given.items() if k in written}
    told_sd = "sd" not in found.untold and np.isfinite(sd)
    if KINDS[signal.kind].sd and spec.spread is None and told_sd:
        out.changes.append(((*at, "sd"), significant(sd, 3)))
        facts["sd"] = significant(sd, 3)
    facts |= {"merchants": found.merchants, "method": found.method}
    if signal.sample is not None:
        facts["observations"] = int(found.observations)
    if found.untold:
        facts["untold"] = list(found.untold)
    out.facts[signal.id] = facts
    return {k: v for k, v in stood.items() if k in written}


def _as_share(out: Lines, signal: Signal, found: Prior) -> None:
    if signal.kind == "events" and found.method.startswith("beta-binomial"):
        text = (
            "these merchants are likelier if an order has at most one event than if it may have "
            "several: the prior is fitted as that of a rate; where more can never be, say rate"
        )
        out.notes.append(Note("events_like_rate", signal.id, text))


def _open(out: Lines, signal: Signal, spec: Any, found: Prior) -> tuple[float, float, float]:
    """Return the figures to write, and note those that data did not determine."""
    prior, strength, sd = found.prior, found.strength, found.sd
    sampled = signal.sample is not None
    if found.flaw is not None:
        text = _FLAWS[found.flaw]
        if found.flaw in ("all_zero", "all_events"):
            # Half an event more, or less, than was seen.
            half = 0.5 / (found.observations + 1)
            prior = half if found.flaw == "all_zero" else 1 - half
            text += f": prior {significant(prior):g} is half an event in all orders"
        elif found.flaw in ("no_overdispersion", "strength_at_limit"):
            text += f": strength {strength:g} is the limit"
        if sampled and not found.usable:
            text += f"; {_strength(spec, strength)}"
        out.notes.append(Note(found.flaw, signal.id, text))
    if found.usable or found.flaw is None:
        for name in found.untold:
            if name == "strength":
                text = f"{_UNTOLD[name]}: {_strength(spec, strength)}"
            elif name == "sd" and spec.sd is None:
                continue
            else:
                text = f"{_UNTOLD[name]}: the scorecard's {name} stays"
            out.notes.append(Note(f"{name}_untold", signal.id, text))
    if found.flaw == "constant" and sampled and not np.isfinite(sd):
        sd = spec.sd or 1.0
    return prior, strength, sd


def _strength(spec: Any, strength: float) -> str:
    if isinstance(spec.strength, str) or spec.strength is None:
        return (
            f"strength {strength:g} is a convention, give a number"
            if strength == CONVENTION
            else f"strength {strength:g} is that of all merchants"
        )
    return f"the scorecard's strength {strength:g} stays"
