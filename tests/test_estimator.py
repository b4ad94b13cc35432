import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from trustscore.errors import InputError, ScorecardError
from trustscore.estimator import TrustScorer
from trustscore.estimator.labels import labelled
from trustscore.scorecard import load_scorecard, parse_scorecard
from trustscore.scoring import score_columns
from trustscore.simulate import simulate_export

NUMBERS = [
    "trust_index",
    "trust_index_lower",
    "trust_index_upper",
    "index_se",
    "prior_index",
    "coverage",
]
MINIMAL = load_scorecard("minimal")


@pytest.fixture
def export():
    return pd.DataFrame(
        {
            "negative_reviews": [2.0, np.nan, 40.0],
            "product_rating_mean": [4.9, np.nan, 4.1],
            "reviews_rated": [1180.0, 0.0, 200.0],
            "complaints": [1.0, 0.0, 9.0],
            "orders_paid": [1400.0, 3.0, 300.0],
            "aftersales_review_hours_mean": [2.0, np.nan, 12.0],
            "refunds_completed": [30.0, 0.0, 20.0],
            "barred_identity_link_flag": [0.0, 0.0, 1.0],
            "orders_guaranteed": [1000.0, 0.0, 0.0],
        },
        index=["a", "b", "c"],
    )


def block_of(frame):
    return {name: frame[name].to_numpy() for name in frame}


# scikit-learn's own checks: none is expected to fail.


CHECKS = parametrize_with_checks([TrustScorer(scorecard=None), TrustScorer(None, -1, power=0.0)])


# A list, since older scikit-learn hands over a generator, which newer pytest warns of.
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learn(estimator, check):
    check(estimator)


# With a scorecard.


def test_the_index_is_that_of_score_columns(export):
    expected = score_columns(block_of(export), MINIMAL)
    scorer = TrustScorer("minimal").fit(export)
    assert scorer.score_samples(export).tolist() == expected.trust_index.tolist()
    found = scorer.transform(export)
    names = scorer.get_feature_names_out().tolist()
    assert names == [*NUMBERS, "product_quality", "after_sales", "social_reputation"]
    assert found.dtype == np.float64
    for name, column in zip(names, found.T, strict=True):
        wanted = expected.dimensions.get(name)
        wanted = getattr(expected, name) if wanted is None else wanted
        np.testing.assert_array_equal(column, wanted)


def test_the_cap_holds(export):
    assert TrustScorer("minimal").fit(export).score_samples(export)[2] <= 59


def test_order_case_extra_columns_and_text_do_not_matter(export):
    plain = TrustScorer("minimal").fit(export).score_samples(export)
    dirty = export[export.columns[::-1]].astype(object)
    dirty["reviews_rated"] = ["1,180", "0", " 200 "]
    dirty["barred_identity_link_flag"] = ["no", False, "yes"]
    dirty["complaints"] = pd.array([1, 0, 9], dtype="Int64")
    dirty["merchant_id"] = ["m1", "m2", "m3"]
    dirty = dirty.rename(columns={"orders_paid": "Orders Paid"})
    assert TrustScorer("minimal").fit(export).score_samples(dirty).tolist() == plain.tolist()
    assert TrustScorer("minimal").fit(dirty).score_samples(dirty).tolist() == plain.tolist()


def test_nullable_columns_and_blanks(export):
    plain = TrustScorer("minimal").fit(export).score_samples(export)
    nullable = export.convert_dtypes()
    assert nullable["complaints"].dtype == "Int64"
    assert TrustScorer("minimal").fit_transform(nullable)[:, 0].tolist() == plain.tolist()


