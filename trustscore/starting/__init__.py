"""A first scorecard for a table that no scorecard knows: guessed, said why, and to be edited."""

from trustscore.starting.guess import Guess, LeftOut
from trustscore.starting.proposal import Proposal

__all__ = ["Guess", "LeftOut", "Proposal"]
