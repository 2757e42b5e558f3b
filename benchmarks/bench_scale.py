"""Measure long searches (memory, seconds per fit) and large panels (CPU per series).

For each number of fits, a randomized search runs in a new process. It samples learning
rates and numbers of filters (four networks), and has two time-ordered folds. The script
prints and stores the seconds per fit in the first and in the last tenth of the fits,
and the resident memory after the first tenth and at the end. If there are more than 40
fits, the seconds are those of the fits that follow the first tenth.

    python benchmarks/bench_scale.py                       # 10, 100 and 1,000 fits
    python benchmarks/bench_scale.py --fits 10 100         # a quick look

The panel is a long frame of many series with dates and 60 rows. The script prints the
CPU time per series of `fit`, `score` and a backtest of two folds, with a model that
takes almost no time. `--before` also measures another checkout of this package:

    python benchmarks/bench_scale.py --fits --before ../skcnnlstm-before
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil

SEED = 0
N_FOLDS = 2
ASKED_SECONDS = 1.25  # largest ratio of the time of the last fits to the first fits
ASKED_MEGABYTES = 0.1  # largest growth per fit after the first tenth of the fits
PANEL_ROWS = 60
# CPU milliseconds per series without the model: 4 s for a backtest of 2,000 series.
ASKED_PANEL = {"fit": 0.2, "score": 0.2, "backtest": 2.0}


def search(n_fits, epochs):
    """Run a search in this process; return the seconds and the MB after each fit."""
    from sklearn.base import clone
    from sklearn.model_selection import ParameterSampler, TimeSeriesSplit

    from skcnnlstm import CNNLSTMRegressor, SeriesForecaster
    from skcnnlstm.datasets import load_airline

    series = load_airline()
    network = CNNLSTMRegressor(lstm_units=10, epochs=epochs, random_state=SEED)
    forecaster = SeriesForecaster(network, window_length=12, horizon=6)
    grid = {
        "estimator__filters": [4, 8, 12, 16],
        "estimator__learning_rate": np.geomspace(1e-4, 1e-2, 1000).tolist(),
    }
    folds = list(TimeSeriesSplit(N_FOLDS, test_size=12).split(series))
    sampler = ParameterSampler(grid, n_fits // N_FOLDS, random_state=SEED)
    process = psutil.Process()
    seconds, memory = [], []
    # The fits of a search, one at a time, so that each can be measured.
    for candidate in sampler:
        for train, test in folds:
            start = time.perf_counter()
            fitted = clone(forecaster).set_params(**candidate).fit(series.iloc[train])
            fitted.score(series.iloc[test])
            seconds.append(time.perf_counter() - start)
            memory.append(process.memory_info().rss / 2**20)
    return seconds, memory


def measure(n_fits, epochs):
    """Measure a search in a new process."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        seconds, memory = pool.apply(search, (n_fits, epochs))
    tenth = max(1, n_fits // 10)
    # Leave out the first fits, in which the four networks are traced.
    settled = seconds[tenth:] if n_fits > 40 else seconds
    part = max(1, len(settled) // 10)
    first, last = (float(np.median(s)) for s in (settled[:part], settled[-part:]))
    return {
        "fits": n_fits,
        "seconds": sum(seconds),
        "first": first,
        "last": last,
        "ratio": last / first,
        "memory_early": memory[tenth - 1],
        "memory_end": memory[-1],
        "megabytes_a_fit": (memory[-1] - memory[tenth - 1]) / (n_fits - tenth),
    }


def run_panel(n_series):
    """Return the CPU milliseconds per series of a panel, in this process."""
    import pandas as pd
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.model_selection import TimeSeriesSplit

    from skcnnlstm import SeriesForecaster, backtest

    class LastValue(RegressorMixin, BaseEstimator):
        """Repeat the last value of the window."""

        def fit(self, X, y):
            self.horizon_ = y.shape[1]
            return self

        def predict(self, X):
            return np.repeat(X[:, -1:, 0], self.horizon_, axis=1)

    n_train, n_test = PANEL_ROWS, 12
    n_rows = n_train + n_test
    values = np.random.default_rng(SEED).normal(size=n_series * n_rows).cumsum()
    days = pd.date_range("2020-01-01", periods=n_rows).to_numpy()
    frame = pd.DataFrame(
        {"id": np.repeat(np.arange(n_series), n_rows), "y": values},
        index=np.tile(days, n_series),
    )
    is_train = np.tile(np.arange(n_rows) < n_train, n_series)
    train, test = frame[is_train], frame[~is_train]
    forecaster = SeriesForecaster(
        LastValue(), window_length=12, horizon=4, id_column="id"
    )
    folds = TimeSeriesSplit(2, test_size=8)
    steps = {
        "fit": lambda: forecaster.fit(train),
        "score": lambda: forecaster.score(test),
        "backtest": lambda: backtest(forecaster, train, folds, verbose=0),
    }
    forecaster.fit(train[train["id"] < 2])  # imports
    milliseconds = {}
    for name, step in steps.items():
        start = time.process_time()
        step()
        milliseconds[name] = 1000 * (time.process_time() - start) / n_series
    return milliseconds


def measure_panel(n_series, checkout=None):
    """Return the medians of three runs of `run_panel` in new processes.

    `checkout` is the folder of the package to measure. None means this checkout.
    """
    checkout = Path(__file__).parents[1] if checkout is None else checkout
    command = [sys.executable, __file__, "--panel-worker", str(n_series)]
    runs = []
    for _ in range(3):
        done = subprocess.run(
            command,
            env=os.environ | {"PYTHONPATH": str(Path(checkout).resolve())},
            check=True,
            capture_output=True,
            text=True,
        )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: float(np.median([run[name] for run in runs])) for name in runs[0]}


def print_panel(options):
    """Measure the panel, and print and return the figures."""
    rows = {}
    print("panel, CPU ms a series      fit   score   backtest of 2 folds")
    checkouts = {"now": None}
    if options.before is not None:
        checkouts = {"before": options.before} | checkouts
    for name, checkout in checkouts.items():
        rows[name] = row = measure_panel(options.series, checkout)
        print(
            f"{options.series:>6} series, {name:<8}   {row['fit']:>6.2f}  "
            f"{row['score']:>6.2f}   {row['backtest']:>6.2f}",
            flush=True,
        )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--fits", type=int, nargs="*", default=[10, 100, 1000], help="numbers of fits"
    )
    parser.add_argument("--epochs", type=int, default=5, help="epochs of each fit")
    parser.add_argument(
        "--output", type=Path, default=Path("scale.json"), help="a JSON file"
    )
    parser.add_argument(
        "--series", type=int, default=3000, help="series of the panel (0: no panel)"
    )
    parser.add_argument(
        "--before", type=Path, help="folder of another checkout, for the panel"
    )
    parser.add_argument("--panel-worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.panel_worker is not None:
        print(json.dumps(run_panel(options.panel_worker)))
        return
    rows = []
    panel = print_panel(options) if options.series else {}
    print("fits   seconds   s a fit, first   last   memory, early   end   MB a fit")
    for n_fits in options.fits:
        row = measure(n_fits, options.epochs)
        rows.append(row)
        print(
            f"{n_fits:>4}   {row['seconds']:>7.1f}   {row['first']:>14.3f}   "
            f"{row['last']:.3f}   {row['memory_early']:>10.0f} MB   "
            f"{row['memory_end']:.0f} MB   {row['megabytes_a_fit']:.3f}",
            flush=True,
        )
    packages = ("skcnnlstm", "tensorflow", "keras", "scikit-learn", "numpy")
    facts = {
        "machine": platform.platform(),
        "cores": psutil.cpu_count(),
        "seed": SEED,
        "epochs": options.epochs,
        "asked": {
            "ratio": ASKED_SECONDS,
            "megabytes_a_fit": ASKED_MEGABYTES,
            "panel": ASKED_PANEL,
        },
        "versions": {name: installed(name) for name in packages},
        "rows": rows,
        "panel": {"series": options.series, "rows": PANEL_ROWS, "milliseconds": panel},
    }
    options.output.write_text(json.dumps(facts, indent=1))


def installed(package):
    try:
        return version(package)
    except ImportError:  # run from a checkout
        return None


if __name__ == "__main__":
    main()
