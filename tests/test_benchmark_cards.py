"""The benchmarks make scorecards of the default one; a change of it must not end them."""

from trustscore.scorecard import load_scorecard


def test_the_formula_that_is_written_by_hand_has_its_scorecard(tmp_path):
    from benchmarks.formula import figures, plain_card

    card = plain_card(tmp_path)
    assert not card.rules
    assert len(figures(card)) == len(card.signals)


def test_growth_is_measured_on_scorecards_of_any_size():
    from benchmarks.parts import _some_signals

    default = load_scorecard("default")
    assert [len(_some_signals(count, default).signals) for count in (1, 7, 20)] == [1, 7, 20]
