"""The models that `bench_contenders.py` compares: contenders and our networks.

The function `contenders` returns the models that suit a set, each as a function of the
set, a part of the set and a seed. Such a function returns the predictions for the part,
and the seconds that the fit and the predictions took.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from _contenders_sets import Grid, Labels, Panel
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

import skcnnlstm
from skcnnlstm.metrics import seasonal_naive
from skcnnlstm.references import LightGBM

WORKER = Path(__file__).with_name("_contenders_worker.py")


def architectures(kind):
    """Return the class names of our networks without the suffix `kind`.

    The networks are not imported.
    """
    names = [name for name in skcnnlstm.__all__ if name.endswith(kind)]
    shared = ("Hybrid", "ConvLSTMGrid")  # base classes, ensembles; grids
    return [name.removesuffix(kind) for name in names if not name.startswith(shared)]


REGRESSORS, CLASSIFIERS = architectures("Regressor"), architectures("Classifier")
OURS = {*REGRESSORS, *CLASSIFIERS, "ConvLSTMGrid"}
# Models without random numbers: one seed is enough.
DETERMINISTIC = {
    "Naive",
    "SeasonalNaive",
    "AutoETS",
    "AutoTheta",
    "Ridge",
    "RidgePerColumn",
    "LightGBM",
    "LightGBMLast",
    "TenYearMean",
    "1-NN",
}
# Models that need another interpreter, and the command line option that names it.
ELSEWHERE = {
    "NHITS": "neuralforecast",
    "DLinear": "neuralforecast",
    "MiniRocket": "aeon",
}


def contenders(task, pythons):
    """Return the models that suit a set, as a dict from name to function.

    `pythons` is a dict from the name of an option to the path of an interpreter.
    """
    if isinstance(task, Labels):
        found = {"1-NN": nearest, "MiniRocket": minirocket}
        found |= {name: partial(classify, name) for name in CLASSIFIERS}
    elif isinstance(task, Grid):
        found = {"Naive": last_grid, "TenYearMean": ten_year_mean}
        found |= {"ConvLSTMGrid": our_grid}
    else:
        found = {"Naive": naive}
        if task.season_length:
            found["SeasonalNaive"] = naive_season
        # statsforecast fits each series and forecasts each origin separately.
        if isinstance(task, Panel) or (len(task.rows) < 3000 and not columns(task)):
            found |= {name: partial(statistical, name) for name in STATISTICAL}
        found["Ridge"] = partial(on_windows, ridge, "joint")
        if columns(task) and task.target is None:
            found["RidgePerColumn"] = partial(on_windows, ridge, "independent")
        found["LightGBM"] = partial(on_windows, lightgbm, "independent")
        found["LightGBMLast"] = partial(on_windows, lightgbm_last, "independent")
        found |= {name: partial(neuralforecast, name) for name in ("NHITS", "DLinear")}
        found |= {name: partial(ours, name) for name in REGRESSORS}
    return {
        name: partial(function, python=pythons[ELSEWHERE[name]])
        if name in ELSEWHERE
        else partial(timed, function)
        for name, function in found.items()
        if name not in ELSEWHERE or pythons[ELSEWHERE[name]]
    }


def columns(task):
    """Return whether the rows of a set have several columns."""
    return not isinstance(task, Panel) and task.rows.ndim > 1


def timed(function, task, part, seed):
    """Return the result of a function, and the seconds that it took."""
    start = time.perf_counter()
    predictions = function(task, part, seed)
    return predictions, time.perf_counter() - start


# ------------------------------------------------------------------ forecasts of series


def naive(task, part, seed, season_length=1):
    """Forecast by repeating the last value, or the last season."""
    if isinstance(task, Panel):
        forecasts = [
            seasonal_naive(row[:, None], [len(row) - 1], task.horizon, season_length)
            for row in part[0]
        ]
        return np.concatenate(forecasts)[..., 0]
    origins = task.origins(part) - 1
    return seasonal_naive(task.values(), origins, task.horizon, season_length)


def naive_season(task, part, seed):
    """Forecast by repeating the last season."""
    return naive(task, part, seed, task.season_length)


STATISTICAL = ("AutoETS", "AutoTheta")


def statistical(name, task, part, seed):
    """Forecast with a model of statsforecast, fitted on the rows before `fit_end`."""
    from statsforecast import models

    def fit(values):
        model = getattr(models, name)(season_length=task.season_length or 1)
        return model.fit(values)

    if isinstance(task, Panel):
        forecasts = [fit(row).predict(task.horizon)["mean"] for row in part[0]]
        return np.array(forecasts)
    values = task.values()[:, 0]
    fitted = fit(values[: part[0]])
    forecasts = [
        fitted.forward(values[:origin], task.horizon)["mean"]
        for origin in task.origins(part)
    ]
    return np.array(forecasts)[..., np.newaxis]


def ridge(seed):
    return make_pipeline(skcnnlstm.FlattenWindows(), Ridge())


def lightgbm(seed):
    return LightGBM(instance_norm=None, random_state=seed)


def lightgbm_last(seed):
    """Return a LightGBM that forecasts differences to the last value of a window.

    Its forecasts can therefore lie outside of the range of the training rows.
    """
    return LightGBM(random_state=seed)


def on_windows(make, channels, task, part, seed):
    """Forecast with a regressor on the windows that the networks read."""
    return forecast(make(seed), task, part, channels=channels)


def ours(name, task, part, seed):
    """Forecast with a network of this package inside a forecaster."""
    network = getattr(skcnnlstm, f"{name}Regressor")(random_state=seed)
    if task.season_length:
        network.set_params(season_length=task.season_length)
    return forecast(network, task, part)


def forecast(regressor, task, part, **params):
    """Fit a forecaster on the first rows of a part and forecast the other rows."""
    forecaster = skcnnlstm.SeriesForecaster(
        regressor,
        window_length=task.window_length,
        horizon=task.horizon,
        target_columns=task.target,
        **params,
    )
    if isinstance(task, Panel):
        return np.array(forecaster.fit(part[0]).forecast(), dtype=float)
    (end, start, stop), horizon = part, task.horizon

    def exog(first, last):
        return {} if task.exog is None else {"exog": task.exog.iloc[first:last]}

    forecaster.fit(task.rows.iloc[:end], **exog(0, end))
    if end < start:
        forecaster.update(task.rows.iloc[end:start], **exog(end, start))
    ahead = {} if task.exog is None else exog(start, start + horizon)
    first = np.asarray(forecaster.forecast(**ahead)).reshape(1, horizon, -1)
    later = task.rows.iloc[start : stop - horizon]
    if not len(later):
        return first
    later = np.asarray(forecaster.predict(later, **exog(start, stop)))
    forecasts = np.concatenate([first, later.reshape(-1, *first.shape[1:])])
    return forecasts[:: task.stride]


# ------------------------------------------------------------------------------- grids


def last_grid(task, part, seed):
    """Forecast each year by the grid of the year before."""
    start, stop = part
    return task.years[start - 1 : stop - 1]


def ten_year_mean(task, part, seed):
    """Forecast each year by the mean of the ten years before."""
    start, stop = part
    return np.stack(
        [task.years[at - 10 : at].mean(axis=0) for at in range(start, stop)]
    )


def our_grid(task, part, seed):
    """Forecast with our network for grids. The grids are in K and not scaled."""
    (start, stop), n_years = part, task.window_length
    X = sliding_window_view(task.years[:-1], n_years, axis=0).transpose(0, 3, 1, 2)
    X, y = X[..., np.newaxis], task.years[n_years:]
    network = skcnnlstm.ConvLSTMGridRegressor(random_state=seed)
    network.fit(X[: start - n_years], y[: start - n_years])
    return network.predict(X[start - n_years : stop - n_years])


# ----------------------------------------------------------------------- classification


def nearest(task, part, seed):
    """Classify each window by the label of the nearest training window."""
    X, y, X_test, _ = part
    model = make_pipeline(skcnnlstm.FlattenWindows(), KNeighborsClassifier(1))
    return model.fit(X, y).predict(X_test)


def classify(name, task, part, seed):
    """Classify with a network of this package."""
    X, y, X_test, _ = part
    network = getattr(skcnnlstm, f"{name}Classifier")(random_state=seed)
    return network.fit(X, y).predict(X_test)


# ------------------------------------------------------------------ other environments


def elsewhere(model, python, **inputs):
    """Run `_contenders_worker.py` with another interpreter.

    Returns the predictions, and the seconds of the fit and the predictions.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "inputs.npz"), Path(folder, "predictions.npz")
        np.savez(given, **inputs)
        command = [python, WORKER, model, given, found]
        path = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run(
            command, cwd=folder, env=path, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{model} failed:\n{done.stderr[-2000:]}")
        with np.load(found) as results:
            return results["predictions"], float(results["seconds"])


def neuralforecast(name, task, part, seed, python):
    """Forecast with one model of neuralforecast for all columns or series.

    Only NHITS reads covariates.
    """
    shared = {
        "window_length": task.window_length,
        "horizon": task.horizon,
        "seed": seed,
    }
    if isinstance(task, Panel):
        known = part[0]
        lengths = [len(row) for row in known]
        inputs = {"values": np.concatenate(known), "lengths": lengths}
        return elsewhere(name, python, **inputs, **shared)
    end, _, stop = part
    exog = np.empty((stop, 0)) if task.exog is None else task.exog.to_numpy(float)
    inputs = {
        "values": task.values()[:stop],
        "past": task.past_covariates()[:stop],
        "known": exog[:stop],
        "fit_end": end,
        "origins": task.origins(part),
    }
    return elsewhere(name, python, **inputs, **shared)


def minirocket(task, part, seed, python):
    """Classify with MiniRocket of aeon, which takes windows (n, n_columns, length)."""
    X, y, X_test, _ = part
    X, X_test = (x.reshape(*x.shape[:2], -1).transpose(0, 2, 1) for x in (X, X_test))
    return elsewhere("MiniRocket", python, X=X, y=y, X_test=X_test, seed=seed)
