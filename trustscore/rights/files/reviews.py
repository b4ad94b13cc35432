"""A review of operating rights in files: scores and the last review in, this review out."""

from __future__ import annotations

import datetime as dt
import logging
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trustscore.boost.serving import day_number
from trustscore.errors import InputError, at_most
from trustscore.io.atomic_files import same_file, suffix_fault, write_columns
from trustscore.io.inputs import as_paths, expand
from trustscore.io.whole_table import Table, read_table
from trustscore.rights.files.next_steps import next_steps
from trustscore.rights.review import REASONS, Figures, Held, Review, review_rights, rights_of
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.faults import suggest
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.scorecard.side_columns import SIDE_COLUMNS
from trustscore.scorecard.statuses import STATUS_WORDS, Status
from trustscore.scorecard.vetoes import VETO_WORDS
from trustscore.typing import Array, BoolArray, IntArray, Progress, TextArray, silent
from trustscore.words import named, text

__all__ = ["RightsReport", "rights_files"]

_START = dt.date(1970, 1, 1)
_LAST = (dt.date.max - _START).days
_SCORES = {name: OUTPUT_COLUMNS[name].check for name in ("trust_index", "index_se", "coverage")}
_MOVES = {1: "up", -1: "down", 0: "same"}

# Where nobody listens to it, its warnings go to standard error.
_LOG = logging.getLogger("trustscore")


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
    lang : {"en", "zh"}
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
    now = _read_scores(scores, card, encoding, progress)
    last = _read_previous(previous, card, encoding, progress)
    progress("reviewing", math.nan)
    ids, figures, held, absent = _matched(now, last, card)
    today = day_number(as_of)
    # Only a fall is announced ahead of its day. A rise on a later day comes from a later review.
    later = (held.since > today) & (held.before < held.tier)
    if later.any():
        row = int(np.flatnonzero(later)[0])
        raise InputError(
            f"{previous} is of a later day than the review: {ids[row]!r} holds its tier from"
            f" {_day(float(held.since[row]))}, and the review is of {as_of}:"
            " give a later `as_of`"
        )
    done = review_rights(card.tiers, figures, held, today, notice_days)
    done.reason[absent & (done.reason == REASONS.index("not_scored"))] = REASONS.index("absent")
    columns = _columns(ids, now, figures, done, card, lang)
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
    )


def _once(table: Table) -> list[str]:
    """Return a fault for each id that stands twice."""
    first: dict[str, int] = {}
    faults = []
    for row, name in enumerate(table.columns["merchant_id"].tolist()):
        seen = first.setdefault(name, row)
        if seen != row:
            faults.append(f"{table.at(row)}: merchant_id {name!r} was met on {table.at(seen)}")
    return faults


def _raise(table: Table, faults: list[str], what: str) -> None:
    if faults:
        raise InputError(f"{table.path}: {what}", at_most(faults))


def _read_scores(
    path: str | Path, card: Scorecard, encoding: str | None, progress: Progress
) -> Table:
    texts = ("merchant_id", "status", "veto", "rules", "scorecard")
    table = read_table(
        path,
        _SCORES,
        texts,
        optional=("rules", "scorecard"),
        ours=True,
        encoding=encoding,
        progress=progress,
    )
    columns = table.columns
    faults = _once(table)
    for name, known in (
        ("status", STATUS_WORDS),
        ("veto", VETO_WORDS),
    ):
        for word in sorted(set(columns[name].tolist()) - set(known)):
            row = int(np.flatnonzero(columns[name] == word)[0])
            must = ", ".join(w or "blank" for w in known)
            faults.append(f"{table.at(row)}: {name} must be {must}. Got {word!r}")
    index = columns["trust_index"]
    for row in np.flatnonzero((index < 0) | (index > 100)).tolist():
        faults.append(f"{table.at(row)}: trust_index must be 0 to 100. Got {index[row]:g}")
    scored = ~np.isnan(index)
    for name in ("index_se", "coverage"):
        for row in np.flatnonzero(scored & np.isnan(columns[name])).tolist():
            faults.append(f"{table.at(row)}: {name} is blank, but there is an index")
    _raise(table, faults, "these scores cannot be reviewed")
    others = sorted(set(columns.get("scorecard", np.empty(0)).tolist()) - {card.stamp, ""})
    if others:
        raise InputError(
            f"{path} was made with {others[0]}, the ladder is of {card.stamp}: "
            "give the `scorecard` of the scores, or score again"
        )
    return table


def _read_previous(
    path: str | Path, card: Scorecard, encoding: str | None, progress: Progress
) -> Table:
    texts = ("merchant_id", "tier", "old_tier", "tier_since")
    table = read_table(
        path,
        {"reviews_below": SIDE_COLUMNS["reviews_below"].check},
        texts,
        optional=("reviews_below", "old_tier", "tier_since"),
        ours=True,
        may_be_empty=True,
        encoding=encoding,
        progress=progress,
    )
    faults = _once(table)
    names = [tier.id for tier in card.tiers.ladder]
    for column in ("tier", "old_tier"):
        words = table.columns.get(column)
        for word in sorted(set([] if words is None else words.tolist()) - {*names, ""}):
            row = int(np.flatnonzero(words == word)[0])
            faults.append(
                f"{table.at(row)}, {column}: {word!r} is no tier of {card.stamp}"
                f"{suggest(word, names)}"
            )
    since = table.columns.get("tier_since")
    for row, word in enumerate([] if since is None else since.tolist()):
        try:
            dt.date.fromisoformat(word or "2000-01-01")
        except ValueError:
            faults.append(f"{table.at(row)}: tier_since must be like 2026-01-31. Got {word!r}")
    _raise(table, faults, "this last review cannot be read")
    return table


