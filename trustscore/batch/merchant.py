"""One merchant at a time, for services: figures in, score out, in microseconds."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.io.checks import Checker
from trustscore.io.rejects import REASONS
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.dates import read_day
from trustscore.scorecard.faults import suggest
from trustscore.scorecard.merchant_ids import whole_text
from trustscore.scorecard.statuses import STATUS_WORDS
from trustscore.scorecard.vetoes import VETO_WORDS
from trustscore.scoring.one_merchant import OneMerchant
from trustscore.scoring.score import NUMBERS

__all__ = ["MerchantScore", "score_merchant"]


@dataclass(frozen=True, slots=True)
class MerchantScore:
    """The score of one merchant: that of the score file without a boost, and `raw_index`.

    Attributes
    ----------
    trust_index, trust_index_lower, trust_index_upper : float
        Points 0..100 after rules; NaN where `status` is ``not_scored``.
    index_se, prior_index, raw_index : float
        Before rules.
    coverage : float
        Weighted mean reliability, 0..1.
    uncapped_index : float
        After rules, as if no cap had fired.
    dimensions : dict of str to float
        Points 0..100; NaN where a dimension does not apply.
    status, tier, veto : str
    rules : tuple of str
        Rules that fired.
    reasons : tuple of (str, float)
        Signals that lost most, and the points they lost.
    scorecard : str
        ``name@version:12 hex``.
    """

    trust_index: float
    trust_index_lower: float
    trust_index_upper: float
    index_se: float
    prior_index: float
    raw_index: float
    coverage: float
    uncapped_index: float
    dimensions: dict[str, float]
    status: str
    tier: str
    veto: str
    rules: tuple[str, ...]
    reasons: tuple[tuple[str, float], ...]
    scorecard: str


class _Desk(threading.local):
    """What a thread keeps between calls: tables and work space by scorecard."""

    def __init__(self) -> None:
        self.known: dict[tuple[Scorecard, frozenset[str]], tuple[OneMerchant, Checker]] = {}

    def of(self, card: Scorecard, missing: frozenset[str]) -> tuple[OneMerchant, Checker]:
        """Return what scores and what checks a merchant under a scorecard."""
        found = self.known.get((card, missing))
        if found is None:
            if len(self.known) >= 16:
                self.known.clear()
            found = OneMerchant(card, missing), Checker(card.fields, card.pairs)
            self.known[card, missing] = found
        return found


_DESK = _Desk()
# Whole numbers from here on are no floats.
_MOST = 10**308


def _shown(value: Any) -> str:
    """Return a value for a message: Python does not spell out whole numbers of any length."""
    return whole_text(value) if type(value) is int else repr(value)


def _row(merchant: Mapping[str, Any], card: Scorecard, missing: frozenset[str]) -> np.ndarray:
    """Return the cells of a merchant, in the order of the scorecard's fields.

    Raises
    ------
    InputError
        Naming every figure that is absent or no number.
    """
    nothing = float("nan")
    cells, faults = [], []
    for field in card.inputs:
        name = field.name
        value = merchant.get(name, merchant)
        if value is None:
            cells.append(nothing)
        elif field.check == "date" and value is not merchant:
            day, reason = read_day(value)
            cells.append(day)
            if reason:
                faults.append(f"{name}: {REASONS[reason]}. Got {value!r}")
        elif type(value) is float or (type(value) is int and abs(value) < _MOST):
            cells.append(value)
        elif value is merchant:
            cells.append(nothing)
            if name not in missing:
                faults.append(f"{name}: is missing{suggest(name, list(merchant))}; None is unknown")
        elif isinstance(value, (bool, np.bool_)) and field.check != "flag":
            faults.append(f"{name}: must be a number or None. Got {_shown(value)}")
        elif isinstance(value, (bool, float, np.bool_, np.integer, np.floating)):
            cells.append(float(value))
        else:
            faults.append(f"{name}: must be a number or None. Got {_shown(value)}")
    below = merchant.get("reviews_below")
    if below is not None and (isinstance(below, bool) or not isinstance(below, (int, float))):
        faults.append(f"reviews_below: must be a number or None. Got {_shown(below)}")
    if faults:
        raise InputError(f"the merchant cannot be scored by scorecard {card.name}", faults)
    if len(cells) < len(card.fields):
        known = {field.name: cell for field, cell in zip(card.inputs, cells, strict=True)}
        cells += [float(f.derived.of(known.__getitem__)) for f in card.fields if f.derived]
    return np.array(cells, dtype=np.float64)


def score_merchant(
    merchant: Mapping[str, Any],
    scorecard: str | Scorecard = "default",
    *,
    missing: frozenset[str] = frozenset(),
    as_of: dt.date | None = None,
) -> MerchantScore:
    """Score one merchant: the same arithmetic and checks as for a file, without a frame.

    Load the scorecard once and pass it, not its name. Threads may call this at the same time.

    Parameters
    ----------
    merchant : mapping of str to number, text or None
        Every column that the scorecard reads, None for what is unknown; side columns such as
        ``category`` and ``previous_tier`` may be left out. Other keys are not looked at.
    scorecard : str or Scorecard
        Preset, path or scorecard.
    missing : frozenset of str
        Columns that are not collected; signals that need them do not apply.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.

    Returns
    -------
    MerchantScore

    Raises
    ------
    InputError
        When figures are missing or cannot be, all named at once.

    Examples
    --------
    >>> card = load_scorecard("minimal")
    >>> score = score_merchant({field.name: None for field in card.fields}, card)
    >>> score.status, round(score.prior_index, 6)
    ('not_scored', 62.0)
    """
    given: Any = merchant
    if not isinstance(given, Mapping):
        got = type(given).__name__
        raise InputError(
            f"a merchant must be a mapping from columns to figures, such as a dict. Got {got}"
        )
    card = load_scorecard(scorecard)
    one, checker = _DESK.of(card, missing)
    cells = _row(merchant, card, missing)
    faults = checker.check(cells[None, :])
    if faults:
        raise InputError(
            f"the merchant cannot be scored by scorecard {card.name}",
            [f"{f.column}: {f.message}. Got {f.value}" for f in faults],
        )
    found = one.score(cells, merchant, as_of)
    signals, rules = card.signals, card.rules
    names = [dimension.id for dimension in card.dimensions]
    return MerchantScore(
        **dict(zip(NUMBERS, found.numbers, strict=True)),
        dimensions=dict(zip(names, found.dimensions, strict=True)),
        status=STATUS_WORDS[found.status],
        tier=card.tiers.ladder[found.tier - 1].id if found.tier else "",
        veto=VETO_WORDS[found.veto],
        rules=tuple(rule.id for rule, fired in zip(rules, found.fired, strict=True) if fired),
        reasons=tuple((signals[s].id, points) for s, points in found.reasons if points > 0.0),
        scorecard=card.stamp,
    )
