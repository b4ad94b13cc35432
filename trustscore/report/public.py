"""The report for the public: definitions and counts, nothing of fewer than ten merchants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trustscore.errors import InputError, one_line
from trustscore.report.facts import anchors, tier_names
from trustscore.report.figures import Figures
from trustscore.report.suppress import (
    LEAST,
    merge_small,
    suppress_counts,
    suppress_linked,
    suppress_table,
)
from trustscore.report.words import (
    Texts,
    capital,
    column_texts,
    names,
    plain_texts,
    rights,
    same,
    texts,
)
from trustscore.scorecard import Scorecard
from trustscore.scorecard.statuses import STATUS_WORDS, Status
from trustscore.scoring import Scores
from trustscore.typing import Array

__all__ = ["Groups", "Published", "public_facts"]

# Rows of a table; the smallest groups stand together beyond them.
_MOST_GROUPS = 40
_BINS = 10


class Groups:
    """Merchants by the values of one column and by tier.

    Parameters
    ----------
    column : str
    card : Scorecard
    """

    def __init__(self, column: str, card: Scorecard) -> None:
        self.column = column
        self.tiers = len(card.tiers.ladder) + 1
        self.counts: dict[str, Array] = {}
        self.sums: dict[str, Array] = {}

    def add(self, values: Sequence[str | None], scores: Scores) -> None:
        """Add the merchants of a block."""
        cells = np.array([value or "" for value in values], dtype=object)
        words, place = np.unique(cells.astype(str), return_inverse=True)
        cells = place * self.tiers + scores.tier_code
        counts = np.bincount(cells, minlength=len(words) * self.tiers).reshape(-1, self.tiers)
        known = np.isfinite(scores.trust_index)
        scored = np.bincount(place[known], minlength=len(words))
        index = np.bincount(place[known], scores.trust_index[known], minlength=len(words))
        for at, word in enumerate(words.tolist()):
            zero = np.zeros(self.tiers, dtype=np.int64)
            self.counts[word] = self.counts.get(word, zero) + counts[at]
            both = np.array([scored[at], index[at]])
            self.sums[word] = self.sums.get(word, np.zeros(2)) + both


class Published:
    """What may be shown of the figures of a market.

    Tiers that are withheld have no counts anywhere: tables show them together, so that no two
    tables give bounds for one count.

    Attributes
    ----------
    tiers, statuses, bins : list of (Texts, int or None)
        None where a count is withheld.
    """

    def __init__(self, figures: Figures) -> None:
        if figures.merchants < LEAST or figures.scored < LEAST:
            raise InputError(
                f"a public report takes {LEAST} scored merchants or more. Got {figures.scored}"
            )
        self.figures = figures
        card = figures.card
        words = tier_names(card)
        ladder = [tier.id for tier in reversed(card.tiers.ladder)]
        off = Status.NOT_SCORED.word
        lists = [
            np.array([figures.tiers[name] for name in [*ladder, ""]]),
            np.array([figures.statuses[word] for word in reversed(STATUS_WORDS)]),
            np.append(figures.bins.reshape(_BINS, -1).sum(axis=1), figures.statuses[off]),
        ]
        hidden = suppress_linked(lists)
        labels: list[list[Texts]] = [
            [words[name] for name in [*ladder, ""]],
            [capital(plain_texts(word)) for word in reversed(STATUS_WORDS)],
            [same(each) for each in _ranges()] + [capital(plain_texts(off))],
        ]
        self.tiers, self.statuses, self.bins = (
            [
                (label, None if closed else int(n))
                for label, n, closed in zip(label_list, counts, closes, strict=True)
            ]
            for label_list, counts, closes in zip(labels, lists, hidden, strict=True)
        )
        codes = {name: at for at, name in enumerate(["", *(t.id for t in card.tiers.ladder)])}
        # Columns of the tables: each shown tier, and those withheld as one.
        shown = [name for name, no in zip([*ladder, ""], hidden[0], strict=True) if not no]
        self.columns: list[tuple[Texts, list[int]]] = [
            (words[name], [codes[name]]) for name in shown if figures.tiers[name]
        ]
        rest = [codes[name] for name, no in zip([*ladder, ""], hidden[0], strict=True) if no]
        if rest:
            self.columns.append((texts("other_tiers"), rest))

    def table(self, groups: Groups) -> dict[str, Any] | None:
        """Return the table of groups by tier; None where one group would hold all."""
        by = {
            word: np.array([counts[codes].sum() for _, codes in self.columns])
            for word, counts in groups.counts.items()
        }
        merged = merge_small(by, _MOST_GROUPS)
        if len(merged) < 2:
            return None
        counts = np.array(list(merged.values()))
        hidden = suppress_table(counts)
        named = set(merged)
        sums = {
            word: groups.sums[word]
            if word is not None
            else np.sum([each for key, each in groups.sums.items() if key not in named], axis=0)
            for word in merged
        }
        scored = np.array([int(sums[word][0]) for word in merged])
        no_mean = suppress_counts(scored)
        rows = []
        for at, word in enumerate(merged):
            mean = None
            if scored[at] and not no_mean[at]:
                mean = float(sums[word][1] / sums[word][0])
            cells = [
                None if closed else int(n) for n, closed in zip(counts[at], hidden[at], strict=True)
            ]
            total = int(counts[at].sum())
            rows.append({"name": _group(word), "cells": cells, "total": total, "mean": mean})
        return {
            "title": texts("by", column=column_texts(groups.column)),
            "head": capital(column_texts(groups.column)),
            "columns": [name for name, _ in self.columns],
            "rows": rows,
        }


def public_facts(
    figures: Figures,
    groups: Sequence[Groups],
    before: Figures | None,
    before_groups: Sequence[Groups] = (),
) -> dict[str, Any]:
    """Return what the template of the public report shows.

    Parameters
    ----------
    figures : Figures
    groups : sequence of Groups
    before : Figures, optional
        Of the year before.
    before_groups : sequence of Groups
        Of the year before, for the same columns.

    Raises
    ------
    InputError
        When there are fewer merchants than a cell may have.
    """
    now = Published(figures)
    card = figures.card
    tables = [table for each in groups if (table := now.table(each)) is not None]
    facts = {
        "definition": texts(
            "definition_text", signals=len(card.signals), dimensions=len(card.dimensions)
        ),
        "least": LEAST,
        "definitions": _definitions(card),
        "ladder": [_tier(tier) for tier in reversed(card.tiers.ladder)],
        "merchants": figures.merchants,
        "mean_index": figures.mean("index"),
        "median": figures.quantile(0.5),
        "tiers": now.tiers,
        "statuses": now.statuses,
        "bins": now.bins,
        "dimensions": _dimensions(figures, before),
        "tables": tables,
        "before": None,
    }
    if before is not None:
        then = Published(before)
        pairs = zip(now.tiers, then.tiers, strict=True)
        facts["before"] = {
            "merchants": before.merchants,
            "mean": before.mean("index"),
            "median": before.quantile(0.5),
            "tiers": [(name, n, earlier) for (name, n), (_, earlier) in pairs],
            "groups": _group_means(tables, [then.table(each) for each in before_groups]),
        }
    return facts


def _group_means(
    tables: Sequence[Mapping[str, Any]], earlier: Sequence[Mapping[str, Any] | None]
) -> list[dict[str, Any]]:
    found = []
    for table in tables:
        same = next((each for each in earlier if each and each["head"] == table["head"]), None)
        if same is None:
            continue
        then = {row["name"]: row["mean"] for row in same["rows"]}
        rows = [
            (row["name"], row["mean"], then.get(row["name"]))
            for row in table["rows"]
            # All others are others each year.
            if row["name"] != texts("others")
        ]
        found.append({"title": table["head"], "rows": rows})
    return found


def _ranges() -> list[str]:
    step = 100 // _BINS
    return [f"{low}–{low + step}" for low in range(0, 100, step)]


def _group(word: str | None) -> Texts:
    if word is None:
        return texts("others")
    return same(one_line(word)) if word else texts("no_value")


def _tier(tier: Any) -> tuple[Texts, str, Texts]:
    return names(tier), f"{tier.at:g}", rights(tier.rights)


def _dimensions(figures: Figures, before: Figures | None) -> list[tuple[Texts, Any, Any]]:
    rows = []
    for dimension in figures.card.dimensions:
        means = []
        for each in (figures, before):
            found = None if each is None else each.dimensions[dimension.id]
            enough = found is not None and found.merchants >= LEAST
            means.append(found.mean if found is not None and enough else None)
        rows.append((names(dimension), means[0], means[1]))
    return rows


def _definitions(card: Scorecard) -> list[dict[str, Any]]:
    groups = []
    for dimension in card.dimensions:
        signals = [
            {
                "name": names(signal.words),
                "anchors": anchors(signal),
                "weight": signal.weight,
                "stage": names(card.stages[signal.stage]) if signal.stage in card.stages else "",
            }
            for signal in card.signals
            if signal.dimension == dimension.id and signal.weight > 0
        ]
        if signals:
            groups.append(
                {"name": names(dimension), "weight": dimension.weight, "signals": signals}
            )
    return groups
