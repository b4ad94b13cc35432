"""The detectors, one value each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trustscore.detect.brushing.find import find_brushing
from trustscore.detect.claims.find import find_claims
from trustscore.detect.counterfeit.find import find_counterfeits
from trustscore.detect.findings import Cut, Found, Logs
from trustscore.detect.gangs import find_gangs
from trustscore.detect.identity import find_identity_links
from trustscore.detect.inspections.find import plan_inspections
from trustscore.detect.link.find import find_links
from trustscore.detect.reviewers.find import find_false_reviews
from trustscore.detect.reviews.find import find_reviews
from trustscore.detect.settings import DetectSettings
from trustscore.detect.votes import find_crowd_false

__all__ = ["DETECTORS", "Detector"]


@dataclass(frozen=True)
class Detector:
    """One detector.

    Attributes
    ----------
    name : str
    meaning : str
        What it looks for, as the help says it.
    needed, optional : tuple of str
        Logs that it cannot do without, and those that it also reads.
    topics : tuple of str
        Of its findings.
    sections : tuple of str
        Tables of the settings that it reads, which its stamp depends on.
    run : callable
        From logs, settings and cut to what was found. It makes temporary tables under names
        that begin with its own.
    one_of : tuple of str
        Logs of which it needs one.
    brands : bool
        Whether it needs a file of brands.
    plans : bool
        Whether it writes a plan for a budget, and no findings.
    """

    name: str
    meaning: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    topics: tuple[str, ...]
    sections: tuple[str, ...]
    run: Callable[[Logs, DetectSettings, Cut], Found]
    one_of: tuple[str, ...] = ()
    brands: bool = False
    plans: bool = False

    @property
    def needs(self) -> str:
        """The logs it cannot do without, in words."""
        parts = [*self.needed, *([" or ".join(self.one_of)] if self.one_of else [])]
        return ", ".join(parts)


_ALL = (
    Detector(
        "votes",
        "broadcasts that exaggerated, as their viewers voted",
        needed=("live_votes",),
        optional=("live_sessions", "identities", "orders", "findings"),
        topics=("crowd_false",),
        sections=("votes",),
        run=find_crowd_false,
    ),
    Detector(
        "identity",
        "accounts that share an identifier with a merchant removed for cause",
        needed=("identities", "merchants"),
        optional=("findings",),
        topics=("identity_link",),
        sections=("identity", "hubs"),
        run=find_identity_links,
    ),
    Detector(
        "link",
        "accounts that are probably a merchant removed for cause again, by names and addresses too",
        needed=("identities", "merchants"),
        optional=("findings",),
        topics=("identity_link",),
        sections=("link", "identity", "hubs"),
        run=find_links,
    ),
    Detector(
        "gangs",
        "accounts that hang together by the identifiers they share",
        needed=("identities",),
        optional=("findings",),
        topics=("gang",),
        sections=("gangs", "hubs"),
        run=find_gangs,
    ),
    Detector(
        "brushing",
        "orders bought for show",
        needed=(),
        optional=(
            "order_items",
            "shipments",
            "tracking_events",
            "identities",
            "merchants",
            "findings",
        ),
        topics=("brushing",),
        sections=("brushing", "hubs", "reviews"),
        run=find_brushing,
        one_of=("orders", "reviews"),
    ),
    Detector(
        "claims",
        "claims, contacts, insults and offers in what hosts, shops, titles and reviews say",
        needed=(),
        optional=("live_sessions", "chat_sessions", "orders", "order_items", "findings"),
        topics=(
            "false_claim",
            "health_claim",
            "price_deception",
            "staged_drama",
            "private_deal",
            "abuse",
            "chat_abuse",
            "incentivised",
        ),
        sections=("claims", "reviews"),
        run=find_claims,
        one_of=("transcripts", "chat_messages", "listings", "reviews"),
    ),
    Detector(
        "reviews",
        "copied reviews, and days with too many of them",
        needed=("reviews",),
        optional=(),
        topics=("duplicate_review", "review_burst"),
        sections=("reviews",),
        run=find_reviews,
    ),
    Detector(
        "reviewers",
        "reviews and reviewers unlike all others, from reviews alone, without orders",
        needed=("reviews",),
        optional=("findings",),
        topics=("false_review",),
        sections=("reviewers", "reviews", "brushing"),
        run=find_false_reviews,
    ),
    Detector(
        "counterfeit",
        "listings that trade on the names, pictures and prices of the brands of a file",
        needed=("listings",),
        optional=("findings",),
        topics=("counterfeit",),
        sections=("counterfeit", "brands"),
        run=find_counterfeits,
        brands=True,
    ),
    Detector(
        "inspections",
        "no suspicions, but which orders to inspect next with a budget",
        needed=("orders",),
        optional=("order_items", "inspections"),
        topics=(),
        sections=("inspections",),
        run=plan_inspections,
        plans=True,
    ),
)
DETECTORS: Mapping[str, Detector] = {detector.name: detector for detector in _ALL}
