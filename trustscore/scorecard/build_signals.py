"""The signals of a scorecard file, each checked by itself."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from trustscore.scorecard.checks import figure_faults
from trustscore.scorecard.curves import CURVES, Curve
from trustscore.scorecard.faults import Notes
from trustscore.scorecard.kinds import KINDS
from trustscore.scorecard.signal import Numbers, Signal
from trustscore.scorecard.spec import ScorecardFile, SignalSpec, SignalWords

__all__ = ["NO_SAMPLE", "SignalBuilder"]

NO_SAMPLE = "is only for a signal with a sample column"


class SignalBuilder(Notes):
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
        """Return a signal, or None with the fault noted when its kind cannot be told."""
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
            self.fault(f"{at}.strength", NO_SAMPLE)
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
