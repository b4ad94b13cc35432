"""Reports of files: what is read, what is refused, how large a page becomes."""

import base64
import csv
import json
import re
import sys
import uuid
import zlib
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.report import page as pages
from trustscore.report.chosen import MOST_PANELS, choose
from trustscore.report.figures import BINS, Figures
from trustscore.report.files import report_files
from trustscore.report.merchants import Merchants
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns
from trustscore.simulate.files import write_market

MINIMAL = ("--scorecard", "minimal")


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in (3, 4):
        write_market(f"{seed}.csv", 60, seed, "minimal")
    return tmp_path


def unpack(packed):
    """The table as the page's script reads it."""
    data = zlib.decompress(base64.b64decode(packed.data))
    n = packed.rows
    types = (("index", "<u2"), ("change", "<i2"), ("boost", "<u2"))
    types += (("coverage", "u1"), ("tier", "u1"), ("status", "u1"))
    found, at = {}, 0
    for name, kind in types:
        found[name] = np.frombuffer(data, kind, n, at).astype(int)
        at += n * np.dtype(kind).itemsize
    found["index"] = np.cumsum(found["index"]) & 0xFFFF
    found["id"] = data[at:].decode().split("\n")[:-1]
    return found


def scores_of(index):
    index = np.asarray(index, dtype=float)
    n = len(index)
    codes = np.arange(n) % 3
    return SimpleNamespace(
        trust_index=index, coverage=np.full(n, 0.5), tier_code=codes, status_code=codes
    )


def test_the_table_by_hand():
    merchants = Merchants()
    ids = np.array(["b", "a\n\u202e", "c", "d"], dtype=object)
    merchants.add(ids, scores_of([71.256, 0.0, np.nan, 100.0]), np.array([1.05, 0.9, 1.0, 1.2]))
    found = unpack(merchants.pack(9, change={"b": -1.5, "d": float("nan")}))
    assert found["id"] == ["a\\n\\u202e", "b", "d", "c"]
    assert found["index"].tolist() == [0, 7126, 10000, 65535]
    assert found["change"].tolist() == [-32768, -15, -32768, -32768]
    assert found["boost"].tolist() == [900, 1050, 1200, 1000]
    assert found["tier"].tolist() == [1, 0, 0, 2] and set(found["coverage"].tolist()) == {50}


def test_beyond_the_lowest_stand_the_chosen():
    merchants = Merchants()
    ids = np.array([f"m{at}" for at in range(50)], dtype=object)
    merchants.add(ids, scores_of(np.arange(50.0)), np.ones(50))
    packed = merchants.pack(3, ["m40", "m1"])
    assert (packed.rows, packed.total) == (4, 50)
    assert unpack(packed)["id"] == ["m0", "m1", "m2", "m40"]


@pytest.mark.slow
def test_a_hundred_thousand_merchants_with_random_ids_take_less_than_three_megabytes():
    rng = np.random.default_rng(7)
    n = 100_000
    ids = np.array([uuid.UUID(bytes=rng.bytes(16)).hex for _ in range(n)], dtype=object)
    merchants = Merchants()
    index = rng.normal(70, 8, n).clip(0, 100)
    boost = np.exp((index - 71) / 100 * rng.uniform(0.5, 1, n))
    merchants.add(ids, scores_of(index), boost)
    change = dict(zip(ids.tolist(), rng.normal(0, 3, n).tolist(), strict=True))
    # Most of it is the ids themselves: 16 bytes of chance each, in base64.
    assert len(merchants.pack(n, change=change).data) < 3e6


def test_figures_add_up_whatever_the_blocks_are():
    card = load_scorecard("minimal")
    rng = np.random.default_rng(3)
    block = {field.name: rng.integers(1, 5, 90).astype(float) for field in card.fields}
    block["orders_paid"] = np.full(90, 900.0)
    block["orders_paid"][:7] = np.nan

    def added(*cuts):
        figures = Figures(card)
        for start, stop in zip((0, *cuts), (*cuts, 90), strict=True):
            part = {name: values[start:stop] for name, values in block.items()}
            figures.add(part, score_columns(part, card, "statement"), frozenset())
        return figures

    whole, parts = added(), added(13, 60)
    assert whole.bins.tolist() == parts.bins.tolist() and whole.bins.sum() == whole.scored
    assert whole.tiers == parts.tiers and sum(whole.tiers.values()) == 90
    assert whole.mean("index") == pytest.approx(parts.mean("index"), abs=1e-9)
    for one, other in zip(whole.signals, parts.signals, strict=True):
        assert one.bins.tolist() == other.bins.tolist() and len(one.bins) == BINS
        assert one.bins.sum() == one.known <= one.applies
        assert (one.unknown, one.withheld) == (other.unknown, other.withheld)
    lost = sum(each.lost for each in whole.signals)
    assert lost == pytest.approx(sum(lost for _, lost in whole.stages.values()))


@pytest.mark.slow
def test_the_command_writes_a_page_and_says_how_large(folder, capsys):
    words = ("report", "4.csv", *MINIMAL, "--previous", "3.csv", "--all-below", "trusted")
    assert run(*words, "-o", "out.html") == 0
    text = (folder / "out.html").read_text(encoding="utf-8")
    said = capsys.readouterr().err
    assert "60 merchants, 0 rejected, 60 in the table" in said and "bytes" in said
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', text, re.S)[1])
    assert facts["rows"] == 60 and facts["change"]
    assert [at for _, at in facts["panels"]] == list(range(text.count('<details class="panel"')))
    for section in ("movers", "drift", "panels"):
        assert f'id="{section}"' in text
    assert run(*words, "-o", "again.html", "--quiet") == 0
    assert capsys.readouterr().err == ""


