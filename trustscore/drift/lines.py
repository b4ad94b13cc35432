"""The lines that a run must not leave: a frozen model of a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import Field, model_validator

from trustscore.drift.result import VERDICTS
from trustscore.errors import InputError, at_most, plural
from trustscore.scorecard import Scorecard
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.faults import Base, Notes, OneOf, collect
from trustscore.scorecard.statuses import STATUS_WORDS

__all__ = ["Lines", "lines_schema", "load_lines", "name_faults", "parse_lines"]

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Points: TypeAlias = Annotated[float, Field(ge=0, le=100)]
Count: TypeAlias = Annotated[int, Field(ge=0)]
_MOST_FAULTS = 50


class _Bounded(Base):
    """A figure between two bounds, of which at least one is given."""

    @model_validator(mode="after")
    def _is_a_line(self) -> _Bounded:
        given = self.model_dump()
        if all(value is None for value in given.values()):
            raise ValueError(f"must have at least one of {', '.join(given)}")
        low, high = given.get("least"), given.get("most")
        if low is not None and high is not None and low > high:
            raise ValueError(f"least must be at most most. Got {low} and {high}")
        return self


class ShareLine(_Bounded):
    """A share of the merchants, or the mean coverage, each of 0 to 1."""

    least: Share | None = Field(default=None, description="Least value.", examples=[0.1])
    most: Share | None = Field(default=None, description="Most value.", examples=[0.4])
    change: Share | None = Field(
        default=None,
        description="Most change from the reference, up or down.",
        examples=[0.05],
    )


class PointsLine(_Bounded):
    """The mean trust index."""

    least: Points | None = Field(default=None, description="Least mean.", examples=[60])
    most: Points | None = Field(default=None, description="Most mean.", examples=[85])
    change: Points | None = Field(
        default=None, description="Most change from the reference, up or down.", examples=[2]
    )


class CountLine(_Bounded):
    """The number of merchants without fault."""

    least: Count | None = Field(default=None, description="Fewest.", examples=[1000])
    most: Count | None = Field(default=None, description="Most.", examples=[2_000_000])


class RejectsLine(Base):
    """Rows with faults."""

    most: Share = Field(description="Most of all rows, as a share.", examples=[0.01])


class LookLine(_Bounded):
    """One signal or mix."""

    psi: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="Most PSI beyond what it is by chance.", examples=[0.25]
    )
    points: Points | None = Field(
        default=None,
        description="Most points by which a signal may move the mean index, up or down.",
        examples=[1],
    )


class DriftLines(LookLine):
    """Drift from the reference."""

    verdict: Annotated[str, OneOf(VERDICTS[3:])] | None = Field(
        default=None,
        description="A signal or mix with this verdict or a worse one crosses the line; verdicts"
        " know what chance does.",
        examples=["moderate"],
    )
    looks: Count = Field(
        default=0, description="So many of them may cross it all the same.", examples=[1]
    )
    leave_out: tuple[str, ...] = Field(
        default=(),
        description="Signals and columns whose drift is of no account.",
        examples=[["tenure_days"]],
    )
    of: dict[str, LookLine] = Field(
        default_factory=dict,
        description="Lines of single signals and columns, instead of those for all.",
        examples=[{"complaint_rate": {"psi": 0.1}}],
    )

    @model_validator(mode="after")
    def _is_a_line(self) -> DriftLines:
        if self.verdict is None and self.psi is None and self.points is None and not self.of:
            raise ValueError("must have at least one of verdict, psi, points, of")
        return self


class Lines(Base):
    """The lines of a gate."""

    noise: Annotated[float, Field(ge=0, le=10)] = Field(
        default=0.0,
        description="Standard errors by which a line may be crossed with a warning only; at 0 every"
        " crossing fails.",
        examples=[2],
    )
    rows: CountLine | None = Field(default=None, description="Merchants without fault.")
    rejects: RejectsLine | None = Field(default=None, description="Rows with faults.")
    index: PointsLine | None = Field(default=None, description="Mean trust index.")
    coverage: ShareLine | None = Field(default=None, description="Mean coverage.")
    tiers: dict[str, ShareLine] = Field(
        default_factory=dict,
        description="Shares of tiers among all merchants without fault.",
        examples=[{"trusted": {"most": 0.4}}],
    )
    status: dict[Annotated[str, OneOf(STATUS_WORDS)], ShareLine] = Field(
        default_factory=dict,
        description="Shares of statuses among all merchants without fault.",
        examples=[{"formal": {"least": 0.5}}],
    )
    drift: DriftLines | None = Field(default=None, description="Drift from the reference.")

    @model_validator(mode="after")
    def _is_a_gate(self) -> Lines:
        if not any(getattr(self, name) for name in type(self).model_fields if name != "noise"):
            raise ValueError("has no line; give at least one of rows, rejects, index and the like")
        return self

    @property
    def with_reference(self) -> list[str]:
        """The addresses of lines that need a reference."""
        found = ["drift"] if self.drift is not None else []
        shares = {"index": self.index, "coverage": self.coverage}
        shares |= {f"tiers.{name}": line for name, line in self.tiers.items()}
        shares |= {f"status.{name}": line for name, line in self.status.items()}
        return found + [
            f"{name}.change"
            for name, line in shares.items()
            if line is not None and line.change is not None
        ]


def load_lines(lines: str | Path | Lines) -> Lines:
    """Load lines from a TOML or JSON file.

    Raises
    ------
    InputError
        When the file is absent, not TOML or JSON, or has faults: all of them are listed.
    """
    if isinstance(lines, Lines):
        return lines
    where, path = f"lines {lines}", Path(lines)
    try:
        raw = read_document(path)
    except OSError as error:
        raise InputError(f"{where}: {error.strerror or error.args[-1]}") from None
    data = parse_document(raw, where, as_json=path.suffix == ".json", error=InputError)
    return parse_lines(data, where)


def parse_lines(data: Mapping[str, Any], source: str = "<data>") -> Lines:
    """Return lines of parsed TOML or JSON.

    Examples
    --------
    >>> parse_lines({"rejects": {"most": 0.01}}).noise
    0.0
    """
    found, faults = collect(Lines, data)
    if found is None:
        listed = at_most(faults, most=_MOST_FAULTS, what="faults")
        raise InputError(f"{source} has {plural(len(faults), 'fault')}", listed)
    return found


def name_faults(lines: Lines, card: Scorecard, columns: tuple[str, ...]) -> list[str]:
    """Return the faults of names that only a scorecard knows: tiers, signals, columns."""
    notes = Notes()
    tiers = [tier.id for tier in card.tiers.ladder]
    for name in lines.tiers:
        notes.known("tiers", name, tiers, "tier")
    if lines.drift is not None:
        names = [*(signal.id for signal in card.signals), "tier", "status", *columns]
        for name in lines.drift.leave_out:
            notes.known("drift.leave_out", name, names, "signal or column")
        for name, line in lines.drift.of.items():
            if notes.known("drift.of", name, names, "signal or column"):
                signals = names[: len(card.signals)]
                if line.points is not None and name not in signals:
                    notes.fault(f"drift.of.{name}.points", "only a signal moves points")
    return notes.faults


def lines_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of lines, for editors.

    Examples
    --------
    >>> sorted(lines_schema()["properties"])[:3]
    ['coverage', 'drift', 'index']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Lines.model_json_schema(),
        "title": "trustscore lines of a gate",
    }
