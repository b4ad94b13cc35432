"""The settings of the detector of counterfeits: `[counterfeit]` of ``configs/detect.toml``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints

from trustscore.scorecard.faults import Base

__all__ = ["CounterfeitSpec", "Weights"]

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Word: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Weights(Base):
    """Score that each rule gives alone."""

    named: Share = Field(
        description="The name, at a merchant that the brand does not name.", examples=[0.4]
    )
    confusable_letters: Share = Field(
        description="Letters and digits that look like those of the name.", examples=[0.7]
    )
    inserted_signs: Share = Field(
        description="Signs or spaces between the letters of the name.", examples=[0.7]
    )
    masked_letters: Share = Field(
        description="Signs in place of a letter of the name.", examples=[0.7]
    )
    one_edit: Share = Field(
        description="One letter more, less, other, or exchanged with the next.", examples=[0.6]
    )
    equal_sound: Share = Field(
        description="Han characters that sound like those of the name.", examples=[0.5]
    )
    price_below_floor: Share = Field(
        description="A price far below what the brand sells for.", examples=[0.5]
    )
    image_alike: Share = Field(description="A picture like one of the brand's own.", examples=[0.5])


class CounterfeitSpec(Base):
    """Listings that trade on the names of brands."""

    days: int = Field(
        ge=1, le=3660, description="Days before the cut whose submissions count.", examples=[365]
    )
    edit_letters: int = Field(
        ge=4, description="Letters of a name of which one may be another.", examples=[5]
    )
    edit_han: int = Field(ge=3, description="The same, of a name in Han characters.", examples=[4])
    sound_han: int = Field(
        ge=2, description="Han characters of a name that is known by its sound.", examples=[2]
    )
    alike_letters: int = Field(
        ge=3, description="Letters of a name that is known by look-alikes.", examples=[4]
    )
    spaced_letters: int = Field(
        ge=4, description="Letters of a name that is known across a space.", examples=[6]
    )
    ordinary_merchants: int = Field(
        ge=1, description="Merchants with one word that make it an ordinary one.", examples=[20]
    )
    ordinary_share: Share = Field(
        description="The least share of all merchants that they are.", examples=[0.005]
    )
    price_share: Share = Field(
        description="A price below this share of the floor is far below it.", examples=[0.3]
    )
    image_distance: int = Field(
        ge=0, le=16, description="Bits in which hashes of one picture differ.", examples=[6]
    )
    coded: tuple[Share, Share, Share] = Field(
        description="Score of a coded word, by the severity of its entry in the lexicon.",
        examples=[[0.3, 0.5, 0.6]],
    )
    coded_alone: int = Field(
        ge=1, le=4, description="Severity from which one counts without a brand.", examples=[3]
    )
    signs: tuple[Word, ...] = Field(
        description="Coded signs, which count with a brand.", examples=[["1:1"]]
    )
    compatible: tuple[Word, ...] = Field(
        description="Words before a name of what the goods fit; then it is no use of it.",
        examples=[["for", "适用"]],
    )
    most: Share = Field(description="Highest score.", examples=[0.94])
    report: Share = Field(description="Score from which on a finding is written.", examples=[0.3])
    weights: Weights = Field(description="Score that each rule gives alone.")
