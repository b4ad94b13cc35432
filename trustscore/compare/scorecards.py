"""Two scorecards told apart, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from trustscore.scorecard import Scorecard
from trustscore.words import text

__all__ = ["Difference", "differences"]

_NOT_THERE = object()


class Difference(NamedTuple):
    """A value that two scorecards have otherwise.

    Attributes
    ----------
    address : str
        Such as ``signals.service.complaint_rate.poor``.
    old, new : object
        None where one of the two does not have it.
    """

    address: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return self.told()

    def told(self, lang: str = "en") -> str:
        """Return it in a language; addresses and values are those of the file."""
        old, new = _shown(self.old), _shown(self.new)
        way = "new" if self.old is None else "gone" if self.new is None else "moved"
        return text(f"difference_{way}", lang, address=self.address, old=old, new=new)


def differences(old: Scorecard, new: Scorecard) -> list[Difference]:
    """Return what differs, in the order of the old scorecard, then what is new.

    Examples
    --------
    >>> from trustscore.scorecard import load_scorecard
    >>> differences(load_scorecard("minimal"), load_scorecard("minimal"))
    []
    """
    before, after = (
        dict(_leaves(card.file.model_dump(mode="json", exclude_defaults=True), ()))
        for card in (old, new)
    )
    found = []
    for address in dict.fromkeys([*before, *after]):
        a, b = before.get(address, _NOT_THERE), after.get(address, _NOT_THERE)
        if a != b:
            gone, come = (None if each is _NOT_THERE else each for each in (a, b))
            found.append(Difference(".".join(address), gone, come))
    return _whole_tables(found)


def _leaves(value: Any, address: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, (*address, str(name)))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for at, each in enumerate(value):
            yield from _leaves(each, (*address, str(each.get("id", at))))
    else:
        yield address, value


def _whole_tables(found: list[Difference]) -> list[Difference]:
    """Say that a signal, rule or word is new or gone in one line instead of one a key."""
    out: dict[str, Difference] = {}
    for each in found:
        head, _, key = each.address.rpartition(".")
        one_sided = each.old is None or each.new is None
        depth = 3 if head.startswith("signals.") else 2
        if not one_sided or head.count(".") != depth - 1:
            out[each.address] = each
            continue
        side = each.old if each.new is None else each.new
        known = out.get(head)
        held = {} if known is None else known.old if each.new is None else known.new
        if not isinstance(held, dict):
            out[each.address] = each
            continue
        held = {**held, key: side}
        out[head] = (
            Difference(head, held, None) if each.new is None else Difference(head, None, held)
        )
    return list(out.values())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_shown(each)}" for name, each in value.items())
    if isinstance(value, float):
        return f"{value:g}"
    return repr(value) if isinstance(value, str) else str(value)
