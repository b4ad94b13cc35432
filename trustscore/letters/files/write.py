"""An export in, a folder of letters out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trustscore.atomic_file import utf8
from trustscore.compare.files import compare_files
from trustscore.compare.rows import ChangedRows
from trustscore.errors import InputError, at_most, plural
from trustscore.explain import explain, next_tier_plan
from trustscore.io.atomic_files import write_columns
from trustscore.io.atomic_folder import refuse_taken, whole_folder
from trustscore.io.blocks import read_blocks
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.letters.before import Before
from trustscore.letters.due import Due
from trustscore.letters.letter import MOST_REASONS, Letter, make_letter
from trustscore.letters.page import letter_page
from trustscore.letters.render import render_letter
from trustscore.letters.terms import Terms, load_terms, terms_faults
from trustscore.run_summary import Breakdown, RunSummary, most_first
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.side_columns import SIDE_TEXT
from trustscore.scoring import with_derived
from trustscore.typing import Block, FilePath, Progress, silent
from trustscore.words import LANGUAGES

__all__ = ["ONLY", "LettersDone", "letter_files"]

ONLY = ("all", "tier-changes", "due")
"""Which merchants get a letter."""
_MOST_FAULTS = 50
_STEP = "writing letters"


@dataclass
class LettersDone:
    """What a run wrote.

    Attributes
    ----------
    letters, restricted : int
        Letters, and those that tell of a restriction.
    merchants, rejected : int
        Rows of the export without and with faults; the latter get no letter.
    due : int or None
        Orders that letters say are due; None where nobody looked.
    fresh : int
        Merchants that the previous export does not have.
    languages : Counter of str
        Letters by language.
    other_languages : Counter of str
        Languages asked for that letters are not written in, and how often.
    size : int
        Bytes of all letters.
    """

    letters: int = 0
    restricted: int = 0
    merchants: int = 0
    rejected: int = 0
    due: int | None = None
    fresh: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    other_languages: Counter[str] = field(default_factory=Counter)
    size: int = 0

    @property
    def summary(self) -> RunSummary:
        """What was written, at a glance."""
        counts = {"read": self.merchants + self.rejected, "merchants": self.merchants}
        counts |= {"rejected": self.rejected, "letters": self.letters}
        languages = Breakdown("language", most_first(self.languages), self.letters)
        counts |= {"restricted": self.restricted}
        if self.due is not None:
            counts["due"] = self.due
        counts["bytes"] = self.size
        return RunSummary("letters", counts, (languages,))


@dataclass
class _Chosen:
    """Merchants that get a letter, of one stretch of the export."""

    block: dict[str, Any]
    missing: frozenset[str]
    langs: list[str]


def letter_files(
    export: FilePath,
    out: FilePath,
    terms: str | Path | Terms,
    *,
    scorecard: str | Path | Scorecard = "default",
    previous: FilePath | None = None,
    only: str = "all",
    lang: str = "en",
    lang_column: str | None = None,
    with_plan: bool = True,
    due: Mapping[str, Due] | None = None,
    dated: dt.date | None = None,
    as_of: dt.date | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    pseudonyms: FilePath | Pseudonyms | None = None,
    progress: Progress = silent,
) -> LettersDone:
    """Write a letter to each merchant of an export, as HTML and as text.

    Parameters
    ----------
    export : path
    out : path
        A new folder: ``index.csv`` and two files a merchant, named by the place of the merchant in
        the export.
    terms : str, Path or Terms
        What only the platform knows: its name, clauses, days and addresses.
    scorecard : str, Path or Scorecard, default="default"
    previous : path, optional
        Export of the last review. Letters then say what changed and which rights are withdrawn.
    only : {"all", "tier-changes", "due"}
        Merchants that get a letter; ``tier-changes`` needs `previous`, ``due`` needs `due`.
    lang : str, default="en"
        One of `trustscore.words.LANGUAGES`.
    lang_column : str, optional
        Column of the export with each merchant's language, such as ``zh`` or ``en-GB``. Where it is
        blank, or another language, the letter is in `lang`.
    with_plan : bool, default=True
        Whether letters have the plan to the next tier, which takes most of the time.
    due : mapping of str to Due, optional
        Orders to ship soon by merchant, see `due_orders`; under pseudonyms by these.
    dated : date, optional
        Day of the letters; `as_of` by default, else today (UTC).
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    pseudonyms : path or Pseudonyms, optional
        File of the key under which merchants are called by pseudonyms, made if it is not there.
    progress : Progress, optional

    Returns
    -------
    LettersDone

    Raises
    ------
    InputError
        When the folder is taken, a file cannot be read, or the terms have faults or do not fit the
        scorecard.
    """
    if only not in ONLY:
        raise InputError(f"only must be one of {', '.join(ONLY)}. Got {only!r}")
    if only == "tier-changes" and previous is None:
        raise InputError("tier-changes needs the export of the last review: give `previous`")
    if only == "due" and due is None:
        raise InputError("due needs the orders that are due: give `logs`")
    if dated is not None and as_of is not None and dated < as_of:
        raise InputError(
            f"dated must not be before the day of the review, {as_of} (`as_of`): notice and"
            f" objections would count from a day before it. Got {dated}"
        )
    refuse_taken(out)
    card, words = load_scorecard(scorecard), load_terms(terms)
    day = dated or as_of or dt.datetime.now(dt.UTC).date()
    _refuse_faults(words, card, {lang}, day, terms)
    settings: dict[str, Any] = {
        "allow_missing_columns": allow_missing_columns,
        "encoding": encoding,
        "pseudonyms": None if pseudonyms is None else Pseudonyms.load(pseudonyms),
        "progress": progress,
    }
    moves: dict[str, Before] | None = None
    if previous is not None:
        moves = _moves(previous, export, card, only, as_of, settings)
    done = LettersDone()
    wanted = {"all": None, "tier-changes": moves, "due": due}[only]
    chosen = list(_chosen(export, card, wanted, lang, lang_column, settings, done))
    if moves is not None and only != "tier-changes":
        done.fresh = sum(
            name not in moves for each in chosen for name in each.block["merchant_id"].tolist()
        )
    total = sum(len(each.langs) for each in chosen)
    _refuse_faults(
        words, card, {lang, *(name for each in chosen for name in each.langs)}, day, terms
    )
    if not done.merchants:
        why = (
            f"all {done.rejected:,} have faults, see `check`" if done.rejected else "there is none"
        )
        raise InputError(f"{export}: no row can be written about: {why}")
    index: dict[str, list[Any]] = {name: [] for name in _INDEX}
    named = 0
    wide = max(6, len(str(total)))
    progress(_STEP, 0.0)
    with whole_folder(out) as place:
        for each, row in _rows(chosen):
            soon = (due or {}).get(str(each.block["merchant_id"][row]))
            letter = _letter(each, row, card, words, day, moves, with_plan, as_of, soon)
            if soon is not None:
                named += soon.count
            name = f"{done.letters + 1:0{wide}d}"
            for suffix, content in (
                (".html", letter_page(letter)),
                (".txt", render_letter(letter)),
            ):
                data = utf8(content)
                (place / (name + suffix)).write_bytes(data)
                done.size += len(data)
            _add(index, str(each.block["merchant_id"][row]), name, letter, soon)
            done.letters += 1
            done.restricted += letter.restricted
            done.languages[letter.lang] += 1
            progress(_STEP, done.letters / total, done.letters)
        write_columns(place / "index.csv", _columns(index))
    done.due = None if due is None else named
    return done


def _refuse_faults(
    terms: Terms, card: Scorecard, languages: set[str], day: dt.date, source: Any
) -> None:
    faults = terms_faults(terms, card, sorted(languages), day)
    if faults:
        where = "terms" if isinstance(source, Terms) else f"terms {source}"
        raise InputError(
            f"{where}: {plural(len(faults), 'fault')} beside scorecard {card.stamp}",
            at_most(faults, most=_MOST_FAULTS, what="faults"),
        )


def _moves(
    previous: FilePath,
    export: FilePath,
    card: Scorecard,
    only: str,
    as_of: dt.date | None,
    settings: dict[str, Any],
) -> dict[str, Before]:
    """Return what each merchant had, by id; with ``tier-changes`` of those whose tier changed."""
    found: dict[str, Before] = {}

    def keep(rows: ChangedRows) -> None:
        assert rows.changes is not None
        old = rows.changes.old
        tier_moved = (rows.old_tier != rows.new_tier) & (rows.new_tier != "")
        at = np.flatnonzero(tier_moved | (only != "tier-changes"))
        names = list(rows.parts)
        points = np.nan_to_num(np.stack([rows.parts[name][at] for name in names]))
        order = np.argsort(-np.abs(points), axis=0, kind="stable")[:MOST_REASONS]
        for place, row in enumerate(at.tolist()):
            largest = order[:, place].tolist()
            found[rows.ids[row]] = Before(
                index=float(rows.old[row]),
                tier=str(rows.old_tier[row]),
                veto=str(old.veto[row]),
                rules=frozenset(filter(None, str(old.rules[row]).split(";"))),
                parts=tuple((names[part], float(points[part, place])) for part in largest),
            )

    compare_files(previous, export, scorecard=card, as_of=as_of, each=keep, **settings)
    return found


def _chosen(
    export: FilePath,
    card: Scorecard,
    wanted: Container[str] | None,
    lang: str,
    lang_column: str | None,
    settings: dict[str, Any],
    done: LettersDone,
) -> Iterator[_Chosen]:
    """Yield the rows of merchants that get a letter: of all, or of those wanted."""
    keep = [lang_column] if lang_column and lang_column not in SIDE_TEXT else []
    for read in read_blocks(export, card, keep=keep, **settings):
        ids = read.block["merchant_id"].tolist()
        done.merchants += len(ids)
        done.rejected += len(read.rejects)
        rows = [row for row, name in enumerate(ids) if wanted is None or name in wanted]
        if not rows:
            continue
        # Copies: the stretch itself would stay in memory with a few of its rows.
        block = {name: np.asarray(values)[rows] for name, values in read.block.items()}
        langs = [lang] * len(rows)
        if lang_column:
            if lang_column in read.block:
                spoken = block[lang_column].tolist()
            elif keep:
                cells = read.rows.keep[lang_column].to_pylist()
                spoken = [cells[row] for row in rows]
            else:
                raise InputError(f"{export}: has no column {lang_column} of languages")
            langs = [_language(each, lang, done) for each in spoken]
        yield _Chosen(block, read.missing, langs)


def _rows(chosen: list[_Chosen]) -> Iterator[tuple[_Chosen, int]]:
    for each in chosen:
        for row in range(len(each.langs)):
            yield each, row


def _language(said: Any, otherwise: str, done: LettersDone) -> str:
    """Return the language of a cell such as ``zh-CN``."""
    text = str(said or "").strip()
    if not text:
        return otherwise
    code = text.replace("_", "-").casefold()
    known = {name.casefold(): name for name in LANGUAGES}
    for each in (code, code.partition("-")[0]):
        if each in known:
            return known[each]
    done.other_languages[text[:40]] += 1
    return otherwise


def _letter(
    each: _Chosen,
    row: int,
    card: Scorecard,
    terms: Terms,
    day: dt.date,
    moves: dict[str, Before] | None,
    with_plan: bool,
    as_of: dt.date | None,
    due: Due | None,
) -> Letter:
    block: Block = {name: values[row : row + 1] for name, values in each.block.items()}
    missing = each.missing
    statement = explain(block, card, missing=missing, as_of=as_of)
    plan = next_tier_plan(block, card, missing=missing, as_of=as_of) if with_plan else None
    return make_letter(
        statement,
        with_derived(block, card, card.without(missing)),
        card,
        terms,
        lang=each.langs[row],
        dated=day,
        before=None if moves is None else moves.get(statement.merchant_id),
        plan=plan,
        due=due,
    )


_INDEX = (
    "merchant_id",
    "html",
    "text",
    "lang",
    "tier_before",
    "tier_after",
    "index_before",
    "index_after",
    "restricted",
    "in_force",
    "objection_until",
    "due",
)


def _add(
    index: dict[str, list[Any]], merchant: str, name: str, letter: Letter, due: Due | None
) -> None:
    row = (
        merchant,
        f"{name}.html",
        f"{name}.txt",
        letter.lang,
        letter.tier_before,
        letter.tier_after,
        letter.index_before,
        letter.index_after,
        int(letter.restricted),
        letter.in_force.isoformat() if letter.in_force else "",
        letter.objection_until.isoformat(),
        due.count if due else 0,
    )
    for column, value in zip(_INDEX, row, strict=True):
        index[column].append(value)


def _columns(index: dict[str, list[Any]]) -> dict[str, Any]:
    numbers = {"index_before": float, "index_after": float, "restricted": np.int64, "due": np.int64}
    return {
        name: np.round(np.array(values, dtype=numbers[name]), 4) if name in numbers else [*values]
        for name, values in index.items()
    }
