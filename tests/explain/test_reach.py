"""Many merchants at once get the same single changes as each of them alone."""

import tomllib

import numpy as np
import pytest

import trustscore.explain.reach as reach_room
from tests.scoring.random_cards import random_case
from tests.scoring.random_rows import block_of
from trustscore.explain import LACKS, next_tier_plan, next_tier_reach, typical_block, unknown_block
from trustscore.explain.headroom import stop_of, value_at
from trustscore.explain.single_change import smallest_values
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scorecard.presets import preset_folder
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export


def market(card, rows=12, seed=2):
    """Typical merchants with figures moved about."""
    draw = np.random.default_rng(seed)
    block = {name: np.repeat(values, rows) for name, values in typical_block(card).items()}
    for signal in card.signals:
        if signal.kind in ("rate", "events"):
            spread = draw.uniform(0, 1.6, rows)
            block[signal.value] = np.round(block[signal.value] * spread)
        elif signal.kind in ("mean", "duration"):
            block[signal.value] = block[signal.value] * draw.uniform(0.97, 1.03, rows)
    return block


def targets(card, block):
    names = [tier.id for tier in card.tiers.ladder]
    tiers = score_columns(block, card).tier.tolist()
    steps = [names.index(tier) + 1 for tier in tiers]
    return np.array([step if step < len(names) else -1 for step in steps])


def changes_of(found, card, row):
    mine = found.row == row
    names = [card.signals[at].id for at in found.signal[mine]]
    return list(zip(names, found.before[mine], found.after[mine], strict=True))


def test_like_the_plan_of_each():
    card = load_scorecard("minimal")
    block = market(card, rows=14)
    target = targets(card, block)
    found = next_tier_reach(block, card, target)
    told = 0
    for row in range(14):
        plan = next_tier_plan(block, card, row)
        assert (plan.target == "") == (target[row] < 0)
        if plan.volume != 1 or plan.outcome == "top":
            continue
        rated = ("rate", "events")
        alone = [
            (c.signal, c.count_before, c.count_after)
            if c.kind in rated
            else (c.signal, c.before, c.after)
            for c in plan.alone
        ]
        assert changes_of(found, card, row) == alone
        assert found.gap[row] == pytest.approx(max(plan.at - plan.bound, 0))
        assert found.all_suffice[row] == (plan.outcome in ("changes", "held"))
        told += len(alone)
    assert told > 5


@pytest.mark.parametrize("name", ["minimal", "olist"])
def test_every_change_reaches_and_a_smaller_one_does_not(name):
    card = load_scorecard(name)
    block = market(card)
    target = targets(card, block)
    found = next_tier_reach(block, card, target)
    assert len(found.row)
    ladder, tiers = card.tiers.ladder, card.tiers
    for row, at, before, after in zip(
        found.row, found.signal, found.before, found.after, strict=True
    ):
        goal = ladder[target[row]].at
        z = tiers.z if target[row] > tiers.entry else 0.0

        def bound(value, row=row, at=at, z=z):
            single = {name: values[row : row + 1].copy() for name, values in block.items()}
            single[card.signals[at].value] = np.array([value])
            scores = score_columns(single, card, "statement")
            lifted = scores.trust_index - scores.adjustments["cap"]
            return float((lifted - z * scores.index_se)[0])

        assert bound(after) >= goal > bound(before)
        # Back by one stop: 1 for counts, a thousandth to a hundredth of the whole way for others.
        signal = card.signals[at]
        whole = signal.kind in ("rate", "events", "count", "flag")
        way = abs(signal.numbers.good - before)
        stop = 1.0 if whole else 10.0 ** (np.floor(np.log10(way)) - 2)
        if abs(after - before) > stop:
            assert bound(after + np.sign(before - after) * stop) < goal


