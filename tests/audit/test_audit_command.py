import json
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from trustscore.audit import Market, Section, as_json, audit
from trustscore.audit.files import audit_files
from trustscore.commands.main import main
from trustscore.scorecard import load_scorecard
from trustscore.simulate import simulate_export
from trustscore.simulate.files import write_market


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("audit") / "export.csv"
    write_market(path, 300, seed=1, scorecard="minimal")
    return path


def run(*arguments):
    with pytest.raises(SystemExit) as stop:
        main(["audit", "--draws", "8", *map(str, arguments)])
    return stop.value.code


def test_everything_is_written_and_the_decisions_come_first(export, tmp_path, capsys):
    ids = [f"m{i:07d}" for i in range(1, 301)]
    later = tmp_path / "later.csv"
    later.write_text(
        "merchant_id,n,events,date\n"
        + "".join(f"{name},9,{i % 4},2026-02-0{1 + i % 3}\n" for i, name in enumerate(ids))
    )
    out = tmp_path / "out"
    options = ["--scorecard", "minimal", "-o", out, "--seed", 3]
    options += ["--outcomes", later, "--as-of", "2026-02-01", "--truth", f"{export}.truth.csv"]
    assert run(export, *options) == 0
    printed = capsys.readouterr().out
    assert "need" in printed.splitlines()[0] and "decision" in printed.splitlines()[0]
    assert "gradient boosting" in printed
    whole = json.loads((out / "audit.json").read_text(), parse_constant=pytest.fail)
    assert whole["merchants"] == 300 and whole["as_of"] == "2026-02-01"
    assert [section["name"] for section in whole["sections"]] == [
        "validity",
        "coherence",
        "robustness",
        "attack_cost",
        "attacks",
        "bunching",
        "fairness",
        "truth",
    ]
    plots = {path.stem for path in out.glob("*.png")}
    drawn = {"validity", "calibration", "fairness", "truth", "attack_cost", "ranks"}
    assert drawn <= plots if find_spec("matplotlib") else not plots
    assert (out / "validity.scores.csv").read_text().startswith("score,auc,")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_audit():
    market = Market(simulate_export(150, scorecard="minimal"), load_scorecard("minimal"))
    first, second = (json.dumps(as_json(audit(market, seed=3, draws=4))) for _ in range(2))
    assert first == second
    assert first != json.dumps(as_json(audit(market, seed=4, draws=4)))


def test_a_folder_in_use_is_left_alone(export, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep me")
    assert run(export, "--scorecard", "minimal", "-o", tmp_path) == 2
    assert "is not an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert run(export, "--scorecard", "minimal", "-o", tmp_path / "no" / "where") == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("merchant_id,n,events\nm0000001,2,-1\n", "line 2"),
        ("merchant_id,n,evnts\nm0000001,2,1\n", "events"),
        ("merchant_id,n,events\n", "no rows"),
        ("merchant_id,n,events\nm0000001,2,1,\nnobody,2,x\n", "line"),
        ("merchant_id,n,events,date\nm0000001,2,1,2026-01-01\n", "give the day of the export"),
        (
            "merchant_id,events\nm0000001,1\nm0000002,2\n",
            "line 3 (m0000002): a label must be 0 or 1",
        ),
    ],
)
def test_bad_outcomes_leave_no_folder(export, tmp_path, capsys, text, says):
    later = tmp_path / "later.csv"
    later.write_text(text)
    out = tmp_path / "out"
    assert run(export, "--scorecard", "minimal", "--outcomes", later, "-o", out) == 2
    assert says in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["later.csv"]


