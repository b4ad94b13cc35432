"""The boost policy: frozen data that says how an index moves a ranking."""

from __future__ import annotations

import datetime as dt
import fnmatch
import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler

from trustscore.errors import PolicyError
from trustscore.scorecard.faults import Base, sentences
from trustscore.scorecard.presets import find
from trustscore.scorecard.side_values import fold_side_value, twice

if TYPE_CHECKING:
    from trustscore.boost.ranking import Ranking
    from trustscore.boost.serving import TableSource

VETO_CODES = {"": 0, "none": 0, "cap": 1, "floor": 2, "block": 3}
"""Veto words of a score file, and what the ranking does, from mild to strict."""


def _typed(value: Any) -> Any:
    # TOML has types: a quoted number is a slip of the pen, not a number.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number")
    return value


Number = Annotated[float, BeforeValidator(_typed)]
Share = Annotated[Number, Field(ge=0, le=1)]
Index = Annotated[Number, Field(ge=1, le=100)]
Points = Annotated[Number, Field(ge=-100, le=100)]
Width = Annotated[Number, Field(ge=0.01, le=1000)]
Count = Annotated[int, BeforeValidator(_typed), Field(ge=0)]
Words = dict[str, str]
VetoWord = Literal["none", "cap", "floor", "block"]


class Neutral(Base):
    """Where trust neither helps nor harms, in index points."""

    point: Index = 71.0
    by_category: dict[str, Index] = Field(default_factory=dict)

    @field_validator("by_category", mode="after")
    @classmethod
    def _folded(cls, given: dict[str, float]) -> dict[str, float]:
        """Keep categories as cells are read, so that a space or a capital moves nobody's point."""
        for first, second in twice(given):
            raise ValueError(f"{second!r} is read as {first!r}: give one point for both")
        folded = {fold_side_value(word): point for word, point in given.items()}
        if "" in folded:
            raise ValueError("a category must not be blank: `point` is for merchants without one")
        return folded


class Evidence(Base):
    """How many standard errors are left out of account, one-sided."""

    z_promote: Annotated[Number, Field(ge=0, le=5)] = 1.28
    z_demote: Annotated[Number, Field(ge=0, le=5)] = 1.645


class Curve(Base):
    """From settled excess in index points to a lean between -rho and 1."""

    shape: Literal["tanh", "linear", "saturation", "knots", "tiers"] = "tanh"
    up: Width = 15.0
    down: Width = 15.0
    rho: Share = 1.0
    knots: tuple[tuple[Points, Number], ...] = ()
    steps: tuple[tuple[Points, Number], ...] = ()

    @model_validator(mode="after")
    def _points(self) -> Curve:
        for key, shape in (("knots", "knots"), ("steps", "tiers")):
            points = getattr(self, key)
            if bool(points) != (self.shape == shape):
                state = "is missing" if not points else "has no use"
                raise ValueError(f"{key} {state} with shape {self.shape!r}")
            if not points:
                continue
            xs, ys = zip(*points, strict=True)
            if any(b <= a for a, b in pairwise(xs)):
                raise ValueError(f"{key} must rise in points")
            if any(b < a for a, b in pairwise(ys)):
                raise ValueError(f"{key} must not fall in lean: more trust must never count less")
            if ys[0] < -self.rho or ys[-1] > 1:
                raise ValueError(f"{key} must stay between -rho and 1 in lean")
            if key == "knots" and (0.0, 0.0) not in points:
                raise ValueError("knots must hold [0, 0]: no excess is no lean")
            if key == "steps" and any(x == 0 or x * y < 0 for x, y in points):
                raise ValueError("steps must stand off 0 points and lean to their own side")
        return self


class Strength(Base):
    """The one strength: log boost of a full lean."""

    beta: Annotated[Number, Field(ge=0, le=5)] = 0.1


class Programme(Base):
    """The lean that joining the guarantee programme adds behind a trust gate."""

    gamma: Share = 0.2
    gate: Annotated[Number, Field(ge=0, le=100)] = 65.0
    width: Width = 3.0


class Pacing(Base):
    """The most that a plan (column ``pacing``) may lean either way."""

    most: Share = 0.0


class Exploration(Base):
    """The share of lists in which one newcomer is lifted."""

    share: Annotated[Number, Field(ge=0, le=0.5)] = 0.0
    lift: Share = 1.0
    first: Annotated[Count, Field(ge=1)] = 5
    pool: Annotated[Count, Field(ge=1)] = 50
    temperature: Width = 1.0
    statuses: tuple[str, ...] = ("new", "low_evidence")
    absent: bool = False
    seed: int = 1


