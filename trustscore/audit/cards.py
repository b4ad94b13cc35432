"""Other scorecards made from one: edited as data, validated again, scored by the same kernel."""

from __future__ import annotations

from typing import Any

from trustscore.scorecard import Scorecard, parse_scorecard

__all__ = [
    "as_data",
    "equal_weights",
    "private_columns",
    "rebuilt",
    "without_conditions",
    "without_signal",
]

Data = dict[str, Any]
# Too little to show in any figure, while the file stays valid.
_NEXT_TO_NOTHING = 1e-12


def as_data(card: Scorecard) -> Data:
    """Return a scorecard as plain data that `parse_scorecard` reads back to the same hash.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> card = load_scorecard("minimal")
    >>> parse_scorecard(as_data(card)) == card
    True
    """
    return card.file.model_dump(mode="json", exclude_none=True)


def rebuilt(card: Scorecard, data: Data, what: str) -> Scorecard:
    """Return the scorecard of edited data, without what nothing in it reads any longer."""
    name = f"{card.name} ({what})"
    derived = data.get("derived", {})
    # Blocks have the scorecard's own names of columns.
    bare = {key: value for key, value in data.items() if key not in ("columns", "derived")}
    made = parse_scorecard(bare, name)
    if not derived:
        return made
    read = {field.name for field in made.fields}
    kept = {column: text for column, text in derived.items() if column in read}
    return parse_scorecard(bare | {"derived": kept}, name) if kept else made


def signals_of(data: Data) -> dict[str, Data]:
    """Return the lines of all signals by id."""
    return {name: spec for group in data["signals"].values() for name, spec in group.items()}


def equal_weights(card: Scorecard) -> Scorecard:
    """Return the scorecard with the same weight on every signal that has one."""
    data = as_data(card)
    inside: dict[str, float] = {}
    for dimension, group in data["signals"].items():
        for spec in group.values():
            spec["weight"] = float(spec["weight"] > 0)
        inside[dimension] = sum(spec["weight"] for spec in group.values())
    parents = {name: spec.get("parent") for name, spec in data["dimensions"].items()}
    for name, spec in data["dimensions"].items():
        below = {name}
        while True:
            more = below | {child for child, parent in parents.items() if parent in below}
            if more == below:
                break
            below = more
        spec["weight"] = sum(inside.get(each, 0.0) for each in below)
    for overlay in data.get("overlays", {}).values():
        for change in overlay.get("signals", {}).values():
            if change.get("weight", 0) > 0:
                change["weight"] = 1.0
        overlay.pop("dimensions", None)
    return rebuilt(card, data, "equal weights")


def without_signal(card: Scorecard, signal_id: str) -> Scorecard:
    """Return the scorecard in which one signal has next to no weight.

    A dimension that has nothing else to go by loses its weight with it.
    """
    data = as_data(card)
    groups, dimensions = data["signals"], data["dimensions"]
    spent = {signal_id}
    signals_of(data)[signal_id]["weight"] *= _NEXT_TO_NOTHING
    name: str | None = card.signal(signal_id).dimension
    while name is not None:
        others = [s for s, spec in groups.get(name, {}).items() if spec["weight"] > 0]
        others += [d for d, spec in dimensions.items() if spec.get("parent") == name]
        if set(others) - spent:
            break
        dimensions[name]["weight"] *= _NEXT_TO_NOTHING
        spent.add(name)
        name = dimensions[name].get("parent")
    for overlay in data.get("overlays", {}).values():
        for part in ("signals", "dimensions"):
            for each in spent & set(overlay.get(part, {})):
                change = overlay[part][each]
                if "weight" in change:
                    change["weight"] *= _NEXT_TO_NOTHING
    return rebuilt(card, data, f"without {signal_id}")


def without_conditions(card: Scorecard) -> Scorecard:
    """Return the scorecard in which every signal applies to every merchant."""
    data = as_data(card)
    for spec in signals_of(data).values():
        spec.pop("applies_when", None)
    return rebuilt(card, data, "without applies_when")


def private_columns(card: Scorecard) -> tuple[Scorecard, dict[str, str]]:
    """Return the scorecard in which no two signals share a column, and what each column copies.

    Conditions and the status read the columns they always read; a rate cap follows its signal.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> apart, copies = private_columns(load_scorecard("minimal"))
    >>> apart.signal("complaint_rate").columns
    ('complaint_rate__value', 'complaint_rate__sample')
    >>> copies["complaint_rate__sample"]
    'orders_paid'
    """
    data = as_data(card)
    copies: dict[str, str] = {}
    lines = signals_of(data)
    for signal in card.signals:
        value, sample = f"{signal.id}__value", f"{signal.id}__sample"
        copies[value] = signal.value
        if signal.sample is None:
            lines[signal.id][signal.kind] = value
        else:
            copies[sample] = signal.sample
            lines[signal.id][signal.kind] = [value, sample]
    return rebuilt(card, data, "each signal with columns of its own"), copies
