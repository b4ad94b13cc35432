"""Listings that trade on the names of brands: for people to look at, best before they are sold."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from trustscore.detect.counterfeit.brands import Brands
from trustscore.detect.counterfeit.images import alike, readable
from trustscore.detect.counterfeit.names import Names, Seen
from trustscore.detect.counterfeit.settings import CounterfeitSpec
from trustscore.detect.findings import Cut, Finding, Found, Logs, Place
from trustscore.detect.settings import DetectSettings
from trustscore.errors import InputError, near
from trustscore.lexicon import Hit, read_hits

__all__ = ["find_counterfeits"]

TOPIC = "counterfeit"
_UNIT = 10_000
_OTHERS = "*"
_MOST_NAMED = 10
# The latest submission of each item.
_LISTINGS = """
SELECT merchant_id, item_id, COALESCE(brand, ''), price, COALESCE(category, ''), image_hash,
    COALESCE(title_hits, ''), _file, _line, decided_at IS NULL
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY merchant_id, item_id
    ORDER BY submitted_at DESC, _file DESC, _line DESC) AS newest FROM listings)
WHERE newest = 1 AND submitted_at >= {start}
ORDER BY merchant_id, item_id
"""


@dataclass
class _Listing:
    """A listing, and what is known of it."""

    merchant: str
    item: str
    brand: str
    price: float | None
    category: str
    image: str | None
    hits: str
    place: tuple[int, int]
    undecided: bool
    seen: list[Seen] = field(default_factory=list)
    field_seen: list[Seen] = field(default_factory=list)
    signs: list[tuple[str, int, int]] = field(default_factory=list)


def find_counterfeits(logs: Logs, settings: DetectSettings, cut: Cut) -> Found:
    """Return the listings that look like counterfeits of the brands that were given.

    Parameters
    ----------
    logs : Logs
    settings : DetectSettings
        With `brands`.
    cut : Cut

    Raises
    ------
    InputError
        When no brands were given.
    """
    if settings.brands is None:
        raise InputError("detector counterfeit needs the brands: give `brands`")
    spec, start = settings.counterfeit, cut.back(settings.counterfeit.days)
    listings = [_listing(*row) for row in logs.rows(_LISTINGS.format(start=start))]
    work = _Work(settings.brands, spec, listings)
    work.read(logs)
    findings = [found for listing in listings if (found := work.judge(listing)) is not None]
    return Found(findings, work.facts(findings), work.warnings(), since=start)


def _listing(
    merchant: str,
    item: str,
    brand: str,
    price: int | None,
    category: str,
    image: str | None,
    hits: str,
    file: int | None,
    line: int | None,
    undecided: bool,
) -> _Listing:
    return _Listing(
        merchant,
        item,
        brand,
        None if price is None else price / _UNIT,
        category,
        image,
        hits,
        # A log without a file has no row either.
        (file or 0, line or 0),
        undecided,
    )


class _Work:
    """Brands, and the listings that are compared with them.

    Parameters
    ----------
    brands : Brands
    spec : CounterfeitSpec
    listings : list of _Listing
    """

    def __init__(self, brands: Brands, spec: CounterfeitSpec, listings: list[_Listing]) -> None:
        self._brands, self._spec, self._listings = brands.brands, spec, listings
        self._may = {
            key: None if brand.authorised is None else frozenset(brand.authorised)
            for key, brand in self._brands.items()
        }
        known = {key: brand.images for key, brand in self._brands.items() if brand.images}
        images = [listing.image for listing in listings if listing.image]
        self._unreadable = sum(not readable(image) for image in images)
        self._alike = alike((i.lower() for i in images), known, spec.image_distance)
        self._ordinary: frozenset[tuple[str, str]] = frozenset()
        self._titles = 0

    def read(self, logs: Logs) -> None:
        """Look for names in titles and in the field of the brand."""
        names = Names(self._brands, self._spec)
        at = {listing.place: listing for listing in self._listings}
        for file, lines, texts in logs.texts("listings", at.keys()):
            for line, text in zip(lines, texts, strict=True):
                listing = at[file, line]
                self._titles += bool(text)
                listing.seen = names.find(text)
                listing.signs = [
                    (sign, place, place + len(sign))
                    for sign in self._spec.signs
                    if (place := _sign(text, sign)) >= 0
                ]
        fields: dict[str, list[Seen]] = {}
        for listing in self._listings:
            if listing.brand:
                if listing.brand not in fields:
                    fields[listing.brand] = names.find(listing.brand)
                listing.field_seen = fields[listing.brand]
        self._ordinary = self._ordinary_words()

    def _ordinary_words(self) -> frozenset[tuple[str, str]]:
        """Return what so many merchants write that it is a word of the language."""
        used: dict[tuple[str, str], set[str]] = defaultdict(set)
        for listing in self._listings:
            for seen in listing.seen:
                if seen.rule in ("one_edit", "equal_sound"):
                    used[seen.brand, seen.form].add(listing.merchant)
        merchants = len({listing.merchant for listing in self._listings})
        least = max(self._spec.ordinary_merchants, self._spec.ordinary_share * merchants)
        return frozenset(form for form, of in used.items() if len(of) >= least)

    def judge(self, listing: _Listing) -> Finding | None:
        """Return what is suspicious of a listing."""
        spec, weights = self._spec, self._spec.weights
        rules: dict[tuple[str, str], float] = {}
        places: list[tuple[float, int, int]] = []
        meant: set[str] = set()
        for seen in (*listing.seen, *listing.field_seen):
            if (seen.brand, seen.form) in self._ordinary and seen.rule not in ("named",):
                continue
            may = self._may[seen.brand]
            if may is not None and listing.merchant in may:
                continue
            meant.add(seen.brand)
            if seen.rule == "named" and may is None:
                continue
            score = getattr(weights, seen.rule)
            rules[seen.rule, seen.brand] = score
            if seen in listing.seen:
                places.append((score, seen.start, seen.end))
        for brand in self._alike.get((listing.image or "").lower(), ()):
            may = self._may[brand]
            if may is None or listing.merchant not in may:
                rules["image_alike", brand] = weights.image_alike
                meant.add(brand)
        for brand in sorted(meant):
            floors = self._brands[brand].floors
            floor = floors.get(listing.category, floors.get(_OTHERS))
            price = listing.price
            if floor is not None and price is not None and 0 < price < spec.price_share * floor:
                rules["price_below_floor", brand] = weights.price_below_floor
        coded: dict[str, float] = {}
        for hit in read_hits(listing.hits):
            if hit.topic != TOPIC or hit.how != "said":
                continue
            if meant or hit.severity >= spec.coded_alone:
                score = spec.coded[hit.severity - 1]
                coded[hit.entry] = max(score, coded.get(hit.entry, 0.0))
                places.append((score, hit.start, hit.end))
        if meant:
            for sign, start, end in listing.signs:
                coded[sign] = spec.coded[0]
                places.append((spec.coded[0], start, end))
        if not rules and not coded:
            return None
        return self._finding(listing, rules, coded, places)

    def _finding(
        self,
        listing: _Listing,
        rules: Mapping[tuple[str, str], float],
        coded: Mapping[str, float],
        places: list[tuple[float, int, int]],
    ) -> Finding | None:
        by_brand: dict[str, list[float]] = defaultdict(list)
        for (_, brand), score in rules.items():
            by_brand[brand].append(score)
        of_brands = max((_either(scores) for scores in by_brand.values()), default=0.0)
        score = min(_either([of_brands, *coded.values()]), self._spec.most)
        if score < self._spec.report:
            return None
        evidence = [f"{rule}({brand})" for rule, brand in sorted(rules)]
        evidence += [f"coded({word})" for word in sorted(coded)]
        place = None
        if places:
            _, start, end = max(places, key=lambda each: (each[0], -each[1]))
            hit = Hit(TOPIC, "brand", 1, start, end)
            place = Place("listings", *listing.place, hit)
        return Finding(
            listing.merchant,
            "listing",
            listing.item,
            TOPIC,
            score,
            " ".join(evidence),
            place=place,
            # What is not on sale yet harms nobody, if somebody looks now.
            rank=score + listing.undecided,
            advice="decide before publication" if listing.undecided else "",
        )

    def facts(self, findings: list[Finding]) -> dict[str, Any]:
        """Return what the manifest says."""
        how: Counter[str] = Counter()
        for finding in findings:
            how.update({part.split("(")[0] for part in finding.evidence.split()})
        return {
            "brands": len(self._brands),
            "listings": len(self._listings),
            "titles_read": self._titles,
            "not_yet_decided": sum(bool(finding.advice) for finding in findings),
            "rules": {name: how[name] for name in sorted(how)},
            "image_hashes_not_readable": self._unreadable,
            "ordinary_words": sorted({brand for brand, _ in self._ordinary}),
        }

    def warnings(self) -> list[str]:
        """Return what the user should look at."""
        out = []
        have = {listing.category for listing in self._listings}
        floors = {c for brand in self._brands.values() for c in brand.floors} - {_OTHERS}
        unknown = sorted(floors - have)
        if unknown and self._listings:
            named = (_category(name, have) for name in unknown[:_MOST_NAMED])
            more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
            out.append(
                f"no listing is of the categories {', '.join(named)}{more} that brands have floor"
                " prices of"
            )
        if self._unreadable:
            out.append(
                f"{self._unreadable:,} image hashes of listings are no hex of 32 to 512 bits and"
                " were not compared"
            )
        if self._ordinary:
            out.append(
                f"{len(self._ordinary)} words are like names of brands and so many merchants write"
                " them that they were taken for ordinary ones (brands:"
                f" {', '.join(sorted({brand for brand, _ in self._ordinary})[:_MOST_NAMED])})"
            )
        return out


def _category(name: str, have: Iterable[str]) -> str:
    found = near(name, [each for each in have if each])
    return f"{name!r} (near: {found!r})" if found else repr(name)


def _either(scores: Iterable[float]) -> float:
    """Return the chance of one at least, if they were independent."""
    return 1.0 - math.prod(1.0 - score for score in scores)


def _sign(text: str, sign: str) -> int:
    """Return where a sign stands that no digit goes on: 1:1, but not 1:12."""
    for at in _places(text, sign):
        around = text[at - 1 : at] + text[at + len(sign) : at + len(sign) + 1]
        if not any(c.isdigit() for c in around):
            return at
    return -1


def _places(text: str, sign: str) -> Iterator[int]:
    at = text.find(sign)
    while at >= 0:
        yield at
        at = text.find(sign, at + 1)
