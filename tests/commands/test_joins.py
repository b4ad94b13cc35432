"""Commands that join two files: nothing matched is an error, less than half a warning."""

import json

import pandas as pd
import pytest

from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.joins import check_join
from trustscore.simulate.files import write_market

SIZE = 60


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    write_market(folder / "export.csv", SIZE, 3, "minimal")
    with pytest.raises(SystemExit):
        main(["score", str(folder / "export.csv"), "-o", str(folder / "scores.csv")]
             + ["--scorecard", "minimal", "--quiet"])  # fmt: skip
    return folder


def ids(matched, size=SIZE):
    """So many ids of the market, and others."""
    return [f"m{i + 1:07d}" if i < matched else f"x{i}" for i in range(size)]


def candidates(folder, names):
    frame = pd.DataFrame({"query_id": "q", "item_id": range(len(names)), "merchant_id": names})
    frame["relevance"] = [1 / (1 + i) for i in range(len(names))]
    frame.to_csv(folder / "asked.csv", index=False)


def outcomes(folder, names):
    frame = pd.DataFrame({"merchant_id": names, "n": 50})
    frame["events"] = [i % 7 for i in range(len(names))]
    frame.to_csv(folder / "asked.csv", index=False)


def previous(folder, names):
    frame = pd.DataFrame({"merchant_id": names, "tier": "standard"})
    frame.to_csv(folder / "asked.csv", index=False)


def export(folder, names):
    """The export again, with other ids: the scores are looked up in it."""
    frame = pd.read_csv(folder / "export.csv", dtype=str, keep_default_na=False)
    frame["merchant_id"] = names
    frame.to_csv(folder / "asked.csv", index=False)


def last(folder, names):
    previous(folder, names)
    pd.read_csv(folder / "asked.csv").to_csv(folder / "last.csv", index=False)


COMMANDS = {
    "boost": (candidates, ["boost", "{asked}", "--scores", "{scores}", "-o", "{out}.csv"]),
    "why": (candidates, ["boost", "{asked}", "--scores", "{scores}", "--why", "q", "0"]),
    "boost-eval": (
        candidates,
        ["boost-eval", "{asked}", "--scores", "{scores}", "-o", "{out}", "--draws", "50"],
    ),
    "rights": (
        previous,
        ["rights", "{scores}", "--previous", "{asked}", "--scorecard", "minimal"]
        + ["-o", "{out}.csv", "--as-of", "2026-03-01"],
    ),
    "rights-export": (
        export,
        ["rights", "{scores}", "--previous", "{scores}", "--scorecard", "minimal"]
        + ["-o", "{out}.csv", "--as-of", "2026-03-01", "--export", "{asked}"],
    ),
    "fit": (
        outcomes,
        ["fit", "{export}", "--outcomes", "{asked}", "--scorecard", "minimal", "-o", "{out}.toml"]
        + ["--weights", "expert"],
    ),
    "lines": (
        outcomes,
        ["lines", "{export}", "--outcomes", "{asked}", "--scorecard", "minimal"]
        + ["--cost", "standard", "9", "--draws", "9", "-o", "{out}.toml"],
    ),
    "audit": (
        outcomes,
        ["audit", "{export}", "--outcomes", "{asked}", "--scorecard", "minimal", "-o", "{out}"]
        + ["--draws", "2"],
    ),
    "halves": (
        export,
        ["fit", "{export}", "--halves", "{export}", "{asked}", "--scorecard", "minimal"]
        + ["-o", "{out}.toml", "--weights", "expert"],
    ),
}


def run(name, market, tmp_path, matched, capsys):
    make, arguments = COMMANDS[name]
    make(market, ids(matched))
    places = {
        "asked": market / "asked.csv",
        "scores": market / "scores.csv",
        "export": market / "export.csv",
        "out": tmp_path / "out",
    }
    with pytest.raises(SystemExit) as stopped:
        main([part.format(**places) for part in arguments] + ["--quiet"])
    return stopped.value.code, capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_matched_is_an_error(name, market, tmp_path, capsys):
    code, said = run(name, market, tmp_path, 0, capsys)
    assert code == 2
    assert "do both spell ids alike?" in said
    assert said.lower().count("column merchant_id of") == 2
    # Halves are samples, in no order.
    assert said.count("'x" if name == "halves" else "'x0', 'x1', 'x2'") in (1, 3)
    assert said.count("'m00000") == 3
    assert not list(tmp_path.glob("out*"))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_less_than_half_is_a_warning(name, market, tmp_path, capsys):
    _, said = run(name, market, tmp_path, SIZE // 2 - 1, capsys)
    assert f"only {SIZE // 2 - 1} of the {SIZE} merchants" in said
    assert "do both spell ids alike?" in said
    if name == "boost-eval":
        assert json.loads((tmp_path / "out" / "metrics.json").read_text())["warnings"]


@pytest.mark.parametrize("name", ["boost", "rights", "halves"])
def test_half_is_none(name, market, tmp_path, capsys):
    _, said = run(name, market, tmp_path, SIZE // 2, capsys)
    assert "spell ids alike" not in said


def test_blank_ids_and_repeated_rows_do_not_count():
    said = {"asked_in": "a", "known_in": "b"}
    assert check_join(["m1", "x", "x", "x", "x", ""], ["m1"], **said) == ""
    assert check_join(["", ""], ["m1"], **said) == ""
    with pytest.raises(InputError, match="Column id of a has 'x', column key of b has no others"):
        check_join(["x", "x"], [""], asked_by="id", known_by="key", **said)


def test_long_ids_are_cut():
    with pytest.raises(InputError) as error:
        check_join(["x" * 9999], ["y" * 9999], asked_in="a", known_in="b")
    assert len(str(error.value)) < 300
