"""Measure how a search scales from one process to Dask workers with one thread each.

The same search (6 candidates, 4 time-ordered folds, 50 epochs) runs alternately in this
process and on a local cluster, after all networks have been traced. The value is the
median ratio over the rounds. The workers share this machine. It must be idle and have
one core per worker.

    python benchmarks/bench_cluster.py                    # 1 and 2 workers, two minutes
    python benchmarks/bench_cluster.py --workers 1 2 4 8
"""

from __future__ import annotations

import argparse
import time
from itertools import chain

import numpy as np
import psutil
from distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from skcnnlstm import CNNLSTMRegressor, SeriesForecaster
from skcnnlstm.datasets import load_airline


def seconds_of(search, series):
    start = time.perf_counter()
    search.fit(series)
    return time.perf_counter() - start


def measure(n_workers, rounds):
    """Return the seconds in this process and on the workers, (rounds, 2)."""
    series = load_airline()
    folds = list(TimeSeriesSplit(4, test_size=12).split(series))
    network = CNNLSTMRegressor(epochs=50, random_state=0)
    rates = np.geomspace(0.0005, 0.004, 6).tolist()
    search = GridSearchCV(
        SeriesForecaster(network, window_length=24, horizon=12),
        {"estimator__learning_rate": rates},
        cv=folds,
        refit=False,
    )
    cluster = LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    )
    seconds = []
    with cluster, Client(cluster):
        for _ in range(rounds + 1):
            alone = seconds_of(search, series)
            with parallel_config(backend="dask", scatter=[series, *chain(*folds)]):
                seconds.append((alone, seconds_of(search, series)))
    return np.array(seconds[1:])  # the first round traces


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[1, 2], help="numbers of workers"
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds to measure")
    options = parser.parse_args()
    busy = psutil.cpu_percent(2)
    print(f"{psutil.cpu_count()} cores, {busy:.0f} % busy before the beginning")
    print("workers   seconds alone   on the workers   times as fast")
    for n_workers in options.workers:
        seconds = measure(n_workers, options.rounds)
        alone, spread = np.median(seconds, axis=0)
        ratio = np.median(seconds[:, 0] / seconds[:, 1])
        print(f"{n_workers:>7}   {alone:>13.1f}   {spread:>14.1f}   {ratio:>13.2f}")


if __name__ == "__main__":
    main()
