"""What a forecaster says of how far off its forecasts may be."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.conformal import bounds
from skcnnlstm.forecasting.intervals import (
    check_calibrated,
    check_coverage,
    interval_frame,
)
from skcnnlstm.forecasting.quantiles import (
    check_block,
    check_learned,
    interval_of,
    predict_quantiles,
    quantile_frame,
    quantiles_of,
    undo_each,
)


class ProbabilisticForecasts:
    """The methods of a SeriesForecaster that give intervals and quantiles.

    Intervals are made of errors in rows kept from the model, or of what its network
    has learned by the quantile loss.
    """

    def forecast_interval(self, steps=None, coverage=0.9, *, exog=None):
        """Forecast the steps that follow, with intervals that hold what comes.

        With a `calibration_fraction` the intervals are split conformal ones [1]_, for
        each step ahead by itself. The model, fitted without the rows of that fraction,
        forecast these from each of its n origins; an interval reaches as far as the
        ``ceil((n + 1) * coverage)``-th smallest of its absolute errors that many steps
        ahead, on both sides. With ``transformer="log"`` errors are of logarithms, and
        an interval is of ratios. Where errors to come are exchangeable with those, an
        interval holds what comes with a probability of `coverage` at least, whatever
        the model and the distribution. Errors of a series that changes are not:
        ``backtest(..., adaptive=True)`` shows intervals that follow.

        Without one they lie between two quantiles that the network has learned, if it
        has `quantiles` that are as far from 0 as from 1: (0.05, 0.5, 0.95) gives a
        coverage of 0.9. Their widths differ from window to window; what they hold is
        as good as the network.

        Parameters
        ----------
        steps : int or None, default=None
            How many time steps, at most `horizon`; None for that.
        coverage : float, default=0.9
            The share of values that each interval should hold, between 0 and 1.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the rows that follow, as for `forecast`.

        Returns
        -------
        intervals : DataFrame, list or dict
            Columns `forecast`, `lower` and `upper`, with the labels that follow (the
            step, from 1, where the series had none); of several targets these three
            under each. Of many series a list or a dict of these, or a long frame.

        Raises
        ------
        ValueError
            Without a `calibration_fraction` or `quantiles`, for steps past the horizon,
            and where errors are too few for the coverage (9 are needed for 0.9, 99 for
            0.99: of the series, or of all series together).

        Notes
        -----
        Of many series each has intervals by its own errors, where these are enough
        for the coverage. Else they are by the errors of all: each in units of the mean
        absolute difference from row to row of its series, where the model learned.

        References
        ----------
        .. [1] Lei, J., G'Sell, M., Rinaldo, A., Tibshirani, R. J. and Wasserman, L.
           (2018). Distribution-free predictive inference for regression. Journal of
           the American Statistical Association 113(523), 1094-1111.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from sklearn.pipeline import make_pipeline
        >>> from skcnnlstm import FlattenWindows, SeriesForecaster
        >>> from skcnnlstm.datasets import load_airline
        >>> ridge = make_pipeline(FlattenWindows(), Ridge())
        >>> forecaster = SeriesForecaster(
        ...     ridge, horizon=3, transformer="log", calibration_fraction=0.2
        ... ).fit(load_airline())
        >>> intervals = forecaster.forecast_interval(coverage=0.9)
        >>> intervals.columns.tolist(), str(intervals.index[-1].date())
        (['forecast', 'lower', 'upper'], '1961-03-01')
        """
        check_is_fitted(self, "estimator_")
        coverage = check_coverage(coverage)
        steps = check_integer("steps", self._horizon if steps is None else steps)
        if self._calibration is None and quantiles_of(self.estimator_) is not None:
            return self._between_quantiles(steps, coverage, exog)
        return self._conformal(steps, coverage, exog)

    def _conformal(self, steps, coverage, exog):
        calibration = self._calibration
        check_calibrated(calibration)
        widths = {}
        for key in self._histories:
            with self._panel.naming(key):
                widths[key] = calibration.widths(key, coverage, steps)
        frames = {}
        for key, forecast in self._forecast(steps, exog).items():
            values = np.asarray(forecast).reshape(widths[key].shape)
            limits = bounds(values, widths[key], relative=calibration.relative)
            index = getattr(forecast, "index", None)
            frames[key] = interval_frame(values, *limits, self._names(key), index)
        return self._panel.join_forecasts(frames)

    def _between_quantiles(self, steps, coverage, exog):
        labels, values, quantiles = self._quantiles(steps, exog)
        low, high = interval_of(quantiles, coverage)
        middle = quantiles.index(0.5)
        return self._panel.join_forecasts(
            {
                key: interval_frame(
                    *(values[key][..., place] for place in (middle, low, high)),
                    self._names(key),
                    labels[key],
                )
                for key in values
            }
        )

    def forecast_quantiles(self, steps=None, *, exog=None):
        """Forecast every quantile of the steps that follow the known rows.

        Only with a network that has `quantiles`. They are of each step by itself.

        Parameters
        ----------
        steps : int or None, default=None
            How many time steps, at most `horizon` (1 with "recursive"): a forecast
            that is fed back has no quantiles. None for `horizon`.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates of the rows that follow, as for `forecast`.

        Returns
        -------
        quantiles : DataFrame, list or dict
            A column for each quantile, ascending in each row, with the labels that
            follow (the step, from 1, where the series had none); of several targets
            these under each. Of many series a list or a dict of these, or a long frame.

        Notes
        -----
        Quantiles come back through the inverse of `transformer`, which must act on each
        column by itself and never decrease, as "standard" and "log" do.

        Examples
        --------
        >>> from skcnnlstm import CNNLSTMRegressor, SeriesForecaster
        >>> from skcnnlstm.datasets import load_airline
        >>> network = CNNLSTMRegressor(quantiles=(0.1, 0.5, 0.9), epochs=1)
        >>> forecaster = SeriesForecaster(network, window_length=12, horizon=3)
        >>> quantiles = forecaster.fit(load_airline()).forecast_quantiles()
        >>> quantiles.columns.tolist(), str(quantiles.index[0].date())
        ([0.1, 0.5, 0.9], '1961-01-01')
        """
        check_is_fitted(self, "estimator_")
        labels, values, quantiles = self._quantiles(steps, exog)
        return self._panel.join_forecasts(
            {
                key: quantile_frame(
                    values[key], quantiles, self._names(key), labels[key]
                )
                for key in values
            }
        )

    def predict_quantiles(self, series, exog=None):
        """Forecast every quantile from each row of a series, by the rows up to it.

        Only with a network that has `quantiles`.

        Parameters
        ----------
        series : array-like, Series or DataFrame
            Rows, or many series, as for `predict`.
        exog : array-like, Series, DataFrame or None, default=None
            Covariates, as for `predict`.

        Returns
        -------
        quantiles : ndarray, list or dict
            ``(n_rows, horizon, n_quantiles)`` for one target, else ``(n_rows, horizon,
            n_targets, n_quantiles)``, ascending along the last axis; of many series as
            `predict` gives them.
        """
        check_is_fitted(self, "estimator_")
        self._check_quantiles(self._horizon)
        panel, ahead = self._ahead_of_rows(series, exog, self._predict_quantiles)
        quantiles = {}
        for key, values in ahead.items():
            values = undo_each(self._histories[key].scale.undo, values)
            quantiles[key] = values[:, :, 0] if self.n_targets_ == 1 else values
        return panel.join_predictions(quantiles)

    def _quantiles(self, steps, exog):
        """Return labels and values (steps, n_targets, n_quantiles) by key, and which.

        Values are on the scale of the series.
        """
        steps = check_integer("steps", self._horizon if steps is None else steps)
        quantiles = self._check_quantiles(steps)
        labels, ahead = self._next_steps(steps, exog, self._predict_quantiles)
        values = {
            key: undo_each(self._histories[key].scale.undo, values)[0]
            for key, values in ahead.items()
        }
        return labels, values, quantiles

    def _check_quantiles(self, steps):
        quantiles = check_learned(quantiles_of(self.estimator_), self.estimator_)
        check_block(steps, self._block, self._horizon)
        return quantiles

    def _predict_quantiles(self, windows):
        """Predict (n_windows, steps at once, n_targets, n_quantiles)."""
        predicted = predict_quantiles(self.estimator_, windows)
        return predicted.reshape(len(windows), self._block, self._n_at_once, -1)

    def _names(self, key):
        """Return the names of what is forecast of a series."""
        columns = self._histories[key].form.columns
        return range(self.n_targets_) if columns is None else columns
