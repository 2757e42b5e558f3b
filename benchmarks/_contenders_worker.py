"""Run a model of neuralforecast or aeon in an environment without this package.

`bench_contenders.py` calls this script:

    PYTHON _contenders_worker.py MODEL INPUTS.npz PREDICTIONS.npz

All parameters have their defaults, except the horizon, the window and the seed. The
output file holds the predictions, and the seconds of the fit and the predictions
without imports.
"""

import sys
import time

import numpy as np


def make_network(model, inputs, **covariates):
    """Return a model of neuralforecast with its defaults, without logs and files."""
    from neuralforecast import NeuralForecast, models

    network = getattr(models, model)(
        h=int(inputs["horizon"]),
        input_size=int(inputs["window_length"]),
        random_seed=int(inputs["seed"]),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        **covariates,
    )
    return NeuralForecast([network], freq=1)


def long_frame(series, **covariates):
    """Return a frame with one row for each series and step."""
    import pandas as pd

    frames = [
        pd.DataFrame(
            {"unique_id": f"{i:05d}", "ds": np.arange(len(y)), "y": y, **covariates}
        )
        for i, y in enumerate(series)
    ]
    return pd.concat(frames, ignore_index=True)


def forecast_panel(model, inputs):
    """Return forecasts from the last rows, (n_series, horizon), and the seconds."""
    ends = np.cumsum(inputs["lengths"])
    series = np.split(inputs["values"], ends[:-1])
    forecaster, frame = make_network(model, inputs), long_frame(series)
    start = time.perf_counter()
    forecaster.fit(frame)
    found = forecaster.predict().reset_index().sort_values(["unique_id", "ds"])
    seconds = time.perf_counter() - start
    return found[model].to_numpy().reshape(len(series), -1), seconds


def forecast_rows(model, inputs):
    """Return forecasts, (n_origins, horizon, n_targets), and the seconds."""
    past, known = inputs["past"].T, inputs["known"].T
    columns = {f"past_{i}": column for i, column in enumerate(past)}
    ahead = {f"known_{i}": column for i, column in enumerate(known)}
    covariates = {}
    if model == "NHITS":  # DLinear reads no covariates
        covariates = {
            "hist_exog_list": list(columns) or None,
            "futr_exog_list": list(ahead) or None,
        }
    forecaster = make_network(model, inputs, **covariates)
    frame = long_frame(inputs["values"].T, **columns, **ahead)
    start = time.perf_counter()
    found = forecaster.cross_validation(
        frame,
        n_windows=None,
        test_size=len(inputs["values"]) - int(inputs["fit_end"]),
        step_size=1,
    )
    seconds = time.perf_counter() - start
    found = found.reset_index()
    found = found[np.isin(found["cutoff"] + 1, inputs["origins"])]
    found = found.sort_values(["cutoff", "ds", "unique_id"])
    shape = len(inputs["origins"]), int(inputs["horizon"]), -1
    return found[model].to_numpy().reshape(shape), seconds


def classify(model, inputs):
    """Return the predicted labels of the test windows, and the seconds."""
    from aeon.classification.convolution_based import MiniRocketClassifier

    network = MiniRocketClassifier(random_state=int(inputs["seed"]))
    start = time.perf_counter()
    network.fit(inputs["X"], inputs["y"])
    return network.predict(inputs["X_test"]), time.perf_counter() - start


def main(model, given, found):
    with np.load(given) as stored:
        inputs = dict(stored)
    if "lengths" in inputs:
        run = forecast_panel
    else:
        run = classify if "X" in inputs else forecast_rows
    predictions, seconds = run(model, inputs)
    np.savez(found, predictions=predictions, seconds=seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