def test_overlays_read_the_category():
    card = {
        "name": "shop",
        "version": "1",
        "effective_from": "2026-01-01",
        "dimensions": {"d": {"weight": 1}},
        "signals": {
            "d": {
                "s": {"stage": "use", "score": True, "poor": 0, "good": 10, "weight": 1, "prior": 5}
            }
        },
        "overlays": {"fresh": {"match": {"category": "fresh"}, "signals": {"s": {"good": 20}}}},
    }
    frame = pd.DataFrame({"s": [5, 5], "category": ["fresh", "books"]})
    assert TrustScorer(parse_scorecard(card)).fit(frame).score_samples(frame).tolist() == [25, 50]


def test_missing_columns_are_listed_with_a_near_name(export):
    frame = export.rename(columns={"complaints": "complaint", "orders_paid": "zzz"})
    with pytest.raises(InputError) as caught:
        TrustScorer("minimal").fit(frame)
    assert caught.value.faults == [
        "complaints: no such column, did you mean complaint?",
        "orders_paid: no such column",
    ]


def test_columns_missing_in_fit_do_not_apply_when_allowed(export):
    frame = export.drop(columns=["complaints"])
    scorer = TrustScorer("minimal", allow_missing_columns=True).fit(frame)
    assert scorer.missing_ == {"complaints"}
    expected = score_columns(block_of(frame), MINIMAL, missing=frozenset({"complaints"}))
    assert scorer.score_samples(frame).tolist() == expected.trust_index.tolist()
    # What was not collected in fit stays out, or two batches could not be compared.
    assert scorer.score_samples(export).tolist() == expected.trust_index.tolist()
    with pytest.raises(InputError, match="there in fit") as caught:
        scorer.transform(frame.drop(columns=["refunds_completed"]))
    assert caught.value.faults == ["refunds_completed: no such column"]
    full = TrustScorer("minimal", allow_missing_columns=True).fit(export)
    with pytest.raises(InputError, match="complaints"):
        full.transform(frame)


def test_a_frame_with_no_column_at_all_is_refused_even_so():
    scorer = TrustScorer("minimal", allow_missing_columns=True)
    with pytest.raises(InputError, match="none of the columns"):
        scorer.fit(pd.DataFrame({"a": [1.0, 2.0], "category": ["x", "y"]}))


def test_cells_that_cannot_be_are_all_listed(export):
    bad = export.astype(object)
    bad.loc["a", "complaints"] = -1.0
    bad.loc["b", "orders_paid"] = "many"
    bad["reviews_rated"] = [1.0, 0.0, 200.0]
    scorer = TrustScorer("minimal").fit(bad)
    with pytest.raises(InputError, match="2 rows cannot be scored") as caught:
        scorer.transform(bad)
    assert [fault.partition(":")[0] for fault in caught.value.faults] == [
        "row a, negative_reviews",
        "row b, orders_paid",
    ]
    assert "1 more fault in the row" in caught.value.faults[0]


def test_many_faults_are_cut_short(export):
    bad = pd.concat([export] * 10, ignore_index=True).assign(complaints=-1.0)
    with pytest.raises(InputError, match="30 rows cannot be scored") as caught:
        TrustScorer("minimal").fit(bad).transform(bad)
    assert caught.value.faults[-1] == "and 10 more"


def test_a_bare_array_needs_no_scorecard(export):
    with pytest.raises(InputError, match="named columns"):
        TrustScorer("minimal").fit(export.to_numpy())
    scorer = TrustScorer("minimal").fit(export)
    with pytest.raises(InputError, match="named columns"):
        scorer.transform(export.to_numpy())


def test_an_open_scorecard_that_cannot_be_fitted_says_why(export):
    card = MINIMAL.file.model_dump(exclude_none=True, by_alias=True)
    card["signals"]["after_sales"]["complaint_rate"]["poor"] = "q95"
    card["rules"] = {}
    with pytest.raises(InputError, match=r"complaint_rate: only .* merchants have evidence"):
        TrustScorer(parse_scorecard(card)).fit(export)


def test_direction_is_the_scorecards_own_matter(export):
    with pytest.raises(InputError, match="direction"):
        TrustScorer("minimal", direction=1).fit(export)


