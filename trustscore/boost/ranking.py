"""Re-rank one list: look up, multiply, sort, guard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.boost.explore import choose
from trustscore.boost.guards import cap_merchants, displace, protect_head
from trustscore.boost.policy import BoostPolicy
from trustscore.boost.serving import TableSource, TrustTable
from trustscore.boost.table import at
from trustscore.errors import InputError, at_most
from trustscore.scorecard.vetoes import Veto
from trustscore.typing import BoolArray, FloatArray, IntArray, TextArray

# Plain integers compare faster with arrays than an enum does.
_FLOOR, _BLOCK = int(Veto.FLOOR), int(Veto.BLOCK)
# Far above any relevance, and small enough that no boost makes it overflow.
_MOST = 1e300
PARTS = ("trust", "programme", "pacing", "limit", "veto_part")


@dataclass(frozen=True, eq=False)
class Ranking:
    """One re-ranked list. Arrays follow the input, `order` follows the result.

    Attributes
    ----------
    order : int array
        Input rows as shown, best first; blocked candidates are not among them.
    relevance, trust_boost, final_score : array
        Relevance, factor, and the score that sorted the list.
    rows : int array
        Row of each candidate's merchant in `table`; ``len(table)`` for an unknown merchant.
    codes : int8 array or None
        Treatment of vetoes; None when no merchant of the table is floored or blocked.
    off : str
        ``"excluded"`` when the policy keeps the boost off this list, else empty.
    stale : bool array or None
        Candidates whose scores have expired, None when none have.
    hits : dict of str to int array
        Guard -> input rows that it moved.
    explored : int or None
        Input row that exploration lifted.
    propensity : float
        Probability of this outcome of exploration; 1 without exploration.
    lift : float
        Lean that exploration added.
    """

    policy: BoostPolicy
    table: TrustTable
    relevance: FloatArray
    rows: IntArray
    order: IntArray
    trust_boost: FloatArray
    final_score: FloatArray
    item_ids: Any = None
    codes: NDArray[np.int8] | None = None
    off: str = ""
    stale: BoolArray | None = None
    hits: Mapping[str, IntArray] = field(default_factory=dict)
    explored: int | None = None
    propensity: float = 1.0
    lift: float = 0.0

    def __len__(self) -> int:
        return len(self.relevance)

    def to_frame(self) -> Any:
        """Return one row a candidate as a pandas frame, in the order of the result."""
        from trustscore.boost.frame import ranking_frame

        return ranking_frame(self)

    def plot(self, *, most: int = 20) -> Any:
        """Return the places before and after as a matplotlib Figure; takes the extra ``plot``."""
        from trustscore.boost.plots import plot_ranking

        return plot_ranking(self, most=most)

    def _repr_html_(self) -> str:
        from trustscore.boost.page import ranking_html

        return ranking_html(self)

    @cached_property
    def final_rank(self) -> IntArray:
        """Place of each candidate, from 1; 0 for a blocked one."""
        return _ranks(self.order, len(self))

    @cached_property
    def base_rank(self) -> IntArray:
        """Place of each candidate by relevance alone, from 1: the counterfactual."""
        return _ranks(base_order(self.relevance, self.item_ids), len(self))

    @cached_property
    def blocked(self) -> BoolArray:
        """Candidates that left the list."""
        return np.zeros(len(self), dtype=bool) if self.codes is None else self.codes == _BLOCK

    @cached_property
    def vetoes(self) -> TextArray:
        """Word of the veto applied to each candidate; an expired veto may no longer apply."""
        words = self.table.vetoes(self.rows)
        if self.stale is not None and not self.policy.validity.keep_vetoes:
            words[self.stale] = ""
        return words

    @property
    def guards(self) -> tuple[str, ...]:
        """Names of the guards that moved something."""
        return tuple(self.hits)

    @cached_property
    def parts(self) -> dict[str, FloatArray]:
        """Parts of each candidate's lean: ``beta * sum of parts = log(trust_boost)``."""
        found = {name: self.table.columns[name].take(self.rows) for name in PARTS}
        silent = np.full(len(self), bool(self.off))
        if self.stale is not None:
            silent |= self.stale
        for values in found.values():
            values[silent] = 0.0
        explore = np.zeros(len(self))
        if self.explored is not None:
            explore[self.explored] = self.lift
        return {**found, "explore": explore}


