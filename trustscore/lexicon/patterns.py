"""Patterns of a lexicon: regular expressions that cannot be made to run for long.

A lexicon is a file that anybody may give. Its patterns have letters, classes such as ``[0-9]``,
groups of alternatives, and bounded counts of a single letter or class; nothing is counted that
is itself counted, and nothing without an upper bound. So the ways in which one can match from one
place are few, and they are counted.
"""

from __future__ import annotations

import re

__all__ = ["LONGEST", "pattern_faults", "words_of"]

LONGEST = 80
"""Characters that a match may have at most."""
_MOST_LETTERS = 200
_MOST_REPEATS = 20
_MOST_WAYS = 500
_TOKEN = re.compile(
    r"(?P<class>\[\^?(?:[^\]\[\\]|\\[dw])+\])|(?P<escape>\\[dw.%$()\[\]{}?|])"
    r"|(?P<count>\{[0-9]{1,3}(?:,[0-9]{1,3})?\}|\?)|(?P<open>\()|(?P<close>\))|(?P<or>\|)"
    r"|(?P<any>\.)|(?P<bad>[*+^$\\\[\]{}]|\(\?)|(?P<letter>.)",
    re.DOTALL,
)


def pattern_faults(pattern: str) -> list[str]:
    """Return why a pattern may not be used: nothing where it may.

    Examples
    --------
    >>> pattern_faults("(只剩|仅剩)[0-9]{1,4}(件|单)")
    []
    >>> pattern_faults("(a{1,9}){1,9}")
    ['counts a group: only a letter or a class may be counted']
    >>> pattern_faults("a+b*")
    ['has +: say how often at most, such as {1,5}', 'has *: say how often at most, such as {1,5}']
    """
    if len(pattern) > _MOST_LETTERS:
        return [f"must have at most {_MOST_LETTERS} characters. Got {len(pattern)}"]
    faults: list[str] = []
    depth, ways, least, most = 0, 1, 0, 0
    # Alternatives of each group that is open, the whole pattern first.
    open_ways = [1]
    before = ""
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup or "", token[0]
        if kind == "bad" or (kind == "open" and pattern[token.end() : token.end() + 1] == "?"):
            faults.append(
                f"has {text}: say how often at most, such as {{1,5}}"
                if text in "*+"
                else f"has {text}: only letters, classes, groups, | and bounded counts may stand"
            )
        elif kind == "count":
            low, high = _bounds(text)
            if before == "close":
                faults.append("counts a group: only a letter or a class may be counted")
            elif before in ("", "open", "or", "count"):
                faults.append(f"has {text} after nothing that can be counted")
            elif low > high:
                faults.append(f"has {text}: from more to less")
            elif high > _MOST_REPEATS:
                faults.append(f"has {text}: at most {_MOST_REPEATS} times may something stand")
            else:
                ways *= high - low + 1
                least += low - 1
                most += high - 1
        elif kind == "open":
            depth += 1
            open_ways.append(1)
        elif kind == "close":
            depth -= 1
            ways *= open_ways.pop()
        elif kind == "or":
            open_ways[-1] += 1
        else:
            least += 1
            most += 1
        before = kind
        if depth < 0:
            break
    for alternatives in open_ways:
        ways *= alternatives
    if depth:
        faults.append("has a bracket that is not closed, or not opened")
    if most > LONGEST:
        faults.append(f"must match at most {LONGEST} characters. Got {most}")
    if ways > _MOST_WAYS:
        faults.append(f"can match in {ways:,} ways: at most {_MOST_WAYS} are allowed")
    if not faults:
        try:
            found = re.compile(pattern)
        except (re.error, OverflowError) as error:
            return [f"is no pattern: {error}"]
        if found.search("") or least < 2:
            faults.append("must ask for two characters at least")
        elif not words_of(pattern):
            faults.append("must have a word, or a choice of words, that always stands there")
    return list(dict.fromkeys(faults))


def _bounds(text: str) -> tuple[int, int]:
    if text == "?":
        return 0, 1
    low, _, high = text[1:-1].partition(",")
    return int(low), int(high or low)


def words_of(pattern: str) -> tuple[str, ...]:
    """Return words of which every match has one: the longest that there are, if any.

    Examples
    --------
    >>> (
    ...     words_of("(只剩|仅剩)[0-9]{1,4}(件|单)"),
    ...     words_of("[0-9]{1,3}天瘦[0-9]"),
    ...     words_of("[ab]{2}"),
    ... )
    (('只剩', '仅剩'), ('天瘦',), ())
    """
    choices: list[tuple[str, ...]] = []
    tokens = [(token.lastgroup or "", token[0]) for token in _TOKEN.finditer(pattern)]
    kinds = [kind for kind, _ in tokens]
    if _top_level_choice(kinds):
        return ()
    at = 0
    run = ""
    while at < len(tokens):
        kind, text = tokens[at]
        if kind == "open":
            close = kinds.index("close", at)
            inside = tokens[at + 1 : close]
            if all(each in ("letter", "or") for each, _ in inside):
                choices.append(tuple("".join(text for _, text in inside).split("|")))
            at = close
            # A group within a group is not looked into.
            depth = kinds[at - len(inside) : at].count("open")
            while depth:
                at = kinds.index("close", at + 1)
                depth -= 1
        counted = kinds[at + 1 : at + 2] == ["count"]
        if kind == "letter" and not counted:
            run += text
        else:
            choices.append((run,))
            run = ""
        at += 1
    choices.append((run,))
    return (
        max(choices, key=lambda words: (min(map(len, words)), -len(words)))
        if any(all(words) for words in choices)
        else ()
    )


def _top_level_choice(kinds: list[str]) -> bool:
    depth = 0
    for kind in kinds:
        depth += (kind == "open") - (kind == "close")
        if kind == "or" and not depth:
            return True
    return False
