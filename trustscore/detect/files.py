"""Logs in, findings out: the store, the views of a detector, the tables and the manifest."""

from __future__ import annotations

import datetime as dt
import json
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from trustscore import __version__
from trustscore.atomic_file import utf8
from trustscore.detect.counterfeit.brands import Brands, load_brands
from trustscore.detect.findings import (
    COLUMNS,
    Cut,
    Found,
    finding_rows,
    queue_rows,
    verdicts,
)
from trustscore.detect.registry import DETECTORS, Detector
from trustscore.detect.settings import DetectSettings, load_settings
from trustscore.detect.truth import Measured, measure
from trustscore.detect.withdrawn import withdraw
from trustscore.errors import InputError, suggest
from trustscore.io.atomic_files import (
    AtomicFile,
    Sink,
    add_arrays,
    as_array,
    commit_together,
    is_plain,
    open_sink,
    suffix_fault,
)
from trustscore.io.logs.identity import normal_identity
from trustscore.io.logs.mapping import load_mapping
from trustscore.io.logs.pepper import Pepper
from trustscore.io.logs.rows import stored_columns
from trustscore.io.logs.runner import open_bucket, sql_types
from trustscore.io.logs.session import Session, identifier
from trustscore.io.logs.texts import PRIVATE_TEXTS, ReadAgain, texts_at
from trustscore.io.refuse_overwrite import outputs_of_one_name, refuse_inputs
from trustscore.lexicon import load_lexicon, snippet
from trustscore.logs import LOG_TABLES
from trustscore.run_summary import Breakdown, RunSummary
from trustscore.signals.coverage import share_warnings
from trustscore.signals.definitions import Definitions, load_definitions
from trustscore.signals.files.facts import summary_of_logs, table_facts
from trustscore.signals.files.opening import Opened, covers_or_refuse, open_logs
from trustscore.signals.files.write import write_rejects
from trustscore.signals.visible import visible_sql
from trustscore.typing import FilePath, Progress, silent

__all__ = ["DetectReport", "open_views", "write_findings"]

_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class DetectReport:
    """What a run did.

    Attributes
    ----------
    manifest : dict
    rejects : str or None
        The file of rejected rows, if there are any.
    truth : dict of str to list of Measured
        By topic how often the findings are right, where the truth was given.
    said : list of str
        What a plan says beside its rows.
    """

    manifest: dict[str, Any]
    rejects: str | None
    truth: dict[str, list[Measured]]
    said: list[str]

    @property
    def summary(self) -> RunSummary:
        """What a run did, at a glance."""
        topics = self.manifest["findings"]
        withdrawn = sum(self.manifest["withdrawn"].values())
        counts = {"findings": sum(topics.values()), "withdrawn": withdrawn}
        return summary_of_logs(
            "detect", self.manifest, counts, self.rejects, Breakdown("topic", topics)
        )