def test_not_fitted(export):
    for method in ("transform", "score_samples", "explain"):
        with pytest.raises(NotFittedError):
            getattr(TrustScorer("minimal"), method)(export)


def test_pipeline_and_set_output(export):
    pipe = make_pipeline(TrustScorer("minimal"), StandardScaler()).set_output(transform="pandas")
    found = pipe.fit_transform(export)
    assert found.index.tolist() == ["a", "b", "c"]
    assert found.columns[:6].tolist() == NUMBERS
    assert found["trust_index"].mean() == pytest.approx(0)
    both = ColumnTransformer([("trust", TrustScorer("minimal"), list(export))])
    names = both.fit(export).get_feature_names_out()
    assert names[0] == "trust__trust_index"


def test_clone_and_pickle(export):
    scorer = TrustScorer(MINIMAL, allow_missing_columns=True)
    again = clone(scorer)
    assert again.scorecard == MINIMAL
    scorer.fit(export)
    back = pickle.loads(pickle.dumps(scorer))
    assert back.scorecard_.sha256 == MINIMAL.sha256
    assert back.transform(export).tolist() == scorer.transform(export).tolist()


def test_refit_forgets_names(export):
    scorer = TrustScorer("minimal").fit(export)
    assert scorer.feature_names_in_.tolist() == list(export)
    assert scorer.n_features_in_ == 9
    scorer.fit(export.assign(**{"more": 1}).rename(columns={"more": 7}))
    assert not hasattr(scorer, "feature_names_in_")
    assert scorer.n_features_in_ == 10


@pytest.mark.parametrize("rows", [["a", "b", "c"], ["c"], ["b", "b"]])
def test_explain_adds_up(export, rows):
    frame = export.loc[rows]
    scorer = TrustScorer("minimal").fit(export)
    lines = scorer.explain(frame)
    index = scorer.score_samples(frame)
    assert lines.index.names == ["row", "signal"]
    if len(set(rows)) == len(rows):
        sums = lines.groupby(level="row", sort=False)[["gained", "lost"]].sum()
        np.testing.assert_allclose(sums["gained"], index, atol=1e-9)
        np.testing.assert_allclose(sums["lost"], 100 - index, atol=1e-9)
    np.testing.assert_allclose(lines["gained"].sum(), index.sum(), atol=1e-9)


def test_explain_names_the_adjustments(export):
    lines = TrustScorer("minimal").fit(export).explain(export)
    moved = lines[lines["dimension"] == "adjustment"]
    assert moved.loc[("a", "guarantee_bonus"), ["gained", "lost"]].tolist() == [2, -2]
    assert lines.loc["b"].index.tolist() == [signal.id for signal in MINIMAL.signals]
    assert lines.loc[("b", "product_rating_mean"), "reliability"] == 0


def test_explain_leaves_out_what_does_not_apply(export):
    frame = export.drop(columns=["complaints"])
    lines = TrustScorer("minimal", allow_missing_columns=True).fit(frame).explain(frame)
    assert "complaint_rate" not in lines.index.get_level_values("signal")


def test_the_default_scorecard_on_nothing_known():
    card = load_scorecard("default")
    frame = pd.DataFrame({field.name: [np.nan, np.nan] for field in card.fields})
    found = TrustScorer().set_output(transform="pandas").fit_transform(frame)
    assert found.columns.tolist() == [*NUMBERS, *(d.id for d in card.dimensions)]
    assert found["trust_index"].isna().all()
    assert (found["prior_index"] > 0).all()
    assert found["coverage"].tolist() == [0, 0]


