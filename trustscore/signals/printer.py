"""SQL of expressions: each tree is checked for its types and printed in the portable subset.

Numbers are whole parts (millionths, ten-thousandths), times and durations whole microseconds, so
that sums do not depend on the order of rows. Only a division leaves the integers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from trustscore.errors import suggest
from trustscore.signals.nights import rested_sql
from trustscore.signals.portable import divide, one_scale, quote, real, rescale
from trustscore.signals.tree import (
    Call,
    Fault,
    In,
    Is,
    Literal,
    Name,
    Node,
    Operation,
    Setting,
    parse,
)
from trustscore.signals.types import (
    ANY,
    BOOL,
    DAY,
    DURATION,
    HOUR,
    LOCAL_DAY,
    REAL,
    SECOND,
    TEXT,
    TIME,
    NotCollected,
    Term,
    Type,
    number,
)

__all__ = ["Printer", "Scope"]

_UNITS = {"seconds": SECOND, "minutes": 60 * SECOND, "hours": HOUR, "days": DAY}
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")


class Scope(Protocol):
    """Where the names of an expression are looked up."""

    def column(self, name: str, at: int | None = None) -> Term:
        """Return the SQL of a column."""

    def local(self, name: str, at: int | None = None) -> Term:
        """Return the SQL of the local clock of a time column."""

    def verdict(self, topic: str, at: int | None = None) -> Term:
        """Return the SQL of a verdict on the row."""


class Printer:
    """Prints expressions over one scope.

    Parameters
    ----------
    scope : Scope
    settings : mapping of str to Decimal or tuple of str
        What ``@name`` stands for.
    constants : mapping of str to Term
        Names that mean the same for every row, such as `cut`.
    changes : tuple of (int, int, int)
        When the clock of the market was put forward or back.
    """

    def __init__(
        self,
        scope: Scope,
        settings: Mapping[str, Decimal | tuple[str, ...]],
        constants: Mapping[str, Term],
        changes: tuple[tuple[int, int, int], ...] = (),
    ) -> None:
        self.scope = scope
        self.settings = settings
        self.constants = constants
        self.changes = changes

    def text(self, expression: str, want: Type | None = None) -> Term:
        """Return the SQL of an expression, which must be of a type if one is given."""
        term = self.term(parse(expression))
        if want is not None and term.type.base not in (want.base, "any"):
            raise Fault(f"must be {want.words}, and is {term.type.words}")
        return term

    def term(self, node: Node) -> Term:
        """Return the SQL of a node."""
        if isinstance(node, Name):
            if node.name in self.constants:
                return self.constants[node.name]
            return self.scope.column(node.name, node.at)
        if isinstance(node, Setting):
            return self._number(self._setting(node), node.at)
        if isinstance(node, Literal):
            return self._literal(node)
        if isinstance(node, Is):
            return Term(f"({self.term(node.value).sql} IS NULL)", BOOL)
        if isinstance(node, In):
            return self._in(node)
        if isinstance(node, Operation):
            return self._operation(node)
        handler: Callable[[Call], Term] = getattr(self, f"_{node.name}", self._unit)
        return handler(node)

    # Literals and settings

    def _setting(self, node: Setting) -> Decimal | tuple[str, ...]:
        try:
            return self.settings[node.name]
        except KeyError:
            hint = suggest(node.name, self.settings)
            raise Fault(f"unknown set or setting @{node.name}{hint}", node.at) from None

    def _number(self, value: Decimal | tuple[str, ...], at: int) -> Term:
        if isinstance(value, tuple):
            raise Fault("a set can only stand after `in`", at)
        scale = 10 ** max(0, -int(value.normalize().as_tuple().exponent))
        return Term(str(int(value * scale)), number(scale))

    def _literal(self, node: Literal) -> Term:
        value = node.value
        if value is None:
            return Term("NULL", ANY)
        if isinstance(value, bool):
            return Term("TRUE" if value else "FALSE", BOOL)
        if isinstance(value, str):
            return Term(quote(value), TEXT)
        return self._number(value, node.at)

    def _in(self, node: In) -> Term:
        value = self.term(node.value)
        if isinstance(node.among, Setting):
            listed = self._setting(node.among)
            if not isinstance(listed, tuple):
                raise Fault(f"@{node.among.name} is a number, not a set", node.among.at)
            texts: Sequence[str] = listed
        else:
            texts = [str(part.value) for part in node.among]
            if not all(isinstance(part.value, str) for part in node.among):
                raise Fault("`in` compares texts only", node.at)
        if value.type.base not in ("text", "any"):
            raise Fault(f"`in` needs a text, and this is {value.type.words}", node.at)
        for text in texts:
            _known_word(value, text, node.at)
        return Term(f"({value.sql} IN ({', '.join(map(quote, texts))}))", BOOL)

    # Operations

    def _operation(self, node: Operation) -> Term:
        parts = [self.term(part) for part in node.operands]
        sign = node.sign
        if sign in ("and", "or", "not"):
            for part in parts:
                if part.type.base not in ("bool", "any"):
                    raise Fault(f"`{sign}` needs yes or no, and this is {part.type.words}", node.at)
            if sign == "not":
                return Term(f"(NOT {parts[0].sql})", BOOL)
            return Term(f"({parts[0].sql} {sign.upper()} {parts[1].sql})", BOOL)
        if sign == "neg":
            if parts[0].type.base not in ("number", "real", "duration"):
                raise Fault(f"{parts[0].type.words} has no sign", node.at)
            return Term(f"(- {parts[0].sql})", parts[0].type)
        left, right = parts
        if sign in ("=", "<>", "<", "<=", ">", ">="):
            left, right = self._same(left, right, node.at)
            for term, other in zip((left, right), reversed(node.operands), strict=True):
                if isinstance(other, Literal) and isinstance(other.value, str):
                    _known_word(term, other.value, other.at)
            return Term(f"({left.sql} {sign} {right.sql})", BOOL)
        return self._arithmetic(sign, left, right, node.at)

    def _arithmetic(self, sign: str, left: Term, right: Term, at: int) -> Term:
        pair = (left.type.base, sign, right.type.base)
        plain = {
            ("time", "-", "time"): DURATION,
            ("day", "-", "day"): DURATION,
            ("time", "+", "duration"): TIME,
            ("time", "-", "duration"): TIME,
            ("duration", "+", "time"): TIME,
            ("day", "+", "duration"): LOCAL_DAY,
            ("day", "-", "duration"): LOCAL_DAY,
            ("duration", "+", "duration"): DURATION,
            ("duration", "-", "duration"): DURATION,
        }.get(pair)
        if plain is not None:
            return Term(f"({left.sql} {sign} {right.sql})", plain)
        sized = ("number", "real")
        if left.type.base in sized and right.type.base in sized:
            return self._numbers(sign, left, right)
        if left.type.base == right.type.base == "duration" and sign == "/":
            return Term(f"({divide(left.sql, right.sql)})", REAL)
        raise Fault(f"cannot work out {left.type.words} {sign} {right.type.words}", at)

    def _numbers(self, sign: str, left: Term, right: Term) -> Term:
        whole = left.type.base == right.type.base == "number"
        if sign in "+-" and whole:
            left, right = one_scale(left, right)
            return Term(f"({left.sql} {sign} {right.sql})", left.type)
        if sign == "*" and whole:
            return Term(f"({left.sql} * {right.sql})", number(left.type.scale * right.type.scale))
        if sign == "/" and whole:
            left, right = one_scale(left, right)
            return Term(f"({divide(left.sql, right.sql)})", REAL)
        above, below = real(left), real(right)
        if sign == "/":
            return Term(f"({divide(above, below)})", REAL)
        return Term(f"({above} {sign} {below})", REAL)

    def _same(self, left: Term, right: Term, at: int) -> tuple[Term, Term]:
        """Return two terms that can be compared or stand for one another."""
        a, b = left.type.base, right.type.base
        if "any" in (a, b):
            return left, right
        if a == b == "number":
            return one_scale(left, right)
        if {a, b} == {"number", "real"} or a == b == "real":
            return Term(real(left), REAL), Term(real(right), REAL)
        if a != b:
            raise Fault(f"cannot compare {left.type.words} with {right.type.words}", at)
        return left, right

    # Functions

    def _alike(self, terms: Sequence[Term], at: int) -> list[Term]:
        """Return terms of one type; all are brought to the finest scale."""
        first = next((term for term in terms if term.type.base != "any"), terms[0])
        scales = [term.type.scale for term in terms if term.type.base == "number"]
        if any(term.type.base == "real" for term in terms):
            first = Term("", REAL)
        elif first.type.base == "number":
            first = Term("", number(max(scales)))
        found = []
        for term in terms:
            if first.type.base == "real":
                found.append(Term(real(term), REAL))
            elif term.type.base == "any":
                found.append(term)
            elif first.type.base == "number" and term.type.base == "number":
                found.append(one_scale(term, first)[0])
            else:
                found.append(self._same(term, first, at)[0])
        if first.type.base == "number":
            top = max(term.type.scale for term in found)
            found = [rescale(term, top) for term in found]
        return found

    def collected(self, nodes: Sequence[Node]) -> list[Term]:
        """Return the terms of those nodes whose columns are collected: at least one."""
        found, missing = [], []
        for node in nodes:
            try:
                found.append(self.term(node))
            except NotCollected as absent:
                missing.append(absent)
        if not found:
            raise missing[0]
        return found

    def _coalesce(self, node: Call) -> Term:
        terms = self._alike(self.collected(node.arguments), node.at)
        if len(terms) == 1:
            return terms[0]
        kind = next((t.type for t in terms if t.type.base != "any"), ANY)
        words = terms[0].words if all(t.words == terms[0].words for t in terms) else ()
        return Term(f"COALESCE({', '.join(term.sql for term in terms)})", kind, words)

    def _maybe(self, node: Call) -> Term:
        try:
            return self.term(node.arguments[0])
        except NotCollected:
            return Term("NULL", ANY)

    def _extreme(self, node: Call, sign: str) -> Term:
        terms = self._alike([self.term(part) for part in node.arguments], node.at)
        terms = [term for term in terms if term.type.base != "any"] or terms
        found = terms[0]
        for term in terms[1:]:
            # Blanks are passed over, in every engine.
            found = Term(
                f"CASE WHEN {found.sql} IS NULL THEN {term.sql} WHEN {term.sql} IS NULL "
                f"OR {found.sql} {sign} {term.sql} THEN {found.sql} ELSE {term.sql} END",
                found.type,
            )
        return Term(f"({found.sql})", found.type)

    def _least(self, node: Call) -> Term:
        return self._extreme(node, "<=")

    def _greatest(self, node: Call) -> Term:
        return self._extreme(node, ">=")

    def _if(self, node: Call) -> Term:
        condition, value = (self.term(part) for part in node.arguments)
        if condition.type.base not in ("bool", "any"):
            raise Fault(f"`if` needs yes or no, and this is {condition.type.words}", node.at)
        return Term(f"(CASE WHEN {condition.sql} THEN {value.sql} END)", value.type)

    def _unit(self, node: Call) -> Term:
        """Return ``hours(3)``, a duration, or ``hours(a, b)``, a number."""
        unit = _UNITS[node.name]
        parts = [self.term(part) for part in node.arguments]
        if len(parts) == 1:
            only = node.arguments[0]
            if not isinstance(only, (Literal, Setting)) or parts[0].type.base != "number":
                raise Fault(f"{node.name}(n) needs a number that is written out", node.at)
            scale = parts[0].type.scale
            micros, rest = divmod(int(parts[0].sql) * unit, scale)
            if rest:
                raise Fault(f"{node.name}(n) must be whole microseconds", node.at)
            return Term(str(micros), DURATION)
        if any(part.type.base not in ("time", "any") for part in parts):
            raise Fault(f"{node.name}(from, to) needs two times", node.at)
        return Term(f"({parts[1].sql} - {parts[0].sql})", number(unit))

    def _start(self, node: Call) -> Term:
        """Return when a clock that rests from one hour of the day to another begins to run."""
        time = self.term(node.arguments[0])
        if time.type.base not in ("time", "any"):
            raise Fault(f"start needs a time, and this is {time.type.words}", node.at)
        begin, end = (self._clock_literal(part) for part in node.arguments[1:])
        clock = f"({self._local(node.arguments[0])} % {DAY})"
        return Term(rested_sql(time.sql, clock, begin, end, self.changes), TIME)

    def _clock_literal(self, node: Node) -> int:
        found = _CLOCK.fullmatch(node.value) if self._is_text(node) else None  # type: ignore[union-attr,arg-type]
        if found is None:
            raise Fault("start needs two hours of the day such as '18:00'", node.at)
        return int(found[1]) * HOUR + int(found[2]) * 60 * SECOND

    @staticmethod
    def _is_text(node: Node) -> bool:
        return isinstance(node, Literal) and isinstance(node.value, str)

    def _clock(self, node: Call) -> Term:
        return Term(f"({self._local(node.arguments[0])} % {DAY})", DURATION)

    def _day(self, node: Call) -> Term:
        local = self._local(node.arguments[0])
        return Term(f"({local} - {local} % {DAY})", LOCAL_DAY)

    def local(self, expression: str) -> str:
        """Return the local clock of an expression that is a time."""
        return self._local(parse(expression))

    def _local(self, node: Node) -> str:
        """Return the local clock of a time."""
        if isinstance(node, Name):
            if node.name in self.constants:
                local = self.constants.get(f"{node.name}_local")
                if local is not None:
                    return local.sql
            return self.scope.local(node.name, node.at).sql
        if isinstance(node, Call) and node.name == "coalesce":
            found = []
            for part in node.arguments:
                try:
                    self.term(part)
                    found.append(self._local(part))
                except NotCollected:
                    continue
            return found[0] if len(found) == 1 else f"COALESCE({', '.join(found)})"
        if isinstance(node, Call) and node.name == "maybe":
            try:
                return self._local(node.arguments[0])
            except NotCollected:
                return "CAST(NULL AS BIGINT)"
        if isinstance(node, Call) and node.name in ("greatest", "least"):
            terms = [Term(self._local(part), TIME) for part in node.arguments]
            sign = ">=" if node.name == "greatest" else "<="
            found_sql = terms[0].sql
            for term in terms[1:]:
                found_sql = (
                    f"(CASE WHEN {found_sql} IS NULL THEN {term.sql} WHEN {term.sql} IS NULL "
                    f"OR {found_sql} {sign} {term.sql} THEN {found_sql} ELSE {term.sql} END)"
                )
            return found_sql
        raise Fault("the local clock is known for times of the log only", node.at)

    def _verdict(self, node: Call) -> Term:
        topic = node.arguments[0]
        if not isinstance(topic, Literal) or not isinstance(topic.value, str):
            raise Fault("verdict needs a topic such as 'false_claim'", node.at)
        return self.scope.verdict(topic.value, node.at)


def _known_word(term: Term, text: str, at: int) -> None:
    if term.words and text and text not in term.words:
        raise Fault(f"unknown word {text!r}{suggest(text, term.words)}", at)
