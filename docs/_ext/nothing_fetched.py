"""Refuse pages that load a script, a style, a font or a picture from elsewhere."""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

LOADED = re.compile(
    r'<(?:script|img|iframe|source)\b[^>]*\bsrc="((?:https?:)?//[^"]+)"'
    r'|<link\b[^>]*\bhref="((?:https?:)?//[^"]+)"'
)


def loaded_from_elsewhere(html: str) -> list[str]:
    """Return the addresses of what a page would fetch; links that a reader follows are none.

    Examples
    --------
    >>> loaded_from_elsewhere('<a href="https://a.b">x</a><script src="https://c.d/e.js">')
    ['https://c.d/e.js']
    """
    return [first or second for first, second in LOADED.findall(html)]


def check(app: Sphinx, error: Exception | None) -> None:
    """Look at every page that was written."""
    if error is not None or app.builder.format != "html":
        return
    pages = sorted(Path(app.outdir).rglob("*.html"))
    found = [
        f"{page.relative_to(app.outdir)} loads {address}"
        for page in pages
        for address in loaded_from_elsewhere(page.read_text(encoding="utf-8"))
    ]
    if found:
        raise ExtensionError("pages must load nothing from elsewhere:\n" + "\n".join(found))


def setup(app: Sphinx) -> dict[str, bool]:
    """Look when the build is done."""
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
