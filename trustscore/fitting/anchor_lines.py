"""Fitted anchors and knots as lines of a scorecard."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trustscore.errors import InputError
from trustscore.fitting.anchors import knots, level
from trustscore.fitting.document import significant
from trustscore.fitting.evidence import SignalEvidence, shrunk_evidence
from trustscore.fitting.notes import Note
from trustscore.fitting.prior_lines import Lines
from trustscore.fitting.priors import LEAST_MERCHANTS
from trustscore.fitting.weighted import quantile
from trustscore.scorecard import Signal
from trustscore.scorecard.curves import CURVES
from trustscore.typing import Array

__all__ = ["Ends", "set_anchors"]


# With fewer merchants whose evidence outweighs the prior, a quantile is uncertain.
_LEAST_SURE = 30
# Figures that differ by less are equal but for rounding.
_EQUAL = 1e-12


class Ends(NamedTuple):
    """Which anchors of a signal to fit.

    Attributes
    ----------
    ends : dict
        ``poor`` and ``good``, each a number, an open value such as ``q95``, or None.
    percentile : bool
        Whether a percentile curve waits for its knots.
    waits : bool
        Whether the file leaves a value open. An anchor that data cannot determine is then a fault;
        otherwise the scorecard's anchors stay, and a note says so.
    """

    ends: dict[str, Any]
    percentile: bool
    waits: bool


def set_anchors(
    out: Lines,
    signal: Signal,
    at: tuple[str, ...],
    raw: SignalEvidence,
    known: dict[str, Any],
    asked: Ends,
) -> None:
    """Add the fitted anchors or knots of a signal to the changes.

    Parameters
    ----------
    out : Lines
    signal : Signal
    at : tuple of str
        Address of what is fitted.
    raw : SignalEvidence
        Without outliers.
    known : dict
        ``prior`` and ``strength`` as they are scored, on the scale that is shrunk.
    asked : Ends
    """

    def untold(text: str, way_out: str = "give numbers") -> None:
        if asked.waits:
            out.faults.append(f"{'.'.join(at)}: {text}: {way_out}")
        else:
            stays = f"{text}: the scorecard's anchors stay"
            out.notes.append(Note("anchors_untold", signal.id, stays))

    count = int(raw.known.sum())
    if count < LEAST_MERCHANTS:
        untold(
            f"only {count} merchants have evidence, fewer than {LEAST_MERCHANTS}",
            "give anchors as numbers",
        )
        return
    if np.ptp(raw.y) <= _EQUAL * max(1.0, float(np.abs(raw.y).max())):
        # After shrinkage they would differ by the merchants' number of orders only.
        one = float(np.exp(raw.y[0]) if signal.on_log else raw.y[0])
        untold(f"every merchant has the figure {one:g}")
        return
    x, reliability = shrunk_evidence(raw, known["prior"], known["strength"], signal.kind)
    y, weight = raw.y, None if raw.weight is None else raw.weight[raw.known]
    sure = reliability >= 0.5
    if sure.sum() < _LEAST_SURE:
        text = f"evidence outweighs the prior at {int(sure.sum())} merchants only"
        if not asked.waits:
            untold(text)
            return
        text += ": anchors are quantiles of all with evidence, and stand too near the prior"
        out.notes.append(Note("thin_anchors", signal.id, text))
        sure[:] = True
    x, y = x[sure], y[sure]
    weight = None if weight is None else weight[sure]
    if signal.on_log:
        x, y = np.exp(x), np.exp(y)
    if asked.percentile:
        _set_knots(out, at, x, y, weight, asked)
    else:
        new = _quantiles(asked.ends, x, weight)
        same = _quantiles(asked.ends, y, weight)
        if signal.sample and len({*same.values()}) == 1 and _open(asked.ends):
            # Figures that are equal differ after shrinkage by the merchants' volume only.
            where = " and ".join(map(str, asked.ends.values()))
            untold(f"{where} of what merchants have are both {same['poor']:g}")
            return
        if new["poor"] == new["good"]:
            untold(f"{asked.ends['poor']} and {asked.ends['good']} are both {new['poor']:g}")
            return
        least = CURVES[signal.curve].least
        if min(new.values()) <= least:
            untold(f"curve {signal.curve} needs anchors above {least:g}. Got {new}")
            return
        for key, given in asked.ends.items():
            if isinstance(given, str):
                out.changes.append(((*at, key), new[key]))
                out.facts.setdefault(signal.id, {})[key] = f"{given} = {new[key]:g}"
    out.facts.setdefault(signal.id, {})["anchor_merchants"] = len(x)


def _open(ends: dict[str, Any]) -> bool:
    return all(isinstance(given, str) for given in ends.values())


def _quantiles(ends: dict[str, Any], x: Array, weight: Array | None) -> dict[str, float]:
    return {
        key: significant(float(quantile(x, level(given), weight)), 4)
        if isinstance(given, str)
        else given
        for key, given in ends.items()
    }


def _set_knots(
    out: Lines, at: tuple[str, ...], x: Array, y: Array, weight: Array | None, asked: Ends
) -> None:
    where = ".".join(at)
    levels = [level(v) if isinstance(v, str) else v for v in asked.ends.values()]
    if None in levels or levels[0] == levels[1]:
        out.faults.append(
            f"{where}: a percentile needs its direction: poor = 'q5', good = 'q95' "
            "where more is better, the other way round where less is"
        )
        return
    try:
        line = knots(x, y, rising=levels[1] > levels[0], weight=weight)
    except InputError as error:
        out.faults.append(f"{where}: {error.summary}")
        return
    out.changes += [((*at, "poor"), None), ((*at, "good"), None), ((*at, "knots"), line)]
