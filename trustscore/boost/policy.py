"""The boost policy: frozen data that says how an index moves a ranking."""

from __future__ import annotations

import datetime as dt
import fnmatch
import hashlib
import json
import math
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from trustscore.boost.policy_tables import (
    Curve,
    Evidence,
    Exclusions,
    Exploration,
    Guards,
    Neutral,
    Pacing,
    Programme,
    Strength,
    Validity,
    VetoTreatment,
)
from trustscore.errors import PolicyError, plural
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.faults import Base, sentences
from trustscore.scorecard.presets import find

__all__ = ["BoostPolicy", "Curve", "Exploration", "policy_schema"]

Words = dict[str, str]


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

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$")] = Field(
        default="boost",
        description="Name of the policy; the first part of the stamp beside every boost.",
        examples=["boost"],
    )
    version: str = Field(
        default="1.0.0",
        description="Version; raise it with every change. The second part of the stamp.",
        examples=["1.0.0"],
    )
    effective_from: dt.date | None = Field(
        default=None,
        description="Day from which the policy is in force.",
        examples=["2026-01-01"],
    )
    title: Words = Field(
        default_factory=dict,
        description="Title by language.",
        examples=[{"en": "Trust boost for ranked lists"}],
    )
    form: Literal["multiplicative", "additive"] = Field(
        default="multiplicative",
        description="How the boost moves relevance. multiplicative: relevance times trust_boost; "
        "relevance must be above 0. additive: relevance plus beta lean times the range of the "
        "list, for scores that may be 0 or negative; it has no bound in ratio.",
        examples=["multiplicative"],
    )
    neutral: Neutral = Field(
        default_factory=Neutral,
        description="Where trust neither helps nor harms.",
        examples=[{"point": 71}],
    )
    evidence: Evidence = Field(
        default_factory=Evidence,
        description="How much must be settled before trust counts.",
        examples=[{"z_promote": 1.28}],
    )
    curve: Curve = Field(
        default_factory=Curve,
        description="From settled excess to lean.",
        examples=[{"shape": "tanh", "up": 15}],
    )
    strength: Strength = Field(
        default_factory=Strength, description="How far a full lean moves.", examples=[{"beta": 0.1}]
    )
    programme: Programme = Field(
        default_factory=Programme,
        description="What joining the guarantee programme adds.",
        examples=[{"gamma": 0.2}],
    )
    pacing: Pacing = Field(
        default_factory=Pacing,
        description="How far a plan (column pacing) may lean on a merchant.",
        examples=[{"most": 0.1}],
    )
    exploration: Exploration = Field(
        default_factory=Exploration,
        description="How often a newcomer is lifted.",
        examples=[{"share": 0.1}],
    )
    veto: VetoTreatment = Field(
        default_factory=VetoTreatment,
        description="What the ranking does with vetoes.",
        examples=[{"cap": "cap"}],
    )
    guards: Guards = Field(
        default_factory=Guards,
        description="Promises to the buyer.",
        examples=[{"max_relevance_loss": 0.2}],
    )
    exclusions: Exclusions = Field(
        default_factory=Exclusions,
        description="Where the boost stays off.",
        examples=[{"kinds": ["brand"]}],
    )
    validity: Validity = Field(
        default_factory=Validity, description="How long scores count.", examples=[{"days": 14}]
    )
    provenance: dict[str, str | int | float | bool] = Field(
        default_factory=dict,
        description="Free notes of whoever fitted or calibrated the policy.",
        examples=[{"calibrated_on": "lists of January"}],
    )

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
        # A policy built from keywords then reports its faults like one from a file.
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

        Parameters
        ----------
        policy : str, Path or BoostPolicy, default="boost"

        Returns
        -------
        BoostPolicy

        Raises
        ------
        PolicyError
            When the file is absent, not TOML or JSON, or has faults: all of them are listed.
        """
        if isinstance(policy, BoostPolicy):
            return policy
        try:
            path = find(policy)
            raw = read_document(path)
        except OSError as error:
            raise PolicyError(f"policy {policy}: {error.args[-1]}") from None
        return _load(raw, path.suffix == ".json", str(policy))

    @classmethod
    def parse(cls, data: Mapping[str, Any], source: str = "given") -> BoostPolicy:
        r"""Return the policy that parsed TOML or JSON describes.

        Parameters
        ----------
        data : mapping
            Keys as in a policy file; what is left out has its default.
        source : str, default="given"
            What messages call it.

        Returns
        -------
        BoostPolicy

        Raises
        ------
        PolicyError
            With every fault, each at its address and with the near name.

        Examples
        --------
        >>> from trustscore.errors import PolicyError, plural
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
        """Hash over the parts of the policy that decide a merchant's lean.

        Strength, guards and names are not among them. A table of boosts stays usable while this
        hash stays the same.
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
        """Largest strength that ``guards.max_relevance_loss`` allows; infinite without it."""
        loss = self.guards.max_relevance_loss
        return math.inf if loss is None else -math.log1p(-loss) / (1 + self.curve.rho)

    @property
    def bound(self) -> float:
        """Smallest possible ratio of the relevance at a place with boost to that without.

        It is ``exp(-beta (1 + rho))`` and holds on every list in the multiplicative form.
        """
        return math.exp(-self.beta * (1 + self.curve.rho))

    @cached_property
    def acts_on_order(self) -> bool:
        """Whether a guard acts on the finished order."""
        guards = self.guards
        limits = (guards.max_up, guards.max_down, guards.merchant_most)
        return guards.head > 0 or any(limit is not None for limit in limits)

    def with_beta(self, beta: float, **provenance: str | float | bool) -> BoostPolicy:
        """Return the same policy at another strength, with notes on where it came from.

        Parameters
        ----------
        beta : float
            0 or more, and at most `most_beta`.
        **provenance : str, float or bool
            Added to the notes that the policy carries.

        Returns
        -------
        BoostPolicy

        Raises
        ------
        PolicyError
            When the guard of the policy does not allow the strength.

        Examples
        --------
        >>> BoostPolicy.load().with_beta(0.05, calibrated_on="January").beta
        0.05
        """
        data = self.model_dump(mode="python", exclude_none=True)
        data["strength"] = {**data["strength"], "beta": float(beta)}
        data["provenance"] = {**data["provenance"], **provenance}
        return type(self).parse(data, self.name)

    def excludes(self, query_id: object, query_kind: str | None) -> bool:
        """Return whether the boost stays off for this list; an id counts as its text.

        Parameters
        ----------
        query_id : object
            Matched with the patterns of ``exclusions.queries``; None matches none.
        query_kind : str or None
            Looked up in ``exclusions.kinds``.

        Returns
        -------
        bool
        """
        if query_kind is not None and query_kind in self.exclusions.kinds:
            return True
        return query_id is not None and any(
            fnmatch.fnmatchcase(str(query_id), pattern) for pattern in self.exclusions.queries
        )


def _faulty(source: str, faults: list[str]) -> PolicyError:
    # A fault of the whole file has an empty address.
    listed = [fault.removeprefix(": ") for fault in faults]
    return PolicyError(f"policy {source} has {plural(len(faults), 'fault')}", listed)


@lru_cache(maxsize=16)
def _load(raw: bytes, as_json: bool, source: str) -> BoostPolicy:
    data = parse_document(raw, f"policy {source}", as_json=as_json, error=PolicyError)
    return BoostPolicy.parse(data, source)


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file form, for editors.

    Returns
    -------
    dict

    Examples
    --------
    >>> "strength" in policy_schema()["properties"]
    True
    """
    schema = BoostPolicy.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
