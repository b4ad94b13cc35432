"""From event logs to the columns of an export.

A definition is frozen data; an export is a pure function of logs, definitions and a day. Names are
loaded at first use.
"""

from typing import TYPE_CHECKING

from trustscore.lazy import attach

if TYPE_CHECKING:
    from trustscore.signals.definitions import (
        Definitions,
        definition_names,
        definitions_schema,
        load_definitions,
        parse_definitions,
    )
    from trustscore.signals.files import SignalsReport, write_signals
    from trustscore.signals.frame import SignalsResult, signals_frame
    from trustscore.signals.generator import generate
    from trustscore.signals.plan import Plan, PlannedColumn, Statement

__all__ = [
    "Definitions",
    "Plan",
    "PlannedColumn",
    "SignalsReport",
    "SignalsResult",
    "Statement",
    "definition_names",
    "definitions_schema",
    "generate",
    "load_definitions",
    "parse_definitions",
    "signals_frame",
    "write_signals",
]

_HOMES = {
    **dict.fromkeys(
        (
            "Definitions",
            "definition_names",
            "definitions_schema",
            "load_definitions",
            "parse_definitions",
        ),
        "trustscore.signals.definitions",
    ),
    **dict.fromkeys(("Plan", "PlannedColumn", "Statement"), "trustscore.signals.plan"),
    **dict.fromkeys(("SignalsReport", "write_signals"), "trustscore.signals.files"),
    **dict.fromkeys(("SignalsResult", "signals_frame"), "trustscore.signals.frame"),
    "generate": "trustscore.signals.generator",
}

__getattr__, __dir__ = attach(__name__, _HOMES)
