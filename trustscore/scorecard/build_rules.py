"""The rules of a scorecard file, and what its overlays change in them."""

from __future__ import annotations

from collections.abc import Mapping

from trustscore.scorecard.effects import EFFECTS
from trustscore.scorecard.faults import Notes
from trustscore.scorecard.rule import Exceeds, Rule
from trustscore.scorecard.signal import Signal
from trustscore.scorecard.spec import RuleSpec, ScorecardFile
from trustscore.scorecard.vetoes import Veto

# Keys of a rule; the vetoes without a figure share one, whose value names them.
_KEYS = ("bonus", "deduct", "hold", Veto.CAP.word, "veto", "right", "duty")
_WITH_POINTS = ("bonus", "deduct", "hold", Veto.CAP.word)


def _rule(
    notes: Notes,
    at: str,
    name: str,
    spec: RuleSpec,
    signals: Mapping[str, Signal],
    overlay: str | None,
) -> Rule | None:
    effects = [e for e in _KEYS if getattr(spec, e) is not None]
    if len(effects) != 1:
        got = " and ".join(effects) or "none"
        notes.fault(at, f"must have exactly one of {', '.join(_KEYS)}. Got {got}")
        return None
    key = effects[0]
    effect = EFFECTS[str(spec.veto) if key == "veto" else key]
    tests = (spec.when is not None) + (spec.exceeds is not None)
    if tests > 1 or (tests == 0 and not effect.holds):
        notes.fault(at, "must have either when or exceeds")
        return None
    if effect.holds and spec.above is None:
        notes.fault(f"{at}.above", "is missing: name the column that the index is held above")
        return None
    if spec.above is not None and not effect.holds:
        notes.fault(f"{at}.above", "is only for hold")
    if (spec.per or spec.most) and not effect.sign:
        notes.fault(at, "per and most are only for bonus and deduct")
    if spec.per and spec.most is None:
        notes.fault(f"{at}.most", "is missing: points per case must have a limit")
    exceeds = None
    if spec.exceeds is not None:
        where = f"{at}.exceeds.signal"
        if not notes.known(where, spec.exceeds.signal, signals, "signal"):
            return None
        signal = signals[spec.exceeds.signal]
        if not signal.counts or signal.higher_is_better:
            notes.fault(where, "must be a rate or events signal where lower is better")
            return None
        exceeds = Exceeds(
            signal.id,
            signal.value,
            str(signal.sample),
            spec.exceeds.min_count,
            spec.exceeds.line,
        )
    rule = Rule(
        id=name,
        when=spec.when or (),
        exceeds=exceeds,
        effect=effect.name,
        points=float(getattr(spec, key)) if key in _WITH_POINTS else 0.0,
        per=spec.per,
        most=spec.most,
        en=spec.en or name.replace("_", " "),
        zh=spec.zh,
        why=spec.why,
        overlay=overlay,
        grants=str(getattr(spec, key)) if effect.grants else "",
        above=spec.above,
    )
    # A right or a duty moves no points, so it rewards nothing.
    if spec.monotone and not effect.grants:
        _monotone(notes, at, rule, signals)
    return rule


def _monotone(notes: Notes, at: str, rule: Rule, signals: Mapping[str, Signal]) -> None:
    """A rule must not make a worse signal worth more."""
    better = {s.value: s.higher_is_better for s in signals.values()}
    if rule.above is not None and not better.get(rule.above, True):
        notes.fault(
            f"{at}.above",
            f"rewards a worse {rule.above}: name a column of points, or say monotone = false",
        )
    for condition in rule.when:
        if condition.rises is None or condition.column not in better:
            continue
        fires_when_better = condition.rises == better[condition.column]
        if fires_when_better != (EFFECTS[rule.effect].sign > 0):
            notes.fault(
                at,
                f"rewards a worse {condition.column} ({condition}); turn the condition round, "
                "or say monotone = false",
            )


def build_rules(
    file: ScorecardFile, signals: Mapping[str, Signal], notes: Notes
) -> tuple[Rule, ...]:
    """Return the rules of a file and of its overlays; faults go to the notes."""
    rules = [
        _rule(notes, f"rules.{name}", name, spec, signals, None)
        for name, spec in file.rules.items()
    ]
    for overlay, changes in file.overlays.items():
        for name, spec in changes.rules.items():
            at = f"overlays.{overlay}.rules.{name}"
            if name in notes.dropped:
                continue
            index = next((i for i, r in enumerate(rules) if r and r.id == name), None)
            if index is None:
                if spec.off:
                    notes.known(at, name, file.rules, "rule")
                    continue
                rules.append(_rule(notes, at, name, spec, signals, overlay))
                continue
            base = rules[index]
            if base is None:
                continue
            points: float | None = None
            if not spec.off:
                fixed = base.effect not in _WITH_POINTS
                given = None if fixed else getattr(spec, base.effect)
                if given is None or spec.when or spec.exceeds:
                    change = "" if fixed else f"may change only {base.effect} of this rule, or "
                    notes.fault(at, f"{change}{'must ' if fixed else ''}say off = true")
                    continue
                points = float(given)
            rules[index] = Rule(
                **{
                    **{k: getattr(base, k) for k in Rule.__slots__},
                    "changes": (*base.changes, (overlay, points)),
                }
            )
    return tuple(rule for rule in rules if rule is not None)
