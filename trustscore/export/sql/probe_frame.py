"""The values worth trying in each column that a scorecard reads, and the rows made of them."""

from __future__ import annotations

import datetime as dt
import itertools
import unicodedata
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np

from trustscore.export.sql.columns import SIDE, contexts_of
from trustscore.scorecard import Condition, Scorecard, Signal
from trustscore.scorecard.dates import texts_of_days
from trustscore.scorecard.side_columns import SIDE_TEXT, Reader, side_read_by
from trustscore.scoring.codes import Z95
from trustscore.scoring.program import SignalFigures, program_of
from trustscore.typing import Array

__all__ = ["ProbeFrame", "Row", "beside"]

HUGE, TINY = 1e15, 1e-12
Row = dict[str, Any]


# 2026-01-01, where dates are told from each other.
_SOME_DAY = 20_454.0


BLANK = np.nan


_MIXED = 600


_LEAST = 1e-100


def beside(value: float) -> list[float]:
    """Return a figure, its neighbours among the floats, and a small step to either side.

    Examples
    --------
    >>> beside(4.0)
    [4.0, 4.000000000000001, 3.9999999999999996, 4.004, 3.996]
    """
    step = 1e-3 * (abs(value) or 1.0)
    up, down = np.nextafter(value, np.inf), np.nextafter(value, -np.inf)
    if value == 0:
        # The next float to 0 has no inverse: PostgreSQL stops a query that divides by it.
        up, down = _LEAST, -_LEAST
    return [float(value), float(up), float(down), value + step, value - step]


