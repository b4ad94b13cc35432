"""The settings of the detector of claims: `[claims]` of ``configs/detect.toml``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from trustscore.logs import LOG_TABLES
from trustscore.scorecard.faults import Base, OneOf

__all__ = ["ClaimsSpec"]

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Speaker: TypeAlias = Annotated[str, OneOf(LOG_TABLES["transcripts"]["speaker"].classes)]
Sender: TypeAlias = Annotated[str, OneOf(LOG_TABLES["chat_messages"]["sender"].classes)]


class ClaimsSpec(Base):
    """What is said in broadcasts, chats and titles."""

    days: int = Field(
        ge=1, le=3660, description="Days before the cut whose words are judged.", examples=[90]
    )
    speakers: tuple[Speaker, ...] = Field(
        description="Who of a broadcast speaks for the merchant; nobody named is the host.",
        examples=[["host", "guest", "screen"]],
    )
    senders: tuple[Sender, ...] = Field(
        description="Who of a chat writes for the merchant.", examples=[["human", "bot"]]
    )
    severity: tuple[Share, Share, Share] = Field(
        description="Score of something that is said once, by the severity of its entry.",
        examples=[[0.3, 0.5, 0.7]],
    )
    repetition: Share = Field(
        description="How much more it is each time the number of times doubles.", examples=[0.2]
    )
    most: Share = Field(description="Highest score that words alone reach.", examples=[0.9])
    report: Share = Field(description="Score from which on a finding is written.", examples=[0.3])
    price_days: int = Field(
        ge=1, le=366, description="Days in which a former price must have been paid.", examples=[30]
    )
    price_above: float = Field(
        ge=0, description="A former price so much above what was paid is none.", examples=[0.01]
    )
    price_score: Share = Field(
        description="Score of a former price that nobody paid.", examples=[0.6]
    )
    list_price_score: Share = Field(
        description="Score of a list price that nobody paid; 0: none is looked at.", examples=[0.0]
    )
    list_price_orders: int = Field(
        ge=1, description="Orders of goods whose list price is looked at.", examples=[5]
    )
    offer_score: Share = Field(
        description="Score of a good review whose buyer was offered a reward.", examples=[0.9]
    )
    told_score: Share = Field(
        description="Score of a good review that tells of a reward.", examples=[0.6]
    )
    copied_score: Share = Field(
        description="Score of a good review in words that others used too.", examples=[0.4]
    )
    offer_days: int = Field(
        ge=1, le=366, description="Days after the offer in which it is written.", examples=[30]
    )
    offer_stars: float = Field(
        ge=1, le=5, description="Stars from which on a review is a good one.", examples=[4]
    )
