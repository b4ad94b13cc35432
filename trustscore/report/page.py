"""The templates of the report, filled in."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from trustscore.errors import InputError
from trustscore.report.words import Pair, pair

__all__ = ["render_page"]

_MINUS = "\u2212"
_ROOM = "trustscore.report.templates"


def render_page(template: str, lang: str, **facts: Any) -> str:
    """Return a page as HTML that asks for nothing outside itself.

    Parameters
    ----------
    template : {"report.html", "public.html", "compare.html"}
    lang : {"en", "zh"}
        Language that the page opens in.
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
        "both": both,
        "points": points,
        "signed": signed,
        "share": share,
        "whole": whole,
        "svg": _safe,
    }
    found.globals |= {
        "t": lambda key, /, **values: both(pair(key, **values)),
        "pair": pair,
        "attributes": attributes,
        "style": _safe(_text("style.css")),
        "script": _safe(_text("script.js")),
    }
    return found


def _text(name: str) -> str:
    return resources.files(_ROOM.rpartition(".")[0]).joinpath("templates", name).read_text("utf-8")


def _safe(text: str) -> Any:
    """Return a text of our own as it stands: SVG has escaped what it holds of others."""
    from markupsafe import Markup

    return Markup(text)


def both(texts: Pair | str) -> Any:
    """Return a text in both languages as HTML, of which the page shows one.

    Examples
    --------
    >>> both(("Rules", "规则"))
    Markup('<span lang="en">Rules</span><span lang="zh">规则</span>')
    >>> both("<script>")
    Markup('&lt;script&gt;')
    """
    from markupsafe import Markup, escape

    if isinstance(texts, str):
        return escape(texts)
    en, zh = texts
    if en == zh:
        return escape(en)
    return Markup('<span lang="en">{}</span><span lang="zh">{}</span>').format(en, zh)


def attributes(lang: str, /, **texts: Pair) -> Any:
    """Return attributes whose texts the page's script changes with the language.

    Examples
    --------
    >>> attributes("zh", aria_label=("Print", "打印"))
    Markup('aria-label="打印" data-attributes="{&#34;aria-label&#34;: [&#34;Print&#34;, ...]}"')
    """
    from markupsafe import Markup

    named = {name.replace("_", "-"): each for name, each in texts.items()}
    now = Markup(" ").join(
        Markup('{}="{}"').format(name, each[lang == "zh"]) for name, each in named.items()
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
