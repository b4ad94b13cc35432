"""One list of side columns: what reads an export, a frame, a scorecard, SQL and the boost."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from tests.export.sql_engines import duck
from tests.scorecard.one_signal import one_signal
from trustscore import score_frame
from trustscore.boost.files.candidates import SCORE_NUMBERS, SCORE_TEXTS
from trustscore.boost.table import boost_table
from trustscore.commands.export_sql import command as export_sql_command
from trustscore.errors import InputError, ScorecardError
from trustscore.export import SIDE, SIDE_BY_DEFAULT, export_sql, probe_rows
from trustscore.scorecard import parse_scorecard
from trustscore.scorecard.side_columns import (
    SIDE_COLUMNS,
    SIDE_NUMERIC,
    SIDE_TEXT,
    Reader,
    side_read_by,
)
from trustscore.scorecard.spec import MatchSpec, PeersSpec
from trustscore.scoring import score_columns

AS_OF = dt.date(2026, 1, 31)
IN_EXPORT = [*SIDE_TEXT, *SIDE_NUMERIC]
# A cell that is read, and one that cannot be.
CELLS = {
    "category": ("tea", None),
    "shop_type": ("flagship", None),
    "previous_tier": ("low", None),
    "tier_since": ("2026-01-30", "soon"),
    "enrolled": (1.0, 2.0),
    "claims_unpaid": (3.0, -1.0),
    "reviews_below": (0.0, -1.0),
    "pacing": (0.05, None),
}
# A scorecard on whose merchant every column tells, each in its own way.
DATA = one_signal() | {
    "overlays": {
        "tea": {"match": {"category": "tea"}, "signals": {"s": {"good": 5.0}}},
        "flag": {"match": {"shop_type": "flagship"}, "signals": {"s": {"good": 6.0}}},
    },
    "tiers": {
        "ladder": [{"id": "low", "at": 0, "entry": True}, {"id": "high", "at": 40}],
    },
}
CARD = parse_scorecard(DATA)


def frame(**cells):
    return pd.DataFrame({"merchant_id": ["m"], "value": [4.0]} | {k: [v] for k, v in cells.items()})


def test_every_column_has_cells_here():
    assert list(CELLS) == list(SIDE_COLUMNS)
    assert [column for column in SIDE_COLUMNS if column != "pacing"] == IN_EXPORT
    assert all(column.meaning and column.readers for column in SIDE_COLUMNS.values())


@pytest.mark.parametrize("name", IN_EXPORT)
def test_an_export_may_have_it_and_may_lack_it(name):
    assert score_frame(frame(), CARD)["trust_index"].notna().all()
    assert score_frame(frame(**{name: CELLS[name][0]}), CARD)["trust_index"].notna().all()


@pytest.mark.parametrize("name", [name for name in IN_EXPORT if CELLS[name][1] is not None])
def test_its_cells_are_checked(name):
    with pytest.raises(InputError, match=rf"{name}: "):
        score_frame(frame(**{name: CELLS[name][1]}), CARD)


@pytest.mark.parametrize("name", IN_EXPORT)
def test_a_scorecard_may_give_it_another_name(name):
    card = parse_scorecard(DATA | {"columns": {name: "their_word"}})
    wrong = CELLS[name][1]
    if wrong is None:
        assert score_frame(frame(their_word=CELLS[name][0]), card)["trust_index"].notna().all()
    else:
        with pytest.raises(InputError, match=rf"{name}: "):
            score_frame(frame(their_word=wrong), card)


@pytest.mark.parametrize("name", SIDE_TEXT)
def test_no_signal_may_read_its_text_as_a_number(name):
    with pytest.raises(ScorecardError, match=f"column {name} holds text"):
        parse_scorecard(one_signal(score=name))


@pytest.mark.parametrize("name", side_read_by(Reader.VARIANT))
def test_overlays_and_peer_groups_read_it(name):
    block = {"value": np.array([4.0, 4.0]), name: np.array(["none", CELLS[name][0]], dtype=object)}
    index = score_columns(block, CARD).trust_index
    assert index[1] > index[0]
    assert PeersSpec(by=(name,)).by == (name,)


def test_the_keys_of_a_match_are_these_columns():
    assert tuple(MatchSpec.model_fields) == side_read_by(Reader.VARIANT) == SIDE_BY_DEFAULT
    with pytest.raises(ScorecardError, match="must name category or shop_type"):
        parse_scorecard(DATA | {"overlays": {"none": {"match": {}}}})
    with pytest.raises(ScorecardError, match="Got 'categorie', did you mean category"):
        parse_scorecard(DATA | {"peers": {"by": ["categorie"]}})


def tier_of(value, **cells):
    given = {"previous_tier": "high", "tier_since": "2025-01-01", "reviews_below": 1.0} | cells
    kinds = {name: object if isinstance(cell, str) else float for name, cell in given.items()}
    block = {name: np.array([cell], dtype=kinds[name]) for name, cell in given.items()}
    return score_columns(block | {"value": np.array([value])}, CARD, as_of=AS_OF).tier[0]


@pytest.mark.parametrize(
    ("name", "value", "before", "after"),
    [
        # An index of 38 keeps the tier at 40, within the hysteresis, and does not enter it.
        ("previous_tier", 4.04, "high", "low"),
        # One of 6 falls out of it, unless it came there yesterday or was not below it before.
        ("tier_since", 1.5, "low", "high"),
        ("reviews_below", 1.5, "low", "high"),
    ],
)
def test_the_ladder_reads_it(name, value, before, after):
    changed = {"previous_tier": "low", "tier_since": "2026-01-30", "reviews_below": 0.0}
    assert (*changed,) == side_read_by(Reader.TIER)
    assert (tier_of(value), tier_of(value, **{name: changed[name]})) == (before, after)


@pytest.mark.parametrize("name", side_read_by(Reader.BOOST))
def test_scores_that_are_boosted_may_have_it(name):
    column = SIDE_COLUMNS[name]
    assert (name in SCORE_TEXTS) == (column.type == "text")
    assert SCORE_NUMBERS.get(name, "") == column.check
    scores = {
        "merchant_id": ["m"],
        "trust_index": [90.0],
        "index_se": [3.0],
        "prior_index": [71.0],
        "coverage": [0.9],
    }
    # Nobody gets a boost from a column of another length.
    with pytest.raises(InputError, match=f"{name} has 2 rows"):
        boost_table(scores | {name: [CELLS[name][0]] * 2})


@pytest.mark.parametrize("name", list(SIDE_COLUMNS))
def test_sql_may_read_it(name):
    side = [name]
    as_of = AS_OF if name == "tier_since" else None
    rows = probe_rows(CARD, side=side, as_of=as_of)
    assert len({str(cell) for cell in rows[name].tolist()}) > 1
    answer = duck(export_sql(CARD, side=side, as_of=as_of), rows)
    assert len(answer["trust_index"]) == len(rows["merchant_id"])


def test_sql_knows_no_other():
    assert list(SIDE_COLUMNS) == list(SIDE)
    with pytest.raises(InputError, match="enroled: is no optional column, did you mean enrolled"):
        export_sql(CARD, side=["enroled"])
    option = next(p for p in export_sql_command.params if p.name == "side")
    assert option.default == ",".join(SIDE_BY_DEFAULT)


def test_an_unknown_column_is_an_error_with_the_near_name():
    with pytest.raises(ScorecardError, match="unknown side column 'shoptype', did you mean shop"):
        SIDE_COLUMNS["shoptype"]
