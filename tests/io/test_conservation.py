"""Every row comes out exactly once: scored, or rejected with its line and its reason."""

import csv
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.exports import HEADER, MINIMAL, csv_bytes, row, write_csv, write_parquet
from trustscore.batch.files import score_files
from trustscore.batch.frame import score_frame
from trustscore.io.rejects import REASONS

FAULTS = {
    "not_a_number": {"complaints": "many"},
    "not_a_count": {"complaints": "97%"},
    "not_a_flag": {"barred_identity_link_flag": "maybe"},
    "infinite": {"product_rating_mean": "inf"},
    "negative_count": {"complaints": "-1"},
    "out_of_range": {"product_rating_mean": "5.5"},
    "numerator_above_denominator": {"negative_reviews": "9", "reviews_rated": "8"},
}
KINDS = [
    "good",
    "good",
    "good",
    *FAULTS,
    "missing_id",
    "repeated_id",
    "field_count",
    "open_quote",
    "blank",
]


def build(kinds, newline, texts):
    """The bytes of a file and what must come of it: scored ids, rejects by line."""
    body, scored, rejects = b"", [], {}
    line = 2
    for number, (kind, text) in enumerate(zip(kinds, texts, strict=True)):
        values = {"category": text, "orders_paid": "40"} | FAULTS.get(kind, {})
        name = f"m{number}"
        if kind == "repeated_id" and scored:
            name = scored[len(scored) // 2]
        cells = row("" if kind == "missing_id" else name, **values)
        if kind == "field_count":
            cells = cells[:-1] if number % 2 else [*cells, "1"]
        data = csv_bytes([cells], newline=newline).split(newline.encode(), 1)[1]
        if kind == "open_quote":
            # Quoted fields may follow: none of their marks is at the end of a field.
            data = f'{name},"oops{"," * (len(HEADER) - 2)}{newline}'.encode()
        if kind == "blank":
            data = newline.encode()
        elif kind == "good" or (kind == "repeated_id" and name == f"m{number}"):
            scored.append(name)
        else:
            rejects[line] = kind
        body += data
        line += data.count(b"\n")
    return csv_bytes([], newline=newline) + body, scored, rejects


@settings(max_examples=settings.default.max_examples // 3)
@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.sampled_from(["", "a", "b, c", 'say "x"', "乐\nno"])),
        max_size=60,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([16, 200, 1 << 20]),
    st.booleans(),
)
def test_every_row_comes_out_once(tmp_path_factory, rows, newline, block, final):
    kinds, texts = [kind for kind, _ in rows], [text for _, text in rows]
    data, scored, rejects = build(kinds, newline, texts)
    folder = tmp_path_factory.mktemp("once")
    (folder / "e.csv").write_bytes(data if final else data.removesuffix(newline.encode()))
    report = score_files(folder / "e.csv", folder / "s.csv", scorecard=MINIMAL, block=block)
    with open(folder / "s.csv", newline="", encoding="utf-8") as file:
        assert [r["merchant_id"] for r in csv.DictReader(file)] == scored
    found = {}
    if rejects:
        with open(report.rejects, newline="", encoding="utf-8") as file:
            for reject in csv.DictReader(file):
                assert int(reject["line"]) not in found
                found[int(reject["line"])] = reject["reason"].partition(":")[0]
    else:
        assert not (folder / "s.csv.rejects.csv").exists()
    assert found == rejects
    counts = report.manifest["rows"]
    assert counts["read"] == counts["scored"] + counts["rejected"]
    assert (counts["scored"], counts["rejected"]) == (len(scored), len(rejects))


def test_all_reasons_are_planted_here():
    others = {"missing_id", "repeated_id", "field_count", "open_quote"}
    # These have tests of their own.
    others |= {
        "early_date",
        "not_a_date",
        "not_a_record",
        "not_an_id",
        "not_calculated",
        "summary_row",
        "too_long",
        "not_utf8",
        "zoned_time",
    }
    assert set(REASONS) == {*FAULTS, *others, "header_again", "maybe_thousands"}


@pytest.mark.parametrize("as_of", [None, dt.date(2026, 3, 1)])
@pytest.mark.parametrize("end", [".csv", ".parquet", "frame"])
def test_a_day_that_is_none_is_a_reject(end, as_of, tmp_path):
    days = ["2026-02-01", "soon", "", "2026/02/01", "2026-02-30", "45000", "2026-02-01T08:00", "NA"]
    header = [*HEADER, "previous_tier", "tier_since"]
    rows = [[*row(f"m{n}"), "standard", day] for n, day in enumerate(days)]
    if end == "frame":
        frame = {name: [cells[at] for cells in rows] for at, name in enumerate(header)}
        scores, table = score_frame(frame, MINIMAL, errors="reject", as_of=as_of)
        assert scores["merchant_id"].tolist() == ["m0", "m2", "m6", "m7"]
        found = table.to_dict("records")
    else:
        write = write_csv if end == ".csv" else write_parquet
        path = write(tmp_path / f"e{end}", rows, header=header)
        report = score_files(path, tmp_path / "s.csv", scorecard=MINIMAL, as_of=as_of)
        assert report.manifest["rejected"] == {"not_a_date": 4}
        with open(report.rejects, newline="", encoding="utf-8") as file:
            found = list(csv.DictReader(file))
    first = 2 if end == ".csv" else 1
    assert [(int(r["line"]) - first, r["column"], r["value"]) for r in found] == [
        (n, "tier_since", days[n]) for n in (1, 3, 4, 5)
    ]
    assert {r["reason"] for r in found} == {"not_a_date: a date such as 2026-01-31 is expected"}


