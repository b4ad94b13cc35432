"""Boosts for other engines: the data, and the query that reads them."""

from trustscore.export.engines.registry import ENGINES, engine_files
from trustscore.export.engines.rows import Boosts

__all__ = ["ENGINES", "Boosts", "engine_files"]
