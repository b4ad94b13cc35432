"""The templates of the report, filled in."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.report.words import Texts, texts
from trustscore.words import LANGUAGES, about, form

__all__ = ["render_page"]

_MINUS = "\u2212"
_ROOM = "trustscore.report.templates"


def render_page(template: str, lang: str, **facts: Any) -> str:
    """Return a page as HTML that asks for nothing outside itself.

    Parameters
    ----------
    template : {"report.html", "public.html", "compare.html"}
    lang : str
        Language that the page opens in, one of `trustscore.words.LANGUAGES`.
    **facts
        What the template shows. Texts are escaped.

    Raises
    ------
    InputError
        When jinja2 is not installed.
    """
    found: str = _environment().get_template(template).render(lang=lang, **facts)
    return found


@cache
def _environment() -> Any:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise InputError(
            "a report takes jinja2, which the extra `report` installs: pip install jinja2"
        ) from None
    found = Environment(
        loader=PackageLoader("trustscore.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "spoken": spoken,
        "points": points,
        "signed": signed,
        "share": share,
        "whole": whole,
        "svg": _safe,
    }
    found.globals |= {
        "t": lambda key, /, **values: spoken(texts(key, **values)),
        "f": lambda key: spoken(form.all(key)),
        "texts": texts,
        "at": lambda lang, of: of[LANGUAGES.index(lang)],
        "languages": LANGUAGES,
        "next_language": tuple(about(each, "name") for each in _turned()),
        "attributes": attributes,
        "style": _safe(_text("style.css")),
        "script": _safe(_text("script.js")),
    }
    return found


def _turned() -> Texts:
    """Return for each language the one that follows it, the first after the last."""
    return (*LANGUAGES[1:], LANGUAGES[0])


def _text(name: str) -> str:
    return resources.files(_ROOM.rpartition(".")[0]).joinpath("templates", name).read_text("utf-8")


def _safe(text: str) -> Any:
    """Return a text of our own as it stands: SVG has escaped what it holds of others."""
    from markupsafe import Markup

    return Markup(text)


def spoken(of: Texts | str) -> Any:
    """Return a text in every language as HTML, of which the page shows one.

    Examples
    --------
    >>> spoken(("Rules", "规则"))
    Markup('<span lang="en">Rules</span><span lang="zh">规则</span>')
    >>> spoken("<script>")
    Markup('&lt;script&gt;')
    """
    from markupsafe import Markup, escape

    if isinstance(of, str):
        return escape(of)
    if len(set(of)) == 1:
        return escape(of[0])
    each = zip(LANGUAGES, of, strict=True)
    return Markup("").join(Markup('<span lang="{}">{}</span>').format(*one) for one in each)


def attributes(lang: str, /, **of: Texts) -> Any:
    """Return attributes whose values the page's script changes with the language.

    Examples
    --------
    >>> attributes("zh", aria_label=("Print", "打印"))
    Markup('aria-label="打印" data-attributes="{&#34;aria-label&#34;: [&#34;Print&#34;, ...]}"')
    """
    from markupsafe import Markup

    named = {name.replace("_", "-"): each for name, each in of.items()}
    now = Markup(" ").join(
        Markup('{}="{}"').format(name, each[LANGUAGES.index(lang)]) for name, each in named.items()
    )
    whole = json.dumps(named, ensure_ascii=False)
    return Markup('{} data-attributes="{}"').format(now, whole)


def points(value: float, digits: int = 1) -> str:
    """Return points, or a dash.

    Examples
    --------
    >>> points(71.25), points(float("nan"))
    ('71.2', '–')
    """
    return f"{value:,.{digits}f}".replace("-", _MINUS) if np.isfinite(value) else "–"


def signed(value: float, digits: int = 1) -> str:
    """Return a change with its sign.

    Examples
    --------
    >>> signed(1.26), signed(-3.0), signed(0.001)
    ('+1.3', '−3.0', '0.0')
    """
    if not np.isfinite(value):
        return "–"
    text = f"{value:+,.{digits}f}"
    if not any(sign in text for sign in "123456789"):
        return text[1:]
    return text.replace("-", _MINUS)


def share(part: float, whole: float = 1.0) -> str:
    """Return a share as a percentage.

    Examples
    --------
    >>> share(1, 8), share(3, 0), share(1, 90_000)
    ('12.5 %', '–', '< 0.1 %')
    """
    if not whole or not np.isfinite(part):
        return "–"
    found = 100 * part / whole
    if 0 < found < 0.05:
        return "< 0.1 %"
    return f"{found:.1f} %"


def whole(value: float) -> str:
    """Return a count.

    Examples
    --------
    >>> whole(1234567)
    '1,234,567'
    """
    return f"{int(value):,}"
