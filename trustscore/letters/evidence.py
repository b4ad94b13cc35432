"""The figures on which rules fired, as lines of a letter."""

from __future__ import annotations

import math

import numpy as np

from trustscore.explain import Statement
from trustscore.explain.render import number
from trustscore.explain.statement import RuleLine
from trustscore.letters.words import text
from trustscore.scorecard import Condition, Rule, Scorecard
from trustscore.typing import Block
from trustscore.words import named
from trustscore.words import text as plain

__all__ = ["evidence_of", "rule_name"]


def rule_name(rule: RuleLine, lang: str) -> str:
    """Return the name of a rule, or of the lines that no rule of the scorecard makes."""
    return plain(rule.id, lang) if rule.id in ("limit", "cap") else named(rule, lang)


def evidence_of(
    statement: Statement, block: Block, card: Scorecard, lang: str
) -> list[tuple[str, list[str]]]:
    """Return the rules that fired, each with the figures that made it fire.

    Parameters
    ----------
    statement : Statement
    block : mapping of str to ndarray
        One row.
    card : Scorecard
    lang : {"en", "zh"}
    """
    rules = {rule.id: rule for rule in card.rules}
    found = [
        (rule_name(line, lang), _figures(rules[line.id], statement, block, lang))
        for line in (*statement.vetoes, *statement.adjustments)
        if line.id in rules
    ]
    # A duty moves no points, so the statement has no line of its rule.
    return found + [
        (named(rule, lang), _figures(rule, statement, block, lang))
        for rule in card.rules
        if rule.effect == "duty" and rule.grants in statement.duties and _holds(rule, block)
    ]


def _holds(rule: Rule, block: Block) -> bool:
    return all(bool(np.all(condition.holds(block.get))) for condition in rule.when)


def _figures(rule: Rule, statement: Statement, block: Block, lang: str) -> list[str]:
    found = [_condition(condition, block, lang) for condition in rule.when]
    if rule.exceeds is not None:
        found.append(_exceeds(rule, statement, block, lang))
    if rule.per is not None:
        found.append(text("per", lang, column=rule.per, value=_cell(block, rule.per, lang)))
    if rule.above is not None:
        value = _cell(block, rule.above, lang)
        found.append(text("above", lang, column=rule.above, value=value))
    return found


def _value(block: Block, column: str) -> float:
    return float(block[column][0]) if column in block else math.nan


def _cell(block: Block, column: str, lang: str) -> str:
    value = _value(block, column)
    return number(value) if math.isfinite(value) else text("blank", lang)


def _condition(condition: Condition, block: Block, lang: str) -> str:
    facts = {"column": condition.column, "op": condition.op, "line": number(condition.number)}
    if condition.over is None:
        return text("condition", lang, value=_cell(block, condition.column, lang), **facts)
    part, whole = _value(block, condition.column), _value(block, condition.over)
    return text(
        "quotient",
        lang,
        over=condition.over,
        value=number(part / whole) if whole else text("blank", lang),
        part=number(part),
        whole=number(whole),
        **facts,
    )


def _exceeds(rule: Rule, statement: Statement, block: Block, lang: str) -> str:
    assert rule.exceeds is not None
    at = rule.exceeds
    signal = statement.signal(at.signal)
    k, n = _value(block, at.k), _value(block, at.n)
    # Without a line of its own the rule takes the poor anchor of this merchant.
    line = signal.poor if at.line is None else at.line
    return text(
        "exceeds",
        lang,
        signal=named(signal, lang),
        k=number(k),
        n=number(n),
        rate=_rate(k / n if n else math.nan),
        least=number(at.min_count),
        line=_rate(line),
    )


def _rate(value: float) -> str:
    return f"{number(100 * value, 3)}%" if math.isfinite(value) else "-"
