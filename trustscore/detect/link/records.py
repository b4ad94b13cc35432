"""Records as they are compared: forms of their values, and keys of the blocks they are in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from trustscore.detect.link.forms import Forms, name_words, street_keys
from trustscore.detect.link.settings import LinkSpec, shape
from trustscore.typing import Array, IntArray

__all__ = ["HASHED", "Cells", "Records", "Side", "read_records"]

HASHED = "#"
"""What a name or address begins with that is only known hashed: it can be the same, not alike."""
_FIRST = 4

Cells: TypeAlias = Mapping[str, Sequence[str | None]]


class Side(NamedTuple):
    """One list of records.

    Attributes
    ----------
    columns : dict of str to ndarray
        What is compared, by name of the column.
    of, key : ndarray
        Each record, by its number, with each key of a block that it is in.
    rows : int
    """

    columns: dict[str, Array]
    of: IntArray
    key: Array
    rows: int


class Records(NamedTuple):
    """Two lists, or one against itself.

    Attributes
    ----------
    left : Side
    right : Side or None
    """

    left: Side
    right: Side | None


def read_records(
    left: Cells, right: Cells | None, roles: Mapping[str, str], spec: LinkSpec
) -> Records:
    """Return records in the form in which they are compared.

    Parameters
    ----------
    left, right : mapping of str to sequence
        Fields; all of one list have one length. Blank ones say nothing.
    roles : mapping of str to str
        As what each field is compared.
    spec : LinkSpec
    """
    forms = Forms(spec.legal_forms, spec.regions, spec.letters)
    lists = [left] if right is None else [left, right]
    rows = [len(next(iter(cells.values()))) for cells in lists]
    columns: list[dict[str, Array]] = [{} for _ in lists]
    keys: list[list[tuple[int, str]]] = [[] for _ in lists]
    for number, (field, role) in enumerate(roles.items()):
        of = {"name": _names, "address": _addresses}.get(shape(role), _plain)
        read = of([cells[field] for cells in lists], forms, spec)
        for side, (made, blocks) in enumerate(read):
            columns[side] |= {f"{field}{ending}": values for ending, values in made.items()}
            if role != "class":
                keys[side] += [(row, f"{number}:{key}") for row, key in blocks]
    sides = [
        Side(
            made,
            np.array([row for row, _ in blocks], dtype=np.int64),
            _texts([key for _, key in blocks]),
            count,
        )
        for made, blocks, count in zip(columns, keys, rows, strict=True)
    ]
    return Records(sides[0], sides[1] if len(sides) > 1 else None)


_Read: TypeAlias = tuple[dict[str, Array], Iterator[tuple[int, str]]]


def _texts(values: Sequence[str | None]) -> Array:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _plain(lists: list[Sequence[str | None]], forms: Forms, spec: LinkSpec) -> list[_Read]:
    del forms, spec
    return [
        ({"": _texts(cells)}, ((row, cell) for row, cell in enumerate(cells) if cell))
        for cells in lists
    ]


def _names(lists: list[Sequence[str | None]], forms: Forms, spec: LinkSpec) -> list[_Read]:
    made = [
        [cell if cell is None or cell.startswith(HASHED) else forms.name(cell) or None
         for cell in cells]
        for cells in lists
    ]  # fmt: skip
    often: Counter[str] = Counter()
    for names in made:
        for name in names:
            if name and not name.startswith(HASHED):
                often.update(set(name_words(name)))
    out: list[_Read] = []
    for names in made:
        ordered = [
            name if name is None or name.startswith(HASHED) else " ".join(sorted(name.split()))
            for name in names
        ]
        out.append(
            (
                {
                    "": _texts(ordered),
                    "_read": _texts(names),
                    "_numbers": _texts([_digits(name) for name in names]),
                },
                _name_blocks(names, ordered, often, spec.rare_word),
            )
        )
    return out


def _digits(name: str | None) -> str | None:
    return None if name is None else "".join(c for c in name if c.isdigit())


def _name_blocks(
    names: list[str | None], ordered: list[str | None], often: Counter[str], rare: int
) -> Iterator[tuple[int, str]]:
    for row, (name, same) in enumerate(zip(names, ordered, strict=True)):
        if name is None or same is None:
            continue
        yield row, same
        if name.startswith(HASHED):
            continue
        yield row, f"^{name.replace(' ', '')[:_FIRST]}"
        for word in sorted(set(name_words(name))):
            if often[word] <= rare:
                yield row, f"~{word}"


def _addresses(lists: list[Sequence[str | None]], forms: Forms, spec: LinkSpec) -> list[_Read]:
    made = [
        [None if cell is None or cell.startswith(HASHED) else forms.address(cell) for cell in cells]
        for cells in lists
    ]
    # A house of many addresses is a tower or a market hall; the same address twice is one.
    whole = {address.words: address.house for one in made for address in one if address}
    houses = Counter(whole.values())
    out: list[_Read] = []
    for cells, addresses in zip(lists, made, strict=True):
        words = [
            cell if address is None else address.words or None
            for cell, address in zip(cells, addresses, strict=True)
        ]
        busy = np.array(
            [a is not None and houses[a.house] > spec.busy_address for a in addresses], np.bool_
        )
        numbers = [None if a is None else a.numbers for a in addresses]
        out.append(
            (
                {
                    "": _texts(words),
                    "_numbers": _texts(numbers),
                    "_busy": busy,
                },
                (
                    (row, key)
                    for row, (word, address) in enumerate(zip(words, addresses, strict=True))
                    if word
                    for key in (word, *(() if address is None else street_keys(address)))
                ),
            )
        )
    return out
