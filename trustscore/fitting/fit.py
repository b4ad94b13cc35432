"""Fit the open values of a scorecard, or all of them, to a block of merchants."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trustscore import __version__
from trustscore.errors import InputError, one_line
from trustscore.fitting.ahp import Judgement
from trustscore.fitting.document import Change, open_document, significant, write_document
from trustscore.fitting.figures import fit_figures
from trustscore.fitting.find_weights import METHODS, Method, find_shares, is_method
from trustscore.fitting.halves import Interval, UntoldError, fit_interval
from trustscore.fitting.learned import Learned
from trustscore.fitting.notes import Note
from trustscore.fitting.pairs import Judged
from trustscore.fitting.shares import locked_signals, tree_weights
from trustscore.fitting.task import Labelled, Task
from trustscore.scorecard import Scorecard, load_scorecard, parse_scorecard
from trustscore.scorecard.faults import suggest
from trustscore.scorecard.shares import shares
from trustscore.scoring import with_derived
from trustscore.scoring.realised import MOST_OF_A_DIMENSION, MOST_OF_A_SIGNAL
from trustscore.typing import Array, Progress, silent

__all__ = ["Fitted", "fit_scorecard", "open_weights"]


@dataclass(frozen=True)
class Fitted:
    """A fitted scorecard, its file, and the warnings of the fit.

    Attributes
    ----------
    scorecard : Scorecard
    text : str
        Its file: TOML with the comments of the one it came from.
    notes : tuple of Note
        Warnings.
    weights : dict of str to (float, float)
        By signal the share of the index before and after.
    learned : Learned or None
    """

    scorecard: Scorecard
    text: str
    notes: tuple[Note, ...]
    weights: dict[str, tuple[float, float]]
    learned: Learned | None


def fit_scorecard(
    block: Mapping[str, Array],
    scorecard: str | Path | Scorecard = "default",
    *,
    missing: frozenset[str] = frozenset(),
    labelled: Labelled | None = None,
    weights: Method | None = None,
    judgements: Sequence[Judgement] = (),
    judged: Judged | None = None,
    locked: Sequence[str] = (),
    priors: bool = False,
    anchors: bool = False,
    peers: bool = True,
    source: Mapping[str, Any] | None = None,
    as_of: dt.date | None = None,
    seed: int = 0,
    notes: Sequence[Note] = (),
    halves: tuple[Mapping[str, Array], Mapping[str, Array]] | None = None,
    strength_scale: bool = False,
    merchant_weight: Array | None = None,
    most: tuple[float, float] = (MOST_OF_A_SIGNAL, MOST_OF_A_DIMENSION),
    progress: Progress = silent,
) -> Fitted:
    """Fit priors, anchors and weights; the result is a closed scorecard.

    Parameters
    ----------
    block : mapping of str to ndarray
        Checked columns of the merchants, as `score_columns` takes them.
    scorecard : str, Path or Scorecard, default="default"
        Open values are always fitted.
    missing : frozenset of str
        Columns that were not collected.
    labelled : Labelled, optional
        Merchants with outcomes, for learnt weights.
    weights : {"expert", "equal", "entropy", "critic", "pca", "ahp", "learned"}, optional
        By default learned where `labelled` or `judged` is given, and otherwise expert, the
        scorecard's own.
        Also ``pymcdm:NAME`` for a weighting of the Python package pymcdm, such as ``pymcdm:merec``.
    judgements : sequence of Judgement
        For ``ahp``.
    judged : Judged, optional
        Judgements of merchants, for learnt weights; alone or beside `labelled`.
    locked : sequence of str
        Dimensions that keep their weights and those of all signals in them.
    priors, anchors : bool, default=False
        Whether to fit closed ones too; anchors at the 5th and 95th percentile.
    peers : bool, default=True
        Whether to fit the priors of peer groups too.
    source : mapping, optional
        Where the data are from, for the provenance; by default a hash of the block.
    as_of : date, optional
        Day of the data: ``effective_from`` of the result.
    seed : int
        Seed of the cross-validation folds over merchants.
    notes : sequence of Note
        Warnings from before the fit, to be written down with its own.
    halves : pair of mappings, optional
        Two blocks of the same merchants in the same order, each counting a random half of their
        orders: rho and rho_evidence are fitted to them, which one export cannot determine.
    strength_scale : bool, default=False
        Whether to fit, to the halves, the factor on all strengths at which true figures have a
        slope of 1 on the shrunk ones.
    merchant_weight : ndarray of shape (rows,), optional
        How many merchants each row stands for, in priors and anchors.
    most : (float, float), default=(0.3, 0.5)
        Greatest share of the variance of the index that learnt weights may give to a signal, and to
        a dimension. 1 is no bound.
    progress : Progress, optional
        Told which step is being done, and how much of it is done.

    Returns
    -------
    Fitted

    Raises
    ------
    InputError
        When arguments contradict each other, or data cannot determine an open value: every fault is
        listed.
    ScorecardError
        When the scorecard has faults.

    Examples
    --------
    >>> from trustscore.simulate import simulate_export
    >>> block = simulate_export(400, seed=1, scorecard="minimal")
    >>> found = fit_scorecard(block, "minimal", priors=True, peers=False)
    >>> found.scorecard.open_values, found.scorecard.name
    ((), 'minimal')
    >>> 0.02 < found.scorecard.signal("product_negative_review_rate").prior < 0.2
    True
    """
    card = load_scorecard(scorecard)
    rows = len(next(iter(block.values()))) if block else 0
    if not rows:
        raise InputError("there is no merchant to fit to")
    missing = card.without(missing)
    block = with_derived(block, card, missing)
    method: Method = weights or ("expert" if labelled is None and judged is None else "learned")
    waiting = open_weights(card)
    faults = _misuse(method, card, locked, labelled, judged, judgements, waiting, most)
    progress("fitting priors and anchors", math.nan)
    figures = fit_figures(
        card,
        block,
        rows,
        missing=missing,
        priors=priors,
        anchors=anchors,
        peers=peers,
        weight=merchant_weight,
    )
    if strength_scale and halves is None:
        faults.append("strength_scale: needs halves")
    faults += figures.faults
    if faults:
        raise InputError(f"{card.name} cannot be fitted: {len(faults)} faults", faults)
    said = [*notes, *figures.notes]
    changes = list(figures.changes)
    document = open_document(card)
    before = shares(card)
    facts: dict[str, Any] = {"method": method}
    after, learned = before, None
    if method != "expert":
        progress(f"fitting weights ({method})", math.nan)
        # Utilities do not depend on weights, so open weights may be any number that closes the
        # card.
        ready = _closed(document, [*changes, *((path, 1.0) for path in waiting)], card)
        task = Task(ready, block, before, missing, tuple(locked), seed, most)
        after, learned = find_shares(task, method, labelled, judged, judgements, said, facts)
        dimensions, signals = tree_weights(card, after, locked_signals(card, tuple(locked)))
        changes += [(("dimensions", name, "weight"), w) for name, w in dimensions.items()]
        changes += [
            (("signals", signal.dimension, signal.id, "weight"), signals[signal.id])
            for signal in card.signals
            if signal.weight != 0
        ]
    stamp = dict(source) if source is not None else {"sha256": _hash(block), "rows": rows}
    first = re.sub(r"\+fit\.[0-9a-f]{8}$", "", card.version)
    changes.append((("version",), f"{first}+fit.{str(stamp['sha256'])[:8]}"))
    if as_of is not None:
        changes.append((("effective_from",), as_of))
    provenance: dict[str, Any] = {
        "program": f"trustscore {__version__}",
        "fitted_from": card.stamp,
        "data": stamp,
        "interval": {"method": "not fitted: one export does not say how orders differ"},
        "weights": facts,
    }
    if method != "expert":
        provenance["shares"] = {
            signal.id: {"before": significant(float(b), 3), "after": significant(float(a), 3)}
            for signal, b, a in zip(card.signals, before, after, strict=True)
        }
    if figures.facts:
        provenance["signals"] = figures.facts
    if halves is not None:
        progress("fitting the interval to the halves", math.nan)
        ready = _closed(document, changes, card)
        told = _interval(halves, ready, missing, strength_scale, said)
        changes += told[0]
        provenance["interval"] = told[1]
    if said:
        provenance["warnings"] = [one_line(str(note)) for note in said]
    text = write_document(document, changes, provenance, note=_NOTE)
    final = _parse(text, card)
    return Fitted(
        final,
        text,
        tuple(said),
        {s.id: (float(b), float(a)) for s, b, a in zip(card.signals, before, after, strict=True)},
        learned,
    )


def _interval(
    halves: tuple[Mapping[str, Array], Mapping[str, Array]],
    card: Scorecard,
    missing: frozenset[str],
    scaled: bool,
    notes: list[Note],
) -> tuple[list[Change], dict[str, Any]]:
    """Fit the constants of the interval to the halves; return the changes and the provenance."""
    try:
        found = fit_interval(*halves, card, missing=missing)
    except UntoldError as error:
        text = f"{error.summary.removeprefix('halves: ')}; the scorecard's constants stay"
        notes.append(Note("interval_untold", "halves", text))
        return [], {"method": "not fitted: the halves say nothing of it"}
    _note_limits(found, notes)
    changes: list[Change] = [
        (("index", "rho"), significant(found.rho, 3)),
        (("index", "rho_evidence"), significant(found.rho_evidence, 3)),
    ]
    if scaled and not np.isfinite(found.strength_scale):
        text = (
            "no strength scale between 0.1 and 10 gives truth a slope of 1 on the index (it is "
            f"{found.slope:.2f}), so the scorecard's stays; fit the priors, or look at the halves"
        )
        notes.append(Note("strength_scale_untold", "halves", text))
    elif scaled:
        whole = card.file.index.strength_scale * found.strength_scale
        changes.append((("index", "strength_scale"), significant(whole, 3)))
    return changes, {"method": "random halves of orders"} | {
        name: value if isinstance(value, int) else significant(value, 3)
        for name, value in found._asdict().items()
        if value == value
    }


def _note_limits(found: Interval, notes: list[Note]) -> None:
    """Note a correlation that is at an end of its range."""
    for name, value in (("rho", found.rho), ("rho_evidence", found.rho_evidence)):
        if value in (0.0, 1.0):
            text = f"{name} is {value:g}, an end of its range: the halves point beyond it"
            notes.append(Note("rho_at_limit", "halves", text))


_NOTE = (
    "What was fitted, to what, and how. Comments above are those of the scorecard it began with;\n"
    "where they speak of a number that is fitted here, this table is right."
)


def _parse(text: str, card: Scorecard) -> Scorecard:
    return parse_scorecard(tomllib.loads(text), f"{card.name}, fitted")


def _closed(document: Any, changes: Sequence[Change], card: Scorecard) -> Scorecard:
    return _parse(write_document(copy.deepcopy(document), changes, {}), card)


def open_weights(card: Scorecard) -> list[tuple[str, ...]]:
    """Return the addresses of weights that wait for a fit."""
    found: list[tuple[str, ...]] = [
        ("dimensions", name, "weight")
        for name, spec in card.file.dimensions.items()
        if isinstance(spec.weight, str)
    ]
    for dimension, specs in card.file.signals.items():
        found += [
            ("signals", dimension, name, "weight")
            for name, spec in specs.items()
            if isinstance(spec.weight, str)
        ]
    return found


def _misuse(
    method: Method,
    card: Scorecard,
    locked: Sequence[str],
    labelled: Labelled | None,
    judged: Judged | None,
    judgements: Sequence[Judgement],
    waiting: list[tuple[str, ...]],
    most: tuple[float, float],
) -> list[str]:
    """Return every fault of the arguments."""
    faults = []
    faults += [
        f"most: must be above 0 and at most 1. Got {share:g}"
        for share in most
        if not 0 < share <= 1
    ]
    if not is_method(method):
        faults.append(
            f"weights: must be one of {', '.join(METHODS)} or pymcdm:NAME. Got {method!r}"
        )
    if method == "learned" and labelled is None and judged is None:
        faults.append("weights learned: need outcomes or judgements of merchants")
    if method != "learned" and judged is not None:
        faults.append(f"judgements of merchants: are for weights learned. Got {method}")
    if method == "ahp" and not judgements:
        faults.append("weights ahp: need judgements of signals or dimensions")
    if method != "ahp" and judgements:
        faults.append(f"judgements of signals: are for weights ahp. Got {method}")
    if method == "expert":
        faults += [
            f"{'.'.join(path)}: waits for a fit: give outcomes, or another way to find weights"
            for path in waiting
        ]
    names = [dimension.id for dimension in card.dimensions]
    faults += [
        f"lock {name}: no such dimension{suggest(name, names)}"
        for name in locked
        if name not in names
    ]
    if locked and not faults:
        stay = locked_signals(card, tuple(locked))
        if stay.all():
            faults.append("lock: every dimension is locked, so there is no weight to fit")
        signals = {s.id: s.dimension for s in card.signals}
        inside = {signal.dimension for signal, at in zip(card.signals, stay, strict=True) if at}
        faults += [
            f"{'.'.join(path)}: waits for a fit and is locked"
            for path in waiting
            if (path[1] if path[0] == "dimensions" else signals[path[2]]) in inside
        ]
    return faults


def _hash(block: Mapping[str, Array]) -> str:
    """Return the SHA-256 of the columns of a block, by name."""
    digest = hashlib.sha256()
    for name in sorted(block):
        values = block[name]
        text = values.dtype == object
        digest.update(f"\n{name}\n".encode())
        digest.update("\x1f".join(map(str, values)).encode() if text else values.tobytes())
    return digest.hexdigest()
