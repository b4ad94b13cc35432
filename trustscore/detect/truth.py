"""How often a detector is right, where somebody knows the truth: simulated or labelled logs."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from trustscore.detect.areas import areas
from trustscore.detect.findings import Cut, Ranked, Relations
from trustscore.detect.settings import DetectSettings
from trustscore.errors import InputError
from trustscore.typing import FilePath

__all__ = ["TRUTHS", "Measured", "Truth", "compare", "measure", "truth_lines"]

Key: TypeAlias = tuple[str, str]
Rows: TypeAlias = Sequence[Mapping[str, str]]
Kinds: TypeAlias = list[str | None]
# A merchant with fewer honest subjects has no share of its own.
_LEAST = 100


@dataclass(frozen=True)
class Truth:
    """Where the truth about a topic stands.

    Attributes
    ----------
    file : str
        CSV of the folder.
    subject : str
        Its column with the ids of the subjects, beside `merchant_id`.
    kinds : callable
        From the rows of the file to what each row is: empty where it is honest, None where a
        finding on it is neither right nor wrong.
    columns : tuple of str
        What `kinds` reads.
    seen : str
        SELECT of the subjects that the detector looked at, with ``{start}``; empty: all of them.
    days : callable
        From settings to the days before the cut that it looks at.
    """

    file: str
    subject: str
    kinds: Callable[[Rows], Kinds]
    columns: tuple[str, ...]
    seen: str = ""
    days: Callable[[DetectSettings], int] = lambda _: 0


def _false_claim(rows: Rows) -> Kinds:
    return ["false_claim" if row["false_claim"].strip() == "1" else "" for row in rows]


def _brushing(rows: Rows) -> Kinds:
    """What merchants buy of themselves is no sale either, though nobody meant to deceive."""
    own = "own_purchase"
    return [
        None if row["decoy"].strip() == own and not row["brushing"] else row["brushing"].strip()
        for row in rows
    ]


def _copied(rows: Rows) -> Kinds:
    """A copy alone in its group is none."""
    sizes = Counter(row["duplicate_group"] for row in rows)
    return ["copied" if g and sizes[g] > 1 else "" for g in (r["duplicate_group"] for r in rows)]


def _in_gang(rows: Rows) -> Kinds:
    sizes = Counter(row["gang"] for row in rows)
    return ["gang" if g and sizes[g] > 1 else "" for g in (row["gang"] for row in rows)]


def _came_back(rows: Rows) -> Kinds:
    """Accounts of somebody whose other account was removed for cause; those that left are none."""
    removed = {row["entity"] for row in rows if row["removed_for_cause"].strip() == "1"}
    return [
        None
        if row.get("kind") == "gone"
        else "came_back"
        if row["entity"] in removed - {""} and row["removed_for_cause"].strip() != "1"
        else ""
        for row in rows
    ]


def _paid_praise(rows: Rows) -> Kinds:
    return ["incentivised" if row["incentivised"].strip() == "1" else "" for row in rows]


def _false_reviews(rows: Rows) -> Kinds:
    return ["false" if row["false_review"].strip() == "1" else "" for row in rows]


def _copies(rows: Rows) -> Kinds:
    return ["counterfeit" if row["counterfeit"].strip() == "1" else "" for row in rows]


TRUTHS: Mapping[str, Truth] = {
    "false_claim": Truth(
        "sessions.csv",
        "session_id",
        _false_claim,
        ("false_claim",),
        "SELECT DISTINCT merchant_id, session_id FROM transcripts WHERE transcripts.at >= {start}",
        lambda settings: settings.claims.days,
    ),
    "incentivised": Truth(
        "reviews.csv",
        "review_id",
        _paid_praise,
        ("incentivised",),
        "SELECT DISTINCT merchant_id, review_id FROM reviews WHERE created_at >= {start}",
        lambda settings: settings.claims.days,
    ),
    # Made-up logs have none: who has labelled listings writes this file.
    "counterfeit": Truth(
        "listings.csv",
        "item_id",
        _copies,
        ("counterfeit",),
        "SELECT DISTINCT merchant_id, item_id FROM listings WHERE submitted_at >= {start}",
        lambda settings: settings.counterfeit.days,
    ),
    "crowd_false": Truth(
        "sessions.csv",
        "session_id",
        _false_claim,
        ("false_claim",),
        "SELECT DISTINCT merchant_id, session_id FROM live_votes WHERE voted_at >= {start}",
        lambda settings: settings.votes.window_days,
    ),
    "brushing": Truth(
        "orders.csv",
        "order_id",
        _brushing,
        ("brushing", "decoy"),
        # Where orders are not collected, reviews stand in for them.
        "SELECT merchant_id, order_id FROM orders WHERE paid_at >= {start}"
        " UNION SELECT merchant_id, order_id FROM reviews WHERE created_at >= {start}"
        " AND NOT EXISTS (SELECT 1 FROM orders)",
        lambda settings: settings.brushing.days,
    ),
    "duplicate_review": Truth(
        "reviews.csv",
        "review_id",
        _copied,
        ("duplicate_group",),
        "SELECT DISTINCT merchant_id, review_id FROM reviews WHERE created_at >= {start}",
        lambda settings: settings.reviews.days,
    ),
    "false_review": Truth(
        "reviews.csv",
        "review_id",
        _false_reviews,
        ("false_review",),
        "SELECT DISTINCT merchant_id, review_id FROM reviews WHERE created_at >= {start}",
        lambda settings: settings.reviewers.days,
    ),
    "identity_link": Truth(
        "merchants.csv", "merchant_id", _came_back, ("entity", "removed_for_cause")
    ),
    "gang": Truth("merchants.csv", "merchant_id", _in_gang, ("gang",)),
}
"""By topic. A topic that is not here has no truth file."""


@dataclass(frozen=True)
class Measured:
    """How right the findings of a topic are from some score on.

    Attributes
    ----------
    least : float
        The score.
    found, right, true, honest : int
        Findings, those that are right, what should have been found, and honest subjects.
    wrong_most : float
        Largest share of the honest subjects of one merchant that were found, of merchants with at
        least 100 of them.
    recall_by : dict of str to float
        Share found of each kind.
    auc : dict of str to float
        Where everything has a score: how often what is true has a higher one than what is honest,
        of subjects and of the people behind them.
    """

    least: float
    found: int
    right: int
    true: int
    honest: int
    wrong_most: float
    recall_by: dict[str, float]
    auc: dict[str, float | None] = field(default_factory=dict)

    @property
    def precision(self) -> float | None:
        """Share of the findings that are right; None without findings."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of what should have been found that was; None if there is nothing to find."""
        return self.right / self.true if self.true else None

    @property
    def wrong_share(self) -> float | None:
        """Share of honest subjects that were found; None if there are no such."""
        return (self.found - self.right) / self.honest if self.honest else None

    def facts(self) -> dict[str, Any]:
        """Return the figures for the manifest."""
        return {
            "from_score": self.least,
            "found": self.found,
            "true": self.true,
            "honest": self.honest,
            "precision": self.precision,
            "recall": self.recall,
            "honest_share_found": self.wrong_share,
            "honest_share_found_of_worst_merchant": self.wrong_most,
            "recall_by_kind": self.recall_by,
            **({"auc": self.auc} if self.auc else {}),
        }


