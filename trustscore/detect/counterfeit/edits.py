"""Words that differ by one edit: a letter more, less, other, or exchanged with the next."""

from __future__ import annotations

__all__ = ["at_most_one_edit", "without_one"]


def without_one(word: str) -> set[str]:
    """Return what is left of a word without each of its letters.

    Two words that differ by one edit have one of these, or one is one of the other's.

    Examples
    --------
    >>> sorted(without_one("abb"))
    ['ab', 'bb']
    """
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def at_most_one_edit(one: str, two: str) -> bool:
    """Return whether one edit at most makes one word of another.

    Examples
    --------
    >>> [at_most_one_edit("klein", word) for word in ("klien", "kleins", "kein", "kleon", "kliem")]
    [True, True, True, True, False]
    """
    if abs(len(one) - len(two)) > 1:
        return False
    at = 0
    while at < min(len(one), len(two)) and one[at] == two[at]:
        at += 1
    a, b = one[at:], two[at:]
    if len(a) == len(b):
        return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
    return a[1:] == b if len(a) > len(b) else a == b[1:]
