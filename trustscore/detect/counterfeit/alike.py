"""Letters and digits that are taken for others, beside those that `trustscore.lexicon.fold` knows.

Which letters of other scripts look like Latin ones follows the confusables of Unicode Technical
Standard 39, of which only those are here that fonts show alike; that digits and signs stand for
letters is usage (leet), and judgement.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["as_letters", "skeleton", "with_signs"]

# Greek, Cyrillic, Armenian, Cherokee and Lisu letters.
_SCRIPTS = (
    (
        "\u03c5\u03c9\u03b3\u03b7\u03b2\u03c3\u03f2\u0391\u0392\u0395\u0396\u0397"
        "\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
        "uwynbocabezhikmnoptyx",
    ),
    (
        "\u041d\u051d\u0475\u044c\u042c\u050c",
        "hwvbbg",
    ),
    (
        "\u0585\u0578\u057d\u0570\u0581\u0584",
        "onuhgq",
    ),
    (
        "\u13aa\u13f4\u13df\u13a0\u13ac\u13bb\u13a5\u13e6\u13de\u13b7\u13e2\u13d2"
        "\u13da\u13a2\u13d9\u13d4\u13c3",
        "abcdehiklmprstvwz",
    ),
    (
        "\ua4ee\ua4d0\ua4da\ua4d3\ua4f0\ua4dd\ua4d6\ua4e7\ua4f2\ua4d9\ua4d7\ua4e1"
        "\ua4df\ua4e0\ua4f3\ua4d1\ua4e3\ua4e2\ua4d4\ua4f4\ua4e6\ua4ea\ua4eb\ua4ec"
        "\ua4dc",
        "abcdefghijklmnoprstuvwxyz",
    ),
)
_ALIKE = {ord(a): b for of, to in _SCRIPTS for a, b in zip(of, to, strict=True)}
_STROKE = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH ")
_CAPITAL = re.compile(r"LATIN (?:LETTER SMALL CAPITAL|LETTER SMALL CAPITAL BARRED) ([A-Z])$")
_SKELETON = str.maketrans("10345789i", "loeastbgl")
_TWO = (("rn", "m"), ("vv", "w"))
_SIGN = re.compile(r"(?<=[^\W\d_])[@!$|](?=[^\W\d_])")
_SIGNS = {"@": "a", "!": "i", "$": "s", "|": "l"}


class _Letters(dict[int, str]):
    """Each character with the letter that it is taken for, one for one."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        out = sign.translate(_ALIKE)
        if out == sign and code > 127:
            name = unicodedata.name(sign, "")
            found = _CAPITAL.match(name)
            if found is None and not unicodedata.decomposition(sign):
                found = _STROKE.match(name)
            out = found[1].lower() if found else sign
        self[code] = out
        return out


_LETTERS = _Letters()


def as_letters(text: str) -> str:
    """Return a text with look-alike letters as Latin ones; it keeps its length.

    Examples
    --------
    >>> as_letters("ɴɪᴋᴇ Gυcci đ")
    'nike Gucci d'
    """
    return text.translate(_LETTERS)


def with_signs(text: str) -> str:
    """Return a text with signs between letters as the letters they stand for.

    Examples
    --------
    >>> with_signs("Ad!das @ home")
    'Adidas @ home'
    """
    return _SIGN.sub(lambda found: _SIGNS[found[0]], text)


def skeleton(squeezed: str) -> str:
    """Return a squeezed text in which what looks alike is equal.

    Examples
    --------
    >>> skeleton("adldas") == skeleton("ad1das") == skeleton("adidas"), skeleton("tornmy")
    (True, 'tommy')
    """
    found = squeezed.translate(_SKELETON)
    for two, one in _TWO:
        found = found.replace(two, one)
    return found
