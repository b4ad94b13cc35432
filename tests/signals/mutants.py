"""Change the definitions one term at a time: some golden case must notice each change.

``python -m tests.signals.mutants [PART ...]`` prints what nobody noticed; a PART is the beginning
of an address, such as ``columns.orders_paid`` or ``facts.reviews``. `EQUAL` lists the changes that
change nothing, each with the reason.
"""

from __future__ import annotations

import copy
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import expressions as e

from tests.signals.golden_cases import Session, cases, of_group, wrong
from trustscore.errors import InputError
from trustscore.scorecard.faults import collect
from trustscore.signals import Definitions, load_definitions
from trustscore.signals.resolve import Resolver
from trustscore.signals.spec import DefinitionsFile
from trustscore.signals.tree import Fault
from trustscore.signals.types import NotCollected

PRESET = Path(__file__).parents[2] / "configs" / "signals.toml"
FLIPS = {e.LT: e.LTE, e.LTE: e.LT, e.GT: e.GTE, e.GTE: e.GT, e.EQ: e.NEQ, e.NEQ: e.EQ}
EXPRESSIONS = ("where", "mean", "sum", "value", "blank_when", "last", "first", "ties")
# What a test takes at a time; all of them together are everything.
PARTS = ("market.", "settings.", "policy.", "sets.", "exclusions.", "facts.", "columns.", "side.")
_AT_ONCE = 8
# Changes that change nothing, by the beginning of their name.
_EARLIER = "no case is opened before the first: what is alive before the horizon says it already"
_NEVER = "it is never blank where the logs are there"
_OPEN = "the engine may then choose among rows of one moment, and chose these"
_ONE = "there is one such row"
_NO_MOMENT = "what has no moment lies in no window"
_NO_ORDER = "what has no order is no order that differs"
EQUAL: dict[str, str] = {
    "exclusions.own_device: COALESCE(cleared, FALSE) -> cleared": _NEVER,
    "exclusions.own_device: other default of COALESCE(cleared": _NEVER,
    "exclusions.own_account: COALESCE(cleared, FALSE) -> cleared": _NEVER,
    "exclusions.own_account: other default of COALESCE(cleared": _NEVER,
    "exclusions.own_address: COALESCE(cleared, FALSE) -> cleared": _NEVER,
    "exclusions.own_address: other default of COALESCE(cleared": _NEVER,
    "columns.waybills_on_time.where: other default": _NEVER,
    "columns.waybills_on_time.where: COALESCE(anomaly_paid": _NEVER,
    "columns.quality_return_orders.where: without case_at < horizon": _EARLIER,
    "columns.quality_return_orders.where: case_at < horizon ->": _EARLIER,
    "columns.description_mismatch_orders.where: without case_at < horizon": _EARLIER,
    "columns.description_mismatch_orders.where: case_at < horizon ->": _EARLIER,
    "columns.allergy_return_orders_90d.where: without case_at < horizon": _EARLIER,
    "columns.allergy_return_orders_90d.where: case_at < horizon ->": _EARLIER,
    "columns.logistics_fault_return_orders.where: without case_at < horizon": _EARLIER,
    "columns.logistics_fault_return_orders.where: case_at < horizon ->": _EARLIER,
    "columns.damaged_return_orders.where: without case_at < horizon": _EARLIER,
    "columns.damaged_return_orders.where: case_at < horizon ->": _EARLIER,
    "columns.positive_reviews_active.where: without rated": "only rated orders have stars",
    "columns.reviews_rated_90d.where: without plain": "only plain reviews are within the cap",
    "columns.followup_reviews_90d.where: dropped": "only follow-ups have a first review",
    "columns.nps_responses_90d.only": "the latest answer is chosen among those that count",
    "columns.buyers_repeat_90d.cohort.again: [0, 45]": "another day is at least one day later",
    "columns.buyers_repeat_90d.cohort.other_day": "one day later is another day",
    "columns.guarantee_claims_breached_90d.where: without ruled_valid": "others are no claims",
    "columns.guarantee_claims_breached_90d.where: other default of COALESCE(NOT": "as above",
    "columns.im_rounds_replied_3min.where: without NOT answered_at": "unanswered is 600 seconds",
    "facts.orders.market_rate.fold.expected_return: first": _ONE,
    "facts.shipments.shared.fold": _ONE,
    "facts.shipments.anomaly: buyers_of_waybill > 1 ->": "waybills of one buyer are not listed",
    "facts.shipments.anomaly: 1 -> 0": "waybills of one buyer are not listed",
    "facts.reviews.parcels.fold.delivered_at: last": "a parcel is out: no cohort has it",
    "facts.reviews.within_cap.by: fewer": _OPEN,
    "facts.rating_reviews.within_cap.by: fewer": _OPEN,
    "facts.reviews.flagged: other default": _NEVER,
    "facts.reviews.admissible: without MAYBE(excluded_because)": "so is the cohort of orders",
    "facts.rating_reviews.within_cap.where": "other reviews are no rows of it",
    "facts.claims.rejected: other default of COALESCE(NOT rejected_at": _NEVER,
    "facts.listings.last_published.where: COALESCE(": "for logs without decisions",
    "facts.listings.last_published.where: other default": "for logs without decisions",
    "facts.live_sessions.long_enough: other default": _NEVER,
    "facts.votes.one_a_device.by: fewer": _OPEN,
    "facts.voters.one_a_network.last": "one of them is left either way",
    "facts.voters.one_a_network.by": "one of them is left either way",
    "facts.live_reports.credible: COALESCE(": _NEVER,
    "facts.surveys.latest.by: fewer": _OPEN,
    "columns.spot_checks_done_365d.where: COALESCE(selection, '') -> selection": "blank is neither",
    "facts.inspections.spots.fold.random_spots: COALESCE(": "blank is not random",
    "facts.live_reports.credible: other default": _NEVER,
    "facts.promotions.judged.fold": _ONE,
    "facts.help.union.1.where": _NO_MOMENT,
    "facts.interventions.union.0.where": _NO_MOMENT,
    "facts.interventions.union.1.where: no condition": _NO_MOMENT,
    "facts.interventions.union.1.where: without NOT stepped_in_at": _NO_MOMENT,
    "facts.interventions.union.1.where: without NOT order_id": _NO_ORDER,
    "facts.logistics_feedback.union.1.where: without NOT order_id": _NO_ORDER,
}


