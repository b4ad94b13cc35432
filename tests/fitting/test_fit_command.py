"""The command: files in, a scorecard file out, whatever the order of the rows."""

import numpy as np
import pytest

from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.fitting import fit_scorecard
from trustscore.fitting.files import read_judgements
from trustscore.io.blocks import read_blocks
from trustscore.io.sample import read_sample
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export
from trustscore.simulate.files import write_market


@pytest.fixture
def run(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([str(a) for a in arguments])
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return run


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("fit") / "export.csv"
    write_market(path, 600, seed=3, scorecard="minimal")
    return path


@pytest.fixture(scope="module")
def later(export):
    """Outcomes that follow the complaints alone."""
    [read] = read_blocks(export, "minimal", block=1 << 24)
    rng = np.random.default_rng(0)
    rate = np.clip(read.block["complaints"] / read.block["orders_paid"] * 10, 0.01, 0.9)
    path = export.with_name("later.csv")
    events = rng.binomial(50, np.nan_to_num(rate, nan=0.05))
    rows = zip(read.block["merchant_id"], events, strict=True)
    path.write_text(
        "merchant_id,n,events,date\n"
        + "".join(f"{name},50,{k},2026-02-01\n" for name, k in rows)
        + "stranger,10,1,2026-02-01\n"
    )
    return path


def test_a_fitted_file_scores(run, export, later, tmp_path):
    out = tmp_path / "fitted.toml"
    code, said, err = run(
        "fit", export, "--scorecard", "minimal", "--outcomes", later, "--as-of", "2026-02-01",
        "--most", 1, 1, "-o", out,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "[unknown_merchants]" in said
    card = load_scorecard(out)
    assert card.file.effective_from == "2026-02-01"
    assert card.file.provenance["data"]["rows"] == 600
    assert "stranger" not in out.read_text(encoding="utf-8")
    assert run("score", export, "--scorecard", out, "-o", tmp_path / "scores.csv")[0] == 0
    shares = card.file.provenance["shares"]["complaint_rate"]
    assert shares["after"] > shares["before"]


def test_the_order_of_rows_does_not_matter(export, later, run, tmp_path):
    head, *lines = export.read_text(encoding="utf-8").splitlines()
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join([head, *reversed(lines)]) + "\n", encoding="utf-8")
    numbers = []
    for path in (export, turned):
        out = tmp_path / f"{path.stem}.toml"
        options = ("--scorecard", "minimal", "--outcomes", later, "--as-of", "2026-02-01")
        assert run("fit", path, *options, "-o", out)[0] == 0
        card = load_scorecard(out)
        numbers.append([signal.numbers for signal in card.signals])
    assert numbers[0] == numbers[1]


def test_a_sample_does_not_depend_on_blocks_or_files(export, tmp_path):
    whole = read_sample(export, "minimal", most=100)
    small = read_sample(export, "minimal", most=100, block=1 << 12)
    head, *lines = export.read_text(encoding="utf-8").splitlines()
    parts = []
    for number, part in enumerate((lines[400:], lines[:400])):
        parts.append(tmp_path / f"{number}.csv")
        parts[-1].write_text("\n".join([head, *part]) + "\n", encoding="utf-8")
    split = read_sample(parts, "minimal", most=100)
    assert (whole.rows, whole.size) == (600, 100)
    for other in (small, split):
        assert other.rows == 600
        for name, column in whole.block.items():
            np.testing.assert_array_equal(column, other.block[name])


def test_a_sample_fits_like_the_whole(tmp_path):
    """4,000 of 20,000 merchants: the priors agree within their noise."""
    block = simulate_export(20_000, seed=1, scorecard="minimal")
    part = {name: column[:4000] for name, column in block.items()}
    one, two = (
        fit_scorecard(b, "minimal", priors=True, peers=False).scorecard for b in (block, part)
    )
    for signal in one.signals:
        assert two.signal(signal.id).prior == pytest.approx(signal.prior, rel=0.1, abs=1e-9)
    scores = [score_columns(part, card).trust_index for card in (one, two)]
    assert np.nanmax(np.abs(scores[0] - scores[1])) < 3


def test_rejected_rows_are_left_out_and_counted(export, run, tmp_path):
    dirty = tmp_path / "dirty.csv"
    lines = export.read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    dirty.write_text("\n".join([*lines, ",".join([cells[0], *["-5"] * (len(cells) - 1)])]) + "\n")
    out = tmp_path / "fitted.toml"
    code, said, err = run("fit", dirty, "--scorecard", "minimal", "--no-peers", "-o", out)
    assert code == 3
    assert "1 rows were rejected" in err and "trustscore score" in err
    assert "fitted to 600 of 601 rows, 1 rejected" in said
    assert load_scorecard(out).file.provenance["data"]["rejected"] == 1


def test_an_export_of_rejects_says_so(export, run, tmp_path):
    dirty = tmp_path / "dirty.csv"
    head, *lines = export.read_text(encoding="utf-8").splitlines()
    bad = [",".join([line.split(",")[0], *["-5"] * line.count(",")]) for line in lines[:40]]
    dirty.write_text("\n".join([head, *bad]) + "\n", encoding="utf-8")
    out = tmp_path / "fitted.toml"
    code, _, err = run("fit", dirty, "--scorecard", "minimal", "-o", out)
    assert (code, out.exists()) == (2, False)
    assert "all 40 rows were rejected" in err and "trustscore score" in err


def test_toml_goes_into_no_other_file(export, run, tmp_path):
    for name in ("fitted.json", "fitted"):
        code, _, err = run("fit", export, "--scorecard", "minimal", "-o", tmp_path / name)
        assert (code, "must end in .toml" in err) == (2, True)
        assert not (tmp_path / name).exists()


def test_a_fit_does_not_learn_from_what_its_export_knows(export, later, run, tmp_path):
    out = tmp_path / "fitted.toml"
    options = ("--scorecard", "minimal", "--outcomes", later)
    code, _, err = run("fit", export, *options, "-o", out)
    assert (code, out.exists()) == (2, False)
    assert "--as-of" in err
    undated = tmp_path / "undated.csv"
    undated.write_text(later.read_text().replace(",2026-02-01", "").replace(",date", ""))
    code, said, _ = run("fit", export, *options[:-1], undated, "-o", out)
    assert code == 0
    assert "[undated]" in said


def test_standard_output_holds_the_scorecard_alone(export, run):
    import tomllib

    code, said, err = run("fit", export, "--scorecard", "minimal", "--no-peers", "-o", "-")
    assert code == 0
    assert tomllib.loads(said)["name"] == "minimal"
    assert "fitted to" in err


def test_an_input_is_never_written_over(export, later, run):
    before = later.read_bytes()
    code, _, err = run("fit", export, "--scorecard", "minimal", "--outcomes", later, "-o", later)
    assert (code, later.read_bytes()) == (2, before)
    assert "is also an input" in err


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["x,5,1"], "is in the export: do both spell ids alike?"),
        ([f"m{i:07d},5,0" for i in range(1, 40)], "single class, 0 events among"),
        ([f"m{i:07d},5,1" for i in range(1, 4)], "3 merchants with outcomes are too few"),
    ],
)
def test_outcomes_that_teach_nothing_are_an_error(export, run, tmp_path, rows, message):
    path = tmp_path / "later.csv"
    path.write_text("\n".join(["merchant_id,n,events", *rows]) + "\n")
    out = tmp_path / "fitted.toml"
    code, _, err = run("fit", export, "--scorecard", "minimal", "--outcomes", path, "-o", out)
    assert code == 2
    assert message in err
    assert not out.exists()


