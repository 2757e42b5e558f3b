"""Measure speed and memory, compared with scikeras, `Model.fit` and PyTorch.

Each letter of `--rows` is one function below. This package and the alternative run
alternately in several rounds. The value is the median of the ratios. First fits,
imports and memory are measured in new processes.

    python benchmarks/bench_speed.py                      # all rows, about an hour
    python benchmarks/bench_speed.py --rows c,e --quick   # a quick look
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import warnings
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path

import numpy as np
from _measuring import (
    Figure,
    Settings,
    child,
    epoch_timer,
    in_turn,
    machine,
    matrix_product_rate,
    peak_gb,
    per_call,
    product_seconds,
    resident_mb,
    run_json,
    show,
    show_header,
    steady_epoch,
    timed,
    training_share,
)

SEED = 0
LENGTH, N_SUBSEQUENCES = 24, 4  # windows of 24 steps, as 4 pieces of 6
NAMES = ("CNN", "LSTM", "CNNLSTM", "ConvLSTM", "ParallelCNNLSTM")


# ---------------------------------------------------------------- data and estimators


def windows(n, length=LENGTH, n_features=1):
    """Make `n` float32 windows of noisy waves, and the value after each window."""
    from skcnnlstm import make_windows

    rng = np.random.default_rng(SEED)
    steps = np.arange(n + length)
    series = np.sin(steps / 7) + 0.1 * rng.standard_normal(len(steps))
    if n_features > 1:
        noise = rng.standard_normal((len(steps), n_features - 1))
        series = np.column_stack([series, np.cos(steps / 7)[:, None] + 0.1 * noise])
        return make_windows(series.astype("float32"), length, target=0)
    return make_windows(series.astype("float32"), length)


def grids(n, length=4, side=8):
    """Make `n` float32 windows of small noisy grids, and the grid after each window."""
    rng = np.random.default_rng(SEED)
    series = rng.standard_normal((n + length, side, side, 1)).astype("float32")
    windows = np.stack([series[i : i + length] for i in range(n)])
    return windows, series[length:]


def tutorial_network(filters=64, lstm_units=50):
    """Build the network of the Keras tutorials: TimeDistributed convolutions, LSTM."""
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((N_SUBSEQUENCES, LENGTH // N_SUBSEQUENCES, 1)),
            layers.TimeDistributed(
                layers.Conv1D(filters, 3, padding="same", activation="relu")
            ),
            layers.TimeDistributed(layers.MaxPooling1D(2)),
            layers.TimeDistributed(layers.Flatten()),
            layers.LSTM(lstm_units, activation="relu"),
            layers.Dense(1),
        ]
    )


def tutorial_windows(X):
    """Split windows into subsequences as the Keras tutorials do."""
    return X.reshape(len(X), N_SUBSEQUENCES, -1, 1)


def with_scikeras(epochs, **params):
    from scikeras.wrappers import KerasRegressor

    # With random_state, scikeras 0.13 enables TensorFlow's determinism permanently.
    return KerasRegressor(
        tutorial_network,
        loss="mse",
        optimizer="adam",
        epochs=epochs,
        batch_size=32,
        verbose=0,
        **params,
    )


def with_ours(epochs, name="CNNLSTM", **params):
    if name == "CNNLSTM":  # the same layers and parameters as in the tutorials
        same = {"n_subsequences": N_SUBSEQUENCES, "lstm_activation": "relu"}
        params = same | params
    return with_defaults(epochs, name, **params)


def with_defaults(epochs, name, **params):
    """Make a regressor with default parameters, but a fixed number of epochs."""
    import skcnnlstm

    cls = getattr(skcnnlstm, f"{name}Regressor")
    params = {"epochs": epochs, "batch_size": 32, "random_state": SEED} | params
    return cls(**params)


# ------------------------------------------------------------------------------ rows


@cache
def _search(rounds, quick, n_jobs):
    """Time a grid search with scikeras and with this package.

    Returns the ratio of the times for the first search, the ratio for the same search
    again, and the measurements.
    """
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

    from skcnnlstm.training import clear_programs

    X, y = windows(300 if quick else 600)
    epochs, cv = (4, TimeSeriesSplit(2)) if quick else (20, TimeSeriesSplit(5))
    filters, units = ([16, 32], [50]) if quick else ([32, 64], [25, 50])

    def theirs():
        grid = {"model__filters": filters, "model__lstm_units": units}
        search = GridSearchCV(with_scikeras(epochs), grid, cv=cv, n_jobs=n_jobs)
        return timed(lambda: search.fit(tutorial_windows(X), y))

    def ours():
        grid = {"filters": filters, "lstm_units": units}
        search = GridSearchCV(with_ours(epochs), grid, cv=cv, n_jobs=n_jobs)
        return timed(lambda: search.fit(X, y))

    known = []

    def new_then_known():
        clear_programs()
        first = ours()
        known.append(ours())
        return first

    if n_jobs is None:
        ratio, details = in_turn(rounds, theirs, new_then_known)
        pairs = zip(details["alternative"], known, strict=True)
        again = statistics.median(their / own for their, own in pairs)
        return ratio, again, details | {"ours, again": known}

    def warm_ours():
        known.append(ours())  # not timed, because it may start workers: see the README
        return ours()

    theirs()
    ratio, details = in_turn(rounds, theirs, warm_ours)
    return ratio, ratio, details | {"ours, the search before": known}


def row_a(settings):
    """Search a grid: 4 candidates, 5 folds, 600 windows, 20 epochs, batch 32."""
    ratio, _, details = _search(settings.rounds, settings.quick, None)
    return [
        Figure(
            "grid search, scikeras / ours", ratio, "x", 18, 25, False, details, "15 x"
        )
    ]


def row_b(settings):
    """Search the same grid a second time in the process."""
    _, again, details = _search(settings.rounds, settings.quick, None)
    return [Figure("the same search again", again, "x", 32, 45, False, details, "30 x")]


def row_c(settings):
    """Train a steady epoch on 4,000 windows."""
    X, y = windows(settings.pick(4000, 1000))
    theirs, ours = with_scikeras(4), with_ours(4)
    ratio, details = in_turn(
        settings.rounds,
        lambda: steady_epoch(theirs, tutorial_windows(X), y),
        lambda: steady_epoch(ours, X, y),
    )
    return [Figure("steady epoch, 4,000 windows", ratio, "x", 4.5, 7, False, details)]


def child_first_fit(name, length, network_file):
    """Time a first fit of one epoch, of this package or of Keras.

    `network_file` is the JSON file of the network that Keras fits, or "-" for this
    package.
    """
    import keras

    estimator = with_defaults(1, name)
    X, y = windows(4000, int(length))

    def by_keras():
        model = keras.models.model_from_json(Path(network_file).read_text())
        model.compile("adam", "mse")
        model.fit(X, y, batch_size=32, epochs=1, verbose=0)

    by_us = partial(estimator.fit, X, y)
    return timed(by_us if network_file == "-" else by_keras)


def row_d(settings):
    """Time the first fit in a new process: build, trace, epoch of 4,000 windows."""
    figures = []
    for name, length in [("CNNLSTM", 24), ("LSTM", 24), ("ParallelCNNLSTM", 96)]:
        X, y = windows(100, length)
        network = with_defaults(1, name).initialize(X, y).model_
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "network.json")
            file.write_text(network.to_json())
            ratio, details = in_turn(
                settings.rounds,
                partial(child, "first_fit", name, length, file),
                partial(child, "first_fit", name, length, "-"),
            )
        work = f"first fit, {name}, {length} x 1: Model.fit / ours"
        figures.append(Figure(work, ratio, "x", 4, 6, False, details, "1.5-3.2 x"))
    return figures


def row_e(settings):
    """Predict one window, and 1,000 windows in one call."""
    X, y = windows(1000)
    theirs = with_scikeras(1).fit(tutorial_windows(X), y)
    ours = with_ours(1).fit(X, y)
    figures = []
    for n, work, at_least, reach_for, calls, before in [
        (1, "one-window predict", 100, 150, 300, "76 x"),
        (1000, "1,000-window predict", 1, None, 30, ""),
    ]:
        rows = np.ascontiguousarray(X[:n])
        cut = tutorial_windows(rows)
        ratio, details = in_turn(
            settings.rounds,
            lambda cut=cut: per_call(lambda: theirs.predict(cut), settings.pick(30, 5)),
            lambda rows=rows, calls=calls: per_call(lambda: ours.predict(rows), calls),
        )
        work = f"{work}, scikeras / ours"
        figures.append(
            Figure(work, ratio, "x", at_least, reach_for, False, details, before)
        )
    return figures


def arithmetic_share(settings, estimator, X, y):
    """Return the arithmetic share of a steady epoch, and the measurements.

    The arithmetic share is the time that the matrix products of the epoch need at the
    rate of a large product, divided by the time of the epoch.
    """
    shares, details = [], {"GFLOP/s": [], "epoch": []}
    for _ in range(settings.rounds):
        rate = matrix_product_rate()
        seconds = steady_epoch(estimator, X, y)
        shares.append(training_share(estimator.model_, len(X), seconds, rate))
        details["GFLOP/s"].append(round(rate / 1e9, 1))
        details["epoch"].append(round(seconds, 4))
    return statistics.median(shares), details


def row_f(settings):
    """Compute the arithmetic share of an epoch for two sizes of CNN-LSTM."""
    X, y = windows(settings.pick(4000, 1000))
    figures = []
    for filters, units in [(64, 50), (128, 256)]:
        estimator = with_ours(4, filters=filters, lstm_units=units)
        share, details = arithmetic_share(settings, estimator, X, y)
        work = f"arithmetic share, {filters} filters, LSTM {units}"
        figures.append(Figure(work, share, "", 0.25, 0.45, False, details))
    return figures


def row_g(settings):
    """Search the grid with two loky workers that have been started before."""
    ratio, _, details = _search(settings.rounds, settings.quick, 2)
    work = "grid search, n_jobs=2 (loky), warm workers"
    return [Figure(work, ratio, "x", 10, 15, False, details)]


def row_h(settings):
    """Compare fits in two threads with fits one after the other."""
    from joblib import parallel_backend
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

    X, y = windows(600)
    grid = {"filters": [8, 16], "lstm_units": [8, 16]}

    def search(n_jobs):
        with parallel_backend("threading"):
            search = GridSearchCV(
                with_ours(settings.pick(20, 5)),
                grid,
                cv=TimeSeriesSplit(5),
                n_jobs=n_jobs,
            )
            return timed(lambda: search.fit(X, y))

    search(2)  # traces two programs for each shape
    ratio, details = in_turn(settings.rounds, lambda: search(1), lambda: search(2))
    work = "ours, n_jobs=1 / n_jobs=2 (threading), small networks"
    return [Figure(work, ratio, "x", 1.3, 1.8, False, details)]


def child_peak(n_rows, n_columns):
    from skcnnlstm import LSTMRegressor, make_windows

    rng = np.random.default_rng(SEED)
    series = rng.standard_normal((int(n_rows), int(n_columns)), dtype="float32")
    X, y = make_windows(series, 168, target=0)
    estimator = LSTMRegressor(epochs=1, batch_size=128, random_state=SEED)
    seconds = timed(lambda: estimator.fit(X, y))
    peak = peak_gb()
    copies = len(X) * X[0].nbytes / 2**30
    return {"peak": peak, "as copies": copies, "seconds": seconds}


def row_i(settings):
    """Compute the peak memory of an epoch on windows that take 5.7 GB as copies."""
    measured = child("peak", *settings.pick((26_304, 321), (3_000, 321)))
    work = "peak memory, LSTM on 168 x 321 windows"
    return [Figure(work, measured["peak"], "GB", 1.5, 1.0, True, measured)]


def child_growth(n_fits):
    X, y = windows(100)
    n_fits, resident = int(n_fits), []
    for i in range(n_fits):
        with_ours(1, filters=8, lstm_units=8, learning_rate=0.001 * (i + 1)).fit(X, y)
        resident.append(resident_mb())
    return {"resident": resident}


def child_shapes(n_shapes):
    X, y = windows(100)
    resident = []
    for i in range(int(n_shapes)):
        with_ours(1, filters=4 + i, lstm_units=8).fit(X, y).predict(X[:1])
        resident.append(resident_mb())
    return {"resident": resident}


def row_j(settings):
    """Measure the growth of resident memory over fits of one and of many shapes."""
    from skcnnlstm.training.cache import MAX_IDLE, MAX_PREDICTIONS

    n_fits, n_shapes = settings.pick((300, 110), (30, 30))
    same = child("growth", n_fits)["resident"]
    many = child("shapes", n_shapes)["resident"]
    # Both caches are full from here on (in a quick run they never are).
    bound = min(max(MAX_IDLE, MAX_PREDICTIONS) + 1, n_shapes - 5)
    all_shapes = {"MB after each shape": [round(v, 1) for v in many]}
    return [
        Figure(
            f"resident memory after fit {n_fits} less after fit 20",
            same[-1] - same[19],
            "MB",
            20,
            lower=True,
            details={"MB after each fit": [round(v, 1) for v in same]},
            before="0 MB",
        ),
        Figure(
            f"resident memory after {bound} shapes less after 1",
            many[bound - 1] - many[0],
            "MB",
            130,
            lower=True,
            details=all_shapes,
            before="235 MB",
        ),
        Figure(
            f"growth a fit of a new shape, past {bound} shapes",
            (many[-1] - many[bound - 1]) / (n_shapes - bound),
            "MB",
            2,
            lower=True,
            details=all_shapes,
        ),
    ]


def epoch_against_keras(settings, estimator, X, y):
    """Compare our epoch with an epoch of `Model.fit`: same network, same batch size.

    Returns the ratio, the measurements, and the arithmetic share of our epoch.
    """
    estimator.initialize(X, y)
    shares = []

    def by_keras():
        model, timer = estimator.model_, epoch_timer()
        model.compile("adam", "mse")
        model.fit(
            X,
            y.reshape(len(y), -1),
            batch_size=estimator.batch_size,
            epochs=4,
            verbose=0,
            callbacks=[timer],
        )
        return statistics.median(timer.seconds[1:])

    def by_us():
        rate = matrix_product_rate()
        seconds = steady_epoch(estimator, X, y)
        shares.append(training_share(estimator.model_, len(X), seconds, rate))
        return seconds

    ratio, details = in_turn(settings.rounds, by_keras, by_us)
    return ratio, details, statistics.median(shares)


def row_k(settings):
    """Compare an epoch of every architecture with `Model.fit` on the same network."""
    from skcnnlstm import all_estimators

    n = settings.pick(2000, 500)
    figures = []
    for length, n_features in [(24, 1), (96, 7)]:
        for cls_name, cls in all_estimators("regressor"):
            if not hasattr(cls, "initialize"):
                continue  # made of other estimators
            name = cls_name.removesuffix("Regressor")
            shape = f"{length} x {n_features}"
            X, y = windows(n, length, n_features)
            if name == "ConvLSTMGrid":
                if n_features > 1:
                    continue
                shape, (X, y) = "grids", grids(n // 10)
            ours = with_defaults(4, name)
            ratio, details, share = epoch_against_keras(settings, ours, X, y)
            work = f"{name}, {shape}: Model.fit / ours, an epoch"
            before = "1.2-8.6 x"
            figures.append(
                Figure(work, ratio, "x", 3, 5, False, details, before, share)
            )
    return figures


def row_o(settings):
    """Compare an epoch of an LSTM over many steps with `Model.fit`."""
    figures = []
    for length, units, batch_size, at_least, reach_for, before in [
        (96, 50, 32, 3.5, 5, "1.6 x"),
        (150, 64, 16, 3, 4, "1.1-1.6 x"),
        (470, 64, 16, 3, 4, "1.1-1.6 x"),
    ]:
        X, y = windows(settings.pick(2000, 320), length)
        ours = with_defaults(4, "LSTM", lstm_units=units, batch_size=batch_size)
        ratio, details, share = epoch_against_keras(settings, ours, X, y)
        work = f"LSTM {units}, {length} x 1, batch {batch_size}: Model.fit / ours"
        figure = Figure(work, ratio, "x", at_least, reach_for, False, details, before)
        figure.details["share of the matrix-product rate"] = share
        figures.append(figure)
    return figures


TORCH_SHAPE = 8521, 96, 24, 50, 32  # windows, steps, steps ahead, units, batch size


def child_lstm_epoch(*shape):
    n_windows, n_steps, horizon, units, batch_size = map(int, shape)
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((n_windows, n_steps)).astype("float32")
    y = rng.standard_normal((n_windows, horizon)).astype("float32")
    ours = with_defaults(4, "LSTM", lstm_units=units, batch_size=batch_size)
    return steady_epoch(ours, X, y)


def row_s(settings):
    """Compare an epoch of an LSTM with one of PyTorch, each in a separate process."""
    if settings.torch is None:
        print("s  skipped: name an interpreter that has PyTorch with --torch PYTHON")
        return []
    n_windows, *shape = TORCH_SHAPE
    shape = settings.pick(n_windows, 1000), *shape
    script = Path(__file__).with_name("torch_epoch.py")
    ratio, details = in_turn(
        settings.rounds,
        lambda: run_json([settings.torch, script, *shape])["seconds"],
        lambda: child("lstm_epoch", *shape),
    )
    work = "LSTM 50, 96 x 1, 24 ahead, batch 32: PyTorch / ours"
    return [Figure(work, ratio, "x", 1, 1.5, False, details, "slower")]


def row_p(settings):
    """Time a one-step forecast after the update with each new row."""
    import pandas as pd

    from skcnnlstm import SeriesForecaster

    n_new, rng = settings.pick(300, 50), np.random.default_rng(SEED)
    values = np.sin(np.arange(2000 + n_new) / 7)
    values += 0.1 * rng.standard_normal(len(values))
    hours = pd.date_range("2020-01-01", periods=len(values), freq="h")
    figures = []
    for kind, series in [
        ("array", values),
        ("dated Series", pd.Series(values, index=hours)),
    ]:
        network = with_defaults(1, "CNNLSTM")
        forecaster = SeriesForecaster(network, window_length=LENGTH, horizon=1)
        forecaster.fit(series[:2000]).forecast()
        seconds = {"forecast": [], "update": []}
        for i in range(2000, 2000 + n_new):
            row = series[i : i + 1]
            seconds["update"].append(timed(partial(forecaster.update, row)))
            seconds["forecast"].append(timed(forecaster.forecast))
        ms = {name: 1e3 * statistics.median(s) for name, s in seconds.items()}
        work = f"one-step forecast after update of one row, {kind}"
        figures.append(Figure(work, ms["forecast"], "ms", 2, 1, True, ms))
    return figures


def child_step(n_windows):
    """Return the seconds of a training step and of a large matrix product."""
    import skcnnlstm

    X, y = windows(int(n_windows))
    ours = with_ours(4, filters=64, lstm_units=50)
    same = {"linear_skip": False, "instance_norm": None}
    known = skcnnlstm.CNNLSTMRegressor().get_params()  # fewer in another checkout
    ours.set_params(**{name: same[name] for name in same if name in known})
    product = product_seconds()
    step = steady_epoch(ours, X, y) / -(-len(X) // 32)
    return {"step": step, "product": min(product, product_seconds())}


def row_q(settings):
    """Time a training step, in units of one product of 2048 x 2048 matrices."""

    def units(checkout):
        seconds = child("step", settings.pick(4000, 1000), checkout=checkout)
        return seconds["step"] / seconds["product"]

    work = "training step, 64 filters, LSTM 50, in products"
    if settings.other is None:
        steps = [units(None) for _ in range(settings.rounds)]
        return [Figure(work, statistics.median(steps), "", details={"ours": steps})]
    ratio, details = in_turn(
        settings.rounds, lambda: units(settings.other), lambda: units(None)
    )
    theirs = f"{statistics.median(details['alternative']):.4f}"
    return [
        Figure(work, statistics.median(details["ours"]), "", before=theirs),
        Figure(f"{work}: ours / other", 1 / ratio, "", 0.7, 0.55, True, details),
    ]


def row_r(settings):
    """Compute the arithmetic share of an epoch of DeepConvLSTM and of CLDNN."""
    X, y = windows(settings.pick(2900, 320), 72, 3)
    figures = []
    for name in ("DeepConvLSTM", "CLDNN"):
        share, details = arithmetic_share(settings, with_defaults(4, name), X, y)
        work = f"arithmetic share, {name}, 72 x 3"
        figures.append(Figure(work, share, "", 0.40, 0.60, False, details))
    return figures


IMPORTS = {
    "package": "import skcnnlstm",
    "estimator": "from skcnnlstm import CNNLSTMRegressor",
    "both": "import tensorflow, scikeras.wrappers",
}


def import_seconds(statement):
    code = (
        "import time; start = time.perf_counter(); "
        f"{statement}; print(time.perf_counter() - start)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def row_l(settings):
    """Time the import of the bare package, and the import of an estimator."""
    bare = [import_seconds(IMPORTS["package"]) for _ in range(settings.rounds)]
    ratio, details = in_turn(
        settings.rounds,
        lambda: import_seconds(IMPORTS["estimator"]),
        lambda: import_seconds(IMPORTS["both"]),
    )
    seconds = {"estimator": details["alternative"], "dependencies": details["ours"]}
    return [
        Figure("import skcnnlstm", statistics.median(bare), "s", 0.2, lower=True),
        Figure(
            "import of an estimator, over tensorflow and scikeras",
            100 * (ratio - 1),
            "%",
            10,
            lower=True,
            details=seconds,
        ),
    ]


def row_m(settings):
    """Time fits and searches with 1, 4 and 16 times the rows, epochs or candidates."""
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

    def fit(n, epochs):
        X, y = windows(n)
        with_ours(epochs).fit(X, y)

    def search(n):
        X, y = windows(300)
        rates = {"learning_rate": list(np.linspace(0.001, 0.01, n))}
        GridSearchCV(with_ours(4), rates, cv=TimeSeriesSplit(2), refit=False).fit(X, y)

    work = {
        "rows": lambda times: fit(500 * times, 4),
        "epochs": lambda times: fit(500, 4 * times),
        "candidates": lambda times: search(2 * times),
    }
    fit(500, 1)
    figures = []
    for name, run in work.items():
        seconds = {
            times: statistics.median(
                timed(partial(run, times)) for _ in range(settings.rounds)
            )
            for times in (1, 4, 16)
        }
        details = {f"{times}x": value for times, value in seconds.items()}
        figures.append(
            Figure(f"16x the {name}: cost", seconds[16] / seconds[1], details=details)
        )
    return figures


def row_n(settings):
    """Compare fit, epoch and predict of five architectures with a scikeras CNN-LSTM."""
    n = settings.pick(600, 200)
    X, y = windows(n)
    one = np.ascontiguousarray(X[:1])
    theirs, cut = with_scikeras(5), tutorial_windows(X)
    figures = []
    for name in NAMES:
        ours = with_ours(5, name).fit(X, y)
        measures = {
            "fit of 5 epochs": (
                lambda: timed(lambda: with_scikeras(5).fit(cut, y)),
                lambda name=name: timed(lambda: with_ours(5, name).fit(X, y)),
            ),
            "epoch": (
                lambda: steady_epoch(with_scikeras(5), cut, y),
                lambda name=name: steady_epoch(with_ours(5, name), X, y),
            ),
            "one-window predict": (
                lambda: per_call(lambda: theirs.predict(tutorial_windows(one)), 5),
                lambda ours=ours: per_call(lambda: ours.predict(one), 100),
            ),
        }
        theirs.fit(cut, y)
        for work, (alternative, own) in measures.items():
            ratio, details = in_turn(settings.rounds, alternative, own)
            label = f"{name}: {work}, scikeras' CNN-LSTM / ours"
            figures.append(Figure(label, ratio, details=details))
    return figures


ROWS = {
    name[-1]: rows for name, rows in sorted(globals().items()) if name[:4] == "row_"
}
CHILDREN = {
    name.removeprefix("child_"): measure
    for name, measure in globals().items()
    if name.startswith("child_")
}


# --------------------------------------------------------------------------- the run


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Rows: " + "; ".join(f"{k}: {f.__doc__}" for k, f in ROWS.items()),
    )
    parser.add_argument("--rows", default=",".join(ROWS), help="for example a,c,e")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per measurement")
    parser.add_argument("--output", default="results.json", help="a JSON file")
    parser.add_argument("--quick", action="store_true", help="use less data")
    parser.add_argument("--other", help="folder of another checkout, for row q")
    parser.add_argument("--torch", help="interpreter that has PyTorch, for row s")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")  # of scikeras, in workers
    warnings.simplefilter("ignore")
    if options.child:
        name, *words = options.child
        print(json.dumps(CHILDREN[name](*words)))
        return
    rows = options.rows.split(",")
    unknown = sorted(set(rows) - ROWS.keys())
    if unknown:
        parser.error(f"unknown rows {unknown}: use some of {','.join(ROWS)}")

    settings = Settings(options.rounds, options.quick, options.other, options.torch)
    report = {
        "machine": machine(),
        "seed": SEED,
        "settings": asdict(settings),
        "figures": [],
    }
    show_header()
    for letter in rows:
        load = os.getloadavg()[0]
        for figure in ROWS[letter](settings):
            show(letter, figure)
            line = {"row": letter, **asdict(figure), "verdict": figure.verdict}
            report["figures"].append(line | {"load before": load})
        Path(options.output).write_text(json.dumps(report, indent=1) + "\n")
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