@dataclass(frozen=True)
class Mutant:
    """One change: where, what, the changed file, and the names whose readers it may touch."""

    address: str
    change: str
    data: dict[str, Any]
    touches: frozenset[str]

    @property
    def name(self) -> str:
        return f"{self.address}: {self.change}"


def variants(text: str) -> Iterator[tuple[str, str]]:
    """Yield an expression with one part of it changed, and what was changed."""
    tree = sqlglot.parse_one(text)
    for place, node in enumerate(tree.walk()):
        for change, made in _changes(node):
            twin = tree.copy()
            old = next(n for i, n in enumerate(twin.walk()) if i == place)
            if old is twin:
                yield change, made.sql()
            else:
                old.replace(made)
                yield change, twin.sql()


def _changes(node: Any) -> Iterator[tuple[str, Any]]:
    short = node.sql()
    if type(node) in FLIPS:
        made = FLIPS[type(node)](this=node.this.copy(), expression=node.expression.copy())
        yield f"{short} -> {made.sql()}", made
    elif isinstance(node, (e.And, e.Or)):
        yield f"without {node.expression.sql()}", node.this.copy()
        yield f"without {node.this.sql()}", node.expression.copy()
    elif isinstance(node, e.Not):
        yield f"{short} -> {node.this.sql()}", node.this.copy()
    elif isinstance(node, e.Literal) and not node.is_string:
        for step in (1, -1):
            yield (
                f"{short} -> {float(node.this) + step:g}",
                e.Literal.number(f"{float(node.this) + step:g}"),
            )
    elif isinstance(node, e.Boolean):
        place = node.parent.sql() if node.parent else short
        yield f"other default of {place}", e.Boolean(this=not node.this)
    elif isinstance(node, e.In) and len(node.expressions) > 1:
        for word in node.expressions:
            made = node.copy()
            made.set("expressions", [w.copy() for w in node.expressions if w is not word])
            yield f"without {word.sql()} of the words", made
    elif isinstance(node, e.Coalesce) and not _only_asks(node):
        yield f"{short} -> {node.this.sql()}", node.this.copy()


