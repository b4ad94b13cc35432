"""From a parsed file to the frozen scorecard, with every cross-reference checked."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from trustscore.errors import ScorecardError
from trustscore.scorecard.faults import collect, shown, suggest
from trustscore.scorecard.model import (
    RESERVED,
    Dimension,
    Exceeds,
    Numbers,
    Overlay,
    Peers,
    Rule,
    Scorecard,
    Signal,
    Status,
    Tier,
    Tiers,
)
from trustscore.scorecard.spec import KINDS, RuleSpec, ScorecardFile, SignalSpec, SignalWords

_SAMPLED = ("rate", "events", "mean", "duration")
_EFFECTS = ("bonus", "deduct", "cap", "veto")


class _Builder:
    """Collects faults while it builds; nothing is raised before all are known."""

    def __init__(self, file: ScorecardFile) -> None:
        self.file = file
        self.faults: list[str] = []
        self.open: list[str] = []

    def fault(self, address: str, sentence: str) -> None:
        self.faults.append(f"{address}: {sentence}")

    def known(self, address: str, name: str, names: Any, what: str) -> bool:
        if name in names:
            return True
        self.fault(address, f"unknown {what} {name}{suggest(name, names)}")
        return False

    def closed(self, address: str, value: Any) -> float:
        """Return a number; an open value is noted and stands as NaN until it is fitted."""
        if isinstance(value, str):
            self.open.append(f"{address} = {value!r}")
            return math.nan
        return math.nan if value is None else float(value)

    def signal(self, dimension: str, name: str, spec: SignalSpec) -> Signal | None:
        at = f"signals.{dimension}.{name}"
        if len(spec.kinds) != 1:
            got = " and ".join(spec.kinds) or "none"
            self.fault(at, f"must have exactly one of {', '.join(KINDS)}. Got {got}")
            return None
        kind = spec.kinds[0]
        columns = getattr(spec, kind)
        value, sample = columns if isinstance(columns, tuple) else (columns, None)
        value = name if value is True else value
        sampled = sample is not None
        if self.file.stages:
            self.known(f"{at}.stage", spec.stage, self.file.stages, "stage")
        curve = spec.curve or ("log" if kind == "duration" else self.file.defaults.curve)
        if kind in ("flag",) and not spec.curve:
            curve = "linear"
        poor, good = self.closed(f"{at}.poor", spec.poor), self.closed(f"{at}.good", spec.good)
        knots = tuple(spec.knots or ())
        if curve in ("knots", "percentile"):
            poor, good = self._knots(at, curve, knots, spec, poor, good)
        elif knots:
            self.fault(f"{at}.knots", "are for the curves knots and percentile")
        else:
            for key in ("poor", "good"):
                if getattr(spec, key) is None:
                    self.fault(f"{at}.{key}", "is missing")
            if poor == good:
                self.fault(f"{at}.poor", f"must differ from good. Got {poor:g}")
            if curve in ("log", "lognormal") and min(poor, good) <= 0:
                self.fault(at, f"curve {curve} must have poor and good above 0")
            if curve == "log1p" and min(poor, good) <= -1:
                self.fault(at, "curve log1p must have poor and good above -1")
        strength = self.closed(f"{at}.strength", spec.strength) if spec.strength else 0.0
        if sampled and spec.strength is None:
            self.fault(f"{at}.strength", "is missing: the prior must be worth some observations")
        if sampled and strength <= 0:
            self.fault(f"{at}.strength", f"must be above 0. Got {strength:g}")
        if not sampled and spec.strength is not None:
            self.fault(f"{at}.strength", "is only for a signal with a sample column")
        prior = self.closed(f"{at}.prior", spec.prior)
        if kind == "rate" and not (0 <= prior <= 1 or math.isnan(prior)):
            self.fault(f"{at}.prior", f"must be between 0 and 1. Got {prior:g}")
        if kind == "duration" and prior <= 0:
            self.fault(f"{at}.prior", f"must be above 0. Got {prior:g}")
        if kind in ("mean", "duration") and spec.sd is None and spec.spread is None:
            self.fault(f"{at}.sd", "is missing: give sd of one observation, or spread")
        if spec.range and not spec.range[0] < spec.range[1]:
            self.fault(f"{at}.range", f"must be [low, high]. Got {list(spec.range)}")
        weight = self.closed(f"{at}.weight", spec.weight)
        words = self.file.words.get(name) or SignalWords(en=name.replace("_", " "))
        defaults = self.file.defaults
        return Signal(
            id=name,
            dimension=dimension,
            stage=spec.stage,
            kind=kind,
            value=value,
            sample=sample,
            numbers=Numbers(
                weight,
                poor,
                good,
                prior,
                strength * self.file.index.strength_scale,
                spec.sd,
                spec.spread,
            ),
            curve=curve,
            knots=knots,
            applies_when=spec.applies_when or (),
            window=defaults.window if spec.window is None else spec.window,
            lag=defaults.lag if spec.lag is None else spec.lag,
            range=spec.range,
            words=words,
        )

    def _knots(
        self,
        at: str,
        curve: str,
        knots: tuple[tuple[float, float], ...],
        spec: SignalSpec,
        poor: float,
        good: float,
    ) -> tuple[float, float]:
        if not knots:
            if curve == "percentile":
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
                while step in specs and step not in seen:
                    seen.add(step)
                    step = specs[step].parent or ""
                if step:
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

    def rule(
        self, at: str, name: str, spec: RuleSpec, signals: Mapping[str, Signal], overlay: str | None
    ) -> Rule | None:
        effects = [e for e in _EFFECTS if getattr(spec, e) is not None]
        if len(effects) != 1:
            got = " and ".join(effects) or "none"
            self.fault(at, f"must have exactly one of {', '.join(_EFFECTS)}. Got {got}")
            return None
        if (spec.when is None) == (spec.exceeds is None):
            self.fault(at, "must have either when or exceeds")
            return None
        effect = effects[0]
        if (spec.per or spec.most) and effect not in ("bonus", "deduct"):
            self.fault(at, "per and most are only for bonus and deduct")
        if spec.per and spec.most is None:
            self.fault(f"{at}.most", "is missing: points per case must have a limit")
        exceeds = None
        if spec.exceeds is not None:
            where = f"{at}.exceeds.signal"
            if not self.known(where, spec.exceeds.signal, signals, "signal"):
                return None
            signal = signals[spec.exceeds.signal]
            if signal.kind not in ("rate", "events") or signal.higher_is_better:
                self.fault(where, "must be a rate or events signal where lower is better")
                return None
            exceeds = Exceeds(
                signal.id,
                signal.value,
                str(signal.sample),
                spec.exceeds.min_count,
                spec.exceeds.line,
            )
        points = float(getattr(spec, effect)) if effect != "veto" else 0.0
        rule = Rule(
            id=name,
            when=spec.when or (),
            exceeds=exceeds,
            effect=str(spec.veto) if effect == "veto" else effect,
            points=points,
            per=spec.per,
            most=spec.most,
            en=spec.en or name.replace("_", " "),
            zh=spec.zh,
            why=spec.why,
            overlay=overlay,
        )
        if spec.monotone:
            self._monotone(at, rule, signals)
        return rule

    def _monotone(self, at: str, rule: Rule, signals: Mapping[str, Signal]) -> None:
        """A rule must not make a worse signal worth more."""
        better = {s.value: s.higher_is_better for s in signals.values()}
        for condition in rule.when:
            if condition.rises is None or condition.column not in better:
                continue
            fires_when_better = condition.rises == better[condition.column]
            if fires_when_better != (rule.effect == "bonus"):
                self.fault(
                    at,
                    f"rewards a worse {condition.column} ({condition}); turn the condition round, "
                    "or say monotone = false",
                )

    def rules(self, signals: Mapping[str, Signal]) -> tuple[Rule, ...]:
        rules = [
            self.rule(f"rules.{name}", name, spec, signals, None)
            for name, spec in self.file.rules.items()
        ]
        for overlay, changes in self.file.overlays.items():
            for name, spec in changes.rules.items():
                at = f"overlays.{overlay}.rules.{name}"
                index = next((i for i, r in enumerate(rules) if r and r.id == name), None)
                if index is None:
                    if spec.off:
                        self.known(at, name, self.file.rules, "rule")
                        continue
                    rules.append(self.rule(at, name, spec, signals, overlay))
                    continue
                base = rules[index]
                if base is None:
                    continue
                points: float | None = None
                if not spec.off:
                    given = getattr(spec, base.effect, None)
                    if given is None or spec.when or spec.exceeds:
                        self.fault(
                            at, f"may change only {base.effect} of this rule, or say off = true"
                        )
                        continue
                    points = float(given)
                rules[index] = Rule(
                    **{
                        **{k: getattr(base, k) for k in Rule.__slots__},
                        "changes": (*base.changes, (overlay, points)),
                    }
                )
        built = tuple(rule for rule in rules if rule is not None)
        if len(built) > 63:
            self.fault("rules", f"must be at most 63 with those of the overlays. Got {len(built)}")
        for taken in ("limit", "trust_index", "merchant_id"):
            if any(rule.id == taken for rule in built):
                self.fault(f"rules.{taken}", "is a reserved word of the statement")
        return built

    def overlays(self, signals: Mapping[str, Signal]) -> tuple[Overlay, ...]:
        built = []
        for name, spec in self.file.overlays.items():
            at = f"overlays.{name}"
            match = {k: v for k, v in spec.match if v is not None}
            if not match:
                self.fault(f"{at}.match", "must name category or shop_type")
            changes: dict[str, dict[str, float]] = {}
            for signal_id, change in spec.signals.items():
                where = f"{at}.signals.{signal_id}"
                if not self.known(where, signal_id, signals, "signal"):
                    continue
                base = signals[signal_id]
                if base.curve in ("knots", "percentile") and (change.poor or change.good):
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
                changes[signal_id] = given
            weights = {}
            for dimension, moved in spec.dimensions.items():
                where = f"{at}.dimensions.{dimension}"
                if self.known(where, dimension, self.file.dimensions, "dimension"):
                    weights[dimension] = self.closed(f"{where}.weight", moved.weight)
            folded = tuple((k, tuple(x.strip().casefold() for x in v)) for k, v in match.items())
            built.append(
                Overlay(name, folded, spec.en or name, spec.zh, changes, weights, tuple(spec.rules))
            )
        return tuple(built)

    def peers(self, signals: Mapping[str, Signal]) -> Peers:
        spec = self.file.peers
        priors = {}
        for group, entries in spec.priors.items():
            key = tuple(part.strip().casefold() for part in group.split("|"))
            if len(key) != len(spec.by):
                self.fault(f"peers.priors.{group}", f"must have {len(spec.by)} values joined by |")
            found = {}
            for signal_id, prior in entries.items():
                if self.known(f"peers.priors.{group}.{signal_id}", signal_id, signals, "signal"):
                    found[signal_id] = (prior.prior, prior.strength)
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
            if not self.known(f"signals.{dimension}", dimension, file.dimensions, "dimension"):
                continue
            for name, spec in specs.items():
                if name in signals:
                    first = signals[name].dimension
                    self.fault(f"signals.{dimension}.{name}", f"is also in signals.{first}")
                signal = self.signal(dimension, name, spec)
                if signal is not None:
                    signals[name] = signal
        for name in file.words:
            self.known(
                f"words.{name}", name, [n for d in file.signals.values() for n in d], "signal"
            )
        dimensions = self.tree()
        overlays = self.overlays(signals)
        weighted = {s for o in overlays for s, c in o.signals.items() if c.get("weight", 0) > 0}
        for signal in signals.values():
            if signal.weight == 0 and signal.id not in weighted:
                self.fault(
                    f"signals.{signal.dimension}.{signal.id}.weight",
                    "is 0 and no overlay gives it weight: remove the signal or weigh it",
                )
        if signals and not any(s.weight > 0 or math.isnan(s.weight) for s in signals.values()):
            self.fault("signals", "must have weight on at least one signal")
        rules = self.rules(signals)
        peers = self.peers(signals)
        tiers = self.tiers()
        new, low = file.status.new, file.status.low_evidence
        status = Status(
            new.column if new else None, new.below if new else 0.0, low.coverage if low else 0.0
        )
        if self.faults:
            raise _error(source, self.faults)
        canonical = json.dumps(
            file.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
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
    plural = "fault" if len(faults) == 1 else "faults"
    return ScorecardError(f"scorecard {source} has {len(faults)} {plural}", faults)


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
    file, faults = collect(ScorecardFile, data)
    if file is None:
        raise _error(source, faults)
    return _Builder(file).build(source)
