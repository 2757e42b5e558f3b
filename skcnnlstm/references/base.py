"""Base class of forecasters that read one series with its time index."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from skcnnlstm._utils.doc_link import DocLinkMixin
from skcnnlstm._utils.time_axis import TimeAxis, read_time_axis
from skcnnlstm._utils.validation import check_integer
from skcnnlstm.conformal import check_coverage
from skcnnlstm.forecasting.quantiles import make_frame
from skcnnlstm.forecasting.series_input import Rows, check_columns_known, read_rows


class KnownRows(NamedTuple):
    """The fitted rows of a series."""

    values: np.ndarray  # (n_rows, n_targets); unknown values are filled
    places: np.ndarray  # (n_rows,), position of each row in time, in time steps
    axis: TimeAxis | None  # None for rows without labels
    form: Rows  # without values


class ReferenceForecaster(DocLinkMixin, BaseEstimator):
    """Base class of reference forecasters.

    It validates the series, and adds the labels of the steps to the forecasts.

    A subclass defines these methods:

    - ``_learn(known)`` returns the learned model.
    - ``_forecast(learned, steps)`` returns an array (steps, n_targets).
    - ``_bounds(learned, forecasts, coverage)``, which is optional, returns the lower
      and the upper bounds, two arrays (steps, n_targets).
    """

    def fit(self, series):
        """Fit the model on the rows of one series.

        Parameters
        ----------
        series : array-like, Series or DataFrame of shape (n_rows,) or (n_rows, \
n_targets)
            The series, in time order. Each column is forecast separately. Missing
            values are replaced by the last known value before them, and missing values
            at the start by the first known value. Steps that are missing in a regular
            index count as time steps.

        Returns
        -------
        self : object
            The fitted forecaster. After an error it keeps its previous state.
        """
        reader = clone(self)
        rows = read_rows(reader, series, reset=True, accept_nan=True)
        check_columns_known(rows)
        filled = pd.DataFrame(rows.values.astype(float)).ffill().bfill().to_numpy()
        axis = None if rows.time is None else read_time_axis(rows.time)
        places = np.arange(len(filled)) if axis is None else axis.positions
        form = rows._replace(values=None, index=None, time=None)
        known = KnownRows(filled, places, axis, form)
        learned = self._learn(known)
        self._known, self._learned = known, learned
        self.n_features_in_ = reader.n_features_in_
        vars(self).pop("feature_names_in_", None)
        if hasattr(reader, "feature_names_in_"):
            self.feature_names_in_ = reader.feature_names_in_
        return self

    def forecast(self, steps):
        """Forecast the steps that follow the fitted rows.

        Parameters
        ----------
        steps : int
            Number of time steps.

        Returns
        -------
        forecasts : Series, DataFrame or ndarray
            The forecasts, in the form of the fitted series, with the labels that
            follow.
        """
        steps = self._check_steps(steps)
        values = self._forecast(self._fitted(), steps)
        return self._known.form.format_forecasts(values, self._labels(steps))

    def forecast_interval(self, steps, coverage=0.9):
        """Forecast the steps that follow, with prediction intervals.

        Parameters
        ----------
        steps : int
            Number of time steps.
        coverage : float, default=0.9
            The share of actual values that each interval should contain, between 0 and
            1.

        Returns
        -------
        intervals : DataFrame
            A table with one row for each step, the labels that follow, and the columns
            `forecast`, `lower` and `upper`. For a series with several columns, it has
            these three columns for each column of the series.
        """
        steps, coverage = self._check_steps(steps), check_coverage(coverage)
        learned = self._fitted()
        forecasts = self._forecast(learned, steps)
        limits = self._bounds(learned, forecasts, coverage)
        table = np.stack([forecasts, *limits], axis=2)
        columns = self._known.form.columns
        names = range(table.shape[1]) if columns is None else columns
        labels = self._labels(steps)
        return make_frame(table, ["forecast", "lower", "upper"], names, labels)

    def _check_steps(self, steps):
        check_is_fitted(self, "n_features_in_")
        return check_integer("steps", steps)

    def _fitted(self):
        """Return the learned model. After loading from a file, learn it again."""
        if "_learned" not in vars(self):
            self._learned = self._learn(self._known)
        return self._learned

    def __getstate__(self):
        """Return the state without the learned model, which is learned again."""
        state = dict(super().__getstate__())
        state.pop("_learned", None)
        return state

    def _labels(self, steps):
        axis = self._known.axis
        return None if axis is None else axis.next_labels(steps)

    def _learn(self, known):
        """Return the model that is learned from the fitted rows."""
        raise NotImplementedError

    def _forecast(self, learned, steps):
        """Return the forecasts, (steps, n_targets)."""
        raise NotImplementedError

    def _bounds(self, learned, forecasts, coverage):
        """Return the lower and the upper bounds of the forecasts."""
        raise NotImplementedError


class ReferencePanel(BaseEstimator):
    """Fitted models of several series, in one object that can be saved.

    Parameters
    ----------
    models : dict of ReferenceForecaster
        The fitted models, by the name of the series.
    """

    def __init__(self, models):
        self.models = models


def import_extra(module, name):
    """Return a module of the extra `references`; raise ImportError if it is missing.

    The error message contains `name`, the class that needs the module.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f'{name} requires {package}: pip install "skcnnlstm[references]"'
        ) from error
