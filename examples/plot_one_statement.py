"""
One statement, from 100 points down
===================================

A trust index is a sum. From 100 points every signal takes what it lost, then rules add and take,
and what is left is the index: exactly, for every merchant.

Run it with ``python examples/plot_one_statement.py [PICTURE]``.
"""

# %%
# Score a made-up market and ask for the statement of one merchant.

import sys

import matplotlib.pyplot as plt
import pandas as pd

import trustscore

MERCHANT, NAMED = "m0000001", 5

card = trustscore.load_scorecard("default")
export = pd.DataFrame(trustscore.simulate_export(1000, seed=7))
score = trustscore.score_frame(export).set_index("merchant_id").loc[MERCHANT]
statement = trustscore.explain_frame(export, ids=MERCHANT)

lost = statement.sort_values("lost", ascending=False)
rules = score["trust_index"] - statement["gained"].sum()
print(lost[["signal", "dimension", "lost"]].head(NAMED).round(2).to_string(index=False))
print(f"100 - {lost['lost'].sum():.2f} {rules:+.2f} = {score['trust_index']:.2f}")

# %%
# The same as a picture. The largest losses have a step each, the others one for each dimension; the
# band is the 90 % interval, and the lines are those of the tiers.

steps = [(card.signal(row.signal).words.en, -row.lost) for row in lost.head(NAMED).itertuples()]
others = lost.iloc[NAMED:].groupby("dimension")["lost"].sum()
for dimension in card.dimensions:
    if dimension.id in others:
        steps.append((f"{dimension.en}: other signals", -others[dimension.id]))
if rules:
    fired = {rule.id: rule.en for rule in card.rules}
    names = [fired[name] for name in score["rules"].split(";")]
    steps.append((f"Rule: {', '.join(names)}", rules))

figure, axes = plt.subplots(figsize=(9, 4.8), layout="constrained")
level = 100.0
for place, (_, points) in enumerate(steps):
    colour = "#c45a4a" if points < 0 else "#3f8f5b"
    axes.barh(place, points, left=level, height=0.62, color=colour)
    end = min(level, level + points)
    axes.text(end - 0.4, place, f"{points:+.1f}", ha="right", va="center", fontsize=9)
    axes.plot((level + points,) * 2, (place - 0.31, place + 1.31), color="#999999", linewidth=0.8)
    level += points
low, high = score["trust_index_lower"], score["trust_index_upper"]
axes.barh(len(steps), high - low, left=low, height=0.62, color="#c6d8ea")
axes.plot((level, level), (len(steps) - 0.31, len(steps) + 0.31), color="#1f4e79", linewidth=3)
axes.text(low - 0.4, len(steps), f"{level:.1f}", ha="right", va="center", weight="bold")
for tier in card.tiers.ladder[1:]:
    axes.axvline(tier.at, color="#bbbbbb", linewidth=0.8, linestyle=":", zorder=0)
    axes.text(tier.at, -0.75, tier.en, ha="center", va="bottom", fontsize=8, color="#777777")

axes.set_yticks(range(len(steps) + 1), [*(name for name, _ in steps), "Trust index, 90 % interval"])
axes.set(xlim=(min(45, low - 5), 100), ylim=(len(steps) + 0.6, -0.8), xlabel="Points")
axes.tick_params(left=False)
axes.spines[["top", "right", "left"]].set_visible(False)
if len(sys.argv) > 1:
    figure.savefig(sys.argv[1], dpi=110)