def test_numbers_in_object_cells_keep_their_value_whatever_the_decimal_sign():
    card = {
        "name": "shop",
        "version": "1",
        "effective_from": "2026-01-01",
        "decimal": ",",
        "dimensions": {"d": {"weight": 1}},
        "signals": {
            "d": {
                "s": {"stage": "use", "score": True, "poor": 0, "good": 10, "weight": 1, "prior": 5}
            }
        },
    }
    frame = pd.DataFrame({"s": np.array([4.7, "4,7", Decimal("4.7"), 1e-7, 3], dtype=object)})
    scorer = TrustScorer(parse_scorecard(card)).fit(frame)
    assert scorer.score_samples(frame).tolist() == pytest.approx([47, 47, 47, 1e-6, 30])
    with pytest.raises(InputError, match="row 0, s"):
        scorer.transform(pd.DataFrame({"s": ["4.7"]}))


def test_complex_numbers_are_faults(export):
    with pytest.raises(InputError, match="column complaints is of type complex128"):
        TrustScorer("minimal").fit(export).transform(export.assign(complaints=1j))


def test_other_frames(export):
    polars = pytest.importorskip("polars")
    scorer = TrustScorer("minimal").fit(export)
    found = scorer.score_samples(polars.from_pandas(export))
    assert found.tolist() == scorer.score_samples(export).tolist()


def test_what_was_fitted_counts_not_what_was_set_since(export):
    scorer = TrustScorer("minimal").fit(export)
    before = scorer.transform(export)
    scorer.set_params(scorecard=None)
    assert scorer.transform(export).tolist() == before.tolist()
    assert scorer.fit(export).get_feature_names_out().tolist() == NUMBERS


# Without one.


def test_composite_by_hand():
    # Column 0 runs from 0 to 10, column 1 the other way: (0.2 + 0.5) / 2 = 0.35.
    X = np.array([[0.0, 4.0], [2.0, 2.0], [10.0, 0.0]])
    scorer = TrustScorer(None, direction=[1, -1], quantiles=(0, 1)).fit(X)
    assert scorer.score_samples(X).tolist() == pytest.approx([0, 35, 100])
    signals = scorer.scorecard_.signals
    assert [(s.poor, s.good, s.prior) for s in signals] == [(0, 10, 2), (4, 0, 2)]


def test_anchors_are_quantiles():
    X = np.arange(101.0).reshape(-1, 1)
    signal = TrustScorer(None).fit(X).scorecard_.signals[0]
    assert (signal.poor, signal.good, signal.prior) == pytest.approx((5, 95, 50))
    scores = TrustScorer(None).fit(X).score_samples(X)
    assert scores[[0, 5, 50, 95, 100]].tolist() == pytest.approx([0, 0, 50, 100, 100])


def test_composite_is_the_kernel_on_its_own_scorecard():
    X = np.random.default_rng(0).normal(size=(60, 4))
    X[::7, 1] = np.nan
    scorer = TrustScorer(None, power=-0.5).fit(X)
    scores = score_columns({f"x{i}": X[:, i] for i in range(4)}, scorer.scorecard_)
    assert scorer.score_samples(X).tolist() == scores.trust_index.tolist()
    assert scorer.transform(X)[:, 5].tolist() == scores.coverage.tolist()


def test_nan_is_unknown():
    X = np.array([[0.0, 0.0], [5.0, 5.0], [10.0, 10.0]])
    scorer = TrustScorer(None, quantiles=(0, 1)).fit(X)
    found = scorer.transform([[10.0, np.nan], [np.nan, np.nan], [10.0, 5.0]])
    index, coverage, error = found[:, 0], found[:, 5], found[:, 3]
    assert index[[0, 2]].tolist() == [75, 75]
    assert np.isnan(index[1])
    assert coverage.tolist() == [0.5, 0, 1]
    assert error[0] > error[2] == 0


@pytest.mark.parametrize("constant", [0.0, 7.0, -3.0, 1e299])
def test_a_constant_column_is_half_its_marks(constant):
    X = np.array([[constant, 0.0], [constant, 1.0]])
    scorer = TrustScorer(None, quantiles=(0, 1)).fit(X)
    assert scorer.score_samples(X).tolist() == [25, 75]
    moved = np.array([[-np.inf, 0.0], [np.inf, 0.0]]).clip(-1e300, 1e300)
    assert scorer.score_samples(moved).tolist() == [0, 50]


