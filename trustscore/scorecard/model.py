"""The frozen scorecard that scoring reads: signals, dimensions, rules, tiers, overlays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from trustscore.scorecard.derived import Derived
from trustscore.scorecard.kinds import KINDS
from trustscore.scorecard.ladder import StatusLimits, Tiers
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.scorecard.rule import Rule
from trustscore.scorecard.signal import Signal
from trustscore.scorecard.spec import ScorecardFile

ROOT = "index"
# What the scores call their own columns; a dimension is one more column beside these.
RESERVED = frozenset(OUTPUT_COLUMNS) | {ROOT}


@dataclass(frozen=True, slots=True)
class Dimension:
    """A node of the tree: the index itself, a dimension, or a group below one."""

    id: str
    weight: float
    en: str
    zh: str
    parent: str | None
    power: float
    floor: float
    weight_by: str | None


@dataclass(frozen=True, slots=True)
class Overlay:
    """Changes for the rows whose side columns match."""

    id: str
    match: tuple[tuple[str, tuple[str, ...]], ...]
    en: str
    zh: str
    signals: Mapping[str, Mapping[str, float]]
    dimensions: Mapping[str, float]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Peers:
    """Priors per peer group; keys are the values of `by`, as `fold_side_value` reads them."""

    by: tuple[str, ...]
    priors: Mapping[tuple[str, ...], Mapping[str, tuple[float, float | None]]]


@dataclass(frozen=True, slots=True)
class Field:
    """One numeric column and what its cells must be.

    `check` is one of ``count`` (>= 0), ``flag`` (0 or 1), ``share`` (0..1), ``nonnegative``,
    ``number``, or ``date`` (days since 1970-01-01); `lo`, `hi` a closed range on top; all values
    are finite. `derived` says what a
    column that is in no export is made of.
    """

    name: str
    check: str
    aliases: tuple[str, ...] = ()
    lo: float | None = None
    hi: float | None = None
    required: bool = True
    derived: Derived | None = None


@dataclass(frozen=True, eq=False)
class Scorecard:
    """A validated, closed or open, frozen scorecard.

    Two scorecards are equal when their hashes are.

    Attributes
    ----------
    file : ScorecardFile
        The validated file form, for saving and for the JSON Schema.
    sha256 : str
        Over the canonical JSON of the validated file.
    signals, dimensions, rules, overlays : tuple
    tiers, status, peers
    stages : dict of str to WordsSpec
    open_values : tuple of str
        Addresses of values that wait for a fit.
    """

    file: ScorecardFile
    sha256: str
    signals: tuple[Signal, ...]
    dimensions: tuple[Dimension, ...]
    rules: tuple[Rule, ...]
    overlays: tuple[Overlay, ...]
    peers: Peers
    status: StatusLimits
    tiers: Tiers
    open_values: tuple[str, ...] = ()
    source: str = field(default="", compare=False)

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scorecard) and self.sha256 == other.sha256

    def __repr__(self) -> str:
        return (
            f"<Scorecard {self.stamp}: {len(self.signals)} signals, "
            f"{len(self.dimensions)} dimensions, {len(self.rules)} rules>"
        )

    @property
    def name(self) -> str:
        """Name in the file."""
        return self.file.name

    @property
    def version(self) -> str:
        """Version in the file."""
        return self.file.version

    @property
    def decimal(self) -> str:
        """Decimal sign of text inputs."""
        return self.file.decimal

    @property
    def stages(self) -> dict[str, Any]:
        """Stages with their words."""
        return self.file.stages

    @property
    def stamp(self) -> str:
        """``name@version:12 hex``, which travels with every score."""
        return f"{self.name}@{self.version}:{self.sha256[:12]}"

    @cached_property
    def _by_id(self) -> dict[str, Signal]:
        return {signal.id: signal for signal in self.signals}

    def signal(self, signal_id: str) -> Signal:
        """Return one signal.

        Raises
        ------
        KeyError
            When there is none of that id.
        """
        return self._by_id[signal_id]

    def granted(self, effect: str, fired: Collection[str]) -> tuple[str, ...]:
        """Return the rights or duties of rules that fired, each once.

        Parameters
        ----------
        effect : {"right", "duty"}
        fired : collection of str
            Ids of rules. A right is for the caller to withhold from a merchant with a veto.
        """
        rules = (rule for rule in self.rules if rule.effect == effect and rule.id in fired)
        return tuple(dict.fromkeys(rule.grants for rule in rules))

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Part and whole of each `rate`, and of each share that earns a bonus: k > n is a fault."""
        pairs = [(s.value, s.sample) for s in self.signals if KINDS[s.kind].parts and s.sample]
        pairs += [
            (condition.column, condition.over)
            for rule in self.rules
            if rule.effect == "bonus"
            for condition in rule.when
            if condition.over and condition.op in (">", ">=") and 0 < condition.number <= 1
        ]
        return tuple(dict.fromkeys(pairs))

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every numeric column, in order of first use; derived ones stand last."""
        order = ("number", "nonnegative", "count", "share", "flag", "date")
        checks: dict[str, str] = {}
        ranges: dict[str, tuple[float, float]] = {}

        def use(column: str, check: str) -> None:
            known = checks.get(column, check)
            checks[column] = max(known, check, key=order.index)

        for signal in self.signals:
            use(signal.value, KINDS[signal.kind].check)
            if signal.sample:
                use(signal.sample, "count")
            if signal.range:
                ranges[signal.value] = signal.range
            for condition in signal.applies_when:
                for column in condition.columns:
                    use(column, "number")
        for dimension in self.dimensions:
            if dimension.weight_by:
                use(dimension.weight_by, "share")
        for rule in self.rules:
            # Points, unless a signal or condition reads the same column as something else.
            if rule.above and rule.above not in checks:
                ranges[rule.above] = (0.0, 100.0)
            for column in rule.columns:
                use(column, "count" if column == rule.per else "number")
        if self.status.new_column:
            use(self.status.new_column, "count")
        derived = self.file.derived
        for name in [name for name in checks if name in derived]:
            for column in derived[name].columns:
                use(column, "date" if column in derived[name].dates else "number")
        aliases = self.file.columns
        found = [
            Field(
                name,
                check,
                tuple(aliases.get(name, ())),
                lo=ranges.get(name, (None, None))[0],
                hi=ranges.get(name, (None, None))[1],
                required=name not in derived,
                derived=derived.get(name),
            )
            for name, check in checks.items()
        ]
        return tuple(sorted(found, key=lambda field: field.derived is not None))

    @cached_property
    def inputs(self) -> tuple[Field, ...]:
        """The numeric columns that an export must have."""
        return tuple(field for field in self.fields if field.derived is None)

    def without(self, missing: Iterable[str]) -> frozenset[str]:
        """Return columns that were not collected, with the derived ones that need them."""
        absent = frozenset(missing)
        if not absent:
            return absent
        needs = {f.name: f.derived.columns for f in self.fields if f.derived is not None}
        return absent.union(name for name, columns in needs.items() if absent.intersection(columns))