def test_rejected_rows_are_counted_by_reason(folder, capsys):
    with open("4.csv", encoding="utf-8") as file:
        lines = file.read().splitlines()
    head = lines[0].split(",")
    row = lines[3].split(",")
    row[head.index("orders_paid")] = "many"
    with open("4.csv", "w", encoding="utf-8") as file:
        file.write("\n".join([*lines[:3], ",".join(row), *lines[4:]]) + "\n")
    assert run("report", "4.csv", *MINIMAL, "-o", "out.html") == 3
    assert "1 rows of 4.csv have faults" in capsys.readouterr().err
    assert "a number is expected" in (folder / "out.html").read_text(encoding="utf-8")
    assert run("score", "4.csv", *MINIMAL, "-o", "scores.csv", "--rejects", "bad.csv") == 3
    words = ("report", "3.csv", *MINIMAL, "--rejects", "bad.csv")
    assert run(*words, "-o", "other.html") == 0
    text = (folder / "other.html").read_text(encoding="utf-8")
    assert "a number is expected" in text and "By bad.csv." in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--merchants", "m0000001,m000000x"), "'m000000x': no such merchant, did you mean m0000"),
        (("--all-below", "trustd"), "did you mean trusted?"),
        (("--all-below", "trusted", "--merchants", "m0000001"), "by id or by tier, not both"),
        (("--previous", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_wrong_use_leaves_no_page(words, said, folder, capsys):
    assert run("report", "4.csv", *MINIMAL, *words, "-o", "out.html") == 2
    assert said in capsys.readouterr().err
    assert not (folder / "out.html").exists()


def test_the_export_is_not_overwritten(folder):
    before = (folder / "4.csv").read_bytes()
    assert run("report", "4.csv", *MINIMAL, "-o", "4.csv") == 2
    assert run("compare", "3.csv", "4.csv", *MINIMAL, "--page", "4.csv") == 2
    assert (folder / "4.csv").read_bytes() == before


def test_more_ids_than_panels_are_refused():
    with pytest.raises(InputError, match=f"at most {MOST_PANELS} panels"):
        choose(load_scorecard("minimal"), [f"m{at}" for at in range(MOST_PANELS + 1)], None)


def test_compare_writes_a_page(folder):
    assert run("compare", "3.csv", "4.csv", *MINIMAL, "--page", "out.html", "--quiet") == 0
    text = (folder / "out.html").read_text(encoding="utf-8")
    assert "What changed" in text and "变动报告" in text and "3.csv → 4.csv" in text


def test_without_jinja2_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    pages._environment.cache_clear()
    try:
        with pytest.raises(InputError, match="takes jinja2, which the extra `report` installs"):
            report_files("4.csv", "out.html", scorecard="minimal")
    finally:
        pages._environment.cache_clear()
    assert not (folder / "out.html").exists()


def card_text(repository, change):
    return change((repository / "configs" / "minimal.toml").read_text(encoding="utf-8"))


def tags_of(text):
    found = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.append(tag)
            assert not any(name.startswith("on") for name, _ in attributes)

    Tags().feed(text)
    return found


@pytest.mark.parametrize("public", [(), ("--public",)])
def test_words_of_a_scorecard_stay_texts(folder, repository, public):
    hostile = "</script></title></svg><img src=x onerror=nobody()>\\\"'{{ 7 * 7 }}"
    text = card_text(repository, lambda text: re.sub(r'\ben = "[^"]*"', f'en = "{hostile}"', text))
    (folder / "hostile.toml").write_text(text, encoding="utf-8")
    words = ("report", "4.csv", "--scorecard", "hostile.toml", "--previous", "3.csv", *public)
    chosen = () if public else ("--merchants", "m0000001")
    assert run(*words, *chosen, "-o", "out.html") == 0
    text = (folder / "out.html").read_text(encoding="utf-8")
    tags = tags_of(text)
    assert "img" not in tags and tags.count("script") == (1 if public else 3)
    assert "{{ 7 * 7 }}" in text


@pytest.mark.parametrize("public", [(), ("--public",)])
def test_a_scorecard_without_tiers_has_a_page(folder, repository, public):
    without = card_text(repository, lambda text: text[: text.index("[tiers]")])
    (folder / "none.toml").write_text(without, encoding="utf-8")
    words = ("report", "4.csv", "--scorecard", "none.toml", "--previous", "3.csv", *public)
    chosen = () if public else ("--merchants", "m0000001")
    assert run(*words, *chosen, "-o", "out.html") == 0
    assert "The scorecard has no tiers." in (folder / "out.html").read_text("utf-8") or public


@pytest.mark.parametrize("public", [(), ("--public",)])
def test_merchants_without_an_index_are_counted(folder, public):
    with open("4.csv", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    for row in rows[:20]:
        row[1:] = [""] * (len(row) - 1)
    with open("4.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    words = ("report", "4.csv", *MINIMAL, "--previous", "3.csv", *public)
    assert run(*words, "-o", "out.html") == 0
    text = (folder / "out.html").read_text(encoding="utf-8")
    assert "nan" not in re.sub(r"<script.*?</script>|<style.*?</style>", "", text, flags=re.S)


def test_a_market_in_which_nobody_has_an_index_has_a_page(folder):
    with open("4.csv", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    with open("4.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *([row[0], *[""] * (len(row) - 1)] for row in rows)])
    words = ("report", "4.csv", *MINIMAL, "--merchants", rows[0][0], "--previous", "3.csv")
    assert run(*words, "-o", "out.html") == 0
    text = (folder / "out.html").read_text(encoding="utf-8")
    assert "nan" not in re.sub(r"<script.*?</script>|<style.*?</style>", "", text, flags=re.S)
