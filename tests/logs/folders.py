"""Small folders of logs for tests, and runs over them."""

import csv
import io

import pytest

from trustscore.io.logs.ingest import Market, ingest_folder
from trustscore.io.logs.mapping import LogMapping, load_mapping
from trustscore.io.logs.pepper import Pepper
from trustscore.io.logs.runner import open_bucket
from trustscore.io.logs.session import Session
from trustscore.io.logs.store import Store
from trustscore.logs import load_zone

for library in ("duckdb", "ahocorasick_rs", "opencc", "pypinyin"):
    pytest.importorskip(library)
pytest.importorskip("sqlglot")

ORDERS = """\
merchant_id,order_id,paid_at,buyer_id,amount,order_type
m1,o1,2026-01-05 10:00:00,buyer-Zhang,12.5,normal
m1,o2,2026-01-06T10:00:00+08:00,,3,gift
m2,o3,2026-01-07 09:30:00,buyer-Li,4,normal
m2,o4,2026-01-31 23:00:00,buyer-Li,9.99,
"""


def write(folder, **tables):
    """Write tables as CSV under their names, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def table(header, *rows):
    """Return a CSV of rows of values."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header.split(","), *rows])
    return out.getvalue()


class Read:
    """What the store holds after a folder was read."""

    def __init__(self, logs, rows, bad):
        self.logs, self.rows, self.bad = logs, rows, bad

    def reasons(self):
        return [(row.line, row.column, row.reason) for _, row in self.bad]


def read(folder, work, mapping=None, zone="Asia/Shanghai", buckets=None, currency="CNY"):
    """Read a folder into a store and return its rows as dicts by table."""
    store, bad = Store(work, kept=True), []
    if buckets is not None:
        store.state.setdefault("buckets", buckets)
    try:
        with Session([store.root, folder], store.scratch) as session:
            logs = ingest_folder(
                folder,
                store,
                session,
                mapping if isinstance(mapping, LogMapping) else load_mapping(mapping),
                Market(load_zone(zone), currency),
                Pepper(b"0" * 32),
                on_reject=lambda part, row: bad.append((part.table, row)),
            )
            open_bucket(session, logs, range(logs.buckets))
            rows = {}
            for name in logs.parts:
                columns = [*logs.types(name), "_file"]
                quoted = ", ".join(f'"{column}"' for column in columns)
                found = session.rows(f'SELECT {quoted} FROM "{name}" ORDER BY _file, _line')
                rows[name] = [dict(zip(columns, row, strict=True)) for row in found]
    finally:
        store.close()
    return Read(logs, rows, bad)


def snapshot(folder):
    """Return the bytes of every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
