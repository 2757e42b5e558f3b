"""Measure memory and seconds per fit over searches of 10 to 1,000 fits.

Each size is a randomised search in a new process over learning rates and numbers of
filters (four networks) and three time-ordered folds. The script prints and stores the
seconds per fit of the first and the last tenth of the fits, and the resident memory
after the tenth fit and at the end.

    python benchmarks/bench_scale.py                       # 10, 100 and 1,000 fits
    python benchmarks/bench_scale.py --fits 10 100         # a look
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil

SEED = 0
N_FOLDS = 2
ASKED_SECONDS = 1.25  # the last fits take at most so many times the first ones
ASKED_MEGABYTES = 0.1  # more a fit, at most, after the first tenth


def search(n_fits, epochs):
    """Run a search in this process; return the seconds of each fit."""
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
    # What GridSearchCV does, a fit at a time, so that each can be measured.
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
    # The first fits trace: one for each of the four networks.
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("scale.json"))
    options = parser.parse_args()
    rows = []
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
        "asked": {"ratio": ASKED_SECONDS, "megabytes_a_fit": ASKED_MEGABYTES},
        "versions": {name: installed(name) for name in packages},
        "rows": rows,
    }
    options.output.write_text(json.dumps(facts, indent=1))


def installed(package):
    try:
        return version(package)
    except ImportError:  # run from a checkout
        return None


if __name__ == "__main__":
    main()
