"""Expressions checked against all logs: every unknown name and wrong type at once."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from trustscore.logs import LOG_TABLES
from trustscore.signals.build import GIVEN
from trustscore.signals.spec import JoinSpec
from trustscore.signals.tree import Fault
from trustscore.signals.types import BOOL, NotCollected

if TYPE_CHECKING:
    from trustscore.signals.definitions import Definitions

__all__ = ["everything", "expression_faults"]


def everything() -> dict[str, frozenset[str]]:
    """Return logs of which every column is collected.

    Examples
    --------
    >>> "paid_at" in everything()["orders"]
    True
    """
    logs = {}
    for name, log in LOG_TABLES.items():
        flags = (flag for column in log.of_type("text") for flag in column.flags)
        logs[name] = frozenset([*(column.name for column in log.columns), *flags])
    return {**logs, **{name: frozenset(columns) for name, columns in GIVEN.items()}}


def expression_faults(definitions: Definitions) -> list[str]:
    """Return what is wrong with expressions, each with its address."""
    from trustscore.signals.generator import Generator

    generator = Generator(definitions, date(2026, 1, 1), everything())
    build = generator.build
    faults: list[str] = []

    def note(address: str, fault: Fault) -> None:
        said = str(fault)
        # A fault inside a fact has its own address, and is said once.
        line = said if said.startswith("facts.") else f"{address}: {said}"
        if line not in faults:
            faults.append(line)

    for name, spec in definitions.file.facts.items():
        try:
            fact = build.relation(name)
        except Fault as fault:
            note(f"facts.{name}", fault)
            continue
        fields = [f for f, held in spec.fields.items() if not isinstance(held, JoinSpec)]
        for held in spec.fields.values():
            if isinstance(held, JoinSpec):
                fields += [*held.take, *held.fold]
        for field in fields:
            try:
                fact.request(field)
            except Fault as fault:
                note(f"facts.{name}.{field}", fault)
            except NotCollected:
                continue
    if definitions.file.exclusions and "order_checks" not in definitions.file.facts:
        faults.append("exclusions: need the fact order_checks, whose columns they read")
    for because in definitions.file.exclusions if not faults else ():
        try:
            term = build.relation("order_checks").request(f"excluded_{because}")
            if term.type.base not in (BOOL.base, "any"):
                raise Fault(f"must be yes or no, and is {term.type.words}")
        except Fault as fault:
            note(f"exclusions.{because}", fault)
    topics = LOG_TABLES["findings"]["topic"].classes
    faults += [
        f"policy.{topic}: unknown topic" for topic in definitions.file.policy if topic not in topics
    ]
    for name in {**definitions.columns, **definitions.hidden}:
        table = "side" if definitions.column(name).side else "columns"
        try:
            generator.figure(name)
        except Fault as fault:
            note(f"{table}.{name}", fault)
        except NotCollected as absent:
            faults.append(f"{table}.{name}: unknown log {absent.what}")
    if not faults:
        try:
            generator.plan()
        except Fault as fault:
            note("facts", fault)
    return faults
