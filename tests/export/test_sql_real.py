"""The query, run by real engines, answers what Python does."""

from contextlib import ExitStack

import pytest

from tests import real_engines
from tests.export.sql_cards import CARDS, CURVES, policy
from tests.export.sql_engines import asked, columns, differences
from tests.scoring.cards import deep_card
from trustscore.export.sql.dialects import PARSED, translate

pytestmark = pytest.mark.engines
pytest.importorskip("sqlglot")

SERVERS = {
    "postgres": real_engines.postgres,
    "mysql": real_engines.mariadb,
    "clickhouse": real_engines.clickhouse,
}


@pytest.fixture(scope="module", params=SERVERS)
def engine(request):
    with ExitStack() as stack:
        yield request.param, stack.enter_context(SERVERS[request.param]())


def answered(engine, query, rows):
    dialect, server = engine
    table = f"merchants_{answered.count}"
    answered.count += 1
    kinds = {name: values.dtype.type for name, values in rows.items()}
    kinds = {name: object if kind is object or kind.__name__ == "object_" else float
             for name, kind in kinds.items()}  # fmt: skip
    server.load(table, kinds, {name: values.tolist() for name, values in rows.items()})
    text = translate(query.replace("FROM merchants\n", f"FROM {table}\n"), dialect)
    return server.query(text)


answered.count = 0


def compared(engine, query, rows, wanted):
    found = columns(list(wanted), answered(engine, query, rows))
    for name, values in wanted.items():
        if values.dtype != object:
            found[name] = [None if v is None else float(v) for v in found[name]]
    return differences(found, wanted)


@pytest.mark.parametrize("name", ["minimal", "default", "deep 0.5", "odd"])
def test_scorecards(engine, name):
    rows, query, wanted = asked(CARDS[name](), policy("tanh"))
    assert compared(engine, query, rows, wanted) == []


@pytest.mark.parametrize("curve", CURVES)
def test_every_curve_of_the_boost(engine, curve):
    rows, query, wanted = asked(deep_card(0), policy(curve))
    assert compared(engine, query, rows, wanted) == []


def test_what_runs_here_is_not_said_to_be_parsed_only():
    assert not {*SERVERS} & {*PARSED}
