"""Pictures that are alike: hashes that differ in few bits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from trustscore.typing import Array

__all__ = ["alike", "readable"]

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,64}")
_BITS = np.array([number.bit_count() for number in range(256)], np.uint8)


def readable(image: str | None) -> bool:
    """Return whether a hash is one of 32 to 512 bits in hex."""
    return image is not None and _HEX.fullmatch(image) is not None


def alike(
    images: Iterable[str], known: Mapping[str, Iterable[str]], distance: int
) -> dict[str, list[str]]:
    """Return by picture the brands that have one like it.

    Only hashes of one length are compared.

    Parameters
    ----------
    images : iterable of str
        Hashes in hex.
    known : mapping of str to iterable of str
        Hashes by brand.
    distance : int
        The most bits that may differ.

    Examples
    --------
    >>> alike(["00ff00ff", "00ff00f8", "00000000"], {"a": ["00ff00fe"]}, 2)
    {'00ff00ff': ['a'], '00ff00f8': ['a']}
    """
    by_length: dict[int, list[str]] = defaultdict(list)
    for image in dict.fromkeys(filter(readable, images)):
        by_length[len(image)].append(image)
    out: dict[str, list[str]] = {}
    for length, some in by_length.items():
        rows = np.array([list(bytes.fromhex(image)) for image in some], np.uint8)
        for brand, of in known.items():
            near = np.zeros(len(some), np.bool_)
            for one in of:
                if len(one) == length:
                    near |= _differ(rows, one) <= distance
            for at in np.flatnonzero(near).tolist():
                out.setdefault(some[at], []).append(brand)
    return out


def _differ(rows: Array, one: str) -> Array:
    bits: Array = _BITS[rows ^ np.frombuffer(bytes.fromhex(one), np.uint8)].sum(axis=1)
    return bits
