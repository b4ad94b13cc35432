"""The flat tables of a scorecard, which the loop in `kernel` reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from trustscore.scorecard import Condition, Scorecard, Signal
from trustscore.scorecard.effects import EFFECTS
from trustscore.scorecard.ladder import Tiers
from trustscore.scoring import codes, kernel
from trustscore.scoring.curves import curve_code, raised, steps_of
from trustscore.scoring.program import Node, Program, program_of
from trustscore.typing import Array

# What stands for a column: none is read, or it was not collected.
_NONE, _MISSING = -1, -2


def _integers(values: Sequence[int]) -> Array:
    return np.array(values, dtype=np.int32)


def _floats(values: Sequence[float]) -> Array:
    return np.array(values, dtype=np.float64)


def _per_variant(figures: Sequence[Any], variants: int) -> Array:
    """Return figures that are floats or arrays over variants: those of each variant in turn."""
    found = np.empty((variants, len(figures)))
    for at, figure in enumerate(figures):
        found[:, at] = figure
    return found.ravel()


def _evidence(signal: Signal) -> int:
    if signal.sample is None:
        return codes.PLAIN
    if signal.counts:
        return codes.COUNTS
    return codes.LOG_MEAN if signal.kind == "duration" else codes.MEAN


def _post_order(node: Node, parent: Node | None) -> Iterator[tuple[Node, Node | None]]:
    for child in node.children:
        yield from _post_order(child, node)
    yield node, parent


class _Conditions:
    """All conditions, one set after the other."""

    def __init__(self, columns: dict[str, int]) -> None:
        self.columns = columns
        self.all: list[Condition] = []

    def add(self, when: tuple[Condition, ...]) -> tuple[int, int]:
        """Add a set; return where it begins and ends."""
        first = len(self.all)
        self.all += when
        return first, len(self.all)

    def tables(self) -> dict[str, Array]:
        """Return the columns, operators and numbers of all conditions."""
        at = self.columns
        return {
            "left": _integers([at.get(c.column, _MISSING) for c in self.all]),
            "right": _integers(
                [_NONE if c.over is None else at.get(c.over, _MISSING) for c in self.all]
            ),
            "operator": _integers([codes.OPERATORS.index(c.op) for c in self.all]),
            "number": _floats([c.number for c in self.all]),
        }


def ladder_of(tiers: Tiers) -> kernel.Ladder:
    """Return a ladder of tiers as the kernel reads it."""
    return kernel.Ladder(
        _floats([tier.at for tier in tiers.ladder]),
        _floats([tier.coverage for tier in tiers.ladder]),
        tiers.entry,
        tiers.z,
        tiers.hysteresis,
        tiers.coverage_margin,
        tiers.minimum_stay_days,
        tiers.reviews_below,
    )


def _signal_tables(
    program: Program, at: dict[str, int], nodes: Sequence[Node], groups: dict[Any, int]
) -> dict[str, Array]:
    signals = program.scorecard.signals
    node_of = {node.id: i for i, node in enumerate(nodes)}
    curves = [curve_code(signal) for signal in signals]
    knots = [knot for signal in signals for knot in signal.knots]
    ends = np.cumsum([0, *(len(signal.knots) for signal in signals)])
    tables = {
        "value_column": _integers([at.get(s.value, _MISSING) for s in signals]),
        "sample_column": _integers([at.get(s.sample or "", _NONE) for s in signals]),
        "evidence": _integers([_evidence(s) for s in signals]),
        "scale": _integers([scale for scale, _ in curves]),
        "shape": _integers([shape for _, shape in curves]),
        "first_knot": ends[:-1].astype(np.int32),
        "last_knot": ends[1:].astype(np.int32) - np.int32(1),
        "knot_value": _floats([x for x, _ in knots]),
        "knot_utility": _floats([u for _, u in knots]),
        "node": _integers([node_of[s.dimension] for s in signals]),
        "when": _integers([groups.get(s.applies_when, _NONE) for s in signals]),
        "blank": _integers([codes.BLANKS[s.blank] for s in signals]),
        "rounding": _floats([steps_of(s) for s in signals]),
        "collected": _integers([all(column in at for column in s.columns) for s in signals]),
    }
    for name in (
        "weight",
        "prior",
        "strength",
        "poor",
        "good",
        "least",
        "prior_utility",
        "withheld_utility",
        "kappa",
    ):
        figures = [getattr(figure, name) for figure in program.signals]
        tables[name] = _per_variant(figures, len(program.variants))
    means = {node.id: (node.power, node.floor) for node in nodes}
    priors = [raised(f.prior_utility, *means[f.signal.dimension]) for f in program.signals]
    tables["raised_prior"] = _per_variant(priors, len(program.variants))
    return tables


def _node_tables(
    program: Program, at: dict[str, int], nodes: list[tuple[Node, Node | None]]
) -> dict[str, Array]:
    place = {node.id: i for i, (node, _) in enumerate(nodes)}
    # The signals of a dimension stand together in the scorecard.
    own: dict[str, list[int]] = {node.id: [] for node, _ in nodes}
    for i, signal in enumerate(program.scorecard.signals):
        own[signal.dimension].append(i)
    dimension = {each.id: i for i, each in enumerate(program.scorecard.dimensions)}
    return {
        "parent": _integers([_NONE if up is None else place[up.id] for _, up in nodes]),
        "first_signal": _integers([own[node.id][0] if own[node.id] else 0 for node, _ in nodes]),
        "last_signal": _integers(
            [own[node.id][-1] + 1 if own[node.id] else 0 for node, _ in nodes]
        ),
        "weight_by": _integers([at.get(node.weight_by or "", _NONE) for node, _ in nodes]),
        "dimension": _integers([dimension.get(node.id, _NONE) for node, _ in nodes]),
        "power": _floats([node.power for node, _ in nodes]),
        "floor": _floats([node.floor for node, _ in nodes]),
        "raised_floor": _floats([raised(0.0, node.power, node.floor) for node, _ in nodes]),
        "node_weight": _per_variant([node.weight for node, _ in nodes], len(program.variants)),
    }


def _rule_tables(
    program: Program, at: dict[str, int], fires: list[tuple[int, int]]
) -> dict[str, Array]:
    rules = program.scorecard.rules
    variants = len(program.variants)
    return {
        "first_fires": _integers([first for first, _ in fires]),
        "last_fires": _integers([last for _, last in fires]),
        "sign": _floats([EFFECTS[rule.effect].sign for rule in rules]),
        "veto": _integers([int(rule.veto) for rule in rules]),
        "readable": _integers([all(column in at for column in rule.columns) for rule in rules]),
        "part_column": _integers([at.get(r.exceeds.k, _NONE) if r.exceeds else -1 for r in rules]),
        "whole_column": _integers([at.get(r.exceeds.n, _NONE) if r.exceeds else -1 for r in rules]),
        "min_count": _floats([r.exceeds.min_count if r.exceeds else 0.0 for r in rules]),
        "line": _per_variant([each.line for each in program.rules], variants),
        "points": _per_variant([each.points for each in program.rules], variants),
        "per_column": _integers([at.get(rule.per or "", _NONE) for rule in rules]),
        "above_column": _integers([at.get(rule.above or "", _NONE) for rule in rules]),
        "most": _floats([np.inf if rule.most is None else rule.most for rule in rules]),
    }


@lru_cache(maxsize=32)
def tables_of(scorecard: Scorecard, missing: frozenset[str] = frozenset()) -> kernel.Tables:
    """Return the tables of a scorecard, without the columns that were not collected.

    Column i of the cells that the kernel reads is the i-th of ``scorecard.fields``.
    """
    program = program_of(scorecard)
    at = {f.name: i for i, f in enumerate(scorecard.fields) if f.name not in missing}
    nodes = list(_post_order(program.root, None))
    conditions = _Conditions(at)
    sets = dict.fromkeys(s.applies_when for s in scorecard.signals if s.applies_when)
    applies = [conditions.add(when) for when in sets]
    fires = [conditions.add(rule.when) for rule in scorecard.rules]
    status = scorecard.status
    return kernel.Tables(
        **_signal_tables(
            program,
            at,
            [node for node, _ in nodes],
            {when: i for i, when in enumerate(sets)},
        ),
        **_node_tables(program, at, nodes),
        **conditions.tables(),
        first_applies=_integers([first for first, _ in applies]),
        last_applies=_integers([last for _, last in applies]),
        **_rule_tables(program, at, fires),
        rho=scorecard.file.index.rho,
        rho_evidence=scorecard.file.index.rho_evidence,
        collected_share=program.collected_share(missing),
        new_column=at.get(status.new_column or "", _NONE),
        new_below=status.new_below,
        low_coverage=status.low_coverage,
        ladder=ladder_of(scorecard.tiers),
    )
