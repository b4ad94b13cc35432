"""Boosts for other engines: the data, and the query that reads them.

The names are loaded at first use, so that a command can list the engines at no cost.
"""

from typing import TYPE_CHECKING

from trustscore.lazy import attach

if TYPE_CHECKING:
    from trustscore.export.engines.registry import ENGINES, TARGETS, Engine, engine_files
    from trustscore.export.engines.rows import Boosts

__all__ = ["ENGINES", "TARGETS", "Boosts", "Engine", "engine_files"]

_REGISTRY = dict.fromkeys(__all__, "trustscore.export.engines.registry")
__getattr__, __dir__ = attach(__name__, _REGISTRY | {"Boosts": "trustscore.export.engines.rows"})
