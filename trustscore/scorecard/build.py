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
from trustscore.scorecard.build_signals import NO_SAMPLE, SignalBuilder
from trustscore.scorecard.checks import (
    column_faults,
    contribution_faults,
    figure_faults,
    weight_faults,
)
from trustscore.scorecard.curves import CURVES
from trustscore.scorecard.faults import collect, prune, shown
from trustscore.scorecard.ladder import StatusLimits, Tier, Tiers
from trustscore.scorecard.model import RESERVED, Dimension, Overlay, Peers, Scorecard
from trustscore.scorecard.side_columns import Reader, side_read_by
from trustscore.scorecard.side_values import fold_side_value
from trustscore.scorecard.signal import Signal
from trustscore.scorecard.spec import ScorecardFile

# Deeper trees and longer lists are nobody's judgement, and checks compare each with each.
_MOST_LEVELS = 16
_MOST_ENTRIES = 2000
_MOST_FAULTS = 500


class _Builder(SignalBuilder):
    """Builds the rest of a scorecard around its signals."""

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
            self.fault(f"{where}.strength", NO_SAMPLE)
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
