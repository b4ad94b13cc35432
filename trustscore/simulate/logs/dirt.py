"""Careless logs: cells spelt oddly, and rows that must be rejected or counted apart.

Odd spellings lose nothing, and every faulty row stands beside a sound one, so that the export of
dirty logs is that of clean ones.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from trustscore.logs import LOG_TABLES, LogColumn, LogTable

__all__ = ["Dirt", "soil"]

# Shares of the rows of a table that are spelt oddly, and that have a faulty row beside them.
ODD, FAULTY = 0.02, 0.01
Cells = dict[str, list[str | None]]
# A row by its cells, in the order of the columns.
Row = list[str | None]
Dirt = list[tuple[int, str]]
# Rows that are read and counted, and change no figure.
COUNTED = ("duplicate", "repeated_version", "unknown_merchant", "orphan")
_NOTHING = ("NA", "null", "-", "N/A")


def _faults(column: LogColumn) -> list[tuple[str, str]]:
    """Return cells of a column that must be rejected, each with the reason."""
    if column.type == "id":
        found = [("x" * 200, "text_too_long")]
    elif column.type == "time":
        found = [("soon", "not_a_time"), ("1999-12-31", "out_of_range")]
        found += [("2025-02-30", "not_a_time")]
    elif column.type == "day":
        found = [("someday", "not_a_time")]
    elif column.type == "class":
        found = [("purple", "unknown_class")] if column.classes else []
    elif column.type == "bool":
        found = [("maybe", "not_a_flag")]
    elif column.type == "money":
        found = [("-1", "negative_amount"), ("$5", "other_currency"), ("inf", "infinite")]
    elif column.type in ("int", "num"):
        found = [("many", "not_a_number")]
        found += [("1.5", "not_whole")] if column.type == "int" else []
        found += [("1000000", "out_of_range")] if column.high is not None else []
    else:
        found = []
    return found + ([("", "missing_key")] if column.required else [])


def _odd(cell: str | None, column: LogColumn, at: int) -> str | None:
    """Return a cell in another spelling that means the same."""
    if cell is None:
        return None if column.type == "text" else _NOTHING[at % len(_NOTHING)]
    if column.type == "bool":
        yes = ("yes", "1", "TRUE"), ("no", "0", "FALSE")
        return yes[cell == "false"][at % 3]
    if column.type == "time":
        moment = dt.datetime.fromisoformat(cell)
        if at % 2:
            return str(int(moment.timestamp()))
        return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if column.type == "money" and at % 2:
        return f"¥{cell}"
    return cell if column.type == "text" else f"  {cell} "


def _beside(table: LogTable, names: list[str], row: Row, at: int) -> tuple[Row, str, bool]:
    """Return a row to stand beside a sound one, what must become of it, and whether before it."""
    choices: list[tuple[int, str, str]] = [
        (place, cell, reason)
        for place, name in enumerate(names)
        for cell, reason in _faults(table[name])
    ]
    choices += [(-1, "", name) for name in COUNTED]
    place, cell, expected = choices[at % len(choices)]
    new = list(row)
    if place >= 0:
        new[place] = cell
        return new, expected, False
    if expected == "orphan" and table.name == "shipments":
        # Parcels of unknown orders count nowhere.
        for name in ("order_id", "shipment_id", "waybill_id"):
            new[names.index(name)] = f"lost{at}"
        return new, expected, False
    if expected == "unknown_merchant" and "merchant_id" in table.key and table.name != "merchants":
        new[names.index("merchant_id")] = "nobody"
        return new, expected, False
    if expected == "repeated_version" and table.name == "orders":
        # Another version of the same time: the later line holds.
        new[names.index("freight")] = "77.7"
        return new, expected, True
    return new, "duplicate", False


def soil(
    draw: np.random.Generator, name: str, cells: Cells, first_line: int
) -> tuple[Cells, list[tuple[int, str]]]:
    """Return rows of a log as careless people write them, and where the dirt is.

    Parameters
    ----------
    draw : numpy.random.Generator
    name : str
        The log.
    cells : dict of str to list of str or None
    first_line : int
        Line of the file that the first of these rows takes.
    """
    table, names = LOG_TABLES[name], list(cells)
    rows = len(cells[names[0]])
    odd = draw.random(rows) < ODD
    faulty = draw.random(rows) < FAULTY
    which = draw.integers(0, 10_000_019, rows).tolist()
    found: list[Row] = []
    dirt: Dirt = []
    for at, row in enumerate(zip(*cells.values(), strict=True)):
        sound: Row = list(row)
        if faulty[at]:
            more, expected, before = _beside(table, names, sound, which[at])
            pair = [more, sound] if before else [sound, more]
            dirt.append((first_line + len(found) + (not before), expected))
            found += pair
            continue
        if odd[at]:
            place = which[at] % len(names)
            sound[place] = _odd(sound[place], table[names[place]], which[at] // len(names))
            dirt.append((first_line + len(found), "read"))
        found.append(sound)
    columns = list(zip(*found, strict=True)) if found else [()] * len(names)
    return {key: list(column) for key, column in zip(names, columns, strict=True)}, dirt
