"""Run an exported query on made-up rows, and lay its answer beside Python's."""

import datetime as dt

import numpy as np

from tests.export.sql_cards import ALL_SIDE
from trustscore.export import export_sql, probe_rows

AS_OF = dt.date(2026, 6, 30)
TOLERANCE = 1e-9


def asked(card, policy=None, **changes):
    """Rows, query and answer wanted for a scorecard with every optional column."""
    from trustscore.export import expected_scores

    given = {"side": ALL_SIDE, "as_of": AS_OF} | changes
    rows = probe_rows(card, policy, **given)
    query = export_sql(card, "merchants", policy, **given)
    given.pop("side")
    return rows, query, expected_scores(rows, card, policy, **given)


def duck(query, rows):
    """Return what DuckDB answers, as columns in the order of the ids."""
    import duckdb
    import pandas as pd

    merchants = pd.DataFrame(rows)  # noqa: F841 (DuckDB finds the table by this name)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE merchants AS SELECT * FROM merchants")
        found = connection.execute(query)
        names = [column[0] for column in found.description]
        return columns(names, found.fetchall())


def columns(names, rows):
    """Return rows of an answer as columns, in the order of the ids."""
    by_name = zip(*sorted(rows, key=lambda row: row[0]), strict=True)
    return dict(zip(names, map(list, by_name), strict=True))


def differences(got, wanted):
    """Return where an answer is not the one wanted: column, rows, and the first few of them."""
    faults = []
    if list(got) != list(wanted):
        return [f"columns {list(got)}, wanted {list(wanted)}"]
    for name, values in wanted.items():
        if values.dtype == object:
            found = np.array(got[name], dtype=object)
            bad = found != values
        else:
            found = np.array([np.nan if v is None else v for v in got[name]], dtype=np.float64)
            bad = ~(np.abs(found - values) <= TOLERANCE) & ~(np.isnan(found) & np.isnan(values))
        at = np.flatnonzero(bad)
        if len(at):
            ids = wanted["merchant_id"][at[:3]].tolist()
            faults.append(
                f"{name}: {len(at)} rows, such as {ids}:"
                f" got {found[at[:3]].tolist()}, wanted {values[at[:3]].tolist()}"
            )
    return faults