def test_a_nearly_constant_column_uses_its_extremes():
    X = np.zeros((100, 1))
    X[0] = 4
    assert TrustScorer(None).fit(X).score_samples([[4.0], [1.0], [0.0]]).tolist() == [100, 25, 0]


def test_a_column_without_a_value_has_no_part():
    X = np.array([[np.nan, 0.0], [np.nan, 1.0]])
    scorer = TrustScorer(None, quantiles=(0, 1)).fit(X)
    assert scorer.score_samples([[9.0, 1.0], [np.nan, 0.0]]).tolist() == [100, 0]
    assert scorer.transform(X)[:, 5].tolist() == [1, 1]
    assert scorer.explain(X).index.get_level_values("signal").tolist() == ["x1", "x1"]
    with pytest.raises(InputError, match="not NaN"):
        scorer.fit(np.full((3, 2), np.nan))


def test_one_row():
    scorer = TrustScorer(None).fit([[1.0, 2.0, 0.0]])
    assert scorer.score_samples([[1.0, 2.0, 0.0]]).tolist() == [50]


def test_direction_forms():
    frame = pd.DataFrame({"good": [0.0, 1, 2], "Bad one": [3.0, 2, 1]})
    wanted = TrustScorer(None, [1, -1]).fit(frame).score_samples(frame)
    assert wanted[0] < wanted[1] < wanted[2]
    for direction in ({"Bad one": -1}, (1, -1), np.array([1, -1]), pd.Series([1.0, -1.0])):
        assert TrustScorer(None, direction).fit(frame).score_samples(frame).tolist() == (
            wanted.tolist()
        )
    reverse = TrustScorer(None, -1).fit(frame[["good"]]).score_samples(frame[["good"]])
    assert reverse.tolist() == [100, 50, 0]


@pytest.mark.parametrize(
    "direction", [0, 2, "up", [1], [1, 1, 1], [1, 0], {"nobody": 1}, [[1, 1]], [1, np.nan]]
)
def test_wrong_directions(direction):
    frame = pd.DataFrame({"a": [0.0, 1], "b": [1.0, 0]})
    with pytest.raises(InputError, match="direction"):
        TrustScorer(None, direction).fit(frame)


def test_a_mapping_needs_names():
    with pytest.raises(InputError, match="no names"):
        TrustScorer(None, {"a": 1}).fit([[1.0], [2.0]])


@pytest.mark.parametrize("quantiles", [(0.5, 0.5), (0.9, 0.1), (-0.1, 1), (0, 1.1), 0.5, None])
def test_wrong_quantiles(quantiles):
    with pytest.raises(InputError, match="quantiles"):
        TrustScorer(None, quantiles=quantiles).fit([[1.0], [2.0]])


def test_wrong_power():
    with pytest.raises(ScorecardError, match="power"):
        TrustScorer(None, power=2).fit([[1.0], [2.0]])


def test_composite_explain_uses_column_names():
    frame = pd.DataFrame({"a": [0.0, 1, 2], "b": [0.0, 1, 2]}, index=[10, 20, 30])
    lines = TrustScorer(None, power=0.0).fit(frame).explain(frame)
    assert lines.index.tolist() == [(i, c) for i in (10, 20, 30) for c in "ab"]
    sums = lines.groupby(level="row")["gained"].sum()
    index = TrustScorer(None, power=0.0).fit(frame).score_samples(frame)
    np.testing.assert_allclose(sums, index, atol=1e-9)


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 12), st.integers(1, 5)),
        elements=st.floats(allow_infinity=False, allow_nan=True),
    )
)
def test_any_array(X):
    if np.isnan(X).all():
        return
    scorer = TrustScorer(None).fit(X)
    found = scorer.transform(X)
    index, lower, upper, error, _, coverage = found.T
    scored = coverage > 0
    assert np.array_equal(np.isnan(index), ~scored)
    assert (index[scored] >= 0).all() and (index[scored] <= 100).all()
    assert (lower[scored] <= index[scored]).all() and (index[scored] <= upper[scored]).all()
    assert np.isfinite(error).all()
    # Every row is scored on its own.
    for row in range(len(X)):
        np.testing.assert_array_equal(scorer.transform(X[row : row + 1])[0], found[row])


