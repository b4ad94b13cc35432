"""No id of another merchant comes out of a guess at the encoding."""

import pytest

from trustscore.errors import InputError
from trustscore.io.whole_table import read_table

TABLE = "item_id,merchant_id,relevance\ni1,Müller,0.9\ni2,anna,0.8\n"


def read(path, **options):
    found = read_table(path, {"relevance": "number"}, ["item_id", "merchant_id"], **options)
    return found.columns["merchant_id"].tolist()


def test_merchants_of_a_table_named_by_items_are_not_guessed(tmp_path):
    path = tmp_path / "candidates.csv"
    path.write_bytes(TABLE.encode("cp1252"))
    with pytest.raises(InputError, match=r"line 2: is not UTF-8.*merchant_id.*give the `encoding`"):
        read(path)
    assert read(path, encoding="cp1252") == ["Müller", "anna"]


def test_json_lines_are_held_to_the_same(tmp_path):
    path = tmp_path / "candidates.jsonl"
    text = '{"item_id": "i1", "merchant_id": "Müller", "relevance": 0.9}\n'
    path.write_bytes(text.encode("cp1252"))
    with pytest.raises(InputError, match="UTF-8"):
        read(path)


def test_other_texts_may_be_guessed(tmp_path):
    path = tmp_path / "candidates.csv"
    path.write_bytes(TABLE.replace("i2", "größe").replace("Müller", "m1").encode("cp1252"))
    # The item names the row: that is an id too.
    with pytest.raises(InputError, match="UTF-8"):
        read(path)
    path.write_bytes(
        TABLE.replace("Müller", "m1")
        .replace("item_id,", "item_id,note,")
        .replace("i1,", "i1,größe,")
        .replace("i2,", "i2,,")
        .encode("cp1252")
    )
    assert read(path) == ["m1", "anna"]
