"""Files on Spark come out as they do on one machine: scores, rejects and manifest."""

import codecs
import datetime as dt
import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.io.exports import HEADER, csv_bytes, good_rows, row, write_csv, write_parquet
from trustscore.batch.files import StrictStop
from trustscore.batch.files import score_files as score_here
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.spark import score_files

FREE = {"started", "seconds", "outputs"}


def parts(folder):
    """Header and lines of a folder of part files, in the order of their names."""
    header, lines = None, []
    for path in sorted(Path(folder).glob("part-*")):
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        first, _, rest = data.partition(b"\n")
        assert header in (None, first)
        header = first
        lines += rest.splitlines(keepends=True)
    return header, lines


def same(spark, tmp_path, exports, **options):
    """Score on Spark and here, compare all that comes out, return Spark's manifest."""
    here, there = str(tmp_path / "here.csv"), str(tmp_path / "there.csv")
    exports = [str(path) for path in exports]
    expected = score_here(exports, here, **options)
    found = score_files(exports, there, session=spark, **options)
    differing = {k for k in expected.manifest if expected.manifest[k] != found.manifest.get(k)}
    assert differing <= FREE
    header, lines = parts(there)
    first, *rest = Path(here).read_bytes().splitlines(keepends=True)
    assert header == first.rstrip(b"\n")
    assert sorted(lines) == sorted(rest)
    if expected.rejects is None:
        assert found.rejects is None
        assert not Path(f"{there}.rejects.csv").exists()
    else:
        header, lines = parts(found.rejects)
        assert [header + b"\n", *lines] == Path(expected.rejects).read_bytes().splitlines(
            keepends=True
        )
    assert json.loads(Path(f"{there}.manifest.json").read_text()) == found.manifest
    assert [path.name for path in tmp_path.glob(".*")] == []
    return found.manifest


def simulated(path, *more):
    with pytest.raises(SystemExit):
        main(["simulate", "--merchants", "2000", "--seed", "5", "-o", str(path), *more])
    return path


def test_a_default_export(spark, tmp_path):
    export = simulated(tmp_path / "export.csv")
    manifest = same(spark, tmp_path, [export])
    assert manifest["rows"] == {"read": 2000, "scored": 2000, "rejected": 0}
    assert len(list((tmp_path / "there.csv").glob("part-*.csv"))) > 3


def test_a_dirty_export_with_kept_columns(spark, tmp_path):
    export = simulated(tmp_path / "export.csv", "--dirty")
    manifest = same(spark, tmp_path, [export], keep=["orders_paid", "shop_type"])
    assert manifest["rows"]["rejected"] > 20


def test_repeated_ids_within_and_across_files_and_splits(spark, tmp_path):
    first = good_rows(4000, seed=1)
    late = [[cells[0] if n % 50 else first[n][0], *cells[1:]] for n, cells in enumerate(first)]
    # The first row of this id has a fault, so the second one is its first.
    first[7] = row("m00008", complaints="many")
    late.append(row(" m00008 "))
    one = write_csv(tmp_path / "one.csv", first + late[:10])
    two = write_csv(tmp_path / "two.csv", late, delimiter="|")
    manifest = same(spark, tmp_path, [one, two], scorecard="minimal")
    assert manifest["rejected"]["repeated_id"] > 3900


def test_ragged_rows_blank_lines_and_quotes(spark, tmp_path):
    lines = csv_bytes(good_rows(3000), quote=True).splitlines(keepends=True)
    for place in range(40, 3000, 97):
        lines[place] = [b"m,1\n", b"\n", lines[place].replace(b"\n", b",1\n")][place % 3]
    export = tmp_path / "export.csv"
    export.write_bytes(b"\n\nsep=,\n" + b"".join(lines).rstrip(b"\n"))
    manifest = same(spark, tmp_path, [export], scorecard="minimal")
    assert manifest["rejected"]["field_count"] > 10


