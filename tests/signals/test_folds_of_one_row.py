"""A fold over the key of a log has one row to fold, and says what it says of groups."""

from tests.signals.duck import export
from trustscore.signals import load_definitions
from trustscore.signals.relations import VisibleLog

FOLDS = {
    "smallest": "first amount",
    "largest": "last amount",
    "complete": "last_of_all amount",
    "some": "any amount > 3",
    "every": "all amount > 3",
    "many": "count amount > 3",
    "total": "sum amount",
    "average": "mean amount",
}
TOML = """
extends = "default"
name = "folds"
version = "1.0.0"
[facts.sent]
of = "logs.shipments"
order = {{ from = "logs.orders", fold = {{ {folds} }} }}
[columns]
{columns}
"""


def figures(tmp_path):
    folds = ", ".join(f'{name} = "{text}"' for name, text in FOLDS.items())
    columns = []
    for name in FOLDS:
        if name in ("some", "every"):
            for end, where in (("is", name), ("is_not", f"not {name}")):
                rows = f'of = "sent", only = "any", where = "{where}", count = true'
                columns.append(f"{name}_{end} = {{ {rows} }}")
        else:
            columns.append(f'{name}_is = {{ of = "sent", only = "any", sum = "{name}" }}')
    path = tmp_path / "folds.toml"
    path.write_text(TOML.format(folds=folds, columns="\n".join(columns)))
    order = {"order_id": "o1", "paid_at": "2026-01-05"}
    logs = {
        "orders": [
            {"merchant_id": "m1", "amount": 5, **order},
            {"merchant_id": "m2", "amount": 2, **order},
            {"merchant_id": "m3", **order},
        ],
        "shipments": [
            {"merchant_id": f"m{i}", "order_id": "o1", "shipment_id": "s1"} for i in range(1, 5)
        ],
        "merchants": [{"merchant_id": f"m{i}"} for i in range(1, 5)],
    }
    names = [column.split(" ", 1)[0] for column in columns]
    return export(logs, "2026-02-01", load_definitions(path), columns=names)


def test_folds_of_one_row(tmp_path, monkeypatch):
    found = figures(tmp_path)
    money = ("smallest_is", "largest_is", "complete_is", "total_is", "average_is")
    assert [[found[m][name] for name in money] for m in ("m1", "m2", "m3", "m4")] == [
        [5, 5, 5, 5, 5],
        [2, 2, 2, 2, 2],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]
    counted = ("many_is", "some_is", "some_is_not", "every_is", "every_is_not")
    assert [[found[m][name] for name in counted] for m in ("m1", "m2", "m3", "m4")] == [
        [1, 1, 0, 1, 0],
        [0, 0, 1, 0, 1],
        [0, 0, 1, 0, 1],
        [0, 0, 1, 0, 0],
    ]
    # The same by groups.
    monkeypatch.setattr(VisibleLog, "key", frozenset(["no such column"]))
    assert figures(tmp_path) == found
