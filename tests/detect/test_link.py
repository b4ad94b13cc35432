"""The detector of likely re-registrations: who is linked, what is shown, who is left alone."""

import csv
import datetime as dt
import json

import pytest

from tests.detect.link_market import FIELDS, market
from tests.logs.folders import table, write
from trustscore.commands.main import main
from trustscore.detect.files import write_findings
from trustscore.detect.settings import parse_settings

pytest.importorskip("splink")

AS_OF = dt.date(2026, 2, 1)
STATES = "merchant_id,valid_from,status,removed_at,removal_reason"
FINDINGS = "finding_id,merchant_id,subject_kind,subject_id,topic,status,found_at,decided_at"
HOLDER = {
    "legal_name": "广州市神秘鲸鱼贸易有限公司", "person_name": "欧阳独一", "phone": "13999990001",
    "email": "whale@secret.example", "device": "dev-whale", "address": "天河区无二路77号801室",
}  # fmt: skip


def gone(name, reason="fraud"):
    return [name, "2025-06-01", "removed", "2025-06-01", reason]


def people(**more):
    """Return honest accounts and removed ones that have nothing in common, and some more."""
    new, old, _ = market(5, 150, 60)
    for number, (name, person) in enumerate([*new.items(), *old.items()]):
        person |= {"phone": f"137{number:08d}", "email": f"{name}@x.example", "device": name}
        person["address"] = f"{number + 1} {name}x lane"
        person["person_name"] += name
    return {**new, **old, **more}


def rows_of(accounts, hashed=()):
    return [
        [name, kind, value, "1" if kind in hashed else ""]
        for name, person in accounts.items()
        for kind, values in person.items()
        for value in ([values] if isinstance(values, str) else values)
    ]


def detect(tmp_path, accounts, hashed=(), states=(), settings="default", name="link", **more):
    removed = [gone(account) for account in accounts if account.startswith("z")]
    folder = write(
        tmp_path / "logs",
        identities=table("merchant_id,kind,value,hashed", *rows_of(accounts, hashed)),
        merchants=table(STATES, *removed, *states),
        **more,
    )
    out, queue = tmp_path / "out.csv", tmp_path / "queue.csv"
    report = write_findings(
        name, folder, out, as_of=AS_OF, queue=queue, settings=settings, allow_short_logs=True
    )
    with open(out, encoding="utf-8", newline="") as file:
        found = {(r["merchant_id"], r["subject_id"]): r for r in csv.DictReader(file)}
    with open(queue, encoding="utf-8", newline="") as file:
        queued = {(r["merchant_id"], r["subject_id"]) for r in csv.DictReader(file)}
    return found, queued, report.manifest["facts"]


def back(**more):
    """The holder under a new account: other e-mail and device, the name without its form."""
    new = {"legal_name": "神秘鲸鱼貿易", "email": "other@x.example", "device": "dev-new"}
    return HOLDER | new | more


def test_a_removed_merchant_that_came_back(tmp_path):
    found, queued, facts = detect(tmp_path, people(back=back(), zgone=HOLDER))
    [(key, row)] = found.items()
    assert key == ("back", "zgone") and queued == {key}
    assert 0.99 <= float(row["score"]) < 1
    assert row["status"] == "suspected" and row["topic"] == "identity_link"
    parts = row["evidence"].removeprefix("back - ").removesuffix(" - zgone").split(", ")
    said = {words[0]: words[1] for words in map(str.split, parts)}
    assert said["legal_name"] == said["person_name"] == said["phone"] == said["address"] == "same"
    assert said["email"] == said["device"] == "differs"
    assert facts["removed_for_cause"] == 61 and facts["compared_accounts"] == 151
    assert facts["linked_accounts"] == 1 and facts["left_the_logs"] == 0