def test_line_breaks_in_quotes_where_a_split_ends_and_where_none_does(spark, tmp_path):
    rows = good_rows(2000)
    for place in range(0, 2000, 9):
        rows[place][1] = "two\nlines"
    inside = write_csv(tmp_path / "inside.csv", rows)
    for place, cells in enumerate(rows):
        cells[0] = f"other{place}"
    rows[5][1] = "many\n" * 60_000  # longer than a split
    across = write_csv(tmp_path / "across.csv", [*rows, row("last", complaints="x")])
    manifest = same(spark, tmp_path, [inside, across], scorecard="minimal")
    # The last row, and the one whose text is longer than a text may be.
    assert manifest["rows"]["rejected"] == 2


def test_a_quotation_mark_that_never_closes(spark, tmp_path):
    data = csv_bytes([row(f"m{n:05d}", complaints="1") for n in range(3000)])
    export = tmp_path / "export.csv"
    export.write_bytes(data.replace(b"m00007,", b'm00007,"'))
    assert same(spark, tmp_path, [export], scorecard="minimal")["rejected"]["open_quote"] == 1


@pytest.mark.parametrize("where", ["everywhere", "late"])
def test_gb18030(spark, tmp_path, where):
    rows = good_rows(3000)
    for place, cells in enumerate(rows):
        cells[1] = "商品" if where == "everywhere" or place > 2900 else "shoes"
    export = tmp_path / "export.csv"
    export.write_bytes(csv_bytes(rows).decode().encode("gb18030"))
    manifest = same(spark, tmp_path, [export], scorecard="minimal")
    assert manifest["inputs"][0]["encoding"] == "gb18030"


def test_other_forms_of_text_in_one_run(spark, tmp_path):
    data = csv_bytes(good_rows(300))
    forms = {
        "bom.csv": codecs.BOM_UTF8 + data,
        "packed": gzip.compress(data.replace(b"\nm", b"\ng")),
        "utf16.csv": codecs.BOM_UTF16_LE + data.decode().replace("\nm", "\nu").encode("utf-16-le"),
        "crlf [1] 鞋.csv": data.replace(b"\nm", b"\nc").replace(b"\n", b"\r\n"),
        "cr.csv": data.replace(b"\nm", b"\nr").replace(b"\n", b"\r"),
        "header only.csv": data.partition(b"\n")[0],
    }
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
    exports = [tmp_path / name for name in forms]
    manifest = same(spark, tmp_path, exports, scorecard="minimal")
    assert manifest["rows"] == {"read": 1500, "scored": 1500, "rejected": 0}


def test_parquet_of_several_forms(spark, tmp_path):
    one = write_parquet(tmp_path / "one.parquet", good_rows(3000), row_group_size=500)
    rows = [[f"n{cells[0]}", *cells[1:]] for cells in good_rows(1000, seed=2)]
    rows += [row("m00001"), row("n", complaints="-1"), row("")]
    narrow = [name for name in HEADER if name != "complaints"]
    two = write_parquet(tmp_path / "two.parquet", rows)
    three = write_parquet(
        tmp_path / "three.parquet",
        [[name, *["1"] * (len(narrow) - 1)] for name in ("x1", "m00002")],
        header=narrow,
    )
    options = {"scorecard": "minimal", "allow_missing_columns": True}
    manifest = same(spark, tmp_path, [one, two, three], **options)
    assert manifest["rejected"]["repeated_id"] == 2
    assert manifest["missing_columns"] == ["complaints"]


def test_parquet_out_has_the_columns_and_values_of_the_one_file(spark, tmp_path):
    export = write_csv(tmp_path / "export.csv", [*good_rows(2000), row("bad", complaints="x")])
    here, there = str(tmp_path / "here.parquet"), str(tmp_path / "there.parquet")
    bad = str(tmp_path / "bad.parquet")
    score_here(export, here, scorecard="minimal", rejects=tmp_path / "one.parquet")
    report = score_files(export, there, session=spark, scorecard="minimal", rejects=bad)
    assert report.rejects == bad
    for one, many in ((here, there), (tmp_path / "one.parquet", bad)):
        expected, found = pq.read_table(one), pq.read_table(many)
        assert found.sort_by("merchant_id").equals(
            expected.sort_by("merchant_id").cast(found.schema)
        )
        assert found.column_names == expected.column_names


