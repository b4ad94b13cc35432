"""The tables of a log folder: the one registry that every reader and definition follows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from trustscore.logs.columns import LogTable
from trustscore.logs.trade import TRADE
from trustscore.logs.verdicts import VERDICTS
from trustscore.logs.voices import VOICES

__all__ = ["LOG_TABLES"]

LOG_TABLES: Mapping[str, LogTable] = MappingProxyType(
    {table.name: table for table in (*TRADE, *VOICES, *VERDICTS)}
)
"""The logs by name. Each is optional; a column that is not marked as required is optional too."""
