"""Hostile ids, items, queries, categories and words through every command that writes about them.

Every file that a command leaves is found in the folder, so a new one is looked at too; a new
command fails the last test until it has its line here.
"""

import csv
import json
import re
import tomllib
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import click
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tests.hostile_texts import HOSTILE
from tests.letters.terms_example import TERMS
from trustscore.commands.main import group
from trustscore.commands.messages import visible
from trustscore.errors import TrustscoreError
from trustscore.io.csv_text import bare
from trustscore.scorecard.load import load_scorecard
from trustscore.scorecard.merchant_ids import canonical_id

# What a terminal acts on, but for the ends of our own lines.
ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
NUMBER = re.compile(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?|-inf", re.IGNORECASE)
FORGED = "FORGED: all is well"
BREAKS = {
    f"break {n}": f"m{n}{mark}{FORGED}" for n, mark in enumerate(["\n", "\r\n", "\r", "\x85"])
}
BREAKS |= {
    f"break {n + 9}": f"m{n}{mark}{FORGED}" for n, mark in enumerate(["\u2028", "\u2029", "\x0b"])
}
TEXTS = {**HOSTILE, **BREAKS}
# Readers of text stand it where bytes were no UTF-8, so a row that holds it is a reject.
del TEXTS["noncharacter"]
IDS = {text: canonical_id(text) for text in TEXTS.values()}
KNOWN = {found for found, reason, _ in IDS.values() if not reason}
REJECTED = [text for text, (_, reason, _) in IDS.items() if reason]
HEAD = [
    "merchant_id", "category", "note", "negative_reviews", "reviews_rated", "product_rating_mean",
    "complaints", "orders_paid", "orders_guaranteed", "refunds_completed",
    "aftersales_review_hours_mean", "barred_identity_link_flag",
]  # fmt: skip


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    texts = list(TEXTS.values())
    with open(folder / "export.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(HEAD)
        for at, text in enumerate(texts):
            other = texts[at - 1]
            writer.writerow(
                [text, other, other, at % 9, 400, 4.5 + at % 5 / 10, at % 4, 900, 600, 50, 3, 0]
            )
    with open(folder / "candidates.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["query_id", "item_id", "merchant_id", "relevance", "title"])
        for query in ("q", f"r\n{FORGED}"):
            for at, text in enumerate(sorted(KNOWN)):
                writer.writerow([query, text, text, 1 - at / 1000, texts[at]])
    card = (Path(__file__).parents[2] / "configs" / "minimal.toml").read_text(encoding="utf-8")
    card = f'{card}\n[peers]\nby = ["category"]\n'
    (folder / "by_category.toml").write_text(card, encoding="utf-8")
    lines = '[drift]\nverdict = "slight"\n[drift.of.note]\npsi = 1\n'
    (folder / "lines.toml").write_text(lines, encoding="utf-8")
    (folder / "terms.json").write_text(json.dumps(TERMS), encoding="utf-8")
    with open(folder / "outcomes.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["merchant_id", "n", "events"])
        writer.writerows([text, 50, at % 3] for at, text in enumerate(sorted(KNOWN)))
    (folder / "shops.key").write_text("0" * 64)
    (folder / "shops.key").chmod(0o600)
    logs = folder / "logs"
    logs.mkdir()
    with open(logs / "orders.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["merchant_id", "order_id", "paid_at", "category", "buyer_id"])
        writer.writerows([text, text, "2026-01-31 10:00", texts[0], text] for text in texts)
    with open(logs / "live_votes.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["session_id", "merchant_id", "voter_id", "question", "answer", "voted_at"])
        for text in texts:
            for voter in range(6):
                writer.writerow(
                    [text, text, f"{voter}{text}", "exaggerated", "1", "2026-01-31 10:00"]
                )
    return folder


def run(words, folder, monkeypatch, codes=(0, 3)):
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(group, words, standalone_mode=False)
    assert done.exception is None, done.exception
    assert (done.return_value or 0) in codes, done.output
    refuse_active(done.output)
    return done


def refuse_active(said):
    assert not ACTIVE.search(said)
    assert not [line for line in said.split("\n") if line.startswith(FORGED)], said


def look_at(path):
    """Assert that no cell of a CSV begins a formula, and that ids are those that went in."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    header, ids = rows[0], []
    for row in rows[1:]:
        assert len(row) == len(header), (path.name, row)
        for name, cell in zip(header, row, strict=True):
            formula = cell[:1] and cell[0] in "=+-@\t\r\n＝＋－＠"
            assert not formula or NUMBER.fullmatch(cell), (path.name, name, cell)
        ids += [bare(row[at]) for at, name in enumerate(header) if name == "merchant_id"]
    return ids


COMMANDS = {
    "score": "score export.csv --scorecard minimal -o scores.csv --keep category,note"
    " --contributions parts.csv",
    "init": "init export.csv -o first.toml",
    "score to parquet": "score export.csv --scorecard minimal -o scores.parquet --keep note",
    "check": "check export.csv --scorecard minimal",
    "rights": "rights scores.csv --scorecard minimal --previous scores.csv --export export.csv"
    " -o rights.csv",
    "rights in Chinese": "rights scores.csv --scorecard minimal --previous rights.csv --lang zh"
    " -o rights-zh.csv",
    "boost": "boost candidates.csv --scores scores.csv -o ranked.csv --log log.parquet"
    " --blocked blocked.csv",
    "boost-eval": "boost-eval candidates.csv --scores scores.csv -o eval --draws 20",
    "fit": "fit export.csv --scorecard by_category.toml -o fitted.toml",
    "lines": "lines export.csv --scorecard minimal --outcomes outcomes.csv --cost standard 5"
    " -o lined.toml --curve curve.csv --by-tier by-tier.csv",
    "compare": "compare export.csv export.csv --scorecard minimal -o changes.csv --parts",
    "drift": "drift export.csv export.csv --scorecard minimal -o drift.csv --columns note",
    "report": "report export.csv --scorecard minimal --previous export.csv --all-below trusted"
    " -o report.html",
    "pseudonyms": "pseudonyms export.csv --key shops.key -o names.csv",
    "letters": "letters export.csv --scorecard minimal --terms terms.json --previous export.csv"
    " -o letters --no-plan",
    "gate": "gate export.csv --scorecard minimal --reference export.csv --lines lines.toml"
    " --columns note",
    "signals": "signals logs -o from-logs.csv --as-of 2026-02-01 --tz UTC --allow-short-logs"
    " --lineage lineage",
    "detect": "detect votes logs -o findings.csv --as-of 2026-02-01 --tz UTC --queue queue.csv",
    "export": "export sql --scorecard minimal --dialect duckdb -o query.sql",
}


AUDIT = (
    "audit export.csv --scorecard minimal --outcomes outcomes.csv --as-of 2026-01-01 -o audit"
    " --draws 20"
)


@pytest.fixture(scope="module")
def filled(market):
    with pytest.MonkeyPatch.context() as monkeypatch:
        for words in COMMANDS.values():
            run(words.split(), market, monkeypatch)
    return market


def test_every_row_comes_out_once(filled):
    scored = look_at(filled / "scores.csv")
    assert set(scored) == KNOWN and len(scored) == len(KNOWN)
    assert pq.read_table(filled / "scores.parquet")["merchant_id"].to_pylist() == scored
    (rejects,) = filled.glob("scores.csv.rejects.csv")
    with open(rejects, encoding="utf-8", newline="") as file:
        reasons = [row["reason"].partition(":")[0] for row in csv.DictReader(file)]
    assert len(reasons) == len(TEXTS) - len(KNOWN)
    assert len([reason for reason in reasons if reason != "repeated_id"]) == len(REJECTED)


def test_no_table_begins_a_formula_or_changes_an_id(filled):
    written = {path.relative_to(filled) for path in filled.rglob("*.csv")}
    given = ("export.csv", "candidates.csv", "outcomes.csv")
    written -= {path for path in written if path.name in given or path.parts[0] == "logs"}
    assert len(written) > 7
    for path in written:
        ids = look_at(filled / path)
        if "rejects" not in path.name:
            assert set(ids) <= KNOWN, path
        if path.name in ("parts.csv", "rights.csv", "rights-zh.csv", "ranked.csv"):
            assert set(ids) == KNOWN, path


def test_kept_texts_come_back_as_they_were(filled):
    with open(filled / "scores.csv", encoding="utf-8", newline="") as file:
        found = {bare(row["note"]) for row in csv.DictReader(file)}
    assert found <= {text.strip() for text in TEXTS.values()} | set(TEXTS.values())
    with open(filled / "ranked.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {bare(row["query_id"]) for row in rows} == {"q", f"r\n{FORGED}"}


def test_a_page_holds_no_tag_of_others(filled):
    class Tags(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found[tag] += 1
            assert not any(name.startswith("on") for name, _ in attributes)

    for path in filled.rglob("*.html"):
        found: Counter[str] = Counter()
        text = path.read_text(encoding="utf-8")
        Tags().feed(text)
        scripts = 0 if path.parent.name == "letters" else 3
        assert found["script"] == scripts and not found["img"] + found["iframe"] + found["object"]
        refuse_active(text)


def test_a_letter_is_in_lines_of_its_own(filled):
    texts = sorted(filled.glob("letters/*.txt"))
    assert len(texts) == len(KNOWN)
    for path in texts:
        text = path.read_text(encoding="utf-8")
        refuse_active(text)
        assert sum(line.startswith("Shop: ") for line in text.splitlines()) == 1


def test_documents_are_whole(filled):
    for path in filled.rglob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))
    assert tomllib.loads((filled / "fitted.toml").read_text(encoding="utf-8"))
    load_scorecard(filled / "fitted.toml")
    load_scorecard(filled / "first.toml")


@pytest.mark.parametrize("name", [*BREAKS, "ansi erase", "right to left", "formula", "resp"])
def test_one_merchant_is_told_of_in_its_lines(name, filled, monkeypatch):
    text = canonical_id(TEXTS[name])[0]
    whose = ["explain", "export.csv", "--scorecard", "minimal", "--id", text]
    said = run(whose, filled, monkeypatch).output
    assert said.count("Trust index") >= 1
    assert json.loads(run([*whose, "--json"], filled, monkeypatch).output)
    why = ["boost", "candidates.csv", "--scores", "scores.csv", "--why"]
    assert "stands at place" in run([*why, "q", text], filled, monkeypatch).output
    run([*why, f"r\n{FORGED}", text], filled, monkeypatch)
    for words in (
        [*whose[:-1], f"{text}!"],
        [*why, "q", f"{text}!"],
        [*why, f"q{text}", text],
        ["score", f"{text}.csv", "-o", "x.csv"],
        ["score", "export.csv", "--scorecard", "minimal", "-o", "x.csv", "--keep", text],
    ):
        done = CliRunner().invoke(group, words, standalone_mode=False)
        refused = isinstance(done.exception, (TrustscoreError, click.ClickException))
        assert refused or done.return_value == 2, words
        refuse_active(visible(f"{done.exception}\n{done.output}"))


@pytest.mark.slow
def test_an_audit_holds_no_formula_and_no_line_of_others(filled, monkeypatch):
    run(AUDIT.split(), filled, monkeypatch)
    tables = [*(filled / "audit").glob("*.csv")]
    assert len(tables) > 10
    for path in tables:
        assert set(look_at(path)) <= KNOWN, path
    assert json.loads((filled / "audit" / "audit.json").read_text(encoding="utf-8"))
    refuse_active((filled / "audit" / "summary.txt").read_text(encoding="utf-8"))


def test_every_command_has_its_line():
    silent = {"schema", "simulate", "explain", "audit", "preset", "workbench"}
    here = {words.split()[0] for words in COMMANDS.values()} | silent
    assert here == set(group.list_commands(click.Context(group)))