def _matched(
    now: Table, last: Table, card: Scorecard
) -> tuple[TextArray, Figures, Held, BoolArray]:
    """Return ids, scores, last state and which are absent: merchants of the scores come first."""
    steps = {tier.id: at for at, tier in enumerate(card.tiers.ladder)}
    place = {name: row for row, name in enumerate(last.columns["merchant_id"].tolist())}
    here = now.columns["merchant_id"].tolist()
    here_set = set(here)
    gone = [name for name in place if name not in here_set]
    if here and len(gone) == len(place) > 1:
        _LOG.warning(
            "%s: no merchant of the last review is in %s; do both files spell ids alike? It has"
            " %r, where the scores have %r",
            last.path,
            now.path,
            gone[0],
            here[0],
        )
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


def _day(number: float) -> str:
    if number != number:
        return ""
    return (_START + dt.timedelta(min(int(number), _LAST))).isoformat()


def _texts(values: Iterable[str]) -> TextArray:
    return np.array([*values, None], dtype=object)[:-1]


def _columns(
    ids: TextArray,
    now: Table,
    figures: Figures,
    done: Review,
    card: Scorecard,
    lang: str,
) -> dict[str, Any]:
    tiers = card.tiers
    names = {at: tier.id for at, tier in enumerate(tiers.ladder)} | {-1: ""}
    held, tier = done.held.tolist(), done.tier.tolist()
    pairs = list(zip(held, tier, strict=True))
    days = {day: _day(day) for day in {*done.since.tolist(), *done.stay_until.tolist()}}
    since = [_day(day) if day != day else days[day] for day in done.since.tolist()]
    until = [_day(day) if day != day else days[day] for day in done.stay_until.tolist()]

    def only(one: int, other: int) -> str:
        barred = rights_of(tiers, other)
        return ";".join(right for right in rights_of(tiers, one) if right not in barred)

    gained = {pair: only(pair[1], pair[0]) for pair in set(pairs)}
    lost = {pair: only(pair[0], pair[1]) for pair in set(pairs)}
    blank = len(ids) - len(now.lines)

    def word(name: str) -> Array:
        return np.concatenate([now.columns[name], np.full(blank, "", dtype=object)])

    given: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((), ())] * len(ids)
    if "rules" in now.columns:
        cases = list(zip(word("rules").tolist(), word("veto").tolist(), strict=True))
        known = {case: _given(card, *case) for case in set(cases)}
        given = [known[case] for case in cases]

    return {
        "merchant_id": ids,
        "old_tier": _texts(names[at] for at in held),
        "tier": _texts(names[at] for at in tier),
        "change": _texts("new" if a < 0 <= b else _MOVES[int(np.sign(b - a))] for a, b in pairs),
        "reason": _texts(REASONS[at] for at in done.reason.tolist()),
        "detail": _details(figures, done, card, word("veto"), since, until, lang),
        "effective": _texts(
            day if a != b else "" for day, (a, b) in zip(since, pairs, strict=True)
        ),
        "rights": _texts(
            ";".join((*rights_of(tiers, at), *more))
            for at, (more, _) in zip(tier, given, strict=True)
        ),
        "duties": _texts(";".join(duties) for _, duties in given),
        "gained": _texts(gained[pair] for pair in pairs),
        "lost": _texts(lost[pair] for pair in pairs),
        "tier_since": _texts(since),
        "reviews_below": done.below.astype(np.int64),
        "stay_until": _texts(until),
        "trust_index": figures.index,
        "status": word("status"),
        "veto": word("veto"),
    }


def _given(card: Scorecard, rules: str, veto: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the rights and duties that rules give beside the tier; a veto bars the rights."""
    fired = frozenset(rules.split(";"))
    return () if veto else card.granted("right", fired), card.granted("duty", fired)


def _details(
    figures: Figures,
    done: Review,
    card: Scorecard,
    vetoes: Array,
    since: list[str],
    until: list[str],
    lang: str,
) -> TextArray:
    tiers, found = card.tiers, []
    bounds = figures.index - tiers.z * figures.index_se
    rows = zip(
        done.reason.tolist(),
        done.held.tolist(),
        done.tier.tolist(),
        done.entitled.tolist(),
        figures.index.tolist(),
        bounds.tolist(),
        figures.coverage.tolist(),
        done.below.tolist(),
        vetoes.tolist(),
        since,
        until,
        strict=True,
    )
    for code, held, tier, entitled, index, bound, coverage, below, veto, day, stay in rows:
        reason = REASONS[code]
        # A rise is judged by the tier that is entered, everything else by the tier held.
        step = max(tier if reason == "raised" else held, 0)
        rung, higher = tiers.ladder[step], step > tiers.entry
        said = text(
            f"review_{reason}",
            lang,
            index=index,
            bound=bound if higher else index,
            z=tiers.z if higher else 0.0,
            coverage=coverage,
            tier=named(rung, lang),
            at=rung.at,
            need=rung.coverage,
            line=rung.at - tiers.hysteresis,
            keep=max(rung.coverage - tiers.coverage_margin, 0.0) if higher else 0.0,
            below=below,
            most=tiers.reviews_below,
            veto=veto,
            since=day,
            stay_until=stay,
        )
        if reason == "raised" and tier < entitled:
            said += text("review_one_step", lang)
        found.append(said)
    return _texts(found)
