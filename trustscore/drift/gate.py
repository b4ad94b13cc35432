"""A gate: whether a run stays within lines, and by how much it leaves them against noise."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trustscore.drift.lines import Lines, LookLine, PointsLine, ShareLine
from trustscore.drift.result import Drift, Look, joint_error
from trustscore.drift.side import Moments, Side
from trustscore.errors import InputError
from trustscore.run_summary import RunSummary

__all__ = ["Check", "Gate", "Run", "check_run"]


@dataclass
class Run:
    """What a gate looks at of a run.

    Attributes
    ----------
    rows : int
        Merchants without fault.
    rejected : int or None
        Rows with faults; None where nothing says how many.
    index, coverage : Moments
    tiers, status : Counter
    """

    rows: int = 0
    rejected: int | None = None
    index: Moments = field(default_factory=lambda: Moments(50.0))
    coverage: Moments = field(default_factory=Moments)
    tiers: Counter[str] = field(default_factory=Counter)
    status: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, side: Side) -> Run:
        """Return the run of an export that was read as a side."""
        mixes = side.mixes
        tiers, status = (mixes.get(name, Counter()) for name in ("tier", "status"))
        return cls(side.rows, side.rejected, side.index, side.coverage, tiers, status)


@dataclass(frozen=True)
class Check:
    """One line, and where the run is.

    Attributes
    ----------
    name : str
        Address of the line, such as ``tiers.trusted.most``.
    value : float
        NaN where nothing can be said, which fails.
    bound : float
    least : bool
        Whether the bound is the least value; the most otherwise.
    noise : float
        Standard error of the value.
    verdict : {"holds", "warning", "fails"}
    note : str
        What crossed a line that is about many.
    """

    name: str
    value: float
    bound: float
    least: bool
    noise: float
    verdict: str
    note: str = ""

    @property
    def beyond(self) -> float:
        """By how much the value is beyond the line; negative within it."""
        return self.bound - self.value if self.least else abs(self.value) - self.bound

    def facts(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        found = {
            "line": self.name,
            "value": self.value,
            "bound": self.bound,
            "is": "least" if self.least else "most",
            "beyond": self.beyond,
            "noise": self.noise,
        }
        known = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in found.items()
        }
        return known | {"verdict": self.verdict, "note": self.note}


@dataclass(frozen=True)
class Gate:
    """What a gate found.

    Attributes
    ----------
    checks : tuple of Check
    noise : float
        Standard errors by which a line may be crossed.
    drift : Drift or None
    """

    checks: tuple[Check, ...]
    noise: float
    drift: Drift | None = None

    @property
    def failed(self) -> list[Check]:
        """Lines that fail."""
        return [check for check in self.checks if check.verdict == "fails"]

    @property
    def warnings(self) -> list[Check]:
        """Lines crossed by no more than noise."""
        return [check for check in self.checks if check.verdict == "warning"]

    @property
    def summary(self) -> RunSummary:
        """How many lines hold, at a glance."""
        fails, warnings = len(self.failed), len(self.warnings)
        holds = len(self.checks) - fails - warnings
        counts = {"lines": len(self.checks), "holds": holds, "warnings": warnings, "fails": fails}
        return RunSummary("gate", counts)

    def facts(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "passed": not self.failed,
            "failed": len(self.failed),
            "warnings": len(self.warnings),
            "noise": self.noise,
            "checks": [check.facts() for check in self.checks],
        }


class _Judge:
    def __init__(self, noise: float) -> None:
        self.noise = noise

    def check(
        self,
        name: str,
        value: float,
        bound: float,
        noise: float = 0.0,
        *,
        least: bool = False,
        note: str = "",
    ) -> Check:
        """Return a check; what is not known, value or noise, is nobody's excuse."""
        noise = noise if math.isfinite(noise) else 0.0
        found = Check(name, float(value), float(bound), least, noise, "holds", note)
        verdict = "holds"
        if not found.beyond <= 0:
            excused = found.beyond <= self.noise * noise
            verdict = "warning" if excused else "fails"
        return Check(name, found.value, found.bound, least, noise, verdict, note)


def check_run(
    run: Run, lines: Lines, reference: Run | None = None, drift: Drift | None = None
) -> Gate:
    """Hold a run against lines.

    Parameters
    ----------
    run : Run
    lines : Lines
    reference : Run, optional
        For lines about changes.
    drift : Drift, optional
        For lines about drift.

    Returns
    -------
    Gate

    Raises
    ------
    InputError
        When a line needs what is not given.
    """
    faults = [f"{name}: needs a reference" for name in lines.with_reference if reference is None]
    if lines.drift is not None and reference is not None and drift is None:
        faults.append("drift: needs the exports of the run and of the reference, not their scores")
    if lines.rejects is not None and run.rejected is None:
        faults.append(
            "rejects: the scores do not say how many rows had faults; leave their manifest beside"
            " them, or give the export"
        )
    if faults:
        raise InputError("some lines cannot be held against this run", faults)
    judge = _Judge(lines.noise)
    checks = [*_counts(judge, run, lines)]
    for name in ("index", "coverage"):
        line = getattr(lines, name)
        if line is not None:
            before = None if reference is None else getattr(reference, name)
            checks += _mean(judge, name, getattr(run, name), before, line)
    for kind in ("tiers", "status"):
        for word, line in getattr(lines, kind).items():
            counts = [getattr(run, kind)[word], run.rows]
            old = None if reference is None else (getattr(reference, kind)[word], reference.rows)
            checks += _share(judge, f"{kind}.{word}", (counts[0], counts[1]), old, line)
    if lines.drift is not None and drift is not None:
        checks += _drift(judge, drift, lines)
    return Gate(tuple(checks), lines.noise, drift)


