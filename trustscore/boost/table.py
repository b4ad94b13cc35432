"""From scores to boosts: one row for each merchant, with every part of its boost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.boost.curve import lean_curve, logistic_gate, neutral_point, settled_excess
from trustscore.boost.ids import LONGEST_ID
from trustscore.boost.policy import BoostPolicy
from trustscore.errors import InputError, at_most
from trustscore.scorecard.faults import suggest
from trustscore.scorecard.merchant_ids import id_text
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.scorecard.side_columns import Reader, side_read_by
from trustscore.scorecard.side_values import fold_side_column
from trustscore.scorecard.vetoes import VETO_WORDS, Veto
from trustscore.typing import Array, FloatArray, IntArray, TextArray

NEEDED = ("trust_index", "index_se", "prior_index", "coverage")
"""Score columns without which there is no boost."""
# Score columns that are used when present.
_BESIDE = ("veto", "tier", "status", "scored_on", *side_read_by(Reader.BOOST))
# By rounding in a score file, an index and a prior that are equal may differ by this much.
_ROUNDING = max(OUTPUT_COLUMNS[name].rounding for name in ("trust_index", "prior_index"))


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a lean, one value for each merchant.

    ``trust + programme + pacing + limit + veto = lean``, up to rounding.

    Attributes
    ----------
    neutral : array
        Neutral point in index points.
    excess : array
        Settled distance of the index from the neutral point.
    trust, programme, pacing : array
        Lean that each adds.
    limit : array
        Change of the lean by the clip to [-rho, 1].
    veto : array
        Change of the lean by a veto.
    lean : array
        The sum; ``log_boost = beta * lean``.
    code : int8 array
        Treatment, as a code of `Veto`.
    """

    neutral: FloatArray
    excess: FloatArray
    trust: FloatArray
    programme: FloatArray
    pacing: FloatArray
    limit: FloatArray
    veto: FloatArray
    lean: FloatArray
    code: NDArray[np.int8]


def at(row: int, lines: IntArray | None) -> str:
    """Return the place of a row for a message: its line in the file, or else its number."""
    return f"row {row + 1}" if lines is None else f"line {lines[row]}"


def lean_parts(
    columns: Mapping[str, Any], policy: BoostPolicy, lines: IntArray | None = None
) -> Parts:
    """Return the parts of each merchant's lean.

    Parameters
    ----------
    columns : mapping or frame
        The columns of a score file. ``trust_index``, ``index_se``, ``prior_index`` and
        ``coverage`` are needed; ``veto``, ``enrolled``, ``claims_unpaid``, ``category`` and
        ``pacing`` are read when present. A merchant with a blank in one of the four is
        neutral: a missing figure is not evidence.
    policy : BoostPolicy
    lines : int array, optional
        Line of each row in its file, for messages.

    Returns
    -------
    Parts
        Arrays of shape (merchants,): points of the index and parts of the lean in [-rho, 1].

    Raises
    ------
    InputError
        When a needed column is absent or a value is out of its range; all faults at once.

    Examples
    --------
    >>> columns = {"trust_index": [90.0], "index_se": [3.0]}
    >>> columns |= {"prior_index": [71.0], "coverage": [0.9]}
    >>> parts = lean_parts(columns, BoostPolicy.load())
    >>> parts.neutral.tolist(), parts.excess.round(2).tolist(), parts.lean.round(3).tolist()
    ([71.0], [15.16], [0.766])
    """
    index, index_se, prior, coverage = _checked(columns, lines)
    rows = len(index)
    known = ~(np.isnan(index) | np.isnan(index_se) | np.isnan(prior) | np.isnan(coverage))
    neutral = neutral_point(_points(columns, rows, policy), prior, coverage)
    settled = settled_excess(
        index, index_se, neutral, policy.evidence.z_promote, policy.evidence.z_demote
    )
    unknown = (coverage == 0) & (np.abs(index - prior) <= _ROUNDING)
    settled = np.where(known & ~unknown, settled, 0.0)

    trust = lean_curve(settled, policy.curve)
    programme = np.zeros(rows)
    enrolled = _numbers(columns, "enrolled", rows) > 0
    if policy.programme.gamma and enrolled.any():
        member = known & enrolled & ~(_numbers(columns, "claims_unpaid", rows) > 0)
        opened = logistic_gate(neutral + settled, policy.programme.gate, policy.programme.width)
        programme = np.where(member, policy.programme.gamma * opened, 0.0)
    pacing = np.zeros(rows)
    if policy.pacing.most:
        most = policy.pacing.most
        pacing = np.where(known, np.clip(_numbers(columns, "pacing", rows), -most, most), 0.0)
    total = trust + programme + pacing
    clipped = np.clip(total, -policy.curve.rho, 1.0)

    code = veto_codes(columns, rows, policy, lines)
    # A cap forbids promotion and the programme. Floor and block carry the full demotion, because
    # the multiplier may reach an engine that never reads the veto.
    capped = np.clip(trust + pacing, -policy.curve.rho, 0.0)
    capped = np.where(code == Veto.CAP, capped, -policy.curve.rho)
    lean = np.where(code == Veto.NONE, clipped, capped)
    lean = np.where(known, lean, 0.0)
    return Parts(
        neutral=np.where(known, neutral, np.nan),
        excess=settled,
        trust=trust,
        programme=programme,
        pacing=pacing,
        limit=clipped - total,
        veto=lean - clipped,
        lean=lean,
        code=code,
    )