def rejected(folder, rows, **how):
    report = score_files(
        write_csv(folder / "e.csv", rows), folder / "s.csv", scorecard=MINIMAL, **how
    )
    if report.rejects is None:
        return []
    with open(report.rejects, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("values", "column", "value", "reason"),
    [
        ({"complaints": "many"}, "complaints", "many", "not_a_number: a number is expected"),
        ({"complaints": "-2"}, "complaints", "-2", "negative_count"),
        ({"product_rating_mean": "-inf"}, "product_rating_mean", "-inf", "infinite"),
        ({"orders_paid": "1e999"}, "orders_paid", "1e999", "infinite"),
        ({"orders_paid": "4,7"}, "orders_paid", "4,7", "not_a_number"),
        (
            {"product_rating_mean": "0.5"},
            "product_rating_mean",
            "0.5",
            "out_of_range: must be between 1 and 5",
        ),
        (
            {"negative_reviews": "9", "reviews_rated": "8"},
            "negative_reviews",
            "9",
            "numerator_above_denominator: more than its whole, reviews_rated = 8",
        ),
        ({"barred_identity_link_flag": "0.5"}, "barred_identity_link_flag", "0.5", "not_a_flag"),
    ],
)
def test_a_fault_is_named_with_its_cell(values, column, value, reason, tmp_path):
    [found] = rejected(tmp_path, [row("a"), row("bad", **values), row("c")])
    assert (found["line"], found["merchant_id"], found["column"], found["more"]) == (
        "3",
        "bad",
        column,
        "0",
    )
    assert found["value"].lstrip("'") == value
    assert found["reason"].startswith(reason)
    assert found["raw"] == csv_bytes([row("bad", **values)]).decode().splitlines()[1]


def test_a_number_as_large_as_numbers_get_is_scored(tmp_path):
    huge = {"complaints": "1e308", "orders_paid": "1e308", "refunds_completed": "1e308"}
    assert rejected(tmp_path, [row("a", **huge, aftersales_review_hours_mean="1e308")]) == []
    assert (tmp_path / "s.csv").read_text().count("\n") == 2
    assert "nan" not in (tmp_path / "s.csv").read_text()


def test_complaints_may_exceed_orders_as_events_are_no_subset(tmp_path):
    assert rejected(tmp_path, [row("a", complaints="9", orders_paid="3")]) == []


def test_more_counts_the_further_faults(tmp_path):
    bad = row("a", complaints="x", orders_paid="-1", product_rating_mean="9", refunds_completed="y")
    [found] = rejected(tmp_path, [bad])
    assert (found["column"], found["more"]) == ("product_rating_mean", "3")


def test_what_is_written_back_runs_no_formula(tmp_path):
    names = ["=1+1", "+x", "-x", "@x", "a\t=1", "m,1", "-5"]
    rows = [row(name, category="=cmd()") for name in names]
    rows += [row(name + "!", complaints=f"{name}z") for name in names]
    found = rejected(tmp_path, rows, keep=["category"])
    with open(tmp_path / "s.csv", newline="", encoding="utf-8") as file:
        scores = list(csv.DictReader(file))
    assert [r["merchant_id"] for r in scores] == ["'=1+1", "'+x", "'-x", "'@x", *names[4:]]
    assert {r["category"] for r in scores} == {"'=cmd()"}
    for reject in found:
        for column in ("merchant_id", "value", "raw"):
            assert reject[column][0] not in "=+-@\t\r"


def test_repeats_name_the_line_of_the_first_across_files(tmp_path):
    one = write_csv(tmp_path / "one.csv", [row("a"), row("b", complaints="x"), row("c")])
    two = write_csv(tmp_path / "two.csv.gz", [row("b"), row(" a "), row("c"), row("b")])
    for jobs in (1, 2):
        report = score_files([one, two], tmp_path / "s.csv", scorecard=MINIMAL, jobs=jobs)
        with open(report.rejects, newline="", encoding="utf-8") as file:
            found = [
                (r["file"], r["line"], r["merchant_id"], r["reason"]) for r in csv.DictReader(file)
            ]
        said = "repeated_id: this merchant_id was scored before, on line"
        # The first b was rejected, so the second is the one that is scored.
        assert found[0][:3] == (str(one), "3", "b")
        assert found[1:] == [
            (str(two), "3", "a", f"{said} 2 of {one}"),
            (str(two), "4", "c", f"{said} 4 of {one}"),
            (str(two), "5", "b", f"{said} 2 of {two}"),
        ]
        assert report.manifest["rejected"] == {"not_a_number": 1, "repeated_id": 3}


def test_ids_that_differ_by_case_are_different_merchants(tmp_path):
    assert rejected(tmp_path, [row("a"), row("A"), row("a1")]) == []