def _only_asks(node: Any) -> bool:
    """Whether a blank is as good as no: what stands for it is no, and no `not` is around."""
    last = node.expressions[-1]
    if not isinstance(last, e.Boolean) or last.this:
        return False
    while isinstance(node.parent, (e.And, e.Or, e.Paren)):
        node = node.parent
    return node.parent is None


def _dig(data: dict[str, Any], path: tuple[Any, ...]) -> tuple[dict[str, Any], Any]:
    twin = copy.deepcopy(data)
    inner: Any = twin
    for step in path:
        inner = inner[step]
    return twin, inner


def mutants() -> Iterator[Mutant]:
    """Yield every change."""
    data = tomllib.loads(PRESET.read_text("utf-8"))

    def put(path: tuple[Any, ...], held: Any, change: str, touches: Iterable[str] = ()) -> Mutant:
        twin, inner = _dig(data, path[:-1])
        if held is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = held
        return Mutant(".".join(map(str, path)), change, twin, frozenset(touches))

    for table in ("market", "settings"):
        for name, held in data[table].items():
            if isinstance(held, (int, float)):
                step = 0.0001 if name == "low_price" else 1
                yield put((table, name), held + step, f"+{step}")
                yield put((table, name), held - step, f"-{step}")
    for name, held in data["policy"].items():
        yield put(("policy", name), round(held - 1e-6, 6), "a little less")
        if held < 1:
            yield put(("policy", name), round(held + 1e-6, 6), "a little more")
        yield put(("policy", name), None, "no policy")
    for name, words in data["sets"].items():
        for word in words:
            yield put(("sets", name), [w for w in words if w != word], f"without {word}")
    for name, text in data["exclusions"].items():
        yield put(("exclusions", name), None, "dropped")
        for change, made in variants(text):
            yield put(("exclusions", name), made, change)
    for fact, spec in data["facts"].items():
        for name, held in spec.items():
            yield from _of_field(put, ("facts", fact, name), held)
    for table in ("columns", "side"):
        for name, spec in data[table].items():
            yield from _of_column(put, (table, name), spec)


def _of_field(put: Any, path: tuple[Any, ...], held: Any) -> Iterator[Mutant]:
    name = path[-1]
    if isinstance(held, str):
        if name != "of":
            for change, made in variants(held):
                yield put(path, made, change, () if name == "where" else (name,))
    elif isinstance(held, list):
        for i, part in enumerate(held):
            yield put(path, [p for p in held if p is not part], f"without part {i}")
            if "where" in part:
                yield put((*path, i, "where"), None, "no condition")
                for change, made in variants(part["where"]):
                    yield put((*path, i, "where"), made, change)
            for taken, text in part["take"].items():
                for change, made in variants(text):
                    yield put((*path, i, "take", taken), made, change)
    elif "rank" in held:
        yield put((*path, "last"), not held.get("last", False), "the other end", (name,))
        if len(held["by"]) > 1:
            yield put((*path, "by"), held["by"][:1], "fewer to order by", (name,))
        for place in range(len(held["rank"]) if len(held["rank"]) > 1 else 0):
            rest = [key for i, key in enumerate(held["rank"]) if i != place]
            yield put((*path, "rank"), rest, f"without {held['rank'][place]}", (name,))
        if "n" in held:
            yield put((*path, "n"), held["n"] + 1, "one more", (name,))
            yield put((*path, "n"), held["n"] - 1, "one less", (name,))
        if "days" in held:
            yield put((*path, "days"), held["days"] + 1, "a day more", (name,))
            yield put((*path, "days"), held["days"] - 1, "a day less", (name,))
            yield put((*path, "days"), None, "ever", (name,))
        if "blank" in held:
            yield put((*path, "blank"), None, "blanks are one", (name,))
        yield from _where(put, path, held, (name,))
    else:
        touches = (*held.get("fold", {}), *held.get("take", {}))
        yield from _where(put, path, held, touches)
        if "pick" in held:
            other = "last" if held["pick"] == "first" else "first"
            yield put((*path, "pick"), other, other, touches)
            if len(held["by"]) > 1:
                yield put((*path, "by"), held["by"][:1], "fewer to order by", touches)
        for made, text in held.get("fold", {}).items():
            way, _, rest = text.partition(" ")
            swap = {"any": "all", "all": "any", "first": "last", "last": "first"}
            swap["last_of_all"] = "last"
            # Whether any or all are true is one question where each is.
            if way in swap and rest != "true":
                yield put((*path, "fold", made), f"{swap[way]} {rest}".strip(), swap[way], (made,))
            for change, changed in variants(rest) if rest else ():
                yield put((*path, "fold", made), f"{way} {changed}", change, (made,))
        for made, text in held.get("take", {}).items():
            for change, changed in variants(text):
                yield put((*path, "take", made), changed, change, (made,))


