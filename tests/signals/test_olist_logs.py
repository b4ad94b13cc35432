"""The raw tables of Olist give the exports that were made of them by hand."""

from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from trustscore.batch.files import score_files
from trustscore.scorecard import load_scorecard
from trustscore.signals import load_definitions
from trustscore.signals.against import disagreements, missing_columns
from trustscore.signals.files import write_signals

MAPPING = Path(__file__).resolve().parents[2] / "examples" / "olist_logs.toml"
# The given exports are rounded to 4 decimals.
ROUNDED = 5.1e-5


def test_the_definitions_make_what_the_scorecard_reads():
    definitions, card = load_definitions("olist"), load_scorecard("olist")
    assert not missing_columns(definitions, card)
    assert not disagreements(definitions, card)


@pytest.mark.parametrize(
    ("day", "sellers"),
    [("2018-03-01", 1714), pytest.param("2017-12-01", 1384, marks=pytest.mark.slow)],
)
def test_raw_tables_give_the_export(day, sellers, trustscore_data, tmp_path):
    olist, out = trustscore_data / "olist", tmp_path / "merchants.csv"
    write_signals(
        olist,
        out,
        as_of=date.fromisoformat(day),
        definitions="olist",
        mapping=MAPPING,
        allow_short_logs=True,
    )
    ours = pd.read_csv(out, dtype={"merchant_id": str}).set_index("merchant_id")
    given = pd.read_csv(olist / f"merchants_{day}.csv", dtype={"merchant_id": str})
    given = given.set_index("merchant_id")
    assert len(given) == sellers
    assert set(ours.index) == set(given.index)
    assert set(ours.columns) == set(given.columns)
    ours = ours.loc[given.index]
    # Of a seller none of whose buyers is known the export leaves the repeated ones blank.
    unknown = given["buyers"] == 0
    assert unknown.sum() == 3
    assert (ours.loc[unknown, "buyers_repeat"] == 0).all()
    given.loc[unknown, "buyers_repeat"] = 0
    for column in given.columns.drop("category"):
        gap = (ours[column] - given[column]).abs()
        assert (ours[column].isna() == given[column].isna()).all(), column
        whole = (given[column].dropna() % 1 == 0).all()
        assert gap.max() <= (0 if whole else ROUNDED), column
    _same_categories(ours["category"], given["category"], olist, day)


def test_both_exports_score_alike(trustscore_data, tmp_path):
    olist, made = trustscore_data / "olist", tmp_path / "merchants.csv"
    cut = date(2018, 3, 1)
    write_signals(
        olist, made, as_of=cut, definitions="olist", mapping=MAPPING, allow_short_logs=True
    )
    scores = []
    for number, export in enumerate((made, olist / "merchants_2018-03-01.csv")):
        out = tmp_path / f"scores-{number}.csv"
        score_files(export, out, scorecard="olist")
        scores.append(pd.read_csv(out).set_index("merchant_id"))
    ours, given = scores
    given = given.loc[ours.index]
    # Means of the given export are rounded, which moves an index in its third decimal.
    assert (ours["trust_index"] - given["trust_index"]).abs().max() < 0.01
    assert (ours["tier"].fillna("") == given["tier"].fillna("")).all()


def _same_categories(ours, given, olist, day):
    """Categories are the same, but where several are as frequent: then one of these."""
    items = pd.read_csv(olist / "olist_order_items_dataset.csv")
    orders = pd.read_csv(olist / "olist_orders_dataset.csv")
    products = pd.read_csv(olist / "olist_products_dataset.csv")
    words = pd.read_csv(olist / "product_category_name_translation.csv")
    lines = items.merge(orders, on="order_id").merge(products, on="product_id", how="left")
    lines = lines[lines["order_purchase_timestamp"] < day].merge(
        words, on="product_category_name", how="left"
    )
    ties = 0
    for seller, names in lines["product_category_name_english"].groupby(lines["seller_id"]):
        count = Counter(names.dropna()) or Counter(["unknown"])
        top = {name for name, n in count.items() if n == max(count.values())}
        ties += len(top) > 1
        assert ours[seller] in top
        assert given[seller] in top
    assert 0 < ties < 80
