"""Real exports: every row scored or rejected with a reason. Needs TRUSTSCORE_DATA."""

import json

import pytest

from trustscore.batch.files import score_files
from trustscore.commands.main import main


def test_the_airbnb_scorecard_is_sound(repository, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["check", "--scorecard", str(repository / "examples" / "airbnb.toml"), "--json"])
    assert stop.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"]
    assert 50 < found["unknown"]["raw_index"] < 70


@pytest.mark.data
def test_every_airbnb_listing_comes_out(trustscore_data, repository, tmp_path):
    exports = sorted((trustscore_data / "airbnb_boston").glob("*.csv.gz"))
    assert exports
    card = repository / "examples" / "airbnb.toml"
    report = score_files(exports, tmp_path / "s.csv", scorecard=card)
    counts = report.manifest["rows"]
    assert counts["read"] == counts["scored"] + counts["rejected"] == 2959
    assert counts["rejected"] == sum(report.manifest["rejected"].values()) == 0
    # Who collects from outside cannot tell what is held back: a blank is unknown.
    assert report.manifest["withheld"] == {}


@pytest.mark.data
@pytest.mark.parametrize(("day", "rows"), [("2017-12-01", 1384), ("2018-03-01", 1714)])
def test_every_olist_seller_is_scored(day, rows, trustscore_data, tmp_path):
    export = trustscore_data / "olist" / f"merchants_{day}.csv"
    report = score_files(export, tmp_path / "s.csv", scorecard="olist")
    assert report.manifest["rows"] == {"read": rows, "scored": rows, "rejected": 0}