def _counts(judge: _Judge, run: Run, lines: Lines) -> Iterator[Check]:
    if lines.rows is not None:
        for bound, least in ((lines.rows.least, True), (lines.rows.most, False)):
            if bound is not None:
                name = f"rows.{'least' if least else 'most'}"
                yield judge.check(name, run.rows, bound, least=least)
    if lines.rejects is not None and run.rejected is not None:
        rows = run.rows + run.rejected
        share = run.rejected / rows if rows else float("nan")
        most = lines.rejects.most
        yield judge.check("rejects.most", share, most, _share_error(most, rows))


def _share_error(share: float, rows: int) -> float:
    """Return the standard error of a share, if it were this one."""
    return math.sqrt(share * (1 - share) / rows) if rows else 0.0


def _mean(
    judge: _Judge, name: str, now: Moments, before: Moments | None, line: PointsLine | ShareLine
) -> Iterator[Check]:
    if line.least is not None:
        yield judge.check(f"{name}.least", now.mean, line.least, now.error, least=True)
    if line.most is not None:
        yield judge.check(f"{name}.most", now.mean, line.most, now.error)
    if line.change is not None and before is not None:
        change = now.mean - before.mean
        yield judge.check(f"{name}.change", change, line.change, joint_error(before, now))


def _share(
    judge: _Judge,
    name: str,
    now: tuple[int, int],
    before: tuple[int, int] | None,
    line: ShareLine,
) -> Iterator[Check]:
    share = now[0] / now[1] if now[1] else float("nan")
    # The noise of a bound is that of a share that lies on it: a share of 0 has none of its own.
    if line.least is not None:
        error = _share_error(line.least, now[1])
        yield judge.check(f"{name}.least", share, line.least, error, least=True)
    if line.most is not None:
        yield judge.check(f"{name}.most", share, line.most, _share_error(line.most, now[1]))
    if line.change is not None and before is not None:
        old = before[0] / before[1] if before[1] else float("nan")
        both = (now[0] + before[0]) / max(now[1] + before[1], 1)
        error = math.hypot(_share_error(both, now[1]), _share_error(both, before[1]))
        yield judge.check(f"{name}.change", share - old, line.change, error)


def _drift(judge: _Judge, drift: Drift, lines: Lines) -> Iterator[Check]:
    line = lines.drift
    assert line is not None
    if line.verdict is not None:
        own = set(line.of) | set(line.leave_out)
        found = [look for look in drift.drifted(line.verdict) if look.name not in own]
        yield judge.check(
            "drift.verdict",
            len(found),
            line.looks,
            note=", ".join(f"{look.name} {look.verdict}" for look in found),
        )
    every = LookLine.model_construct(psi=line.psi, points=line.points)
    rest: dict[str, Look] = {
        look.name: look
        for look in drift.looks
        if look.name not in line.leave_out and look.verdict != "not_collected"
    }
    for name, own_line in line.of.items():
        if name in rest:
            yield from _looks(judge, f"drift.of.{name}", {name: rest.pop(name)}, own_line)
        else:
            # What is not there to be looked at has not been found within its line.
            yield judge.check(f"drift.of.{name}", float("nan"), 0.0, note="not collected")
    yield from _looks(judge, "drift", rest, every)


def _looks(judge: _Judge, name: str, looks: Mapping[str, Look], line: LookLine) -> Iterator[Check]:
    """Yield the looks beyond a line, or the one that is nearest to it."""
    if line.psi is not None:
        bound = line.psi
        yield from _beyond_or_nearest(
            judge.check(f"{name}.psi", look.beyond_chance, bound, look.psi_error, note=each)
            for each, look in looks.items()
        )
    if line.points is not None:
        bound = line.points
        yield from _beyond_or_nearest(
            judge.check(f"{name}.points", look.points, bound, look.points_error, note=each)
            for each, look in looks.items()
            if look.kind == "signal" and np.isfinite(look.points)
        )


def _beyond_or_nearest(checks: Iterator[Check]) -> list[Check]:
    every = sorted(checks, key=lambda check: -check.beyond)
    return [check for check in every if check.verdict != "holds"] or every[:1]
