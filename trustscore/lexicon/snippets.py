"""A few words around a hit, for the person who decides: short, with digits and contacts masked."""

from __future__ import annotations

import re
import unicodedata

from trustscore.lexicon.hits import Hit

__all__ = ["snippet"]

_MOST = 40
# Digits in words, where they are so many that they are a number to be called.
_SPELT = re.compile("[零〇洞一幺壹二两贰三叁四肆五伍六陆七柒拐八捌九玖]{5,}")


def snippet(text: str, hit: Hit, hits: list[Hit] | None = None) -> str:
    """Return at most 40 characters around a hit.

    Digits become ``#``, letters of contacts ``*``; what cannot be seen, or ends a line, becomes a
    space.

    Parameters
    ----------
    text : str
    hit : Hit
    hits : list of Hit, optional
        Others of the text: their contacts are masked, too.

    Examples
    --------
    >>> hit = Hit("private_deal", "contact_wechat", 3, 3, 11)
    >>> snippet("加微信jade_88a 优惠20元", hit)
    '加微信******** 优惠##元'
    """
    shown = list(text)
    for other in (hit, *(hits or ())):
        if other.entry.startswith("contact_"):
            for at in range(other.start, min(other.end, len(shown))):
                shown[at] = "*"
    for spelt in _SPELT.finditer(text):
        shown[spelt.start() : spelt.end()] = "#" * len(spelt[0])
    length = min(hit.end - hit.start, _MOST)
    room = _MOST - length
    start = max(0, min(hit.start - room // 2, len(text) - _MOST))
    # A chat has one line in a table.
    return "".join(map(_masked, shown[start : start + _MOST])).strip()


def _masked(sign: str) -> str:
    category = unicodedata.category(sign)
    if category.startswith("N"):
        return "#"
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return " "
    return sign