def _where(put: Any, path: Any, held: Any, touches: Iterable[str]) -> Iterator[Mutant]:
    if "where" in held:
        yield put((*path, "where"), None, "no condition", touches)
        for change, made in variants(held["where"]):
            yield put((*path, "where"), made, change, touches)


def _of_column(put: Any, path: tuple[Any, ...], spec: dict[str, Any]) -> Iterator[Mutant]:
    name = path[-1]
    for key in ("window", "lag"):
        lag = spec.get("lag", 0) if "of" in spec or "like" in spec else None
        held = spec.get(key) if key == "window" else lag
        if isinstance(held, int):
            yield put((*path, key), held + 1, "a day more", (name,))
            if held > 0:
                yield put((*path, key), held - 1, "a day less", (name,))
    if "part_of" not in spec and "over" not in spec and "value" not in spec:
        for only in {"valid", "paid", "any"} - {spec.get("only", "valid")}:
            yield put((*path, "only"), only, f"population {only}", (name,))
    for key in EXPRESSIONS:
        if key not in spec:
            continue
        if key in ("where", "blank_when", "ties"):
            yield put((*path, key), None, "dropped", (name,))
        for change, made in variants(spec[key]):
            yield put((*path, key), made, change, (name,))
    for place in range(len(spec.get("distinct", ()))):
        rest = [k for i, k in enumerate(spec["distinct"]) if i != place]
        if rest:
            yield put((*path, "distinct"), rest, f"without {spec['distinct'][place]}", (name,))
    for key in ("cap", "floor"):
        if key in spec:
            yield put((*path, key), None, "dropped", (name,))
            yield put((*path, key), spec[key] + 1, "one more", (name,))
            yield put((*path, key), spec[key] - 1, "one less", (name,))
    if "most" in spec:
        yield put((*path, "most"), None, "dropped", (name,))
        yield put((*path, "most", "n"), spec["most"]["n"] + 1, "one more", (name,))
        yield put((*path, "most", "n"), spec["most"]["n"] - 1, "one less", (name,))
    cohort = spec.get("cohort", {})
    if "before" in cohort:
        yield put((*path, "cohort", "before"), cohort["before"] + 1, "a day more", (name,))
        yield put((*path, "cohort", "before"), cohort["before"] - 1, "a day less", (name,))
    if "again" in cohort:
        low, high = cohort["again"]
        for pair in ([low + 1, high], [low - 1, high], [low, high + 1], [low, high - 1]):
            yield put((*path, "cohort", "again"), pair, f"{pair}", (name,))
        yield put((*path, "cohort", "other_day"), False, "the same day too", (name,))
    if "where" in cohort:
        yield put((*path, "cohort", "where"), None, "dropped", (name,))