def test_a_folder_and_a_pattern_name_files_in_order(spark, tmp_path):
    folder = tmp_path / "day"
    folder.mkdir()
    for number in (2, 1):
        write_csv(folder / f"part-{number}.csv", good_rows(3))
    (folder / "_SUCCESS").touch()
    for named in (folder, folder / "*.csv", (folder / "part-1.csv").as_uri()):
        out = str(tmp_path / "out.csv")
        report = score_files(str(named), out, session=spark, scorecard="minimal")
        inputs = [Path(one["path"]).name for one in report.manifest["inputs"]]
        assert inputs == ["part-1.csv", "part-2.csv"][: len(inputs)]
        lines = parts(report.rejects)[1] if report.rejects else []
        assert len(lines) == 3 * (len(inputs) - 1)
        assert all(b"part-1.csv" in line for line in lines)
        for left in tmp_path.glob("out.csv*"):
            left.rename(tmp_path / f"{left.name}.{len(inputs)}.{Path(str(named)).name[0]}.old")


def test_missing_columns_and_other_faults_are_said_before_any_job(spark, tmp_path):
    names = [name if name != "complaints" else "complants" for name in HEADER]
    good = write_csv(tmp_path / "good.csv", [row("m1")])
    bad = write_csv(tmp_path / "bad.csv", [row("m1")], header=names)
    empty = tmp_path / "empty.csv"
    empty.touch()
    jobs = spark.sparkContext.statusTracker()
    before = jobs.getJobIdsForGroup(None)
    with pytest.raises(InputError) as caught:
        score_files(
            [str(path) for path in (good, bad, empty)],
            str(tmp_path / "out.csv"),
            session=spark,
            scorecard="minimal",
        )
    assert "complaints: no such column, did you mean complants?" in str(caught.value)
    assert "empty.csv: is empty" in str(caught.value)
    assert jobs.getJobIdsForGroup(None) == before
    with pytest.raises(InputError, match=r"absent\.csv: no such file"):
        score_files(str(tmp_path / "absent.csv"), str(tmp_path / "out.csv"), session=spark)
    with pytest.raises(InputError, match="named twice"):
        score_files([good, good], str(tmp_path / "out.csv"), session=spark, scorecard="minimal")
    assert {path.name for path in tmp_path.iterdir()} == {"good.csv", "bad.csv", "empty.csv"}


def test_formats_that_spark_does_not_read_are_named(spark, tmp_path):
    lines = tmp_path / "export.jsonl"
    lines.write_text('{"merchant_id": "m1", "complaints": 1}\n')
    with pytest.raises(InputError, match=r"export\.jsonl: is JSON Lines, and Spark reads CSV"):
        score_files(str(lines), str(tmp_path / "out.csv"), session=spark, scorecard="minimal")


def test_bytes_of_no_encoding_spoil_their_row_only(spark, tmp_path):
    data = csv_bytes(good_rows(3000)).replace(b"m02990", b"m\xff\x81\x8d")
    export = tmp_path / "export.csv"
    export.write_bytes(data)
    manifest = same(spark, tmp_path, [export], scorecard="minimal")
    assert manifest["rejected"]["not_utf8"] == 1


def test_strict_stops_and_leaves_nothing(spark, tmp_path):
    export = write_csv(tmp_path / "export.csv", [*good_rows(3000), row("bad", complaints="x")])
    with pytest.raises(StrictStop, match=r"line 3002, merchant bad, column complaints"):
        score_files(
            str(export), str(tmp_path / "out.csv"), session=spark, scorecard="minimal", strict=True
        )
    assert [path.name for path in tmp_path.iterdir()] == ["export.csv"]


