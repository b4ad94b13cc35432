"""Orders that must be shipped within some hours: which are, as known at a moment."""

import csv
import json
from pathlib import Path

import pytest

from tests.letters.terms_example import TERMS
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.letters import Due
from trustscore.simulate.files import write_market

pytest.importorskip("duckdb")
pytest.importorskip("jinja2")
AT = "2026-03-01 09:00"
ORDERS = """merchant_id,order_id,paid_at,ship_by,cancelled_at,physical
m1,soon,2026-02-28 10:00,2026-03-01 12:00,,
m1,now,2026-02-28 10:00,2026-03-01 09:00,,1
m1,last,2026-02-28 10:00,2026-03-01 15:00,,
m1,later,2026-02-28 10:00,2026-03-01 15:01,,
m1,past,2026-02-28 10:00,2026-03-01 08:59,,
m1,shipped,2026-02-28 10:00,2026-03-01 12:00,,
m1,cancelled,2026-02-28 10:00,2026-03-01 12:00,2026-03-01 08:00,
m1,not known,2026-03-01 09:00,2026-03-01 12:00,,
m1,a course,2026-02-28 10:00,2026-03-01 12:00,,0
m1,no deadline,2026-02-28 10:00,,,
m2,shipped after,2026-02-28 10:00,2026-03-01 10:00,,
m2,cancelled after,2026-02-28 10:00,2026-03-01 10:30,2026-03-01 09:30,
m2,packed,2026-02-28 10:00,2026-03-01 11:00,,
"""
SHIPMENTS = """merchant_id,order_id,shipment_id,shipped_at
m1,shipped,s1,2026-02-28 18:00
m2,shipped after,s2,2026-03-01 09:30
m2,packed,s3,
m2,soon,s4,2026-02-28 18:00
"""


@pytest.fixture
def logs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("logs").mkdir()
    Path("logs/orders.csv").write_text(ORDERS, encoding="utf-8")
    Path("logs/shipments.csv").write_text(SHIPMENTS, encoding="utf-8")
    return tmp_path


def found(hours=6.0, at=AT, **options):
    from trustscore.letters.files import due_orders

    return due_orders("logs", at, hours, tz="UTC", **options)


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


def test_by_hand(logs):
    assert found() == {
        "m1": Due(
            AT,
            "2026-03-01 15:00",
            3,
            (
                ("now", "2026-03-01 09:00"),
                ("soon", "2026-03-01 12:00"),
                ("last", "2026-03-01 15:00"),
            ),
        ),
        "m2": Due(
            AT,
            "2026-03-01 15:00",
            3,
            (
                ("shipped after", "2026-03-01 10:00"),
                ("cancelled after", "2026-03-01 10:30"),
                ("packed", "2026-03-01 11:00"),
            ),
        ),
    }
    assert [name for name, _ in found(3)["m1"].orders] == ["now", "soon"]
    assert found(1, at="2026-03-01 10:00")["m2"].orders == (("packed", "2026-03-01 11:00"),)


def test_the_clock_is_that_of_the_market(logs):
    # The same moment, said with an offset.
    assert found(at="2026-03-01T17:00+08:00") == found()


def test_ids_are_called_as_asked(logs):
    assert found(name=lambda merchant: merchant.upper()).keys() == {"M1", "M2"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: Path("logs/shipments.csv").unlink(), "shipments: is not there"),
        (
            lambda: Path("logs/orders.csv").write_text(ORDERS.replace("ship_by", "before")),
            "orders.ship_by: is not there",
        ),
        (
            lambda: Path("logs/shipments.csv").write_text(
                SHIPMENTS.replace("shipped_at", "on_its_way")
            ),
            "has none of shipped_at, first_scan_at",
        ),
    ],
)
def test_logs_that_do_not_tell_are_refused(logs, change, said):
    change()
    with pytest.raises(InputError) as error:
        found()
    assert said in str(error.value)


def test_moments_that_logs_do_not_reach_are_refused(logs):
    for at in ("2026-03-04 09:00", "2020-01-01"):
        with pytest.raises(InputError, match="does not tell which orders are due"):
            found(at=at)
    with pytest.raises(InputError, match="due_at must be a moment like 2026-03-01 09:00"):
        found(at="soon")


def test_letters_name_what_is_due(logs, capsys):
    write_market("export.csv", 6, 3, "minimal")
    with open("export.csv", encoding="utf-8", newline="") as file:
        ids = [row["merchant_id"] for row in csv.DictReader(file)]
    for name in ("orders", "shipments"):
        path = Path(f"logs/{name}.csv")
        path.write_text(path.read_text().replace("m1,", f"{ids[0]},").replace("m2,", f"{ids[4]},"))
    many = "".join(
        f"{ids[4]},bulk{at:02d},2026-02-28 10:00,2026-03-01 14:00,,\n" for at in range(30)
    )
    with open("logs/orders.csv", "a", encoding="utf-8") as file:
        file.write(many + f'{ids[0]},"<b>\t=1+1",2026-02-28 10:00,2026-03-01 12:30,,\n')
    Path("terms.json").write_text(json.dumps(TERMS), encoding="utf-8")
    letters = ("letters", "export.csv", "--scorecard", "minimal", "--terms", "terms.json")
    letters += ("--logs", "logs", "--tz", "UTC", "--no-plan")
    assert run(*letters, "--due-at", AT, "--only", "due", "-o", "out") == 0
    assert (
        "6 merchants, 0 rejected, 2 letters, 0 with a restriction, 37 orders due"
        in capsys.readouterr().err
    )
    with open("out/index.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["merchant_id"], row["due"]) for row in rows] == [(ids[0], "4"), (ids[4], "33")]
    first, second = (Path("out", row["text"]).read_text(encoding="utf-8") for row in rows)
    assert "order soon: by 2026-03-01 12:00" in first and "past" not in first
    assert "between 2026-03-01 09:00 and 2026-03-01 15:00, with no parcel shipped" in second
    assert "shipped at 2026-03-01 09:00: 33\n" in second
    assert "and 13 more" in second
    assert "<b>" not in Path("out", rows[0]["html"]).read_text(encoding="utf-8")
    assert run(*letters, "-o", "other") == 2
    assert "--logs and --due-at go together" in capsys.readouterr().err
    words = [word for word in letters if word not in ("--logs", "logs")]
    assert run(*words, "--only", "due", "-o", "other") == 2
    assert "--logs" in capsys.readouterr().err
    words = (*letters, "--due-at", AT, "--pseudonyms", "key", "--lang", "zh", "-o", "secret")
    assert run(*words, "--quiet") == 0
    said = [path.read_text(encoding="utf-8") for path in Path("secret").iterdir()]
    assert not any(ids[0] in text for text in said)
    assert sum("须在 2026-03-01 15:00 前发货" in text for text in said) == 4
