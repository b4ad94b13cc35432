"""Which columns are signals, of which kind, in which direction, and between which anchors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trustscore.starting.anchors import FAR, NEAR, anchors, curve_of, figures_of, rounded, values_of
from trustscore.starting.columns import Column, Pair
from trustscore.starting.names import (
    DATES,
    FLAGS,
    HIGHER,
    IDENTIFIERS,
    MEANS,
    PERSONAL,
    SHARES,
    SIZES,
    SURELY_HIGHER,
    SURELY_LOWER,
    TOPICS,
    WAITS,
    hit,
    words_of,
)

__all__ = ["Guess", "LeftOut", "guess_signals", "likely_wholes"]

# A column with fewer cells than this share is almost empty; with more text it is no column of
# numbers: each cell of text would reject its row.
LEAST_KNOWN = 0.05
MOST_TEXT = 0.01
_MOST_WHOLES = 6


@dataclass(frozen=True)
class LeftOut:
    """A column that is no signal, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Guess:
    """A signal as it is proposed.

    Attributes
    ----------
    column, sample : Column
        The value, and the number of cases behind it where there is one.
    kind, topic : str
        Names of `KINDS` and `TOPICS`; the topic is empty where the name tells none.
    figures : dict of str to float
        ``poor``, ``good``, ``prior`` and what else the kind takes.
    curve : str
        Empty for that of the kind.
    because : tuple of str
        What each guess rests on.
    doubts : tuple of str
        What to look at first.
    """

    column: Column
    sample: Column | None
    kind: str
    topic: str
    figures: dict[str, float]
    curve: str
    because: tuple[str, ...]
    doubts: tuple[str, ...]