def compare(kinds: Mapping[Key, str], scores: Mapping[Key, float], least: float) -> Measured:
    """Compare what was found with what is true.

    Parameters
    ----------
    kinds : mapping of (str, str) to str
        By merchant and subject, empty where it is honest. Findings on other subjects do not count:
        nobody knows whether they are right.
    scores : mapping of (str, str) to float
        Of the findings.
    least : float
        Findings with lower scores do not count.

    Examples
    --------
    >>> kinds = {("m1", "o1"): "ring", ("m1", "o2"): "ring", ("m1", "o3"): ""}
    >>> found = compare(kinds, {("m1", "o1"): 0.99, ("m1", "o3"): 0.7}, 0.6)
    >>> found.precision, found.recall, found.wrong_share
    (0.5, 0.5, 1.0)
    """
    found = {key for key, score in scores.items() if score >= least and key in kinds}
    right = {key for key in found if kinds[key]}
    honest = Counter(key[0] for key, kind in kinds.items() if not kind)
    wrong = Counter(key[0] for key in found - right)
    of_kind = Counter(kind for kind in kinds.values() if kind)
    hit = Counter(kinds[key] for key in right)
    return Measured(
        least,
        len(found),
        len(right),
        of_kind.total(),
        honest.total(),
        max((wrong[m] / n for m, n in honest.items() if n >= _LEAST), default=0.0),
        {kind: hit[kind] / n for kind, n in sorted(of_kind.items())},
    )


