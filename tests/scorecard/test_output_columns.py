"""One list of columns: what is written, in memory, in SQL, described, and read back."""

import csv
import dataclasses
import re

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.export.sql_engines import duck
from trustscore import TrustScorer, score_files, score_frame, simulate_export
from trustscore.batch.output import score_columns_out
from trustscore.boost.files.candidates import read_scores
from trustscore.boost.table import NEEDED
from trustscore.errors import ScorecardError
from trustscore.export import expected_scores, export_sql, probe_rows
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scorecard.output_columns import EACH_DIMENSION, OUTPUT_COLUMNS, columns_of

CARD = load_scorecard("default")
COLUMNS = columns_of(dimension.id for dimension in CARD.dimensions)
NAMES = [column.name for column in COLUMNS]
NUMBERS = [column for column in COLUMNS if column.type == "number"]


@pytest.fixture(scope="module")
def export():
    return simulate_export(60, seed=2)


@pytest.fixture(scope="module")
def files(export, tmp_path_factory):
    """The same scores as CSV and as Parquet."""
    folder = tmp_path_factory.mktemp("scores")
    with (folder / "export.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(export)
        for row in zip(*(values.tolist() for values in export.values()), strict=True):
            writer.writerow(["" if cell is None or cell != cell else cell for cell in row])
    for suffix in ("csv", "parquet"):
        score_files([folder / "export.csv"], folder / f"scores.{suffix}")
    return folder


def test_the_dimensions_stand_in_their_place():
    assert [
        *("merchant_id", "trust_index", "trust_index_lower", "trust_index_upper", "index_se"),
        *("prior_index", "tier", "status", "coverage"),
        *(dimension.id for dimension in CARD.dimensions),
        *("rules", "veto", "trust_boost", "reasons", "scorecard"),
    ] == NAMES
    assert all(column.meaning for column in COLUMNS)


def test_files_and_frames_have_them_in_this_order(files, export):
    with (files / "scores.csv").open() as file:
        assert next(csv.reader(file)) == NAMES
    assert pq.read_schema(files / "scores.parquet").names == NAMES
    assert list(score_frame(dict(export)).columns) == NAMES


def test_their_types_are_those_of_tables_and_of_spark():
    # Spark takes its schema from the same columns.
    said = {name: str(kind) for name, kind in score_columns_out(CARD, ["city"]).items()}
    known = {"text": "string", "number": "double"}
    assert said == {c.name: known[c.type] for c in COLUMNS} | {"city": "string"}


@pytest.mark.parametrize("column", NUMBERS, ids=lambda column: column.name)
def test_text_files_have_its_decimals_and_other_forms_all_digits(column, files):
    with (files / "scores.csv").open() as file:
        cells = [row[column.name] for row in csv.DictReader(file)]
    exact = pq.read_table(files / "scores.parquet")[column.name].to_numpy()
    assert {len(cell.partition(".")[2]) for cell in cells if cell} == {column.decimals}
    read = np.array([float(cell or "nan") for cell in cells])
    np.testing.assert_allclose(read, exact, rtol=0, atol=0.51 * column.unit)
    assert 0.5 * column.unit < column.rounding < 2 * column.unit


@pytest.mark.parametrize("column", NUMBERS, ids=lambda column: column.name)
def test_it_stays_in_its_range(column, files):
    values = pq.read_table(files / "scores.parquet")[column.name].to_numpy()
    known = values[~np.isnan(values)]
    assert len(known) > 30
    assert column.low <= known.min()
    assert known.max() <= column.high


def test_sql_answers_them_in_the_same_order():
    wanted = [column.name for column in COLUMNS if column.sql]
    assert [name for name in NAMES if name not in wanted] == ["reasons", "scorecard"]
    rows = {name: values[:20] for name, values in probe_rows(CARD).items()}
    assert list(duck(export_sql(CARD), rows)) == wanted
    assert list(expected_scores(rows, CARD)) == wanted


def test_the_transformer_gives_the_numbers_of_the_scorecard(export):
    scorer = TrustScorer().fit(score_ready(export))
    names = scorer.get_feature_names_out().tolist()
    assert sorted(names) == sorted(c.name for c in NUMBERS if not c.by_policy)
    assert [name for name in names if name in OUTPUT_COLUMNS] == [
        c.name for c in NUMBERS if not c.by_policy and c.name in OUTPUT_COLUMNS
    ]


def score_ready(export):
    import pandas as pd

    return pd.DataFrame(dict(export)).drop(columns=["merchant_id"])


def test_the_boost_reads_back_what_was_written(files):
    for suffix in ("csv", "parquet"):
        read = read_scores(files / f"scores.{suffix}").columns
        assert {*NEEDED, "trust_boost", "veto", "status", "tier", "scorecard"} <= {*read}


@pytest.mark.parametrize("name", [*OUTPUT_COLUMNS, "index"])
def test_no_dimension_may_take_its_name(name):
    data = {
        "name": "one",
        "version": "1",
        "effective_from": "2026-01-01",
        "dimensions": {name: {"weight": 1}},
        "signals": {name: {"s": {"stage": "use", "weight": 1, "score": True, "prior": 1}}},
    }
    data["signals"][name]["s"] |= {"poor": 0, "good": 2}
    with pytest.raises(ScorecardError, match="is the name of a column of the scores"):
        parse_scorecard(data)


def described(text):
    """Return the names in the first cells of a page's table of columns, in their order."""
    table = re.search(r"^\| [Cc]olumn \| [Mm]eaning \|\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    cells = [line.split("|")[1] for line in table[1].splitlines()]
    named = [re.findall(r"`(\w+)`", cell) or [EACH_DIMENSION.name] for cell in cells]
    assert sum(cell.strip() == "one column for each dimension" for cell in cells) == 1
    return [name for names in named for name in names]


@pytest.mark.parametrize("page", ["README.md", "docs/user_guide/score.md"])
def test_the_pages_describe_every_column_in_order(page, repository):
    names = described((repository / page).read_text(encoding="utf-8"))
    assert names == [column.name for column in columns_of([EACH_DIMENSION.name])]


def test_the_page_on_sql_lists_what_sql_answers(repository):
    text = (repository / "docs/user_guide/sql.md").read_text(encoding="utf-8")
    said = re.search(r"The answer has one row a merchant:(.*?)\. ", text, re.DOTALL)[1]
    names = re.findall(r"\w+", " ".join(re.findall(r"`(.*?)`", said, re.DOTALL)))
    assert names == [column.name for column in OUTPUT_COLUMNS.values() if column.sql]
    before, after = said.split("one column for each dimension")
    place = len(re.findall(r"\w+", " ".join(re.findall(r"`(.*?)`", before, re.DOTALL))))
    assert [c.name for c in columns_of(["x"]) if c.sql].index("x") == place
    assert after


def test_an_unknown_column_is_an_error_with_the_near_name():
    with pytest.raises(ScorecardError, match="column of the scores 'trust_idex', did you mean"):
        OUTPUT_COLUMNS["trust_idex"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        OUTPUT_COLUMNS["tier"].name = "rung"
