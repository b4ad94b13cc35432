"""Neutral points of a boost policy by category: the index at which the boost is 1."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tomlkit

from trustscore import __version__
from trustscore.boost import BoostPolicy
from trustscore.errors import InputError, TrustscoreError
from trustscore.fitting.document import Change, significant, write_document
from trustscore.scorecard import Scorecard
from trustscore.scorecard.documents import read_document
from trustscore.scorecard.presets import find
from trustscore.scorecard.side_values import fold_side_column
from trustscore.scorecard.statuses import Status
from trustscore.scoring import score_columns
from trustscore.typing import Array

__all__ = ["LEAST", "Neutrals", "fit_neutral"]

LEAST = 50
"""Least number of formal merchants for a category to get a point of its own."""
_NOTE = "What the points by category at the end were fitted to."


@dataclass(frozen=True)
class Neutrals:
    """A policy with points by category.

    Attributes
    ----------
    policy : BoostPolicy
    text : str
        Its file: TOML with the comments of the one it came from.
    few : tuple of str
        Categories with fewer than `LEAST` formal merchants, which keep the fixed point.
    """

    policy: BoostPolicy
    text: str
    few: tuple[str, ...]


def fit_neutral(
    block: Mapping[str, Array],
    card: Scorecard,
    policy: str | Path | BoostPolicy = "boost",
    *,
    missing: frozenset[str] = frozenset(),
    source: Mapping[str, Any] | None = None,
) -> Neutrals:
    """Fit a neutral point to each category: the median index of its formal merchants.

    Parameters
    ----------
    block : mapping of str to ndarray
        Checked columns of the merchants with ``category``, as `score_columns` takes them.
    card : Scorecard
        The scorecard that will score them.
    policy : str, Path or BoostPolicy, default="boost"
        The policy to start from; everything but the points by category stays.
    missing : frozenset of str
        Columns that were not collected.
    source : mapping, optional
        Where the data are from, for the provenance: ``sha256``, ``rows``.

    Returns
    -------
    Neutrals

    Raises
    ------
    InputError
        When there is no category, or none has enough formal merchants.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> from trustscore.simulate import simulate_export
    >>> block = simulate_export(400, seed=1, scorecard="minimal")
    >>> block["category"] = np.where(np.arange(400) < 350, "toys", "jade").astype(object)
    >>> found = fit_neutral(block, load_scorecard("minimal"))
    >>> list(found.policy.neutral.by_category), found.few
    (['toys'], ('jade',))
    """
    rule = BoostPolicy.load(policy)
    words = fold_side_column(np.asarray(block.get("category", []), dtype=object))
    if not any(words):
        raise InputError("neutral: the export has no category to fit points to")
    scores = score_columns(block, card, missing=missing)
    formal = scores.status_code == Status.FORMAL
    points, counts, few = {}, {}, []
    for word in sorted({word for word in words.tolist() if word}):
        index = scores.trust_index[(words == word) & formal]
        if len(index) < LEAST:
            few.append(word)
            continue
        points[word], counts[word] = significant(float(np.median(index)), 3), len(index)
    if not points:
        raise InputError(
            f"neutral: no category has {LEAST} formal merchants, so the fixed point"
            f" {rule.neutral.point:g} stands for all of them"
        )
    stamp = dict(source or {})
    mark = f".{str(stamp['sha256'])[:8]}" if "sha256" in stamp else ""
    changes: list[Change] = [(("version",), f"{rule.version.partition('+fit')[0]}+fit{mark}")]
    if rule.neutral.by_category:
        changes.append((("neutral", "by_category"), None))
    before = {k: v for k, v in rule.provenance.items() if not k.startswith("neutral_")}
    provenance = before | {
        "neutral_program": f"trustscore {__version__}",
        "neutral_method": f"median index of formal merchants, {LEAST} or more",
        "neutral_scorecard": card.stamp,
        "neutral_fitted_from": rule.stamp,
    }
    provenance |= {f"neutral_{key}": stamp[key] for key in ("sha256", "rows") if key in stamp}
    text = write_document(_document(policy, rule), changes, provenance, note=_NOTE)
    text += "\n" + _table(points, counts)
    final = BoostPolicy.parse(tomllib.loads(text), f"{rule.name}, fitted")
    return Neutrals(final, text, tuple(few))


def _document(policy: str | Path | BoostPolicy, rule: BoostPolicy) -> Any:
    """Return the file of a policy, or one written anew when it has none or is JSON."""
    if not isinstance(policy, BoostPolicy):
        try:
            raw = read_document(find(policy)).decode("utf-8-sig")
            if BoostPolicy.parse(tomllib.loads(raw)) == rule:
                return tomlkit.parse(raw)
        except (OSError, ValueError, TrustscoreError):
            pass
    return tomlkit.parse(tomlkit.dumps(rule.model_dump(mode="json", exclude_defaults=True)))


def _table(points: Mapping[str, float], counts: Mapping[str, int]) -> str:
    """Return the points as a table for the end of the file, apart from comments on other keys."""
    table = tomlkit.table()
    for word, point in points.items():
        table[word] = tomlkit.item(point).comment(f"{counts[word]:,} formal merchants")
    whole = tomlkit.document()
    whole["neutral"] = tomlkit.table(is_super_table=True)
    whole["neutral"]["by_category"] = table
    return tomlkit.dumps(whole)
