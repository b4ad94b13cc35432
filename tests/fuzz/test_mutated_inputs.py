"""Inputs that bytes were changed in: every one is read, rejected or refused, and none crashes.

``pytest -m fuzz`` runs it; TRUSTSCORE_FUZZ says how many examples of each (200). An example that
once crashed stands beside its test.
"""

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from trustscore.batch.files import score_files
from trustscore.boost import BoostPolicy
from trustscore.errors import TrustscoreError
from trustscore.scorecard import load_scorecard
from trustscore.scorecard.conditions import Condition
from trustscore.scorecard.derived import Derived
from trustscore.scorecard.presets import preset_folder
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export

CARD = load_scorecard("minimal")
BUDGET = settings(
    max_examples=int(os.environ.get("TRUSTSCORE_FUZZ", "200")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# Pieces that readers treat in a way of their own.
PIECES = [
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b'""', b"\n", b"\r", b"\r\n", b",", b";", b"\t"),
    *(b"{", b"}", b"[[", b"]]", b"=", b"#", b"'''", b'"""', b"\\u0000", b"\\ud800", b"1e999"),
    *(b"-0", b"nan", b"inf", b"0x", b"9" * 400, "é".encode(), "订单".encode(), "\u202e".encode()),
]
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "twice", "put", "flip", "end"]),
        st.floats(0, 1),
        st.integers(1, 200),
        st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)),
    ),
    min_size=1,
    max_size=4,
)


def mutated(data, operations):
    """Return bytes after some operations, each at a share of the length."""
    for what, share, size, piece in operations:
        at = int(share * len(data))
        if what == "cut":
            data = data[:at] + data[at + size :]
        elif what == "twice":
            data = data[: at + size] + data[at:]
        elif what == "put":
            data = data[:at] + piece + data[at:]
        elif what == "flip" and data:
            at = min(at, len(data) - 1)
            data = data[:at] + bytes([data[at] ^ (1 << size % 8)]) + data[at + 1 :]
        elif what == "end":
            data = data[:at]
    return data


def written(kind):
    """Return a small export in a format."""
    made = simulate_export(40, seed=2, scorecard=CARD)
    frame = pd.DataFrame({name: made[name] for name in made})
    if kind == "csv":
        return frame.to_csv(index=False).encode()
    if kind == "jsonl":
        return frame.to_json(orient="records", lines=True).encode()
    return frame.to_parquet(None, index=False)


EXPORTS = {kind: written(kind) for kind in ("csv", "jsonl", "parquet")}


def preset(name):
    return (preset_folder() / f"{name}.toml").read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def loads(load, data, folder, name):
    """Load a document; return it, or None where it is refused in a sentence of ours."""
    path = folder / name
    path.write_bytes(data)
    try:
        return load(str(path))
    except TrustscoreError as error:
        assert str(error).isprintable() or "\n" in str(error)
        return None


def scored(kind, data, folder):
    """Score an export: every record that was read is scored or rejected."""
    path, out = folder / f"export.{kind}", folder / "scores.csv"
    path.write_bytes(data)
    try:
        report = score_files(path, out, scorecard=CARD)
    except TrustscoreError as error:
        assert str(error)
        return
    rows = report.manifest["rows"]
    assert rows["read"] == rows["scored"] + rows["rejected"]
    lines = out.read_bytes().count(b"\n")
    assert lines >= rows["scored"] + 1


pytestmark = pytest.mark.fuzz


@BUDGET
@given(OPERATIONS)
def test_scorecards(folder, operations):
    card = loads(load_scorecard, mutated(preset("minimal"), operations), folder, "card.toml")
    if card is not None and not card.open_values:
        score_columns({field.name: np.array([np.nan, 1.0]) for field in card.fields}, card, "all")


@BUDGET
@given(OPERATIONS)
def test_policies(folder, operations):
    loads(BoostPolicy.load, mutated(preset("boost"), operations), folder, "policy.toml")


@pytest.mark.parametrize("kind", EXPORTS)
@BUDGET
@given(operations=OPERATIONS)
@example(operations=[("end", 0.0, 1, b"")])
@example(operations=[("put", 0.0, 1, b"\xff\xfe")])
@example(operations=[("put", 0.5, 1, b'"')])
def test_exports(folder, kind, operations):
    scored(kind, mutated(EXPORTS[kind], operations), folder)


@BUDGET
@given(st.text(alphabet="ab_ /*-+()<>=!.0123456789e", max_size=24) | st.text(max_size=12))
def test_conditions_and_derived_columns(text):
    for parse in (Condition.parse, Derived.parse):
        try:
            found = parse(text)
        except ValueError as error:
            assert str(error)
        else:
            assert parse(str(found)) == found
