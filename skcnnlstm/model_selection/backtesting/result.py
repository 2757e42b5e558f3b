"""Result of a backtest: forecasts, reference forecasts and scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skcnnlstm import metrics
from skcnnlstm._utils.validation import check_choice
from skcnnlstm.model_selection.backtesting.comparison import compare_models

_GROUPS = ("model", "series", "target", "fold", "origin", "step", "time")
_TERMS = {"mae": "mae", "rmse": "square", "smape": "smape", "mase": "mase"}


@dataclass(frozen=True, eq=False, repr=False)
class BacktestResult:
    """Forecasts of a backtest, reference forecasts and scores.

    Attributes
    ----------
    forecasts : DataFrame
        One row for each forecast value, ordered by model, series and origin. Columns:

        - `model`: name of the model, only if `backtest` was given a dict of models
        - `series`: key of the series; for a single series, its name or 0
        - `target`: name of the forecast column; for a Series, its name or 0
        - `fold`: number of the fold, from 0
        - `origin`: label of the last known row; for arrays, its position
        - `step`: number of rows after the origin, from 1 to the horizon
        - `time`: label of the forecast row
        - `actual`, `forecast`: actual value and forecast value
        - `lower`, `upper`: bounds of the prediction interval, only if `coverage` was
          given
    references : DataFrame
        Reference forecasts for the rows of `forecasts`. The columns `naive`,
        `seasonal_naive` and `naive2` hold forecasts. The column `scale` holds the
        divisor of the error in MASE.
    folds : DataFrame
        One row for each fold of each series and model. Columns:

        - `model`, `series`, `fold`: see `forecasts`
        - `first_train`, `last_train`: labels of the first and the last training row
        - `n_train`, `n_origins`: number of training rows and number of origins
        - `refitted`: whether the model was fitted for this fold
        - `seconds`: duration of the fit and the forecasts of all series
    season_length : int
        Season length of the seasonal references and of MASE, in time steps.
    coverage : float or None, default=None
        Coverage of the prediction intervals. None means that there are no intervals.
    time_name : object, default=None
        Name of the index of the series. None if the index has no name.

    See Also
    --------
    backtest : Run a backtest and return this result.
    """

    forecasts: pd.DataFrame
    references: pd.DataFrame
    folds: pd.DataFrame
    season_length: int
    coverage: float | None = None
    time_name: object = None

    def __repr__(self):
        n_origins, models = int(self.folds["n_origins"].sum()), ""
        if self._several:
            n_models = self.folds["model"].nunique()
            n_origins //= n_models
            models = f"{n_models} model{'s' * (n_models > 1)}, "
        return (
            f"BacktestResult({models}{self.folds['fold'].nunique()} folds, {n_origins} "
            f"origins, {self.forecasts['step'].max()} steps ahead)"
        )

    @property
    def _several(self):
        """Whether the models have names, because `backtest` was given a dict."""
        return "model" in self.forecasts

    def scores(self, by=None, *, metric="auto"):
        """Return the scores of all forecasts, or of groups of forecasts.

        Parameters
        ----------
        by : {"model", "series", "target", "fold", "origin", "step", "time"}, list of \