def rerank(
    relevance: Any,
    merchant_ids: Any,
    item_ids: Any = None,
    *,
    table: TableSource,
    policy: BoostPolicy | str | Path = "boost",
    rows: IntArray | None = None,
    query_id: object = None,
    query_kind: str | None = None,
    today: dt.date | str | None = None,
) -> Ranking:
    """Re-rank one list of candidates by relevance and trust.

    Parameters
    ----------
    relevance : array-like of shape (n,)
        Above 0 in the multiplicative form, finite in the additive one.
    merchant_ids : array-like of str, shape (n,)
        Merchants not in the table are neutral.
    item_ids : array-like, optional
        Distinct ids. They break exact ties of relevance, compared as text, so that the result
        does not depend on the order of the input. Without them ties keep the input order.
    table : TrustTable or LiveTable
    policy : BoostPolicy, str or Path, default="boost"
    rows : int array, optional
        ``table.rows(merchant_ids)``, if the caller keeps them; `merchant_ids` may then be None.
    query_id : str, optional
        Used by exclusions and by the draw of exploration, which is off without it. A number is
        taken as its text.
    query_kind : str, optional
        Kind such as ``"brand"``, which the policy may exclude.
    today : date or ISO text, optional
        Scores that expired before this day are neutral. Without it nothing expires: this
        function reads no clock.

    Returns
    -------
    Ranking

    Raises
    ------
    InputError
        When relevance is NaN, infinite, or not above 0 in the multiplicative form (the rows
        are named), items repeat, or lengths differ.
    PolicyError
        When the table was made with a policy that gives other leans.

    Examples
    --------
    >>> table = TrustTable.build(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [50.0, 90.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...     }
    ... )
    >>> shown = rerank([0.50, 0.48, 0.47], ["a", "new", "b"], table=table)
    >>> shown.order.tolist(), shown.trust_boost.round(3).tolist()
    ([2, 1, 0], [0.924, 1.0, 1.08])
    >>> shown.base_rank.tolist(), shown.final_rank.tolist()
    ([1, 2, 3], [3, 2, 1])
    """
    policy = policy if isinstance(policy, BoostPolicy) else BoostPolicy.load(policy)
    # Take one snapshot for the whole request, so that a reload cannot mix two tables.
    held = table.snapshot()
    held.require(policy)
    score = _relevance(relevance, policy)
    if rows is None:
        if merchant_ids is None:
            raise InputError("merchant_ids must be given, or rows. Got neither")
        rows = held.rows(merchant_ids)
    count = len(score)
    if len(rows) != count or (item_ids is not None and len(item_ids) != count):
        raise InputError(
            f"relevance has {count} rows, merchant_ids {len(rows)}"
            + (f", item_ids {len(item_ids)}" if item_ids is not None else "")
        )
    if item_ids is not None and not _all_differ(item_ids):
        raise _repeated(item_ids)

    off = "excluded" if policy.excludes(query_id, query_kind) else ""
    stale = held.stale(rows, today)
    boost = np.ones(count) if off else held.factors(policy.beta).take(rows)
    if stale is not None:
        boost[stale] = 1.0
    final = combine(score, boost, policy)
    codes = down = None
    if held.strictest >= _FLOOR:
        codes = held.columns["veto"].take(rows)
        if stale is not None and not policy.validity.keep_vetoes:
            codes[stale] = int(Veto.NONE)
        low = (codes >= _FLOOR).nonzero()[0]
        down = low if len(low) else None
    order, base = _sorted(score, final, item_ids, down)
    floor = order[:0]
    if codes is not None and down is not None:
        floor = down[codes.take(down) == _FLOOR]
        floor = floor.take(np.argsort(-final.take(floor)))
        if len(set(final.take(floor).tolist())) < len(floor):
            base = base_order(score, item_ids) if base is None else base
            floor = floor.take(np.lexsort((_ranks(base, count).take(floor), -final.take(floor))))

    if off or not count or not (policy.acts_on_order or policy.exploration.share):
        order = np.concatenate([order, floor]) if len(floor) else order
        return Ranking(policy, held, score, rows, order, boost, final, item_ids, codes, off, stale)
    base = base_order(score, item_ids) if base is None else base
    if codes is not None and down is not None:
        base = base[codes.take(base) < _FLOOR]
    explored, lift, propensity = None, 0.0, 1.0
    if policy.exploration.share and query_id is not None:
        explored, lift, propensity, order = _explore(
            held, policy, str(query_id), rows, stale, base, order, score, boost, final
        )
    hits: dict[str, IntArray] = {}
    order = _guarded(order, base, rows, merchant_ids, held, policy, hits)
    order = np.concatenate([order, floor]) if len(floor) else order
    return Ranking(
        policy, held, score, rows, order, boost, final, item_ids, codes, off, stale, hits,
        explored, propensity, lift,
    )  # fmt: skip


