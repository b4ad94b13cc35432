"""False reviews from reviews alone: signs by hand, bad input, and how right it is."""

import datetime as dt

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.logs.folders import table, write
from trustscore.commands.main import main
from trustscore.detect.areas import area_under_curve, areas
from trustscore.detect.files import write_findings
from trustscore.detect.reviewers.signs import rarity, review_signs, reviewer_signs
from trustscore.detect.settings import parse_settings
from trustscore.errors import InputError
from trustscore.simulate.logs.files import write_logs

DAY = {"as_of": dt.date(2026, 2, 1), "tz": "UTC", "allow_short_logs": True}
HEADER = ("review_id", "merchant_id", "order_id", "created_at", "buyer_id", "stars", "text")
EVERYTHING = {"report": 0.0}


def review(name, merchant="m1", buyer=None, stars="4", at="2026-01-10 10:00", text=""):
    buyer = f"b-{name}" if buyer is None else buyer
    return (name, merchant, f"o-{name}", at, buyer, stars, text)


def run(folder, rows, header=HEADER, **reviewers):
    chosen = {"name": "test", "version": "1.0.0", "reviewers": {**EVERYTHING, **reviewers}}
    places = [HEADER.index(name) for name in header]
    lines = [[str(row[at]) for at in places] for row in rows]
    report = write_findings(
        "reviewers",
        write(folder / "logs", reviews=table(",".join(header), *lines)),
        folder / "found.parquet",
        settings=parse_settings(chosen),
        **DAY,
    )
    found = pq.read_table(folder / "found.parquet").to_pylist()
    return {row["subject_id"]: row for row in found}, report.manifest


def test_signs_of_reviews_by_hand():
    merchant, day = np.array([0, 0, 0, 1]), np.array([5, 5, 6, 5])
    stars = np.array([5.0, 2.0, 3.0, np.nan])
    signs = review_signs(merchant, day, stars, np.zeros(4, dtype=bool), known_words=False)
    assert signs["stars_apart"][:3].tolist() == [2.5, 2.0, 0.5]
    assert np.isnan(signs["stars_apart"][3])
    assert signs["extreme_stars"][:3].tolist() == [1.0, 0.0, 0.0]
    # Three reviews on two days are 1.5 a day.
    assert signs["busy_day"].tolist() == pytest.approx([2 / 1.5, 2 / 1.5, 1 / 1.5, 1.0])
    assert "copied_words" not in signs


def test_signs_of_reviewers_by_hand():
    whose, merchant = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 0, 1, 0, 0, 1])
    day, stars = np.array([1, 1, 15, 3, 1, 99]), np.array([5.0, 5.0, 5.0, 1.0, 2.0, 4.0])
    apart = np.array([1.0, 1.0, 4.0, np.nan, 0.0, 2.0])
    block = np.array([True, True, True, False, False, False])
    signs = reviewer_signs(whose, merchant, day, stars, apart, block, 28)
    assert signs["single_review"].tolist() == [0.0, 1.0, 0.0]
    assert signs["many_in_a_day"].tolist() == [2.0, 1.0, 1.0]
    assert signs["short_life"][[0, 2]].tolist() == [0.5, 0.0]
    assert np.isnan(signs["short_life"][1])
    assert signs["same_merchants"][[0, 2]].tolist() == [1.5, 1.0]
    assert signs["reviewer_apart"][[0, 2]].tolist() == [2.0, 1.0]
    # Always the same stars, and too few to say.
    assert signs["same_stars"][0] == 0.0
    assert np.isnan(signs["same_stars"][1:]).all()
    assert signs["dense_block"].tolist() == [3.0, 0.0, 0.0]


def test_area_under_the_curve_by_hand():
    scores, true = np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False])
    assert area_under_curve(scores, true) == 3.5 / 4
    assert area_under_curve(scores, ~true) == 0.5 / 4
    assert area_under_curve(scores, np.ones(4, dtype=bool)) is None
    keys = [("m", "a"), ("m", "b"), ("m", "c"), ("m", "x")]
    kinds = {("m", "a"): "false", ("m", "b"): "", ("m", "c"): ""}
    # Nobody wrote c; of x nobody knows what it is.
    people = np.array([0, 1, -1, 0])
    assert areas(kinds, (keys, scores, people)) == {"subjects": 1.0, "people": 1.0}


def test_rarity_without_known_values():
    assert np.isnan(rarity(np.full(3, np.nan))).all()
    assert rarity(np.zeros(0)).tolist() == []


