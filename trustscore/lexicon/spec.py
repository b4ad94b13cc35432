"""The file of a lexicon, as pydantic reads it."""

from __future__ import annotations

import unicodedata
from typing import Annotated, TypeAlias

from pydantic import Field, StringConstraints, field_validator, model_validator

from trustscore.lexicon.closing import CLOSING
from trustscore.lexicon.fold import dense
from trustscore.lexicon.patterns import pattern_faults
from trustscore.logs import LOG_TABLES
from trustscore.scorecard.faults import Base, OneOf

__all__ = ["TOPICS", "ContactsSpec", "EntrySpec", "LexiconSpec"]

TOPICS = tuple(
    dict.fromkeys(
        topic
        for table in LOG_TABLES.values()
        for column in table.of_type("text")
        for topic in (*column.topics, *column.claims)
        if topic != CLOSING
    )
)
"""What texts of logs are looked through for."""

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Phrase: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Topic: TypeAlias = Annotated[str, OneOf(TOPICS)]
Window: TypeAlias = Annotated[int, Field(ge=0, le=60)]
_MOST_PATTERNS = 20


def _plain(phrase: str) -> str:
    """Return what is certainly looked for; the library that folds texts need not be there."""
    folded = unicodedata.normalize("NFKC", phrase).casefold()
    return "".join(c for c in folded if c.isalnum() or c == "%")


def _sought(phrases: tuple[str, ...], least: int) -> tuple[str, ...]:
    """Check that of each phrase enough is left to look for."""
    for phrase in phrases:
        kept = _plain(phrase)
        if len(kept) < least or (least > 1 and kept.strip("0123456789%") == ""):
            raise ValueError(
                f"{phrase!r}: a phrase must have {least} letters or more, and not only digits"
                if least > 1
                else f"{phrase!r}: has no letter"
            )
    return phrases


