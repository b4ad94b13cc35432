"""Files that are no exports of merchants are named as what they are, in one sentence."""

import pandas as pd
import pytest

from tests.io.exports import HEADER, MINIMAL, row, write_csv
from trustscore.batch.files import score_files
from trustscore.batch.frame import score_frame
from trustscore.errors import InputError

BAD = row("m2", complaints="-1")


@pytest.mark.parametrize("allowed", [False, True])
def test_what_a_run_wrote_is_not_scored_again(tmp_path, allowed):
    export = write_csv(tmp_path / "e.csv", [row("m1"), BAD])
    report = score_files(
        export,
        tmp_path / "s.csv",
        scorecard=MINIMAL,
        contributions=tmp_path / "c.csv",
    )
    kinds = {
        "s.csv": "a file of scores",
        "c.csv": "a file of contributions",
        report.rejects: "a file of rejected rows",
    }
    if allowed:
        # It has a column for each signal, and signals may be called like columns.
        del kinds["c.csv"]
    for name, what in kinds.items():
        with pytest.raises(InputError, match=f"is {what}, not an export of merchants") as caught:
            score_files(
                tmp_path / name,
                tmp_path / "x.csv",
                scorecard=MINIMAL,
                allow_missing_columns=allowed,
            )
        assert len(caught.value.faults) == 1
    with pytest.raises(InputError, match="is a file of scores"):
        score_frame(pd.read_csv(tmp_path / "s.csv"), MINIMAL, allow_missing_columns=allowed)


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("query_id,item_id,merchant_id,relevance", "a list of candidates"),
        ("merchant_id,n,events", "a file of outcomes"),
        ("merchant_id,label", "a file of outcomes"),
        ("merchant_id,trust_boost", "a table of boosts"),
    ],
)
def test_files_for_other_commands_are_named(tmp_path, header, what):
    path = tmp_path / "e.csv"
    path.write_text(f"{header}\n")
    with pytest.raises(InputError, match=f"is {what}, not an export"):
        score_files(path, tmp_path / "x.csv", scorecard=MINIMAL)


def test_an_export_with_kept_columns_of_a_score_file_is_an_export(tmp_path):
    names = ["trust_index", "coverage", "status", "scorecard"]
    path = write_csv(tmp_path / "e.csv", [[*row("m1"), "", "", "", ""]], header=[*HEADER, *names])
    report = score_files(path, tmp_path / "x.csv", scorecard=MINIMAL)
    assert report.manifest["rejected"] == {}


def test_a_table_without_any_column_is_one_sentence(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("merchant_id,foo\na,1\n")
    with pytest.raises(InputError, match="has none of the 143 columns") as caught:
        score_files(path, tmp_path / "x.csv")
    assert len(caught.value.faults) == 1
