"""Measure speed and memory, compared with scikeras and `Model.fit`.

Each row of the table is one function below. This package and the alternative run
alternately in rounds; the value is the median of the ratios. The first fit, imports and
memory are measured in new processes.

    python benchmarks/bench_speed.py                      # all rows, about half an hour
    python benchmarks/bench_speed.py --rows c,e --quick   # a look
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import warnings
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

SEED = 0
LENGTH, N_SUBSEQUENCES = 24, 4  # windows of 24 steps, as 4 pieces of 6
NAMES = ("CNN", "LSTM", "CNNLSTM", "ConvLSTM", "ParallelCNNLSTM")


@dataclass
class Settings:
    """Settings: how long to measure."""

    rounds: int = 3
    quick: bool = False

    def pick(self, whole, quick):
        """Return one of two sizes."""
        return quick if self.quick else whole


@dataclass
class Figure:
    """One row of the table: the requirement and the measured value.

    `at_least` and `reach_for` are None where a line only informs. With `lower`, less
    is better.
    """

    work: str
    value: float
    unit: str = "x"
    at_least: float | None = None
    reach_for: float | None = None
    lower: bool = False
    details: dict = field(default_factory=dict)

    @property
    def verdict(self):
        """Return whether the value meets the requirement."""
        if self.at_least is None:
            return ""
        sign = -1 if self.lower else 1
        if self.reach_for is not None and sign * self.value >= sign * self.reach_for:
            return "reached"
        return "holds" if sign * self.value >= sign * self.at_least else "FALLS SHORT"


# ------------------------------------------------------------------------- measuring


def timed(work):
    """Return the seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turn(rounds, alternative, ours):
    """Return the median ratio of two alternating measurements, and all of them."""
    pairs = []
    for i in range(rounds):
        # The other one first in every second round.
        order = (alternative, ours) if i % 2 == 0 else (ours, alternative)
        values = {measure: measure() for measure in order}
        pairs.append((values[alternative], values[ours]))
    ratio = statistics.median(theirs / own for theirs, own in pairs)
    return ratio, {
        "alternative": [round(theirs, 6) for theirs, _ in pairs],
        "ours": [round(own, 6) for _, own in pairs],
    }


