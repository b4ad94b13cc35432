"""Settings of the detectors: a frozen model of a file laid over the preset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from trustscore.detect.brushing.settings import BrushingSpec
from trustscore.detect.claims.settings import ClaimsSpec
from trustscore.detect.counterfeit.brands import Brands
from trustscore.detect.counterfeit.settings import CounterfeitSpec
from trustscore.detect.inspections.settings import InspectionsSpec
from trustscore.detect.link.settings import LinkSpec
from trustscore.detect.reviewers.settings import ReviewersSpec
from trustscore.detect.reviews.settings import ReviewsSpec
from trustscore.errors import ScorecardError, at_most, plural
from trustscore.logs import LOG_TABLES
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.faults import Base, OneOf, collect, shown
from trustscore.scorecard.presets import find, preset_folder

__all__ = [
    "DetectSettings",
    "GangsSpec",
    "VotesSpec",
    "load_settings",
    "parse_settings",
    "settings_schema",
]

_MOST_FAULTS = 50
Kind: TypeAlias = Annotated[str, OneOf(LOG_TABLES["identities"]["kind"].classes)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class VotesSpec(Base):
    """Crowd votes on broadcasts."""

    window_days: int = Field(
        ge=1, description="Days over which voters are learnt to know.", examples=[180]
    )
    least_voters: int = Field(
        ge=1, description="Voters that make a crowd; a network counts once.", examples=[5]
    )
    fan_votes: int = Field(
        ge=1, description="Last votes of a voter that show a fan.", examples=[20]
    )
    fan_least_votes: int = Field(
        ge=1, description="Votes below which nobody is called a fan.", examples=[4]
    )
    fan_share: Share = Field(
        description="A fan gives more than this share of them to one host.", examples=[0.5]
    )
    fan_weight: Share = Field(description="Weight of a fan's vote on that host.", examples=[0.5])
    newcomer_votes: int = Field(
        ge=0, description="Voters with fewer votes are taken as one.", examples=[4]
    )
    newcomer_weight: Share = Field(description="Weight of a vote of theirs.", examples=[0.5])
    prior: float = Field(
        gt=0, description="Votes of each kind that a voter's matrix begins with.", examples=[2.0]
    )
    class_prior: float = Field(
        gt=0, description="Broadcasts of each kind that their shares begin with.", examples=[1.0]
    )
    tolerance: float = Field(
        gt=0, lt=1, description="Change of a probability that ends the rounds.", examples=[1e-7]
    )
    rounds: int = Field(ge=1, le=10_000, description="Most rounds.", examples=[200])
    gold_sessions: int = Field(
        ge=1,
        description="Broadcasts judged by people that show a voter worse than chance.",
        examples=[5],
    )
    report: Share = Field(
        description="Probability from which on a finding is written.", examples=[0.5]
    )


class GangsSpec(Base):
    """Gangs: accounts that share identifiers."""

    least: float = Field(
        gt=0, description="Sum of weights from which on two accounts are linked.", examples=[0.8]
    )
    most_members: int = Field(
        ge=2, le=1000, description="Accounts above which a component is split.", examples=[200]
    )
    stronger: tuple[float, ...] = Field(
        description="Rising sums that it is split by, one after the other.", examples=[[1.0, 1.6]]
    )
    owners: tuple[Kind, ...] = Field(
        description="Kinds whose weight does not fall with the accounts that share one.",
        examples=[["legal_id"]],
    )
    weights: dict[Kind, Annotated[float, Field(ge=0)]] = Field(
        description="Weight of a shared identifier; 0 is none.", examples=[{"phone": 0.8}]
    )

    @field_validator("stronger")
    @classmethod
    def _rises(cls, sums: tuple[float, ...]) -> tuple[float, ...]:
        if list(sums) != sorted(set(sums)):
            raise ValueError("must rise")
        return sums


class DetectSettings(Base):
    """Settings of all detectors."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = Field(
        description="Name of the settings.", examples=["default"]
    )
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")] = Field(
        description="Version, which changes with the content.", examples=["1.0.0"]
    )
    votes: VotesSpec = Field(description="Crowd votes on broadcasts.")
    hubs: dict[Kind, Annotated[int, Field(ge=1, le=1000)]] = Field(
        description="Most accounts of an identifier; one of more is a hub and dropped.",
        examples=[{"phone": 10}],
    )
    identity: dict[Kind, Share] = Field(
        description="Score of an identifier shared with a merchant removed for cause; 0 is none.",
        examples=[{"legal_id": 1.0}],
    )
    link: LinkSpec = Field(description="Accounts that are probably a removed one again.")
    gangs: GangsSpec = Field(description="Gangs of accounts.")
    brushing: BrushingSpec = Field(description="Orders bought for show.")
    claims: ClaimsSpec = Field(description="Claims in broadcasts, chats, titles and reviews.")
    reviews: ReviewsSpec = Field(description="Copied reviews, and days with too many.")
    reviewers: ReviewersSpec = Field(description="Reviews and reviewers unlike all others.")

    counterfeit: CounterfeitSpec = Field(description="Listings that trade on the names of brands.")
    inspections: InspectionsSpec = Field(description="Which orders to inspect next.")
    # A file of its own holds them, as their owners write it.
    brands: SkipJsonSchema[Brands | None] = None

    @model_validator(mode="after")
    def _hubs_are_known(self) -> DetectSettings:
        read = [("identity", kind) for kind in self.identity]
        read += [("gangs.weights", kind) for kind in self.gangs.weights]
        faults = [f"{at}.{kind} needs hubs.{kind}" for at, kind in read if kind not in self.hubs]
        if faults:
            raise ValueError(f"{', '.join(faults)}: from how many accounts on is one a hub?")
        return self

    def under(self, pseudonym: Callable[[str], str]) -> DetectSettings:
        """Return the settings with ids of places as the store holds them.

        Parameters
        ----------
        pseudonym : callable
            Makes of an id what the store holds instead.
        """
        addresses = tuple(pseudonym(address) for address in self.brushing.exempt_addresses)
        brushing = self.brushing.model_copy(update={"exempt_addresses": addresses})
        return self.model_copy(update={"brushing": brushing})

    def stamp(self, detector: str, sections: Sequence[str]) -> str:
        """Return the source of a detector's findings: its name, version, and hash of its part."""
        content = self.model_dump(mode="json")
        parts = {name: content[name] for name in sections}
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return f"{detector}@{self.version}:{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def load_settings(settings: str | Path | DetectSettings = "default") -> DetectSettings:
    """Load the settings of detectors: the preset, or a file of what differs from it.

    Parameters
    ----------
    settings : str, Path or DetectSettings
        ``default``, a ``.toml`` or ``.json`` file, or settings, which are returned as they are.

    Raises
    ------
    ScorecardError
        When the file is absent, not TOML or JSON, or has faults: all of them are listed.

    Examples
    --------
    >>> load_settings("default").votes.least_voters
    5
    """
    if isinstance(settings, DetectSettings):
        return settings
    return parse_settings(_read(settings), str(settings))


