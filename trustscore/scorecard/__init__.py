"""Scorecards: frozen data that says what is scored and how.

The names are loaded at first use: the registries below cost next to nothing, the model needs
pydantic.
"""

from typing import TYPE_CHECKING

from trustscore.lazy import attach

if TYPE_CHECKING:
    from trustscore.scorecard.build import parse_scorecard
    from trustscore.scorecard.conditions import Condition
    from trustscore.scorecard.ladder import Tier
    from trustscore.scorecard.load import load_scorecard, scorecard_schema
    from trustscore.scorecard.model import ROOT, Dimension, Field, Overlay, Scorecard
    from trustscore.scorecard.presets import preset_names
    from trustscore.scorecard.rule import Rule
    from trustscore.scorecard.side_columns import SIDE_NUMERIC, SIDE_TEXT
    from trustscore.scorecard.signal import Signal

__all__ = [
    "ROOT",
    "SIDE_NUMERIC",
    "SIDE_TEXT",
    "Condition",
    "Dimension",
    "Field",
    "Overlay",
    "Rule",
    "Scorecard",
    "Signal",
    "Tier",
    "load_scorecard",
    "parse_scorecard",
    "preset_names",
    "scorecard_schema",
]

_MODEL = ("ROOT", "Dimension", "Field", "Overlay", "Scorecard")
_HOMES = {
    "Rule": "trustscore.scorecard.rule",
    "Signal": "trustscore.scorecard.signal",
    "Tier": "trustscore.scorecard.ladder",
    "Condition": "trustscore.scorecard.conditions",
    "SIDE_NUMERIC": "trustscore.scorecard.side_columns",
    "SIDE_TEXT": "trustscore.scorecard.side_columns",
    "load_scorecard": "trustscore.scorecard.load",
    "parse_scorecard": "trustscore.scorecard.build",
    "preset_names": "trustscore.scorecard.presets",
    "scorecard_schema": "trustscore.scorecard.load",
} | dict.fromkeys(_MODEL, "trustscore.scorecard.model")

__getattr__, __dir__ = attach(__name__, _HOMES)