@pytest.mark.slow
def test_a_ring_with_copied_praise_is_told_from_the_rest(tmp_path):
    draw = np.random.default_rng(2)
    rows = [
        review(
            f"h{n}",
            f"m{n % 20}",
            f"p{n // 2}",
            int(draw.integers(2, 6)),
            f"2026-01-{1 + int(draw.integers(28)):02} 10:00",
            f"words number {n} of somebody",
        )
        for n in range(600)
    ]
    words = "a wonderful shop, everybody should buy here, more than once and for all friends"
    rows += [
        review(f"f{a}-{n}", "m3", f"ring{a}", 5, "2026-01-20 03:00", words)
        for a in range(3)
        for n in range(3)
    ]
    found, manifest = run(tmp_path, rows)
    assert manifest["facts"]["reviews_judged"] == 609
    scores = {name: row["score"] for name, row in found.items()}
    assert min(scores[name] for name in scores if name[0] == "f") > max(
        scores[name] for name in scores if name[0] == "h"
    )
    assert "copied_words(0.0148)" in found["f0-0"]["evidence"]
    # Never who wrote it.
    assert "ring" not in str(found["f0-0"])
    some, _ = run(tmp_path, rows, report=0.95)
    assert 0 < len(some) <= 12
    assert {name[0] for name in some} == {"f"}


@pytest.mark.parametrize("blank", ["buyer_id", "stars", "text"])
def test_signs_whose_columns_are_not_there_are_named(tmp_path, blank):
    header = tuple(name for name in HEADER if name != blank)
    found, manifest = run(tmp_path, [review(f"r{n}") for n in range(6)], header)
    assert len(found) == 6
    skipped = manifest["facts"]["signs_not_read"]
    wanted = {"buyer_id": "single_review", "stars": "stars_apart", "text": "copied_words"}
    assert wanted[blank] in skipped
    assert any(wanted[blank] in warning for warning in manifest["warnings"])


def test_where_no_review_is_judged_that_is_said(tmp_path):
    found, manifest = run(tmp_path, [review("old", at="2025-01-01 10:00")])
    assert found == {}
    assert manifest["warnings"] == ["reviewers: no review of the 180 days before the findings"]


def test_a_blank_buyer_is_nobody_and_equals_no_other(tmp_path):
    rows = [review(f"r{n}", buyer="") for n in range(50)] + [review("x"), review("y")]
    found, manifest = run(tmp_path, rows)
    assert manifest["facts"]["reviews_of_nobody"] == 50
    assert manifest["facts"]["reviewers_judged"] == 2
    assert "reviewer:" not in found["r0"]["evidence"]
    assert "reviewer:" in found["x"]["evidence"]


def test_one_reviewer_one_merchant_and_no_review(tmp_path):
    rows = [review(f"r{n}", buyer="one") for n in range(30)]
    found, manifest = run(tmp_path / "one", rows)
    assert manifest["facts"]["reviewers_judged"] == 1
    # Nobody is unlike others where there are none.
    assert {row["score"] for row in found.values()} == {0.0}
    found, manifest = run(tmp_path / "none", [])
    assert found == {}
    assert manifest["facts"]["reviews_judged"] == 0


def test_a_merchant_with_a_third_of_all_reviews_is_not_found_for_that(tmp_path):
    rows = [
        review(f"r{n}", "big" if n % 10 < 3 else f"m{n % 40}", at=f"2026-01-{1 + n % 28:02} 10:00")
        for n in range(1000)
    ]
    assert run(tmp_path, rows, report=0.95)[0] == {}


@pytest.mark.slow
def test_a_hundred_thousand_reviews_of_one_buyer(tmp_path):
    rows = [review(f"r{n}", f"m{n % 7}", "one") for n in range(100_000)]
    rows += [review(f"h{n}", f"m{n % 7}") for n in range(100)]
    _, manifest = run(tmp_path, rows, report=0.95)
    assert manifest["facts"]["reviews_judged"] == 100_100
    assert manifest["facts"]["dense_blocks"] == []


def test_reviews_are_needed(tmp_path):
    logs = write(tmp_path / "logs", merchants=table("merchant_id", ["m1"]))
    with pytest.raises(InputError, match="needs the log reviews"):
        write_findings("reviewers", logs, tmp_path / "o.csv", **DAY)


@pytest.mark.slow
def test_made_up_reviews_without_orders(tmp_path, capsys):
    write_logs(tmp_path / "all", 40, 150, 7)
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("reviews", "merchants"):
        (tmp_path / "all" / f"{name}.parquet").rename(logs / f"{name}.parquet")
    words = ["detect", "reviewers", str(logs), "--as-of", "2026-01-01", "--allow-short-logs"]
    words += ["--truth", str(tmp_path / "all" / "truth"), "-o", str(tmp_path / "found.csv")]
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert "AUC of subjects" in said
    area = float(said.split("AUC of subjects ")[1].split(",")[0])
    assert area >= 0.70