these or None, default=None
            Columns of `forecasts` to group by. None scores all forecasts together. If
            the targets differ in scale, group by "target", because MAE and RMSE over
            all targets are then hard to interpret. With several models, None means
            "model", and "model" is added in front of other columns.
        metric : {"auto", "mae", "rmse", "smape", "mase"}, default="auto"
            The score by which the models are ranked. "auto" uses "mae" for one series
            with one target. Several series or targets may differ in scale, so "auto"
            then uses "mase", or "mae" if the MASE of a model is undefined.

        Returns
        -------
        scores : Series or DataFrame
            A Series for all forecasts together, else a DataFrame with one row for each
            group. Scores:

            - `mae`, `rmse`: mean absolute error and root mean squared error, in the
              units of the series.
            - `smape`: `skcnnlstm.metrics.smape`, in percent.
            - `mase`: `skcnnlstm.metrics.mase`, scaled by the training part of the fold
              with `season_length`.
            - `owa`: `skcnnlstm.metrics.owa`, relative to Naive2.
            - `skill_naive`, `skill_seasonal_naive`: 1 - MAE / MAE of the reference.
              With ``season_length=1``, both references are equal, and only
              `skill_naive` is returned.
            - `coverage`, `width`: share of actual values inside the intervals, and
              median width of the intervals. Only with intervals. (Adaptive intervals
              may be infinite, so their mean width is undefined.)
            - `rank`, `difference`, `difference_std`, `p_value`: comparison of the
              models. Only if "model" is the only group; see Notes.

            A score uses all forecasts of the group with a known `actual`. An undefined
            score is NaN.

        Notes
        -----
        If "model" is the only group, the models are sorted by `metric`, and the best
        model comes first. These columns compare each model with the best one:

        - `rank` is 1 for the best model.
        - `difference` is the score of the model minus the score of the best model.
        - `difference_std` is the standard deviation of this difference over the folds,
          or NaN with one fold. A difference that is smaller than this value can be due
          to chance.
        - `p_value` is the p-value of the Diebold-Mariano test for equal accuracy, with
          the correction of Harvey, Leybourne and Newbold. The test uses the mean term
          of `metric` at each origin. The p-value is NaN with fewer than 10 origins. It
          is also NaN with fewer than 2 * k origins, if the forecasts of k consecutive
          origins overlap. (With ``stride=1``, k is the horizon.) The best model was
          selected on the same forecasts, so small p-values are optimistic.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn.model_selection import TimeSeriesSplit
        >>> from sklearn.pipeline import make_pipeline
        >>> from skcnnlstm import FlattenWindows, SeriesForecaster, backtest
        >>> from skcnnlstm.datasets import load_airline
        >>> ridge = make_pipeline(FlattenWindows(), Ridge())
        >>> result = backtest(
        ...     SeriesForecaster(ridge, horizon=12, transformer="log"),
        ...     load_airline(),
        ...     TimeSeriesSplit(4, test_size=12),
        ...     season_length=12,
        ...     verbose=0,
        ... )
        >>> result.scores(by="fold").shape
        (4, 7)
        """
        check_choice("metric", metric, ("auto", *_TERMS))
        if by is None and not self._several:
            one_group = np.zeros(len(self.forecasts))
            return self._scores([one_group]).iloc[0].rename("scores")
        by = "model" if by is None else by
        columns = list(by) if isinstance(by, list | tuple) else [by]
        if not columns or any(name not in _GROUPS for name in columns):
            listed = ", ".join(map(repr, _GROUPS))
            all_names = all(isinstance(name, str) for name in columns)
            raise (ValueError if all_names else TypeError)(
                f"by must be columns to group by: got by={by!r}. Use one or more of "
                f"{listed}, or None."
            )
        if not self._several and "model" in columns:
            raise ValueError(
                'by="model" needs models with names: got a backtest of one model '
                "without a name. Use backtest({name: model}, ...)."
            )
        if self._several and "model" not in columns:
            columns.insert(0, "model")
        scores = self._scores([self.forecasts[name] for name in columns])
        return self._compare(scores, metric) if columns == ["model"] else scores

    def _compare(self, scores, metric):
        """Sort the scores of the models, and append their ranks and differences."""
        if metric == "auto":
            one_scale = (self.forecasts[["series", "target"]].nunique() == 1).all()
            use_mae = one_scale or scores["mase"].isna().any()
            metric = "mae" if use_mae else "mase"
        losses = self._terms()[_TERMS[metric]]
        table = compare_models(scores[metric], losses, self.forecasts, metric)
        return scores.loc[table.index].join(table)

    def _terms(self):
        known = self.forecasts["actual"].notna()
        return _score_terms(self.forecasts, self.references).where(known)

    def _scores(self, groups):
        """Return the scores of each group, computed from means over its rows."""
        known, terms = self.forecasts["actual"].notna(), self._terms()
        grouped = terms.groupby(groups)
        # The mean of pandas skips NaN. This is correct for unknown actual values. An
        # undefined scale, however, must make MASE undefined.
        undefined = terms.isna().where(known, False)
        means = grouped.mean().mask(undefined.groupby(groups).any())
        mae, smape, mase = means["mae"], means["smape"], means["mase"]
        scores = means[["mae", "smape", "mase"]].copy()
        scores.insert(1, "rmse", np.sqrt(means["square"]))
        scores["owa"] = metrics.owa(smape, mase, means["naive2 %"], means["naive2"])
        scores["skill_naive"] = metrics.skill(mae, means["naive"])
        if self.season_length > 1:
            scores["skill_seasonal_naive"] = metrics.skill(mae, means["seasonal_naive"])
        if "inside" in means:
            scores["coverage"] = means["inside"]
            scores["width"] = grouped["width"].median()
        return scores


def _score_terms(forecasts, references):
    """Return the term of each forecast value in each score, before averaging."""
    actual, forecast = forecasts["actual"], forecasts["forecast"]
    naive2, scale = references["naive2"], references["scale"]
    error = (actual - forecast).abs()
    terms = {
        "mae": error,
        "square": error**2,
        "smape": metrics.percentage_errors(actual, forecast),
        "mase": error / scale,
        "naive2 %": metrics.percentage_errors(actual, naive2),
        "naive2": (actual - naive2).abs() / scale,
        "naive": (actual - references["naive"]).abs(),
        "seasonal_naive": (actual - references["seasonal_naive"]).abs(),
    }
    if "lower" in forecasts:
        lower, upper = forecasts["lower"], forecasts["upper"]
        inside = actual.between(lower, upper).astype(float)
        terms["inside"] = inside.where(lower.notna())  # NaN: a model without intervals
        terms["width"] = upper - lower
    return pd.DataFrame(terms)
