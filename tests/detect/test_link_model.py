"""Linking records: forms, levels, what is learnt, bad input, and real files of known pairs."""

import builtins
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trustscore.detect.link.forms import Forms, name_words, street_keys
from trustscore.detect.link.learning import learn
from trustscore.detect.link.model import LinkNotInstalled
from trustscore.detect.settings import load_settings, parse_settings
from trustscore.errors import InputError, ScorecardError

SPEC = load_settings().link
FORMS = Forms(SPEC.legal_forms, SPEC.regions, SPEC.letters)
FIELDS = {"name": "name", "address": "address", "phone": "phone", "email": "email"}


def link(left, right=None, fields=FIELDS, **how):
    """Link frames; the test skips without splink."""
    pytest.importorskip("splink")
    from trustscore.detect.link.frame import link_records

    return link_records(left, right, fields=fields, **how)


def shops(count, start=0, prefix="s"):
    """Shops that have nothing in common."""
    names = np.random.default_rng(start).permutation(900_000)[:count] + 100_000
    words = ["".join(chr(97 + int(d) * 2) for d in str(n)) for n in names]
    rows = range(start, start + count)
    return pd.DataFrame(
        {
            "name": [f"{word} goods" for word in words],
            "address": [f"{n % 89 + 1} {w} street" for n, w in zip(rows, words, strict=True)],
            "phone": [f"138{n:08d}" for n in rows],
            "email": [f"u{n}@example.com" for n in rows],
        },
        index=[f"{prefix}{n:04d}" for n in rows],
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("广州市好货贸易有限公司", "好货貿易（个体工商户）"),
        ("ＡＣＭＥ  Trading, Ltd.", "acme trading"),
        ("Café Zoë GmbH", "cafe zoe"),
        ("深圳好货", "好货 有限责任公司"),
        ("Blue\u200b Whale 🐳 Co., Limited", "blue whale"),
    ],
)
def test_names_that_are_one(one, other):
    pytest.importorskip("opencc")
    assert FORMS.name(one) == FORMS.name(other) != ""


@pytest.mark.parametrize("name", ["", " ", "🐳🐳", "--", "\u200b", "。，"])
def test_names_that_say_nothing(name):
    assert FORMS.name(name) == ""


def test_a_name_of_nothing_but_regions_and_forms_stays():
    assert FORMS.name("广州市") == "广州市"
    assert FORMS.name("China Ltd") == "china ltd"


def test_addresses_keep_their_numbers():
    one, other = FORMS.address("广州市天河区体育东路100号1203室"), FORMS.address(
        "天河区体育东路１００号 1203"
    )  # fmt: skip
    assert one.words == other.words == "100 1203 体育东路 天河区"
    assert one.numbers == "100 1203"
    assert FORMS.address("天河区体育东路100号1204室").house == one.house
    assert "100 体育东路" in set(street_keys(one))


def test_long_texts_are_cut():
    name = "word " * 800
    assert len(name) == 4000
    assert len(FORMS.name(name)) <= SPEC.letters
    assert len(FORMS.address("12 " + "街道" * 2000).words) <= SPEC.letters
    assert len(list(name_words(FORMS.name("好" * 4000)))) < SPEC.letters


def test_learning_without_true_pairs_stays_at_the_start():
    start = [[0.4, 0.6]]
    found = learn(
        np.zeros((50, 1), dtype=np.int64), np.full((50, 1), 0.1), start, np.ones(50, dtype=bool),
        strength=20, expected=1, pairs=1e6,
    )  # fmt: skip
    assert found.probability.max() < 1e-5
    assert found.shares[0] == pytest.approx([0.4, 0.6], abs=1e-4)
    assert found.prior == pytest.approx(np.log2(1e-6 / (1 - 1e-6)))


def test_learning_by_hand():
    # A thousand sure pairs of which a quarter differ in the second field.
    second = np.r_[np.zeros(250, np.int64), np.ones(750, np.int64)]
    levels = np.stack([np.ones(1000, np.int64), second], axis=1)
    evidence = np.stack([np.full(1000, 60.0), np.where(second > 0, 10.0, 0.0)], axis=1)
    found = learn(
        levels, evidence, [[0.5, 0.5], [0.5, 0.5]], np.ones(1000, dtype=bool),
        strength=20, expected=10, pairs=1e6,
    )  # fmt: skip
    assert found.shares[1][0] == pytest.approx((250 + 10) / 1020)
    assert found.shares[0][1] == pytest.approx(1010 / 1020)
    assert found.prior == pytest.approx(np.log2(1e-3 / (1 - 1e-3)), abs=1e-6)
    assert found.weights[0, 1] == pytest.approx(np.log2(260 / 1020))


