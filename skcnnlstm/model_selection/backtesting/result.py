"""BacktestResult: what was forecast, beside what came, and measures of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skcnnlstm import metrics

_GROUPS = ("series", "target", "fold", "origin", "step", "time")


@dataclass(frozen=True, eq=False, repr=False)
class BacktestResult:
    """Forecasts that `backtest` made, and how good they were.

    Attributes
    ----------
    forecasts : DataFrame
        One row a forecast of one value, in time order of the origins in each series:

        - `series`: of many its key, of one its name, 0 where it has none;
        - `target`: the column forecast (the name of a Series, 0 without one);
        - `fold`: from 0;
        - `origin`: the label (its position, for arrays) of the last row known;
        - `step`: how many rows later, from 1 to the horizon;
        - `time`: the label of the row forecast;
        - `actual`, `forecast`: what came and what was said;
        - `lower`, `upper`: with `coverage` alone, the interval that was given.
    references : DataFrame
        Row for row beside `forecasts`: `naive`, `seasonal_naive` and `naive2`, the
        forecasts of these for the same values, and `scale`, what an error is divided
        by in MASE.
    folds : DataFrame
        One row a fold of a series: labels of its first and last training row
        (`first_train`, `last_train`), `n_train`, `n_origins`, whether the forecaster
        was `refitted` for the fold, and `seconds`, what its fit and forecasts took (of
        all series).
    season_length : int
        Of the seasonal references and of MASE, in time steps.
    coverage : float or None, default=None
        That the intervals were made for; None without any.
    time_name : object, default=None
        Name of the index of the series; None where it has none.

    See Also
    --------
    backtest : Makes these.
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
        """Return measures of the forecasts, in all or by groups of them.

        Parameters
        ----------
        by : {"series", "target", "fold", "origin", "step", "time"}, list of these \
or None, default=None
            Columns of `forecasts` whose values make groups; None for all in one. Where
            targets differ in scale, MAE and RMSE of all together mean little.

        Returns
        -------
        scores : Series or DataFrame
            A Series for None, else a DataFrame with a row for each group:

            - `mae`, `rmse`: mean absolute and root mean squared error, in the units of
              the series;
            - `smape`: by `skcnnlstm.metrics.smape`, in percent;
            - `mase`: by `skcnnlstm.metrics.mase`, the scale that of the training part
              of each forecast's fold, at `season_length`;
            - `owa`: by `skcnnlstm.metrics.owa`, against Naive2 for the same values;
            - `skill_naive`, `skill_seasonal_naive`: 1 - MAE / MAE of that forecast;
            - `coverage`, `width`: where there are intervals, the share of values that
              lie in theirs and the median width of these (adaptive ones may be
              infinite, which has no mean).

            Each is over all forecasts of the group at once whose `actual` is known, NaN
            where undefined.

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
            everything = np.zeros(len(self.forecasts))
            return self._scores([everything]).iloc[0].rename("scores")
        columns = list(by) if isinstance(by, list | tuple) else [by]
        if not columns or any(name not in _GROUPS for name in columns):
            listed = ", ".join(map(repr, _GROUPS))
            names = all(isinstance(name, str) for name in columns)
            raise (ValueError if names else TypeError)(
                f"by must name columns that make groups: got by={by!r}. Use one or "
                f"more of {listed}, or None."
            )
        return self._scores([self.forecasts[name] for name in columns])

    def _scores(self, groups):
        """Return the measures of each group: all are made of means over its rows."""
        came = self.forecasts["actual"].notna()
        terms = _terms(self.forecasts, self.references).where(came)
        grouped = terms.groupby(groups)
        # pandas leaves NaN out of a mean, as it should where nothing is known to have
        # come; but a scale that is unknown makes MASE unknown.
        unknown = terms.isna().where(came, False)
        means = grouped.mean().mask(unknown.groupby(groups).any())
        mae, smape, mase = means["mae"], means["smape"], means["mase"]
        scores = means[["mae", "smape", "mase"]].copy()
        scores.insert(1, "rmse", np.sqrt(means["square"]))
        scores["owa"] = metrics.owa(smape, mase, means["naive2 %"], means["naive2"])
        scores["skill_naive"] = metrics.skill(mae, means["naive"])
        scores["skill_seasonal_naive"] = metrics.skill(mae, means["seasonal_naive"])
        if "inside" in means:
            scores["coverage"] = means["inside"]
            scores["width"] = grouped["width"].median()
        return scores


def _terms(forecasts, references):
    """Return what each forecast adds to the measures."""
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
