"""The brands that somebody protects, from a file of the user."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import Field, StringConstraints, field_validator

from trustscore.errors import InputError, at_most, plural, suggest
from trustscore.scorecard.documents import has_control, parse_document, read_document
from trustscore.scorecard.faults import Base, collect, shown
from trustscore.scorecard.merchant_ids import trim

__all__ = ["BrandSpec", "Brands", "brands_schema", "load_brands", "parse_brands"]

_MOST_FAULTS = 50
_LEAST_BITS = 8
# What the names of the letters of a script begin with, as Unicode has them.
_SCRIPTS = {
    "Latn": ("LATIN",),
    "Hans": ("CJK",),
    "Hant": ("CJK",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA"),
    "Hang": ("HANGUL",),
    "Cyrl": ("CYRILLIC",),
    "Grek": ("GREEK",),
    "Arab": ("ARABIC",),
    "Hebr": ("HEBREW",),
    "Thai": ("THAI",),
    "Deva": ("DEVANAGARI",),
}
_WHAT = ("name", "alias", "script", "ordinary", "floor", "authorised", "image")
_LISTS = {"alias": "aliases", "ordinary": "ordinary", "authorised": "authorised", "image": "images"}
_TABLES = {"script": "scripts", "floor": "floors"}

Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Key: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Merchant: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Category: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Price: TypeAlias = Annotated[float, Field(gt=0, le=1e9)]
Image: TypeAlias = Annotated[str, StringConstraints(pattern=r"^([0-9A-Fa-f]{2}){4,64}$")]


def _letters(name: str) -> list[str]:
    return [c for c in unicodedata.normalize("NFKC", name) if c.isalpha()]


def _script(letter: str) -> str:
    """Return a script that a letter may be of, or nothing for other ones."""
    begins = unicodedata.name(letter, "")
    return next((key for key, of in _SCRIPTS.items() if begins.startswith(of)), "")


class BrandSpec(Base):
    """A brand: what it is called, who may sell it, and what it costs."""

    name: Name = Field(description="The name as the brand writes it.", examples=["Adidas"])
    aliases: tuple[Name, ...] = Field(
        (), description="Other names: lines, old spellings, short forms.", examples=[["阿迪"]]
    )
    scripts: dict[str, Name] = Field(
        default_factory=dict,
        description="The name in other scripts, by their ISO 15924 code.",
        examples=[{"Hans": "阿迪达斯", "Cyrl": "Адидас"}],
    )
    ordinary: tuple[Name, ...] = Field(
        (),
        description="Words and phrases that look like a name and do not mean the brand.",
        examples=[["channel", "三星级"]],
    )
    floors: dict[Category, Price] = Field(
        default_factory=dict,
        description="Lowest price of the genuine article by category of the logs, `*` for others.",
        examples=[{"shoes": 400, "*": 100}],
    )
    authorised: tuple[Merchant, ...] | None = Field(
        None,
        description="Merchants that may sell it; without this key it is not known who may, and"
        " nobody is suspected of the plain name.",
        examples=[["m0000123"]],
    )
    images: tuple[Image, ...] = Field(
        (),
        description="Hashes of the brand's own pictures, in hex.",
        examples=[["c3d2e1f00f1e2d3c"]],
    )

    @field_validator("name")
    @classmethod
    def _sayable(cls, name: str) -> str:
        return _sound(name)

    @field_validator("aliases", "ordinary")
    @classmethod
    def _all_sayable(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_sound, names))

    @field_validator("scripts")
    @classmethod
    def _of_the_script(cls, scripts: dict[str, str]) -> dict[str, str]:
        faults = []
        for code, name in scripts.items():
            if code not in _SCRIPTS:
                faults.append(
                    f"unknown script {code}{suggest(code, _SCRIPTS)}; must be one of"
                    f" {', '.join(_SCRIPTS)}"
                )
                continue
            other = [c for c in _letters(_sound(name)) if not _named(c, _SCRIPTS[code])]
            if other:
                faults.append(
                    f"{code} has letters of another script: {' '.join(map(ascii, other))}"
                )
        if faults:
            raise ValueError("; ".join(faults))
        return scripts

    @field_validator("authorised")
    @classmethod
    def _ids(cls, ids: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if ids is not None and any(not trim(each) for each in ids):
            raise ValueError("has a blank id")
        return None if ids is None else tuple(map(trim, ids))

    @field_validator("images")
    @classmethod
    def _seen(cls, images: tuple[str, ...]) -> tuple[str, ...]:
        for each in images:
            bits = int(each, 16).bit_count()
            if min(bits, 4 * len(each) - bits) < _LEAST_BITS:
                raise ValueError(f"{each} is the hash of an empty picture, which many are like")
        return tuple(each.lower() for each in images)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name, once."""
        return tuple(dict.fromkeys((self.name, *self.aliases, *self.scripts.values())))


def _named(letter: str, begins: tuple[str, ...]) -> bool:
    return unicodedata.name(letter, "").startswith(begins)


def _sound(name: str) -> str:
    """Check that a name can be looked for, and has not been copied from somebody who hides it."""
    letters = _letters(name)
    if sum(c.isalnum() for c in unicodedata.normalize("NFKC", name)) < 2 or not letters:
        raise ValueError(f"{shown(name)}: must have two letters or digits, one of them a letter")
    mixed = sorted({_script(c) for c in letters} & {"Latn", "Cyrl", "Grek"})
    if len(mixed) > 1:
        raise ValueError(f"{name!a} mixes look-alike letters of {' and '.join(mixed)}")
    return name


