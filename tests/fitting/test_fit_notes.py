"""Every note of a fit has its row in the docs, and every row its note."""

import re

from trustscore.fitting import peers, prior_lines

_NOTE = re.compile(r'Note\(\s*"(\w+)"')


def _names(repository):
    """Return the names of notes: those written out, and those made of a flaw."""
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (repository / "trustscore/fitting").glob("*.py")
    )
    names = set(_NOTE.findall(sources)) | set(prior_lines._FLAWS)
    names |= {f"{figure}_untold" for figure in prior_lines._UNTOLD}
    names |= {f"peers_{flaw}" for flaw in peers._FLAWS}
    return names | {"undated", "repeated_merchants", "unknown_merchants"}


def test_the_docs_have_a_row_for_each_note(repository):
    page = (repository / "docs/user_guide/fitting.md").read_text(encoding="utf-8")
    table = page.partition("## Warnings")[2].partition("\n## ")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    rows = [name for cell in first for name in re.findall(r"`(\w+)`", cell)]
    assert len(rows) == len(set(rows))
    assert set(rows) == _names(repository)
