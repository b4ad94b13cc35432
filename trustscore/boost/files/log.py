"""The log of a boosted ranking: one table of items, one of requests.

A row of items holds all that decided its place: what trust added and why, what a guard did, and
where the item would stand by relevance alone (``base_rank``) and with vetoes but without the boost
(``rank_without_boost``). An existing log is never overwritten.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustscore.boost import BoostPolicy, Lists, Ranking, Reranked, TrustTable, rerank
from trustscore.boost.position import rank_without_boost
from trustscore.boost.ranking import PARTS
from trustscore.errors import InputError
from trustscore.typing import Progress, silent

__all__ = ["item_log", "log_paths", "rankings", "request_log", "reranked"]


def log_paths(path: str | Path) -> tuple[Path, Path]:
    """Return the paths of the items and of the requests, neither of which may exist.

    Examples
    --------
    >>> [path.name for path in log_paths("log-2026-01-31.parquet")]
    ['log-2026-01-31.parquet', 'log-2026-01-31.requests.parquet']
    """
    items = Path(path)
    if items.suffix.lower() != ".parquet":
        raise InputError(f"the log must end in .parquet. Got {path}")
    requests = items.with_suffix(".requests.parquet")
    for found in (items, requests):
        if found.exists():
            raise InputError(f"{found} exists and a log is never overwritten: name another file")
    return items, requests


def rankings(
    lists: Lists,
    table: TrustTable,
    policy: BoostPolicy,
    today: dt.date | None = None,
    *,
    progress: Progress = silent,
) -> list[Ranking]:
    """Rank each list as :func:`trustscore.boost.rerank` does, and keep every detail."""
    lists.check(policy)
    rows = table.rows(lists.merchant_ids)
    found = []
    for number, query in enumerate(lists.queries):
        span = slice(int(lists.offsets[number]), int(lists.offsets[number + 1]))
        found.append(
            rerank(
                lists.relevance[span],
                lists.merchant_ids[span],
                table=table,
                policy=policy,
                rows=rows[span],
                query_id=str(query),
                query_kind=None if lists.kinds is None else lists.kinds[number],
                today=today,
            )
        )
        progress("ranking", (number + 1) / len(lists))
    return found


def reranked(lists: Lists, shown: Sequence[Ranking]) -> Reranked:
    """Return the rankings of lists as columns in the order of the input."""
    back = np.empty_like(lists.source)
    back[lists.source] = np.arange(len(back))
    found = {
        name: np.concatenate([getattr(ranking, name) for ranking in shown])[back]
        for name in ("trust_boost", "final_score", "base_rank", "final_rank")
    }
    explored = np.zeros(len(back), dtype=bool)
    for start, ranking in zip(lists.offsets.tolist(), shown, strict=False):
        if ranking.explored is not None:
            explored[start + ranking.explored] = True
    propensity = np.repeat([ranking.propensity for ranking in shown], lists.lengths)
    return Reranked(**found, explored=explored[back], propensity=propensity[back])


def item_log(
    lists: Lists, shown: Sequence[Ranking], scores: dict[str, NDArray[Any]], policy: BoostPolicy
) -> dict[str, NDArray[Any]]:
    """Return the log of items, one row for each candidate, in the order without the boost.

    Parameters
    ----------
    lists : Lists
        With item ids.
    shown : sequence of Ranking
        The ranking of each list.
    scores : dict of str to array
        The scores that the table was built from.
    policy : BoostPolicy
    """
    assert lists.item_ids is not None
    table = shown[0].table
    rows = np.concatenate([ranking.rows for ranking in shown])
    known = rows < len(table)
    columns: dict[str, NDArray[Any]] = {
        "query_id": np.repeat(lists.queries, lists.lengths),
        "item_id": lists.item_ids,
        "merchant_id": lists.merchant_ids,
        "relevance": lists.relevance,
    }
    for name in ("base_rank", "final_rank", "trust_boost", "final_score"):
        columns[name] = np.concatenate([getattr(ranking, name) for ranking in shown])
    columns["rank_without_boost"] = np.concatenate([rank_without_boost(r) for r in shown])
    for name in ("trust_index", "lcb", "ucb", "neutral", "excess"):
        columns[name] = table.columns[name].take(rows)
    columns["index_se"] = np.append(scores["index_se"], np.nan).take(rows)
    parts = {name: np.concatenate([r.parts[name] for r in shown]) for name in (*PARTS, "explore")}
    columns |= {f"lean_{name.removesuffix('_part')}": values for name, values in parts.items()}
    lean = np.zeros(len(rows))
    for values in parts.values():
        lean += values
    columns["lean"] = lean
    columns["clipped"] = parts["limit"] != 0
    columns["veto"] = np.concatenate([r.vetoes for r in shown])
    columns |= {name: table.texts(name, rows) for name in ("tier", "status", "category")}
    columns["known"] = known
    columns["expired"] = np.concatenate([_flags(r.stale, len(r)) for r in shown])
    columns["explored"] = np.concatenate(
        [np.arange(len(r)) == (-1 if r.explored is None else r.explored) for r in shown]
    )
    guards = [_guards(ranking) for ranking in shown]
    columns["guards"] = np.array([*(g for each in guards for g in each), None], dtype=object)[:-1]
    stamps = scores.get("scorecard", np.full(len(table), "", dtype=object))
    columns["scorecard"] = np.append(stamps, "").take(rows)
    columns["policy"] = np.full(len(rows), policy.stamp, dtype=object)
    return columns


def _flags(flags: NDArray[np.bool_] | None, count: int) -> NDArray[np.bool_]:
    return np.zeros(count, dtype=bool) if flags is None else flags


def _guards(ranking: Ranking) -> list[str]:
    names: list[list[str]] = [[] for _ in range(len(ranking))]
    for name, moved in ranking.hits.items():
        for at in moved.tolist():
            names[at].append(name)
    return [";".join(each) for each in names]


def request_log(
    lists: Lists,
    shown: Sequence[Ranking],
    scores: dict[str, NDArray[Any]],
    policy: BoostPolicy,
    today: dt.date | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the log of requests, one row for each list; common values are repeated."""
    assert lists.item_ids is not None
    found: dict[str, list[Any]] = {}
    for query, ranking, start in zip(lists.queries, shown, lists.offsets.tolist(), strict=False):
        seen = ranking.final_rank > 0
        rise = np.where(seen, rank_without_boost(ranking) - ranking.final_rank, 0)
        at = ranking.explored
        values = {
            "query_id": query,
            "candidates": len(ranking),
            "shown": int(seen.sum()),
            "unknown": int((ranking.rows == len(ranking.table)).sum()),
            "expired": int(_flags(ranking.stale, len(ranking)).sum()),
            "moved": int((rise != 0).sum()),
            "most_up": int(rise.max(initial=0)),
            "most_down": int(-rise.min(initial=0)),
            "dcg_ratio": _dcg_ratio(ranking, seen),
            "off": ranking.off,
            "guards": ";".join(ranking.guards),
            "explored_item": "" if at is None else str(lists.item_ids[start + at]),
            "propensity": ranking.propensity,
        }
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    count = len(shown)
    guards = json.dumps(policy.guards.model_dump(mode="json", exclude_none=True), sort_keys=True)
    stamps = set(scores["scorecard"].tolist()) if "scorecard" in scores else set()
    same = {
        "form": policy.form,
        "beta": policy.beta,
        "bound": policy.bound if policy.form == "multiplicative" else np.nan,
        "rho": policy.curve.rho,
        "z_promote": policy.evidence.z_promote,
        "z_demote": policy.evidence.z_demote,
        "neutral_point": policy.neutral.point,
        "guards_on": guards,
        "exploration_share": policy.exploration.share,
        "seed": policy.exploration.seed,
        "scorecard": ";".join(sorted(stamps - {""})),
        "policy": policy.stamp,
        "policy_sha256": policy.sha256,
        "today": "" if today is None else today.isoformat(),
    }
    columns = {name: _column(values) for name, values in found.items()}
    return columns | {name: _column([value] * count) for name, value in same.items()}


def _column(values: list[Any]) -> NDArray[Any]:
    if isinstance(values[0], str):
        return np.array([*values, None], dtype=object)[:-1]
    return np.array(values)


def _dcg_ratio(ranking: Ranking, seen: NDArray[np.bool_]) -> float:
    """Return the DCG of the relevance as shown, divided by that without the boost.

    It is NaN unless all relevance is above 0, because DCG needs positive gains.
    """
    gains = ranking.relevance[seen]
    if not len(gains) or gains.min() <= 0:
        return float("nan")
    base = rank_without_boost(ranking)[seen]
    now = float((gains / np.log2(1.0 + ranking.final_rank[seen])).sum())
    return now / float((gains / np.log2(1.0 + base)).sum())