class Brands(Base):
    """The brands of a file."""

    brands: dict[Key, BrandSpec] = Field(
        min_length=1,
        max_length=20_000,
        description="By a short key, which evidence names.",
        examples=[{"adidas": {"name": "Adidas"}}],
    )

    @field_validator("brands")
    @classmethod
    def _each_name_of_one(cls, brands: dict[str, BrandSpec]) -> dict[str, BrandSpec]:
        owner: dict[str, str] = {}
        faults = []
        for key, brand in brands.items():
            for name in brand.names:
                plain = unicodedata.normalize("NFKC", name).casefold()
                other = owner.setdefault(plain, key)
                if other != key:
                    faults.append(f"{other} and {key} have one name, {shown(name)}")
        if faults:
            raise ValueError("; ".join(at_most(faults, most=_MOST_FAULTS, what="faults")))
        return brands


def load_brands(path: str | Path) -> Brands:
    """Return the brands of a file: TOML, JSON, or a CSV of ``brand, what, of, value``.

    Raises
    ------
    InputError
        With everything that is wrong with the file.
    """
    path = Path(path)
    try:
        raw = read_document(path)
    except OSError as error:
        raise InputError(f"brands {path}: {error.args[-1]}") from None
    kind = path.suffix.lower()
    if kind == ".csv":
        return _from_csv(raw, str(path))
    if kind not in (".toml", ".json"):
        raise InputError(f"brands {path}: must be a .toml, .json or .csv file")
    found = parse_document(raw, f"brands {path}", as_json=kind == ".json", error=InputError)
    return parse_brands(found, str(path))


def parse_brands(
    data: Mapping[str, Any], source: str = "<data>", lines: Mapping[str, int] | None = None
) -> Brands:
    """Return the brands of parsed TOML or JSON.

    Parameters
    ----------
    data : mapping
    source : str
        Named in errors.
    lines : mapping of str to int, optional
        By the beginning of an address, the line that it stands in.

    Raises
    ------
    InputError
        With every fault, each as ``address: sentence``.

    Examples
    --------
    >>> found = parse_brands({"brands": {"adidas": {"name": "Adidas", "aliases": ["阿迪"]}}})
    >>> found.brands["adidas"].names
    ('Adidas', '阿迪')
    """
    if not isinstance(data, Mapping):
        raise InputError(f"brands {source} must be a table. Got {shown(data)}")
    found, faults = collect(Brands, json.loads(json.dumps(data, default=str)))
    if found is None:
        raise _refusal(source, [_at_line(fault, lines or {}) for fault in faults])
    return found


def _refusal(source: str, faults: list[str]) -> InputError:
    listed = at_most(faults, most=_MOST_FAULTS, what="faults")
    return InputError(f"brands {source} has {plural(len(faults), 'fault')}", listed)


def _at_line(fault: str, lines: Mapping[str, int]) -> str:
    address = re.match(r"[^:]*", fault)[0]  # type: ignore[index]
    parts = address.split(".")
    for length in range(len(parts), 0, -1):
        line = lines.get(".".join(parts[:length]))
        if line is not None:
            return f"line {line}: {fault}"
    return fault


def _from_csv(raw: bytes, source: str) -> Brands:
    """Return the brands of a table with one fact a row."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"brands {source}: is not UTF-8") from None
    brands: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    faults: list[str] = []
    for line, row in _records(text, source):
        key, what, of, value = (trim(cell) for cell in row)
        if any(map(has_control, row)):
            faults.append(f"line {line}: must be without control characters")
        elif what not in _WHAT:
            faults.append(f"line {line}: unknown {shown(what)}{suggest(what, _WHAT)}")
        elif bool(of) != (what in _TABLES):
            needs = "needs the column of" if what in _TABLES else "has nothing in the column of"
            faults.append(f"line {line}: a row of {what} {needs}")
        else:
            brand = brands.setdefault(key, {})
            lines.setdefault(f"brands.{key}", line)
            _add(brand, f"brands.{key}", what, of, value, line, lines, faults)
    if faults:
        raise _refusal(source, faults)
    return parse_brands({"brands": brands}, source, lines)


def _add(
    brand: dict[str, Any],
    at: str,
    what: str,
    of: str,
    value: str,
    line: int,
    lines: dict[str, int],
    faults: list[str],
) -> None:
    """Put a fact where the model of a brand has it."""
    if what in _LISTS:
        into = brand.setdefault(_LISTS[what], [])
        # A row without a value says that there is none: nobody is authorised.
        if value or what != "authorised":
            lines[f"{at}.{_LISTS[what]}.{len(into)}"] = line
            into.append(value)
        return
    name = what if what == "name" else _TABLES[what]
    table, key = (brand, name) if what == "name" else (brand.setdefault(name, {}), of)
    address = f"{at}.{name}" if what == "name" else f"{at}.{name}.{of}"
    if key in table:
        faults.append(f"line {line}: {address} is given twice, first in line {lines[address]}")
        return
    lines[address] = line
    table[key] = value


def _records(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the header, with their lines."""
    header = ["brand", "what", "of", "value"]
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        first = [trim(cell).lower() for cell in next(rows, [])]
        if first != header:
            raise InputError(f"brands {source}: the columns must be {', '.join(header)}")
        for row in rows:
            if not any(map(trim, row)):
                continue
            if len(row) != len(header):
                raise InputError(
                    f"brands {source}, line {rows.line_num}: must have {len(header)} cells."
                    f" Got {len(row)}"
                )
            yield rows.line_num, row
    except csv.Error as error:
        raise InputError(f"brands {source}, line {rows.line_num}: is no CSV: {error}") from None


def brands_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of brands, for editors.

    Examples
    --------
    >>> brands_schema()["title"]
    'trustscore brands'
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Brands.model_json_schema(),
        "title": "trustscore brands",
    }
