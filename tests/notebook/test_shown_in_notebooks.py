"""Plans, rankings and comparisons in a notebook: HTML, a frame, a picture; hostile names inert."""

import dataclasses
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest

from trustscore.boost import TrustTable, rerank
from trustscore.compare.files import compare_files
from trustscore.compare.plots import market_bars
from trustscore.errors import InputError
from trustscore.explain import next_tier_plan, typical_block, unknown_block
from trustscore.scorecard import load_scorecard
from trustscore.simulate.files import write_market

CARD = load_scorecard("minimal")
HOSTILE = "<script>alert(1)</script>&\n\x1b[2J\u202e$x_1$"


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.cells = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.cells.append(data)


def png(figure):
    written = BytesIO()
    figure.savefig(written, format="png")
    assert written.getvalue().startswith(b"\x89PNG")


def inert(text):
    assert "<script" not in text and "&lt;script&gt;" in text
    assert not set("\x1b\u202e") & set(text)


# Plans -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def plan():
    return next_tier_plan(typical_block(CARD), CARD)


def test_a_plan_is_html_a_frame_and_a_picture(plan):
    text = plan._repr_html_()
    assert Tags(text).tags == {"pre"} and "Towards Trusted" in text
    inert(dataclasses.replace(plan, target_en=HOSTILE)._repr_html_())
    frame = plan.to_frame()
    changes = [*plan.changes, *plan.alone]
    assert changes and frame["signal"].tolist() == [each.signal for each in changes]
    assert frame["enough_alone"].sum() == len(plan.alone)
    assert frame["points"].tolist() == [each.points for each in changes]


def test_the_bars_of_a_plan_are_its_points(plan):
    pytest.importorskip("matplotlib")
    figure = dataclasses.replace(plan, target_en="$x_1$").plot()
    widths = [patch.get_width() for patch in figure.axes[0].patches]
    assert widths == pytest.approx([each.points for each in plan.alone or plan.changes])
    png(figure)


def test_a_plan_without_changes():
    pytest.importorskip("matplotlib")
    none = next_tier_plan(unknown_block(CARD), CARD)
    if none.changes or none.alone:
        none = dataclasses.replace(none, changes=(), alone=())
    assert none.to_frame()["signal"].tolist() == []
    assert none._repr_html_().startswith("<pre")
    with pytest.raises(InputError, match="no changes to draw"):
        none.plot()


# Rankings --------------------------------------------------------------------------------------
def ranking(items):
    table = TrustTable.build(
        {
            "merchant_id": np.array(["a", "b", "c", "d"], dtype=object),
            "trust_index": np.array([95.0, 20.0, 60.0, 10.0]),
            "index_se": np.array([1.0, 1.0, 1.0, 1.0]),
            "prior_index": np.full(4, 60.0),
            "coverage": np.full(4, 0.9),
            "veto": np.array(["", "", "", "block"], dtype=object),
            "tier": np.array(["", "", "", ""], dtype=object),
        },
        "boost",
    )
    return rerank([3.0, 2.9, 2.8, 2.7, 2.6], ["b", "a", "c", "d", "z"], items, table=table)


def test_a_ranking_is_html_a_frame_and_a_picture():
    found = ranking([HOSTILE, "two", "three", "four", "five"])
    text = found._repr_html_()
    inert(text)
    assert Tags(text).tags == {"table", "thead", "tbody", "tr", "th", "td"}
    assert text.count("<tr>") == 1 + len(found.order)
    frame = found.to_frame()
    assert frame["row"].tolist() == [*found.order.tolist(), 3]
    assert frame["final_rank"].tolist() == [*range(1, len(found.order) + 1), 0]
    assert frame["item_id"].tolist()[-1] == "four" and frame["veto"].tolist()[-1] == "block"
    leans = frame[["trust", "programme", "pacing", "limit", "veto_part", "explore"]].sum(axis=1)
    assert np.log(frame["trust_boost"]).tolist() == pytest.approx(
        (found.policy.beta * leans).tolist()
    )


def test_a_ranking_without_items_names_rows():
    found = ranking(None)
    assert "<th>row</th>" in found._repr_html_()
    assert "item_id" not in found.to_frame()


def test_the_lines_of_a_ranking_lead_from_place_to_place():
    pytest.importorskip("matplotlib")
    found = ranking(["$x_1$", "two", "three", "four", "five"])
    figure = found.plot()
    drawn = [tuple(int(y) for y in line.get_ydata()) for line in figure.axes[0].lines]
    rows = found.order.tolist()
    assert drawn == [(int(found.base_rank[r]), int(found.final_rank[r])) for r in rows]
    assert any(old != new for old, new in drawn)
    assert len(found.plot(most=2).axes[0].lines) == 2
    png(figure)


# Comparisons -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sides")
    for name, seed in (("old.csv", 3), ("new.csv", 4)):
        write_market(str(folder / name), 40, seed, "minimal")
    text = (folder / "new.csv").read_text()
    (folder / "new.csv").write_text(text)
    return compare_files(folder / "old.csv", folder / "new.csv", scorecard="minimal")


def test_a_comparison_is_html_and_a_frame(comparison):
    for each in (comparison, comparison.market):
        assert Tags(each._repr_html_()).tags == {"pre"}
        frame = each.to_frame()
        market = comparison.market
        assert frame["points"].sum() == pytest.approx(market.mean("change"), abs=1e-9)
        assert set(frame.columns) == {"part", "name", "kind", "signal", "points", "merchants"}


def test_names_of_a_comparison_are_inert(comparison):
    kept = comparison.market._down
    comparison.market._down = [dataclasses.replace(each, merchant_id=HOSTILE) for each in kept]
    try:
        inert(comparison._repr_html_())
    finally:
        comparison.market._down = kept


@pytest.mark.parametrize("most", [0, 1, 3, 100])
def test_the_bars_of_a_comparison_lead_from_mean_to_mean(comparison, most):
    market = comparison.market
    bars = market_bars(market, most=most)
    assert (bars[0].after, bars[-1].after) == (market.mean("old"), market.mean("new"))
    at = bars[0].after
    for bar in bars[1:-1]:
        assert bar.before == at
        assert (bar.points >= 0) == (bar.kind == "gain")
        at = bar.after
    assert at == pytest.approx(market.mean("new"), abs=1e-9)
    assert market_bars(market, "zh", most=most)[0].name == "此前平均指数"


def test_a_comparison_as_a_picture(comparison):
    pytest.importorskip("matplotlib")
    figure = comparison.plot(most=5)
    assert len(figure.axes[0].patches) == len(market_bars(comparison.market, most=5))
    png(figure)


def test_no_picture_where_nobody_was_scored_on_both_sides():
    pytest.importorskip("matplotlib")
    from trustscore.compare import Market

    with pytest.raises(InputError, match="nothing to draw"):
        Market(CARD).plot()
    assert Market(CARD).to_frame().empty
