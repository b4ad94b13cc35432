"""JSON Lines read as the CSV of the same rows; what is no record is named by its line."""

import csv
import gzip
import json

import pytest
from exports import HEADER, MINIMAL, good_rows, row, write_csv
from hypothesis import given
from hypothesis import strategies as st

from trustscore.batch.files import score_files
from trustscore.errors import InputError
from trustscore.io import json_lines_reader
from trustscore.io.blocks import read_blocks
from trustscore.io.whole_table import read_table


def as_lines(rows, header=HEADER):
    """Records of rows of text: whole numbers as numbers, blanks as null or left out."""
    lines = []
    for number, cells in enumerate(rows):
        record = {}
        for name, text in zip(header, cells, strict=True):
            if text == "" and number % 2 and number:
                continue
            record[name] = int(text) if text.isdigit() and name != "merchant_id" else text or None
        lines.append(json.dumps(record, ensure_ascii=number % 3 == 0))
    return "\n".join(lines)


def read(path, **how):
    rows, rejects = [], []
    for part in read_blocks(path, MINIMAL, **how):
        names = [name for name in HEADER if name in part.block]
        rows += list(zip(*(part.block[name].tolist() for name in names), strict=True))
        rejects += part.rejects
    return [tuple(None if v != v else v for v in found) for found in rows], rejects


@pytest.mark.parametrize("block", [16, 500, 1 << 20])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n \n"])
def test_records_read_as_the_rows_of_a_csv(newline, compress, block, tmp_path):
    rows = good_rows(30, seed=5)
    rows[3][HEADER.index("category")] = "乐高玩具店"
    rows[4][0] = 'a "b", c'
    expected = read(write_csv(tmp_path / "e.csv", rows))
    data = as_lines(rows).replace("\n", newline).encode()
    path = tmp_path / ("e.jsonl.gz" if compress else "e.jsonl")
    path.write_bytes(gzip.compress(data) if compress else data)
    assert read(path, block=block) == expected
    assert expected[1] == []


def test_the_scores_are_the_bytes_of_those_of_the_csv(tmp_path):
    rows = good_rows(50, seed=6)
    write_csv(tmp_path / "e.csv", rows)
    (tmp_path / "e.jsonl").write_text(as_lines(rows) + "\n", encoding="utf-8")
    for name in ("e.csv", "e.jsonl"):
        score_files(tmp_path / name, tmp_path / f"{name}.out.csv", scorecard=MINIMAL, jobs=2)
    found = [(tmp_path / f"{name}.out.csv").read_bytes() for name in ("e.csv", "e.jsonl")]
    assert found[0] == found[1]


GOOD = json.dumps(dict(zip(HEADER, row("m1", complaints="2"), strict=True)))