def test_what_is_missing_is_named():
    card = load_scorecard("default")
    poor = typical_block(card)
    few = dict(poor) | {"orders_paid": np.array([3.0])}
    rows = [poor, few, unknown_block(card)]
    block = {name: np.concatenate([row[name] for row in rows]) for name in poor}
    found = next_tier_reach(block, card, np.array([4, 3, 3]))
    lacks = [[n for n, is_so in zip(LACKS, row, strict=True) if is_so] for row in found.lacks.T]
    assert lacks[0] == ["figures"]
    assert "orders" in lacks[1]
    # Nothing is known of the third, so nothing is said.
    assert lacks[2] == [] and found.target[2] == -1 and np.isnan(found.gap[2])


def test_a_veto_stands_against_a_higher_tier_and_is_taken_as_lifted():
    card = load_scorecard("default")
    block = typical_block(card)
    block["safety_incident_flag"] = np.array([1.0])
    capped = score_columns(block, card)
    assert (capped.veto.tolist(), capped.trust_index.tolist()) == (["cap"], [59.0])
    found = next_tier_reach(block, card, np.array([3]))
    assert found.lacks[LACKS.index("veto"), 0]
    free = score_columns(typical_block(card), card)
    assert found.gap[0] == pytest.approx(max(70 - free.trust_index[0] + free.index_se[0], 0))


def test_a_change_that_suffices_alone_does_so_with_every_cap_in_force():
    card = load_scorecard("default")
    block = simulate_export(400, seed=3)
    target = targets(card, block)
    found = next_tier_reach(block, card, target)
    alone = ~found.lacks[: LACKS.index("figures")].any(axis=0)
    mine = np.flatnonzero(alone[found.row])
    rows = found.row[mine]
    assert len(set(rows.tolist())) > 20
    changed = {name: values[rows].copy() for name, values in block.items()}
    for at, way in enumerate(mine.tolist()):
        changed[card.signals[found.signal[way]].value][at] = found.after[way]
    scores = score_columns(changed, card)
    z = np.where(target[rows] > card.tiers.entry, card.tiers.z, 0.0)
    line = np.array([tier.at for tier in card.tiers.ladder])[target[rows]]
    assert (scores.trust_index - z * scores.index_se >= line - 1e-9).all()


@pytest.mark.parametrize(("height", "lacking"), [(59, True), (60, False), (65, False)])
@pytest.mark.parametrize("overlaid", [False, True])
def test_a_cap_is_a_lack_by_its_height_and_not_by_whether_it_bites(height, lacking, overlaid):
    text = (preset_folder() / "default.toml").read_text(encoding="utf-8")
    rule = text[text.index("[rules.brushing_cap]") :].split("\n\n")[0]
    first = 99 if overlaid else height
    text = text.replace(rule, rule.replace("cap = 59", f"cap = {first}"))
    if overlaid:
        text += "\n[overlays.odd]\nen = 'Odd'\nzh = 'Odd'\nmatch = { category = ['odd'] }\n"
        text += f"[overlays.odd.rules.brushing_cap]\ncap = {height}\n"
    card = parse_scorecard(tomllib.loads(text))
    block = simulate_export(400, seed=3)
    at = block["merchant_id"].tolist().index("m0000055")
    one = {name: values[at : at + 1].copy() for name, values in block.items()}
    if overlaid:
        one["category"] = np.array(["odd"], dtype=object)
    scores = score_columns(one, card, "statement")
    assert scores.veto.tolist() == ["cap"]
    assert scores.adjustments["cap"][0] == 0 and scores.trust_index[0] < 59
    found = next_tier_reach(one, card, np.array([card.tiers.entry]))
    assert found.lacks[LACKS.index("veto"), 0] == lacking


def test_no_rows_and_no_targets():
    card = load_scorecard("minimal")
    none = {name: values[:0] for name, values in typical_block(card).items()}
    empty = next_tier_reach(none, card, np.empty(0, dtype=np.int64))
    assert len(empty.row) == len(empty.gap) == 0 and empty.lacks.shape == (4, 0)
    found = next_tier_reach(typical_block(card), card, np.array([-1]))
    assert not found.lacks.any() and len(found.row) == 0


