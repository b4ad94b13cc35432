"""The settings of likely re-registrations: `[link]` of ``configs/detect.toml``."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from trustscore.scorecard.faults import Base

__all__ = ["IDENTITY_ROLES", "LEVELS", "LinkSpec", "Role", "SimilarSpec", "StartSpec"]

Role: TypeAlias = Literal["name", "address", "phone", "email", "key", "class"]
LEVELS: dict[str, tuple[str, ...]] = {
    "name": ("differs", "like", "close", "same"),
    "address": ("differs", "like", "close", "same"),
    "key": ("differs", "same"),
    "class": ("differs", "same"),
}
"""How alike two values can be, from least to most."""
IDENTITY_ROLES: dict[str, Role] = {
    "legal_id": "key",
    "licence": "key",
    "pay_account": "key",
    "legal_name": "name",
    "person_name": "name",
    "phone": "phone",
    "email": "email",
    "device": "key",
    "address": "address",
}
"""What each kind of the log `identities` is compared as; networks say too little."""

Word: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Chance: TypeAlias = Annotated[float, Field(gt=0, lt=1)]


class SimilarSpec(Base):
    """From which similarity on two texts are like, and close."""

    like: Chance = Field(description="Similarity from which on they are like.", examples=[0.8])
    close: Chance = Field(description="Similarity from which on they are close.", examples=[0.92])

    @model_validator(mode="after")
    def _rises(self) -> SimilarSpec:
        if self.close <= self.like:
            raise ValueError("close must be above like")
        return self


class StartSpec(Base):
    """How often the two accounts of one holder are so alike, before anything is learnt."""

    name: tuple[Chance, Chance, Chance, Chance] = Field(
        description="Names that differ, are like, close, the same.", examples=[[0.1, 0.1, 0.2, 0.6]]
    )
    address: tuple[Chance, Chance, Chance, Chance] = Field(
        description="The same of addresses.", examples=[[0.3, 0.1, 0.2, 0.4]]
    )
    key: tuple[Chance, Chance] = Field(
        description="Phones, e-mail, devices, numbers that differ, are the same.",
        examples=[[0.5, 0.5]],
    )

    @model_validator(mode="after")
    def _are_shares(self) -> StartSpec:
        off = [name for name, shares in self if abs(sum(shares) - 1) > 1e-6]
        if off:
            raise ValueError(f"the shares of {', '.join(off)} must add up to 1")
        return self


class LinkSpec(Base):
    """Accounts that are probably a merchant removed for cause again."""

    legal_forms: tuple[Word, ...] = Field(
        description="Words of names that say what kind of firm it is.", examples=[["ltd"]]
    )
    regions: tuple[Word, ...] = Field(
        description="Words of names and addresses that say where it is.", examples=[["广州"]]
    )
    letters: int = Field(
        ge=8, le=1000, description="Letters of a name or address that are read.", examples=[120]
    )
    name: SimilarSpec = Field(description="Jaro-Winkler similarity of names.")
    address: SimilarSpec = Field(
        description="Levenshtein similarity of the sorted words of addresses."
    )
    busy_address: int = Field(
        ge=1,
        le=1000,
        description="A house of more accounts is no evidence, but for the very same address.",
        examples=[5],
    )
    start: StartSpec = Field(description="Where learning begins.")
    learn: float = Field(
        gt=0, description="Pairs that the start counts for against what is learnt.", examples=[20.0]
    )
    returning: Chance = Field(
        description="Share of accounts that are a removed one again, before anything is known.",
        examples=[0.01],
    )
    rare_word: int = Field(
        ge=2,
        description="Accounts that share a word of a name are compared up to so many.",
        examples=[20],
    )
    block: int = Field(
        ge=1,
        description="Most pairs that are compared because of one value they share.",
        examples=[2000],
    )
    sample: int = Field(
        ge=1000,
        le=100_000_000,
        description="Pairs from which it is learnt how alike strangers are.",
        examples=[1_000_000],
    )
    versions: int = Field(
        ge=1, le=10, description="Values of one kind of an account that are read.", examples=[3]
    )
    who: dict[Annotated[str, Field()], Literal["like", "close", "same"]] = Field(
        description="Kinds that say who somebody is, and how alike one of them has to be.",
        examples=[{"person_name": "same"}],
    )
    household: Share = Field(
        description="Most that a pair scores where none of them is.", examples=[0.9]
    )
    one_to_one: bool = Field(
        description="Whether an account is linked to one other at most.", examples=[False]
    )
    report: Share = Field(
        description="Probability from which on a finding is written.", examples=[0.5]
    )
    queue: Share = Field(
        description="Probability from which on a person should look at it.", examples=[0.99]
    )

    @model_validator(mode="after")
    def _who_is_known(self) -> LinkSpec:
        for kind, level in self.who.items():
            if kind not in IDENTITY_ROLES:
                raise ValueError(f"who.{kind} is none of {', '.join(IDENTITY_ROLES)}")
            if level not in LEVELS[shape(IDENTITY_ROLES[kind])]:
                raise ValueError(f"who.{kind} can only be the same. Got {level!r}")
        return self


def shape(role: str) -> str:
    """Return as what a role is compared: phones and e-mail are keys."""
    return role if role in LEVELS else "key"
