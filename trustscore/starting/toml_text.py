"""A proposal as TOML that a person enjoys editing."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from trustscore.errors import one_line
from trustscore.scorecard.presets import preset_folder
from trustscore.starting.columns import Column
from trustscore.starting.guess import Guess, LeftOut
from trustscore.starting.names import SIZES, TOPICS, hit, slug

__all__ = ["Content", "scorecard_text"]

_GENERAL = ("browse", "General", "综合")
_STAGES = {
    "browse": ("Browse", "逛"),
    "buy": ("Buy", "买"),
    "receive": ("Receive", "收"),
    "use": ("Use", "用"),
    "service": ("Service", "服"),
}
_CJK = re.compile("[\u3400-\u9fff]")
_COLUMN = re.compile("[A-Za-z][A-Za-z0-9_]*")
_NO_SIGNAL = {"merchant_id", "limit", "cap", "trust_index"}
_WIDE = 100


@dataclass(frozen=True)
class Content:
    """What the text is made of.

    Attributes
    ----------
    name, source : str
        Name of the scorecard, and of the table.
    day : str
        From which it is in force.
    rows, drawn : int
    id_column, category, decimal : str
    headers : tuple of str
        Of all columns.
    guesses : tuple of Guess
    left_out : tuple of LeftOut
    """

    name: str
    source: str
    day: str
    rows: int
    drawn: int
    id_column: str
    category: str
    decimal: str
    headers: tuple[str, ...]
    guesses: tuple[Guess, ...]
    left_out: tuple[LeftOut, ...]


def scorecard_text(content: Content) -> str:
    """Return the scorecard file of a proposal."""
    return "\n".join(_lines(content)).rstrip("\n") + "\n"


def quoted(text: str) -> str:
    r"""Return a text as a string of TOML that nothing in it can end.

    Examples
    --------
    >>> print(quoted('say "hi"\n\x7f'))
    "say \"hi\"\n\u007f"
    """
    made = json.dumps(text, ensure_ascii=False)
    hidden = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
    return hidden.sub(lambda found: f"\\u{ord(found[0]):04x}", made)


def _said(text: str) -> str:
    """Return a name for a comment: one line, and no long one."""
    return one_line(text if len(text) <= 80 else f"{text[:77]}...")


def _number(value: float) -> str:
    whole = value == int(value) and abs(value) < 1e15
    return str(int(value)) if whole else repr(value)


def _comment(text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, _WIDE - 2, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False
    )


def _lines(content: Content) -> Iterator[str]:
    names = _Names(content)
    by_topic: dict[str, list[Guess]] = {}
    for guess in content.guesses:
        by_topic.setdefault(guess.topic, []).append(guess)
    topics = [topic for topic in (*TOPICS, "") if topic in by_topic]
    yield f"# A first scorecard for {_said(content.source)}: {content.rows:,} merchants."
    yield "#"
    yield "# What is marked `# guessed` comes from names of columns and from quantiles; edit it."
    yield "# A signal is one line: the columns that it reads, and"
    yield "#   poor, good   the values worth nothing and full marks; their order is the direction"
    yield "#   weight       relative inside the dimension"
    yield "#   prior        what is assumed of a merchant of whom nothing is known"
    yield "#   strength     how many cases the prior is worth; sd = the spread of one case"
    yield "# Then run: trustscore check EXPORT --scorecard FILE"
    drawn = f"{content.drawn:,} of them, drawn by a fixed hash of their ids"
    yield "# Quantiles are of " + ("all of them." if content.drawn == content.rows else f"{drawn}.")
    yield f"name = {quoted(content.name)}"
    yield 'version = "0.1.0"'
    yield f"effective_from = {content.day}"
    if content.decimal != ".":
        yield f"decimal = {quoted(content.decimal)}  # guessed: more cells are numbers that way"
    yield ""
    windows = _windows(content.guesses)
    yield "[defaults]"
    if windows:
        yield f"window = {windows}  # guessed: days, as names of columns say"
    else:
        yield "window = 30  # guessed: days that the counts are of"
    yield 'blank = "unknown"  # the prior stands in; "withheld" where the platform has the figure'
    yield ""
    others = [f"{name} = {quoted(header)}" for name, header in names.aliases()]
    if content.category:
        others.insert(0, f"category = {quoted(content.category)}  # guessed")
    if content.id_column != "merchant_id":
        others.insert(0, f"merchant_id = {quoted(content.id_column)}  # guessed")
    if others:
        yield "[columns]  # how the table calls the columns below"
        yield from others
        yield ""
    yield "[stages]"
    for stage in dict.fromkeys(_topic(topic)[0] for topic in topics):
        en, zh = _STAGES[stage]
        yield f"{stage} = {{ en = {quoted(en)}, zh = {quoted(zh)} }}"
    yield ""
    yield "[dimensions]  # guessed: by names of columns, all of the same weight"
    for topic in topics:
        _, en, zh = _topic(topic)
        key = names.dimension(topic)
        yield f"{key} = {{ weight = 1, en = {quoted(en)}, zh = {quoted(zh)} }}"
    for topic in topics:
        yield ""
        yield f"[signals.{names.dimension(topic)}]"
        for guess in by_topic[topic]:
            yield from _comment("guessed: " + "; ".join(map(one_line, guess.because)))
            yield _signal(guess, names, _topic(topic)[0])
    yield ""
    yield "[words]"
    for guess in content.guesses:
        yield _words(guess, names)
    yield from _status(content, names)
    yield from _tiers()
    yield from _others(content.left_out)


def _topic(topic: str) -> tuple[str, str, str]:
    if not topic:
        return _GENERAL
    _, stage, en, zh = TOPICS[topic]
    return stage, en, zh


def _windows(guesses: Sequence[Guess]) -> str:
    found = [
        re.search(r"(?:^|[^0-9])([0-9]{1,3})(?:d|天|days?)(?:[^A-Za-z]|$)", guess.column.name)
        for guess in guesses
    ]
    days = [each[1] for each in found if each and int(each[1])]
    return str(int(max(set(days), key=days.count))) if days else ""


class _Names:
    """Names of columns, signals and dimensions that are allowed, and each used once."""

    def __init__(self, content: Content) -> None:
        headers = {_fold(name) for name in content.headers}
        self._columns: dict[str, str] = {}
        self._signals: dict[str, str] = {}
        taken = headers | {"merchantid", "category", "shoptype", "previoustier", "tiersince"}
        for guess in content.guesses:
            for column in (guess.column, guess.sample):
                if column is None or column.name in self._columns:
                    continue
                if _COLUMN.fullmatch(column.name):
                    self._columns[column.name] = column.name
                    continue
                made = _free(slug(column.name, column.place), taken)
                taken.add(_fold(made))
                self._columns[column.name] = made
        used = {_fold(name) for name in [*_NO_SIGNAL, *map(self.dimension, ["", *TOPICS])]}
        for guess in content.guesses:
            base = slug(guess.column.name, guess.column.place)
            if guess.kind in ("rate", "events") and not base.endswith("rate"):
                base = f"{base}_rate"
            made = _free(base, used)
            used.add(_fold(made))
            self._signals[guess.column.name] = made

    def column(self, column: Column) -> str:
        return self._columns[column.name]

    def signal(self, guess: Guess) -> str:
        return self._signals[guess.column.name]

    @staticmethod
    def dimension(topic: str) -> str:
        return topic or "general"

    def aliases(self) -> Iterator[tuple[str, str]]:
        """Yield the columns that the table calls by names that no scorecard can hold."""
        yield from ((made, name) for name, made in self._columns.items() if made != name)


def _fold(name: str) -> str:
    return re.sub(r"[\s_\-\ufeff\u200b\xa0]+", "", name).casefold()


def _free(base: str, taken: set[str]) -> str:
    name, at = base, 2
    while _fold(name) in taken:
        name, at = f"{base}_{at}", at + 1
    return name


def _signal(guess: Guess, names: _Names, stage: str) -> str:
    name, column = names.signal(guess), names.column(guess.column)
    parts = [f'stage = "{stage}"']
    if guess.sample is not None:
        parts.append(f'{guess.kind} = ["{column}", "{names.column(guess.sample)}"]')
    else:
        parts.append(f"{guess.kind} = true" if name == column else f'{guess.kind} = "{column}"')
    figures = guess.figures
    parts += [f"{key} = {_number(figures[key])}" for key in ("poor", "good")]
    parts.append("weight = 1")
    rest = [key for key in figures if key not in ("poor", "good")]
    parts += [f"{key} = {_number(figures[key])}" for key in rest]
    if guess.curve:
        parts.append(f'curve = "{guess.curve}"')
    return f"{name} = {{ {', '.join(parts)} }}  # guessed"


def _words(guess: Guess, names: _Names) -> str:
    name = guess.column.name
    en = name if _CJK.search(name) else " ".join(re.split(r"[\s_]+", name)).strip()
    if guess.kind in ("rate", "events") and guess.sample is not None:
        en = f"{en} / {guess.sample.name}"
    parts = [f"en = {quoted(en)}"]
    if _CJK.search(name):
        parts.append(f"zh = {quoted(name)}")
    parts.append('why = "Guessed from quantiles."')
    return f"{names.signal(guess)} = {{ {', '.join(parts)} }}"


def _status(content: Content, names: _Names) -> Iterator[str]:
    samples = [guess.sample for guess in content.guesses if guess.sample is not None]
    orders = next((each for each in samples if hit(each.name, ("order", "订单"))), None)
    column = orders or next((each for each in samples if hit(each.name, SIZES)), None)
    if column is not None:
        yield ""
        yield "[status]"
        yield f'new = {{ column = "{names.column(column)}", below = 30 }}  # guessed'


def _tiers() -> Iterator[str]:
    """Yield the tiers of the default scorecard."""
    path = preset_folder() / "default.toml"
    tiers = tomllib.loads(path.read_text(encoding="utf-8"))["tiers"]
    yield ""
    yield "[tiers]  # guessed: those of the preset default"
    yield from (f"{key} = {_value(value)}" for key, value in tiers.items() if key != "ladder")
    for step in tiers["ladder"]:
        yield ""
        yield "[[tiers.ladder]]"
        yield from (f"{key} = {_value(value)}" for key, value in step.items())


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def _others(left_out: Sequence[LeftOut]) -> Iterator[str]:
    if left_out:
        yield ""
        yield "# Left out:"
    for each in left_out:
        yield from _comment(f"  {_said(each.name)}: {each.reason}")
