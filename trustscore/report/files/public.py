"""The report for the public, of files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trustscore.errors import InputError
from trustscore.io.blocks import read_blocks
from trustscore.io.refuse_overwrite import refuse_inputs
from trustscore.report.figures import Figures
from trustscore.report.files.market import ReportDone, page_head, write_page
from trustscore.report.page import render_page
from trustscore.report.public import Groups, public_facts
from trustscore.report.words import Texts, texts
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.side_columns import SIDE_TEXT
from trustscore.scoring import score_columns
from trustscore.typing import FilePath, Progress, silent

__all__ = ["public_files"]


def public_files(
    export: FilePath,
    out: FilePath,
    *,
    scorecard: str | Path | Scorecard = "default",
    previous: FilePath | None = None,
    by: Sequence[str] = ("category",),
    lang: str = "en",
    as_of: dt.date | None = None,
    day: dt.date | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> ReportDone:
    """Write the report of an export for the public: it names no merchant, and no small group.

    Parameters
    ----------
    export : path
    out : path
    scorecard : str, Path or Scorecard, default="default"
    previous : path, optional
        Export of the year before.
    by : sequence of str, default=("category",)
        Columns of the export by which merchants are counted, beside the tier.
    lang : str, default="en"
        Language that the page opens in.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.
    day : date, optional
        Day that the page is dated; today by default.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    progress : Progress, optional

    Returns
    -------
    ReportDone

    Raises
    ------
    InputError
        When a file cannot be read, a column is not there, or there are too few merchants.
    """
    card = load_scorecard(scorecard)
    if str(out) != "-":
        refuse_inputs([str(out)], [export, previous, scorecard])
    settings: dict[str, Any] = {
        "allow_missing_columns": allow_missing_columns,
        "encoding": encoding,
        "progress": progress,
    }
    figures, groups, rejected = _read(export, card, by, as_of, settings)
    before: Figures | None = None
    earlier: list[Groups] = []
    if previous is not None:
        before, earlier, _ = _read(previous, card, by, None, settings)
    facts = public_facts(figures, groups, before, earlier)
    contents: list[tuple[str, Texts]] = [("overview", texts("overview"))]
    if before is not None:
        contents.append(("years", texts("year_on_year")))
    contents += [(f"by{at}", table["title"]) for at, table in enumerate(facts["tables"])]
    contents.append(("definitions", texts("definitions")))
    # The name of a file may say too much.
    head = page_head(texts("title_public"), card, day, "")
    size = write_page(out, render_page("public.html", lang, **head, contents=contents, **facts))
    return ReportDone(figures.merchants, rejected, 0, 0, 0, size)


def _read(
    export: FilePath,
    card: Scorecard,
    by: Sequence[str],
    as_of: dt.date | None,
    settings: dict[str, Any],
) -> tuple[Figures, list[Groups], int]:
    figures, rejected = Figures(card), 0
    groups = {column: Groups(column, card) for column in by}
    keep = [column for column in by if column not in SIDE_TEXT]
    lacking = set[str]()
    for found in read_blocks(export, card, keep=keep, **settings):
        rejected += len(found.rejects)
        scores = score_columns(
            found.block, card, detail="statement", missing=found.missing, as_of=as_of
        )
        figures.add(found.block, scores, found.missing)
        for column, group in groups.items():
            if column in keep:
                group.add(found.rows.keep[column].to_pylist(), scores)
            elif column in found.block:
                group.add(found.block[column].tolist(), scores)
            else:
                lacking.add(column)
    if lacking and tuple(by) != ("category",):
        raise InputError(f"{export}: has no column {', '.join(sorted(lacking))} to count by")
    return figures, [group for column, group in groups.items() if column not in lacking], rejected