def rejected(folder, *lines):
    path = folder / "e.jsonl"
    path.write_text("\n".join([GOOD, *lines]), encoding="utf-8")
    report = score_files(path, folder / "s.csv", scorecard=MINIMAL)
    assert report.manifest["rows"]["read"] == 1 + sum(1 for line in lines if line.strip())
    if report.rejects is None:
        return []
    with open(report.rejects, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not_a_record: an object of JSON with distinct keys is expected (Expecting"),
        ('["a"]', "not_a_record: an object of JSON with distinct keys is expected (it is none)"),
        ("12", "(it is none)"),
        ("null", "(it is none)"),
        ('{"merchant_id": "a", "merchant_id": "b"}', "it has the key 'merchant_id' twice"),
        ('{"merchant_id": "a", "x": {"y": 1, "y": 2}}', "it has the key 'y' twice"),
        ('{"merchant_id": "\\ud800"}', "surrogates not allowed"),
        ('{"merchant_id": "a"} {"merchant_id": "b"}', "Extra data"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_record_is_a_reject(line, says, tmp_path):
    [found] = rejected(tmp_path, "", line)
    assert says in found["reason"]
    assert (found["line"], found["merchant_id"]) == ("3", "")
    raw = found["raw"].lstrip("'")
    assert raw == line if len(line) < 4_000 else raw.startswith(line[:4_000])


@pytest.mark.parametrize(
    ("values", "column", "value", "reason"),
    [
        ({"complaints": "many"}, "complaints", "many", "not_a_number"),
        ({"complaints": True}, "complaints", "true", "not_a_number"),
        ({"complaints": [1]}, "complaints", "[1]", "not_a_number"),
        ({"complaints": {"n": "1"}}, "complaints", '{"n": "1"}', "not_a_number"),
        ({"complaints": -1}, "complaints", "-1", "negative_count"),
        ({"complaints": float("inf")}, "complaints", "Infinity", "infinite"),
        ({"product_rating_mean": 5.50}, "product_rating_mean", "5.5", "out_of_range"),
        ({"barred_identity_link_flag": 0.5}, "barred_identity_link_flag", "0.5", "not_a_flag"),
        ({"merchant_id": None}, "merchant_id", "", "missing_id"),
        ({"merchant_id": "m1"}, "merchant_id", "m1", "repeated_id"),
    ],
)
def test_a_fault_of_a_value_is_that_of_its_cell(values, column, value, reason, tmp_path):
    record = json.loads(GOOD) | {"merchant_id": "bad"} | values
    [found] = rejected(tmp_path, json.dumps(record))
    assert (found["line"], found["column"]) == ("2", column)
    assert found["value"].lstrip("'") == value
    assert found["reason"].startswith(reason)


def test_a_number_is_taken_by_its_digits(tmp_path):
    record = json.loads(GOOD)
    lines = [json.dumps(record | {"merchant_id": f"x{n}", "orders_paid": "@"}) for n in range(3)]
    spelled = ["0.1e1", "9007199254740993", "1" + "0" * 5000]
    lines = [line.replace('"@"', text) for line, text in zip(lines, spelled, strict=True)]
    (tmp_path / "e.jsonl").write_text("\n".join([GOOD, *lines]))
    rows, [reject] = read(tmp_path / "e.jsonl")
    place = HEADER.index("orders_paid")
    assert [found[place] for found in rows[1:]] == [1.0, 9007199254740992.0]
    assert (reject.merchant_id, reject.reason) == ("x2", "infinite")


def test_booleans_are_flags(tmp_path):
    record = json.loads(GOOD)
    lines = [
        json.dumps(record | {"merchant_id": f"x{said}", "barred_identity_link_flag": said})
        for said in (True, False, None)
    ]
    (tmp_path / "e.jsonl").write_text("\n".join([GOOD, *lines]))
    rows, rejects = read(tmp_path / "e.jsonl")
    assert rejects == []
    place = HEADER.index("barred_identity_link_flag")
    assert [found[place] for found in rows[1:]] == [1.0, 0.0, None]


def test_keys_may_be_spelled_and_ordered_as_they_like(tmp_path):
    record = {name.upper().replace("_", " "): v for name, v in json.loads(GOOD).items()}
    lines = [dict(reversed(record.items())), {**record, "MERCHANT ID": "m2", "note": "x"}]
    (tmp_path / "e.jsonl").write_text("\n".join(map(json.dumps, lines)))
    rows, rejects = read(tmp_path / "e.jsonl")
    assert ([found[0] for found in rows], rejects) == (["m1", "m2"], [])


def test_missing_columns_are_named(tmp_path):
    (tmp_path / "e.jsonl").write_text('{"merchant_id": "m1", "orders_payed": 1}\n')
    with pytest.raises(InputError, match="orders_paid: no such column, did you mean orders_payed"):
        read(tmp_path / "e.jsonl")
    rows, rejects = read(tmp_path / "e.jsonl", allow_missing_columns=True)
    assert (len(rows), rejects) == (1, [])


def test_a_column_that_shows_up_late_stops_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(json_lines_reader, "_VIEW", 1000)
    lines = [GOOD.replace("m1", f"m{n}") for n in range(20)]
    late = json.dumps(json.loads(GOOD) | {"merchant_id": "z", "note": 1})
    path = tmp_path / "e.jsonl"
    # A key that nobody reads may come when it likes.
    path.write_text("\n".join([*lines, late]))
    assert len(read(path)[0]) == 21
    path.write_text("\n".join([*lines, late.replace('"note"', '"Enrolled"')]))
    with pytest.raises(InputError, match="line 21: column Enrolled is not in the first"):
        read(path)
    with pytest.raises(InputError, match="line 21: column note is not in the first"):
        path.write_text("\n".join([*lines, late]))
        read_table(path, {}, ["merchant_id"], rest=True)


@pytest.mark.parametrize("data", ["[\n  {}]", '[{"merchant_id": "a"}]', ' [ {"a": 1}\n]'])
def test_an_array_is_refused_with_the_way_out(data, tmp_path):
    (tmp_path / "e.json").write_text(data)
    with pytest.raises(InputError, match=r"is a JSON array; write one object a line.*jq -c"):
        read(tmp_path / "e.json")


def test_a_whole_table_may_be_json_lines(tmp_path):
    (tmp_path / "labels.jsonl").write_text('{"item_id": "=a", "label": 2}\n{"item_id": "b"}\n')
    table = read_table(tmp_path / "labels.jsonl", {"label": "count"}, ["item_id"], ours=True)
    assert table.columns["item_id"].tolist() == ["=a", "b"]
    assert table.columns["label"].tolist()[0] == 2.0


VALUES = st.one_of(
    st.none(), st.booleans(), st.text(max_size=5), st.integers(), st.floats(), st.just([{"a": 1}])
)


@given(st.lists(st.dictionaries(st.sampled_from(HEADER), VALUES, max_size=11), max_size=8))
def test_every_record_comes_out_once(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("once")
    lines = [GOOD, *(json.dumps(record) for record in records)]
    (folder / "e.jsonl").write_text("\n".join(lines))
    report = score_files(folder / "e.jsonl", folder / "s.csv", scorecard=MINIMAL)
    rows = report.manifest["rows"]
    assert rows["read"] == rows["scored"] + rows["rejected"] == len(lines)
