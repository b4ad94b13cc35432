"""Files of an audit: the export and what is known besides, read; results, written."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np

from trustscore import __version__
from trustscore.atomic_file import utf8
from trustscore.audit import (
    Market,
    Outcomes,
    Section,
    Truth,
    as_json,
    audit,
    join_truth,
    require_two_classes,
    summary,
)
from trustscore.audit.periods import AuditPeriod
from trustscore.audit.result import Level
from trustscore.errors import InputError
from trustscore.io.atomic_files import AtomicFile, write_columns
from trustscore.io.atomic_folder import refuse_taken, whole_folder
from trustscore.io.blocks import read_blocks
from trustscore.io.outcomes_file import read_later, read_outcomes
from trustscore.io.whole_table import read_table
from trustscore.outcomes import added_up
from trustscore.run_summary import RunSummary
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.typing import Progress, silent

__all__ = ["AuditReport", "audit_files"]


class AuditReport(NamedTuple):
    """What was found, and where it was written.

    Attributes
    ----------
    sections : list of Section
    text : str
        The summary.
    rejected : int
        Rows of the export that could not be scored.
    files : list of str
        Names in the folder.
    plotted : bool
        False when matplotlib is not installed.
    without_effect : list of str
        Choices that were varied and changed no index.
    merchants : int
        Those that were audited.
    """

    sections: list[Section]
    text: str
    rejected: int
    files: list[str]
    plotted: bool
    without_effect: list[str]
    merchants: int = 0

    @property
    def summary(self) -> RunSummary:
        """What an audit found, at a glance."""
        levels = Counter(each.level for part in self.sections for each in part.findings)
        counts = {"read": self.merchants + self.rejected, "audited": self.merchants}
        counts |= {"rejected": self.rejected, **{name: levels[name] for name in get_args(Level)}}
        return RunSummary("audit", counts, files=tuple(self.files))


def audit_files(
    export: str | Path,
    out: str | Path,
    *,
    scorecard: str | Path | Scorecard = "default",
    outcomes: str | Path | Sequence[str | Path] | None = None,
    earlier: Sequence[tuple[dt.date, str, str]] = (),
    truth: str | Path | None = None,
    as_of: dt.date | None = None,
    seed: int = 0,
    draws: int = 300,
    allow_missing_columns: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> AuditReport:
    """Audit a scorecard on an export, and write a folder of results: complete or not at all.

    Parameters
    ----------
    export : str or Path
        Held in memory.
    out : str or Path
        A folder that does not exist yet, or is empty.
    scorecard : str, Path or Scorecard
    outcomes : path or sequence of path, optional
        As `read_later` takes them: each file is a period, or each month of one with dates.
    earlier : sequence of (date, str, str)
        Day of an earlier export, its file, and the file of what came after it.
    truth : str or Path, optional
        ``merchant_id, true_index`` and maybe ``kind``, as `trustscore simulate` writes it.
    as_of : date, optional
        Day up to which the export knows; needed when the outcomes have dates.
    seed : int
    draws : int
        Scorecards and samples of merchants drawn for intervals.
    allow_missing_columns : bool
    encoding : str, optional
    progress : Progress, optional
        Told which step is being done, and how much of it is done.

    Returns
    -------
    AuditReport

    Raises
    ------
    InputError
        When the folder is taken, or a file has faults.
    """
    refuse_taken(out)
    parent = Path(out).absolute().parent
    if not parent.is_dir():
        raise InputError(f"{out}: there is no folder {parent}")
    paths = [outcomes] if isinstance(outcomes, (str, Path)) else list(outcomes or ())
    if earlier and not paths:
        raise InputError("earlier periods need `outcomes` of the export as well")
    market, rejected = _market(export, scorecard, allow_missing_columns, encoding, progress)
    later = _outcomes(paths, market, as_of, encoding) if paths else None
    periods = _periods(earlier, market, allow_missing_columns, encoding, progress)
    sections = audit(
        market,
        outcomes=None if later is None else later[0],
        periods=[*periods, *(later[1] if later else ())],
        truth=None if truth is None else _truth(truth, market, encoding),
        seed=seed,
        draws=draws,
        progress=progress,
    )
    text = summary(sections)
    about = {
        "trustscore": __version__,
        "scorecard": market.card.stamp,
        "sha256": market.card.sha256,
        "export": str(export),
        "outcomes": None if not paths else "; ".join(map(str, paths)),
        "earlier": [[day.isoformat(), export, told] for day, export, told in earlier],
        "as_of": None if as_of is None else as_of.isoformat(),
        "seed": seed,
        "draws": draws,
        "merchants": market.rows,
        "rejected": rejected,
        "missing_columns": sorted(market.missing),
    }
    progress("writing results", math.nan)
    with whole_folder(out) as place:
        plotted = _write(place, about, sections, text)
        files = sorted(path.name for path in place.iterdir())
    idle = [name for section in sections for name in section.facts.get("without_effect", ())]
    return AuditReport(sections, text, rejected, files, plotted, idle, market.rows)


def _market(
    export: str | Path,
    scorecard: str | Path | Scorecard,
    allow_missing: bool,
    encoding: str | None,
    progress: Progress,
) -> tuple[Market, int]:
    card = load_scorecard(scorecard)
    parts, rejected, missing = [], 0, frozenset[str]()
    for read in read_blocks(
        export, card, allow_missing_columns=allow_missing, encoding=encoding, progress=progress
    ):
        parts.append(read.block)
        rejected += len(read.rejects)
        missing |= read.missing
    rows = sum(len(part["merchant_id"]) for part in parts)
    if rows < 2:
        raise InputError(
            f"{export}: an audit needs at least 2 merchants that can be scored. Got {rows}, and "
            f"{rejected} rows with faults"
        )
    # A column that only some blocks carry is a text column the scorecard may do without.
    names = [name for name in parts[0] if all(name in part for part in parts)]
    block = {name: np.concatenate([part[name] for part in parts]) for name in names}
    return Market(block, card, missing), rejected


def _outcomes(
    paths: Sequence[str | Path], market: Market, as_of: dt.date | None, encoding: str | None
) -> tuple[Outcomes, list[AuditPeriod]]:
    """Return the outcomes of all periods after the export, added up and by period."""
    found = read_later(paths, as_of=as_of, encoding=encoding)
    whole = ", ".join(map(str, paths))
    try:
        joined = added_up([each for _, each in found]).join(market.ids, whole)
        require_two_classes(joined)
    except InputError as error:
        raise InputError(f"{whole}: {error.summary}") from None
    # A month without any merchant of the export has no row to tell.
    ids = set(market.ids.tolist())
    there = [(name, each) for name, each in found if ids.intersection(each.merchant_id.tolist())]
    return joined, [AuditPeriod(n, market, each.join(market.ids, n)) for n, each in there]


def _periods(
    earlier: Sequence[tuple[dt.date, str, str]],
    market: Market,
    allow_missing: bool,
    encoding: str | None,
    progress: Progress,
) -> list[AuditPeriod]:
    days = [day for day, _, _ in earlier]
    twice = sorted({str(day) for day in days if days.count(day) > 1})
    if twice:
        raise InputError(f"period: {', '.join(twice)} is given more than once")
    found = []
    for day, export, told in sorted(earlier):
        own, _ = _market(export, market.card, allow_missing, encoding, progress)
        if own.missing != market.missing:
            odd = ", ".join(sorted(own.missing ^ market.missing))
            raise InputError(f"{export}: must have the columns of the export. Differ: {odd}")
        known = read_outcomes(told, as_of=day, encoding=encoding)
        found.append(AuditPeriod(str(day), own, known.join(own.ids, told)))
    return found


def _truth(path: str | Path, market: Market, encoding: str | None) -> Truth:
    columns = read_table(
        path, {"true_index": "number"}, ["merchant_id", "kind"], optional=["kind"],
        encoding=encoding,
    ).columns  # fmt: skip
    return join_truth(
        market.ids, columns["merchant_id"], columns["true_index"], columns.get("kind")
    )


def _write(place: Path, about: dict[str, Any], sections: list[Section], text: str) -> bool:
    for section in sections:
        for name, table in section.tables.items():
            write_columns(place / f"{section.name}.{name}.csv", _columns(table))
    whole = {**about, "sections": as_json(sections)}
    _put(place / "audit.json", json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False))
    _put(place / "summary.txt", f"{text}\n")
    try:
        from trustscore.audit.plots import figures

        for name, figure in figures(sections):
            image = io.BytesIO()
            figure.savefig(image, format="png")
            _put(place / f"{name}.png", image.getvalue())
    except ImportError:
        return False
    return True


def _columns(table: Any) -> dict[str, Any]:
    """Return columns as they are written; infinity is a word, as no number stands for it."""
    found: dict[str, Any] = {}
    for name, column in table.items():
        values = np.asarray(column)
        if values.dtype.kind == "f" and np.isinf(values).any():
            cells = np.empty(len(values), dtype=object)
            cells[:] = [
                None if np.isnan(v) else ("inf" if v > 0 else "-inf") if np.isinf(v) else repr(v)
                for v in values.tolist()
            ]
            values = cells
        elif values.dtype.kind == "U":
            values = values.astype(object)
        found[name] = values
    return found


def _put(path: Path, content: str | bytes) -> None:
    with AtomicFile(path) as file:
        file.write(utf8(content) if isinstance(content, str) else content)
        file.commit()
