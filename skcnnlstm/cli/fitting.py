"""Fit a model on all rows, forecast with it, and save it."""

import contextlib
import warnings

import numpy as np
import pandas as pd

from skcnnlstm.cli import report
from skcnnlstm.cli.options import (
    RIDGE,
    UsageError,
    count_calibration_rows,
)


@contextlib.contextmanager
def fit_errors(name):
    """Convert errors of a fit to UsageError; `name` is the name of the model."""
    try:
        yield
    except (ValueError, ImportError) as error:
        raise UsageError(f"{name} cannot be fitted: {error}") from None


@contextlib.contextmanager
def fewer_warnings():
    """Ignore warnings about missing values, because the report counts these values."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "NaN in the target columns leaves")
        # The first rows of a fold have no history. Warnings of a forecast are shown.
        warnings.filterwarnings("ignore", r"\d+ windows have no known value")
        yield


def fit_and_forecast(model, data, options):
    """Fit a model on all rows; return the fitted model and its `Forecast`.

    A reference model is fitted on each series separately. If there are many series, the
    fitted model is then a dict with one model for each series.
    """
    from sklearn.base import clone

    from skcnnlstm import SeriesForecaster

    coverage = options.interval
    if not isinstance(model, SeriesForecaster):
        fitted = {
            key: clone(model).fit(frame[data.targets])
            for key, frame in data.frames.items()
        }
        forecast = forecast_references(fitted, options.horizon, coverage, data.targets)
        return fitted.get(None, fitted), forecast
    if coverage is not None:
        n_rows = min(map(len, data.frames.values()))
        share = count_calibration_rows(n_rows, options) / n_rows
        calibrated = {"calibration_fraction": share, "refit_after_calibration": True}
        model = clone(model).set_params(**calibrated)
    model = clone(model).fit(data.values, **data.exog)
    return model, forecast_rows(model, options.horizon, coverage, data)


def forecast_rows(model, steps, coverage, data):
    """Return the `Forecast` of a fitted `SeriesForecaster`."""
    if coverage is None:
        found = model.forecast(steps, **data.exog)
    else:
        found = model.forecast_interval(steps, coverage, **data.exog)
    by_key = found if isinstance(found, dict) else {None: found}
    return _make_forecast(by_key, coverage, data.targets)


def forecast_references(fitted, steps, coverage, targets):
    """Return the `Forecast` of the reference models `fitted`, a dict by series."""
    if coverage is None:
        found = {key: one.forecast(steps) for key, one in fitted.items()}
    else:
        found = {
            key: one.forecast_interval(steps, coverage) for key, one in fitted.items()
        }
    return _make_forecast(found, coverage, targets)


def _make_forecast(tables, coverage, targets):
    if coverage is None:
        return report.Forecast(tables)
    parts = []
    for name in ("forecast", "lower", "upper"):
        part = {}
        for key, table in tables.items():
            several = table.columns.nlevels > 1
            columns = [(target, name) for target in targets] if several else [name]
            part[key] = table[columns].set_axis(targets, axis=1)
        parts.append(part)
    return report.Forecast(*parts, coverage)


def one_step_ahead(model, data):
    """Return one-step-ahead forecasts of the rows after the first window, by series."""
    with warnings.catch_warnings():
        # Warnings are about the first rows, which are dropped below.
        warnings.simplefilter("ignore", UserWarning)
        predicted = model.predict(data.values, **data.exog)
    fitted = {}
    for key, frame in data.frames.items():
        own = predicted if key is None else predicted[key]
        first = np.asarray(own).reshape(len(frame), -1)[:-1, : len(data.targets)]
        table = pd.DataFrame(first, index=frame.index[1:], columns=data.targets)
        fitted[key] = table.iloc[model.window_length - 1 :]
    return fitted


def save_model(model, name, path):
    """Save a fitted model; if it cannot be saved, raise an error with a remedy."""
    from skcnnlstm import save
    from skcnnlstm.references.base import ReferencePanel

    try:
        if isinstance(model, dict):
            model = ReferencePanel(model)
        save(model, path)
    except TypeError as error:
        raise UsageError(
            f"--save cannot save {name}: {error}. Choose {RIDGE.lower()} or a network "
            "with --model"
        ) from None
    except OSError as error:
        raise UsageError(f"--save cannot write {path}: {error.strerror}") from None
