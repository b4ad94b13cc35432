"""The columns a scorecard reads from a table, and its figures per variant."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.export.sql.fold import folded_text
from trustscore.export.sql.query import Query
from trustscore.export.sql.text import name, number, text
from trustscore.scorecard import Condition, Scorecard
from trustscore.scorecard.derived import Derived
from trustscore.scorecard.faults import suggest
from trustscore.scorecard.output_columns import columns_of
from trustscore.scorecard.side_columns import SIDE_COLUMNS
from trustscore.scoring.program import Program, program_of

SIDE = SIDE_COLUMNS.names
_SIDE_NUMBERS = [column.name for column in SIDE_COLUMNS.values() if column.type == "number"]
_SIDE_TEXTS = [column for column in SIDE if column not in _SIDE_NUMBERS]
_COMPARE = {"==": "=", "!=": "<>"}


class Card:
    """A compiled scorecard and the query that is being built from it."""

    def __init__(
        self, scorecard: Scorecard, side: Collection[str], missing: Collection[str]
    ) -> None:
        self.scorecard = scorecard
        self.plan: Program = program_of(scorecard)
        self.outputs = output_names(scorecard)
        self.query = Query(self.outputs)
        self.side = frozenset(side)
        self.missing = scorecard.without(missing)
        fields = [field.name for field in scorecard.inputs]
        self.merchant = self.query.source("merchant", "merchant_id")
        dates = {field.name for field in scorecard.inputs if field.check == "date"}
        self._columns = {
            column: self.query.source(column, _read(column, dates))
            for column in [*fields, *_SIDE_NUMBERS]
            if column not in self.missing and (column in fields or column in self.side)
        }
        self._texts = {
            column: self.query.source(f"{column}_text", f"CAST({name(column)} AS VARCHAR)")
            for column in _SIDE_TEXTS
            if column in self.side
        }
        for field in scorecard.fields:
            if field.derived is not None and field.name not in self.missing:
                self._columns[field.name] = self.query.define(
                    field.name, self._derived(field.derived)
                )
        self._variant = self._variants()

    def _derived(self, derived: Derived) -> str:
        left, right = (
            self._columns[x] if isinstance(x, str) else _constant(x)
            for x in (derived.left, derived.right)
        )
        if derived.operator == "days":
            return f"CAST(DATE_DIFF('day', {left}, {right}) AS DOUBLE)"
        text = f"{left} {derived.operator} {right}"
        if derived.operator == "/":
            text = f"CASE WHEN {right} <> 0e0 THEN {text} END"
        return f"ABS({text})" if derived.distance else text

    def column(self, column: str) -> str | None:
        """Return a numeric column, NULL where blank; None when the table has none."""
        return self._columns.get(column)

    def words(self, column: str) -> str | None:
        """Return a text column, NULL where blank; None when the table has none."""
        return self._texts.get(column)

    # Variants ---------------------------------------------------------------------------------

    def _variants(self) -> str | None:
        contexts = {
            column: values
            for column, values in contexts_of(self.scorecard).items()
            if column in self._texts
        }
        choices = [["", *values] for values in contexts.values()]
        rows = np.array(list(itertools.product(*choices)), dtype=object)
        if not contexts:
            return None
        block = {column: rows[:, at] for at, column in enumerate(contexts)}
        found = self.plan.variant_rows(block, len(rows))
        if found is None:
            return None
        variant = found.reshape([len(values) for values in choices])
        # Values that no parameter tells apart share a class, and so a branch.
        classes = []
        for axis, (column, values) in enumerate(zip(contexts, choices, strict=True)):
            _, first, member = np.unique(
                np.moveaxis(variant, axis, 0).reshape(len(values), -1),
                axis=0,
                return_index=True,
                return_inverse=True,
            )
            member = member.reshape(-1)
            folded = folded_text(self.query, self._texts[column], values, column)
            members = [
                [v for v, m in zip(values, member, strict=True) if m == which]
                for which in range(len(first))
            ]
            branches = [
                f"WHEN {folded.is_one_of(words)} THEN {which}"
                for which, words in enumerate(members)
                if which != member[0]
            ]
            classes.append((column, first, int(member[0]), branches))
        names = [
            self.query.define(f"{column}_class", f"CASE {' '.join(branches)} ELSE {base} END")
            for column, _, base, branches in classes
            if branches
        ]
        varied = [(at, first) for at, (_, first, _, branches) in enumerate(classes) if branches]
        cases = []
        for which in itertools.product(*(range(len(first)) for _, first in varied)):
            at = [0] * len(classes)
            for (axis, first), chosen in zip(varied, which, strict=True):
                at[axis] = int(first[chosen])
            value = int(variant[tuple(at)])
            if value:
                test = " AND ".join(f"{n} = {c}" for n, c in zip(names, which, strict=True))
                cases.append(f"WHEN {test} THEN {value}")
        return self.query.define("variant", f"CASE {' '.join(cases)} ELSE 0 END")

    def take(self, parameter: Any) -> str:
        """Return a figure, or the choice of one by the row's variant."""
        if np.ndim(parameter) == 0:
            return number(parameter)
        if self._variant is None:
            return number(parameter[0])
        values = [float(v) for v in parameter]
        usual = Counter(values).most_common(1)[0][0]
        cases = [
            f"WHEN {self.within([i for i, v in enumerate(values) if v == value])} "
            f"THEN {number(value)}"
            for value in dict.fromkeys(values)
            if value != usual
        ]
        return f"CASE {' '.join(cases)} ELSE {number(usual)} END" if cases else number(usual)

    def within(self, variants: list[int]) -> str:
        """Return the condition that a row has one of some variants."""
        if len(variants) == 1:
            return f"{self._variant} = {variants[0]}"
        return f"{self._variant} IN ({', '.join(map(str, variants))})"

    def live(self, points: Any) -> str | None:
        """Return where points are not NaN: a condition, empty for everywhere, None for nowhere."""
        off = np.isnan(np.atleast_1d(points))
        if self._variant is None:
            off = off[:1]
        if off.all():
            return None
        return self.within(np.flatnonzero(~off).tolist()) if off.any() else ""

    # Conditions -------------------------------------------------------------------------------

    def holds(self, condition: Condition) -> str | None:
        """Return a condition, NULL where unknown; None when a column was not collected."""
        left = self.column(condition.column)
        if condition.over is not None:
            over = self.column(condition.over)
            if over is None:
                return None
            left = left and f"CASE WHEN {over} <> 0e0 THEN {left} / {over} END"
        if left is None:
            return None
        return f"{left} {_COMPARE.get(condition.op, condition.op)} {number(condition.number)}"

    def applies(self, when: tuple[Condition, ...]) -> str | None:
        """Return a column that is 1 where conditions hold or are unknown; None for everywhere."""
        tests = [test for condition in when if (test := self.holds(condition)) is not None]
        if not tests:
            return None
        broken = " OR ".join(f"NOT ({test})" for test in tests)
        return self.query.define("applies", f"CASE WHEN {broken} THEN 0e0 ELSE 1e0 END")


