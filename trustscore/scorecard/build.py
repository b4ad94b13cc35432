"""From a parsed file to the frozen scorecard, with every cross-reference checked."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from trustscore.errors import ScorecardError, at_most, plural
from trustscore.scorecard.build_rules import build_rules
from trustscore.scorecard.checks import (
    column_faults,
    contribution_faults,
    figure_faults,
    weight_faults,
)
from trustscore.scorecard.curves import CURVES, Curve
from trustscore.scorecard.faults import Notes, collect, prune, shown
from trustscore.scorecard.kinds import KINDS
from trustscore.scorecard.model import (
    RESERVED,
    Dimension,
    Numbers,
    Overlay,
    Peers,
    Scorecard,
    Signal,
    StatusLimits,
    Tier,
    Tiers,
)
from trustscore.scorecard.side_columns import Reader, side_read_by
from trustscore.scorecard.side_values import fold_side_value
from trustscore.scorecard.spec import ScorecardFile, SignalSpec, SignalWords

# Deeper trees and longer lists are nobody's judgement, and checks compare each with each.
_MOST_LEVELS = 16
_MOST_ENTRIES = 2000
_MOST_FAULTS = 500
_NO_SAMPLE = "is only for a signal with a sample column"


class _Builder(Notes):
    """Collects faults while it builds; nothing is raised before all are known."""

    def __init__(self, file: ScorecardFile, dropped: frozenset[str] = frozenset()) -> None:
        super().__init__(dropped)
        self.file = file
        self.open: list[str] = []

    def closed(self, address: str, value: Any) -> float:
        """Return a number; an open value is noted and stands as NaN until it is fitted."""
        if isinstance(value, str):
            self.open.append(f"{address} = {value!r}")
            return math.nan
        return math.nan if value is None else float(value)

    def scaled(self, strength: float) -> float:
        """Return a strength as it is scored: every one that the file states is scaled."""
        return strength * self.file.index.strength_scale

    def signal(self, dimension: str, name: str, spec: SignalSpec) -> Signal | None:
        at = f"signals.{dimension}.{name}"
        if len(spec.kinds) != 1:
            got = " and ".join(spec.kinds) or "none"
            self.fault(at, f"must have exactly one of {', '.join(KINDS)}. Got {got}")
            return None
        kind = KINDS[spec.kinds[0]]
        columns = getattr(spec, kind.name)
        value, sample = columns if isinstance(columns, tuple) else (columns, None)
        value = name if value is True else value
        sampled = sample is not None
        if self.file.stages:
            self.known(f"{at}.stage", spec.stage, self.file.stages, "stage")
        curve = CURVES[spec.curve or kind.curve or self.file.defaults.curve]
        poor, good = self.closed(f"{at}.poor", spec.poor), self.closed(f"{at}.good", spec.good)
        knots = tuple(spec.knots or ())
        if curve.knots:
            poor, good = self._knots(at, curve, knots, spec, poor, good)
        elif knots:
            those = " and ".join(c.name for c in CURVES.values() if c.knots)
            self.fault(f"{at}.knots", f"are for the curves {those}")
        else:
            for key in ("poor", "good"):
                if getattr(spec, key) is None:
                    self.fault(f"{at}.{key}", "is missing")
        strength = self.closed(f"{at}.strength", spec.strength) if spec.strength else 0.0
        if sampled and spec.strength is None:
            self.fault(f"{at}.strength", "is missing: the prior must be worth some observations")
        if not sampled and spec.strength is not None:
            self.fault(f"{at}.strength", _NO_SAMPLE)
        if value == sample:
            self.fault(f"{at}.{kind.name}", f"must be two different columns. Got {value} twice")
        prior = self.closed(f"{at}.prior", spec.prior)
        if kind.sd and spec.sd is None and spec.spread is None:
            self.fault(f"{at}.sd", "is missing: give sd of one observation, or spread")
        if spec.range and not spec.range[0] < spec.range[1]:
            self.fault(f"{at}.range", f"must be [low, high]. Got {list(spec.range)}")
        figures = {"poor": poor, "good": good, "prior": prior}
        if spec.strength is not None:
            figures["strength"] = strength
        for key, sentence in figure_faults(kind.name, curve.name, sampled, spec.range, figures):
            self.fault(f"{at}{key}", sentence)
        weight = self.closed(f"{at}.weight", spec.weight)
        words = self.file.words.get(name) or SignalWords(en=name.replace("_", " "))
        defaults = self.file.defaults
        return Signal(
            id=name,
            dimension=dimension,
            stage=spec.stage,
            kind=kind.name,
            value=value,
            sample=sample,
            numbers=Numbers(
                weight,
                poor,
                good,
                prior,
                self.scaled(strength),
                spec.sd,
                spec.spread,
            ),
            curve=curve.name,
            knots=knots,
            applies_when=spec.applies_when or (),
            window=defaults.window if spec.window is None else spec.window,
            lag=defaults.lag if spec.lag is None else spec.lag,
            range=spec.range,
            words=words,
            actionable=spec.actionable,
            blank=spec.blank or defaults.blank,
            decimals=spec.decimals,
        )

    def _knots(
        self,
        at: str,
        curve: Curve,
        knots: tuple[tuple[float, float], ...],
        spec: SignalSpec,
        poor: float,
        good: float,
    ) -> tuple[float, float]:
        if not knots:
            if curve.learnt:
                self.open.append(f"{at}.knots")
                return (poor, good) if poor != good else (0.0, 1.0)
            self.fault(f"{at}.knots", "are missing")
            return 0.0, 1.0
        xs, us = [k[0] for k in knots], [k[1] for k in knots]
        steps = [b - a for a, b in pairwise(us)]
        if len(knots) < 2 or any(b <= a for a, b in pairwise(xs)):
            self.fault(f"{at}.knots", "must be two or more [value, utility] with rising values")
        if any(not 0 <= u <= 1 for u in us) or not (
            all(s >= 0 for s in steps) or all(s <= 0 for s in steps)
        ):
            self.fault(f"{at}.knots", "must have monotone utilities between 0 and 1")
        if us and us[0] == us[-1]:
            self.fault(f"{at}.knots", "must not be flat")
        if spec.poor is not None or spec.good is not None:
            self.fault(at, "must have either knots or poor and good")
        return (xs[0], xs[-1]) if us[-1] >= us[0] else (xs[-1], xs[0])

    def tree(self) -> tuple[Dimension, ...]:
        specs = self.file.dimensions
        for name, spec in specs.items():
            at = f"dimensions.{name}"
            if name in RESERVED:
                self.fault(at, "is the name of a column of the scores: choose another")
            if spec.parent is not None and self.known(
                f"{at}.parent", spec.parent, specs, "dimension"
            ):
                seen, step = {name}, spec.parent
                while step in specs and step not in seen and len(seen) < _MOST_LEVELS:
                    seen.add(step)
                    step = specs[step].parent or ""
                if step and step not in seen and step in specs:
                    self.fault(f"{at}.parent", f"must be at most {_MOST_LEVELS} levels deep")
                elif step:
                    self.fault(f"{at}.parent", "must not lead back to the dimension itself")
            used = name in self.file.signals or any(s.parent == name for s in specs.values())
            if not used:
                self.fault(at, f"has no signals: add [signals.{name}]")
        return tuple(
            Dimension(
                name,
                self.closed(f"dimensions.{name}.weight", s.weight),
                s.en or name.replace("_", " "),
                s.zh,
                s.parent,
                s.power,
                s.floor,
                s.weight_by,
            )
            for name, s in specs.items()
        )

    def overlays(self, signals: Mapping[str, Signal]) -> tuple[Overlay, ...]:
        built: list[Overlay] = []
        for name, spec in self.file.overlays.items():
            at = f"overlays.{name}"
            match = {k: v for k, v in spec.match if v is not None}
            if not match:
                self.fault(f"{at}.match", f"must name {' or '.join(side_read_by(Reader.VARIANT))}")
            for column, values in match.items():
                if not values:
                    self.fault(f"{at}.match.{column}", "must name at least one value")
            changes: dict[str, dict[str, float]] = {}
            for signal_id, change in spec.signals.items():
                where = f"{at}.signals.{signal_id}"
                if not self.known(where, signal_id, signals, "signal"):
                    continue
                base = signals[signal_id]
                if CURVES[base.curve].knots and (change.poor or change.good):
                    self.fault(where, "a signal with knots has no poor and good to change")
                given = {
                    key: self.closed(f"{where}.{key}", getattr(change, key))
                    for key in ("weight", "poor", "good", "prior", "strength", "sd", "spread")
                    if getattr(change, key) is not None
                }
                poor, good = given.get("poor", base.poor), given.get("good", base.good)
                turned = poor == good or (good > poor) != base.higher_is_better
                if turned and not (math.isnan(poor) or math.isnan(good)):
                    self.fault(where, "must keep the direction of the signal")
                self._changed(where, base, given)
                if "strength" in given:
                    given["strength"] = self.scaled(given["strength"])
                changes[signal_id] = given
            weights = {}
            for dimension, moved in spec.dimensions.items():
                where = f"{at}.dimensions.{dimension}"
                if self.known(where, dimension, self.file.dimensions, "dimension"):
                    weights[dimension] = self.closed(f"{where}.weight", moved.weight)
            self._together(at, changes, match, built, signals)
            folded = tuple((k, tuple(map(fold_side_value, v))) for k, v in match.items())
            built.append(
                Overlay(name, folded, spec.en or name, spec.zh, changes, weights, tuple(spec.rules))
            )
        return tuple(built)

    def _together(
        self,
        at: str,
        changes: Mapping[str, Mapping[str, float]],
        match: Mapping[str, tuple[str, ...]],
        before: list[Overlay],
        signals: Mapping[str, Signal],
    ) -> None:
        """Find signals that this overlay and one before it turn round together."""
        mine = {c: {*map(fold_side_value, values)} for c, values in match.items()}
        for other in before:
            if not all(mine[c] & {*values} for c, values in other.match if c in mine):
                continue  # no row matches both
            for signal_id, given in changes.items():
                base, earlier = signals[signal_id], other.signals.get(signal_id, {})
                ends = {"poor": base.poor, "good": base.good}
                both = {key: given.get(key, earlier.get(key, ends[key])) for key in ends}
                apart = [
                    ends | {key: one[key] for key in ends if key in one} for one in (earlier, given)
                ]
                if any(map(math.isnan, both.values())) or both in apart:
                    continue
                poor, good = both["poor"], both["good"]
                if poor == good or (good > poor) != base.higher_is_better:
                    self.fault(
                        f"{at}.signals.{signal_id}",
                        f"must keep the direction of the signal together with overlay {other.id}."
                        f" Got poor {poor:g} and good {good:g}",
                    )

    def _changed(self, where: str, base: Signal, given: Mapping[str, float]) -> None:
        """Check the figures of a signal as an overlay or a peer group leaves them."""
        if base.sample is None and "strength" in given:
            self.fault(f"{where}.strength", _NO_SAMPLE)
        before = {key: getattr(base, key) for key in ("poor", "good", "prior", "strength")}
        after = before | {key: value for key, value in given.items() if key in before}
        what = (base.kind, base.curve, base.sample is not None, base.range)
        # A fault that the signal has by itself is said once, of the signal.
        known = set(figure_faults(*what, before))
        for key, sentence in figure_faults(*what, after):
            if (key, sentence) not in known:
                self.fault(f"{where}{key}", sentence)

    def peers(self, signals: Mapping[str, Signal]) -> Peers:
        spec = self.file.peers
        priors: dict[tuple[str, ...], dict[str, tuple[float, float | None]]] = {}
        written: dict[tuple[str, ...], str] = {}
        for group, entries in spec.priors.items():
            key = tuple(map(fold_side_value, group.split("|")))
            if written.setdefault(key, group) != group:
                self.fault(f"peers.priors.{group}", f"is read as {written[key]}: merge the two")
            if len(key) != len(spec.by):
                self.fault(f"peers.priors.{group}", f"must have {len(spec.by)} values joined by |")
            found = {}
            for signal_id, prior in entries.items():
                where = f"peers.priors.{group}.{signal_id}"
                if self.known(where, signal_id, signals, "signal"):
                    strength = None if prior.strength is None else self.scaled(prior.strength)
                    found[signal_id] = (prior.prior, strength)
                    given = {"prior": prior.prior, "strength": prior.strength}
                    present = {key: value for key, value in given.items() if value is not None}
                    self._changed(where, signals[signal_id], present)
            priors[key] = found
        return Peers(spec.by, priors)

    def tiers(self) -> Tiers:
        spec = self.file.tiers
        ladder = tuple(
            Tier(t.id, t.en or t.id, t.zh, t.at, t.coverage, t.entry, t.rights) for t in spec.ladder
        )
        for low, high in pairwise(ladder):
            if high.at <= low.at:
                self.fault(
                    f"tiers.ladder.{high.id}.at", f"must be above {low.at:g}. Got {high.at:g}"
                )
        ids = [t.id for t in ladder]
        for name in {i for i in ids if ids.count(i) > 1}:
            self.fault(f"tiers.ladder.{name}", "must be given once")
        if ladder and sum(t.entry for t in ladder) != 1:
            self.fault("tiers.ladder", "must have entry = true on exactly one tier")
        if ladder and ladder[0].at != 0:
            self.fault(f"tiers.ladder.{ladder[0].id}.at", f"must be 0. Got {ladder[0].at:g}")
        return Tiers(
            spec.hysteresis,
            spec.z,
            spec.coverage_margin,
            spec.minimum_stay_days,
            spec.reviews_below,
            ladder,
        )

    def build(self, source: str) -> Scorecard:
        file = self.file
        signals: dict[str, Signal] = {}
        for dimension, specs in file.signals.items():
            self.known(f"signals.{dimension}", dimension, file.dimensions, "dimension")
            for name, spec in specs.items():
                if name in signals:
                    first = signals[name].dimension
                    self.fault(f"signals.{dimension}.{name}", f"is also in signals.{first}")
                signal = self.signal(dimension, name, spec)
                if signal is None:
                    self.dropped |= {name}
                else:
                    signals[name] = signal
        named = {name: None for specs in file.signals.values() for name in specs}
        for name in file.words:
            self.known(f"words.{name}", name, named, "signal")
        dimensions = self.tree()
        overlays = self.overlays(signals)
        rules = build_rules(file, signals, self)
        peers = self.peers(signals)
        tiers = self.tiers()
        new, low = file.status.new, file.status.low_evidence
        status = StatusLimits(
            new.column if new else None, new.below if new else 0.0, low.coverage if low else 0.0
        )
        faults = contribution_faults(signals.values(), rules)
        faults += column_faults(file, signals.values(), whole=not self.dropped)
        if not self.dropped:
            # Of a part of a scorecard the sums say nothing.
            faults += weight_faults(signals.values(), dimensions, overlays)
        self.faults += faults
        if self.faults:
            raise _error(source, self.faults)
        said = _said(file.model_dump(mode="json"))
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return Scorecard(
            file=file,
            sha256=hashlib.sha256(canonical.encode()).hexdigest(),
            signals=tuple(signals.values()),
            dimensions=dimensions,
            rules=rules,
            overlays=overlays,
            peers=peers,
            status=status,
            tiers=tiers,
            open_values=tuple(self.open),
            source=source,
        )


def _error(source: str, faults: list[str]) -> ScorecardError:
    listed = at_most(faults, most=_MOST_FAULTS, what="faults")
    return ScorecardError(f"scorecard {source} has {plural(len(faults), 'fault')}", listed)


def _too_many(data: Mapping[str, Any]) -> list[str]:
    """Return the tables that have more entries than a scorecard may have."""
    named = ("dimensions", "stages", "columns", "words", "rules", "overlays")
    counts = {"the scorecard": len(data)}
    counts |= {name: _entries(data.get(name)) for name in named}
    signals, overlays, tiers = (data.get(name) for name in ("signals", "overlays", "tiers"))
    if isinstance(signals, Mapping):
        counts["signals"] = len(signals) + sum(map(_entries, signals.values()))
    if isinstance(tiers, Mapping):
        counts["tiers.ladder"] = _entries(tiers.get("ladder"))
    for name, overlay in overlays.items() if isinstance(overlays, Mapping) else ():
        for part, held in overlay.items() if isinstance(overlay, Mapping) else ():
            counts[f"overlays.{name}.{part}"] = _entries(held)
    return [
        f"{at}: must have at most {_MOST_ENTRIES} entries. Got {count}"
        for at, count in counts.items()
        if count > _MOST_ENTRIES
    ]


def _entries(held: Any) -> int:
    return len(held) if isinstance(held, (Mapping, list, tuple)) else 0


def _said(data: Any) -> Any:
    """Return data without what is null or empty: a new key of the format changes no old stamp."""
    if isinstance(data, list):
        return [_said(value) for value in data]
    if not isinstance(data, dict):
        return data
    kept = {}
    for key, value in data.items():
        if isinstance(value, (dict, list)):
            value = _said(value)
            if not value:
                continue
        if value is not None:
            kept[key] = value
    return kept


def parse_scorecard(data: Mapping[str, Any], source: str = "<data>") -> Scorecard:
    """Validate parsed TOML or JSON and return the frozen scorecard.

    Parameters
    ----------
    data : mapping
        Keys as in the file form (``trustscore schema`` prints them).
    source : str
        Named in errors.

    Returns
    -------
    Scorecard

    Raises
    ------
    ScorecardError
        With every fault, each as ``address: sentence``.
    """
    if not isinstance(data, Mapping):
        raise _error(source, [f"must be a table. Got {shown(data)}"])
    faults = _too_many(data)
    if faults:
        raise _error(source, faults)
    file, faults = collect(ScorecardFile, data)
    if file is not None:
        return _Builder(file).build(source)
    # What can be read may have faults of another kind; all are said at once.
    rest, dropped = prune(ScorecardFile, data)
    if rest is not None:
        try:
            _Builder(rest, dropped).build(source)
        except ScorecardError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    raise _error(source, faults)
