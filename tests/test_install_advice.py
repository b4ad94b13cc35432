"""No text advises to install trustscore from a registry: it is installed from a clone."""

import re

import pytest

_FROM_REGISTRY = re.compile(r"(pip|uv pip|conda|pipx) install[^\n`]*?['\" ]trustscore\b(?!-)")


def _texts(repository):
    for pattern in (
        "trustscore/**/*.py",
        "docs/**/*.md",
        "examples/*.py",
        "benchmarks/*.py",
        "*.md",
    ):
        yield from repository.glob(pattern)


def test_nothing_advises_a_registry(repository):
    found = [
        f"{path.relative_to(repository)}: {hit.group()}"
        for path in _texts(repository)
        for hit in _FROM_REGISTRY.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["pip install trustscore", "pip install -U 'trustscore[sql]'", 'pip install "trustscore"'],
)
def test_the_advice_would_be_found(text):
    assert _FROM_REGISTRY.search(text)
    assert not _FROM_REGISTRY.search("pip install . && .venv/bin/trustscore score")
