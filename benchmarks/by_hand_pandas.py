"""The formula in pandas: ``python -m benchmarks.by_hand_pandas EXPORT CARD OUT``."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from benchmarks.formula import Z, dimension_weights, figures, ladder, numeric_columns, policy
from trustscore.scorecard import load_scorecard


def main(export: str, card_path: str, out: str) -> None:
    """Score an export and write the scores."""
    card = load_scorecard(card_path)
    rule, index_file = policy(), card.file.index
    rho, rho_e = index_file.rho, index_file.rho_evidence
    needed = ["merchant_id", *numeric_columns(card)]
    types = {"merchant_id": str, **dict.fromkeys(numeric_columns(card), np.float64)}
    data = pd.read_csv(export, usecols=needed, dtype=types)

    keys = ("weight", "mean", "prior", "doubt", "single", "common", "shared")
    names = list(dimension_weights(card))
    sums = {name: dict.fromkeys(keys, 0.0) for name in names}
    for s in figures(card):
        value = data[s.value]
        if s.sample is None:
            x = value.fillna(s.prior)
            q = value.isna().astype(float)
        else:
            sample = data[s.sample]
            known = value.notna() & sample.notna()
            n = sample.where(known, 0.0)
            q = s.strength / (n + s.strength)
            if s.kind in ("rate", "events"):
                x = (value.where(known, 0.0) + s.strength * s.prior) / (n + s.strength)
            else:
                mean = value.fillna(0.0)
                if s.kind == "duration":
                    mean = np.log(mean.clip(lower=s.least))
                x = mean + q * (s.prior - mean)
        u = ((x - s.poor) / (s.good - s.poor)).clip(0.0, 1.0)
        if s.sample is not None:
            u = u.mask(value.isna() & (sample > 0), s.withheld)
        w = pd.Series(s.weight, index=data.index)
        for column in s.applies:
            w = w.mask(data[column] <= 0, 0.0)
        total = sums[s.dimension]
        b = w * s.kappa
        bq = b * q
        both = (b - bq) * bq
        total["weight"] = total["weight"] + w
        total["mean"] = total["mean"] + w * u
        total["prior"] = total["prior"] + w * s.prior_utility
        total["doubt"] = total["doubt"] + w * q
        total["single"] = total["single"] + (1 - rho) * bq**2 + (1 - rho_e) * both
        total["common"] = total["common"] + bq
        total["shared"] = total["shared"] + np.sqrt(both)

    table = pd.DataFrame({"merchant_id": data["merchant_id"]})
    shares, dimensions = {}, {}
    for name, weight in dimension_weights(card).items():
        has = sums[name]["weight"] > 0
        shares[name] = has * weight
        sums[name]["within"] = sums[name]["weight"].where(has, 1.0)
        dimensions[name] = (100 * sums[name]["mean"] / sums[name]["within"]).where(has)
    whole = sum(shares.values())

    def mean(key: str) -> pd.Series:
        return sum(shares[n] / whole * sums[n][key] / sums[n]["within"] for n in names)

    single = sum((shares[n] / whole / sums[n]["within"]) ** 2 * sums[n]["single"] for n in names)
    variance = single + rho * mean("common") ** 2 + rho_e * mean("shared") ** 2
    raw, se = 100 * mean("mean"), 100 * np.sqrt(variance)
    prior, coverage = 100 * mean("prior"), 1 - mean("doubt")
    scored = coverage > 0
    table["trust_index"] = raw.where(scored)
    table["trust_index_lower"] = (raw - Z * se).clip(lower=0.0).where(scored)
    table["trust_index_upper"] = (raw + Z * se).clip(upper=100.0).where(scored)
    table["index_se"], table["prior_index"] = se, prior

    limits = card.status
    new = data[limits.new_column].fillna(0.0) < limits.new_below
    thin = coverage < limits.low_coverage
    status = np.select([~scored, new, thin], ["not_scored", "new", "low_evidence"], "formal")
    rungs, entry, z = ladder(card)
    tier = np.full(len(data), rungs[0][0], dtype=object)
    reached = np.ones(len(data), dtype=bool)
    for step, (name, at, least) in enumerate(rungs[1:], start=1):
        if step <= entry:
            reached &= raw >= at
        else:
            reached &= (status == "formal") & (raw - z * se >= at) & (coverage >= least)
        tier[reached] = name
    tier[~scored] = ""
    table["tier"], table["status"], table["coverage"] = tier, status, coverage
    for name in names:
        table[name] = dimensions[name]

    neutral = coverage * rule.neutral.point + (1 - coverage) * prior
    away = raw - neutral
    settled = (away - rule.evidence.z_promote * se).clip(lower=0.0)
    settled += (away + rule.evidence.z_demote * se).clip(upper=0.0)
    up, down = np.tanh(settled / rule.curve.up), np.tanh(settled / rule.curve.down)
    lean = np.where(settled >= 0, up, rule.curve.rho * down)
    table["trust_boost"] = np.where(scored, np.exp(rule.beta * lean), 1.0)
    table.to_csv(out, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
