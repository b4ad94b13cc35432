"""Scorecards: frozen data that says what is scored and how."""

from trustscore.scorecard.build import parse_scorecard
from trustscore.scorecard.conditions import Condition
from trustscore.scorecard.load import load_scorecard, scorecard_schema
from trustscore.scorecard.model import (
    ROOT,
    Dimension,
    Field,
    Overlay,
    Rule,
    Scorecard,
    Signal,
    Tier,
)
from trustscore.scorecard.presets import preset_names
from trustscore.scorecard.side_columns import SIDE_NUMERIC, SIDE_TEXT

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
