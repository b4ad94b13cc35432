"""`trustscore explain` of several merchants: by id, by a list of ids, by tier."""

import gzip
import json

import pandas as pd
import pytest
from click.testing import CliRunner

import trustscore
from trustscore.commands.explain import command
from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.explain.files import explain_files
from trustscore.io.id_list import read_ids

HEADER = (
    "merchant_id,negative_reviews,reviews_rated,product_rating_mean,complaints,orders_paid,"
    "orders_guaranteed,refunds_completed,aftersales_review_hours_mean,barred_identity_link_flag\n"
)
ROWS = "m1,8,80,4.7,1,100,,,,0\nm2,0,80,5,0,100,,10,1,0\nm3,many,80,5,0,100,,10,1,0\n"
CARD = ("--scorecard", "minimal", "--quiet")


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    path = tmp_path_factory.mktemp("market") / "export.csv"
    pd.DataFrame(trustscore.simulate_export(60, 3, "minimal")).to_csv(path, index=False)
    return path


def run(*arguments, code=0):
    found = CliRunner().invoke(
        command, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False
    )
    assert (found.return_value or 0) == code
    return found.stdout


def failing(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["explain", *map(str, arguments)])
    return stopped.value.code, capsys.readouterr()


def test_in_the_order_asked_for_and_each_once(export):
    shown = run(export, "--id", "m2", "--id", "m1", "--id", " m2", *CARD, "--json")
    found = [json.loads(line) for line in shown.splitlines()]
    assert [each["merchant_id"] for each in found] == ["m2", "m1"]
    assert found[1]["trust_index"] == pytest.approx(61.0)
    assert "next_tier" not in found[0]


def test_text_of_each_is_that_of_one(export):
    alone = [run(export, "--id", name, "--no-plan", *CARD) for name in ("m2", "m1")]
    assert run(export, "--id", "m2", "--id", "m1", *CARD) == "\n".join(alone)


def test_a_plan_on_request_or_for_a_tier(export):
    pair = ("--id", "m1", "--id", "m2", *CARD)
    assert "Towards" not in run(export, *pair)
    assert "Towards Trusted" in run(export, *pair, "--plan")
    assert "Towards Trusted" in run(export, *pair, "--tier", "trusted")


def test_all_that_cannot_be_explained_are_named(export, capsys):
    ids = [word for name in ("m2", "M1", "m3", "zz") for word in ("--id", name)]
    code, said = failing(capsys, export, *ids, *CARD)
    assert code == 2
    assert said.out == ""
    assert said.err.splitlines() == [
        f"trustscore: {export}: 3 of 4 merchants cannot be explained",
        "  no merchant 'M1', did you mean m1?",
        "  no merchant 'zz'",
        "  m3 is not scored: line 4, negative_reviews: a number is expected. Got 'many'",
    ]


def test_a_long_list_of_strangers_is_cut(export, tmp_path, capsys):
    path = tmp_path / "ids.txt"
    path.write_text("".join(f"x{n}\n" for n in range(1000)))
    code, said = failing(capsys, export, "--ids", path, *CARD)
    assert code == 2
    assert "1,000 of 1,000 merchants" in said.err
    assert "and 980 more that are not there" in said.err


def test_a_later_row_and_the_spelling_of_the_scores(export):
    export.write_text(HEADER + ROWS.replace("m1", "=cmd") + "m3,0,80,5,0,100,,10,1,0\n")
    shown = run(export, "--id", "m3", "--id", "'=cmd", *CARD, "--json")
    found = [json.loads(line)["merchant_id"] for line in shown.splitlines()]
    assert found == ["m3", "=cmd"]