def test_the_same_shop_under_another_spelling():
    old = shops(200)
    new = shops(200, 1000, "n")
    row = ["Mighty Whale Ltd", "44 harbour lane, flat 7", "139 1234 5678", "w.hale@gmail.com"]
    old.loc["gone"] = row
    new.loc["back"] = [
        "MIGHTY  WHALE",
        "Harbour Lane 44 flat 7",
        "+86 13912345678",
        "whale+x@gmail.com",
    ]
    new.loc["else"] = ["Mighty Whale Ltd", None, None, None]
    found = link(new, old, least=0).set_index(["left", "right"])
    assert found.loc[("back", "gone"), "probability"] > 0.999
    levels = [f"{field}_level" for field in FIELDS]
    assert found.loc[("back", "gone"), levels].tolist() == ["same"] * 4
    total = found.filter(like="_weight").sum(axis=1) + found.attrs["prior"]
    assert found["probability"].to_numpy() == pytest.approx(1 / (1 + np.exp2(-total)).to_numpy())
    # A name alone is not enough, and what is missing says nothing.
    alone = found.loc[("else", "gone")]
    assert alone["probability"] < 0.9
    assert alone["phone_level"] == "missing" and alone["phone_weight"] == 0


@pytest.mark.slow
def test_the_order_of_rows_does_not_matter():
    old, new = shops(120), shops(120, 60, "n")
    new["name"] = [name[::-1] if at % 3 else name for at, name in enumerate(new["name"])]
    first = link(new, old, least=0)
    again = link(new.sample(frac=1, random_state=1), old.sample(frac=1, random_state=2), least=0)
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert first.attrs == again.attrs and len(first) > 50


@pytest.mark.slow
def test_pairs_within_one_list():
    both = pd.concat([shops(150), shops(30).set_axis([f"t{n}" for n in range(30)])])
    found = link(both)
    assert len(found) == 30
    assert {right[1:] for right in found["right"]} == {str(n) for n in range(30)}


@pytest.mark.slow
@pytest.mark.parametrize("alone", [True, False])
def test_one_to_one(alone):
    old = shops(100)
    new = pd.concat([old.iloc[:10].set_axis([f"{x}{n}" for n in range(10)]) for x in "ab"])
    lists = (pd.concat([old, new]), None) if alone else (new, old)
    many, few = link(*lists), link(*lists, one_to_one=True)
    assert len(many) == (30 if alone else 20) and len(few) == 10
    assert few["right"].is_unique and few["left"].is_unique
    assert not (alone and set(few["left"]) & set(few["right"]))


@pytest.mark.slow
def test_without_one_who_says_who_it_is_a_pair_is_a_household():
    old, new = shops(300), shops(300, 1000, "n")
    new.iloc[0, 1:] = old.iloc[0, 1:]
    found = link(new, old, least=0).iloc[0]
    assert found["probability"] > 0.95
    with_who = link(new, old, least=0, who={"name": "close"}).iloc[0]
    assert with_who["probability"] == SPEC.household


@pytest.mark.slow
def test_shop_12_is_not_shop_13():
    names = pd.DataFrame({"name": [f"corner shop {n}" for n in range(100, 160)]})
    found = link(names, fields={"name": "name"}, least=0)
    assert set(found["name_level"]) <= {"like", "differs"}


@pytest.mark.slow
def test_neighbours_of_a_tower_say_nothing():
    old, new = shops(50), shops(50, 1000, "n")
    old["address"] = [f"88 century avenue tower 2 room {n}" for n in range(50)]
    new["address"] = [f"88 century avenue tower 2 room {n}" for n in range(100, 150)]
    new.iloc[0, 1:3] = old.iloc[0, 1:3]
    new.iloc[1, 2] = old.iloc[1, 2]
    found = link(new, old, least=0).set_index(["left", "right"])
    assert found.loc[("n1000", "s0000"), "address_level"] == "same"
    assert found.loc[("n1001", "s0001"), "address_level"] == "missing"


@pytest.mark.slow
@pytest.mark.parametrize("rows", [(0, 0), (0, 5), (5, 0), (1, 1)])
def test_lists_without_rows(rows):
    left, right = shops(rows[0]), shops(rows[1], 100, "r")
    found = link(left, right)
    assert len(found) == 0
    assert list(found.columns[:3]) == ["left", "right", "probability"]
    assert len(link(left)) == 0


