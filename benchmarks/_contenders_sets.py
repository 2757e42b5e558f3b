"""The data sets of `bench_contenders.py`: rows, metrics, and parts to fit and score.

The attributes `validation` and `test` of a set are lists of parts. A contender gets one
part at a time. It is fitted on the first rows of the part, and predicts the other rows.
``score(part, predictions)`` returns the error of the predictions, or the accuracy of
labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from bench_accuracy import UCR, read_ts, smape
from sklearn.model_selection import StratifiedKFold

from skcnnlstm.datasets import load_airline

# ------------------------------------------------------------------------ kinds of sets


@dataclass
class Series:
    """Rows of one or more columns to forecast.

    A part is `(fit_end, start, stop)`. A model is fitted on the rows before `fit_end`.
    It then forecasts `horizon` rows from every `stride`-th row between `start` and
    `stop`. Each forecast may use all earlier rows.
    """

    rows: Any
    window_length: int
    horizon: int
    validation: list
    test: list
    metric: Callable
    season_length: int | None = None
    target: str | None = None  # the other columns are past covariates
    exog: Any = None  # covariates that are known ahead
    stride: int = 1

    def values(self):
        """Return the columns to forecast, (n_rows, n_targets)."""
        values = self.rows if self.target is None else self.rows[self.target]
        return values.to_numpy(float).reshape(len(self.rows), -1)

    def past_covariates(self):
        """Return the columns that are not forecast, (n_rows, n_columns)."""
        if self.target is None:
            return np.empty((len(self.rows), 0))
        return self.rows.drop(columns=self.target).to_numpy(float)

    def origins(self, part):
        """Return the position of the first row of each forecast of a part."""
        _, start, stop = part
        return np.arange(start, stop - self.horizon + 1, self.stride)

    def score(self, part, forecasts):
        """Return the error of forecasts of shape (n_origins, horizon, n_targets)."""
        steps = np.add.outer(self.origins(part), np.arange(self.horizon))
        return self.metric(self.values()[steps], forecasts)


@dataclass
class Panel:
    """Many series to forecast from their last row.

    A part is `(known, actual)`. `known` is a list with the known rows of each series,
    and `actual` holds the next rows, (n_series, horizon).
    """

    window_length: int
    horizon: int
    validation: list
    test: list
    season_length: int | None = None
    target: str | None = None

    def score(self, part, forecasts):
        """Return the OWA: the mean of sMAPE and MASE, relative to a naive forecast."""
        known, actual = part
        naive = np.array([row[-1:] for row in known])
        scale = [np.abs(np.diff(row)).mean() for row in known]
        ratios = [
            smape(actual, forecasts).mean() / smape(actual, naive).mean(),
            np.mean(np.abs(actual - forecasts).mean(axis=1) / scale)
            / np.mean(np.abs(actual - naive).mean(axis=1) / scale),
        ]
        return float(np.mean(ratios))


@dataclass
class Grid:
    """Yearly grids, each forecast from the `window_length` grids before it.

    A part is `(start, stop)`. A model is fitted on the years before `start`, and
    forecasts the years from `start` to `stop`.
    """

    years: Any  # (n_years, height, width)
    window_length: int
    validation: list
    test: list

    def score(self, part, forecasts):
        """Return the root mean squared error over years and cells."""
        return rmse(self.years[slice(*part)], forecasts)


@dataclass
class Labels:
    """Windows to classify. A part is `(X, y, X_test, y_test)`."""

    validation: list
    test: list

    def score(self, part, labels):
        """Return the accuracy."""
        return float(np.mean(labels == part[3]))


# ----------------------------------------------------------------------------- metrics


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


# -------------------------------------------------------------------------- forecasting


def airline_one(data):
    rows = load_airline()
    return Series(rows, 24, 1, [(72, 72, 96)], [(96, 96, 144)], rmse, 12)


def airline_twelve(data):
    rows = load_airline()
    folds = [(end, end, end + 12) for end in range(60, 144, 12)]
    return Series(rows, 24, 12, folds[:3], folds[3:], rmse, 12)


def sunspots(data):
    rows = pd.read_csv(data / "monthly-sunspots.csv")["Sunspots"]
    return Series(rows, 132, 12, [(1800, 1800, 2256)], [(2256, 2256, 2820)], rmse)


def household(data):
    rows = pd.read_csv(
        data / "household_power_consumption_days.csv",
        index_col="datetime",
        parse_dates=True,
    )
    n, train = len(rows), len(rows) - 328
    return Series(
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
    return Series(hours(data), 96, horizon, *parts, mse, 24)


def oil(data):
    parts = [(8640, 8640, 11520)], [(8640, 11520, 14400)]
    return Series(hours(data)["OT"], 96, 24, *parts, mse, 24)


def exchange(data):
    values = np.loadtxt(data / "exchange_rate.txt.gz", delimiter=",")
    rows = pd.DataFrame(values / np.abs(values).max(axis=0))
    train, valid, n = int(0.6 * len(rows)), int(0.8 * len(rows)), len(rows)
    return Series(
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
    return Series(frame, 24, 1, *parts, rmse, 24, "pm2.5")


def electricity(data):
    frame = pd.read_csv(
        data / "vic_electricity_hourly.csv.gz", index_col=0, parse_dates=True
    )
    n = len(frame)
    start, train = int(0.64 * n), int(0.8 * n)
    # A forecast from every row: the published errors are means over all hours.
    parts = [(start, start, train)], [(train, train, n)]
    exog = frame[["Temperature"]]
    return Series(frame["Demand"], 168, 24, *parts, mae, 24, exog=exog)


def sensors(horizon, data):
    rows = pd.read_csv(data / "los_speed.csv.gz")
    n = len(rows)
    start, train = int(0.64 * n), int(0.8 * n)
    return Series(rows, 12, horizon, [(start, start, train)], [(train, train, n)], rmse)


def m4_weekly(data):
    read = partial(pd.read_csv, index_col=0)
    train = [
        row.dropna().to_numpy()
        for _, row in read(data / "m4_weekly" / "Weekly-train.csv.gz").iterrows()
    ]
    test = read(data / "m4_weekly" / "Weekly-test.csv").to_numpy(float)
    horizon = test.shape[1]
    held_out = np.array([row[-horizon:] for row in train])
    inside = [row[:-horizon] for row in train]
    return Panel(52, horizon, [(inside, held_out)], [(train, test)])


def temperature(data):
    years = np.load(data / "A1B_north_america.npz")["x"]
    return Grid(years, 8, [(144, 192)], [(192, 240)])


FORECASTING = {
    "airline-1": airline_one,
    "airline-12": airline_twelve,
    "sunspots-12": sunspots,
    "household-7": household,
    "oil-24": oil,
    "etth1-24": partial(etth1, 24),
    "etth1-96": partial(etth1, 96),
    "exchange-6": exchange,
    "pollution-1": pollution,
    "electricity-24": electricity,
    "sensors-3": partial(sensors, 3),
    "sensors-12": partial(sensors, 12),
    "m4-weekly": m4_weekly,
    "grid": temperature,
}

# ----------------------------------------------------------------------- classification


def with_folds(train, test):
    """Return a set: three folds for validation, and the published split for test.

    The folds are inside the training part.
    """
    X, y = train
    folds = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
    inside = [(X[fit], y[fit], X[held], y[held]) for fit, held in folds]
    return Labels(inside, [(*train, *test)])


def ucr_set(name, data):
    """Read a UCR set, without scaling its windows."""
    parts = np.load(data / "ucr" / f"{name}.npz")
    return with_folds(*((parts[f"X_{p}"], parts[f"y_{p}"]) for p in ("train", "test")))


def multivariate_set(name, data):
    folder = data / "multivariate_ts"
    return with_folds(
        *(read_ts(folder / f"{name}_{p}.ts.gz") for p in ("TRAIN", "TEST"))
    )


CLASSIFICATION = {name: partial(ucr_set, name) for name in UCR} | {
    "JapaneseVowels": partial(multivariate_set, "JapaneseVowels_eq"),
    "BasicMotions": partial(multivariate_set, "BasicMotions"),
}
SETS = FORECASTING | CLASSIFICATION
