"""The frozen scorecard that scoring reads: signals, dimensions, rules, tiers, overlays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from trustscore.scorecard.conditions import Condition
from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.derived import Derived
from trustscore.scorecard.effects import EFFECTS
from trustscore.scorecard.kinds import KINDS
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.scorecard.spec import ScorecardFile, SignalWords
from trustscore.scorecard.vetoes import Veto

ROOT = "index"
# What the scores call their own columns; a dimension is one more column beside these.
RESERVED = frozenset(OUTPUT_COLUMNS) | {ROOT}


@dataclass(frozen=True, slots=True)
class Numbers:
    """The figures of a signal that an overlay or a peer group may change."""

    weight: float
    poor: float
    good: float
    prior: float
    strength: float
    sd: float | None
    spread: float | None


@dataclass(frozen=True)
class Signal:
    """One merchant signal.

    Attributes
    ----------
    id, dimension, stage, kind : str
    value : str
        Column of the value, or of the numerator.
    sample : str or None
        Column of the denominator or of the number of observations.
    numbers : Numbers
        Base figures; `weight`, `poor`, `good`, `prior`, `strength` read through.
    curve : str
    knots : tuple of (value, utility)
    applies_when : tuple of Condition
    window, lag : int
        Days; what the export must have counted.
    range : (float, float) or None
    words : SignalWords
    actionable : bool
        Whether somebody can change the figure; if not, no plan asks for it.
    blank : str
        What a blank figure means: ``unknown``, ``withheld`` or ``left_out``.
    decimals : int or None
        To how many the utility is rounded, half up.
    """

    id: str
    dimension: str
    stage: str
    kind: str
    value: str
    sample: str | None
    numbers: Numbers
    curve: str
    knots: tuple[tuple[float, float], ...]
    applies_when: tuple[Condition, ...]
    window: int
    lag: int
    range: tuple[float, float] | None
    words: SignalWords
    actionable: bool = True
    blank: str = "unknown"
    decimals: int | None = None

    def __post_init__(self) -> None:
        # No engine meets a curve or a kind that it would have to guess at.
        CURVES[self.curve]
        KINDS[self.kind]

    @property
    def counts(self) -> bool:
        """Whether the value is a number of events among n."""
        return KINDS[self.kind].counts

    @property
    def on_log(self) -> bool:
        """Whether the value is shrunk on its logarithm."""
        return KINDS[self.kind].on_log

    @property
    def whole(self) -> bool:
        """Whether the value column holds whole numbers."""
        return KINDS[self.kind].whole

    @property
    def weight(self) -> float:
        """Base weight, relative inside the dimension."""
        return self.numbers.weight

    @property
    def poor(self) -> float:
        """Value worth nothing."""
        return self.numbers.poor

    @property
    def good(self) -> float:
        """Value worth full marks."""
        return self.numbers.good

    @property
    def prior(self) -> float:
        """Value assumed before there is evidence."""
        return self.numbers.prior

    @property
    def strength(self) -> float:
        """Observations the prior is worth; 0 for a signal without a sample."""
        return self.numbers.strength

    @property
    def higher_is_better(self) -> bool:
        """Direction, from the order of the anchors."""
        return self.good > self.poor

    @property
    def columns(self) -> tuple[str, ...]:
        """Value column and, if any, sample column."""
        return (self.value,) if self.sample is None else (self.value, self.sample)


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
class Exceeds:
    """``k >= min_count and k >= line n + 1.645 sqrt(line n)`` on raw counts."""

    signal: str
    k: str
    n: str
    min_count: float
    line: float | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition with one effect.

    `effect` is one of `EFFECTS`; `points` is the amount of bonus, deduct and cap, `grants` the name
    of a right or duty. `overlay` names the overlay a rule
    belongs to; `changes` what overlays say of a base rule, as ``(overlay, points or None for off)``
    in file order.
    """

    id: str
    when: tuple[Condition, ...]
    exceeds: Exceeds | None
    effect: str
    points: float
    per: str | None
    most: float | None
    en: str
    zh: str
    why: str
    overlay: str | None = None
    changes: tuple[tuple[str, float | None], ...] = ()
    grants: str = ""

    @property
    def veto(self) -> Veto:
        """The veto the rule gives, if any."""
        return EFFECTS[self.effect].veto

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns the rule reads."""
        names = [c for condition in self.when for c in condition.columns]
        if self.exceeds:
            names += [self.exceeds.k, self.exceeds.n]
        return (*names, self.per) if self.per else tuple(names)


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of the ladder."""

    id: str
    en: str
    zh: str
    at: float
    coverage: float
    entry: bool
    rights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tiers:
    """The ladder, low to high, and its hysteresis."""

    hysteresis: float
    z: float
    coverage_margin: float
    minimum_stay_days: float
    reviews_below: int
    ladder: tuple[Tier, ...]

    @property
    def entry(self) -> int:
        """Position of the entry tier."""
        return next((i for i, tier in enumerate(self.ladder) if tier.entry), 0)


@dataclass(frozen=True, slots=True)
class StatusLimits:
    """Limits below which an index is ``new`` or ``low_evidence``."""

    new_column: str | None
    new_below: float
    low_coverage: float


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