@pytest.mark.slow
def test_what_a_fit_takes_an_audit_takes(export, tmp_path):
    """Labels, and rows of one merchant without a date; in the encoding that was said."""
    later, truth = tmp_path / "later.csv", tmp_path / "truth.csv"
    cells = "".join(f"m{i:07d},{int(i % 3 == 0)}\n" for i in [*range(1, 101), 100])
    later.write_bytes(f"merchant_id,label\n{cells}".encode("utf-16-le"))
    kept = Path(f"{export}.truth.csv").read_text(encoding="utf-8")
    truth.write_bytes(kept.encode("utf-16-le"))
    given = tmp_path / "export.csv"
    given.write_bytes(export.read_text(encoding="utf-8").encode("utf-16-le"))
    report = audit_files(
        given, tmp_path / "out", scorecard="minimal", outcomes=later, truth=truth, draws=4,
        encoding="utf-16-le",
    )  # fmt: skip
    codes = {finding.code for section in report.sections for finding in section.findings}
    assert {"validity.repeated_merchants", "validity.undated"} <= codes


def test_a_truth_without_its_column_names_it(export, tmp_path, capsys):
    truth = tmp_path / "truth.csv"
    truth.write_text("merchant_id,true_indx\nm0000001,5\n")
    options = ["--scorecard", "minimal", "--truth", truth, "-o", tmp_path / "out"]
    assert run(export, *options) == 2
    said = capsys.readouterr().err
    assert "did you mean true_indx?" in said and "[columns]" not in said


@pytest.mark.parametrize("rows", [0, 1])
def test_an_export_without_merchants_is_refused(export, tmp_path, rows, capsys):
    short = tmp_path / "short.csv"
    short.write_text("".join(export.read_text().splitlines(keepends=True)[: 1 + rows]))
    assert run(short, "--scorecard", "minimal", "-o", tmp_path / "out") == 2
    assert "rows" in capsys.readouterr().err or rows