@given(
    arrays(np.float64, (8, 3), elements=st.floats(-1e6, 1e6)),
    st.integers(0, 7),
    st.integers(0, 2),
    st.floats(0, 1e6),
    st.sampled_from([1, -1]),
)
def test_better_is_never_worth_less(X, row, column, more, sign):
    scorer = TrustScorer(None, sign).fit(X)
    better = X.copy()
    better[row, column] += sign * more
    assert scorer.score_samples(better)[row] >= scorer.score_samples(X)[row]


# Weights of rows ---------------------------------------------------------------------------------


def open_minimal():
    data = load_scorecard("minimal").file.model_dump(mode="json", exclude_none=True)
    for signals in data["signals"].values():
        for line in signals.values():
            if "strength" in line:
                line["prior"] = line["strength"] = "fit"
    return parse_scorecard(data)


def priors(scorer):
    return [(s.prior, s.strength) for s in scorer.scorecard_.signals]


def test_a_row_of_weight_two_is_two_rows_and_one_of_weight_0_none():
    frame = pd.DataFrame(simulate_export(400, seed=3, scorecard="minimal"))
    weight = np.arange(400) % 3
    repeated = frame.loc[np.repeat(np.arange(400), weight)]
    found = TrustScorer(open_minimal()).fit(frame, sample_weight=weight)
    wanted = TrustScorer(open_minimal()).fit(repeated)
    np.testing.assert_allclose(priors(found), priors(wanted), rtol=1e-6)
    assert priors(found) != priors(TrustScorer(open_minimal()).fit(frame))


def test_weights_count_in_composite_indices_too():
    X = np.random.default_rng(1).normal(size=(200, 2))
    weight = np.arange(200) % 3
    found = TrustScorer(scorecard=None).fit(X, sample_weight=weight).score_samples(X)
    wanted = TrustScorer(scorecard=None).fit(np.repeat(X, weight, axis=0)).score_samples(X)
    np.testing.assert_allclose(found, wanted)


@pytest.mark.parametrize(
    ("weight", "told"),
    [
        ([1.0, -1.0, 1.0], "Negative"),
        ([1.0, np.nan, 1.0], "NaN"),
        ([1.0, 1.0], r"shape"),
        ([0.0, 0.0, 0.0], "above 0 for at least one|at least one non-zero"),
    ],
)
@pytest.mark.parametrize("card", [None, "open"])
def test_weights_that_cannot_be_are_named(card, weight, told, export):
    card, X = (open_minimal(), export) if card else (None, np.zeros((3, 2)))
    with pytest.raises((ValueError, InputError), match=told):
        TrustScorer(card).fit(X, sample_weight=weight)


def test_labels_may_be_words_for_yes_and_no():
    block = {"x": np.zeros(5)}
    found = labelled(block, ["yes", "no", None, "TRUE", "0"])
    assert found.n.tolist() == [1, 1, 0, 1, 1]
    assert found.events.tolist() == [1, 0, 0, 1, 0]
    with pytest.raises(InputError, match="row 1 holds 'perhaps'"):
        labelled(block, ["yes", "perhaps", "no", "no", "no"])
    weighted = labelled(block, [1, 0, 1, 0, np.nan], np.array([2.0, 3.0, 0.0, 1.0, 5.0]))
    assert weighted.n.tolist() == [2, 3, 0, 1, 0]
    assert weighted.events.tolist() == [2, 0, 0, 0, 0]
