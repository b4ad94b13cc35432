"""Letters to merchants: the index, what is restricted and why, the way up, and where to appeal."""

from trustscore.letters.before import Before
from trustscore.letters.due import Due
from trustscore.letters.letter import Block, Letter, Section, make_letter
from trustscore.letters.render import render_letter
from trustscore.letters.terms import Terms, load_terms, parse_terms, terms_faults, terms_schema

__all__ = [
    "Before",
    "Block",
    "Due",
    "Letter",
    "Section",
    "Terms",
    "load_terms",
    "make_letter",
    "parse_terms",
    "render_letter",
    "terms_faults",
    "terms_schema",
]
