"""What a log holds that must not be counted as it looks: each decoy by name, with its rate."""

from __future__ import annotations

from collections.abc import Iterable

from trustscore.errors import InputError, suggest

__all__ = ["DECOYS", "Decoys"]

# name: (how often, of what)
DECOYS: dict[str, tuple[float, str]] = {
    "gift": (0.010, "orders that are gifts"),
    "lucky_bag": (0.005, "orders that are lucky bags"),
    "sample": (0.003, "orders that are samples"),
    "low_price": (0.008, "orders of one yuan or less"),
    "instant_refund": (0.005, "orders refunded in full within ten minutes"),
    "own_purchase": (0.002, "orders paid from a device or account of the merchant"),
    "virtual": (0.010, "orders of which nothing is shipped"),
    "presale": (0.010, "orders that may ship days after they are paid"),
    "unknown_buyer": (0.020, "orders without a buyer"),
    "reason_changed": (0.250, "cases whose reason was changed after the first"),
    "reason_unknown": (0.050, "cases of which only the current reason is known"),
    "withdrawn": (0.006, "delivered orders whose quality case is withdrawn and stays so"),
    "reopened": (0.100, "quality cases that are withdrawn, and opened anew for another reason"),
    "buyer_fault": (0.00015, "delivered orders whose quality case is ruled the buyer's fault"),
    "refused": (0.020, "cases refused on a good ground"),
    "default_review": (0.200, "delivered orders without a review that the system reviews"),
    "hidden_review": (0.004, "delivered orders with a review hidden as abuse"),
    "late_review": (0.010, "delivered orders reviewed more than 15 days after delivery"),
    "review_after_refund": (0.050, "refunded orders reviewed after the money is back"),
    "fourth_review": (0.002, "orders of one buyer who reviews more than three in 30 days"),
    "split_parcel": (0.040, "shipped orders that go in two parcels"),
    "merged_waybill": (0.004, "shipped orders that share the waybill of the buyer's other order"),
    "late_cancel": (0.200, "merchants' cancellations that the platform makes after the deadline"),
    "pending_appeal": (0.100, "verdicts added whose appeal is pending"),
    "overturned_appeal": (0.100, "verdicts added that were overturned"),
    "cleared": (0.100, "findings added that a person cleared"),
    "bot": (0.300, "chat rounds in which a bot answers first"),
    "night": (0.080, "chat rounds at night"),
    "closing": (0.150, "answered chat rounds after which the buyer takes leave"),
    "unanswered": (0.010, "chat rounds without an answer"),
    "short_session": (0.050, "broadcasts added that last less than ten minutes"),
    "shared_home": (0.010, "buyers who share address and network with others"),
    "superseded": (0.010, "rows of which an older version is there too"),
    "duplicate": (0.005, "rows delivered twice"),
    "offset": (0.100, "cells of time written with another offset (CSV only)"),
    "edge": (0.001, "orders paid exactly on the edge of a window, or on the cut"),
    "after_cut": (1.000, "days of trade that follow the cut"),
}


class Decoys:
    """The decoys of one market, by their rates."""

    def __init__(self, names: Iterable[str] | None = None) -> None:
        given = list(DECOYS) if names is None else list(names)
        if given == ["none"]:
            given = []
        faults = [f"{n}: unknown decoy{suggest(n, DECOYS)}" for n in given if n not in DECOYS]
        if faults:
            raise InputError(f"decoys are none, or some of {', '.join(DECOYS)}", faults)
        self.names = frozenset(given)

    def __getitem__(self, name: str) -> float:
        """Return the rate of a decoy, 0 where it is switched off.

        Examples
        --------
        >>> Decoys()["gift"], Decoys(["none"])["gift"]
        (0.01, 0.0)
        """
        rate = DECOYS[name][0]
        return rate if name in self.names else 0.0
