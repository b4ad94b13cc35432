"""What paths, folders and patterns stand for, and how a format is known."""

import gzip

import pytest
from exports import MINIMAL, csv_bytes, good_rows, row, write_csv, write_parquet

from trustscore.batch.files import score_files
from trustscore.errors import InputError
from trustscore.io.header import Wanted
from trustscore.io.inputs import expand
from trustscore.io.readers import BINARY, SUFFIXES, TEXT, open_reader


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "exports"
    (inside / "more.csv").mkdir(parents=True)
    for number, name in enumerate(["b.csv", "a.csv.gz", "c.parquet"]):
        rows = [row(f"m{number}{n}") for n in range(3)]
        if name.endswith(".parquet"):
            write_parquet(inside / name, rows)
        else:
            write_csv(inside / name, rows)
    for name in ("_SUCCESS", ".b.csv.crc", "_old.csv", "notes.txt"):
        (inside / name).write_text("x")
    return inside


def names(paths):
    return [path.rpartition("/")[2] for path in paths]


def test_a_folder_stands_for_the_tables_in_it(folder):
    assert names(expand([str(folder)])) == ["a.csv.gz", "b.csv", "c.parquet"]


def test_a_pattern_stands_for_the_files_it_matches(folder):
    assert names(expand([f"{folder}/*.csv*", f"{folder}/[bc].*"])) == [
        "_old.csv",
        "a.csv.gz",
        "b.csv",
        "b.csv",
        "c.parquet",
    ]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path):
    (tmp_path / "a[1].csv").touch()
    (tmp_path / "a1.csv").touch()
    assert names(expand([f"{tmp_path}/a[1].csv"])) == ["a[1].csv"]


def test_other_paths_stay_as_they_are():
    assert expand(["-", "absent.csv"]) == ["-", "absent.csv"]


@pytest.mark.parametrize(
    ("path", "says"),
    [("empty", "no file in this folder ends like a table"), ("empty/*.csv", "no file matches")],
)
def test_nothing_found_is_an_error(path, says, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=says):
        expand([str(tmp_path / path)])


def test_a_folder_scores_like_its_files(folder, tmp_path):
    files = [folder / name for name in ("a.csv.gz", "b.csv", "c.parquet")]
    score_files(files, tmp_path / "one.csv", scorecard=MINIMAL)
    report = score_files(folder, tmp_path / "two.csv", scorecard=MINIMAL)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert names(file["path"] for file in report.manifest["inputs"]) == [
        "a.csv.gz",
        "b.csv",
        "c.parquet",
    ]


def test_an_output_inside_the_folder_is_not_read_back(folder):
    score_files(folder, folder / "scores.csv", scorecard=MINIMAL)
    with pytest.raises(InputError, match="input"):
        score_files(folder, folder / "scores.csv", scorecard=MINIMAL)


SPELLED = {
    "CSV": csv_bytes(good_rows(3, seed=1)),
    "JSON Lines": b'\n {"merchant_id": "m"}\n',
}


@pytest.mark.parametrize("name", SPELLED)
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", "", ".parquet"])
def test_a_format_is_known_by_its_beginning_and_not_by_its_name(name, compress, suffix, tmp_path):
    path = tmp_path / f"e{suffix}"
    path.write_bytes(gzip.compress(SPELLED[name]) if compress else SPELLED[name])
    reader = open_reader(str(path), Wanted((), (), ".", {}))
    reader.source.close()
    assert type(reader).__name__ == {"CSV": "CsvReader", "JSON Lines": "JsonLinesReader"}[name]


def test_parquet_is_known_by_its_beginning(tmp_path):
    path = write_parquet(tmp_path / "e.parquet", good_rows(3, seed=1))
    path = path.rename(tmp_path / "e.csv")
    reader = open_reader(str(path), Wanted((), (), ".", {}))
    reader.source.close()
    assert (type(reader).__name__, reader.rows) == ("ParquetReader", 3)


def test_every_format_names_its_suffixes_once():
    formats = (*BINARY, *TEXT)
    assert len({form.name for form in formats}) == len(formats)
    assert len(set(SUFFIXES)) == len(SUFFIXES) == sum(len(form.suffixes) for form in formats)
    # Whatever is nothing else is CSV.
    assert TEXT[-1].begins.match(b"") is not None
