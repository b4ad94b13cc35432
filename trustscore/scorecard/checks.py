"""What the figures, weights and columns of a scorecard must be, whoever gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.faults import suggest
from trustscore.scorecard.kinds import KINDS
from trustscore.scorecard.model import Dimension, Overlay
from trustscore.scorecard.rule import Rule
from trustscore.scorecard.side_columns import SIDE_NUMERIC, SIDE_TEXT
from trustscore.scorecard.signal import Signal
from trustscore.scorecard.spec import ScorecardFile

__all__ = ["column_faults", "contribution_faults", "figure_faults", "weight_faults"]


def figure_faults(
    kind: str,
    curve: str,
    sampled: bool,
    limits: tuple[float, float] | None,
    figures: Mapping[str, float],
) -> Iterator[tuple[str, str]]:
    """Yield the faults of the figures of one signal: of its line, an overlay or a peer group.

    Parameters
    ----------
    kind, curve : str
    sampled : bool
        Whether the signal has a sample column.
    limits : (float, float) or None
        Range of the value.
    figures : mapping of str to float
        ``poor``, ``good``, ``prior`` and, when given, ``strength``; NaN for what is open.

    Yields
    ------
    key, sentence : str
        The key with its point, empty when several are at fault.

    Examples
    --------
    >>> figures = {"poor": 0.2, "good": 0.0, "prior": 3.0, "strength": 20.0}
    >>> list(figure_faults("rate", "linear", True, None, figures))
    [('.prior', 'must be between 0 and 1. Got 3')]
    """
    poor, good, prior = figures["poor"], figures["good"], figures["prior"]
    by, form = CURVES[curve], KINDS[kind]
    if not by.knots:
        if poor == good:
            yield ".poor", f"must differ from good. Got {poor:g}"
        if min(poor, good) <= by.least:
            yield "", f"curve {curve} must have poor and good above {by.least:g}"
    if sampled and figures.get("strength", 1.0) <= 0:
        yield ".strength", f"must be above 0. Got {figures['strength']:g}"
    if prior < form.low or prior > form.high or (form.low_is_open and prior == form.low):
        yield ".prior", f"must {form.prior_bounds}. Got {prior:g}"
    elif limits and not form.counts and (prior < limits[0] or prior > limits[1]):
        yield ".prior", f"must be in the range {limits[0]:g} to {limits[1]:g}. Got {prior:g}"


def weight_faults(
    signals: Iterable[Signal], dimensions: Sequence[Dimension], overlays: Sequence[Overlay]
) -> list[str]:
    """Return the faults of weights that leave a signal, a dimension or the index without any."""
    signals = list(signals)
    faults = []
    weighted = {s for o in overlays for s, c in o.signals.items() if c.get("weight", 0) != 0}
    for signal in signals:
        if signal.weight == 0 and signal.id not in weighted:
            faults.append(
                f"signals.{signal.dimension}.{signal.id}.weight: "
                "is 0 and no overlay gives it weight: remove the signal or weigh it"
            )
    if signals and all(signal.weight == 0 for signal in signals):
        faults.append("signals: must have weight on at least one signal")
    own = {signal.dimension for signal in signals}
    moved = {name for overlay in overlays for name, weight in overlay.dimensions.items() if weight}
    for at, changes in [("", {}), *((f"overlays.{o.id}.", o.dimensions) for o in overlays)]:
        for parent in dict.fromkeys(dimension.parent for dimension in dimensions):
            parts = [dimension for dimension in dimensions if dimension.parent == parent]
            if any(changes.get(part.id, part.weight) != 0 for part in parts) or parent in own:
                continue
            if at and not any(part.id in changes for part in parts):
                continue  # said of the dimensions themselves
            if not at and parent is not None and any(part.id in moved for part in parts):
                continue  # for the rows of an overlay only, like a signal of weight 0
            names = ", ".join(part.id for part in parts)
            faults.append(f"{at}dimensions: must have weight on at least one of {names}")
    return faults


def contribution_faults(signals: Iterable[Signal], rules: Iterable[Rule]) -> list[str]:
    """Return the faults of ids that would be one column twice in a table of contributions."""
    taken = ("merchant_id", "limit", "cap", "trust_index")
    ids = {signal.id: f"signals.{signal.dimension}.{signal.id}" for signal in signals}
    faults = [
        f"{at}: is a reserved word of the statement: choose another name"
        for name, at in ids.items()
        if name in taken
    ]
    for rule in rules:
        at = f"overlays.{rule.overlay}.rules" if rule.overlay else "rules"
        if rule.id in taken:
            faults.append(f"{at}.{rule.id}: is a reserved word of the statement")
        elif rule.id in ids:
            faults.append(f"{at}.{rule.id}: is also the name of a signal: choose another")
    return faults


def _read(file: ScorecardFile, signals: Iterable[Signal]) -> Iterator[tuple[str, str]]:
    """Yield the address and the column of everything that reads a column of numbers."""
    for signal in signals:
        at = f"signals.{signal.dimension}.{signal.id}"
        yield from ((f"{at}.{signal.kind}", column) for column in signal.columns)
        for condition in signal.applies_when:
            yield from ((f"{at}.applies_when", column) for column in condition.columns)
    for name, dimension in file.dimensions.items():
        if dimension.weight_by:
            yield f"dimensions.{name}.weight_by", dimension.weight_by
    places = [("rules", file.rules)]
    places += [(f"overlays.{name}.rules", overlay.rules) for name, overlay in file.overlays.items()]
    for at, rules in places:
        for name, rule in rules.items():
            for condition in rule.when or ():
                yield from ((f"{at}.{name}.when", column) for column in condition.columns)
            if rule.per:
                yield f"{at}.{name}.per", rule.per
            if rule.above:
                yield f"{at}.{name}.above", rule.above
    if file.status.new:
        yield "status.new.column", file.status.new.column


def column_faults(
    file: ScorecardFile, signals: Iterable[Signal], *, whole: bool = True
) -> list[str]:
    """Return the faults of columns: texts named as numbers, other names for what nobody reads.

    Parameters
    ----------
    file : ScorecardFile
    signals : iterable of Signal
    whole : bool, default=True
        False when entries were left out of the file, which may be those that read a column.
    """
    texts = {name.replace("_", ""): name for name in ("merchant_id", *SIDE_TEXT)}
    read = list(_read(file, signals))
    faults = [
        f"{at}: column {column} holds text: name a column of numbers"
        for at, column in dict.fromkeys(read)
        if column.replace("_", "").casefold() in texts
    ]
    used = {column for _, column in read}
    bases = {column: name for name, d in file.derived.items() for column in d.columns}
    dates = {column for d in file.derived.values() for column in d.dates}
    for name, derived in file.derived.items():
        at = f"derived.{name}"
        if name.replace("_", "").casefold() in texts or name in SIDE_NUMERIC:
            faults.append(f"{at}: is the name of a side column: choose another")
        for column in derived.columns:
            if column in file.derived:
                faults.append(f"{at}: reads {column}, which is derived itself")
            elif column.replace("_", "").casefold() in texts:
                faults.append(f"{at}: column {column} holds text: name a column of numbers")
            elif column in dates and (column in used or column not in derived.dates):
                faults.append(f"{at}: column {column} holds dates, and is read as a number too")
            elif column in derived.dates and column in SIDE_NUMERIC:
                faults.append(f"{at}: column {column} holds numbers: name a column of dates")
        if whole and name not in used:
            faults.append(f"{at}: is read by no signal or rule{suggest(name, sorted(used))}")
        if name in file.columns:
            faults.append(f"columns.{name}: is derived, and no column of the export")
    names = [c for _, c in read if c not in file.derived]
    names = list(dict.fromkeys([*names, *bases, *texts.values(), *SIDE_NUMERIC]))
    faults += [
        f"columns.{name}: is read by no signal or rule{suggest(name, names)}"
        for name in file.columns
        if whole and name not in names
    ]
    return faults
