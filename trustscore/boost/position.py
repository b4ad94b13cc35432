"""Why an item stands at its place in a boosted ranking."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from trustscore.boost import Ranking
from trustscore.boost.ranking import PARTS
from trustscore.errors import one_line
from trustscore.scorecard.vetoes import Veto
from trustscore.typing import BoolArray, IntArray, TextArray

__all__ = [
    "Neighbour",
    "Position",
    "explain_position",
    "rank_without_boost",
    "render_position",
]

_AROUND = 2
_NAMES = {
    "trust": "trust",
    "programme": "guarantee programme",
    "pacing": "pacing plan",
    "limit": "taken back by the limit",
    "veto_part": "taken away by the veto",
    "explore": "exploration",
}
_VETO_DOES = {
    Veto.CAP: "no promotion",
    Veto.FLOOR: "below all others",
    Veto.BLOCK: "leaves the list",
}


def rank_without_boost(ranking: Ranking) -> IntArray:
    """Return the place of each candidate with vetoes but without boost; 0 for a blocked one.

    Examples
    --------
    >>> from trustscore.boost import TrustTable, rerank
    >>> scores = {
    ...     "merchant_id": ["a", "b"],
    ...     "trust_index": [50.0, 90.0],
    ...     "index_se": [3.0, 3.0],
    ...     "prior_index": [71.0, 71.0],
    ...     "coverage": [0.9, 0.9],
    ...     "veto": ["floor", ""],
    ... }
    >>> shown = rerank([0.9, 0.5, 0.51], ["a", "b", "c"], table=TrustTable.build(scores))
    >>> shown.base_rank.tolist(), rank_without_boost(shown).tolist(), shown.final_rank.tolist()
    ([1, 3, 2], [3, 2, 1], [3, 1, 2])
    """
    if ranking.codes is None:
        return ranking.base_rank
    order = np.lexsort((ranking.base_rank, ranking.codes == Veto.FLOOR))
    order = order[ranking.codes[order] != Veto.BLOCK]
    ranks = np.zeros(len(ranking), dtype=np.int64)
    ranks[order] = np.arange(1, len(order) + 1)
    return ranks


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A candidate near the item."""

    item_id: str
    merchant_id: str
    rank: int
    rank_without_boost: int
    relevance: float
    trust_boost: float
    final_score: float


@dataclass(frozen=True)
class Position:
    """Why an item stands at its place.

    Attributes
    ----------
    query_id, item_id, merchant_id : str
    known : bool
        Whether the merchant is in the scores.
    trust_index, lcb, ucb : float or None
        Index in points, and the bounds that decided: the lower one counts for promotion, the
        upper one for demotion.
    neutral, excess : float or None
        Neutral point, and the settled distance of the index from it.
    parts : dict of str to float
        Parts of the lean.
    lean, beta, trust_boost : float
        ``trust_boost = exp(beta * lean)``.
    relevance, final_score : float
    base_rank : int
        Place by relevance alone, without the boost and without vetoes.
    rank_without_boost : int
        Place with vetoes but without the boost.
    rank : int
        Place shown; 0 when the item left the list.
    candidates, shown : int
    veto, off : str
        Veto that was applied, and reason why the boost was off; blank for none.
    expired, explored : bool
    propensity : float
        Probability of this outcome of exploration.
    guards : tuple of str
        Guards that moved the item.
    instead : str
        Item that would stand at `rank` without the boost; blank when it is this item.
    instead_relevance : float
    bound : float or None
        Smallest possible ratio of the relevance at a place to that without the boost, not counting
        vetoes and the merchant cap; None in the additive form, which has no such bound.
    passed, passed_by : tuple of str
        Items this one overtook, and items that overtook it.
    around : tuple of Neighbour
        The item itself and those next to it.
    policy : str
    """

    query_id: str
    item_id: str
    merchant_id: str
    known: bool
    trust_index: float | None
    lcb: float | None
    ucb: float | None
    neutral: float | None
    excess: float | None
    parts: dict[str, float]
    lean: float
    beta: float
    trust_boost: float
    relevance: float
    final_score: float
    base_rank: int
    rank_without_boost: int
    rank: int
    candidates: int
    shown: int
    veto: str
    off: str
    expired: bool
    explored: bool
    propensity: float
    guards: tuple[str, ...]
    instead: str
    instead_relevance: float
    bound: float | None
    passed: tuple[str, ...]
    passed_by: tuple[str, ...]
    around: tuple[Neighbour, ...]
    policy: str

    def as_dict(self) -> dict[str, Any]:
        """Return the explanation as plain dicts, lists and numbers, ready for JSON."""
        return asdict(self)


