"""Measure what the boost costs and buys on given lists, and compare it with other methods."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from trustscore.boost import (
    BoostPolicy,
    Lists,
    Strength,
    Trial,
    TrustTable,
    calibrate,
    guaranteed_beta,
)
from trustscore.errors import InputError
from trustscore.evaluation import metrics
from trustscore.evaluation.baselines import BASELINES
from trustscore.evaluation.draws import Draws, between, bootstrap
from trustscore.evaluation.measure import Key, Measure
from trustscore.evaluation.panel import Panel
from trustscore.evaluation.sweep import BOOST, Point, boost_ranks, loss_at, sweep
from trustscore.typing import BoolArray, FloatArray, IntArray, Progress, silent

NONE = "none"
_NAN = math.nan
_DIGITS = 12


class Figure(NamedTuple):
    """One number of one method.

    Attributes
    ----------
    method, metric, group : str
    k : int
        Number of first places; 0 for whole lists.
    value, lower, upper : float
        Value with its 95 % bootstrap interval over lists; NaN bounds where there is none.
    change, change_lower, change_upper : float
        Change against no boost on the same lists, with its paired interval.
    """

    method: str
    metric: str
    group: str
    k: int
    value: float
    lower: float
    upper: float
    change: float
    change_lower: float
    change_upper: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the boost costs and buys.

    Attributes
    ----------
    panel : Panel
    policy : BoostPolicy
    ks : tuple of int
    main_k : int
        Number of places for exposure, prices and the sweep.
    eps : float
    facts : dict of str to int or float
        Counts and shares of the input.
    vetoes : dict of str to float
        What vetoes take from the raw lists. No other figure includes it.
    settings : dict of str to float
        Setting of each baseline in `figures`: the one whose exposure of promoted merchants is
        nearest to the boost's.
    equal_exposure, equal_trust : dict of str to float
        Mean loss of each method at the boost's exposure of promoted merchants, and at its mean
        trust, interpolated between settings; NaN where the method does not reach it.
    figures : list of Figure
    points : list of Point
    guaranteed : float
        Strength at which no list can lose more than `eps`; NaN in the additive form.
    calibrated : Strength
        The largest strength whose loss on these lists stays within `eps`.
    """

    panel: Panel
    policy: BoostPolicy
    ks: tuple[int, ...]
    main_k: int
    eps: float
    facts: dict[str, int | float]
    vetoes: dict[str, float]
    settings: dict[str, float]
    equal_exposure: dict[str, float]
    equal_trust: dict[str, float]
    figures: list[Figure]
    points: list[Point]
    guaranteed: float
    calibrated: Strength

    def figure(self, method: str, metric: str, group: str = "", k: int | None = None) -> Figure:
        """Return one figure.

        Parameters
        ----------
        method : str
            ``none``, ``boost`` or the name of a baseline.
        metric : str
            Such as ``score_ndcg`` or ``promoted_exposure``.
        group : str, optional
            A tier or a tenth by volume, for metrics that are taken by group.
        k : int, optional
            Number of first places; `main_k`, or whole lists, by default.

        Returns
        -------
        Figure

        Raises
        ------
        KeyError
            When there is no such figure.
        """
        wanted = (method, metric, group)
        for found in self.figures:
            if found[:3] == wanted and found.k in ((0, self.main_k) if k is None else (k,)):
                return found
        raise KeyError((*wanted, k))

    def line(self, method: str) -> list[Point]:
        """Return the points of one method, mild to strong."""
        return [point for point in self.points if point.method == method]


