"""Compare the defaults of this package with what a user would take instead.

Nothing is set but the window, the horizon, the seed and, where it is known, the season.
Every contender gets the same windows. Scores are computed on a validation part (the end
of the training rows; folds for classification) and on the test part. Ratios divide the
error by that of the reference, which is the contender that is best on the validation
part. Scores are stored as they are computed, so an interrupted run resumes.

    python benchmarks/bench_contenders.py --data DATA                  # hours
    python benchmarks/bench_contenders.py --data DATA --sets household-7 --seeds 1
    python benchmarks/bench_contenders.py --data DATA --models CNNLSTM,Ridge

Contenders that need a package that is not installed are left out, with a note.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bench_accuracy import UCR, read_ts
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import Ridge
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

import skcnnlstm
from skcnnlstm.datasets import load_airline

# ------------------------------------------------------------------------------- sets


@dataclass
class Task:
    """A forecasting set: rows, window, horizon, and the parts that are scored.

    `parts` holds `(fit_end, start, stop)`: a model fitted on the rows before `fit_end`
    forecasts from origins with all targets in the rows `start` to `stop`, every
    `stride` rows. The score of a part is ``metric(actual, forecasts)``.
    """

    rows: Any
    window_length: int
    horizon: int
    validation: list
    test: list
    metric: Callable
    season_length: int | None = None
    target: str | None = None
    exog: Any = None
    stride: int = 1


def rmse(actual, forecast):
    """Return the root of the mean squared error."""
    return float(np.mean((actual - forecast) ** 2) ** 0.5)


def mse(actual, forecast):
    """Return the mean squared error."""
    return float(np.mean((actual - forecast) ** 2))


def mae(actual, forecast):
    """Return the mean absolute error."""
    return float(np.abs(actual - forecast).mean())


def last_step_rmse(actual, forecast):
    """Return the root mean squared error of the last step."""
    return rmse(actual[:, -1], forecast[:, -1])


def airline_one(data):
    rows = load_airline()
    return Task(rows, 24, 1, [(72, 72, 96)], [(96, 96, 144)], rmse, 12)


def airline_twelve(data):
    rows = load_airline()
    folds = [(end, end, end + 12) for end in range(60, 144, 12)]
    return Task(rows, 24, 12, folds[:3], folds[3:], rmse, 12)


def sunspots(data):
    rows = pd.read_csv(data / "monthly-sunspots.csv")["Sunspots"]
    return Task(rows, 132, 12, [(1800, 1800, 2256)], [(2256, 2256, 2820)], rmse)


def household(data):
    rows = pd.read_csv(
        data / "household_power_consumption_days.csv",
        index_col="datetime",
        parse_dates=True,
    )
    n, train = len(rows), len(rows) - 328
    return Task(
        rows.iloc[1:-6],
        14,
        7,
        [(train - 323, train - 323, train - 1)],
        [(train - 1, train - 1, n - 7)],
        rmse,
        7,
        "Global_active_power",
        stride=7,
    )


@cache
def hours(data):
    frame = pd.read_csv(data / "ETTh1.csv.gz", index_col="date", parse_dates=True)
    train = frame.iloc[:8640]
    return (frame - train.mean()) / train.std(ddof=0)


def etth1(horizon, data):
    parts = [(8640, 8640, 11520)], [(8640, 11520, 14400)]
    return Task(hours(data), 96, horizon, *parts, mse, 24)


def oil(data):
    parts = [(8640, 8640, 11520)], [(8640, 11520, 14400)]
    return Task(hours(data)["OT"], 96, 24, *parts, mse, 24)


def exchange(data):
    values = np.loadtxt(data / "exchange_rate.txt.gz", delimiter=",")
    rows = pd.DataFrame(values / np.abs(values).max(axis=0))
    train, valid, n = int(0.6 * len(rows)), int(0.8 * len(rows)), len(rows)
    return Task(
        rows, 168, 6, [(train, train, valid)], [(train, valid, n)], last_step_rmse
    )


def pollution(data):
    frame = pd.read_csv(data / "pollution.csv.gz")
    frame.index = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    wind = pd.get_dummies(frame["cbwd"]).astype(float)
    frame = frame[["pm2.5", "DEWP", "TEMP", "PRES", "Iws", "Is", "Ir"]].join(wind)
    frame = frame.ffill().bfill()
    n = len(frame)
    start, train = int(0.64 * n), int(0.8 * n)
    parts = [(start, start, train)], [(train, train, n)]
    return Task(frame, 24, 1, *parts, rmse, 24, "pm2.5")


def electricity(data):
    frame = pd.read_csv(
        data / "vic_electricity_hourly.csv.gz", index_col=0, parse_dates=True
    )
    n = len(frame)
    start, train = int(0.64 * n), int(0.8 * n)
    midnight = [-(start + 11) % 24, -(train + 11) % 24]  # 00:00 is 13:00 UTC
    parts = [
        [(start, start + midnight[0], train)],
        [(train, train + midnight[1], n)],
    ]
    exog = frame[["Temperature"]]
    return Task(frame["Demand"], 168, 24, *parts, mae, 24, exog=exog, stride=24)


def sensors(horizon, data):
    rows = pd.read_csv(data / "los_speed.csv.gz")
    n = len(rows)
    start, train = int(0.64 * n), int(0.8 * n)
    parts = [(start, start, train)], [(train, train, n)]
    return Task(rows, 12, horizon, *parts, rmse)


FORECASTING = {
    "airline-1": airline_one,
    "airline-12": airline_twelve,
    "sunspots-12": sunspots,
    "household-7": household,
    "etth1-24": partial(etth1, 24),
    "etth1-96": partial(etth1, 96),
    "oil-24": oil,
    "exchange-6": exchange,
    "pollution-1": pollution,
    "electricity-24": electricity,
    "sensors-3": partial(sensors, 3),
    "sensors-12": partial(sensors, 12),
}

# -------------------------------------------------------------------------- contenders


def ours(name, task, seed, **params):
    """Return our network inside a forecaster."""
    network = getattr(skcnnlstm, f"{name}Regressor")(random_state=seed, **params)
    if task.season_length:
        network.set_params(season_length=task.season_length)
    return skcnnlstm.SeriesForecaster(
        network,
        window_length=task.window_length,
        horizon=task.horizon,
        target_columns=task.target,
    )


def on_windows(make, channels, task, seed):
    """Return a regressor on the same, flat windows."""
    return skcnnlstm.SeriesForecaster(
        make_pipeline(skcnnlstm.FlattenWindows(), make(seed)),
        window_length=task.window_length,
        horizon=task.horizon,
        target_columns=task.target,
        channels=channels,
    )


def lightgbm(seed):
    from lightgbm import LGBMRegressor

    return MultiOutputRegressor(LGBMRegressor(random_state=seed, verbose=-1))


class SeasonalNaive:
    """Repeat the last season, or the last value."""

    def __init__(self, season_length):
        self.season_length = season_length or 1


ARCHITECTURES = [
    name.removesuffix("Regressor")
    for name, cls in skcnnlstm.all_estimators("regressor")
    if hasattr(cls, "initialize")
]
MODELS = {
    "Ridge": partial(on_windows, lambda seed: Ridge(), "joint"),
    "RidgePerColumn": partial(on_windows, lambda seed: Ridge(), "independent"),
    "LightGBM": partial(on_windows, lightgbm, "independent"),
    **{name: partial(ours, name) for name in ARCHITECTURES},
}


def forecast_part(model, task, part):
    """Fit on the first rows; return forecasts and actual values of a part."""
    end, start, stop = part
    rows, exog = task.rows, task.exog
    keyword = {} if exog is None else {"exog": exog.iloc[:end]}
    model.fit(rows.iloc[:end], **keyword)
    if end < start:
        keyword = {} if exog is None else {"exog": exog.iloc[end:start]}
        model.update(rows.iloc[end:start], **keyword)
    horizon = task.horizon
    later = rows.iloc[start : stop - horizon]
    if exog is None:
        ahead = [np.asarray(model.forecast()).reshape(1, horizon, -1)]
        predicted = model.predict(later) if len(later) else np.empty((0, horizon))
    else:
        known = exog.iloc[start : start + horizon]
        ahead = [np.asarray(model.forecast(exog=known)).reshape(1, horizon, -1)]
        predicted = model.predict(later, exog=exog.iloc[start:stop])
    ahead.append(np.asarray(predicted).reshape(-1, horizon, ahead[0].shape[-1]))
    ahead = np.concatenate(ahead)
    values = rows if task.target is None else rows[task.target]
    values = values.to_numpy()[start:stop].reshape(stop - start, -1)
    actual = sliding_window_view(values, horizon, axis=0).transpose(0, 2, 1)
    return actual[:: task.stride], ahead[:: task.stride]


def forecasting_scores(name, task, seed):
    """Return (validation, test, seconds per fit)."""
    start, scores, fits = time.perf_counter(), [], 0
    for parts in (task.validation, task.test):
        found = []
        for part in parts:
            found.append(
                task.metric(*forecast_part(MODELS[name](task, seed), task, part))
            )
            fits += 1
        scores.append(float(np.mean(found)))
    return [*scores, (time.perf_counter() - start) / fits]


# ----------------------------------------------------------------------- classification


def ucr_set(name, data):
    """Return the published split, as it is."""
    parts = np.load(data / "ucr" / f"{name}.npz")
    return [(parts[f"X_{part}"], parts[f"y_{part}"]) for part in ("train", "test")]


def multivariate_set(name, data):
    folder = data / "multivariate_ts"
    return [read_ts(folder / f"{name}_{part}.ts.gz") for part in ("TRAIN", "TEST")]


CLASSIFICATION = {name: partial(ucr_set, name) for name in UCR} | {
    "JapaneseVowels": partial(multivariate_set, "JapaneseVowels_eq"),
    "BasicMotions": partial(multivariate_set, "BasicMotions"),
}


def minirocket(seed):
    from aeon.classification.convolution_based import MiniRocketClassifier

    return MiniRocketClassifier(random_state=seed)


CLASSIFIERS = {
    "1-NN": lambda seed: make_pipeline(
        skcnnlstm.FlattenWindows(), KNeighborsClassifier(1)
    ),
    "MiniRocket": minirocket,
    **{
        name.removesuffix("Classifier"): partial(
            lambda cls, seed: cls(random_state=seed), cls
        )
        for name, cls in skcnnlstm.all_estimators("classifier")
        if hasattr(cls, "initialize")
    },
}


def classification_scores(name, sets, seed, folds=True):
    """Return (validation accuracy or None, test accuracy, seconds of the last fit)."""
    (X, y), (X_test, y_test) = sets
    make = CLASSIFIERS[name]
    if name == "MiniRocket":
        X, X_test = (np.atleast_3d(x).transpose(0, 2, 1) for x in (X, X_test))
    inside = None
    if folds and seed == 0:
        cv = StratifiedKFold(3, shuffle=True, random_state=0)
        inside = float(cross_val_score(make(seed), X, y, cv=cv).mean())
    start = time.perf_counter()
    model = make(seed).fit(X, y)
    return [inside, float(model.score(X_test, y_test)), time.perf_counter() - start]


# ------------------------------------------------------------------------------- run


def run(options):
    """Compute the scores that are not stored yet, and print them."""
    data, path = Path(options.data), Path(options.output)
    stored = json.loads(path.read_text()) if path.exists() else {}
    for set_name in options.sets:
        forecasting = set_name in FORECASTING
        loaded = (FORECASTING if forecasting else CLASSIFICATION)[set_name](data)
        for model in options.models or (MODELS if forecasting else CLASSIFIERS):
            if model not in (MODELS if forecasting else CLASSIFIERS):
                continue
            for seed in range(options.seeds):
                key = f"{set_name}/{model}/{seed}"
                if key in stored:
                    continue
                score = forecasting_scores if forecasting else classification_scores
                try:
                    stored[key] = score(model, loaded, seed)
                except ImportError as error:
                    print(f"{key}: left out ({error})")
                    continue
                validation, test, seconds = stored[key]
                inside = math.nan if validation is None else validation
                print(
                    f"{key:40s} {inside:10.4f} {test:10.4f} {seconds:8.1f} s",
                    flush=True,
                )
                path.write_text(json.dumps(stored, indent=0))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)

    def words(text):
        return text.split(",")

    parser.add_argument("--sets", type=words, default=[*FORECASTING, *CLASSIFICATION])
    parser.add_argument("--models", type=words)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", default="contenders.json")
    warnings.simplefilter("ignore")
    run(parser.parse_args())


if __name__ == "__main__":
    main()