def trust_boost(columns: Mapping[str, Any], policy: BoostPolicy | None = None) -> FloatArray:
    """Return the factor by which each merchant multiplies relevance; 1.0 where nothing is known.

    Parameters
    ----------
    columns : mapping or frame
        See :func:`lean_parts`.
    policy : BoostPolicy, optional
        The preset ``boost`` by default.

    Returns
    -------
    ndarray of shape (merchants,)
        Within ``exp(-beta rho)`` and ``exp(beta)``.

    Raises
    ------
    InputError
        As :func:`lean_parts`.

    Examples
    --------
    >>> columns = {
    ...     "trust_index": np.array([90.0, 71.0, 50.0, np.nan]),
    ...     "index_se": np.array([3.0, 8.0, 3.0, np.nan]),
    ...     "prior_index": np.full(4, 71.0),
    ...     "coverage": np.array([0.9, 0.0, 0.9, np.nan]),
    ... }
    >>> trust_boost(columns).round(4).tolist()
    [1.0796, 1.0, 0.9241, 1.0]
    """
    policy = BoostPolicy.load("boost") if policy is None else policy
    return np.exp(policy.beta * lean_parts(columns, policy).lean)


def boost_table(
    scores: Mapping[str, Any],
    policy: BoostPolicy | None = None,
    lines: IntArray | None = None,
) -> dict[str, Array]:
    """Return the boosts of a score file as columns, one row for each merchant.

    Parameters
    ----------
    scores : mapping or frame
        A score file: ``merchant_id`` and the columns of :func:`lean_parts`; ``tier``,
        ``status``, ``category`` and ``scored_on`` travel along when present.
    policy : BoostPolicy, optional
        The preset ``boost`` by default.
    lines : int array, optional
        Line of each row in its file, for messages.

    Returns
    -------
    dict of str to array
        ``merchant_id, trust_boost, log_boost, veto, tier, status, category, trust_index, lcb,
        ucb, neutral, excess, trust, programme, pacing, limit, veto_part, lean, newcomer,
        policy``, and ``scored_on`` when the scores have it. ``veto`` is what the ranking does;
        ``lcb`` and ``ucb`` are the bounds that decided, in index points.

    Raises
    ------
    InputError
        When columns are absent, values out of range, or an id is blank or repeated, or is one that
        no index can hold: of more than 4,096 bytes, or with a zero byte.

    Examples
    --------
    >>> table = boost_table(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [90.0, 95.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...         "veto": ["", "cap"],
    ...     }
    ... )
    >>> table["trust_boost"].round(4).tolist(), table["veto"].tolist()
    ([1.0796, 1.0], ['', 'cap'])
    """
    policy = BoostPolicy.load("boost") if policy is None else policy
    if "merchant_id" not in scores:
        raise _absent(["merchant_id"], scores)
    ids = np.asarray(scores["merchant_id"], dtype=object)
    faults = _id_faults(ids, lines)
    if faults:
        raise InputError(f"the scores have {len(faults)} faulty merchant ids", at_most(faults))
    parts = lean_parts(scores, policy, lines)
    if len(parts.lean) != len(ids):
        raise InputError(f"trust_index has {len(parts.lean)} rows, merchant_id has {len(ids)}")
    index, index_se = _column(scores, "trust_index"), _column(scores, "index_se")
    log_boost = policy.beta * parts.lean
    status = text_column(scores, "status", len(ids))
    newcomer = np.isin(status, policy.exploration.statuses) & (parts.lean >= 0)
    newcomer &= parts.code == Veto.NONE
    table: dict[str, Array] = {
        "merchant_id": np.asarray([id_text(i) for i in ids], dtype=object),
        "trust_boost": np.exp(log_boost),
        "log_boost": log_boost,
        "veto": np.asarray(VETO_WORDS, dtype=object)[parts.code],
        "tier": text_column(scores, "tier", len(ids)),
        "status": status,
        "category": text_column(scores, "category", len(ids)),
        "trust_index": index,
        "lcb": index - policy.evidence.z_promote * index_se,
        "ucb": index + policy.evidence.z_demote * index_se,
        "neutral": parts.neutral,
        "excess": parts.excess,
        "trust": parts.trust,
        "programme": parts.programme,
        "pacing": parts.pacing,
        "limit": parts.limit,
        "veto_part": parts.veto,
        "lean": parts.lean,
        "newcomer": newcomer,
        "policy": np.full(len(ids), policy.stamp, dtype=object),
    }
    if "scored_on" in scores:
        table["scored_on"] = text_column(scores, "scored_on", len(ids))
    return table