@pytest.mark.slow
def test_values_of_every_kind_of_dirt():
    dirt = [None, np.nan, pd.NA, "", "  ", "🐳" * 4000, "x" * 4000, "'; DROP TABLE a; --", 3.0,
            "中文abcДа", "\x00\x1b[31m", "\u202eevil", "NULL", "#", "好" * 4000, "a_l",
            10**30, True]  # fmt: skip
    both = pd.DataFrame(dict.fromkeys(FIELDS, dirt))
    found = link(both, both.copy(), least=0)
    assert found["probability"].between(0, 1).all()
    nothing = pd.DataFrame({name: [None] * 4 for name in FIELDS}, dtype=object)
    assert len(link(nothing, nothing.copy(), least=0)) == 0


@pytest.mark.slow
def test_fields_with_hostile_names():
    name = 'a"; DROP TABLE pairs; --'
    both = shops(20).rename(columns={"name": name})
    found = link(both, both.copy(), fields={name: "name", "phone": "key"})
    assert len(found) == 20 and f"{name}_level" in found


def test_every_fault_at_once():
    left = shops(2)
    left.index = ["x", "x"]
    with pytest.raises(InputError) as refused:
        link(left, shops(2), fields={"name_": "name", "phone": "telephone"},
             who={"phnoe": "same", "name_": "alike"})  # fmt: skip
    said = "\n".join(refused.value.faults)
    for part in (
        "left: no column name_, did you mean name?", "right: no column name_",
        "phone must be one of name, address", "labels of its index twice",
        "who: phnoe is no field, did you mean phone?", "who: name_ must be one of like",
    ):  # fmt: skip
        assert part in said, part
    with pytest.raises(InputError, match="cannot be linked"):
        link(shops(2), fields={})


def test_without_splink(monkeypatch):
    from trustscore.detect.link.frame import link_records

    for name in [name for name in sys.modules if name.split(".")[0] == "splink"]:
        monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.split(".")[0] == "splink":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LinkNotInstalled, match="splink, which is not installed"):
        link_records(shops(3), fields={"name": "name"})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"who": {"phnoe": "same"}}, "who.phnoe is none of"),
        ({"who": {"phone": "close"}}, "who.phone can only be the same"),
        ({"name": {"like": 0.9, "close": 0.8}}, "close must be above like"),
        ({"start": {"key": [0.5, 0.6]}}, "must add up to 1"),
        ({"returning": 0}, "returning"),
        ({"letters": 100_000}, "letters"),
        ({"quue": 1}, "unknown key, did you mean queue?"),
    ],
)
def test_settings_that_cannot_be(changed, said):
    with pytest.raises(ScorecardError) as refused:
        parse_settings({"name": "x", "version": "1.0.0", "link": changed})
    assert said in "\n".join(refused.value.faults)


def _data(name):
    folder = os.environ.get("TRUSTSCORE_DATA")
    path = Path(folder or "nowhere", "linkage", name)
    if not path.exists():
        pytest.skip("TRUSTSCORE_DATA has no such file")
    return path


@pytest.mark.slow
def test_febrl_3():
    people = pd.read_csv(_data("febrl_dataset3.csv"), dtype=str, skipinitialspace=True)
    people = people.rename(columns=str.strip).set_index("rec_id")
    parts = people[["street_number", "address_1", "address_2"]].fillna("")
    people["address"] = parts.agg(" ".join, axis=1)
    found = link(people, fields={
        "given_name": "name", "surname": "name", "address": "address", "suburb": "name",
        "postcode": "key", "state": "class", "date_of_birth": "key", "soc_sec_id": "key",
    })  # fmt: skip
    who = pd.Series(people.index.str.split("-").str[1], index=people.index)
    sizes = who.value_counts()
    true = int((sizes * (sizes - 1) // 2).sum())
    right = who[found["left"]].to_numpy() == who[found["right"]].to_numpy()
    assert right.mean() >= 0.998
    assert right.sum() / true >= 0.985


@pytest.mark.slow
def test_restaurants():
    one, other = (pd.read_csv(_data(f"{name}.csv"), dtype=str).set_index("id")
                  for name in ("fodors", "zagats"))  # fmt: skip
    pairs = pd.read_csv(_data("matches_fodors_zagats.csv"), dtype=str)
    true = set(zip(pairs["fodors_id"], pairs["zagats_id"], strict=True))
    fields = {"name": "name", "addr": "address", "city": "name", "phone": "phone", "type": "class"}
    found = link(one, other, fields=fields, one_to_one=True)
    right = len(true & set(zip(found["left"], found["right"], strict=True)))
    assert right / len(found) >= 0.97
    assert right / len(true) >= 0.97
