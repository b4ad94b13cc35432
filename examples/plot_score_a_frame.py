"""
Score a frame of merchants
==========================

A frame goes in, a frame of scores comes out: an index between 0 and 100, its interval, a tier.
The market is made up; an export of your own is read with ``pandas.read_csv``.

Run it with ``python examples/plot_score_a_frame.py [PICTURE]``.
"""

# %%
# Score it. The lowest indices come with their reasons: signals, and the points they cost.

import sys

import matplotlib.pyplot as plt
import pandas as pd

import trustscore

export = pd.DataFrame(trustscore.simulate_export(1000, seed=3))
scores = trustscore.score_frame(export)

columns = ["merchant_id", "trust_index", "status", "tier", "reasons"]
print(scores.sort_values("trust_index")[columns].head(5).to_string(index=False))

# %%
# The statement says where the lowest of them lost most.

lowest = scores.loc[scores["trust_index"].idxmin(), "merchant_id"]
statement = trustscore.explain_frame(export, ids=lowest)
print(f"Where {lowest} lost most:")
columns = ["signal", "value", "utility", "reliability", "lost"]
print(statement.nlargest(5, "lost")[columns].round(3).to_string(index=False))

# %%
# Unknown merchants stand near 71, and evidence moves them away from there: on the left the market
# by tier, on the right how the standard error falls as orders come in.

ladder = trustscore.load_scorecard("default").tiers.ladder
colours = dict(
    zip(
        (t.id for t in ladder), ["#b2182b", "#ef8a62", "#bdbdbd", "#67a9cf", "#2166ac"], strict=True
    )
)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
groups = [scores.loc[scores["tier"] == tier.id, "trust_index"] for tier in ladder]
left.hist(
    groups,
    bins=range(30, 101, 2),
    stacked=True,
    label=[tier.en for tier in ladder],
    color=list(colours.values()),
)
left.set(xlabel="Trust index", ylabel="Merchants", xlim=(30, 100))
left.legend(title="Tier", frameon=False)

right.scatter(
    export["orders_paid"] + 1, scores["index_se"], s=8, c=scores["tier"].map(colours), alpha=0.8
)
right.set(
    xscale="log", xlabel="Paid orders in 30 days, plus one", ylabel="Standard error of the index"
)
right.set_ylim(bottom=0)
for axes in (left, right):
    axes.spines[["top", "right"]].set_visible(False)
if len(sys.argv) > 1:
    figure.savefig(sys.argv[1], dpi=120)
