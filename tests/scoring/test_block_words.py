"""What a caller with the wrong type of block or row is told."""

import numpy as np
import pandas as pd
import pytest

from trustscore.errors import InputError
from trustscore.explain import explain, next_tier_plan, render_text, typical_block
from trustscore.scorecard import load_scorecard
from trustscore.scoring import score_columns

MINIMAL = load_scorecard("minimal")


def test_a_frame_is_no_block():
    block = typical_block(MINIMAL)
    with pytest.raises(InputError, match=r"Got pandas.*DataFrame; score_frame"):
        score_columns(pd.DataFrame(block), MINIMAL)
    with pytest.raises(InputError, match=r"Got list for column complaints"):
        score_columns(block | {"complaints": [1.0]}, MINIMAL)
    with pytest.raises(InputError, match=r"must be numbers") as error:
        score_columns(block | {"complaints": np.array(["1"], dtype=object)}, MINIMAL)
    assert error.value.faults == ["complaints: must be numbers. Got object"]


@pytest.mark.parametrize("row", ["m1", 1.0, True, 7, -2])
def test_a_row_is_a_position(row):
    block = typical_block(MINIMAL)
    for call in (explain, next_tier_plan):
        with pytest.raises(InputError, match="row must be a position"):
            call(block, MINIMAL, row)
    with pytest.raises(InputError, match="explain_frame takes frames"):
        explain(pd.DataFrame(block), MINIMAL)


def test_chinese_columns_and_rights_have_their_own_words():
    shown = render_text(explain(typical_block(MINIMAL), MINIMAL), "zh")
    head = next(line for line in shown.splitlines() if line.strip().startswith("维度"))
    assert head.split() == ["维度", "指数", "权重", "得分", "失分"]
    assert "权益：搜索、商城推荐" in shown
