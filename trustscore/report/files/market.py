"""Reports of files: an export in, one HTML file out."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trustscore import __version__
from trustscore.atomic_file import AtomicFile, utf8
from trustscore.batch.scorer import Scorer
from trustscore.boost import BoostPolicy
from trustscore.compare.files import CompareReport, compare_files
from trustscore.compare.rows import ChangedRows
from trustscore.drift.files import drift_files
from trustscore.errors import InputError, at_most, one_line, suggest
from trustscore.io.blocks import read_blocks
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.io.refuse_overwrite import refuse_inputs
from trustscore.io.rejects import REASONS
from trustscore.io.whole_table import read_table
from trustscore.report.chosen import Chosen, choose
from trustscore.report.facts import drift_facts, market_facts, moved_facts, table_facts
from trustscore.report.figures import Figures
from trustscore.report.merchants import Merchants
from trustscore.report.page import render_page
from trustscore.report.panels import Moved, panel
from trustscore.report.words import Texts, texts
from trustscore.run_summary import RunSummary
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.typing import FilePath, Progress, silent
from trustscore.words import phrase_all

__all__ = [
    "MOST_ROWS",
    "ReportDone",
    "compare_page",
    "page_head",
    "report_files",
    "write_page",
]

# Ids among which one like a wrong one is looked for.
_NEAR = 100_000
MOST_ROWS = 100_000
"""Merchants of the searchable table, unless another number is asked for."""


@dataclass(frozen=True)
class ReportDone:
    """What a report holds.

    Attributes
    ----------
    merchants, rejected : int
        Of the export.
    rows, panels : int
        Merchants in the table, and with a panel.
    panels_of : int
        Merchants that were to have one.
    size : int
        Bytes of the page.
    """

    merchants: int
    rejected: int
    rows: int
    panels: int
    panels_of: int
    size: int

    @property
    def summary(self) -> RunSummary:
        """What a report holds, at a glance."""
        counts = {"read": self.merchants + self.rejected, "merchants": self.merchants}
        counts |= {"rejected": self.rejected, "rows": self.rows, "panels": self.panels}
        return RunSummary("report", counts | {"bytes": self.size})


@dataclass
class _Read:
    """An export, read and added up."""

    figures: Figures
    merchants: Merchants
    chosen: Chosen
    rejects: Counter[tuple[str, str]]
    rejected_ids: dict[str, str]

    @property
    def rejected(self) -> int:
        """Rows with faults."""
        return sum(self.rejects.values())


def report_files(
    export: FilePath,
    out: FilePath,
    *,
    scorecard: str | Path | Scorecard = "default",
    policy: str | Path | BoostPolicy = "boost",
    previous: FilePath | None = None,
    rejects: FilePath | None = None,
    merchants: Sequence[str] = (),
    all_below: str | None = None,
    most_rows: int = MOST_ROWS,
    lang: str = "en",
    as_of: dt.date | None = None,
    day: dt.date | None = None,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    pseudonyms: FilePath | Pseudonyms | None = None,
    progress: Progress = silent,
) -> ReportDone:
    """Write the report of an export as one HTML file that asks for nothing outside itself.

    Parameters
    ----------
    export : path
    out : path
    scorecard : str, Path or Scorecard, default="default"
    policy : str, Path or BoostPolicy, default="boost"
        Of the column boost.
    previous : path, optional
        Export of an earlier day; the page then says what moved.
    rejects : path, optional
        Rejected rows that ``score`` wrote, when the export was cleaned of them.
    merchants : sequence of str, optional
        Ids of the merchants that get a panel of their own.
    all_below : str, optional
        Id of a tier: the merchants below it get one, the lowest `MOST_PANELS` of them.
    most_rows : int
        Merchants of the searchable table: the lowest of so many, and those with a panel.
    lang : str, default="en"
        Language that the page opens in.
    as_of : date, optional
        Day of the review, for the minimum stay in a tier.
    day : date, optional
        Day that the page is dated; today by default.
    allow_missing_columns : bool, default=False
    encoding : str, optional
    pseudonyms : path or Pseudonyms, optional
        File of the key under which merchants are called by pseudonyms, made if it is not there.
    progress : Progress, optional

    Returns
    -------
    ReportDone

    Raises
    ------
    InputError
        When a file cannot be read, or a chosen merchant or tier is not there.
    """
    card = load_scorecard(scorecard)
    if str(out) != "-":
        refuse_inputs([str(out)], [export, previous, rejects, scorecard, policy, pseudonyms])
    key = None if pseudonyms is None else Pseudonyms.load(pseudonyms)
    chosen = choose(card, [*map(key.of, merchants)] if key else merchants, all_below)
    settings: dict[str, Any] = {
        "allow_missing_columns": allow_missing_columns,
        "encoding": encoding,
        "pseudonyms": key,
    }
    read = _read(export, card, _policy(policy), chosen, as_of, settings, progress)
    _refuse_unknown(export, read, suggests=key is None)
    counted = read.rejects if rejects is None else _counted(rejects, progress)
    moved, change, drifted = None, None, None
    history: dict[str, Moved] = {}
    if previous is not None:
        moved, change, history = _since(
            previous, export, card, {name for _, name, *_ in chosen.rows}, as_of, settings, progress
        )
        drift = drift_files(
            previous,
            export,
            scorecard=card,
            as_of=as_of,
            allow_missing_columns=allow_missing_columns,
            encoding=encoding,
            progress=progress,
        )
        drifted = drift_facts(drift)
    panels = []
    rows = chosen.sorted()
    for at, (_, name, block, missing) in enumerate(rows):
        progress("explaining the chosen merchants", at / len(rows))
        panels.append(panel(block, card, missing=missing, as_of=as_of, moved=history.get(name)))
    progress("writing the page", math.nan)
    ids = [name for _, name, *_ in rows]
    packed = read.merchants.pack(most_rows, ids, change)
    places = {name: at for at, name in enumerate(ids)}
    order = read.merchants.lowest(most_rows, ids).tolist() if ids else []
    links = [
        (row, places[name])
        for row, name in enumerate(read.merchants.ids[at] for at in order)
        if name in places
    ]
    mean = None if moved is None else moved.market.mean("change")
    page = render_page(
        "report.html",
        lang,
        **page_head(texts("title"), card, day, Path(export).name),
        contents=_contents(moved is not None, bool(panels)),
        **market_facts(read.figures, sum(counted.values()), mean),
        moved=None if moved is None else moved_facts(moved.market, moved.differences),
        drift=drifted,
        rejects=_reject_rows(counted),
        rejects_of=None if rejects is None else one_line(Path(rejects).name),
        packed=packed,
        table_facts=table_facts(read.figures, packed, links, moved is not None),
        panels=panels,
        panels_of=chosen.count,
    )
    size = write_page(out, page)
    return ReportDone(
        read.figures.merchants, read.rejected, packed.rows, len(panels), chosen.count, size
    )


def compare_page(
    done: CompareReport,
    out: FilePath,
    lang: str = "en",
    inputs: Sequence[FilePath | None] = (),
) -> None:
    """Write a comparison as a page.

    Parameters
    ----------
    done : CompareReport
    out : path
    lang : str, default="en"
        Language that the page opens in.
    inputs : sequence of path
        What was compared, and what else `out` must not be; None for one that was not given.
    """
    if str(out) != "-":
        refuse_inputs([str(out)], list(inputs))
    files = [Path(each).name for each in inputs[:2] if each is not None]
    page = render_page(
        "compare.html",
        lang,
        **page_head(texts("title_compare"), done.scorecards[1], None, " → ".join(files)),
        contents=[("movers", texts("movers"))],
        moved=moved_facts(done.market, done.differences),
    )
    write_page(out, page)


def write_page(out: FilePath, page: str) -> int:
    """Write a page as a file that is complete or absent, and return its size."""
    data = utf8(page)
    with AtomicFile(out) as file:
        file.write(data)
        file.commit()
    return len(data)


def page_head(
    title: Texts, card: Scorecard, day: dt.date | None, source: FilePath
) -> dict[str, Any]:
    """Return what the head and the foot of every page show."""
    return {
        "title": title,
        "stamp": card.stamp,
        "day": (day or dt.datetime.now(dt.UTC).date()).isoformat(),
        "source": one_line(str(source)),
        "program": f"trustscore {__version__}",
    }


def _contents(moved: bool, panels: bool) -> list[tuple[str, Texts]]:
    there = {"movers": moved, "drift": moved, "panels": panels}
    names = ("overview", "movers", "signals", "rules", "rejects", "drift", "merchants", "panels")
    return [
        (name, texts("all" if name == "merchants" else name))
        for name in names
        if there.get(name, True)
    ]


def _policy(policy: str | Path | BoostPolicy) -> BoostPolicy:
    return policy if isinstance(policy, BoostPolicy) else BoostPolicy.load(policy)


def _read(
    export: FilePath,
    card: Scorecard,
    policy: BoostPolicy,
    chosen: Chosen,
    as_of: dt.date | None,
    settings: dict[str, Any],
    progress: Progress,
) -> _Read:
    scorer = Scorer(card, policy, as_of, statement=True)
    read = _Read(Figures(card), Merchants(), chosen, Counter(), {})
    for found in read_blocks(export, card, progress=progress, **settings):
        scored = scorer.scored(found.rows, found.missing)
        block = found.block
        read.figures.add(block, scored.scores, found.missing)
        read.merchants.add(block["merchant_id"], scored.scores, scored.boost)
        chosen.add(block, scored.scores, found.missing)
        for reject in found.rejects:
            read.rejects[reject.reason, reject.column] += 1
            if chosen.ids is not None and reject.merchant_id in chosen.ids:
                read.rejected_ids[reject.merchant_id] = f"{reject.column}: {reject.message}"
    if not read.figures.merchants:
        why = (
            f"all {read.rejected:,} have faults, see `check`" if read.rejected else "there is none"
        )
        raise InputError(f"{export}: no row can be reported on: {why}")
    return read


def _refuse_unknown(export: FilePath, read: _Read, *, suggests: bool) -> None:
    if read.chosen.ids is None:
        return
    lacking = sorted(read.chosen.ids - {name for _, name, *_ in read.chosen.rows})
    if not lacking:
        return
    faults = []
    for name in lacking:
        if name in read.rejected_ids:
            faults.append(f"{one_line(name)}: rejected, {read.rejected_ids[name]}")
        else:
            # Pseudonyms that look alike are not those of alike ids.
            near = suggest(name, read.merchants.ids[:_NEAR]) if suggests else ""
            faults.append(f"{name!r}: no such merchant{near}")
    raise InputError(f"{export}: some chosen merchants cannot be shown", at_most(faults))


def _counted(path: FilePath, progress: Progress) -> Counter[tuple[str, str]]:
    table = read_table(
        path, {}, ["reason", "column"], ours=True, may_be_empty=True, progress=progress
    )
    reasons = (text.partition(":")[0] for text in table.columns["reason"].tolist())
    return Counter(zip(reasons, table.columns["column"].tolist(), strict=True))


def _reject_rows(counted: Counter[tuple[str, str]]) -> list[tuple[Texts, str, int]]:
    rows = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    return [
        (phrase_all(REASONS.get(reason, one_line(reason))), one_line(column), n)
        for (reason, column), n in rows
    ]


def _since(
    previous: FilePath,
    export: FilePath,
    card: Scorecard,
    chosen: set[str],
    as_of: dt.date | None,
    settings: dict[str, Any],
    progress: Progress,
) -> tuple[CompareReport, dict[str, float], dict[str, Moved]]:
    """Compare with an earlier export; the change of every merchant, the parts of the chosen."""
    change: dict[str, float] = {}
    history: dict[str, Moved] = {}

    def keep(rows: ChangedRows) -> None:
        names = rows.ids.tolist()
        change.update(zip(names, rows.change.tolist(), strict=True))
        for at in [at for at, name in enumerate(names) if name in chosen]:
            if math.isfinite(rows.change[at]):
                history[names[at]] = _moved(rows, at)

    done = compare_files(
        previous, export, scorecard=card, as_of=as_of, each=keep, progress=progress, **settings
    )
    return done, change, history


def _moved(rows: ChangedRows, at: int) -> Moved:
    parts = {name: float(points[at]) for name, points in rows.parts.items()}
    return Moved(float(rows.old[at]), float(rows.new[at]), str(rows.old_tier[at]), parts)
