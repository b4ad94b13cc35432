"""A statement in a notebook: HTML, a frame and a picture, with hostile names inert."""

import dataclasses
import sys
from io import BytesIO

import pytest

from trustscore.errors import InputError
from trustscore.explain import explain, typical_block, unknown_block, waterfall
from trustscore.scorecard import load_scorecard

CARD = load_scorecard("minimal")
HOSTILE = "<script>alert(1)</script>&\n\x1b[2J\u202e$x_1$"


@pytest.fixture
def statement():
    return dataclasses.replace(explain(typical_block(CARD), CARD), merchant_id=HOSTILE)


def test_html_is_escaped(statement):
    shown = statement._repr_html_()
    assert "<script" not in shown and "&lt;script&gt;" in shown
    assert "\x1b" not in shown and "\u202e" not in shown
    assert shown.count("<") == 2
    assert "Trust index 62.00" in shown


def test_a_frame_has_one_row_a_signal(statement):
    frame = statement.to_frame()
    assert frame["id"].tolist() == [line.id for line in statement.signals]
    assert frame["gained"].sum() == pytest.approx(statement.raw_index, abs=1e-9)
    assert set(frame.columns) == {f.name for f in dataclasses.fields(statement.signals[0])}


@pytest.mark.parametrize("base", ["full", "zero"])
def test_a_picture_has_the_bars_of_the_waterfall(statement, base):
    pytest.importorskip("matplotlib")
    figure = statement.plot(base=base)
    bars = waterfall(statement, base=base)
    drawn = figure.axes[0].patches
    assert [patch.get_width() for patch in drawn] == pytest.approx([bar.points for bar in bars])
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == [bar.name for bar in bars]
    written = BytesIO()
    figure.savefig(written, format="png")
    assert written.getvalue().startswith(b"\x89PNG")


def test_no_picture_of_an_index_that_is_not_there():
    pytest.importorskip("matplotlib")
    with pytest.raises(InputError, match="not scored"):
        explain(unknown_block(CARD), CARD).plot()


def test_without_matplotlib_the_extra_is_named(statement, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="the extra `plot`"):
        statement.plot()
