"""What texts say by their words: a lexicon as data, and the hits of its entries in a text."""

from trustscore.lexicon.hits import Hit, read_hits
from trustscore.lexicon.load import Lexicon, lexicon_schema, load_lexicon, parse_lexicon
from trustscore.lexicon.snippets import snippet

__all__ = [
    "Hit",
    "Lexicon",
    "lexicon_schema",
    "load_lexicon",
    "parse_lexicon",
    "read_hits",
    "snippet",
]