def explain_position(
    ranking: Ranking,
    at: int,
    item_ids: TextArray,
    merchant_ids: TextArray,
    query_id: str = "",
) -> Position:
    """Explain the place of one candidate.

    Parameters
    ----------
    ranking : Ranking
    at : int
        Row of the candidate in the input of the ranking.
    item_ids, merchant_ids : array
        As given to the ranking.
    query_id : str, optional

    Examples
    --------
    >>> from trustscore.boost import TrustTable, rerank
    >>> table = TrustTable.build(
    ...     {
    ...         "merchant_id": ["a", "b"],
    ...         "trust_index": [50.0, 90.0],
    ...         "index_se": [3.0, 3.0],
    ...         "prior_index": [71.0, 71.0],
    ...         "coverage": [0.9, 0.9],
    ...     }
    ... )
    >>> items, merchants = np.array(["i1", "i2"]), np.array(["a", "b"])
    >>> ranking = rerank([0.50, 0.48], merchants, items, table=table)
    >>> story = explain_position(ranking, 1, items, merchants)
    >>> story.rank_without_boost, story.rank, story.passed, story.instead
    (2, 1, ('i1',), 'i1')
    >>> print(render_position(story).splitlines()[0])
    Item i2 of merchant b stands at place 1 of 2; without the boost at 2.
    """
    table, policy, row = ranking.table, ranking.policy, int(ranking.rows[at])
    base, final = rank_without_boost(ranking), ranking.final_rank
    rank = int(final[at])
    instead = int(np.flatnonzero(base == rank)[0]) if rank else at
    seen = final > 0
    above_before, above_now = base < base[at], seen & (final < rank)

    def column(name: str) -> float | None:
        value = float(table.columns[name][row])
        return None if value != value else value

    def names(mask: BoolArray) -> tuple[str, ...]:
        rows = np.flatnonzero(mask)
        return tuple(str(item_ids[i]) for i in rows[np.argsort(base[rows])].tolist())

    near = np.flatnonzero(seen & (np.abs(final - rank) <= _AROUND)) if rank else np.empty(0, int)
    parts = {name: float(ranking.parts[name][at]) for name in (*PARTS, "explore")}
    return Position(
        query_id=query_id,
        item_id=str(item_ids[at]),
        merchant_id=str(merchant_ids[at]),
        known=row < len(table),
        trust_index=column("trust_index"),
        lcb=column("lcb"),
        ucb=column("ucb"),
        neutral=column("neutral"),
        excess=column("excess") if row < len(table) else None,
        parts=parts,
        lean=sum(parts.values()),
        beta=policy.beta,
        trust_boost=float(ranking.trust_boost[at]),
        relevance=float(ranking.relevance[at]),
        final_score=float(ranking.final_score[at]),
        base_rank=int(ranking.base_rank[at]),
        rank_without_boost=int(base[at]),
        rank=rank,
        candidates=len(ranking),
        shown=len(ranking.order),
        veto=str(ranking.vetoes[at]),
        off=ranking.off,
        expired=ranking.stale is not None and bool(ranking.stale[at]),
        explored=ranking.explored == at,
        propensity=ranking.propensity,
        guards=tuple(name for name, moved in ranking.hits.items() if at in moved),
        instead="" if instead == at else str(item_ids[instead]),
        instead_relevance=float(ranking.relevance[instead]),
        bound=policy.bound if policy.form == "multiplicative" else None,
        passed=names(above_before & seen & (final > rank)) if rank else (),
        passed_by=names(~above_before & above_now) if rank else (),
        around=tuple(
            Neighbour(
                str(item_ids[i]),
                str(merchant_ids[i]),
                int(final[i]),
                int(base[i]),
                float(ranking.relevance[i]),
                float(ranking.trust_boost[i]),
                float(ranking.final_score[i]),
            )
            for i in near[np.argsort(final[near])].tolist()
        ),
        policy=policy.stamp,
    )


