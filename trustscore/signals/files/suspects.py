"""The export as it would be with the orders counted that were left out as brushing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from trustscore.errors import InputError
from trustscore.io.logs.session import Session, identifier, literal
from trustscore.signals.definitions import Definitions
from trustscore.signals.plan import Plan

__all__ = ["BRUSHING", "bands", "beside", "kept_aside", "with_suspects"]

BRUSHING = "brushing"
"""The exclusion that suspects fall under."""
SHARE = ("brushing_suspect_orders_90d", "orders_paid_all_90d")
_BANDS = ((0.0, "none"), (0.05, "up to 5%"), (0.2, "up to 20%"), (1.0, "more than 20%"))


def beside(out: str) -> str:
    """Return the file of the second export.

    Examples
    --------
    >>> beside("day/export.csv.gz"), beside("export.parquet")
    ('day/export.with_suspects.csv.gz', 'export.with_suspects.parquet')
    """
    path = Path(out)
    stem, _, suffixes = path.name.partition(".")
    return str(path.with_name(f"{stem}.with_suspects.{suffixes}"))


def with_suspects(defs: Definitions) -> Definitions:
    """Return definitions that leave out everything but brushing.

    Raises
    ------
    InputError
        When they do not leave out brushing in the first place.
    """
    rest = {name: text for name, text in defs.file.exclusions.items() if name != BRUSHING}
    if len(rest) == len(defs.file.exclusions):
        raise InputError(
            f"{defs.stamp} leaves out no {BRUSHING} orders, so there is one population only"
        )
    return replace(defs, file=defs.file.model_copy(update={"exclusions": rest}))


def kept_aside(result: Path) -> Path:
    """Copy an export, as the next one takes its place."""
    copy = result.with_name("valid.parquet")
    shutil.copyfile(result, copy)
    return copy


def bands(session: Session, valid: Path, both: Path, plan: Plan) -> list[dict[str, Any]]:
    """Return how figures move where suspects count, by the share of suspects among the orders.

    Returns
    -------
    list of dict
        For each band its merchants and, for every column that differs for any of them, the mean
        over the band without suspects and with them.
    """
    names = [column.name for column in plan.columns if column.type in ("int", "real")]
    if not set(SHARE) <= set(names):
        return []
    suspects, orders = (f"COALESCE(a.{identifier(name)}, 0)" for name in SHARE)
    share = f"CASE WHEN {orders} > 0 THEN {suspects} * 1e0 / {orders} ELSE 0 END"
    steps = [f"WHEN share <= {most} THEN {place}" for place, (most, _) in enumerate(_BANDS[:-1])]
    means = ", ".join(
        f"AVG(a.{identifier(name)}), AVG(b.{identifier(name)}),"
        f" COUNT_IF(a.{identifier(name)} IS DISTINCT FROM b.{identifier(name)})"
        for name in names
    )
    rows = session.rows(
        f"SELECT CASE {' '.join(steps)} ELSE {len(_BANDS) - 1} END AS band, COUNT(*), {means}"
        f" FROM (SELECT a.*, {share} AS share FROM read_parquet({literal(str(valid))}) AS a) AS a"
        f" JOIN read_parquet({literal(str(both))}) AS b USING (merchant_id)"
        " GROUP BY band ORDER BY band"
    )
    found = []
    for band, count, *figures in rows:
        triples = zip(names, figures[::3], figures[1::3], figures[2::3], strict=True)
        moved = {name: [a, b] for name, a, b, differ in triples if differ}
        found.append({"suspects": _BANDS[band][1], "merchants": count, "columns": moved})
    return found
