"""The formula in DuckDB's SQL: ``python -m benchmarks.by_hand_duckdb EXPORT CARD OUT``."""

from __future__ import annotations

import sys
from collections import defaultdict

import duckdb

from benchmarks.formula import Z, dimension_weights, figures, ladder, numeric_columns, policy
from trustscore.scorecard import load_scorecard


def statement(export: str, card_path: str) -> str:
    """Return the whole SELECT."""
    card = load_scorecard(card_path)
    rule, index_file = policy(), card.file.index
    rho, rho_e = index_file.rho, index_file.rho_evidence
    types = ", ".join(
        f"'{c}': '{'VARCHAR' if c == 'merchant_id' else 'DOUBLE'}'"
        for c in ["merchant_id", *numeric_columns(card)]
    )
    signals = figures(card)
    first = []
    for s in signals:
        v = s.value
        if s.sample is None:
            x, q = f"coalesce({v}, {s.prior!r})", f"CASE WHEN {v} IS NULL THEN 1e0 ELSE 0e0 END"
            held = ""
        else:
            known = f"{v} IS NOT NULL AND {s.sample} IS NOT NULL"
            n = f"(CASE WHEN {known} THEN {s.sample} ELSE 0e0 END)"
            q = f"{s.strength!r}::DOUBLE / ({n} + {s.strength!r}::DOUBLE)"
            if s.kind in ("rate", "events"):
                k = f"(CASE WHEN {known} THEN {v} ELSE 0e0 END)"
                pull = s.strength * s.prior
                x = f"({k} + {pull!r}::DOUBLE) / ({n} + {s.strength!r}::DOUBLE)"
            else:
                mean = f"coalesce({v}, 0e0)"
                if s.kind == "duration":
                    mean = f"ln(greatest({mean}, {s.least!r}::DOUBLE))"
                x = f"{mean} + {q} * ({s.prior!r}::DOUBLE - {mean})"
            held = f"WHEN {v} IS NULL AND {s.sample} > 0 THEN {s.withheld!r}::DOUBLE "
        u = f"(({x}) - {s.poor!r}::DOUBLE) / {s.good - s.poor!r}::DOUBLE"
        u = f"greatest(0e0, least(1e0, {u}))"
        u = f"CASE {held}ELSE {u} END" if held else u
        off = " OR ".join(f"{column} <= 0" for column in s.applies)
        w = f"CASE WHEN {off} THEN 0e0 ELSE {s.weight!r}::DOUBLE END" if off else f"{s.weight!r}"
        first += [f"{u} AS u_{s.id}", f"{q} AS q_{s.id}", f"({w})::DOUBLE AS w_{s.id}"]

    own = defaultdict(list)
    for s in signals:
        own[s.dimension].append(s)
    second = []
    for name, members in own.items():
        terms = {
            "weight": [f"w_{s.id}" for s in members],
            "mean": [f"w_{s.id} * u_{s.id}" for s in members],
            "prior": [f"w_{s.id} * {s.prior_utility!r}::DOUBLE" for s in members],
            "doubt": [f"w_{s.id} * q_{s.id}" for s in members],
            "common": [f"w_{s.id} * {s.kappa!r}::DOUBLE * q_{s.id}" for s in members],
            "single": [
                f"w_{s.id} * w_{s.id} * {s.kappa**2!r}::DOUBLE * q_{s.id}"
                f" * ({1 - rho_e!r} + {rho_e - rho!r} * q_{s.id})"
                for s in members
            ],
            "shared": [
                f"w_{s.id} * {s.kappa!r}::DOUBLE * sqrt(q_{s.id} * (1 - q_{s.id}))" for s in members
            ],
        }
        second += [f"{' + '.join(parts)} AS {key}_{name}" for key, parts in terms.items()]

    third = []
    for name, weight in dimension_weights(card).items():
        third += [
            f"CASE WHEN weight_{name} > 0 THEN {weight!r} ELSE 0 END AS share_{name}",
            f"CASE WHEN weight_{name} > 0 THEN weight_{name} ELSE 1 END AS within_{name}",
        ]
    whole = "(" + " + ".join(f"share_{name}" for name in own) + ")"

    def mean(key: str) -> str:
        parts = (f"share_{n} / {whole} * {key}_{n} / within_{n}" for n in own)
        return "(" + " + ".join(parts) + ")"

    single = " + ".join(f"pow(share_{n} / {whole} / within_{n}, 2) * single_{n}" for n in own)
    variance = (
        f"{single} + {rho!r} * pow({mean('common')}, 2) + {rho_e!r} * pow({mean('shared')}, 2)"
    )
    fourth = [
        f"100 * {mean('mean')} AS raw",
        f"100 * sqrt({variance}) AS index_se",
        f"100 * {mean('prior')} AS prior_index",
        f"1 - {mean('doubt')} AS coverage",
        *(f"CASE WHEN weight_{n} > 0 THEN 100 * mean_{n} / weight_{n} END AS {n}" for n in own),
    ]
    limits = card.status
    status = (
        "CASE WHEN NOT coverage > 0 THEN 'not_scored'"
        f" WHEN coalesce({limits.new_column}, 0) < {limits.new_below!r} THEN 'new'"
        f" WHEN coverage < {limits.low_coverage!r} THEN 'low_evidence' ELSE 'formal' END"
    )
    neutral = f"(coverage * {rule.neutral.point!r} + (1 - coverage) * prior_index)"
    settled = (
        f"greatest(raw - {neutral} - {rule.evidence.z_promote!r} * index_se, 0e0)"
        f" + least(raw - {neutral} + {rule.evidence.z_demote!r} * index_se, 0e0)"
    )
    rungs, entry, z = ladder(card)
    tests, cases = [], []
    for step, (name, at, least) in enumerate(rungs[1:], start=1):
        if step <= entry:
            tests.append(f"raw >= {at!r}")
        else:
            tests.append(
                f"status = 'formal' AND raw - {z!r} * index_se >= {at!r} AND coverage >= {least!r}"
            )
        cases.insert(0, f"WHEN {' AND '.join(tests)} THEN '{name}'")
    tier = f"CASE WHEN NOT coverage > 0 THEN '' {' '.join(cases)} ELSE '{rungs[0][0]}' END"
    curve = rule.curve
    lean = (
        f"CASE WHEN settled >= 0 THEN tanh(settled / {curve.up!r})"
        f" ELSE {curve.rho!r} * tanh(settled / {curve.down!r}) END"
    )

    def scored(x: str, name: str) -> str:
        return f"CASE WHEN coverage > 0 THEN {x} END AS {name}"

    last = [
        "merchant_id",
        scored("raw", "trust_index"),
        scored(f"greatest(raw - {Z!r} * index_se, 0e0)", "trust_index_lower"),
        scored(f"least(raw + {Z!r} * index_se, 100e0)", "trust_index_upper"),
        "index_se",
        "prior_index",
        f"{tier} AS tier",
        "status",
        "coverage",
        *own,
        f"CASE WHEN coverage > 0 THEN exp({rule.beta!r} * ({lean})) ELSE 1e0 END AS trust_boost",
    ]
    return f"""
    WITH rows AS (SELECT * FROM read_csv('{export}', header = true, types = {{{types}}},
                  auto_detect = true, sample_size = 1)),
    a AS (SELECT *, {", ".join(first)} FROM rows),
    b AS (SELECT *, {", ".join(second)} FROM a),
    c AS (SELECT *, {", ".join(third)} FROM b),
    d AS (SELECT *, {", ".join(fourth)} FROM c),
    e AS (SELECT *, {status} AS status, {settled} AS settled FROM d)
    SELECT {", ".join(last)} FROM e"""


def main(export: str, card_path: str, out: str) -> None:
    """Score an export and write the scores."""
    duckdb.sql(f"COPY ({statement(export, card_path)}) TO '{out}' (HEADER, DELIMITER ',')")


if __name__ == "__main__":
    main(*sys.argv[1:])
