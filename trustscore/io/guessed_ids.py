"""Ids in a text whose encoding was guessed: another guess would make other merchants of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from trustscore.errors import CellError
from trustscore.io.rejects import REASONS, Reject, raw_of

__all__ = ["refuse_guess", "refuse_guessed_ids"]


def refuse_guess(source: Any, rows: Any) -> Any:
    """Refuse an encoding that was guessed, where ids depend on it.

    Parameters
    ----------
    source : Source
    rows : Rows
        Read from it.

    Returns
    -------
    Rows
        Those of a text of which only few lines are not UTF-8, without these.

    Raises
    ------
    CellError
        When the id of a row holds other letters than ASCII.
    """
    if not source.guessed:
        return rows
    ids = rows.ids.to_pylist()
    found = [row for row, text in enumerate(ids) if not text.isascii()]
    if found and source.rarely:
        message = f"{REASONS['not_utf8']}: give their `encoding`"
        return rows.drop(
            np.array(found),
            [
                Reject(
                    int(rows.lines[row]),
                    ids[row],
                    "merchant_id",
                    ids[row],
                    "not_utf8",
                    message,
                    raw=raw_of(rows.raw(row)),
                    file=rows.file,
                )
                for row in found
            ],
        )
    texts = [(int(rows.lines[row]), ids[row]) for row in found]
    texts += [
        (reject.line, reject.merchant_id)
        for reject in rows.rejects
        if not source.rarely and not (reject.merchant_id or "").isascii()
    ]
    if texts:
        raise _guessed(source, *min(texts))
    return rows


def refuse_guessed_ids(source: Any, lines: Any, ids: Sequence[str]) -> None:
    """Refuse an encoding that was guessed, where ids that do not name the rows depend on it.

    Parameters
    ----------
    source : Source or ParquetSource
        Parquet says its encoding, so that nothing is guessed.
    lines : int array
        Line of each id.
    ids : sequence of str

    Raises
    ------
    CellError
        When an id holds other letters than ASCII.
    """
    if getattr(source, "guessed", False):
        for line, text in zip(lines.tolist(), ids, strict=True):
            if not text.isascii():
                raise _guessed(source, line, text)


def _guessed(source: Any, line: int, text: str) -> CellError:
    begin = f"{source.name}, line {line}: is not UTF-8."
    advice = "give the `encoding`, such as gb18030, cp1252, big5, shift_jis or euc_kr"
    return CellError(
        f"{begin} As {source.encoding} the merchant_id would be {text[:40]!r}, but that is a"
        f" guess: {advice}",
        f"{begin} The merchant_id depends on the encoding: {advice}",
    )
