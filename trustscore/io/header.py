"""The first record: which delimiter, and which column of the file is which of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trustscore.errors import InputError, one_line, plural
from trustscore.io.own_files import own_file
from trustscore.io.text_columns import TEXT
from trustscore.scorecard import Scorecard
from trustscore.scorecard.faults import suggest
from trustscore.scorecard.side_columns import SIDE_COLUMNS, SIDE_NUMERIC

__all__ = ["SIDE", "Columns", "Wanted", "fold", "match", "names_of"]

# Numeric columns that are read when present and never missed.
SIDE = {name: SIDE_COLUMNS[name].check for name in SIDE_NUMERIC}
_DELIMITERS = ",;\t|"


def fold(name: str) -> str:
    r"""Return a column name as people mean it: no case, no spaces, no underscores.

    Examples
    --------
    >>> fold("\ufeff Orders-Paid") == fold("orders_paid")
    True
    """
    return re.sub(r"[\s_\-\ufeff\u200b\xa0]+", "", name).casefold()


@dataclass(frozen=True)
class SideField:
    """A numeric column that no signal needs but the boost or the tiers read."""

    name: str
    check: str
    lo: float | None = None
    hi: float | None = None
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a scorecard wants of a table.

    Attributes
    ----------
    fields : tuple of Field
        The scorecard's own and the optional ones beside them.
    pairs : tuple of (str, str)
    decimal : str
    aliases : dict of str to tuple of str
        Other names of the text columns.
    key : str
        The column that names a row; `Columns.texts` holds it as ``merchant_id``.
    needed : tuple of str
        Text columns that must be there, and are read among those to keep.
    optional : tuple of str
        Text columns that are read among those to keep where they are there.
    cure : str
        What the message about missing columns adds.
    """

    fields: tuple[Any, ...]
    pairs: tuple[tuple[str, str], ...]
    decimal: str
    aliases: dict[str, tuple[str, ...]]
    key: str = "merchant_id"
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    cure: str = (
        "; map other names in the scorecard's [columns],"
        " or allow it (`allow_missing_columns`) where a column was not collected"
    )

    @property
    def texts(self) -> tuple[str, ...]:
        """Columns read as text: side columns, and dates that are counted in days."""
        return (*TEXT, *(field.name for field in self.fields if field.check == "date"))

    @classmethod
    def by(cls, scorecard: Scorecard) -> Wanted:
        """Return what the scorecard wants."""
        fields = tuple(scorecard.fields)
        known = {field.name for field in fields}
        names = scorecard.file.columns
        side = tuple(
            SideField(name, check, aliases=_names(names.get(name)))
            for name, check in SIDE.items()
            if name not in known
        )
        texts = ("merchant_id", *TEXT)
        return cls(
            fields + side,
            tuple((k, n) for k, n in scorecard.pairs),
            scorecard.decimal,
            {name: _names(names.get(name)) for name in texts},
        )


def names_of(wanted: Wanted) -> frozenset[str]:
    """Return the names of all columns that a run would read, as `match` compares them."""
    names = [wanted.key, *TEXT, *wanted.needed, *wanted.optional]
    names += [alias for aliases in wanted.aliases.values() for alias in aliases]
    for field in wanted.fields:
        names += [field.name, *_names(field.aliases)]
    return frozenset(fold(name) for name in names)


def _names(entry: str | Sequence[str] | None) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else tuple(entry or ())


@dataclass(frozen=True)
class Columns:
    """Where the wanted columns stand in a table.

    Attributes
    ----------
    numbers : dict of str to int
    texts : dict of str to int
        ``merchant_id`` among them, and dates.
    keep : dict of str to int
        Columns to pass through, by the name they were asked by.
    missing : frozenset of str
        Required columns that are not there.
    width : int
    """

    numbers: dict[str, int]
    texts: dict[str, int]
    keep: dict[str, int]
    missing: frozenset[str]
    width: int

    def present(self, wanted: Wanted) -> list[str | None]:
        """Return the name of each wanted field, None for one that is not there."""
        there = self.numbers.keys() | self.texts.keys()
        return [field.name if field.name in there else None for field in wanted.fields]


def sniff(line: str) -> str:
    """Return the delimiter of a header line.

    Examples
    --------
    >>> sniff("merchant_id;orders, paid;reviews"), sniff("merchant_id")
    (';', ',')
    """
    bare = re.sub(r'"[^"]*"', "", line)
    return max(_DELIMITERS, key=bare.count)