LISTS = {
    "ids.txt": b"m2\r\n\r\n m1 \r\n",
    "headed.txt": b"merchant_id\nm2\nm1",
    "scores.csv": b"merchant_id,trust_index\nm2,90\nm1,61\n",
    "semicolons": b'"Merchant ID";note\nm2;"a, b"\nm1;\n',
    "table.tsv": b"m2\tfirst\nm1\tsecond\n",
    "marked.txt": "\ufeffm2\nm1\n".encode(),
    "wide.txt": "m2\nm1\n".encode("utf-16"),
    "old.txt": b"m2\rm1\r",
    "ids.csv.gz": gzip.compress(b"m2,x\nm1,y\n"),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_ids(name, export, tmp_path):
    path = tmp_path / name
    path.write_bytes(LISTS[name])
    assert read_ids(path) == ["m2", "m1"]
    shown = run(export, "--ids", path, *CARD, "--json")
    assert [json.loads(line)["merchant_id"] for line in shown.splitlines()] == ["m2", "m1"]


def test_an_id_with_commas_is_a_whole_line(tmp_path):
    path = tmp_path / "ids.txt"
    path.write_text('Smith, Sons & Co\n"quoted"\n')
    assert read_ids(path) == ["Smith, Sons & Co", '"quoted"']


def test_a_list_in_gb18030_needs_its_encoding(tmp_path):
    path = tmp_path / "ids.txt"
    path.write_bytes("乐购\n天猫\n".encode("gb18030"))
    with pytest.raises(InputError, match="give the `encoding`"):
        read_ids(path)
    assert read_ids(path, "gb18030") == ["乐购", "天猫"]


@pytest.mark.parametrize("text", ["", "\n \n", "merchant_id\n"])
def test_an_empty_list(text, export, tmp_path, capsys):
    path = tmp_path / "ids.txt"
    path.write_text(text)
    code, said = failing(capsys, export, "--ids", path, *CARD)
    assert code == 2
    assert "holds no id" in said.err or "is empty" in said.err


def test_a_list_that_is_no_text(export, tmp_path, capsys):
    path = tmp_path / "ids.parquet"
    pd.DataFrame({"merchant_id": ["m1"]}).to_parquet(path)
    code, said = failing(capsys, export, "--ids", path, *CARD)
    assert code == 2
    assert str(path) in said.err


def test_everybody_below_a_tier_in_the_order_of_the_export(market):
    scores = trustscore.score_frame(pd.read_csv(market), "minimal")
    order = [tier.id for tier in trustscore.load_scorecard("minimal").tiers.ladder]
    lower = scores[scores.tier.isin(order[: order.index("standard")])]
    assert 0 < len(lower) < len(scores)
    shown = run(market, "--all-below", "standard", *CARD, "--json")
    found = [json.loads(line) for line in shown.splitlines()]
    assert [each["merchant_id"] for each in found] == lower.merchant_id.tolist()
    assert [each["trust_index"] for each in found] == pytest.approx(lower.trust_index.tolist())
    frame = trustscore.explain_frame(pd.read_csv(market), "minimal", all_below="standard")
    assert list(dict.fromkeys(frame.merchant_id)) == lower.merchant_id.tolist()


def test_nobody_below_the_lowest(market):
    lowest = trustscore.load_scorecard("minimal").tiers.ladder[0].id
    found = CliRunner().invoke(
        command, [str(market), "--all-below", lowest, "--scorecard", "minimal"]
    )
    assert found.exit_code == 0
    assert found.stdout == ""
    assert f"in a tier below {lowest}" in found.stderr


def test_rows_left_out_are_counted(export):
    found = CliRunner().invoke(
        command,
        [str(export), "--all-below", "trusted", "--scorecard", "minimal"],
        standalone_mode=False,
    )
    assert found.return_value == 3
    assert "1 row of" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say whom to explain"),
        (("--id", "m1", "--all-below", "standard"), "not both"),
        (("--all-below", "standrad"), "did you mean standard?"),
        (("--id", "m1", "--id", "m2", "--tier", "tursted"), "did you mean trusted?"),
        (("--id", "m1", "--tier", "trusted", "--no-plan"), "leave out --no-plan"),
    ],
)
def test_wrong_use(arguments, said, export, capsys):
    code, shown = failing(capsys, export, *arguments, *CARD)
    assert code == 2
    assert said in shown.err
    assert shown.out == ""


def test_files_and_frame_say_the_same(market):
    frame = pd.read_csv(market)
    ids = frame.merchant_id.tolist()[::-7]
    found = [each.statement for each in explain_files(market, "minimal", ids)]
    long = trustscore.explain_frame(frame, "minimal", ids)
    assert [line.gained for each in found for line in each.signals] == long.gained.tolist()


def test_one_pass_over_the_file(market, monkeypatch):
    from trustscore.io import find_merchant

    opened = []
    real = find_merchant.Inputs

    def counted(*arguments, **named):
        opened.append(arguments)
        return real(*arguments, **named)

    monkeypatch.setattr(find_merchant, "Inputs", counted)
    ids = pd.read_csv(market).merchant_id.tolist()
    assert len(list(explain_files(market, "minimal", ids))) == 60
    assert len(opened) == 1


def test_pseudonyms_of_several(export, tmp_path, capsys):
    key = tmp_path / "key"
    shown = run(export, "--id", "m2", "--id", "m1", *CARD, "--json", "--pseudonyms", key)
    names = [json.loads(line)["merchant_id"] for line in shown.splitlines()]
    assert [name[:4] for name in names] == ["psn_", "psn_"]
    path = tmp_path / "ids.txt"
    path.write_text("\n".join([names[1], "m1", names[0], "m3", "m4"]))
    code, said = failing(capsys, export, "--ids", path, *CARD, "--pseudonyms", key)
    assert code == 2
    assert "2 of 4 merchants" in said.err
    assert not {"'m4'", "m3 ", "many"} & set(said.err.split())
    path.write_text("\n".join([names[1], "m1", names[0]]))
    shown = run(export, "--ids", path, *CARD, "--json", "--pseudonyms", key)
    assert [json.loads(line)["merchant_id"] for line in shown.splitlines()] == names[::-1]
