"""Result of a backtest: forecasts, reference forecasts and scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skcnnlstm import metrics

_GROUPS = ("series", "target", "fold", "origin", "step", "time")


@dataclass(frozen=True, eq=False, repr=False)
class BacktestResult:
    """Forecasts of a backtest, reference forecasts and scores.

    Attributes
    ----------
    forecasts : DataFrame
        One row for each forecast value, ordered by series and origin. Columns:

        - `series`: the key of the series; for a single series its name, or 0;
        - `target`: the column that is forecast (for a Series its name, or 0);
        - `fold`: the number of the fold, from 0;
        - `origin`: the label of the last known row (for arrays its position);
        - `step`: the number of rows after the origin, from 1 to the horizon;
        - `time`: the label of the row that is forecast;
        - `actual`, `forecast`: the actual and the forecast value;
        - `lower`, `upper`: the bounds of the prediction interval, only if `coverage`
          was given.
    references : DataFrame
        Reference forecasts, with the same rows as `forecasts`. Columns: `naive`,
        `seasonal_naive`, `naive2`, and `scale`, the value that MASE divides an error
        by.
    folds : DataFrame
        One row for each fold of each series. Columns:

        - `series`, `fold`: as in `forecasts`;
        - `first_train`, `last_train`: labels of the first and last training row;
        - `n_train`, `n_origins`: number of training rows and of origins;
        - `refitted`: whether the forecaster was fitted for this fold;
        - `seconds`: duration of the fit and the forecasts of all series.
    season_length : int
        Season length of the seasonal references and of MASE, in time steps.
    coverage : float or None, default=None
        Coverage of the prediction intervals; None without intervals.
    time_name : object, default=None
        Name of the index of the series; None if it has no name.

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
        n_origins = int(self.folds["n_origins"].sum())
        return (
            f"BacktestResult({self.folds['fold'].nunique()} folds, {n_origins} "
            f"origins, {self.forecasts['step'].max()} steps ahead)"
        )

    def scores(self, by=None):
        """Return the scores of all forecasts, or of groups of forecasts.

        Parameters
        ----------
        by : {"series", "target", "fold", "origin", "step", "time"}, list of these \
or None, default=None
            Columns of `forecasts` to group by. None scores all forecasts together. If
            the targets differ in scale, group by "target": MAE and RMSE over all
            targets are then hard to interpret.

        Returns
        -------
        scores : Series or DataFrame
            A Series if `by` is None, else a DataFrame with one row for each group:

            - `mae`, `rmse`: mean absolute and root mean squared error, in the units of
              the series;
            - `smape`: as `skcnnlstm.metrics.smape`, in percent;
            - `mase`: as `skcnnlstm.metrics.mase`, scaled by the training part of the
              fold at `season_length`;
            - `owa`: as `skcnnlstm.metrics.owa`, relative to Naive2;
            - `skill_naive`, `skill_seasonal_naive`: 1 - MAE / MAE of that reference.
              With ``season_length=1`` both references are equal, and only `skill_naive`
              is returned;
            - `coverage`, `width`: only with intervals, the share of actual values
              inside them and their median width. Adaptive intervals may be infinite,
              so their mean width is undefined.

            Each score uses all forecasts of the group whose `actual` is known. It is
            NaN if undefined.

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
        if by is None:
            one_group = np.zeros(len(self.forecasts))
            return self._scores([one_group]).iloc[0].rename("scores")
        columns = list(by) if isinstance(by, list | tuple) else [by]
        if not columns or any(name not in _GROUPS for name in columns):
            listed = ", ".join(map(repr, _GROUPS))
            all_names = all(isinstance(name, str) for name in columns)
            raise (ValueError if all_names else TypeError)(
                f"by must be columns to group by: got by={by!r}. Use one or more of "
                f"{listed}, or None."
            )
        return self._scores([self.forecasts[name] for name in columns])

    def _scores(self, groups):
        """Return the scores of each group, computed from means over its rows."""
        known = self.forecasts["actual"].notna()
        terms = _score_terms(self.forecasts, self.references).where(known)
        grouped = terms.groupby(groups)
        # The mean of pandas skips NaN. That is right for an unknown actual value, but
        # an undefined scale must make MASE undefined.
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
    """Return the term of each forecast value in each score."""
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
        terms["inside"] = actual.between(lower, upper).astype(float)
        terms["width"] = upper - lower
    return pd.DataFrame(terms)
