"""Event logs of a made-up marketplace, drawn bottom-up from its merchants, with their truth."""

from trustscore.simulate.logs.decoys import DECOYS

__all__ = ["DECOYS"]
