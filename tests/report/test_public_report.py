"""The report for the public: what it shows, and above all what it does not."""

import csv
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from trustscore.commands.main import main
from trustscore.errors import InputError
from trustscore.report.figures import Figures
from trustscore.report.files import public_files
from trustscore.report.public import Groups, Published
from trustscore.report.suppress import LEAST
from trustscore.scorecard import load_scorecard
from trustscore.simulate.files import write_market


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("public")
    for seed in (3, 4):
        write_market(str(folder / f"{seed}.csv"), 400, seed, "minimal")
        with open(folder / f"{seed}.csv", encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        for at, row in enumerate(rows):
            row += [("north", "south", "west")[at % 7 % 3], "one shop alone" if at == 5 else "many"]
        with open(folder / f"{seed}.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[*head, "region", "kind_of_shop"], *rows])
    return folder


def write(folder, **settings):
    out = folder / "public.html"
    settings = {"scorecard": "minimal", "previous": folder / "3.csv"} | settings
    done = public_files(folder / "4.csv", out, **settings)
    text = out.read_text(encoding="utf-8")
    assert (done.merchants, done.size) == (400, len(text.encode()))
    return text


class Cells(HTMLParser):
    """The texts of the cells of numbers."""

    def __init__(self):
        super().__init__()
        self.inside = False
        self.tables, self.row = [], []

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.row = []
            self.tables[-1].append(self.row)
        if tag in ("td", "th"):
            self.inside = True
            self.row.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.row[-1] += data


def test_no_id_of_the_export_occurs_in_the_file(market):
    text = write(market, by=("region",))
    ids = set()
    for seed in (3, 4):
        with open(market / f"{seed}.csv", encoding="utf-8", newline="") as file:
            ids |= {row["merchant_id"] for row in csv.DictReader(file)}
    assert len(ids) >= 400
    assert not [name for name in ids if name in text]
    assert "4.csv" not in text and 'id="packed"' not in text


def test_no_cell_of_a_table_counts_fewer_than_ten(market):
    text = write(market, by=("region", "kind_of_shop"))
    cells = Cells()
    cells.feed(text.partition('id="definitions"')[0])
    numbers = [
        int(cell.replace(",", ""))
        for table in cells.tables
        for row in table
        for cell in row[1:]
        if re.fullmatch(r"[\d,]+", cell)
    ]
    assert len(numbers) > 20
    assert not [n for n in numbers if 0 < n < LEAST]
    # The one shop of its kind stands with the others, which are then all there are: no table.
    assert "one shop alone" not in text and "north" in text


def test_rows_that_are_shown_whole_add_up(market):
    cells = Cells()
    cells.feed(write(market, by=("region",)))
    (table,) = [t for t in cells.tables if t[0][0].startswith("Region") and len(t[0]) > 3]
    totals = []
    for name, *counts, total, mean in table[1:]:
        totals.append(int(total))
        assert name and 0 < float(mean) < 100
        if not any("✱" in count for count in counts):
            assert sum(int(count) for count in counts) == int(total)
    assert sum(totals) == 400


def test_withheld_tiers_stand_in_tables_as_one():
    card = load_scorecard("minimal")
    figures = Figures(card)
    names = [tier.id for tier in card.tiers.ladder]
    figures.merchants = figures.scored = 103
    figures.tiers.update({names[0]: 3, names[1]: 12, names[2]: 88})
    figures.statuses["formal"] = 103
    figures.bins[60] = 103
    found = Published(figures)
    assert [n for _, n in found.tiers if n] == [88]
    assert [codes for _, codes in found.columns] == [[3], [2, 1]]
    groups = Groups("region", card)
    groups.counts = {"a": np.array([0, 3, 2, 45]), "b": np.array([0, 0, 10, 43])}
    groups.sums = {"a": np.array([50, 3000.0]), "b": np.array([53, 3000.0])}
    table = found.table(groups)
    # 5 of a in the two tiers: withheld, and with it the other three.
    assert [row["cells"] for row in table["rows"]] == [[None, None], [None, None]]
    assert [row["mean"] for row in table["rows"]] == [3000 / 53, 60.0]


def test_too_small_a_market_is_refused(tmp_path):
    write_market(str(tmp_path / "few.csv"), 9, 3, "minimal")
    with pytest.raises(InputError, match="10 scored merchants or more"):
        public_files(tmp_path / "few.csv", tmp_path / "out.html", scorecard="minimal")
    assert not (tmp_path / "out.html").exists()


def test_a_column_that_is_not_there_is_named(market):
    with pytest.raises(InputError, match="planet"):
        write(market, by=("planet",))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--public", "--merchants", "m1"), "--public names no merchant: leave out --merchants"),
        (("--public", "--all-below", "trusted", "--table-rows", "5"), "--all-below, --table-rows"),
        (("--by", "region"), "only --public counts by columns: leave out --by"),
    ],
)
def test_options_of_the_other_page_are_refused(market, words, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        export = [str(market / "4.csv"), "--scorecard", "minimal"]
        main(["report", *export, *words, "-o", str(market / "x.html")])
    assert stopped.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (market / "x.html").exists()


def test_the_command_counts_by_a_column(market, capsys):
    with pytest.raises(SystemExit) as stopped:
        export = [str(market / "4.csv"), "--scorecard", "minimal", "--public", "--by", "region"]
        main(["report", *export, "-o", str(market / "y.html")])
    assert stopped.value.code == 0
    assert "By region and tier" in (market / "y.html").read_text(encoding="utf-8")