def _read(settings: str | Path) -> dict[str, Any]:
    where = f"settings {settings}"
    try:
        if str(settings) == "default":
            path = preset_folder() / "detect.toml"
        else:
            path = find(settings, ["default"])
        raw = read_document(path)
    except OSError as error:
        raise ScorecardError(f"{where}: {error.args[-1]}") from None
    return parse_document(raw, where, as_json=path.suffix == ".json", error=ScorecardError)


def parse_settings(data: Mapping[str, Any], source: str = "<data>") -> DetectSettings:
    """Validate parsed TOML or JSON, laid over the preset, and return frozen settings.

    Parameters
    ----------
    data : mapping
    source : str
        Named in errors.

    Raises
    ------
    ScorecardError
        With every fault, each as ``address: sentence``.

    Examples
    --------
    >>> mine = {"name": "mine", "version": "1.0.0", "votes": {"least_voters": 9}}
    >>> parse_settings(mine).votes.least_voters
    9
    """
    if not isinstance(data, Mapping):
        raise ScorecardError(f"settings {source} must be a table. Got {shown(data)}")
    return _parse(json.dumps(data, default=str), source)


@lru_cache(maxsize=16)
def _parse(text: str, source: str) -> DetectSettings:
    below = {k: v for k, v in _read("default").items() if k not in ("name", "version")}
    mine = json.loads(text)
    found, faults = collect(DetectSettings, _over(mine, below))
    if "brands" in mine:
        found, faults = (
            None,
            [*faults, "brands: stand in a file of their own, which `brands` names"],
        )
    if found is None:
        listed = at_most(faults, most=_MOST_FAULTS, what="faults")
        raise ScorecardError(f"settings {source} has {plural(len(faults), 'fault')}", listed)
    return found


def _over(mine: Any, below: Any) -> Any:
    """Return a table with the entries of another one that it lacks, table by table."""
    if not (isinstance(mine, dict) and isinstance(below, dict)):
        return mine
    return below | {key: _over(value, below.get(key)) for key, value in mine.items()}


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of the settings, for editors.

    Examples
    --------
    >>> settings_schema()["title"]
    'trustscore settings of detectors'
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **DetectSettings.model_json_schema(),
        "title": "trustscore settings of detectors",
    }