@pytest.mark.parametrize("content", ["", "merchant_id\n"])
def test_an_export_of_nothing_is_an_error(run, tmp_path, content):
    path = tmp_path / "export.csv"
    path.write_text(content)
    code, _, err = run("fit", path, "--scorecard", "minimal", "-o", tmp_path / "f.toml")
    assert code == 2
    assert err


def test_judgements_come_from_a_file(tmp_path, export, run):
    path = tmp_path / "judgements.csv"
    path.write_text(
        "expert,a,b,ratio\n"
        "one,product_quality,after_sales,1\n"
        "one,product_quality,social_reputation,3\n"
        "one,social_reputation,after_sales,1/3\n"
    )
    assert [j.ratio for j in read_judgements(path)] == [1, 3, 1 / 3]
    out = tmp_path / "fitted.toml"
    code, _, _ = run(
        "fit", export, "--scorecard", "minimal", "--weights", "ahp", "--judgements", path,
        "--priors", "open", "-o", out,
    )  # fmt: skip
    assert code == 0
    weights = [d.weight for d in load_scorecard(out).dimensions]
    assert weights == pytest.approx([3 / 7, 3 / 7, 1 / 7], abs=1e-3)
    path.write_text("a,b,ratio\nproduct_quality,after_sales,\n")
    with pytest.raises(InputError, match="ratio: is blank"):
        read_judgements(path)


