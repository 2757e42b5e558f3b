"""Kinds of models that a backtest accepts, and the settings that they share."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

from sklearn.base import clone, is_regressor
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import get_tags

from skcnnlstm._utils.validation import check_integer
from skcnnlstm.forecasting import SeriesForecaster
from skcnnlstm.forecasting.inner_estimator import accepts_nan
from skcnnlstm.windows import FlattenWindows

# Settings of forecasters that must be equal, so that all models forecast the same rows.
_SHARED = ("horizon", "target_columns", "id_column", "freq")


class Models(NamedTuple):
    """The models of a backtest by name, and their common settings."""

    by_name: dict[Any, Any]  # the name is None for a model that is not in a dict
    reader: SeriesForecaster  # reads the series; its estimator is never fitted
    template: SeriesForecaster | None  # a copy of it gets a regressor as estimator
    window_length: int | None  # for regressors; None uses that of the template
    accept_nan: bool  # whether all forecasters accept NaN
    encodes_exog: bool  # whether a forecaster transforms covariates of any type

    @property
    def horizon(self):
        """Number of time steps that each model forecasts."""
        return self.reader.horizon

    @property
    def several(self):
        """Whether the user gave a dict."""
        return None not in self.by_name

    def make_forecaster(self, name, n_targets):
        """Return a model and its forecaster.

        Returns
        -------
        model : object
            The model. For a regressor, this is a `SeriesForecaster` with the regressor
            as its estimator.
        forecaster : SeriesForecaster or None
            The model, or the forecaster inside a search. None for other objects with
            `fit` and `forecast`.
        """
        model = self.by_name[name]
        inner = find_forecaster(model)
        if inner is None and not _has_forecast(model):
            model = inner = self._put_on_windows(model, n_targets)
        return model, inner

    def _put_on_windows(self, regressor, n_targets):
        template = self.template
        if template is None:
            template = SeriesForecaster(None, horizon=self.horizon)
        changes = {}
        if self.window_length is not None:
            changes["window_length"] = self.window_length
        n_outputs = 1 if template.channels == "independent" else n_targets
        if template.strategy == "direct":
            n_outputs *= self.horizon
        if n_outputs > 1 and not get_tags(regressor).target_tags.multi_output:
            regressor = MultiOutputRegressor(regressor)
        if not _reads_windows(regressor):
            regressor = make_pipeline(FlattenWindows(), regressor)
        return clone(template).set_params(estimator=regressor, **changes)


def read_models(given, window_length, horizon):
    """Return the models that the user gave, with validated settings.

    The parameters are those of `backtest`.
    """
    by_name = dict(given) if isinstance(given, Mapping) else {None: given}
    _check_names(given, by_name)
    forecasters = {}
    for name, model in by_name.items():
        inner = find_forecaster(model)
        if inner is not None:
            forecasters[name] = inner
        elif not _has_forecast(model):
            _check_regressor(name, model)
    _check_shared(forecasters, horizon)
    template = next(iter(forecasters.values()), None)
    if window_length is not None:
        window_length = check_integer("window_length", window_length)
    elif template is None:
        _check_window_length_not_needed(by_name)
    reader = template
    if template is None:
        if horizon is None:
            raise ValueError(
                "horizon must be given if no model is a SeriesForecaster: got "
                "horizon=None. Use horizon=12 to forecast 12 steps."
            )
        reader = SeriesForecaster(None, horizon=check_integer("horizon", horizon))
    accept_nan = all(accepts_nan(one.estimator) for one in forecasters.values())
    encodes = any(one.exog_transformer is not None for one in forecasters.values())
    return Models(by_name, reader, template, window_length, accept_nan, encodes)


def find_forecaster(model):
    """Return `model` if it is a `SeriesForecaster`, or the forecaster in a search.

    Return None for other models.
    """
    if isinstance(model, type):
        return None
    while model is not None and not isinstance(model, SeriesForecaster):
        model = getattr(model, "estimator", None)
    return model


def takes_exog(method):
    """Return whether a method of a model takes covariates."""
    return "exog" in inspect.signature(method).parameters


def _has_forecast(model):
    """Return whether a model has the methods ``fit(series)`` and ``forecast(steps)``.

    Models of statsforecast have methods of these names with other parameters.
    """
    is_foreign = type(model).__module__.startswith("statsforecast")
    is_object = not isinstance(model, type) and not is_foreign
    return is_object and hasattr(model, "fit") and hasattr(model, "forecast")


def _reads_windows(regressor):
    """Return whether a regressor takes windows of three dimensions."""
    if isinstance(regressor, Pipeline):
        return bool(regressor.steps) and _reads_windows(regressor.steps[0][1])
    if not hasattr(regressor, "__sklearn_tags__"):
        return False
    inner = (getattr(regressor, name, None) for name in ("estimator", "regressor"))
    return get_tags(regressor).input_tags.three_d_array or any(
        _reads_windows(one) for one in inner
    )


# -------------------------------------------------------------------------- messages


def _check_names(given, by_name):
    if not by_name:
        raise ValueError(
            "forecaster must hold at least one model: got an empty dict. Use "
            "{name: model}."
        )
    if isinstance(given, Mapping) and not all(isinstance(n, str) for n in by_name):
        name = next(name for name in by_name if not isinstance(name, str))
        raise TypeError(
            f"names of models must be text: got {name!r}. Use {{{str(name)!r}: model}}."
        )


def _check_regressor(name, model):
    """Raise if a model without `forecast` is not a regressor of scikit-learn."""
    is_sklearn = hasattr(model, "__sklearn_tags__") and not isinstance(model, type)
    if is_sklearn and is_regressor(model):
        return
    where = "" if name is None else f"[{name!r}]"
    remedy = "Use SeriesForecaster(estimator)."
    if isinstance(model, type):
        remedy = f"Use an instance, {model.__name__}(...)."
    elif type(model).__module__.startswith("statsforecast"):
        remedy = "Use skcnnlstm.references.StatsForecast(model)."
    raise TypeError(
        "forecaster must be a SeriesForecaster, a search over one, a regressor, an "
        "object with fit(series) and forecast(steps), or a dict of these: got "
        f"forecaster{where}={model!r}. {remedy}"
    )


def _check_window_length_not_needed(by_name):
    """Raise if a regressor is given, but no window length for it."""
    regressors = [name for name, model in by_name.items() if not _has_forecast(model)]
    if regressors:
        name = regressors[0]
        which = "a regressor" if name is None else f"the regressor {name!r}"
        raise ValueError(
            f"window_length must be given for {which} if no model is a "
            "SeriesForecaster: got window_length=None. Use window_length=24 for "
            "windows of 24 rows."
        )


def _check_shared(forecasters, horizon):
    """Raise if forecasters differ in a setting that must be the same.

    Also raise if `horizon` is given and differs from that of a forecaster.
    """
    first = next(iter(forecasters), None)
    for name, one in forecasters.items():
        for setting in _SHARED:
            values = [getattr(forecasters[key], setting) for key in (first, name)]
            if repr(values[0]) != repr(values[1]):
                raise ValueError(
                    f"{setting} must be the same for all models of a backtest: got "
                    f"{setting}={values[0]!r} of {first!r} and {setting}={values[1]!r} "
                    f"of {name!r}. Set {setting} to one value, or call backtest "
                    "separately for each model."
                )
        if horizon is not None and check_integer("horizon", horizon) != one.horizon:
            whose = "the forecaster" if name is None else repr(name)
            raise ValueError(
                "horizon must equal the horizon of the forecasters: got "
                f"horizon={horizon} and horizon={one.horizon} of {whose}. Use "
                "horizon=None."
            )
