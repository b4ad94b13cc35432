"""Where data come from and go: CSV, Parquet, Arrow tables and frames, in blocks.

The names are loaded at first use: a batch run needs no pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trustscore.tables.batch import Report, StrictStop, score_files
    from trustscore.tables.boost_export import load_boosts
    from trustscore.tables.explain_frame import explain_frame
    from trustscore.tables.frame import score_frame
    from trustscore.tables.read.blocks import ReadBlock, read_blocks
    from trustscore.tables.read.checks import check_block
    from trustscore.tables.read.faults import REASONS, Fault, Reject
    from trustscore.tables.read.parse import parse_block
    from trustscore.tables.write.writers import write_columns

__all__ = [
    "REASONS",
    "Fault",
    "ReadBlock",
    "Reject",
    "Report",
    "StrictStop",
    "check_block",
    "explain_frame",
    "load_boosts",
    "parse_block",
    "read_blocks",
    "score_files",
    "score_frame",
    "write_columns",
]

_HOMES = {
    "REASONS": "read.faults",
    "Fault": "read.faults",
    "ReadBlock": "read.blocks",
    "Reject": "read.faults",
    "Report": "batch",
    "StrictStop": "batch",
    "check_block": "read.checks",
    "explain_frame": "explain_frame",
    "load_boosts": "boost_export",
    "parse_block": "read.parse",
    "read_blocks": "read.blocks",
    "score_files": "batch",
    "score_frame": "frame",
    "write_columns": "write.writers",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
