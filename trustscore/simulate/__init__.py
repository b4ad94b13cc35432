"""Made-up marketplaces whose truth is known."""

from trustscore.simulate.export import Export, simulate_blocks, simulate_export
from trustscore.simulate.market import KINDS

__all__ = ["KINDS", "Export", "simulate_blocks", "simulate_export"]
