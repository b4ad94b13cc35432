"""Score a pandas frame and say why the lowest merchant stands where it stands.

Run it with ``python examples/score_a_frame.py``.
"""

import pandas as pd

import trustscore

export = pd.DataFrame(trustscore.simulate_export(500, seed=3))
scores = trustscore.score_frame(export)

columns = ["merchant_id", "trust_index", "status", "tier", "reasons"]
print(scores.sort_values("trust_index")[columns].head(5).to_string(index=False))

lowest = scores.loc[scores["trust_index"].idxmin(), "merchant_id"]
statement = trustscore.explain_frame(export, ids=lowest)
print(f"\nWhere {lowest} lost most:")
columns = ["signal", "value", "utility", "reliability", "lost"]
print(statement.nlargest(5, "lost")[columns].round(3).to_string(index=False))