class Veto(Base):
    """What the ranking does at each veto level of the scores."""

    block: VetoWord = "block"
    floor: VetoWord = "floor"
    cap: VetoWord = "cap"

    @model_validator(mode="after")
    def _order(self) -> Veto:
        words = [self.cap, self.floor, self.block]
        if sorted(words, key=VETO_CODES.__getitem__) != words:
            raise ValueError("a stricter level must not be treated more mildly than a milder one")
        return self

    @cached_property
    def codes(self) -> dict[str, int]:
        """Veto word of the scores -> code of the treatment."""
        return {"": 0, "none": 0} | {
            word: VETO_CODES[getattr(self, word)] for word in ("cap", "floor", "block")
        }


class Guards(Base):
    """Promises to the buyer on the finished order."""

    max_relevance_loss: Annotated[Number, Field(gt=0, lt=1)] | None = None
    max_up: Count | None = None
    max_down: Count | None = None
    head: Count = 0
    merchant_most: Annotated[Count, Field(ge=1)] | None = None
    merchant_top: Annotated[Count, Field(ge=1)] = 10


class Exclusions(Base):
    """Lists on which the boost stays off."""

    queries: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


class Validity(Base):
    """How long scores count as evidence."""

    # A century: more is a slip of the pen, and no calendar has the day.
    days: Annotated[Count, Field(ge=1, le=36500)] | None = None
    keep_vetoes: bool = True


