"""One list of input formats: read, told apart, refused by Spark, and named in every text."""

import re
from io import BytesIO
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import trustscore
from trustscore.commands.score import command
from trustscore.errors import InputError
from trustscore.io.blocks import read_blocks
from trustscore.io.find_merchant import find_merchant
from trustscore.io.first_bytes import BINARY_TABLES
from trustscore.io.header import Wanted
from trustscore.io.readers import BINARY, FORMATS, Options, open_reader
from trustscore.io.text_stream import Source
from trustscore.io.xlsx_writer import XlsxSink
from trustscore.spark import opening
from trustscore.spark.hadoop import Stored

NAMES = [form.name for form in FORMATS]
WANTED = Wanted((), (), ".", {})


def parquet():
    file = BytesIO()
    pq.write_table(pa.table({"merchant_id": ["m1", "m2"]}), file)
    return file.getvalue()


def excel():
    file = BytesIO()
    sink = XlsxSink(SimpleNamespace(file=file, path="a.xlsx"), pa.schema({"merchant_id": "string"}))
    sink.write(pa.record_batch({"merchant_id": ["m1", "m2"]}))
    sink.finish()
    return file.getvalue()


# The same two merchants in each format.
EXAMPLES = {
    "Parquet": parquet(),
    "Excel": excel(),
    "JSON Lines": b'{"merchant_id": "m1"}\n{"merchant_id": "m2"}\n',
    "CSV": b"merchant_id\nm1\nm2\n",
}


def test_every_format_has_an_example_here():
    assert list(EXAMPLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_example_of_it_is_read_whatever_its_name(name, tmp_path):
    path = tmp_path / "export"
    path.write_bytes(EXAMPLES[name])
    reader = open_reader(str(path), WANTED, Options())
    try:
        ids = [i for piece in reader.pieces() for i in reader.read(piece).ids.to_pylist()]
    finally:
        reader.source.close()
    assert ids == ["m1", "m2"]


@pytest.mark.parametrize("form", BINARY, ids=lambda form: form.name)
def test_a_binary_format_is_refused_by_name_in_a_pipe(form):
    assert EXAMPLES[form.name].startswith(BINARY_TABLES[form.name])
    source = Source("-", file=BytesIO(EXAMPLES[form.name]))
    with pytest.raises(InputError, match=f"- is not CSV but {form.name}: .* give the file"):
        list(source.chunks())


def open_in_spark(name, data):
    """Open a file as Spark does before any job, without a session."""
    hadoop = SimpleNamespace(head=lambda file, most: data[:most], literal=lambda file: file.uri)
    job = SimpleNamespace(keep=())
    file = Stored(name, f"file:/{name}", len(data))
    return opening.open_files(None, hadoop, [file], WANTED, job, False, None)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in opening.FORMATS])
@pytest.mark.parametrize("compress", [False, True])
def test_spark_refuses_by_name_what_it_does_not_read(name, compress):
    import gzip

    data = gzip.compress(EXAMPLES[name]) if compress else EXAMPLES[name]
    said = rf"^export: is {name}, and Spark reads CSV and Parquet"
    if compress and name in BINARY_TABLES:
        said = f"^export is not CSV but {name}: it cannot be read from a pipe or under gzip"
    with pytest.raises(InputError, match=said):
        open_in_spark("export", data)


def test_spark_reads_only_formats_there_are():
    assert set(opening.FORMATS) <= set(NAMES)
    _, [way] = open_in_spark("export", EXAMPLES["CSV"])
    assert way.form == opening.LINES


TEXTS = {
    "score --help": command.help,
    "score_files": trustscore.score_files.__doc__,
    "read_blocks": read_blocks.__doc__,
    "find_merchant": find_merchant.__doc__,
}
PAGES = ["README.md", "docs/user_guide/score.md", "docs/user_guide/inputs.md"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_help_text_names_every_format(text):
    said = " ".join(TEXTS[text].split())
    assert [name for name in NAMES if name not in said] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_every_format_in_one_paragraph(page, repository):
    text = (repository / page).read_text(encoding="utf-8")
    paragraphs = re.split(r"\n\s*\n", text)
    assert any(all(name in said for name in NAMES) for said in paragraphs)


def test_the_page_on_files_says_of_every_format_whether_it_may_be_a_pipe(repository):
    text = (repository / "docs/user_guide/files.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| (a file, a pipe|an ordinary file)", text, re.MULTILINE)
    binary = {form.name for form in BINARY}
    for name in NAMES:
        said = [way for names, way in rows if name in names]
        assert said[0] == ("an ordinary file" if name in binary else "a file, a pipe"), name


def test_the_page_on_spark_names_what_it_reads_and_no_other_format(repository):
    text = (repository / "docs/user_guide/scale.md").read_text(encoding="utf-8")
    [said] = re.findall(r"^Inputs are (.*?) on any file system", text, re.MULTILINE)
    assert {name for name in NAMES if name in said} == set(opening.FORMATS)


def test_whoever_begins_to_list_the_formats_names_them_all(repository):
    """A list in a docstring, help text or page goes on to its end: a full stop, or a colon."""
    places = [*repository.glob("trustscore/**/*.py"), *repository.glob("docs/user_guide/*.md")]
    lists = []
    for place in [*places, repository / "README.md"]:
        text = " ".join(place.read_text(encoding="utf-8").split())
        lists += [
            (place.name, said)
            for said in re.findall(r"CSV, (?:gzip CSV, )?JSON Lines.*?[.;:]", text)
        ]
    assert len(lists) > 5
    assert [found for found in lists if not all(name in found[1] for name in NAMES)] == []
