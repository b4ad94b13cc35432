"""The statements of many merchants of an export, one after the other."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from trustscore.errors import ROWS_SHOWN, InputError, at_most, one_line
from trustscore.explain.below import rows_below, tier_place
from trustscore.explain.make_statement import explain
from trustscore.explain.next_tier import TierPlan, next_tier_plan
from trustscore.explain.statement import Statement
from trustscore.io.blocks import read_blocks
from trustscore.io.find_merchant import Found, find_merchants
from trustscore.io.inputs import expand
from trustscore.io.pseudonyms import Pseudonyms
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.merchant_ids import canonical_id
from trustscore.scoring import score_columns
from trustscore.typing import Block, Progress, silent

__all__ = ["Explained", "explain_files"]


class Explained(NamedTuple):
    """What an export says of one merchant.

    Attributes
    ----------
    statement : Statement
    plan : TierPlan or None
        The way to the next tier, where it was asked for.
    missing : frozenset of str
        Columns that were not collected.
    """

    statement: Statement
    plan: TierPlan | None
    missing: frozenset[str]


def explain_files(
    export: str | Path,
    scorecard: str | Path | Scorecard = "default",
    ids: Iterable[str] | str | None = None,
    *,
    all_below: str | None = None,
    plan: bool = False,
    tier: str | None = None,
    allow_missing_columns: bool = False,
    as_of: dt.date | None = None,
    encoding: str | None = None,
    pseudonyms: str | Path | Pseudonyms | None = None,
    left_out: Counter[str] | None = None,
    progress: Progress = silent,
) -> Iterator[Explained]:
    r"""Explain merchants of a file, in one pass over it and in little memory.

    Parameters
    ----------
    export : path
        CSV, JSON Lines, Parquet or Excel, a folder or a pattern of such files, or ``-``.
    scorecard : str, Path or Scorecard, default="default"
    ids : iterable of str, optional
        Merchants to explain, in this order; one that is named twice is explained once.
    all_below : str, optional
        Id of a tier: everybody in a tier below it is explained, in the order of the export.
    plan : bool, default=False
        Find the smallest plan to the next tier of each as well, which takes some .05 s.
    tier : str, optional
        Id of the tier to plan for, instead of the next one.
    allow_missing_columns : bool, default=False
    as_of : date, optional
        Day of the review.
    encoding : str, optional
    pseudonyms : path or Pseudonyms, optional
        File of the key under which merchants are called by pseudonyms, made if it is not there.
        `ids` may be either.
    left_out : Counter, optional
        With `all_below`, takes the number of rows that have faults, by reason.
    progress : Progress, optional

    Yields
    ------
    Explained

    Raises
    ------
    InputError
        Before anything is yielded: when columns are missing, the tier is not there, or some of the
        ids are not in the export or their rows have faults; all of them are named.

    Examples
    --------
    >>> import tempfile
    >>> names = [field.name for field in load_scorecard("minimal").fields]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export = Path(folder, "export.csv")
    ...     rows = [",".join(["merchant_id", *names]), *(f"m{i}" + "," * len(names) for i in "12")]
    ...     _ = export.write_text("\n".join(rows))
    ...     found = [each.statement for each in explain_files(export, "minimal", ["m2", "m1"])]
    >>> [(each.merchant_id, each.status) for each in found]
    [('m2', 'not_scored'), ('m1', 'not_scored')]
    """
    card = load_scorecard(scorecard)
    if (ids is None) == (all_below is None):
        raise InputError("choose merchants by id or by tier: one of both")
    if tier is not None:
        tier_place(card, tier)
    key = None if pseudonyms is None else Pseudonyms.load(pseudonyms)

    def explained(block: Block, missing: frozenset[str]) -> Explained:
        statement = explain(block, card, missing=missing, as_of=as_of)
        way = None
        if plan:
            way = next_tier_plan(block, card, missing=missing, as_of=as_of, tier=tier)
        return Explained(statement, way, missing)

    if ids is not None:
        names = _once([ids] if isinstance(ids, str) else [str(each) for each in ids], key)
        found = find_merchants(
            export,
            card,
            names,
            allow_missing=allow_missing_columns,
            encoding=encoding,
            pseudonyms=key,
            progress=progress,
        )
        _refuse_absent(export, names, found, key)
        for at, each in enumerate(found):
            progress("explaining", at / len(found))
            assert each.block is not None
            yield explained(each.block, each.missing)
        return
    assert all_below is not None
    place = tier_place(card, all_below)
    for part in read_blocks(
        export,
        card,
        allow_missing_columns=allow_missing_columns,
        encoding=encoding,
        pseudonyms=key,
        progress=progress,
    ):
        if left_out is not None:
            left_out.update(reject.reason for reject in part.rejects)
        scores = score_columns(part.block, card, missing=part.missing, as_of=as_of)
        for row in np.flatnonzero(rows_below(scores, place)).tolist():
            single = {name: values[row : row + 1] for name, values in part.block.items()}
            yield explained(single, part.missing)


def _once(ids: list[str], key: Pseudonyms | None) -> list[str]:
    """Return ids without those that name a merchant again, in whatever spelling."""
    first: dict[str, str] = {}
    for each in ids:
        first.setdefault(canonical_id(each)[0] if key is None else key.of(each), each)
    return list(first.values())


def _refuse_absent(
    export: str | Path, names: list[str], found: list[Found], key: Pseudonyms | None
) -> None:
    """Raise InputError that names all merchants without a row that can be explained."""
    several = len(expand([str(export)])) > 1
    faulty, absent = [], []
    for given, each in zip(names, found, strict=True):
        name = given if key is None else key.of(given)
        if (reject := each.reject) is not None:
            file = f"{reject.file}, " if several and reject.file else ""
            where = f"{file}line {reject.line}, {reject.column}: {reject.message}"
            # Under a key the value is blank: the row may hold anything.
            got = "" if key else f". Got {reject.value!r}"
            faulty.append((one_line(name), f"{where}{got}"))
        elif each.block is None:
            near = f", did you mean {' or '.join(map(one_line, each.near))}?" if each.near else ""
            absent.append(f"no merchant {name!r}{near}")
    count = len(faulty) + len(absent)
    if not count:
        return
    if len(names) == 1:
        [said] = [f"{name} is not scored: {export}, {why}" for name, why in faulty] or [
            f"{export}: {each}" for each in absent
        ]
        raise InputError(said)
    raise InputError(
        f"{export}: {count:,} of {len(names):,} merchants cannot be explained",
        [
            *at_most(absent, most=ROWS_SHOWN, what="that are not there"),
            *at_most(
                [f"{name} is not scored: {why}" for name, why in faulty],
                most=ROWS_SHOWN,
                what="whose rows have faults",
            ),
        ],
    )
