"""The scoring as a scikit-learn transformer, with a scorecard or on a bare array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from trustscore.errors import InputError
from trustscore.estimator.composite import block_of, learn, position
from trustscore.estimator.frames import as_frame, read_block
from trustscore.estimator.labels import labelled
from trustscore.fitting.fit import fit_scorecard, open_weights
from trustscore.scorecard import Scorecard, load_scorecard
from trustscore.scorecard.output_columns import OUTPUT_COLUMNS
from trustscore.scoring import Scores, score_columns
from trustscore.scoring.program import program_of
from trustscore.typing import Array

__all__ = ["TrustScorer"]


_NUMBERS = tuple(
    column.name
    for column in OUTPUT_COLUMNS.values()
    if column.type == "number" and not column.by_policy
)


class TrustScorer(TransformerMixin, BaseEstimator):
    """Trust index of merchants, or of the rows of any array, as a transformer.

    With a scorecard, `X` is a frame with the columns of a merchant export. With a closed scorecard
    `fit` only checks that the columns exist. With an open one it fits the open values to `X`, and
    open weights to `y` (see `trustscore.fitting.fit_scorecard`). Without a scorecard
    (``scorecard=None``), `X` is any array of numbers and `fit` makes a scorecard from it: all
    columns have the same weight, utility 0 at the lower quantile and 1 at the upper one, and NaN
    stands at the median. Both kinds are scored by `score_columns`.

    Parameters
    ----------
    scorecard : str, Path, Scorecard or None, default="default"
        Preset, file or scorecard. None for a composite index of all columns.
    direction : {1, -1}, sequence, mapping or None, default=None
        Whether higher (1) or lower (-1) values are better: one value for all columns, a sequence
        with one for each, or a mapping by column name, where columns not named are 1. None means
        1. Only for ``scorecard=None``, because a scorecard holds the directions.
    quantiles : (float, float), default=(0.05, 0.95)
        Quantiles of the known values of a column that become its anchors. Only for
        ``scorecard=None``.
    power : float, default=1.0
        Exponent of the power mean over columns, from -1 to 1. The lower it is, the less can a good
        column compensate a bad one. Only for ``scorecard=None``.
    allow_missing_columns : bool, default=False
        Whether columns may be absent in `fit`. The signals that read them then do not apply;
        otherwise absence is an error. Only with a scorecard.

    Attributes
    ----------
    scorecard_ : Scorecard
        The scorecard as loaded, or as `fit` made it.
    missing_ : frozenset of str
        Block of the scorecard that were absent in `fit`.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in `fit`. Defined only when `X` has feature names that are all
        strings.

    See Also
    --------
    trustscore.score_columns : The arithmetic.
    trustscore.score_frame : Also returns status, tier, rules and reasons, which are not numbers.

    Notes
    -----
    A column without a known value in `fit` takes no part in a composite index. A constant column
    has utility 0.5 at its constant. Where more than nine tenths of a column have one value, so that
    both quantiles are equal, the extremes become the anchors.

    Examples
    --------
    A composite index of three columns, in the last of which less is better:

    >>> import numpy as np
    >>> from trustscore.estimator import TrustScorer
    >>> X = np.array([[0.0, 10.0, 9.0], [5.0, np.nan, 6.0], [10.0, 30.0, 3.0]])
    >>> scorer = TrustScorer(scorecard=None, direction=[1, 1, -1], quantiles=(0, 1))
    >>> scorer.fit(X).score_samples(X)
    array([  0.,  50., 100.])
    >>> scorer.transform(X).shape, scorer.get_feature_names_out()[:2].tolist()
    ((3, 6), ['trust_index', 'trust_index_lower'])

    Merchants by a scorecard:

    >>> import pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "negative_reviews": [2, None],
    ...         "product_rating_mean": [4.9, None],
    ...         "reviews_rated": ["1,180", "0"],
    ...         "complaints": [1, 0],
    ...         "aftersales_review_hours_mean": [2, None],
    ...         "refunds_completed": [30, 0],
    ...         "barred_identity_link_flag": ["no", "no"],
    ...         "orders_paid": [1400, 3],
    ...         "orders_guaranteed": [0, 0],
    ...     },
    ...     index=["m1", "m2"],
    ... )
    >>> scorer = TrustScorer("minimal").set_output(transform="pandas")
    >>> scorer.fit_transform(export)[["trust_index", "coverage"]].round(2)
        trust_index  coverage
    m1        89.55      0.93
    m2        62.23      0.11
    """

    def __init__(
        self,
        scorecard: str | Path | Scorecard | None = "default",
        direction: Any = None,
        *,
        quantiles: tuple[float, float] = (0.05, 0.95),
        power: float = 1.0,
        allow_missing_columns: bool = False,
    ) -> None:
        self.scorecard = scorecard
        self.direction = direction
        self.quantiles = quantiles
        self.power = power
        self.allow_missing_columns = allow_missing_columns

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        if self.scorecard is not None:
            tags.input_tags.string = True
            tags.input_tags.two_d_array = False
        return tags

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> TrustScorer:
        """Check the columns, and fit the open values of a scorecard or make a whole one.

        Parameters
        ----------
        X : DataFrame, or array-like of shape (n_samples, n_features)
            A frame with a scorecard; numbers, NaN for unknown, without one.
        y : array-like of shape (n_samples,) or (n_samples, 2), optional
            Outcome of each merchant, for a scorecard with open weights: 1 for bad and 0 for good,
            or the number of orders and of bad events among them; NaN where it is not known.
            Ignored otherwise.
        sample_weight : array-like of shape (n_samples,), optional
            How many merchants each row stands for, 0 or more; each counts once by default. Used by
            everything that is fitted: priors, anchors, learnt weights, composite indices.

        Returns
        -------
        TrustScorer
            The fitted estimator.

        Raises
        ------
        InputError
            When columns are missing, or a parameter cannot be used with `X`.
        ScorecardError
            When the scorecard has faults.
        """
        if self.scorecard is None:
            values = validate_data(
                self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=True
            )
            weight = _weight(sample_weight, values)
            names = getattr(self, "feature_names_in_", None)
            self.scorecard_ = learn(
                values, names, self.direction, self.quantiles, self.power, weight
            )
            self._composite = True
            self.missing_: frozenset[str] = frozenset()
            return self
        if self.direction is not None:
            raise InputError("direction: must be None with a scorecard, which holds the directions")
        card = load_scorecard(self.scorecard)
        frame = as_frame(X)
        # Only a scorecard with open values asks for the rows; of others the columns are checked.
        rows = frame if card.open_values else frame.iloc[:0]
        block, missing = read_block(rows, card, self.allow_missing_columns)
        if card.open_values:
            weight = _weight(sample_weight, frame)
            later = labelled(block, y, weight) if open_weights(card) else None
            card = fit_scorecard(
                block, card, missing=missing, labelled=later, merchant_weight=weight
            ).scorecard
        program_of(card)
        self.scorecard_, self.missing_ = card, missing
        self._composite = False
        self.n_features_in_ = frame.shape[1]
        if all(isinstance(name, str) for name in frame.columns):
            self.feature_names_in_ = np.array(list(frame.columns), dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def transform(self, X: Any) -> Any:
        """Return index, interval, standard error, prior index, coverage and dimensions.

        Parameters
        ----------
        X : DataFrame, or array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            Block as in `get_feature_names_out`; a frame after ``set_output``. The index and its
            bounds are NaN where nothing at all is known, and a dimension where it does not apply.

        Raises
        ------
        InputError
            When columns are missing or cells have faults. A transformer must return every row, so
            faulty rows are listed instead of left out.
        """
        scores = self._score(X)
        numbers = [getattr(scores, name) for name in _NUMBERS]
        return np.column_stack([*numbers, *(scores.dimensions[name] for name in self._dimensions)])

    def score_samples(self, X: Any) -> Array:
        """Return the trust index of each row, 0 to 100.

        Parameters
        ----------
        X : DataFrame, or array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            NaN where nothing at all is known.
        """
        return self._score(X).trust_index

    def explain(self, X: Any) -> pd.DataFrame:
        """Return how many of the 100 points of each row each signal gained and lost.

        Parameters
        ----------
        X : DataFrame, or array-like of shape (n_samples, n_features)

        Returns
        -------
        DataFrame
            One line for each row of `X` and signal that applies to it, with the columns
            ``dimension, value, utility, reliability, weight, gained, lost``, and one line in
            dimension ``adjustment`` for each rule, limit or cap that moved the row. The gained
            points of a row add up to its index and the lost ones to the rest of 100. For a row
            about which nothing is known the index is that of an unknown merchant.

        Examples
        --------
        >>> X = np.array([[0.0, 10.0], [5.0, 20.0], [10.0, 30.0]])
        >>> scorer = TrustScorer(scorecard=None, quantiles=(0, 1)).fit(X)
        >>> scorer.explain([[5.0, 30.0]])[["value", "utility", "gained", "lost"]]
                    value  utility  gained  lost
        row signal
        0   x0        5.0      0.5    25.0  25.0
            x1       30.0      1.0    50.0   0.0
        """
        scores = self._score(X, "all")
        card = self.scorecard_
        ids = np.array([signal.id for signal in card.signals], dtype=object)
        dimensions = np.array([signal.dimension for signal in card.signals], dtype=object)
        names = getattr(self, "feature_names_in_", None)
        if self._composite:
            positions = [position(signal.value) for signal in card.signals]
            if names is not None:
                ids = names[positions]
        assert scores.applies is not None
        row, at = np.nonzero(scores.applies.T)
        lines = pd.DataFrame({"row": row, "signal": ids[at], "dimension": dimensions[at]})
        for name in ("value", "utility", "reliability", "weight", "gained", "lost"):
            lines[name] = getattr(scores, name)[at, row]
        parts = [lines]
        for name, points in scores.adjustments.items():
            moved = np.flatnonzero(points)
            if len(moved):
                adjusted = pd.DataFrame({"row": moved, "signal": name, "dimension": "adjustment"})
                adjusted["gained"], adjusted["lost"] = points[moved], -points[moved]
                parts.append(adjusted)
        whole = pd.concat(parts) if len(parts) > 1 else lines
        whole = whole.sort_values("row", kind="stable")
        if isinstance(X, pd.DataFrame):
            whole["row"] = X.index.take(whole["row"].to_numpy())
        return whole.set_index(["row", "signal"])

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Return the names of the columns of `transform`.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Only checked: an error is raised when they differ from those of `fit`.

        Returns
        -------
        ndarray of str objects
        """
        check_is_fitted(self, "scorecard_")
        if input_features is not None:
            given = np.asarray(input_features, dtype=object)
            known = getattr(self, "feature_names_in_", None)
            if known is not None and not np.array_equal(known, given):
                raise ValueError("input_features is not equal to feature_names_in_")
            if len(given) != self.n_features_in_:
                raise ValueError(
                    "input_features should have length equal to number of features "
                    f"({self.n_features_in_}), got {len(given)}"
                )
        return np.array([*_NUMBERS, *self._dimensions], dtype=object)

    @property
    def _dimensions(self) -> list[str]:
        if self._composite:
            # The only dimension equals the index.
            return []
        return [dimension.id for dimension in self.scorecard_.dimensions]

    def _score(self, X: Any, detail: Any = "index") -> Scores:
        check_is_fitted(self, "scorecard_")
        card = self.scorecard_
        if self._composite:
            values = validate_data(
                self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
            )
            block = block_of(values, card)
        else:
            frame = as_frame(X)
            block, _ = read_block(frame, card, self.missing_)
        # A value far beyond its anchors may overflow before it is clipped to utility 0 or 1.
        with np.errstate(over="ignore"):
            return score_columns(block, card, detail, missing=self.missing_)


def _weight(given: Any, X: Any) -> Array | None:
    """Return the weights of rows, checked; None when all count once."""
    if given is None:
        return None
    weight: Array = _check_sample_weight(
        given, X, dtype=np.float64, ensure_non_negative=True, copy=True
    )
    if not (weight > 0).any():
        raise InputError("sample_weight: must be above 0 for at least one row")
    return weight