def split(export, folder):
    """Two exports that each count every order of the first by the toss of a coin."""
    [read] = read_blocks(export, "minimal", block=1 << 24)
    rng = np.random.default_rng(1)
    block = {k: v for k, v in read.block.items() if v.dtype == float}
    counts = ["negative_reviews", "complaints", "orders_paid", "reviews_rated", "refunds_completed"]
    first = {}
    for name in counts:
        whole = np.nan_to_num(block[name]).astype(int)
        first[name] = rng.binomial(whole, 0.5).astype(float)
    first["reviews_rated"] = np.maximum(first["reviews_rated"], first["negative_reviews"])
    paths = []
    for number, part in enumerate((first, {n: np.nan_to_num(block[n]) - first[n] for n in counts})):
        columns = block | part
        columns["reviews_rated"] = np.maximum(columns["reviews_rated"], columns["negative_reviews"])
        paths.append(folder / f"half{number}.csv")
        names = list(columns)
        lines = [",".join(["merchant_id", *names])]
        for row, merchant in enumerate(read.block["merchant_id"]):
            cells = (columns[n][row] for n in names)
            lines.append(",".join([merchant, *("" if np.isnan(c) else f"{c:g}" for c in cells)]))
        paths[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return paths


def test_halves_fit_the_interval(run, export, tmp_path):
    out = tmp_path / "fitted.toml"
    halves = split(export, tmp_path)
    code, said, err = run(
        "fit", export, "--scorecard", "minimal", "--halves", *halves, "--strength-scale", "-o", out
    )
    assert (code, err) == (0, "")
    assert "interval: rho" in said
    index = load_scorecard(out).file.index
    told = load_scorecard(out).file.provenance["interval"]
    assert (index.rho, index.rho_evidence) == (told["rho"], told["rho_evidence"])
    assert index.strength_scale == told["strength_scale"]
    code, _, err = run("fit", export, "--scorecard", "minimal", "--strength-scale", "-o", out)
    assert code == 2
    assert "strength_scale: needs halves" in err


@pytest.mark.data
def test_the_olist_preset_is_what_its_provenance_says(trustscore_data):
    card = load_scorecard("olist")
    export = trustscore_data / "olist" / "merchants_2018-03-01.csv"
    found = read_sample(export, card)
    told = card.file.provenance["data"]
    assert (found.files[0]["sha256"], found.rows) == (told["sha256"], told["rows"])
    again = fit_scorecard(found.block, card, priors=True, peers=False).scorecard
    for signal in card.signals:
        other = again.signal(signal.id)
        assert (other.prior, other.strength) == (signal.prior, signal.strength)
