"""One block of merchants: columns in the order they hang on each other, and the truth."""

from __future__ import annotations

import numpy as np

from trustscore.scorecard import Signal
from trustscore.scorecard.dates import texts_of_days
from trustscore.scoring import true_scores
from trustscore.scoring.program import Program, SignalFigures
from trustscore.simulate.market import KINDS, Merchants
from trustscore.simulate.signals import Law, observed, true_and_shown
from trustscore.simulate.volumes import LIVE_ONLY, Volumes
from trustscore.typing import Array

# Columns that every marketplace knows of every merchant.
ALWAYS_KNOWN = ("orders_", "reviews_rated", "tenure_days", "live_sessions", "buyers")
BLANK_SAMPLE, BLANK_VALUE, BLANK_FLAG, WITHHELD = 0.04, 0.03, 0.01, 0.004
# The day of the export where dates are counted up to another column of it: 2026-01-01.
EXPORTED_ON = 20_454.0
# The rest of a whole: what is not the one may be the other.
REST_OF = {"positive_reviews": "negative_reviews"}


class Draft:
    """One block of merchants while its columns are drawn."""

    def __init__(self, plan: Program, per_signal: list[list[Law]], drawn: Merchants) -> None:
        self.card, self.plan, self.merchants = plan.scorecard, plan, drawn
        self.laws = per_signal
        self.volumes = Volumes(drawn)
        self.text = {
            "merchant_id": drawn.merchant_id,
            "category": drawn.category,
            "shop_type": drawn.shop_type,
        }
        self.variant = plan.variant_rows(self.text, drawn.rows)
        self.columns: dict[str, Array] = {}
        self.truth: dict[str, Array] = {}
        self._owner = {p.signal.value: p for p in reversed(plan.signals)}
        self._open: set[str] = set()

    def column(self, name: str) -> Array:
        """Return a column, drawing first what it hangs on."""
        found = self.columns.get(name)
        if found is None:
            owner = self._owner.get(name)
            if owner is not None and name not in self._open and name != "tenure_days":
                self._open.add(name)
                self._signal(owner)
                return self.columns[name]
            found = self.volumes[name]
            self.columns[name] = found
        return found

    def _signal(self, plan: SignalFigures) -> None:
        signal = plan.signal
        per_variant = self.laws[plan.position]
        n = None
        if signal.sample is not None:
            n = self.column(signal.sample).astype(np.int64)
        true, shown = true_and_shown(per_variant, self.variant, self.merchants)
        other = REST_OF.get(signal.value)
        whole, taken = n, None
        if other in self._owner and self._owner[other].signal.sample == signal.sample:
            # Of those left over by the other, the share that gives the true rate of the whole.
            taken = self.column(other)
            left = 1.0 - self.truth[self._owner[other].signal.id]
            true = np.minimum(true, left)
            shown = np.where(left > 0, np.minimum(shown / np.maximum(left, 1e-12), 1.0), 0.0)
            assert n is not None
            whole = n - taken.astype(np.int64)
        value = observed(per_variant[0], shown, whole, self.merchants)
        if signal.sample is None:
            if LIVE_ONLY.search(signal.value):
                value = np.where(self.merchants.live, value, np.nan)
            true = value
        self.columns[signal.value] = value
        self.truth[signal.id] = true

    def finish(self) -> tuple[dict[str, Array], dict[str, Array]]:
        """Draw everything, blank some, and look at the truth."""
        for plan in self.plan.signals:
            value = self.column(plan.signal.value)
            if plan.signal.id not in self.truth:
                self.truth[plan.signal.id] = self._implied(plan.signal, value)
        for left, right in self.card.pairs:
            if left not in self.columns:
                continue  # drawn below as a part
            self.columns[left] = np.minimum(self.columns[left], self.column(right))
        self._parts_of_rules()
        self._undo_derived()
        block: dict[str, Array] = dict(self.text)
        for field in self.card.inputs:
            values = self.column(field.name).astype(np.float64)
            if field.check == "date":
                block[field.name] = texts_of_days(values)
                continue
            if field.check in ("share", "flag"):
                values = np.clip(values, 0.0, 1.0)
            block[field.name] = values
        self._blank(block)
        return block, self._true_scores(block)

    def _implied(self, signal: Signal, value: Array) -> Array:
        """Return the true value of a signal whose column another signal, or the market, drew."""
        if signal.sample is None:
            return value.astype(np.float64)
        n = self.column(signal.sample)
        owner = self._owner.get(signal.value)
        if owner is None or owner.signal is signal or owner.signal.sample is None:
            return np.where(n > 0, value / np.maximum(n, 1), signal.prior)
        true = self.truth[owner.signal.id]
        if not signal.counts or not owner.signal.counts:
            return true
        scale = self.column(owner.signal.sample) / np.maximum(n, 1)
        return np.where(n > 0, true * scale, signal.prior)

    def _parts_of_rules(self) -> None:
        """Draw the columns that only a rule reads as a part of the column it sets them against."""
        for rule in self.card.rules:
            for condition in rule.when:
                part, whole = condition.column, condition.over
                if whole is not None and part not in self.columns:
                    draw = self.merchants.streams(f"part {part}")
                    share = draw.beta(2.0, 2.0, self.merchants.rows)
                    self.columns[part] = draw.binomial(self.column(whole).astype(np.int64), share)

    def _undo_derived(self) -> None:
        """Draw the columns that others are derived from, such that these come out as drawn."""
        for field in self.card.fields:
            if field.derived is None:
                continue
            free = [column for column in field.derived.columns if column not in self.columns]
            if field.derived.dates:
                for column in free[1:]:
                    self.columns[column] = np.full(self.merchants.rows, EXPORTED_ON)
            if free:
                others = {column: self.column(column) for column in free[1:]}
                self.columns |= others
                drawn = self.column(field.name)
                self.columns[free[0]] = field.derived.undone(free[0], drawn, self.column)

    def _blank(self, block: dict[str, Array]) -> None:
        samples = [s.sample for s in self.card.signals if s.sample]
        read = {c for rule in self.card.rules for c in rule.columns}
        for signal in self.card.signals:
            draw = self.merchants.streams(f"blank {signal.id}").random(self.merchants.rows)
            if signal.value.startswith(ALWAYS_KNOWN) and signal.sample is None:
                continue
            if signal.sample is None:
                blank = draw < (BLANK_FLAG if signal.kind == "flag" else BLANK_VALUE)
            elif (
                samples.count(signal.sample) == 1
                and signal.sample not in self._owner
                and signal.sample not in read
                and not signal.sample.startswith(ALWAYS_KNOWN)
                and signal.sample in block
            ):
                blank = draw < BLANK_SAMPLE
                block[signal.sample] = np.where(blank, np.nan, block[signal.sample])
            else:
                blank = draw < WITHHELD
            # A numerator that is another's denominator is known wherever that one is.
            if signal.value in block and signal.value not in samples:
                block[signal.value] = np.where(blank, np.nan, block[signal.value])

    def _true_scores(self, block: dict[str, Array]) -> dict[str, Array]:
        found = true_scores(block, self.card, self.truth)
        return {
            "merchant_id": self.merchants.merchant_id,
            "kind": np.array(KINDS, dtype=object)[self.merchants.kind],
            "true_index": found.index,
            **found.dimensions,
        }
