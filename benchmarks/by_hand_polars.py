"""The formula in Polars: ``python -m benchmarks.by_hand_polars EXPORT CARD OUT``."""

from __future__ import annotations

import sys
from collections import defaultdict

import polars as pl

from benchmarks.formula import Z, dimension_weights, figures, ladder, numeric_columns, policy
from trustscore.scorecard import load_scorecard


def total(parts: list[pl.Expr]) -> pl.Expr:
    """Return a sum, one term after the other."""
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result


def main(export: str, card_path: str, out: str) -> None:
    """Score an export and write the scores."""
    card = load_scorecard(card_path)
    rule, index_file = policy(), card.file.index
    rho, rho_e = index_file.rho, index_file.rho_evidence
    numbers = dict.fromkeys(numeric_columns(card), pl.Float64)
    frame = pl.scan_csv(export, schema_overrides={**numbers, "merchant_id": pl.String})

    signals = figures(card)
    steps: list[pl.Expr] = []
    for s in signals:
        value, x = pl.col(s.value), pl.col(s.value)
        if s.sample is None:
            x = value.fill_null(s.prior)
            u = ((x - s.poor) / (s.good - s.poor)).clip(0.0, 1.0)
            q = value.is_null().cast(pl.Float64)
        else:
            sample = pl.col(s.sample)
            known = value.is_not_null() & sample.is_not_null()
            n = pl.when(known).then(sample).otherwise(0.0)
            if s.kind in ("rate", "events"):
                k = pl.when(known).then(value).otherwise(0.0)
                x = (k + s.strength * s.prior) / (n + s.strength)
            else:
                mean = value.fill_null(0.0)
                if s.kind == "duration":
                    mean = pl.max_horizontal(mean, pl.lit(s.least)).log()
                x = mean + s.strength / (n + s.strength) * (s.prior - mean)
            u = ((x - s.poor) / (s.good - s.poor)).clip(0.0, 1.0)
            u = pl.when(value.is_null() & (sample > 0)).then(s.withheld).otherwise(u)
            q = s.strength / (n + s.strength)
        w = pl.lit(s.weight)
        for column in s.applies:
            w = pl.when(pl.col(column) <= 0).then(0.0).otherwise(w)
        steps += [u.alias(f"u_{s.id}"), q.alias(f"q_{s.id}"), w.alias(f"w_{s.id}")]
    frame = frame.with_columns(steps)

    own = defaultdict(list)
    for s in signals:
        own[s.dimension].append(s)
    sums = []
    for name, members in own.items():
        w = [pl.col(f"w_{s.id}") for s in members]
        u = [pl.col(f"u_{s.id}") for s in members]
        q = [pl.col(f"q_{s.id}") for s in members]
        b = [wi * s.kappa for wi, s in zip(w, members, strict=True)]
        terms = {
            "weight": w,
            "mean": [wi * ui for wi, ui in zip(w, u, strict=True)],
            "prior": [wi * s.prior_utility for wi, s in zip(w, members, strict=True)],
            "doubt": [wi * qi for wi, qi in zip(w, q, strict=True)],
            "common": [bi * qi for bi, qi in zip(b, q, strict=True)],
            "single": [
                (1 - rho) * (bi * qi) ** 2 + (1 - rho_e) * bi**2 * qi * (1 - qi)
                for bi, qi in zip(b, q, strict=True)
            ],
            "shared": [bi * (qi * (1 - qi)).sqrt() for bi, qi in zip(b, q, strict=True)],
        }
        sums += [total(parts).alias(f"{key}_{name}") for key, parts in terms.items()]
    frame = frame.with_columns(sums)
    weights = dimension_weights(card)
    has = {name: pl.col(f"weight_{name}") > 0 for name in own}
    frame = frame.with_columns(
        pl.when(has[name]).then(100 * pl.col(f"mean_{name}") / pl.col(f"weight_{name}")).alias(name)
        for name in own
    ).with_columns(
        pl.when(has[name]).then(weight).otherwise(0.0).alias(f"share_{name}")
        for name, weight in weights.items()
    )
    whole = total([pl.col(f"share_{name}") for name in own])

    def part(key: str, name: str) -> pl.Expr:
        within = pl.when(has[name]).then(pl.col(f"weight_{name}")).otherwise(1.0)
        return pl.col(f"share_{name}") / whole * pl.col(f"{key}_{name}") / within

    def part2(name: str) -> pl.Expr:
        within = pl.when(has[name]).then(pl.col(f"weight_{name}")).otherwise(1.0)
        return (pl.col(f"share_{name}") / whole / within) ** 2 * pl.col(f"single_{name}")

    common = total([part("common", name) for name in own])
    shared = total([part("shared", name) for name in own])
    variance = total([part2(name) for name in own]) + rho * common**2 + rho_e * shared**2
    frame = frame.with_columns(
        (100 * total([part("mean", name) for name in own])).alias("raw"),
        (100 * variance.sqrt()).alias("index_se"),
        (100 * total([part("prior", name) for name in own])).alias("prior_index"),
        (1 - total([part("doubt", name) for name in own])).alias("coverage"),
    )
    raw, se, coverage = pl.col("raw"), pl.col("index_se"), pl.col("coverage")
    limits = card.status
    scored = coverage > 0
    frame = frame.with_columns(
        pl.when(~scored)
        .then(pl.lit("not_scored"))
        .when(pl.col(limits.new_column).fill_null(0.0) < limits.new_below)
        .then(pl.lit("new"))
        .when(coverage < limits.low_coverage)
        .then(pl.lit("low_evidence"))
        .otherwise(pl.lit("formal"))
        .alias("status"),
        pl.when(scored).then(raw).alias("trust_index"),
        pl.when(scored).then((raw - Z * se).clip(0.0, None)).alias("trust_index_lower"),
        pl.when(scored).then((raw + Z * se).clip(None, 100.0)).alias("trust_index_upper"),
    )
    rungs, entry, z = ladder(card)
    tier, reached = pl.lit(rungs[0][0]), pl.lit(True)
    for step, (name, at, least) in enumerate(rungs[1:], start=1):
        if step <= entry:
            reached = reached & (raw >= at)
        else:
            formal = pl.col("status") == "formal"
            reached = reached & formal & (raw - z * se >= at) & (coverage >= least)
        tier = pl.when(reached).then(pl.lit(name)).otherwise(tier)
    neutral = coverage * rule.neutral.point + (1 - coverage) * pl.col("prior_index")
    away = raw - neutral
    settled = (away - rule.evidence.z_promote * se).clip(0.0, None) + (
        away + rule.evidence.z_demote * se
    ).clip(None, 0.0)
    curve = rule.curve
    lean = pl.when(settled >= 0).then((settled / curve.up).tanh())
    lean = lean.otherwise(curve.rho * (settled / curve.down).tanh())
    boost = pl.when(scored).then((rule.beta * lean).exp()).otherwise(1.0)
    frame.select(
        "merchant_id",
        "trust_index",
        "trust_index_lower",
        "trust_index_upper",
        "index_se",
        "prior_index",
        pl.when(scored).then(tier).otherwise(pl.lit("")).alias("tier"),
        "status",
        "coverage",
        *own,
        boost.alias("trust_boost"),
    ).sink_csv(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