def child(*words):
    """Run a measure of `CHILDREN` in a new process and return what it prints."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{words} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def peak_gb():
    status = Path("/proc/self/status")
    if status.exists():  # what a parent used does not count here, as it does below
        kb = status.read_text().split("VmHWM:")[1].split()[0]
        return int(kb) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def resident_mb():
    import psutil

    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


# ---------------------------------------------------------------- data and estimators


def windows(n, length=LENGTH, n_features=1):
    """Make `n` windows of noisy waves, float32, and the value after each."""
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
    """Make `n` windows of small noisy grids, float32, and the grid after each."""
    rng = np.random.default_rng(SEED)
    series = rng.standard_normal((n + length, side, side, 1)).astype("float32")
    windows = np.stack([series[i : i + length] for i in range(n)])
    return windows, series[length:]


def tutorial_network(filters=64, lstm_units=50):
    """Build the network of the tutorials: TimeDistributed convolutions, LSTM."""
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
    """Cut windows as the tutorials do."""
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
    import skcnnlstm

    if name == "CNNLSTM":  # the tutorial's network, to the parameter
        same = {"n_subsequences": N_SUBSEQUENCES, "lstm_activation": "relu"}
        params = same | params
    cls = getattr(skcnnlstm, f"{name}Regressor")
    params = {"epochs": epochs, "batch_size": 32, "random_state": SEED} | params
    return cls(**params)


def epoch_timer():
    """Make a Keras callback that measures epochs, over all of its copies."""
    import keras

    class EpochTimer(keras.callbacks.Callback):
        """Keeps the seconds of each epoch."""

        seconds = []  # noqa: RUF012 - copies of the callback share the list

        def on_epoch_begin(self, epoch, logs=None):
            """Start the clock."""
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            """Stop the clock."""
            self.seconds.append(time.perf_counter() - self.start)

    return EpochTimer()


def steady_epoch(estimator, X, y, epochs=4):
    """Return the median seconds of an epoch after the first."""
    timer = epoch_timer()
    estimator.set_params(callbacks=[timer], epochs=epochs).fit(X, y)
    return statistics.median(timer.seconds[1:])


def per_call(work, calls):
    """Return the median seconds of one call."""
    work()
    return statistics.median(timed(work) for _ in range(calls))


# ------------------------------------------------------------------------------ rows


@cache
def _search(rounds, quick, n_jobs):
    """Time a grid search with scikeras and with this package, first and again."""
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
        known.append(ours())  # in workers that may be new: see the README
        return ours()

    theirs()
    ratio, details = in_turn(rounds, theirs, warm_ours)
    return ratio, ratio, details | {"ours, the search before": known}


def row_a(settings):
    """Search a grid: 4 candidates, 5 folds, 600 windows, 20 epochs, batch 32."""
    ratio, _, details = _search(settings.rounds, settings.quick, None)
    return [Figure("grid search, scikeras / ours", ratio, "x", 18, 25, False, details)]


def row_b(settings):
    """Search the same grid a second time in the process."""
    _, again, details = _search(settings.rounds, settings.quick, None)
    return [Figure("the same search again", again, "x", 32, 45, False, details)]


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


def child_first_fit(which):
    import tensorflow as tf  # noqa: F401

    X, y = windows(4000)
    timer = epoch_timer()
    if which == "ours":
        estimator = with_ours(1, callbacks=[timer])
        ended = timed(lambda: estimator.fit(X, y))
    else:
        estimator = with_scikeras(1, callbacks=[timer])
        cut = tutorial_windows(X)
        ended = timed(lambda: estimator.fit(cut, y))
    return {"seconds": ended, "epoch": timer.seconds[0]}


def row_d(settings):
    """Time the first fit in a new process, one epoch of 4,000 windows."""
    ratio, details = in_turn(
        settings.rounds,
        lambda: child("first_fit", "scikeras")["seconds"],
        lambda: child("first_fit", "ours")["seconds"],
    )
    work = "first fit of a shape, one epoch"
    return [Figure(work, ratio, "x", 2.5, 4, False, details)]


def row_e(settings):
    """Predict one window."""
    X, y = windows(200)
    theirs = with_scikeras(1).fit(tutorial_windows(X), y)
    ours = with_ours(1).fit(X, y)
    one = np.ascontiguousarray(X[:1])
    cut = tutorial_windows(one)
    ratio, details = in_turn(
        settings.rounds,
        lambda: per_call(lambda: theirs.predict(cut), settings.pick(30, 5)),
        lambda: per_call(lambda: ours.predict(one), 300),
    )
    return [Figure("one-window predict", ratio, "x", 100, 150, False, details)]


def matrix_product_rate():
    """Return the machine's float32 operations per second in a large product."""
    import tensorflow as tf

    a = tf.random.stateless_normal((2048, 2048), (1, 2))
    product = tf.function(lambda m: tf.matmul(m, m))
    product(a)
    return 2 * 2048**3 / min(timed(lambda: product(a).numpy()) for _ in range(7))