def combine(
    relevance: FloatArray, boost: FloatArray, policy: BoostPolicy, spread: FloatArray | None = None
) -> FloatArray:
    """Return the scores that sort a list.

    In the multiplicative form that is relevance times boost. In the additive form it is relevance
    plus log boost times the range of relevance; `spread` gives the range row by row when
    `relevance` holds many lists.

    Examples
    --------
    >>> policy = BoostPolicy(form="additive")
    >>> combine(np.array([-1.0, 1.0]), np.exp([0.1, 0.0]), policy).round(3).tolist()
    [-0.8, 1.0]
    """
    if policy.form == "multiplicative":
        return relevance * boost
    if not len(relevance):
        return relevance
    return relevance + np.log(boost) * (
        relevance.max() - relevance.min() if spread is None else spread
    )


def base_order(relevance: FloatArray, item_ids: Any = None) -> IntArray:
    """Return the order without boost: relevance, then item id as text, then place in the input.

    Examples
    --------
    >>> base_order(np.array([0.2, 0.5, 0.2]), ["b", "c", "a"]).tolist()
    [1, 2, 0]
    """
    if item_ids is None:
        return np.argsort(-relevance, kind="stable")
    order = np.argsort(-relevance)
    ranked = relevance.take(order)
    if not (ranked[1:] == ranked[:-1]).any():
        return order
    texts = [str(item) for item in item_ids]
    by_id = np.asarray(sorted(range(len(texts)), key=texts.__getitem__), dtype=np.int64)
    return by_id.take(np.argsort(-relevance.take(by_id), kind="stable"))


def _sorted(
    score: FloatArray, final: FloatArray, item_ids: Any, down: IntArray | None
) -> tuple[IntArray, IntArray | None]:
    """Sort all rows but those of `down`; return the base order too, if ties made it necessary."""
    key = -final
    if down is not None:
        key[down] = np.inf
    order = np.argsort(key)
    if down is not None:
        order = order[: len(key) - len(down)]
    ranked = final.take(order)
    if not (ranked[1:] == ranked[:-1]).any():
        return order, None
    base = base_order(score, item_ids)
    order = base.take(np.argsort(key.take(base), kind="stable"))
    return (order if down is None else order[: len(key) - len(down)]), base