def evaluate(
    lists: Lists,
    table: TrustTable,
    policy: BoostPolicy,
    *,
    labels: Any = None,
    volumes: Any = None,
    ks: Sequence[int] = (5, 10, 20),
    eps: float = 0.01,
    position: str | Sequence[float] = "log2",
    draws: int = 1000,
    seed: int = 1,
    today: dt.date | str | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Measure a policy on lists, with the baselines in the same run.

    Parameters
    ----------
    lists : Lists
    table : TrustTable
        Made by `policy`.
    policy : BoostPolicy
    labels, volumes : array-like, optional
        See :meth:`Panel.of`.
    ks : sequence of int
        Numbers of places at which relevance is measured; exposure is measured at the middle one.
    eps : float
        Largest mean loss that the calibrated strength may cost.
    position : str or sequence of float
        See :func:`trustscore.evaluation.position_weights`.
    draws, seed : int
        Samples and seed of the bootstrap over lists.
    today : date or ISO text, optional
        Day of the rankings: merchants whose scores expired before it are neutral, and lose
        their vetoes unless the policy keeps them. Without it nothing expires.
    progress : Progress, optional
        Told which step is being done, and how much of it is done.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        When the input cannot be measured, see :meth:`Panel.of`.

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
    >>> lists = Lists.from_columns(["q"] * 3, [0.50, 0.48, 0.47], ["a", "new", "b"])
    >>> found = evaluate(lists, table, BoostPolicy.load(), ks=[2], draws=50)
    >>> round(found.figure("boost", "score_ndcg").value, 4)
    0.9626
    >>> round(found.figure("boost", "promoted_exposure").change, 4)
    0.6131
    """
    ks = _places(ks)
    if not 0 < eps < 1:
        raise InputError(f"eps must be between 0 and 1. Got {eps!r}")
    if draws < 1:
        raise InputError(f"draws must be at least 1. Got {draws}")
    main_k = ks[len(ks) // 2]
    given, table = table, table.on(today, policy)
    panel = Panel.of(lists, table, policy, labels=labels, volumes=volumes)
    weights = metrics.position_weights(position, panel.places(main_k))
    measure = Measure(panel, ks, main_k, weights)

    ranks = {NONE: panel.base, BOOST: boost_ranks(panel, table, policy)}
    points = sweep(measure, table, policy, draws, seed, progress)
    progress("drawing intervals and calibrating", math.nan)
    share = _mean(measure.share(ranks[BOOST]))
    settings = {}
    for baseline in BASELINES:
        line = [point for point in points if point.method == baseline.name]
        # The last bits depend on the order of the lists. Rounding makes equally near settings tie,
        # and the mildest wins.
        nearest = min(line, key=lambda point: round(abs(point.exposure - share), _DIGITS))
        settings[baseline.name] = nearest.setting
        ranks[baseline.name] = baseline.on(panel, nearest.setting, panel.places(max(ks)))
    trial = Trial(lists, table, policy, k=main_k)
    return Evaluation(
        panel=panel,
        policy=policy,
        ks=ks,
        main_k=main_k,
        eps=eps,
        facts=_facts(panel, given.stale(given.rows(lists.merchant_ids), today)),
        vetoes=_vetoes(panel, main_k),
        settings=settings,
        equal_exposure=_equal(points, "exposure", share),
        equal_trust=_equal(points, "trust", _mean(measure.trust(ranks[BOOST]))),
        figures=_figures(measure, ranks, draws, seed),
        points=points,
        guaranteed=_NAN if policy.form == "additive" else guaranteed_beta(eps, policy),
        calibrated=calibrate(eps, trial),
    )


def _mean(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else _NAN


def _equal(points: list[Point], field: str, value: float) -> dict[str, float]:
    return {
        name: loss_at(value, [point for point in points if point.method == name], field)
        for name in (BOOST, *(baseline.name for baseline in BASELINES))
    }


def _places(ks: Sequence[int]) -> tuple[int, ...]:
    if not len(ks) or any(k != int(k) or k < 1 for k in ks):
        raise InputError(f"k must be whole numbers of at least 1. Got {list(ks)}")
    return tuple(sorted({int(k) for k in ks}))


def _facts(panel: Panel, stale: BoolArray | None) -> dict[str, int | float]:
    keep = panel.keep
    facts: dict[str, int | float] = {
        "lists": len(panel),
        "lists_measured": int(panel.used.sum()),
        "lists_without_choice": int((np.bincount(panel.number[keep]) == 1).sum()),
        "lists_excluded": int((panel.off & panel.used).sum()),
        "candidates": len(keep),
        "candidates_measured": int(keep.sum()),
        "merchants": len(np.unique(panel.merchant)),
        "share_unknown": float(np.isnan(panel.index[keep]).mean()),
        "share_expired": 0.0 if stale is None else float(stale[keep].mean()),
        "share_neutral": float((panel.lean[keep] == 0).mean()),
        "share_promoted": float(panel.promoted[keep].mean()),
        "share_demoted": float((panel.lean[keep] < 0).mean()),
    }
    if panel.label is not None:
        some = panel.total(np.nan_to_num(panel.label) > 0) > 0
        facts["lists_with_labels"] = int((some & panel.used).sum())
        facts["candidates_without_label"] = int(np.isnan(panel.label).sum())
    return facts


def _vetoes(panel: Panel, k: int) -> dict[str, float]:
    """Return the cost of the vetoes: the lists without vetoed candidates against the raw lists."""
    gone = ~panel.keep
    additive = panel.policy.form == "additive"
    gain = panel.lists.above_least() if additive else panel.lists.relevance
    raw = panel.rank_by(np.zeros(len(gone)), vetoed=True)
    before, after = (metrics.dcg(panel, rank, gain, k) for rank in (raw, panel.base))
    some = before > 0
    loss = 1.0 - after[some] / before[some]
    return {
        "candidates": float(gone.sum()),
        "lists": float((panel.total(gone) > 0).sum()),
        "lists_emptied": float((~panel.used & (panel.lists.lengths > 0)).sum()),
        "mean_loss": float(loss.mean()) if len(loss) else 0.0,
        "worst_loss": float(loss.max()) if len(loss) else 0.0,
    }


def _figures(measure: Measure, ranks: dict[str, IntArray], draws: int, seed: int) -> list[Figure]:
    panel = measure.panel
    columns = {method: measure.columns(rank) for method, rank in ranks.items()}
    places = {
        (m, key): at for at, (m, key) in enumerate((m, k) for m in columns for k in columns[m])
    }
    merit_at = len(places)
    stacked = [columns[m][key] for m, key in places] + list(measure.merit.T)
    drawn = bootstrap(np.column_stack(stacked)[panel.used], draws, seed)
    figures = []
    base_singles = measure.singles(ranks[NONE])
    for method, rank in ranks.items():
        for key in columns[method]:
            at, base = places[method, key], places[NONE, key]
            value = float(drawn.means[at])
            figures.append(
                Figure(method, *key, value, *drawn.interval(at), *drawn.change(at, base))
            )
        for key, value in measure.singles(rank).items():
            change = value - base_singles[key]
            figures.append(Figure(method, *key, value, _NAN, _NAN, change, _NAN, _NAN))
        figures += _merits(method, measure, drawn, places, merit_at)
        figures.append(_price(method, measure.main_k, drawn, places))
    return figures


def _merits(
    method: str, measure: Measure, drawn: Draws, places: dict[tuple[str, Key], int], start: int
) -> list[Figure]:
    """Return exposure over relevance of each tier (Singh and Joachims 2018): 1 is as merited."""
    found = []
    for at, tier in enumerate(measure.panel.tiers.names):
        key = ("exposure", tier, measure.main_k)
        mine, base = places[method, key], places[NONE, key]
        if not drawn.means[start + at] > 0:
            continue
        with np.errstate(invalid="ignore", divide="ignore"):
            value = drawn.means[[mine, base]] / drawn.means[start + at]
            each = drawn.drawn[:, [mine, base]] / drawn.drawn[:, [start + at]]
        found.append(
            Figure(
                method, "merit_ratio", tier, measure.main_k, float(value[0]),
                *between(each[:, 0]), float(value[0] - value[1]), *between(each[:, 0] - each[:, 1]),
            )
        )  # fmt: skip
    return found


def _price(method: str, k: int, drawn: Draws, places: dict[tuple[str, Key], int]) -> Figure:
    """Return the mean loss for each point of exposure gained; NaN if the gain may be zero."""
    loss = 1.0 - drawn.drawn[:, places[method, ("score_ndcg", "", k)]]
    shares = [places[m, ("promoted_exposure", "", k)] for m in (method, NONE)]
    gain = 100 * (drawn.drawn[:, shares[0]] - drawn.drawn[:, shares[1]])
    mean = 100 * float(drawn.means[shares[0]] - drawn.means[shares[1]])
    # Few lists have no interval: there the price is that of these lists alone.
    if not mean > 0 or between(gain)[0] <= 0:
        return Figure(method, "price", "", k, *[_NAN] * 6)
    value = (1.0 - float(drawn.means[places[method, ("score_ndcg", "", k)]])) / mean
    with np.errstate(invalid="ignore", divide="ignore"):
        return Figure(method, "price", "", k, value, *between(loss / gain), *[_NAN] * 3)