def definitions_of(data: dict[str, Any]) -> Definitions | None:
    """Return definitions without their checks, which take longer than a run; None if broken."""
    file, faults = collect(DefinitionsFile, data)
    if file is None or faults:
        return None
    resolver = Resolver(file)
    found = resolver.all()
    if resolver.faults:
        return None
    return Definitions(
        file=file,
        sha256="",
        columns={name: c for name, c in found.items() if not name.startswith("_")},
        hidden={name: c for name, c in found.items() if name.startswith("_")},
    )


class Hunt:
    """Runs mutants against the golden cases."""

    def __init__(self) -> None:
        chosen = cases()
        groups = sorted({case.group for case in chosen}, key=lambda g: -len(of_group(g)))
        self.sessions = []
        for group in groups:
            held = of_group(group)
            self.sessions += [Session([c]) for c in held] if group[2] else [Session(held)]
        self.base = load_definitions()
        self.texts = {name: self._text(self.base, [name]) for name in self.base.columns}

    def _text(self, definitions: Definitions, columns: Iterable[str]) -> str:
        plan = self.sessions[0].plan(definitions, columns)
        return "\n".join(f"{s.name} {s.sql}" for s in (*plan.market, *plan.statements))

    @cache  # noqa: B019 - one hunt a process
    def _base_text(self, columns: tuple[str, ...]) -> str:
        return self._text(self.base, columns)

    def touched(self, mutant: Mutant) -> tuple[str, ...]:
        """Return the columns whose SQL may read what was changed."""
        names = mutant.touches
        if not names:
            return tuple(self.texts)
        if mutant.address.startswith(("columns.", "side.")):
            (name,) = names
            specs = {**self.base.columns, **self.base.hidden}
            found, size = {name}, 0
            while len(found) > size:
                size = len(found)
                for other, column in specs.items():
                    spec = column.spec
                    texts = f"{column.what} {spec.blank_when}" if column.how == "value" else ""
                    texts += str(spec.blank_when or "")
                    reads = {spec.like, spec.part_of, spec.over, *texts.replace("(", " ").split()}
                    if {word.strip(")") for word in reads if word} & found:
                        found.add(other)
            return tuple(c for c in self.texts if c in found)
        return tuple(c for c, text in self.texts.items() if any(f'"{n}"' in text for n in names))

    def survives(self, mutant: Mutant) -> bool | None:
        """Return whether no case noticed the change; None if it is none, or no definition."""
        changed = definitions_of(mutant.data)
        columns = self.touched(mutant)
        if changed is None or not columns:
            return None
        changes = False
        # Some columns at a time: most changes are noticed by the first.
        for first in range(0, len(columns), _AT_ONCE):
            some = columns[first : first + _AT_ONCE]
            try:
                if self._text(changed, some) == self._base_text(some):
                    continue
            except (Fault, NotCollected, InputError):
                return None
            changes = True
            for session in self.sessions:
                read = any(set(case.values) & set(some) for case in session.cases)
                if read and self._noticed(session, changed, some):
                    return False
        return True if changes else None

    def _noticed(self, session: Session, changed: Definitions, columns: tuple[str, ...]) -> bool:
        try:
            rows = session.run(changed, columns)
        except duckdb.Error:
            return True
        for case, row in zip(session.cases, rows, strict=True):
            read = {c: v for c, v in case.values.items() if c in columns}
            if row is not None and read and wrong(case.of(read), row):
                return True
        return False


def known(name: str) -> bool:
    """Whether there is a reason why nobody can notice a change."""
    return name.startswith(tuple(EQUAL))


def main(parts: list[str]) -> int:
    """Print the survivors of all mutants, or of those whose address begins with a part."""
    hunt, tried, left = Hunt(), 0, []
    for mutant in mutants():
        if parts and not mutant.address.startswith(tuple(parts)):
            continue
        survived = hunt.survives(mutant)
        if survived is None:
            continue
        tried += 1
        if survived:
            left.append(mutant.name)
            print(("! ", "= ")[known(mutant.name)] + mutant.name, flush=True)
    unknown = [name for name in left if not known(name)]
    print(f"{tried} changes, {len(left)} not noticed, {len(unknown)} of them without a reason")
    return bool(unknown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
