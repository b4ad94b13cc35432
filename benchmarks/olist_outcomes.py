"""What became of Olist's sellers after a day: outcome files from the raw event tables.

Run:  TRUSTSCORE_DATA=folder python benchmarks/olist_outcomes.py --to DIR
          [--start 2017-12-01] [--end 2018-03-01] [--known END]

Every order bought from START up to END counts once for each seller in it. Only what was known
on the day KNOWN counts: later reviews, hand-overs and deliveries are as if they had not happened.

bad_review.csv   n: orders with a review; events: the latest review has one or two stars
harm.csv         n: orders; events: a bad review, a hand-over to the carrier after the shipping
                 limit (or none by KNOWN, when the limit has passed), or cancelled or unavailable;
                 events_KIND: orders with a harm of each kind

Both have the columns ``merchant_id, n, events, date``, where date is START, so that `trustscore
fit` can refuse them for an export made later. orders.csv has one line an order and seller.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pandas as pd

NAMES = ("bad_review", "harm")
HARMS = ("late", "bad_review", "cancelled")


def orders_after(folder: Path, start: str, end: str, known: str | None = None) -> pd.DataFrame:
    """Return one row an order and seller, with what was known of it on a day, by default END."""
    first, last, told = pd.Timestamp(start), pd.Timestamp(end), pd.Timestamp(known or end)
    orders = pd.read_csv(
        folder / "olist_orders_dataset.csv",
        parse_dates=["order_purchase_timestamp", "order_delivered_carrier_date"],
    )
    bought = orders["order_purchase_timestamp"]
    orders = orders[(bought >= first) & (bought < last)]
    items = pd.read_csv(
        folder / "olist_order_items_dataset.csv", parse_dates=["shipping_limit_date"]
    )
    limit = items.groupby(["order_id", "seller_id"])["shipping_limit_date"].max().reset_index()
    reviews = pd.read_csv(
        folder / "olist_order_reviews_dataset.csv", parse_dates=["review_creation_date"]
    )
    reviews = reviews[reviews["review_creation_date"] < told].sort_values("review_creation_date")
    stars = reviews.groupby("order_id")["review_score"].last()
    table = limit.merge(orders, on="order_id")
    table["stars"] = table["order_id"].map(stars)
    handed = table["order_delivered_carrier_date"]
    handed = handed.where(handed < told)
    table["late"] = (handed.fillna(told) > table["shipping_limit_date"]).to_numpy().astype(float)
    table["cancelled"] = table["order_status"].isin(["canceled", "unavailable"]).astype(float)
    table["bad_review"] = (table["stars"] <= 2).where(table["stars"].notna()).astype(float)
    table["harm"] = table[list(HARMS)].max(axis=1)
    return table[["order_id", "seller_id", *HARMS, "harm"]]


def outcomes(orders: pd.DataFrame, name: str, start: str) -> pd.DataFrame:
    """Return orders and events of each seller."""
    known = orders[orders[name].notna()]
    found = known.groupby("seller_id")[name].agg(["count", "sum"]).astype(int).reset_index()
    found.columns = ["merchant_id", "n", "events"]
    if name == "harm":
        of_each = known.groupby("seller_id")[list(HARMS)].sum().astype(int)
        for kind in HARMS:
            found[f"events_{kind}"] = found["merchant_id"].map(of_each[kind])
    return found.assign(date=start)


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, required=True, help="folder to write to")
    parser.add_argument("--start", default="2017-12-01")
    parser.add_argument("--end", default="2018-03-01")
    parser.add_argument("--known", help="by default END")
    given = parser.parse_args()
    if "TRUSTSCORE_DATA" not in os.environ:
        parser.error("TRUSTSCORE_DATA must name the folder that holds olist/")
    given.to.mkdir(parents=True, exist_ok=True)
    table = orders_after(
        Path(os.environ["TRUSTSCORE_DATA"], "olist"), given.start, given.end, given.known
    )
    table.to_csv(given.to / "orders.csv", index=False)
    for name in NAMES:
        found = outcomes(table, name, given.start)
        found.to_csv(given.to / f"{name}.csv", index=False)
        print(
            f"{name}: {len(found)} sellers, {found['n'].sum()} orders, "
            f"{found['events'].sum()} events ({found['events'].sum() / found['n'].sum():.1%})"
        )


if __name__ == "__main__":
    main()
