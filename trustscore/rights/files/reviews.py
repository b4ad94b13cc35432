"""A review of operating rights in files: scores and the last review in, this review out."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from trustscore.boost.serving import day_number
from trustscore.errors import InputError
from trustscore.io.atomic_files import same_file, suffix_fault, write_columns
from trustscore.io.inputs import as_paths, expand
from trustscore.io.whole_table import Table
from trustscore.joins import check_join
from trustscore.rights.files.columns import day_text, review_columns
from trustscore.rights.files.inputs import read_previous, read_scores
from trustscore.rights.files.next_steps import next_steps
from trustscore.rights.review import REASONS, Figures, Held, review_rights
from trustscore.run_summary import Breakdown, RunSummary, most_first
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.statuses import Status
from trustscore.typing import Array, BoolArray, IntArray, Progress, TextArray, silent

__all__ = ["RightsReport", "rights_files"]


class RightsReport(NamedTuple):
    """The counts of a review.

    Attributes
    ----------
    merchants, raised, lowered, vetoed, first, absent, not_scored : int
        `lowered` counts falls of this review other than by veto, `absent` merchants of the last
        review that the scores do not have.
    unplanned : int
        Merchants that the export does not have, or that have faults in it.
    differ : int
        Merchants whose index in the scores differs from the one the export gives.
    reasons, tiers : dict of str to int
        Merchants by what became of their tier, see `REASONS`, and by tier after the review.
    day : date
    """

    merchants: int
    raised: int
    lowered: int
    vetoed: int
    first: int
    absent: int
    not_scored: int
    unplanned: int = 0
    differ: int = 0
    reasons: Mapping[str, int] = MappingProxyType({})
    tiers: Mapping[str, int] = MappingProxyType({})
    day: dt.date | None = None

    @property
    def summary(self) -> RunSummary:
        """What a review did, at a glance."""
        names = ("merchants", "raised", "lowered", "vetoed", "first")
        return RunSummary(
            "rights",
            {name: getattr(self, name) for name in names},
            (
                Breakdown("tier_after", self.tiers, self.merchants),
                Breakdown("reason", most_first(self.reasons), self.merchants),
            ),
            day="" if self.day is None else self.day.isoformat(),
        )


def rights_files(
    scores: str | Path,
    out: str | Path,
    *,
    previous: str | Path,
    as_of: dt.date,
    scorecard: str | Path | Scorecard = "default",
    export: str | Path | Iterable[str | Path] | None = None,
    notice_days: int = 7,
    allow_missing_columns: bool = False,
    lang: str = "en",
    encoding: str | None = None,
    progress: Progress = silent,
) -> RightsReport:
    r"""Review operating rights.

    Parameters
    ----------
    scores : path
        What ``trustscore score`` wrote.
    out : path
        One row for each merchant, those of `scores` first. The next review reads it as
        `previous`.
    previous : path
        The last review, or the scores the present tiers come from: ``merchant_id`` and
        ``tier``, and from a review ``old_tier``, ``tier_since`` and ``reviews_below``. A header
        alone says that no merchant has a tier yet.
    as_of : date
        Day of the review.
    scorecard : str, Path or Scorecard, default="default"
        Scorecard whose tier ladder applies.
    export : path or iterable of paths, optional
        Export that was scored: files, folders or patterns. It adds what each merchant needs to
        reach the next tier.
    notice_days : int, default=7
        Days between the announcement of a fall and its effect. A veto takes effect at once.
    allow_missing_columns : bool, default=False
        Whether the export may lack columns of the scorecard.
    lang : str, default="en"
        Language of the column ``detail``.
    encoding : str, optional
    progress : Progress, optional
        Told which step is being done, and how much of it is done.

    Returns
    -------
    RightsReport

    Raises
    ------
    InputError
        When a table has faults, or the scores are of another scorecard.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     scores, last, out = (Path(folder, f"{n}.csv") for n in ("scores", "last", "rights"))
    ...     _ = scores.write_text(
    ...         "merchant_id,trust_index,index_se,coverage,status,veto\nm1,91,2,0.9,formal,\n"
    ...     )
    ...     _ = last.write_text("merchant_id,tier\nm1,standard\n")
    ...     rights_files(scores, out, previous=last, as_of=dt.date(2026, 1, 31)).raised
    ...     print(out.read_text().splitlines()[1][:29])
    1
    m1,standard,trusted,up,raised
    """
    card = load_scorecard(scorecard)
    if not card.tiers.ladder:
        raise InputError(f"{card.stamp} has no ladder: there are no tiers to review")
    exports = [] if export is None else expand(as_paths(export))
    inputs = [str(path) for path in (scores, previous, *exports)]
    for path in inputs:
        if same_file(path, out):
            raise InputError(f"inputs and outputs must be different files. Got {out} twice")
    if fault := suffix_fault(out):
        raise InputError(f"output {out}: {fault}")
    if inputs.count("-") > 1:
        raise InputError("standard input (-) can be read only once")
    now = read_scores(scores, card, encoding, progress)
    last = read_previous(previous, card, encoding, progress)
    progress("reviewing", math.nan)
    ids, figures, held, absent = _matched(now, last, card)
    today = day_number(as_of)
    # Only a fall is announced ahead of its day. A rise on a later day comes from a later review.
    later = (held.since > today) & (held.before < held.tier)
    if later.any():
        row = int(np.flatnonzero(later)[0])
        raise InputError(
            f"{previous} is of a later day than the review: {ids[row]!r} holds its tier from"
            f" {day_text(float(held.since[row]))}, and the review is of {as_of}:"
            " give a later `as_of`"
        )
    done = review_rights(card.tiers, figures, held, today, notice_days)
    done.reason[absent & (done.reason == REASONS.index("not_scored"))] = REASONS.index("absent")
    columns = review_columns(ids, now, figures, done, card, lang)
    unplanned = differ = 0
    if exports:
        plan = next_steps(
            exports,
            card,
            ids,
            np.where(
                (done.tier >= 0) & (done.tier + 1 < len(card.tiers.ladder)), done.tier + 1, -1
            ),
            figures.index,
            scores=str(scores),
            allow_missing_columns=allow_missing_columns,
            encoding=encoding,
            progress=progress,
        )
        columns |= plan.columns
        unplanned, differ = plan.unplanned, plan.differ
    columns["scorecard"] = np.full(len(ids), card.stamp, dtype=object)
    progress("writing", math.nan)
    write_columns(out, columns)
    counts = {name: int((done.reason == at).sum()) for at, name in enumerate(REASONS)}
    return RightsReport(
        merchants=len(ids),
        raised=counts["raised"],
        lowered=counts["lowered"],
        vetoed=counts["veto"],
        first=counts["first_review"],
        absent=int(absent.sum()),
        not_scored=counts["not_scored"],
        unplanned=unplanned,
        differ=differ,
        reasons=counts,
        tiers=_by_tier(done.tier, card),
        day=as_of,
    )


def _by_tier(tier: IntArray, card: Scorecard) -> dict[str, int]:
    names = [*(each.id for each in card.tiers.ladder), "none"]
    # No tier is -1, which is the last place.
    counts = np.bincount(tier % len(names), minlength=len(names)).tolist()
    return dict(zip(names, counts, strict=True))


def _matched(
    now: Table, last: Table, card: Scorecard
) -> tuple[TextArray, Figures, Held, BoolArray]:
    """Return ids, scores, last state and which are absent: merchants of the scores come first."""
    steps = {tier.id: at for at, tier in enumerate(card.tiers.ladder)}
    place = {name: row for row, name in enumerate(last.columns["merchant_id"].tolist())}
    here = now.columns["merchant_id"].tolist()
    here_set = set(here)
    gone = [name for name in place if name not in here_set]
    if here and place:
        check_join(place, here, asked_in=last.path, known_in=now.path)
    ids = np.empty(len(here) + len(gone), dtype=object)
    ids[:] = [*here, *gone]
    rows = np.array([place.get(name, -1) for name in ids.tolist()], dtype=np.int64)
    old = rows >= 0

    def steps_of(column: str) -> IntArray:
        words = last.columns[column].tolist()
        return np.array([steps.get(words[row], -1) if row >= 0 else -1 for row in rows.tolist()])

    tier = steps_of("tier")
    before = steps_of("old_tier") if "old_tier" in last.columns else tier
    since, below = np.full(len(ids), np.nan), np.zeros(len(ids))
    if "tier_since" in last.columns:
        days = [day_number(word) if word else np.nan for word in last.columns["tier_since"]]
        since[old] = np.array(days, dtype=np.float64)[rows[old]]
    if "reviews_below" in last.columns:
        below[old] = np.nan_to_num(last.columns["reviews_below"])[rows[old]]

    def padded(values: Any, blank: Any) -> Array:
        return np.concatenate([values, np.full(len(gone), blank)])

    columns = now.columns
    figures = Figures(
        index=padded(columns["trust_index"], np.nan),
        index_se=padded(columns["index_se"], np.nan),
        coverage=padded(columns["coverage"], np.nan),
        formal=padded(columns["status"] == Status.FORMAL.word, False).astype(bool),
        vetoed=padded(columns["veto"] != "", False).astype(bool),
    )
    return ids, figures, Held(tier, before, since, below), np.arange(len(ids)) >= len(here)
