"""Named columns that build on each other, written out as one SELECT over a chain of steps.

Engines differ in whether a column may use its neighbour of the same SELECT, so each column goes
into the first step after all it reads, and a step hands on only what a later one still reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from trustscore.export.sql.text import name

_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(?<![\w.])[A-Za-z_]\w*")
STEP = "trustscore_step_"
_LONGEST = 56


class Query:
    """Columns by name, each with its expression, its step and what it reads.

    Examples
    --------
    >>> query = Query()
    >>> n = query.source("n", "CAST(n AS DOUBLE)")
    >>> half = query.define("half", f"{n} / 2e0")
    >>> print(query.render("t", [("half", half)]))
    WITH trustscore_step_0 AS (
      SELECT
        CAST(n AS DOUBLE) AS n
      FROM t
    ),
    trustscore_step_1 AS (
      SELECT
        n / 2e0 AS half
      FROM trustscore_step_0
    )
    SELECT
      half
    FROM trustscore_step_1
    """

    def __init__(self, outputs: Iterable[str] = ()) -> None:
        self._expression: dict[str, str] = {}
        self._step: dict[str, int] = {}
        self._reads: dict[str, frozenset[str]] = {}
        self._known: dict[str, str] = {}
        # Some engines take the name of an output for the output wherever it stands.
        self._taken = {output.casefold() for output in outputs}

    def source(self, column: str, expression: str) -> str:
        """Add a column of the first step, which reads the table; return its name as written."""
        return self._add(column, expression, frozenset(), 0)

    def define(self, column: str, expression: str) -> str:
        """Add a column; return its name, or the expression itself where a name adds nothing."""
        reads = self.reads(expression)
        if not reads or expression in self._expression:
            return expression
        if expression in self._known:
            return self._known[expression]
        written = self._add(column, expression, reads, 1 + max(self._step[c] for c in reads))
        self._known[expression] = written
        return written

    def _add(self, column: str, expression: str, reads: frozenset[str], step: int) -> str:
        # Most engines do not tell capitals from small letters, and some cut long names.
        column = column[:_LONGEST]
        while column.casefold() in self._taken:
            column += "_"
        self._taken.add(column.casefold())
        written = name(column)
        self._expression[written] = expression
        self._reads[written] = reads
        self._step[written] = step
        return written

    def reads(self, expression: str) -> frozenset[str]:
        """Return the columns an expression reads."""
        return frozenset(t for t in _TOKEN.findall(expression) if t in self._expression)

    def render(self, table: str, outputs: list[tuple[str, str]]) -> str:
        """Return the SELECT of outputs, given as name and expression."""
        wanted = frozenset().union(*(self.reads(e) for _, e in outputs))
        last = max((self._step[c] for c in wanted), default=0)
        steps: list[str] = []
        for step in range(last, -1, -1):
            source = table if step == 0 else f"{STEP}{step - 1}"
            # In order of definition, so that the same scorecard always gives the same text.
            here = [c for c in self._expression if c in wanted]
            new = [c for c in here if self._step[c] == step]
            lines = [c for c in here if self._step[c] < step]
            lines += [_aliased(self._expression[c], c) for c in new]
            body = ",\n    ".join(lines)
            steps.append(f"{STEP}{step} AS (\n  SELECT\n    {body}\n  FROM {source}\n)")
            wanted = (wanted - frozenset(new)).union(*(self._reads[c] for c in new))
        chain = ",\n".join(reversed(steps))
        chosen = ",\n  ".join(_aliased(e, name(alias)) for alias, e in outputs)
        return f"WITH {chain}\nSELECT\n  {chosen}\nFROM {STEP}{last}"


def _aliased(expression: str, column: str) -> str:
    return column if expression == column else f"{expression} AS {column}"