def measure(
    topics: Iterable[str],
    rows: Mapping[str, Sequence[Any]],
    folder: FilePath,
    relations: Relations,
    settings: DetectSettings,
    cut: Cut,
    policy: Mapping[str, float],
    ranks: Mapping[str, Ranked] | None = None,
) -> dict[str, list[Measured]]:
    """Compare findings with truth files.

    Parameters
    ----------
    topics : iterable of str
        Those without a truth file are left out.
    rows : mapping of str to list
        As `trustscore.detect.findings.finding_rows` returns them.
    folder : path
        With ``orders.csv`` and so on.
    relations : Relations
        Subjects that the detector could not see are left out.
    settings : DetectSettings
    cut : Cut
    policy : mapping of str to float
        From which score findings of a topic count by themselves.
    ranks : mapping of str to tuple, optional
        Scores of everything that was judged, as `trustscore.detect.findings.Found` has them.

    Returns
    -------
    dict of str to list of Measured
        By topic: those that count by themselves, if any may, and all.

    Raises
    ------
    InputError
        For files or columns that are not there, all at once.
    """
    wanted = {topic: TRUTHS[topic] for topic in topics if topic in TRUTHS}
    tables, faults = {}, []
    for truth in wanted.values():
        try:
            tables[truth.file] = _read(Path(folder, truth.file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            faults.append(f"{truth.file}: cannot be read ({type(error).__name__})")
            continue
        header, _ = tables[truth.file]
        names = dict.fromkeys(("merchant_id", truth.subject, *truth.columns))
        faults += [f"{truth.file}: no column {name}" for name in names if name not in header]
    if faults:
        raise InputError(f"{folder}: the truth cannot be used", faults)
    out = {}
    for topic, truth in wanted.items():
        _, known = tables[truth.file]
        keys = [(row["merchant_id"], row[truth.subject]) for row in known]
        paired = zip(keys, truth.kinds(known), strict=True)
        kinds = {key: kind for key, kind in paired if kind is not None}
        if truth.seen:
            start = cut.back(truth.days(settings))
            seen = {(m, s) for m, s in relations.rows(truth.seen.format(start=start))}
            kinds = {key: kind for key, kind in kinds.items() if key in seen}
        scores: dict[Key, float] = {}
        for merchant, subject, of, score in zip(
            rows["merchant_id"], rows["subject_id"], rows["topic"], rows["score"], strict=True
        ):
            if of != topic:
                continue
            # A finding on an account names the other one it hangs together with.
            key = (merchant, merchant if truth.subject == "merchant_id" else subject)
            scores[key] = max(scores.get(key, score), score)
        lines = [*([policy[topic]] if topic in policy else []), 0.0]
        out[topic] = [compare(kinds, scores, least) for least in lines]
        if ranks and topic in ranks:
            out[topic][-1] = replace(out[topic][-1], auc=areas(kinds, ranks[topic]))
    return out


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        rows = list(reader)
        return list(reader.fieldnames or []), rows


def truth_lines(measured: Mapping[str, Sequence[Measured]]) -> list[str]:
    """Return the figures as lines to print.

    Examples
    --------
    >>> found = compare({("m1", "o1"): "ring", ("m1", "o2"): ""}, {("m1", "o1"): 0.99}, 0.95)
    >>> for line in truth_lines({"brushing": [found]}):
    ...     print(line)
    brushing from 0.95 on: 1 found, precision 1.000, recall 1.000, of honest ones 0.000 %
        of the honest ones of one merchant at most 0.000 %; found of ring 1.000
    """
    lines = []
    for topic, parts in measured.items():
        for part in parts:
            which = f"from {part.least:g} on" if part.least else "all"
            lines.append(
                f"{topic} {which}: {part.found:,} found, precision {_number(part.precision)},"
                f" recall {_number(part.recall)}, of honest ones {_percent(part.wrong_share)}"
            )
            kinds = ", ".join(f"{kind} {share:.3f}" for kind, share in part.recall_by.items())
            lines.append(
                f"    of the honest ones of one merchant at most {_percent(part.wrong_most)}"
                + (f"; found of {kinds}" if kinds else "")
            )
            if part.auc:
                areas = ", ".join(f"{what} {_number(area)}" for what, area in part.auc.items())
                lines.append(f"    AUC of {areas}")
    return lines


def _number(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.3f}"


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.3f} %"