def veto_codes(
    columns: Mapping[str, Any],
    rows: int,
    policy: BoostPolicy,
    lines: IntArray | None = None,
) -> NDArray[np.int8]:
    """Return the treatment of each merchant's veto, as a code of `Veto`."""
    if "veto" not in columns:
        return np.zeros(rows, dtype=np.int8)
    words = text_column(columns, "veto", rows)
    codes = dict.fromkeys(words.tolist(), 0)
    faults = []
    for word in codes:
        try:
            codes[word] = policy.veto.codes[Veto.of(word).word]
        except KeyError:
            row = int(np.flatnonzero(words == word)[0])
            *some, last = VETO_WORDS[1:]
            faults.append(
                f"{at(row, lines)}: veto must be blank, {', '.join(some)} or {last}. Got {word!r}"
                f"{suggest(word, VETO_WORDS)}"
            )
    if faults:
        raise InputError("the scores have unknown vetoes", sorted(faults))
    return np.fromiter(map(codes.__getitem__, words.tolist()), np.int8, rows)


def text_column(columns: Mapping[str, Any], name: str, rows: int) -> TextArray:
    """Return a text column with blanks as empty text; all blank when it is absent."""
    if name not in columns:
        return np.full(rows, "", dtype=object)
    values = np.array(columns[name], dtype=object)
    # A blank is None, NaN or the NA of pandas, and none of these is a str.
    if set(map(type, values.tolist())) <= {str}:
        return values
    return np.asarray([v if isinstance(v, str) else _text_of(v) for v in values], dtype=object)


def _text_of(value: Any) -> str:
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return ""
    return str(value)


def _checked(
    columns: Mapping[str, Any], lines: IntArray | None
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    absent = [name for name in NEEDED if name not in columns]
    if absent:
        raise _absent(absent, columns)
    found = [_column(columns, name) for name in NEEDED]
    faults = []
    for name, values in zip(NEEDED, found, strict=True):
        low, high = OUTPUT_COLUMNS[name].low, OUTPUT_COLUMNS[name].high
        bad = np.flatnonzero((values < low) | (values > high) | np.isinf(values))
        must = f"{name} must be between {low:g} and {high:g}"
        faults += _at_rows(bad, lines, must, values)
    # Check lengths first: a scalar would be broadcast to every merchant.
    for name in (*NEEDED, *_BESIDE):
        rows = _rows(columns[name]) if name in columns else len(found[0])
        if rows != len(found[0]):
            faults.append(f"{name} has {rows} rows, trust_index has {len(found[0])}")
    if faults:
        raise InputError("the scores have values out of their range", faults)
    return found[0], found[1], found[2], found[3]


def _at_rows(bad: IntArray, lines: IntArray | None, must: str, values: FloatArray) -> list[str]:
    return at_most(bad, lambda row: f"{at(row, lines)}: {must}. Got {values[row]:g}", what="rows")


def _rows(values: Any) -> int:
    shape = values.shape if hasattr(values, "shape") else np.shape(np.array(values, dtype=object))
    # A scalar is no column, not even of one row.
    return shape[0] if shape else 0


def _column(columns: Mapping[str, Any], name: str) -> FloatArray:
    try:
        return np.asarray(columns[name], dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"column {name} of the scores must hold numbers") from None


def _numbers(columns: Mapping[str, Any], name: str, rows: int) -> FloatArray:
    """Return a side column with blanks as 0, and zeros when it is absent."""
    if name not in columns:
        return np.zeros(rows)
    return np.nan_to_num(_column(columns, name), nan=0.0)


def _points(columns: Mapping[str, Any], rows: int, policy: BoostPolicy) -> FloatArray | float:
    by_category = policy.neutral.by_category
    if not by_category or "category" not in columns:
        return policy.neutral.point
    words = fold_side_column(text_column(columns, "category", rows))
    return np.fromiter(
        (by_category.get(word, policy.neutral.point) for word in words.tolist()), np.float64, rows
    )


def _absent(names: list[str], columns: Mapping[str, Any]) -> InputError:
    known = [str(name) for name in columns]
    return InputError(
        "the scores lack columns that a boost needs",
        [f"{name}: no such column{suggest(name, known)}" for name in names],
    )


def _id_faults(ids: TextArray, lines: IntArray | None) -> list[str]:
    faults = []
    first: dict[str, int] = {}
    for row, value in enumerate(ids):
        text = id_text(value) or ""
        if not text:
            faults.append(f"{at(row, lines)}: merchant_id is blank")
        elif "\0" in text:
            faults.append(f"{at(row, lines)}: merchant_id {text[:40]!r} holds a zero byte")
        elif len(text.encode("utf-8", "surrogatepass")) > LONGEST_ID:
            faults.append(
                f"{at(row, lines)}: merchant_id must be at most {LONGEST_ID:,} bytes of UTF-8."
                f" Got {text[:40]!r}... of {len(text):,} characters"
            )
        elif first.setdefault(text, row) != row:
            met = at(first[text], lines)
            faults.append(f"{at(row, lines)}: merchant_id {text!r} was met in {met}")
    return faults
