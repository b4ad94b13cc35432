"""All methods at all their settings: the exposure each buys and the relevance it costs."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trustscore.boost import BoostPolicy, TrustTable, rerank_lists
from trustscore.boost.strength import knee
from trustscore.evaluation.baselines import BASELINES
from trustscore.evaluation.draws import bootstrap
from trustscore.evaluation.measure import Measure
from trustscore.evaluation.panel import Floats, Panel, Rows
from trustscore.typing import Progress, silent

BOOST = "boost"
# From mild to strong, denser where most policies are.
BETAS = (0.0, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5, 2.0)
_NAN = math.nan


class Point(NamedTuple):
    """One strength of one method.

    Attributes
    ----------
    method : str
    setting : float
        Beta of the boost, or the setting of the baseline.
    loss, loss_lower, loss_upper, loss_p99, loss_worst : float
        Loss of score-DCG at the main k against no boost.
    exposure : float
        Exposure share of promoted merchants.
    gain, gain_lower, gain_upper : float
        Exposure share above that without boost, with its paired interval.
    price : float
        Mean loss for each point (1 %) of exposure gained; NaN when none was.
    trust : float
        Mean index weighted by attention.
    label_change, label_change_lower, label_change_upper : float
        Change of label-NDCG; NaN without labels.
    allowed : bool
        Whether ``guards.max_relevance_loss`` of the policy allows this strength.
    on_front : bool
        Whether no other point of any method costs less and gives more.
    knee : bool
        Whether the point is the knee of the boost's line.
    """

    method: str
    setting: float
    loss: float
    loss_lower: float
    loss_upper: float
    loss_p99: float
    loss_worst: float
    exposure: float
    gain: float
    gain_lower: float
    gain_upper: float
    price: float
    trust: float
    label_change: float
    label_change_lower: float
    label_change_upper: float
    allowed: bool
    on_front: bool
    knee: bool


def boost_ranks(panel: Panel, table: TrustTable, policy: BoostPolicy) -> Rows:
    """Return the ranks by the boost; floored candidates stand below the others and get rank 0."""
    final = rerank_lists(panel.lists, table, policy).final_rank[panel.lists.source]
    return np.where(panel.keep, final, 0)


def sweep(
    measure: Measure,
    table: TrustTable,
    policy: BoostPolicy,
    draws: int,
    seed: int,
    progress: Progress = silent,
) -> list[Point]:
    """Measure every method at all its settings, and the boost without guards and exploration.

    With guards the loss is not monotone in the strength and never higher. The figures of the
    evaluation measure the policy with its guards.
    """
    panel = measure.panel
    # Keep one figure for each list, not the ranks: those of all settings might not fit in memory.
    settings: list[tuple[str, float]] = []
    columns: list[tuple[Floats, ...]] = []

    def take(method: str, setting: float, rank: Rows) -> None:
        settings.append((method, setting))
        labels = () if panel.label is None else (measure.label(rank),)
        columns.append((measure.loss(rank), measure.share(rank), measure.trust(rank), *labels))

    data = policy.model_dump(mode="python", exclude_none=True)
    data["exploration"]["share"] = 0.0
    free = BoostPolicy.parse(data | {"guards": {}}, policy.name)
    betas = sorted({*BETAS, policy.beta} | ({policy.most_beta} - {math.inf}))
    places = panel.places(max(measure.ks))
    dials = {baseline: list(baseline.settings(panel, places)) for baseline in BASELINES}
    total = len(betas) + sum(map(len, dials.values()))
    for beta in betas:
        progress("measuring", len(settings) / total)
        take(BOOST, beta, boost_ranks(panel, table, free.with_beta(beta)))
    for baseline, dial in dials.items():
        for setting in dial:
            progress("measuring", len(settings) / total)
            take(baseline.name, setting, baseline.on(panel, setting, places))

    values = np.column_stack([column for kind in zip(*columns, strict=True) for column in kind])
    values = values[panel.used]
    drawn = bootstrap(values, draws, seed)
    count = len(settings)
    base = settings.index((BOOST, 0.0))
    found = []
    for at, (method, setting) in enumerate(settings):
        loss = float(drawn.means[at])
        gain = drawn.change(count + at, count + base)
        label = (_NAN, _NAN, _NAN)
        if panel.label is not None:
            label = drawn.change(3 * count + at, 3 * count + base)
        found.append(
            Point(
                method,
                setting,
                loss,
                *drawn.interval(at),
                loss_p99=float(np.quantile(values[:, at], 0.99)),
                loss_worst=float(values[:, at].max()),
                exposure=float(drawn.means[count + at]),
                gain=gain[0],
                gain_lower=gain[1],
                gain_upper=gain[2],
                price=loss / (100 * gain[0]) if gain[0] > 0 else _NAN,
                trust=float(drawn.means[2 * count + at]),
                label_change=label[0],
                label_change_lower=label[1],
                label_change_upper=label[2],
                allowed=method != BOOST or setting <= policy.most_beta,
                on_front=False,
                knee=False,
            )
        )
    return _marked(found)


def _marked(points: list[Point]) -> list[Point]:
    """Mark the points on the Pareto front, and the knee of the boost."""
    loss = np.asarray([point.loss for point in points])
    share = np.asarray([point.exposure for point in points])
    no_worse = (loss <= loss[:, None]) & (share >= share[:, None])
    better = no_worse & ((loss < loss[:, None]) | (share > share[:, None]))
    mine = [at for at, point in enumerate(points) if point.method == BOOST]
    at_knee = mine[knee(loss[mine], share[mine])]
    return [
        point._replace(on_front=not better[at].any(), knee=at == at_knee)
        for at, point in enumerate(points)
    ]


def loss_at(value: float, line: list[Point], field: str) -> float:
    """Return the loss of a method where one field has a value, interpolated; NaN outside its range.

    Examples
    --------
    >>> line = [Point(*["RRF", *[0.0] * 18])._replace(loss=x, exposure=10 * x) for x in (0.1, 0.2)]
    >>> round(loss_at(1.5, line, "exposure"), 3), loss_at(9.0, line, "exposure")
    (0.15, nan)
    """
    steps = sorted((getattr(point, field), point.loss) for point in line)
    reached, losses = zip(*steps, strict=True)
    if len(line) < 2 or not reached[0] <= value <= reached[-1]:
        return _NAN
    return float(np.interp(value, reached, losses))