class ProbeFrame:
    """What a scorecard reads, and the values worth trying in each column."""

    def __init__(
        self,
        card: Scorecard,
        side: Collection[str],
        missing: Collection[str],
        as_of: dt.date | None,
    ) -> None:
        self.card, self.plan, self.as_of = card, program_of(card), as_of
        self.fields = {f.name: f for f in card.inputs if f.name not in missing}
        self.side = frozenset(side)
        # In a stated order: that of a set changes from one process to the next.
        self.columns = [column for column in SIDE if column in self.side]
        self.signals = [
            plan for plan in self.plan.signals if self.fields.keys() >= {*plan.signal.columns}
        ]
        contexts = {c: v for c, v in contexts_of(card).items() if c in self.side}
        self.contexts: list[Row] = [
            dict(zip(contexts, values, strict=True))
            for values in itertools.product(*(["", *values] for values in contexts.values()))
        ]
        self.texts = self._texts(contexts)
        self.numbers: dict[str, list[float]] = {
            "enrolled": [BLANK, 0.0, 1.0],
            "claims_unpaid": [BLANK, 0.0, 1.0],
            "reviews_below": [BLANK, *map(float, range(card.tiers.reviews_below + 2))],
            "pacing": [BLANK, 0.0, 0.05, -0.05, 2.0, -2.0],
        }
        self.numbers = {c: values for c, values in self.numbers.items() if c in self.side}
        self.base = self.level(0.6, 200.0)

    def _texts(self, contexts: dict[str, list[str]]) -> dict[str, list[str | None]]:
        texts: dict[str, list[str | None]] = {}
        for column in SIDE_TEXT:
            if column not in self.side:
                continue
            spelled = [v for word in contexts.get(column, []) for v in _spellings(word)]
            texts[column] = [None, "", "something else", *spelled]
        if "previous_tier" in texts:
            ids = [tier.id for tier in self.card.tiers.ladder]
            texts["previous_tier"] += [v for name in ids for v in _spellings(name)]
        if "tier_since" in texts:
            stay = int(self.card.tiers.minimum_stay_days)
            day = self.as_of or dt.date(2026, 1, 1)
            days = [str(day - dt.timedelta(stay + late)) for late in (-1, 0, 1, 400)]
            texts["tier_since"] = [None, *days, f"{days[0]}T23:59:59"]
        return texts

    # Rows -------------------------------------------------------------------------------------

    def level(self, utility: float, evidence: float) -> Row:
        """Return a merchant that stands at one utility, linearly, in every signal."""
        row: Row = dict.fromkeys(self.fields, 1.0)
        for plan in self.signals:
            signal = plan.signal
            value = signal.poor + utility * (signal.good - signal.poor)
            if signal.sample is not None:
                row[signal.sample] = evidence
                if signal.counts:
                    value *= evidence
            row[signal.value] = value
        return row

    def rows(self) -> Iterator[Row]:
        """Return the rows that are aimed at one figure each."""
        for value in (BLANK, 0.0, 1.0, TINY, HUGE):
            yield dict.fromkeys(self.fields, value)
        # Old enough to be no newcomer, and nothing else known but one signal.
        for plan in self.signals:
            known = {column: self.base[column] for column in plan.signal.columns}
            yield {str(self.card.status.new_column): HUGE} | known
        # Close enough that a tier which begins elsewhere, by a point or so, holds other rows.
        for utility, evidence in itertools.product(np.linspace(0, 1, 81), (0.0, 3.0, 200.0, 1e5)):
            yield self.level(float(utility), evidence)
        for context in self.contexts:
            yield {**self.base, **context}
        for plan in self.signals:
            for cells in self._signal(plan):
                yield {**self.base, **cells}
        for cells in self._conditions():
            yield {**self.base, **cells}
        shares = [d.weight_by for d in self.card.dimensions if d.weight_by in self.fields]
        for share in (0.0, TINY, 0.5, 1.0, BLANK):
            yield from ({**self.base, str(column): share} for column in shares)
            yield {**self.base, **dict.fromkeys(map(str, shares), share)}
        if self.card.status.new_column in self.fields:
            for value in (*beside(self.card.status.new_below), 0.0, BLANK):
                yield {**self.base, str(self.card.status.new_column): value}
        yield from self._dates()
        yield from self._reviews()

    def _dates(self) -> Iterator[Row]:
        """Return rows whose dates lie as far apart as an anchor says, and a day to either side."""
        for field in self.card.fields:
            if field.derived is None or not field.derived.dates:
                continue
            signals = [s for s in self.card.signals if s.value == field.name]
            anchors = [x for s in signals for x in (s.poor, s.good, s.prior)]
            first, *others = field.derived.dates
            for apart in (0.0, *anchors, *(x + 1 for x in anchors), -1.0, HUGE, BLANK):
                row = {**self.base, **dict.fromkeys(others, _SOME_DAY)}
                row[first] = field.derived.undone(first, np.rint(apart), row.__getitem__)
                yield row

    def _reviews(self) -> Iterator[Row]:
        """Return rows at every step of the ladder, with every history."""
        history = side_read_by(Reader.TIER)
        pools = [[(c, v) for v in self._pool(c)] for c in history if c in self.side]
        for utility, cells in itertools.product((0.3, 0.62, 0.8, 1.0), itertools.product(*pools)):
            yield {**self.level(utility, 1e4), **dict(cells)}

    def mixed(self) -> Iterator[Row]:
        """Return rows that draw each cell from what any other row has there."""
        draw = np.random.default_rng(7)
        pools: dict[str, list[Any]] = {column: [] for column in self.fields}
        for row in self.rows():
            for column in pools:
                if (value := row.get(column, BLANK)) not in (HUGE, TINY):
                    pools[column].append(value)
        levels = [self.level(u, n) for u in (0.2, 0.5, 0.8) for n in (20.0, 2000.0)]
        for at in range(_MIXED):
            row = dict(levels[at % len(levels)])
            for column in self.fields:
                if draw.random() < 0.3:
                    row[column] = pools[column][draw.integers(len(pools[column]))]
            for column in self.columns:
                pool = self._pool(column)
                row[column] = pool[draw.integers(len(pool))]
            yield row

    def _pool(self, column: str) -> list[Any]:
        return [*(self.texts[column] if column in self.texts else self.numbers[column])]

    def _signal(self, plan: SignalFigures) -> Iterator[Row]:
        signal = plan.signal
        own, changes = signal.numbers, [o.signals.get(signal.id, {}) for o in self.card.overlays]
        anchors = [own.poor, own.good, own.prior, *(x for x, _ in signal.knots)]
        anchors += [c[key] for c in changes for key in ("poor", "good", "prior") if key in c]
        if signal.on_log:
            anchors.append(min(own.poor, own.good) / 100.0)
        contexts = self._telling(plan)
        for anchor in dict.fromkeys(anchors):
            for x in beside(anchor):
                for context, prior, strength in contexts:
                    yield from (context | cells for cells in _raw(signal, x, prior, strength))
        sample = signal.sample
        for value in (BLANK, 0.0, TINY, HUGE):
            if sample is None:
                yield {signal.value: value}
                continue
            for n in (BLANK, 0.0, 1.0, HUGE):
                yield {signal.value: value, sample: n}

    def _telling(self, plan: SignalFigures) -> list[tuple[Row, float, float]]:
        """Return the contexts in which a signal has other figures, with prior and strength."""
        block = {
            column: np.array([context[column] for context in self.contexts], dtype=object)
            for column in self.contexts[0]
        }
        found = self.plan.variant_rows(block, len(self.contexts)) if block else None
        variants = [0] * len(self.contexts) if found is None else found.tolist()
        seen: dict[tuple[float, ...], tuple[Row, float, float]] = {}
        for context, variant in zip(self.contexts, variants, strict=True):
            figures = tuple(
                float(p if np.ndim(p) == 0 else p[variant])
                for p in (plan.prior, plan.strength, plan.poor, plan.good, plan.weight)
            )
            seen.setdefault(figures, (context, figures[0], figures[1]))
        return list(seen.values())

    def _conditions(self) -> Iterator[Row]:
        lists = [s.applies_when for s in self.card.signals] + [r.when for r in self.card.rules]
        for when in dict.fromkeys(lists):
            if not all(self.fields.keys() >= {*c.columns} for c in when):
                continue
            true: Row = {}
            for condition in when:
                true |= _satisfied(condition, true)
            for condition in when:
                yield from (true | cells for cells in _tried(condition))
        for plan in self.plan.rules:
            rule = plan.rule
            if not self.fields.keys() >= {*rule.columns}:
                continue
            if rule.exceeds is not None:
                k, n = rule.exceeds.k, rule.exceeds.n
                few = rule.exceeds.min_count
                yield from ({k: count, n: few} for count in (*beside(few), BLANK))
                for line in np.unique(plan.line).tolist():
                    for size in (50.0, 1e3, 1e6):
                        most = line * size + Z95 * np.sqrt(line * size)
                        yield from ({k: count, n: size} for count in beside(float(most)))
            if rule.per is not None:
                true = {}
                for condition in rule.when:
                    true |= _satisfied(condition, true)
                full = float((rule.most or 0.0) / rule.points)
                for cases in (*beside(full), 0.0, 1.0, 1e6, BLANK):
                    yield true | {rule.per: cases}
            if rule.above is not None:
                true = {}
                for condition in rule.when:
                    true |= _satisfied(condition, true)
                for points in (-500.0, 0.0, 20.0, 50.0, 62.5, 80.0, 95.0, 100.0, BLANK):
                    yield true | {rule.above: points}

    # Block ------------------------------------------------------------------------------------

    def block(self, rows: list[Row]) -> dict[str, Array]:
        """Return rows as columns of checked input: nothing a reader would refuse is left."""
        block: dict[str, Array] = {}
        for field in self.fields.values():
            values = np.array([row.get(field.name, BLANK) for row in rows], dtype=np.float64)
            if field.check == "date":
                block[field.name] = texts_of_days(values)
                continue
            if field.check == "flag":
                values = np.where(np.isnan(values), values, (values >= 0.5).astype(np.float64))
            low = -np.inf if field.check == "number" else 0.0
            high = 1.0 if field.check == "share" else np.inf
            low = low if field.lo is None else max(low, field.lo)
            high = high if field.hi is None else min(high, field.hi)
            block[field.name] = np.clip(values, low, high)
        for k, n in self.card.pairs:
            if k in block and n in block:
                block[k] = np.where(block[k] > block[n], block[n], block[k])
        for column in SIDE_TEXT:
            if column in self.side:
                block[column] = np.array([row.get(column) for row in rows], dtype=object)
        for column in self.numbers:
            if column in self.side:
                given = [row.get(column, BLANK) for row in rows]
                block.setdefault(column, np.array(given, dtype=np.float64))
        return block


