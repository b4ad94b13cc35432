"""The files of ``trustscore simulate``."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from trustscore.commands.simulate import command
from trustscore.errors import InputError
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.presets import preset_folder
from trustscore.simulate import simulate_export
from trustscore.simulate.files import write_market


def read(path):
    opened = gzip.open if Path(path).suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def cell(text):
    return np.nan if text == "" else float(text)


def test_a_csv_holds_the_export_and_its_truth(tmp_path):
    path = tmp_path / "export.csv"
    write_market(path, 300, seed=7)
    export = simulate_export(300, seed=7)
    header, *rows = read(path)
    assert header == list(export) and len(rows) == 300
    for place, name in enumerate(header):
        column = [row[place] for row in rows]
        if place < 3:
            assert column == export[name].tolist()
        else:
            np.testing.assert_array_equal([cell(text) for text in column], export[name])
    for place, field in enumerate(load_scorecard().fields, start=3):
        if field.check in ("count", "flag"):
            assert all(row[place] == "" or row[place].isdecimal() for row in rows), field
    header, *rows = read(f"{path}.truth.csv")
    assert header == list(export.truth) and len(rows) == 300
    for place, name in enumerate(header[2:], start=2):
        np.testing.assert_array_equal([cell(row[place]) for row in rows], export.truth[name])


def test_every_format_holds_the_same(tmp_path):
    for name in ("a.csv", "a.csv.gz", "a.parquet"):
        write_market(tmp_path / name, 50, seed=3, scorecard="minimal")
    assert read(tmp_path / "a.csv") == read(tmp_path / "a.csv.gz")
    pq = pytest.importorskip("pyarrow.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    header, *rows = read(tmp_path / "a.csv")
    assert table.column_names == header
    assert str(table.schema.field("orders_paid").type) == "int64"
    assert str(table.schema.field("product_rating_mean").type) == "double"
    for place, name in enumerate(header[3:], start=3):
        kept = [np.nan if v is None else float(v) for v in table[name].to_pylist()]
        np.testing.assert_array_equal(kept, [cell(row[place]) for row in rows])
    truths = {(tmp_path / f"{n}.truth.csv").read_bytes() for n in ("a.csv", "a.csv.gz")}
    assert len(truths) == 1


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
@pytest.mark.parametrize("dirty", [False, True])
def test_the_same_seed_gives_the_same_bytes(tmp_path, name, dirty):
    written = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_market(tmp_path / folder / name, 40, seed=1, scorecard="minimal", dirty=dirty)
        written.append((tmp_path / folder / name).read_bytes())
        assert len(list((tmp_path / folder).iterdir())) == 2
    assert written[0] == written[1]


def test_a_dirty_csv_reads_back_cell_by_cell(tmp_path):
    path = tmp_path / "dirty.csv"
    write_market(path, 2000, seed=2, dirty=True)
    export = simulate_export(2000, seed=2, dirty=True)
    header, *rows = read(path)
    assert {len(row) for row in rows} == {len(header)}
    for place, name in enumerate(header):
        assert [row[place] for row in rows] == export[name].tolist()


def test_the_command(tmp_path):
    path = tmp_path / "export.csv"
    done = CliRunner().invoke(command, ["--merchants", "20", "--seed", "7", "-o", str(path)])
    assert (done.exit_code, done.output) == (0, "")
    assert len(read(path)) == 21 and len(read(f"{path}.truth.csv")) == 21


def test_the_truth_goes_where_it_is_told(tmp_path):
    path, truth = tmp_path / "export.csv", tmp_path / "truth.parquet"
    write_market(path, 5, scorecard="minimal", truth=truth)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["export.csv", "truth.parquet"]


@pytest.mark.parametrize("words", [[], ["--merchants", "0"], ["--merchants", "5", "--seed", "-1"]])
def test_wrong_use_is_exit_2(tmp_path, words):
    done = CliRunner().invoke(command, [*words, "-o", str(tmp_path / "a.csv")])
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "truth", "fault"),
    [("a.ods", None, "must end in"), ("a.csv", "a.csv", "a file of its own")],
)
def test_no_file_is_left_behind_a_refusal(tmp_path, name, truth, fault):
    with pytest.raises(InputError, match=fault):
        write_market(tmp_path / name, 5, truth=truth and tmp_path / truth)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_no_file(tmp_path, monkeypatch):
    import trustscore.simulate.files as market

    def broken(*args, **kwargs):
        yield simulate_export(5, scorecard="minimal")
        raise KeyboardInterrupt

    monkeypatch.setattr(market, "simulate_blocks", broken)
    with pytest.raises(KeyboardInterrupt):
        write_market(tmp_path / "a.csv", 10, scorecard="minimal")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("truth", [False, True])
def test_a_scorecard_is_never_written_over(tmp_path, truth):
    card = tmp_path / "mine.csv"
    card.write_bytes((preset_folder() / "minimal.toml").read_bytes())
    before = card.read_bytes()
    out, beside = (tmp_path / "a.csv", card) if truth else (card, None)
    with pytest.raises(InputError, match="different files"):
        write_market(out, 5, scorecard=card, truth=beside)
    assert card.read_bytes() == before
    assert list(tmp_path.iterdir()) == [card]