def likely_wholes(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of columns of which the first may count a part of the second, by their names.

    Examples
    --------
    >>> likely_wholes(["refunds", "orders", "reviews", "negative_reviews"])
    [('refunds', 'orders'), ('refunds', 'reviews'), ('negative_reviews', 'reviews'),
    ('negative_reviews', 'orders')]
    """
    wholes = [name for name in names if _is_size(name)]
    pairs = []
    for part in names:
        if part in wholes:
            continue
        ranked = sorted(wholes, key=lambda whole: -_kinship(part, whole))
        pairs += [(part, whole) for whole in ranked[:_MOST_WHOLES]]
    return pairs


def _is_size(name: str) -> bool:
    """Whether a name is that of a number of cases, and of no event among them."""
    if hit(name, SHARES) or hit(name, ("mean", "avg", "average", "平均", "score", "stars", "评分")):
        return False
    return bool(hit(name, SIZES)) and not hit(name, (*SURELY_LOWER, *SURELY_HIGHER, "positive"))


def _kinship(part: str, whole: str) -> float:
    """Return how much the names of a part and its whole have to do with each other."""
    stems = {word.rstrip("s")[:6] for word in words_of(part)}
    shared = len(stems & {word.rstrip("s")[:6] for word in words_of(whole)})
    reviews = ("review", "rated", "rating", "评价", "评论")
    said = ("review", "rating", "star", "rated", "评", "feedback", "negative", "positive")
    if not part.isascii():
        shared += sum(2 for at in range(len(part) - 1) if part[at : at + 2] in whole)
    if hit(part, said):
        shared += 2 * bool(hit(whole, reviews))
    # Most events are those of orders.
    usual = bool(hit(whole, ("order", "订单", "paid", "delivered", "sold", "成交")))
    return shared + 0.5 * usual - 0.01 * len(words_of(whole))


def guess_signals(
    columns: Mapping[str, Column], pairs: Mapping[tuple[str, str], Pair], rows: int
) -> tuple[list[Guess], list[LeftOut]]:
    """Guess the signals of a table.

    Parameters
    ----------
    columns : mapping of str to Column
        Every column that may be one, in the order of the table.
    pairs : mapping of (str, str) to Pair
        Of those that `likely_wholes` names.
    rows : int
        Of the table.

    Returns
    -------
    guesses : list of Guess
    left_out : list of LeftOut
        The other columns, but for those that are the number of cases behind a signal.
    """
    usable: dict[str, Column] = {}
    left_out: list[LeftOut] = []
    for name, column in columns.items():
        reason = _why_not(column, rows)
        if reason:
            left_out.append(LeftOut(name, reason))
        else:
            usable[name] = column
    sizes = {name for name, each in usable.items() if _is_size(name) and each.is_count}
    guesses = []
    for name, column in usable.items():
        if name in sizes:
            continue
        wholes = [whole for part, whole in pairs if part == name and whole in sizes]
        found = _guess(column, [usable[whole] for whole in wholes], pairs, rows)
        if isinstance(found, Guess):
            guesses.append(found)
        else:
            left_out.append(LeftOut(name, found))
    behind = {guess.sample.name for guess in guesses if guess.sample}
    left_out += [
        LeftOut(name, "a size: an index that counts size feeds itself") for name in sizes - behind
    ]
    left_out.sort(key=lambda each: columns[each.name].place)
    return guesses, left_out


def _why_not(column: Column, rows: int) -> str:
    """Say why a column is no signal; empty where it may be one."""
    name = column.name
    if hit(name, PERSONAL) or column.mails:
        return "personal data, or where somebody is"
    if column.known < max(LEAST_KNOWN * rows, 1):
        return f"almost empty: {_share(column.known, rows)} of the rows have it"
    if column.is_flag:
        return "an identifier" if hit(name, IDENTIFIERS[:4]) else ""
    texts = column.known - column.numbers
    if texts > 0.5 * column.known and column.dates > 0.5 * column.looked_at:
        return "days or times"
    if texts > MOST_TEXT * column.known:
        return f"text in {_share(texts, column.known)} of its cells"
    if column.least == column.most:
        return "the same in every row"
    if column.telephone > 0.5 * column.numbers:
        return "looks like telephone numbers"
    if hit(name, IDENTIFIERS):
        return "an identifier by its name"
    if hit(name, DATES) and not hit(name, SURELY_LOWER) and _like_days(column):
        return "days or times by its name"
    if max(abs(column.least), abs(column.most)) > FAR:
        return "holds figures beyond 1e15"
    drawn = column.drawn
    if len(drawn) < 2 or drawn.min() == drawn.max():
        return "nearly the same in every row"
    if (
        not _is_size(name)
        and column.is_count
        and len(drawn) > 20
        and len(np.unique(drawn)) == len(drawn)
    ):
        steps = np.diff(np.sort(drawn))
        if drawn.min() >= 1e8 or steps.max() == 1:
            return "a number of its own for every row, as an identifier has"
    return ""


def _like_days(column: Column) -> bool:
    return column.is_count and (
        (column.least >= 1900 and column.most <= 2200)
        or (column.least >= 19000101 and column.most <= 22001231)
        or column.least >= 5e8
        or column.most <= 31
    )


def _share(part: float, whole: float) -> str:
    if not whole:
        return "none"
    share = part / whole
    return f"{share:.0%}" if share >= 0.01 or not part else f"{share:.2g}"


def _direction(name: str) -> tuple[bool, str, list[str]]:
    """Return whether lower is better, what that rests on, and the doubts."""
    for entries, lower in ((SURELY_HIGHER, False), (SURELY_LOWER, True), (HIGHER, False)):
        word = hit(name, entries)
        if word:
            return lower, f'{"lower" if lower else "higher"} is better, as "{word}" says', []
    return False, "higher is better, though the name tells no direction", ["direction"]


def _topic(name: str) -> str:
    return next((topic for topic, (words, *_) in TOPICS.items() if hit(name, words)), "")


def _guess(
    column: Column,
    wholes: Sequence[Column],
    pairs: Mapping[tuple[str, str], Pair],
    rows: int,
) -> Guess | str:
    """Guess one signal, or say why the column is none."""
    name = column.name
    lower, because, doubts = _direction(name)
    reasons = [because]
    mean = bool(hit(name, MEANS))
    # Where the name tells no event, only a whole that shares words with it is one.
    least = 0.9 if doubts or column.is_flag else 0.4
    kin = [whole for whole in wholes if _kinship(name, whole.name) >= least]
    texts = column.known - column.numbers
    if texts and not column.is_flag:
        doubts.append(f"{texts:,} cells of text, whose rows are rejected")
    flag_name = bool(hit(name, FLAGS))
    if column.is_flag and (flag_name or column.yes + column.no or not (column.is_count and kin)):
        return _flag(column, lower, reasons, doubts)
    if column.is_flag and len(column.drawn) and column.known < 0.5 * rows:
        return _flag(column, lower, reasons, doubts)
    kind, sample = "score", None
    if hit(name, WAITS) and column.least >= 0:
        sample = next((w for w in kin if _kinship(name, w.name) >= 0.9), None)
        kind = "duration" if sample is not None and _positive(column) else "score"
    elif hit(name, SHARES) and column.least >= 0:
        kind, sample = "ratio", next(iter(kin), None)
    elif mean:
        sample = next((w for w in kin if _kinship(name, w.name) >= 0.9), None)
        kind = "mean" if sample is not None else "score"
    elif column.is_count:
        kind, sample = "count", None
        for whole in kin:
            pair = pairs[name, whole.name]
            if pair.both and not pair.above:
                kind, sample = "rate", whole
                reasons.append(f"never above {_told(whole.name)} in {pair.both:,} rows")
                break
        else:
            if kin and lower:
                kind, sample = "events", kin[0]
                pair = pairs[name, sample.name]
                reasons.append(
                    f"above {_told(sample.name)} in {pair.above:,} of {pair.both:,} rows"
                )
                doubts.append("pair")
    elif column.least >= 0 and column.fractions == column.numbers:
        kind = "ratio"
    if sample is not None and kind not in ("rate", "events"):
        reasons.append(f"cases behind it: {_told(sample.name)}, by its name")
    values, prior = values_of(column, sample, kind)
    found = anchors(values, lower)
    if found is None and sample is not None:
        kind, sample = "count" if column.is_count else "score", None
        values, prior = values_of(column, sample, kind)
        found = anchors(values, lower)
    if found is None:
        return "hardly differs between rows"
    if kind == "duration" and min(found.poor, found.good) <= NEAR:
        # Its anchors stand on the logarithm.
        kind, sample = "score", None
    reasons.append(f"{found.because} of {len(values):,} merchants")
    curve = curve_of(kind, found, values)
    figures = figures_of(kind, sample, found, prior, values)
    return Guess(
        column,
        sample,
        kind,
        _topic(name),
        figures,
        curve,
        tuple(reasons),
        (*doubts, *found.doubts),
    )


def _told(name: str) -> str:
    return f'"{name if len(name) <= 60 else name[:57] + "..."}"'


def _positive(column: Column) -> bool:
    drawn = column.drawn
    return bool(np.quantile(drawn[drawn >= 0], 0.1) > NEAR) if (drawn > 0).any() else False


def _flag(column: Column, lower: bool, reasons: list[str], doubts: list[str]) -> Guess:
    share = float(column.drawn.mean()) if len(column.drawn) else 0.0
    reasons.append(f"yes in {_share(share, 1)} of the rows")
    figures = {"poor": 1.0, "good": 0.0} if lower else {"poor": 0.0, "good": 1.0}
    # Nobody is supposed to have what is bad before it is known.
    figures["prior"] = 0.0 if lower else rounded(share, 2)
    return Guess(
        column,
        None,
        "flag",
        _topic(column.name),
        figures,
        "",
        tuple(reasons),
        tuple(doubts),
    )