def write_findings(
    name: str,
    logs: FilePath,
    out: FilePath,
    *,
    as_of: dt.date,
    queue: FilePath | None = None,
    settings: str | Path | DetectSettings = "default",
    definitions: str | Path | Definitions = "default",
    tz: str | None = None,
    mapping: FilePath | None = None,
    lexicon: FilePath | None = None,
    work: FilePath | None = None,
    pepper: FilePath | None = None,
    memory: str | None = None,
    jobs: int = 1,
    strict: bool = False,
    rejects: FilePath | None = None,
    manifest: FilePath | None = None,
    allow_short_logs: bool = False,
    truth: FilePath | None = None,
    brands: FilePath | Brands | None = None,
    budget: int | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> DetectReport:
    """Write what a detector finds in a folder of logs.

    Parameters
    ----------
    name : str
        Of the detector.
    logs : path
        A folder with ``orders.csv``, ``live_votes/*.parquet`` and so on.
    out : path
        A file of the log `findings`: ``.csv``, ``.csv.gz``, ``.parquet`` or ``.xlsx``; ``-`` is CSV
        on standard output.
    as_of : date
        Nothing that happened on this day or later exists.
    queue : path, optional
        Also write what people should look at, most likely first.
    settings : str, Path or DetectSettings, default="default"
    definitions : str, Path or Definitions, default="default"
        Zone and currency of the market are read, and with `truth` the policy.
    tz, mapping, lexicon, work, pepper, memory, jobs
        As for `trustscore.signals.files.write_signals`.
    strict, rejects, manifest, allow_short_logs, progress
        As for `trustscore.signals.files.write_signals`.
    truth : path, optional
        Folder of what is true, such as `write_logs` of `trustscore.simulate.logs` makes it: the
        manifest then says how often the findings are right.
    brands : path or Brands, optional
        The brands that `counterfeit` looks for.
    budget, seed : int, optional
        Orders of the plan of `inspections`, and the seed of its draw, instead of the settings'.

    Returns
    -------
    DetectReport

    Raises
    ------
    InputError
        When there is no such detector, its logs are not there, or logs, mapping or settings
        cannot be used; `LogStop` for the first rejected row when `strict`.
    """
    clock, target = time.perf_counter(), str(out)
    detector = _detector(name)
    protected = _brands(detector, brands)
    _refuse_needless(detector, queue=queue, truth=truth, budget=budget, seed=seed)
    aside = is_plain(target)
    rejects_path = str(rejects) if rejects is not None else f"{target}.rejects.csv"
    manifest_path = str(manifest) if manifest is not None else f"{target}.manifest.json"
    outputs = {"output": target, "queue": queue}
    if aside or rejects is not None:
        outputs["rejects"] = rejects_path
    _refuse_outputs({**outputs, "manifest": manifest_path if aside or manifest else None})
    refuse_inputs(
        [target, rejects_path, manifest_path, *([] if queue is None else [queue])],
        [
            *(path for path in (brands,) if not isinstance(path, Brands)),
            *(mapping, lexicon, pepper, settings, definitions, *_files(logs, truth)),
        ],
    )
    chosen, defs = load_settings(settings), load_definitions(definitions)
    task = {name: n for name, n in (("budget", budget), ("seed", seed)) if n is not None}
    own = chosen.inspections.model_copy(update=task)
    chosen = chosen.model_copy(update={"brands": protected, "inspections": own})
    # A scorecard that the settings name is an input as well.
    refuse_inputs([target, manifest_path], [own.scorecard] if detector.plans else [])
    if detector.plans and own.budget is None:
        raise InputError(f"detector {name} needs `budget`: how many orders can be inspected?")
    with (
        open_logs(
            logs,
            defs,
            tz=tz,
            mapping=mapping,
            lexicon=lexicon,
            work=work,
            pepper=pepper,
            memory=memory,
            jobs=jobs,
            strict=strict,
            progress=progress,
        ) as opened,
        ExitStack() as stack,
    ):
        _refuse_missing(detector, opened, logs)
        covers_or_refuse(logs, opened, as_of, allow_short_logs)
        cut = Cut(as_of, opened.market.zone)
        open_views(opened, cut)
        progress(f"detecting {name}", 0.0)
        read = ReadAgain(opened.session, logs, opened.store, load_mapping(mapping))
        found = detector.run(read, _stored(chosen, opened.pepper), cut)
        source = chosen.stamp(name, detector.sections)
        rows = finding_rows(found.findings, name, source, cut)
        facts = _facts(detector, source, cut, opened, found)
        right: dict[str, list[Measured]] = {}
        if truth is not None:
            known = (truth, opened.session, chosen, cut, defs.file.policy, found.ranks)
            right = measure(detector.topics, rows, *known)
            facts["truth"] = {
                topic: [part.facts() for part in parts] for topic, parts in right.items()
            }
        taken = withdraw(opened.session, name, detector.topics, found, rows, source, cut)
        facts["withdrawn"] = taken.topics
        facts["warnings"] += taken.warnings
        written = {column: [*rows[column], *taken.rows[column]] for column in COLUMNS}
        written = written if found.plan is None else found.plan
        sinks = [_table(target, tuple(written), written, stack, hold=strict)]
        if queue is not None:
            decided = verdicts(opened.session, *detector.topics)
            shown = _snippets(found, opened, logs, mapping, lexicon)
            left = queue_rows(rows, found.findings, decided, shown)
            facts["queue"] = len(left["finding_id"])
            sinks.append(_table(str(queue), tuple(left), left, stack))
        bad = write_rejects(opened.logs, rejects_path, rejects is not None, aside, stack)
        if bad is not None:
            sinks.insert(0, bad)
        for sink in sinks:
            sink.finish()
        facts["outputs"] = {sink.file.path: sink.file.facts for sink in sinks}
        facts["seconds"] = round(time.perf_counter() - clock, 3)
        files = [sink.file for sink in sinks]
        if aside or manifest is not None:
            note = stack.enter_context(AtomicFile(manifest_path))
            note.write(utf8(json.dumps(facts, indent=2, ensure_ascii=False) + "\n"))
            files.insert(0, note)
        progress(f"detecting {name}", 1.0)
        commit_together(files, remove=[rejects_path] if aside and bad is None else [])
    return DetectReport(facts, bad.file.path if bad is not None else None, right, found.said)


def _brands(detector: Detector, brands: FilePath | Brands | None) -> Brands | None:
    """Return the brands of a detector that needs some."""
    if detector.brands and brands is None:
        raise InputError(
            f"detector {detector.name} needs the brands: give `brands`, a .toml, .json or .csv file"
        )
    if brands is not None and not detector.brands:
        raise InputError(f"detector {detector.name} has no use for `brands`")
    return brands if brands is None or isinstance(brands, Brands) else load_brands(brands)


def _refuse_needless(detector: Detector, **given: Any) -> None:
    """Raise for what a detector has no use for: nothing is left aside in silence."""
    needless = ("queue", "truth") if detector.plans else ("budget", "seed")
    faults = [f"`{name}`" for name in needless if given[name] is not None]
    if faults:
        raise InputError(f"detector {detector.name} has no use for {' and '.join(faults)}")


def _snippets(
    found: Found,
    opened: Opened,
    logs: FilePath,
    mapping: FilePath | None,
    lexicon: FilePath | None,
) -> dict[tuple[str, str, str, str], str] | None:
    """Return a few masked words of each finding that rests on a text, read again for this."""
    resting = {one.key: one.place for one in found.findings if one.place is not None}
    if not resting:
        return None
    wanted: dict[str, set[tuple[int, int]]] = {}
    for place in resting.values():
        wanted.setdefault(place.table, set()).add((place.file, place.line))
    texts = texts_at(logs, opened.store, opened.session, load_mapping(mapping), wanted)
    words = load_lexicon(lexicon)
    out = {}
    for key, place in resting.items():
        text = texts.get((place.table, place.file, place.line), "")
        out[key] = snippet(text, place.hit, words.hits(text)) if text else ""
    return out


def _detector(name: str) -> Detector:
    if name not in DETECTORS:
        raise InputError(
            f"no detector {name!r}{suggest(name, DETECTORS)} (detectors: {', '.join(DETECTORS)})"
        )
    return DETECTORS[name]


def _refuse_outputs(outputs: dict[str, Any]) -> None:
    """Raise for names that no table can have, and for two outputs of one name."""
    given = {what: str(path) for what, path in outputs.items() if path is not None}
    faults = [
        f"{what} {path}: {fault}"
        for what, path in given.items()
        if what != "manifest" and (fault := suffix_fault(path))
    ]
    faults += outputs_of_one_name(given.values())
    if faults:
        raise InputError("these outputs cannot be written", faults)


def _stored(settings: DetectSettings, pepper: Pepper) -> DetectSettings:
    """Return settings whose ids of places are as the store holds them."""
    return settings.under(lambda text: pepper.pseudonym(normal_identity("address", text) or text))


def _files(*folders: FilePath | None) -> list[Path]:
    return [path for folder in folders if folder is not None for path in Path(folder).rglob("*")]


def _refuse_missing(detector: Detector, opened: Opened, logs: FilePath) -> None:
    absent = [table for table in detector.needed if table not in opened.logs.parts]
    if absent:
        raise InputError(
            f"{logs}: detector {detector.name} needs the {'log' if len(absent) == 1 else 'logs'}"
            f" {', '.join(absent)}"
        )
    if detector.one_of and not set(detector.one_of) & set(opened.logs.parts):
        raise InputError(
            f"{logs}: detector {detector.name} needs the log {' or '.join(detector.one_of)}"
        )


def open_views(opened: Opened, cut: Cut) -> None:
    """Make the views that detectors read: see `trustscore.detect.findings.Relations`."""
    session, found = opened.session, opened.logs
    open_bucket(session, found, range(found.buckets), "read_")
    day = (cut.day - _EPOCH).days
    for name, table in LOG_TABLES.items():
        everything = stored_columns(table, frozenset(column.name for column in table.columns))
        types = sql_types(everything)
        have = found.types(name) if name in found.parts else {}
        columns = [
            identifier(column)
            if column in have
            else f"CAST(NULL AS {kind}) AS {identifier(column)}"
            for column, kind in types.items()
            if column != "_line"
        ]
        known = [column for column in have if column != "_line"]
        if name in PRIVATE_TEXTS or any(column.claims for column in table.columns):
            # Where a text can be read again.
            lines = ("_file", "_line")
            columns += [*lines] if known else [f"CAST(NULL AS BIGINT) AS {name}" for name in lines]
            known += lines if known else []
        # An empty folder is a log without a file, and so without columns.
        if known:
            unique = name in opened.census.unique(found)
            rows = visible_sql(name, f"read_{name}", known, known, cut.at, day, unique=unique)
            _view(session, name, f"SELECT {', '.join(columns)} FROM ({rows})")
        else:
            _view(session, name, f"SELECT {', '.join(columns)} LIMIT 0")


def _view(session: Session, name: str, sql: str) -> None:
    session.run(f"CREATE TEMP VIEW {identifier(name)} AS {sql}")


def _table(
    path: str, names: tuple[str, ...], rows: dict[str, list[Any]], stack: ExitStack, **how: Any
) -> Sink:
    """Open a table and write its rows."""
    numbers = ("score", "suspicion", "propensity", "expected_fail_rate", "chance_above_line")
    types = {name: pa.float64() if name in numbers else pa.string() for name in names}
    sink = open_sink(path, types, **how)
    stack.enter_context(sink.file)
    add_arrays(
        sink,
        {
            name: pa.array(rows[name], kind)
            if kind == pa.float64()
            else as_array([*rows[name], None])[:-1]
            for name, kind in types.items()
        },
    )
    return sink


def _facts(
    detector: Detector, source: str, cut: Cut, opened: Opened, found: Found
) -> dict[str, Any]:
    """Return what the manifest says of a run."""
    logs, read = opened.logs, (*detector.needed, *detector.one_of, *detector.optional)
    tables = {table: table_facts(logs, table) for table in logs.parts}
    warnings = list(found.warnings)
    for table, entry in tables.items():
        entry["too_many"] = opened.census.left_out(table)
        warnings += share_warnings(table, entry, logs.tally(table).days)
    topics = dict.fromkeys(detector.topics, 0)
    for finding in found.findings:
        topics[finding.topic] += 1
    return {
        "program": "trustscore",
        "version": __version__,
        "as_of": cut.day.isoformat(),
        "zone": cut.zone.key,
        "detector": source,
        "lexicon": opened.lexicon,
        "engine": f"duckdb {opened.session.version}",
        "rows": {
            "read": sum(entry["read"] for entry in tables.values()),
            "rejected": sum(sum(entry["rejected"].values()) for entry in tables.values()),
        },
        "tables": tables,
        "not_collected_tables": [name for name in read if name not in logs.parts],
        "findings": topics,
        "facts": found.facts,
        "warnings": warnings,
    }
