"""Measure accuracy on public data, next to published figures and naive forecasts.

Each row of the table is an estimator, written as one line of code. The parameters were
chosen on a validation part at the end of the training rows, or for classification by
folds inside the training part. The table shows the validation and the test score, as
medians over seeds. Scores are stored in the output file as they are computed, so an
interrupted run resumes.

    python benchmarks/bench_accuracy.py --data DATA               # every row, hours
    python benchmarks/bench_accuracy.py --data DATA --rows m4,airline --seeds 1
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

import skcnnlstm
from skcnnlstm.conformal import conformal_quantile, conformity


@dataclass(frozen=True)
class Row:
    """One row of the table: what is measured, and what is required.

    `line` is the code of the estimator. ``measure(data, line, seed)`` returns the
    validation score and the test score; `data` is the folder of the data.
    """

    work: str
    line: str
    measure: Callable
    at_least: float
    reach_for: float
    lower: bool = True  # less is better
    beside: str = ""  # published and naive figures

    def verdict(self, value):
        """Return in words whether a test score meets the requirement."""
        sign = -1 if self.lower else 1
        if sign * value >= sign * self.reach_for:
            return "reached"
        return "holds" if sign * value >= sign * self.at_least else "FALLS SHORT"


def make(line, seed):
    """Return the estimator of a line of code, with every `random_state` set to seed."""
    names = {name: getattr(skcnnlstm, name) for name in skcnnlstm.__all__}
    estimator = eval(line, names | {"Ridge": Ridge, "make_pipeline": make_pipeline})
    params = estimator.get_params()
    seeds = [name for name in params if name.rpartition("__")[2] == "random_state"]
    return estimator.set_params(**dict.fromkeys(seeds, seed))


def rmse(actual, forecast):
    """Return the root of the mean squared error over all values."""
    return float(np.mean((np.asarray(actual) - np.asarray(forecast)) ** 2) ** 0.5)


def forecasts_within(forecaster, rows):
    """Forecast all horizons that lie completely in `rows`.

    The first forecast starts after the last fitted row. Returns forecasts and actual
    values, both (n_origins, horizon, n_columns).
    """
    horizon = forecaster.horizon
    first = np.asarray(forecaster.forecast()).reshape(1, horizon, -1)
    later = forecaster.predict(rows.iloc[:-horizon])
    later = later.reshape(len(later), horizon, -1)
    values = rows.to_numpy().reshape(len(rows), -1)
    actual = sliding_window_view(values, horizon, axis=0).transpose(0, 2, 1)
    return np.concatenate([first, later]), actual


# -------------------------------------------------------------------- classification


def accuracy(line, seed, train, test):
    """Return the mean accuracy of three training folds, and the test accuracy.

    The folds take two thirds of the time, so they run with seed 0 only. With other
    seeds, the first value is None.
    """
    (X, y), (X_test, y_test) = train, test
    inside = None
    if seed == 0:
        folds = StratifiedKFold(3, shuffle=True, random_state=0)
        inside = float(cross_val_score(make(line, seed), X, y, cv=folds).mean())
    return inside, float(make(line, seed).fit(X, y).score(X_test, y_test))


def ucr(name, data, line, seed):
    """Return the accuracies on the published split of a UCR set.

    Each window is standardized.
    """
    parts = np.load(data / "ucr" / f"{name}.npz")
    pairs = []
    for part in ("train", "test"):
        X = parts[f"X_{part}"]
        X = (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)
        pairs.append((X, parts[f"y_{part}"]))
    return accuracy(line, seed, *pairs)


def read_ts(path):
    """Read series of equal length from a .ts file: X (n, length, n_columns), labels."""
    X, y = [], []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line[0] in "@#\n":
                continue
            *columns, label = line.strip().split(":")
            X.append([np.array(column.split(","), "float32") for column in columns])
            y.append(label)
    return np.array(X).transpose(0, 2, 1), np.array(y)


def multivariate(name, data, line, seed):
    """Return the accuracies on the published split of a multivariate set.

    Each column is standardized by the training part.
    """
    folder = data / "multivariate_ts"
    (X, y), (X_test, y_test) = (
        read_ts(folder / f"{name}_{part}.ts.gz") for part in ("TRAIN", "TEST")
    )
    mean, scale = X.mean(axis=(0, 1)), X.std(axis=(0, 1))
    train, test = ((X - mean) / scale, y), ((X_test - mean) / scale, y_test)
    return accuracy(line, seed, train, test)


# -------------------------------------------------------------- remaining useful life

CAP = 125  # cycles; a new engine shows no wear, so a longer life cannot be predicted


def engines(path):
    """Read the engine of each row, and the 15 columns that are not constant."""
    table = pd.read_csv(path, sep=r"\s+", header=None)
    constant = {0, 1, 2, 3, 4, 5, 9, 14, 20, 22, 23}  # 0: the engine, 1: its cycle
    names = [column for column in table if column == 0 or column not in constant]
    return table[names].rename(columns={0: "unit"}).rename(columns=str)


@cache
def held_out_engines(data, line, seed):
    """Return the rows, targets, forecasts and folds of the training engines.

    The forecasts of a fold come from a model that was fitted on other engines.
    """
    rows = engines(data / "cmapss" / "train_FD001.txt.gz")
    y = np.minimum(rows.groupby("unit").cumcount(ascending=False), CAP).to_numpy(float)
    fold, forecast = np.zeros(len(y), int), np.zeros(len(y))
    folds = GroupKFold(3).split(rows, y, rows["unit"])
    for number, (train, test) in enumerate(folds):
        fitted = make(line, seed).fit(rows.iloc[train], y[train])
        forecast[test] = fitted.predict(rows.iloc[test])
        fold[test] = number
    return rows, y, forecast, fold


def remaining_life(data, line, seed):
    """Compute the RMSE in cycles at the last known cycle of each of 100 test engines.

    The validation score is the RMSE over all cycles of held-out training engines.
    """
    rows, y, forecast, _ = held_out_engines(data, line, seed)
    test = engines(data / "cmapss" / "test_FD001.txt.gz")
    is_last = ~test["unit"].duplicated(keep="last").to_numpy()
    actual = np.loadtxt(data / "cmapss" / "RUL_FD001.txt")
    found = make(line, seed).fit(rows, y).predict(test)[is_last]
    return rmse(y, forecast), rmse(np.minimum(actual, CAP), found)


def life_intervals(data, line, seed):
    """Compute by how much the coverage of 90 % intervals differs from 90 %.

    The coverage is measured over all cycles of the training engines. The width of the
    intervals in a fold is computed from the errors in the other folds.
    """
    _, y, forecast, fold = held_out_engines(data, line, seed)
    errors = conformity(y, forecast)
    covered = np.zeros(len(y), bool)
    for number in np.unique(fold):
        width = conformal_quantile(errors[fold != number], 0.9)
        covered[fold == number] = errors[fold == number] <= width
    print(f"cmapss, seed {seed}: 90 % intervals hold {covered.mean():.1%}")
    difference = abs(float(covered.mean()) - 0.9)
    return difference, difference


# ------------------------------------------------------------------------ forecasting


@cache
def etth1(data):
    """Read the hourly rows, and standardize each column by the training rows."""
    frame = pd.read_csv(data / "ETTh1.csv.gz", index_col="date", parse_dates=True)
    train = frame.iloc[:8640]
    return (frame - train.mean()) / train.std(ddof=0)


def ett(data, line, seed):
    """Compute the MSE over windows, steps and columns, after one fit on 8,640 hours."""
    frame = etth1(data)
    forecaster = make(line, seed).fit(frame.iloc[:8640])
    figures = []
    for start, stop in [(8640, 11520), (11520, 14400)]:
        ahead, actual = forecasts_within(forecaster, frame.iloc[start:stop])
        figures.append(rmse(actual, ahead) ** 2)
        forecaster.update(frame.iloc[start:stop])
    return tuple(figures)


def ett_oil(data, line, seed):
    """Compute the MSE of the column OT alone, relative to a Ridge on its windows."""
    series = etth1(data)["OT"]
    ridge = (
        "SeriesForecaster(make_pipeline(FlattenWindows(), Ridge()), "
        "window_length=96, horizon=24)"
    )
    figures = []
    for one in (line, ridge):
        forecaster = make(one, seed).fit(series.iloc[:8640])
        errors = []
        for start, stop in [(8640, 11520), (11520, 14400)]:
            ahead, actual = forecasts_within(forecaster, series.iloc[start:stop])
            errors.append(rmse(actual, ahead) ** 2)
            forecaster.update(series.iloc[start:stop])
        figures.append(errors)
    ours, theirs = figures
    return tuple(own / their for own, their in zip(ours, theirs, strict=True))


def exchange(horizon, data, line, seed):
    """Compute the RSE of the step `horizon`, divided by the RSE of persistence.

    The rows are split in time into 60 % training, 20 % validation and 20 % test. Each
    series is divided by its largest value before the fit, and forecasts are multiplied
    by this value.
    """
    values = np.loadtxt(data / "exchange_rate.txt.gz", delimiter=",")
    largest = np.abs(values).max(axis=0)
    frame = pd.DataFrame(values / largest)
    train, valid, n_rows = int(0.6 * len(frame)), int(0.8 * len(frame)), len(frame)
    forecaster = make(line, seed).fit(frame.iloc[:train])
    figures, known = [], train
    for start, stop in [(train + horizon, valid), (valid, n_rows)]:
        origins = slice(start - horizon, stop - horizon)
        if known < origins.start:
            forecaster.update(frame.iloc[known : origins.start])
            known = origins.start
        ahead = forecaster.predict(frame.iloc[origins])[:, horizon - 1]
        actual = values[start:stop]
        persisted = values[origins]
        figures.append(rmse(actual, ahead * largest) / rmse(actual, persisted))
    return tuple(figures)


def household(data, line, seed):
    """Compute the RMSE of weekly forecasts of the power of a household, after one fit.

    There are 159 training weeks and 46 test weeks. For validation, the last 46 of the
    training weeks are held out.
    """
    frame = pd.read_csv(
        data / "household_power_consumption_days.csv",
        index_col="datetime",
        parse_dates=True,
    )
    train, test = frame.iloc[1:-328], frame.iloc[-328:-6]
    n_held = len(test)
    figures = []
    for rows, later in [(train[:-n_held], train[-n_held:]), (train, test)]:
        forecaster = make(line, seed).fit(rows)
        ahead, _ = forecasts_within(forecaster, later)
        actual = later["Global_active_power"].to_numpy().reshape(-1, 7)
        figures.append(rmse(actual, ahead[::7, :, 0]))
    return tuple(figures)


def smape(actual, forecast):
    """Return the symmetric mean absolute percentage error, in percent, as in M4."""
    error = np.abs(actual - forecast) / (np.abs(actual) + np.abs(forecast))
    return 200 * error.mean(axis=-1)


def m4_weekly(data, line, seed):
    """Compute the OWA of one model of all series.

    Weekly series have no season in M4 (m=1).
    """
    folder = data / "m4_weekly"
    read = partial(pd.read_csv, index_col=0)
    train = [
        row.dropna().to_numpy()
        for _, row in read(folder / "Weekly-train.csv.gz").iterrows()
    ]
    test = read(folder / "Weekly-test.csv").to_numpy()
    horizon = test.shape[1]
    inside = [row[:-horizon] for row in train]
    figures = []
    for known, actual in [(inside, [row[-horizon:] for row in train]), (train, test)]:
        ahead = np.array(make(line, seed).fit(known).forecast(), dtype=float)
        naive = np.repeat([[row[-1]] for row in known], horizon, axis=1)
        scale = [np.abs(np.diff(row)).mean() for row in known]
        actual = np.array(actual)
        ratios = [
            np.mean(smape(actual, ahead)) / np.mean(smape(actual, naive)),
            np.mean(np.abs(actual - ahead).mean(axis=1) / scale)
            / np.mean(np.abs(actual - naive).mean(axis=1) / scale),
        ]
        figures.append(float(np.mean(ratios)))
    return tuple(figures)


def grids(data, line, seed, n_years=8):
    """Compute the RMSE in K of temperatures one year ahead.

    There are 192 training years and 48 test years.
    """
    years = np.load(data / "A1B_north_america.npz")["x"]
    level, scale = years[:192].mean(), years[:192].std()
    scaled = (years - level) / scale
    X = sliding_window_view(scaled[:-1], n_years, axis=0).transpose(0, 3, 1, 2)
    X, y = X[..., np.newaxis], scaled[n_years:]
    figures = []
    for start, stop in [(144, 192), (192, 240)]:
        fitted = make(line, seed).fit(X[: start - n_years], y[: start - n_years])
        ahead = fitted.predict(X[start - n_years : stop - n_years])
        figures.append(rmse(years[start:stop], ahead * scale + level))
    return tuple(figures)


def pollution(data, line, seed):
    """Compute the RMSE of PM2.5 one hour ahead, divided by the RMSE of persistence.

    The test part is the last 20 % of the hours. The weather columns are past
    covariates. Hours without a measurement are masked in windows, and are neither
    targets nor origins.
    """
    frame = pd.read_csv(data / "pollution.csv.gz")
    frame.index = pd.to_datetime(frame[["year", "month", "day", "hour"]])
    wind = pd.get_dummies(frame["cbwd"]).astype(float)
    frame = frame[["pm2.5", "DEWP", "TEMP", "PRES", "Iws", "Is", "Ir"]].join(wind)
    values, n_train = frame["pm2.5"].to_numpy(), int(0.8 * len(frame))
    figures = []
    for start, stop in [(int(0.64 * len(frame)), n_train), (n_train, len(frame))]:
        forecaster = make(line, seed).fit(frame.iloc[:start])
        ahead, _ = forecasts_within(forecaster, frame.iloc[start:stop])
        actual, persisted = values[start:stop], values[start - 1 : stop - 1]
        known = np.isfinite(actual) & np.isfinite(persisted)
        error = rmse(actual[known], ahead[known, 0, 0])
        figures.append(error / rmse(actual[known], persisted[known]))
    return tuple(figures)


def airline(data, line, seed):
    """Compute the RMSE one month ahead over the last 48 months, after one fit."""
    from skcnnlstm.datasets import load_airline

    series = load_airline()
    figures = []
    for start, stop in [(48, 96), (96, 144)]:
        forecaster = make(line, seed).fit(series.iloc[:start])
        ahead, actual = forecasts_within(forecaster, series.iloc[start:stop])
        figures.append(rmse(actual, ahead))
    return tuple(figures)


# ------------------------------------------------------------------------------ table

LSTM_FCN = "LSTMFCNClassifier(lstm_units=128)"
MLSTM_FCN = "LSTMFCNClassifier(squeeze_excite=True, epochs=250)"
ETT = (
    "SeriesForecaster(CNNLSTMRegressor(n_subsequences=4, lstm_units=64, epochs=6, "
    "batch_size=256, dropout=0.3, instance_norm='standard', linear_skip=True), "
    "window_length=96, horizon={}, channels='independent')"
)
EXCHANGE = (
    "SeriesForecaster(CNNLSTMRegressor(filters=16, lstm_units=16, epochs=3, "
    "batch_size=256, learning_rate=1e-4, linear_skip=False), window_length=168, "
    "horizon={}, channels='independent')"
)
REMAINING_LIFE = (
    "make_pipeline(SlidingWindow(60, id_column='unit'), CNNLSTMRegressor("
    "n_subsequences=6, filters=32, lstm_units=32, epochs=6, batch_size=256, "
    "learning_rate=3e-3, dropout=0.2, missing='mask', early_stopping=False))"
)
UCR = "ArrowHead Beef CBF Coffee ECG200 GunPoint ItalyPowerDemand Plane".split()
# LSTM-FCN of Karim et al. (2018).
PUBLISHED_UCR = dict(zip(UCR, (0.897, 0.8, 0.996, 1, 0.87, 1, 0.962, 1), strict=True))

ROWS = {
    **{
        f"ucr-{name}": Row(
            f"{name}, accuracy",
            LSTM_FCN,
            partial(ucr, name),
            PUBLISHED_UCR[name],
            1,
            lower=False,
            beside="at least: the published LSTM-FCN",
        )
        for name in UCR
    },
    "vowels": Row(
        "JapaneseVowels, accuracy",
        MLSTM_FCN,
        partial(multivariate, "JapaneseVowels_eq"),
        0.985,
        1,
        lower=False,
        beside="LSTM-FCN .99, MLSTM-FCN 1.00, FCN .993",
    ),
    "motions": Row(
        "BasicMotions, accuracy",
        MLSTM_FCN,
        partial(multivariate, "BasicMotions"),
        0.95,
        1,
        lower=False,
    ),
    **{
        f"ett-{h}": Row(
            f"ETTh1, {h} hours, MSE", ETT.format(h), ett, least, reach, beside=beside
        )
        for h, least, reach, beside in (
            (24, 0.30, 0.285, "Informer .577, LSTNet 1.293, seasonal naive .424"),
            (48, 0.345, 0.32, "Informer .685, LSTNet 1.456, seasonal naive .465"),
            (96, 0.375, 0.36, "DLinear .375, Autoformer .449"),
        )
    },
    **{
        f"exchange-{h}": Row(
            f"exchange rates, {h} days, RSE / persistence",
            EXCHANGE.format(h),
            partial(exchange, h),
            1.02,
            1,
            beside=f"LSTNet-skip {skip:.3f}, TPA-LSTM {tpa:.3f}",
        )
        for h, skip, tpa in (
            (3, 0.0226 / 0.0171, 0.0174 / 0.0171),
            (6, 0.0280 / 0.0238, 0.0241 / 0.0238),
            (12, 0.0356 / 0.0329, 0.0341 / 0.0329),
            (24, 0.0449 / 0.0434, 0.0444 / 0.0434),
        )
    },
    "household": Row(
        "household power, weeks, RMSE",
        "SeriesForecaster(CNNLSTMRegressor(n_subsequences=2, filters=16, "
        "lstm_units=32, epochs=10, dropout=0.3, instance_norm=None, "
        "linear_skip=False), "
        "window_length=14, horizon=7, target_columns='Global_active_power')",
        household,
        372,
        355,
        beside="CNN-LSTM 372.1, ConvLSTM 367.9, week of a year ago 465.3",
    ),
    "m4": Row(
        "M4 weekly, OWA",
        "SeriesForecaster(CNNLSTMRegressor(n_subsequences=4, lstm_units=64, epochs=8, "
        "batch_size=512, loss='mae', instance_norm='standard', linear_skip=True), "
        "window_length=52, horizon=13, transformer='log')",
        m4_weekly,
        0.739,
        0.67,
        beside="best .739, ES-RNN .851, Theta .971",
    ),
    "grids": Row(
        "temperature grids, RMSE in K",
        "ConvLSTMGridRegressor(instance_norm='standard', epochs=8, batch_size=8)",
        grids,
        0.833,
        0.72,
        beside="persistence .833, mean of ten years .731",
    ),
    "pollution": Row(
        "PM2.5, one hour, RMSE / persistence",
        "SeriesForecaster(CNNLSTMRegressor(missing='mask', epochs=6, batch_size=256, "
        "dropout=0.2), window_length=24, target_columns='pm2.5')",
        pollution,
        0.97,
        0.90,
    ),
    "oil": Row(
        "ETTh1 OT alone, 24 hours, MSE / Ridge",
        "SeriesForecaster(CNNLSTMRegressor(n_subsequences=4, lstm_units=64, epochs=6, "
        "batch_size=256, dropout=0.3, linear_skip=True), window_length=96, "
        "horizon=24)",
        ett_oil,
        1.0,
        0.93,
    ),
    "cmapss": Row(
        "C-MAPSS FD001, last cycle, RMSE in cycles",
        REMAINING_LIFE,
        remaining_life,
        14.5,
        13,
        beside="LSTM 14.93, CNN 16.97",
    ),
    "cmapss-intervals": Row(
        "C-MAPSS FD001, 90 % intervals, |coverage - .9|",
        REMAINING_LIFE,
        life_intervals,
        0.03,
        0.01,
    ),
    "airline": Row(
        "airline, one month, RMSE",
        "SeriesForecaster(CNNLSTMRegressor(n_subsequences=2, epochs=100, dropout=0.3, "
        "instance_norm='seasonal', season_length=12, linear_skip=True), "
        "window_length=24, transformer='log')",
        airline,
        25,
        15,
        beside="seasonal naive 41.85",
    ),
}


def run(arguments):
    """Run the rows that are not in the output file, and print the growing table."""
    path = Path(arguments.output)
    kept = json.loads(path.read_text()) if path.exists() else {}
    for name in arguments.rows:
        row = ROWS[name]
        # Discard the scores of another line of code.
        if kept.get(name, {}).get("line") != row.line:
            kept[name] = {"line": row.line, "seeds": {}}
        seeds = kept[name]["seeds"]
        for seed in range(arguments.seeds):
            if str(seed) in seeds:
                continue
            start = time.perf_counter()
            validation, test = row.measure(Path(arguments.data), row.line, seed)
            seeds[str(seed)] = [validation, test, time.perf_counter() - start]
            partly = path.with_suffix(".partly")
            partly.write_text(json.dumps(kept, indent=1))
            partly.replace(path)
        show(name, row, seeds)
    archive = [kept[f"ucr-{n}"]["seeds"] for n in UCR if f"ucr-{n}" in kept]
    if len(archive) == len(UCR) and all(archive):
        inside, test = (
            statistics.fmean(values)
            for values in zip(*map(medians, archive), strict=True)
        )
        print(
            f"UCR, mean accuracy of {len(UCR)} sets: {test:.4f} (.941, .955), "
            f"{inside:.4f} on validation"
        )


def medians(seeds):
    """Return the medians over seeds of the validation and the test scores.

    Validation scores that are None are left out.
    """
    inside, test, _ = zip(*seeds.values(), strict=True)
    known = [value for value in inside if value is not None]
    return statistics.median(known), statistics.median(test)


def show(name, row, seeds):
    """Print one row of the table, and the line of code behind it."""
    validation, test = medians(seeds)
    seconds = statistics.median(seconds for *_, seconds in seeds.values())
    print(
        f"{name:20s} {row.work:44s} {row.at_least:8g} {row.reach_for:8g} "
        f"{validation:10.4f} {test:10.4f} {seconds:7.0f} s  {row.verdict(test)}\n"
        f"{'':20s} {row.line}" + (f"\n{'':20s} {row.beside}" if row.beside else ""),
        flush=True,
    )


def parse(words):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="folder of the data")
    parser.add_argument(
        "--rows",
        type=lambda text: text.split(","),
        default=list(ROWS),
        help=f"rows to run, separated by commas (default: all): {', '.join(ROWS)}",
    )
    parser.add_argument(
        "--seeds", type=int, default=5, help="seeds per row (default: %(default)s)"
    )
    parser.add_argument(
        "--output", default="accuracy.json", help="file (default: %(default)s)"
    )
    arguments = parser.parse_args(words)
    unknown = set(arguments.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such rows: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    print(
        f"{'row':20s} {'work':44s} {'at least':>8s} {'reach':>8s} "
        f"{'validation':>10s} {'test':>10s}"
    )
    run(parse(sys.argv[1:]))
