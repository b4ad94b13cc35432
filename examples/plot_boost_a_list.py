"""
Re-rank a search result by trust
================================

Ten items whose relevance differs by a few per cent, from merchants all over the range of trust.
The boost multiplies relevance by a factor near 1, so trust decides where relevance hardly does.

Run it with ``python examples/plot_boost_a_list.py [PICTURE]``.
"""

# %%
# Score a made-up market, and hold the boosts of all merchants ready for ranking.

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from trustscore import BoostPolicy, score_frame, simulate_export
from trustscore.boost import TrustTable, rerank

scores = score_frame(pd.DataFrame(simulate_export(2000, seed=11)))

policy = BoostPolicy.load("boost")
table = TrustTable.build(scores, policy)

# %%
# Nine merchants from all over the range of boosts, shuffled, and one that was never scored.

steps = np.linspace(0, len(scores) - 1, num=9).astype(int)
spread = scores.sort_values("trust_boost")["merchant_id"].iloc[steps]
rng = np.random.default_rng(0)
merchants = [*rng.permutation(spread), "not-in-the-export"]
relevance = np.linspace(1.0, 0.9, num=len(merchants))
ranking = rerank(relevance, merchants, policy=policy, table=table)

print("was  now  merchant            relevance   boost   final")
for row in ranking.order:
    print(
        f"{ranking.base_rank[row]:3d}  {ranking.final_rank[row]:3d}  {merchants[row]:18s}"
        f"  {ranking.relevance[row]:9.3f}  {ranking.trust_boost[row]:6.3f}"
        f"  {ranking.final_score[row]:6.3f}"
    )
print(f"{ranking.blocked.sum()} blocked; an unknown merchant's boost: {ranking.trust_boost[-1]}")

# %%
# Every item on its way from its place by relevance to its place with the boost. Merchants whose
# trust is not settled, and the one without a score, keep a boost of exactly 1.

figure, axes = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
for row in ranking.order:
    boost = ranking.trust_boost[row]
    colour = "#2166ac" if boost > 1 else "#b2182b" if boost < 1 else "#8c8c8c"
    places = ranking.base_rank[row], ranking.final_rank[row]
    axes.plot((0, 1), places, color=colour, linewidth=2, marker="o")
    axes.annotate(
        merchants[row],
        (0, places[0]),
        (-10, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=9,
    )
    axes.annotate(
        f"x {boost:.3f}",
        (1, places[1]),
        (10, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=9,
        color=colour,
    )
axes.invert_yaxis()
axes.set(xlim=(-0.45, 1.3), xticks=(0, 1), xticklabels=("by relevance", "with the boost"))
axes.set_yticks(range(1, len(merchants) + 1))
axes.set_ylabel("Place")
axes.spines[["top", "right", "bottom"]].set_visible(False)
if len(sys.argv) > 1:
    figure.savefig(sys.argv[1], dpi=120)