def _relevance(relevance: Any, policy: BoostPolicy) -> FloatArray:
    try:
        score = np.asarray(relevance, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("relevance must hold numbers") from None
    if score.ndim != 1:
        raise InputError(f"relevance must be one list. Got shape {score.shape}")
    if not len(score):
        return score
    low, high = score.min(), score.max()
    # NaN passes through min and max and fails every comparison.
    if policy.form == "multiplicative":
        if not (low > 0 and high < _MOST):
            raise relevance_error(score, policy)
    elif not (low > -_MOST and high < _MOST):
        raise relevance_error(score, policy)
    return score


def relevance_error(
    score: FloatArray, policy: BoostPolicy, lines: IntArray | None = None
) -> InputError:
    """Return the error that names the rows (or lines) whose relevance cannot be used."""
    if policy.form == "multiplicative":
        bad = np.flatnonzero(~((score > 0) & (score < _MOST)))
        must = "must be above 0"
        cure = (
            "the multiplicative form needs relevance above 0: calibrate it to probabilities "
            "(log-odds: trustscore.boost.from_log_odds), or set form = 'additive' in the policy"
        )
    else:
        bad = np.flatnonzero(~(np.abs(score) < _MOST))
        must = "must be finite"
        cure = "relevance must be finite"
    faults = at_most(
        bad, lambda row: f"{at(row, lines)}: relevance {must}. Got {score[row]:g}", what="rows"
    )
    return InputError(cure, faults)


def _all_differ(item_ids: Any) -> bool:
    """Return whether no two ids are one text."""
    if len(set(item_ids)) < len(item_ids):
        return False
    try:
        # Ids are nearly always texts. Joining them checks that in a tenth of the time of a loop.
        "".join(item_ids)
    except TypeError:
        return len(set(map(str, item_ids))) == len(item_ids)
    return True


def _repeated(item_ids: Any) -> InputError:
    first: dict[str, int] = {}
    faults = [
        f"row {row}: item {item!r} was met in row {first[str(item)]}"
        for row, item in enumerate(item_ids, start=1)
        if first.setdefault(str(item), row) != row
    ]
    return InputError("a list holds an item twice", at_most(faults))


def _ranks(order: IntArray, count: int) -> IntArray:
    ranks = np.zeros(count, dtype=np.int64)
    ranks[order] = np.arange(1, len(order) + 1)
    return ranks


def _explore(
    table: TrustTable,
    policy: BoostPolicy,
    query_id: str,
    rows: IntArray,
    stale: BoolArray | None,
    base: IntArray,
    order: IntArray,
    score: FloatArray,
    boost: FloatArray,
    final: FloatArray,
) -> tuple[int | None, float, float, IntArray]:
    """Lift one newcomer, or none.

    Its entries of `boost` and `final` are overwritten. Returns the row, the lift, the probability
    of this outcome, and the new order.
    """
    plan = policy.exploration
    eligible = table.columns["newcomer"].take(rows)
    if stale is not None:
        eligible &= ~stale
    eligible[order[: plan.first]] = False
    pool = base[: plan.pool]
    pool = pool[eligible.take(pool)]
    if policy.form == "multiplicative":
        log_score = np.log(final.take(pool))
    else:
        spread = (score.max() - score.min()) or 1.0
        log_score = final.take(pool) / spread
    chosen, propensity = choose(log_score, plan, query_id)
    if chosen is None:
        return None, 0.0, 1.0 - float(propensity.sum()), order
    item = int(pool[chosen])
    lean = float(table.columns["lean"][rows[item]])
    lift = min(1.0, lean + plan.lift) - lean
    boost[item] = np.exp(policy.beta * (lean + lift))
    final[item] = combine(score, boost, policy)[item]
    others = order[order != item]
    place = max(int((final.take(others) >= final[item]).sum()), plan.first - 1)
    return item, lift, float(propensity[chosen]), np.insert(others, place, item)


def _guarded(
    order: IntArray,
    base: IntArray,
    rows: IntArray,
    merchant_ids: Any,
    table: TrustTable,
    policy: BoostPolicy,
    hits: dict[str, IntArray],
) -> IntArray:
    """Apply the guards to an order of input rows, and note in `hits` the rows each moved."""
    guards = policy.guards
    places = np.empty(len(rows), dtype=np.int64)
    places[base] = np.arange(len(base))
    now = places.take(order)

    def note(name: str, after: IntArray) -> IntArray:
        moved = after != now
        if moved.any():
            hits[name] = base.take(np.sort(after[moved]))
        return after

    if guards.head:
        now = note("head", protect_head(now, guards.head))
    if guards.max_up is not None or guards.max_down is not None:
        # The protected places do not take part.
        head = min(guards.head, len(now))
        rest = displace(now[head:] - head, guards.max_up, guards.max_down) + head
        now = note("displacement", np.concatenate([now[:head], rest]))
    if guards.merchant_most is not None:
        keys = rows.take(base).tolist()
        unknown = len(table)
        if merchant_ids is not None:
            names = list(merchant_ids)
            keys = [
                key if key < unknown else str(names[row])
                for key, row in zip(keys, base.tolist(), strict=True)
            ]
        else:
            # Without ids no two unknown merchants are known to be the same one.
            keys = [key if key < unknown else -1 - place for place, key in enumerate(keys)]
        now = note(
            "merchant_cap",
            cap_merchants(now, keys, guards.merchant_most, guards.merchant_top, guards.head),
        )
    return base.take(now)
