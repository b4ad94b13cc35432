"""Small exports for the tests: rows that are right, and the files they are written to."""

import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from trustscore.scorecard import load_scorecard

MINIMAL = load_scorecard("minimal")
HEADER = ["merchant_id", "category", *(field.name for field in MINIMAL.fields)]


def row(merchant_id, **values):
    """One row of text cells for the minimal scorecard; what is not said is blank."""
    return [merchant_id, values.pop("category", ""), *(values.get(n, "") for n in HEADER[2:])]


def good_rows(count, seed=0):
    """Rows of every kind that has no fault: plain, blank, dressed up, new and old."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(1, count + 1):
        rated = int(rng.integers(0, 400))
        orders = int(rng.lognormal(4, 1.5))
        values = {
            "negative_reviews": str(rng.integers(0, rated + 1)),
            "reviews_rated": str(rated),
            "product_rating_mean": f"{rng.uniform(1, 5):.{rng.integers(0, 12)}f}",
            "complaints": str(rng.poisson(2)),
            "orders_paid": f"{orders:,}" if rng.random() < 0.1 else str(orders),
            "aftersales_review_hours_mean": f"{rng.lognormal(1, 1):.4f}",
            "refunds_completed": str(rng.poisson(9)),
            "barred_identity_link_flag": str(rng.choice(["0", "1", "no", "t", "", "N/A"])),
            "orders_guaranteed": str(rng.integers(0, orders + 1)),
            "category": str(rng.choice(["books", "", "jewellery", "鞋"])),
        }
        for name in list(values):
            if rng.random() < 0.1:
                values[name] = ""
        # Without its whole a part cannot be checked, with a blank whole it need not be.
        rows.append(row(f"m{number:05d}", **values))
    return rows


def csv_bytes(rows, header=HEADER, delimiter=",", newline="\n", quote=False):
    """Write rows the way the csv module does, by hand: the tests must not share our writer."""
    out = io.StringIO()
    for cells in [header, *rows]:
        texts = []
        for cell in cells:
            needed = any(mark in cell for mark in (delimiter, '"', "\n", "\r"))
            texts.append('"' + cell.replace('"', '""') + '"' if quote or needed else cell)
        out.write(delimiter.join(texts) + newline)
    return out.getvalue().encode()


def write_csv(path, rows, **how):
    path = Path(path)
    data = csv_bytes(rows, **how)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_parquet(path, rows, header=HEADER, row_group_size=None):
    """Text columns for what is dressed up, numbers for the rest."""
    columns = {}
    for place, name in enumerate(header):
        texts = [cells[place] for cells in rows]
        try:
            columns[name] = pa.array([float(t) if t else None for t in texts], pa.float64())
        except ValueError:
            columns[name] = pa.array([t or None for t in texts], pa.string())
    pq.write_table(pa.table(columns), path, row_group_size=row_group_size or 1000)
    return Path(path)