class EntrySpec(Base):
    """Phrases that mean the same."""

    topic: Topic = Field(description="What it stands for.", examples=["health_claim"])
    phrases: tuple[Phrase, ...] = Field(
        (), description="What is said; case, width, spaces do not matter.", examples=[["包治百病"]]
    )
    patterns: tuple[str, ...] = Field(
        (),
        max_length=_MOST_PATTERNS,
        description="Bounded patterns, matched against letters and digits without spaces.",
        examples=[["仅剩[0-9]{1,4}件"]],
    )
    severity: Annotated[int, Field(ge=1, le=3)] = Field(
        1, description="How grave it is.", examples=[2]
    )
    sound: bool = Field(
        False,
        description="Whether what sounds the same is the same: phrases of two Han characters up.",
        examples=[True],
    )
    near: tuple[Phrase, ...] = Field(
        (),
        description="Only with one of these within `within` characters; `@name` is a list.",
        examples=[["@diseases"]],
    )
    not_near: tuple[Phrase, ...] = Field(
        (), description="Not with any of these within `within` characters.", examples=[["处方"]]
    )
    within: Window = Field(15, description="Characters of `near` and `not_near`.", examples=[15])
    number: bool = Field(
        False, description="Only with a number within six characters.", examples=[True]
    )
    price: bool = Field(
        False,
        description="A number that follows is a price, which is kept and compared.",
        examples=[True],
    )
    negation: Window | None = Field(
        None, description="Characters before it in which a negation counts.", examples=[4]
    )
    why: str = Field(description="Why it stands here.", examples=["A disease that a food cures."])

    @field_validator("phrases")
    @classmethod
    def _letters(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        return _sought(phrases, 2)

    @field_validator("patterns")
    @classmethod
    def _bounded(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        faults = [f"{p!r} {fault}" for p in patterns for fault in pattern_faults(p)]
        if faults:
            raise ValueError("; ".join(faults))
        return patterns

    @model_validator(mode="after")
    def _something(self) -> EntrySpec:
        if not self.phrases and not self.patterns:
            raise ValueError("has neither phrases nor patterns")
        if self.sound:
            short = [p for p in self.phrases if sum(map(dense, _plain(p))) < 2]
            if short:
                raise ValueError(f"sound takes two Han characters. Got {', '.join(short)}")
        return self


class NegationSpec(Base):
    """Words that deny what follows in the same clause."""

    characters: Window = Field(description="Characters, in scripts without spaces.", examples=[8])
    words: Annotated[int, Field(ge=0, le=20)] = Field(description="Words, in others.", examples=[3])
    phrases: tuple[Phrase, ...] = Field((), description="The words.", examples=[["不", "never"]])
    exceptions: tuple[Phrase, ...] = Field(
        (), description="What has such a word in it and denies nothing.", examples=[["不仅"]]
    )


class QuotingSpec(Base):
    """Words that say that others said it, that it is asked, or that it must not be said."""

    before: Window = Field(description="Characters before it, in one sentence.", examples=[20])
    after: Window = Field(description="Characters after it.", examples=[12])
    phrases_before: tuple[Phrase, ...] = Field((), description="Words.", examples=[["有人说"]])
    phrases_after: tuple[Phrase, ...] = Field((), description="Words.", examples=[["吗"]])


class ClosingSpec(Base):
    """Words of messages that only take leave."""

    phrases: tuple[Phrase, ...] = Field((), description="What takes leave.", examples=[["谢谢"]])
    beside: tuple[Phrase, ...] = Field(
        (), description="Words that may stand with it, and say nothing alone.", examples=[["亲"]]
    )


class ContactsSpec(Base):
    """Where a contact is looked for, beside what has the form of one."""

    severity: Annotated[int, Field(ge=1, le=3)] = Field(3, description="Of one.", examples=[3])
    wechat: tuple[Phrase, ...] = Field((), description="Words before an account.")
    sound: bool = Field(True, description="Whether words that sound the same are the same.")
    qq: tuple[Phrase, ...] = Field((), description="Words before an account.")
    telegram: tuple[Phrase, ...] = Field((), description="Words before an account.")
    whatsapp: tuple[Phrase, ...] = Field((), description="Words before a number.")
    phone: tuple[Phrase, ...] = Field(
        (), description="Words near a number that is written in an odd way."
    )
    card: tuple[Phrase, ...] = Field((), description="Words near the number of a bank card.")
    other: tuple[Phrase, ...] = Field(
        (), description="Words before numbers that are something else: of orders, of parcels."
    )


class LexiconSpec(Base):
    """A lexicon."""

    name: Name = Field(description="Name of the lexicon.", examples=["lexicon"])
    version: Annotated[str, StringConstraints(min_length=1, max_length=30)] = Field(
        description="Version, which changes with the content.", examples=["2.0.0"]
    )
    negation: NegationSpec = Field(description="What denies.")
    quoting: QuotingSpec = Field(
        QuotingSpec(before=20, after=12, phrases_before=(), phrases_after=()),
        description="What makes it the words of others.",
    )
    exceptions: tuple[Phrase, ...] = Field(
        (),
        description="What has a phrase in it and is none: `第一次`, names of brands.",
        examples=[["治愈系"]],
    )
    closing: ClosingSpec = Field(
        ClosingSpec(phrases=(), beside=()), description="What asks for no answer."
    )
    contacts: ContactsSpec | None = Field(
        None, description="Contacts outside the platform; none are looked for without it."
    )
    lists: dict[Name, tuple[Phrase, ...]] = Field(
        {}, description="Lists that entries name.", examples=[{"diseases": ["糖尿病"]}]
    )
    entries: dict[Name, EntrySpec] = Field(description="The entries by name.")

    @field_validator("entries")
    @classmethod
    def _some(cls, entries: dict[str, EntrySpec]) -> dict[str, EntrySpec]:
        patterns = sum(len(entry.patterns) for entry in entries.values())
        if patterns > _MOST_PATTERNS:
            raise ValueError(f"at most {_MOST_PATTERNS} patterns in all. Got {patterns}")
        return entries

    @model_validator(mode="after")
    def _lists_are_known(self) -> LexiconSpec:
        faults = []
        for name, entry in self.entries.items():
            for phrase in (*entry.near, *entry.not_near):
                if phrase.startswith("@") and phrase[1:] not in self.lists:
                    faults.append(f"entries.{name} names the list {phrase[1:]}, which is not there")
        everything = [
            *self.negation.phrases,
            *self.negation.exceptions,
            *self.quoting.phrases_before,
            *self.quoting.phrases_after,
            *self.exceptions,
            *(p for words in self.lists.values() for p in words),
        ]
        faults += [f"{p!r} has no letter" for p in everything if not _plain(p)]
        if faults:
            raise ValueError("; ".join(dict.fromkeys(faults)))
        return self

    def listed(self, phrases: tuple[str, ...]) -> frozenset[str]:
        """Return phrases with lists in the place of their names."""
        found: set[str] = set()
        for phrase in phrases:
            found.update(self.lists[phrase[1:]] if phrase.startswith("@") else [phrase])
        return frozenset(found)