def match(
    header: Sequence[str],
    wanted: Wanted,
    source: str,
    *,
    keep: Iterable[str] | None = (),
    allow_missing: bool = False,
    id_elsewhere: bool = False,
) -> Columns:
    """Find the wanted columns.

    A column is taken by its own name, else by a name that differs in case, spaces
    or underscores, else by one of the scorecard's ``[columns]`` aliases.

    Parameters
    ----------
    header : sequence of str
    wanted : Wanted
    source : str
        Name of the table, for messages.
    keep : iterable of str or None
        Further columns to find; None for every column there is.
    allow_missing : bool, default=False
        List missing columns instead of raising.
    id_elsewhere : bool, default=False
        Whether the table may do without ``merchant_id``.

    Raises
    ------
    InputError
        For columns that are missing, or there twice.
    """
    exact: dict[str, list[int]] = {}
    folded: dict[str, list[int]] = {}
    for at, name in enumerate(header):
        exact.setdefault(name, []).append(at)
        folded.setdefault(fold(name), []).append(at)
    faults: list[str] = []

    def once(name: str, place: int | None) -> int | None:
        """Fault a wanted column of which another one differs in case, spaces or underscores."""
        if place is not None and len(alike := folded[fold(header[place])]) > 1:
            which = ", ".join(f"{header[at]!r} (column {at + 1})" for at in alike)
            faults.append(f"{name}: is there {len(alike)} times: {which}")
        return place

    def find(name: str, aliases: Sequence[str] = ()) -> int | None:
        for known, key in [(exact, name), (folded, fold(name))] + [
            pair for alias in aliases for pair in ((exact, alias), (folded, fold(alias)))
        ]:
            places = known.get(key)
            if places is None:
                continue
            if len(places) > 1:
                which = ", ".join(f"{header[at]!r} (column {at + 1})" for at in places)
                faults.append(f"{name}: is there {len(places)} times: {which}")
            return places[0]
        return None

    numbers: dict[str, int] = {}
    texts: dict[str, int] = {}
    missing: list[str] = []
    place = once(wanted.key, find(wanted.key, wanted.aliases.get(wanted.key, ())))
    if place is not None:
        texts["merchant_id"] = place
    elif not id_elsewhere:
        faults.append(f"{wanted.key}: no such column{suggest(wanted.key, header)}")
    faults += [
        f"{name}: no such column{suggest(name, header)}"
        for name in wanted.needed
        if find(name) is None
    ]
    for name in TEXT:
        place = once(name, find(name, wanted.aliases.get(name, ())))
        if place is not None:
            texts[name] = place
    for field in wanted.fields:
        if getattr(field, "derived", None) is not None:
            continue
        place = once(field.name, find(field.name, _names(field.aliases)))
        if place is None:
            if field.required:
                missing.append(field.name)
            continue
        (texts if field.check == "date" else numbers)[field.name] = place
    required = [field.name for field in wanted.fields if field.required]
    # Where columns may be missing, an export with a few of them may hold old scores as well.
    absent_at_least = len(required) if allow_missing else len(required) / 2
    taken = {*texts.values(), *numbers.values()}
    free = [name for at, name in enumerate(header) if at not in taken]
    if wanted.cure and required and len(missing) >= absent_at_least:
        _refuse_other_file(header, source)
        if not allow_missing and len(missing) == len(required):
            _refuse_without_columns(free, required, source)
    kept: dict[str, int] = {}
    for name in header if keep is None else keep:
        place = find(name)
        if place is None:
            faults.append(f"{one_line(name)}: no such column to keep{suggest(name, header)}")
        else:
            kept[name] = place
    for name in wanted.optional:
        place = find(name)
        if place is not None:
            kept[name] = place
    if missing and not allow_missing:
        faults += [f"{name}: no such column{suggest(name, free)}" for name in missing]
    # A column that is there twice is met once by its name and once more as one to keep.
    faults = list(dict.fromkeys(faults))
    if faults:
        summary = f"{source}: {plural(len(faults), 'fault')} in the columns"
        if missing and not allow_missing:
            summary += wanted.cure
        raise InputError(summary, faults)
    absent = {*missing}
    derived = {f.name: f.derived for f in wanted.fields if getattr(f, "derived", None) is not None}
    absent.update(name for name, made in derived.items() if absent.intersection(made.columns))
    return Columns(numbers, texts, kept, frozenset(absent), len(header))


def _refuse_other_file(header: Sequence[str], source: str) -> None:
    what = own_file(header)
    if what:
        raise InputError(
            f"{source}: is {what}, not an export of merchants: give the export that it belongs to"
        )


def _refuse_without_columns(free: Sequence[str], required: Sequence[str], source: str) -> None:
    # A list of all of them says nothing, unless names are near.
    if not any(suggest(name, free) for name in required):
        shown = ", ".join(required[:3])
        raise InputError(
            f"{source}: has none of the {len(required)} columns that the scorecard reads, such as"
            f" {shown}: is it an export of merchants? Map other names in the scorecard's [columns]"
        )
