"""One way to read a cell beside the signals: peers, overlays, neutral points, tiers, and SQL."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustscore.boost import BoostPolicy
from trustscore.boost.table import lean_parts
from trustscore.errors import PolicyError, ScorecardError
from trustscore.export.sql.fold import folded_text
from trustscore.export.sql.query import Query
from trustscore.fitting import fit_scorecard
from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.side_values import fold_side_column, fold_side_value
from trustscore.scoring import score_columns

SPELLINGS = [
    ("toys", ["toys", "Toys", " TOYS ", "toys\t", "\ntoys\r", "toys\xa0", "\u3000toys"]),
    ("toys", ["\ufefftoys\u200b", "to\xadys", "Ｔｏｙｓ", "ＴＯＹＳ\u200e "]),
    ("café", ["CAFÉ", "cafe\u0301", "CAFE\u0301", "ｃafé"]),
    (
        "cà phê sệt",
        ["ca\u0300 phe\u0302 se\u0302\u0323t", "CÀ PHÊ SE\u0323\u0302T", "cà phê sẹ\u0302t"],
    ),
    ("한국", ["\u1112\u1161\u11ab\u1100\u116e\u11a8", "하\u11ab국"]),
    ("ガーデン", ["ｶﾞｰﾃﾞﾝ", "カ\u3099ーテ\u3099ン"]),
    ("女", ["\uf981", "女"]),
    ("home & garden", ["Home &\xa0Garden", "home\t&\u3000garden", "ＨＯＭＥ ＆ garden"]),
    ("süsswaren", ["Süßwaren", "SÜSSWAREN", "süßwaren "]),
    ("gi\u0307yi\u0307m", ["GİYİM", "gi\u0307yi\u0307m", "Gİyİm "]),
    ("τροφοσ", ["ΤΡΟΦΟΣ", "τροφος"]),
    ("女装", ["女装", "女装 "]),
    ("12", ["12", 12, 12.0, np.float64(12), "12.0", "１２"]),
    ("-3", ["-3", -3.0, "-3.0 "]),
    ("1.50", ["1.50", "１.50"]),
    ("007.0", ["007.0"]),
    ("", ["", "  ", None, float("nan"), "\u3000\t"]),
]


@pytest.mark.parametrize(("folded", "cells"), SPELLINGS)
def test_spellings_of_one_value_are_one_value(folded, cells):
    assert {fold_side_value(cell) for cell in cells} == {folded}
    assert set(fold_side_column(np.array(cells, dtype=object))) == {folded}


def test_what_stands_inside_a_value_stays():
    assert fold_side_value("Home & Garden") == "home & garden"
    assert fold_side_value("home  garden") != fold_side_value("home garden")
    assert fold_side_value("cafe") != fold_side_value("café")
    assert fold_side_value("12.00") != fold_side_value("12")


@given(st.text(max_size=12))
def test_folding_twice_is_folding_once(text):
    assert fold_side_value(fold_side_value(text)) == fold_side_value(text)


def test_sql_reads_a_cell_as_python_does():
    duckdb = pytest.importorskip("duckdb")
    cells = [cell for _, cells in SPELLINGS for cell in cells if isinstance(cell, str)]
    words = list(dict.fromkeys(folded for folded, _ in SPELLINGS if folded))
    # What looks like one of them, or is one of them and a mark more.
    cells += [
        "cafe",
        "cafe\u0301\u0301",
        "s\u0323ệt",
        "home  &  garden",
        "12.00",
        "カーデン",
        "하국",
    ]
    con = duckdb.connect()
    con.execute("CREATE TABLE t (place INTEGER, category VARCHAR)")
    con.executemany("INSERT INTO t VALUES (?, ?)", [[i, cell] for i, cell in enumerate(cells)])
    query = Query(["place", "word"])
    place = query.source("place", "place")
    said = folded_text(query, query.source("category_text", "category"), words, "said")
    whens = " ".join(f"WHEN {said.is_one_of([word])} THEN '{word}'" for word in words)
    word = query.define("word", f"CASE {whens} ELSE '' END")
    found = con.execute(query.render("t", [("place", place), ("word", word)])).fetchall()
    known = [fold_side_value(cell) for cell in cells]
    assert [word for _, word in sorted(found)] == [w if w in words else "" for w in known]
    assert known.count("") < known.count("toys")


def card(scale=1.0, **parts):
    return parse_scorecard(
        {
            "name": "c",
            "version": "1",
            "effective_from": "2026-01-01",
            "index": {"strength_scale": scale},
            "dimensions": {"d": {"weight": 1}},
            "signals": {
                "d": {
                    "a": {
                        "stage": "use",
                        "rate": ["k", "n"],
                        "poor": 0.5,
                        "good": 0,
                        "weight": 1,
                        "prior": 0.1,
                        "strength": 100,
                    }
                }
            },
            **parts,
        }
    )


def block(categories):
    rows = len(categories)
    return {
        "merchant_id": np.array([f"m{i}" for i in range(rows)], dtype=object),
        "category": np.array(categories, dtype=object),
        "k": np.full(rows, 30.0),
        "n": np.full(rows, 100.0),
    }


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_strength_scale_reaches_every_strength_that_the_file_states(scale):
    """By hand: 100 orders against a strength of 100 times the scale."""
    found = card(
        scale,
        peers={"priors": {"p": {"a": {"prior": 0.1, "strength": 100}}, "q": {"a": {"prior": 0.1}}}},
        overlays={
            "o": {"match": {"category": "o"}, "signals": {"a": {"strength": 100}}},
            "both": {"match": {"category": "p2"}, "signals": {"a": {"prior": 0.2}}},
        },
    )
    scores = score_columns(block(["base", "p", "q", "o", "p2"]), found)
    assert scores.coverage == pytest.approx(100 / (100 + 100 * scale))


def test_groups_that_read_alike_are_a_fault_and_not_the_later_one():
    prior = {"a": {"prior": 0.1, "strength": 100}}
    with pytest.raises(ScorecardError, match=r"peers.priors.toys : is read as Toys"):
        card(peers={"priors": {"Toys": prior, "toys ": prior}})
    policy = BoostPolicy.load("boost").model_dump()
    for wrong, says in (
        ({"Toys": 70, "toys ": 71}, "'toys ' is read as 'Toys'"),
        ({" ": 70}, "must not be blank"),
    ):
        policy["neutral"]["by_category"] = wrong
        with pytest.raises(PolicyError, match=says):
            BoostPolicy.parse(policy)


def test_a_neutral_point_meets_every_spelling_of_its_category():
    policy = BoostPolicy.load("boost").model_dump()
    policy["neutral"]["by_category"] = {"Toys": 60.0}
    columns = {
        "merchant_id": np.array(list("abcd"), dtype=object),
        "category": np.array(["toys", "TOYS\t", "\u3000Toys ", "jade"], dtype=object),
        "trust_index": np.full(4, 80.0),
        "index_se": np.full(4, 1.0),
        "prior_index": np.full(4, 70.0),
        "coverage": np.full(4, 1.0),
    }
    found = lean_parts(columns, BoostPolicy.parse(policy)).neutral
    assert found.tolist() == [60.0, 60.0, 60.0, BoostPolicy.load("boost").neutral.point]


def test_a_fit_writes_into_the_group_that_the_file_spells_in_its_own_way():
    rng = np.random.default_rng(0)
    high = np.arange(900) % 2 == 0
    data = block(np.where(high, "Toys ", "JADE"))
    data["k"] = rng.binomial(100, np.where(high, 0.3, 0.1)).astype(float)
    before = card(peers={"priors": {"Toys": {"a": {"prior": 0.5, "strength": 9}}}})
    after = fit_scorecard(data, before, priors=True).scorecard
    assert set(after.file.peers.priors) == {"Toys", "jade"}
    assert after.peers.priors["toys",]["a"][0] == pytest.approx(0.3, abs=0.02)
