"""Cells of ids, classes, truth values and numbers, as columns."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trustscore.io.arrow import bits, strings
from trustscore.io.cells import NOTHING, read_flag
from trustscore.io.columns import ids_of, number_or_text, text_of
from trustscore.io.ids import canonical_ids
from trustscore.io.logs.times import blank_texts
from trustscore.io.text_columns import Marks, one_chunk, read_numbers
from trustscore.logs import LogColumn
from trustscore.typing import BoolArray, FloatArray

__all__ = ["LONGEST_ID", "SCALE", "Found", "read_bools", "read_classes", "read_ids", "read_scaled"]

LONGEST_ID = 128
# Units of a stored number.
SCALE = {"int": 1, "num": 1_000_000, "money": 10_000}
# Beyond this a number times its scale is no longer exact.
_LARGEST = 2**53
_SIGNS = {
    "¥": ("CNY", "JPY"),
    "￥": ("CNY", "JPY"),
    "元": ("CNY",),
    "€": ("EUR",),
    "£": ("GBP",),
    "₩": ("KRW",),
    "₹": ("INR",),
    "₽": ("RUB",),
    "R$": ("BRL",),
    "US$": ("USD",),
    "HK$": ("HKD",),
    "NT$": ("TWD",),
}
_SIGN = re.compile(r"(?:US|HK|NT|R|A|C)?\$|[¥￥元€£₩₹₽]|\b[A-Z]{3}\b")

Faults = list[tuple[int, str]]


class Found(NamedTuple):
    """A column as it is stored, and its cells at fault: their rows and reasons."""

    array: Any
    faults: Faults


def _faults(mask: BoolArray, reason: str) -> Faults:
    return [(row, reason) for row in np.flatnonzero(mask).tolist()]


def read_ids(column: Any, name: str, file: str) -> Found:
    """Read ids; the usual words for nothing are blank.

    Examples
    --------
    >>> read_ids(pa.array([" b1", "NULL", "x" * 200]), "buyer_id", "orders.csv").faults
    [(2, 'text_too_long')]
    """
    texts = ids_of(column, name, file)
    faults: Faults = []
    if name == "merchant_id":
        # One form in all logs, as in exports and scores.
        texts, bad = canonical_ids(texts)
        faults = [(each.row, each.reason) for each in bad if each.reason != "missing_id"]
    texts = blank_texts(texts)
    long = _longer(texts, LONGEST_ID)
    long[[row for row, _ in faults]] = False
    return Found(_without(texts, long), sorted([*faults, *_faults(long, "text_too_long")]))


def _longer(texts: Any, most: int) -> BoolArray:
    mask = pc.greater(pc.utf8_length(texts), most).fill_null(False)
    return np.asarray(mask.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _without(texts: Any, bad: BoolArray) -> Any:
    return pc.if_else(bits(~bad), texts, pa.scalar(None, pa.string())) if bad.any() else texts


def read_classes(column: Any, of: LogColumn, words: dict[str, str], file: str) -> Found:
    """Read words of a class; `words` translates those of the platform.

    Examples
    --------
    >>> of = LogColumn("kind", "class", "", classes=("rule", "none"))
    >>> found = read_classes(pa.array(["Rule", "none", "", "处罚", "x"]), of, {"处罚": "rule"}, "v")
    >>> found.array.to_pylist(), found.faults
    (['rule', 'none', None, 'rule', None], [(4, 'unknown_class')])
    """
    coded = pc.utf8_trim_whitespace(text_of(one_chunk(column), of.name, file)).dictionary_encode()
    known: list[str | None] = []
    reasons: list[str] = []
    for text in coded.dictionary.to_pylist():
        word = words.get(text, text)
        folded = word.casefold()
        reason = ""
        if folded in of.classes:
            word = folded
        elif folded in NOTHING:
            word = None
        elif of.classes:
            word, reason = None, "unknown_class"
        elif len(word) > LONGEST_ID:
            word, reason = None, "text_too_long"
        known.append(word)
        reasons.append(reason)
    faults: Faults = []
    if any(reasons):
        places = coded.indices.to_pylist()
        faults = [
            (row, reasons[at]) for row, at in enumerate(places) if at is not None and reasons[at]
        ]
    return Found(strings(known).take(coded.indices), faults)


def read_bools(column: Any, name: str, file: str) -> Found:
    """Read truth values: 1 and 0, yes and no, true and false.

    Examples
    --------
    >>> read_bools(pa.array(["Yes", "0", "", "2"]), "masked", "shipments.csv")[0].to_pylist()
    [True, False, None, None]
    """
    column = one_chunk(column)
    if pa.types.is_boolean(column.type):
        return Found(column, [])
    coded = text_of(column, name, file).dictionary_encode()
    known: list[bool | None] = []
    wrong: list[bool] = []
    for text in coded.dictionary.to_pylist():
        tidy = text.strip()
        value = {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}.get(tidy, read_flag(tidy))
        known.append(None if value is None else value == 1.0)
        wrong.append(value is None and tidy.casefold() not in NOTHING)
    faults: Faults = []
    if any(wrong):
        places = coded.indices.to_pylist()
        faults = [
            (row, "not_a_flag") for row, at in enumerate(places) if at is not None and wrong[at]
        ]
    return Found(pa.array(known, pa.bool_()).take(coded.indices), faults)


def read_scaled(column: Any, of: LogColumn, file: str, marks: Marks, currency: str = "") -> Found:
    """Read numbers into whole units: of amounts ten-thousandths, of others millionths.

    Examples
    --------
    >>> of = LogColumn("amount", "money", "", low=0)
    >>> cells = pa.array(["12.5", "¥3", "$4", "-1", "much", ""])
    >>> found = read_scaled(cells, of, "orders.csv", Marks("orders.csv", "."), "CNY")
    >>> found.array.to_pylist()[:2], found.faults
    ([125000, 30000], [(2, 'other_currency'), (3, 'negative_amount'), (4, 'not_a_number')])
    """
    check = "count" if of.type == "int" else "number"
    read = number_or_text(column, of.name, file, check)
    reasons: dict[int, str] = {}
    if isinstance(read, np.ndarray):
        values = np.array(read)
    else:
        values, odd = read_numbers(read, check, marks.decimal, of.name, marks)
        reasons = {row: reason for row, _, reason in odd}
        if of.type == "money" and currency:
            reasons |= _other_currency(read, currency)
    values = np.where(np.isinf(values), np.nan, _noting(reasons, values, np.isinf, "infinite"))
    # What overflows is out of range below.
    with np.errstate(over="ignore"):
        scaled = values * SCALE[of.type]
    if of.type == "int":
        _note(reasons, values != np.floor(values), values, "not_whole")
    if of.low is not None:
        low = "negative_amount" if of.type == "money" else "out_of_range"
        _note(reasons, values < of.low, values, low)
    if of.high is not None:
        _note(reasons, values > of.high, values, "out_of_range")
    _note(reasons, abs(scaled) >= _LARGEST, values, "out_of_range")
    there = ~np.isnan(values)
    there[list(reasons)] = False
    whole = np.rint(np.where(there, scaled, 0.0)).astype(np.int64)
    return Found(pa.array(whole, mask=~there), sorted(reasons.items()))


def _noting(reasons: dict[int, str], values: FloatArray, test: Any, reason: str) -> FloatArray:
    _note(reasons, test(values), values, reason)
    return values


def _note(reasons: dict[int, str], mask: BoolArray, values: FloatArray, reason: str) -> None:
    for row in np.flatnonzero(mask & ~np.isnan(values)).tolist():
        reasons.setdefault(row, reason)


def _other_currency(texts: Any, currency: str) -> dict[int, str]:
    """Return the rows whose amount names a currency that is not the market's."""
    hit = pc.match_substring_regex(texts, r"[^0-9.,+\-\s]").fill_null(False)
    rows = np.flatnonzero(np.asarray(hit.to_numpy(zero_copy_only=False), dtype=np.bool_))
    found = {}
    for row in rows.tolist():
        sign = _SIGN.search(texts[row].as_py())
        if sign is None or sign[0] == currency:
            continue
        # A bare dollar sign is the currency of any country that has dollars.
        meant = _SIGNS.get(sign[0], (sign[0],))
        dollars = sign[0] == "$" and currency in ("USD", "HKD", "TWD", "SGD", "AUD", "CAD", "MXN")
        if currency not in meant and not dollars and sign[0].casefold() not in NOTHING:
            found[row] = "other_currency"
    return found
