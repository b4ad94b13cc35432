"""Score merchants, make their boosts and re-rank one search result.

Run it with ``python examples/boost_a_list.py``.
"""

import numpy as np
import pandas as pd

from trustscore import BoostPolicy, score_frame, simulate_export
from trustscore.boost import TrustTable

scores = score_frame(pd.DataFrame(simulate_export(2000, seed=11)))

policy = BoostPolicy.load("boost")
table = TrustTable.build(scores, policy)

# A search result: ten items whose relevance differs by a few per cent. Nine merchants from all
# over the range of boosts, shuffled, and one that was never scored.
steps = np.linspace(0, len(scores) - 1, num=9).astype(int)
spread = scores.sort_values("trust_boost")["merchant_id"].iloc[steps]
rng = np.random.default_rng(0)
merchants = [*rng.permutation(spread), "not-in-the-export"]
relevance = np.linspace(1.0, 0.9, num=len(merchants))
ranking = policy.rerank(relevance, merchants, table=table)

print("was  now  merchant            relevance   boost   final")
for row in ranking.order:
    print(
        f"{ranking.base_rank[row]:3d}  {ranking.final_rank[row]:3d}  {merchants[row]:18s}"
        f"  {ranking.relevance[row]:9.3f}  {ranking.trust_boost[row]:6.3f}"
        f"  {ranking.final_score[row]:6.3f}"
    )
print(f"{ranking.blocked.sum()} blocked; an unknown merchant's boost: {ranking.trust_boost[-1]}")