def differences(one, other):
    names = ("target", "index", "gap", "lacks", "all_suffice", "row", "signal", "before", "after")
    return [n for n in names if not np.array_equal(getattr(one, n), getattr(other, n), True)]


def everything(card, now, best, rows):
    return np.full((len(card.signals), len(rows)), np.inf)


@pytest.mark.parametrize("name", ["minimal", "default", "olist", "mixed powers"])
def test_no_change_is_missed_that_scoring_every_signal_would_find(name, monkeypatch):
    if name == "mixed powers":
        data = load_scorecard("default").file.model_dump(mode="json", exclude_none=True)
        data["dimensions"]["product_quality"]["power"] = 0.0
        data["dimensions"]["service_quality"]["power"] = -1.0
        card = parse_scorecard(data)
    else:
        card = load_scorecard(name)
    block = simulate_export(300, seed=5, scorecard=card)
    target = targets(card, block)
    found = next_tier_reach(block, card, target)
    monkeypatch.setattr(reach_room, "most_gained", everything)
    assert differences(found, next_tier_reach(block, card, target)) == []
    assert len(found.row)


@pytest.mark.parametrize("first", [0, 40])
def test_no_change_is_missed_on_random_scorecards(first, monkeypatch):
    """Signals here share columns, and rules, weights and conditions read them too."""
    sparing, told, bounded = [], 0, 0
    for seed in range(first, first + 40):
        case = random_case(seed)
        card, block = parse_scorecard(case.card), block_of(case.rows)
        if not card.tiers.ladder:
            continue
        block["merchant_id"] = np.array([f"m{i}" for i in range(12)], dtype=object)
        target = np.full(12, len(card.tiers.ladder) - 1)
        missing = frozenset(case.missing)
        sparing.append((card, block, target, missing))
    found = [next_tier_reach(b, c, t, missing=m) for c, b, t, m in sparing]
    for card, block, _, missing in sparing:
        now = score_columns(block, card, "statement", missing=missing)
        bounded += int(np.isfinite(reach_room.most_gained(card, now, now, np.arange(12))).sum())
    monkeypatch.setattr(reach_room, "most_gained", everything)
    for (card, block, target, missing), one in zip(sparing, found, strict=True):
        assert differences(one, next_tier_reach(block, card, target, missing=missing)) == []
        told += len(one.row)
    assert told > 10 and bounded > 300


@pytest.mark.parametrize("bend", [0.3, 1.0, 4.0])
def test_the_smallest_value_is_the_one_that_halving_alone_finds(bend):
    draw = np.random.default_rng(1)
    size = 400
    whole = draw.random(size) < 0.5
    start = np.where(whole, draw.integers(0, 5000, size), draw.uniform(0, 90, size))
    end = np.where(whole, draw.integers(0, 5000, size), draw.uniform(0, 90, size))
    end = np.where(start == end, end + 1, end)
    way = np.abs(end - start)
    line = draw.uniform(0, 1, size) * 100

    def bound(some, values):
        share = np.abs(values - start[some]) / way[some]
        # Now and then a step, as of a deduction that ends.
        return 100 * (0.7 * share**bend + 0.3 * (share > 0.45)) + 1e-9

    asked = []

    def watched(some, values):
        asked.append(len(some))
        return bound(some, values)

    every = np.arange(size)
    ends, bounds = (start, end), (bound(every, start), bound(every, end))
    share, value = smallest_values(watched, ends, bounds, line, whole)
    low, high = np.zeros(size), np.ones(size)
    steps = np.ceil(np.log2(np.where(whole, np.maximum(way, 1000), 1000))) + 2
    for step in range(int(steps.max())):
        middle, on = (low + high) / 2, step < steps
        reached = bound(every, value_at(start, end, whole, middle)) >= line
        high, low = np.where(reached & on, middle, high), np.where(~reached & on, middle, low)
    assert share.tolist() == high.tolist()
    assert value.tolist() == value_at(start, end, whole, high).tolist()
    assert sum(asked) < 12 * size
    assert (stop_of(start, end, whole) <= np.maximum(way / 99, 1)).all()