@pytest.mark.slow
def test_no_value_is_written_anywhere(tmp_path):
    accounts = people(back=back(), zgone=HOLDER)
    write(tmp_path / "logs", identities=table("merchant_id,kind,value,hashed", *rows_of(accounts)),
          merchants=table(STATES, gone("zgone")))  # fmt: skip
    work = tmp_path / "work"
    work.mkdir()
    write_findings("link", tmp_path / "logs", tmp_path / "o.csv", as_of=AS_OF,
                   queue=tmp_path / "q.csv", work=work, allow_short_logs=True)  # fmt: skip
    written = [p for p in tmp_path.rglob("*") if p.is_file() and p.parent.name != "logs"]
    assert len(written) > 4
    secrets = [*HOLDER.values(), "神秘鲸鱼", "神秘", "whale", "9999000"]
    for path in written:
        content = path.read_bytes()
        assert not [s for s in secrets if s.encode() in content], path


@pytest.mark.slow
@pytest.mark.parametrize(
    "state",
    [gone("back"), gone("back", "left"), None],
    ids=["removed as well", "left", "removed one that left"],
)
def test_who_is_not_compared(tmp_path, state):
    accounts = people(back=back())
    if state is None:
        accounts["left"] = HOLDER
        state = gone("left", "left")
    else:
        accounts["zgone"] = HOLDER
    found, _, _ = detect(tmp_path, accounts, states=[state])
    assert found == {}


@pytest.mark.slow
def test_family_waits_and_is_not_queued(tmp_path):
    shared = {kind: HOLDER[kind] for kind in ("phone", "email", "device", "address")}
    sister = shared | {"person_name": "欧阳甲乙", "legal_name": "早安面包店"}
    found, queued, _ = detect(tmp_path, people(sister=sister, zgone=HOLDER))
    assert float(found["sister", "zgone"]["score"]) == 0.9 and not queued


@pytest.mark.slow
def test_what_identity_finds_is_not_queued_twice(tmp_path):
    accounts = people(back=back(pay_account="6222"), zgone={**HOLDER, "pay_account": "6222"})
    found, queued, _ = detect(tmp_path, accounts)
    assert "pay_account same" in found["back", "zgone"]["evidence"] and not queued
    _, theirs, _ = detect(tmp_path, accounts, name="identity")
    assert theirs == {("back", "zgone")}


@pytest.mark.slow
def test_hashed_names_are_the_same_or_not(tmp_path):
    kinds = ("legal_name", "person_name", "address")
    same = back(legal_name=HOLDER["legal_name"])
    found, _, _ = detect(tmp_path, people(back=same, zgone=HOLDER), hashed=kinds)
    assert "legal_name same" in found["back", "zgone"]["evidence"]
    other = back(legal_name=HOLDER["legal_name"] + "x", person_name="欧阳独一x")
    found, _, _ = detect(tmp_path, people(back=other, zgone=HOLDER), hashed=kinds)
    assert all(float(row["score"]) <= 0.9 for row in found.values())


