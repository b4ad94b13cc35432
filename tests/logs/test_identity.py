"""Identifiers in one form before the pseudonym: spellings that mean one, and ones that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.folders import read, table, write
from trustscore.io.logs.identity import normal_identity
from trustscore.lexicon.normal import BETWEEN_WORDS, normalised
from trustscore.logs import LOG_TABLES

KINDS = LOG_TABLES["identities"]["kind"].classes


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        (
            "phone",
            ["13812345678", "+86 138 1234 5678", "0086-13812345678", "１３８１２３４５６７８"],
        ),
        ("phone", ["(415) 555-2671", "+1 415 555 2671", "4155552671"]),
        ("email", ["Li.Na@gmail.com", "lina+shop2@GMAIL.com", "l.i.n.a@googlemail.com"]),
        ("email", ["li.na@qq.com", "LI.NA+2@qq.com", " li.na@qq.com "]),
        ("legal_id", ["44010619900101123x", "440106-19900101-123X", "４４０１０６19900101123Ｘ"]),
        ("licence", ["91440101MA5ABCDE1F", "91440101 ma5abcde1f"]),
        ("pay_account", ["6222 0212 3456 7890", "6222-0212-3456-7890", "6222021234567890"]),
        ("pay_account", ["Li@Pay.example", "li@pay.example"]),
        ("address", ["天河路１号，３０１室", "天河路1号 301室"]),
        ("legal_name", ["好货有限公司", "好货 有限公司", "好货有限责任公司"]),
        ("legal_name", ["Good Shop Co., Ltd.", "GOOD SHOP"]),
    ],
)
def test_spellings_of_one_are_one(kind, spellings):
    forms = {normal_identity(kind, text) for text in spellings}
    assert len(forms) == 1 and "" not in forms


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "13812345678", "13812345679"),
        ("email", "li.na@qq.com", "lina@qq.com"),
        ("email", "lina@qq.com", "lina@gmail.com"),
        ("legal_id", "440106199001011231", "440106199001011232"),
        ("device", "aBc", "abc"),
        ("device", "ab-c", "abc"),
        ("address", "天河路1号", "天河路11号"),
        ("pay_account", "acc-12", "acc-1-2"),
    ],
)
def test_two_stay_two(kind, one, other):
    assert normal_identity(kind, one) != normal_identity(kind, other)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("phone", "138****5678"),
        ("phone", "10086"),
        ("phone", "1.38E+10"),
        ("phone", "00000000000"),
        ("phone", "unknown"),
        ("legal_id", "4.40106E+17"),
        ("legal_id", "440106********1234"),
        ("legal_id", "000000000000000000"),
        ("licence", "XXXXXXXXXXXXXXXXXX"),
        ("email", "@qq.com"),
        ("email", "+@qq.com"),
        ("pay_account", "6222 **** 7890"),
        ("person_name", "张*"),
        ("device", "00000000-0000-0000-0000-000000000000"),
        ("address", "……"),
        ("legal_name", "有限公司"),
    ],
)
def test_what_identifies_nobody(kind, text):
    assert normal_identity(kind, text) == ""


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_a_form_is_its_own_form(kind, text):
    form = normal_identity(kind, text)
    assert form == "" or normal_identity(kind, form) in (form, "")


def test_spellings_get_one_pseudonym_in_all_logs(tmp_path):
    folder = write(
        tmp_path / "logs",
        identities=table(
            "merchant_id,kind,value,hashed",
            ["m1", "phone", "+86 138 1234 5678", ""],
            ["m2", "phone", "13812345678", "false"],
            ["m3", "phone", "138 1234 5678", "true"],
            ["m1", "pay_account", "6222 0212", ""],
            ["m4", "phone", "138****5678", ""],
            ["m4", "legal_id", "4.4E+17", ""],
            ["m4", "phone", "4.4E+17", "yes"],
        ),
        orders=table(
            "merchant_id,order_id,paid_at,pay_account_id,device_id",
            ["m1", "o1", "2026-01-05", "6222-0212", "000000000"],
        ),
    )
    found = read(folder, tmp_path / "work")
    values = {(row["merchant_id"], row["kind"]): row["value"] for row in found.rows["identities"]}
    assert values["m1", "phone"] == values["m2", "phone"] != values["m3", "phone"]
    assert values["m1", "pay_account"] == found.rows["orders"][0]["pay_account_id"]
    # What identifies nobody is refused as an identity, and is left alone elsewhere.
    assert found.rows["orders"][0]["device_id"]
    assert found.reasons() == [(6, "value", "identifies_nobody"), (7, "value", "identifies_nobody")]


@given(st.text())
def test_between_words_stands_all_that_is_no_letter_and_no_digit(text):
    kept = "".join(sign for sign in text if sign.isalnum())
    assert BETWEEN_WORDS.sub("", text) == kept
    assert normalised(text).replace(" ", "").isalnum() or not normalised(text)
