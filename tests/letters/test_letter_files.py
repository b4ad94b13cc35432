"""Letters of files: who gets one, in which language, what is refused, and what is left behind."""

import csv
import json
import sys
from pathlib import Path

import pytest

from tests.letters.terms_example import TERMS, terms_with
from trustscore.commands.main import main
from trustscore.compare.files import compare_files
from trustscore.errors import InputError
from trustscore.io.csv_text import bare
from trustscore.letters.files import letter_files
from trustscore.letters.page import _template
from trustscore.simulate.files import write_market

pytest.importorskip("jinja2")
MINIMAL = ("--scorecard", "minimal")
DATED = ("--dated", "2026-03-01")


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in (3, 4):
        write_market(f"{seed}.csv", 60, seed, "minimal")
    Path("terms.json").write_text(json.dumps(TERMS), encoding="utf-8")
    return tmp_path


def index(path="out"):
    with open(Path(path, "index.csv"), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def change(path, **columns):
    """Write columns of an export anew: ``column={row: cell}`` or a list of cells."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for name, cells in columns.items():
        for at, cell in cells.items() if isinstance(cells, dict) else enumerate(cells):
            rows[at][name] = cell
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return rows


LETTERS = ("letters", "4.csv", *MINIMAL, "--terms", "terms.json", *DATED, "-o", "out")


def test_every_merchant_gets_two_files(folder, capsys):
    assert run(*LETTERS) == 0
    said = capsys.readouterr().err
    assert "60 merchants, 0 rejected, 60 letters" in said
    rows = index()
    assert len({row["merchant_id"] for row in rows}) == len(rows) == 60
    names = {path.name for path in Path("out").iterdir()}
    assert names == {"index.csv"} | {row[kind] for row in rows for kind in ("html", "text")}
    for row in rows:
        text = Path("out", row["text"]).read_text(encoding="utf-8")
        assert f"Shop: {row['merchant_id']}\n" in text
        assert "The way up" in text and row["objection_until"] == "2026-04-01"
        page = Path("out", row["html"]).read_text(encoding="utf-8")
        assert f"<bdi>{row['merchant_id']}</bdi>" in page


def test_only_changed_tiers(folder, capsys):
    moved = {}

    def keep(rows):
        for at, name in enumerate(rows.ids):
            if rows.old_tier[at] != rows.new_tier[at]:
                moved[name] = (rows.old_tier[at], rows.new_tier[at], rows.change[at])

    compare_files("3.csv", "4.csv", scorecard="minimal", each=keep)
    assert 3 < len(moved) < 60
    assert run(*LETTERS, "--previous", "3.csv", "--only", "tier-changes", "--no-plan") == 0
    rows = {row["merchant_id"]: row for row in index()}
    assert rows.keys() == moved.keys()
    for name, row in rows.items():
        old, new, by = moved[name]
        assert (row["tier_before"], row["tier_after"]) == (old, new)
        said = float(row["index_after"]) - float(row["index_before"])
        assert said == pytest.approx(by, abs=2e-4)
        text = Path("out", row["text"]).read_text(encoding="utf-8")
        assert "What changed since the last review" in text and "The way up" not in text


def test_new_merchants_and_faulty_rows_are_told(folder, capsys):
    change("3.csv", merchant_id={0: "somebody else"})
    change("4.csv", orders_paid={5: "many"})
    assert run(*LETTERS, "--previous", "3.csv", "--no-plan") == 3
    said = capsys.readouterr().err
    assert "1 rows have faults and get no letter" in said
    assert "1 merchants are not in 3.csv" in said
    assert len(index()) == 59
    run(*LETTERS[:-1], "quiet", "--previous", "3.csv", "--no-plan", "--quiet")
    assert capsys.readouterr().err == ""


def test_everybody_is_written_to_in_their_language(folder, capsys):
    spoken = ["zh", "zh-CN", "ZH_hans", "en-GB", "", "fr", "fr"]
    change("4.csv", speaks=spoken)
    assert run(*LETTERS, "--lang-column", "speaks", "--no-plan") == 0
    said = capsys.readouterr().err
    assert "2 merchants have another language (fr); they get en" in said
    rows = index()
    assert [row["lang"] for row in rows[:8]] == ["zh", "zh", "zh", "en", "en", "en", "en", "en"]
    assert "店铺：" in Path("out", rows[0]["text"]).read_text(encoding="utf-8")
    assert run(*LETTERS[:-1], "other", "--lang-column", "speeks") == 2
    assert "speeks" in capsys.readouterr().err
    # A side column may be one, and must be there.
    change("4.csv", shop_type=["zh"] * 60)
    assert run(*LETTERS[:-1], "side", "--lang-column", "shop_type", "--no-plan") == 0
    assert {row["lang"] for row in index("side")} == {"zh"}
    head, *lines = Path("4.csv").read_text(encoding="utf-8").splitlines()
    lines = [head.replace("shop_type", "of_old"), *lines]
    Path("without.csv").write_text("\n".join(lines), encoding="utf-8")
    words = ["without.csv" if word == "4.csv" else word for word in LETTERS[:-1]]
    assert run(*words, "other", "--lang-column", "shop_type") == 2
    assert "has no column shop_type" in capsys.readouterr().err
    Path("terms.json").write_text(json.dumps(terms_with(appeal__how={"en": "x"})))
    assert run(*LETTERS[:-1], "english") == 0
    assert run(*LETTERS[:-1], "both", "--lang-column", "speaks") == 2
    assert "appeal.how: has no text in zh" in capsys.readouterr().err
    assert not Path("both").exists()


def test_what_is_refused_leaves_nothing(folder, capsys):
    assert run(*LETTERS, "--only", "tier-changes") == 2
    assert "--previous" in capsys.readouterr().err
    Path("out").mkdir()
    Path("out/mine.txt").write_text("mine")
    assert run(*LETTERS) == 2
    assert "is not an empty folder" in capsys.readouterr().err
    assert [path.name for path in Path("out").iterdir()] == ["mine.txt"]
    Path("terms.json").write_text(json.dumps(terms_with(appeal=None, ranking=None)))
    assert run(*LETTERS[:-1], "new") == 2
    said = capsys.readouterr().err
    assert "appeal: is missing" in said and "ranking: is missing" in said
    words = [word for word in LETTERS if word not in ("--terms", "terms.json")]
    assert run(*words[:-1], "new") == 2
    assert "--terms" in capsys.readouterr().err
    change("4.csv", orders_paid=["x"] * 60)
    Path("terms.json").write_text(json.dumps(TERMS))
    assert run(*LETTERS[:-1], "new") == 2
    assert "all 60 have faults" in capsys.readouterr().err
    assert not Path("new").exists()
    with pytest.raises(InputError, match="only must be one of all, tier-changes"):
        letter_files("4.csv", "new", TERMS, only="some")


def test_nobody_changed_is_an_empty_index(folder, capsys):
    words = (*LETTERS, "--previous", "4.csv", "--only", "tier-changes")
    assert run(*words) == 0
    assert "60 merchants, 0 rejected, 0 letters" in capsys.readouterr().err
    assert index() == [] and len(list(Path("out").iterdir())) == 1


def test_an_interrupt_leaves_nothing(folder):
    def stop(step, share, rows=0):
        if step == "writing letters" and share > 0.3:
            raise KeyboardInterrupt

    files = sorted(path.name for path in folder.iterdir())
    with pytest.raises(KeyboardInterrupt):
        letter_files("4.csv", "out", "terms.json", scorecard="minimal", progress=stop)
    assert files == sorted(path.name for path in folder.iterdir())


def test_names_of_files_say_nothing_of_ids(folder):
    ids = {
        0: "../../etc/passwd",
        1: "=1+1",
        2: "a<b>&amp;",
        3: "<script>alert(1)</script>",
        4: "CON",
    }
    change("4.csv", merchant_id=ids)
    assert run(*LETTERS, "--no-plan", "--quiet") == 0
    rows = index()
    assert [bare(row["merchant_id"]) for row in rows[:5]] == list(ids.values())
    assert rows[1]["merchant_id"] == "'=1+1"
    for row in rows:
        assert row["html"][:-5].isdigit() and row["text"] == f"{row['html'][:-5]}.txt"
    page = Path("out", rows[3]["html"]).read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    assert not Path("../etc").exists()


def test_the_same_run_gives_the_same_letters(folder):
    for out in ("one", "two"):
        assert run(*LETTERS[:-1], out, "--previous", "3.csv", "--no-plan", "--quiet") == 0
    names = sorted(path.name for path in Path("one").iterdir())
    assert names == sorted(path.name for path in Path("two").iterdir())
    for name in names:
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()


def test_without_jinja2_one_sentence_names_the_extra(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    _template.cache_clear()
    assert run(*LETTERS) == 2
    said = capsys.readouterr().err
    assert "which the extra `report` installs" in said and "Traceback" not in said
    assert not Path("out").exists()


def test_pseudonyms_stand_for_ids_everywhere(folder, capsys):
    words = (*LETTERS, "--previous", "3.csv", "--no-plan", "--pseudonyms", "shops.key")
    assert run(*words) == 0
    with open("4.csv", encoding="utf-8", newline="") as file:
        ids = {row["merchant_id"] for row in csv.DictReader(file)}
    rows = index()
    assert len(rows) == 60 and not ids & {row["merchant_id"] for row in rows}
    # Both exports are read under the key, so that merchants are found again.
    assert all(row["tier_before"] for row in rows)
    for path in Path("out").iterdir():
        said = path.read_text(encoding="utf-8")
        assert not any(name in said for name in ids)
    assert not any(name in capsys.readouterr().err for name in ids)


def test_letters_are_not_dated_before_the_review(folder, capsys):
    assert run(*LETTERS, "--as-of", "2026-03-02") == 2
    assert "must not be before the day of the review, 2026-03-02" in capsys.readouterr().err
    assert not Path("out").exists()


@pytest.mark.parametrize("command", ["letters", "audit", "boost-eval"])
def test_a_folder_is_no_standard_output(command, folder, capsys):
    more = ("--terms", "terms.json") if command == "letters" else ()
    more = ("--scores", "3.csv") if command == "boost-eval" else more
    assert run(command, "4.csv", *more, "-o", "-") == 2
    assert "must name a folder, as several files are written" in capsys.readouterr().err
    assert not Path("-").exists()