def test_a_failure_while_writing_leaves_nothing(spark, tmp_path, monkeypatch):
    from trustscore.spark.hadoop import Hadoop

    export = write_csv(tmp_path / "export.csv", [row("m1"), row("m1")])

    def broken(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(Hadoop, "write", broken)
    with pytest.raises(OSError, match="disk is full"):
        score_files(str(export), str(tmp_path / "out.csv"), session=spark, scorecard="minimal")
    assert [path.name for path in tmp_path.iterdir()] == ["export.csv"]


def run(*words):
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code or 0


def test_the_command_answers_like_the_local_one(spark, tmp_path, capsys):
    good = write_csv(tmp_path / "good.csv", [row("m1")])
    bad = write_csv(tmp_path / "bad.csv", [row("m2"), row("m3", complaints="x")])
    out = tmp_path / "out.csv"
    score = ("score", "--engine", "spark", "--scorecard", "minimal")
    assert run(*score, good, "-o", out) == 0
    assert out.is_dir()
    assert run(*score, good, "-o", f"file://{out}") == 2
    assert "the output exists" in capsys.readouterr().err
    assert run(*score, bad, "-o", tmp_path / "strict.csv.gz", "--strict") == 4
    assert run(*score, bad, "-o", tmp_path / "packed.csv.gz") == 3
    assert "1 scored, 1 rejected" in capsys.readouterr().err
    assert parts(tmp_path / "packed.csv.gz")[1][0].startswith(b"m2,")
    for limit, code in (("50%", 0), ("0", 3)):
        out = tmp_path / f"limit-{code}.csv"
        assert run(*score, bad, "-o", out, "--max-rejects", limit) == code
        facts = json.loads((tmp_path / f"{out.name}.manifest.json").read_text())
        assert facts["max_rejects"] == {"limit": limit, "exceeded": code == 3}
    capsys.readouterr()
    assert run(*score, bad, "-o", tmp_path / "no.csv", "--max-rejects", "1", "--strict") == 2
    assert "not both" in capsys.readouterr().err
    assert run(*score, tmp_path / "absent.csv", "-o", tmp_path / "no.csv") == 2
    assert run(*score, good, "-o", "-", "--jobs", "2") == 2
    assert "--jobs (the configuration of Spark decides); - (Spark" in capsys.readouterr().err
    assert run("score", tmp_path / "absent.csv", "-o", tmp_path / "no.csv") == 2
    assert "does not exist" in capsys.readouterr().err


def _zoned(table):
    """Tiers that began on another day in UTC than where they were given."""
    zone = dt.timezone(dt.timedelta(hours=8))
    days = [dt.datetime(2026, 2, 1 + n % 28, 1, tzinfo=zone) for n in range(table.num_rows)]
    since = pa.array(days, pa.timestamp("us", "+08:00"))
    table = table.append_column("previous_tier", pa.array(["trusted"] * table.num_rows))
    return table.append_column("tier_since", since)


def _bytes(table):
    at = table.column_names.index("merchant_id")
    return table.set_column(at, "merchant_id", table["merchant_id"].cast(pa.binary()))


def _twice(table):
    notes = pa.array(["x"] * table.num_rows)
    return table.append_column("notes", notes).append_column("notes", notes)


def _half(table):
    at = table.num_columns - 1
    half = np.full(table.num_rows, 3.5, dtype=np.float16)
    return table.set_column(at, table.column_names[at], pa.array(half))


@pytest.mark.parametrize("change", [_zoned, _bytes, _twice, _half])
def test_parquet_that_spark_reads_otherwise(spark, tmp_path, change):
    table = pq.read_table(write_parquet(tmp_path / "plain.parquet", good_rows(300)))
    pq.write_table(change(table), tmp_path / "e.parquet")
    found = same(
        spark, tmp_path, [tmp_path / "e.parquet"], scorecard="minimal", as_of=dt.date(2026, 3, 2)
    )
    assert found["rows"]["scored"] > 290


def test_a_guessed_encoding_is_refused_where_ids_depend_on_it(spark, tmp_path):
    rows = [row("Müller"), *(row(f"m{n}") for n in range(20))]
    (tmp_path / "e.csv").write_bytes(csv_bytes(rows).decode().encode("cp1252"))
    said = []
    for score, more in ((score_here, {}), (score_files, {"session": spark})):
        with pytest.raises(InputError) as error:
            score(str(tmp_path / "e.csv"), str(tmp_path / "s.csv"), scorecard="minimal", **more)
        said.append(str(error.value))
    assert said[0] == said[1]
    assert "guess" in said[0]
