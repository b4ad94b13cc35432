"""
Sum items up to merchants
=========================

Some exports have a row for each item. A scorecard wants one for each merchant.

Run it with ``python examples/wish_merchants.py ITEMS.csv MERCHANTS.csv``, then
``trustscore audit MERCHANTS.csv --scorecard examples/wish.toml -o audit``.
Without files it sums up three items made up below.
"""

import io
import sys

import pandas as pd

ITEMS = """\
product_id,merchant_id,price,shipping_option_price,rating,rating_count,rating_five_count,\
rating_four_count,rating_three_count,rating_two_count,rating_one_count,badge_product_quality,\
badge_fast_shipping,merchant_rating,merchant_rating_count
p1,a,10,2,4.25,4,2,1,1,0,0,1,0,4.1,900
p2,a,5,2,1.0,1,0,0,0,0,1,0,0,4.1,900
p3,b,8,3,5.0,0,,,,,,0,1,3.9,12
"""


def merchants_of(items: pd.DataFrame) -> pd.DataFrame:
    items = items.drop_duplicates("product_id")
    # An item that nobody rated is shown with five stars; it has no stars to count.
    stars = (items["rating"] * items["rating_count"]).where(items["rating_count"] > 0, 0.0)
    counted = pd.DataFrame(
        {
            "merchant_id": items["merchant_id"],
            "items_listed": 1,
            "product_ratings": items["rating_count"],
            "stars": stars,
            "negative_ratings": items[["rating_one_count", "rating_two_count"]].sum(axis=1),
            "items_quality_badge": items["badge_product_quality"],
            "items_fast_shipping": items["badge_fast_shipping"],
            "freight": items["shipping_option_price"] / items["price"],
        }
    )
    merchants = counted.groupby("merchant_id").sum()
    rated = merchants["product_ratings"] > 0
    mean = merchants.pop("stars") / merchants["product_ratings"].where(rated)
    merchants["product_rating_mean"] = mean.clip(1, 5).round(4)
    merchants["freight_to_price_ratio"] = merchants.pop("freight") / merchants["items_listed"]
    record = items.groupby("merchant_id")[["merchant_rating", "merchant_rating_count"]].last()
    merchants["merchant_ratings"] = record["merchant_rating_count"]
    merchants["merchant_rating_mean"] = record["merchant_rating"].where(
        record["merchant_rating_count"] > 0
    )
    return merchants.reset_index()


if len(sys.argv) == 3:
    merchants_of(pd.read_csv(sys.argv[1])).to_csv(sys.argv[2], index=False)
    print(f"wrote {sys.argv[2]}")
else:
    print(merchants_of(pd.read_csv(io.StringIO(ITEMS))).T.to_string(header=False))