@pytest.mark.slow
def test_hashed_against_clear_says_nothing(tmp_path):
    accounts = people(back=back(), zgone=HOLDER)
    rows = [[*row[:3], "1" if row[:2] == ["zgone", "legal_name"] else ""]
            for row in rows_of(accounts)]  # fmt: skip
    folder = write(tmp_path / "logs", identities=table("merchant_id,kind,value,hashed", *rows),
                   merchants=table(STATES, gone("zgone")))  # fmt: skip
    write_findings("link", folder, tmp_path / "o.csv", as_of=AS_OF, allow_short_logs=True)
    with open(tmp_path / "o.csv", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert "legal_name" not in row["evidence"] and "person_name same" in row["evidence"]


@pytest.mark.slow
def test_an_account_with_several_names_and_phones(tmp_path):
    many = back(phone=["13811110001", "13811110002", "13811110003", "13811110004", HOLDER["phone"]],
                person_name=["王二", HOLDER["person_name"]])  # fmt: skip
    found, _, facts = detect(tmp_path, people(many=many, zgone=HOLDER))
    # A value is the more common the more records of one account have it, which costs a little.
    row = found["many", "zgone"]
    assert float(row["score"]) > 0.9
    assert "phone same" in row["evidence"] and "person_name same" in row["evidence"]
    assert facts["compared_accounts"] == 151


@pytest.mark.slow
def test_the_phone_of_an_agency_says_nothing(tmp_path):
    accounts = people(back=back(), zgone=HOLDER)
    for name in list(accounts)[:12]:
        accounts[name]["phone"] = HOLDER["phone"]
    found, _, facts = detect(tmp_path, accounts)
    assert facts["hubs"] == {"phone": 1}
    assert not any("phone same" in row["evidence"] for row in found.values())


@pytest.mark.slow
def test_one_to_one_is_by_account(tmp_path):
    accounts = people(back=back(email=["a@x.example", HOLDER["email"]]), zgone=HOLDER,
                      zgone2={**HOLDER, "email": "a@x.example"})  # fmt: skip
    both, _, _ = detect(tmp_path, accounts)
    mine = {"name": "x", "version": "1.0.0", "link": {"one_to_one": True}}
    one, _, _ = detect(tmp_path, accounts, settings=parse_settings(mine))
    assert len(both) == 2 and len(one) == 1


@pytest.mark.slow
def test_the_order_of_rows_gives_the_same_bytes(tmp_path):
    accounts = people(back=back(), zgone=HOLDER)
    detect(tmp_path / "a", accounts)
    detect(tmp_path / "b", dict(reversed(accounts.items())))
    for name in ("out.csv", "queue.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.slow
def test_what_a_person_cleared_is_not_asked_again(tmp_path):
    row = [
        "f1",
        "back",
        "merchant",
        "zgone",
        "identity_link",
        "cleared",
        "2026-01-01",
        "2026-01-02",
    ]
    _, queued, _ = detect(
        tmp_path, people(back=back(), zgone=HOLDER), findings=table(FINDINGS, row)
    )
    assert queued == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "accounts",
    [
        {"zgone": HOLDER}, {"back": HOLDER}, {"back": HOLDER, "zgone": HOLDER},
        {"back": {"ip": "1.1.1.1"}, "zgone": {"ip": "1.1.1.1"}},
        {"back": {"legal_name": "🐳🐳"}, "zgone": {"legal_name": "🐳🐳", "address": "--x"}},
        {"back": {"legal_name": "x" * 4000}, "zgone": {"legal_name": "x" * 3999 + "y"}},
    ],
)  # fmt: skip
def test_lists_with_hardly_anything(tmp_path, accounts):
    found, _, _ = detect(tmp_path, accounts)
    assert all(0 <= float(row["score"]) < 1 for row in found.values())


def test_the_command_without_splink_says_so(tmp_path, monkeypatch, capsys):
    folder = write(
        tmp_path / "logs",
        identities=table(
            "merchant_id,kind,value", *[[name, "phone", "13899990001"] for name in ("m", "z")]
        ),
        merchants=table(STATES, gone("z")),
    )
    monkeypatch.setitem(__import__("sys").modules, "splink", None)
    codes = []
    for name in ("link", "identity"):
        with pytest.raises(SystemExit) as stopped:
            main(["detect", name, str(folder), "--as-of", "2026-02-01", "--allow-short-logs",
                  "-o", str(tmp_path / f"{name}.csv")])  # fmt: skip
        codes.append(stopped.value.code)
    said = capsys.readouterr().err
    assert codes == [2, 0] and "extra link" in said and "Traceback" not in said
    assert not (tmp_path / "link.csv").exists() and (tmp_path / "identity.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
def test_ten_thousand_honest_newcomers(tmp_path, seed):
    new, old, _ = market(seed, 10_000, 1_000)
    _, queued, _ = detect(tmp_path, {**new, **old})
    assert len(queued) <= 1
    found, _, _ = detect(tmp_path, {**new, **old}, name="identity")
    assert not [row for row in found.values() if float(row["score"]) >= 1]


@pytest.mark.slow
def test_removed_merchants_among_newcomers(tmp_path):
    new, old, true = market(13, 5_000, 500, returning=50)
    assert set(new["n000000"]) == set(FIELDS)
    found, queued, facts = detect(tmp_path, {**new, **old})
    assert len(queued - true) <= 1
    assert len(queued & true) >= 40 and len(set(found) & true) >= 45
    assert json.dumps(facts)