def _read(column: str, dates: Collection[str]) -> str:
    """Return a numeric column of the table, or one of dates or texts of dates."""
    if column not in dates:
        return f"CAST({name(column)} AS DOUBLE)"
    day = f"SUBSTRING(CAST({name(column)} AS VARCHAR), 1, 10)"
    return f"CAST(NULLIF({day}, '') AS DATE)"


def _constant(operand: float | dt.date) -> str:
    return (
        f"CAST({text(str(operand))} AS DATE)" if isinstance(operand, dt.date) else number(operand)
    )


def output_names(scorecard: Scorecard) -> list[str]:
    """Return the columns that a query answers, in their order."""
    dimensions = (dimension.id for dimension in scorecard.dimensions)
    return [column.name for column in columns_of(dimensions) if column.sql]


def check_columns(
    scorecard: Scorecard,
    side: Collection[str],
    missing: Collection[str],
    as_of: dt.date | None,
) -> None:
    """Check what is said of the columns of a table.

    Raises
    ------
    InputError
        Lists what is no optional column, or no column of the scorecard, with the near names.
    """
    fields = [field.name for field in scorecard.inputs]
    faults = [
        f"{column}: is no optional column{suggest(column, SIDE)}"
        for column in sorted({*side} - {*SIDE})
    ]
    faults += [
        f"{column}: is no column of scorecard {scorecard.name}{suggest(column, fields)}"
        for column in sorted({*missing} - {*fields})
    ]
    if "tier_since" in side and as_of is None:
        faults.append("tier_since: needs the day of the review as well (`as_of`)")
    if as_of is not None and "tier_since" not in side:
        faults.append("tier_since: is not among the side columns, so the day of the review is idle")
    if faults:
        raise InputError("the columns of the table are not as said", faults)


def contexts_of(scorecard: Scorecard) -> dict[str, list[str]]:
    """Return the values of each side column that an overlay or a peer group names."""
    named: dict[str, dict[str, None]] = {}
    for overlay in scorecard.overlays:
        for column, values in overlay.match:
            named.setdefault(column, {}).update(dict.fromkeys(values))
    for key in scorecard.peers.priors:
        for column, value in zip(scorecard.peers.by, key, strict=True):
            named.setdefault(column, {})[value] = None
    return {column: list(values) for column, values in named.items()}