class BoostPolicy(Base):
    """A boost policy: frozen data, with the hash that travels with every boost.

    Load one with :meth:`load`, or build one from keywords: either way its faults are a
    PolicyError. All distances are in index points (0..100); ``lean`` is the quantity between
    ``-rho`` and 1 that strength turns into ``trust_boost = exp(beta * lean)``.

    Attributes
    ----------
    name, version : str
    effective_from : date or None
    form : {"multiplicative", "additive"}
    neutral, evidence, curve, strength, programme, pacing, exploration, veto, guards,
    exclusions, validity : BaseModel
        The tables of the file, see ``configs/boost.toml``.
    provenance : dict
        Free words and numbers written by whoever fitted or calibrated the policy.

    Examples
    --------
    >>> policy = BoostPolicy.load("boost")
    >>> policy.beta, round(policy.bound, 4)
    (0.1, 0.8187)
    >>> BoostPolicy.load("boost").stamp == policy.stamp
    True
    >>> policy.with_beta(0.05).bound > policy.bound
    True
    """

    model_config = ConfigDict(title="trustscore boost policy")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$")] = "boost"
    version: str = "1.0.0"
    effective_from: dt.date | None = None
    title: Words = Field(default_factory=dict)
    form: Literal["multiplicative", "additive"] = "multiplicative"
    neutral: Neutral = Field(default_factory=Neutral)
    evidence: Evidence = Field(default_factory=Evidence)
    curve: Curve = Field(default_factory=Curve)
    strength: Strength = Field(default_factory=Strength)
    programme: Programme = Field(default_factory=Programme)
    pacing: Pacing = Field(default_factory=Pacing)
    exploration: Exploration = Field(default_factory=Exploration)
    veto: Veto = Field(default_factory=Veto)
    guards: Guards = Field(default_factory=Guards)
    exclusions: Exclusions = Field(default_factory=Exclusions)
    validity: Validity = Field(default_factory=Validity)
    provenance: dict[str, str | int | float | bool] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _within_promise(self) -> BoostPolicy:
        if self.form == "additive" and self.guards.max_relevance_loss is not None:
            raise ValueError(
                "guards.max_relevance_loss: must be absent with form 'additive', "
                "which has no bound in ratio"
            )
        if self.beta > self.most_beta:
            raise ValueError(
                f"strength.beta: must be at most {self.most_beta:.6g}, so that "
                f"guards.max_relevance_loss = {self.guards.max_relevance_loss:g} holds. "
                f"Got {self.beta:g}"
            )
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, data: Any, handler: ModelWrapValidatorHandler[BoostPolicy]) -> BoostPolicy:
        # A policy built from keywords names its faults as one from a file does.
        try:
            return handler(data)
        except ValidationError as error:
            raise _faulty("given", sentences(error, cls)) from None

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BoostPolicy) and self.sha256 == other.sha256

    @classmethod
    def load(cls, policy: str | Path | BoostPolicy = "boost") -> BoostPolicy:
        """Load a preset by name or a policy file by path; a policy is returned as it is.

        Raises
        ------
        PolicyError
            When the file is absent, not TOML or JSON, or has faults: all of them are listed.
        """
        if isinstance(policy, BoostPolicy):
            return policy
        try:
            path = find(policy)
            raw = path.read_bytes()
        except OSError as error:
            raise PolicyError(f"policy {policy}: {error.args[-1]}") from None
        return _load(raw, path.suffix == ".json", str(policy))

    @classmethod
    def parse(cls, data: Mapping[str, Any], source: str = "given") -> BoostPolicy:
        r"""Return the policy that parsed TOML or JSON describes.

        Raises
        ------
        PolicyError
            With every fault, each at its address and with the near name.

        Examples
        --------
        >>> from trustscore.errors import PolicyError
        >>> try:
        ...     BoostPolicy.parse({"strength": {"betta": 0.1}, "curve": {"rho": 2}})
        ... except PolicyError as error:
        ...     print(*error.faults, sep="\n")
        curve.rho: must be less than or equal to 1. Got 2
        strength.betta: unknown key, did you mean beta?
        """
        try:
            return cls.model_validate(data)
        except PolicyError as error:
            raise _faulty(source, error.faults) from None

    @cached_property
    def sha256(self) -> str:
        """Hash over the canonical JSON of the validated policy."""
        canonical = json.dumps(
            self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

    @cached_property
    def stamp(self) -> str:
        """``name@version:12 hex``, which travels with every boost."""
        return f"{self.name}@{self.version}:{self.sha256[:12]}"

    @cached_property
    def lean_sha256(self) -> str:
        """Hash over the parts that decide a merchant's lean: not strength, guards or names.

        A table of boosts stays usable while this is the same.
        """
        parts = ("neutral", "evidence", "curve", "programme", "pacing", "veto", "validity")
        held = self.model_dump(mode="json", include={*parts})
        held["newcomers"] = [*self.exploration.statuses, self.exploration.absent]
        return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()

    @property
    def beta(self) -> float:
        """Log boost of a full lean."""
        return self.strength.beta

    @property
    def most_beta(self) -> float:
        """Largest strength that the ratio guard allows; infinite without one."""
        loss = self.guards.max_relevance_loss
        return math.inf if loss is None else -math.log1p(-loss) / (1 + self.curve.rho)

    @property
    def bound(self) -> float:
        """Least ratio of the relevance shown at a place to what stands there without the boost.

        ``exp(-beta (1 + rho))``; it holds for the multiplicative form on every list.
        """
        return math.exp(-self.beta * (1 + self.curve.rho))

    @cached_property
    def acts_on_order(self) -> bool:
        """Whether a guard looks at the finished order."""
        guards = self.guards
        limits = (guards.max_up, guards.max_down, guards.merchant_most)
        return guards.head > 0 or any(limit is not None for limit in limits)

    def with_beta(self, beta: float, **provenance: str | float | bool) -> BoostPolicy:
        """Return the same policy at another strength, with notes on where it came from."""
        data = self.model_dump(mode="python", exclude_none=True)
        data["strength"] = {**data["strength"], "beta": float(beta)}
        data["provenance"] = {**data["provenance"], **provenance}
        return type(self).parse(data, self.name)

    def excludes(self, query_id: object, query_kind: str | None) -> bool:
        """Return whether the boost stays off for this list; an id counts as its text."""
        if query_kind is not None and query_kind in self.exclusions.kinds:
            return True
        return query_id is not None and any(
            fnmatch.fnmatchcase(str(query_id), pattern) for pattern in self.exclusions.queries
        )

    def rerank(
        self,
        relevance: Any,
        merchant_ids: Any,
        item_ids: Any = None,
        *,
        table: TableSource,
        **context: Any,
    ) -> Ranking:
        """Re-rank one list; see :func:`trustscore.boost.rerank`."""
        # ranking.py needs the policy, so the policy may meet it only when both are loaded.
        from trustscore.boost.ranking import rerank

        return rerank(relevance, merchant_ids, item_ids, policy=self, table=table, **context)


def _faulty(source: str, faults: list[str]) -> PolicyError:
    count = f"{len(faults)} fault{'s' * (len(faults) != 1)}"
    # A fault of the whole file names its keys itself, so it has no address to lead.
    return PolicyError(f"policy {source} has {count}", [f.removeprefix(": ") for f in faults])


@lru_cache(maxsize=16)
def _load(raw: bytes, as_json: bool, source: str) -> BoostPolicy:
    try:
        text = raw.decode("utf-8-sig")
        data: dict[str, Any] = json.loads(text) if as_json else tomllib.loads(text)
    except (UnicodeDecodeError, ValueError) as error:
        form = "JSON" if as_json else "TOML"
        raise PolicyError(f"policy {source}: is not {form}: {error}") from None
    return BoostPolicy.parse(data, source)


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file form, for editors."""
    schema = BoostPolicy.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
