"""Texts of letters; what only the platform knows stands in its terms."""

from trustscore.words import Room

__all__ = ["text"]

text = Room("letters")
