"""The evaluation of a boost in files: candidates, scores and labels in, figures out."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trustscore import __version__
from trustscore.atomic_file import utf8
from trustscore.boost import BoostPolicy, TrustTable
from trustscore.boost.files.candidates import (
    check_scored,
    endless,
    lists_of,
    read_candidates,
    read_scores,
)
from trustscore.errors import InputError, at_most
from trustscore.evaluation import Evaluation, Figure, Point, Verdict, evaluate, verdict
from trustscore.evaluation.plots import pareto_png
from trustscore.io.atomic_files import write_tables
from trustscore.io.atomic_folder import open_folder
from trustscore.io.refuse_overwrite import refuse_inputs
from trustscore.io.whole_table import Table, read_table
from trustscore.run_summary import RunSummary
from trustscore.scorecard.faults import suggest
from trustscore.typing import Array, Progress, silent

__all__ = ["EvaluationReport", "evaluate_files", "read_labels"]

METRICS_JSON, METRICS_CSV, PARETO_CSV, PARETO_PNG = (
    "metrics.json",
    "metrics.csv",
    "pareto.csv",
    "pareto.png",
)
# Significant digits of a figure; further ones are rounding and differ between machines.
_DIGITS = 10


class EvaluationReport(NamedTuple):
    """The results of a run.

    Attributes
    ----------
    evaluation : Evaluation
    verdict : Verdict
    written : list of Path
    notes : list of str
        What could not be done, and why.
    """

    evaluation: Evaluation
    verdict: Verdict
    written: list[Path]
    notes: list[str]

    @property
    def summary(self) -> RunSummary:
        """What was measured, at a glance."""
        facts = self.evaluation.facts
        names = {"candidates": "candidates_measured", "lists": "lists_measured"}
        counts = {name: int(facts[of]) for name, of in names.items()}
        counts["merchants"] = int(facts["merchants"])
        return RunSummary("boost-eval", counts, files=tuple(map(str, self.written)))


def read_labels(path: str | Path, asked: Table, *, encoding: str | None = None) -> Array:
    """Read labels and return one for each candidate, NaN for a candidate without one.

    Parameters
    ----------
    path : path
        ``query_id, item_id, label``, the label at least 0.
    asked : Table
        The candidates.
    encoding : str, optional

    Raises
    ------
    InputError
        When a label is blank or repeated, or names no candidate; all faults are listed.
    """
    table = read_table(path, {"label": "nonnegative"}, ("item_id", "query_id"), encoding=encoding)
    columns = table.columns
    queries = asked.columns["query_id"].tolist()
    rows = {
        pair: row for row, pair in enumerate(zip(queries, asked.columns["item_id"], strict=True))
    }
    known = set(queries)
    label = np.full(len(queries), np.nan)
    seen: dict[tuple[str, str], int] = {}
    faults = []
    for at, (query, item, value) in enumerate(
        zip(columns["query_id"], columns["item_id"], columns["label"].tolist(), strict=True)
    ):
        row = rows.get((query, item))
        if math.isnan(value):
            faults.append(f"{table.at(at)}, label: is blank")
        elif row is None:
            what = f"item {item!r} of query {query!r}" if query in known else f"query {query!r}"
            faults.append(f"{table.at(at)}: {what} is no candidate; leave the row out")
        elif (query, item) in seen:
            before = table.at(seen[query, item])
            faults.append(f"{table.at(at)}: item {item!r} of query {query!r} again, see {before}")
        else:
            label[row] = value
            seen[query, item] = at
    if faults:
        raise InputError(f"{path}: these labels cannot be used", at_most(faults, what="rows"))
    return label


def read_volumes(path: str | Path, column: str, *, encoding: str | None = None) -> Array:
    """Read the volume of each merchant of a score file.

    Raises
    ------
    InputError
        When there is no such column.
    """
    try:
        found = read_table(path, {column: "nonnegative"}, ("merchant_id",), encoding=encoding)
    except InputError as error:
        names = read_table(path, {}, ("merchant_id",), rest=True, encoding=encoding).columns
        if column in names:
            raise
        near = suggest(column, names) or "."
        raise InputError(
            f"{path}: no column {column}{near} A column of the export must be in `keep` when the"
            " export is scored"
        ) from error
    volumes: Array = found.columns[column]
    return volumes


def evaluate_files(
    candidates: str | Path,
    scores: str | Path,
    folder: str | Path,
    *,
    labels: str | Path | None = None,
    volume: str | None = None,
    policy: str | Path | BoostPolicy = "boost",
    ks: Sequence[int] = (5, 10, 20),
    eps: float = 0.01,
    position: str = "log2",
    draws: int = 1000,
    seed: int = 1,
    today: dt.date | None = None,
    scored_on: dt.date | None = None,
    encoding: str | None = None,
    progress: Progress = silent,
) -> EvaluationReport:
    r"""Evaluate a boost policy on lists and write the figures.

    Parameters
    ----------
    candidates : path
        ``query_id, item_id, merchant_id, relevance``, and perhaps ``query_kind``.
    scores : path
        What ``trustscore score`` wrote.
    folder : path
        Made when it does not exist. ``metrics.csv``, ``pareto.csv``, ``pareto.png`` (with
        matplotlib) and ``metrics.json`` are written into it: all of them, or none.
    labels : path, optional
        See :func:`read_labels`.
    volume : str, optional
        Column of `scores` with the merchants' volume; exposure is then also reported by tenths.
    policy, ks, eps, position, draws, seed
        See :func:`trustscore.evaluation.evaluate`.
    today, scored_on : date, optional
        As for :func:`trustscore.boost.files.candidates.boost_files`: which scores have expired.
    encoding : str, optional
        Encoding of candidates and labels.
    progress : Progress, optional
        Told which step is being done, and how much of it is done.

    Returns
    -------
    EvaluationReport

    Raises
    ------
    InputError
        When a table has faults, or holds nothing to measure.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lists, scores = Path(folder, "candidates.csv"), Path(folder, "scores.csv")
    ...     _ = lists.write_text(
    ...         "query_id,item_id,merchant_id,relevance\nq,i1,a,0.5\nq,i2,b,0.49\n"
    ...     )
    ...     _ = scores.write_text(
    ...         "merchant_id,trust_index,index_se,prior_index,coverage,veto\n"
    ...         "a,50,3,71,0.9,\nb,90,3,71,0.9,\n"
    ...     )
    ...     done = evaluate_files(lists, scores, Path(folder, "eval"), draws=50)
    ...     round(done.evaluation.figure("boost", "score_ndcg").value, 4)
    0.9954
    """
    out = Path(folder)
    names = (METRICS_JSON, METRICS_CSV, PARETO_CSV, PARETO_PNG)
    refuse_inputs([out / name for name in names], [candidates, scores, labels, policy])
    rule = BoostPolicy.load(policy)
    asked = read_candidates(candidates, encoding=encoding, progress=progress)
    known = read_scores(scores, progress=progress)
    joined = check_scored(asked, known)
    table = TrustTable.build(known.columns, rule, scored_on, known.lines)
    found = evaluate(
        lists_of(asked),
        table,
        rule,
        labels=None if labels is None else read_labels(labels, asked, encoding=encoding),
        volumes=None if volume is None else read_volumes(scores, volume),
        ks=ks,
        eps=eps,
        position=position,
        draws=draws,
        seed=seed,
        today=today,
        progress=progress,
    )
    said = verdict(found)
    progress("writing", math.nan)
    notes = []
    if today is not None and (count := endless(table, rule)):
        notes.append(
            f"{count:,} merchants cannot expire: no day of their scores is known. Give"
            " `scored_on`, or keep a column scored_on in the scores"
        )
    files: dict[str, Mapping[str, Any] | bytes] = {
        METRICS_CSV: _columns(found.figures, Figure._fields),
        PARETO_CSV: _columns(found.points, Point._fields),
    }
    try:
        files[PARETO_PNG] = pareto_png(found)
    except ImportError as error:
        notes.append(f"{PARETO_PNG} was not drawn: {error}. Install matplotlib")
    how = {"position": position, "draws": draws, "seed": seed}
    days = {
        name: None if day is None else day.isoformat()
        for name, day in (("today", today), ("scored_on", scored_on))
    }
    inputs = {
        "candidates": str(candidates),
        "scores": str(scores),
        "labels": None if labels is None else str(labels),
        "volume": volume,
    }
    warnings = [joined] if joined else []
    document = {"inputs": inputs, "warnings": warnings, **how, **days, **_document(found, said)}
    document = _as_json(document)
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    files[METRICS_JSON] = utf8(f"{text}\n")
    with open_folder(out):
        # A plot of an earlier run would show other figures than the tables beside it.
        stale = () if PARETO_PNG in files else (out / PARETO_PNG,)
        write_tables({out / name: content for name, content in files.items()}, remove=stale)
    return EvaluationReport(found, said, [out / name for name in files], notes)


def _document(found: Evaluation, said: Verdict) -> dict[str, Any]:
    methods: dict[str, Any] = {}
    for figure in found.figures:
        of_method = methods.setdefault(figure.method, {})
        name = figure.metric + (f"@{figure.k}" if figure.k else "")
        numbers = figure._asdict()
        for key in ("method", "metric", "group", "k"):
            del numbers[key]
        if figure.group:
            of_method.setdefault(name, {})[figure.group] = numbers
        else:
            of_method[name] = numbers
    return {
        "trustscore": __version__,
        "policy": found.policy.stamp,
        "form": found.policy.form,
        "beta": found.policy.beta,
        "most_beta": found.policy.most_beta,
        "bound": found.policy.bound if found.policy.form == "multiplicative" else None,
        "k": list(found.ks),
        "main_k": found.main_k,
        "eps": found.eps,
        "facts": found.facts,
        "vetoes": found.vetoes,
        "guaranteed_beta": found.guaranteed,
        "calibrated": vars(found.calibrated),
        "knee_beta": next(point.setting for point in found.points if point.knee),
        "baseline_settings": found.settings,
        "loss_at_equal_exposure": found.equal_exposure,
        "loss_at_equal_trust": found.equal_trust,
        "methods": methods,
        "verdict": said._asdict(),
    }


def _as_json(value: Any) -> Any:
    """Return a value as JSON has it: NaN and infinity as null, floats rounded."""
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    return value


def _columns(rows: Iterable[tuple[Any, ...]], names: Sequence[str]) -> dict[str, list[Any]]:
    values = [[_as_json(value) for value in column] for column in zip(*rows, strict=True)]
    return {
        name: [math.nan if cell is None else cell for cell in column]
        for name, column in zip(names, values, strict=True)
    }
