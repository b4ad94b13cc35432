"""Texts of drift and of the gate."""

from trustscore.words import Room

__all__ = ["text"]

text = Room("drift")
