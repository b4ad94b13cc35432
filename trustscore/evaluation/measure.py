"""The figures of one ranking: columns with one value for each list, and numbers over all lists."""

from __future__ import annotations

import numpy as np

from trustscore.evaluation import metrics
from trustscore.evaluation.panel import Floats, Panel, Rows

Key = tuple[str, str, int]
"""Metric, group and number of places; 0 places means whole lists."""


class Measure:
    """Measures rankings of a panel: exposure at `main_k` by `weights`, relevance at all `ks`."""

    def __init__(self, panel: Panel, ks: tuple[int, ...], main_k: int, weights: Floats) -> None:
        self.panel, self.ks, self.main_k, self.weights = panel, ks, main_k, weights
        takes = panel.gain * panel.keep
        self.merit = metrics.shares_of(panel, takes, panel.tiers)

    def loss(self, rank: Rows) -> Floats:
        """Return the loss of score-DCG of each list."""
        return metrics.score_loss(self.panel, rank, self.main_k)

    def share(self, rank: Rows) -> Floats:
        """Return the exposure share of the promoted in each list."""
        seen = metrics.attention(rank, self.weights)
        return metrics.share_of(self.panel, seen, self.panel.promoted)

    def trust(self, rank: Rows) -> Floats:
        """Return the mean index in each list, weighted by attention."""
        return metrics.mean_trust(self.panel, metrics.attention(rank, self.weights))

    def label(self, rank: Rows) -> Floats:
        """Return the label-NDCG of each list."""
        return metrics.label_ndcg(self.panel, rank, self.main_k)

    def columns(self, rank: Rows) -> dict[Key, Floats]:
        """Return every figure that is averaged over lists, with one value for each list."""
        panel, k = self.panel, self.main_k
        seen = metrics.attention(rank, self.weights)
        found: dict[Key, Floats] = {}
        for at in self.ks:
            found["score_ndcg", "", at] = 1.0 - metrics.score_loss(panel, rank, at)
            if panel.label is not None:
                found["label_ndcg", "", at] = metrics.label_ndcg(panel, rank, at)
            found["changed_lists", "", at] = metrics.changed(panel, rank, at)
        found["promoted_exposure", "", k] = self.share(rank)
        found["newcomer_exposure", "", k] = metrics.share_of(panel, seen, panel.newcomer)
        found["mean_trust", "", k] = self.trust(rank)
        groups = [("exposure", panel.tiers)]
        groups += [] if panel.sizes is None else [("size_exposure", panel.sizes)]
        for metric, group in groups:
            shares = metrics.shares_of(panel, seen, group)
            for at, name in enumerate(group.names):
                found[metric, name, k] = shares[:, at]
        found["displacement_mean", "", 0], _ = metrics.displacement(panel, rank)
        return found

    def singles(self, rank: Rows) -> dict[Key, float]:
        """Return the figures that are not averaged over lists."""
        panel, k = self.panel, self.main_k
        loss = self.loss(rank)[panel.used]
        seen = metrics.attention(rank, self.weights)
        _, most = metrics.displacement(panel, rank)
        return {
            ("loss_p95", "", k): float(np.quantile(loss, 0.95)),
            ("loss_p99", "", k): float(np.quantile(loss, 0.99)),
            ("loss_worst", "", k): float(loss.max()),
            ("displacement_most", "", 0): float(most),
            ("merchant_gini", "", k): metrics.merchant_gini(panel, seen),
        }
