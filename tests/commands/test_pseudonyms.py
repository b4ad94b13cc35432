"""Ids, phones and names that are planted everywhere come out of no command under a key."""

import csv
import json
import os
import re
import shlex
import stat

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from trustscore.commands.main import group
from trustscore.commands.messages import visible
from trustscore.errors import InputError, TrustscoreError
from trustscore.io.pseudonyms import Pseudonyms

PHONE, NAME = "13800138000", "Zhang Wei Trading"
SECRETS = ("shop-", PHONE, NAME, "Zhang", "138001")
FIGURES = {
    "negative_reviews": "2", "reviews_rated": "400", "product_rating_mean": "4.5",
    "complaints": "3", "orders_paid": "900", "orders_guaranteed": "600", "refunds_completed": "50",
    "aftersales_review_hours_mean": "3", "barred_identity_link_flag": "0",
}  # fmt: skip
HEAD = ["merchant_id", "phone", "owner", *FIGURES]
FORM = re.compile(r"psn_[0-9a-f]{32}")
DAY = ["--scorecard", "minimal"]


def row(name, *cells):
    return [name, PHONE, NAME, *cells, *list(FIGURES.values())[len(cells) :]]


def write(path, rows, head=HEAD, encoding="utf-8"):
    with open(path, "w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([head, *rows] if head else rows)


@pytest.fixture
def market(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = [row(f"shop-{at}-{PHONE}", str(at)) for at in range(12)]
    faulty = [
        row(f"shop-many-{PHONE}", NAME),  # a cell that is no number
        row(f"shop-1-{PHONE}"),  # a repeated id
        row(f"shop-short-{PHONE}")[:4],  # too few fields
        [NAME, *row(f"shop-moved-{PHONE}")[:-1]],  # moved by a column: a name is the id
        ["2026-01-31", *row("")[1:]],  # a date is no id
        ["", *row("")[1:]],
        row(f'shop-"open-{PHONE}'),
    ]
    write(tmp_path / "export.csv", [*good, *faulty])
    write(tmp_path / "other.csv", [*good, *faulty], ["Merchant ID", *HEAD[1:]])
    write(tmp_path / "old.csv", [row(f"shop-{at}-{PHONE}", "9") for at in range(2, 13)])
    lists = [["q", f"item{at}", f"shop-{at}-{PHONE}", str(1 - at / 100)] for at in range(14)]
    write(tmp_path / "candidates.csv", lists, ["query_id", "item_id", "merchant_id", "relevance"])
    return tmp_path


def run(*words):
    """Run a command and return what it said, whether it went well or not."""
    done = CliRunner().invoke(group, list(words), standalone_mode=False)
    if done.exception is not None:
        assert isinstance(done.exception, TrustscoreError), done.exception
    return visible(f"{done.output}\n{done.exception or ''}")


def table(name):
    with open(name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def outputs(folder):
    """Return every text of every file that a command wrote."""
    given = {"export.csv", "other.csv", "old.csv", "candidates.csv", "shops.key"}
    for path in folder.rglob("*"):
        if not path.is_file() or path.name in given:
            continue
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            yield path.name, json.dumps([table.to_pylist(), str(table.schema)], default=str)
        else:
            yield path.name, path.read_text(encoding="utf-8")


COMMANDS = {
    "score": "score export.csv -o scores.csv --contributions parts.csv",
    "score to Parquet": "score export.csv -o scores.parquet --rejects rejects.parquet",
    "score the id again": "score other.csv -o kept.csv --keep 'Merchant ID'",
    "explain": f"explain export.csv --id shop-3-{PHONE} --json",
    "explain nobody": f"explain export.csv --id shop-33-{PHONE}",
    "explain a reject": f"explain export.csv --id shop-many-{PHONE}",
    "compare": "compare old.csv export.csv -o moved.csv --page moved.html",
    "compare facts": "compare old.csv export.csv --json",
    "report": f"report export.csv --previous old.csv --merchants shop-3-{PHONE} -o report.html",
    "report nobody": f"report export.csv --merchants shop-33-{PHONE} -o none.html",
    "report a reject": f"report export.csv --merchants shop-many-{PHONE} -o none.html",
    "strict": "score export.csv -o strict.csv --strict",
}
BOOST = {
    "boost": "boost candidates.csv --scores scores.csv -o ranked.csv --log log.parquet"
    " --blocked blocked.csv",
    "why": "boost candidates.csv --scores scores.parquet --why q item3",
    "why as JSON": "boost candidates.csv --scores scores.csv --why q item3 --json",
}


def test_no_output_and_no_message_holds_what_was_planted(market):
    said = {}
    for name, words in COMMANDS.items():
        said[name] = run(*shlex.split(words), *DAY, "--pseudonyms", "shops.key")
    for name, words in BOOST.items():
        said[name] = run(*words.split(), "--pseudonyms", "shops.key")
    written = dict(outputs(market))
    assert {"scores.csv", "parts.csv", "rejects.parquet", "kept.csv", "moved.csv", "report.html",
            "ranked.csv", "log.parquet", "scores.csv.manifest.json"} <= written.keys()  # fmt: skip
    for what, text in (said | written).items():
        found = [secret for secret in SECRETS if secret in text]
        assert not found, (what, found, text[:2000])
        if what.startswith(("explain", "why")) or what.endswith((".csv", ".parquet", ".html")):
            nobody = what in ("log.requests.parquet", "blocked.csv")
            assert nobody or FORM.search(text), (what, text[:500])
    # The plain run shows all of it, so the test would see it.
    plain = run("score", "export.csv", *DAY, "-o", "plain.csv", "--strict")
    assert PHONE in plain


def test_outputs_of_several_commands_join(market):
    run("score", "export.csv", *DAY, "-o", "scores.csv", "--pseudonyms", "shops.key")
    run("compare", "old.csv", "export.csv", *DAY, "-o", "moved.csv", "--pseudonyms", "shops.key")
    # Scores of pseudonyms and candidates of ids, and both of pseudonyms.
    run(*BOOST["boost"].split(), "--pseudonyms", "shops.key")

    def column(name):
        return [line["merchant_id"] for line in table(name)]

    scores, moved, ranked = map(column, ("scores.csv", "moved.csv", "ranked.csv"))
    assert len(set(scores)) == len(scores) == 13
    assert set(moved) < set(scores)
    assert len(set(scores) & set(ranked)) == 12
    run("score", "export.csv", *DAY, "-o", "other.csv", "--pseudonyms", "other.key")
    assert not set(column("other.csv")) & set(scores)


def test_the_way_back_and_a_merchant_called_by_either_name(market):
    run("score", "export.csv", *DAY, "-o", "scores.csv", "--pseudonyms", "shops.key")
    said = run("pseudonyms", "export.csv", "--key", "shops.key", "-o", "names.csv")
    assert "merchants written" in said
    names = {line["pseudonym"]: line["merchant_id"] for line in table("names.csv")}
    scored = [line["merchant_id"] for line in table("scores.csv")]
    assert {f"shop-{at}-{PHONE}" for at in range(12)} <= {names[name] for name in scored}
    mine = next(name for name, merchant in names.items() if merchant == f"shop-3-{PHONE}")
    told = [
        run("explain", "export.csv", *DAY, "--id", called, "--pseudonyms", "shops.key")
        for called in (mine, f"shop-3-{PHONE}", f" shop-3-{PHONE} ")
    ]
    assert told[0] == told[1] == told[2] and mine in told[0]
    # A key that is not there would be a new one, under which nobody was ever called anything.
    assert "does not exist" in str(
        CliRunner().invoke(group, ["pseudonyms", "export.csv", "--key", "n", "-o", "o"]).output
    )
    refused = run("pseudonyms", "export.csv", "--key", "shops.key", "-o", "shops.key")
    assert "different files" in refused


def test_a_pseudonym_of_another_key_is_refused(market):
    run("score", "export.csv", *DAY, "-o", "scores.csv", "--pseudonyms", "shops.key")
    said = run(*BOOST["boost"].split(), "--pseudonyms", "other.key")
    assert "is a pseudonym of another key" in said


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_key_that_others_may_use_is_refused(tmp_path, mode):
    key = tmp_path / "shops.key"
    Pseudonyms.load(key)
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
    key.chmod(mode)
    with pytest.raises(InputError, match=f"mode {mode:o}.*chmod 600"):
        Pseudonyms.load(key)


BROKEN = [b"", b"secret", b"0" * 63, b"0" * 65, b"G" * 64, b"0" * 32 + b"\n" + b"0" * 32]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_key_is_refused(tmp_path, content):
    key = tmp_path / "shops.key"
    key.write_bytes(content)
    key.chmod(0o600)
    with pytest.raises(InputError, match="is no key of pseudonyms"):
        Pseudonyms.load(key)
    assert key.read_bytes() == content


def test_a_refused_key_leaves_no_output(market):
    (market / "shops.key").write_bytes(b"")
    said = run("score", "export.csv", *DAY, "-o", "scores.csv", "--pseudonyms", "shops.key")
    assert "key of pseudonyms" in said
    assert not (market / "scores.csv").exists()


def test_no_output_overwrites_the_key(market):
    run("score", "export.csv", *DAY, "-o", "scores.csv", "--pseudonyms", "shops.key")
    key = (market / "shops.key").read_bytes()
    for words in (
        "score export.csv -o scores.csv --manifest shops.key --scorecard minimal",
        "report export.csv -o shops.key --scorecard minimal",
        "compare old.csv export.csv --page shops.key --scorecard minimal",
        "boost candidates.csv --scores scores.csv -o ranked.csv --blocked shops.key",
    ):
        said = run(*words.split(), "--pseudonyms", "shops.key")
        assert "shops.key" in said, words
        assert (market / "shops.key").read_bytes() == key, words


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_errors_of_a_whole_file_show_no_row(tmp_path, monkeypatch, encoding):
    monkeypatch.chdir(tmp_path)
    rows = [row(f"张伟{at}") for at in range(3)]
    write(tmp_path / "bad.csv", rows, HEAD if encoding == "gb18030" else None, encoding)
    said = run("score", "bad.csv", *DAY, "-o", "scores.csv", "--pseudonyms", "k")
    assert "bad.csv, line" in said
    assert not [secret for secret in ("张伟", *SECRETS) if secret in said], said
    assert "张伟" in run("score", "bad.csv", *DAY, "-o", "scores.csv")


def test_faults_of_candidates_and_scores_show_no_row(market):
    run("score", "export.csv", *DAY, "-o", "scores.csv", "--pseudonyms", "shops.key")
    for bad in (["q", "i", "2026-01-31", "1"], ["q", "i", f"shop-1-{PHONE}", NAME]):
        write("more.csv", [bad], ["query_id", "item_id", "merchant_id", "relevance"])
        words = ["boost", "more.csv", "--scores", "scores.csv", "-o", "ranked.csv"]
        said = run(*words, "--pseudonyms", "shops.key")
        assert "line 2" in said
        assert not [secret for secret in (*SECRETS, "2026-01-31") if secret in said], said


def test_rejects_leave_their_rows_out_when_asked(market):
    words = ["score", "export.csv", *DAY, "-o", "scores.csv"]
    run(*words)
    plain = table("scores.csv.rejects.csv")
    run(*words, "--rejects-without-raw")
    bare = table("scores.csv.rejects.csv")
    assert any(each["raw"] for each in plain) and not any(each["raw"] for each in bare)
    assert [each | {"raw": ""} for each in plain] == bare
    run(*words[:-1], "scores.parquet", "--rejects", "r.parquet", "--rejects-without-raw")
    assert set(pq.read_table("r.parquet")["raw"].to_pylist()) == {""}
    run(*words, "--pseudonyms", "shops.key")
    hidden = table("scores.csv.rejects.csv")
    kept = ("line", "column", "reason", "more")
    assert [[e[k] for k in kept] for e in hidden] == [[e[k] for k in kept] for e in plain]
    # A repeated id is its own value.
    assert not any(each["raw"] for each in hidden)
    assert all(each["value"] in ("", each["merchant_id"]) for each in hidden)


def test_spark_makes_no_pseudonyms(market):
    words = ["score", "export.csv", *DAY, "-o", "o", "--engine", "spark"]
    done = CliRunner().invoke(group, [*words, "--pseudonyms", "k", "--rejects-without-raw"])
    assert "--pseudonyms" in done.output and "--rejects-without-raw" in done.output
    assert not (market / "k").exists()


def test_formats_give_the_same_pseudonyms(market):
    rows = [dict(zip(HEAD, row(f"shop-{at}"), strict=True)) for at in range(3)]
    write("a.csv", [row(f"shop-{at}") for at in range(3)])
    with open("b.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(each) + "\n" for each in rows)
    pq.write_table(pa.Table.from_pylist(rows), "c.parquet")
    found = []
    for name in ("a.csv", "b.jsonl", "c.parquet"):
        run("score", name, *DAY, "-o", "scores.csv", "--pseudonyms", "shops.key")
        found.append([line["merchant_id"] for line in table("scores.csv")])
    assert found[0] == found[1] == found[2] and len(found[0]) == 3


def test_the_manifest_tells_keys_apart(market):
    stamps = []
    for key in ("a.key", "a.key", "b.key"):
        run("score", "export.csv", *DAY, "-o", "scores.csv", "--pseudonyms", key)
        facts = json.loads((market / "scores.csv.manifest.json").read_text(encoding="utf-8"))
        stamps.append(facts["pseudonyms"])
        assert (market / key).read_text().strip() not in json.dumps(facts)
    assert stamps[0] == stamps[1] != stamps[2]


def test_a_key_that_cannot_be_read_is_named(market):
    (market / "folder").mkdir()
    with pytest.raises(InputError, match="folder: the key of pseudonyms cannot be read"):
        Pseudonyms.load(market / "folder")
