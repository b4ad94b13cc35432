"""What only the platform knows of its letters: a frozen model of a TOML file.

Nothing here has a default that would state a fact: no address, clause, date or reason is made up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from trustscore.errors import InputError, at_most, plural
from trustscore.scorecard import Rule, Scorecard
from trustscore.scorecard.documents import parse_document, read_document
from trustscore.scorecard.effects import EFFECTS
from trustscore.scorecard.faults import Base, Notes, OneOf, collect
from trustscore.words import LANGUAGES

__all__ = [
    "BASES",
    "KINDS_OF_GROUND",
    "MEASURES",
    "Ground",
    "Terms",
    "load_terms",
    "needs_ground",
    "parse_terms",
    "terms_faults",
    "terms_schema",
]

MEASURES = ("visibility", "payment", "service", "account", "other")
"""Kinds of restrictions, as Article 17(1) of Regulation (EU) 2022/2065 tells them apart."""
BASES = ("own_initiative", "notice", "both")
KINDS_OF_GROUND = ("terms", "law")
TERMINATION_DAYS = 30
"""Least notice before a termination, as Article 4(2) of Regulation (EU) 2019/1150 has it."""
_MOST_FAULTS = 50

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Words: TypeAlias = Annotated[
    dict[Annotated[str, OneOf(LANGUAGES)], _Line], Field(min_length=1, title="Text by language")
]
_Days: TypeAlias = Annotated[int, Field(ge=0, le=3650)]


class Platform(Base):
    """Who writes."""

    name: Words = Field(
        description="Name of the platform.", examples=[{"en": "Example Market", "zh": "示例商城"}]
    )
    contact: Words = Field(
        description="Where merchants reach the platform: address, mail, phone. Line breaks are"
        " kept.",
        examples=[{"en": "merchants@market.example"}],
    )


class Decision(Base):
    """What is the same for every restriction of these letters."""

    effective_from: dt.date | None = Field(
        default=None,
        description="Day from which restrictions are in force. Either this or notice_days.",
        examples=["2026-04-01"],
    )
    notice_days: _Days | None = Field(
        default=None,
        description="Days between the letter and the restrictions. Either this or effective_from.",
        examples=[15],
    )
    scope: Words = Field(
        description="Where restrictions hold: countries, sites, offers.",
        examples=[{"en": "All offers of the shop, in all countries of the platform"}],
    )
    duration: Words = Field(
        description="How long they hold.", examples=[{"en": "Until a later review lifts them"}]
    )
    basis: Annotated[str, OneOf(BASES)] = Field(
        description="What led to the decision: the platform's own_initiative, a notice of somebody"
        " else, or both.",
        examples=["own_initiative"],
    )
    basis_more: Words | None = Field(
        default=None,
        description="More on it, such as what a notice said.",
        examples=[{"en": "Notice 2026-17 of a rights holder"}],
    )
    automated_detection: bool = Field(
        description="Whether the facts were found by automated means.", examples=[True]
    )
    automated_decision: bool = Field(
        description="Whether the decision was taken by automated means.", examples=[True]
    )
    automated_more: Words | None = Field(
        default=None,
        description="More on it, such as who looks at a decision.",
        examples=[{"en": "A person confirms every cap."}],
    )

    @model_validator(mode="after")
    def _has_one_day(self) -> Decision:
        if (self.effective_from is None) == (self.notice_days is None):
            raise ValueError("must have either effective_from or notice_days")
        return self

    def in_force(self, dated: dt.date) -> dt.date:
        """Return the day from which the restrictions of a letter are in force."""
        if self.effective_from is not None:
            return self.effective_from
        return dated + dt.timedelta(days=self.notice_days or 0)


class Ground(Base):
    """On what a restriction rests, and what it is."""

    kind: Annotated[str, OneOf(KINDS_OF_GROUND)] = Field(
        description="Whether the terms forbid the conduct, or the law does.", examples=["terms"]
    )
    clause: Words = Field(
        description="The clause or the provision.",
        examples=[{"en": "Clause 7.2 of the merchant terms"}],
    )
    why: Words = Field(
        description="Why what was found goes against it.",
        examples=[{"en": "Clause 7.2 gives this right to shops of tier trusted and above."}],
    )
    measure: Annotated[str, OneOf(MEASURES)] = Field(
        description="What is restricted: visibility of offers, payment, the service in whole or in"
        " part, the account, or something other.",
        examples=["visibility"],
    )
    at_once: bool = Field(
        default=False,
        description="Whether the restriction is in force on the day of the letter, without notice.",
        examples=[True],
    )
    terminates: bool = Field(
        default=False,
        description="Whether it ends the whole service. Unless at_once, it then takes 30 days'"
        " notice.",
        examples=[True],
    )


class Grounds(Base):
    """Grounds by rule and by right."""

    any_right: Ground | None = Field(
        default=None,
        description="For rights and duties without a ground of their own.",
        examples=[{"kind": "terms", "measure": "service"}],
    )
    any_rule: Ground | None = Field(
        default=None,
        description="For rules without a ground of their own.",
        examples=[{"kind": "terms", "measure": "visibility"}],
    )
    rules: dict[str, Ground] = Field(
        default_factory=dict,
        description="By rule of the scorecard.",
        examples=[{"counterfeit_cap": {"kind": "law", "measure": "visibility"}}],
    )
    rights: dict[str, Ground] = Field(
        default_factory=dict,
        description="By right or duty of the scorecard.",
        examples=[{"paid_ads": {"kind": "terms", "measure": "visibility"}}],
    )


class Appeal(Base):
    """Where and how a merchant can object."""

    address: Words = Field(
        description="Where the complaint goes.",
        examples=[{"en": "https://market.example/appeals"}],
    )
    days: Annotated[int, Field(ge=1, le=3650)] = Field(
        description="Days after the letter within which it is taken.", examples=[183]
    )
    how: Words = Field(
        description="How it is made and handled: what to send, what it costs, who decides.",
        examples=[{"en": "It is free. A person decides within 14 days."}],
    )
    out_of_court: Words = Field(
        description="Bodies of dispute settlement and mediators outside the platform.",
        examples=[{"en": "The mediators that clause 19 names"}],
    )
    courts: Words = Field(
        description="Which courts.", examples=[{"en": "The courts at the seat of the shop"}]
    )


class Ranking(Base):
    """The main parameters of the ranking, as the terms describe them."""

    where: Words = Field(
        description="Where they are described.", examples=[{"en": "Clause 5 of the merchant terms"}]
    )
    why: Words = Field(
        description="Why they matter, one against another.",
        examples=[{"en": "What harms buyers most weighs most."}],
    )


class Terms(Base):
    """What a platform states in its letters to merchants."""

    platform: Platform = Field(description="The platform that writes.")
    decision: Decision = Field(description="What holds for all restrictions.")
    grounds: Grounds = Field(description="On what restrictions rest.")
    appeal: Appeal = Field(description="How merchants can object.")
    ranking: Ranking = Field(description="What decides the ranking.")

    def of_rule(self, rule: str) -> Ground | None:
        """Return the ground of what a rule does."""
        return self.grounds.rules.get(rule, self.grounds.any_rule)

    def of_right(self, right: str) -> Ground | None:
        """Return the ground on which a right is withdrawn, or a duty laid on."""
        return self.grounds.rights.get(right, self.grounds.any_right)


def load_terms(terms: str | Path | Terms) -> Terms:
    """Load terms from a TOML or JSON file; terms are returned as they are.

    Parameters
    ----------
    terms : str, Path or Terms

    Raises
    ------
    InputError
        When the file is absent, not TOML or JSON, or has faults: all of them are listed.
    """
    if isinstance(terms, Terms):
        return terms
    where, path = f"terms {terms}", Path(terms)
    try:
        raw = read_document(path)
    except OSError as error:
        raise InputError(f"{where}: {error.strerror or error.args[-1]}") from None
    data = parse_document(
        raw, where, as_json=path.suffix == ".json", error=InputError, spanning=frozenset(LANGUAGES)
    )
    return parse_terms(data, where)


def parse_terms(data: Mapping[str, Any], source: str = "<data>") -> Terms:
    """Return terms of parsed TOML or JSON.

    Parameters
    ----------
    data : mapping
    source : str
        What an error calls it.

    Raises
    ------
    InputError
        Naming all faults.

    Examples
    --------
    >>> parse_terms({"platform": {"name": {"en": "Market"}}})
    Traceback (most recent call last):
    ...
    trustscore.errors.InputError: <data> has 5 faults
      platform.contact: is missing
      decision: is missing
      grounds: is missing
      appeal: is missing
      ranking: is missing
    """
    found, faults = collect(Terms, data)
    if found is None:
        listed = at_most(faults, most=_MOST_FAULTS, what="faults")
        raise InputError(f"{source} has {plural(len(faults), 'fault')}", listed)
    return found


def needs_ground(rule: Rule) -> bool:
    """Return whether what a rule does is held against a merchant, so that a letter gives a ground.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> [rule.id for rule in load_scorecard("minimal").rules if needs_ground(rule)]
    ['barred_identity_cap']
    """
    effect = EFFECTS[rule.effect]
    return not rule.grants and (effect.sign < 0 or effect.holds or bool(rule.veto))


def terms_faults(
    terms: Terms, card: Scorecard, languages: Collection[str], dated: dt.date
) -> list[str]:
    """Return the faults that show only beside a scorecard, the languages and the day of letters.

    Parameters
    ----------
    terms : Terms
    card : Scorecard
    languages : collection of str
        Languages in which letters will be written.
    dated : date
        Day of the letters.

    Returns
    -------
    list of str
        Unknown rules and rights, those without a ground, texts that lack a language, days that
        leave no notice. Empty when nothing is wrong.
    """
    notes = Notes()
    rules = [rule.id for rule in card.rules]
    rights = list(dict.fromkeys(right for tier in card.tiers.ladder for right in tier.rights))
    duties = list(dict.fromkeys(rule.grants for rule in card.rules if rule.grants))
    for name in terms.grounds.rules:
        notes.known("grounds.rules", name, rules, "rule")
    for name in terms.grounds.rights:
        notes.known("grounds.rights", name, [*rights, *duties], "right or duty")
    for rule in card.rules:
        if needs_ground(rule) and terms.of_rule(rule.id) is None:
            notes.fault(f"grounds.rules.{rule.id}", "is missing, and there is no grounds.any_rule")
    for name in dict.fromkeys([*rights, *duties]):
        if terms.of_right(name) is None:
            notes.fault(f"grounds.rights.{name}", "is missing, and there is no grounds.any_right")
    for address, words in _all_words(terms.model_dump(), ()):
        absent = [lang for lang in languages if lang not in words]
        if absent:
            notes.fault(
                address, f"has no text in {', '.join(absent)}, which letters are written in"
            )
    _day_faults(terms, dated, notes)
    return notes.faults


def _day_faults(terms: Terms, dated: dt.date, notes: Notes) -> None:
    try:
        left = (terms.decision.in_force(dated) - dated).days
        dated + dt.timedelta(days=terms.appeal.days)
    except OverflowError:
        notes.fault("decision", f"no calendar goes so far beyond {dated}")
        return
    if left < 0:
        notes.fault(
            "decision.effective_from",
            f"must not be before the day of the letters, {dated}: reasons are told before a"
            f" restriction is in force. Got {terms.decision.effective_from}",
        )
    for address, ground in _all_grounds(terms):
        if ground.terminates and not ground.at_once and left < TERMINATION_DAYS:
            notes.fault(
                address,
                f"terminates the service, which takes {TERMINATION_DAYS} days' notice unless"
                f" at_once. Got {left} days",
            )


def _all_grounds(terms: Terms) -> Iterator[tuple[str, Ground]]:
    for name in ("any_right", "any_rule"):
        ground = getattr(terms.grounds, name)
        if ground is not None:
            yield f"grounds.{name}", ground
    for table in ("rules", "rights"):
        for name, ground in getattr(terms.grounds, table).items():
            yield f"grounds.{table}.{name}", ground


def _all_words(value: Any, address: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, str]]]:
    if not isinstance(value, Mapping) or not value:
        return
    if all(isinstance(text, str) for text in value.values()) and set(value) <= set(LANGUAGES):
        yield ".".join(address), value
        return
    for name, each in value.items():
        yield from _all_words(each, (*address, str(name)))


def terms_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of terms, for editors.

    Examples
    --------
    >>> sorted(terms_schema()["properties"])
    ['appeal', 'decision', 'grounds', 'platform', 'ranking']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Terms.model_json_schema(),
        "title": "trustscore terms of letters",
    }