def _spellings(word: str) -> list[str]:
    """Return a word as it may stand in a table, and what is another word but looks like it."""
    # The long s and the ligature fold to plain letters; LOWER leaves them in most engines.
    odd = word.upper().replace("S", "ſ").replace("FI", "ﬁ")
    apart = unicodedata.normalize("NFD", f"\ufeff{word.upper()}")
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word)
    blanks = word.replace(" ", "\t") + "\xa0"
    return [word, f" {word.upper()} ", f"\t{odd}\u3000\n", blanks, apart, wide, f"{word}\u0301"]


def _raw(signal: Signal, x: float, prior: float, strength: float) -> Iterator[Row]:
    """Return cells that shrink to a value, or would with much evidence."""
    if signal.sample is None:
        yield {signal.value: x}
        return
    for n in (strength, 1e6):
        whole = n + strength
        if signal.counts:
            value = x * whole - strength * prior
        elif signal.on_log:
            value = float(np.exp((np.log(max(x, TINY)) * whole - strength * prior) / n))
        else:
            value = (x * whole - strength * prior) / n
        yield {signal.value: value, signal.sample: n}
    value = x * HUGE if signal.counts else x
    yield {signal.value: value, signal.sample: HUGE}


_HOLDS: dict[str, Callable[[float, float], bool]] = {
    ">": float.__gt__,
    ">=": float.__ge__,
    "<": float.__lt__,
    "<=": float.__le__,
    "==": float.__eq__,
    "!=": float.__ne__,
}


def _satisfied(condition: Condition, row: Row) -> Row:
    """Return cells for which a condition holds, beside those a row has."""
    holds = _HOLDS[condition.op]
    for figure in (condition.number, condition.number + 0.25, condition.number - 0.25):
        if holds(figure, condition.number):
            break
    if condition.over is None:
        return {condition.column: figure}
    over = row.get(condition.over, 1024.0)
    return {condition.column: figure * over, condition.over: over}


def _tried(condition: Condition) -> Iterator[Row]:
    """Return cells at a condition, beside it, and where it cannot be told."""
    column, over = condition.columns[0], condition.over
    if over is None:
        yield from ({column: value} for value in (*beside(condition.number), BLANK))
        return
    # Powers of two, so that the quotient is the figure itself.
    for size in (64.0, 1024.0):
        yield from ({column: value * size, over: size} for value in beside(condition.number))
    for value, size in itertools.product((0.0, 1.0, BLANK), (0.0, 1.0, BLANK)):
        yield {column: value, over: size}