def render_position(story: Position) -> str:
    """Return the explanation as text."""
    s = story
    item, merchant = one_line(s.item_id), one_line(s.merchant_id)
    lines = [
        f"Item {item} of merchant {merchant} stands at place {s.rank} of {s.shown};"
        f" without the boost at {s.rank_without_boost}."
        if s.rank
        else f"Item {item} of merchant {merchant} left the list;"
        f" without the veto it would stand at {s.base_rank}."
    ]
    if s.instead:
        lines.append(
            f"Place {s.rank} would be held by {one_line(s.instead)},"
            f" relevance {s.instead_relevance:.6g}; this item has {s.relevance:.6g}"
            + (
                f", and the bound allows no less than {s.bound:.3f} of it."
                if s.bound is not None
                else "."
            )
        )
    lines += ["", "Trust", *_trust(s), "", "Boost", *_boost(s)]
    if s.around:
        lines += ["", "Around", "  place  without  relevance  x boost   = score  item (merchant)"]
        for n in s.around:
            mark = ">" if n.item_id == s.item_id else " "
            lines.append(
                f"{mark} {n.rank:>5}  {n.rank_without_boost:>7}  {n.relevance:>9.6g}"
                f"  {n.trust_boost:>7.4f}  {n.final_score:>8.6g}"
                f"  {one_line(n.item_id)} ({one_line(n.merchant_id)})"
            )
    for word, items in (("Overtook", s.passed), ("Overtaken by", s.passed_by)):
        if items:
            more = f" and {len(items) - 5} more" if len(items) > 5 else ""
            lines.append(f"{word}: {', '.join(map(one_line, items[:5]))}{more}")
    lines += ["", f"Policy {s.policy}"]
    return "\n".join(lines)


def _trust(s: Position) -> list[str]:
    if not s.known:
        return ["  The merchant is not in the scores: neutral."]
    if s.trust_index is None or s.lcb is None or s.ucb is None or s.neutral is None:
        return ["  The merchant has no index: neutral."]
    settled = (
        f"{s.excess:+.1f} points are settled"
        if s.excess
        else "the evidence does not settle on which side the index lies: neutral"
    )
    return [
        f"  index {s.trust_index:.1f}; {s.lcb:.1f} counts for promotion, {s.ucb:.1f} for demotion",
        f"  neutral point {s.neutral:.1f}: {settled}",
    ]


def _boost(s: Position) -> list[str]:
    lines = []
    if s.off:
        lines.append("  The boost is off for this query: the policy excludes it.")
    if s.expired:
        lines.append("  The scores have expired: neutral.")
    if s.veto:
        lines.append(f"  veto {s.veto}: {_VETO_DOES[Veto.of(s.veto)]}")
    lines += [f"  {_NAMES[name]:<24} {value:+.4f}" for name, value in s.parts.items() if value]
    lines.append(f"  {'lean':<24} {s.lean:+.4f}")
    lines.append(f"  boost exp({s.beta:g} x {s.lean:+.4f}) = {s.trust_boost:.4f}")
    if s.explored:
        lines.append(f"  lifted by exploration, with probability {s.propensity:.4g}")
    lines += [f"  moved by the guard {name}" for name in s.guards]
    return lines
