"""The workbench: move a scorecard's figures in a browser and see how the market moves."""

__all__ = ["Bench", "Knob", "Market", "knobs"]

from trustscore.web.bench import Bench
from trustscore.web.knobs import Knob, knobs
from trustscore.web.market import Market