def test_rejected_rows_are_said_and_plots_are_optional(export, tmp_path, capsys, monkeypatch):
    dirty = tmp_path / "dirty.csv"
    head, first, *rest = export.read_text().splitlines(keepends=True)
    dirty.write_text("".join([head, first, first, *rest[:60]]))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    out = tmp_path / "out"
    assert run(dirty, "--scorecard", "minimal", "-o", out) == 3
    printed = capsys.readouterr().err
    assert "1 rows of" in printed and "matplotlib is not installed" in printed
    assert not list(out.glob("*.png"))
    assert (out / "audit.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["huge", "blank", "same", "two"])
def test_strange_exports_are_audited_without_a_nan(export, tmp_path, fault):
    head, *rows = export.read_text().splitlines()
    names = head.split(",")
    cells = [row.split(",") for row in rows[:40]]
    if fault == "huge":
        for name, value in (("orders_paid", "1e308"), ("complaints", "1e300")):
            cells[0][names.index(name)] = value
        cells[1][names.index("complaints")] = "1e300"
    elif fault == "blank":
        cells = [[*row[:3], *[""] * (len(row) - 3)] for row in cells]
    elif fault == "same":
        cells = [[row[0], *cells[0][1:]] for row in cells]
    else:
        cells = cells[:2]
    path = tmp_path / "strange.csv"
    path.write_text("\n".join([head, *map(",".join, cells)]) + "\n")
    report = audit_files(path, tmp_path / "out", scorecard="minimal", draws=4)
    texts = [finding.text for section in report.sections for finding in section.findings]
    assert texts and not [text for text in texts if "nan" in text.split()]


@pytest.mark.slow
def test_a_choice_without_effect_does_not_hide_the_rest(export, tmp_path, capsys):
    """Every figure far beyond its anchors: no anchor can be felt, and the audit says so."""
    from tests.audit.audit_cards import card, level

    given = card({"a": level("x"), "b": level("y")})
    path, scorecard = tmp_path / "far.csv", tmp_path / "card.json"
    scorecard.write_text(json.dumps(given.file.model_dump(mode="json", exclude_none=True)))
    cells = "".join(f"m{i},{[-50, 99][i % 2]},{[-50, 99][i // 2 % 2]}\n" for i in range(40))
    path.write_text(f"merchant_id,x,y\n{cells}")
    out = tmp_path / "out"
    assert run(path, "--scorecard", scorecard, "-o", out) == 2
    said = capsys.readouterr()
    assert "varying anchors" in said.err and "changes no index" in said.out
    assert (out / "fairness.by_volume.csv").exists() and (out / "audit.json").exists()


def test_json_has_no_nan():
    section = Section("x", {"a": np.float64("nan"), "b": np.int64(3)}, {"t": {"c": [np.inf, 1.0]}})
    assert as_json(section)["facts"] == {"a": None, "b": 3}
    assert as_json(section)["tables"] == {"t": {"c": [None, 1.0]}}


@pytest.mark.slow
@pytest.mark.data
def test_real_exports_are_audited_without_special_cases(trustscore_data, tmp_path, repository):
    import subprocess

    items = next((trustscore_data / "wish").glob("*.csv"))
    merchants = tmp_path / "merchants.csv"
    script = repository / "examples" / "wish_merchants.py"
    subprocess.run([sys.executable, script, items, merchants], check=True)
    report = audit_files(
        merchants, tmp_path / "wish", scorecard=repository / "examples/wish.toml", draws=20
    )
    assert report.rejected == 0 and "audit.json" in report.files
    olist = trustscore_data / "olist" / "merchants_2017-12-01.csv"
    assert Path(olist).exists()
    report = audit_files(olist, tmp_path / "olist", scorecard="olist", draws=20)
    texts = {
        finding.code: finding.text for section in report.sections for finding in section.findings
    }
    assert "product_rating_mean and" in texts["coherence.redundant"]
    assert texts["robustness.rank_reversal"].startswith("0 indices")


def test_a_scorecard_of_states_only_is_audited():
    from tests.audit.audit_cards import card, level, market

    rng = np.random.default_rng(0)
    given = card({"a": level("x"), "b": level("y")})
    some = market(given, x=rng.uniform(0, 10, 40), y=rng.uniform(0, 10, 40))
    sections = {section.name: section for section in audit(some, draws=4)}
    assert "nothing" in sections["attack_cost"].findings[0].code
    assert "by_volume" in sections["fairness"].tables


def test_plots_are_promised_only_where_there_are_any(export, tmp_path, capsys):
    head, *rows = export.read_text().splitlines()
    few = tmp_path / "few.csv"
    few.write_text("\n".join([head, *rows[:5]]) + "\n")
    assert run(few, "--scorecard", "minimal", "-o", tmp_path / "few") in (0, 2)
    said = capsys.readouterr().out
    assert said.endswith("audit.json, summary.txt, tables\n")


def test_long_scorecards_have_readable_pictures():
    pytest.importorskip("matplotlib", reason="pictures need the extra plot")
    from trustscore.audit.coherence import coherence
    from trustscore.audit.plots import figures

    card = load_scorecard("default")
    section = coherence(Market(simulate_export(300, seed=1, scorecard=card), card))
    drawn = dict(figures([section]))
    for name in ("weights", "correlation"):
        figure = drawn[name]
        axis = figure.axes[0]
        figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in axis.get_yticklabels()]
        assert 30 < len(boxes) <= 60
        assert all(label.get_fontsize() >= 8 for label in axis.get_yticklabels())
        tops = sorted((box.y0, box.y1) for box in boxes)
        assert all(high <= low + 1 for (_, high), (low, _) in pairwise(tops))
        inside = figure.bbox
        assert all(box.x0 >= 0 and box.y1 <= inside.y1 for box in boxes)


def test_the_price_legend_is_not_cut_off():
    pytest.importorskip("matplotlib", reason="pictures need the extra plot")
    from trustscore.audit.attack_cost import attack_cost
    from trustscore.audit.plots import figures

    market = Market(simulate_export(300, scorecard="minimal"), load_scorecard("minimal"))
    figure = dict(figures([attack_cost(market)]))["attack_cost"]
    figure.draw_without_rendering()
    legend = figure.axes[0].get_legend().get_window_extent()
    assert legend.y0 >= 0 and legend.y1 <= figure.bbox.y1 and legend.x1 <= figure.bbox.x1