def operations(n, filters, units):
    """Count the operations of one epoch: forward, and twice that backward."""
    steps = LENGTH // N_SUBSEQUENCES
    convolution = 2 * LENGTH * filters * 3
    recurrent = 2 * N_SUBSEQUENCES * (filters * (steps // 2) + units) * 4 * units
    return 3 * n * (convolution + recurrent + 2 * units)


def row_f(settings):
    """Compute the share of an epoch that is arithmetic."""
    n = settings.pick(4000, 1000)
    X, y = windows(n)
    figures = []
    for filters, units in [(64, 50), (128, 256)]:
        shares, details = [], {"GFLOP/s": [], "epoch": []}
        for _ in range(settings.rounds):
            rate = matrix_product_rate()
            estimator = with_ours(4, filters=filters, lstm_units=units)
            seconds = steady_epoch(estimator, X, y)
            shares.append(operations(n, filters, units) / rate / seconds)
            details["GFLOP/s"].append(round(rate / 1e9, 1))
            details["epoch"].append(round(seconds, 4))
        work = f"arithmetic share, {filters} filters, LSTM {units}"
        share = statistics.median(shares)
        figures.append(Figure(work, share, "", 0.25, 0.45, False, details))
    return figures


def row_g(settings):
    """Search the grid with two loky workers, warm."""
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

    search(2)  # two programs a shape
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
    """Compute the peak memory of an epoch on windows that would fill 5.7 GB."""
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
    """Measure resident memory over fits of one shape and of many shapes."""
    from skcnnlstm.training.cache import MAX_IDLE, MAX_PREDICTIONS

    n_fits = settings.pick(120, 30)
    same = child("growth", n_fits)["resident"]
    many = child("shapes", settings.pick(60, 30))["resident"]
    # Both caches are full from here on (in a quick run they never are).
    bound = min(max(MAX_IDLE, MAX_PREDICTIONS) + 1, len(many) - 5)
    after = (many[-1] - many[bound - 1]) / (len(many) - bound)
    return [
        Figure(
            f"resident memory after fit {n_fits} less after fit 20",
            same[-1] - same[19],
            "MB",
            20,
            lower=True,
            details={"MB after each fit": [round(v, 1) for v in same]},
        ),
        Figure(
            f"growth a fit of a new shape, past {bound} shapes",
            after,
            "MB",
            2,
            lower=True,
            details={"MB after each shape": [round(v, 1) for v in many]},
        ),
    ]


def epoch_against_keras(settings, estimator, X, y):
    """Return the ratio of an epoch of `Model.fit` to ours, same network and batch."""
    estimator.initialize(X, y)

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

    return in_turn(settings.rounds, by_keras, lambda: steady_epoch(estimator, X, y))


def row_k(settings):
    """Compare an epoch of every architecture with `Model.fit` of its network."""
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
            ratio, details = epoch_against_keras(settings, with_ours(4, name), X, y)
            work = f"{name}, {shape}: Model.fit / ours, an epoch"
            figures.append(Figure(work, ratio, "x", 3, 5, False, details))
    return figures


def row_o(settings):
    """Compare an epoch of an LSTM over many steps with `Model.fit`."""
    figures = []
    for length, units, batch_size, at_least, reach_for in [
        (96, 50, 32, 3.5, 5),
        (150, 64, 16, 3, 4),
        (470, 64, 16, 3, 4),
    ]:
        X, y = windows(settings.pick(2000, 320), length)
        ours = with_ours(4, "LSTM", lstm_units=units, batch_size=batch_size)
        ratio, details = epoch_against_keras(settings, ours, X, y)
        work = f"LSTM {units}, {length} x 1, batch {batch_size}: Model.fit / ours"
        figures.append(Figure(work, ratio, "x", at_least, reach_for, False, details))
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
    """Import the bare package, and an estimator."""
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
    """Scale rows, epochs and candidates to 1x, 4x and 16x."""
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
    """Compare fit, epoch and predict of every architecture with scikeras."""
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


ROWS = {name[-1]: rows for name, rows in globals().items() if name[:4] == "row_"}
CHILDREN = {
    name.removeprefix("child_"): measure
    for name, measure in globals().items()
    if name.startswith("child_")
}


# --------------------------------------------------------------------------- the run


def machine():
    """Describe the machine and the versions."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line for line in info.read_text().splitlines() if "model name" in line)
        cpu = next(lines, cpu).partition(":")[2].strip()
    packages = ("numpy", "scikit-learn", "scikeras", "keras", "tensorflow", "joblib")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "seed": SEED,
    }


def number(value, unit):
    if value is None:
        return ""
    return f"{value:.2f} {unit}".rstrip() if value < 100 else f"{value:.0f} {unit}"


def show(letter, figure):
    print(
        f"{letter}  {figure.work:54s} {number(figure.at_least, figure.unit):>9s} "
        f"{number(figure.reach_for, figure.unit):>9s} "
        f"{number(figure.value, figure.unit):>10s}  {figure.verdict}",
        flush=True,
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Rows: " + "; ".join(f"{k}: {f.__doc__}" for k, f in ROWS.items()),
    )
    parser.add_argument("--rows", default=",".join(ROWS), help="for example a,c,e")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", default="results.json", help="a JSON file")
    parser.add_argument("--quick", action="store_true", help="smaller, only a look")
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

    settings = Settings(options.rounds, options.quick)
    report = {"machine": machine(), "settings": asdict(settings), "figures": []}
    print(f"{'':3s}{'work':54s} {'at least':>9s} {'reach for':>9s} {'measured':>10s}")
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
