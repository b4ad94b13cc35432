"""Frames of records in, probable pairs of one holder out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import pandas as pd

from trustscore.detect.link.model import link_cells
from trustscore.detect.link.settings import LEVELS, Role, shape
from trustscore.detect.settings import DetectSettings, load_settings
from trustscore.errors import InputError, suggest
from trustscore.io.logs.identity import normal_identity

__all__ = ["link_records"]


def link_records(
    left: pd.DataFrame,
    right: pd.DataFrame | None = None,
    *,
    fields: Mapping[str, str],
    one_to_one: bool | None = None,
    who: Mapping[str, str] | None = None,
    least: float = 0.5,
    settings: str | DetectSettings = "default",
) -> pd.DataFrame:
    """Find pairs of records that are probably of one holder, without being told of any.

    The model is that of Fellegi and Sunter, with term frequencies, by the package splink (extra
    ``link``). How alike strangers are is learnt from random pairs, how alike true pairs are from
    the pairs themselves. A missing value says nothing. The order of rows does not matter.

    Parameters
    ----------
    left : DataFrame
    right : DataFrame, optional
        The other list. Without it, pairs within `left` are looked for.
    fields : mapping of str to str
        What each column is: ``name`` and ``address`` may be alike; ``phone``, ``email`` and
        ``key``, such as a number of a register, are the same or not; so are values of a ``class``,
        such as a country, but nobody is compared because of one.
    one_to_one : bool, optional
        Whether each record has one other at most; by default as the settings say.
    who : mapping of str to str, optional
        Columns that say who somebody is, with how alike one of them has to be (``same``, or
        ``close`` or ``like`` of names and addresses): other pairs score ``household`` of the
        settings at most.
    least : float, default=0.5
        Probability from which on a pair is returned.
    settings : str or DetectSettings, default="default"
        Its table ``[link]`` is read.

    Returns
    -------
    DataFrame
        One row a pair, likeliest first: ``left`` and ``right``, labels of the index;
        ``probability``; and for each field ``FIELD_level``, how alike, and ``FIELD_weight``, what
        that says in bits, above 0 for the pair and below against it. In ``attrs``: ``prior`` and
        ``learnt``, the shares of true pairs by level.

    Raises
    ------
    InputError
        When columns are not there or an index has a label twice, with all of them; or without
        splink.

    Examples
    --------
    >>> shops = pd.DataFrame({"name": ["Blue Whale Ltd"], "phone": ["138-0013-8001"]}, ["z1"])
    >>> new = pd.DataFrame({"name": ["blue whale", "Acme"], "phone": ["13800138001", None]})
    >>> fields = {"name": "name", "phone": "phone"}
    >>> found = link_records(new, shops, fields=fields, least=0)  # doctest: +SKIP
    >>> found[["left", "right", "name_level"]].values.tolist()  # doctest: +SKIP
    [[0, 'z1', 'same']]
    """
    lists = {"left": left} if right is None else {"left": left, "right": right}
    _refuse(lists, fields, who or {})
    spec = load_settings(settings).link
    if one_to_one is not None:
        spec = spec.model_copy(update={"one_to_one": one_to_one})
    ordered = {name: _ordered(frame, fields) for name, frame in lists.items()}
    cells = {
        name: {field: _cells(frame[field], role) for field, role in fields.items()}
        for name, frame in ordered.items()
    }
    links = link_cells(cells["left"], cells.get("right"), fields, spec, who=who)
    links = links.only(links.probability >= least)
    total = links.weights.sum(axis=1)
    links = links.only(np.lexsort((links.right, links.left, -total, -links.probability)))
    other = ordered["left" if right is None else "right"]
    out: dict[str, Any] = {
        "left": ordered["left"].index.take(links.left),
        "right": other.index.take(links.right),
        "probability": links.probability,
    }
    for place, (field, role) in enumerate(fields.items()):
        words = np.array([*LEVELS[shape(role)], "missing"], dtype=object)
        out[f"{field}_level"] = words[links.levels[:, place]]
        out[f"{field}_weight"] = links.weights[:, place]
    found = pd.DataFrame(out)
    found.attrs = {"prior": links.prior, "learnt": links.learnt}
    return found


def _refuse(
    lists: Mapping[str, pd.DataFrame], fields: Mapping[str, str], who: Mapping[str, str]
) -> None:
    roles = get_args(Role)
    faults = [] if fields else ["fields: names no column"]
    faults += [
        f"fields: {field} must be one of {', '.join(roles)}. Got {role!r}"
        for field, role in fields.items()
        if role not in roles
    ]
    for name, frame in lists.items():
        faults += [
            f"{name}: no column {field}{suggest(field, list(map(str, frame.columns)))}"
            for field in fields
            if field not in frame.columns
        ]
        if not frame.columns.is_unique:
            faults.append(f"{name}: has columns of one name")
        if not frame.index.is_unique:
            faults.append(f"{name}: has labels of its index twice")
    for field, level in who.items():
        if field not in fields:
            faults.append(f"who: {field} is no field{suggest(field, fields)}")
        elif fields[field] in roles and level not in LEVELS[shape(fields[field])][1:]:
            allowed = ", ".join(LEVELS[shape(fields[field])][1:])
            faults.append(f"who: {field} must be one of {allowed}. Got {level!r}")
    if faults:
        raise InputError("these records cannot be linked", faults)


def _ordered(frame: pd.DataFrame, fields: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows in an order of their own, so that the one they came in does not matter."""
    keys = pd.Series([(type(label).__name__, str(label)) for label in frame.index], dtype=object)
    return frame[list(fields)].iloc[keys.sort_values(kind="stable").index]


def _cells(column: pd.Series, role: str) -> list[str | None]:
    """Return texts; what is blank, and what identifies nobody, is None."""
    out: list[str | None] = []
    for value, blank in zip(column.tolist(), column.isna().tolist(), strict=True):
        text = "" if blank else _text(value)
        if role in ("phone", "email"):
            text = normal_identity(role, text)
        elif role in ("key", "class"):
            text = text.casefold()
        else:
            # A mark of what is hashed, which only identities in logs can be.
            text = text.lstrip("#")
        out.append(text or None)
    return out


def _text(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip()
